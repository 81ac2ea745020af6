//! What the outside may do with a running hub.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectBody, ObjectId, RetentionDays};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_protocols::{
    AskFailure, Clock, Command, DeviceConfig, DeviceSnapshot, LinkConfig, Place, PollReport,
    Protocol, Question, TestReport, WireLog,
};
use headworks_store::backup::{Backups, Created, Progress};
use headworks_store::{Historian, HistoryEntry, Retention, StoreError};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::time::timeout;

use crate::alarms::AlarmDesk;
use crate::apply::{self, blocking};
use crate::backups::{self, BackupSettings, BackupStatus};
use crate::clocks::ClockSkew;
use crate::edits::{Applied, Edit, Rewritten, prepare};
use crate::error::{HubError, Problem};
use crate::events::{EventKind, News, Severity, SystemEvent};
use crate::hub::Shared;
use crate::ingest::{Tap, Violation, ViolationCounts};
use crate::keeper::{DiskLevel, StorageStatus, tier_sizes};
use crate::link::Order;
use crate::plant::Plant;
use crate::status::{self, ConnectionState, ConnectionStatus, HubStats};
use crate::write::{self, Writer};

/// Longest time a poll by hand may take.
const POLL: Duration = Duration::from_secs(60);
/// Longest time a question waits for its turn between the polls.
const ASK: Duration = Duration::from_secs(30);
/// Longest time a test of a connection may take.
const TEST: Duration = Duration::from_secs(30);

/// Everything the outside may do; cheap to clone.
#[derive(Clone)]
pub struct HubHandle {
    pub(crate) shared: Arc<Shared>,
}

/// A write that reached the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The value in engineering units that was sent.
    pub value: Value,
    /// The value in engineering units that was read back, when the device could be read.
    pub read_back: Option<Value>,
    /// Whether what was read back is what was written.
    pub confirmed: bool,
    /// When the outcome was known, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
}

impl HubHandle {
    /// Returns what is configured now; the snapshot never changes.
    pub fn plant(&self) -> Arc<Plant> {
        self.shared.plant.load_full()
    }

    /// Tells when the configuration changes: the generation of the plant.
    pub fn plant_changes(&self) -> watch::Receiver<u64> {
        self.shared.generation.subscribe()
    }

    /// Applies a list of edits, whole or not at all, and returns one outcome per edit.
    ///
    /// Checked first, then stored, then taken over by the running links that they touch. Once
    /// begun it is finished even when the caller goes away.
    ///
    /// # Errors
    ///
    /// [`HubError::Invalid`] with every problem found, [`HubError::NotFound`],
    /// [`HubError::Conflict`], [`HubError::HasChildren`], [`HubError::Store`],
    /// [`HubError::Stopping`]; nothing was changed then.
    pub async fn apply(&self, edits: Vec<Edit>, author: &str) -> Result<Vec<Applied>, HubError> {
        let work = apply::apply(Arc::clone(&self.shared), edits, author.to_owned());
        let outcome = tokio::spawn(work).await;
        outcome.map_err(|_| HubError::Stopping)?
    }

    /// Checks edits as [`HubHandle::apply`] would, and changes nothing; returns the expressions
    /// that would follow them.
    ///
    /// # Errors
    ///
    /// As [`HubHandle::apply`].
    pub async fn check(&self, edits: Vec<Edit>) -> Result<Vec<Rewritten>, HubError> {
        let (plant, protocols) = (self.plant(), self.shared.protocols);
        let new_id = apply::id_maker(self.shared.clock.now_us());
        let work = move || prepare(&plant, edits, protocols, new_id).map(|draft| draft.rewritten);
        blocking(work).await?
    }

    /// Returns a maker of ids for new objects, for lists of edits whose objects name each other.
    pub fn id_maker(&self) -> impl FnMut() -> ObjectId + Send + use<> {
        apply::id_maker(self.shared.clock.now_us())
    }

    /// Returns the alarms that run.
    pub fn alarms(&self) -> &AlarmDesk {
        &self.shared.alarms
    }

    /// Returns the backups, if a directory is set for them.
    pub fn backups(&self) -> Option<Backups> {
        self.shared.backups.backups()
    }

