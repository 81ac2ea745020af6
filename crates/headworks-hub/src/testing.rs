//! What the tests of this crate share: a protocol that does as it is told, and a historian in
//! memory.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectId, Settings, Tag};
use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_protocols::{
    BoxFuture, Clock, Command, ConfigError, Driver, DriverContext, DriverError, LinkConfig,
    PollReport, Protocol, TestReport, WriteReport,
};
use headworks_store::{
    Ack, Bucket, BucketQuery, Chunk, Historian, HistorianStats, RangeQuery, ReadStats, Retention,
    StoreError, TimeRange, Upkeep,
};
use parking_lot::Mutex;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::{DiskProbe, DiskSpace, Edit, Hub, HubHandle, HubSettings, UpkeepSettings};

/// The time at which the tests' clock starts.
pub(crate) const START_US: i64 = 1_700_000_000_000_000;

/// The protocol `fake`: a tag's first sample is its address.
pub(crate) static FAKE: Protocol = Protocol {
    name: "fake",
    title: "Fake",
    summary: "does as it is told",
    sample: "",
    readme: "",
    address_help: "a number",
    connection_schema: || schemars::Schema::default(),
    device_schema: || schemars::Schema::default(),
    check,
    build,
    test: |settings, _| Box::pin(async move { test_report(&settings) }),
};

pub(crate) static PROTOCOLS: &[&Protocol] = &[&FAKE];

/// The fakes of all tests, by the `fake` setting of their connection.
static FAKES: Mutex<BTreeMap<String, Arc<Fake>>> = Mutex::new(BTreeMap::new());

/// How a run of the fake driver goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Script {
    /// Sends one sample of each tag and then what the test gives it, until it is stopped.
    Serve,
    /// Ends at once: the link is down.
    Fail,
    /// Ends at once: it cannot work.
    Refuse,
    /// Panics.
    Panic,
    /// Does nothing, not even stop.
    Hang,
}

/// What a test sees and says of its driver.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) builds: AtomicU32,
    pub(crate) runs: Mutex<Vec<Instant>>,
    pub(crate) reconfigures: AtomicU32,
    pub(crate) refuses_reconfigure: AtomicBool,
    pub(crate) written: Mutex<Vec<Value>>,
    pub(crate) config: Mutex<Option<LinkConfig>>,
    scripts: Mutex<VecDeque<Script>>,
    batches: Mutex<Option<mpsc::Sender<Given>>>,
}

enum Given {
    Batch(Vec<Update>),
    Loss,
}

#[derive(Debug)]
struct FakeDriver {
    name: String,
    link: LinkConfig,
}

fn check(link: &LinkConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    if link.settings.contains_key("wrong") {
        errors.push(ConfigError::connection(
            "/settings/wrong",
            "unknown setting; remove it",
        ));
    }
    for device in &link.devices {
        if device.settings.contains_key("wrong") {
            errors.push(ConfigError::device(
                device.device,
                "/settings/wrong",
                "unknown setting",
            ));
        }
        for tag in device
            .tags
            .iter()
            .filter(|tag| tag.address.parse::<i64>().is_err())
        {
            let reason = format!("{:?} is not a number", tag.address);
            errors.push(ConfigError::tag(tag, "/address", reason));
        }
    }
    errors
}

fn build(link: LinkConfig) -> Result<Box<dyn Driver>, ConfigError> {
    let name = name_of(&link.settings);
    let fake = fake(&name);
    fake.builds.fetch_add(1, Ordering::Relaxed);
    *fake.config.lock() = Some(link.clone());
    Ok(Box::new(FakeDriver { name, link }))
}

fn test_report(settings: &Settings) -> TestReport {
    assert!(!settings.contains_key("panic"), "the test panics");
    TestReport {
        ok: true,
        connect_us: Some(1),
        round_trip_us: None,
        message: "fine".into(),
        exchange: Vec::new(),
    }
}

fn name_of(settings: &Settings) -> String {
    settings["fake"].as_str().unwrap().to_owned()
}

/// Returns the fake of a name.
pub(crate) fn fake(name: &str) -> Arc<Fake> {
    Arc::clone(FAKES.lock().entry(name.to_owned()).or_default())
}

