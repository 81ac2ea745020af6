//! The first start: a one-time token makes the first owner.

use std::path::PathBuf;

use headworks_core::Role;

use crate::access::Access;
use crate::accounts::{NewUser, User};
use crate::error::AccessError;
use crate::keyring::{io, write_private};
use crate::random;

impl Access {
    /// Returns whether there is no account yet.
    pub fn needs_setup(&self) -> bool {
        self.state.read().people.is_empty()
    }

    /// Returns the one-time token of the set-up, as the file `setup-token` has it; none when there
    /// are accounts.
    pub fn setup_token(&self) -> Option<String> {
        if !self.needs_setup() {
            return None;
        }
        let text = std::fs::read_to_string(self.setup_path()).ok()?;
        Some(text.trim().to_owned())
    }

    /// Makes the first owner for the one-time token; hashes the password, which blocks.
    ///
    /// # Errors
    ///
    /// [`AccessError::Setup`] when there are accounts or the token is another one,
    /// [`AccessError::Invalid`], else what the disk says.
    pub fn set_up(&self, token: &str, new: &NewUser, now_us: i64) -> Result<User, AccessError> {
        if !self.needs_setup() {
            let reason = "the set-up is done; sign in";
            return Err(AccessError::Setup { reason });
        }
        let expected = self.setup_token().map(|text| random::hash(&text));
        let given = random::hash(token.trim().to_ascii_uppercase().as_str());
        // hashes are compared, so that the time tells nothing of the token
        if expected != Some(given) {
            let reason = "the set-up token is another one; the console and the file setup-token in \
                          the data directory show it";
            return Err(AccessError::Setup { reason });
        }
        let owner = NewUser {
            role: Role::Owner,
            ..new.clone()
        };
        self.add_user(&owner, now_us)
    }

    /// Makes the one-time token when there is no account, and removes it when there is one.
    pub(crate) fn prepare_setup(&self) -> Result<(), AccessError> {
        if !self.needs_setup() {
            return self.end_setup();
        }
        if self.setup_token().is_none_or(|text| text.is_empty()) {
            write_private(&self.setup_path(), random::code().as_bytes())?;
        }
        Ok(())
    }

    /// Removes the one-time token.
    pub(crate) fn end_setup(&self) -> Result<(), AccessError> {
        let path = self.setup_path();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io("removing", &path, error))
            }
            _ => Ok(()),
        }
    }

    fn setup_path(&self) -> PathBuf {
        self.directory.join("setup-token")
    }
}
