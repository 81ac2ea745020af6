//! Files of SQLite: opening, migrating, and what goes wrong with them.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::StoreError;

/// How long another connection, such as that of a backup, may keep a file locked.
const BUSY: Duration = Duration::from_secs(10);

/// Opens the database at `path` and brings it to the present version.
///
/// `migrations` are the steps from an empty database to the present one; `user_version` counts
/// those done. A commit survives a power cut when it returns: the write-ahead log is synced.
pub(crate) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, Failure> {
    let mut database = Connection::open(path)?;
    database.busy_timeout(BUSY)?;
    database.set_prepared_statement_cache_capacity(32);
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut database, path, migrations)?;
    Ok(database)
}

fn migrate(database: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), Failure> {
    let found: u32 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if known < found {
        return Err(Failure::Store(StoreError::TooNew {
            path: path.to_owned(),
            found,
            known,
        }));
    }
    for (step, version) in migrations.iter().zip(1_u32..).skip(found as usize) {
        let transaction = database.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// A failure that does not know the database's path yet.
pub(crate) enum Failure {
    Database(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Database(error)
    }
}

impl Failure {
    /// Returns the error of a file that only a backup can replace.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        self.with_remedy(path, "put a backup in its place")
    }

    /// Returns the error of a file; `remedy` says what helps when it is damaged.
    pub(crate) fn with_remedy(self, path: &Path, remedy: &str) -> StoreError {
        let path = path.to_owned();
        let error = match self {
            Failure::Store(error) => return error,
            Failure::Database(error) => error,
        };
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                StoreError::Corrupt {
                    path,
                    reason: format!("{error}; {remedy}"),
                }
            }
            _ => StoreError::Database {
                path,
                source: error,
            },
        }
    }
}
