//! What samples leave behind in an interval, and values between samples.

use std::cmp::Ordering;

use headworks_core::{Quality, Sample, Value};

use super::{AggregateOptions, bits};

/// A sample with its number.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub time_us: i64,
    pub value: Option<Value>,
    /// The value as a number, when it is one that lines can be drawn between or not.
    pub number: Option<f64>,
    pub quality: Quality,
}

impl From<Sample> for Point {
    fn from(sample: Sample) -> Point {
        Point {
            number: sample.value.as_ref().and_then(Value::as_f64),
            time_us: sample.time_us,
            value: sample.value,
            quality: sample.quality,
        }
    }
}

impl Point {
    /// Returns the number when lines can be drawn to it: a bool is a state and has none.
    fn slope_number(&self) -> Option<f64> {
        match self.value {
            Some(Value::Bool(_)) => None,
            _ => self.number,
        }
    }
}

/// A value at an edge.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub value: Option<Value>,
    /// Status with information bits.
    pub quality: Quality,
    pub is_raw: bool,
}

impl Bound {
    /// The bound of which nothing is known.
    pub(super) const NONE: Bound = Bound {
        value: None,
        quality: Quality::BAD_NO_DATA,
        is_raw: false,
    };

    /// Returns the bound of a sample at the edge; for a bad one that is no bound.
    pub(super) fn raw(point: &Point, options: &AggregateOptions) -> Bound {
        if !options.is_usable(point.quality) {
            return Bound {
                is_raw: true,
                ..Bound::NONE
            };
        }
        Bound {
            value: point.value.clone(),
            quality: point.quality,
            is_raw: true,
        }
    }

    /// Returns a bound between or after samples.
    pub(super) fn between(value: Option<Value>, is_good: bool) -> Bound {
        let quality = if is_good {
            Quality::GOOD
        } else {
            Quality::UNCERTAIN_SUB_NORMAL
        };
        Bound {
            value,
            quality: bits::with(quality, bits::INTERPOLATED),
            is_raw: false,
        }
    }
}

/// Returns the value of the line through two points at a time, when there is one.
pub(super) fn line(before: &Point, after: &Point, time_us: i64) -> Option<f64> {
    let (first, second) = (before.slope_number()?, after.slope_number()?);
    let share = micros(time_us - before.time_us) / micros(after.time_us - before.time_us);
    // Written so that two great numbers of different sign do not overflow on the way.
    let value = first * (1.0 - share) + second * share;
    value.is_finite().then_some(value)
}

/// Returns microseconds as a number.
#[expect(clippy::cast_precision_loss, reason = "285 years fit into 53 bits")]
pub(super) fn micros(time_us: i64) -> f64 {
    time_us as f64
}

/// What the samples and regions of one interval add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// Samples by class.
    pub good: u64,
    pub uncertain: u64,
    pub bad: u64,
    /// Whether a sample that counts had no number.
    pub has_no_number: bool,
    pub sum: f64,
    pub mean: f64,
    /// Sum of the squares of the distances from the mean.
    pub squares: f64,
    pub first: Option<Point>,
    pub last: Option<Point>,
    pub first_good: Option<Point>,
    pub last_good: Option<Point>,
    /// Whether samples that are not good stand before the first good one.
    pub skips_first: bool,
    /// Whether samples that are not good stand after the last good one.
    pub skips_last: bool,
    pub least: Extreme,
    pub greatest: Extreme,
    pub transitions: u64,
    pub worst: Option<Quality>,
    pub is_worst_multiple: bool,
    pub regions: Regions,
    pub lines: Lines,
}

/// The least or greatest of the samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Extreme {
    pub good: Option<Point>,
    pub is_multiple: bool,
    pub uncertain: Option<Point>,
}

/// Time by status, with simple bounds, in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Regions {
    /// By the status of the region (5.4.3.2.2).
    pub good: f64,
    pub uncertain: f64,
    pub bad: f64,
    /// By the status of the value that the region starts with.
    pub start_good: f64,
    pub start_bad: f64,
    pub zero: f64,
    pub nonzero: f64,
    /// Value times time where values are usable.
    pub area: f64,
    pub usable: f64,
}

