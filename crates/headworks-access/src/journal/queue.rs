//! What waits for the writer: bounded in number and bytes.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;

use parking_lot::{Condvar, Mutex};

use super::chain::Columns;
use super::entry::Entry;
use super::error::JournalError;
use super::retain::Retention;

/// How many entries may wait.
const ENTRIES_MAX: usize = 8192;
/// How many bytes of entries may wait, roughly.
const BYTES_MAX: usize = 32 << 20;
/// How many entries go in one transaction.
pub(super) const GROUP_MAX: usize = 1024;

/// Where the answer goes.
pub(super) type Reply = SyncSender<Result<Stored, JournalError>>;

/// What was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// Number of the entry.
    pub(super) seq: u64,
    /// How many rows were removed.
    pub(super) removed: u64,
}

/// What the writer is to do.
pub(super) enum Work {
    /// Add an entry.
    Entry(Box<Columns>),
    /// Remove old rows.
    Retain(Retention),
}

/// Work that waits.
pub(super) struct Waiting {
    pub(super) work: Work,
    bytes: usize,
    reply: Option<Reply>,
}

impl Work {
    pub(super) fn is_entry(&self) -> bool {
        matches!(self, Work::Entry(_))
    }

    pub(super) fn time_us(&self) -> i64 {
        match self {
            Work::Entry(columns) => columns.time_us,
            Work::Retain(retention) => retention.now_us,
        }
    }
}

/// The entries between callers and writer, and what became of those that were lost.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    room: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: bool,
    stored: u64,
    dropped: u64,
    fault: Option<String>,
}

impl Waiting {
    pub(super) fn entry(entry: &Entry, reply: Option<Reply>) -> Waiting {
        let columns = Columns::of(entry);
        Waiting {
            bytes: columns.bytes(),
            work: Work::Entry(Box::new(columns)),
            reply,
        }
    }

    pub(super) fn retain(retention: Retention, reply: Reply) -> Waiting {
        Waiting {
            bytes: size_of::<Waiting>(),
            work: Work::Retain(retention),
            reply: Some(reply),
        }
    }

    /// Tells who waits for it, if anybody does.
    pub(super) fn answer(self, result: Result<Stored, JournalError>) {
        if let Some(reply) = self.reply {
            // Who has gone meanwhile does not want to know.
            drop(reply.send(result));
        }
    }
}

impl State {
    fn has_room(&self, bytes: usize) -> bool {
        self.waiting.is_empty()
            || self.waiting.len() < ENTRIES_MAX && self.bytes + bytes <= BYTES_MAX
    }

    fn add(&mut self, waiting: Waiting) {
        self.bytes += waiting.bytes;
        self.waiting.push_back(waiting);
    }

    fn lose(&mut self, count: u64, reason: &str) {
        self.dropped += count;
        // Once per outage: what is lost while it lasts is counted.
        if self.fault.is_none() {
            tracing::error!(reason, "audit entries are being lost");
        }
        self.fault = Some(reason.to_owned());
    }
}

impl Queue {
    /// Adds an entry when there is room for it; one that comes after the end is dropped, which its
    /// sender sees.
    pub(super) fn push(&self, waiting: Waiting) {
        let mut state = self.state.lock();
        while !state.closed && !state.has_room(waiting.bytes) {
            self.room.wait(&mut state);
        }
        if !state.closed {
            state.add(waiting);
            self.work.notify_one();
        }
    }

    /// Adds an entry if there is room for it, or counts it as lost.
    pub(super) fn offer(&self, waiting: Waiting) {
        let mut state = self.state.lock();
        if state.closed {
            state.lose(1, "the thread of the journal has ended");
        } else if state.has_room(waiting.bytes) {
            state.add(waiting);
            self.work.notify_one();
        } else {
            state.lose(1, "more entries wait than the disk can take");
        }
    }

    /// Takes what waits, up to [`GROUP_MAX`]; none when the journal is closed and all was taken.
    pub(super) fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            self.work.wait(&mut state);
        }
        let count = state.waiting.len().min(GROUP_MAX);
        let group: Vec<Waiting> = state.waiting.drain(..count).collect();
        state.bytes -= group.iter().map(|waiting| waiting.bytes).sum::<usize>();
        self.room.notify_all();
        Some(group)
    }

    /// Lets the writer end after what waits.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Counts entries that the disk refused.
    pub(super) fn lose(&self, count: u64, reason: &str) {
        self.state.lock().lose(count, reason);
    }

    /// Says why the journal is not as it should be, though nothing was lost.
    pub(super) fn warn(&self, reason: String) {
        self.state.lock().fault = Some(reason);
    }

    /// Says that entries are stored again.
    pub(super) fn recover(&self) {
        let mut state = self.state.lock();
        if state.fault.take().is_some() {
            tracing::info!(dropped = state.dropped, "audit entries are stored again");
        }
    }

    /// Counts entries that are on the disk.
    pub(super) fn count_stored(&self, count: u64) {
        self.state.lock().stored += count;
    }

    /// Returns how many entries were stored, and how many wait.
    pub(super) fn figures(&self) -> (u64, usize) {
        let state = self.state.lock();
        (state.stored, state.waiting.len())
    }

    pub(super) fn dropped(&self) -> u64 {
        self.state.lock().dropped
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.state.lock().fault.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Actor, JSON_BYTES_MAX};

    fn entry() -> Entry {
        Entry::new(1, Actor::system(), "test")
    }

    #[test]
    fn what_finds_the_queue_full_is_counted() {
        let queue = Queue::default();
        for _ in 0..ENTRIES_MAX + 3 {
            queue.offer(Waiting::entry(&entry(), None));
        }
        assert_eq!(queue.dropped(), 3);
        assert!(queue.fault().unwrap().contains("more entries wait"));
        assert_eq!(queue.take().unwrap().len(), GROUP_MAX);
        queue.recover();
        assert_eq!((queue.dropped(), queue.fault()), (3, None));
        queue.offer(Waiting::entry(&entry(), None));
        assert_eq!(queue.dropped(), 3);
    }

    #[test]
    fn large_entries_fill_the_queue_by_their_bytes() {
        let queue = Queue::default();
        let mut large = entry();
        large.after = Some("x".repeat(JSON_BYTES_MAX - 2).into());
        let fit = BYTES_MAX / (JSON_BYTES_MAX + size_of::<Columns>() + 100);
        for _ in 0..2 * fit {
            queue.offer(Waiting::entry(&large, None));
        }
        let dropped = usize::try_from(queue.dropped()).unwrap();
        assert!(fit / 2 <= dropped && dropped <= fit + 2, "{dropped}");
        while queue.state.lock().bytes > 0 {
            queue.take().unwrap();
        }
        assert!(queue.state.lock().waiting.is_empty());
    }

    #[test]
    fn a_closed_queue_gives_what_waits_and_ends() {
        let queue = Queue::default();
        queue.offer(Waiting::entry(&entry(), None));
        queue.close();
        assert_eq!(queue.take().unwrap().len(), 1);
        assert!(queue.take().is_none());
        queue.offer(Waiting::entry(&entry(), None));
        assert_eq!(queue.dropped(), 1);
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        queue.push(Waiting::entry(&entry(), Some(reply)));
        assert!(answer.recv().is_err());
    }
}
