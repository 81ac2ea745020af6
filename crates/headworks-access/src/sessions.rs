//! Signing in, staying signed in, and the end of it.

use rusqlite::{OptionalExtension, params};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::access::{Access, Caller};
use crate::error::AccessError;
use crate::passwords;
use crate::random;
use crate::totp::TotpSecret;

/// Most sessions of one account; the oldest goes for a new one.
const SESSIONS_MAX: i64 = 64;
/// Most characters of what a client says of itself.
const AGENT_MAX: usize = 200;
const SECOND_US: i64 = 1_000_000;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Seconds that an access token counts.
    pub access_s: i64,
    /// Seconds without a refresh after which a session ends.
    pub idle_s: i64,
    /// Seconds after which a session ends in any case.
    pub absolute_s: i64,
}

impl Default for SessionLimits {
    fn default() -> SessionLimits {
        SessionLimits {
            access_s: 30 * 60,
            idle_s: 7 * 86_400,
            absolute_s: 30 * 86_400,
        }
    }
}

/// A session as its owner may see it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Session {
    /// Lasting identity.
    pub id: Uuid,
    /// The account.
    pub user: Uuid,
    /// When the person signed in, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When it was refreshed last.
    pub refreshed_us: i64,
    /// When it ends if nothing happens.
    pub until_us: i64,
    /// Where the client was at the sign-in or the last refresh.
    pub address: String,
    /// What the client says of itself.
    pub agent: String,
}

/// Who asks for a session.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address.
    pub address: String,
    /// What it says of itself.
    pub agent: String,
}

/// A session that was opened or refreshed, with its tokens, which are nowhere else.
pub struct Opened {
    /// The person.
    pub caller: Caller,
    /// The session.
    pub session: Uuid,
    /// Recognises the session in requests.
    pub access_token: String,
    /// Until when, microseconds since 1970-01-01 UTC.
    pub access_until_us: i64,
    /// Gets the next pair of tokens, once.
    pub refresh_token: String,
    /// Until when.
    pub refresh_until_us: i64,
}

/// Why signing in did not work.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name or password are wrong, or the account is disabled: nobody is told which.
    #[error("name or password is wrong")]
    Wrong,
    /// The password is right and a one-time password is needed.
    #[error("the one-time password of the authenticator app is needed")]
    CodeNeeded,
    /// The password is right and the one-time password is not.
    #[error("the one-time password is wrong or was used already; take the next one")]
    WrongCode,
    /// The password is right, and the authenticator was sealed with a master key that is not there
    /// any more: after a restore without it.
    #[error(
        "the master key of the hub does not open the authenticator of this account; put master.key \
         of before back, or remove the authenticator on the hub with headworks user reset-totp NAME"
    )]
    Sealed,
    /// The accounts cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// The tokens of one period of a session.
struct Pair {
    access: String,
    access_until_us: i64,
    refresh: String,
    refresh_until_us: i64,
}

impl Access {
    /// Signs somebody in; compares the password, which blocks for some 20 ms of one core.
    ///
    /// # Errors
    ///
    /// [`SignInError`]; unknown names take as long as wrong passwords.
    pub fn sign_in(
        &self,
        name: &str,
        password: &str,
        code: Option<&str>,
        client: &Client,
        now_us: i64,
    ) -> Result<Opened, SignInError> {
        let known = {
            let state = self.state.read();
            let person = state.named(name).filter(|person| !person.user.is_disabled);
            person.map(|one| (one.user.id, one.password.clone()))
        };
        let stored = known.as_ref().map(|(_, hash)| hash.as_str());
        if !self.passwords.verify(password, stored) {
            return Err(SignInError::Wrong);
        }
        let Some((user, hash)) = known else {
            return Err(SignInError::Wrong);
        };
        let step = self.check_code(user, code, now_us)?;
        let rehashed = passwords::is_outdated(&hash).then(|| passwords::hash(password));
        self.write(user, |database| {
            database.execute(
                "UPDATE users SET totp_step = max(totp_step, ?2),
                     password = coalesce(?3, password) WHERE id = ?1",
                params![user, step, rehashed],
            )
        })?;
        Ok(self.open_session(user, client, now_us)?)
    }

    /// Returns the step of the one-time password; 0 when the account needs none.
    fn check_code(&self, user: Uuid, code: Option<&str>, now_us: i64) -> Result<u64, SignInError> {
        let state = self.state.read();
        let person = state.people.get(&user).ok_or(SignInError::Wrong)?;
        let Some(sealed) = &person.totp else {
            return Ok(0);
        };
        let code = code.ok_or(SignInError::CodeNeeded)?;
        let secret = self.keyring.open_sealed("totp", sealed);
        let secret = secret.and_then(|bytes| TotpSecret::from_bytes(&bytes));
        let secret = secret.ok_or(SignInError::Sealed)?;
        let step = secret.check(code, now_us, person.totp_step);
        step.ok_or(SignInError::WrongCode)
    }

