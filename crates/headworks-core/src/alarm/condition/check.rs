//! What can be wrong with a condition.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Condition, Detector, Direction, Limit, OnBad};
use crate::expr::{AnyScope, Program};
use crate::model::{FieldError, ObjectId};
use crate::value::Value;

/// Most states of a discrete condition.
const STATES_MAX: usize = 64;
/// Most characters of a text that a value is compared with.
const TEXT_MAX: usize = 256;
/// Most characters of an expression.
const EXPRESSION_MAX: usize = 4000;
/// Longest time over which a rate is measured, in seconds: a day.
const OVER_S_MAX: u32 = 86_400;
/// Longest time without a sample, in seconds: a year.
const AFTER_S_MAX: u32 = 31_536_000;

impl Detector {
    /// Checks condition, deadband and `on_bad` of an alarm on `tag`; the names of fields begin
    /// at the alarm.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, with the reason.
    pub fn check(&self, tag: Option<ObjectId>) -> Result<(), FieldError> {
        self.check_tag(tag)?;
        self.condition.check_limits(tag)?;
        self.condition.check_parameters()?;
        self.check_deadband()?;
        self.check_on_bad()
    }

    fn check_tag(&self, tag: Option<ObjectId>) -> Result<(), FieldError> {
        if tag.is_none() && !matches!(self.condition, Condition::Expression { .. }) {
            let reason = format!("a condition {:?} needs a tag", self.condition.name());
            return Err(FieldError::new("/tag", reason));
        }
        Ok(())
    }

    fn check_deadband(&self) -> Result<(), FieldError> {
        let deadband = self.deadband;
        let refuse = |reason: fmt::Arguments<'_>| Err(FieldError::new("/deadband", reason));
        if !deadband.is_finite() || deadband < 0.0 {
            return refuse(format_args!(
                "{deadband} must be a finite number of at least 0"
            ));
        }
        if deadband == 0.0 {
            return Ok(());
        }
        let name = self.condition.name();
        if self.condition.limits().next().is_none() {
            return refuse(format_args!("means nothing to {name:?}: leave it out"));
        }
        match self.condition.deadband_max() {
            Some(max) if max <= deadband => refuse(format_args!(
                "{deadband} leaves no value at which the alarm clears: it must be below {max}"
            )),
            _ => Ok(()),
        }
    }

    fn check_on_bad(&self) -> Result<(), FieldError> {
        match self.condition {
            Condition::BadQuality { .. } | Condition::Stale { .. }
                if self.on_bad != OnBad::Hold =>
            {
                let name = self.condition.name();
                let reason = format!("means nothing to {name:?}: leave it out");
                Err(FieldError::new("/on_bad", reason))
            }
            _ => Ok(()),
        }
    }
}

impl Condition {
    /// Returns the deadband from which on an active alarm could never clear, where that is known.
    fn deadband_max(&self) -> Option<f64> {
        match *self {
            Condition::Range {
                low: Limit::Fixed(low),
                high: Limit::Fixed(high),
            } => Some((high - low) / 2.0),
            Condition::Deviation {
                max: Limit::Fixed(max),
                ..
            }
            | Condition::RateOfChange {
                max_per_s: Limit::Fixed(max),
                direction: Direction::Either,
                ..
            } => Some(max),
            _ => None,
        }
    }

    fn check_limits(&self, tag: Option<ObjectId>) -> Result<(), FieldError> {
        for (name, limit) in self.limits() {
            match limit {
                Limit::Fixed(value) if !value.is_finite() => {
                    return refuse(name, "must be a finite number");
                }
                Limit::Tag { tag: other } if Some(other) == tag => {
                    return refuse(name, "is the tag of the alarm itself: name another");
                }
                Limit::Fixed(_) | Limit::Tag { .. } => {}
            }
        }
        match *self {
            Condition::Range {
                low: Limit::Fixed(low),
                high: Limit::Fixed(high),
            } if high <= low => refuse("high", format_args!("{high} must be above low, {low}")),
            Condition::Deviation {
                max: Limit::Fixed(max),
                ..
            } if max <= 0.0 => refuse("max", format_args!("{max} must be above 0")),
            Condition::RateOfChange {
                max_per_s: Limit::Fixed(max),
                ..
            } if max <= 0.0 => refuse("max_per_s", format_args!("{max} must be above 0")),
            _ => Ok(()),
        }
    }

    fn check_parameters(&self) -> Result<(), FieldError> {
        match self {
            Condition::RateOfChange { over_s, .. } => check_seconds("over_s", *over_s, OVER_S_MAX),
            Condition::Stale { after_s } => check_seconds("after_s", *after_s, AFTER_S_MAX),
            Condition::Equals { value } | Condition::NotEquals { value } => {
                check_value("value", value)
            }
            Condition::Discrete { states } => check_states(states),
            Condition::Expression { text } => check_expression("/condition/text", text),
            Condition::HighHigh { .. }
            | Condition::High { .. }
            | Condition::Low { .. }
            | Condition::LowLow { .. }
            | Condition::Deviation { .. }
            | Condition::Range { .. }
            | Condition::BadQuality { .. } => Ok(()),
        }
    }
}

fn refuse(name: &str, reason: impl fmt::Display) -> Result<(), FieldError> {
    Err(FieldError::new(format!("/condition/{name}"), reason))
}

fn check_seconds(name: &str, seconds: u32, max: u32) -> Result<(), FieldError> {
    if !(1..=max).contains(&seconds) {
        return refuse(name, format_args!("{seconds} s; 1 to {max} s are allowed"));
    }
    Ok(())
}

fn check_states(states: &[Value]) -> Result<(), FieldError> {
    if states.is_empty() || STATES_MAX < states.len() {
        let count = states.len();
        return refuse(
            "states",
            format_args!("{count} states; 1 to {STATES_MAX} are allowed"),
        );
    }
    for (at, state) in states.iter().enumerate() {
        check_value(&format!("states/{at}"), state)?;
        if states[..at].contains(state) {
            return refuse(
                &format!("states/{at}"),
                format_args!("{state} is named twice"),
            );
        }
    }
    Ok(())
}

/// Says of a value how long a text may be.
pub(super) fn value_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "boolean" },
            { "type": "number" },
            { "type": "string", "maxLength": TEXT_MAX },
        ],
    })
}

/// The schema of a list of states.
pub(super) fn states_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": STATES_MAX,
        "items": value_schema(generator),
    })
}

fn check_value(name: &str, value: &Value) -> Result<(), FieldError> {
    let count = match value {
        Value::Text(text) => text.chars().count(),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Bytes(_) => 0,
    };
    if TEXT_MAX < count {
        return refuse(
            name,
            format_args!("{count} characters; at most {TEXT_MAX} are allowed"),
        );
    }
    Ok(())
}

/// Checks an expression whose value is to be true or false; which tags there are, and of which
/// kinds, knows only the one who runs it.
pub(crate) fn check_expression(field: &str, text: &str) -> Result<(), FieldError> {
    let count = text.chars().count();
    if text.trim().is_empty() || EXPRESSION_MAX < count {
        let reason = format!("{count} characters; 1 to {EXPRESSION_MAX} are allowed");
        return Err(FieldError::new(field, reason));
    }
    let program = Program::compile(text, &AnyScope);
    let kind = program
        .map_err(|error| FieldError::new(field, error))?
        .kind();
    if !kind.may_be_number() {
        return Err(FieldError::new(field, "is a text, not true or false"));
    }
    Ok(())
}
