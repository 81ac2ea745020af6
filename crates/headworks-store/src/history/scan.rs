//! Reading for questions: bounded, and stopped between chunks.

use std::ops::ControlFlow;

use headworks_core::{Quality, Sample, TagIndex};

use super::{HistoryError, TIME_US_MAX, TIME_US_MIN, sample_at};
use crate::historian::{Historian, RangeQuery, TimeRange};

/// Bounds of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most tags.
    pub tags: usize,
    /// Most intervals of a tag, or instants.
    pub buckets: usize,
    /// Most values of the answer: tags times aggregates times intervals.
    pub values: usize,
    /// Most samples of a page.
    pub rows: usize,
    /// Most samples that are read from the store.
    pub samples: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            tags: 1000,
            buckets: 100_000,
            values: 1_000_000,
            rows: 100_000,
            samples: 100_000_000,
        }
    }
}

impl Limits {
    /// Checks a number of tags.
    pub fn check_tags(&self, tags: usize) -> Result<(), HistoryError> {
        check("tags", tags, self.tags, "tags")
    }

    /// Checks a number of intervals or instants; `field` is what makes them so many.
    pub fn check_buckets(&self, field: &'static str, buckets: usize) -> Result<(), HistoryError> {
        check(field, buckets, self.buckets, "buckets")
    }

    /// Checks the number of values of an answer.
    pub fn check_values(&self, field: &'static str, values: usize) -> Result<(), HistoryError> {
        check(field, values, self.values, "values in all")
    }
}

fn check(field: &'static str, found: usize, max: usize, what: &str) -> Result<(), HistoryError> {
    if (1..=max).contains(&found) {
        return Ok(());
    }
    let reason = format!("{found} {what}; 1 to {max} are allowed");
    Err(HistoryError::invalid(field, reason))
}

/// Why a question is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody waits for the answer.
    Cancelled,
    /// It took too long.
    TimedOut,
}

/// Says between chunks whether to go on; the caller knows the time, this crate does not.
pub type Watch<'a> = &'a dyn Fn() -> Option<Stop>;

/// Reads a store for one question.
pub(crate) struct Scan<'a> {
    store: &'a dyn Historian,
    watch: Watch<'a>,
    samples_max: u64,
    samples: u64,
}

/// Steps back from bad sample to bad sample before a range is read instead.
const STEPS_BACK: usize = 16;

impl<'a> Scan<'a> {
    /// Returns a reader that reads `samples_max` samples at most.
    pub(crate) fn new(store: &'a dyn Historian, watch: Watch<'a>, samples_max: u64) -> Scan<'a> {
        Scan {
            store,
            watch,
            samples_max,
            samples: 0,
        }
    }

    /// Gives the samples of a tag in a range to `sink`, oldest first, until it breaks.
    pub(crate) fn read(
        &mut self,
        tag: TagIndex,
        range: TimeRange,
        limit: usize,
        sink: &mut dyn FnMut(Sample) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        self.check()?;
        let query = RangeQuery {
            tags: vec![tag],
            range,
            limit,
        };
        let mut failed = None;
        self.store.read(&query, &mut |chunk| {
            self.samples += chunk.times_us.len() as u64;
            if self.samples_max < self.samples {
                failed = Some(too_many(self.samples_max));
                return ControlFlow::Break(());
            }
            if let Some(stop) = (self.watch)() {
                failed = Some(stop.into());
                return ControlFlow::Break(());
            }
            (0..chunk.times_us.len()).try_for_each(|at| sink(sample_at(chunk, at)))
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Fails when the question is to be given up.
    pub(crate) fn check(&self) -> Result<(), HistoryError> {
        (self.watch)().map_or(Ok(()), |stop| Err(stop.into()))
    }

    /// Returns the newest sample at or before a time.
    pub(crate) fn before(
        &mut self,
        tag: TagIndex,
        time_us: i64,
    ) -> Result<Option<Sample>, HistoryError> {
        self.check()?;
        let found = self.store.before(&[tag], time_us)?;
        Ok(found.into_iter().next().flatten())
    }

    /// Returns the samples before a time that bounds there need, oldest first: the newest one,
    /// and behind it until `usable` of them can be used.
    ///
    /// Behind a long row of bad samples the search ends `width_us` before the newest sample:
    /// Part 13, 3.1.8, wants at least the width of an interval.
    pub(crate) fn lead(
        &mut self,
        tag: TagIndex,
        time_us: i64,
        width_us: i64,
        usable: usize,
        is_usable: &dyn Fn(Quality) -> bool,
    ) -> Result<Vec<Sample>, HistoryError> {
        let (mut found, mut time_us) = (Vec::new(), time_us);
        let mut count = 0;
        while count < usable && TIME_US_MIN < time_us {
            if STEPS_BACK <= found.len() {
                let behind = self.lead_of_range(tag, time_us, width_us, is_usable)?;
                found.extend(behind.into_iter().rev().take(usable - count));
                break;
            }
            let Some(sample) = self.before(tag, time_us - 1)? else {
                break;
            };
            count += usize::from(is_usable(sample.quality));
            time_us = sample.time_us;
            found.push(sample);
        }
        found.reverse();
        Ok(found)
    }

    /// Returns the two newest usable samples of a stretch before a time, oldest first.
    fn lead_of_range(
        &mut self,
        tag: TagIndex,
        time_us: i64,
        width_us: i64,
        is_usable: &dyn Fn(Quality) -> bool,
    ) -> Result<Vec<Sample>, HistoryError> {
        let range = TimeRange {
            start_us: time_us.saturating_sub(width_us).max(TIME_US_MIN),
            end_us: time_us,
        };
        let mut newest = Vec::with_capacity(3);
        if range.start_us < range.end_us {
            self.read(tag, range, usize::MAX, &mut |sample| {
                if is_usable(sample.quality) {
                    newest.push(sample);
                    if 2 < newest.len() {
                        newest.remove(0);
                    }
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(newest)
    }

    /// Gives the samples from a time on to `sink` up to the first one that can be used.
    pub(crate) fn trail(
        &mut self,
        tag: TagIndex,
        time_us: i64,
        is_usable: &dyn Fn(Quality) -> bool,
        sink: &mut dyn FnMut(Sample),
    ) -> Result<(), HistoryError> {
        let range = TimeRange {
            start_us: time_us,
            end_us: TIME_US_MAX,
        };
        if range.end_us <= range.start_us {
            return Ok(());
        }
        let mut is_found = false;
        // In two steps: nearly always the first sample will do, and a small limit is cheap.
        let mut next_us = time_us;
        for limit in [1, usize::MAX] {
            let rest = TimeRange {
                start_us: next_us,
                ..range
            };
            let mut is_empty = true;
            self.read(tag, rest, limit, &mut |sample| {
                is_empty = false;
                is_found = is_usable(sample.quality);
                next_us = sample.time_us + 1;
                sink(sample);
                if is_found {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })?;
            if is_found || is_empty {
                break;
            }
        }
        Ok(())
    }
}

fn too_many(max: u64) -> HistoryError {
    let reason =
        format!("more than {max} samples lie in the range; choose less time or fewer tags");
    HistoryError::invalid("range", reason)
}
