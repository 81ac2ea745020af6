//! The state machine of one alarm, after ISA-18.2 and IEC 62682.
//!
//! Every input gives the transitions that it makes, in order. A transition carries all that the
//! machine knows afterwards, so that the state after a restart is what the last one says; only
//! running delays are lost, and begin anew with the next verdict.

use std::num::NonZeroU64;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Verdict;
use super::state::{Event, EventId, Standing, State};

mod step;
#[cfg(test)]
mod tests;

use step::Step;

/// What of an alarm's configuration the machine goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How long the condition holds before the alarm is active.
    pub on_delay_us: i64,
    /// How long the condition does not hold before the alarm is over.
    pub off_delay_us: i64,
    /// After which time an alarm that is still active asks for attention again.
    pub re_alarm_us: Option<i64>,
    /// Longest time on a shelf.
    pub shelve_max_us: i64,
    /// Whether an alarm that is over has to be reset.
    pub latching: bool,
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    standing: Standing,
    /// When the condition will have been otherwise for long enough.
    delay_due_us: Option<i64>,
    /// The last verdict, before delays.
    verdict: Verdict,
}

/// What happens to an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The condition was judged.
    Condition(Verdict),
    /// Somebody has seen an event.
    Acknowledge {
        /// The event that was seen: another one is not acknowledged by it.
        event: EventId,
        /// Who.
        by: By,
    },
    /// Somebody releases a latch.
    Reset {
        /// Who.
        by: By,
    },
    /// Somebody puts the alarm aside, or changes for how long.
    Shelve {
        /// Until when; until the longest time when absent.
        until_us: Option<i64>,
        /// Whether only for the next or present time that the condition holds.
        one_shot: bool,
        /// Who and why.
        by: By,
    },
    /// Somebody takes the alarm off the shelf.
    Unshelve {
        /// Who.
        by: By,
    },
    /// The plant is in a state in which the alarm means nothing, or no longer.
    Suppress(bool),
    /// Somebody takes the alarm out of service.
    TakeOut {
        /// Who and why.
        by: By,
    },
    /// Somebody puts the alarm back into service.
    PutBack {
        /// Who.
        by: By,
    },
    /// Time has passed.
    Tick,
    /// The alarm is deleted or switched off.
    Remove,
}

/// Who did something, and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// Name of the account.
    #[schemars(length(min = 1, max = 128))]
    pub actor: Arc<str>,
    /// Comment or reason; may be empty.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub comment: Arc<str>,
}

/// Why there was a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The condition held for long enough.
    Raised,
    /// The condition did not hold for long enough.
    Cleared,
    /// Somebody acknowledged.
    Acknowledged,
    /// Somebody released the latch.
    Reset,
    /// It was active for too long.
    ReAlarmed,
    /// Somebody put it on a shelf.
    Shelved,
    /// Somebody took it off the shelf.
    Unshelved,
    /// The time on the shelf was over.
    ShelfExpired,
    /// What it was shelved for once was over.
    OneShotOver,
    /// The plant came into a state in which it means nothing.
    Suppressed,
    /// The plant left such a state.
    Unsuppressed,
    /// Somebody took it out of service.
    TakenOut,
    /// Somebody put it back into service.
    PutBack,
    /// It was deleted or switched off.
    Removed,
}

/// One step of an alarm, as it goes to the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// When, microseconds since 1970-01-01 UTC; never before the one before.
    pub time_us: i64,
    /// The state before.
    pub from: State,
    /// The state afterwards; the same when the condition changed in a hidden state, and when an
    /// unacknowledged alarm asked again.
    pub to: State,
    /// Why.
    pub cause: Cause,
    /// The event that began, went on or ended by it.
    pub event: Option<Event>,
    /// Who did it; nobody when the machine did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// All that is known of the alarm afterwards.
    pub after: Standing,
}

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The event is not the present one of the alarm.
    #[error(
        "event {asked} is not the present one of the alarm, which {}: look at the alarm again",
        present(*.current)
    )]
    OtherEvent {
        /// The event of the request.
        asked: EventId,
        /// The present one.
        current: Option<EventId>,
    },
    /// There is no latch to release.
    #[error("the alarm is {state}, not latched: there is nothing to reset")]
    NotLatched {
        /// The state of the alarm.
        state: State,
    },
    /// The cause of the latch is still there.
    #[error("the condition holds: remove its cause before the reset")]
    Holds,
    /// Whether the cause of the latch is still there cannot be said.
    #[error("the condition cannot be judged now: reset when its tag has a usable value")]
    NotJudged,
    /// The act needs a reason.
    #[error("the alarm is hidden only for a reason: say it in the comment")]
    NoReason,
    /// The end of the shelf is not one.
    #[error("an alarm is shelved for more than 0 and at most {max_s} s")]
    ShelfTime {
        /// Longest time on a shelf, in seconds.
        max_s: i64,
    },
}

