//! Store and forward: the embedded store takes everything first, a thread brings its log to the
//! database.

mod reads;
mod state;
mod worker;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::{Sample, TagIndex, Update};
use parking_lot::Mutex;

use super::DatabaseUrl;
use crate::error::StoreError;
use crate::historian::FORWARD_FILE;
use crate::historian::{
    Ack, Bucket, BucketQuery, Chunk, EmbeddedHistorian, Historian, HistorianStats, RangeQuery,
    ReadStats, Retention, TagName, TierReport, TimeRange, Upkeep,
};
use state::Shared;

/// Longest wait for the forwarder at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where to forward to, and for how long samples stay there.
#[derive(Clone, Debug)]
pub struct ForwardOptions {
    /// The database.
    pub url: DatabaseUrl,
    /// Most connections to it.
    pub connections: usize,
    /// Days that samples stay in the database; for ever when absent.
    pub retention_days: Option<u32>,
}

/// An embedded historian whose samples also go to a database.
///
/// What is accepted is in the embedded store, with its promises; the database follows when it can
/// be reached. Readers get what the embedded store has completely from there, older times from
/// the database; see `docs/operating/database.md`.
pub struct ForwardingHistorian {
    shared: Arc<Shared>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl ForwardingHistorian {
    /// Starts forwarding. A database that is away is no error: it is tried again.
    ///
    /// `embedded` is the historian of `directory` and keeps its log
    /// ([`crate::HistorianOptions::forward_bytes_max`] above 0).
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn start(
        embedded: EmbeddedHistorian,
        directory: &Path,
        options: ForwardOptions,
    ) -> Result<ForwardingHistorian, StoreError> {
        let shared = Arc::new(Shared::open(embedded, directory, options)?);
        let forwarding = Arc::clone(&shared);
        let worker = std::thread::Builder::new()
            .name("forwarder".into())
            .spawn(move || worker::run(&forwarding))
            .map_err(|error| StoreError::io("starting a thread for", directory, error))?;
        Ok(ForwardingHistorian {
            shared,
            worker: Mutex::new(Some(worker)),
        })
    }

    /// Ends forwarding from a data directory for good: no log waits for a database any more.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn forget(directory: &Path) -> Result<(), StoreError> {
        let path = directory.join(FORWARD_FILE);
        match std::fs::remove_file(&path) {
            Ok(()) => {
                tracing::info!("there is no database any more; what waited for it stays here only");
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io("removing", &path, error)),
        }
    }

    /// Asks the thread to end; what waits is forwarded after the next start.
    fn tell_stop(&self) {
        self.shared.signal.lock().stop = true;
        self.shared.changed.notify_all();
    }

    /// Ends the thread, or leaves it to its own when the server lets it wait for longer.
    fn stop_soon(&self) {
        self.tell_stop();
        let start = Instant::now();
        let mut worker = self.worker.lock();
        while worker.as_ref().is_some_and(|worker| !worker.is_finished()) {
            if PATIENCE < start.elapsed() {
                worker.take();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the thread.
    fn stop(&self) {
        self.tell_stop();
        if let Some(worker) = self.worker.lock().take()
            && worker.join().is_err()
        {
            tracing::error!("the forwarder has panicked");
        }
    }
}

impl Drop for ForwardingHistorian {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Historian for ForwardingHistorian {
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        self.shared.embedded.append(batch)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.shared.embedded.sync()
    }

    /// The embedded store keeps the newest sample of each tag whatever its retention.
    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        self.shared.embedded.latest(tags)
    }

    fn read(
        &self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        reads::read(&self.shared, query, sink)
    }

    fn aggregate(
        &self,
        query: &BucketQuery,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        reads::aggregate(&self.shared, query, sink)
    }

    fn before(&self, tags: &[TagIndex], time_us: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        reads::before(&self.shared, tags, time_us)
    }

    /// Counts what the embedded store had.
    fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError> {
        // Noted first: when this ends halfway, the database still becomes equal.
        let noted = self.shared.note_delete(tags, range)?;
        let deleted = self.shared.embedded.delete(tags, range);
        self.shared.release_delete(&noted);
        let deleted = deleted?;
        if let Some(database) = self.shared.database() {
            // The forwarder does it again behind what waits; now it is for the readers.
            if let Err(error) = database.delete(tags, range) {
                tracing::warn!(%error, "samples are deleted from the database later");
            }
        }
        Ok(deleted)
    }

    fn maintain(&self, now_us: i64, retention: &Retention) -> Result<Upkeep, StoreError> {
        self.shared.note_round(now_us, retention)?;
        self.shared.embedded.maintain(now_us, retention)
    }

    fn tiers(&self) -> Vec<TierReport> {
        self.shared.embedded.tiers()
    }

    fn name_tags(&self, names: &[TagName]) -> Result<(), StoreError> {
        self.shared.signal.lock().names = Some(names.to_vec());
        Ok(())
    }

    fn note_dropped(&self, samples: u64) {
        self.shared.embedded.note_dropped(samples);
    }

    fn stats(&self) -> HistorianStats {
        HistorianStats {
            database: Some(self.shared.stats()),
            ..self.shared.embedded.stats()
        }
    }

    fn database(&self) -> Option<crate::DatabaseStats> {
        Some(self.shared.stats.lock().clone())
    }

    fn close(&self) -> Result<(), StoreError> {
        self.stop_soon();
        self.shared.embedded.close()
    }
}
