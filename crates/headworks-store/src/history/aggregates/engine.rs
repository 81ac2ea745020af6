//! One pass over the samples of a tag.

use headworks_core::{Quality, Sample, Value};

use super::points::{Bound, Cell, Point, line, micros};
use super::{AggregateOptions, Intervals};

/// Collects what the aggregates of one tag need.
///
/// Samples come in order of time: those before the range that its first bound needs, all in the
/// range, and those after it up to the first usable one.
pub struct Engine {
    pub(super) options: AggregateOptions,
    pub(super) intervals: Intervals,
    pub(super) cells: Vec<Cell>,
    /// Values at the edges by the nearest samples (3.1.9).
    pub(super) simple: Vec<Bound>,
    /// Values at the edges by the nearest usable samples (3.1.8).
    pub(super) interpolated: Vec<Bound>,
    /// First and last time of all data seen.
    pub(super) extent: Option<(i64, i64)>,
    previous: Option<Point>,
    usable: Option<Point>,
    usable_before: Option<Point>,
    /// Time of the first sample after `usable` that was skipped.
    skipped_us: Option<i64>,
    next_simple: usize,
    next_interpolated: usize,
    cell: Cursor,
    region_cell: Cursor,
    line_cell: Cursor,
}

/// The interval that a time lies in, moving forward with time.
#[derive(Clone, Copy, Default)]
struct Cursor(usize);

impl Cursor {
    /// Moves to the first interval that ends after a time.
    fn to(&mut self, edges: &[i64], time_us: i64) -> usize {
        while self.0 + 1 < edges.len() && edges[self.0 + 1] <= time_us {
            self.0 += 1;
        }
        self.0
    }
}

impl Engine {
    /// Returns the engine of a tag, without samples yet.
    pub fn new(intervals: Intervals, options: AggregateOptions) -> Engine {
        let (cells, edges) = (intervals.count(), intervals.edges().len());
        Engine {
            options,
            intervals,
            cells: vec![Cell::default(); cells],
            simple: vec![Bound::NONE; edges],
            interpolated: vec![Bound::NONE; edges],
            extent: None,
            previous: None,
            usable: None,
            usable_before: None,
            skipped_us: None,
            next_simple: 0,
            next_interpolated: 0,
            cell: Cursor::default(),
            region_cell: Cursor::default(),
            line_cell: Cursor::default(),
        }
    }

    /// Takes the next sample in order of time.
    pub fn push(&mut self, sample: Sample) {
        // A mark that there are no data is not data: A.1.1, "first archive entry, point created".
        if sample.quality.name() == Quality::BAD_NO_DATA.name() {
            return;
        }
        let point = Point::from(sample);
        let first_us = self.extent.map_or(point.time_us, |(first, _)| first);
        self.extent = Some((first_us, point.time_us));
        self.close_region(&point);
        let is_usable = self.options.is_usable(point.quality);
        let is_transition =
            is_usable && self.usable.as_ref().map(|p| &p.value) != Some(&point.value);
        self.count(&point, is_usable, is_transition);
        if is_usable {
            self.close_line(&point);
            self.usable_before = self.usable.replace(point.clone());
            self.skipped_us = None;
        } else {
            self.skipped_us = self.skipped_us.or(Some(point.time_us));
        }
        self.previous = Some(point);
    }

    /// Adds a sample to the interval it lies in.
    fn count(&mut self, point: &Point, is_usable: bool, is_transition: bool) {
        let range = self.intervals.samples_range();
        if point.time_us < range.start_us || range.end_us <= point.time_us {
            return;
        }
        let inside_us = point.time_us - i64::from(self.intervals.is_backward());
        let at = self.cell.to(self.intervals.edges(), inside_us);
        self.cells[at].push(point, is_usable, is_transition);
    }

