//! Dead letters: what routes could not deliver, with the reason, in `dead-letters.db` of the data
//! directory.
//!
//! One hub writes. Letters stay until somebody sends them again or discards them; beyond a bound
//! the oldest go, and how many went is kept.

use std::path::{Path, PathBuf};

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::error::StoreError;
use crate::sqlite::{self, Failure};

/// What helps when the file is damaged.
const REMEDY: &str = "move dead-letters.db away: what could not be delivered is forgotten then";

/// Most bytes of the write-ahead log that stay after a flood.
const LOG_BYTES_KEPT: i64 = 4 << 20;

/// Most letters of an answer.
pub const LETTERS_PAGE_MAX: usize = 1000;

/// Most characters of a reason that are kept.
const REASON_MAX: usize = 500;

/// The steps from an empty database to the present one. A step is never changed once released; a
/// new one is added at the end.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE letters (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        time_us INTEGER NOT NULL,
        route BLOB NOT NULL,
        target TEXT NOT NULL,
        reason TEXT NOT NULL,
        tries INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX letters_by_route ON letters (route, number);

    -- One row: letters that went because there were too many.
    CREATE TABLE figures (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
        dropped INTEGER NOT NULL
    ) STRICT;
    INSERT INTO figures (only_row, dropped) VALUES (0, 0);
"];

/// Something that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number; whatever it is of a letter that is to be stored, it gets a new one.
    pub number: u64,
    /// When the last try failed, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The route.
    pub route: ObjectId,
    /// Where it was to go, in the words of the router.
    pub target: String,
    /// Why it did not arrive, at most 500 characters of it.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// What was to be delivered, as JSON.
    pub body: String,
}

/// What the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterStats {
    /// Letters in it.
    pub letters: u64,
    /// Letters that went because there were too many, since the file was made.
    pub dropped: u64,
}

/// The dead letters of one data directory. All methods block on the disk.
pub struct DeadLetters {
    path: PathBuf,
    letters_max: u64,
    state: Mutex<State>,
}

struct State {
    database: Connection,
    stats: LetterStats,
}

impl DeadLetters {
    /// Opens `dead-letters.db` in `directory`, creates what is missing and migrates what is old.
    /// At most `letters_max` letters are kept.
    ///
    /// # Errors
    ///
    /// `TooNew` when a newer program wrote it, `Corrupt` when it is no database or damaged, else
    /// what the disk says.
    pub fn open(directory: &Path, letters_max: u64) -> Result<DeadLetters, StoreError> {
        let path = directory.join("dead-letters.db");
        let opened = sqlite::open(&path, &MIGRATIONS).and_then(|database| {
            database.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
            let stats = stats(&database)?;
            Ok(State { database, stats })
        });
        let state = opened.map_err(|error| error.with_remedy(&path, REMEDY))?;
        Ok(DeadLetters {
            path,
            letters_max,
            state: Mutex::new(state),
        })
    }

    /// Stores letters in one transaction, and counts `lost` more that nobody could take; when this
    /// returns they survive a power cut.
    ///
    /// # Errors
    ///
    /// What the disk says; none of them is stored then.
    pub fn add(&self, letters: &[Letter], lost: u64) -> Result<(), StoreError> {
        self.with(|state| {
            let transaction = begin(&mut state.database)?;
            for letter in letters {
                insert(&transaction, letter)?;
            }
            let added = letters.len() as u64;
            let too_many = (state.stats.letters + added).saturating_sub(self.letters_max);
            if 0 < too_many {
                remove_oldest(&transaction, too_many)?;
            }
            let dropped = state.stats.dropped + too_many + lost;
            transaction.execute("UPDATE figures SET dropped = ?1", [dropped])?;
            transaction.commit()?;
            state.stats.letters += added - too_many.min(added);
            state.stats.letters = state.stats.letters.min(self.letters_max);
            state.stats.dropped = dropped;
            Ok(())
        })
    }

