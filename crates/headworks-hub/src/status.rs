//! What the hub says of itself.

use std::sync::atomic::Ordering;

use headworks_core::model::{Connection, Object, ObjectId};
use headworks_protocols::{DeviceSnapshot, DeviceState};
use headworks_store::{HistorianStats, ObjectHealth, Upkeep};
use schemars::JsonSchema;
use serde::Serialize;

use crate::hub::Shared;
use crate::process;
use crate::totals::HubTotals;

/// Whether a connection does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// The hub stops or has stopped it.
    Stopped,
    /// The link is being opened, or no sample has come yet.
    Starting,
    /// Samples come.
    Running,
    /// Samples come, but a device does not answer or answers with errors only.
    Degraded,
    /// The link is down: it is tried again, or cannot work until its configuration changes.
    Error,
    /// Switched off in its configuration.
    Disabled,
}

/// The state of a connection at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ConnectionStatus {
    /// Whether it does its work.
    pub state: ConnectionState,
    /// Since when, microseconds since 1970-01-01 UTC.
    pub since_us: i64,
    /// The last error, kept until the next.
    pub last_error: Option<String>,
    /// Time of the last error, microseconds since 1970-01-01 UTC.
    pub last_error_us: Option<i64>,
    /// How often the link was opened again since the hub started.
    pub restarts: u64,
    /// Devices behind it, disabled ones included.
    pub devices: usize,
    /// Tags of these devices, disabled ones included.
    pub tags: usize,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests answered well.
    pub answered: u64,
    /// `answered / requests`, 0 to 1; none before the first request.
    pub success_rate: Option<f64>,
    /// Median over the devices of their median round trips, microseconds.
    pub round_trip_p50_us: Option<u64>,
    /// Greatest 95th percentile of the round trip of a device, microseconds.
    pub round_trip_p95_us: Option<u64>,
    /// Scans that came due while the one before was not done.
    pub missed_scans: u64,
}

/// Connections by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConnectionCounts {
    /// Stopped.
    pub stopped: usize,
    /// Starting.
    pub starting: usize,
    /// Running.
    pub running: usize,
    /// Degraded.
    pub degraded: usize,
    /// In error.
    pub error: usize,
    /// Disabled.
    pub disabled: usize,
}

/// Figures of the hub at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct HubStats {
    /// Seconds since the hub started.
    pub uptime_secs: u64,
    /// Time of the start, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// Connections by state.
    pub connections: ConnectionCounts,
    /// Devices.
    pub devices: usize,
    /// Tags.
    pub tags: usize,
    /// Samples taken from drivers since the start.
    pub samples: u64,
    /// Samples taken from drivers per second, over the last seconds.
    pub samples_per_sec: f64,
    /// Scans of the present connections that came due while the one before was not done.
    pub missed_scans: u64,
    /// What was counted since the start, over all connections that ever were.
    pub totals: HubTotals,
    /// Samples given to the historian and accepted, since the start.
    pub history_stored: u64,
    /// Samples that the historian refused since the start, each counted once.
    pub history_dropped: u64,
    /// Why the historian refuses samples at present.
    pub history_fault: Option<HistoryFault>,
    /// Samples that were neither shown nor stored because their time is beyond belief.
    pub set_aside: u64,
    /// Samples that wait for the historian.
    pub history_queue: usize,
    /// How far the hub's clock is ahead of the system's after that was set back, microseconds.
    pub clock_ahead_us: i64,
    /// Figures of the historian.
    #[schemars(with = "serde_json::Value")]
    pub historian: HistorianStats,
    /// Where the configuration objects are, and whether edits are taken.
    #[schemars(with = "serde_json::Value")]
    pub objects: Option<ObjectHealth>,
    /// What the housekeeper did with what is stored.
    pub upkeep: UpkeepStatus,
    /// What the process uses; none where the system does not tell.
    pub process: Option<ProcessUsage>,
}

/// What the housekeeper did with what is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UpkeepStatus {
    /// Rounds since the hub started.
    pub rounds: u64,
    /// When the last round began, microseconds since 1970-01-01 UTC; null before the first.
    pub last_us: Option<i64>,
    /// How long the last round took, milliseconds.
    pub last_ms: u64,
    /// What was due in the last round and could not be done, and why.
    pub held: Option<String>,
    /// What the last round did.
    pub last: UpkeepWork,
    /// What all rounds did since the hub started.
    pub total: UpkeepWork,
}

/// Work of the upkeep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UpkeepWork {
    /// Days whose files were joined to one.
    pub compacted_days: u64,
    /// Days whose roll-ups were made or made again.
    pub rolled_up_days: u64,
    /// Files that went because of their age or the bound of the size.
    pub dropped_files: u64,
    /// Samples in them.
    pub dropped_samples: u64,
    /// Bytes given back to the disk.
    pub freed_bytes: u64,
}

/// Why samples are not stored at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HistoryFault {
    /// The historian's reason.
    pub reason: String,
    /// Since when, microseconds since 1970-01-01 UTC.
    pub since_us: i64,
}

/// What the process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ProcessUsage {
    /// Processor time since the start of the process, user and system, in seconds.
    pub cpu_secs: f64,
    /// Memory held in RAM, in bytes.
    pub rss_bytes: u64,
    /// Threads.
    pub threads: u32,
    /// Open files and sockets.
    pub open_files: u32,
}

