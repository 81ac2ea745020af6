//! What is known of accounts, in memory: every request is checked against it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use headworks_core::{Rights, Role, Scope};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::accounts::User;
use crate::random::Hash;
use crate::sessions::Session;
use crate::tokens::{Token, TokenKind};

/// All accounts with their sessions and tokens.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) people: HashMap<Uuid, Person>,
    /// By name in lower case.
    names: HashMap<String, Uuid>,
    /// Whose the access token of a session is: account and session.
    access: HashMap<Hash, (Uuid, Uuid)>,
    /// Whose a token is: account and token.
    tokens: HashMap<Hash, (Uuid, Uuid)>,
}

/// One account.
pub(crate) struct Person {
    pub(crate) user: User,
    pub(crate) password: String,
    /// The secret of the authenticator, sealed.
    pub(crate) totp: Option<Vec<u8>>,
    /// The step of the last one-time password that was used.
    pub(crate) totp_step: u64,
    pub(crate) sessions: Vec<KnownSession>,
    pub(crate) tokens: Vec<KnownToken>,
}

/// A session with the hash of its access token.
pub(crate) struct KnownSession {
    pub(crate) session: Session,
    pub(crate) access: Hash,
    pub(crate) access_until_us: i64,
}

/// A token with its hash.
pub(crate) struct KnownToken {
    pub(crate) token: Token,
    pub(crate) hash: Hash,
    /// Time of the last use since the start; 0 before the first.
    pub(crate) used_us: AtomicI64,
}

impl State {
    /// Reads everything.
    pub(crate) fn load(database: &Connection) -> rusqlite::Result<State> {
        let mut state = State::default();
        let mut ids = database.prepare_cached("SELECT id FROM users")?;
        let ids: Vec<Uuid> = ids
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in ids {
            state.reload(database, id)?;
        }
        Ok(state)
    }

    /// Reads one account again, after a change of it or its end.
    pub(crate) fn reload(&mut self, database: &Connection, id: Uuid) -> rusqlite::Result<()> {
        let person = read_person(database, id)?;
        self.forget(id);
        let Some(person) = person else { return Ok(()) };
        self.names.insert(person.user.name.to_lowercase(), id);
        for session in &person.sessions {
            self.access.insert(session.access, (id, session.session.id));
        }
        for token in &person.tokens {
            self.tokens.insert(token.hash, (id, token.token.id));
        }
        self.people.insert(id, person);
        Ok(())
    }

    fn forget(&mut self, id: Uuid) {
        let Some(person) = self.people.remove(&id) else {
            return;
        };
        self.names.remove(&person.user.name.to_lowercase());
        for session in &person.sessions {
            self.access.remove(&session.access);
        }
        for token in &person.tokens {
            self.tokens.remove(&token.hash);
        }
    }

    /// Returns the account of a name, in whatever case.
    pub(crate) fn named(&self, name: &str) -> Option<&Person> {
        self.people.get(self.names.get(&name.to_lowercase())?)
    }

    /// Returns the session whose access token has this hash.
    pub(crate) fn session_of(&self, access: &Hash) -> Option<(&Person, &KnownSession)> {
        let (user, id) = self.access.get(access)?;
        let person = self.people.get(user)?;
        Some((person, person.session(*id)?))
    }

    /// Returns the token that has this hash.
    pub(crate) fn token_of(&self, hash: &Hash) -> Option<(&Person, &KnownToken)> {
        let (user, id) = self.tokens.get(hash)?;
        let person = self.people.get(user)?;
        Some((person, person.token(*id)?))
    }
}

impl Person {
    /// Returns what the account may do.
    pub(crate) fn rights(&self) -> Rights {
        Rights::new(self.user.role, None, self.user.write.clone())
    }

    pub(crate) fn session(&self, id: Uuid) -> Option<&KnownSession> {
        self.sessions.iter().find(|known| known.session.id == id)
    }

    pub(crate) fn token(&self, id: Uuid) -> Option<&KnownToken> {
        self.tokens.iter().find(|known| known.token.id == id)
    }
}

impl KnownToken {
    /// Returns what the token may do, of what its maker may do.
    pub(crate) fn rights(&self, maker: &Person) -> Rights {
        let token = &self.token;
        let own = Rights::new(token.role, token.read.clone(), token.write.clone());
        own.within(&maker.rights())
    }

