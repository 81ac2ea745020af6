//! Room on the disk for getting out of a full disk.
//!
//! A log takes several times the room of the segment files made of it. When there is no room for
//! these, a file that was only there to take room goes; once the log is gone, it comes back.

use std::io::ErrorKind;

use super::Shared;
use crate::error::StoreError;
use crate::historian::disk::free_bytes;

/// The reserve is made when the disk has so many times its size.
const PLENTY: u64 = 8;
const CHUNK_BYTES: u64 = 1 << 20;

/// Whether an error says that the disk, or the share of it, is full.
pub(super) fn is_full(error: &StoreError) -> bool {
    let StoreError::Io { source, .. } = error else {
        return false;
    };
    matches!(
        source.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

impl Shared {
    /// Makes the reserve where it is missing and the disk has plenty of room.
    pub(super) fn hold_reserve(&self) -> Result<(), StoreError> {
        let bytes = self.options.reserve_bytes;
        let length = std::fs::metadata(&self.reserve).map_or(0, |found| found.len());
        let free = free_bytes(&self.disk, &self.segment_directory).unwrap_or(0);
        if bytes <= length || free / PLENTY < bytes {
            return Ok(());
        }
        let file = self.disk.create(&self.reserve)?;
        let chunk = vec![0; usize::try_from(CHUNK_BYTES.min(bytes)).unwrap_or(0)];
        let mut written = 0;
        while written < bytes {
            self.disk.write(&file, &self.reserve, &chunk)?;
            written += chunk.len() as u64;
        }
        Ok(())
    }

    /// Gives the reserve up; whether there was one.
    pub(super) fn release_reserve(&self) -> bool {
        if !self.reserve.exists() {
            return false;
        }
        match self.disk.remove(&self.reserve) {
            Ok(()) => {
                tracing::warn!(reserve = ?self.reserve, "the disk is full; using the reserve to \
                    turn the log into segment files");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the disk is full and the reserve cannot be used");
                false
            }
        }
    }

    /// Refuses to join files when the disk has no room for the new one and for what is appended
    /// meanwhile: the inputs stay until it is complete.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), StoreError> {
        let spare = self.options.wal_bytes_max + self.options.memory_bytes_max as u64;
        match free_bytes(&self.disk, &self.segment_directory) {
            Some(free) if free < needed.saturating_add(spare) => Err(StoreError::io(
                "making room to join files in",
                &self.segment_directory,
                std::io::Error::new(
                    ErrorKind::StorageFull,
                    format!("{needed} bytes and {spare} for the log are needed, {free} are free"),
                ),
            )),
            _ => Ok(()),
        }
    }
}
