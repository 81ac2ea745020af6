//! What the last check of each backup found: a small file beside the manifests.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::error::StoreError;

/// The last check of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// When it ended, microseconds since 1970-01-01 UTC.
    pub checked_us: i64,
    /// Files that are missing or not what was written.
    pub problems: u64,
}

/// Writes a check in place of the one before; `id` is the name of a backup that exists.
pub(super) fn write(directory: &Path, id: &str, check: Check) -> Result<(), StoreError> {
    files::create_directory(directory)?;
    let path = path_of(directory, id);
    let temporary = path.with_extension("tmp");
    let text = serde_json::to_vec(&check).expect("numbers are JSON");
    let written = files::create(&temporary).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)
    });
    written.map_err(|error| StoreError::io("writing", &path, error))
}

/// Returns the last check; one that cannot be read is none, as it is made again at any time.
pub(super) fn read(directory: &Path, id: &str) -> Option<Check> {
    let bytes = std::fs::read(path_of(directory, id)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Removes the check of a backup that goes.
pub(super) fn remove(directory: &Path, id: &str) -> Result<(), StoreError> {
    let path = path_of(directory, id);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("removing", &path, error))
        }
        _ => Ok(()),
    }
}

fn path_of(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}.json"))
}
