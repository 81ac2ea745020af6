//! Secrets of the plant's ways out: keys of webhooks and the like, by name.
//!
//! They are written and used, never read back by people: lists tell names and times. At rest they
//! are sealed with the master key, each for its own name.

use rusqlite::{OptionalExtension, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::Access;
use crate::error::AccessError;

/// Most secrets of a data directory.
const SECRETS_MAX: usize = 200;
/// Most characters of a name.
const NAME_MAX: usize = 64;
/// Fewest and most bytes of a value: a shorter one could not be masked where it shows.
const VALUE_BYTES_MIN: usize = 4;
const VALUE_BYTES_MAX: usize = 4096;
/// Most hosts that a secret may go to, and most characters of one.
const HOSTS_MAX: usize = 16;
const HOST_CHARS_MAX: usize = 253;

/// A secret as people may see it: everything but its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretEntry {
    /// Its name: `${secret:name}` stands for its value.
    pub name: String,
    /// The hosts that it may be sent to; empty for all.
    pub hosts: Vec<String>,
    /// When it was stored first, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When it was stored last.
    pub changed_us: i64,
}

impl Access {
    /// Returns all secrets in order of name, without their values.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn secrets(&self) -> Result<Vec<SecretEntry>, AccessError> {
        self.read(|database| {
            let sql = "SELECT name, hosts, created_us, changed_us FROM secrets ORDER BY name";
            let mut statement = database.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(SecretEntry {
                    name: row.get(0)?,
                    hosts: split(&row.get::<_, String>(1)?),
                    created_us: row.get(2)?,
                    changed_us: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Stores a secret under a name, in the place of what was there. `hosts` are those that it may
    /// be sent to; none for all.
    ///
    /// # Errors
    ///
    /// [`AccessError::Invalid`], [`AccessError::TooMany`], else what the disk says.
    pub fn set_secret(
        &self,
        name: &str,
        value: &str,
        hosts: &[String],
        now_us: i64,
    ) -> Result<SecretEntry, AccessError> {
        check(name, value, hosts)?;
        let sealed = self.keyring.seal(&purpose(name), value.as_bytes());
        let known = self.secrets()?;
        let is_new = !known.iter().any(|secret| secret.name == name);
        if is_new && SECRETS_MAX <= known.len() {
            let (what, max) = ("secrets", SECRETS_MAX);
            return Err(AccessError::TooMany { what, max });
        }
        self.change(|database| {
            let sql = "INSERT INTO secrets (name, sealed, hosts, created_us, changed_us)
                 VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (name) DO UPDATE SET sealed = ?2, hosts = ?3, changed_us = ?4";
            database.execute(sql, params![name, sealed, hosts.join(" "), now_us])
        })?;
        let stored = self.secrets()?.into_iter();
        let mut stored = stored.filter(|secret| secret.name == name);
        stored
            .next()
            .ok_or_else(|| AccessError::not_found("secret", name))
    }

    /// Removes a secret.
    ///
    /// # Errors
    ///
    /// [`AccessError::NotFound`], else what the disk says.
    pub fn remove_secret(&self, name: &str) -> Result<(), AccessError> {
        let sql = "DELETE FROM secrets WHERE name = ?1";
        match self.change(|database| database.execute(sql, [name]))? {
            0 => Err(AccessError::not_found("secret", name)),
            _ => Ok(()),
        }
    }

    /// Returns the value of a secret and the hosts that it may be sent to; for who sends it, and
    /// nobody else.
    ///
    /// # Errors
    ///
    /// When the database cannot be read, or the master key is another one.
    pub fn secret(&self, name: &str) -> Result<Option<(String, Vec<String>)>, AccessError> {
        let row: Option<(Vec<u8>, String)> = self.read(|database| {
            let sql = "SELECT sealed, hosts FROM secrets WHERE name = ?1";
            let mut statement = database.prepare_cached(sql)?;
            statement
                .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })?;
        let Some((sealed, hosts)) = row else {
            return Ok(None);
        };
        let plain = self.keyring.open_sealed(&purpose(name), &sealed);
        let plain = plain.and_then(|plain| String::from_utf8(plain).ok());
        let plain = plain.ok_or_else(|| AccessError::Damaged {
            path: self.path.clone(),
            reason: format!("holds the secret {name:?} of another master key; store it again"),
        })?;
        Ok(Some((plain, split(&hosts))))
    }
}

fn check(name: &str, value: &str, hosts: &[String]) -> Result<(), AccessError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || NAME_MAX < name.len() || !name.bytes().all(is_known) {
        let reason = format!("has to be 1 to {NAME_MAX} letters, digits and _ . -");
        return Err(AccessError::invalid("/name", reason));
    }
    if value.len() < VALUE_BYTES_MIN || VALUE_BYTES_MAX < value.len() {
        let reason = format!("has to be {VALUE_BYTES_MIN} to {VALUE_BYTES_MAX} bytes");
        return Err(AccessError::invalid("/value", reason));
    }
    if value.chars().any(char::is_control) {
        let reason = "has to be without line breaks and other control characters";
        return Err(AccessError::invalid("/value", reason));
    }
    let is_host = |host: &String| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
        !host.is_empty() && host.len() <= HOST_CHARS_MAX && host.bytes().all(is_known)
    };
    if HOSTS_MAX < hosts.len() || !hosts.iter().all(is_host) {
        let reason = format!("has to be at most {HOSTS_MAX} names of hosts without a port");
        return Err(AccessError::invalid("/hosts", reason));
    }
    Ok(())
}

/// What a secret is sealed for: the sealed bytes of one name are nothing under another.
fn purpose(name: &str) -> String {
    format!("secret {name}")
}

fn split(hosts: &str) -> Vec<String> {
    hosts.split_ascii_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Access, AccessError, SessionLimits};

    fn open() -> (tempfile::TempDir, Access) {
        let directory = tempfile::tempdir().unwrap();
        let access = Access::open(directory.path(), SessionLimits::default()).unwrap();
        (directory, access)
    }

    #[test]
    fn a_secret_is_stored_sealed_and_used_by_name() {
        let (directory, access) = open();
        let hosts = ["hooks.example".to_owned()];
        let stored = access
            .set_secret("teams", "canary-7713", &hosts, 5)
            .unwrap();
        assert_eq!((stored.created_us, stored.changed_us), (5, 5));
        let again = access.set_secret("teams", "canary-7714", &[], 9).unwrap();
        assert_eq!((again.created_us, again.changed_us), (5, 9));
        assert_eq!(access.secrets().unwrap(), [again]);
        let (value, hosts) = access.secret("teams").unwrap().unwrap();
        assert_eq!((value.as_str(), hosts.len()), ("canary-7714", 0));
        assert!(access.secret("other").unwrap().is_none());
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|part| part == b"canary"));
        }
        access.remove_secret("teams").unwrap();
        let gone = access.remove_secret("teams");
        assert!(matches!(gone, Err(AccessError::NotFound { .. })));
    }

    #[test]
    fn a_secret_of_another_key_is_told_by_name() {
        let (directory, access) = open();
        access.set_secret("teams", "canary-7713", &[], 5).unwrap();
        drop(access);
        std::fs::write(directory.path().join("master.key"), [7; 32]).unwrap();
        let access = Access::open(directory.path(), SessionLimits::default()).unwrap();
        let error = access.secret("teams").unwrap_err().to_string();
        assert!(error.contains("\"teams\""), "{error}");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused() {
        let (_directory, access) = open();
        let hosts = |count: usize| vec!["a.example".to_owned(); count];
        for (name, value, hosts) in [
            ("", "long enough", hosts(0)),
            ("a b", "long enough", hosts(0)),
            ("a}", "long enough", hosts(0)),
            (&*"a".repeat(65), "long enough", hosts(0)),
            ("a", "abc", hosts(0)),
            ("a", "line\nbreak", hosts(0)),
            ("a", &*"a".repeat(4097), hosts(0)),
            ("a", "long enough", hosts(17)),
            ("a", "long enough", vec!["a/b".to_owned()]),
        ] {
            let refused = access.set_secret(name, value, &hosts, 1);
            assert!(
                matches!(refused, Err(AccessError::Invalid { .. })),
                "{name}"
            );
        }
        for number in 0..200 {
            access
                .set_secret(&format!("s{number}"), "long enough", &[], 1)
                .unwrap();
        }
        let refused = access.set_secret("more", "long enough", &[], 1);
        assert!(matches!(refused, Err(AccessError::TooMany { .. })));
        access.set_secret("s7", "another one", &[], 2).unwrap();
    }
}
