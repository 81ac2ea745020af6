//! The historian: samples of tags over time.

mod aggregate;
mod block;
mod buckets;
mod bytes;
mod cache;
mod catalog;
mod checkpoint;
mod damage;
mod disk;
mod embedded;
pub mod inspect;
mod latest;
mod memtable;
mod pieces;
mod points;
mod query;
mod rollup;
mod segment;
mod stream;
mod upkeep;
mod wal;

use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex, Update};

pub(crate) use aggregate::aggregate_samples;
pub use buckets::{Bucket, BucketQuery, Buckets};
pub use damage::FileDamage;
pub use embedded::{
    EmbeddedHistorian, ForwardStats, HistorianOptions, LogBatch, LogPosition, LogReader,
};
/// The file of a data directory whose log waits for a database; tools that open the historian
/// leave that log alone.
pub(crate) const FORWARD_FILE: &str = "forward.json";

pub use upkeep::{Retention, Tier, TierAges, TierReport, Upkeep};

use crate::error::StoreError;

/// A half-open range of time, microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant in the range.
    pub start_us: i64,
    /// First instant after the range.
    pub end_us: i64,
}

/// How safe an appended batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// Survives the end of the process; survives a power cut after the next group commit.
    Buffered,
    /// Survives a power cut.
    Durable,
}

/// Samples of one tag in order of time, column by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The tag.
    pub tag: TagIndex,
    /// Times, microseconds since 1970-01-01 UTC, rising.
    pub times_us: Vec<i64>,
    /// Values, as many as times; what stands where the quality is bad has no meaning.
    pub values: Column,
    /// Quality codes, as many as times.
    pub qualities: Vec<u32>,
}

impl Chunk {
    /// Returns the sample at a place.
    ///
    /// # Panics
    ///
    /// When there are not so many samples.
    pub fn sample(&self, at: usize) -> Sample {
        crate::history::sample_at(self, at)
    }
}

/// Values of one kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are those of Value")]
pub enum Column {
    Bool(Vec<bool>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F64(Vec<f64>),
    Text(Vec<std::sync::Arc<str>>),
    Bytes(Vec<std::sync::Arc<[u8]>>),
}

impl Column {
    /// Returns a value as a number readers compute with: none for strings and what is not finite.
    pub fn number(&self, at: usize) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "aggregates have 53 bits")]
        let number = match self {
            Column::Bool(values) => f64::from(u8::from(values[at])),
            Column::I64(values) => values[at] as f64,
            Column::U64(values) => values[at] as f64,
            Column::F64(values) => values[at],
            Column::Text(_) | Column::Bytes(_) => return None,
        };
        number.is_finite().then_some(number)
    }
}

/// Which samples to read.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeQuery {
    /// The tags, each read in turn.
    pub tags: Vec<TagIndex>,
    /// The time.
    pub range: TimeRange,
    /// Most samples per tag.
    pub limit: usize,
}

/// What a query cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Samples given out or counted.
    pub samples: u64,
    /// Blocks decoded.
    pub blocks: u64,
    /// Rows of roll-ups read.
    pub rows: u64,
    /// Whether part of the answer rests on rows longer than the buckets asked for, because
    /// nothing finer is kept.
    pub coarser: bool,
    /// Files or parts of files that were damaged and left out.
    pub damaged: u64,
}

/// What people call a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagName {
    /// The tag.
    pub tag: TagIndex,
    /// Its path.
    pub path: String,
    /// Its unit; empty when it has none.
    pub unit: String,
}

/// Figures of the way to a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseStats {
    /// Where it is, without password.
    pub server: String,
    /// Whether the last request was answered.
    pub connected: bool,
    /// Samples forwarded since the start.
    pub forwarded: u64,
    /// Samples that wait to be forwarded, as far as they are safe from a power cut.
    pub waiting: u64,
    /// Bytes of the sealed logs that wait.
    pub waiting_bytes: u64,
    /// Time of the oldest sample that waits, microseconds since 1970-01-01 UTC.
    pub waiting_since_us: Option<i64>,
    /// Samples dropped since the start because more waited than may.
    pub dropped: u64,
    /// Samples that the database refused since the start; they are in its quarantine.
    pub refused: u64,
    /// Why nothing can be forwarded at present.
    pub error: Option<String>,
}

/// Figures of the store.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct HistorianStats {
    /// Samples accepted since the start.
    pub appended: u64,
    /// Samples that callers gave up on since the start, see [`Historian::note_dropped`].
    pub dropped: u64,
    /// Samples that wait in memory.
    pub in_memory: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes of the segment files.
    pub segment_bytes: u64,
    /// Samples in the segment files.
    pub segment_samples: u64,
    /// Files set aside, and parts of files left out, because they are damaged.
    pub quarantined: u64,
    /// Time of the last group commit in microseconds.
    pub sync_us: u64,
    /// Why nothing can be written at present, if so.
    pub error: Option<String>,
    /// Figures of the way to a database, where there is one.
    pub database: Option<DatabaseStats>,
}

/// Keeps samples and gives them back in order of time.
///
/// Implementations are shared between threads; every method may block on the disk, so async code
/// calls them from blocking threads.
pub trait Historian: Send + Sync {
    /// Appends a batch, all or nothing. Late samples are allowed; of two samples of a tag with
    /// the same time the later one appended wins. When it returns `Ok` the batch survives the end
    /// of the process.
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError>;

    /// Returns when everything appended before survives a power cut.
    fn sync(&self) -> Result<(), StoreError>;

    /// Returns the newest sample of each tag, in the order asked for.
    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError>;

    /// Gives the samples of each tag to `sink`, oldest first, until it breaks.
    fn read(
        &self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError>;

    /// Gives the buckets of each tag to `sink`, oldest first, until it breaks.
    fn aggregate(
        &self,
        query: &BucketQuery,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError>;

    /// Returns the newest sample of each tag at or before a time, in the order asked for.
    fn before(&self, tags: &[TagIndex], time_us: i64) -> Result<Vec<Option<Sample>>, StoreError>;

    /// Deletes the samples of tags in a range, raw and rolled up; returns how many samples went.
    /// They are gone for readers when it returns and stay gone after a crash.
    fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError>;

    /// Does what is due at `now_us`: joins the files of closed days, rolls up, drops what is too
    /// old. Called each minute by one thread; a round is bounded, what is left follows in the
    /// next one.
    fn maintain(&self, now_us: i64, retention: &Retention) -> Result<Upkeep, StoreError> {
        let _ = (now_us, retention);
        Ok(Upkeep::default())
    }

    /// Returns what each tier takes on the disk; empty when the store cannot tell.
    fn tiers(&self) -> Vec<TierReport> {
        Vec::new()
    }

    /// Tells the names of tags to a store that people ask by path; others ignore them.
    ///
    /// # Errors
    ///
    /// When the store cannot keep them.
    fn name_tags(&self, names: &[TagName]) -> Result<(), StoreError> {
        let _ = names;
        Ok(())
    }

    /// Counts samples that the caller gave up on after `append` refused them.
    fn note_dropped(&self, samples: u64);

    /// Returns the figures of the store.
    fn stats(&self) -> HistorianStats;

    /// Returns how the database does that samples are forwarded to, if there is one; cheaper than
    /// [`Historian::stats`], without what waits on the disk.
    fn database(&self) -> Option<DatabaseStats> {
        None
    }

    /// Seals what is in memory and makes everything durable, before the end of the process.
    fn close(&self) -> Result<(), StoreError>;
}
