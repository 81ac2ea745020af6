//! Holding the state of a data directory while the hub goes on.
//!
//! Files that are written once get a second name, so that nobody can take them away; the log and
//! the list of newest samples are copied. The log comes first: what is sealed and removed from it
//! meanwhile is then in segment files. It is a state that existed only if no such file came or
//! went between; else all is done again.

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
            if data.join(DATABASE).is_file() {
                copy_database(data, &staged.directory)?;
                staged.names.push(DATABASE.to_owned());
            }
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

/// Copies the database as of one moment, beside whoever writes.
fn copy_database(data: &Path, to: &Path) -> Result<(), StoreError> {
    let path = data.join(DATABASE);
    copy_pages(&path, &to.join(DATABASE)).map_err(|source| StoreError::Database { path, source })
}

fn copy_pages(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(BUSY)?;
    // Within one read transaction, else a writer would make the copy start again.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
    let mut copy = Connection::open(to)?;
    Backup::new(&source, &mut copy)?.run_to_completion(1_024, Duration::ZERO, None)
}
