//! Values of several tags at the same instants: a table.

use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex};

use super::aggregates::{AggregateOptions, Engine, Intervals, Processed};
use super::processed::fill;
use super::scan::{Limits, Scan, Watch};
use super::{HistoryError, check_instant};
use crate::historian::Historian;

/// Longest pause between two instants that is read through instead of jumped over.
const JUMP_US: i64 = 3_600_000_000;

/// What is to be read.
#[derive(Clone, Debug)]
pub struct AtTimeQuery {
    /// The tags and how each is treated, in the order of the answer.
    pub tags: Vec<(TagIndex, AggregateOptions)>,
    /// The instants, rising.
    pub times_us: Vec<i64>,
    /// Whether the samples around each instant are part of the answer.
    pub with_bounds: bool,
}

/// A tag at the instants.
#[derive(Clone, Debug, PartialEq)]
pub struct AtTime {
    /// The value at each instant (Part 11, 6.5.5; Part 13, 3.1.8).
    pub values: Vec<Processed>,
    /// The newest sample at or before each instant; empty unless asked for.
    pub before: Vec<Option<Sample>>,
    /// The oldest sample after each instant; empty unless asked for.
    pub after: Vec<Option<Sample>>,
}

impl AtTimeQuery {
    /// Checks that the question makes sense and is not too great.
    pub fn check(&self, limits: &Limits) -> Result<(), HistoryError> {
        limits.check_tags(self.tags.len())?;
        limits.check_buckets("times", self.times_us.len())?;
        let values = self.tags.len().saturating_mul(self.times_us.len());
        limits.check_values("times", values)?;
        for &time_us in &self.times_us {
            check_instant("times", time_us)?;
        }
        if let Some(pair) = self.times_us.windows(2).find(|pair| pair[1] <= pair[0]) {
            let reason = format!("{} does not come after {}", pair[1], pair[0]);
            return Err(HistoryError::invalid("times", reason));
        }
        Ok(())
    }
}

/// Gives each tag to `sink`, in the order of the query, until it breaks.
pub fn at_time(
    store: &dyn Historian,
    query: &AtTimeQuery,
    limits: &Limits,
    watch: Watch<'_>,
    sink: &mut dyn FnMut(usize, AtTime) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    query.check(limits)?;
    let mut scan = Scan::new(store, watch, limits.samples);
    for (nth, (tag, options)) in query.tags.iter().enumerate() {
        let mut found = AtTime {
            values: Vec::with_capacity(query.times_us.len()),
            before: Vec::new(),
            after: Vec::new(),
        };
        for group in groups(&query.times_us) {
            let mut engine = Engine::new(Intervals::at(group.to_vec()), *options);
            fill(&mut scan, *tag, &mut engine, options)?;
            found
                .values
                .extend(engine.values_at_edges().take(group.len()));
        }
        if query.with_bounds {
            neighbours(&mut scan, *tag, &query.times_us, &mut found)?;
        }
        if sink(nth, found).is_break() {
            break;
        }
    }
    Ok(())
}

/// Divides instants where they lie far from each other.
fn groups(times_us: &[i64]) -> impl Iterator<Item = &[i64]> {
    times_us.chunk_by(|before, after| after - before <= JUMP_US)
}

fn neighbours(
    scan: &mut Scan<'_>,
    tag: TagIndex,
    times_us: &[i64],
    found: &mut AtTime,
) -> Result<(), HistoryError> {
    for &time_us in times_us {
        found.before.push(scan.before(tag, time_us)?);
        let mut after = None;
        scan.trail(tag, time_us + 1, &|_| true, &mut |sample| {
            after = Some(sample)
        })?;
        found.after.push(after);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
