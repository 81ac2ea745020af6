//! Alarm performance, from the journal: how much is asked of an operator, and of what kind.
//!
//! The figures of EEMUA 191 and ISA-18.2 are the named constants here. Every announced event
//! counts, of whatever priority; what is shelved, suppressed or out of service does not. A
//! re-alarm is no new event. Memory has a bound: it grows with the number of alarms, to
//! [`ALARMS_MAX`], and not with time.

use std::collections::HashMap;

use super::journal::{Entry, Fold};
use super::machine::Cause;
use super::state::{EventId, Standing};
use crate::model::{ObjectId, Priority};

mod chatter;
mod durations;
mod load;
mod report;
#[cfg(test)]
mod tests;

pub use chatter::Chatter;
use durations::Durations;
use load::Load;
pub use load::{Flood, LoadReport};
pub use report::{AlarmCount, PriorityShare, Report, StaleAlarm};

/// Length of the periods in which alarms are counted: 10 minutes.
pub const PERIOD_US: i64 = 600 * US_PER_S;
/// Most alarms of an operator in a period that count as manageable (EEMUA 191, ISA-18.2).
pub const PERIOD_TARGET: u32 = 1;
/// Most alarms of an operator in a period, beyond which ISA-18.2 calls it overloaded.
pub const PERIOD_MAX: u32 = 10;
/// A flood begins with this many alarms of an operator in 10 minutes (EEMUA 191, ISA-18.2).
pub const FLOOD_START: u32 = 10;
/// A flood is over when there are fewer alarms of an operator in 10 minutes (ISA-18.2).
pub const FLOOD_END: u32 = 5;
/// Most alarms of an operator in a day that are very likely to be acceptable (ISA-18.2).
pub const DAY_ACCEPTABLE: u32 = 150;
/// Most alarms of an operator in a day that are manageable (ISA-18.2).
pub const DAY_MANAGEABLE: u32 = 300;
/// Greatest share of time in flood, in percent (ISA-18.2).
pub const FLOOD_TIME_PERCENT_MAX: f64 = 1.0;
/// So many events of one alarm within [`CHATTER_US`] are chattering (ISA-18.2).
pub const CHATTER_EVENTS: usize = 3;
/// The time within which chattering is looked for: a minute.
pub const CHATTER_US: i64 = 60 * US_PER_S;
/// Time after which an alarm that is still active is stale: a day (ISA-18.2).
pub const STALE_US: i64 = 86_400 * US_PER_S;
/// Most alarms that are stale at the same time (ISA-18.2).
pub const STALE_TARGET: usize = 5;
/// How many alarms make the list of the most frequent.
pub const TOP: usize = 10;
/// Greatest share of the load that the most frequent alarms are to have, in percent (ISA-18.2).
pub const TOP_PERCENT_MAX: f64 = 5.0;
/// What share of the events each priority should have, in percent: 1, 2 and 3 as ISA-18.2 says of
/// high, medium and low. Priority 4 asks for nothing at once and has none.
pub const PRIORITY_PERCENT: [Option<f64>; 4] = [Some(5.0), Some(15.0), Some(80.0), None];
/// Most alarms that are told apart; the events of further ones are counted together.
pub const ALARMS_MAX: usize = 250_000;

const US_PER_S: i64 = 1_000_000;

/// Figures that grow with every entry of the journal.
#[derive(Clone, Debug)]
pub struct Statistics {
    start_us: i64,
    now_us: i64,
    load: Load,
    alarms: HashMap<ObjectId, Figures>,
    /// Events of alarms beyond [`ALARMS_MAX`].
    others: u64,
    by_priority: [u64; 4],
    acknowledged: Durations,
}

/// What is known of one alarm.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    events: u64,
    chatter: Chatter,
    /// Since when it has been active.
    active_since_us: Option<i64>,
    /// The event that was acknowledged last.
    acknowledged: Option<EventId>,
}

impl Statistics {
    /// Returns figures that begin at `start_us`, for so many operators, at least one, who share
    /// the alarms.
    pub fn new(start_us: i64, operators: u16) -> Statistics {
        Statistics {
            start_us,
            now_us: start_us,
            load: Load::new(start_us, operators.max(1)),
            alarms: HashMap::new(),
            others: 0,
            by_priority: [0; 4],
            acknowledged: Durations::default(),
        }
    }

    /// Takes over which alarms are active at the beginning.
    pub fn begin_with(&mut self, fold: &Fold) {
        for (alarm, folded) in fold.active() {
            if let Some(figures) = figures(&mut self.alarms, alarm) {
                figures.follow(&folded.standing);
                figures.acknowledged = folded.standing.acknowledged;
            }
        }
    }

    /// Takes the next entry of the journal. A time before the newest one counts as that one.
    pub fn add(&mut self, entry: &Entry) {
        self.advance(entry.transition.time_us);
        let now_us = self.now_us;
        let transition = &entry.transition;
        let opens = transition.opens_event();
        if opens {
            self.load.count(now_us);
            self.by_priority[entry.priority.as_usize()] += 1;
        }
        let Some(figures) = figures(&mut self.alarms, entry.alarm) else {
            self.others += u64::from(opens);
            return;
        };
        figures.follow(&transition.after);
        if opens {
            figures.count(now_us);
        }
        let event = transition.event.filter(|event| {
            transition.cause == Cause::Acknowledged && figures.acknowledged != Some(event.id)
        });
        if let Some(event) = event {
            figures.acknowledged = Some(event.id);
            let took_us = transition.time_us.saturating_sub(event.raised_us);
            self.acknowledged.add(took_us);
        }
    }

    /// Lets time pass without an entry.
    pub fn advance(&mut self, time_us: i64) {
        self.now_us = self.now_us.max(time_us);
        self.load.advance(self.now_us);
    }

    /// Returns whether the operators are in a flood of alarms.
    pub fn in_flood(&self) -> bool {
        self.load.in_flood()
    }

    /// Returns the share of the events that each priority of 1 to 3 has.
    fn priorities(&self) -> [PriorityShare; 4] {
        let total: u64 = self.by_priority[..3].iter().sum();
        Priority::ALL.map(|priority| {
            let events = self.by_priority[priority.as_usize()];
            let target_percent = PRIORITY_PERCENT[priority.as_usize()];
            PriorityShare {
                priority,
                events,
                percent: target_percent.and(percent(events, total)),
                target_percent,
            }
        })
    }
}

/// Returns the figures of an alarm, or nothing when there are too many alarms.
fn figures(alarms: &mut HashMap<ObjectId, Figures>, alarm: ObjectId) -> Option<&mut Figures> {
    if ALARMS_MAX <= alarms.len() && !alarms.contains_key(&alarm) {
        return None;
    }
    Some(alarms.entry(alarm).or_default())
}

impl Figures {
    fn follow(&mut self, after: &Standing) {
        self.active_since_us = after
            .event
            .filter(|_| after.state.is_active())
            .map(|event| event.raised_us);
    }

    fn count(&mut self, now_us: i64) {
        self.events += 1;
        self.chatter.add(now_us);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn percent(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| 100.0 * part as f64 / whole as f64)
}
