//! Holding the state of a data directory while the hub goes on.
//!
//! Files that are written once get a second name, so that nobody can take them away; the log and
//! the list of newest samples are copied. The log comes first: what is sealed and removed from it
//! meanwhile is then in segment files. It is a state that existed only if no such file came or
//! went between; else all is done again.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::files;
use crate::error::StoreError;

/// A seal or a round of upkeep changes the files for a fraction of a second.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);
/// How long the database may be locked by the one who writes.
const BUSY: Duration = Duration::from_secs(10);

/// Accounts, sessions and tokens; what is sealed in it needs the master key, which stays behind.
const ACCESS: &str = "access.db";
/// What the alarms did, and how they stand.
const ALARMS: &str = "alarms.db";
/// What routes could not deliver.
const LETTERS: &str = "dead-letters.db";
/// What formulas remember; a start puts a damaged one aside and goes on.
const MEMORY: &str = "memory.db";
const JOURNAL: &str = "audit.db";
/// Number and hash of the last entry of the journal.
const JOURNAL_HEAD: &str = "audit.head";
/// Held by the writer of the journal while it changes both.
const JOURNAL_LOCK: &str = "audit.lock";
const DATABASE: &str = "headworks.db";
const NEWEST: &str = "seg/latest.bin";

/// A held state; it is let go when this is dropped.
pub(super) struct Staged {
    pub(super) directory: PathBuf,
    /// The files, with `/` between the parts.
    pub(super) names: Vec<String>,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = clear(&self.directory) {
            tracing::warn!(%error, "what a backup held could not be removed");
        }
    }
}

/// Holds the state of `data` in its directory `backup-hold`.
pub(super) fn stage(data: &Path) -> Result<Staged, StoreError> {
    let mut staged = Staged {
        directory: data.join("backup-hold"),
        names: Vec::new(),
    };
    for attempt in 1..=TRIES {
        clear(&staged.directory)?;
        if let Some(names) = hold(data, &staged.directory)? {
            staged.names = names;
            staged
                .names
                .extend(hold_databases(data, &staged.directory)?);
            return Ok(staged);
        }
        tracing::debug!(attempt, "the files of the historian changed, once more");
        std::thread::sleep(PAUSE);
    }
    Err(StoreError::io(
        "holding the files of",
        data,
        io::Error::new(
            io::ErrorKind::ResourceBusy,
            "they changed all the time; try again later",
        ),
    ))
}

fn clear(directory: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("removing", directory, error))
        }
        _ => Ok(()),
    }
}

/// Returns the names of what is held; nothing when the files changed meanwhile.
fn hold(data: &Path, to: &Path) -> Result<Option<Vec<String>>, StoreError> {
    for part in ["wal", "seg", "rollup"] {
        files::create_directory(&to.join(part))?;
    }
    let newest = Stamp::of(&data.join(NEWEST));
    let mut names = Vec::new();
    if newest.is_some() {
        names.push(NEWEST.to_owned());
    }
    names.extend(list(data, "wal", ".wal")?);
    for name in &names {
        let copied = std::fs::copy(data.join(name), to.join(name));
        if !is_there(copied, &data.join(name))? {
            return Ok(None);
        }
    }
    let fixed = fixed(data)?;
    for name in &fixed {
        if let Some(parent) = to.join(name).parent() {
            files::create_directory(parent)?;
        }
        if !is_there(link(&data.join(name), &to.join(name)), &data.join(name))? {
            return Ok(None);
        }
    }
    let is_same = Stamp::of(&data.join(NEWEST)) == newest && self::fixed(data)? == fixed;
    if !is_same {
        return Ok(None);
    }
    names.extend(fixed);
    Ok(Some(names))
}

/// Tells one content of a file that is replaced from the next.
#[derive(PartialEq)]
struct Stamp(u64, Option<std::time::SystemTime>);

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let found = std::fs::metadata(path).ok()?;
        Some(Stamp(found.len(), found.modified().ok()))
    }
}

