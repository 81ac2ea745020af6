//! The result of each aggregate for each interval (5.4.3).

use std::cmp::Ordering;

use headworks_core::{Quality, Value};

use super::points::{Bound, Cell, Extreme, Point, compare, difference, micros};
use super::{Aggregate, BAD_INVALID_INPUTS, Engine, Processed, bits};

/// A value and its status before the bits that all aggregates share.
struct Outcome {
    time_us: Option<i64>,
    value: Option<Value>,
    quality: Quality,
    bits: u32,
}

impl Outcome {
    fn new(value: Option<Value>, quality: Quality, bits: u32) -> Outcome {
        Outcome {
            time_us: None,
            value,
            quality,
            bits,
        }
    }

    fn calculated(value: Option<Value>, quality: Quality) -> Outcome {
        Outcome::new(value, quality, bits::CALCULATED)
    }

    fn number(value: f64, quality: Quality) -> Outcome {
        Outcome::calculated(Some(Value::F64(value)), quality)
    }

    fn none() -> Outcome {
        Outcome::new(None, Quality::BAD_NO_DATA, 0)
    }
}

/// One interval of the pass.
struct Interval<'a> {
    engine: &'a Engine,
    cell: &'a Cell,
    /// When it starts in the direction of the range.
    start_us: i64,
    early_us: i64,
    late_us: i64,
    start_bound: &'a Bound,
    end_bound: &'a Bound,
}

impl Engine {
    /// Returns the results of an aggregate in the order of the range; after
    /// [`Engine::finish`] only.
    pub fn results(&self, aggregate: Aggregate) -> impl Iterator<Item = Processed> + '_ {
        let count = self.intervals.count();
        let is_backward = self.intervals.is_backward();
        (0..count).map(move |nth| {
            let at = if is_backward { count - 1 - nth } else { nth };
            self.result(aggregate, at)
        })
    }

    fn result(&self, aggregate: Aggregate, at: usize) -> Processed {
        let interval = self.interval(at);
        let mut outcome = match interval.outside() {
            Some(_) if self.extent.is_none() => Outcome::none(),
            Some(Ordering::Less) => Outcome::none(),
            Some(_) if !extrapolates(aggregate) => Outcome::none(),
            Some(_) | None if aggregate.needs_numbers() && interval.cell.has_no_number => {
                Outcome::new(None, BAD_INVALID_INPUTS, 0)
            }
            Some(_) | None => interval.outcome(aggregate),
        };
        if let Some(Value::F64(number)) = outcome.value
            && !number.is_finite()
        {
            outcome = Outcome::new(None, BAD_INVALID_INPUTS, 0);
        }
        let is_partial = aggregate != Aggregate::Interpolative
            && (self.intervals.is_cut(at) || interval.is_partial(aggregate));
        let is_bad = outcome.quality.is_bad();
        let partial = if is_partial { bits::PARTIAL } else { 0 };
        Processed {
            time_us: outcome.time_us.unwrap_or(interval.start_us),
            quality: if is_bad {
                outcome.quality
            } else {
                bits::with(outcome.quality, outcome.bits | partial)
            },
            value: outcome.value.filter(|_| !is_bad),
        }
    }

    fn interval(&self, at: usize) -> Interval<'_> {
        let edges = self.intervals.edges();
        let (first, second) = if self.intervals.is_backward() {
            (at + 1, at)
        } else {
            (at, at + 1)
        };
        Interval {
            engine: self,
            cell: &self.cells[at],
            start_us: edges[first],
            early_us: edges[at],
            late_us: edges[at + 1],
            start_bound: &self.simple[first],
            end_bound: &self.simple[second],
        }
    }

    /// Returns the interpolated bounds at the edges, for values at instants.
    pub(crate) fn values_at_edges(&self) -> impl Iterator<Item = Processed> + '_ {
        let edges = self.intervals.edges().iter();
        edges
            .zip(&self.interpolated)
            .map(|(&time_us, bound)| Processed {
                time_us,
                value: bound.value.clone(),
                quality: bound.quality,
            })
    }
}

