//! The configuration store: the plant's objects with revision and history, in SQLite.

mod schema;
mod write;

use std::path::{Path, PathBuf};

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use parking_lot::Mutex;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;
use uuid::{ContextV7, Uuid};

use crate::error::StoreError;
use crate::lock::DirectoryLock;

/// Revisions kept of each object, the newest ones.
pub const HISTORY_MAX: u64 = 50;

/// The objects of one data directory, in its `headworks.db`.
///
/// Every change is durable when the call returns. All methods block on the disk.
pub struct ObjectStore {
    path: PathBuf,
    inner: Mutex<Inner>,
    _lock: DirectoryLock,
}

struct Inner {
    database: Connection,
    /// Makes ids of one millisecond rise, so that objects sort in the order of their creation.
    ids: ContextV7,
}

/// An object as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredObject {
    /// Lasting identity.
    pub id: ObjectId,
    /// Its kind.
    pub kind: Kind,
    /// Counts the changes of the object, from 1; goes on counting when a deleted object returns.
    pub revision: u64,
    /// Time of the last change, microseconds since 1970-01-01 UTC.
    pub updated_us: i64,
    /// The body as JSON.
    pub body: String,
    /// The number of a tag; other kinds have none.
    pub tag: Option<TagIndex>,
}

/// One change of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Adds an object.
    Create {
        /// Its kind.
        kind: Kind,
        /// Its id, e.g. of a deleted object that returns; without one a new id is made.
        id: Option<ObjectId>,
        /// Its body as JSON.
        body: String,
    },
    /// Replaces the body of an object.
    Update {
        /// Which object.
        id: ObjectId,
        /// The revision the caller knows; without one the change is made in any case.
        expected: Option<u64>,
        /// The new body as JSON.
        body: String,
    },
    /// Removes an object; its history stays.
    Delete {
        /// Which object.
        id: ObjectId,
        /// The revision the caller knows; without one the change is made in any case.
        expected: Option<u64>,
    },
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was added, or added again.
    Created,
    /// Its body was replaced.
    Updated,
    /// It was removed.
    Deleted,
}

/// One revision of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// The revision it got.
    pub revision: u64,
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Who changed it.
    pub author: String,
    /// What was done.
    pub action: Action,
    /// The body it got, as JSON; none when it was removed.
    pub body: Option<String>,
}

impl ObjectStore {
    /// Opens the store of `directory`, creates what is missing and migrates what is old.
    ///
    /// # Errors
    ///
    /// `InUse` when another process has it open, `TooNew` when a newer program wrote it, `Corrupt`
    /// when `headworks.db` is no database or damaged, else what the disk says.
    pub fn open(directory: &Path) -> Result<ObjectStore, StoreError> {
        let lock = DirectoryLock::take(directory, "headworks.lock")?;
        let path = directory.join("headworks.db");
        let database = schema::open(&path).map_err(|failure| failure.at(&path))?;
        Ok(ObjectStore {
            path,
            inner: Mutex::new(Inner {
                database,
                ids: ContextV7::new(),
            }),
            _lock: lock,
        })
    }

    /// Returns the live objects, kind by kind in the order of `Kind::ALL`, each kind by id.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn load_all(&self) -> Result<Vec<StoredObject>, StoreError> {
        self.run(|inner| {
            let mut statement = inner
                .database
                .prepare_cached(&format!("SELECT {OBJECT_COLUMNS} FROM objects"))?;
            let mut objects = statement
                .query_map([], read_object)?
                .collect::<Result<Vec<_>, _>>()?;
            objects.sort_unstable_by_key(|object| (object.kind, object.id));
            Ok(objects)
        })
    }

    /// Makes all `changes` in their order in one transaction, or none of them; returns the objects
    /// as they are then, a deleted one as it was with the revision of its deletion.
    ///
    /// # Errors
    ///
    /// `Conflict` when an object has another revision than expected or exists already, `NotFound`
    /// when one to change does not exist, else what the database says. Nothing is changed then.
    pub fn commit(
        &self,
        changes: &[Change],
        author: &str,
        now_us: i64,
    ) -> Result<Vec<StoredObject>, StoreError> {
        self.run(|inner| write::commit(inner, changes, author, now_us))
    }

    /// Returns the revisions of an object, newest first, at most [`HISTORY_MAX`].
    ///
    /// # Errors
    ///
    /// `NotFound` when there never was such an object, else what the database says.
    pub fn history(&self, id: ObjectId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.run(|inner| {
            let mut statement = inner.database.prepare_cached(
                "SELECT revision, time_us, author, action, body FROM history
                 WHERE id = ?1 ORDER BY revision DESC",
            )?;
            let entries = statement
                .query_map([id.0], read_entry)?
                .collect::<Result<Vec<_>, _>>()?;
            if entries.is_empty() {
                return Err(Failure::Store(not_found("object", id)));
            }
            Ok(entries)
        })
    }

    /// Returns the number of a tag, also of a deleted one.
    ///
    /// # Errors
    ///
    /// `NotFound` when there never was such a tag, else what the database says.
    pub fn tag_index(&self, id: ObjectId) -> Result<TagIndex, StoreError> {
        self.run(|inner| {
            write::find_tag(&inner.database, id)?
                .ok_or_else(|| Failure::Store(not_found(Kind::Tag.name(), id)))
        })
    }

    fn run<T>(&self, work: impl FnOnce(&mut Inner) -> Result<T, Failure>) -> Result<T, StoreError> {
        work(&mut self.inner.lock()).map_err(|failure| failure.at(&self.path))
    }
}

/// A failure that does not know the database's path yet.
enum Failure {
    Database(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error)
    }
}

impl Failure {
    fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        let error = match self {
            Failure::Store(error) => return error,
            Failure::Database(error) => error,
        };
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Corrupt {
                    path,
                    reason: format!("{error}; put a backup in its place"),
                }
            }
            _ => StoreError::Database {
                path,
                source: error,
            },
        }
    }
}

fn not_found(kind: &str, id: ObjectId) -> StoreError {
    StoreError::NotFound {
        kind: kind.to_owned(),
        id: id.to_string(),
    }
}

/// What [`read_object`] reads, in its order.
const OBJECT_COLUMNS: &str = "id, kind, revision, updated_us, body, tag";

fn read_object(row: &Row<'_>) -> rusqlite::Result<StoredObject> {
    Ok(StoredObject {
        id: ObjectId(row.get::<_, Uuid>(0)?),
        kind: read_kind(row.get_ref(1)?.as_str()?)?,
        revision: row.get(2)?,
        updated_us: row.get(3)?,
        body: row.get(4)?,
        tag: row.get::<_, Option<u32>>(5)?.map(TagIndex),
    })
}

fn read_kind(text: &str) -> rusqlite::Result<Kind> {
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error)))
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    Ok(HistoryEntry {
        revision: row.get(0)?,
        time_us: row.get(1)?,
        author: row.get(2)?,
        action: read_action(row.get(3)?)?,
        body: row.get(4)?,
    })
}

fn read_action(code: i64) -> rusqlite::Result<Action> {
    [Action::Created, Action::Updated, Action::Deleted]
        .into_iter()
        .find(|&action| action as i64 == code)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(3, code))
}

#[cfg(test)]
mod tests;
