//! Counters of a link, per device.
//!
//! A driver asks once for the [`DeviceStats`] of a device and then takes one short lock per
//! request. The hub reads snapshots and watches [`LinkStats::changes`], which moves only when the
//! state of a device changes.

mod histogram;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::watch;

use histogram::Histogram;

/// Counters of every device of a link; shared between driver and hub.
#[derive(Debug, Default)]
pub struct LinkStats {
    devices: Mutex<BTreeMap<ObjectId, Arc<DeviceStats>>>,
    changes: Arc<watch::Sender<u64>>,
    totals: Arc<LinkTotals>,
}

/// Counters over all links that ever were: they only grow, whatever becomes of the links.
#[derive(Debug, Default)]
pub struct LinkTotals {
    requests: AtomicU64,
    answered: AtomicU64,
    scans: AtomicU64,
    missed_scans: AtomicU64,
}

/// What [`LinkTotals`] have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LinkCounts {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests answered well.
    pub answered: u64,
    /// Scans that began.
    pub scans: u64,
    /// Scans that came due while the one before was not done.
    pub missed_scans: u64,
}

/// Counters of one device; the driver's handle.
#[derive(Debug)]
pub struct DeviceStats {
    counters: Mutex<Counters>,
    changes: Arc<watch::Sender<u64>>,
    totals: Arc<LinkTotals>,
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

/// One request and its answer on the wire; an outcome method takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// When it ended, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// From the last byte sent to the whole answer, microseconds.
    pub round_trip_us: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
}

#[derive(Debug, Default)]
struct Counters {
    snapshot: DeviceSnapshot, // percentiles are filled in when it is read
    round_trips: Histogram,
    jitter: Histogram,
}

impl LinkTotals {
    /// Returns what was counted so far.
    pub fn read(&self) -> LinkCounts {
        LinkCounts {
            requests: self.requests.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            scans: self.scans.load(Ordering::Relaxed),
            missed_scans: self.missed_scans.load(Ordering::Relaxed),
        }
    }
}

impl LinkStats {
    /// Returns counters of a new link, which count in `totals` too.
    pub fn counting_in(totals: Arc<LinkTotals>) -> LinkStats {
        LinkStats {
            totals,
            ..LinkStats::default()
        }
    }

    /// Returns the counters of a device for its driver, made when they are new.
    pub fn handle(&self, device: ObjectId) -> Arc<DeviceStats> {
        let mut devices = self.devices.lock();
        let new = || {
            Arc::new(DeviceStats {
                counters: Mutex::default(),
                changes: Arc::clone(&self.changes),
                totals: Arc::clone(&self.totals),
            })
        };
        Arc::clone(devices.entry(device).or_insert_with(new))
    }

    /// Forgets a device that is no longer configured.
    pub fn remove(&self, device: ObjectId) {
        if self.devices.lock().remove(&device).is_some() {
            self.changes.send_modify(|version| *version += 1);
        }
    }

    /// Returns what is known of a device; nothing but defaults when it was never asked.
    pub fn device(&self, device: ObjectId) -> DeviceSnapshot {
        let found = self.devices.lock().get(&device).cloned();
        found.map_or_else(DeviceSnapshot::default, |stats| stats.snapshot())
    }

    /// Returns what is known of every device.
    pub fn snapshots(&self) -> Vec<(ObjectId, DeviceSnapshot)> {
        let handles: Vec<_> = {
            let devices = self.devices.lock();
            devices
                .iter()
                .map(|(id, stats)| (*id, Arc::clone(stats)))
                .collect()
        };
        handles
            .into_iter()
            .map(|(id, stats)| (id, stats.snapshot()))
            .collect()
    }

    /// Returns the state of every device; cheaper than [`LinkStats::snapshots`].
    pub fn states(&self) -> Vec<(ObjectId, DeviceState)> {
        let devices = self.devices.lock();
        devices
            .iter()
            .map(|(id, stats)| (*id, stats.state()))
            .collect()
    }

    /// Marks every device as offline, because the link itself is down.
    pub fn link_down(&self, time_us: i64, reason: &str) {
        let handles: Vec<_> = self.devices.lock().values().cloned().collect();
        for stats in handles {
            stats.offline(time_us, reason);
        }
    }

    /// Returns a number that grows whenever a device changes its state or goes away.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl DeviceStats {
    /// Refusals in a row after which a device that was online counts as
    /// [`DeviceState::Error`]: one wrong address among good ones is no failing device.
    pub const REFUSALS_MAX: u32 = 5;

    /// Counts a request that was answered well; the device is online.
    pub fn answered(&self, exchange: Exchange) {
        self.totals.answered.fetch_add(1, Ordering::Relaxed);
        self.record(exchange, |counters| {
            counters.seen(exchange);
            counters.snapshot.answered += 1;
            counters.snapshot.consecutive_errors = 0;
            counters.snapshot.state = DeviceState::Online;
        });
    }