/// Returns whether an aggregate goes on after the end of the data (3.1.8).
fn extrapolates(aggregate: Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::Interpolative | Aggregate::TimeAverage | Aggregate::Total
    )
}

impl Interval<'_> {
    /// Returns on which side of all data the interval lies, if it does.
    fn outside(&self) -> Option<Ordering> {
        let Some((first_us, last_us)) = self.engine.extent else {
            return Some(Ordering::Less);
        };
        let shift = i64::from(self.engine.intervals.is_backward());
        if self.late_us + shift <= first_us {
            Some(Ordering::Less)
        } else if last_us < self.early_us + shift {
            Some(Ordering::Greater)
        } else {
            None
        }
    }

    /// Returns whether the data begin or end in the interval (5.3.3.2).
    fn is_partial(&self, aggregate: Aggregate) -> bool {
        let Some((first_us, last_us)) = self.engine.extent else {
            return false;
        };
        let begins = self.early_us < first_us && first_us < self.late_us;
        let ends = self.early_us <= last_us && last_us < self.late_us;
        begins || (ends && !extrapolates(aggregate))
    }

    /// Returns the length of the interval in microseconds, up to the end of the data.
    fn width(&self) -> f64 {
        let (_, last_us) = self.engine.extent.unwrap_or_default();
        micros((last_us + 1).min(self.late_us) - self.early_us)
    }

    fn outcome(&self, aggregate: Aggregate) -> Outcome {
        use Aggregate as A;
        match aggregate {
            A::Interpolative => self.interpolative(),
            A::Average => self.average(),
            A::TimeAverage | A::Total => self.over_lines(aggregate == A::Total),
            A::TimeAverage2 | A::Total2 => self.over_regions(aggregate == A::Total2),
            A::Minimum => self.extreme(&self.cell.least, Ordering::Less, false),
            A::Maximum => self.extreme(&self.cell.greatest, Ordering::Greater, false),
            A::MinimumActualTime => self.extreme(&self.cell.least, Ordering::Less, true),
            A::MaximumActualTime => self.extreme(&self.cell.greatest, Ordering::Greater, true),
            A::Range => self.range(),
            A::Minimum2 => self.extreme_with_bounds(Ordering::Less, false),
            A::Maximum2 => self.extreme_with_bounds(Ordering::Greater, false),
            A::MinimumActualTime2 => self.extreme_with_bounds(Ordering::Less, true),
            A::MaximumActualTime2 => self.extreme_with_bounds(Ordering::Greater, true),
            A::Range2 => self.range_with_bounds(),
            A::Count => self.counted(self.cell.good),
            A::NumberOfTransitions => self.counted(self.cell.transitions),
            A::DurationInStateZero => self.state(self.cell.regions.zero),
            A::DurationInStateNonZero => self.state(self.cell.regions.nonzero),
            A::Start => raw(self.cell.first.as_ref()),
            A::End => raw(self.cell.last.as_ref()),
            A::Delta => self.delta(),
            A::StartBound => bound(self.start_bound, false),
            A::EndBound => bound(self.end_bound, true),
            A::DeltaBounds => self.delta_bounds(),
            A::DurationGood => Outcome::number(self.cell.regions.start_good / 1e3, Quality::GOOD),
            A::DurationBad => Outcome::number(self.cell.regions.start_bad / 1e3, Quality::GOOD),
            A::PercentGood => self.percent(self.cell.regions.start_good),
            A::PercentBad => self.percent(self.cell.regions.start_bad),
            A::WorstQuality => self.worst(false),
            A::WorstQuality2 => self.worst(true),
            A::VarianceSample => self.variance(1, false),
            A::VariancePopulation => self.variance(0, false),
            A::StandardDeviationSample => self.variance(1, true),
            A::StandardDeviationPopulation => self.variance(0, true),
        }
    }

    /// 5.4.3.4
    fn interpolative(&self) -> Outcome {
        let edges = self.engine.intervals.edges();
        let at = edges.partition_point(|&edge_us| edge_us < self.start_us);
        bound(&self.engine.interpolated[at], false)
    }

    /// 5.4.3.5
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    fn average(&self) -> Outcome {
        if self.cell.good == 0 {
            return Outcome::none();
        }
        Outcome::number(
            self.cell.sum / self.cell.good as f64,
            self.status_by_count(),
        )
    }

    /// 5.4.3.6, 5.4.3.8
    fn over_lines(&self, is_total: bool) -> Outcome {
        let lines = &self.cell.lines;
        if lines.covered <= 0.0 {
            return Outcome::none();
        }
        let is_uncertain = lines.is_uncertain || 0 < self.cell.bad || 0 < self.cell.uncertain;
        let quality = if is_uncertain {
            Quality::UNCERTAIN_SUB_NORMAL
        } else {
            Quality::GOOD
        };
        let divisor = if is_total { 1e6 } else { lines.covered };
        Outcome::number(lines.area / divisor, quality)
    }

    /// 5.4.3.7, 5.4.3.9
    fn over_regions(&self, is_total: bool) -> Outcome {
        let regions = &self.cell.regions;
        if regions.usable <= 0.0 {
            return Outcome::none();
        }
        let divisor = if is_total { 1e6 } else { regions.usable };
        Outcome::number(regions.area / divisor, self.status_by_time())
    }

    /// 5.4.3.10 to 5.4.3.13
    fn extreme(&self, extreme: &Extreme, side: Ordering, with_time: bool) -> Outcome {
        let Some(good) = &extreme.good else {
            return Outcome::none();
        };
        let is_good = self.is_extreme_good(extreme, side);
        let is_raw = is_good && (with_time || good.time_us == self.start_us);
        let mut flags = if is_raw { 0 } else { bits::CALCULATED };
        if extreme.is_multiple {
            flags |= bits::MULTI_VALUE;
        }
        let quality = if is_good {
            Quality::GOOD
        } else {
            Quality::UNCERTAIN_SUB_NORMAL
        };
        Outcome {
            time_us: with_time.then_some(good.time_us),
            ..Outcome::new(good.value.clone(), quality, flags)
        }
    }

    fn is_extreme_good(&self, extreme: &Extreme, side: Ordering) -> bool {
        let beyond = match (&extreme.uncertain, &extreme.good) {
            (Some(uncertain), Some(good)) => compare(uncertain, good) == side,
            _ => false,
        };
        let is_bad = 0 < self.cell.bad
            || (self.engine.options.treat_uncertain_as_bad && 0 < self.cell.uncertain);
        !beyond && !is_bad
    }

    /// 5.4.3.14
    fn range(&self) -> Outcome {
        let (least, greatest) = (&self.cell.least, &self.cell.greatest);
        let value = |extreme: &Extreme| extreme.good.as_ref()?.value.clone();
        let (Some(low), Some(high)) = (value(least), value(greatest)) else {
            return Outcome::none();
        };
        let is_good = self.is_extreme_good(least, Ordering::Less)
            && self.is_extreme_good(greatest, Ordering::Greater);
        let quality = if is_good {
            Quality::GOOD
        } else {
            Quality::UNCERTAIN_SUB_NORMAL
        };
        self.difference(&high, &low, quality)
    }

    fn difference(&self, left: &Value, right: &Value, quality: Quality) -> Outcome {
        match difference(left, right) {
            Some(value) => Outcome::calculated(Some(value), quality),
            None => Outcome::new(None, BAD_INVALID_INPUTS, 0),
        }
    }

    /// Returns the values that the aggregates with simple bounds choose from, with the bits of
    /// each: the bound at the start, the samples, and with lines the bound at the end.
    fn candidates(&self, side: Ordering) -> Vec<(Point, u32, bool)> {
        let extreme = match side {
            Ordering::Greater => &self.cell.greatest,
            Ordering::Less | Ordering::Equal => &self.cell.least,
        };
        let options = &self.engine.options;
        let usable = |point: &&Point| options.is_usable(point.quality);
        let mut found = Vec::with_capacity(4);
        let start = bound_point(self.start_bound, self.start_us);
        // A sample at the start is among the samples already.
        found.extend(
            start
                .filter(|_| !self.start_bound.is_raw)
                .map(|point| (point, bits::INTERPOLATED, false)),
        );
        found.extend(
            extreme
                .good
                .iter()
                .map(|point| (point.clone(), 0, extreme.is_multiple)),
        );
        let uncertain = extreme.uncertain.iter().filter(usable);
        found.extend(uncertain.map(|point| (point.clone(), 0, false)));
        let is_backward = self.engine.intervals.is_backward();
        let last_us = if is_backward {
            self.early_us + 1
        } else {
            self.late_us - 1
        };
        let end = bound_point(self.end_bound, last_us);
        let is_line =
            |point: &Point| !options.stepped && !matches!(point.value, Some(Value::Bool(_)));
        found.extend(end.filter(is_line).map(|point| {
            let flags = if self.end_bound.is_raw {
                0
            } else {
                bits::INTERPOLATED
            };
            (point, flags, false)
        }));
        found
    }

    fn choose(&self, side: Ordering) -> Option<(Point, u32)> {
        let candidates = self.candidates(side);
        let mut best: Option<(Point, u32, bool)> = None;
        for (point, flags, is_multiple) in candidates {
            best = Some(match best {
                None => (point, flags, is_multiple),
                Some(known) => match compare(&point, &known.0) {
                    Ordering::Equal => (known.0, known.1, true),
                    order if order == side => (point, flags, is_multiple),
                    _ => known,
                },
            });
        }
        best.map(|(point, flags, is_multiple)| {
            (
                point,
                flags | if is_multiple { bits::MULTI_VALUE } else { 0 },
            )
        })
    }

    /// 5.4.3.15 to 5.4.3.18
    fn extreme_with_bounds(&self, side: Ordering, with_time: bool) -> Outcome {
        let Some((point, flags)) = self.choose(side) else {
            return Outcome::none();
        };
        let is_sample = flags & bits::INTERPOLATED == 0;
        let is_calculated = !with_time && is_sample && point.time_us != self.start_us;
        let calculated = if is_calculated { bits::CALCULATED } else { 0 };
        Outcome {
            time_us: with_time.then_some(point.time_us),
            ..Outcome::new(point.value, self.status_by_time(), flags | calculated)
        }
    }

    /// 5.4.3.19
    fn range_with_bounds(&self) -> Outcome {
        let value = |side| self.choose(side).and_then(|(point, _)| point.value);
        let (Some(low), Some(high)) = (value(Ordering::Less), value(Ordering::Greater)) else {
            return Outcome::none();
        };
        self.difference(&high, &low, self.status_by_time())
    }

    /// 5.4.3.21, 5.4.3.24
    fn counted(&self, count: u64) -> Outcome {
        let quality = match self.cell.samples() {
            0 => Quality::GOOD,
            _ => self.status_by_count(),
        };
        Outcome::calculated(Some(Value::U64(count)), quality)
    }

    /// 5.4.3.22, 5.4.3.23
    fn state(&self, micros: f64) -> Outcome {
        Outcome::number(micros / 1e3, self.status_by_time())
    }

    /// 5.4.3.27
    fn delta(&self) -> Outcome {
        let value = |point: &Option<Point>| point.as_ref()?.value.clone();
        let ends = (value(&self.cell.first_good), value(&self.cell.last_good));
        let (Some(first), Some(last)) = ends else {
            return Outcome::none();
        };
        let quality = if self.cell.skips_first || self.cell.skips_last {
            Quality::UNCERTAIN_SUB_NORMAL
        } else {
            Quality::GOOD
        };
        self.difference(&last, &first, quality)
    }

    /// 5.4.3.30
    fn delta_bounds(&self) -> Outcome {
        let (start, end) = (self.start_bound, self.end_bound);
        let (Some(first), Some(last)) = (&start.value, &end.value) else {
            return Outcome::none();
        };
        let quality = if start.quality.is_good() && end.quality.is_good() {
            Quality::GOOD
        } else {
            Quality::UNCERTAIN_SUB_NORMAL
        };
        self.difference(last, first, quality)
    }

    /// 5.4.3.33, 5.4.3.34
    fn percent(&self, micros: f64) -> Outcome {
        Outcome::number(micros / self.width() * 100.0, Quality::GOOD)
    }

    /// 5.4.3.35, 5.4.3.36
    fn worst(&self, with_bound: bool) -> Outcome {
        let mut worst = self
            .cell
            .worst
            .map(|worst| (worst, self.cell.is_worst_multiple));
        if with_bound && !self.start_bound.is_raw {
            let code = self.start_bound.quality.code() & 0xFFFF_0000;
            let bound = Quality::from_code(code);
            worst = Some(match worst {
                Some((known, _)) if bound.class() < known.class() => {
                    (known, self.cell.is_worst_multiple)
                }
                Some((known, _)) if bound.class() == known.class() => (bound, true),
                Some(_) | None => (bound, false),
            });
        }
        let Some((worst, is_multiple)) = worst else {
            return Outcome::none();
        };
        let multiple = if is_multiple { bits::MULTI_VALUE } else { 0 };
        let value = Value::U64(u64::from(worst.code()));
        Outcome::new(Some(value), Quality::GOOD, bits::CALCULATED | multiple)
    }

    /// 5.4.3.37 to 5.4.3.40
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    fn variance(&self, less: u64, is_root: bool) -> Outcome {
        let quality = match (self.cell.good, self.cell.samples()) {
            (0, _) => return Outcome::none(),
            (good, samples) if good < samples => Quality::UNCERTAIN_SUB_NORMAL,
            _ => Quality::GOOD,
        };
        let variance = match self.cell.good {
            1 => 0.0,
            good => self.cell.squares / (good - less) as f64,
        };
        Outcome::number(if is_root { variance.sqrt() } else { variance }, quality)
    }

    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    fn status_by_count(&self) -> Quality {
        let cell = self.cell;
        let counts = [cell.good, cell.uncertain, cell.bad].map(|count| count as f64);
        self.engine
            .options
            .status_of(counts[0], counts[1], counts[2])
    }

    fn status_by_time(&self) -> Quality {
        let regions = &self.cell.regions;
        let options = &self.engine.options;
        options.status_of(regions.good, regions.uncertain, regions.bad)
    }
}

fn bound_point(bound: &Bound, time_us: i64) -> Option<Point> {
    let number = bound.value.as_ref()?.as_f64()?;
    Some(Point {
        time_us,
        value: bound.value.clone(),
        number: Some(number),
        quality: bound.quality,
    })
}

fn bound(bound: &Bound, is_calculated: bool) -> Outcome {
    let code = bound.quality.code();
    // The status is taken over with its own bits, but for the one that says where it comes from.
    let quality = if is_calculated {
        Quality::from_code(code & !(bits::INTERPOLATED))
    } else {
        bound.quality
    };
    let flags = if is_calculated { bits::CALCULATED } else { 0 };
    Outcome::new(bound.value.clone(), quality, flags)
}

fn raw(point: Option<&Point>) -> Outcome {
    let Some(point) = point else {
        return Outcome::none();
    };
    Outcome {
        time_us: Some(point.time_us),
        ..Outcome::new(point.value.clone(), point.quality, 0)
    }
}
