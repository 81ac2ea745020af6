//! The tables of `alarms.db`.

use std::path::Path;

use headworks_core::alarm::Entry;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::sqlite::{self, Failure};

/// Most bytes of the write-ahead log that stay after a flood.
const LOG_BYTES_KEPT: i64 = 16 << 20;

/// The steps from an empty database to the present one. A step is never changed once released; a
/// new one is added at the end.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE entries (
        number INTEGER PRIMARY KEY,
        time_us INTEGER NOT NULL,
        alarm BLOB NOT NULL,
        priority INTEGER NOT NULL,
        -- the state afterwards: 0 is A, 8 is I
        state INTEGER NOT NULL,
        -- none for an alarm without a tag
        path INTEGER,
        body TEXT NOT NULL
    ) STRICT;

    -- Holds all that is filtered by: a search reads bodies of what it finds only.
    CREATE INDEX entries_by_time ON entries (time_us, number, priority, state, path);
    CREATE INDEX entries_by_alarm ON entries (alarm, time_us, number);

    CREATE TABLE paths (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE
    ) STRICT;

    -- The newest entry of each alarm, which says how it stands.
    CREATE TABLE heads (
        alarm BLOB PRIMARY KEY,
        number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- One row: the newest entry and the newest event there ever were, so that no number is given
    -- twice even when all entries are old and gone.
    CREATE TABLE ends (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
        number INTEGER NOT NULL,
        event INTEGER NOT NULL
    ) STRICT;
    INSERT INTO ends (only_row, number, event) VALUES (0, 0, 0);
"];

/// Opens the database at `path` for writing, in the present version.
pub(super) fn open(path: &Path) -> Result<Connection, Failure> {
    let database = sqlite::open(path, &MIGRATIONS)?;
    database.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    Ok(database)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Failure> {
    let database = sqlite::open(path, &MIGRATIONS)?;
    database.pragma_update(None, "query_only", true)?;
    Ok(database)
}

/// Reads an entry from the column `body`, which is the first.
pub(super) fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let body = row.get_ref(0)?.as_str()?;
    serde_json::from_str(body)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
