//! Reading a log that may still be written, frame by frame.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{FRAME_BYTES, HEADER_BYTES, MAGIC, PAYLOAD_MAX, Streams, VERSION, was_cut_short};
use crate::error::StoreError;
use crate::historian::bytes::{Damaged, Reader};
use crate::historian::disk::read_at;
use crate::historian::stream::Point;

/// The place of a reader in one generation.
pub(in crate::historian) struct Follower {
    file: File,
    path: PathBuf,
    streams: Streams,
    at: u64,
    header_damage: Option<Damaged>,
}

/// What comes next in a generation.
pub(in crate::historian) enum Next {
    /// A batch, as it was appended.
    Batch(Vec<(u32, Point)>),
    /// Nothing before the limit, or only a batch whose writing was cut short.
    End,
    /// Nothing that can be read from there on.
    Damaged(&'static str),
}

impl Follower {
    /// Opens a generation at its first frame.
    ///
    /// # Errors
    ///
    /// `TooNew`, or what the disk says.
    pub(in crate::historian) fn open(path: &Path) -> Result<Follower, StoreError> {
        let failed = |error| StoreError::io("reading", path, error);
        let file = File::open(path).map_err(failed)?;
        let mut header = [0; HEADER_BYTES];
        let is_whole = HEADER_BYTES as u64 <= file.metadata().map_err(failed)?.len();
        if is_whole {
            read_at(&file, &mut header, 0).map_err(failed)?;
        }
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        let inverted = u32::from_le_bytes([header[12], header[13], header[14], header[15]]);
        let is_sound = header.starts_with(MAGIC) && version == !inverted;
        if is_sound && VERSION < version {
            return Err(StoreError::TooNew {
                path: path.to_owned(),
                found: version,
                known: VERSION,
            });
        }
        Ok(Follower {
            file,
            path: path.to_owned(),
            streams: Streams::default(),
            at: HEADER_BYTES as u64,
            header_damage: (!is_sound && header.iter().any(|&byte| byte != 0))
                .then_some(Damaged("the header is not that of a write-ahead log")),
        })
    }

    /// What is wrong with the header, if anything; then nothing can be read.
    pub(in crate::historian) fn header_damage(&self) -> Option<Damaged> {
        self.header_damage
    }

    /// Where the next frame begins.
    pub(in crate::historian) fn at(&self) -> u64 {
        self.at
    }

    /// Length of the file at present.
    pub(in crate::historian) fn length(&self) -> Result<u64, StoreError> {
        let found = self.file.metadata();
        let found = found.map_err(|error| StoreError::io("reading", &self.path, error))?;
        Ok(found.len())
    }

    /// Reads the next frame if it ends at or before `limit`.
    pub(in crate::historian) fn next(&mut self, limit: u64) -> Result<Next, StoreError> {
        match self.payload(limit)? {
            Ok(None) => Ok(Next::End),
            Ok(Some(payload)) => match self.streams.read(&payload) {
                Ok(points) => {
                    self.at += (FRAME_BYTES + payload.len()) as u64;
                    Ok(Next::Batch(points))
                }
                Err(Damaged(reason)) => Ok(Next::Damaged(reason)),
            },
            Err(Damaged(reason)) => Ok(Next::Damaged(reason)),
        }
    }

    fn payload(&self, limit: u64) -> Result<Result<Option<Vec<u8>>, Damaged>, StoreError> {
        if let Some(damaged) = self.header_damage {
            return Ok(Err(damaged));
        }
        let start = self.at + FRAME_BYTES as u64;
        if limit < start {
            return Ok(Ok(None));
        }
        let mut head = [0; FRAME_BYTES];
        self.read(&mut head, self.at)?;
        let (length, crc) = match parse_head(&head) {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Ok(None)),
            Err(damaged) => return Ok(Err(damaged)),
        };
        let end = start + u64::from(length);
        if limit < end {
            return Ok(Ok(None));
        }
        let mut payload = vec![0; length as usize];
        self.read(&mut payload, start)?;
        Ok(if crc32fast::hash(&payload) == crc {
            Ok(Some(payload))
        } else if end == limit && was_cut_short(&payload) {
            Ok(None)
        } else {
            Err(Damaged("the checksum of a frame does not fit"))
        })
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> Result<(), StoreError> {
        read_at(&self.file, bytes, offset)
            .map_err(|error| StoreError::io("reading", &self.path, error))
    }
}

/// Returns length and checksum of a payload; nothing for zeros, which were never written.
fn parse_head(head: &[u8; FRAME_BYTES]) -> Result<Option<(u32, u32)>, Damaged> {
    if head.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    let mut reader = Reader::new(head);
    let (length, inverted, crc) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if length != !inverted || PAYLOAD_MAX < length as usize {
        return Err(Damaged("the head of a frame is damaged"));
    }
    Ok(Some((length, crc)))
}
