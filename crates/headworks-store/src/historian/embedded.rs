//! The embedded historian: a write-ahead log, samples in memory, segment files.

mod background;
mod compact;
mod delete;
mod forward;
mod open;
mod reserve;
mod retain;
mod seal;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::{Sample, TagIndex, Update};
use jiff::tz::TimeZone;
use parking_lot::{Condvar, Mutex, RwLock};

use super::catalog::Catalog;
use super::damage::FileDamage;
use super::disk::Disk;
use super::latest::Latest;
use super::memtable::{Memtable, Stream};
use super::query::{Memory, Query};
use super::rollup::Rollups;
use super::upkeep::report;
use super::{
    Ack, Bucket, BucketQuery, Chunk, FORWARD_FILE, Historian, HistorianStats, RangeQuery,
    ReadStats, Retention, Tier, TierReport, TimeRange, Upkeep,
};
use crate::error::StoreError;
use crate::lock::DirectoryLock;
use writer::{SyncFile, Writer};

pub use forward::{ForwardStats, LogBatch, LogPosition, LogReader};

/// How the embedded historian weighs safety, memory and the size of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct HistorianOptions {
    /// Longest time from a batch to its survival of a power cut; zero makes every batch wait for
    /// the disk. The end of the process never costs a batch.
    pub group_commit: Duration,
    /// Size of the write-ahead log that starts a seal, in bytes.
    pub wal_bytes_max: u64,
    /// Memory of samples that starts a seal, in bytes. Up to three times as much is held while a
    /// seal is slower than what arrives; then writers wait.
    pub memory_bytes_max: usize,
    /// Age of the oldest sample in memory that starts a seal.
    pub seal_age_max: Duration,
    /// Memory for the index of segment files, in bytes.
    pub cache_bytes_max: usize,
    /// Bytes of sealed logs that are kept for another store, see
    /// [`EmbeddedHistorian::log_reader`]; when there are more, the oldest are dropped and counted.
    /// 0 keeps none.
    pub forward_bytes_max: u64,
    /// Bytes of the disk that are kept for a seal when the disk is full: then what is in the log,
    /// which is several times larger, can become segment files. 0 keeps none.
    pub reserve_bytes: u64,
    /// Zone of the days and weeks that are rolled up.
    pub time_zone: TimeZone,
}

impl Default for HistorianOptions {
    fn default() -> HistorianOptions {
        HistorianOptions {
            group_commit: Duration::from_secs(1),
            wal_bytes_max: 64 << 20,
            memory_bytes_max: 24 << 20,
            seal_age_max: Duration::from_secs(3_600),
            cache_bytes_max: 8 << 20,
            forward_bytes_max: 0,
            reserve_bytes: 0,
            time_zone: TimeZone::UTC,
        }
    }
}

/// Keeps samples in files of one directory; see `docs/operating/historian-format.md`.
pub struct EmbeddedHistorian {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    _lock: DirectoryLock,
}

/// What callers and the background threads share. Locks are taken in the order of the fields.
struct Shared {
    options: HistorianOptions,
    disk: Disk,
    wal_directory: PathBuf,
    segment_directory: PathBuf,
    forward_directory: PathBuf,
    reserve: PathBuf,
    /// Held while files are joined, rewritten or dropped: one such job at a time.
    upkeep: Mutex<upkeep::Progress>,
    /// Held while files are synced, so that who waits for a sync waits for the one under way; the
    /// last generation whose file name is synced.
    sync: Mutex<u64>,
    writer: Mutex<Writer>,
    tables: RwLock<Tables>,
    signal: Mutex<Signal>,
    changed: Condvar,
    /// How much of the log survives a power cut; what is before its generation does.
    durable: forward::Durable,
    forward: Mutex<forward::Forward>,
    /// Newest samples in the files.
    sealed_latest: Mutex<Latest>,
    catalog: Catalog,
    rollups: Rollups,
    /// Size of the log, kept apart so that whoever asks need not wait for a writer.
    wal_bytes: AtomicU64,
    appended: AtomicU64,
    dropped: AtomicU64,
    sync_us: AtomicU64,
    /// Why the last append failed, until one succeeds.
    refusal: Mutex<Option<String>>,
}

/// What readers see besides the files.
#[derive(Default)]
struct Tables {
    active: Memtable,
    sealing: Option<Arc<Sealing>>,
    latest: Latest,
}

/// Samples on their way into files.
struct Sealing {
    table: Memtable,
    /// The last generation of the log that holds them.
    generation: u64,
}

