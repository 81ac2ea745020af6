//! Opening and migrating `headworks.db`.

use std::path::Path;

use rusqlite::Connection;

use crate::sqlite::{self, Failure};

/// The steps from an empty database to the present one; `user_version` counts those done.
/// A step is never changed once released; a new one is added at the end.
const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE objects (
        id BLOB PRIMARY KEY,
        kind TEXT NOT NULL,
        revision INTEGER NOT NULL,
        updated_us INTEGER NOT NULL,
        body TEXT NOT NULL,
        tag INTEGER
    ) STRICT, WITHOUT ROWID;

    -- Rows stay when the object goes.
    CREATE TABLE history (
        id BLOB NOT NULL,
        revision INTEGER NOT NULL,
        time_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        action INTEGER NOT NULL,
        body TEXT,
        PRIMARY KEY (id, revision)
    ) STRICT, WITHOUT ROWID;

    -- Rows are never deleted, so that no number is given to two tags.
    CREATE TABLE tags (
        tag INTEGER PRIMARY KEY CHECK (tag BETWEEN 0 AND 4294967295),
        id BLOB NOT NULL UNIQUE
    ) STRICT;
",
    "
    -- At most one row: the set of objects in a database, and which state of it, that this file
    -- is a copy of.
    CREATE TABLE origin (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
        plant BLOB NOT NULL,
        state BLOB NOT NULL,
        edited INTEGER NOT NULL
    ) STRICT;
",
    "
    -- Of what was deleted before, only tags are known as such. What has one time was one commit.
    ALTER TABLE history ADD COLUMN kind TEXT;
    UPDATE history SET kind = (SELECT kind FROM objects WHERE objects.id = history.id);
    UPDATE history SET kind = 'tag' WHERE kind IS NULL AND id IN (SELECT id FROM tags);
    CREATE INDEX history_by_time ON history (time_us);
",
    "
    -- What pictures hold, by SHA-256; the objects have the names.
    CREATE TABLE pictures (
        hash TEXT PRIMARY KEY,
        added_us INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
",
];

/// Opens the database at `path` in the present version.
pub(super) fn open(path: &Path) -> Result<Connection, Failure> {
    sqlite::open(path, &MIGRATIONS)
}
