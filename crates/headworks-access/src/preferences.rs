//! What people chose for themselves: small texts by key, which are kept and not understood here.
//!
//! They belong to one account and go with it.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::access::Access;
use crate::error::AccessError;

/// Most keys of an account.
pub const PREFERENCES_MAX: usize = 100;
/// Most bytes of a value.
pub const PREFERENCE_BYTES_MAX: usize = 64 * 1024;
/// Most characters of a key.
const KEY_MAX: usize = 64;

/// Something that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// What it is about.
    pub key: String,
    /// What was chosen.
    pub value: String,
    /// When it was stored last, microseconds since 1970-01-01 UTC.
    pub changed_us: i64,
}

impl Access {
    /// Returns what an account keeps, in order of key.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn preferences(&self, user: Uuid) -> Result<Vec<Preference>, AccessError> {
        self.read(|database| {
            let sql = "SELECT key, value, changed_us FROM preferences WHERE user = ?1 ORDER BY key";
            let mut statement = database.prepare_cached(sql)?;
            let rows = statement.query_map([user], |row| {
                Ok(Preference {
                    key: row.get(0)?,
                    value: row.get(1)?,
                    changed_us: row.get(2)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Returns what an account keeps under a key; nothing when it keeps nothing there.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`] for a key that nothing can be kept under, else what the disk says.
    pub fn preference(&self, user: Uuid, key: &str) -> Result<Option<Preference>, AccessError> {
        check_key(key).map_err(|_| AccessError::not_found("preference", key))?;
        self.read(|database| {
            let sql = "SELECT value, changed_us FROM preferences WHERE user = ?1 AND key = ?2";
            let mut statement = database.prepare_cached(sql)?;
            let row = statement.query_row(params![user, key], |row| {
                Ok(Preference {
                    key: key.to_owned(),
                    value: row.get(0)?,
                    changed_us: row.get(1)?,
                })
            });
            row.optional()
        })
    }

    /// Keeps a value for an account, in the place of what was there.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`], [`AccessError::TooMany`], [`AccessError::NotFound`] when there is
    /// no such account, else what the disk says.
    pub fn set_preference(
        &self,
        user: Uuid,
        key: &str,
        value: &str,
        now_us: i64,
    ) -> Result<(), AccessError> {
        check_key(key)?;
        if PREFERENCE_BYTES_MAX < value.len() {
            let reason = format!(
                "{} bytes as JSON; at most {PREFERENCE_BYTES_MAX} are allowed",
                value.len()
            );
            return Err(AccessError::invalid("/value", reason));
        }
        let kept = self.change(|database| {
            let others = "SELECT count(*) FROM preferences WHERE user = ?1 AND key != ?2";
            let count: usize = database.query_row(others, params![user, key], |row| row.get(0))?;
            if PREFERENCES_MAX <= count {
                return Ok(None);
            }
            let sql = "INSERT INTO preferences (user, key, value, changed_us)
                 SELECT id, ?2, ?3, ?4 FROM users WHERE id = ?1
                 ON CONFLICT (user, key) DO UPDATE SET value = ?3, changed_us = ?4";
            let rows = database.execute(sql, params![user, key, value, now_us])?;
            Ok(Some(rows))
        })?;
        match kept {
            None => Err(AccessError::TooMany {
                what: "preferences",
                max: PREFERENCES_MAX,
            }),
            Some(0) => Err(AccessError::not_found("user", user)),
            Some(_) => Ok(()),
        }
    }

    /// Forgets what an account keeps under a key, if it keeps something there.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`], else what the disk says.
    pub fn remove_preference(&self, user: Uuid, key: &str) -> Result<(), AccessError> {
        check_key(key)?;
        let sql = "DELETE FROM preferences WHERE user = ?1 AND key = ?2";
        self.change(|database| database.execute(sql, params![user, key]))?;
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), AccessError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !key.is_empty() && key.len() <= KEY_MAX && key.bytes().all(is_known) {
        return Ok(());
    }
    let reason = format!("has to be 1 to {KEY_MAX} letters, digits and _ . -");
    Err(AccessError::invalid("/key", reason))
}

#[cfg(test)]
mod tests;
