//! Making a commit.

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use uuid::{ContextV7, Timestamp, Uuid};

use super::local::{Inner, OBJECT_COLUMNS, read_object};
use super::{Action, Change, HISTORY_MAX, HistoryEntry, Journal, StoredObject, not_found};
use crate::error::StoreError;
use crate::sqlite::Failure;

/// Makes all changes or none; `before_end` has the last word.
pub(super) fn commit(
    inner: &mut Inner,
    changes: &[Change],
    (author, now_us): (&str, i64),
    before_end: impl FnOnce(&Transaction<'_>, &Journal<'_>) -> Result<(), Failure>,
) -> Result<Vec<StoredObject>, Failure> {
    let transaction = inner
        .database
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut commit = Commit {
        now_us: free_instant(&transaction, now_us)?,
        transaction: &transaction,
        ids: &inner.ids,
        journal: Journal {
            author,
            steps: Vec::with_capacity(changes.len()),
            tags: Vec::new(),
        },
    };
    for change in changes {
        commit.apply(change)?;
    }
    let journal = commit.journal;
    before_end(&transaction, &journal)?;
    transaction.commit()?;
    let objects = journal.steps.into_iter().map(|(_, object)| object);
    Ok(objects.collect())
}

/// Returns the first instant from `now_us` on that no commit has: a commit is known by its time.
fn free_instant(database: &Connection, now_us: i64) -> Result<i64, rusqlite::Error> {
    let mut taken =
        database.prepare_cached("SELECT EXISTS (SELECT 1 FROM history WHERE time_us = ?1)")?;
    let mut instant = now_us;
    while taken.query_row([instant], |row| row.get(0))? {
        instant += 1;
    }
    Ok(instant)
}

