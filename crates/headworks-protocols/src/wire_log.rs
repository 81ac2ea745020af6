//! Frames as they were on the wire, kept for people who look for a fault.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// A ring of the newest frames of a link; off until somebody wants it.
#[derive(Debug, Default)]
pub struct WireLog {
    enabled: AtomicBool,
    entries: Mutex<VecDeque<WireEntry>>,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireEntry {
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Sent or received.
    pub direction: Direction,
    /// The frame, cut to [`WireLog::BYTES_MAX`].
    pub bytes: Box<[u8]>,
    /// What became of it, e.g. `late answer dropped`.
    pub note: String,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the hub to the device.
    Sent,
    /// From the device to the hub.
    Received,
}

impl WireLog {
    /// Most entries that are kept.
    pub const ENTRIES_MAX: usize = 1000;
    /// Most bytes of an entry.
    pub const BYTES_MAX: usize = 600;

    /// Switches the log on or off; switching off forgets what was kept.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
        if !enabled {
            self.entries.lock().clear();
        }
    }

    /// Returns whether frames are kept; a driver asks before it makes an entry.
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Keeps a frame, if the log is on.
    pub fn push(&self, time_us: i64, direction: Direction, bytes: &[u8], note: impl Into<String>) {
        if !self.is_enabled() {
            return;
        }
        let bytes = bytes[..bytes.len().min(Self::BYTES_MAX)].into();
        let mut entries = self.entries.lock();
        if entries.len() == Self::ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(WireEntry {
            time_us,
            direction,
            bytes,
            note: note.into(),
        });
    }

    /// Returns what was kept, oldest first.
    pub fn entries(&self) -> Vec<WireEntry> {
        self.entries.lock().iter().cloned().collect()
    }
}
