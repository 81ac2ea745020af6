//! The thread that stores entries, in groups.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params_from_iter};

use super::chain::{COLUMNS, Columns, Link, hash_row};
use super::entry::{Actor, Entry, Outcome};
use super::error::JournalError;
use super::head::HeadFile;
use super::queue::{Queue, Stored, Waiting, Work};
use super::retain;
use super::schema;
use super::tail::{self, Tail};

/// Action of the entry that says how many entries were lost.
pub(super) const LOST: &str = "audit_lost";
/// Action of the entry that says that the last rows came without a head.
pub(super) const RECOVERED: &str = "audit_recovered";
/// Action of the entry that says that the chain was not as it should be when the writer began.
pub(super) const BROKEN: &str = "audit_broken";

/// What writes.
pub(super) struct Writer {
    path: PathBuf,
    database: Connection,
    head: HeadFile,
    /// Held while a group is stored, so that processes take turns.
    lock: Arc<File>,
    queue: Arc<Queue>,
    /// The last row that was stored while the head could not be written.
    unconfirmed: Option<Link>,
    /// How many of the lost entries the journal tells of.
    told: u64,
}

impl Writer {
    pub(super) fn open(directory: &Path, queue: Arc<Queue>) -> Result<Writer, JournalError> {
        std::fs::create_dir_all(directory)
            .map_err(|error| JournalError::io("creating", directory, error))?;
        let lock = directory.join("audit.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .map_err(|error| JournalError::io("opening", &lock, error))?;
        let path = schema::path_in(directory);
        Ok(Writer {
            database: schema::open(&path)?,
            head: HeadFile::open(directory)?,
            path,
            lock: Arc::new(lock),
            queue,
            unconfirmed: None,
            told: 0,
        })
    }

    /// Stores what comes until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let queue = Arc::clone(&self.queue);
        // However the thread ends, nobody waits for it for ever.
        let _closing = Closing(&queue);
        while let Some(group) = queue.take() {
            self.store(group);
        }
        // Other connections may outlive this one, and none of them can do it.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.database.query_row(checkpoint, [], |_| Ok(())) {
            tracing::warn!(%error, "the log of audit.db stays beside it");
        }
    }

    fn store(&mut self, group: Vec<Waiting>) {
        match self.commit(&group) {
            Ok(stored) => {
                let entries = group.iter().filter(|waiting| waiting.work.is_entry());
                self.queue.count_stored(entries.count() as u64);
                for (stored, waiting) in stored.into_iter().zip(group) {
                    waiting.answer(Ok(stored));
                }
            }
            Err(error) => {
                let reason = error.to_string();
                let entries = group.iter().filter(|waiting| waiting.work.is_entry());
                self.queue.lose(entries.count() as u64, &reason);
                for waiting in group {
                    let reason = reason.clone();
                    waiting.answer(Err(JournalError::NotStored { reason }));
                }
            }
        }
    }

    /// Stores a group in one transaction; returns what became of each.
    fn commit(&mut self, group: &[Waiting]) -> Result<Vec<Stored>, JournalError> {
        let _turn = Turn::take(&self.lock)
            .map_err(|error| JournalError::io("locking", &self.path, error))?;
        let head = self.read_head()?;
        let dropped = self.queue.dropped();
        let lost = dropped - self.told;
        let reason = self.queue.fault().unwrap_or_default();
        let time_us = group.first().map_or(0, |first| first.work.time_us());
        let (stored, last) = in_transaction(&mut self.database, |transaction| {
            let mut last = schema::last_link(transaction)?;
            let mut notes = Vec::from_iter(look(transaction, head, last, time_us)?);
            notes.extend((0 < lost).then(|| tell_lost(lost, &reason, time_us)));
            for note in &notes {
                last = append(transaction, last, &Columns::of(note))?;
            }
            let mut stored = Vec::with_capacity(group.len());
            for waiting in group {
                let removed = match &waiting.work {
                    Work::Entry(columns) => {
                        last = append(transaction, last, columns)?;
                        0
                    }
                    Work::Retain(retention) => retain::remove(transaction, &mut last, retention)?,
                };
                let seq = last.seq;
                stored.push(Stored { seq, removed });
            }
            Ok((stored, last))
        })
        .map_err(|error| JournalError::database(&self.path, error))?;
        self.told = dropped;
        self.write_head(last);
        Ok(stored)
    }

    /// Returns the head, after what the last group may have left undone.
    fn read_head(&mut self) -> Result<Option<Link>, JournalError> {
        let head = self.head.read()?;
        let at = |error| JournalError::database(&self.path, error);
        let missing = match (head, self.unconfirmed) {
            (None, Some(link)) => link,
            (Some(head), Some(link)) if head.seq < link.seq => link,
            // A journal that begins: from now on a missing head says something.
            (None, None) if schema::last_link(&self.database).map_err(at)? == Link::START => {
                Link::START
            }
            (head, _) => return Ok(head),
        };
        self.head.write(missing)?;
        self.unconfirmed = None;
        Ok(Some(missing))
    }

    /// Writes the head; rows that it does not name yet are stored all the same, and it is tried
    /// again before the next group.
    fn write_head(&mut self, last: Link) {
        match self.head.write(last) {
            Ok(()) => {
                self.unconfirmed = None;
                self.queue.recover();
            }
            Err(error) => {
                self.unconfirmed = Some(last);
                self.queue.warn(error.to_string());
            }
        }
    }
}

