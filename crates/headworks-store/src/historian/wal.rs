//! The write-ahead log: what was appended since the last seal, frame by frame.
//!
//! A file holds one generation: the points of one memtable, as streams interleaved. It is deleted
//! when that memtable has become segment files.

mod follow;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bytes::{Damaged, Reader, to_u32, unzigzag};
use super::disk::Disk;
use super::stream::{Cursor, Point};
use crate::error::StoreError;

pub(super) use follow::{Follower, Next};

const MAGIC: &[u8; 8] = b"HWWAL001";
/// The newest version of the format; files of older ones are read.
pub(super) const VERSION: u32 = 1;
/// Magic, version, and the bits of the version inverted.
const HEADER_BYTES: usize = 16;
/// A log of this length has no samples.
pub(super) const EMPTY_BYTES: u64 = HEADER_BYTES as u64;
/// Length, its bits inverted, checksum of the payload.
const FRAME_BYTES: usize = 12;
/// Largest payload of a frame: far above any batch, small enough to be held twice.
pub(super) const PAYLOAD_MAX: usize = 256 << 20;

/// A generation that is being written.
pub(super) struct Wal {
    pub(super) generation: u64,
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    /// Bytes that are whole frames.
    pub(super) length: u64,
}

impl Wal {
    /// Creates the file of a generation.
    pub(super) fn create(
        disk: &Disk,
        directory: &Path,
        generation: u64,
    ) -> Result<Wal, StoreError> {
        let path = path_of(directory, generation);
        let file = disk.create(&path)?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&(!VERSION).to_le_bytes());
        disk.write(&file, &path, &header)?;
        Ok(Wal {
            generation,
            file: Arc::new(file),
            path,
            length: header.len() as u64,
        })
    }

    /// Writes the frame begun by [`begin_frame`] and completed by [`end_frame`].
    ///
    /// # Errors
    ///
    /// When the disk refuses it. The second value tells whether the file still ends with a whole
    /// frame; when it does not, nothing more may be written to it.
    pub(super) fn append(&mut self, disk: &Disk, frame: &[u8]) -> Result<(), (StoreError, bool)> {
        match disk.write(&self.file, &self.path, frame) {
            Ok(()) => {
                self.length += frame.len() as u64;
                Ok(())
            }
            Err(error) => {
                let healed = disk.truncate(&self.file, &self.path, self.length);
                Err((error, healed.is_ok()))
            }
        }
    }
}

/// Makes room for the frame's head at the start of `out`.
pub(super) fn begin_frame(out: &mut Vec<u8>) {
    out.clear();
    out.resize(FRAME_BYTES, 0);
}

/// Fills in the frame's head.
pub(super) fn end_frame(frame: &mut [u8]) {
    let (head, payload) = frame.split_at_mut(FRAME_BYTES);
    let length = to_u32(payload.len());
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..8].copy_from_slice(&(!length).to_le_bytes());
    head[8..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
}

/// Returns the file of a generation.
pub(super) fn path_of(directory: &Path, generation: u64) -> PathBuf {
    directory.join(format!("{generation:08}.wal"))
}

/// Returns the generations that have a file, oldest first.
pub(super) fn generations(directory: &Path) -> Result<Vec<u64>, StoreError> {
    let failed = |error| StoreError::io("reading", directory, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".wal"));
        found.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the generations of a directory, none when it is not there.
pub(super) fn generations_if_any(directory: &Path) -> Result<Vec<u64>, StoreError> {
    match directory.exists() {
        true => generations(directory),
        false => Ok(Vec::new()),
    }
}

/// How the reading of a generation ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After the last frame.
    Clean,
    /// Within the last frame: the process was stopped while it wrote, nothing acknowledged is
    /// lost. Bytes left out.
    Torn(u64),
    /// At a frame that is damaged while others follow: offset and reason.
    Damaged(u64, &'static str),
}

/// Gives every point of a generation to `sink`, in the order they were appended.
///
/// # Errors
///
/// When the file cannot be read or is of a newer version.
pub(super) fn replay(path: &Path, sink: &mut dyn FnMut(u32, Point)) -> Result<End, StoreError> {
    // A generation is bounded by its setting, so it is read in one piece.
    let bytes = std::fs::read(path).map_err(|error| StoreError::io("reading", path, error))?;
    let Some(header) = bytes.get(..HEADER_BYTES) else {
        return Ok(torn(&bytes, 0));
    };
    let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
    let inverted = u32::from_le_bytes([header[12], header[13], header[14], header[15]]);
    if &header[..8] != MAGIC || version != !inverted {
        return Ok(if header.iter().all(|&byte| byte == 0) {
            torn(&bytes, 0)
        } else {
            End::Damaged(0, "the header is not that of a write-ahead log")
        });
    }
    if VERSION < version {
        return Err(StoreError::TooNew {
            path: path.to_owned(),
            found: version,
            known: VERSION,
        });
    }
    Ok(replay_frames(&bytes, sink))
}

