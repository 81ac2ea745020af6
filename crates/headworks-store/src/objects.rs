//! The configuration store: the plant's objects with revision and history, in the data directory
//! or in a database.
//!
//! Every rule of a change is applied in one place, on the file `headworks.db` of the data
//! directory. Where the objects live in a database, the change goes there before it counts, and
//! the file is the copy that a hub starts from while the database is away.

mod local;
mod past;
mod pictures;
mod remote;
mod schema;
mod write;

use std::path::Path;

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use serde::Serialize;
use uuid::Uuid;

use crate::error::StoreError;
use crate::postgres::DatabaseUrl;
use local::Local;
pub use past::{CommitStep, CommitSummary, DeletedObject};
pub use pictures::{KeptPicture, PictureBounds};
pub use remote::Reached;
use remote::Remote;

/// Revisions kept of each object, the newest ones.
pub const HISTORY_MAX: u64 = 50;

/// The objects of one data directory.
///
/// Every change is durable when the call returns. All methods block on the disk or the database.
pub struct ObjectStore {
    local: Local,
    /// The database, where the objects live in one.
    remote: Option<Remote>,
}

/// Where objects live.
#[derive(Clone, Debug)]
pub enum ObjectPlace {
    /// In the data directory. A file that is the copy of a database and was not changed since is
    /// brought up to date from it first, where that can be reached.
    Local {
        /// The database that the file may be a copy of.
        database: Option<DatabaseUrl>,
    },
    /// In a database, with a copy in the data directory.
    Database(DatabaseUrl),
}

/// Whether objects can be changed, and where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectHealth {
    /// The database that holds the objects, without password; none when the data directory does.
    pub server: Option<String>,
    /// Whether changes are taken at present.
    pub writable: bool,
    /// Why no changes are taken.
    pub error: Option<String>,
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

impl Action {
    /// Returns the action of a stored number.
    pub(crate) fn of_code(code: i64) -> Option<Action> {
        [Action::Created, Action::Updated, Action::Deleted]
            .into_iter()
            .find(|&action| action as i64 == code)
    }
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
    /// The kind of the object; none for what was deleted by an older program.
    pub kind: Option<Kind>,
}

impl HistoryEntry {
    /// Returns what the history says of a change that has led to `object`.
    pub(crate) fn of(action: Action, object: &StoredObject, author: &str) -> HistoryEntry {
        HistoryEntry {
            revision: object.revision,
            time_us: object.updated_us,
            author: author.to_owned(),
            action,
            body: (action != Action::Deleted).then(|| object.body.clone()),
            kind: Some(object.kind),
        }
    }
}

/// A set of objects in a database, and its state: a new one with every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The set, whatever becomes of it.
    pub(crate) plant: Uuid,
    /// The state.
    pub(crate) state: Uuid,
}

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) objects: Vec<StoredObject>,
    pub(crate) history: Vec<(ObjectId, HistoryEntry)>,
    /// The numbers given to tags ever.
    pub(crate) tags: Vec<(TagIndex, ObjectId)>,
}

/// What a commit does, in its order.
pub(crate) struct Journal<'a> {
    pub(crate) author: &'a str,
    /// Each object as it is after the step.
    pub(crate) steps: Vec<(Action, StoredObject)>,
    /// Numbers given to new tags.
    pub(crate) tags: Vec<(TagIndex, ObjectId)>,
}

impl ObjectStore {
    /// Opens the file of `directory` alone, creates what is missing and migrates what is old.
    ///
    /// # Errors
    ///
    /// `InUse` when another process has it open, `TooNew` when a newer program wrote it, `Corrupt`
    /// when `headworks.db` is no database or damaged, else what the disk says.
    pub fn open(directory: &Path) -> Result<ObjectStore, StoreError> {
        Ok(ObjectStore {
            local: Local::open(directory)?,
            remote: None,
        })
    }

    /// Opens the objects of a hub, where they live; moves them when that has changed.
    ///
    /// A database that is away is no error: the objects are those of the copy, changes are
    /// refused, and [`ObjectStore::reach`] and [`ObjectStore::resume`] bring it back.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::open`]; [`StoreError::Postgres`] when another hub has the objects, when
    /// a newer program made the schema, and when data directory and database hold objects that
    /// do not come from each other.
    pub fn open_at(directory: &Path, place: &ObjectPlace) -> Result<ObjectStore, StoreError> {
        let local = Local::open(directory)?;
        let remote = match place {
            ObjectPlace::Database(url) => Some(Remote::open(url, directory, &local)?),
            ObjectPlace::Local { database } => {
                remote::move_back(database.as_ref(), directory, &local)?;
                None
            }
        };
        Ok(ObjectStore { local, remote })
    }

