//! Accounts of people.

use headworks_core::{Rights, Role, Scope};
use rusqlite::params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Access;
use crate::error::AccessError;
use crate::passwords::{self, check_password};
use crate::state::{Person, State, scope_text};
use crate::totp::TotpSecret;

/// Most accounts of a data directory.
pub const USERS_MAX: usize = 10_000;
/// Most bytes of a name.
const NAME_BYTES_MAX: usize = 64;
/// Most characters of a full name.
const FULL_NAME_MAX: usize = 120;

/// An account as others may see it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct User {
    /// Lasting identity.
    pub id: Uuid,
    /// The name to sign in with, unique in whatever case.
    pub name: String,
    /// Name of the person, empty for none.
    pub full_name: String,
    /// What the person may do.
    pub role: Role,
    /// The tags that the person may write; null for all that the role may write.
    pub write: Option<Scope>,
    /// Whether the person cannot sign in.
    pub is_disabled: bool,
    /// Whether the person has to choose a new password first.
    pub must_change_password: bool,
    /// Whether signing in needs a one-time password too.
    pub has_totp: bool,
    /// When the account was made, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When the person signed in last.
    pub signed_in_us: Option<i64>,
}

/// An account to make.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name to sign in with: 1 to 64 letters, digits and `. _ - @`.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Name of the person.
    #[serde(default)]
    #[schemars(length(max = 120))]
    pub full_name: String,
    /// What the person may do.
    pub role: Role,
    /// The tags that the person may write; null for all that the role may write.
    #[serde(default)]
    pub write: Option<Scope>,
    /// The first password, 8 to 128 characters; or a hash of bcrypt or Argon2id in
    /// `password_hash`.
    #[serde(default)]
    #[schemars(length(min = 8, max = 128), extend("writeOnly" = true))]
    pub password: Option<String>,
    /// The hash of the password, from another system.
    #[serde(default)]
    #[schemars(length(max = 256), extend("writeOnly" = true))]
    pub password_hash: Option<String>,
    /// Whether the person has to choose a new password at the first sign-in.
    #[serde(default)]
    pub must_change_password: bool,
}

/// What is to be changed about an account; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserChange {
    /// Name of the person.
    #[schemars(length(max = 120))]
    pub full_name: Option<String>,
    /// What the person may do.
    pub role: Option<Role>,
    /// The tags that the person may write; null for all that the role may write.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Scope>")]
    pub write: Option<Option<Scope>>,
    /// Whether the person cannot sign in.
    pub is_disabled: Option<bool>,
}

/// Tells null from absent.
fn given<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<Option<Scope>>, D::Error> {
    Option::<Scope>::deserialize(reader).map(Some)
}

impl Access {
    /// Returns all accounts in order of name.
    pub fn users(&self) -> Vec<User> {
        let state = self.state.read();
        let mut users: Vec<User> = state.people.values().map(|one| one.user.clone()).collect();
        users.sort_unstable_by_key(|user| user.name.to_lowercase());
        users
    }

    /// Returns what an account may do at present; nothing when there is none of this name, in
    /// whatever case, or it cannot sign in.
    pub fn rights_named(&self, name: &str) -> Option<Rights> {
        let state = self.state.read();
        let person = state.named(name)?;
        (!person.user.is_disabled).then(|| person.rights())
    }

    /// Returns an account.
    pub fn user(&self, id: Uuid) -> Option<User> {
        self.state
            .read()
            .people
            .get(&id)
            .map(|person| person.user.clone())
    }

    /// Returns the account of a name, in whatever case.
    pub fn user_named(&self, name: &str) -> Option<User> {
        self.state
            .read()
            .named(name)
            .map(|person| person.user.clone())
    }

    /// Returns what an account may do at this moment; none when it is gone or disabled.
    ///
    /// For work that goes on in somebody's name: checked when it acts.
    pub fn rights_of(&self, id: Uuid) -> Option<headworks_core::Rights> {
        let state = self.state.read();
        let person = state.people.get(&id)?;
        (!person.user.is_disabled).then(|| person.rights())
    }

