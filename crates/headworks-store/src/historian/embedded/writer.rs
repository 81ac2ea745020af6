//! Appending: one batch becomes one frame of the log, then points in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use headworks_core::Update;
use parking_lot::Mutex;

use super::reserve::is_full;
use super::{LogPosition, Sealing, Shared, Signal};
use crate::error::StoreError;
use crate::historian::Ack;
use crate::historian::bytes::{put_varint, zigzag};
use crate::historian::stream::{Cursor, Point, Raw};
use crate::historian::wal::{PAYLOAD_MAX, Wal, begin_frame, end_frame};

/// Buffers of a batch that grew beyond this are given back.
const KEPT_BYTES: usize = 1 << 20;
const KEPT_POINTS: usize = 16_384;

/// The end of the log and what is needed to write to it.
pub(super) struct Writer {
    wal: Wal,
    cursors: Vec<Cursor>,
    blobs: HashMap<u32, Arc<[u8]>>,
    frame: Vec<u8>,
    touched: Vec<Touched>,
    /// When the first sample of the generation came.
    since: Option<Instant>,
    unsynced: bool,
    /// Generations that are being sealed and were not synced yet.
    old: Vec<SyncFile>,
    poison: Option<Poison>,
    /// Whether the last batch did not fit on the disk.
    full: bool,
    closed: bool,
}

/// A point of the batch under way.
struct Touched {
    start: usize,
    end: usize,
    is_next: bool,
    before: Cursor,
}

/// A file that waits for a group commit.
#[derive(Clone)]
pub(super) struct SyncFile {
    pub(super) generation: u64,
    pub(super) file: Arc<std::fs::File>,
    pub(super) path: std::path::PathBuf,
    /// Bytes that are whole frames.
    pub(super) length: u64,
}

impl SyncFile {
    /// Returns the place up to which a sync makes the log durable.
    pub(super) fn end(&self) -> LogPosition {
        LogPosition {
            generation: self.generation,
            offset: self.length,
        }
    }
}

/// A generation whose file cannot be trusted any more. Its points are still in memory; the
/// writer starts again when they have become segments.
struct Poison {
    generation: u64,
    error: StoreError,
}

