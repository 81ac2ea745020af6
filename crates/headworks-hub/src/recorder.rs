//! The recorder: the thread that gives samples to the historian.
//!
//! A slow historian slows the drivers down through a bounded queue. A historian that fails does
//! not: samples that it refuses are counted, live values go on, and it is tried again until it
//! works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::Update;
use headworks_protocols::Clock;
use headworks_store::{Historian, StoreError};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};

use crate::events::{EventKind, EventLog, News, Severity};
use crate::status::HistoryFault;

/// Samples that may wait for the historian before drivers have to: some seconds of a large plant,
/// 20 MB, so that a slow disk does not disturb the polling.
const QUEUE_SAMPLES: usize = 400_000;
/// Batches that may wait, so that many small ones have a bound too.
const QUEUE_BATCHES: usize = 16_384;

/// Time between two tries while the historian fails.
const RETRY: Duration = Duration::from_millis(500);

/// What became of the samples that were to be stored.
#[derive(Debug, Default)]
pub(crate) struct Record {
    stored: AtomicU64,
    dropped: AtomicU64,
    fault: Mutex<Option<HistoryFault>>,
}

/// The way to the recorder.
#[derive(Clone)]
pub(crate) struct RecorderQueue {
    batches: mpsc::Sender<Arc<[Update]>>,
    /// A permit for each sample that may still be queued.
    room: Arc<Semaphore>,
}

/// The thread.
pub(crate) struct Recorder {
    thread: JoinHandle<Result<(), StoreError>>,
}

struct Writer {
    historian: Arc<dyn Historian>,
    record: Arc<Record>,
    events: Arc<EventLog>,
    room: Arc<Semaphore>,
    clock: Clock,
    /// When the historian failed last, while it fails.
    failed: Option<Failure>,
}

struct Failure {
    tried: Instant,
    dropped: u64,
}

impl Recorder {
    /// Starts the thread; it ends when every sender is gone and everything is stored.
    pub(crate) fn start(
        historian: Arc<dyn Historian>,
        record: Arc<Record>,
        events: Arc<EventLog>,
        clock: Clock,
    ) -> std::io::Result<(Recorder, RecorderQueue)> {
        let (batches, queue) = mpsc::channel(QUEUE_BATCHES);
        let room = Arc::new(Semaphore::new(QUEUE_SAMPLES));
        let writer = Writer {
            historian,
            record,
            events,
            room: Arc::clone(&room),
            clock,
            failed: None,
        };
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || writer.run(queue))?;
        Ok((Recorder { thread }, RecorderQueue { batches, room }))
    }

    /// Waits for the end of the thread and returns how the historian closed; blocks.
    pub(crate) fn join(self) -> Option<Result<(), StoreError>> {
        self.thread.join().ok()
    }
}

impl RecorderQueue {
    /// Queues a batch; waits while too much is queued.
    pub(crate) async fn send(&self, batch: Arc<[Update]>) {
        // an error only says that the recorder has ended: then the hub stops
        if let Ok(permits) = self.room.acquire_many(permits_of(&batch)).await {
            permits.forget(); // the recorder gives them back
            drop(self.batches.send(batch).await);
        }
    }

    /// Returns how many samples wait.
    pub(crate) fn len(&self) -> usize {
        QUEUE_SAMPLES - self.room.available_permits()
    }
}

/// Returns the permits of a batch; one that is larger than the queue takes it whole.
fn permits_of(batch: &[Update]) -> u32 {
    u32::try_from(batch.len().min(QUEUE_SAMPLES)).unwrap_or(u32::MAX)
}

impl Record {
    /// Returns how many samples the historian has accepted.
    pub(crate) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Returns how many samples the historian has refused.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns why samples are refused at present.
    pub(crate) fn fault(&self) -> Option<HistoryFault> {
        self.fault.lock().clone()
    }
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Arc<[Update]>>) -> Result<(), StoreError> {
        while let Some(batch) = queue.blocking_recv() {
            self.store(&batch);
            self.room.add_permits(batch.len().min(QUEUE_SAMPLES));
        }
        self.historian.close()
    }

    fn store(&mut self, batch: &[Update]) {
        let count = batch.len().try_into().unwrap_or(u64::MAX);
        let wait = |failure: &Failure| failure.tried.elapsed() < RETRY;
        if self.failed.as_ref().is_some_and(wait) {
            self.drop_batch(count);
            return;
        }
        match self.historian.append(batch) {
            Ok(_) => {
                self.record.stored.fetch_add(count, Ordering::Relaxed);
                self.recover();
            }
            Err(error) => {
                self.fail(&error);
                self.drop_batch(count);
            }
        }
    }

    fn drop_batch(&mut self, count: u64) {
        self.record.dropped.fetch_add(count, Ordering::Relaxed);
        self.historian.note_dropped(count);
        if let Some(failure) = &mut self.failed {
            failure.dropped += count;
        }
    }

    fn fail(&mut self, error: &StoreError) {
        let reason = reason_of(error);
        if self.failed.is_none() {
            let message = format!("samples cannot be stored; live values go on: {reason}");
            self.tell(Severity::Critical, message);
        }
        let since_us = match &*self.record.fault.lock() {
            Some(fault) => fault.since_us,
            None => self.clock.now_us(),
        };
        *self.record.fault.lock() = Some(HistoryFault { reason, since_us });
        let dropped = self.failed.as_ref().map_or(0, |failure| failure.dropped);
        self.failed = Some(Failure {
            tried: Instant::now(),
            dropped,
        });
    }

    fn recover(&mut self) {
        if let Some(failure) = self.failed.take() {
            *self.record.fault.lock() = None;
            let message = format!("samples are stored again; {} were lost", failure.dropped);
            self.tell(Severity::Info, message);
        }
    }

    fn tell(&self, severity: Severity, message: String) {
        let news = News {
            kind: EventKind::History,
            severity,
            subject: "historian".into(),
            message,
        };
        self.events.note(self.clock.now_us(), news);
    }
}

/// Returns an error with its causes in one line.
pub(crate) fn reason_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
