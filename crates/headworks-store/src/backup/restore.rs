//! From a backup to a data directory.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::files;
use super::manifest::{FileEntry, Manifest};
use crate::error::StoreError;
use crate::lock::DirectoryLock;

/// Makes the data directory `target`.
pub(super) fn restore(
    backups: &Path,
    manifest: &Manifest,
    target: &Path,
    replace: bool,
) -> Result<Option<PathBuf>, StoreError> {
    files::create_directory(target)?;
    let _locks = [
        DirectoryLock::take(target, "headworks.lock")?,
        DirectoryLock::take(target, "historian.lock")?,
    ];
    let present = present(target)?;
    if !present.is_empty() && !replace {
        return Err(StoreError::Query {
            field: "target",
            reason: format!(
                "{} is not empty, it has {}; choose another directory or say that the data there \
                 are to be replaced",
                target.display(),
                present.join(", ")
            ),
        });
    }
    let incoming = target.join("restoring");
    if let Err(error) = std::fs::remove_dir_all(&incoming)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(StoreError::io("removing", &incoming, error));
    }
    for entry in &manifest.files {
        bring(backups, entry, &incoming)?;
    }
    let aside = put_aside(target, &present, &manifest.id)?;
    move_all(&incoming, target, &files::names(&incoming)?)?;
    std::fs::remove_dir(&incoming).map_err(|error| StoreError::io("removing", &incoming, error))?;
    files::sync_directory(target)?;
    Ok(aside)
}

/// Returns what lies in the target, without locks, what an earlier attempt left, and the keys of
/// the machine, which no backup has.
fn present(target: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = files::names(target)?;
    names.retain(|name| {
        !matches!(
            name.as_str(),
            "headworks.lock" | "historian.lock" | "restoring" | "master.key" | "tls"
        )
    });
    Ok(names)
}

/// Copies a file of a backup, checked while it is read.
fn bring(backups: &Path, entry: &FileEntry, to: &Path) -> Result<(), StoreError> {
    let from = files::place(&backups.join("files"), &entry.sha256);
    let path = to.join(&entry.path);
    let parent = path.parent().expect("it lies in a directory");
    files::create_directory(parent)?;
    let source = File::open(&from).map_err(|error| StoreError::io("reading", &from, error))?;
    let write = || {
        let mut file = files::create(&path)?;
        let (sha256, _) = files::pump(source, &mut file)?;
        file.sync_all()?;
        Ok(sha256)
    };
    let sha256 = write().map_err(|error| StoreError::io("writing", &path, error))?;
    if sha256 != entry.sha256 {
        return Err(StoreError::Corrupt {
            path: from,
            reason: "it is not what was written; restore another backup".to_owned(),
        });
    }
    files::sync_directory(parent)
}

/// Moves the data that were there to a directory of their own.
fn put_aside(target: &Path, names: &[String], id: &str) -> Result<Option<PathBuf>, StoreError> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut aside = target.join(format!("before-{id}"));
    let mut count = 1;
    while aside.exists() {
        count += 1;
        aside = target.join(format!("before-{id}-{count}"));
    }
    files::create_directory(&aside)?;
    move_all(target, &aside, names)?;
    Ok(Some(aside))
}

fn move_all(from: &Path, to: &Path, names: &[String]) -> Result<(), StoreError> {
    names.iter().try_for_each(|name| {
        let path = from.join(name);
        std::fs::rename(&path, to.join(name))
            .map_err(|error| StoreError::io("moving", &path, error))
    })
}