    /// Returns the newest letters, of one route or of all, that are older than `before`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn newest(
        &self,
        route: Option<ObjectId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Letter>, StoreError> {
        let limit = limit.min(LETTERS_PAGE_MAX) as u64;
        let before = before.unwrap_or(i64::MAX as u64);
        self.with(|state| {
            let mut statement = state.database.prepare_cached(
                "SELECT number, time_us, route, target, reason, tries, body FROM letters
                 WHERE number < ?1 AND (?2 IS NULL OR route = ?2)
                 ORDER BY number DESC LIMIT ?3",
            )?;
            let rows = statement.query_map(params![before, route.map(|id| id.0), limit], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns the oldest letters, of one route or of all.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn oldest(&self, route: Option<ObjectId>, limit: usize) -> Result<Vec<Letter>, StoreError> {
        let limit = limit.min(LETTERS_PAGE_MAX) as u64;
        self.with(|state| {
            let mut statement = state.database.prepare_cached(
                "SELECT number, time_us, route, target, reason, tries, body FROM letters
                 WHERE ?1 IS NULL OR route = ?1
                 ORDER BY number LIMIT ?2",
            )?;
            let rows = statement.query_map(params![route.map(|id| id.0), limit], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns a letter.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn get(&self, number: u64) -> Result<Option<Letter>, StoreError> {
        self.with(|state| {
            let mut statement = state.database.prepare_cached(
                "SELECT number, time_us, route, target, reason, tries, body FROM letters
                 WHERE number = ?1",
            )?;
            Ok(statement.query_row([number], read).optional()?)
        })
    }

    /// Removes letters; returns how many there were.
    ///
    /// # Errors
    ///
    /// What the disk says; none is removed then.
    pub fn remove(&self, numbers: &[u64]) -> Result<u64, StoreError> {
        self.with(|state| {
            let transaction = begin(&mut state.database)?;
            let mut gone = 0;
            for number in numbers {
                gone += transaction
                    .prepare_cached("DELETE FROM letters WHERE number = ?1")?
                    .execute([number])? as u64;
            }
            transaction.commit()?;
            state.stats.letters = state.stats.letters.saturating_sub(gone);
            Ok(gone)
        })
    }

    /// Removes all letters, of one route or of all; returns how many there were.
    ///
    /// # Errors
    ///
    /// What the disk says; none is removed then.
    pub fn remove_all(&self, route: Option<ObjectId>) -> Result<u64, StoreError> {
        self.with(|state| {
            let all = "DELETE FROM letters WHERE ?1 IS NULL OR route = ?1";
            let gone = state.database.execute(all, [route.map(|id| id.0)])? as u64;
            state.stats.letters = state.stats.letters.saturating_sub(gone);
            Ok(gone)
        })
    }

    /// Returns how many letters each route has.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn by_route(&self) -> Result<Vec<(ObjectId, u64)>, StoreError> {
        self.with(|state| {
            let counts = "SELECT route, count(*) FROM letters GROUP BY route";
            let mut statement = state.database.prepare_cached(counts)?;
            let rows = statement.query_map([], |row| Ok((ObjectId(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Returns what the store holds.
    pub fn stats(&self) -> LetterStats {
        self.state.lock().stats
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&mut self.state.lock()).map_err(|error| error.with_remedy(&self.path, REMEDY))
    }
}

fn begin(database: &mut Connection) -> Result<Transaction<'_>, Failure> {
    Ok(database.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn stats(database: &Connection) -> Result<LetterStats, Failure> {
    Ok(LetterStats {
        letters: database.query_row("SELECT count(*) FROM letters", [], |row| row.get(0))?,
        dropped: database.query_row("SELECT dropped FROM figures", [], |row| row.get(0))?,
    })
}

fn insert(transaction: &Transaction<'_>, letter: &Letter) -> Result<(), Failure> {
    let reason: String = letter.reason.chars().take(REASON_MAX).collect();
    transaction
        .prepare_cached(
            "INSERT INTO letters (time_us, route, target, reason, tries, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            letter.time_us,
            letter.route.0,
            letter.target,
            reason,
            letter.tries,
            letter.body,
        ])?;
    Ok(())
}

fn remove_oldest(transaction: &Transaction<'_>, count: u64) -> Result<(), Failure> {
    transaction.execute(
        "DELETE FROM letters WHERE number IN
         (SELECT number FROM letters ORDER BY number LIMIT ?1)",
        [count],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Letter> {
    Ok(Letter {
        number: row.get(0)?,
        time_us: row.get(1)?,
        route: ObjectId(row.get(2)?),
        target: row.get(3)?,
        reason: row.get(4)?,
        tries: row.get(5)?,
        body: row.get(6)?,
    })
}

#[cfg(test)]
mod tests;
