//! The accounts of one data directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_core::Rights;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, Transaction};
use uuid::Uuid;

use crate::error::AccessError;
use crate::keyring::Keyring;
use crate::passwords::Passwords;
use crate::random;
use crate::schema;
use crate::sessions::SessionLimits;
use crate::state::State;

/// Accounts, sessions and tokens of a data directory, in its `access.db`.
///
/// Checks are answered in memory; changes block on the disk and are durable when they return.
/// Other processes (`headworks user`) may change the database too: [`Access::tick`] sees it.
pub struct Access {
    pub(crate) directory: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) limits: SessionLimits,
    pub(crate) keyring: Keyring,
    pub(crate) passwords: Passwords,
    pub(crate) state: RwLock<State>,
    database: Mutex<Database>,
    changes: AtomicU64,
}

struct Database {
    connection: Connection,
    /// SQLite's count of the changes that others made.
    seen: i64,
}

/// Somebody who was recognised, and what they may do at present.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The account.
    pub user: Uuid,
    /// Name of the account.
    pub name: Arc<str>,
    /// What they may do.
    pub rights: Rights,
    /// By what they were recognised.
    pub via: Via,
    /// Whether nothing but a new password is allowed.
    pub must_change_password: bool,
}

/// By what somebody was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The access token of a session.
    Session(Uuid),
    /// A token, with its name.
    Token {
        /// Which one.
        id: Uuid,
        /// Its name.
        name: Arc<str>,
    },
}

impl Access {
    /// Opens the accounts of `directory`, and makes what is missing.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or made, is damaged, or of a newer program.
    pub fn open(directory: &Path, limits: SessionLimits) -> Result<Access, AccessError> {
        let path = directory.join("access.db");
        let connection = schema::open(&path)?;
        let failed = |source| AccessError::Database {
            path: path.clone(),
            source,
        };
        let state = State::load(&connection).map_err(failed)?;
        let seen = data_version(&connection).map_err(failed)?;
        let access = Access {
            directory: directory.to_owned(),
            limits,
            keyring: Keyring::open(directory)?,
            passwords: Passwords::new(),
            state: RwLock::new(state),
            database: Mutex::new(Database { connection, seen }),
            changes: AtomicU64::new(0),
            path,
        };
        access.prepare_setup()?;
        Ok(access)
    }

    /// Returns whose a presented token is and what they may do; none when it is nobody's, or no
    /// longer.
    pub fn check(&self, token: &str, now_us: i64) -> Option<Caller> {
        let hash = random::hash(token);
        let state = self.state.read();
        if let Some((person, known)) = state.session_of(&hash) {
            let is_live = now_us < known.access_until_us && now_us < known.session.until_us;
            return (is_live && !person.user.is_disabled).then(|| person.by_session(known));
        }
        let (person, known) = state.token_of(&hash)?;
        let is_live = known.token.is_live(now_us) && !person.user.is_disabled;
        is_live.then(|| {
            known.used_us.store(now_us, Ordering::Relaxed);
            person.by_token(known)
        })
    }

    /// Returns whether somebody who was recognised earlier still is, with the same rights.
    ///
    /// A session counts as long as it can be refreshed, so that a socket outlives the access token
    /// that opened it.
    pub fn is_still(&self, caller: &Caller, now_us: i64) -> bool {
        let state = self.state.read();
        let Some(person) = state.people.get(&caller.user) else {
            return false;
        };
        let now = match &caller.via {
            Via::Session(id) => {
                let known = person.session(*id);
                let known = known.filter(|known| now_us < known.session.until_us);
                known.map(|known| person.by_session(known))
            }
            Via::Token { id, .. } => {
                let known = person.token(*id);
                let known = known.filter(|known| known.token.is_live(now_us));
                known.map(|known| person.by_token(known))
            }
        };
        !person.user.is_disabled && now.is_some_and(|now| now.rights == caller.rights)
    }

    /// Returns a number that grows with every change of accounts, sessions and tokens.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Does what time brings: takes over what other processes changed, notes when tokens were used,
    /// removes sessions that are over. Belongs into a thread that may block, once a second.
    ///
    /// # Errors
    ///
    /// When the database cannot be read or written.
    pub fn tick(&self, now_us: i64) -> Result<(), AccessError> {
        self.take_over().map_err(|source| self.failed(source))?;
        self.note_uses()?;
        self.remove_ended(now_us)
    }

    fn take_over(&self) -> rusqlite::Result<()> {
        let mut database = self.database.lock();
        let found = data_version(&database.connection)?;
        if found != database.seen {
            *self.state.write() = State::load(&database.connection)?;
            database.seen = found;
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Seals secrets with the master key of the directory.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Changes something about one account in one transaction and takes it over.
    pub(crate) fn write<T>(
        &self,
        user: Uuid,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, AccessError> {
        let mut database = self.database.lock();
        let change = || {
            let transaction = database.connection.transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            self.state.write().reload(&database.connection, user)?;
            Ok(done)
        };
        let done = { change }().map_err(|source| self.failed(source))?;
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    }

    /// Changes something that belongs to no account in one transaction.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, AccessError> {
        let mut database = self.database.lock();
        let connection = &mut database.connection;
        let done = connection.transaction().and_then(|transaction| {
            let done = work(&transaction)?;
            transaction.commit().map(|()| done)
        });
        done.map_err(|source| self.failed(source))
    }

    /// Reads something that memory does not have.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, AccessError> {
        let database = self.database.lock();
        work(&database.connection).map_err(|source| self.failed(source))
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> AccessError {
        AccessError::Database {
            path: self.path.clone(),
            source,
        }
    }
}

impl crate::state::Person {
    pub(crate) fn by_session(&self, known: &crate::state::KnownSession) -> Caller {
        self.caller(self.rights(), Via::Session(known.session.id))
    }

    fn by_token(&self, known: &crate::state::KnownToken) -> Caller {
        let via = Via::Token {
            id: known.token.id,
            name: known.token.name.as_str().into(),
        };
        self.caller(known.rights(self), via)
    }

    fn caller(&self, rights: Rights, via: Via) -> Caller {
        Caller {
            user: self.user.id,
            name: self.user.name.as_str().into(),
            rights,
            must_change_password: self.user.must_change_password && matches!(via, Via::Session(_)),
            via,
        }
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

#[cfg(test)]
mod tests;
