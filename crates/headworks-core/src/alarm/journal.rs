//! The journal of alarms: what is kept of every transition, and the states it folds to.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::{Cause, Transition};
use super::state::{EventId, Standing, State};
use crate::model::{ObjectId, Priority};
use crate::path::TagPath;
use crate::value::Value;

#[cfg(test)]
mod tests;

/// One line of the journal. It says all that a reader needs after the alarm is gone or renamed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number: greater than that of every entry before.
    pub number: u64,
    /// The alarm.
    pub alarm: ObjectId,
    /// Name of the alarm.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Path of its tag, whose folders are the area of the alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<TagPath>,
    /// How urgent it was.
    pub priority: Priority,
    /// What the operator read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub text: String,
    /// The value that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The limit that it was judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Whether the alarm is the first of its group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_out: bool,
    /// What happened.
    pub transition: Transition,
}

/// What a journal comes to: the standing of every alarm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    number: u64,
    last_event: Option<EventId>,
    alarms: HashMap<ObjectId, Folded>,
}

/// One alarm of a fold.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// What the journal says of it.
    pub standing: Standing,
    /// Its priority at the last transition.
    pub priority: Priority,
    /// Whether it is the first of its group.
    pub first_out: bool,
    /// Its newest event, over or not.
    pub last_event: Option<EventId>,
}

/// Why an entry cannot be the next one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The numbers do not increase.
    #[error("entry {number} comes after entry {last} in the journal of alarms")]
    Number {
        /// The number of the entry.
        number: u64,
        /// The number of the one before.
        last: u64,
    },
    /// The entry does not begin where the one before has ended.
    #[error(
        "entry {number} of alarm {alarm} begins {from}, but the alarm is {state}: one is missing"
    )]
    Chain {
        /// The number of the entry.
        number: u64,
        /// The alarm.
        alarm: ObjectId,
        /// The state that it begins with.
        from: State,
        /// The state of the alarm.
        state: State,
    },
    /// The entry contradicts itself.
    #[error("entry {number} of alarm {alarm} contradicts itself: it is damaged")]
    Damaged {
        /// The number of the entry.
        number: u64,
        /// The alarm.
        alarm: ObjectId,
    },
}

impl Fold {
    /// Takes the next entry.
    ///
    /// The first entry of an alarm may begin anywhere: old entries are deleted in time, and the
    /// last one of each alarm is enough.
    ///
    /// # Errors
    ///
    /// When it cannot be the next one; nothing has changed then.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), FoldError> {
        self.check(entry)?;
        let transition = &entry.transition;
        self.number = entry.number;
        let event = transition.event.map(|event| event.id);
        self.last_event = self.last_event.max(event);
        if transition.cause == Cause::Removed {
            self.alarms.remove(&entry.alarm);
        } else {
            let before = self.alarms.get(&entry.alarm);
            let folded = Folded {
                standing: transition.after,
                priority: entry.priority,
                first_out: entry.first_out,
                last_event: event.or(before.and_then(|folded| folded.last_event)),
            };
            self.alarms.insert(entry.alarm, folded);
        }
        Ok(())
    }

    /// Takes an entry as it is, and says what is wrong with it: after damage of the journal, the
    /// newest that is known of an alarm is better than nothing.
    ///
    /// # Errors
    ///
    /// What was wrong. An entry that contradicts itself was left out, any other was taken.
    pub fn recover(&mut self, entry: &Entry) -> Result<(), FoldError> {
        let result = self.apply(entry);
        if let Err(FoldError::Chain { alarm, .. }) = &result {
            self.alarms.remove(alarm);
            return self.apply(entry).and(result);
        }
        result
    }

    fn check(&self, entry: &Entry) -> Result<(), FoldError> {
        let (number, alarm) = (entry.number, entry.alarm);
        let transition = &entry.transition;
        if number <= self.number {
            let last = self.number;
            return Err(FoldError::Number { number, last });
        }
        if !transition.after.is_sound() || transition.after.state != transition.to {
            return Err(FoldError::Damaged { number, alarm });
        }
        match self.alarms.get(&alarm).map(|folded| folded.standing.state) {
            Some(state) if state != transition.from => Err(FoldError::Chain {
                number,
                alarm,
                from: transition.from,
                state,
            }),
            _ => Ok(()),
        }
    }

    /// Returns the number of the newest entry; 0 before the first.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the newest event, after which a [`Ledger`](super::Ledger) goes on.
    pub fn last_event(&self) -> Option<EventId> {
        self.last_event
    }

    /// Returns what is known of an alarm; nothing of one that never had a transition.
    pub fn get(&self, alarm: ObjectId) -> Option<&Folded> {
        self.alarms.get(&alarm)
    }

    /// Returns every alarm with a transition, in no order.
    pub fn alarms(&self) -> impl Iterator<Item = (ObjectId, &Folded)> {
        self.alarms.iter().map(|(id, folded)| (*id, folded))
    }

    /// Returns the alarms that are not normal, in no order.
    pub fn active(&self) -> impl Iterator<Item = (ObjectId, &Folded)> {
        self.alarms()
            .filter(|(_, folded)| folded.standing.state != State::Normal)
    }
}