/// Returns the number a tag has or had.
pub(super) fn find_tag(
    database: &Connection,
    id: ObjectId,
) -> Result<Option<TagIndex>, rusqlite::Error> {
    database
        .prepare_cached("SELECT tag FROM tags WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0).map(TagIndex))
        .optional()
}

struct Commit<'t, 'a> {
    transaction: &'t Transaction<'t>,
    ids: &'t ContextV7,
    now_us: i64,
    journal: Journal<'a>,
}

impl Commit<'_, '_> {
    fn apply(&mut self, change: &Change) -> Result<(), Failure> {
        match change {
            Change::Create { kind, id, body } => self.create(*kind, *id, body),
            Change::Update { id, expected, body } => self.update(*id, *expected, body),
            Change::Delete { id, expected } => self.delete(*id, *expected),
        }
    }

    fn create(&mut self, kind: Kind, id: Option<ObjectId>, body: &str) -> Result<(), Failure> {
        let (id, revision) = match id {
            None => (self.new_id(), 1),
            Some(id) => (id, self.next_revision(id)?),
        };
        let tag = match kind {
            Kind::Tag => Some(self.assign_tag(id)?),
            _ => None,
        };
        let object = StoredObject {
            id,
            kind,
            revision,
            updated_us: self.now_us,
            body: body.to_owned(),
            tag,
        };
        insert(self.transaction, &object)?;
        self.note(object, Action::Created)
    }

    fn update(&mut self, id: ObjectId, expected: Option<u64>, body: &str) -> Result<(), Failure> {
        let mut object = self.expect(id, expected)?;
        object.revision += 1;
        object.updated_us = self.now_us;
        body.clone_into(&mut object.body);
        self.transaction
            .prepare_cached(
                "UPDATE objects SET revision = ?2, updated_us = ?3, body = ?4 WHERE id = ?1",
            )?
            .execute(params![id.0, object.revision, object.updated_us, body])?;
        self.note(object, Action::Updated)
    }

    fn delete(&mut self, id: ObjectId, expected: Option<u64>) -> Result<(), Failure> {
        let mut object = self.expect(id, expected)?;
        object.revision += 1;
        object.updated_us = self.now_us;
        self.transaction
            .prepare_cached("DELETE FROM objects WHERE id = ?1")?
            .execute([id.0])?;
        self.note(object, Action::Deleted)
    }

    /// Returns the live object, at the revision expected.
    fn expect(&self, id: ObjectId, expected: Option<u64>) -> Result<StoredObject, Failure> {
        let object = self
            .find(id)?
            .ok_or_else(|| Failure::Store(not_found("object", id)))?;
        match expected {
            Some(expected) if expected != object.revision => Err(conflict(&object, expected)),
            _ => Ok(object),
        }
    }

    fn find(&self, id: ObjectId) -> Result<Option<StoredObject>, rusqlite::Error> {
        self.transaction
            .prepare_cached(&format!(
                "SELECT {OBJECT_COLUMNS} FROM objects WHERE id = ?1"
            ))?
            .query_row([id.0], read_object)
            .optional()
    }

    /// Returns the first revision of an object that is to be created under a known id: one that
    /// was deleted goes on counting, so that no revision ever means two things.
    fn next_revision(&self, id: ObjectId) -> Result<u64, Failure> {
        if let Some(object) = self.find(id)? {
            return Err(conflict(&object, 0));
        }
        let last: Option<u64> = self
            .transaction
            .prepare_cached("SELECT max(revision) FROM history WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))?;
        Ok(last.unwrap_or(0) + 1)
    }

    /// Returns the number of a tag: the one it has or had, else the next one.
    fn assign_tag(&mut self, id: ObjectId) -> Result<TagIndex, rusqlite::Error> {
        if let Some(tag) = find_tag(self.transaction, id)? {
            return Ok(tag);
        }
        let tag = self
            .transaction
            .prepare_cached(
                "INSERT INTO tags (tag, id) SELECT coalesce(max(tag), -1) + 1, ?1 FROM tags
                 RETURNING tag",
            )?
            .query_row([id.0], |row| row.get(0).map(TagIndex))?;
        self.journal.tags.push((tag, id));
        Ok(tag)
    }

    /// Writes the history of a change and drops the revision that is one too many.
    fn note(&mut self, object: StoredObject, action: Action) -> Result<(), Failure> {
        let entry = HistoryEntry::of(action, &object, self.journal.author);
        insert_entry(self.transaction, object.id, &entry)?;
        if HISTORY_MAX < object.revision {
            self.transaction
                .prepare_cached("DELETE FROM history WHERE id = ?1 AND revision <= ?2")?
                .execute(params![object.id.0, object.revision - HISTORY_MAX])?;
        }
        self.journal.steps.push((action, object));
        Ok(())
    }

    fn new_id(&self) -> ObjectId {
        let seconds = u64::try_from(self.now_us.div_euclid(1_000_000)).unwrap_or(0);
        let micros = u32::try_from(self.now_us.rem_euclid(1_000_000)).unwrap_or(0);
        let time = Timestamp::from_unix(self.ids, seconds, micros * 1_000);
        ObjectId(Uuid::new_v7(time))
    }
}

fn conflict(object: &StoredObject, expected: u64) -> Failure {
    Failure::Store(StoreError::Conflict {
        kind: object.kind.name().to_owned(),
        id: object.id.to_string(),
        expected,
        found: object.revision,
    })
}

/// Adds an object.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    object: &StoredObject,
) -> Result<(), rusqlite::Error> {
    transaction
        .prepare_cached(&format!(
            "INSERT INTO objects ({OBJECT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        ))?
        .execute(params![
            object.id.0,
            object.kind.name(),
            object.revision,
            object.updated_us,
            object.body,
            object.tag.map(|tag| tag.0),
        ])?;
    Ok(())
}

/// Adds a revision to the history of an object.
pub(super) fn insert_entry(
    transaction: &Transaction<'_>,
    id: ObjectId,
    entry: &HistoryEntry,
) -> Result<(), rusqlite::Error> {
    transaction
        .prepare_cached(
            "INSERT INTO history (id, revision, time_us, author, action, body, kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id.0,
            entry.revision,
            entry.time_us,
            entry.author,
            entry.action as i64,
            entry.body,
            entry.kind.map(Kind::name),
        ])?;
    Ok(())
}