impl Writer {
    pub(super) fn new(wal: Wal) -> Writer {
        Writer {
            wal,
            cursors: Vec::new(),
            blobs: HashMap::new(),
            frame: Vec::new(),
            touched: Vec::new(),
            since: None,
            unsynced: false,
            old: Vec::new(),
            poison: None,
            full: false,
            closed: false,
        }
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn poison(&mut self, generation: u64, error: &StoreError) {
        tracing::error!(%error, "the write-ahead log cannot be trusted; sealing what is in memory");
        self.poison = Some(Poison {
            generation,
            error: error.again(),
        });
    }

    /// Whether the disk had no room for the last batch.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the points in memory must become files before anything can be appended.
    pub(super) fn must_seal(&self) -> bool {
        let poison = self.poison.as_ref();
        poison.is_some_and(|poison| self.wal.generation <= poison.generation)
    }

    /// Ends a poisoning whose points are in files, else refuses.
    fn check_poison(&mut self, signal: &Mutex<Signal>) -> Result<(), StoreError> {
        if let Some(poison) = &self.poison {
            if signal.lock().sealed < poison.generation {
                return Err(poison.error.again());
            }
            tracing::info!("the write-ahead log is sound again");
            self.poison = None;
        }
        Ok(())
    }

    /// Whether the generation is older than `age`.
    pub(super) fn is_older(&self, age: std::time::Duration) -> bool {
        self.since.is_some_and(|since| age <= since.elapsed())
    }

    /// Refuses while the log cannot be trusted.
    fn check(&mut self, signal: &Mutex<Signal>) -> Result<(), StoreError> {
        if self.closed {
            let reason = std::io::Error::other("the historian is closed");
            return Err(StoreError::io("writing", &self.wal.path, reason));
        }
        self.check_poison(signal)
    }

    /// Returns the files that need a sync and forgets that they do.
    pub(super) fn take_unsynced(
        &mut self,
        signal: &Mutex<Signal>,
    ) -> Result<Vec<SyncFile>, StoreError> {
        self.check_poison(signal)?;
        let mut files = std::mem::take(&mut self.old);
        let sealed = signal.lock().sealed;
        files.retain(|wal| sealed < wal.generation);
        if std::mem::take(&mut self.unsynced) {
            files.push(self.sync_file());
        }
        Ok(files)
    }

    fn sync_file(&self) -> SyncFile {
        SyncFile {
            generation: self.wal.generation,
            file: Arc::clone(&self.wal.file),
            path: self.wal.path.clone(),
            length: self.wal.length,
        }
    }

    fn encode(&mut self, batch: &[Update]) {
        begin_frame(&mut self.frame);
        self.touched.clear();
        let mut before = 0;
        for update in batch {
            let tag = i64::from(update.tag.0);
            put_varint(zigzag(tag - before), &mut self.frame);
            before = tag;
            self.encode_point(update);
        }
        end_frame(&mut self.frame);
    }

    #[inline]
    fn encode_point(&mut self, update: &Update) {
        let (tag, at) = (update.tag.0, update.tag.as_usize());
        if self.cursors.len() <= at {
            self.cursors.resize(at + 1, Cursor::default());
        }
        let cursor = &mut self.cursors[at];
        let point = point_of(update);
        let start = self.frame.len();
        let (before, is_next) = (*cursor, cursor.is_next(point.time_us));
        let previous = if cursor.has_blobs() {
            self.blobs.get(&tag)
        } else {
            None
        };
        cursor.encode(&point, previous.map(|blob| &blob[..]), &mut self.frame);
        if let Raw::Blob(_, blob) = point.value {
            self.blobs.insert(tag, blob);
        }
        self.touched.push(Touched {
            start,
            end: self.frame.len(),
            is_next,
            before,
        });
    }

    /// Undoes [`Writer::encode`].
    fn roll_back(&mut self, batch: &[Update]) {
        for (update, touched) in batch.iter().zip(&self.touched).rev() {
            self.cursors[update.tag.as_usize()] = touched.before;
            // Without it the next string is written in full, which is always right.
            self.blobs.remove(&update.tag.0);
        }
    }

    fn give_back(&mut self) {
        if KEPT_BYTES < self.frame.capacity() {
            self.frame = Vec::new();
        }
        if KEPT_POINTS < self.touched.capacity() {
            self.touched = Vec::new();
        }
    }
}

fn point_of(update: &Update) -> Point {
    Point {
        time_us: update.sample.time_us,
        quality: update.sample.quality.code(),
        value: Raw::of(&update.sample),
    }
}

impl Shared {
    pub(super) fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        check_batch(batch)?;
        let mut writer = self.writer.lock();
        writer.check(&self.signal)?;
        self.make_room(&mut writer)?;
        writer.encode(batch);
        let result = self.write(&mut writer);
        match &result {
            Ok(_) => self.publish(&mut writer, batch),
            Err(_) => writer.roll_back(batch),
        }
        writer.give_back();
        result
    }

    fn write(&self, writer: &mut Writer) -> Result<Ack, StoreError> {
        if PAYLOAD_MAX < writer.frame.len() {
            return Err(StoreError::Query {
                field: "batch",
                reason: format!("more than {PAYLOAD_MAX} bytes; append it in parts"),
            });
        }
        writer.full = false;
        if let Err((error, healed)) = writer.wal.append(&self.disk, &writer.frame) {
            writer.full = is_full(&error);
            if !healed {
                writer.poison(writer.wal.generation, &error);
            }
            return Err(error);
        }
        if !self.options.group_commit.is_zero() {
            writer.unsynced = true;
            return Ok(Ack::Buffered);
        }
        let synced = self
            .disk
            .sync(&writer.wal.file, &writer.wal.path)
            .and_then(|()| self.sync_name(writer));
        if let Err(error) = synced {
            writer.poison(writer.wal.generation, &error);
            return Err(error);
        }
        self.note_durable(writer.sync_file().end());
        Ok(Ack::Durable)
    }

