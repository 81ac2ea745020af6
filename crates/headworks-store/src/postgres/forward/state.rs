//! What the callers and the forwarder share, and what of it outlasts the process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headworks_core::TagIndex;
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ForwardOptions;
use crate::error::StoreError;
use crate::historian::{
    DatabaseStats, EmbeddedHistorian, FORWARD_FILE, Historian, Retention, TagName, TimeRange,
};
use crate::postgres::PostgresHistorian;
use crate::postgres::write::DAY_US;

pub(super) struct Shared {
    pub(super) embedded: EmbeddedHistorian,
    pub(super) options: ForwardOptions,
    /// Directory of the embedded store.
    pub(super) directory: PathBuf,
    path: PathBuf,
    pub(super) kept: Mutex<Kept>,
    pub(super) signal: Mutex<Signal>,
    pub(super) changed: Condvar,
    database: Mutex<Option<Arc<PostgresHistorian>>>,
    pub(super) stats: Mutex<DatabaseStats>,
    retention: Mutex<Option<(i64, Retention)>>,
    /// Held while the file is written: callers and the forwarder write it.
    saving: Mutex<()>,
}

/// What outlasts the process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The name of this log in the database.
    pub(super) source: String,
    /// From when on the embedded store was there, if it did not always know all samples.
    since_us: Option<i64>,
    /// Deletions that the database has yet to follow, oldest first.
    pub(super) deletes: Vec<Delete>,
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delete {
    tags: Vec<u32>,
    start_us: i64,
    end_us: i64,
    /// Whether the embedded store is at it: what it still has is not for the database, and what
    /// it took before may not be in the log yet.
    #[serde(skip)]
    is_running: bool,
}

/// What callers tell the forwarder.
#[derive(Default)]
pub(super) struct Signal {
    pub(super) stop: bool,
    pub(super) names: Option<Vec<TagName>>,
    /// Time of a round of upkeep that is due in the database.
    pub(super) round_us: Option<i64>,
}

impl Delete {
    pub(super) fn tags(&self) -> Vec<TagIndex> {
        self.tags.iter().copied().map(TagIndex).collect()
    }

    pub(super) fn range(&self) -> TimeRange {
        TimeRange {
            start_us: self.start_us,
            end_us: self.end_us,
        }
    }

    pub(super) fn holds(&self, tag: TagIndex, time_us: i64) -> bool {
        (self.start_us..self.end_us).contains(&time_us) && self.tags.contains(&tag.0)
    }
}

impl Shared {
    pub(super) fn open(
        embedded: EmbeddedHistorian,
        directory: &Path,
        options: ForwardOptions,
    ) -> Result<Shared, StoreError> {
        let path = directory.join(FORWARD_FILE);
        let kept = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| StoreError::Corrupt {
                path: path.clone(),
                reason: format!("{error}; remove it: what waits is sent again, which is harmless"),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => first(&embedded),
            Err(error) => return Err(StoreError::io("reading", &path, error)),
        };
        let server = options.url.to_string();
        let shared = Shared {
            embedded,
            options,
            directory: directory.to_owned(),
            path,
            kept: Mutex::new(kept),
            signal: Mutex::default(),
            changed: Condvar::new(),
            database: Mutex::default(),
            stats: Mutex::new(DatabaseStats {
                server,
                ..DatabaseStats::default()
            }),
            retention: Mutex::default(),
            saving: Mutex::default(),
        };
        shared.save()?;
        Ok(shared)
    }

