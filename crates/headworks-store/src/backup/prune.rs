//! Which backups stay.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::manifest::{self, Manifest};
use super::{checks, files};
use crate::error::StoreError;

const DAY_US: i64 = 86_400_000_000;

/// How many backups are kept; a backup that one rule keeps stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The newest ones; at least one stays in any case.
    pub last: usize,
    /// The newest of each of the last days, UTC, that have one.
    pub daily: usize,
    /// The newest of each of the last weeks, UTC, Monday first, that have one.
    pub weekly: usize,
}

/// What went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pruned {
    /// Names of the backups that went.
    pub removed: Vec<String>,
    /// Files that no backup needs any more.
    pub files: u64,
    /// Bytes given back.
    pub freed_bytes: u64,
}

/// Removes the backups that are not `kept`, and the files that none of these needs.
pub(super) fn keep_only(
    directory: &Path,
    backups: &[Manifest],
    kept: &BTreeSet<&str>,
) -> Result<Pruned, StoreError> {
    let manifests = directory.join("backups");
    let mut pruned = Pruned::default();
    for backup in backups.iter().filter(|backup| !kept.contains(&*backup.id)) {
        manifest::remove(&manifests, &backup.id)?;
        checks::remove(&directory.join("checks"), &backup.id)?;
        pruned.removed.push(backup.id.clone());
    }
    if !pruned.removed.is_empty() {
        // Before the files go: a backup that comes back after a power cut must be whole.
        files::sync_directory(&manifests)?;
    }
    let stay = backups.iter().filter(|backup| kept.contains(&*backup.id));
    let needed: BTreeSet<&str> = stay
        .flat_map(|backup| &backup.files)
        .map(|file| file.sha256.as_str())
        .collect();
    sweep(&directory.join("files"), &needed, &mut pruned)?;
    Ok(pruned)
}

/// Returns the names of the backups that the rules keep; the backups are in order of time.
pub(super) fn kept<'a>(backups: &'a [Manifest], keep: &Keep) -> BTreeSet<&'a str> {
    let day = |backup: &Manifest| backup.created_us.div_euclid(DAY_US);
    // 1970-01-01 was a Thursday.
    let week = |backup: &Manifest| (day(backup) + 3).div_euclid(7);
    let newest = backups.iter().rev().take(keep.last.max(1));
    newest
        .chain(newest_of_each(backups, day, keep.daily))
        .chain(newest_of_each(backups, week, keep.weekly))
        .map(|backup| backup.id.as_str())
        .collect()
}

fn newest_of_each(
    backups: &[Manifest],
    period: impl Fn(&Manifest) -> i64,
    count: usize,
) -> impl Iterator<Item = &Manifest> {
    let mut last = None;
    let newest = backups.iter().rev().filter(move |backup| {
        let this = Some(period(backup));
        std::mem::replace(&mut last, this) != this
    });
    newest.take(count)
}

/// Removes the files that are not needed.
fn sweep(directory: &Path, needed: &BTreeSet<&str>, pruned: &mut Pruned) -> Result<(), StoreError> {
    for part in files::names(directory)? {
        let part = directory.join(part);
        if !part.is_dir() {
            continue;
        }
        for name in files::names(&part)? {
            if needed.contains(&*name) {
                continue;
            }
            let path = part.join(&name);
            let bytes = std::fs::metadata(&path).map_or(0, |found| found.len());
            std::fs::remove_file(&path)
                .map_err(|error| StoreError::io("removing", &path, error))?;
            pruned.files += 1;
            pruned.freed_bytes += bytes;
        }
    }
    Ok(())
}
