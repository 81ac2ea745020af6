//! One process per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::StoreError;

/// Holds a directory for this process; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Creates `directory` where it is missing and takes the lock file `name` in it.
    pub(crate) fn take(directory: &Path, name: &str) -> Result<DirectoryLock, StoreError> {
        std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::io("creating", directory, error))?;
        let path = directory.join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::io("opening", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(DirectoryLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                path: directory.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(StoreError::io("locking", &path, error)),
        }
    }
}