/// Where transitions are collected, and events get their numbers; one for all alarms of a plant.
#[derive(Clone, Debug)]
pub struct Ledger {
    next: u64,
    transitions: Vec<Transition>,
}

impl Ledger {
    /// Returns an empty ledger whose first event comes after `last`, the newest of the journal.
    pub fn new(last: Option<EventId>) -> Ledger {
        Ledger {
            next: last.map_or(1, |last| last.0.get().saturating_add(1)),
            transitions: Vec::new(),
        }
    }

    /// Takes the transitions since the last time.
    pub fn drain(&mut self) -> impl Iterator<Item = Transition> {
        self.transitions.drain(..)
    }

    /// Returns whether there are no transitions to take.
    pub fn is_empty(&self) -> bool {
        self.transitions.is_empty()
    }

    fn next_event(&mut self) -> EventId {
        let id = NonZeroU64::new(self.next).unwrap_or(NonZeroU64::MAX);
        self.next = self.next.saturating_add(1);
        EventId(id)
    }
}

impl By {
    /// Most characters of a comment; to be refused where it comes in, not here.
    pub const COMMENT_MAX: usize = 1000;

    /// Returns who did something.
    pub fn new(actor: &str, comment: &str) -> By {
        By {
            actor: actor.into(),
            comment: comment.into(),
        }
    }

    fn check_reason(&self) -> Result<(), Refusal> {
        match self.comment.trim() {
            "" => Err(Refusal::NoReason),
            _ => Ok(()),
        }
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::restore(Standing::default())
    }
}

impl Machine {
    /// Returns an alarm as the journal left it.
    pub fn restore(standing: Standing) -> Machine {
        Machine {
            standing,
            delay_due_us: None,
            verdict: Verdict::Unknown,
        }
    }

    /// Returns what the journal says of the alarm.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Returns when the machine has something to do even if nothing happens: a delay, the end of
    /// a shelf, a re-alarm. Sleep until then and send [`Input::Tick`].
    pub fn next_due_us(&self, rule: &Rule) -> Option<i64> {
        let shelf = self.standing.shelf.map(|shelf| shelf.until_us);
        let others = [shelf, self.re_alarm_due_us(rule)];
        others.into_iter().flatten().chain(self.delay_due_us).min()
    }

    fn re_alarm_due_us(&self, rule: &Rule) -> Option<i64> {
        let after_us = rule
            .re_alarm_us
            .filter(|_| self.standing.state.is_active())?;
        Some(self.standing.since_us.saturating_add(after_us))
    }

    /// Does what is due until `time_us`, then applies the input.
    ///
    /// The transitions of both are in the ledger, also when the input is refused. A time before
    /// the last transition counts as the time of that one. To ask for what already is so is no
    /// error and makes no transition.
    ///
    /// # Errors
    ///
    /// When the input does not fit the present state; nothing has changed by it then.
    pub fn apply(
        &mut self,
        rule: &Rule,
        ledger: &mut Ledger,
        time_us: i64,
        input: Input,
    ) -> Result<(), Refusal> {
        let time_us = time_us.max(self.standing.since_us);
        let mut step = Step {
            machine: self,
            rule,
            ledger,
            time_us,
        };
        step.settle();
        step.input(input)
    }
}

impl Transition {
    /// Returns whether it opened an event: the alarm asks for attention for a new reason.
    pub fn opens_event(&self) -> bool {
        match self.cause {
            Cause::Raised => !self.to.is_hidden(),
            Cause::Unshelved
            | Cause::ShelfExpired
            | Cause::OneShotOver
            | Cause::Unsuppressed
            | Cause::PutBack => self.after.event.is_some(),
            Cause::Cleared
            | Cause::Acknowledged
            | Cause::Reset
            | Cause::ReAlarmed
            | Cause::Shelved
            | Cause::Suppressed
            | Cause::TakenOut
            | Cause::Removed => false,
        }
    }

    /// Returns whether people are to be told: of a new event, or of an old one again.
    pub fn announces(&self) -> bool {
        self.opens_event() || self.cause == Cause::ReAlarmed
    }
}

fn present(event: Option<EventId>) -> String {
    event.map_or("has none".to_owned(), |event| format!("is {event}"))
}