impl Fake {
    /// Says how the next runs go; after them every run serves.
    pub(crate) fn script(&self, scripts: impl IntoIterator<Item = Script>) {
        self.scripts.lock().extend(scripts);
    }

    /// Lets the running driver send a batch.
    pub(crate) async fn send(&self, batch: Vec<Update>) {
        let sender = self.batches.lock().clone().unwrap();
        assert!(sender.send(Given::Batch(batch)).await.is_ok());
    }

    /// Lets the running driver lose its link.
    pub(crate) async fn lose(&self) {
        let sender = self.batches.lock().clone().unwrap();
        assert!(sender.send(Given::Loss).await.is_ok());
    }

    pub(crate) fn run_count(&self) -> usize {
        self.runs.lock().len()
    }
}

impl Driver for FakeDriver {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let fake = fake(&self.name);
            fake.runs.lock().push(Instant::now());
            let script = fake.scripts.lock().pop_front().unwrap_or(Script::Serve);
            let endpoint = self.name.clone();
            let reason = "as told".to_owned();
            match script {
                Script::Serve => self.serve(cx, &fake).await,
                Script::Fail => Err(DriverError::Link { endpoint, reason }),
                Script::Refuse => Err(DriverError::Unusable { endpoint, reason }),
                Script::Panic => panic!("the fake panics"),
                Script::Hang => std::future::pending().await,
            }
        })
    }
}

impl FakeDriver {
    async fn serve(&mut self, cx: &mut DriverContext, fake: &Fake) -> Result<(), DriverError> {
        let (sender, mut batches) = mpsc::channel(1);
        *fake.batches.lock() = Some(sender);
        self.scan(cx).await;
        loop {
            tokio::select! {
                () = cx.stop.cancelled() => return Ok(()),
                Some(given) = batches.recv() => match given {
                    Given::Batch(batch) => cx.samples.send(batch).await.unwrap(),
                    Given::Loss => return Err(DriverError::Link {
                        endpoint: self.name.clone(),
                        reason: "lost as told".into(),
                    }),
                },
                Some(command) = cx.commands.recv() => self.obey(cx, fake, command).await,
            }
        }
    }

    async fn scan(&self, cx: &DriverContext) {
        let tags = self.link.devices.iter().flat_map(|device| &device.tags);
        let updates: Vec<Update> = tags
            .map(|tag| {
                let value = Value::I64(tag.address.parse().unwrap());
                good(tag.tag, cx.clock.now_us(), value)
            })
            .collect();
        if !updates.is_empty() {
            cx.samples.send(updates).await.unwrap();
        }
    }

    async fn obey(&mut self, cx: &DriverContext, fake: &Fake, command: Command) {
        match command {
            Command::Write { value, reply, .. } => {
                fake.written.lock().push(value.clone());
                let read_back = Some(value);
                let confirmed = true;
                let report = WriteReport {
                    read_back,
                    confirmed,
                };
                reply.send(Ok(report)).unwrap();
            }
            Command::Poll { reply, .. } => {
                self.scan(cx).await;
                let good = 1;
                reply
                    .send(PollReport {
                        good,
                        bad: 0,
                        error: None,
                    })
                    .unwrap();
            }
            Command::Ask { question, reply } => {
                reply.send(Ok(question.request)).unwrap();
            }
            Command::Reconfigure { link, reply } => {
                fake.reconfigures.fetch_add(1, Ordering::Relaxed);
                if fake.refuses_reconfigure.load(Ordering::Relaxed) {
                    let error = ConfigError::connection("/settings", "restart me");
                    reply.send(Err(error)).unwrap();
                    return;
                }
                *fake.config.lock() = Some(link.clone());
                self.link = link;
                reply.send(Ok(())).unwrap();
                self.scan(cx).await;
            }
        }
    }
}