/// What the threads tell each other.
#[derive(Default)]
struct Signal {
    stop: bool,
    to_seal: Option<Arc<Sealing>>,
    /// The last generation that is in files.
    sealed: u64,
    /// Why the seal under way does not succeed; it is tried again.
    seal_error: Option<StoreError>,
}

impl EmbeddedHistorian {
    /// Opens the historian of `directory`, whose files lie under `wal/`, `seg/` and
    /// `rollup/`; creates what
    /// is missing and takes back what was appended but not sealed.
    ///
    /// # Errors
    ///
    /// `InUse` when another process has it open, `TooNew` when a newer program wrote it, else
    /// what the disk says. Damaged files are no error: they are set aside, named in the log.
    pub fn open(
        directory: &Path,
        options: HistorianOptions,
    ) -> Result<EmbeddedHistorian, StoreError> {
        EmbeddedHistorian::open_on(Disk::default(), directory, options)
    }

    pub(crate) fn open_on(
        disk: Disk,
        directory: &Path,
        mut options: HistorianOptions,
    ) -> Result<EmbeddedHistorian, StoreError> {
        if options.forward_bytes_max == 0 && directory.join(FORWARD_FILE).exists() {
            // A tool looks at a directory whose log waits for a database.
            options.forward_bytes_max = u64::MAX;
        }
        let lock = DirectoryLock::take(directory, "historian.lock")?;
        let shared = open::open(disk, directory, options)?;
        let shared = Arc::new(shared);
        let threads = background::start(&shared)
            .map_err(|error| StoreError::io("starting the threads of", directory, error))?;
        Ok(EmbeddedHistorian {
            shared,
            threads: Mutex::new(threads),
            _lock: lock,
        })
    }

    /// Joins the files of each day that is over at `now_us` to one; returns how many days that
    /// were. `sink` gets each day, counted from 1970-01-01 UTC, before its turn, with the number
    /// of its files and their bytes.
    ///
    /// # Errors
    ///
    /// What the disk says; days that were joined before stay joined.
    pub fn compact_all(
        &self,
        now_us: i64,
        sink: &mut dyn FnMut(i32, u64, u64),
    ) -> Result<u64, StoreError> {
        self.shared.compact_all(now_us, sink)
    }

    /// Returns the files, and parts of files, that cannot be read and are left out; at most the
    /// first 1,000 of those that [`HistorianStats::quarantined`] counts.
    pub fn damage(&self) -> Vec<FileDamage> {
        self.shared.catalog.damage.listed()
    }

    fn stop(&self) {
        self.shared.signal.lock().stop = true;
        self.shared.changed.notify_all();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the historian has panicked");
            }
        }
    }
}

impl Drop for EmbeddedHistorian {
    /// Ends the threads. What is in memory stays in the log; `close` also seals it.
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = self.shared.sync() {
            tracing::error!(%error, "the last samples may not survive a power cut");
        }
    }
}

impl Historian for EmbeddedHistorian {
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        let result = self.shared.append(batch);
        let mut refusal = self.shared.refusal.lock();
        match &result {
            Ok(_) if refusal.is_none() => {}
            Ok(_) => *refusal = None,
            Err(error) => *refusal = Some(describe(error)),
        }
        result
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.shared.sync()
    }

    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        let tables = self.shared.tables.read();
        Ok(tags.iter().map(|tag| tables.latest.sample(tag.0)).collect())
    }

    fn read(
        &self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> std::ops::ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        self.shared.query(query.range)?.read(query, sink)
    }

    fn aggregate(
        &self,
        query: &BucketQuery,
        sink: &mut dyn FnMut(&Bucket) -> std::ops::ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        let shared = &self.shared;
        shared
            .query(query.buckets.range())?
            .aggregate(query, &shared.rollups, sink)
    }

    fn before(&self, tags: &[TagIndex], time_us: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        tags.iter()
            .map(|&tag| self.shared.before(tag, time_us))
            .collect()
    }

    fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError> {
        self.shared.delete(tags, range)
    }

    fn maintain(&self, now_us: i64, retention: &Retention) -> Result<Upkeep, StoreError> {
        self.shared.maintain(now_us, retention)
    }

    fn tiers(&self) -> Vec<TierReport> {
        let raw = report(Tier::Raw, &self.shared.catalog);
        [raw]
            .into_iter()
            .chain(self.shared.rollups.report())
            .collect()
    }

    fn note_dropped(&self, samples: u64) {
        self.shared.dropped.fetch_add(samples, Ordering::Relaxed);
    }

    fn stats(&self) -> HistorianStats {
        self.shared.stats()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.shared.writer.lock().close();
        let sealed = self.shared.seal_now();
        self.stop();
        self.shared.sync()?;
        sealed
    }
}

