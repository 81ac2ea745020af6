//! Functions that remember: what they keep is bounded and survives a restart.

mod last;
mod spans;

use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::program::Context;
use super::scalar::{Entry, Scalar, TIMELESS, newest, worst};
use crate::quality::Quality;

pub(super) use last::Last;
pub(super) use spans::Spans;

/// What a function makes of what it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowKind {
    // Over a duration.
    Mean,
    Least,
    Greatest,
    Sum,
    Count,
    DeltaOver,
    RateOver,
    IntegralOver,
    // Since the sample before, or since the beginning.
    Delta,
    Rate,
    Integral,
    Previous,
    Changed,
    Rising,
    Falling,
    Edge,
    Hysteresis,
    Deadband,
    OnFor,
    OffFor,
    Smooth,
}

impl WindowKind {
    /// Returns whether the result may change while the argument stays as it is.
    pub(super) const fn follows_clock(self) -> bool {
        match self {
            WindowKind::Mean
            | WindowKind::Least
            | WindowKind::Greatest
            | WindowKind::Sum
            | WindowKind::Count
            | WindowKind::DeltaOver
            | WindowKind::RateOver
            | WindowKind::IntegralOver
            | WindowKind::Integral
            | WindowKind::OnFor
            | WindowKind::OffFor
            | WindowKind::Smooth => true,
            WindowKind::Delta
            | WindowKind::Rate
            | WindowKind::Previous
            | WindowKind::Changed
            | WindowKind::Rising
            | WindowKind::Falling
            | WindowKind::Edge
            | WindowKind::Hysteresis
            | WindowKind::Deadband => false,
        }
    }

    const fn keeps_spans(self) -> bool {
        matches!(
            self,
            WindowKind::Mean
                | WindowKind::Least
                | WindowKind::Greatest
                | WindowKind::Sum
                | WindowKind::Count
                | WindowKind::DeltaOver
                | WindowKind::RateOver
                | WindowKind::IntegralOver
        )
    }
}

/// One call of a function that remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) kind: WindowKind,
    /// Zero where the function takes none.
    pub(super) duration_us: i64,
}

/// What one call remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Memory {
    /// The samples of a duration.
    Spans(Spans),
    /// The last samples.
    Last(Box<Last>),
}

impl Window {
    pub(super) fn memory(&self) -> Memory {
        if self.kind.keeps_spans() {
            Memory::Spans(Spans::default())
        } else {
            Memory::Last(Box::default())
        }
    }

    pub(super) fn owns(&self, memory: &Memory) -> bool {
        matches!(memory, Memory::Spans(_)) == self.kind.keeps_spans()
    }

    /// Takes a sample in and returns what the function gives.
    pub(super) fn evaluate(
        &self,
        memory: &mut Memory,
        arguments: &[Entry],
        context: &Context<'_>,
        column: u32,
    ) -> Entry {
        if !self.owns(memory) {
            *memory = self.memory();
        }
        let Some(x) = arguments.first() else {
            return Entry::bad(Fault::Argument, column, TIMELESS);
        };
        match memory {
            Memory::Spans(spans) => self.over_spans(spans, x, context, column),
            Memory::Last(last) => self.over_last(last, arguments, context, column),
        }
    }

    fn over_spans(
        &self,
        spans: &mut Spans,
        x: &Entry,
        context: &Context<'_>,
        column: u32,
    ) -> Entry {
        let number = match x.scalar.number() {
            Ok(number) => Some(number.to_float()),
            Err(_) if x.scalar.is_bad() => None,
            Err(fault) => return Entry::bad(fault, column, x.time_us),
        };
        let now_us = context.now_us;
        let doubtful = !x.quality.is_good();
        spans.take(
            measured_us(x, now_us),
            number,
            doubtful,
            now_us,
            self.duration_us,
        );
        match spans.result(self.kind, now_us, self.duration_us) {
            Ok((scalar, false)) => Entry::good(scalar, now_us),
            Ok((scalar, true)) => Entry {
                scalar,
                quality: Quality::UNCERTAIN_SUB_NORMAL,
                time_us: now_us,
            },
            Err(fault) => Entry::bad(fault, column, now_us),
        }
    }

    fn over_last(
        &self,
        last: &mut Last,
        arguments: &[Entry],
        context: &Context<'_>,
        column: u32,
    ) -> Entry {
        let time_us = if self.kind.follows_clock() {
            context.now_us
        } else {
            newest(arguments)
        };
        if let Some(bad) = arguments.iter().find(|argument| argument.scalar.is_bad()) {
            last.interrupt(self.kind, bad.time_us.min(context.now_us));
            return Entry {
                time_us,
                ..bad.clone()
            };
        }
        let sample_us = measured_us(&arguments[0], context.now_us);
        match last.evaluate(self, arguments, sample_us, context.now_us) {
            Ok(scalar) => Entry {
                scalar,
                quality: arguments.iter().fold(Quality::GOOD, |quality, argument| {
                    worst(quality, argument.quality)
                }),
                time_us,
            },
            Err(fault) => Entry::bad(fault, column, time_us),
        }
    }
}

/// Returns when a value was measured: a constant now, and nothing in the future.
fn measured_us(entry: &Entry, now_us: i64) -> i64 {
    match entry.time_us {
        TIMELESS => now_us,
        time_us => time_us.min(now_us),
    }
}

/// Returns a time between two instants in seconds; never below zero.
#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of a year are exact"
)]
fn seconds(from_us: i64, to_us: i64) -> f64 {
    to_us.saturating_sub(from_us).max(0) as f64 / 1e6
}

fn boolean(value: bool) -> Result<Scalar, Fault> {
    Ok(Scalar::Bool(value))
}
