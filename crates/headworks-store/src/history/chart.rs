//! Lines thinned out for charts: never more points than a screen shows, and no spike lost.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use headworks_core::{QualityClass, Sample, TagIndex, Value};

use super::scan::{Limits, Scan, Watch};
use super::{HistoryError, check_range};
use crate::historian::{Historian, TimeRange};

/// Most pixel columns of a chart.
pub const COLUMNS_MAX: usize = 10_000;

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct ChartQuery {
    /// The tags in the order of the answer.
    pub tags: Vec<TagIndex>,
    /// The time.
    pub range: TimeRange,
    /// Pixel columns that the range is drawn in.
    pub columns: usize,
    /// A pause longer than this breaks the line; bad samples always do.
    pub gap_us: Option<i64>,
}

/// A point of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartPoint {
    /// When.
    pub time_us: i64,
    /// The value; nothing where the line is broken.
    pub value: Option<Value>,
    /// Worst class of quality of all samples in the pixel column.
    pub worst: QualityClass,
}

impl ChartQuery {
    /// Checks that the question makes sense and is not too great.
    pub fn check(&self, limits: &Limits) -> Result<(), HistoryError> {
        limits.check_tags(self.tags.len())?;
        check_range(self.range)?;
        if !(1..=COLUMNS_MAX).contains(&self.columns) {
            let reason = format!("{}; 1 to {COLUMNS_MAX} are allowed", self.columns);
            return Err(HistoryError::invalid("columns", reason));
        }
        if self.gap_us.is_some_and(|gap_us| gap_us < 1) {
            return Err(HistoryError::invalid("gap_us", "1 or more is needed"));
        }
        let points = self
            .tags
            .len()
            .saturating_mul(self.columns)
            .saturating_mul(4);
        limits.check_values("columns", points)
    }
}

/// Gives the line of each tag to `sink`, in the order of the query, until it breaks.
///
/// Each column keeps its first, least, greatest and last value, in order of time: a line drawn
/// through them covers the same pixels as the line through all samples.
pub fn chart(
    store: &dyn Historian,
    query: &ChartQuery,
    limits: &Limits,
    watch: Watch<'_>,
    sink: &mut dyn FnMut(usize, &[ChartPoint]) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    query.check(limits)?;
    let mut scan = Scan::new(store, watch, limits.samples);
    for (nth, tag) in query.tags.iter().enumerate() {
        let mut line = Line::new(query);
        scan.read(*tag, query.range, usize::MAX, &mut |sample| {
            line.push(sample);
            ControlFlow::Continue(())
        })?;
        if sink(nth, &line.finish()).is_break() {
            break;
        }
    }
    Ok(())
}

/// Collects the points of one tag.
struct Line {
    start_us: i64,
    width_us: i64,
    columns: i64,
    gap_us: Option<i64>,
    points: Vec<ChartPoint>,
    column: Column,
    last_us: Option<i64>,
}

/// The samples of one pixel column.
#[derive(Default)]
struct Column {
    at: i64,
    first: Option<Sample>,
    least: Option<Sample>,
    greatest: Option<Sample>,
    last: Option<Sample>,
    /// First time at which the line is broken.
    broken_us: Option<i64>,
    worst: Option<QualityClass>,
}

impl Line {
    fn new(query: &ChartQuery) -> Line {
        Line {
            start_us: query.range.start_us,
            width_us: query.range.end_us - query.range.start_us,
            columns: i64::try_from(query.columns).unwrap_or(i64::MAX),
            gap_us: query.gap_us,
            points: Vec::new(),
            column: Column::default(),
            last_us: None,
        }
    }

    fn push(&mut self, sample: Sample) {
        let since = i128::from(sample.time_us - self.start_us);
        let at = since * i128::from(self.columns) / i128::from(self.width_us);
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        if at != self.column.at {
            self.close();
            self.column.at = at;
        }
        if let (Some(gap_us), Some(last_us)) = (self.gap_us, self.last_us)
            && gap_us < sample.time_us - last_us
        {
            // Just before the sample after the pause, so that both ends of the pause stay.
            self.column.broken_us = self.column.broken_us.or(Some(sample.time_us - 1));
        }
        self.last_us = Some(sample.time_us);
        self.column.push(sample);
    }

    fn close(&mut self) {
        let column = std::mem::take(&mut self.column);
        let worst = column.worst.unwrap_or(QualityClass::Good);
        let chosen = [column.first, column.least, column.greatest, column.last];
        let mut points: Vec<ChartPoint> = chosen
            .into_iter()
            .flatten()
            .map(|sample| ChartPoint {
                time_us: sample.time_us,
                value: sample.value,
                worst,
            })
            .chain(column.broken_us.map(|time_us| ChartPoint {
                time_us,
                value: None,
                worst,
            }))
            .collect();
        points.sort_by_key(|point| point.time_us);
        points.dedup_by_key(|point| point.time_us);
        self.points.extend(points);
    }

    fn finish(mut self) -> Vec<ChartPoint> {
        self.close();
        self.points
    }
}

impl Column {
    fn push(&mut self, sample: Sample) {
        let class = sample.quality.class();
        self.worst = self.worst.max(Some(class));
        if sample.value.is_none() {
            self.broken_us = self.broken_us.or(Some(sample.time_us));
            return;
        }
        if beats(&sample, self.least.as_ref(), Ordering::Less) {
            self.least = Some(sample.clone());
        }
        if beats(&sample, self.greatest.as_ref(), Ordering::Greater) {
            self.greatest = Some(sample.clone());
        }
        if self.first.is_none() {
            self.first = Some(sample.clone());
        }
        self.last = Some(sample);
    }
}

/// Returns whether a number lies beyond the one known; texts never do.
fn beats(sample: &Sample, known: Option<&Sample>, side: Ordering) -> bool {
    let number = |sample: &Sample| sample.value.as_ref().and_then(Value::as_f64);
    let Some(found) = number(sample) else {
        return false;
    };
    let known = known.and_then(number);
    known.is_none_or(|known| found.partial_cmp(&known) == Some(side))
}

#[cfg(test)]
mod tests;
