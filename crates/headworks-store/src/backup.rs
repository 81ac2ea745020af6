//! Backups: a consistent copy of a data directory, taken while the hub runs.
//!
//! A backup directory holds `files/`, each file once under the SHA-256 of its content, and
//! `backups/`, one manifest per backup that names the files it consists of. A file that an
//! earlier backup has is therefore not copied again. A backup exists from the moment its manifest
//! gets its name, which is after everything it names is synced; whatever ends it earlier leaves
//! at most files that no manifest names, which [`Backups::prune`] removes.

mod checks;
mod files;
mod manifest;
mod prune;
mod restore;
mod snapshot;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::StoreError;
use crate::lock::DirectoryLock;
use files::Pool;

pub use checks::Check;
pub use manifest::{FORMAT, FileEntry, Manifest};
pub use prune::{Keep, Pruned};

/// Is told how much of how much is done, and says whether to go on.
pub type Progress<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

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
        let created = self.create_with(data, now_us, &mut |_, _| ControlFlow::Continue(()))?;
        Ok(created.expect("nothing breaks it off"))
    }

    /// As [`Backups::create`], telling how many of the files are taken; none when it was broken
    /// off, which leaves what a create that fails leaves.
    ///
    /// # Errors
    ///
    /// As of [`Backups::create`].
    pub fn create_with(
        &self,
        data: &Path,
        now_us: i64,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Created>, StoreError> {
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
        let total = staged.names.len() as u64;
        for name in &staged.names {
            if progress(created.files, total).is_break() {
                return Ok(None);
            }
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
        Ok(Some(created))
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
        let problems = self.verify_with(id, &mut |_, _| ControlFlow::Continue(()))?;
        Ok(problems.expect("nothing breaks it off"))
    }

    /// As [`Backups::verify`], telling how many of the bytes are read; none when it was broken
    /// off.
    ///
    /// # Errors
    ///
    /// As of [`Backups::verify`].
    pub fn verify_with(
        &self,
        id: &str,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Vec<Problem>>, StoreError> {
        let manifest = self.get(id)?;
        let (mut done, total) = (0, manifest.bytes());
        let mut problems = Vec::new();
        for entry in &manifest.files {
            if progress(done, total).is_break() {
                return Ok(None);
            }
            if let Err(reason) = files::check(&self.directory, entry) {
                problems.push(Problem {
                    id: manifest.id.clone(),
                    path: entry.path.clone(),
                    reason,
                });
            }
            done += entry.bytes;
        }
        Ok(Some(problems))
    }

    /// Writes down what the last check of a backup found.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no backup of that name, else what the disk says.
    pub fn note_check(&self, id: &str, check: Check) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        self.get(id)?;
        checks::write(&self.checks(), id, check)
    }

    /// Returns what the last check of a backup found, if it was checked.
    pub fn last_check(&self, id: &str) -> Option<Check> {
        checks::read(&self.checks(), id)
    }

    /// Removes a backup, and the files that no other one needs.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none of that name, else like [`Backups::prune`].
    pub fn remove(&self, id: &str) -> Result<Pruned, StoreError> {
        let _lock = self.lock()?;
        self.get(id)?;
        let backups = self.list()?;
        let others = backups.iter().map(|backup| backup.id.as_str());
        let kept = others.filter(|other| *other != id).collect();
        prune::keep_only(&self.directory, &backups, &kept)
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
        let backups = self.list()?;
        prune::keep_only(&self.directory, &backups, &prune::kept(&backups, keep))
    }

    fn lock(&self) -> Result<DirectoryLock, StoreError> {
        files::create_directory(&self.directory)?;
        DirectoryLock::take(&self.directory, "backup.lock")
    }

    fn manifests(&self) -> PathBuf {
        self.directory.join("backups")
    }

    fn checks(&self) -> PathBuf {
        self.directory.join("checks")
    }
}

#[cfg(test)]
mod tests;
