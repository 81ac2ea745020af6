//! The file of objects in the data directory.

use std::path::{Path, PathBuf};

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use parking_lot::Mutex;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::{ContextV7, Uuid};

use super::past::{self, CommitStep, CommitSummary, DeletedObject};
use super::{
    Action, Change, Contents, HistoryEntry, Journal, Mark, StoredObject, not_found, schema, write,
};
use crate::error::StoreError;
use crate::lock::DirectoryLock;
use crate::sqlite::Failure;

/// `headworks.db` of a data directory, which one process has.
pub(super) struct Local {
    path: PathBuf,
    inner: Mutex<Inner>,
    _lock: DirectoryLock,
}

pub(super) struct Inner {
    pub(super) database: Connection,
    /// Makes ids of one millisecond rise, so that objects sort in the order of their creation.
    pub(super) ids: ContextV7,
}

/// What the file is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The state of the database that it had.
    pub(super) mark: Mark,
    /// Whether it was changed without the database since.
    pub(super) edited: bool,
}

impl Local {
    pub(super) fn open(directory: &Path) -> Result<Local, StoreError> {
        let lock = DirectoryLock::take(directory, "headworks.lock")?;
        let path = directory.join("headworks.db");
        let database = schema::open(&path).map_err(|failure| failure.at(&path))?;
        Ok(Local {
            path,
            inner: Mutex::new(Inner {
                database,
                ids: ContextV7::new(),
            }),
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn load_all(&self) -> Result<Vec<StoredObject>, StoreError> {
        self.run(|inner| read_objects(&inner.database))
    }

    /// Makes changes that no database has to know of.
    pub(super) fn commit(
        &self,
        changes: &[Change],
        author: &str,
        now_us: i64,
    ) -> Result<Vec<StoredObject>, StoreError> {
        self.run(|inner| {
            write::commit(inner, changes, (author, now_us), |transaction, _| {
                transaction
                    .prepare_cached("UPDATE origin SET edited = 1")?
                    .execute([])?;
                Ok(())
            })
        })
    }

    /// Makes changes when `send` has brought them to the database, whose next state it returns.
    pub(super) fn commit_through(
        &self,
        changes: &[Change],
        (author, now_us): (&str, i64),
        send: impl FnOnce(&Journal<'_>, Option<Origin>) -> Result<Mark, StoreError>,
    ) -> Result<Vec<StoredObject>, StoreError> {
        self.run(|inner| {
            write::commit(inner, changes, (author, now_us), |transaction, journal| {
                let origin = read_origin(transaction)?;
                let mark = send(journal, origin).map_err(Failure::Store)?;
                write_origin(transaction, mark)
            })
        })
    }

    pub(super) fn history(&self, id: ObjectId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.run(|inner| {
            let mut statement = inner.database.prepare_cached(
                "SELECT revision, time_us, author, action, body, kind FROM history
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

    /// Returns the newest commits before an instant, newest first.
    pub(super) fn commits(
        &self,
        before_us: i64,
        limit: usize,
    ) -> Result<Vec<CommitSummary>, StoreError> {
        self.run(|inner| past::commits(&inner.database, before_us, limit))
    }

    /// Returns what the commit of an instant did.
    pub(super) fn steps(&self, time_us: i64) -> Result<Vec<CommitStep>, StoreError> {
        self.run(|inner| past::steps(&inner.database, time_us))
    }

    /// Returns what is deleted since an instant, newest first.
    pub(super) fn deleted(
        &self,
        since_us: i64,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<DeletedObject>, StoreError> {
        self.run(|inner| past::deleted(&inner.database, since_us, skip, limit))
    }

    pub(super) fn tag_index(&self, id: ObjectId) -> Result<TagIndex, StoreError> {
        self.run(|inner| {
            write::find_tag(&inner.database, id)?
                .ok_or_else(|| Failure::Store(not_found(Kind::Tag.name(), id)))
        })
    }

    /// Returns what the file is a copy of, if it is one.
    pub(super) fn origin(&self) -> Result<Option<Origin>, StoreError> {
        self.run(|inner| read_origin(&inner.database))
    }

    /// Notes that the database is equal to the file now.
    pub(super) fn note_equal(&self, mark: Mark) -> Result<(), StoreError> {
        self.run(|inner| write_origin(&inner.database, mark))
    }

    /// Whether nothing was ever stored in it.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        self.run(|inner| {
            let found = inner.database.query_row(
                "SELECT EXISTS (SELECT 1 FROM history) OR EXISTS (SELECT 1 FROM tags)",
                [],
                |row| row.get::<_, bool>(0),
            )?;
            Ok(!found)
        })
    }

    /// Returns everything in it.
    pub(super) fn contents(&self) -> Result<Contents, StoreError> {
        self.run(|inner| {
            let mut statement = inner
                .database
                .prepare("SELECT revision, time_us, author, action, body, kind, id FROM history")?;
            let history = statement
                .query_map([], |row| Ok((ObjectId(row.get(6)?), read_entry(row)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Contents {
                objects: read_objects(&inner.database)?,
                history,
                tags: read_tags(&inner.database)?,
            })
        })
    }

    /// Returns the numbers ever given to tags.
    pub(super) fn tags(&self) -> Result<Vec<(TagIndex, ObjectId)>, StoreError> {
        self.run(|inner| read_tags(&inner.database))
    }

    /// Makes the file the copy of a database.
    pub(super) fn replace(&self, contents: &Contents, mark: Mark) -> Result<(), StoreError> {
        self.run(|inner| {
            let transaction = inner.database.transaction()?;
            transaction
                .execute_batch("DELETE FROM objects; DELETE FROM history; DELETE FROM tags;")?;
            for object in &contents.objects {
                write::insert(&transaction, object)?;
            }
            for (id, entry) in &contents.history {
                write::insert_entry(&transaction, *id, entry)?;
            }
            write_tags(&transaction, &contents.tags)?;
            write_origin(&transaction, mark)?;
            transaction.commit()?;
            Ok(())
        })
    }

    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&mut Inner) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        work(&mut self.inner.lock()).map_err(|failure| failure.at(&self.path))
    }
}

fn read_objects(database: &Connection) -> Result<Vec<StoredObject>, Failure> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {OBJECT_COLUMNS} FROM objects"))?;
    let mut objects = statement
        .query_map([], read_object)?
        .collect::<Result<Vec<_>, _>>()?;
    objects.sort_unstable_by_key(|object| (object.kind, object.id));
    Ok(objects)
}

fn read_tags(database: &Connection) -> Result<Vec<(TagIndex, ObjectId)>, Failure> {
    let mut statement = database.prepare_cached("SELECT tag, id FROM tags")?;
    let tags = statement
        .query_map([], |row| Ok((TagIndex(row.get(0)?), ObjectId(row.get(1)?))))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(tags)
}

fn write_tags(transaction: &Transaction<'_>, tags: &[(TagIndex, ObjectId)]) -> Result<(), Failure> {
    let mut statement = transaction.prepare_cached("INSERT INTO tags (tag, id) VALUES (?1, ?2)")?;
    for (tag, id) in tags {
        statement.execute(params![tag.0, id.0])?;
    }
    Ok(())
}

fn read_origin(database: &Connection) -> Result<Option<Origin>, Failure> {
    let read = |row: &Row<'_>| {
        Ok(Origin {
            mark: Mark {
                plant: row.get(0)?,
                state: row.get(1)?,
            },
            edited: row.get(2)?,
        })
    };
    let origin = database
        .prepare_cached("SELECT plant, state, edited FROM origin")?
        .query_row([], read)
        .optional()?;
    Ok(origin)
}

fn write_origin(database: &Connection, mark: Mark) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT OR REPLACE INTO origin (only_row, plant, state, edited) VALUES (0, ?1, ?2, 0)",
        )?
        .execute(params![mark.plant, mark.state])?;
    Ok(())
}

/// What [`read_object`] reads, in its order.
pub(super) const OBJECT_COLUMNS: &str = "id, kind, revision, updated_us, body, tag";

pub(super) fn read_object(row: &Row<'_>) -> rusqlite::Result<StoredObject> {
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
        kind: read_optional_kind(row, 5)?,
    })
}

/// Reads the kind of a past state, which is not known of all.
pub(super) fn read_optional_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Kind>> {
    let kind: Option<String> = row.get(column)?;
    kind.map(|kind| read_kind(&kind)).transpose()
}

pub(super) fn read_action(code: i64) -> rusqlite::Result<Action> {
    Action::of_code(code).ok_or(rusqlite::Error::IntegralValueOutOfRange(3, code))
}