/// Closes the queue at its end.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// This process's turn to write.
struct Turn(Arc<File>);

impl Turn {
    fn take(file: &Arc<File>) -> std::io::Result<Turn> {
        file.lock()?;
        Ok(Turn(Arc::clone(file)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::error!(%error, "the lock of the audit journal cannot be given back");
        }
    }
}

fn in_transaction<T>(
    database: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Compares the end of the chain with the head; returns what the journal is to say of it.
fn look(
    database: &Connection,
    head: Option<Link>,
    last: Link,
    time_us: i64,
) -> rusqlite::Result<Option<Entry>> {
    let (action, detail) = match tail::compare(database, head, last)? {
        Tail::Whole => return Ok(None),
        Tail::Unconfirmed { from } => (
            RECOVERED,
            format!(
                "rows {from} to {} were stored just before the hub ended, and are not confirmed \
                by audit.head",
                last.seq
            ),
        ),
        Tail::Broken { seq, reason } => {
            tracing::error!(seq, reason, "the audit journal was altered");
            (BROKEN, reason)
        }
    };
    Ok(Some(note(time_us, action, detail)))
}

fn tell_lost(count: u64, reason: &str, time_us: i64) -> Entry {
    let mut entry = note(
        time_us,
        LOST,
        format!("{count} entries before this one were lost: {reason}"),
    );
    entry.outcome = Outcome::Failed;
    entry
}

fn note(time_us: i64, action: &str, detail: String) -> Entry {
    Entry {
        detail: Some(detail),
        ..Entry::new(time_us, Actor::system(), action)
    }
}

/// Adds a row to the chain.
pub(super) fn append(
    database: &Connection,
    last: Link,
    columns: &Columns,
) -> rusqlite::Result<Link> {
    let seq = last.seq + 1;
    let number = i64::try_from(seq).unwrap_or(i64::MAX);
    let values = columns.values();
    let hash = hash_row(last.hash, number, values);
    let mut statement = database.prepare_cached(&format!(
        "INSERT INTO entries (seq, previous, hash, {COLUMNS})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))?;
    let chain = [
        ValueRef::Integer(number),
        ValueRef::Blob(&last.hash.0),
        ValueRef::Blob(&hash.0),
    ];
    let row = chain.into_iter().chain(values).map(Borrowed);
    // A trigger of somebody else may swallow a row without an error.
    if statement.execute(params_from_iter(row))? != 1 {
        return Err(rusqlite::Error::StatementChangedRows(0));
    }
    Ok(Link { seq, hash })
}

/// A value that is bound without a copy.
struct Borrowed<'a>(ValueRef<'a>);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}