/// Returns the files that are written once.
fn fixed(data: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = list(data, "seg", ".seg")?;
    for tier in files::names(&data.join("rollup"))? {
        if data.join("rollup").join(&tier).is_dir() {
            names.extend(list(data, &format!("rollup/{tier}"), ".seg")?);
        }
    }
    Ok(names)
}

fn list(data: &Path, part: &str, suffix: &str) -> Result<Vec<String>, StoreError> {
    let names = files::names(&data.join(part))?;
    let names = names.iter().filter(|name| name.ends_with(suffix));
    Ok(names.map(|name| format!("{part}/{name}")).collect())
}

/// Gives a file a second name; copies it where the file system has no second names.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            // The time of the last change tells whether an earlier backup has the file.
            let modified = std::fs::metadata(from)?.modified()?;
            std::fs::copy(from, to)?;
            let copy = std::fs::OpenOptions::new().write(true).open(to)?;
            copy.set_modified(modified)
        }
        linked => linked,
    }
}

fn is_there<T>(result: io::Result<T>, path: &Path) -> Result<bool, StoreError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("holding", path, error)),
    }
}

/// Copies the databases that are there, objects last; returns the names of the copies.
fn hold_databases(data: &Path, to: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    if data.join(JOURNAL).is_file() {
        names.extend(copy_journal(data, to)?);
    }
    for name in [ACCESS, ALARMS, LETTERS, MEMORY, DATABASE] {
        let path = data.join(name);
        if !path.is_file() {
            continue;
        }
        match copy_database(&path, &to.join(name)) {
            // Nobody made what is in it, and without it a backup has all that anybody did.
            Err(error) if name == MEMORY => {
                tracing::warn!(%error, "what formulas remember is not in the backup");
                is_there(std::fs::remove_file(to.join(name)), &path)?;
            }
            copied => {
                copied?;
                names.push(name.to_owned());
            }
        }
    }
    Ok(names)
}

fn copy_database(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = View::open(from)?;
    source.begin()?;
    source.copy_to(to)
}

/// Copies the audit journal and its head as of one moment.
fn copy_journal(data: &Path, to: &Path) -> Result<Vec<String>, StoreError> {
    let path = data.join(JOURNAL);
    let source = View::open(&path)?;
    let mut names = vec![JOURNAL.to_owned()];
    {
        // The writer changes both in one turn; it goes on as soon as they are in view.
        let _turn = journal_turn(data)?;
        source.begin()?;
        let head = data.join(JOURNAL_HEAD);
        if is_there(std::fs::copy(&head, to.join(JOURNAL_HEAD)), &head)? {
            names.push(JOURNAL_HEAD.to_owned());
        }
    }
    source.copy_to(&to.join(JOURNAL))?;
    Ok(names)
}

/// Waits until nobody writes the journal; the turn ends when this is dropped.
fn journal_turn(data: &Path) -> Result<File, StoreError> {
    let path = data.join(JOURNAL_LOCK);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options
        .open(&path)
        .map_err(|error| StoreError::io("opening", &path, error))?;
    file.lock()
        .map_err(|error| StoreError::io("locking", &path, error))?;
    Ok(file)
}

/// A database as of one moment, beside whoever writes.
struct View<'a> {
    path: &'a Path,
    database: Connection,
}

impl View<'_> {
    fn open(path: &Path) -> Result<View<'_>, StoreError> {
        let open = || {
            let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            database.busy_timeout(BUSY)?;
            Ok(database)
        };
        let database = open().map_err(|source| failed(path, source))?;
        Ok(View { path, database })
    }

    /// Fixes the moment: within one read transaction, else a writer would make the copy start
    /// again.
    fn begin(&self) -> Result<(), StoreError> {
        let begin = "BEGIN; SELECT count(*) FROM sqlite_schema;";
        let begun = self.database.execute_batch(begin);
        begun.map_err(|source| failed(self.path, source))
    }

    fn copy_to(&self, to: &Path) -> Result<(), StoreError> {
        let copy = || {
            let mut copy = Connection::open(to)?;
            Backup::new(&self.database, &mut copy)?.run_to_completion(1_024, Duration::ZERO, None)
        };
        copy().map_err(|source| failed(self.path, source))
    }
}

fn failed(path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Database {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
