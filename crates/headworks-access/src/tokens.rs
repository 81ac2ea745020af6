//! Tokens of programs and wall screens.

use std::sync::atomic::Ordering;

use headworks_core::{Role, Scope};
use rusqlite::params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Access;
use crate::error::AccessError;
use crate::random;
use crate::state::scope_text;

/// Most tokens of one account.
const TOKENS_MAX: usize = 100;
/// Most characters of a name.
const NAME_MAX: usize = 80;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A program that uses the API.
    Program,
    /// A screen on the wall: sees, and nothing else.
    Kiosk,
}

/// A token as its owner may see it; the secret itself was shown once.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Token {
    /// Lasting identity.
    pub id: Uuid,
    /// The account in whose name it acts.
    pub user: Uuid,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub kind: TokenKind,
    /// What it may do at most; never more than its account may at the moment.
    pub role: Role,
    /// The tags that it sees; null for all.
    pub read: Option<Scope>,
    /// The tags that it may write; null for all that its account may write.
    pub write: Option<Scope>,
    /// When it was made, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When it ends; null for never.
    pub expires_us: Option<i64>,
    /// When it was used last.
    pub used_us: Option<i64>,
}

/// A token to make.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What people call it, 1 to 80 characters.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// What it is for.
    #[serde(default = "program")]
    pub kind: TokenKind,
    /// What it may do at most.
    pub role: Role,
    /// The tags that it sees; null for all.
    #[serde(default)]
    pub read: Option<Scope>,
    /// The tags that it may write; null for all that its account may write.
    #[serde(default)]
    pub write: Option<Scope>,
    /// When it ends, microseconds since 1970-01-01 UTC; null for never.
    #[serde(default)]
    pub expires_us: Option<i64>,
}

fn program() -> TokenKind {
    TokenKind::Program
}

impl TokenKind {
    /// Returns the name as the database keeps it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            TokenKind::Program => "program",
            TokenKind::Kiosk => "kiosk",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<TokenKind> {
        [TokenKind::Program, TokenKind::Kiosk]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

impl Token {
    pub(crate) fn is_live(&self, now_us: i64) -> bool {
        self.expires_us.is_none_or(|expires_us| now_us < expires_us)
    }
}

impl Access {
    /// Makes a token of an account; returns it with the secret, which is nowhere else.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`], [`AccessError::NotFound`], [`AccessError::TooMany`], else what
    /// the disk says.
    pub fn add_token(
        &self,
        user: Uuid,
        new: &NewToken,
        now_us: i64,
    ) -> Result<(Token, String), AccessError> {
        self.check_token(user, new, now_us)?;
        let prefix = match new.kind {
            TokenKind::Program => "hwt_",
            TokenKind::Kiosk => "hwk_",
        };
        let (id, secret) = (Uuid::now_v7(), random::token(prefix));
        self.write(user, |database| {
            database.execute(
                "INSERT INTO tokens (id, user, name, kind, role, read, write, hash, created_us,
                     expires_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    id,
                    user,
                    new.name,
                    new.kind.name(),
                    new.role.name(),
                    scope_text(new.read.as_ref()),
                    scope_text(new.write.as_ref()),
                    random::hash(&secret),
                    now_us,
                    new.expires_us
                ],
            )
        })?;
        let made = self.tokens(user).into_iter().find(|token| token.id == id);
        let made = made.ok_or_else(|| AccessError::not_found("token", id))?;
        Ok((made, secret))
    }

    fn check_token(&self, user: Uuid, new: &NewToken, now_us: i64) -> Result<(), AccessError> {
        let length = new.name.chars().count();
        if length == 0 || NAME_MAX < length || new.name.chars().any(char::is_control) {
            let reason = "has to be 1 to 80 characters without line breaks";
            return Err(AccessError::invalid("/name", reason));
        }
        if new
            .expires_us
            .is_some_and(|expires_us| expires_us <= now_us)
        {
            return Err(AccessError::invalid("/expires_us", "is in the past"));
        }
        if new.kind == TokenKind::Kiosk && new.role != Role::Viewer {
            let reason = "of a wall screen has to be viewer";
            return Err(AccessError::invalid("/role", reason));
        }
        let state = self.state.read();
        let person = state.people.get(&user);
        let person = person.ok_or_else(|| AccessError::not_found("user", user))?;
        if person.user.role < new.role {
            let reason = format!(
                "is more than {} may, who is {}",
                person.user.name, person.user.role
            );
            return Err(AccessError::invalid("/role", reason));
        }
        if TOKENS_MAX <= person.tokens.len() {
            let (what, max) = ("tokens of this account", TOKENS_MAX);
            return Err(AccessError::TooMany { what, max });
        }
        Ok(())
    }

    /// Ends a token at once.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], else what the disk says.
    pub fn remove_token(&self, user: Uuid, id: Uuid) -> Result<(), AccessError> {
        let removed = self.write(user, |database| {
            let sql = "DELETE FROM tokens WHERE id = ?1 AND user = ?2";
            database.execute(sql, params![id, user])
        })?;
        match removed {
            0 => Err(AccessError::not_found("token", id)),
            _ => Ok(()),
        }
    }

    /// Returns the tokens of an account, the oldest first.
    pub fn tokens(&self, user: Uuid) -> Vec<Token> {
        let state = self.state.read();
        let Some(person) = state.people.get(&user) else {
            return Vec::new();
        };
        let shown = |known: &crate::state::KnownToken| Token {
            used_us: known.last_use_us(),
            ..known.token.clone()
        };
        person.tokens.iter().map(shown).collect()
    }

    /// Returns the tokens of all accounts, the oldest first.
    pub fn all_tokens(&self) -> Vec<Token> {
        let users: Vec<Uuid> = self.state.read().people.keys().copied().collect();
        let mut tokens: Vec<Token> = users
            .into_iter()
            .flat_map(|user| self.tokens(user))
            .collect();
        tokens.sort_unstable_by_key(|token| token.id);
        tokens
    }

    /// Writes down when tokens were used, when that was a minute ago or more.
    pub(crate) fn note_uses(&self) -> Result<(), AccessError> {
        const MINUTE_US: i64 = 60_000_000;
        let used: Vec<(Uuid, Uuid, i64)> = {
            let state = self.state.read();
            let tokens = state.people.values().flat_map(|person| &person.tokens);
            let stale = tokens.filter_map(|known| {
                let used_us = known.used_us.load(Ordering::Relaxed);
                let noted_us = known.token.used_us.unwrap_or(0);
                let is_stale = noted_us + MINUTE_US <= used_us;
                is_stale.then_some((known.token.user, known.token.id, used_us))
            });
            stale.collect()
        };
        for (user, id, used_us) in used {
            self.write(user, |database| {
                let sql = "UPDATE tokens SET used_us = ?2 WHERE id = ?1";
                database.execute(sql, params![id, used_us])
            })?;
        }
        Ok(())
    }
}