    /// Ends the region since the sample before with the next sample.
    fn close_region(&mut self, next: &Point) {
        let previous = self.previous.take();
        while let Some(&edge_us) = self.intervals.edges().get(self.next_simple) {
            if next.time_us < edge_us {
                break;
            }
            self.simple[self.next_simple] = if edge_us == next.time_us {
                Bound::raw(next, &self.options)
            } else {
                previous.as_ref().map_or(Bound::NONE, |previous| {
                    self.simple_bound(previous, next, edge_us)
                })
            };
            self.next_simple += 1;
        }
        match &previous {
            Some(previous) => self.add_region(previous, Some(next), next.time_us),
            None => self.add_nothing(next.time_us),
        }
    }

    /// Returns the simple bound between two samples (3.1.9).
    fn simple_bound(&self, before: &Point, after: &Point, time_us: i64) -> Bound {
        if !self.options.is_usable(before.quality) {
            return Bound::NONE;
        }
        if self.options.stepped || is_state(before) {
            return Bound::between(before.value.clone(), before.quality.is_good());
        }
        let is_good = before.quality.is_good() && after.quality.is_good();
        let sloped = self
            .options
            .is_usable(after.quality)
            .then(|| line(before, after, time_us));
        match sloped.flatten() {
            Some(number) => Bound::between(Some(Value::F64(number)), is_good),
            None => Bound::between(before.value.clone(), false),
        }
    }

    /// Adds the time before the first sample of all, which is bad.
    fn add_nothing(&mut self, until_us: i64) {
        let edges = self.intervals.edges();
        let start_us = edges[0];
        let cells = &mut self.cells;
        pieces(
            edges,
            &mut self.region_cell,
            start_us,
            until_us,
            |at, from, to| {
                let regions = &mut cells[at].regions;
                regions.bad += micros(to - from);
                regions.start_bad += micros(to - from);
            },
        );
    }

    /// Adds the region from a sample to the next one, or to `until_us` when there is none.
    fn add_region(&mut self, start: &Point, end: Option<&Point>, until_us: i64) {
        let options = self.options;
        let is_usable = options.is_usable(start.quality);
        let is_sloped = !options.stepped && !is_state(start);
        let is_end_good = end.is_none_or(|end| end.quality.is_good());
        let end = end.filter(|end| is_sloped && options.is_usable(end.quality));
        let cells = &mut self.cells;
        let edges = self.intervals.edges();
        pieces(
            edges,
            &mut self.region_cell,
            start.time_us,
            until_us,
            |at, from, to| {
                let (regions, width) = (&mut cells[at].regions, micros(to - from));
                if start.quality.is_bad() {
                    regions.bad += width;
                } else if start.quality.is_good() && (is_end_good || !is_sloped) {
                    regions.good += width;
                } else {
                    regions.uncertain += width;
                }
                if !is_usable {
                    regions.start_bad += width;
                    return;
                }
                regions.start_good += width;
                let Some(number) = start.number else { return };
                if number == 0.0 {
                    regions.zero += width;
                } else {
                    regions.nonzero += width;
                }
                let value = |time_us| {
                    end.and_then(|end| line(start, end, time_us))
                        .unwrap_or(number)
                };
                regions.area += mean(value(from), value(to)) * width;
                regions.usable += width;
            },
        );
    }

    /// Ends the line since the usable sample before with the next usable sample.
    fn close_line(&mut self, next: &Point) {
        let before = self.usable.take();
        while let Some(&edge_us) = self.intervals.edges().get(self.next_interpolated) {
            if next.time_us < edge_us {
                break;
            }
            self.interpolated[self.next_interpolated] = if edge_us == next.time_us {
                Bound::raw(next, &self.options)
            } else {
                before.as_ref().map_or(Bound::NONE, |before| {
                    self.interpolated_bound(before, next, edge_us)
                })
            };
            self.next_interpolated += 1;
        }
        if let Some(before) = &before {
            let is_good =
                self.skipped_us.is_none() && before.quality.is_good() && next.quality.is_good();
            self.add_line(before, next, next.time_us, is_good);
        }
        self.usable = before;
    }

