//! Reads the journal beside whoever writes it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};
use serde_json::Value as Json;
use uuid::Uuid;

use super::chain::{COLUMNS, RowHash};
use super::entry::{Actor, ActorKind, Entry, Outcome, Recorded, Target};
use super::error::JournalError;
use super::query::{self, Cursor, Filter, Page};
use super::schema;

/// A journal, open for reading only.
pub struct Reader {
    path: PathBuf,
    database: Connection,
}

impl Reader {
    /// Opens the journal of a data directory, also while a hub writes it.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none, `TooNew` when a newer program wrote it, `Corrupt` when it
    /// is damaged, else what the disk says.
    pub fn open(directory: &Path) -> Result<Reader, JournalError> {
        let path = schema::path_in(directory);
        let database = schema::open_to_read(&path)?;
        Ok(Reader { path, database })
    }

    /// Returns up to `limit` entries (at most [`super::PAGE_MAX`]) that match, newest first.
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
        query::page(&self.database, filter, cursor, limit).map_err(|error| self.at(error))
    }

    /// Calls `f` for each matching entry, oldest first, with those stored before the call.
    ///
    /// # Errors
    ///
    /// When the database cannot be read, `Output` when `f` fails.
    pub fn for_each(
        &self,
        filter: &Filter,
        mut f: impl FnMut(&Recorded) -> std::io::Result<()>,
    ) -> Result<(), JournalError> {
        let until = schema::last_link(&self.database);
        let until = until.map_err(|error| self.at(error))?.seq;
        let mut cursor = None;
        loop {
            let page = query::page_up(&self.database, filter, cursor, until);
            let page = page.map_err(|error| self.at(error))?;
            for entry in &page.entries {
                f(entry).map_err(JournalError::Output)?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Returns the time of the last row; none when there are no rows.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn last_us(&self) -> Result<Option<i64>, JournalError> {
        let last = schema::last_us(&self.database);
        last.map_err(|error| self.at(error))
    }

    /// Returns the hash of a row that is there, or that was the last one of a removal; compared
    /// with one that was noted elsewhere it shows whether the chain up to it is still that one.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn hash_of(&self, seq: u64) -> Result<Option<RowHash>, JournalError> {
        let link = schema::link_at(&self.database, seq).map_err(|error| self.at(error))?;
        Ok(link.map(|link| link.hash))
    }

    fn at(&self, error: rusqlite::Error) -> JournalError {
        match error {
            rusqlite::Error::FromSqlConversionFailure(_, _, source) if source.is::<Damage>() => {
                match source.downcast::<Damage>() {
                    Ok(damage) => JournalError::Damaged {
                        seq: damage.seq,
                        reason: damage.reason,
                    },
                    Err(_) => JournalError::ended(),
                }
            }
            error => JournalError::database(&self.path, error),
        }
    }
}

/// A row that cannot be read.
#[derive(Debug)]
struct Damage {
    seq: i64,
    reason: String,
}

impl std::error::Error for Damage {}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {}: {}", self.seq, self.reason)
    }
}

/// Returns a row by its number; none when it was removed meanwhile.
pub(super) fn by_number(database: &Connection, seq: i64) -> rusqlite::Result<Option<Recorded>> {
    let sql = format!("SELECT seq, hash, {COLUMNS} FROM entries WHERE seq = ?1");
    let mut statement = database.prepare_cached(&sql)?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    read(row).map(Some).map_err(|error| {
        let reason = error.to_string();
        rusqlite::Error::FromSqlConversionFailure(
            0,
            rusqlite::types::Type::Null,
            Box::new(Damage { seq, reason }),
        )
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let actor = Actor {
        kind: one_of(row, 3, ActorKind::ALL, ActorKind::name)?,
        id: row.get::<_, Option<Uuid>>(4)?,
        name: row.get(5)?,
    };
    let entry = Entry {
        time_us: row.get(2)?,
        actor,
        address: row.get(6)?,
        action: row.get(7)?,
        target: Target {
            kind: row.get(8)?,
            id: row.get(9)?,
        },
        outcome: one_of(row, 10, Outcome::ALL, Outcome::name)?,
        problem: row.get(11)?,
        request_id: row.get(12)?,
        before: json(row.get(13)?),
        after: json(row.get(14)?),
        detail: row.get(15)?,
    };
    Ok(Recorded {
        seq: row.get(0)?,
        hash: RowHash(row.get(1)?),
        entry,
    })
}

/// Finds a value by its name.
fn one_of<T: Copy, const N: usize>(
    row: &Row<'_>,
    column: usize,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let found = all.into_iter().find(|&one| name(one) == text);
    found.ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(column, text, rusqlite::types::Type::Text)
    })
}

/// Reads JSON; what somebody made of it that is none comes as the text it is.
fn json(text: Option<String>) -> Option<Json> {
    let text = text?;
    Some(serde_json::from_str(&text).unwrap_or(Json::String(text)))
}
