//! Damaged files: named once, counted, and kept where nothing removes them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use headworks_core::TagIndex;
use parking_lot::Mutex;
use serde::Serialize;

use super::disk::Disk;
use crate::error::StoreError;

/// Entries kept of the list; the count goes on.
const LISTED_MAX: usize = 1_000;

/// A file, or a part of one, that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileDamage {
    /// The file.
    pub file: PathBuf,
    /// Where it was kept when it was taken out of use.
    pub kept_as: Option<PathBuf>,
    /// First tag of which samples are missing, as far as that is known.
    pub first_tag: Option<TagIndex>,
    /// Last tag of which samples are missing, as far as that is known.
    pub last_tag: Option<TagIndex>,
    /// Time of the first sample that is missing, microseconds since 1970-01-01 UTC.
    pub from_us: Option<i64>,
    /// Time of the last sample that is missing.
    pub to_us: Option<i64>,
    /// Samples that are missing, where that is known.
    pub samples: Option<u64>,
    /// What does not fit.
    pub reason: String,
}

impl FileDamage {
    /// Returns the damage of a whole file, of which nothing else is known.
    pub(super) fn of_file(file: &Path, reason: &str) -> FileDamage {
        FileDamage {
            file: file.to_owned(),
            kept_as: None,
            first_tag: None,
            last_tag: None,
            from_us: None,
            to_us: None,
            samples: None,
            reason: reason.to_owned(),
        }
    }

    fn tell(&self) {
        tracing::error!(
            file = ?self.file,
            kept_as = ?self.kept_as,
            first_tag = self.first_tag.map(|tag| tag.0),
            last_tag = self.last_tag.map(|tag| tag.0),
            from_us = self.from_us,
            to_us = self.to_us,
            samples = self.samples,
            reason = self.reason,
            "a file of the historian is damaged; what cannot be read is left out; restore it \
                from a backup"
        );
    }
}

/// What is known to be damaged.
pub(super) struct DamageLog {
    quarantine: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Parts of files that are left out, so that each is named and counted once.
    parts: HashSet<(u64, u64)>,
    listed: Vec<FileDamage>,
    count: u64,
}

impl DamageLog {
    /// Begins with the files that earlier processes set aside in `quarantine`.
    pub(super) fn open(quarantine: PathBuf) -> Result<DamageLog, StoreError> {
        let mut inner = Inner::default();
        if quarantine.exists() {
            for path in super::catalog::list(&quarantine)? {
                let mut damage = FileDamage::of_file(&path, "set aside before this start");
                damage.kept_as = Some(path);
                inner.note(damage);
            }
        }
        Ok(DamageLog {
            quarantine,
            inner: Mutex::new(inner),
        })
    }

    /// Returns how many files and parts of files are left out.
    pub(super) fn count(&self) -> u64 {
        self.inner.lock().count
    }

    /// Returns what is left out, the first 1,000 of them.
    pub(super) fn listed(&self) -> Vec<FileDamage> {
        self.inner.lock().listed.clone()
    }

    /// Names a part of a file that is left out, once.
    pub(super) fn note_part(&self, file: u64, place: u64, damage: impl FnOnce() -> FileDamage) {
        let mut inner = self.inner.lock();
        if inner.parts.insert((file, place)) {
            let damage = damage();
            damage.tell();
            inner.note(damage);
        }
    }

    /// Whether a part of a file is left out.
    pub(super) fn has_part_of(&self, file: u64) -> bool {
        let inner = self.inner.lock();
        inner.parts.iter().any(|(id, _)| *id == file)
    }

    /// Names a file that is out of use.
    pub(super) fn note_file(&self, damage: FileDamage) {
        damage.tell();
        self.inner.lock().note(damage);
    }

    /// Gives a file a second name in the quarantine, which survives a power cut.
    pub(super) fn keep(&self, disk: &Disk, path: &Path) -> Result<PathBuf, StoreError> {
        let directory = &self.quarantine;
        std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::io("creating", directory, error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut kept_as = directory.join(&*name);
        for number in 1_u32.. {
            if !kept_as.exists() {
                break;
            }
            kept_as = directory.join(format!("{number}-{name}"));
        }
        disk.link(path, &kept_as)?;
        disk.sync_directory(directory)?;
        Ok(kept_as)
    }

    /// Moves a file into the quarantine.
    pub(super) fn set_aside(&self, disk: &Disk, path: &Path) -> Result<PathBuf, StoreError> {
        let kept_as = self.keep(disk, path)?;
        disk.remove(path)?;
        Ok(kept_as)
    }
}

impl Inner {
    fn note(&mut self, damage: FileDamage) {
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(damage);
        }
    }
}