    /// Returns where backups go, and when.
    pub fn backup_settings(&self) -> &BackupSettings {
        &self.shared.backups.settings
    }

    /// Returns how the last backup went.
    pub fn backup_status(&self) -> BackupStatus {
        self.shared.backups.status()
    }

    /// Makes a backup now; blocks until it is done. None when `progress`, which is told how many
    /// of the files are taken, broke it off.
    ///
    /// # Errors
    ///
    /// When no directory is set, else what the disks say.
    pub fn back_up(&self, progress: &mut Progress<'_>) -> Result<Option<Created>, StoreError> {
        backups::back_up(&self.shared, progress)
    }

    /// Returns the past states of an object, newest first; also of a deleted one.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::Store`].
    pub async fn history(&self, id: ObjectId) -> Result<Vec<HistoryEntry>, HubError> {
        let objects = self.shared.objects()?;
        let outcome = blocking(move || objects.history(id)).await?;
        outcome.map_err(|error| match error {
            StoreError::NotFound { .. } => HubError::NotFound { kind: "object", id },
            error => HubError::Store(error),
        })
    }

    /// Returns the last sample of a tag: in engineering units, with quality and time.
    ///
    /// A bad sample keeps the value the tag had before, if any, so that it can be shown, marked.
    /// None for a number that no tag has.
    pub fn last(&self, tag: TagIndex) -> Option<Sample> {
        self.shared.ingest.space().last(tag)
    }

    /// Returns the last samples of many tags in the order asked for, as [`HubHandle::last`].
    pub fn last_many(&self, tags: &[TagIndex]) -> Vec<Option<Sample>> {
        self.shared.ingest.space().last_many(tags)
    }

