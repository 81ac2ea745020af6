//! The states of an alarm, and all that its journal says of it.

use std::fmt;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The states of an alarm after ISA-18.2, each with the letter of its diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A: nothing to do.
    #[default]
    Normal,
    /// B: active, and nobody has acknowledged it.
    Unacknowledged,
    /// C: active and acknowledged.
    Acknowledged,
    /// D: over before anybody acknowledged it.
    ReturnedUnacknowledged,
    /// E: over, but to be reset, and nobody has acknowledged it.
    LatchedUnacknowledged,
    /// F: over and acknowledged, but to be reset.
    LatchedAcknowledged,
    /// G: put aside by an operator for a while.
    Shelved,
    /// H: without meaning in the present state of the plant, as designed.
    Suppressed,
    /// I: taken out of service for work on it.
    OutOfService,
}

/// The number of an event: one time that an alarm asked for attention. Given once in a plant.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EventId(pub NonZeroU64);

/// One time that an alarm asked for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its number.
    pub id: EventId,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub raised_us: i64,
}

/// How an alarm is shelved; never for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shelf {
    /// When it ends at the latest, microseconds since 1970-01-01 UTC.
    pub until_us: i64,
    /// Whether it ends before, as soon as the condition has been true and is so no more.
    pub one_shot: bool,
}

/// All that the journal says of an alarm: enough to go on after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Whether the condition held when it was last judged, after its delays; it is judged in
    /// every state.
    pub active: bool,
    /// What the alarm asks attention for; nothing in the states A, G, H and I.
    pub event: Option<Event>,
    /// The event that was acknowledged last: who asks again is not told that it is unknown.
    pub acknowledged: Option<EventId>,
    /// When the last transition was, microseconds since 1970-01-01 UTC.
    pub since_us: i64,
    /// The shelf, in state G and beneath H and I.
    pub shelf: Option<Shelf>,
    /// Whether it is suppressed by design, in state H and beneath I.
    pub suppressed: bool,
    /// Whether it is out of service: state I.
    pub out_of_service: bool,
    /// Whether a latch waits in the states G, H and I: it returns latched, not normal.
    pub latch_kept: bool,
}

impl State {
    /// Every state, A to I.
    pub const ALL: [State; 9] = [
        State::Normal,
        State::Unacknowledged,
        State::Acknowledged,
        State::ReturnedUnacknowledged,
        State::LatchedUnacknowledged,
        State::LatchedAcknowledged,
        State::Shelved,
        State::Suppressed,
        State::OutOfService,
    ];

    /// Returns the letter of the state in the diagram of ISA-18.2.
    pub const fn letter(self) -> char {
        match self {
            State::Normal => 'A',
            State::Unacknowledged => 'B',
            State::Acknowledged => 'C',
            State::ReturnedUnacknowledged => 'D',
            State::LatchedUnacknowledged => 'E',
            State::LatchedAcknowledged => 'F',
            State::Shelved => 'G',
            State::Suppressed => 'H',
            State::OutOfService => 'I',
        }
    }

    /// Returns the name as people say it.
    pub const fn name(self) -> &'static str {
        match self {
            State::Normal => "normal",
            State::Unacknowledged => "active and unacknowledged",
            State::Acknowledged => "active and acknowledged",
            State::ReturnedUnacknowledged => "over and unacknowledged",
            State::LatchedUnacknowledged => "latched and unacknowledged",
            State::LatchedAcknowledged => "latched and acknowledged",
            State::Shelved => "shelved",
            State::Suppressed => "suppressed by design",
            State::OutOfService => "out of service",
        }
    }

    /// Returns whether the alarm asks nobody for anything, whatever its condition is.
    pub const fn is_hidden(self) -> bool {
        matches!(
            self,
            State::Shelved | State::Suppressed | State::OutOfService
        )
    }

    /// Returns whether the alarm shows that its condition holds.
    pub const fn is_active(self) -> bool {
        matches!(self, State::Unacknowledged | State::Acknowledged)
    }

    /// Returns whether somebody has to acknowledge the alarm.
    pub const fn needs_acknowledgement(self) -> bool {
        matches!(
            self,
            State::Unacknowledged | State::ReturnedUnacknowledged | State::LatchedUnacknowledged
        )
    }

    /// Returns whether the alarm waits for a reset.
    pub const fn is_latched(self) -> bool {
        matches!(
            self,
            State::LatchedUnacknowledged | State::LatchedAcknowledged
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EventId {
    /// Returns the event of a number; 0 is none.
    pub fn new(number: u64) -> Option<EventId> {
        NonZeroU64::new(number).map(EventId)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Standing {
    /// Returns the state that hides the alarm: the strongest of what was asked for.
    pub(super) fn hiding(&self) -> Option<State> {
        if self.out_of_service {
            Some(State::OutOfService)
        } else if self.suppressed {
            Some(State::Suppressed)
        } else {
            self.shelf.map(|_| State::Shelved)
        }
    }

    /// Returns whether its parts fit together; a damaged journal may hold others.
    pub fn is_sound(&self) -> bool {
        if self.hiding() != Some(self.state).filter(|state| state.is_hidden()) {
            return false;
        }
        if self.state.is_hidden() {
            return self.event.is_none();
        }
        self.active == self.state.is_active()
            && self.event.is_some() == (self.state != State::Normal)
            && !self.latch_kept
    }
}
