//! The thread that writes the journal of alarms: all that waits goes in one transaction.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::alarm::Entry;
use headworks_core::model::ObjectId;
use headworks_protocols::Clock;
use headworks_store::{AlarmJournal, JournalRetention, StoreError};
use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::error;

use super::queue::{Item, Queue};
use super::shown::Shown;
use crate::events::{EventKind, EventLog, News, Severity};
use crate::recorder::reason_of;

/// Most items of a transaction: some ten milliseconds of work.
const GROUP: usize = 5_000;
/// Time between two tries while the disk fails.
const RETRY: Duration = Duration::from_millis(500);
/// Longest wait for items, after which old entries are looked for.
const IDLE: Duration = Duration::from_secs(10);
/// Time between two looks for old entries.
const RETAIN: Duration = Duration::from_secs(600);

/// What became of the entries.
#[derive(Debug, Default)]
pub(super) struct Figures {
    stored: AtomicU64,
    fault: Mutex<Option<String>>,
}

/// The thread's work.
pub(super) struct Writer {
    pub(super) journal: Arc<AlarmJournal>,
    pub(super) queue: Arc<Queue>,
    pub(super) shown: Arc<Shown>,
    /// Number of the newest entry in the journal.
    pub(super) durable: watch::Sender<u64>,
    pub(super) figures: Arc<Figures>,
    pub(super) events: Arc<EventLog>,
    pub(super) clock: Clock,
    pub(super) retention: JournalRetention,
    /// When old entries are looked for.
    pub(super) retain_at: Instant,
}

impl Figures {
    /// Returns how many entries were stored since the hub started.
    pub(super) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Returns why nothing is stored at present.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }
}

impl Writer {
    /// Starts the thread; it ends when the queue is closed and everything is stored.
    pub(super) fn start(self) -> std::io::Result<JoinHandle<()>> {
        let thread = std::thread::Builder::new().name("alarms".into());
        thread.spawn(move || self.run_on())
    }

    /// Goes on after a panic: alarms wait for nobody who has gone.
    fn run_on(mut self) {
        while catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
            let lost = self.queue.lose_taken();
            let message =
                format!("the journal panicked, the log says where; {lost} items are lost");
            self.tell(Severity::Critical, message);
            self.queue.pause(RETRY);
        }
    }

    fn run(&mut self) {
        while let Ok(items) = self.queue.take(GROUP, IDLE) {
            if !items.is_empty() {
                self.store(&items);
                self.queue.done();
            }
            if self.retain_at <= Instant::now() {
                self.retain();
            }
        }
    }

    /// Stores items and shows them; while the disk fails they are shown before.
    fn store(&self, items: &[Item]) {
        let entries = items.iter().filter_map(|item| match item {
            Item::Entry { entry, .. } => Some(Arc::clone(entry)),
            Item::Forget(_) | Item::Mark(_) => None,
        });
        let entries: Vec<Arc<Entry>> = entries.collect();
        let is_stored = self.append(items, &entries);
        self.shown.apply(items);
        if !is_stored {
            return;
        }
        self.forget(items);
        if let Some(newest) = entries.last() {
            let count = entries.len().try_into().unwrap_or(u64::MAX);
            self.figures.stored.fetch_add(count, Ordering::Relaxed);
            self.durable.send_replace(newest.number);
        }
    }

    /// Tries until the journal has taken the entries, or the hub stops; returns whether it has.
    fn append(&self, items: &[Item], entries: &[Arc<Entry>]) -> bool {
        if entries.is_empty() {
            return true;
        }
        let mut is_last_try = false;
        loop {
            let Err(error) = self.journal.append(entries) else {
                self.recover();
                return true;
            };
            self.fail(&error);
            self.shown.apply(items);
            if is_last_try {
                let lost = entries.len();
                self.queue.note_lost(lost.try_into().unwrap_or(u64::MAX));
                error!(
                    lost,
                    "the hub stops before the journal of alarms took all entries"
                );
                return false;
            }
            is_last_try = self.queue.pause(RETRY);
        }
    }

    fn forget(&self, items: &[Item]) {
        let mut gone = BTreeSet::new();
        for item in items {
            match item {
                Item::Forget(alarm) => drop(gone.insert(*alarm)),
                // it is there again
                Item::Entry { entry, .. } => drop(gone.remove(&entry.alarm)),
                Item::Mark(_) => {}
            }
        }
        if gone.is_empty() {
            return;
        }
        let gone: Vec<ObjectId> = gone.into_iter().collect();
        // the next start forgets what is left now
        if let Err(error) = self.journal.forget(&gone) {
            tracing::warn!(%error, "deleted alarms keep their last entries in the journal");
        }
    }

    /// Removes what is old, piece by piece, as long as nothing waits.
    fn retain(&mut self) {
        loop {
            let now_us = self.clock.now_us();
            match self.journal.retain(now_us, self.retention) {
                Ok(0) => break,
                Ok(_) if 0 < self.queue.len() => return, // goes on when there is time
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old entries stay in the journal of alarms");
                    break;
                }
            }
        }
        self.retain_at = Instant::now() + RETAIN;
    }

    fn fail(&self, error: &StoreError) {
        let reason = reason_of(error);
        let was = self.figures.fault.lock().replace(reason.clone());
        if was.is_some() {
            return;
        }
        self.queue.set_failing(true);
        let message = format!("what alarms do cannot be stored; they go on: {reason}");
        self.tell(Severity::Critical, message);
    }

    fn recover(&self) {
        if self.figures.fault.lock().take().is_some() {
            self.queue.set_failing(false);
            let lost = self.queue.lost();
            let message = format!("what alarms do is stored again; {lost} entries were lost");
            self.tell(Severity::Info, message);
        }
    }

    fn tell(&self, severity: Severity, message: String) {
        let news = News {
            kind: EventKind::Alarms,
            severity,
            subject: "alarms.db".into(),
            message,
        };
        self.events.note(self.clock.now_us(), news);
    }
}
