//! The tables of `audit.db`, and how it is opened.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::chain::{Link, RowHash};
use super::error::JournalError;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// The steps from an empty database to the present one; `user_version` counts those done.
/// A step is never changed once released; a new one is added at the end.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY CHECK (1 <= seq),
        time_us INTEGER NOT NULL,
        actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'token', 'system', 'nobody')),
        actor_id BLOB CHECK (length(actor_id) = 16),
        actor TEXT NOT NULL,
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        target_kind TEXT NOT NULL,
        target TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
        problem TEXT,
        request_id TEXT NOT NULL,
        before TEXT,
        after TEXT,
        detail TEXT,
        previous BLOB NOT NULL CHECK (length(previous) = 32),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE INDEX entries_time ON entries (time_us);
    CREATE INDEX entries_actor ON entries (actor, time_us);
    CREATE INDEX entries_action ON entries (action, time_us);
    CREATE INDEX entries_target_kind ON entries (target_kind, time_us);
    CREATE INDEX entries_target ON entries (target, time_us);
    CREATE INDEX entries_outcome ON entries (outcome, time_us);

    -- Where a removed beginning of the chain ended: the rows up to seq are gone.
    CREATE TABLE anchors (
        seq INTEGER PRIMARY KEY,
        -- Of the last removed row.
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        time_us INTEGER NOT NULL,
        before_us INTEGER NOT NULL,
        removed INTEGER NOT NULL CHECK (1 <= removed),
        -- The row that tells of the removal.
        entry INTEGER NOT NULL,
        -- Over the chain of the anchor before and the columns of this one.
        chain BLOB NOT NULL CHECK (length(chain) = 32)
    ) STRICT;

    CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN
        SELECT RAISE(ABORT, 'the audit journal is append-only');
    END;
    -- Rows go only under an anchor that was set before.
    CREATE TRIGGER entries_delete BEFORE DELETE ON entries
    WHEN NOT EXISTS (SELECT 1 FROM anchors WHERE OLD.seq <= anchors.seq) BEGIN
        SELECT RAISE(ABORT, 'the audit journal is append-only');
    END;
    CREATE TRIGGER entries_insert BEFORE INSERT ON entries
    WHEN NEW.seq <= coalesce(
        (SELECT max(seq) FROM entries), (SELECT max(seq) FROM anchors), 0) BEGIN
        SELECT RAISE(ABORT, 'the audit journal only grows at its end');
    END;
    CREATE TRIGGER anchors_update BEFORE UPDATE ON anchors BEGIN
        SELECT RAISE(ABORT, 'anchors of the audit journal stay as they are');
    END;
    CREATE TRIGGER anchors_delete BEFORE DELETE ON anchors BEGIN
        SELECT RAISE(ABORT, 'anchors of the audit journal stay');
    END;
"];

/// Returns where the database of a data directory is.
pub(super) fn path_in(directory: &Path) -> PathBuf {
    directory.join("audit.db")
}

/// Opens or makes the database for writing.
pub(super) fn open(path: &Path) -> Result<Connection, JournalError> {
    // Made here, because SQLite would let the group and others read it. The files beside it get
    // its mode.
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| JournalError::io("opening", path, error))?;
    let mut database = Connection::open(path).map_err(|e| JournalError::database(path, e))?;
    prepare(&database)
        .and_then(|()| migrate(&mut database))
        .map_err(|error| JournalError::database(path, error))?;
    check_version(&database, path)?;
    Ok(database)
}

/// Opens a database that exists for reading.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    if !path.exists() {
        return Err(JournalError::NotFound {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let at = |error| JournalError::database(path, error);
    let database = Connection::open_with_flags(path, flags).map_err(at)?;
    database.busy_timeout(BUSY).map_err(at)?;
    check_version(&database, path)?;
    Ok(database)
}

fn prepare(database: &Connection) -> rusqlite::Result<()> {
    database.busy_timeout(BUSY)?;
    database.set_prepared_statement_cache_capacity(32);
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    // What retention removes does not stay readable in free pages.
    database.pragma_update(None, "secure_delete", "ON")
}

fn version(database: &Connection) -> rusqlite::Result<u32> {
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn migrate(database: &mut Connection) -> rusqlite::Result<()> {
    let transaction =
        database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)? as usize;
    for (step, version) in MIGRATIONS.iter().zip(1_u32..).skip(found) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}

fn check_version(database: &Connection, path: &Path) -> Result<(), JournalError> {
    let found = version(database).map_err(|error| JournalError::database(path, error))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if known < found {
        return Err(JournalError::TooNew {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Returns what the database is made of: kind, name and SQL of each part in the order of names.
pub(super) fn parts(database: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = database.prepare(
        "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Returns the parts that a database of the present version has.
pub(super) fn expected_parts() -> rusqlite::Result<Vec<(String, String)>> {
    let database = Connection::open_in_memory()?;
    for step in MIGRATIONS {
        database.execute_batch(step)?;
    }
    parts(&database)
}

/// Returns number and hash of the last row, which may have been removed with all before it.
pub(super) fn last_link(database: &Connection) -> rusqlite::Result<Link> {
    let sql = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1";
    let link = database.prepare_cached(sql)?.query_row([], read_link);
    match link.optional()? {
        Some(link) => Ok(link),
        None => last_anchor(database),
    }
}

/// Returns the time of the last row.
pub(super) fn last_us(database: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT time_us FROM entries ORDER BY seq DESC LIMIT 1";
    let mut statement = database.prepare_cached(sql)?;
    statement.query_row([], |row| row.get(0)).optional()
}

/// Returns the link at which the rows begin.
pub(super) fn last_anchor(database: &Connection) -> rusqlite::Result<Link> {
    let sql = "SELECT seq, hash FROM anchors ORDER BY seq DESC LIMIT 1";
    let link = database.prepare_cached(sql)?.query_row([], read_link);
    Ok(link.optional()?.unwrap_or(Link::START))
}

/// Returns the link of a row that is there, or that was the last one removed.
pub(super) fn link_at(database: &Connection, seq: u64) -> rusqlite::Result<Option<Link>> {
    if seq == 0 {
        return Ok(Some(Link::START));
    }
    let mut statement = database.prepare_cached(
        "SELECT seq, hash FROM entries WHERE seq = ?1
         UNION ALL SELECT seq, hash FROM anchors WHERE seq = ?1 LIMIT 1",
    )?;
    statement.query_row([seq], read_link).optional()
}

fn read_link(row: &rusqlite::Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        seq: row.get(0)?,
        hash: RowHash(row.get(1)?),
    })
}
