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
    /// Entries that were dropped, and items that a panic took along.
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

    /// Counts what was taken as lost; returns how much.
    pub(super) fn lose_taken(&self) -> usize {
        let mut state = self.state.lock();
        let lost = std::mem::take(&mut state.taken);
        state.lost += lost.try_into().unwrap_or(u64::MAX);
        lost
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

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const NO_WAIT: Duration = Duration::ZERO;

    fn items(count: usize) -> Vec<Item> {
        let mark = || Item::Mark(("group".into(), None));
        (0..count).map(|_| mark()).collect()
    }

    fn is_ready(future: std::pin::Pin<&mut impl Future>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        matches!(future.poll(&mut context), Poll::Ready(_))
    }

    #[test]
    fn a_full_queue_holds_up_whoever_brings_more_until_there_is_room() {
        let queue = Queue::default();
        queue.push(items(ROOM - 1));
        assert!(is_ready(pin!(queue.room())));
        queue.push(items(1));
        let mut room = pin!(queue.room());
        assert!(!is_ready(room.as_mut()));
        assert_eq!(queue.take(10, NO_WAIT).unwrap().len(), 10);
        assert!(is_ready(room.as_mut()));
        assert_eq!(queue.len(), ROOM, "what was taken is not stored yet");
        queue.done();
        assert_eq!(queue.len(), ROOM - 10);
    }

    #[test]
    fn a_disk_that_fails_holds_nobody_up_and_what_is_too_much_is_counted() {
        let queue = Queue::default();
        queue.push(items(ROOM));
        let mut room = pin!(queue.room());
        assert!(!is_ready(room.as_mut()));
        queue.set_failing(true);
        assert!(is_ready(room.as_mut()));
        queue.push(items(HELD_MAX));
        assert_eq!(
            (queue.len(), queue.lost()),
            (HELD_MAX, 0),
            "marks are no entries"
        );
        queue.set_failing(false);
        assert!(!is_ready(pin!(queue.room())));
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_ends() {
        let queue = Queue::default();
        queue.push(items(3));
        assert!(!queue.pause(NO_WAIT));
        queue.close();
        assert!(queue.pause(Duration::from_secs(60)), "at once");
        assert_eq!(queue.take(2, NO_WAIT).unwrap().len(), 2);
        assert_eq!(queue.take(2, NO_WAIT).unwrap().len(), 1);
        assert!(queue.take(2, NO_WAIT).is_err());
        queue.push(items(ROOM));
        assert!(is_ready(pin!(queue.room())));
    }
}