    /// Hands out every batch after ingest; who falls behind skips and reads
    /// [`HubHandle::last_many`] again.
    ///
    /// In an update with bad quality the value is always absent.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Update]>> {
        self.shared.ingest.subscribe()
    }

    /// Hands out every batch after ingest, none left out: ingest waits for who takes them. There
    /// is one tap; taking another ends the one before.
    ///
    /// In an update with bad quality the value is always absent.
    pub fn tap(&self) -> Tap {
        self.shared.ingest.tap()
    }

    /// Writes a value in engineering units to the device of a tag and publishes what was read
    /// back.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::NotWritable`], [`HubError::Value`],
    /// [`HubError::LinkDown`], [`HubError::Write`].
    pub async fn write(&self, tag: ObjectId, value: Value) -> Result<Written, HubError> {
        write::write(&self.shared, tag, value, Writer::Caller).await
    }

    /// As [`HubHandle::write`], for who is no person: it is told as such in the log.
    ///
    /// # Errors
    ///
    /// As [`HubHandle::write`].
    pub async fn write_as(
        &self,
        writer: Writer<'_>,
        tag: ObjectId,
        value: Value,
    ) -> Result<Written, HubError> {
        write::write(&self.shared, tag, value, writer).await
    }

    /// Counts a write that its caller may not do, so that the figures show it.
    pub fn count_forbidden_write(&self) {
        self.shared.totals.count_forbidden_write();
    }

    /// Reads every tag of a device now.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::LinkDown`], [`HubError::Timeout`].
    pub async fn poll(&self, device: ObjectId) -> Result<PollReport, HubError> {
        let plant = self.plant();
        let object = plant.device(device).ok_or(HubError::NotFound {
            kind: "device",
            id: device,
        })?;
        let connection = object.body.connection;
        if !object.body.enabled {
            return Err(self.link_down(connection, "the device is disabled".into()));
        }
        let (reply, answer) = oneshot::channel();
        let command = Command::Poll { device, reply };
        self.shared.command(connection, command).await?;
        let report = timeout(POLL, answer).await.map_err(|_| HubError::Timeout {
            what: "polling the device",
            after_secs: POLL.as_secs(),
        })?;
        report.map_err(|_| {
            let reason = self
                .shared
                .links
                .watch(connection)
                .map(|watch| watch.last_error());
            self.link_down(
                connection,
                reason.unwrap_or_else(|| "it was stopped".into()),
            )
        })
    }

    /// Asks a station of a running connection in the protocol's own words, between the polls.
    ///
    /// # Errors
    ///
    /// [`AskFailure`]; [`AskFailure::LinkDown`] also when the connection does not run.
    pub async fn ask(
        &self,
        connection: ObjectId,
        question: Question,
    ) -> Result<Vec<u8>, AskFailure> {
        let down = |reason: String| AskFailure::LinkDown { reason };
        let limit = ASK + question.timeout;
        let (reply, answer) = oneshot::channel();
        let sent = self
            .shared
            .command(connection, Command::Ask { question, reply });
        sent.await.map_err(|error| down(error.to_string()))?;
        match timeout(limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(down("it went down meanwhile".to_owned())),
            Err(_) => Err(down(format!("no turn within {} s", ASK.as_secs()))),
        }
    }

    /// Tries connection settings and, when given, a device, without storing anything.
    ///
    /// # Errors
    ///
    /// [`HubError::Invalid`] for settings that cannot work (edit 0 is the connection, edit 1 the
    /// device), [`HubError::Timeout`]. A device that does not answer is a report, not an error.
    pub async fn test_connection(
        &self,
        connection: &Connection,
        device: Option<&Device>,
    ) -> Result<TestReport, HubError> {
        let protocol = self.check_test(connection, device)?;
        let settings = connection.settings.clone();
        let test = (protocol.test)(settings, device.map(|device| device.settings.clone()));
        // a task of its own, so that a panic in the protocol ends the test only
        let mut task = tokio::spawn(test);
        let Ok(outcome) = timeout(TEST, &mut task).await else {
            task.abort();
            return Err(HubError::Timeout {
                what: "the test of the connection",
                after_secs: TEST.as_secs(),
            });
        };
        Ok(outcome.unwrap_or_else(|error| TestReport {
            ok: false,
            connect_us: None,
            round_trip_us: None,
            message: format!("the test failed inside the driver: {error}"),
            exchange: Vec::new(),
        }))
    }

    /// Returns the state of a connection; none when it does not exist.
    pub fn connection_status(&self, id: ObjectId) -> Option<ConnectionStatus> {
        status::connection_status(&self.shared, id)
    }

    /// Returns whether a connection does its work; cheaper than its whole status.
    pub fn connection_state(&self, id: ObjectId) -> Option<ConnectionState> {
        status::connection_state(&self.shared, id)
    }

    /// Tells when the state of a connection or a device changes: a number that grows.
    pub fn status_changes(&self) -> watch::Receiver<u64> {
        self.shared.status_changes.subscribe()
    }

    /// Returns the state of a device; none when it does not exist.
    pub fn device_status(&self, id: ObjectId) -> Option<DeviceSnapshot> {
        status::device_status(&self.shared, id)
    }

    /// Returns the frames of a connection; none when it does not exist or is disabled.
    pub fn wire_log(&self, connection: ObjectId) -> Option<Arc<WireLog>> {
        let watch = self.shared.links.watch(connection)?;
        Some(Arc::clone(&watch.wire_log))
    }

    /// Returns the historian, for reading; its methods block on the disk.
    pub fn historian(&self) -> Arc<dyn Historian> {
        Arc::clone(&self.shared.historian)
    }

    /// Returns the figures of the hub.
    pub fn stats(&self) -> HubStats {
        status::hub_stats(&self.shared)
    }

    /// Has the housekeeper begin a round of upkeep now.
    pub fn wake_upkeep(&self) {
        self.shared.keeping.signal.wake();
    }

    /// Returns how long the samples are kept of tags that no retention policy selects.
    pub fn default_retention(&self) -> RetentionDays {
        self.shared.keeping.disk.default_retention()
    }

    /// Returns how long the samples and roll-ups of every tag are kept.
    pub fn retention(&self) -> Retention {
        self.plant().retention(self.default_retention())
    }

    /// Returns the data directory; jobs keep their files in directories of their own below it.
    pub fn data_directory(&self) -> &Path {
        &self.shared.data_directory
    }

    /// Returns what is stored, on which disk, and for how long that goes on; blocks on the disk.
    pub fn storage(&self) -> StorageStatus {
        let now_us = self.shared.clock.now_us();
        let (disk, plant) = (&self.shared.keeping.disk, self.plant());
        let retention = plant.retention(disk.default_retention());
        let tiers = self.shared.historian.tiers();
        disk.status(now_us, tier_sizes(tiers, &retention, plant.tag_count()))
    }

    /// Returns how full the disk of the data directory is.
    pub fn disk_level(&self) -> DiskLevel {
        self.shared.keeping.disk.level()
    }

    /// Returns when the hub started, microseconds since 1970-01-01 UTC.
    pub fn start_us(&self) -> i64 {
        self.shared.start_us
    }

    /// Returns what was odd about the samples of a tag since the hub started.
    pub fn violations(&self, tag: TagIndex) -> (ViolationCounts, Vec<Violation>) {
        self.shared.ingest.space().violations(tag)
    }

    /// Returns the clock of a device against the hub's; none before its first sample.
    pub fn clock_skew(&self, device: ObjectId) -> Option<ClockSkew> {
        self.shared.clocks.of(device)
    }

    /// Returns what happened to the system, newest first, at most [`crate::EVENTS_MAX`].
    pub fn events(&self) -> Vec<SystemEvent> {
        self.shared.events.newest()
    }

    /// Notes what happened to the certificate of the listener; what is said again within the hour
    /// is counted up.
    pub fn tell_of_certificate(&self, severity: Severity, file: &Path, message: String) {
        let news = News {
            kind: EventKind::Certificate,
            severity,
            subject: file.display().to_string(),
            message,
        };
        let events = &self.shared.events;
        events.note_repeated(self.shared.clock.now_us(), news);
    }

    /// Returns the hub's clock.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// Returns the protocols that connections may name.
    pub fn protocols(&self) -> &'static [&'static Protocol] {
        self.shared.protocols
    }

    fn check_test(
        &self,
        connection: &Connection,
        device: Option<&Device>,
    ) -> Result<&'static Protocol, HubError> {
        let mut problems = Vec::new();
        let mut note = |edit, outcome: Result<(), headworks_core::model::FieldError>| {
            let problem = |error: headworks_core::model::FieldError| {
                Problem::new(edit, error.field, error.reason)
            };
            problems.extend(outcome.err().map(problem));
        };
        note(0, connection.check());
        note(1, device.map_or(Ok(()), ObjectBody::check));
        let Some(protocol) = self.shared.protocol(&connection.protocol) else {
            let reason = format!("protocol {:?} is not known", connection.protocol);
            problems.push(Problem::new(0, "/protocol", reason));
            return Err(HubError::Invalid(problems));
        };
        for error in (protocol.check)(&test_link(connection, device)) {
            let edit = usize::from(matches!(error.place, Place::Device(_)));
            problems.push(Problem::new(edit, error.field, error.reason));
        }
        if problems.is_empty() {
            Ok(protocol)
        } else {
            Err(HubError::Invalid(problems))
        }
    }

    fn link_down(&self, connection: ObjectId, reason: String) -> HubError {
        self.shared.link_down(connection, reason)
    }
}

