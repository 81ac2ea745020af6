//! The log for another store: what was appended, in order, until that store has it.
//!
//! Sealed generations of the log are not removed but moved to a folder of their own. Whoever
//! forwards reads batch after batch, each with the position after it, and says how far the other
//! store has come; what is before that goes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use headworks_core::{TagIndex, Update};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{EmbeddedHistorian, Shared};
use crate::error::StoreError;
use crate::historian::wal::{self, Follower, Next};

/// A place between two batches of the log; the default is before all of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct LogPosition {
    /// Number of the log file.
    pub generation: u64,
    /// Bytes before the place.
    pub offset: u64,
}

impl LogPosition {
    pub(super) fn start_of(generation: u64) -> LogPosition {
        LogPosition {
            generation,
            offset: 0,
        }
    }
}

/// A batch as it was appended.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBatch {
    /// Its samples in their order.
    pub updates: Vec<Update>,
    /// The place after it.
    pub after: LogPosition,
}

/// Figures of the log that is kept for another store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ForwardStats {
    /// Sealed log files that wait.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes they may have.
    pub bytes_max: u64,
    /// Files that were dropped since the start because they were more than that.
    pub dropped_files: u64,
    /// Samples in them that had not been forwarded.
    pub dropped_samples: u64,
    /// Files since the start of which a part could not be read.
    pub damaged_files: u64,
    /// How far the other store has come, as far as this process was told.
    pub forwarded: LogPosition,
}

/// What is known of the log that is kept.
#[derive(Default)]
pub(super) struct Forward {
    dropped_files: u64,
    dropped_samples: u64,
    damaged_files: u64,
    forwarded: LogPosition,
}

/// Reads the log from a position on; see [`EmbeddedHistorian::log_reader`].
pub struct LogReader {
    shared: Arc<Shared>,
    position: LogPosition,
    follower: Option<Follower>,
}

/// How much of a generation may be read.
enum Extent {
    /// Up to an offset; more may follow.
    Open(u64),
    /// All of it; nothing follows.
    Whole,
}

impl EmbeddedHistorian {
    /// Returns a reader of the log behind a position. It gives what survives a power cut: a
    /// batch appears after its group commit. Where files before the position were dropped, it
    /// goes on with the oldest one there is.
    ///
    /// # Errors
    ///
    /// When the log is not kept, see [`super::HistorianOptions::forward_bytes_max`].
    pub fn log_reader(&self, position: LogPosition) -> Result<LogReader, StoreError> {
        if self.shared.options.forward_bytes_max == 0 {
            return Err(StoreError::Query {
                field: "forward_bytes_max",
                reason: "the log is not kept for another store; set it above 0".into(),
            });
        }
        Ok(LogReader {
            shared: Arc::clone(&self.shared),
            position,
            follower: None,
        })
    }

    /// Says that another store has everything before a position; the files of it go.
    ///
    /// # Errors
    ///
    /// When the disk refuses to remove a file; it is tried again the next time.
    pub fn forwarded(&self, position: LogPosition) -> Result<(), StoreError> {
        let mut forward = self.shared.forward.lock();
        forward.forwarded = forward.forwarded.max(position);
        let directory = &self.shared.forward_directory;
        for generation in wal::generations_if_any(directory)? {
            let path = wal::path_of(directory, generation);
            let is_done = match generation.cmp(&position.generation) {
                std::cmp::Ordering::Less => true,
                std::cmp::Ordering::Equal => length(&path)? <= position.offset,
                std::cmp::Ordering::Greater => false,
            };
            if is_done {
                self.shared.disk.remove(&path)?;
            }
        }
        Ok(())
    }

    /// Returns the figures of the log that is kept for another store.
    ///
    /// # Errors
    ///
    /// When its folder cannot be read.
    pub fn forward_stats(&self) -> Result<ForwardStats, StoreError> {
        let forward = self.shared.forward.lock();
        let files = kept(&self.shared.forward_directory)?;
        Ok(ForwardStats {
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
            bytes_max: self.shared.options.forward_bytes_max,
            dropped_files: forward.dropped_files,
            dropped_samples: forward.dropped_samples,
            damaged_files: forward.damaged_files,
            forwarded: forward.forwarded,
        })
    }
}

impl LogReader {
    /// Returns the place after the last batch given.
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// Returns the next batch, or nothing when there is none yet; ask again after a while.
    ///
    /// # Errors
    ///
    /// What the disk says. A damaged file is no error: its sound part is given, then the next
    /// file; it is named in the log and counted.
    pub fn next_batch(&mut self) -> Result<Option<LogBatch>, StoreError> {
        while self.open()? {
            let Some(follower) = &mut self.follower else {
                break;
            };
            // First whether the file is complete, then its length.
            let extent = self.shared.extent(self.position.generation);
            let limit = match extent {
                Extent::Open(offset) => offset,
                Extent::Whole => follower.length()?,
            };
            match follower.next(limit)? {
                Next::Batch(points) => {
                    let offset = follower.at();
                    // Batches before the position are read for what later ones build on.
                    if offset <= self.position.offset {
                        continue;
                    }
                    self.position.offset = offset;
                    return Ok(Some(self.batch(points)));
                }
                Next::Damaged(reason) => self.note_damaged(reason),
                Next::End => {}
            }
            if matches!(extent, Extent::Open(_)) || !self.go_on()? {
                break;
            }
        }
        Ok(None)
    }

    fn batch(&self, points: Vec<(u32, crate::historian::stream::Point)>) -> LogBatch {
        let update = |(tag, point): (u32, crate::historian::stream::Point)| Update {
            tag: TagIndex(tag),
            sample: point.into_sample(),
        };
        LogBatch {
            updates: points.into_iter().map(update).collect(),
            after: self.position,
        }
    }