fn torn(bytes: &[u8], at: usize) -> End {
    match bytes.len() - at {
        0 => End::Clean,
        left => End::Torn(left as u64),
    }
}

fn replay_frames(bytes: &[u8], sink: &mut dyn FnMut(u32, Point)) -> End {
    let mut streams = Streams::default();
    let mut at = HEADER_BYTES;
    loop {
        let left = &bytes[at..];
        let payload = match next_frame(left) {
            Ok(Some(payload)) => payload,
            Ok(None) => return torn(bytes, at),
            Err(Damaged(reason)) => return End::Damaged(at as u64, reason),
        };
        // Decoded whole before anything is given out: a batch counts whole or not at all.
        match streams.read(payload) {
            Ok(points) => points.into_iter().for_each(|(tag, point)| sink(tag, point)),
            Err(Damaged(reason)) => return End::Damaged(at as u64, reason),
        }
        at += FRAME_BYTES + payload.len();
    }
}

/// Returns the payload of the first frame, or nothing when it ends within its writing.
fn next_frame(bytes: &[u8]) -> Result<Option<&[u8]>, Damaged> {
    // A power cut can leave a file that grew but whose bytes did not arrive.
    if bytes.len() < FRAME_BYTES || bytes.iter().take(4_096).all(|&byte| byte == 0) {
        return match bytes.iter().all(|&byte| byte == 0) || bytes.len() < FRAME_BYTES {
            true => Ok(None),
            false => Err(Damaged("zeros stand where a frame should begin")),
        };
    }
    let mut reader = Reader::new(bytes);
    let (length, inverted, crc) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if length != !inverted || PAYLOAD_MAX < length as usize {
        return Err(Damaged("the head of a frame is damaged"));
    }
    let Ok(payload) = reader.take(length.into()) else {
        return Ok(None);
    };
    if crc32fast::hash(payload) == crc {
        Ok(Some(payload))
    } else if reader.is_empty() && was_cut_short(payload) {
        Ok(None)
    } else {
        Err(Damaged("the checksum of a frame does not fit"))
    }
}

/// Whether the last frame of a file lacks what a power cut can take of it: whole sectors, which
/// read as zeros then. Without any it was whole once and may have been acknowledged.
fn was_cut_short(payload: &[u8]) -> bool {
    const SECTOR_BYTES: usize = 512;
    let zeros = payload.chunk_by(|a, b| a == b).filter(|run| run[0] == 0);
    let longest = zeros.map(<[u8]>::len).max().unwrap_or(0);
    let at_end = payload.iter().rev().take_while(|&&byte| byte == 0).count();
    SECTOR_BYTES <= longest || 0 < at_end
}

/// The streams of all tags, read side by side.
#[derive(Default)]
struct Streams {
    cursors: Vec<Cursor>,
    blobs: HashMap<u32, Arc<[u8]>>,
}

/// Bound on tag numbers of a log, so that a damaged one cannot take all memory.
const TAGS_MAX: i64 = 1 << 26;

impl Streams {
    fn read(&mut self, payload: &[u8]) -> Result<Vec<(u32, Point)>, Damaged> {
        let mut reader = Reader::new(payload);
        let mut points = Vec::new();
        let mut tag: i64 = 0;
        while !reader.is_empty() {
            tag = tag.wrapping_add(unzigzag(reader.varint()?));
            if !(0..TAGS_MAX).contains(&tag) {
                return Err(Damaged("the number of a tag is out of range"));
            }
            let number = u32::try_from(tag).unwrap_or(0);
            points.push((number, self.read_point(number, &mut reader)?));
        }
        Ok(points)
    }

    fn read_point(&mut self, tag: u32, reader: &mut Reader<'_>) -> Result<Point, Damaged> {
        let at = tag as usize;
        if self.cursors.len() <= at {
            self.cursors.resize(at + 1, Cursor::default());
        }
        let cursor = &mut self.cursors[at];
        let mut previous = if cursor.has_blobs() {
            self.blobs.remove(&tag)
        } else {
            None
        };
        let point = cursor.decode(reader, &mut previous)?;
        if let Some(blob) = previous {
            self.blobs.insert(tag, blob);
        }
        Ok(point)
    }
}

#[cfg(test)]
mod tests;
