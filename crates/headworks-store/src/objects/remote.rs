//! Objects in a database: taken for one hub, copied to the file, and brought back after an outage.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use headworks_core::TagIndex;
use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use uuid::Uuid;

use super::local::{Local, Origin};
use super::{Change, Contents, Mark, ObjectHealth, StoredObject};
use crate::error::{PostgresFault, StoreError};
use crate::postgres::DatabaseUrl;
use crate::postgres::objects::{ObjectTables, Session};

/// The database of the objects, as long as this hub has them.
pub(super) struct Remote {
    tables: ObjectTables,
    directory: PathBuf,
    /// None while the database is away.
    session: Mutex<Option<Session>>,
    /// Why there is none.
    fault: Mutex<Option<String>>,
}

/// A database that answers again and whose objects this hub has taken.
pub struct Reached(Session);

impl Remote {
    pub(super) fn open(
        url: &DatabaseUrl,
        directory: &Path,
        local: &Local,
    ) -> Result<Remote, StoreError> {
        let remote = Remote {
            tables: ObjectTables::new(url)?,
            directory: directory.to_owned(),
            session: Mutex::default(),
            fault: Mutex::default(),
        };
        let opened = remote
            .take()
            .and_then(|reached| remote.resume(local, reached));
        match opened {
            Ok(_) => Ok(remote),
            Err(error) if may_pass(&error) => {
                tracing::warn!(
                    %error,
                    "the objects are those of the copy in the data directory; edits are refused \
                     until the database answers"
                );
                Ok(remote)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn commit(
        &self,
        local: &Local,
        changes: &[Change],
        author: &str,
        now_us: i64,
    ) -> Result<Vec<StoredObject>, StoreError> {
        let mut held = self.session.lock();
        let Some(session) = held.as_mut() else {
            return Err(self.refusal());
        };
        let outcome = local.commit_through(changes, (author, now_us), |journal, origin| {
            let before = origin.map(|origin| origin.mark);
            let before = before.ok_or_else(|| self.occupied("this hub has not taken them yet"))?;
            let after = next(before.plant);
            self.tables.commit(session, journal, before, after)?;
            Ok(after)
        });
        if let Err(error) = &outcome
            && !is_of_the_changes(error)
        {
            // whatever the database has now: the next look compares it with the file
            *held = None;
            *self.fault.lock() = Some(error.to_string());
        }
        outcome
    }

    pub(super) fn health(&self) -> ObjectHealth {
        let error = self.fault.lock().clone();
        ObjectHealth {
            server: Some(self.tables.server()),
            writable: error.is_none(),
            error,
        }
    }

    pub(super) fn look(&self) {
        // a commit on its way finds out by itself
        let Some(mut held) = self.session.try_lock() else {
            return;
        };
        let Some(session) = held.as_mut() else {
            return;
        };
        if let Err(error) = self.tables.ping(session) {
            *held = None;
            *self.fault.lock() = Some(error.to_string());
        }
    }

    pub(super) fn reach(&self) -> Result<Option<Reached>, StoreError> {
        if self.session.lock().is_some() {
            return Ok(None);
        }
        self.take().map(Some)
    }

    pub(super) fn resume(&self, local: &Local, reached: Reached) -> Result<bool, StoreError> {
        let mut session = reached.0;
        let changed = self.note(settle(local, &self.tables, &mut session))?;
        *self.session.lock() = Some(session);
        *self.fault.lock() = None;
        Ok(changed)
    }

    pub(super) fn give_up(&self, reason: String) {
        *self.session.lock() = None;
        *self.fault.lock() = Some(reason);
    }

    fn take(&self) -> Result<Reached, StoreError> {
        self.note(self.tables.take(&self.directory)).map(Reached)
    }

    fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome {
            *self.fault.lock() = Some(error.to_string());
        }
        outcome
    }

    fn refusal(&self) -> StoreError {
        let fault = self.fault.lock().clone().unwrap_or_default();
        StoreError::Postgres {
            server: self.tables.server(),
            reason: format!("edits are refused until the database answers ({fault})"),
            fault: PostgresFault::Away,
        }
    }

    fn occupied(&self, reason: &str) -> StoreError {
        self.tables.occupied(reason.to_owned())
    }
}

/// Brings the file up to date where the objects have moved back to the data directory.
pub(super) fn move_back(
    database: Option<&DatabaseUrl>,
    directory: &Path,
    local: &Local,
) -> Result<(), StoreError> {
    let Some(origin) = local.origin()?.filter(|origin| !origin.edited) else {
        return Ok(());
    };
    let Some(url) = database else {
        tracing::info!("the objects were in a database; their copy in the data directory is used");
        return Ok(());
    };
    let tables = ObjectTables::new(url)?;
    let outcome =
        tables
            .take(directory)
            .and_then(|mut session| match tables.mark(&mut session)? {
                Some(there) if there.plant == origin.mark.plant && there != origin.mark => {
                    download(local, &tables, &mut session, there).map(|()| true)
                }
                _ => Ok(false),
            });
    match outcome {
        Ok(true) => tracing::info!("the objects were copied from the database"),
        Ok(false) => {}
        Err(error) => tracing::warn!(
            %error,
            "the objects are in the data directory again, as they were when the database was \
             last there"
        ),
    }
    Ok(())
}

/// Makes the file and the database equal; returns whether the file was changed.
fn settle(local: &Local, tables: &ObjectTables, session: &mut Session) -> Result<bool, StoreError> {
    let there = tables.mark(session)?;
    let here = local.origin()?;
    let (there, here) = match (there, here) {
        (None, here) => {
            let plant = here.map_or_else(Uuid::now_v7, |here| here.mark.plant);
            return upload(local, tables, session, plant).map(|()| false);
        }
        (Some(there), Some(here)) => (there, here),
        (Some(there), None) if local.is_empty()? => {
            return download(local, tables, session, there).map(|()| true);
        }
        (Some(_), None) => return Err(two_plants(local, tables)),
    };
    match here {
        Origin { mark, .. } if mark.plant != there.plant => Err(two_plants(local, tables)),
        Origin { mark, edited } if mark == there => match edited {
            false => Ok(false),
            true => upload(local, tables, session, there.plant).map(|()| false),
        },
        Origin { edited: false, .. } => {
            tracing::info!("the database has another state of the objects; it is taken over");
            download(local, tables, session, there).map(|()| true)
        }
        Origin { edited: true, .. } => Err(two_plants(local, tables)),
    }
}

fn upload(
    local: &Local,
    tables: &ObjectTables,
    session: &mut Session,
    plant: Uuid,
) -> Result<(), StoreError> {
    let contents = local.contents()?;
    let mark = next(plant);
    tables.replace(session, &contents, mark)?;
    tracing::info!(
        objects = contents.objects.len(),
        "the objects are in the database now"
    );
    local.note_equal(mark)
}

/// Copies the database to the file. Numbers of tags that only the file knows stay given: the
/// database may be one that was restored from a backup.
fn download(
    local: &Local,
    tables: &ObjectTables,
    session: &mut Session,
    mark: Mark,
) -> Result<(), StoreError> {
    let mut contents = tables.load(session)?;
    let only_here = only_here(&local.tags()?, &contents).map_err(|tag| {
        tables.occupied(format!(
            "number {} is of one tag in the data directory and of another in the database; they \
             are not of the same plant: name another database or another data directory",
            tag.0
        ))
    })?;
    if !only_here.is_empty() {
        tables.add_tags(session, &only_here)?;
        contents.tags.extend(only_here);
    }
    local.replace(&contents, mark)
}

/// Returns the given numbers that only the file knows, or one that means two things.
fn only_here(
    here: &[(TagIndex, ObjectId)],
    there: &Contents,
) -> Result<Vec<(TagIndex, ObjectId)>, TagIndex> {
    let by_tag: HashMap<TagIndex, ObjectId> = there.tags.iter().copied().collect();
    let by_id: HashMap<ObjectId, TagIndex> =
        there.tags.iter().map(|&(tag, id)| (id, tag)).collect();
    let mut only_here = Vec::new();
    for &(tag, id) in here {
        match (by_tag.get(&tag), by_id.get(&id)) {
            (None, None) => only_here.push((tag, id)),
            (Some(other), _) if *other == id => {}
            _ => return Err(tag),
        }
    }
    Ok(only_here)
}

fn next(plant: Uuid) -> Mark {
    Mark {
        plant,
        state: Uuid::now_v7(),
    }
}

fn two_plants(local: &Local, tables: &ObjectTables) -> StoreError {
    tables.occupied(format!(
        "both {:?} and the database hold objects, changed apart from each other; to keep those \
         of the database move the file away, to keep those of the file run: TRUNCATE \
         headworks.objects, headworks.object_history, headworks.object_tags, \
         headworks.object_state",
        local.path()
    ))
}

/// Whether a start without the database helps until it passes.
fn may_pass(error: &StoreError) -> bool {
    use PostgresFault::{Away, Refused, Setup};
    matches!(
        error,
        StoreError::Postgres {
            fault: Away | Setup | Refused,
            ..
        }
    )
}

/// Whether the changes themselves are wrong, so that nothing was sent.
fn is_of_the_changes(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. } | StoreError::NotFound { .. }
    )
}