    /// Makes the name of a new file survive a power cut, once.
    fn sync_name(&self, writer: &Writer) -> Result<(), StoreError> {
        match writer.since {
            Some(_) => Ok(()),
            None => self.disk.sync_directory(&self.wal_directory),
        }
    }

    /// Shows an acknowledged batch to readers.
    fn publish(&self, writer: &mut Writer, batch: &[Update]) {
        let mut tables = self.tables.write();
        for (update, touched) in batch.iter().zip(&writer.touched) {
            let bytes = &writer.frame[touched.start..touched.end];
            let time_us = update.sample.time_us;
            tables.active.append(update.tag.0, bytes, touched.is_next);
            tables.active.note_time(time_us);
            tables.latest.offer(update.tag.0, &point_of(update));
        }
        writer.since.get_or_insert_with(Instant::now);
        self.wal_bytes.store(writer.wal.length, Ordering::Relaxed);
        self.appended
            .fetch_add(batch.len() as u64, Ordering::Relaxed);
    }

    /// Starts a seal when one is due; waits for the one under way only when memory is exhausted.
    fn make_room(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let load = self.load(writer);
        if load < 1.0 {
            return Ok(());
        }
        if self.signal.lock().to_seal.is_some() {
            if load < 2.0 {
                return Ok(());
            }
            self.wait_for_seal(Instant::now() + SEAL_PATIENCE)?;
        }
        match self.freeze(writer) {
            // A full disk may still have room for a batch, if not for a new file.
            Err(error) if load < 2.0 => {
                tracing::warn!(%error, "cannot start a seal now");
                Ok(())
            }
            result => result,
        }
    }

    /// How much of the budget is used; at 1 a seal begins, at 2 writers wait.
    #[expect(clippy::cast_precision_loss, reason = "a ratio of sizes")]
    fn load(&self, writer: &Writer) -> f64 {
        let memory = self.tables.read().active.bytes() as f64;
        let wal = writer.wal.length as f64;
        (memory / self.options.memory_bytes_max as f64).max(wal / self.options.wal_bytes_max as f64)
    }

    /// Starts a new generation and hands the points of this one to the sealing thread.
    ///
    /// # Panics
    ///
    /// When a seal is under way: the caller waits for it first.
    pub(super) fn freeze(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let generation = writer.wal.generation;
        let create = || Wal::create(&self.disk, &self.wal_directory, generation + 1);
        let next = match create() {
            Err(error) if is_full(&error) && self.release_reserve() => create()?,
            created => created?,
        };
        if writer.unsynced {
            let file = writer.sync_file();
            writer.old.push(file);
            writer.unsynced = false;
        }
        writer.wal = next;
        self.wal_bytes.store(writer.wal.length, Ordering::Relaxed);
        writer.cursors.fill(Cursor::default());
        writer.blobs.clear();
        writer.since = None;
        let mut tables = self.tables.write();
        let sealing = Arc::new(Sealing {
            table: std::mem::take(&mut tables.active),
            generation,
        });
        let before = tables.sealing.replace(Arc::clone(&sealing));
        assert!(before.is_none(), "one seal at a time");
        drop(tables);
        self.signal.lock().to_seal = Some(sealing);
        self.changed.notify_all();
        Ok(())
    }
}

/// How long a writer waits for a slow disk before it says so: long enough to slow a fast writer
/// down, short enough that the batches that wait behind it fit in the queues before the store.
const SEAL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Refuses what cannot be kept.
fn check_batch(batch: &[Update]) -> Result<(), StoreError> {
    let lost = |update: &&Update| update.sample.value.is_none() && !update.sample.quality.is_bad();
    match batch.iter().find(lost) {
        None => Ok(()),
        Some(update) => Err(StoreError::Query {
            field: "batch",
            reason: format!(
                "the sample of tag {} at {} us is {} but has no value",
                update.tag.0, update.sample.time_us, update.sample.quality
            ),
        }),
    }
}