    /// Writes what outlasts the process.
    fn save(&self) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("writing", &self.path, error);
        let _turn = self.saving.lock();
        let bytes = serde_json::to_vec(&*self.kept.lock())
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let fresh = self.path.with_extension("json.new");
        let file = std::fs::File::create(&fresh).map_err(failed)?;
        std::io::Write::write_all(&mut &file, &bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&fresh, &self.path).map_err(failed)
    }

    /// Begins a new log in the eyes of the database: it starts at the first position again.
    pub(super) fn rename_source(&self) -> Result<(), StoreError> {
        self.kept.lock().source = new_source();
        self.save()
    }

    pub(super) fn note_delete(
        &self,
        tags: &[TagIndex],
        range: TimeRange,
    ) -> Result<Delete, StoreError> {
        let delete = Delete {
            tags: tags.iter().map(|tag| tag.0).collect(),
            start_us: range.start_us,
            end_us: range.end_us,
            is_running: true,
        };
        self.kept.lock().deletes.push(delete.clone());
        self.save()?;
        Ok(delete)
    }

    /// Notes that the embedded store is done with a deletion.
    pub(super) fn release_delete(&self, delete: &Delete) {
        let mut kept = self.kept.lock();
        if let Some(noted) = kept.deletes.iter_mut().find(|noted| *noted == delete) {
            noted.is_running = false;
        }
    }

    /// Returns the deletions that the embedded store is done with: what they concern is in the
    /// log by now.
    pub(super) fn due_deletes(&self) -> Vec<Delete> {
        let kept = self.kept.lock();
        let due = kept.deletes.iter().filter(|delete| !delete.is_running);
        due.cloned().collect()
    }

    pub(super) fn end_delete(&self, done: &Delete) -> Result<(), StoreError> {
        let mut kept = self.kept.lock();
        if let Some(at) = kept.deletes.iter().position(|delete| delete == done) {
            kept.deletes.remove(at);
        }
        drop(kept);
        self.save()
    }

    pub(super) fn note_round(&self, now_us: i64, retention: &Retention) -> Result<(), StoreError> {
        *self.retention.lock() = Some((now_us, retention.clone()));
        self.signal.lock().round_us = Some(now_us);
        let mut kept = self.kept.lock();
        if kept.since_us != Some(i64::MAX) {
            return Ok(());
        }
        kept.since_us = Some(now_us);
        drop(kept);
        self.save()
    }

    /// From when on the embedded store has every sample of a tag that it was given: it was there,
    /// and nothing has become too old.
    pub(super) fn horizon_us(&self, tags: &[TagIndex]) -> HashMap<TagIndex, i64> {
        let since_us = self.kept.lock().since_us.unwrap_or(i64::MIN);
        let retention = self.retention.lock();
        let horizon = |tag: &TagIndex| {
            let (now_us, retention) = retention.as_ref()?;
            let days = i64::from(retention.of(*tag).raw?);
            Some((now_us.div_euclid(DAY_US) - days + 1) * DAY_US)
        };
        tags.iter()
            .map(|tag| (*tag, since_us.max(horizon(tag).unwrap_or(i64::MIN))))
            .collect()
    }

    pub(super) fn database(&self) -> Option<Arc<PostgresHistorian>> {
        self.database.lock().clone()
    }

    /// Returns the database, connected now when it was not yet.
    pub(super) fn connect(&self) -> Result<Arc<PostgresHistorian>, StoreError> {
        if let Some(database) = self.database() {
            return Ok(database);
        }
        let ForwardOptions {
            url, connections, ..
        } = &self.options;
        let database = Arc::new(PostgresHistorian::open(url, *connections)?);
        *self.database.lock() = Some(Arc::clone(&database));
        Ok(database)
    }

    pub(super) fn stats(&self) -> DatabaseStats {
        let mut stats = self.stats.lock().clone();
        if let Ok(log) = self.embedded.forward_stats() {
            stats.waiting_bytes = log.bytes;
            stats.dropped = log.dropped_samples;
        }
        stats
    }
}

/// An embedded store that has samples already is taken to have all that its retention keeps; an
/// empty one may be new beside a database that is not.
fn first(embedded: &EmbeddedHistorian) -> Kept {
    let stats = embedded.stats();
    let is_empty = stats.segments == 0 && stats.in_memory == 0;
    Kept {
        source: new_source(),
        since_us: is_empty.then_some(i64::MAX),
        deletes: Vec::new(),
    }
}

fn new_source() -> String {
    Uuid::now_v7().to_string()
}
