//! Where Headworks keeps things: samples in the historian, objects in the configuration store.

pub mod error;
pub mod historian;
mod lock;
pub mod objects;

pub use error::StoreError;
pub use historian::{
    Ack, Bucket, BucketQuery, Chunk, Column, EmbeddedHistorian, FileDamage, ForwardStats,
    Historian, HistorianOptions, HistorianStats, LogBatch, LogPosition, LogReader, RangeQuery,
    ReadStats, Retention, Tier, TierAges, TierReport, TimeRange, Upkeep,
};
pub use objects::{Action, Change, HISTORY_MAX, HistoryEntry, ObjectStore, StoredObject};
