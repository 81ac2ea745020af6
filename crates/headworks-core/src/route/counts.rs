//! What a route counts.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a sample was held back.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Its quality is worse than the route takes.
    Quality,
    /// It is not the day or the time of day.
    Schedule,
    /// The condition is false.
    Condition,
    /// The condition could not be evaluated.
    ConditionFault,
    /// It waits in a window for the end of it.
    Window,
    /// Its value is nothing that the window can be made of.
    WindowKind,
    /// The transform gives no value.
    Transform,
    /// The value is as it was, or within the deadband.
    Unchanged,
    /// It came too soon after the last that passed; the newest of such passes later.
    Interval,
    /// The route has passed as many as it may within a minute.
    Rate,
    /// It is the router's own write that comes back, or one too many in a row of writes.
    Loop,
    /// No target takes a sample without a value.
    NoValue,
}

impl Hold {
    /// Every reason, in the order in which a sample meets them.
    pub const ALL: [Hold; 12] = [
        Hold::Quality,
        Hold::Schedule,
        Hold::Condition,
        Hold::ConditionFault,
        Hold::Window,
        Hold::WindowKind,
        Hold::Transform,
        Hold::Unchanged,
        Hold::Interval,
        Hold::Rate,
        Hold::Loop,
        Hold::NoValue,
    ];

    /// Returns the name as the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Hold::Quality => "quality",
            Hold::Schedule => "schedule",
            Hold::Condition => "condition",
            Hold::ConditionFault => "condition_fault",
            Hold::Window => "window",
            Hold::WindowKind => "window_kind",
            Hold::Transform => "transform",
            Hold::Unchanged => "unchanged",
            Hold::Interval => "interval",
            Hold::Rate => "rate",
            Hold::Loop => "loop",
            Hold::NoValue => "no_value",
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of the samples of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples of its tags.
    pub matched: u64,
    /// What went on: samples, and the results of windows.
    pub passed: u64,
    held: [u64; Hold::ALL.len()],
}

impl Counts {
    /// Returns how many samples were held back for a reason.
    pub fn held(&self, by: Hold) -> u64 {
        self.held[by as usize]
    }

    /// Counts a sample that is held back.
    pub(super) fn hold(&mut self, by: Hold) {
        self.held[by as usize] += 1;
    }

    /// Adds what another route, or the other way of the same, has counted.
    pub fn add(&mut self, other: &Counts) {
        self.matched += other.matched;
        self.passed += other.passed;
        for (own, other) in self.held.iter_mut().zip(other.held) {
            *own += other;
        }
    }
}
