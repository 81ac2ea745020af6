//! The intervals that a range is divided into (5.4.2.2).

use crate::error::StoreError;
use crate::historian::{Buckets, TimeRange};
use crate::history::{HistoryError, Interval, check_instant};

/// Intervals of a range, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Edges in rising order, one more than there are intervals.
    edges: Vec<i64>,
    /// Whether the range runs from late to early.
    is_backward: bool,
    /// Whether the first in order of time is shorter than the others.
    is_first_cut: bool,
    /// Whether the last in order of time is shorter than the others.
    is_last_cut: bool,
}

impl Intervals {
    /// Divides the range from `start_us` to `end_us` into intervals of `width_us`, counted from
    /// the start; 0 makes one interval. A start after the end runs backward.
    pub fn fixed(
        start_us: i64,
        end_us: i64,
        width_us: i64,
        buckets_max: usize,
    ) -> Result<Intervals, HistoryError> {
        check_ends(start_us, end_us)?;
        if width_us < 0 {
            let reason = format!("{width_us} us; 0 or more is needed");
            return Err(HistoryError::invalid("interval", reason));
        }
        let range_us = end_us.abs_diff(start_us);
        let width = match width_us.unsigned_abs() {
            0 => range_us,
            width => width.min(range_us),
        };
        let count = range_us.div_ceil(width);
        if buckets_max < usize::try_from(count).unwrap_or(usize::MAX) {
            let reason = format!("{count} intervals; at most {buckets_max} are allowed");
            return Err(HistoryError::invalid("interval", reason));
        }
        let is_backward = end_us < start_us;
        let step = i64::try_from(width).unwrap_or(i64::MAX);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let step = if is_backward { -step } else { step };
        let mut edges: Vec<i64> = (0..count).map(|n| start_us + n * step).collect();
        edges.push(end_us);
        if is_backward {
            edges.reverse();
        }
        let is_cut = !range_us.is_multiple_of(width);
        Ok(Intervals {
            edges,
            is_backward,
            is_first_cut: is_cut && is_backward,
            is_last_cut: is_cut && !is_backward,
        })
    }

    /// Divides a range as an interval says; a start after the end runs backward. Intervals of the
    /// calendar are cut where the range begins and ends.
    pub fn of(
        start_us: i64,
        end_us: i64,
        interval: &Interval,
        buckets_max: usize,
    ) -> Result<Intervals, HistoryError> {
        if let Interval::Every(width_us) = interval {
            return Intervals::fixed(start_us, end_us, *width_us, buckets_max);
        }
        check_ends(start_us, end_us)?;
        let (early, late) = (start_us.min(end_us), start_us.max(end_us));
        // An edge that a range around it has too is one of the calendar.
        let is_edge = |time_us: i64| {
            let around = listed(interval, time_us - 1, time_us + 1, 2);
            around.is_ok_and(|edges| edges.contains(&time_us))
        };
        Ok(Intervals {
            edges: listed(interval, early, late, buckets_max)?,
            is_backward: end_us < start_us,
            is_first_cut: !is_edge(early),
            is_last_cut: !is_edge(late),
        })
    }

    /// Makes edges of instants in rising order, for values at these instants.
    pub(crate) fn at(mut edges: Vec<i64>) -> Intervals {
        if let [only] = edges[..] {
            edges.push(only + 1);
        }
        Intervals {
            edges,
            is_backward: false,
            is_first_cut: false,
            is_last_cut: false,
        }
    }

    /// Returns how many intervals there are.
    pub fn count(&self) -> usize {
        self.edges.len() - 1
    }

    /// Returns whether the range runs from late to early.
    pub fn is_backward(&self) -> bool {
        self.is_backward
    }

    /// Returns the start of each interval in the order of the answer.
    pub fn starts(&self) -> Vec<i64> {
        let last = self.edges.len() - 1;
        if self.is_backward {
            self.edges[1..].iter().rev().copied().collect()
        } else {
            self.edges[..last].to_vec()
        }
    }

    /// Returns the time from which on samples lie in an interval, and the first after that; a
    /// backward interval has its late edge and not its early one (5.4.2.2).
    pub fn samples_range(&self) -> TimeRange {
        let shift = i64::from(self.is_backward);
        TimeRange {
            start_us: self.edges[0] + shift,
            end_us: self.edges[self.edges.len() - 1] + shift,
        }
    }

    /// Returns the width of the widest interval.
    pub fn width_us_max(&self) -> i64 {
        let widths = self.edges.windows(2).map(|pair| pair[1] - pair[0]);
        widths.max().unwrap_or(0)
    }

    /// Returns the edges in rising order.
    pub(crate) fn edges(&self) -> &[i64] {
        &self.edges
    }

    /// Returns whether the interval is shorter than asked for.
    pub(crate) fn is_cut(&self, at: usize) -> bool {
        (self.is_first_cut && at == 0) || (self.is_last_cut && at + 1 == self.count())
    }
}

fn listed(
    interval: &Interval,
    start_us: i64,
    end_us: i64,
    max: usize,
) -> Result<Vec<i64>, HistoryError> {
    let range = TimeRange { start_us, end_us };
    match interval.buckets(range, max) {
        Ok(Buckets::Listed(edges)) => Ok(edges.to_vec()),
        Ok(Buckets::Every { .. }) => Ok(vec![start_us, end_us]),
        Err(StoreError::Query { field, reason }) => Err(HistoryError::invalid(field, reason)),
        Err(error) => Err(error.into()),
    }
}

fn check_ends(start_us: i64, end_us: i64) -> Result<(), HistoryError> {
    check_instant("start", start_us)?;
    check_instant("end", end_us)?;
    if start_us == end_us {
        let reason = format!("{start_us} is the end too; there is nothing between");
        return Err(HistoryError::invalid("start", reason));
    }
    Ok(())
}