    fn note_damaged(&self, reason: &str) {
        let LogPosition { generation, offset } = self.position;
        self.shared.forward.lock().damaged_files += 1;
        tracing::error!(
            generation,
            offset,
            reason,
            "the rest of a log file cannot be read and is \
            not forwarded; its samples are in the segment files"
        );
    }

    /// Opens the generation of the position, or the next one there is; whether there is one.
    fn open(&mut self) -> Result<bool, StoreError> {
        if self.follower.is_some() {
            return Ok(true);
        }
        let Some(generation) = self.shared.log_from(self.position.generation)? else {
            return Ok(false);
        };
        if generation != self.position.generation {
            self.position = LogPosition::start_of(generation);
        }
        self.follower = Some(self.shared.follow(generation)?);
        Ok(true)
    }

    /// Goes to the next generation; whether there is one.
    fn go_on(&mut self) -> Result<bool, StoreError> {
        let next = self.shared.log_from(self.position.generation + 1)?;
        let Some(generation) = next else {
            return Ok(false);
        };
        self.follower = Some(self.shared.follow(generation)?);
        self.position = LogPosition::start_of(generation);
        Ok(true)
    }
}

impl Shared {
    /// Returns how much of a generation survives a power cut.
    fn extent(&self, generation: u64) -> Extent {
        if generation <= self.signal.lock().sealed {
            return Extent::Whole;
        }
        let durable = *self.durable.lock();
        match generation.cmp(&durable.generation) {
            std::cmp::Ordering::Less => Extent::Whole,
            std::cmp::Ordering::Equal => Extent::Open(durable.offset),
            std::cmp::Ordering::Greater => Extent::Open(0),
        }
    }

    /// Returns the first log from a generation on, sealed or not.
    fn log_from(&self, generation: u64) -> Result<Option<u64>, StoreError> {
        let live = wal::generations(&self.wal_directory)?;
        let sealed = wal::generations_if_any(&self.forward_directory)?;
        let all = live.into_iter().chain(sealed);
        Ok(all.filter(|&found| generation <= found).min())
    }

    fn follow(&self, generation: u64) -> Result<Follower, StoreError> {
        match Follower::open(&wal::path_of(&self.wal_directory, generation)) {
            // It moves from the first folder to the second, never back.
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Follower::open(&wal::path_of(&self.forward_directory, generation))
            }
            result => result,
        }
    }

    /// Removes a log whose points are in files, or moves it to where it waits to be forwarded.
    pub(super) fn give_up_log(&self, generation: u64) -> Result<(), StoreError> {
        let path = wal::path_of(&self.wal_directory, generation);
        if self.options.forward_bytes_max == 0 || length(&path)? <= wal::EMPTY_BYTES {
            return self.disk.remove(&path);
        }
        let directory = &self.forward_directory;
        std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::io("creating", directory, error))?;
        // A seal may be faster than the group commit.
        let file = std::fs::File::open(&path);
        let file = file.map_err(|error| StoreError::io("opening", &path, error))?;
        self.disk.sync(&file, &path)?;
        self.disk
            .rename(&path, &wal::path_of(directory, generation))?;
        self.disk.sync_directory(directory)?;
        self.bound_forward()
    }

    /// Drops the oldest logs while all together are more than may wait.
    fn bound_forward(&self) -> Result<(), StoreError> {
        let mut files = kept(&self.forward_directory)?;
        files.reverse();
        while self.options.forward_bytes_max < files.iter().map(|file| file.bytes).sum() {
            let Some(oldest) = files.pop() else { break };
            self.drop_forward(&oldest)?;
        }
        Ok(())
    }

    fn drop_forward(&self, oldest: &Kept) -> Result<(), StoreError> {
        let started = Instant::now();
        let forwarded = self.forward.lock().forwarded;
        let from = match forwarded.generation.cmp(&oldest.generation) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => forwarded.offset,
            std::cmp::Ordering::Greater => u64::MAX,
        };
        let samples = count_from(&oldest.path, from)?;
        self.disk.remove(&oldest.path)?;
        let mut forward = self.forward.lock();
        forward.dropped_files += 1;
        forward.dropped_samples += samples;
        let elapsed_ms = started.elapsed().as_millis();
        tracing::warn!(file = ?oldest.path, samples, elapsed_ms, "dropped the oldest log that \
            waits to be forwarded: more bytes than may wait; the samples are in the segment files");
        Ok(())
    }
}

/// A log that waits.
struct Kept {
    generation: u64,
    path: PathBuf,
    bytes: u64,
}

/// Returns the logs that wait, oldest first.
fn kept(directory: &Path) -> Result<Vec<Kept>, StoreError> {
    let mut files = Vec::new();
    for generation in wal::generations_if_any(directory)? {
        let path = wal::path_of(directory, generation);
        let bytes = length(&path)?;
        files.push(Kept {
            generation,
            path,
            bytes,
        });
    }
    Ok(files)
}

/// Returns the length of a file, 0 when it is not there.
fn length(path: &Path) -> Result<u64, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(StoreError::io("reading", path, error)),
    }
}

/// Counts the samples behind an offset.
fn count_from(path: &Path, offset: u64) -> Result<u64, StoreError> {
    let mut follower = Follower::open(path)?;
    let length = follower.length()?;
    let mut samples = 0;
    while offset < length
        && let Next::Batch(points) = follower.next(length)?
    {
        if offset < follower.at() {
            samples += points.len() as u64;
        }
    }
    Ok(samples)
}

/// A place that changes with each sync.
pub(super) type Durable = Mutex<LogPosition>;