    /// Makes an account; hashes its password, which blocks.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`], [`AccessError::Taken`], [`AccessError::TooMany`], else what the
    /// disk says.
    pub fn add_user(&self, new: &NewUser, now_us: i64) -> Result<User, AccessError> {
        check_name(&new.name)?;
        check_full_name(&new.full_name)?;
        let hash = first_hash(new)?;
        {
            let state = self.state.read();
            if state.named(&new.name).is_some() {
                return Err(taken(&new.name));
            }
            if USERS_MAX <= state.people.len() {
                let (what, max) = ("accounts", USERS_MAX);
                return Err(AccessError::TooMany { what, max });
            }
        }
        let id = Uuid::now_v7();
        let added = self.write(id, |database| {
            database.execute(
                "INSERT INTO users (id, name, full_name, role, write, password, disabled,
                     must_change, created_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
                params![
                    id,
                    new.name,
                    new.full_name,
                    new.role.name(),
                    scope_text(new.write.as_ref()),
                    hash,
                    new.must_change_password,
                    now_us
                ],
            )
        });
        match added {
            Ok(_) => {}
            // somebody took the name in between
            Err(AccessError::Database { source, .. }) if is_unique(&source) => {
                return Err(taken(&new.name));
            }
            Err(error) => return Err(error),
        }
        self.end_setup()?;
        self.user(id)
            .ok_or_else(|| AccessError::not_found("user", id))
    }

    /// Changes an account; a lesser role or being disabled holds at once.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], [`AccessError::Invalid`], [`AccessError::LastOwner`], else what
    /// the disk says.
    pub fn change_user(&self, id: Uuid, change: &UserChange) -> Result<User, AccessError> {
        let mut user = self
            .user(id)
            .ok_or_else(|| AccessError::not_found("user", id))?;
        if let Some(full_name) = &change.full_name {
            check_full_name(full_name)?;
            user.full_name.clone_from(full_name);
        }
        user.role = change.role.unwrap_or(user.role);
        user.is_disabled = change.is_disabled.unwrap_or(user.is_disabled);
        if let Some(write) = &change.write {
            user.write.clone_from(write);
        }
        if user.role != Role::Owner || user.is_disabled {
            self.keep_an_owner(id)?;
        }
        self.write(id, |database| {
            database.execute(
                "UPDATE users SET full_name = ?2, role = ?3, write = ?4, disabled = ?5
                 WHERE id = ?1",
                params![
                    id,
                    user.full_name,
                    user.role.name(),
                    scope_text(user.write.as_ref()),
                    user.is_disabled
                ],
            )?;
            if user.is_disabled {
                database.execute("DELETE FROM sessions WHERE user = ?1", [id])?;
            }
            Ok(())
        })?;
        Ok(user)
    }

    /// Removes an account with its sessions and tokens.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], [`AccessError::LastOwner`], else what the disk says.
    pub fn remove_user(&self, id: Uuid) -> Result<(), AccessError> {
        self.keep_an_owner(id)?;
        let removed = self.write(id, |database| {
            database.execute("DELETE FROM users WHERE id = ?1", [id])
        })?;
        match removed {
            0 => Err(AccessError::not_found("user", id)),
            _ => Ok(()),
        }
    }

    /// Gives an account a new password; hashes it, which blocks. All its sessions but `kept` end.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], [`AccessError::Invalid`], else what the disk says.
    pub fn set_password(
        &self,
        id: Uuid,
        password: &str,
        must_change: bool,
        kept: Option<Uuid>,
    ) -> Result<(), AccessError> {
        let user = self
            .user(id)
            .ok_or_else(|| AccessError::not_found("user", id))?;
        check_password(password, &user.name)?;
        let hash = passwords::hash(password);
        self.write(id, |database| {
            database.execute(
                "UPDATE users SET password = ?2, must_change = ?3 WHERE id = ?1",
                params![id, hash, must_change],
            )?;
            database.execute(
                "DELETE FROM sessions WHERE user = ?1 AND id IS NOT ?2",
                params![id, kept],
            )?;
            Ok(())
        })
    }