    /// Opens a session of an account that was recognised by other means.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], else what the disk says.
    pub fn open_session(
        &self,
        user: Uuid,
        client: &Client,
        now_us: i64,
    ) -> Result<Opened, AccessError> {
        let id = Uuid::now_v7();
        let ends_us = now_us + self.limits.absolute_s * SECOND_US;
        let pair = self.pair(now_us, ends_us);
        self.write(user, |database| {
            database.execute(
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user = ?1
                     ORDER BY refreshed_us DESC LIMIT -1 OFFSET ?2)",
                params![user, SESSIONS_MAX - 1],
            )?;
            database.execute(
                "UPDATE users SET signed_in_us = ?2 WHERE id = ?1",
                params![user, now_us],
            )?;
            database.execute(
                "INSERT INTO sessions (id, user, created_us, refreshed_us, ends_us, address, agent,
                     access, access_until_us, refresh, refresh_until_us)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    id,
                    user,
                    now_us,
                    ends_us,
                    client.address,
                    client.short_agent(),
                    random::hash(&pair.access),
                    pair.access_until_us,
                    random::hash(&pair.refresh),
                    pair.refresh_until_us
                ],
            )
        })?;
        self.opened(user, id, pair)
    }

    /// Returns the next pair of tokens of a session for its refresh token.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotSignedIn`] when the token is nobody's; [`AccessError::Reused`] when it was
    /// used before, and then its session is closed; else what the disk says.
    pub fn refresh(
        &self,
        token: &str,
        client: &Client,
        now_us: i64,
    ) -> Result<Opened, AccessError> {
        let hash = random::hash(token);
        let found = self.read(|database| {
            let mut statement = database.prepare_cached(
                "SELECT user, id, ends_us, refresh_until_us FROM sessions WHERE refresh = ?1",
            )?;
            let row = statement.query_row([hash], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                ))
            });
            row.optional()
        })?;
        let Some((user, id, ends_us, until_us)) = found else {
            return Err(self.refuse_refresh(hash)?);
        };
        let is_enabled = self.rights_of(user).is_some();
        if until_us.min(ends_us) <= now_us || !is_enabled {
            self.close_session(user, id)?;
            return Err(AccessError::NotSignedIn);
        }
        let pair = self.pair(now_us, ends_us);
        let changed = self.write(user, |database| {
            let changed = database.execute(
                "UPDATE sessions SET refreshed_us = ?3, address = ?4, agent = ?5, access = ?6,
                     access_until_us = ?7, refresh = ?8, refresh_until_us = ?9
                 WHERE id = ?1 AND refresh = ?2",
                params![
                    id,
                    hash,
                    now_us,
                    client.address,
                    client.short_agent(),
                    random::hash(&pair.access),
                    pair.access_until_us,
                    random::hash(&pair.refresh),
                    pair.refresh_until_us
                ],
            )?;
            if changed == 1 {
                let spent = "INSERT INTO spent (refresh, session) VALUES (?1, ?2)";
                database.execute(spent, params![hash, id])?;
            }
            Ok(changed)
        })?;
        match changed {
            1 => self.opened(user, id, pair),
            // two requests brought the same token at the same moment
            _ => Err(self.refuse_refresh(hash)?),
        }
    }

    /// Closes the session of a refresh token that was used before.
    fn refuse_refresh(&self, hash: random::Hash) -> Result<AccessError, AccessError> {
        let spent = self.read(|database| {
            let sql = "SELECT s.user, s.id FROM spent p JOIN sessions s ON s.id = p.session
                       WHERE p.refresh = ?1";
            let mut statement = database.prepare_cached(sql)?;
            let row = statement.query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)));
            row.optional()
        })?;
        let Some((user, id)) = spent else {
            return Ok(AccessError::NotSignedIn);
        };
        self.close_session(user, id)?;
        Ok(AccessError::Reused)
    }

    /// Closes a session at once; one that is over already is no error.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn close_session(&self, user: Uuid, id: Uuid) -> Result<(), AccessError> {
        self.write(user, |database| {
            let sql = "DELETE FROM sessions WHERE id = ?1 AND user = ?2";
            database.execute(sql, params![id, user])
        })?;
        Ok(())
    }

    /// Closes all sessions of an account but `kept`.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn close_sessions(&self, user: Uuid, kept: Option<Uuid>) -> Result<(), AccessError> {
        self.write(user, |database| {
            let sql = "DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2";
            database.execute(sql, params![user, kept])
        })?;
        Ok(())
    }

    /// Returns the sessions of an account that are not over.
    pub fn sessions(&self, user: Uuid, now_us: i64) -> Vec<Session> {
        let state = self.state.read();
        let sessions = state.people.get(&user).map(|person| person.sessions.iter());
        let sessions = sessions.into_iter().flatten().map(|known| &known.session);
        sessions
            .filter(|one| now_us < one.until_us)
            .cloned()
            .collect()
    }

    /// Removes sessions that are over.
    pub(crate) fn remove_ended(&self, now_us: i64) -> Result<(), AccessError> {
        let ended: Vec<(Uuid, Uuid)> = {
            let state = self.state.read();
            let sessions = state.people.values().flat_map(|person| &person.sessions);
            let ended = sessions.filter(|known| known.session.until_us <= now_us);
            ended
                .map(|known| (known.session.user, known.session.id))
                .collect()
        };
        for (user, id) in ended {
            self.close_session(user, id)?;
        }
        Ok(())
    }

    fn pair(&self, now_us: i64, ends_us: i64) -> Pair {
        let limits = &self.limits;
        let until = |seconds: i64| ends_us.min(now_us + seconds * SECOND_US);
        Pair {
            access: random::token("hwa_"),
            access_until_us: until(limits.access_s),
            refresh: random::token("hwr_"),
            refresh_until_us: until(limits.idle_s),
        }
    }

    fn opened(&self, user: Uuid, id: Uuid, pair: Pair) -> Result<Opened, AccessError> {
        let state = self.state.read();
        let person = state.people.get(&user);
        let known = person.and_then(|person| Some((person, person.session(id)?)));
        let (person, known) = known.ok_or(AccessError::NotSignedIn)?;
        Ok(Opened {
            caller: person.by_session(known),
            session: id,
            access_token: pair.access,
            access_until_us: pair.access_until_us,
            refresh_token: pair.refresh,
            refresh_until_us: pair.refresh_until_us,
        })
    }
}

impl Client {
    fn short_agent(&self) -> String {
        let letters = self.agent.chars().filter(|letter| !letter.is_control());
        letters.take(AGENT_MAX).collect()
    }
}