/// Lines between usable values, with interpolated bounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub area: f64,
    pub covered: f64,
    pub is_uncertain: bool,
}

impl Cell {
    pub(super) fn samples(&self) -> u64 {
        self.good + self.uncertain + self.bad
    }

    /// Takes a sample of the interval in; `is_transition` when the value is another than before.
    pub(super) fn push(&mut self, point: &Point, usable: bool, is_transition: bool) {
        self.has_no_number |= usable && point.number.is_none();
        self.transitions += u64::from(is_transition);
        self.push_quality(point.quality);
        if self.first.is_none() {
            self.first = Some(point.clone());
        }
        self.last = Some(point.clone());
        if point.quality.is_good() {
            self.push_good(point);
        } else {
            self.push_other(point);
        }
    }

    fn push_quality(&mut self, quality: Quality) {
        match self.worst.map(|worst| worst.class().cmp(&quality.class())) {
            Some(Ordering::Greater) => {}
            Some(Ordering::Equal) => self.is_worst_multiple = true,
            Some(Ordering::Less) | None => {
                self.worst = Some(quality);
                self.is_worst_multiple = false;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 samples")]
    fn push_good(&mut self, point: &Point) {
        self.good += 1;
        self.skips_first |= self.first_good.is_none() && 0 < self.uncertain + self.bad;
        if self.first_good.is_none() {
            self.first_good = Some(point.clone());
        }
        self.last_good = Some(point.clone());
        self.skips_last = false;
        let Some(number) = point.number else { return };
        self.sum += number;
        let distance = number - self.mean;
        self.mean += distance / self.good as f64;
        self.squares += distance * (number - self.mean);
        self.least.push_good(point, Ordering::Less);
        self.greatest.push_good(point, Ordering::Greater);
    }

    fn push_other(&mut self, point: &Point) {
        self.skips_last = true;
        if point.quality.is_bad() {
            self.bad += 1;
            return;
        }
        self.uncertain += 1;
        self.least.push_uncertain(point, Ordering::Less);
        self.greatest.push_uncertain(point, Ordering::Greater);
    }
}

impl Extreme {
    fn push_good(&mut self, point: &Point, side: Ordering) {
        let order = self.good.as_ref().map(|known| compare(point, known));
        match order {
            Some(Ordering::Equal) => self.is_multiple = true,
            Some(order) if order != side => {}
            Some(_) | None => {
                self.good = Some(point.clone());
                self.is_multiple = false;
            }
        }
    }

    fn push_uncertain(&mut self, point: &Point, side: Ordering) {
        let known = self.uncertain.as_ref();
        if known.is_none_or(|known| compare(point, known) == side) {
            self.uncertain = Some(point.clone());
        }
    }
}

/// Compares two points by value; whole numbers keep all their digits.
pub(super) fn compare(left: &Point, right: &Point) -> Ordering {
    match (&left.value, &right.value) {
        (Some(Value::I64(left)), Some(Value::I64(right))) => left.cmp(right),
        (Some(Value::U64(left)), Some(Value::U64(right))) => left.cmp(right),
        _ => {
            let order = left.number.partial_cmp(&right.number);
            order.unwrap_or(Ordering::Equal)
        }
    }
}

/// Returns the difference of two values; whole numbers keep all their digits.
pub(super) fn difference(left: &Value, right: &Value) -> Option<Value> {
    let exact = match (left, right) {
        (Value::I64(left), Value::I64(right)) => left.checked_sub(*right),
        (Value::U64(left), Value::U64(right)) => {
            i64::try_from(i128::from(*left) - i128::from(*right)).ok()
        }
        _ => None,
    };
    let rounded = || {
        let difference = left.as_f64()? - right.as_f64()?;
        difference.is_finite().then_some(Value::F64(difference))
    };
    exact.map(Value::I64).or_else(rounded)
}
