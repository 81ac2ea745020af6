//! The files of all backups, each content once.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::manifest::{FileEntry, Manifest};
use crate::error::StoreError;

/// Bytes read at once.
const PIECE: usize = 1 << 18;

/// The directory `files/`, to which a backup adds.
pub(super) struct Pool {
    directory: PathBuf,
    /// Directories with new names in them.
    changed: BTreeSet<PathBuf>,
}

impl Pool {
    pub(super) fn open(backups: &Path) -> Result<Pool, StoreError> {
        let directory = backups.join("files");
        create_directory(&directory)?;
        let changed = BTreeSet::from([directory.clone(), backups.to_owned()]);
        Ok(Pool { directory, changed })
    }

    /// Takes a file in, unless it is known; returns what it is and whether it was copied.
    pub(super) fn take(
        &mut self,
        from: &Path,
        name: &str,
        known: Option<&Manifest>,
    ) -> Result<(FileEntry, bool), StoreError> {
        let path = from.join(name);
        let found = std::fs::metadata(&path).map_err(|e| StoreError::io("reading", &path, e))?;
        let (bytes, modified_us) = (found.len(), modified_us(&found));
        let same = |entry: &&FileEntry| {
            entry.path == name && entry.bytes == bytes && entry.modified_us == modified_us
        };
        // These are written once; the log and the database are read in any case.
        let is_fixed = name.starts_with("seg/") || name.starts_with("rollup/");
        let known = known.filter(|_| is_fixed);
        if let Some(entry) = known.and_then(|known| known.files.iter().find(same))
            && self.has(entry)
        {
            return Ok((entry.clone(), false));
        }
        let (sha256, bytes, copied) = self.copy(&path)?;
        let entry = FileEntry {
            path: name.to_owned(),
            bytes,
            sha256,
            modified_us,
        };
        Ok((entry, copied))
    }

    fn has(&self, entry: &FileEntry) -> bool {
        let path = place(&self.directory, &entry.sha256);
        std::fs::metadata(path).is_ok_and(|found| found.len() == entry.bytes)
    }

    /// Copies a file under the name of its content.
    fn copy(&mut self, from: &Path) -> Result<(String, u64, bool), StoreError> {
        let temporary = self.directory.join("new.tmp");
        let write_error = |error| StoreError::io("writing", &temporary, error);
        let source = File::open(from).map_err(|error| StoreError::io("reading", from, error))?;
        let mut target = create(&temporary).map_err(write_error)?;
        let (sha256, bytes) = pump(source, &mut target).map_err(write_error)?;
        let path = place(&self.directory, &sha256);
        if std::fs::metadata(&path).is_ok_and(|found| found.len() == bytes) {
            std::fs::remove_file(&temporary).map_err(write_error)?;
            return Ok((sha256, bytes, false));
        }
        let parent = path.parent().expect("it lies in a directory of files/");
        create_directory(parent)?;
        target
            .sync_all()
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(write_error)?;
        self.changed.insert(parent.to_owned());
        Ok((sha256, bytes, true))
    }

    /// Returns when all names survive a power cut.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.changed
            .iter()
            .try_for_each(|path| sync_directory(path))
    }
}

/// Returns the place of a content.
pub(super) fn place(files: &Path, sha256: &str) -> PathBuf {
    files.join(&sha256[..2]).join(sha256)
}

/// Copies all bytes; returns their hash and number.
pub(super) fn pump(mut from: impl Read, to: &mut dyn Write) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&piece[..count]);
        to.write_all(&piece[..count])?;
        bytes += count as u64;
    }
    let digits = hash.finalize();
    Ok((digits.iter().map(|b| format!("{b:02x}")).collect(), bytes))
}

/// Compares a file of a backup with what is said of it.
pub(super) fn check(backups: &Path, entry: &FileEntry) -> Result<(), String> {
    let path = place(&backups.join("files"), &entry.sha256);
    let read = File::open(&path).and_then(|file| pump(file, &mut io::sink()));
    let (sha256, bytes) = read.map_err(|error| format!("{}: {error}", path.display()))?;
    if (&sha256, bytes) != (&entry.sha256, entry.bytes) {
        return Err(format!("{} is not what was written", path.display()));
    }
    Ok(())
}

fn modified_us(found: &std::fs::Metadata) -> i64 {
    let since = found.modified().ok();
    let since = since.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |time| i64::try_from(time.as_micros()).unwrap_or(0))
}

/// Returns the names of the files in a directory in order; none when there is no directory.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::io("listing", directory, error);
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Creates a file, or empties one, for the owner alone: a backup holds what the store holds.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a directory for the owner alone, and those above it.
pub(super) fn create_directory(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| StoreError::io("creating", path, error))
}

/// Returns when a directory's names survive a power cut.
pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    // Windows cannot open a directory as a file and journals its entries by itself.
    if cfg!(windows) {
        return Ok(());
    }
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| StoreError::io("syncing", path, error))
}
