//! PostgreSQL: samples and objects in a database of a server, beside the embedded store.

mod address;
mod database;
mod forward;
mod migrate;
pub(crate) mod objects;
mod read;
mod rows;
mod upkeep;
mod write;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_core::{Sample, TagIndex, Update};
use parking_lot::Mutex;

pub use address::DatabaseUrl;
pub use forward::{ForwardOptions, ForwardingHistorian};
pub use migrate::Layout;
pub use write::Refused;

use crate::error::StoreError;
use crate::historian::{
    Ack, Bucket, BucketQuery, Chunk, Historian, HistorianStats, LogPosition, RangeQuery, ReadStats,
    Retention, TagName, TimeRange, Upkeep, aggregate_samples,
};
use database::Database;

/// Keeps samples in the schema `headworks` of a PostgreSQL database; see
/// `docs/operating/database.md`.
pub struct PostgresHistorian {
    database: Database,
    layout: Layout,
    /// Days whose partition is known to exist.
    partitions: Mutex<HashSet<i64>>,
    appended: AtomicU64,
    dropped: AtomicU64,
    error: Mutex<Option<String>>,
}

impl PostgresHistorian {
    /// Connects, with at most so many connections, and brings the schema to the present version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Postgres`] with what is wrong and a remedy.
    pub fn open(url: &DatabaseUrl, connections: usize) -> Result<PostgresHistorian, StoreError> {
        let database = Database::new(url, connections)?;
        let layout = database.run(async |client| migrate::migrate(client).await)?;
        Ok(PostgresHistorian {
            database,
            layout,
            partitions: Mutex::default(),
            appended: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            error: Mutex::default(),
        })
    }

    /// Looks whether a database can be used, changes nothing; returns what was found.
    ///
    /// # Errors
    ///
    /// [`StoreError::Postgres`] with what is wrong and a remedy.
    pub fn check(url: &DatabaseUrl) -> Result<String, StoreError> {
        Database::new(url, 1)?.run(async |client| migrate::check(client).await)
    }

    /// Returns what the schema is built on.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Returns how far the log of a hub is in the database.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn position(&self, source: &str) -> Result<LogPosition, StoreError> {
        self.database
            .run(async |client| write::position(client, source).await)
    }

    /// Stores a batch of a hub's log and the position after it in one transaction; returns the
    /// samples that the database refuses, which are in its quarantine then.
    ///
    /// # Errors
    ///
    /// What the server says; nothing is stored then.
    pub fn forward(
        &self,
        batch: &[Update],
        source: &str,
        position: LogPosition,
    ) -> Result<Vec<Refused>, StoreError> {
        let origin = write::Origin { source, position };
        let refused = self.write(async |client, known| {
            write::forward(client, self.layout, known, batch, &origin).await
        })?;
        let stored = batch.len() - refused.len();
        self.appended.fetch_add(stored as u64, Ordering::Relaxed);
        Ok(refused)
    }

    /// Writes; a partition that somebody dropped meanwhile is made again.
    fn write<T>(
        &self,
        mut work: impl AsyncFnMut(
            &mut deadpool_postgres::Client,
            &mut HashSet<i64>,
        ) -> Result<T, database::Failure>,
    ) -> Result<T, StoreError> {
        let mut attempt = || {
            let mut known = self.partitions.lock().clone();
            let outcome = self
                .database
                .run(async |client| work(client, &mut known).await);
            if outcome.is_ok() {
                *self.partitions.lock() = known;
            }
            outcome
        };
        let mut outcome = attempt();
        if outcome.as_ref().is_err_and(write::lacks_partition) {
            self.partitions.lock().clear();
            outcome = attempt();
        }
        *self.error.lock() = outcome.as_ref().err().map(ToString::to_string);
        outcome
    }
}

impl Historian for PostgresHistorian {
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        self.write(async |client, known| write::append(client, self.layout, known, batch).await)?;
        self.appended
            .fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(Ack::Durable)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(()) // every append is a transaction
    }

    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        self.before(tags, i64::MAX)
    }

    fn read(
        &self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        read::check_range(query.range)?;
        self.database
            .stream(async |client| read::read(client, query, sink).await)
    }

    fn aggregate(
        &self,
        query: &BucketQuery,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        read::check_range(query.buckets.range())?;
        query.buckets.check()?;
        if query.time_weighted {
            return aggregate_samples(self, query, sink);
        }
        self.database
            .stream(async |client| read::aggregate(client, query, sink).await)
    }

    fn before(&self, tags: &[TagIndex], time_us: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        self.database
            .run(async |client| read::newest(client, tags, time_us).await)
    }

    fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError> {
        read::check_range(range)?;
        self.database
            .run(async |client| upkeep::delete(client, tags, range).await)
    }

    fn maintain(&self, now_us: i64, retention: &Retention) -> Result<Upkeep, StoreError> {
        self.write(async |client, known| {
            upkeep::maintain(client, self.layout, known, now_us, retention).await
        })
    }

    fn name_tags(&self, names: &[TagName]) -> Result<(), StoreError> {
        self.database
            .run(async |client| write::name_tags(client, names).await)
    }

    fn note_dropped(&self, samples: u64) {
        self.dropped.fetch_add(samples, Ordering::Relaxed);
    }

    fn stats(&self) -> HistorianStats {
        HistorianStats {
            appended: self.appended.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            error: self.error.lock().clone(),
            ..HistorianStats::default()
        }
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
