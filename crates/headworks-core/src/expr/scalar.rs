//! Values on their way through an expression, each with quality and time.

use std::sync::Arc;

use super::error::{Fault, FaultAt};
use crate::quality::Quality;
use crate::sample::Sample;
use crate::value::Value;

/// The time of a constant: older than everything, so that it never is the newest.
pub(super) const TIMELESS: i64 = i64::MIN;

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Bool(bool),
    Int(i64),
    /// Always finite.
    Float(f64),
    Text(Arc<str>),
    Bad(FaultAt),
}

/// A value with the quality and the time of what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) scalar: Scalar,
    /// Bad exactly when the scalar is.
    pub(super) quality: Quality,
    /// The newest time of what went in, or [`TIMELESS`].
    pub(super) time_us: i64,
}

/// A number, with bools as 0 and 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Scalar {
    pub(super) fn number(&self) -> Result<Number, Fault> {
        match *self {
            Scalar::Bool(value) => Ok(Number::Int(i64::from(value))),
            Scalar::Int(value) => Ok(Number::Int(value)),
            Scalar::Float(value) => Ok(Number::Float(value)),
            Scalar::Text(_) | Scalar::Bad(_) => Err(Fault::Type),
        }
    }

    pub(super) fn text(&self) -> Result<&str, Fault> {
        match self {
            Scalar::Text(text) => Ok(text),
            Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::Bad(_) => {
                Err(Fault::Type)
            }
        }
    }

    /// Returns whether the value counts as true: not zero and not empty, as in Python.
    pub(super) fn truth(&self) -> bool {
        match self {
            Scalar::Bool(value) => *value,
            Scalar::Int(value) => *value != 0,
            Scalar::Float(value) => *value != 0.0,
            Scalar::Text(text) => !text.is_empty(),
            Scalar::Bad(_) => false,
        }
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self, Scalar::Bad(_))
    }

    /// Returns the value as tags have it.
    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Scalar::Bool(value) => Some(Value::Bool(value)),
            Scalar::Int(value) => Some(Value::I64(value)),
            Scalar::Float(value) => Some(Value::F64(value)),
            Scalar::Text(text) => Some(Value::Text(text)),
            Scalar::Bad(_) => None,
        }
    }

    /// Returns the scalar of a tag's value.
    pub(super) fn from_value(value: &Value) -> Result<Scalar, Fault> {
        match value {
            Value::Bool(value) => Ok(Scalar::Bool(*value)),
            Value::I64(value) => Ok(Scalar::Int(*value)),
            Value::U64(value) => i64::try_from(*value)
                .map(Scalar::Int)
                .map_err(|_| Fault::Overflow),
            Value::F64(value) if value.is_finite() => Ok(Scalar::Float(*value)),
            Value::F64(_) => Err(Fault::NotANumber),
            Value::Text(text) if super::TEXT_BYTES_MAX < text.len() => Err(Fault::TextTooLong),
            Value::Text(text) => Ok(Scalar::Text(Arc::clone(text))),
            Value::Bytes(_) => Err(Fault::Type),
        }
    }
}

impl Number {
    pub(super) fn to_float(self) -> f64 {
        match self {
            Number::Int(value) => super::arithmetic::to_float(value),
            Number::Float(value) => value,
        }
    }

    pub(super) fn scalar(self) -> Scalar {
        match self {
            Number::Int(value) => Scalar::Int(value),
            Number::Float(value) => Scalar::Float(value),
        }
    }
}

impl Entry {
    pub(super) fn good(scalar: Scalar, time_us: i64) -> Entry {
        Entry {
            scalar,
            quality: Quality::GOOD,
            time_us,
        }
    }

    pub(super) fn constant(scalar: Scalar) -> Entry {
        Entry::good(scalar, TIMELESS)
    }

    pub(super) fn bad(fault: Fault, column: u32, time_us: i64) -> Entry {
        Entry {
            scalar: Scalar::Bad(FaultAt { fault, column }),
            quality: fault.quality(),
            time_us,
        }
    }

    /// Returns the entry of an input; a missing one waits for its first sample.
    #[inline]
    pub(super) fn of_input(sample: Option<&Sample>, column: u32) -> Entry {
        let Some(sample) = sample else {
            return Entry {
                quality: Quality::BAD_WAITING_FOR_INITIAL_DATA,
                ..Entry::bad(Fault::Input, column, TIMELESS)
            };
        };
        match &sample.value {
            // What most samples are, first.
            Some(Value::F64(value)) if !sample.quality.is_bad() && value.is_finite() => Entry {
                scalar: Scalar::Float(*value),
                quality: sample.quality,
                time_us: sample.time_us,
            },
            Some(value) if !sample.quality.is_bad() => match Scalar::from_value(value) {
                Ok(scalar) => Entry {
                    scalar,
                    quality: sample.quality,
                    time_us: sample.time_us,
                },
                Err(fault) => Entry::bad(fault, column, sample.time_us),
            },
            _ => Entry {
                quality: worst(sample.quality, Quality::BAD),
                ..Entry::bad(Fault::Input, column, sample.time_us)
            },
        }
    }
}

/// Returns the worse of two qualities; of two of one class the first that says more than `Good`.
#[inline]
pub(super) fn worst(left: Quality, right: Quality) -> Quality {
    if left == Quality::GOOD || left.class() < right.class() {
        right
    } else {
        left
    }
}

/// Returns the newest time of some entries.
pub(super) fn newest(entries: &[Entry]) -> i64 {
    entries
        .iter()
        .map(|entry| entry.time_us)
        .max()
        .unwrap_or(TIMELESS)
}
