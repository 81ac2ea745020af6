//! What the hub says of itself.

use headworks_store::HistorianStats;
use schemars::JsonSchema;
use serde::Serialize;

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
    /// Scans that came due while the one before was not done.
    pub missed_scans: u64,
    /// Samples given to the historian and accepted, since the start.
    pub history_stored: u64,
    /// Samples that the historian refused since the start, each counted once.
    pub history_dropped: u64,
    /// Why the historian refuses samples at present.
    pub history_fault: Option<HistoryFault>,
    /// Batches that wait for the historian.
    pub history_queue: usize,
    /// How far the hub's clock is ahead of the system's after that was set back, microseconds.
    pub clock_ahead_us: i64,
    /// Figures of the historian.
    #[schemars(with = "serde_json::Value")]
    pub historian: HistorianStats,
    /// What the process uses; none where the system does not tell.
    pub process: Option<ProcessUsage>,
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