    /// Counts a request that the device refused with an exception code.
    pub fn exception(&self, exchange: Exchange, code: u8, error: impl fmt::Display) {
        self.record(exchange, |counters| {
            counters.seen(exchange);
            counters.failed(exchange.time_us, error);
            *counters.snapshot.exceptions.entry(code).or_default() += 1;
            counters.answers_with_errors();
        });
    }

    /// Counts a request whose answer was not valid.
    pub fn malformed(&self, exchange: Exchange, error: impl fmt::Display) {
        self.record(exchange, |counters| {
            counters.failed(exchange.time_us, error);
            counters.snapshot.malformed += 1;
            counters.answers_with_errors();
        });
    }

    /// Counts a request without an answer in time.
    ///
    /// The state stays: only the driver knows whether it tries again or gives up, and then says
    /// [`DeviceStats::offline`].
    pub fn timed_out(&self, exchange: Exchange, error: impl fmt::Display) {
        self.record(exchange, |counters| {
            counters.failed(exchange.time_us, error);
            counters.snapshot.timeouts += 1;
        });
    }

    /// Counts an answer that came after its time-out and was dropped; its request was counted by
    /// [`DeviceStats::timed_out`].
    pub fn late(&self, bytes_in: u64) {
        let mut counters = self.counters.lock();
        counters.snapshot.late += 1;
        counters.snapshot.bytes_in += bytes_in;
    }

    /// Says that the device does not answer, with the reason.
    pub fn offline(&self, time_us: i64, error: impl fmt::Display) {
        self.update(|counters| {
            counters.snapshot.state = DeviceState::Offline;
            counters.note_error(time_us, error);
        });
    }

    /// Says that the device is not asked any more.
    pub fn switched_off(&self) {
        self.update(|counters| counters.snapshot.state = DeviceState::Unknown);
    }

    /// Counts the start of a scan of the grid and how late it was, in microseconds.
    pub fn scan(&self, late_us: u64) {
        self.totals.scans.fetch_add(1, Ordering::Relaxed);
        let mut counters = self.counters.lock();
        counters.snapshot.scans += 1;
        counters.jitter.record(late_us);
    }

    /// Counts scans that came due while the one before was not done.
    pub fn missed_scans(&self, count: u64) {
        if 0 < count {
            self.totals.missed_scans.fetch_add(count, Ordering::Relaxed);
            self.counters.lock().snapshot.missed_scans += count;
        }
    }

    /// Returns whether the device answers.
    pub fn state(&self) -> DeviceState {
        self.counters.lock().snapshot.state
    }

    /// Returns what is known of the device.
    pub fn snapshot(&self) -> DeviceSnapshot {
        let counters = self.counters.lock();
        let mut snapshot = counters.snapshot.clone();
        snapshot.round_trip_p50_us = counters.round_trips.quantile(0.50);
        snapshot.round_trip_p95_us = counters.round_trips.quantile(0.95);
        snapshot.jitter_p50_us = counters.jitter.quantile(0.50);
        snapshot.jitter_p99_us = counters.jitter.quantile(0.99);
        snapshot
    }

    fn record(&self, exchange: Exchange, outcome: impl FnOnce(&mut Counters)) {
        self.totals.requests.fetch_add(1, Ordering::Relaxed);
        self.update(|counters| {
            counters.snapshot.requests += 1;
            counters.snapshot.bytes_out += exchange.bytes_out;
            counters.snapshot.bytes_in += exchange.bytes_in;
            outcome(counters);
        });
    }

    fn update(&self, change: impl FnOnce(&mut Counters)) {
        let mut counters = self.counters.lock();
        let before = counters.snapshot.state;
        change(&mut counters);
        let changed = counters.snapshot.state != before;
        drop(counters);
        if changed {
            self.changes.send_modify(|version| *version += 1);
        }
    }
}

impl Counters {
    fn seen(&mut self, exchange: Exchange) {
        self.snapshot.last_seen_us = Some(exchange.time_us);
        self.round_trips.record(exchange.round_trip_us);
    }

    fn failed(&mut self, time_us: i64, error: impl fmt::Display) {
        self.snapshot.consecutive_errors = self.snapshot.consecutive_errors.saturating_add(1);
        self.note_error(time_us, error);
    }

    fn note_error(&mut self, time_us: i64, error: impl fmt::Display) {
        self.snapshot.last_error = Some(error.to_string());
        self.snapshot.last_error_us = Some(time_us);
    }

    fn answers_with_errors(&mut self) {
        let patient = self.snapshot.state == DeviceState::Online
            && self.snapshot.consecutive_errors < DeviceStats::REFUSALS_MAX;
        if !patient {
            self.snapshot.state = DeviceState::Error;
        }
    }
}
