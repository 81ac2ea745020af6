//! The audit journal: who did what, from where, when, with what outcome; append-only and chained.
//!
//! Rows lie in `audit.db` (SQLite) of the data directory. Each row holds the SHA-256 of the row
//! before it and its own over all of its columns, so that a change breaks the chain. `audit.head`
//! holds number and hash of the last row, so that a cut tail is seen. Whoever may write both files
//! can compute a whole new chain; only a hash that was noted elsewhere shows that.

mod chain;
mod clock;
mod csv;
mod entry;
mod error;
mod head;
mod query;
mod queue;
mod reader;
mod redact;
mod retain;
mod schema;
mod tail;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

pub use chain::RowHash;
pub use clock::{ClockDoubt, ClockWatch};
pub use csv::{CSV_HEADER, write_csv};
pub use entry::{Actor, ActorKind, Entry, JSON_BYTES_MAX, Outcome, Recorded, Target};
pub use error::JournalError;
pub use query::{Cursor, Filter, PAGE_MAX, Page};
pub use reader::Reader;
pub use redact::redact;
pub use verify::{Anchors, Head, Problem, ProblemKind, Verdict, verify};

use queue::{Queue, Reply, Stored, Waiting};
use retain::Retention;
use writer::Writer;

/// The journal of one data directory, open for writing.
///
/// One thread of its own writes; all that waits goes in one transaction. Dropping the journal
/// stores what was submitted.
pub struct Journal {
    directory: PathBuf,
    queue: Arc<Queue>,
    reader: Mutex<Reader>,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Opens the journal in `directory`, creates what is missing and migrates what is old.
    ///
    /// Other processes may read meanwhile, and write entries of their own.
    ///
    /// # Errors
    ///
    /// `TooNew` when a newer program wrote it, `Corrupt` when `audit.db` is no database or
    /// damaged, else what the disk says.
    pub fn open(directory: &Path) -> Result<Journal, JournalError> {
        let queue = Arc::new(Queue::default());
        let writer = Writer::open(directory, Arc::clone(&queue))?;
        let reader = Reader::open(directory)?;
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| JournalError::io("starting the thread of", directory, error))?;
        Ok(Journal {
            directory: directory.to_owned(),
            queue,
            reader: Mutex::new(reader),
            thread: Some(thread),
        })
    }

    /// Stores an entry and returns its number once it survives a power cut; waits for room.
    ///
    /// # Errors
    ///
    /// `NotStored` when the disk refused it; the entry is counted as dropped then.
    pub fn record(&self, entry: &Entry) -> Result<u64, JournalError> {
        let stored = self.wait(|reply| Waiting::entry(entry, Some(reply)))?;
        Ok(stored.seq)
    }

    fn wait(&self, waiting: impl FnOnce(Reply) -> Waiting) -> Result<Stored, JournalError> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.queue.push(waiting(reply));
        answer.recv().unwrap_or_else(|_| Err(JournalError::ended()))
    }

    /// Hands an entry to the writer and returns at once.
    ///
    /// An entry that finds the queue full, or that the disk refuses, is counted in
    /// [`Journal::dropped`] and told of in the log and, as soon as that is possible, in the
    /// journal: the plant does not stop for it.
    pub fn submit(&self, entry: &Entry) {
        self.queue.offer(Waiting::entry(entry, None));
    }

    /// Returns how many entries were lost since the journal was opened.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Returns how many entries were stored since the journal was opened.
    pub fn stored(&self) -> u64 {
        self.queue.figures().0
    }

    /// Returns how many entries wait for the disk.
    pub fn waiting(&self) -> usize {
        self.queue.figures().1
    }

    /// Returns why entries are being lost at present.
    pub fn fault(&self) -> Option<String> {
        self.queue.fault()
    }

    /// Returns up to `limit` entries (at most [`PAGE_MAX`]) that match, newest first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn page(
        &self,
        filter: &Filter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, JournalError> {
        self.reader.lock().page(filter, cursor, limit)
    }

    /// Calls `f` for each matching entry, oldest first, with those stored before the call.
    ///
    /// # Errors
    ///
    /// When the database cannot be read, `Output` when `f` fails.
    pub fn for_each(
        &self,
        filter: &Filter,
        f: impl FnMut(&Recorded) -> std::io::Result<()>,
    ) -> Result<(), JournalError> {
        // On a connection of its own: a slow export does not hold up the pages.
        Reader::open(&self.directory)?.for_each(filter, f)
    }

    /// Removes the beginning of the journal up to the first entry that is not older than
    /// `before_us`; returns how many entries went.
    ///
    /// Nothing of the present, `now_us`, or later is removed. What is removed leaves an anchor, so
    /// that the rest is still provable, and an entry `audit_retain` of `actor`. Many entries go in
    /// several steps, so that others get their turn.
    ///
    /// # Errors
    ///
    /// `NotStored` when the disk refused a step; those before it were done.
    pub fn retain(&self, before_us: i64, now_us: i64, actor: &Actor) -> Result<u64, JournalError> {
        // Or it would go on for ever with the entries of its own steps.
        let before_us = before_us.min(now_us);
        let mut removed = 0;
        loop {
            let retention = Retention {
                before_us,
                now_us,
                actor: actor.clone(),
            };
            match self
                .wait(|reply| Waiting::retain(retention, reply))?
                .removed
            {
                0 => return Ok(removed),
                step => removed += step,
            }
        }
    }

    /// Returns the time of the last entry; none in a journal without entries.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn last_us(&self) -> Result<Option<i64>, JournalError> {
        self.reader.lock().last_us()
    }

    /// Walks the whole chain, see [`verify()`].
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn verify(&self) -> Result<Verdict, JournalError> {
        verify(&self.directory)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the audit journal ended with a panic");
        }
    }
}

#[cfg(test)]
mod tests;