    /// Returns when it was used last.
    pub(crate) fn last_use_us(&self) -> Option<i64> {
        let since_start = self.used_us.load(Ordering::Relaxed);
        (since_start != 0)
            .then_some(since_start)
            .or(self.token.used_us)
    }
}

fn read_person(database: &Connection, id: Uuid) -> rusqlite::Result<Option<Person>> {
    let mut statement = database.prepare_cached(
        "SELECT name, full_name, role, write, password, disabled, must_change, created_us,
                signed_in_us, totp, totp_step FROM users WHERE id = ?1",
    )?;
    let person = statement
        .query_row([id], |row| read_user(row, id))
        .optional()?;
    let Some(mut person) = person else {
        return Ok(None);
    };
    person.sessions = read_sessions(database, id)?;
    person.tokens = read_tokens(database, id)?;
    Ok(Some(person))
}

fn read_user(row: &Row<'_>, id: Uuid) -> rusqlite::Result<Person> {
    let totp: Option<Vec<u8>> = row.get(9)?;
    Ok(Person {
        user: User {
            id,
            name: row.get(0)?,
            full_name: row.get(1)?,
            role: read_role(row, 2)?,
            write: read_scope(row, 3)?,
            is_disabled: row.get(5)?,
            must_change_password: row.get(6)?,
            created_us: row.get(7)?,
            signed_in_us: row.get(8)?,
            has_totp: totp.is_some(),
        },
        password: row.get(4)?,
        totp,
        totp_step: row.get(10)?,
        sessions: Vec::new(),
        tokens: Vec::new(),
    })
}

fn read_sessions(database: &Connection, user: Uuid) -> rusqlite::Result<Vec<KnownSession>> {
    let mut statement = database.prepare_cached(
        "SELECT id, created_us, refreshed_us, ends_us, address, agent, access, access_until_us,
                refresh_until_us FROM sessions WHERE user = ?1 ORDER BY created_us, id",
    )?;
    let sessions = statement.query_map([user], |row| {
        let ends_us: i64 = row.get(3)?;
        Ok(KnownSession {
            session: Session {
                id: row.get(0)?,
                user,
                created_us: row.get(1)?,
                refreshed_us: row.get(2)?,
                until_us: ends_us.min(row.get(8)?),
                address: row.get(4)?,
                agent: row.get(5)?,
            },
            access: row.get(6)?,
            access_until_us: row.get(7)?,
        })
    })?;
    sessions.collect()
}

fn read_tokens(database: &Connection, user: Uuid) -> rusqlite::Result<Vec<KnownToken>> {
    let mut statement = database.prepare_cached(
        "SELECT id, name, kind, role, read, write, hash, created_us, expires_us, used_us
         FROM tokens WHERE user = ?1 ORDER BY created_us, id",
    )?;
    let tokens = statement.query_map([user], |row| {
        let kind: String = row.get(2)?;
        let kind = TokenKind::from_name(&kind).ok_or_else(|| unreadable(2, kind))?;
        Ok(KnownToken {
            token: Token {
                id: row.get(0)?,
                user,
                name: row.get(1)?,
                kind,
                role: read_role(row, 3)?,
                read: read_scope(row, 4)?,
                write: read_scope(row, 5)?,
                created_us: row.get(7)?,
                expires_us: row.get(8)?,
                used_us: row.get(9)?,
            },
            hash: row.get(6)?,
            used_us: AtomicI64::new(0),
        })
    })?;
    tokens.collect()
}

fn read_role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|reason: String| unreadable(column, reason))
}

fn read_scope(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Scope>> {
    let text: Option<String> = row.get(column)?;
    let scope = text.map(|text| serde_json::from_str(&text)).transpose();
    scope.map_err(|error| unreadable(column, error.to_string()))
}

fn unreadable(column: usize, reason: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, reason.into())
}

/// Returns a scope as the database keeps it.
pub(crate) fn scope_text(scope: Option<&Scope>) -> Option<String> {
    // patterns are texts: nothing in them can fail
    scope.map(|scope| serde_json::to_string(scope).unwrap_or_default())
}
