//! What goes wrong with the file of objects.

use std::path::Path;

use headworks_core::model::ObjectId;

use crate::error::StoreError;

/// A failure that does not know the database's path yet.
pub(super) enum Failure {
    Database(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error)
    }
}

impl Failure {
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        let error = match self {
            Failure::Store(error) => return error,
            Failure::Database(error) => error,
        };
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Corrupt {
                    path,
                    reason: format!("{error}; put a backup in its place"),
                }
            }
            _ => StoreError::Database {
                path,
                source: error,
            },
        }
    }
}

pub(super) fn not_found(kind: &str, id: ObjectId) -> StoreError {
    StoreError::NotFound {
        kind: kind.to_owned(),
        id: id.to_string(),
    }
}