/// A historian in memory that fails when it is told to.
#[derive(Default)]
pub(crate) struct MemoryHistorian {
    pub(crate) rows: Mutex<Vec<Update>>,
    pub(crate) fails: AtomicBool,
    pub(crate) closed: AtomicBool,
    pub(crate) dropped: Mutex<u64>,
    /// The rounds of upkeep: when, and what was to be kept how long.
    pub(crate) rounds: Mutex<Vec<(i64, Retention)>>,
    /// What rounds answer.
    pub(crate) upkeep: Mutex<Option<Result<Upkeep, &'static str>>>,
    /// Set by a test to make upkeep wait.
    pub(crate) upkeep_waits: AtomicBool,
    /// Set by a test to make appending wait.
    pub(crate) waits: AtomicBool,
}

impl MemoryHistorian {
    pub(crate) fn qualities_of(&self, tag: TagIndex) -> Vec<Quality> {
        let rows = self.rows.lock();
        let of_tag = rows.iter().filter(|row| row.tag == tag);
        of_tag.map(|row| row.sample.quality).collect()
    }
}

impl Historian for MemoryHistorian {
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        while self.waits.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Io {
                action: "writing",
                path: "wal".into(),
                source: std::io::ErrorKind::StorageFull.into(),
            });
        }
        self.rows.lock().extend_from_slice(batch);
        Ok(Ack::Buffered)
    }

    fn note_dropped(&self, samples: u64) {
        *self.dropped.lock() += samples;
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        let rows = self.rows.lock();
        let last = |tag: &TagIndex| rows.iter().rev().find(|row| row.tag == *tag);
        Ok(tags
            .iter()
            .map(|tag| last(tag).map(|row| row.sample.clone()))
            .collect())
    }

    fn read(
        &self,
        _: &RangeQuery,
        _: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        unreachable!("the hub does not read")
    }

    fn aggregate(
        &self,
        _: &BucketQuery,
        _: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        unreachable!("the hub does not aggregate")
    }

    fn before(&self, tags: &[TagIndex], time_us: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        let rows = self.rows.lock();
        let newest = |tag: &TagIndex| {
            let of_tag = rows.iter().filter(|row| row.tag == *tag);
            let earlier = of_tag.filter(|row| row.sample.time_us <= time_us);
            earlier.max_by_key(|row| row.sample.time_us)
        };
        let found = tags.iter().map(newest);
        Ok(found.map(|row| row.map(|row| row.sample.clone())).collect())
    }

    fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError> {
        let mut rows = self.rows.lock();
        let before = rows.len();
        rows.retain(|row| {
            let time_us = row.sample.time_us;
            !tags.contains(&row.tag) || time_us < range.start_us || range.end_us <= time_us
        });
        Ok((before - rows.len()) as u64)
    }

    fn maintain(&self, now_us: i64, retention: &Retention) -> Result<Upkeep, StoreError> {
        self.rounds.lock().push((now_us, retention.clone()));
        while self.upkeep_waits.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        match self.upkeep.lock().clone() {
            None => Ok(Upkeep::default()),
            Some(Ok(upkeep)) => Ok(upkeep),
            Some(Err("panic")) => panic!("upkeep panics as told"),
            Some(Err(reason)) => Err(StoreError::Query {
                field: "upkeep",
                reason: reason.into(),
            }),
        }
    }

    fn stats(&self) -> HistorianStats {
        HistorianStats::default()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Upkeep on a disk with room, whatever the disk of the machine is like.
pub(crate) fn roomy() -> UpkeepSettings {
    let disk = DiskProbe::new(|_| {
        Ok(DiskSpace {
            total_bytes: 1_000_000_000,
            free_bytes: 900_000_000,
        })
    });
    UpkeepSettings {
        disk,
        ..UpkeepSettings::default()
    }
}

/// A hub in a directory of its own.
pub(crate) struct TestHub {
    pub(crate) hub: Hub,
    pub(crate) handle: HubHandle,
    pub(crate) historian: Arc<MemoryHistorian>,
    pub(crate) directory: TempDir,
}

impl TestHub {
    pub(crate) async fn new() -> TestHub {
        TestHub::on(TempDir::new().unwrap(), Arc::default()).await
    }

    pub(crate) async fn on(directory: TempDir, historian: Arc<MemoryHistorian>) -> TestHub {
        TestHub::with(directory, historian, roomy()).await
    }

    pub(crate) async fn with_upkeep(period: Duration) -> TestHub {
        let upkeep = UpkeepSettings { period, ..roomy() };
        TestHub::with(TempDir::new().unwrap(), Arc::default(), upkeep).await
    }

    async fn with(
        directory: TempDir,
        historian: Arc<MemoryHistorian>,
        upkeep: UpkeepSettings,
    ) -> TestHub {
        let started = Instant::now();
        let clock =
            Clock::new(move || START_US + i64::try_from(started.elapsed().as_micros()).unwrap());
        TestHub::with_clock(directory, historian, upkeep, clock).await
    }

    /// A hub whose time is what the test says.
    pub(crate) async fn with_clock(
        directory: TempDir,
        historian: Arc<MemoryHistorian>,
        upkeep: UpkeepSettings,
        clock: Clock,
    ) -> TestHub {
        let settings = HubSettings {
            protocols: PROTOCOLS,
            clock: Some(clock),
            upkeep,
            ..HubSettings::new(directory.path())
        };
        let kept: Arc<dyn Historian> = Arc::<MemoryHistorian>::clone(&historian);
        let hub = Hub::start_with(settings, kept).await.unwrap();
        TestHub {
            handle: hub.handle(),
            hub,
            historian,
            directory,
        }
    }

    /// Stops the hub and starts it again on the same data.
    pub(crate) async fn restart(self) -> TestHub {
        self.hub.stop(Duration::from_secs(5)).await.unwrap();
        TestHub::on(self.directory, self.historian).await
    }

    pub(crate) async fn create(&self, body: impl Into<crate::Body>) -> ObjectId {
        let applied = self
            .handle
            .apply(vec![Edit::create(body)], "test")
            .await
            .unwrap();
        applied[0].id
    }

    /// Makes a connection with one device and one tag of address 7; returns the three.
    pub(crate) async fn line(&self, name: &str) -> Line {
        let connection = self.create(connection(name)).await;
        let device = self.create(device(name, connection)).await;
        let tag = self.create(tag("flow", device)).await;
        let index = self.handle.plant().tag(tag).unwrap().index();
        let fake = fake(name);
        let line = Line {
            connection,
            device,
            tag,
            index,
            fake,
        };
        self.until(|handle| is_good(handle, line.index)).await;
        line
    }

    /// Waits until something is so; fails after a minute of the tests' time.
    pub(crate) async fn until(&self, so: impl Fn(&HubHandle) -> bool) {
        for _ in 0..60_000 {
            if so(&self.handle) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("it never became so");
    }

    pub(crate) fn quality(&self, tag: TagIndex) -> Quality {
        self.handle.last(tag).unwrap().quality
    }
}

/// A connection with one device and one tag.
pub(crate) struct Line {
    pub(crate) connection: ObjectId,
    pub(crate) device: ObjectId,
    pub(crate) tag: ObjectId,
    pub(crate) index: TagIndex,
    pub(crate) fake: Arc<Fake>,
}

pub(crate) fn is_good(handle: &HubHandle, tag: TagIndex) -> bool {
    handle
        .last(tag)
        .is_some_and(|sample| sample.quality.is_good())
}

pub(crate) fn connection(name: &str) -> Connection {
    let body = json!({"name": name, "protocol": "fake", "settings": {"fake": name}});
    serde_json::from_value(body).unwrap()
}

pub(crate) fn device(name: &str, connection: ObjectId) -> Device {
    let path = format!("plant/{name}");
    let body = json!({"name": name, "connection": connection, "path": path});
    serde_json::from_value(body).unwrap()
}

pub(crate) fn tag(name: &str, device: ObjectId) -> Tag {
    tag_with(name, device, &json!({}))
}

/// Returns a tag of address 7 with more fields.
pub(crate) fn tag_with(name: &str, device: ObjectId, more: &serde_json::Value) -> Tag {
    let mut body = json!({"name": name, "device": device, "address": "7"});
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    serde_json::from_value(body).unwrap()
}

pub(crate) fn good(tag: TagIndex, time_us: i64, value: Value) -> Update {
    let sample = Sample::good(time_us, value);
    Update { tag, sample }
}

pub(crate) fn bad(tag: TagIndex, time_us: i64, quality: Quality) -> Update {
    let sample = Sample::bad(time_us, quality);
    Update { tag, sample }
}
