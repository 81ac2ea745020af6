//! What one watcher has seen and when it may send again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use headworks_core::TagIndex;
use tokio::time::Instant;

use super::groups::{Encoded, Interest};
use super::{Live, frames};

/// Interval when the client does not say.
pub(super) const INTERVAL_DEFAULT: Duration = Duration::from_millis(100);
/// Bounds of intervals in milliseconds.
pub(super) const INTERVAL_MS: std::ops::RangeInclusive<u64> = 10..=60_000;
/// Age up to which watchers of a group share an encoding.
const SHARED_AGE_MAX: Duration = Duration::from_millis(5);

/// The changes of a set of tags, at the pace of one watcher.
///
/// Time is cut into slots of one interval, the same for all watchers, and a watcher sends at most
/// once in a slot: at once when it has not sent in this slot yet, else at the start of the next.
/// So watchers of the same pace send at the same time and share the encoding.
pub(super) struct Feed {
    live: Arc<Live>,
    interest: Option<Interest>,
    interval: Duration,
    /// Number of the newest batch that was sent.
    seen: u64,
    /// Start of the slot after the last one that was used.
    next_slot: Instant,
    pending: bool,
}

impl Feed {
    /// Returns a feed without tags.
    pub(super) fn new(live: &Arc<Live>, interval: Duration) -> Feed {
        Feed {
            interest: None,
            interval,
            seen: live.changes.now(),
            next_slot: live.epoch,
            pending: false,
            live: Arc::clone(live),
        }
    }

    /// Watches `tags` from now on. Their present values are not part of the changes.
    pub(super) fn watch(&mut self, tags: Vec<TagIndex>) {
        if self.interest.is_none() {
            self.seen = self.live.changes.now();
        }
        // What changed in between is found by `seen`, so nothing is lost.
        self.interest = (!tags.is_empty()).then(|| Interest::join(&self.live, tags));
        self.pending = true;
    }

    /// Changes the pace.
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
        self.next_slot = self.next_slot.min(self.slot_after(Instant::now()));
    }

    /// Waits until there may be something to send and it may be sent. Safe to be cancelled.
    pub(super) async fn ready(&mut self) {
        let Some(interest) = &mut self.interest else {
            return std::future::pending().await;
        };
        if !self.pending {
            // The sender lives in the group that the interest holds.
            if interest.touched.changed().await.is_err() {
                return std::future::pending().await;
            }
            self.pending = true;
        }
        if Instant::now() < self.next_slot {
            tokio::time::sleep_until(self.next_slot).await;
        }
    }

    /// Returns the tags that changed since the last call, for senders with a form of their own.
    pub(super) fn take(&mut self) -> Vec<TagIndex> {
        self.begin();
        let Some(interest) = &self.interest else {
            return Vec::new();
        };
        let (now, tags) = self.live.changes.since(&interest.group.tags, self.seen);
        self.seen = now;
        tags
    }

    /// Returns what changed since the last call as messages of the multiplexed socket.
    pub(super) fn take_frames(&mut self) -> Arc<[Utf8Bytes]> {
        let start = self.begin();
        let Some(interest) = &self.interest else {
            return Arc::new([]);
        };
        let mut shared = interest.group.encoded.lock();
        let fits = |known: &&Encoded| {
            known.seen == self.seen
                && known.seen < known.now
                && start.saturating_duration_since(known.made) < SHARED_AGE_MAX
        };
        if let Some(known) = shared.as_ref().filter(fits) {
            self.seen = known.now;
            // What came after it was encoded goes out in the next slot.
            self.pending = known.now < self.live.changes.now();
            return Arc::clone(&known.frames);
        }
        let (now, tags) = self.live.changes.since(&interest.group.tags, self.seen);
        let frames: Arc<[Utf8Bytes]> = frames::values(&self.live.hub, &tags).into();
        *shared = Some(Encoded {
            seen: self.seen,
            now,
            made: start,
            frames: Arc::clone(&frames),
        });
        self.seen = now;
        frames
    }

    fn begin(&mut self) -> Instant {
        let now = Instant::now();
        self.pending = false;
        self.next_slot = self.slot_after(now);
        if let Some(interest) = &mut self.interest {
            interest.touched.mark_unchanged();
        }
        now
    }

    /// Returns the start of the slot after the one that `now` is in.
    fn slot_after(&self, now: Instant) -> Instant {
        let past = now.saturating_duration_since(self.live.epoch).as_micros();
        let into = past % self.interval.as_micros().max(1);
        let into = Duration::from_micros(u64::try_from(into).unwrap_or(0));
        now + self.interval.saturating_sub(into)
    }
}