/// Returns the state of a connection; none when it does not exist.
pub(crate) fn connection_status(shared: &Shared, id: ObjectId) -> Option<ConnectionStatus> {
    let plant = shared.plant.load();
    let object = plant.connection(id)?;
    let devices: Vec<ObjectId> = plant.devices_of(id).map(|device| device.id).collect();
    let tags = devices
        .iter()
        .map(|&device| plant.tags_of(device).len())
        .sum();
    let Some(watch) = shared.links.watch(id) else {
        return Some(idle_status(object, devices.len(), tags));
    };
    let link = watch.status();
    let snapshots: Vec<DeviceSnapshot> = devices
        .iter()
        .map(|&device| watch.stats.device(device))
        .collect();
    let sum = |part: fn(&DeviceSnapshot) -> u64| snapshots.iter().map(part).sum::<u64>();
    let (requests, answered) = (sum(|device| device.requests), sum(|device| device.answered));
    Some(ConnectionStatus {
        state: degraded(link.state, snapshots.iter().map(|device| device.state)),
        since_us: link.since_us,
        last_error: link.last_error,
        last_error_us: link.last_error_us,
        restarts: link.restarts,
        devices: devices.len(),
        tags,
        requests,
        answered,
        success_rate: ratio(answered, requests),
        round_trip_p50_us: median(snapshots.iter().filter_map(|it| it.round_trip_p50_us)),
        round_trip_p95_us: snapshots.iter().filter_map(|it| it.round_trip_p95_us).max(),
        missed_scans: sum(|device| device.missed_scans),
    })
}

/// Returns the state of a connection without a link.
fn idle_status(object: &Object<Connection>, devices: usize, tags: usize) -> ConnectionStatus {
    ConnectionStatus {
        state: idle_state(object),
        since_us: object.updated_us,
        last_error: None,
        last_error_us: None,
        restarts: 0,
        devices,
        tags,
        requests: 0,
        answered: 0,
        success_rate: None,
        round_trip_p50_us: None,
        round_trip_p95_us: None,
        missed_scans: 0,
    }
}

fn degraded(
    state: ConnectionState,
    mut devices: impl Iterator<Item = DeviceState>,
) -> ConnectionState {
    let fails = |state| matches!(state, DeviceState::Offline | DeviceState::Error);
    if state == ConnectionState::Running && devices.any(fails) {
        ConnectionState::Degraded
    } else {
        state
    }
}

/// Returns whether a connection does its work; none when it does not exist.
pub(crate) fn connection_state(shared: &Shared, id: ObjectId) -> Option<ConnectionState> {
    let plant = shared.plant.load();
    let object = plant.connection(id)?;
    let Some(watch) = shared.links.watch(id) else {
        return Some(idle_state(object));
    };
    let devices = watch.stats.states();
    Some(degraded(
        watch.status().state,
        devices.into_iter().map(|(_, state)| state),
    ))
}

fn idle_state(object: &Object<Connection>) -> ConnectionState {
    if object.body.enabled {
        ConnectionState::Stopped
    } else {
        ConnectionState::Disabled
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

fn median(numbers: impl Iterator<Item = u64>) -> Option<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

/// Returns the state of a device; none when it does not exist.
pub(crate) fn device_status(shared: &Shared, id: ObjectId) -> Option<DeviceSnapshot> {
    let plant = shared.plant.load();
    let connection = plant.device(id)?.body.connection;
    let watch = shared.links.watch(connection);
    Some(
        watch
            .map(|watch| watch.stats.device(id))
            .unwrap_or_default(),
    )
}

/// Returns the figures of the hub.
pub(crate) fn hub_stats(shared: &Shared) -> HubStats {
    let plant = shared.plant.load();
    let mut connections = ConnectionCounts::default();
    let mut missed_scans = 0;
    for object in plant.connections() {
        if let Some(status) = connection_status(shared, object.id) {
            *connections.of(status.state) += 1;
            missed_scans += status.missed_scans;
        }
    }
    HubStats {
        uptime_secs: shared.started.elapsed().as_secs(),
        start_us: shared.start_us,
        connections,
        devices: plant.devices().len(),
        tags: plant.tag_count(),
        samples: shared.ingest.samples(),
        samples_per_sec: shared.meter.per_sec(),
        missed_scans,
        totals: shared.totals.read(),
        history_stored: shared.record.stored(),
        history_dropped: shared.record.dropped(),
        history_fault: shared.record.fault(),
        set_aside: shared.ingest.set_aside(),
        history_queue: shared.ingest.history_queue(),
        clock_ahead_us: shared.clock_ahead_us.load(Ordering::Relaxed),
        historian: shared.historian.stats(),
        objects: shared.objects().ok().map(|objects| objects.health()),
        upkeep: shared.keeping.status(),
        process: process::usage(),
    }
}

impl UpkeepWork {
    /// Adds what another round did.
    pub(crate) fn add(&mut self, other: &UpkeepWork) {
        self.compacted_days += other.compacted_days;
        self.rolled_up_days += other.rolled_up_days;
        self.dropped_files += other.dropped_files;
        self.dropped_samples += other.dropped_samples;
        self.freed_bytes += other.freed_bytes;
    }
}

impl From<&Upkeep> for UpkeepWork {
    fn from(upkeep: &Upkeep) -> UpkeepWork {
        UpkeepWork {
            compacted_days: upkeep.compacted_days,
            rolled_up_days: upkeep.rolled_up_days,
            dropped_files: upkeep.dropped_files,
            dropped_samples: upkeep.dropped_samples,
            freed_bytes: upkeep.freed_bytes,
        }
    }
}

impl ConnectionCounts {
    fn of(&mut self, state: ConnectionState) -> &mut usize {
        match state {
            ConnectionState::Stopped => &mut self.stopped,
            ConnectionState::Starting => &mut self.starting,
            ConnectionState::Running => &mut self.running,
            ConnectionState::Degraded => &mut self.degraded,
            ConnectionState::Error => &mut self.error,
            ConnectionState::Disabled => &mut self.disabled,
        }
    }
}
