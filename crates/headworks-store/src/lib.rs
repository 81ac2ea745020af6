//! Where Headworks keeps things: samples in the historian, objects in the configuration store.

pub mod error;
pub mod historian;

pub use error::StoreError;
pub use historian::{
    Ack, Bucket, BucketQuery, Chunk, Column, Historian, HistorianStats, RangeQuery, ReadStats,
    TimeRange,
};
