//! The way of transitions to the writer of the journal.
//!
//! Whoever makes transitions holds a lock and never waits here; afterwards it waits for room. A
//! disk that fails holds nobody up: what it does not take is kept up to a bound, and what goes
//! beyond it is counted and told of.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::alarm::Entry;
use headworks_core::model::ObjectId;
use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use super::groups::Mark;

/// Waiting transitions from which on whoever makes more has to wait.
const ROOM: usize = 20_000;
/// Most transitions that are kept while the disk fails: some 100 MB.
const HELD_MAX: usize = 200_000;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Item {
    /// Something happened to an alarm.
    Entry {
        /// What goes to the journal.
        entry: Arc<Entry>,
        /// The mark of its group afterwards.
        mark: Option<Mark>,
    },
    /// An alarm is no more, and there was nothing to say of it.
    Forget(ObjectId),
    /// A group was made anew.
    Mark(Mark),
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    room: Notify,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    /// Items that were taken and are not stored yet.
    taken: usize,
    is_closed: bool,
    is_failing: bool,
    /// Entries that were dropped.
    lost: u64,
}

impl Queue {
    /// Adds items; never waits.
    pub(super) fn push(&self, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        state.items.extend(items);
        while HELD_MAX < state.items.len() {
            // the newest says how its alarm stands
            let dropped = state.items.pop_front();
            state.lost += u64::from(matches!(dropped, Some(Item::Entry { .. })));
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Waits while too much waits for a disk that works.
    pub(super) async fn room(&self) {
        loop {
            let room = self.room.notified();
            {
                let state = self.state.lock();
                if state.items.len() < ROOM || state.is_failing || state.is_closed {
                    return;
                }
            }
            room.await;
        }
    }

    /// Takes up to `most` items, waiting for the first for a while; nothing when there are none,
    /// an error when there will never be one again.
    pub(super) fn take(&self, most: usize, wait: Duration) -> Result<Vec<Item>, Closed> {
        let mut state = self.state.lock();
        if state.items.is_empty() && !state.is_closed {
            self.filled.wait_for(&mut state, wait);
        }
        if state.items.is_empty() && state.is_closed {
            return Err(Closed);
        }
        let count = most.min(state.items.len());
        let items = state.items.drain(..count).collect();
        state.taken = count;
        drop(state);
        self.room.notify_waiters();
        Ok(items)
    }

    /// Says that what was taken is stored.
    pub(super) fn done(&self) {
        self.state.lock().taken = 0;
    }

    /// Says whether the disk fails.
    pub(super) fn set_failing(&self, is_failing: bool) {
        self.state.lock().is_failing = is_failing;
        self.room.notify_waiters();
    }

    /// Waits for a while, or until the queue is closed; returns whether it is.
    pub(super) fn pause(&self, wait: Duration) -> bool {
        let mut state = self.state.lock();
        let end = std::time::Instant::now() + wait;
        while !state.is_closed && !self.filled.wait_until(&mut state, end).timed_out() {}
        state.is_closed
    }

    /// Lets the writer end when it has taken everything.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.filled.notify_all();
        self.room.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// Returns how many items are not stored yet.
    pub(super) fn len(&self) -> usize {
        let state = self.state.lock();
        state.items.len() + state.taken
    }

    /// Returns how many entries were lost.
    pub(super) fn lost(&self) -> u64 {
        self.state.lock().lost
    }

    pub(super) fn note_lost(&self, entries: u64) {
        self.state.lock().lost += entries;
    }
}

/// There will be no more items.
#[derive(Debug)]
pub(super) struct Closed;
