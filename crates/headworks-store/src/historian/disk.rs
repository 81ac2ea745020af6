//! The few file operations that the historian makes, each with an error that names the file.
//!
//! All changes of the disk go through here, so that tests can let any one of them fail.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::error::StoreError;

/// The file system, as far as the historian changes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    #[cfg(test)]
    pub(crate) faults: Option<std::sync::Arc<Faults>>,
}

impl Disk {
    /// Creates an empty file that is written at its end; one of that name is emptied.
    pub(super) fn create(&self, path: &Path) -> Result<File, StoreError> {
        self.step()
            .and_then(|()| {
                #[cfg(test)]
                if let Some(faults) = &self.faults {
                    faults.check_files()?;
                }
                let file = OpenOptions::new().create(true).append(true).open(path)?;
                file.set_len(0)?;
                Ok(file)
            })
            .map_err(|error| StoreError::io("creating", path, error))
    }

    /// Writes all bytes or fails, perhaps after having written some.
    pub(super) fn write(
        &self,
        mut file: &File,
        path: &Path,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let written = match self.step() {
            Ok(()) => self
                .take_room(bytes.len())
                .and_then(|()| file.write_all(bytes)),
            Err(error) => file.write_all(&bytes[..bytes.len() / 2]).and(Err(error)),
        };
        written.map_err(|error| StoreError::io("writing", path, error))
    }

    /// Returns when the file's bytes survive a power cut.
    pub(super) fn sync(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        self.step()
            .and_then(|()| file.sync_data())
            .map_err(|error| StoreError::io("syncing", path, error))
    }

    /// Returns when the directory's entries survive a power cut.
    pub(super) fn sync_directory(&self, path: &Path) -> Result<(), StoreError> {
        self.step()
            .and_then(|()| {
                // Windows cannot open a directory as a file and journals its entries by itself.
                if cfg!(unix) {
                    File::open(path)?.sync_all()
                } else {
                    Ok(())
                }
            })
            .map_err(|error| StoreError::io("syncing", path, error))
    }

    /// Cuts a file to a length.
    pub(super) fn truncate(&self, file: &File, path: &Path, length: u64) -> Result<(), StoreError> {
        self.step()
            .and_then(|()| {
                self.give_room(file.metadata()?.len().saturating_sub(length));
                file.set_len(length)
            })
            .map_err(|error| StoreError::io("truncating", path, error))
    }

    /// Gives a file another name in its directory.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.step()
            .and_then(|()| std::fs::rename(from, to))
            .map_err(|error| StoreError::io("renaming", from, error))
    }

    /// Gives a file a second name; copies it where the file system has no second names.
    pub(super) fn link(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let linked = self.step();
        let linked = linked.and_then(|()| match std::fs::hard_link(from, to) {
            Err(_) => std::fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()),
            linked => linked,
        });
        linked.map_err(|error| StoreError::io("keeping a copy of", from, error))
    }

    /// Removes a file; one that is not there is no error.
    pub(super) fn remove(&self, path: &Path) -> Result<(), StoreError> {
        let bytes = std::fs::metadata(path).map_or(0, |found| found.len());
        match self.step().and_then(|()| std::fs::remove_file(path)) {
            Ok(()) => {
                self.give_room(bytes);
                Ok(())
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("removing", path, error))
            }
            _ => Ok(()),
        }
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "tests let it fail"
    )]
    fn step(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "tests let a disk be small"
    )]
    fn take_room(&self, _bytes: usize) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests let a disk be small")]
    fn give_room(&self, _bytes: u64) {}

    #[cfg(test)]
    fn take_room(&self, bytes: usize) -> io::Result<()> {
        let Some(faults) = &self.faults else {
            return Ok(());
        };
        let mut room = faults.room.lock();
        if let Some(left) = *room {
            let left = left.checked_sub(bytes as u64);
            *room = Some(left.ok_or(io::ErrorKind::StorageFull)?);
        }
        Ok(())
    }

    #[cfg(test)]
    fn give_room(&self, bytes: u64) {
        if let Some(faults) = &self.faults {
            let mut room = faults.room.lock();
            *room = room.map(|left| left + bytes);
        }
    }

    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.step())
    }
}

/// Returns how many bytes a directory's disk has left for this process, where that is known.
pub(super) fn free_bytes(disk: &Disk, directory: &Path) -> Option<u64> {
    #[cfg(test)]
    if let Some(free) = disk.faults.as_ref().and_then(|faults| faults.free_bytes()) {
        return Some(free);
    }
    #[cfg(not(test))]
    let _ = disk;
    free_bytes_of(directory)
}

#[cfg(unix)]
fn free_bytes_of(directory: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(directory).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes_of(_directory: &Path) -> Option<u64> {
    None
}

/// Reads exactly `bytes` at `offset` without moving anything that readers share.
#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Reads exactly `bytes` at `offset`.
#[cfg(windows)]
pub(super) fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                bytes = &mut bytes[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

/// Lets operations fail: those numbered from `first` on, as long as `failing` is set.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) done: std::sync::atomic::AtomicU64,
    pub(crate) first: std::sync::atomic::AtomicU64,
    pub(crate) last: std::sync::atomic::AtomicU64,
    /// Room that the disk has left, if it is small.
    pub(crate) room: parking_lot::Mutex<Option<u64>>,
    /// Whether no file can be created.
    pub(crate) no_files: std::sync::atomic::AtomicBool,
}

#[cfg(test)]
impl Faults {
    fn check_files(&self) -> io::Result<()> {
        match self.no_files.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        *self.room.lock()
    }

    fn step(&self) -> io::Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        let number = self.done.fetch_add(1, SeqCst);
        if (self.first.load(SeqCst)..self.last.load(SeqCst)).contains(&number) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}