    /// Returns whether `password` is the account's; hashes it, which blocks.
    pub fn has_password(&self, id: Uuid, password: &str) -> bool {
        let stored = self
            .state
            .read()
            .people
            .get(&id)
            .map(|one| one.password.clone());
        self.passwords.verify(password, stored.as_deref())
    }

    /// Has an account sign in with one-time passwords too; `code` proves that the app has the
    /// secret.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`] for a wrong code, [`AccessError::NotFound`], else what the disk
    /// says.
    pub fn add_totp(
        &self,
        id: Uuid,
        secret: &TotpSecret,
        code: &str,
        now_us: i64,
    ) -> Result<(), AccessError> {
        let step = secret.check(code, now_us, 0).ok_or_else(|| {
            let reason = "is not the present one; is the clock of the phone right?";
            AccessError::invalid("/code", reason)
        })?;
        let sealed = self.keyring.seal("totp", secret.as_bytes());
        self.set_totp(id, Some(&sealed), step)
    }

    /// Has an account sign in without one-time passwords again.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], else what the disk says.
    pub fn remove_totp(&self, id: Uuid) -> Result<(), AccessError> {
        self.set_totp(id, None, 0)
    }

    fn set_totp(&self, id: Uuid, sealed: Option<&[u8]>, step: u64) -> Result<(), AccessError> {
        let changed = self.write(id, |database| {
            database.execute(
                "UPDATE users SET totp = ?2, totp_step = ?3 WHERE id = ?1",
                params![id, sealed, step],
            )
        })?;
        match changed {
            0 => Err(AccessError::not_found("user", id)),
            _ => Ok(()),
        }
    }

    /// Refuses what would leave nobody who may do everything.
    fn keep_an_owner(&self, id: Uuid) -> Result<(), AccessError> {
        let state = self.state.read();
        let Some(person) = state.people.get(&id) else {
            return Ok(());
        };
        let is_needed = is_owner(person) && !others_own(&state, id);
        if is_needed {
            let name = person.user.name.clone();
            return Err(AccessError::LastOwner { name });
        }
        Ok(())
    }
}

fn is_owner(person: &Person) -> bool {
    person.user.role == Role::Owner && !person.user.is_disabled
}

fn others_own(state: &State, id: Uuid) -> bool {
    let mut others = state.people.iter().filter(|(other, _)| **other != id);
    others.any(|(_, person)| is_owner(person))
}

fn first_hash(new: &NewUser) -> Result<String, AccessError> {
    match (&new.password, &new.password_hash) {
        (Some(password), None) => {
            check_password(password, &new.name)?;
            Ok(passwords::hash(password))
        }
        (None, Some(hash)) => {
            passwords::check_hash(hash)?;
            Ok(hash.clone())
        }
        (Some(_), Some(_)) => {
            let reason = "is given beside the password; give one of them";
            Err(AccessError::invalid("/password_hash", reason))
        }
        (None, None) => Err(AccessError::invalid("/password", "is missing")),
    }
}

fn check_name(name: &str) -> Result<(), AccessError> {
    let fits = |letter: char| letter.is_alphanumeric() || "._-@".contains(letter);
    if !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(fits) {
        return Ok(());
    }
    let reason = "has to be 1 to 64 letters, digits and . _ - @";
    Err(AccessError::invalid("/name", reason))
}

fn check_full_name(name: &str) -> Result<(), AccessError> {
    if name.chars().count() <= FULL_NAME_MAX && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let reason = "has to be at most 120 characters without line breaks";
    Err(AccessError::invalid("/full_name", reason))
}

fn taken(name: &str) -> AccessError {
    AccessError::Taken { name: name.into() }
}

fn is_unique(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
