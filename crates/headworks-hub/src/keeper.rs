//! The housekeeper: the thread that has the historian do what is due and watches the disk.
//!
//! Nothing waits for it: polling and ingest go on while a round takes its time. A round that
//! fails is reported and tried again with the next one.

mod disk;
mod forecast;
mod signal;
mod storage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_store::{Retention, StoreError, TagName, Upkeep};
use parking_lot::Mutex;
use tracing::{info, warn};

use crate::events::{EventKind, News, Severity};
use crate::hub::Shared;
use crate::recorder::reason_of;
use crate::settings::UpkeepSettings;
use crate::status::{UpkeepStatus, UpkeepWork};
use crate::tell;

pub use disk::{DataPart, DiskLevel, DiskProbe, DiskSpace};
pub(crate) use forecast::tier_sizes;
pub use forecast::{Forecast, TierSize, Verdict};
pub(crate) use signal::Signal;
pub use storage::StorageStatus;

use storage::DiskWatch;

/// Time from the start of the hub to the first round: first the links are to come up.
const FIRST: Duration = Duration::from_secs(5);
/// Time between two looks at the disk.
const LOOK: Duration = Duration::from_secs(10);

/// What the housekeeper has found and done, for everybody to read.
pub(crate) struct Keeping {
    pub(crate) signal: Signal,
    pub(crate) disk: DiskWatch,
    status: Mutex<UpkeepStatus>,
}

/// The thread.
pub(crate) struct Keeper {
    thread: JoinHandle<()>,
}

struct Work {
    shared: Arc<Shared>,
    period: Duration,
    /// What the plant says, and of which generation it is.
    retention: Option<(u64, Retention)>,
    /// Generation of the plant whose names the historian knows.
    named: Option<u64>,
    next_round: Instant,
    next_look: Instant,
}

impl Keeper {
    /// Starts the thread; it ends when [`Signal::stop`] was called.
    pub(crate) fn start(shared: Arc<Shared>, period: Duration) -> std::io::Result<Keeper> {
        let first = FIRST.min(period);
        let mut work = Work {
            shared,
            period,
            retention: None,
            named: None,
            next_round: Instant::now() + first,
            next_look: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("housekeeper".into())
            .spawn(move || work.run())?;
        Ok(Keeper { thread })
    }

    /// Waits for the end of the thread, and with it of the round that may be under way; blocks.
    pub(crate) fn join(self) {
        // an error says that it panicked, which was logged then
        drop(self.thread.join());
    }
}

impl Keeping {
    /// Begins with what the last run has left in the data directory.
    pub(crate) fn open(directory: &Path, settings: UpkeepSettings) -> Keeping {
        Keeping {
            disk: DiskWatch::open(directory, settings),
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
            let next = self.next_round.min(self.next_look);
            let told = shared.keeping.signal.wait_until(next);
            if told.stop {
                shared.events.save();
                return;
            }
            let look = told.wake || self.next_look <= Instant::now();
            let fills_up = look && self.look();
            if told.wake || fills_up || self.next_round <= Instant::now() {
                self.round();
                self.next_round = Instant::now() + self.period;
            }
        }
    }

    /// Looks at the disk; returns whether there must be a round now.
    fn look(&mut self) -> bool {
        self.next_look = Instant::now() + LOOK;
        let shared = &self.shared;
        shared
            .keeping
            .disk
            .look(shared.clock.now_us(), &shared.events)
    }

    /// Has the historian do what is due, and notes what it did.
    fn round(&mut self) {
        let now_us = self.shared.clock.now_us();
        let started = Instant::now();
        self.tell_names();
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
        self.shared.keeping.disk.measure(now_us);
        tell::tell_of_clocks(&self.shared);
        self.shared.events.save();
    }

    /// Tells the historian the names of the tags when the plant has changed.
    fn tell_names(&mut self) {
        let plant = self.shared.plant.load_full();
        let generation = plant.generation();
        if self.named == Some(generation) {
            return;
        }
        let name = |tag: &Arc<crate::plant::TagEntry>| TagName {
            tag: tag.index(),
            path: tag.path().to_string(),
            unit: tag.unit().to_owned(),
        };
        let names: Vec<TagName> = plant.tags().map(name).collect();
        match self.shared.historian.name_tags(&names) {
            Ok(()) => self.named = Some(generation),
            Err(error) => warn!(%error, "the names of tags are told again with the next round"),
        }
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
            let resolved = plant.retention(self.shared.keeping.disk.default_retention());
            self.retention = Some((generation, resolved));
        }
        let (_, retention) = self.retention.get_or_insert_default();
        retention.size_max_bytes = self.shared.keeping.disk.size_max_bytes();
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
        self.tell(now_us, held_before.as_deref(), held);
    }

    /// Says when the upkeep cannot go on, and when it can again.
    fn tell(&self, now_us: i64, before: Option<&str>, now: Option<String>) {
        if before == now.as_deref() {
            return;
        }
        let (severity, message) = match now {
            Some(reason) => (Severity::Warning, reason),
            None => (Severity::Info, "the upkeep goes on".to_owned()),
        };
        let news = News {
            kind: EventKind::Upkeep,
            severity,
            subject: "historian".into(),
            message,
        };
        self.shared.events.note_repeated(now_us, news);
    }
}

#[cfg(test)]
mod tests;
