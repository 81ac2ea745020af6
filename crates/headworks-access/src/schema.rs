//! Opening and migrating `access.db`.

use std::path::Path;

use rusqlite::Connection;

use crate::error::AccessError;
use crate::keyring::{io, write_private};

/// The steps from an empty database to the present one; `user_version` counts those done.
/// A step is never changed once released; a new one is added at the end.
const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE users (
        id BLOB PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        full_name TEXT NOT NULL,
        role TEXT NOT NULL,
        write TEXT,
        password TEXT NOT NULL,
        disabled INTEGER NOT NULL,
        must_change INTEGER NOT NULL,
        created_us INTEGER NOT NULL,
        signed_in_us INTEGER,
        totp BLOB,
        totp_step INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE sessions (
        id BLOB PRIMARY KEY,
        user BLOB NOT NULL REFERENCES users ON DELETE CASCADE,
        created_us INTEGER NOT NULL,
        refreshed_us INTEGER NOT NULL,
        ends_us INTEGER NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL,
        access BLOB NOT NULL UNIQUE,
        access_until_us INTEGER NOT NULL,
        refresh BLOB NOT NULL UNIQUE,
        refresh_until_us INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX sessions_user ON sessions (user);

    -- Refresh tokens that were used: the second use of one closes its session.
    CREATE TABLE spent (
        refresh BLOB PRIMARY KEY,
        session BLOB NOT NULL REFERENCES sessions ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX spent_session ON spent (session);

    CREATE TABLE tokens (
        id BLOB PRIMARY KEY,
        user BLOB NOT NULL REFERENCES users ON DELETE CASCADE,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        role TEXT NOT NULL,
        read TEXT,
        write TEXT,
        hash BLOB NOT NULL UNIQUE,
        created_us INTEGER NOT NULL,
        expires_us INTEGER,
        used_us INTEGER
    ) STRICT;
    CREATE INDEX tokens_user ON tokens (user);
",
    "
    -- Secrets of webhooks and the like, sealed with the master key.
    CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        sealed BLOB NOT NULL,
        hosts TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        changed_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What people chose for themselves, as JSON.
    CREATE TABLE preferences (
        user BLOB NOT NULL REFERENCES users ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        changed_us INTEGER NOT NULL,
        PRIMARY KEY (user, key)
    ) STRICT;
",
];

/// Opens the database at `path` in the present version; only its owner can read it.
pub(crate) fn open(path: &Path) -> Result<Connection, AccessError> {
    if !path
        .try_exists()
        .map_err(|source| io("reading", path, source))?
    {
        write_private(path, b"")?;
    }
    let failed = |source| AccessError::Database {
        path: path.to_owned(),
        source,
    };
    let mut database = Connection::open(path).map_err(failed)?;
    prepare(&database).map_err(failed)?;
    let found: u32 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if known < found {
        return Err(AccessError::Damaged {
            path: path.to_owned(),
            reason: format!(
                "has format {found}; this program reads up to {known}; use a newer program"
            ),
        });
    }
    migrate(&mut database, found).map_err(failed)?;
    Ok(database)
}

fn prepare(database: &Connection) -> rusqlite::Result<()> {
    database.set_prepared_statement_cache_capacity(64);
    database.busy_timeout(std::time::Duration::from_secs(5))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "foreign_keys", true)
}

fn migrate(database: &mut Connection, found: u32) -> rusqlite::Result<()> {
    for (step, version) in MIGRATIONS.iter().zip(1_u32..).skip(found as usize) {
        let transaction = database.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