impl Shared {
    /// Gives a command to the link of a connection.
    pub(crate) async fn command(
        &self,
        connection: ObjectId,
        command: Command,
    ) -> Result<(), HubError> {
        let down = |reason: &str| self.link_down(connection, reason.into());
        let orders = self.links.orders(connection);
        let orders = orders.ok_or_else(|| down("it is disabled"))?;
        let sent = orders.send(Order::Command(command)).await;
        sent.map_err(|_| down("it is stopping"))
    }

    pub(crate) fn link_down(&self, connection: ObjectId, reason: String) -> HubError {
        let plant = self.plant.load();
        let connection = plant
            .connection(connection)
            .map_or_else(|| connection.to_string(), |object| object.body.name.clone());
        HubError::LinkDown { connection, reason }
    }
}

/// Returns a link that has the settings to be tried and no tags.
fn test_link(connection: &Connection, device: Option<&Device>) -> LinkConfig {
    let nobody = ObjectId(uuid::Uuid::nil());
    let device_config = |device: &Device| DeviceConfig {
        device: nobody,
        name: device.name.clone(),
        settings: device.settings.clone(),
        tags: Vec::new(),
    };
    LinkConfig {
        connection: nobody,
        name: connection.name.clone(),
        settings: connection.settings.clone(),
        devices: device.map(device_config).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests;
