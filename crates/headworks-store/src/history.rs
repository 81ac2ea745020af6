//! Questions about history, the same for every store: raw samples in pages, values at instants,
//! aggregates by interval, and lines thinned out for charts.
//!
//! Everything here rests on the trait [`Historian`] alone. Work is bounded before it begins (see
//! [`Limits`]) and looks at a [`Watch`] between chunks, so that a client that goes away or a
//! question that takes too long does not hold a thread.

pub mod aggregates;
pub mod at_time;
mod calendar;
pub mod chart;
pub mod cursor;
pub mod merged;
pub mod processed;
pub mod raw;
mod scan;
pub mod step;

use headworks_core::{Sample, Value};

use crate::error::StoreError;
use crate::historian::{Chunk, Column, TimeRange};

pub use calendar::{Interval, Unit};
pub use scan::{Limits, Stop, Watch};

/// First instant that queries know: 1970.
pub const TIME_US_MIN: i64 = 0;
/// Last instant that queries know: the end of the year 9999.
pub const TIME_US_MAX: i64 = 253_402_300_800_000_000;

/// Why a question about history has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// An argument cannot be, or asks for too much.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which argument.
        field: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// The question took longer than it may.
    #[error("the question took longer than it may; ask for less time, fewer tags")]
    TimedOut,
    /// Nobody waits for the answer any more.
    #[error("the question was cancelled")]
    Cancelled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HistoryError {
    /// Returns the error of an argument.
    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> HistoryError {
        let reason = reason.into();
        HistoryError::Invalid { field, reason }
    }
}

impl From<Stop> for HistoryError {
    fn from(stop: Stop) -> HistoryError {
        match stop {
            Stop::Cancelled => HistoryError::Cancelled,
            Stop::TimedOut => HistoryError::TimedOut,
        }
    }
}

/// Checks that a range runs forward within the time that queries know.
pub fn check_range(range: TimeRange) -> Result<(), HistoryError> {
    check_instant("start", range.start_us)?;
    check_instant("end", range.end_us)?;
    if range.end_us <= range.start_us {
        let reason = format!(
            "{} must be before the end, {}",
            range.start_us, range.end_us
        );
        return Err(HistoryError::invalid("start", reason));
    }
    Ok(())
}

/// Checks that an instant is one that queries know.
pub fn check_instant(field: &'static str, time_us: i64) -> Result<(), HistoryError> {
    if (TIME_US_MIN..=TIME_US_MAX).contains(&time_us) {
        return Ok(());
    }
    let reason = format!("{time_us} us; {TIME_US_MIN} to {TIME_US_MAX} are allowed");
    Err(HistoryError::invalid(field, reason))
}

/// Returns a sample of a chunk.
///
/// # Panics
///
/// When the chunk has no such place.
pub fn sample_at(chunk: &Chunk, at: usize) -> Sample {
    let quality = headworks_core::Quality::from_code(chunk.qualities[at]);
    Sample {
        time_us: chunk.times_us[at],
        value: (!quality.is_bad()).then(|| value_at(&chunk.values, at)),
        quality,
    }
}

fn value_at(values: &Column, at: usize) -> Value {
    match values {
        Column::Bool(values) => Value::Bool(values[at]),
        Column::I64(values) => Value::I64(values[at]),
        Column::U64(values) => Value::U64(values[at]),
        Column::F64(values) => Value::F64(values[at]),
        Column::Text(values) => Value::Text(values[at].clone()),
        Column::Bytes(values) => Value::Bytes(values[at].clone()),
    }
}

#[cfg(test)]
mod testing;