    /// Returns the interpolated bound between two usable samples (3.1.8).
    fn interpolated_bound(&self, before: &Point, after: &Point, time_us: i64) -> Bound {
        if self.options.stepped || is_state(before) {
            let skips = self
                .skipped_us
                .is_some_and(|skipped_us| skipped_us <= time_us);
            return Bound::between(before.value.clone(), before.quality.is_good() && !skips);
        }
        let is_good = before.quality.is_good() && after.quality.is_good();
        match line(before, after, time_us) {
            Some(number) => Bound::between(
                Some(Value::F64(number)),
                is_good && self.skipped_us.is_none(),
            ),
            None => Bound::between(before.value.clone(), false),
        }
    }

    /// Adds the line through two points, from the first until a time.
    fn add_line(&mut self, first: &Point, second: &Point, until_us: i64, is_good: bool) {
        let Some(number) = first.number else { return };
        let cells = &mut self.cells;
        let edges = self.intervals.edges();
        let from_us = first.time_us;
        let value = |time_us| straight(first, second, time_us).unwrap_or(number);
        pieces(
            edges,
            &mut self.line_cell,
            from_us,
            until_us,
            |at, from, to| {
                let lines = &mut cells[at].lines;
                lines.area += mean(value(from), value(to)) * micros(to - from);
                lines.covered += micros(to - from);
                lines.is_uncertain |= !is_good;
            },
        );
    }

    /// Ends the pass: no sample follows.
    pub fn finish(&mut self) {
        if let Some(last) = self.previous.take() {
            self.add_region(&last, None, last.time_us + 1);
        }
        let Some(last) = self.usable.take() else {
            return;
        };
        let before = self.usable_before.take();
        let slope = before.filter(|_| self.options.sloped_extrapolation);
        let edges = self.intervals.edges();
        for (at, &edge_us) in edges.iter().enumerate().skip(self.next_interpolated) {
            let sloped = slope
                .as_ref()
                .and_then(|before| line(before, &last, edge_us));
            let value = sloped.map(Value::F64).or_else(|| last.value.clone());
            self.interpolated[at] = Bound::between(value, false);
        }
        let end_us = edges[edges.len() - 1];
        let far = |number| Point {
            time_us: end_us,
            number,
            ..last.clone()
        };
        let sloped = slope
            .as_ref()
            .and_then(|before| line(before, &last, end_us));
        if last.time_us < end_us {
            let far = far(sloped.or(last.number));
            self.add_line(&last, &far, end_us, false);
        }
    }
}

/// Returns whether no line runs from a value to the next: bools, texts and bytes.
fn is_state(point: &Point) -> bool {
    point.number.is_none() || matches!(point.value, Some(Value::Bool(_)))
}

/// Returns the value of the line through two points by their numbers, bools included: TimeAverage
/// always draws lines (5.4.3.6).
fn straight(first: &Point, second: &Point, time_us: i64) -> Option<f64> {
    let share = micros(time_us - first.time_us) / micros(second.time_us - first.time_us);
    Some(first.number? * (1.0 - share) + second.number? * share)
}

fn mean(left: f64, right: f64) -> f64 {
    left / 2.0 + right / 2.0
}

/// Gives the parts of a stretch of time that lie in intervals.
fn pieces(
    edges: &[i64],
    cursor: &mut Cursor,
    from_us: i64,
    to_us: i64,
    mut piece: impl FnMut(usize, i64, i64),
) {
    let last = edges.len() - 1;
    let (mut from_us, to_us) = (from_us.max(edges[0]), to_us.min(edges[last]));
    while from_us < to_us {
        let at = cursor.to(edges, from_us).min(last - 1);
        let end_us = to_us.min(edges[at + 1]);
        piece(at, from_us, end_us);
        from_us = end_us;
    }
}

impl Engine {
    /// Returns the time that samples in the intervals have.
    pub(crate) fn samples_range(&self) -> crate::historian::TimeRange {
        self.intervals.samples_range()
    }

    /// Returns the width of the widest interval.
    pub(crate) fn width_us_max(&self) -> i64 {
        self.intervals.width_us_max()
    }
}
