//! Errors of the store.

use std::path::{Path, PathBuf};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no: full, gone, not permitted.
    #[error("{action} {path:?} failed{}", remedy(source))]
    Io {
        /// What was tried, e.g. `writing`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not what it was when it was written.
    #[error("{path:?} is damaged: {reason}")]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What does not fit, with place.
        reason: String,
    },
    /// A file was written by a newer Headworks.
    #[error("{path:?} has format {found}; this program reads up to {known}; use a newer program")]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// Another process uses the data directory.
    #[error("{path:?} is in use by another headworks; stop it or choose another data directory")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The object was changed by somebody else in between.
    #[error("{kind} {id} is at revision {found}, not {expected}; load it again")]
    Conflict {
        /// Kind of the object.
        kind: String,
        /// Its id.
        id: String,
        /// Revision the caller knew.
        expected: u64,
        /// Revision it has.
        found: u64,
    },
    /// No such object.
    #[error("{kind} {id} does not exist")]
    NotFound {
        /// Kind of the object.
        kind: String,
        /// Its id.
        id: String,
    },
    /// The database failed.
    #[error("database {path:?} failed; a full disk and a damaged file are the usual reasons")]
    Database {
        /// Which database.
        path: PathBuf,
        /// Its reason.
        source: rusqlite::Error,
    },
    /// PostgreSQL is away, set up in another way than is needed, or refuses something.
    #[error("PostgreSQL, {server}: {reason}")]
    Postgres {
        /// Where it is, without password.
        server: String,
        /// What it says, with a remedy.
        reason: String,
        /// What that means.
        fault: PostgresFault,
    },
    /// A query that no store answers.
    #[error("{field}: {reason}")]
    Query {
        /// Which argument.
        field: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
}

fn remedy(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; free room on the disk, keep less or bound the size of the historian"
        }
        ErrorKind::ReadOnlyFilesystem => "; make the file system writable",
        _ => "",
    }
}

/// What a failure of PostgreSQL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostgresFault {
    /// It will pass or be repaired at the server: worth trying again.
    Away,
    /// It stays until somebody changes a setting here or rights there.
    Setup,
    /// These rows are not taken; others may be.
    Refused,
    /// What is there is somebody else's: of another hub that runs, or not what is here.
    Occupied,
    /// A newer program made the schema.
    TooNew,
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> StoreError {
        StoreError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// Returns the error for another caller who meets the same obstacle.
    pub(crate) fn again(&self) -> StoreError {
        match self {
            StoreError::Io {
                action,
                path,
                source,
            } => StoreError::io(
                action,
                path,
                std::io::Error::new(source.kind(), source.to_string()),
            ),
            other => StoreError::Query {
                field: "store",
                reason: other.to_string(),
            },
        }
    }
}
