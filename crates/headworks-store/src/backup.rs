//! Backups: a consistent copy of a data directory, taken while the hub runs.
//!
//! A backup directory holds `files/`, each file once under the SHA-256 of its content, and
//! `backups/`, one manifest per backup that names the files it consists of. A file that an
//! earlier backup has is therefore not copied again. A backup exists from the moment its manifest
//! gets its name, which is after everything it names is synced; whatever ends it earlier leaves
//! at most files that no manifest names, which [`Backups::prune`] removes.

mod files;
mod manifest;
mod prune;
mod restore;
mod snapshot;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::StoreError;
use crate::lock::DirectoryLock;
use files::Pool;

pub use manifest::{FORMAT, FileEntry, Manifest};
pub use prune::{Keep, Pruned};

/// The backups in one directory.
#[derive(Clone, Debug)]
pub struct Backups {
    directory: PathBuf,
}

/// What a backup cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Created {
    /// Its name.
    pub id: String,
    /// Files in it.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that no earlier backup had.
    pub copied_files: u64,
    /// Bytes of these files.
    pub copied_bytes: u64,
}

/// A file of a backup that is missing or not what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The backup.
    pub id: String,
    /// The file in the data directory.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl Backups {
    /// Returns the backups in `directory`, which need not exist yet.
    pub fn at(directory: &Path) -> Backups {
        Backups {
            directory: directory.to_owned(),
        }
    }

    /// Backs the data directory `data` up. It holds everything that was acknowledged before the
    /// call, and of what comes meanwhile as much as was there when the log was read.
    ///
    /// # Errors
    ///
    /// `InUse` when another process works on these backups, else what one of the disks says. The
    /// data directory is as before, and so are the backups that exist.
    pub fn create(&self, data: &Path, now_us: i64) -> Result<Created, StoreError> {
        if !data.join("seg").is_dir() && !data.join("headworks.db").is_file() {
            return Err(StoreError::Query {
                field: "data",
                reason: format!("{} is no data directory of headworks", data.display()),
            });
        }
        let _lock = self.lock()?;
        let known = manifest::newest(&self.manifests())?;
        let staged = snapshot::stage(data)?;
        let mut pool = Pool::open(&self.directory)?;
        let mut created = Created {
            id: manifest::id_of(now_us)?,
            files: 0,
            bytes: 0,
            copied_files: 0,
            copied_bytes: 0,
        };
        let mut entries = Vec::new();
        for name in &staged.names {
            let (entry, copied) = pool.take(&staged.directory, name, known.as_ref())?;
            created.files += 1;
            created.bytes += entry.bytes;
            created.copied_files += u64::from(copied);
            created.copied_bytes += if copied { entry.bytes } else { 0 };
            entries.push(entry);
        }
        pool.sync()?;
        let manifest = Manifest::new(created.id.clone(), now_us, entries);
        manifest::write(&self.manifests(), &manifest)?;
        Ok(created)
    }

    /// Returns the backups, oldest first.
    ///
    /// # Errors
    ///
    /// `TooNew` or `Corrupt` for a manifest that cannot be read, else what the disk says.
    pub fn list(&self) -> Result<Vec<Manifest>, StoreError> {
        let ids = manifest::ids(&self.manifests())?;
        ids.iter().map(|id| self.get(id)).collect()
    }

    /// Returns a backup.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none of that name, else like [`Backups::list`].
    pub fn get(&self, id: &str) -> Result<Manifest, StoreError> {
        manifest::read(&self.manifests(), id)
    }

    /// Reads every file of a backup and compares it with its manifest.
    ///
    /// # Errors
    ///
    /// When the manifest cannot be read; damaged and missing files are returned.
    pub fn verify(&self, id: &str) -> Result<Vec<Problem>, StoreError> {
        let manifest = self.get(id)?;
        let check = |entry: &FileEntry| {
            let reason = files::check(&self.directory, entry).err()?;
            Some(Problem {
                id: manifest.id.clone(),
                path: entry.path.clone(),
                reason,
            })
        };
        Ok(manifest.files.iter().filter_map(check).collect())
    }

    /// Makes the data directory `target` from a backup, after every file of it was checked.
    ///
    /// A target with data is refused, unless `replace` says that they go: they are moved to a
    /// directory beside the restored data, which is returned.
    ///
    /// # Errors
    ///
    /// `Corrupt` when a file of the backup is damaged, `InUse` when a hub runs on the target, else
    /// what the disk says. The target then has no data, or the ones it had.
    pub fn restore(
        &self,
        id: &str,
        target: &Path,
        replace: bool,
    ) -> Result<Option<PathBuf>, StoreError> {
        if let Some(problem) = self.verify(id)?.first() {
            return Err(StoreError::Corrupt {
                path: self.directory.join(&problem.path),
                reason: format!("{}; restore another backup", problem.reason),
            });
        }
        restore::restore(&self.directory, &self.get(id)?, target, replace)
    }

    /// Removes the backups that `keep` does not keep, and the files that none needs then.
    ///
    /// # Errors
    ///
    /// `InUse` when another process works on these backups, `TooNew` or `Corrupt` when a manifest
    /// that stays cannot be read, else what the disk says.
    pub fn prune(&self, keep: &Keep) -> Result<Pruned, StoreError> {
        let _lock = self.lock()?;
        prune::prune(&self.directory, &self.list()?, keep)
    }

    fn lock(&self) -> Result<DirectoryLock, StoreError> {
        files::create_directory(&self.directory)?;
        DirectoryLock::take(&self.directory, "backup.lock")
    }

    fn manifests(&self) -> PathBuf {
        self.directory.join("backups")
    }
}

#[cfg(test)]
mod tests;
