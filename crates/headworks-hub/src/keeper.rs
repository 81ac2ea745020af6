//! The housekeeper: the thread that has the historian do what is due and looks at the disk.
//!
//! Nothing waits for it: polling and ingest go on while a round takes its time. A round that
//! fails is reported and tried again with the next one.

mod signal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::model::RetentionDays;
use headworks_store::{Retention, StoreError, Upkeep};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::hub::Shared;
use crate::recorder::reason_of;
use crate::settings::UpkeepSettings;
use crate::status::{UpkeepStatus, UpkeepWork};

pub(crate) use signal::Signal;

/// Time from the start of the hub to the first round: first the links are to come up.
const FIRST: Duration = Duration::from_secs(5);

/// What the housekeeper has found and done, for everybody to read.
pub(crate) struct Keeping {
    /// How long samples are kept where no policy says.
    pub(crate) default_retention: RetentionDays,
    pub(crate) signal: Signal,
    status: Mutex<UpkeepStatus>,
}

/// The thread.
pub(crate) struct Keeper {
    thread: JoinHandle<()>,
    /// Resolves when the thread is about to end.
    ended: oneshot::Receiver<()>,
}

struct Work {
    shared: Arc<Shared>,
    settings: UpkeepSettings,
    /// What the plant says, and of which generation it is.
    retention: Option<(u64, Retention)>,
    next_round: Instant,
}

impl Keeper {
    /// Starts the thread; it ends when [`Signal::stop`] was called.
    pub(crate) fn start(shared: Arc<Shared>, settings: UpkeepSettings) -> std::io::Result<Keeper> {
        let (done, ended) = oneshot::channel::<()>();
        let first = FIRST.min(settings.period);
        let mut work = Work {
            shared,
            settings,
            retention: None,
            next_round: Instant::now() + first,
        };
        let thread = std::thread::Builder::new()
            .name("housekeeper".into())
            .spawn(move || {
                work.run();
                drop(done); // also when the thread panics
            })?;
        Ok(Keeper { thread, ended })
    }

    /// Waits until the round that may be under way has ended.
    pub(crate) async fn ended(self) {
        // always an error: the other end is dropped, never used
        drop(self.ended.await);
        drop(self.thread);
    }
}

impl Keeping {
    pub(crate) fn new(settings: &UpkeepSettings) -> Keeping {
        Keeping {
            default_retention: settings.retention_days,
            signal: Signal::default(),
            status: Mutex::default(),
        }
    }

    /// Returns what was done so far.
    pub(crate) fn status(&self) -> UpkeepStatus {
        self.status.lock().clone()
    }
}

impl Work {
    fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let told = shared.keeping.signal.wait_until(self.next_round);
            if told.stop {
                return;
            }
            if told.wake || self.next_round <= Instant::now() {
                self.round();
                self.next_round = Instant::now() + self.settings.period;
            }
        }
    }

    /// Has the historian do what is due, and notes what it did.
    fn round(&mut self) {
        let now_us = self.shared.clock.now_us();
        let started = Instant::now();
        let outcome = {
            let historian = Arc::clone(&self.shared.historian);
            let retention = self.retention();
            // a panic must not end the upkeep for good
            catch_unwind(AssertUnwindSafe(|| historian.maintain(now_us, retention)))
        };
        let outcome = match outcome {
            Ok(outcome) => outcome.map_err(|error: StoreError| reason_of(&error)),
            Err(_) => Err("the historian panicked; the log says where".into()),
        };
        self.note(now_us, started.elapsed(), outcome);
    }

    /// Returns the retention of the present plant, resolved again only when the plant changed.
    fn retention(&mut self) -> &Retention {
        let plant = self.shared.plant.load_full();
        let generation = plant.generation();
        if self
            .retention
            .as_ref()
            .is_none_or(|(of, _)| *of != generation)
        {
            let resolved = plant.retention(self.settings.retention_days);
            self.retention = Some((generation, resolved));
        }
        let (_, retention) = self.retention.get_or_insert_default();
        retention.size_max_bytes = self.settings.size_max_bytes;
        retention
    }

    fn note(&self, now_us: i64, took: Duration, outcome: Result<Upkeep, String>) {
        let mut status = self.shared.keeping.status.lock();
        let held_before = status.held.clone();
        status.rounds += 1;
        status.last_us = Some(now_us);
        status.last_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        status.last = UpkeepWork::default();
        status.held = match outcome {
            Ok(upkeep) => {
                status.last = UpkeepWork::from(&upkeep);
                let done = status.last;
                status.total.add(&done);
                upkeep.held
            }
            Err(reason) => Some(reason),
        };
        let held = status.held.clone();
        let done = status.last;
        drop(status);
        if done != UpkeepWork::default() {
            info!(?done, ?took, "historian kept in order");
        }
        self.tell(held_before.as_deref(), held.as_deref());
    }

    /// Says when the upkeep cannot go on, and when it can again.
    fn tell(&self, before: Option<&str>, now: Option<&str>) {
        match (before, now) {
            (before, Some(reason)) if before != now => {
                warn!(reason, "upkeep of the historian is held");
            }
            (Some(_), None) => info!("upkeep of the historian goes on"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
