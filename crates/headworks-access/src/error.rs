//! Errors of accounts and sessions.

use std::path::PathBuf;

/// Why something about accounts could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A value that cannot work.
    #[error("{field}: {reason}")]
    Invalid {
        /// JSON pointer of the field, e.g. `/password`.
        field: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// There is no such account, session or token.
    #[error("{what} {name} does not exist")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Its name or id.
        name: String,
    },
    /// The name is taken.
    #[error("the name {name:?} is taken; choose another one")]
    Taken {
        /// The name.
        name: String,
    },
    /// The last owner would be gone.
    #[error("{name:?} is the last owner who can sign in; make another owner first")]
    LastOwner {
        /// The account.
        name: String,
    },
    /// More of something than is allowed.
    #[error("there are {max} {what} already, which is the most; remove some first")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// The set-up is done, or its token is another one.
    #[error("{reason}")]
    Setup {
        /// What is wrong and what to do.
        reason: &'static str,
    },
    /// What was presented is nobody's, any more or ever.
    #[error("not signed in, or no longer")]
    NotSignedIn,
    /// A refresh token came twice: it was stolen, so that its session is closed.
    #[error("the session was closed because its refresh token was used twice")]
    Reused,
    /// A file cannot be read or written.
    #[error("{action} {path:?} failed: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path:?} {reason}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The database failed.
    #[error("the accounts in {path:?} cannot be used: {source}")]
    Database {
        /// Which file.
        path: PathBuf,
        /// Its reason.
        source: rusqlite::Error,
    },
}

impl AccessError {
    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> AccessError {
        AccessError::Invalid {
            field,
            reason: reason.into(),
        }
    }

    pub(crate) fn not_found(what: &'static str, name: impl ToString) -> AccessError {
        AccessError::NotFound {
            what,
            name: name.to_string(),
        }
    }
}
