//! Aggregates of several tags over the same intervals.

use std::ops::ControlFlow;

use headworks_core::TagIndex;

use super::aggregates::{Aggregate, AggregateOptions, Engine, Intervals};
use super::scan::{Limits, Scan, Watch};
use super::{HistoryError, TIME_US_MIN};
use crate::historian::Historian;

/// What is to be computed.
#[derive(Clone, Debug)]
pub struct ProcessedQuery {
    /// The tags and how each is treated, in the order of the answer.
    pub tags: Vec<(TagIndex, AggregateOptions)>,
    /// The intervals, the same for all tags.
    pub intervals: Intervals,
    /// The aggregates, in the order of the answer.
    pub aggregates: Vec<Aggregate>,
}

impl ProcessedQuery {
    /// Checks that the question is not too great.
    pub fn check(&self, limits: &Limits) -> Result<(), HistoryError> {
        limits.check_tags(self.tags.len())?;
        limits.check_buckets("interval", self.intervals.count())?;
        if self.aggregates.is_empty() || Aggregate::ALL.len() < self.aggregates.len() {
            let reason = format!(
                "{} aggregates; 1 to {} are allowed",
                self.aggregates.len(),
                Aggregate::ALL.len()
            );
            return Err(HistoryError::invalid("aggregates", reason));
        }
        let columns = self.tags.len().saturating_mul(self.aggregates.len());
        limits.check_values("interval", columns.saturating_mul(self.intervals.count()))
    }
}

/// Gives the finished pass over each tag to `sink`, in the order of the query, until it breaks.
pub fn processed(
    store: &dyn Historian,
    query: &ProcessedQuery,
    limits: &Limits,
    watch: Watch<'_>,
    sink: &mut dyn FnMut(usize, &Engine) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    query.check(limits)?;
    let mut scan = Scan::new(store, watch, limits.samples);
    for (nth, (tag, options)) in query.tags.iter().enumerate() {
        let mut engine = Engine::new(query.intervals.clone(), *options);
        fill(&mut scan, *tag, &mut engine, options)?;
        if sink(nth, &engine).is_break() {
            break;
        }
    }
    Ok(())
}

/// Gives an engine the samples that it needs.
pub(crate) fn fill(
    scan: &mut Scan<'_>,
    tag: TagIndex,
    engine: &mut Engine,
    options: &AggregateOptions,
) -> Result<(), HistoryError> {
    let range = engine.samples_range();
    let is_usable = |quality| options.is_usable(quality);
    let count = if options.sloped_extrapolation { 2 } else { 1 };
    let width_us = engine.width_us_max();
    if TIME_US_MIN < range.start_us {
        let lead = scan.lead(tag, range.start_us, width_us, count, &is_usable)?;
        lead.into_iter().for_each(|sample| engine.push(sample));
    }
    scan.read(tag, range, usize::MAX, &mut |sample| {
        engine.push(sample);
        ControlFlow::Continue(())
    })?;
    let mut sink = |sample| engine.push(sample);
    scan.trail(tag, range.end_us, &is_usable, &mut sink)?;
    engine.finish();
    Ok(())
}