    /// Returns the live objects, kind by kind in the order of `Kind::ALL`, each kind by id.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn load_all(&self) -> Result<Vec<StoredObject>, StoreError> {
        self.local.load_all()
    }

    /// Makes all `changes` in their order in one transaction, or none of them; returns the objects
    /// as they are then, a deleted one as it was with the revision of its deletion.
    ///
    /// # Errors
    ///
    /// `Conflict` when an object has another revision than expected or exists already, `NotFound`
    /// when one to change does not exist, else what the database says. Nothing is changed then,
    /// but when a database falls silent in the middle: then the next look at it tells.
    pub fn commit(
        &self,
        changes: &[Change],
        author: &str,
        now_us: i64,
    ) -> Result<Vec<StoredObject>, StoreError> {
        match &self.remote {
            None => self.local.commit(changes, author, now_us),
            Some(remote) => remote.commit(&self.local, changes, author, now_us),
        }
    }

    /// Returns the revisions of an object, newest first, at most [`HISTORY_MAX`].
    ///
    /// # Errors
    ///
    /// `NotFound` when there never was such an object, else what the file says.
    pub fn history(&self, id: ObjectId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.local.history(id)
    }

    /// Returns the newest commits before an instant, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// What the file says.
    pub fn commits(&self, before_us: i64, limit: usize) -> Result<Vec<CommitSummary>, StoreError> {
        self.local.commits(before_us, limit)
    }

    /// Returns what the commit of an instant did, as far as it is kept; nothing when there was
    /// none.
    ///
    /// # Errors
    ///
    /// What the file says.
    pub fn steps(&self, time_us: i64) -> Result<Vec<CommitStep>, StoreError> {
        self.local.steps(time_us)
    }

    /// Returns the objects that are deleted since an instant, those deleted last first: at most
    /// `limit` after the first `skip`.
    ///
    /// # Errors
    ///
    /// What the file says.
    pub fn deleted(
        &self,
        since_us: i64,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<DeletedObject>, StoreError> {
        self.local.deleted(since_us, skip, limit)
    }

    /// Returns the number of a tag, also of a deleted one.
    ///
    /// # Errors
    ///
    /// `NotFound` when there never was such a tag, else what the file says.
    pub fn tag_index(&self, id: ObjectId) -> Result<TagIndex, StoreError> {
        self.local.tag_index(id)
    }

    /// Keeps the bytes of a picture for as long as an object of it is there or can return, when
    /// there is room. What is there already is kept once.
    ///
    /// They are in the file `headworks.db` also where the objects live in a database.
    ///
    /// # Errors
    ///
    /// What the file says.
    pub fn keep_picture(
        &self,
        bytes: &[u8],
        bounds: PictureBounds,
        now_us: i64,
    ) -> Result<KeptPicture, StoreError> {
        self.local.keep_picture(bytes, bounds, now_us)
    }

    /// Returns the bytes of a picture by their hash; none when they are not there.
    ///
    /// # Errors
    ///
    /// What the file says.
    pub fn picture(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.local.picture(hash)
    }

    /// Returns whether changes are taken, and where the objects are.
    pub fn health(&self) -> ObjectHealth {
        match &self.remote {
            None => ObjectHealth {
                server: None,
                writable: true,
                error: None,
            },
            Some(remote) => remote.health(),
        }
    }

    /// Looks whether the database still answers; changes are refused from now on when it does
    /// not. Nothing to look at where the objects are in the data directory.
    pub fn look(&self) {
        if let Some(remote) = &self.remote {
            remote.look();
        }
    }

    /// Refuses changes until [`ObjectStore::resume`]: the caller cannot use what the database has.
    pub fn give_up(&self, reason: String) {
        if let Some(remote) = &self.remote {
            remote.give_up(reason);
        }
    }

    /// Tries to get hold of a database that was away: connects and takes the objects for this
    /// hub. Nothing where there is none, or where it is not away.
    ///
    /// # Errors
    ///
    /// What the server says, or which other hub has the objects.
    pub fn reach(&self) -> Result<Option<Reached>, StoreError> {
        self.remote.as_ref().map_or(Ok(None), Remote::reach)
    }

    /// Takes changes again after the database was reached; returns whether the objects are others
    /// than before, because the database has another state.
    ///
    /// # Errors
    ///
    /// What the server says; or that both hold objects that do not come from each other.
    pub fn resume(&self, reached: Reached) -> Result<bool, StoreError> {
        let resume = |remote: &Remote| remote.resume(&self.local, reached);
        self.remote.as_ref().map_or(Ok(false), resume)
    }
}

fn not_found(kind: &str, id: ObjectId) -> StoreError {
    StoreError::NotFound {
        kind: kind.to_owned(),
        id: id.to_string(),
    }
}

#[cfg(test)]
mod tests;
