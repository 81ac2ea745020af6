//! What an alarm remembers between two looks.

use headworks_core::alarm::{EventId, Folded, Machine, Memory, Rule};
use headworks_core::expr::State;

/// An alarm that is watched.
#[derive(Default)]
pub(super) struct Live {
    pub(super) machine: Machine,
    pub(super) memory: Memory,
    pub(super) expressions: Option<Box<Expressions>>,
    /// The limit that it was judged by last.
    pub(super) limit: Option<f64>,
    /// When to judge it even if no sample comes.
    pub(super) judge_us: Option<i64>,
    /// When to look whether it means anything even if no sample comes.
    pub(super) suppress_us: Option<i64>,
    /// The earliest time of it that the timers know.
    pub(super) armed_us: Option<i64>,
    /// Whether it was the first of its group at its newest entry.
    pub(super) first_out: bool,
    /// Its newest event, over or not.
    pub(super) last_event: Option<EventId>,
    /// Its newest entry since the hub started; 0 when it has none.
    pub(super) number: u64,
}

/// What its expressions remember.
#[derive(Default)]
pub(super) struct Expressions {
    pub(super) condition: Option<State>,
    pub(super) suppress: Option<State>,
}

impl Live {
    /// Returns an alarm as the journal left it.
    pub(super) fn restore(folded: Option<&Folded>) -> Live {
        let Some(folded) = folded else {
            return Live::default();
        };
        Live {
            machine: Machine::restore(folded.standing),
            first_out: folded.first_out,
            last_event: folded.last_event,
            ..Live::default()
        }
    }

    /// Forgets all but how it stands: it is judged otherwise from now on.
    pub(super) fn begin_anew(&mut self) {
        *self = Live {
            machine: Machine::restore(*self.machine.standing()),
            armed_us: self.armed_us,
            first_out: self.first_out,
            last_event: self.last_event,
            number: self.number,
            ..Live::default()
        };
    }

    /// Returns when it is due, if that is earlier than the timers know. One that is later is found
    /// when the earlier time comes: most delays are stopped before they end.
    pub(super) fn newly_due(&self, rule: &Rule) -> Option<i64> {
        let due = [
            self.machine.next_due_us(rule),
            self.judge_us,
            self.suppress_us,
        ];
        let due_us = due.into_iter().flatten().min()?;
        let is_known = self.armed_us.is_some_and(|armed_us| armed_us <= due_us);
        (!is_known).then_some(due_us)
    }
}
