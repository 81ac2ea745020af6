//! Alarms that run: judged as samples pass through ingest, by the clock and by what people do.
//!
//! * [`rules`]: what is configured, compiled, and which alarm needs which tag.
//! * [`judge`]: the machines of all alarms; from samples, acts and time to transitions.
//! * [`queue`] and [`writer`]: the way of transitions to the journal, in groups.
//! * [`shown`]: how the alarms stand for everybody else: what the journal has.
//! * [`desk`]: what the outside may ask and do.
//! * [`trial`]: what an alarm would have done with stored samples.
//!
//! Whoever is told of a transition is told what the journal has already, so that nothing that
//! anybody saw is gone after the end of the process.

mod desk;
mod groups;
mod judge;
mod queue;
mod rules;
mod shown;
#[cfg(test)]
mod tests;
mod timers;
mod trial;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headworks_core::alarm::{Input, Refusal};
use headworks_core::model::ObjectId;
use headworks_core::{Sample, TagIndex, Update};
use headworks_store::AlarmStart;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

pub use desk::{Act, AlarmDesk, AlarmStats};
pub(crate) use desk::{JournalThread, Opened};
pub(crate) use rules::Rules;
pub use shown::AlarmStatus;
pub use trial::{
    ALARM_TRIAL_PARTS, ALARM_TRIAL_ROWS_MAX, ALARM_TRIAL_SAMPLES_MAX, AlarmTrial, AlarmTrialPart,
    AlarmTrialRow,
};

use crate::hub::Shared;
use judge::Judge;
use queue::Queue;

/// Longest sleep of the timer: the clock may be set forward meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Gives the last sample of a tag.
pub(crate) type Last<'a> = &'a dyn Fn(TagIndex) -> Option<Sample>;

/// The alarms on the way of the samples.
pub(crate) struct Alarms {
    judge: Mutex<Judge>,
    queue: Arc<Queue>,
    /// Says that something may be due earlier than before.
    earlier: Notify,
    /// Whether there is nothing to judge, known without a lock.
    idle: AtomicBool,
}

/// What an act on an alarm came to.
pub(crate) struct Acted {
    /// Number of the newest entry of the alarm, which has to be in the journal.
    pub(crate) number: u64,
    /// Whether the machine took it.
    pub(crate) outcome: Result<(), (String, Refusal)>,
}

impl Alarms {
    pub(crate) fn new(zone: TimeZone) -> Alarms {
        Alarms {
            judge: Mutex::new(Judge::new(zone)),
            queue: Arc::default(),
            earlier: Notify::new(),
            idle: AtomicBool::new(true),
        }
    }

    /// Judges a batch that was settled.
    pub(crate) fn judge(&self, batch: &[Update], now_us: i64, last: Last<'_>) {
        if !self.idle.load(Ordering::Relaxed) && !batch.is_empty() {
            self.with(|judge| judge.batch(batch, now_us, last));
        }
    }

    /// Begins as the journal has left the alarms.
    pub(crate) fn begin(&self, start: AlarmStart, rules: Arc<Rules>, now_us: i64, last: Last<'_>) {
        self.with(|judge| {
            judge.begin(start, rules, now_us, last);
            self.idle.store(judge.is_idle(), Ordering::Relaxed);
        });
    }

    /// Takes the alarms of a new plant.
    pub(crate) fn take(&self, rules: Arc<Rules>, now_us: i64, last: Last<'_>) {
        self.with(|judge| {
            judge.take(rules, now_us, last);
            self.idle.store(judge.is_idle(), Ordering::Relaxed);
        });
    }

    /// Returns what is judged at present.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(self.judge.lock().rules())
    }

    /// Does something to an alarm; nothing when it is not watched.
    pub(crate) fn act(
        &self,
        alarm: ObjectId,
        input: Input,
        now_us: i64,
        last: Last<'_>,
    ) -> Option<Acted> {
        self.with(|judge| judge.act(alarm, input, now_us, last))
    }

    /// Does what is due; returns when the next is.
    pub(crate) fn tick(&self, now_us: i64, last: Last<'_>) -> Option<i64> {
        self.with(|judge| judge.tick(now_us, last))
    }

    fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Waits while too many transitions wait for a disk that works.
    pub(crate) async fn room(&self) {
        self.queue.room().await;
    }

    fn with<T>(&self, work: impl FnOnce(&mut Judge) -> T) -> T {
        let mut judge = self.judge.lock();
        let outcome = work(&mut judge);
        // within the lock: entries are queued in the order of their numbers
        self.queue.push(judge.take_out());
        if judge.is_due_earlier() {
            self.earlier.notify_one();
        }
        outcome
    }
}

/// Does what is due by the clock, until the hub stops.
pub(crate) async fn run_timer(shared: Arc<Shared>) {
    let alarms = shared.ingest.alarms();
    loop {
        let now_us = shared.clock.now_us();
        let due_us = alarms.tick(now_us, &|tag| shared.ingest.space().last(tag));
        alarms.room().await;
        let rest = async {
            match due_us {
                Some(due_us) => {
                    let rest_us = due_us.saturating_sub(shared.clock.now_us()).max(0);
                    let rest = Duration::from_micros(rest_us.unsigned_abs());
                    sleep(rest.min(SLEEP_MAX)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = alarms.earlier.notified() => {}
            () = rest => {}
        }
    }
}
