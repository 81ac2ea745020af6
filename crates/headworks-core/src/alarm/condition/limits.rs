//! Which limits a condition has.

use super::{Condition, Limit};

impl Condition {
    /// Returns the limits with their names.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, Limit)> + use<> {
        let (first, second) = match *self {
            Condition::HighHigh { limit }
            | Condition::High { limit }
            | Condition::Low { limit }
            | Condition::LowLow { limit } => (Some(("limit", limit)), None),
            Condition::Deviation { setpoint, max } => {
                (Some(("setpoint", setpoint)), Some(("max", max)))
            }
            Condition::RateOfChange { max_per_s, .. } => (Some(("max_per_s", max_per_s)), None),
            Condition::Range { low, high } => (Some(("low", low)), Some(("high", high))),
            Condition::Discrete { .. }
            | Condition::Equals { .. }
            | Condition::NotEquals { .. }
            | Condition::Expression { .. }
            | Condition::BadQuality { .. }
            | Condition::Stale { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Returns the limits, to be changed.
    pub fn limits_mut(&mut self) -> impl Iterator<Item = &mut Limit> {
        let (first, second) = match self {
            Condition::HighHigh { limit }
            | Condition::High { limit }
            | Condition::Low { limit }
            | Condition::LowLow { limit } => (Some(limit), None),
            Condition::Deviation { setpoint, max } => (Some(setpoint), Some(max)),
            Condition::RateOfChange { max_per_s, .. } => (Some(max_per_s), None),
            Condition::Range { low, high } => (Some(low), Some(high)),
            Condition::Discrete { .. }
            | Condition::Equals { .. }
            | Condition::NotEquals { .. }
            | Condition::Expression { .. }
            | Condition::BadQuality { .. }
            | Condition::Stale { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }
}