impl Shared {
    fn query(&self, range: TimeRange) -> Result<Query<'_>, StoreError> {
        Query::new(&self.catalog, range, self)
    }

    fn before(&self, tag: TagIndex, time_us: i64) -> Result<Option<Sample>, StoreError> {
        {
            let tables = self.tables.read();
            match tables.latest.time_us(tag.0) {
                None => return Ok(None),
                Some(newest) if newest <= time_us => return Ok(tables.latest.sample(tag.0)),
                Some(_) => {}
            }
        }
        let range = TimeRange {
            start_us: i64::MIN,
            end_us: time_us.saturating_add(1),
        };
        self.query(range)?.newest(tag)
    }

    fn stats(&self) -> HistorianStats {
        let ((segments, segment_bytes, segment_samples), in_memory) = {
            let tables = self.tables.read();
            let (totals, newest) = self.catalog.totals_and_newest();
            // what is sealed stays in memory until its log is given up, and counts once
            let sealing = tables.sealing.as_ref();
            let sealing = sealing.filter(|sealing| newest < sealing.generation);
            let points = sealing.map_or(0, |sealing| sealing.table.points());
            (totals, tables.active.points() + points)
        };
        let refusal = self.refusal.lock().clone();
        let error = refusal.or_else(|| self.signal.lock().seal_error.as_ref().map(describe));
        HistorianStats {
            appended: self.appended.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            in_memory,
            wal_bytes: self.wal_bytes.load(Ordering::Relaxed),
            segments,
            segment_bytes,
            segment_samples,
            quarantined: self.catalog.damaged() + self.rollups.damaged(),
            sync_us: self.sync_us.load(Ordering::Relaxed),
            error,
            database: None,
        }
    }

    /// Makes everything appended survive a power cut.
    fn sync(&self) -> Result<(), StoreError> {
        let mut named = self.sync.lock();
        let files = self.writer.lock().take_unsynced(&self.signal)?;
        if files.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        let newest = files.iter().map(|wal| wal.generation).max().unwrap_or(0);
        let mut result = files
            .iter()
            .try_for_each(|wal| self.disk.sync(&wal.file, &wal.path));
        if result.is_ok() && *named < newest {
            result = self.disk.sync_directory(&self.wal_directory);
        }
        match &result {
            Ok(()) => {
                *named = newest;
                let places = files.iter().map(SyncFile::end);
                self.note_durable(places.max().unwrap_or_default());
            }
            Err(error) => self.writer.lock().poison(newest, error),
        }
        let elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.sync_us.store(elapsed_us, Ordering::Relaxed);
        result
    }

    fn note_durable(&self, place: LogPosition) {
        let mut durable = self.durable.lock();
        *durable = place.max(*durable);
    }

    /// Writes all that is in memory to files.
    fn seal_now(&self) -> Result<(), StoreError> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let deadline = Instant::now() + PATIENCE;
        self.wait_for_seal(deadline)?;
        {
            let mut writer = self.writer.lock();
            if self.tables.read().active.points() != 0 {
                self.freeze(&mut writer)?;
            }
        }
        self.wait_for_seal(deadline)
    }

    /// Waits until no seal is under way.
    fn wait_for_seal(&self, deadline: Instant) -> Result<(), StoreError> {
        let mut signal = self.signal.lock();
        while signal.to_seal.is_some() {
            if let Some(error) = &signal.seal_error {
                return Err(error.again());
            }
            if self.changed.wait_until(&mut signal, deadline).timed_out() {
                let reason = std::io::ErrorKind::TimedOut.into();
                return Err(StoreError::io(
                    "sealing into",
                    &self.segment_directory,
                    reason,
                ));
            }
        }
        Ok(())
    }
}

impl Memory for Shared {
    fn streams(&self, tag: u32) -> Vec<Stream> {
        let (sealing, active) = {
            let tables = self.tables.read();
            (tables.sealing.clone(), tables.active.stream(tag))
        };
        let sealing = sealing.and_then(|sealing| sealing.table.stream(tag));
        sealing.into_iter().chain(active).collect()
    }
}

fn describe(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
impl EmbeddedHistorian {
    pub(super) fn rollups(&self) -> &Rollups {
        &self.shared.rollups
    }
}

#[cfg(test)]
mod tests;
