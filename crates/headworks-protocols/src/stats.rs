//! Counters of a link, per device.

use std::collections::BTreeMap;

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use serde::Serialize;

/// Counters of every device of a link; shared between driver and hub.
#[derive(Debug, Default)]
pub struct LinkStats {
    devices: Mutex<BTreeMap<ObjectId, DeviceSnapshot>>,
}

/// Whether a device answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Not asked yet, or switched off.
    #[default]
    Unknown,
    /// The last request was answered.
    Online,
    /// The device does not answer.
    Offline,
    /// The device answers with errors only.
    Error,
}

/// What is known of a device at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DeviceSnapshot {
    /// Whether it answers.
    pub state: DeviceState,
    /// Time of the last answer, microseconds since 1970-01-01 UTC.
    pub last_seen_us: Option<i64>,
    /// The last error and its time.
    pub last_error: Option<String>,
    /// Time of the last error, microseconds since 1970-01-01 UTC.
    pub last_error_us: Option<i64>,
    /// Failures since the last success.
    pub consecutive_errors: u32,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests answered well.
    pub answered: u64,
    /// Requests without an answer in time.
    pub timeouts: u64,
    /// Answers that came after their time-out and were dropped.
    pub late: u64,
    /// Answers that were not valid.
    pub malformed: u64,
    /// Refusals by exception code.
    pub exceptions: BTreeMap<u8, u64>,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Median round trip, microseconds.
    pub round_trip_p50_us: Option<u64>,
    /// 95th percentile of the round trip, microseconds.
    pub round_trip_p95_us: Option<u64>,
    /// Scans that were done.
    pub scans: u64,
    /// Scans that came due while the one before was not done.
    pub missed_scans: u64,
    /// Median of how late scans started, microseconds.
    pub jitter_p50_us: Option<u64>,
    /// 99th percentile of how late scans started, microseconds.
    pub jitter_p99_us: Option<u64>,
}

impl LinkStats {
    /// Returns what is known of a device.
    pub fn device(&self, device: ObjectId) -> DeviceSnapshot {
        self.devices
            .lock()
            .get(&device)
            .cloned()
            .unwrap_or_default()
    }
}
