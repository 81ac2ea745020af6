//! What can go wrong with the journal.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why something could not be stored or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The directory has no journal.
    #[error("{} does not exist; name the data directory of a hub that has run", path.display())]
    NotFound {
        /// Where `audit.db` should be.
        path: PathBuf,
    },
    /// A newer program wrote the journal.
    #[error("{} has format {found}, this program knows {known}; use a newer one", path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// The file is no database, or damaged.
    #[error(
        "{} is damaged: {reason}; set it aside together with audit.head, and a new journal begins",
        path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A row holds what this program cannot have written.
    #[error("row {seq} of the audit journal cannot be read: {reason}; run headworks audit verify")]
    Damaged {
        /// The row.
        seq: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The database refused.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The disk refused.
    #[error("{what} {} failed: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// An entry was not stored.
    #[error("the audit entry was not stored: {reason}")]
    NotStored {
        /// Why.
        reason: String,
    },
    /// Who took the entries failed.
    #[error("writing the audit entries failed: {0}")]
    Output(std::io::Error),
}

impl JournalError {
    pub(super) fn io(what: &'static str, path: &Path, source: std::io::Error) -> JournalError {
        JournalError::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn database(path: &Path, source: rusqlite::Error) -> JournalError {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(NotADatabase | DatabaseCorrupt) => JournalError::Corrupt {
                path,
                reason: source.to_string(),
            },
            _ => JournalError::Database { path, source },
        }
    }

    pub(super) fn ended() -> JournalError {
        JournalError::NotStored {
            reason: "the journal is closed".to_owned(),
        }
    }
}
