//! What a backup consists of.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files;
use crate::error::StoreError;

/// The format of the manifests that this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// A backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the manifest.
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    /// Name of the backup, its time in UTC.
    pub id: String,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// Its files.
    pub files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its place in the data directory, with `/` between the parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content in hexadecimal digits.
    pub sha256: String,
    /// When it was last written, microseconds since 1970-01-01 UTC.
    pub modified_us: i64,
}

impl Manifest {
    pub(super) fn new(id: String, created_us: i64, files: Vec<FileEntry>) -> Manifest {
        Manifest {
            format: FORMAT,
            program: concat!("headworks ", env!("CARGO_PKG_VERSION")).to_owned(),
            id,
            created_us,
            files,
        }
    }

    /// Returns the bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Returns the name of a backup of that time; names sort as times do.
pub(super) fn id_of(time_us: i64) -> Result<String, StoreError> {
    let time = Timestamp::from_microsecond(time_us).map_err(|error| StoreError::Query {
        field: "time",
        reason: error.to_string(),
    })?;
    Ok(time.strftime("%Y%m%dT%H%M%S%.3fZ").to_string())
}

/// Returns the names of all backups, oldest first.
pub(super) fn ids(directory: &Path) -> Result<Vec<String>, StoreError> {
    let names = files::names(directory)?;
    let ids = names
        .iter()
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()));
    Ok(ids.collect())
}

/// Returns the newest backup that can be read; what it has need not be read again.
pub(super) fn newest(directory: &Path) -> Result<Option<Manifest>, StoreError> {
    let ids = ids(directory)?;
    Ok(ids.iter().rev().find_map(|id| read(directory, id).ok()))
}

/// Reads a manifest.
pub(super) fn read(directory: &Path, id: &str) -> Result<Manifest, StoreError> {
    let not_found = || StoreError::NotFound {
        kind: "backup".to_owned(),
        id: id.to_owned(),
    };
    if !is_plain(id) {
        return Err(not_found());
    }
    let path = path_of(directory, id);
    let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => not_found(),
        _ => StoreError::io("reading", &path, error),
    })?;
    parse(&bytes, &path)
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

fn parse(bytes: &[u8], path: &Path) -> Result<Manifest, StoreError> {
    let damaged = |reason: String| StoreError::Corrupt {
        path: path.to_owned(),
        reason,
    };
    let version: Version =
        serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if FORMAT < version.format {
        return Err(StoreError::TooNew {
            path: path.to_owned(),
            found: version.format,
            known: FORMAT,
        });
    }
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    match manifest.files.iter().find(|entry| !is_sound(entry)) {
        None => Ok(manifest),
        Some(entry) => Err(damaged(format!("{:?} is no file of a backup", entry.path))),
    }
}

/// Whether a name cannot lead out of its directory.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
}

/// Whether an entry names a file inside a data directory and a content.
fn is_sound(entry: &FileEntry) -> bool {
    let is_hash = entry.sha256.len() == 64
        && entry
            .sha256
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash && !entry.path.contains('\\') && entry.path.split('/').all(is_plain)
}

/// Writes a manifest; the backup exists when this returns.
pub(super) fn write(directory: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    files::create_directory(directory)?;
    let path = path_of(directory, &manifest.id);
    let temporary = path.with_extension("tmp");
    let text = serde_json::to_vec_pretty(manifest).expect("strings and numbers are JSON");
    let written = files::create(&temporary).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)
    });
    written.map_err(|error| StoreError::io("writing", &path, error))?;
    files::sync_directory(directory)
}

/// Removes a manifest, and with it the backup.
pub(super) fn remove(directory: &Path, id: &str) -> Result<(), StoreError> {
    let path = path_of(directory, id);
    std::fs::remove_file(&path).map_err(|error| StoreError::io("removing", &path, error))
}

fn path_of(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}.json"))
}
