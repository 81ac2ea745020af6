//! The journal of alarms: every transition, in `alarms.db` of the data directory.
//!
//! One hub writes. Reading goes on beside it, on a connection of its own. An entry is a row with
//! its text as JSON and, beside it, what is searched by. The newest entry of each alarm carries
//! how the alarm stands, so that a start reads as many rows as there are alarms and old entries
//! can go.

mod query;
mod retain;
mod schema;
mod start;
mod write;

use std::borrow::Borrow;
use std::path::{Path, PathBuf};

use headworks_core::alarm::{Entry, EventId, Fold};
use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::sqlite::Failure;

pub use query::{JournalCursor, JournalPage, JournalQuery};
pub use retain::JournalRetention;

/// What helps when the file is damaged.
const REMEDY: &str = "stop the hub and put alarms.db of a backup in its place, or move the file \
                      away: every alarm then begins as normal";

/// The journal of alarms of one data directory.
///
/// All methods block on the disk.
pub struct AlarmJournal {
    path: PathBuf,
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
}

struct Writer {
    database: Connection,
    /// Entries in the file.
    rows: u64,
}

/// How the alarms stood when the journal was opened.
#[derive(Debug)]
pub struct AlarmStart {
    /// What the newest entry of each alarm says.
    pub fold: Fold,
    /// The newest entry of each alarm, in the order of their numbers.
    pub heads: Vec<Entry>,
    /// Number of the newest entry there ever was; 0 when there was none.
    pub number: u64,
    /// The newest event there ever was.
    pub event: Option<EventId>,
    /// What could not be read or does not fit, for the person who looks after the hub.
    pub doubts: Vec<String>,
}

/// What the journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalStats {
    /// Entries in it.
    pub rows: u64,
    /// Size of the file and its log.
    pub bytes: u64,
    /// Time of the oldest entry, microseconds since 1970-01-01 UTC.
    pub oldest_us: Option<i64>,
}

impl AlarmJournal {
    /// Opens `alarms.db` in `directory`, creates what is missing and migrates what is old; returns
    /// how the alarms stand too.
    ///
    /// # Errors
    ///
    /// `TooNew` when a newer program wrote it, `Corrupt` when it is no database or damaged, else
    /// what the disk says. A single entry that cannot be read is a doubt, no error.
    pub fn open(directory: &Path) -> Result<(AlarmJournal, AlarmStart), StoreError> {
        let path = directory.join("alarms.db");
        let opened = schema::open(&path).and_then(|database| {
            let start = start::read(&database)?;
            let rows = count(&database)?;
            let reader = schema::open_reader(&path)?;
            Ok((Writer { database, rows }, reader, start))
        });
        let (writer, reader, start) = opened.map_err(|error| damage(error, &path))?;
        let journal = AlarmJournal {
            path,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
        };
        Ok((journal, start))
    }

    /// Stores entries in one transaction: when this returns they survive a power cut. Their
    /// numbers increase; those that are stored already, by an earlier try whose answer was an
    /// error, are left out.
    ///
    /// # Errors
    ///
    /// What the disk says; none of the entries is stored then, or all are.
    pub fn append(&self, entries: &[impl Borrow<Entry>]) -> Result<(), StoreError> {
        self.write(|writer| {
            writer.rows += write::append(&mut writer.database, entries)?;
            Ok(())
        })
    }

    /// Forgets how alarms stand that are no more, so that their entries can grow old.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn forget(&self, alarms: &[ObjectId]) -> Result<(), StoreError> {
        self.write(|writer| write::forget(&mut writer.database, alarms))
    }

    /// Returns the first entries with greater numbers than `number`, in their order.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn entries_after(&self, number: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.read(|reader| query::after(reader, number, limit))
    }

    /// Returns the newest entries that match, the newest first.
    ///
    /// # Errors
    ///
    /// `Query` when it asks for too much, else when the file cannot be read.
    pub fn query(&self, query: &JournalQuery) -> Result<JournalPage, StoreError> {
        query.check()?;
        self.read(|reader| query::page(reader, query))
    }

    /// Returns how the alarms that were not normal stood at a time, as far as it is kept.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn standing_at(&self, time_us: i64) -> Result<Fold, StoreError> {
        self.separate(|reader| start::at(reader, time_us))
    }

    /// Gives every entry from `from_us` up to before `to_us` to `work`, the oldest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn each_between(
        &self,
        from_us: i64,
        to_us: i64,
        work: &mut dyn FnMut(&Entry),
    ) -> Result<(), StoreError> {
        self.separate(|reader| query::each_between(reader, (from_us, to_us), work))
    }

    /// Removes a piece of what has grown old, as far as no alarm stands by it; returns how many
    /// entries went. Call it again until it returns 0.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn retain(&self, now_us: i64, retention: JournalRetention) -> Result<u64, StoreError> {
        self.write(|writer| {
            let gone = retain::retain(&mut writer.database, writer.rows, now_us, retention)?;
            writer.rows = writer.rows.saturating_sub(gone);
            Ok(gone)
        })
    }

    /// Returns what the journal holds.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn stats(&self) -> Result<JournalStats, StoreError> {
        let rows = self.writer.lock().rows;
        let oldest_us = self.read(|reader| {
            let oldest = "SELECT min(time_us) FROM entries";
            Ok(reader.query_row(oldest, [], |row| row.get(0))?)
        })?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let bytes = size(&self.path) + size(&self.path.with_extension("db-wal"));
        Ok(JournalStats {
            rows,
            bytes,
            oldest_us,
        })
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&mut self.writer.lock()).map_err(|error| damage(error, &self.path))
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&self.reader.lock()).map_err(|error| damage(error, &self.path))
    }

    /// Reads on a connection of its own: what takes long does not hold up the short questions.
    fn separate<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let read = schema::open_reader(&self.path).and_then(|reader| work(&reader));
        read.map_err(|error| damage(error, &self.path))
    }
}

fn damage(failure: Failure, path: &Path) -> StoreError {
    failure.with_remedy(path, REMEDY)
}

fn count(database: &Connection) -> Result<u64, Failure> {
    Ok(database.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
