//! Where Headworks keeps things: samples in the historian, objects in the configuration store.

pub mod alarms;
pub mod backup;
pub mod error;
pub mod historian;
pub mod history;
pub mod letters;
mod lock;
pub mod memories;
pub mod objects;
pub mod outbox;
pub mod postgres;
mod sqlite;

pub use alarms::{
    AlarmJournal, AlarmStart, JournalCursor, JournalPage, JournalQuery, JournalRetention,
    JournalStats,
};
pub use error::{PostgresFault, StoreError};
pub use historian::{
    Ack, Bucket, BucketQuery, Buckets, Chunk, Column, DatabaseStats, EmbeddedHistorian, FileDamage,
    ForwardStats, Historian, HistorianOptions, HistorianStats, LogBatch, LogPosition, LogReader,
    RangeQuery, ReadStats, Retention, TagName, Tier, TierAges, TierReport, TimeRange, Upkeep,
};
pub use letters::{DeadLetters, LETTERS_PAGE_MAX, Letter, LetterStats};
pub use memories::{MemoryStore, Remembered};
pub use objects::{
    Action, Change, CommitStep, CommitSummary, DeletedObject, HISTORY_MAX, HistoryEntry,
    KeptPicture, ObjectHealth, ObjectPlace, ObjectStore, PictureBounds, Reached, StoredObject,
};
pub use outbox::{
    MessageQuery, MessageState, NewMessage, Outbox, OutboxStart, OutboxStats, OutboxStep,
    StoredMessage, Tried,
};
pub use postgres::{DatabaseUrl, ForwardOptions, ForwardingHistorian, PostgresHistorian};
