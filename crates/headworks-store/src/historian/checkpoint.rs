//! The newest sample of every tag, kept beside the segment files, so that a start need not read
//! the index of years. It can be missing or damaged: then the start takes longer.

use std::path::{Path, PathBuf};

use super::bytes::{Damaged, Reader, put_varint, to_u32};
use super::disk::Disk;
use super::latest::Latest;
use super::stream::Cursor;
use crate::error::StoreError;

const MAGIC: &[u8; 8] = b"HWLAST01";

/// Writes the newest samples of all files up to a seal.
///
/// Not synced: after a power cut the checksum tells whether it arrived.
pub(super) fn write(
    disk: &Disk,
    directory: &Path,
    latest: &Latest,
    seal: u64,
) -> Result<(), StoreError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&seal.to_le_bytes());
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    let mut count = 0;
    for tag in 0..latest.tags() {
        if let Some(point) = latest.point(tag) {
            put_varint(tag.into(), &mut bytes);
            Cursor::default().encode(&point, None, &mut bytes);
            count += 1;
        }
    }
    bytes[start..start + 4].copy_from_slice(&to_u32(count).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    let path = path_of(directory);
    let temporary = path.with_extension("tmp");
    disk.write(&disk.create(&temporary)?, &temporary, &bytes)?;
    disk.rename(&temporary, &path)
}

/// Removes the list for good.
pub(super) fn remove(disk: &Disk, directory: &Path) -> Result<(), StoreError> {
    disk.remove(&path_of(directory))?;
    disk.sync_directory(directory)
}

/// Returns the newest samples and the seal up to which they stand, if they are there and sound.
pub(super) fn read(directory: &Path) -> Option<(Latest, u64)> {
    let bytes = std::fs::read(path_of(directory)).ok()?;
    match parse(&bytes) {
        Ok(found) => Some(found),
        Err(Damaged(reason)) => {
            tracing::warn!(file = ?path_of(directory), reason, "the list of newest samples is \
                made again from the segment files");
            None
        }
    }
}

/// Says what is wrong with the list, if anything.
pub(super) fn check(directory: &Path) -> Result<Result<(), &'static str>, StoreError> {
    let path = path_of(directory);
    let bytes = std::fs::read(&path).map_err(|error| StoreError::io("reading", &path, error))?;
    Ok(parse(&bytes).map(|_| ()).map_err(|Damaged(reason)| reason))
}

fn parse(bytes: &[u8]) -> Result<(Latest, u64), Damaged> {
    let (body, crc) = bytes
        .split_last_chunk::<4>()
        .ok_or(Damaged("the file is too short"))?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return Err(Damaged("the checksum does not fit"));
    }
    let mut reader = Reader::new(body);
    if &reader.array()? != MAGIC {
        return Err(Damaged("the header is not known"));
    }
    let seal = reader.u64()?;
    let mut latest = Latest::default();
    for _ in 0..reader.u32()? {
        let tag = u32::try_from(reader.varint()?).map_err(|_| Damaged("a tag is out of range"))?;
        let point = Cursor::default().decode(&mut reader, &mut None)?;
        latest.offer(tag, &point);
    }
    Ok((latest, seal))
}

fn path_of(directory: &Path) -> PathBuf {
    directory.join("latest.bin")
}
