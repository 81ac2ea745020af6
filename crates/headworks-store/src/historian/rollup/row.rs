//! One row of a roll-up.

use crate::historian::points::{Points, is_bad};

/// What is known of the samples of a tag in a time.
///
/// Rows of neighbouring times add up exactly: `area` and the durations cover the time from the
/// first to the last sample, and who adds the next row fills the time between with what was held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::historian) struct Row {
    pub(in crate::historian) start_us: i64,
    /// All samples.
    pub(in crate::historian) samples: u64,
    /// Samples with a usable number.
    pub(in crate::historian) numbers: u64,
    /// Samples of bad quality.
    pub(in crate::historian) bad: u64,
    /// Samples of good quality.
    pub(in crate::historian) good: u64,
    /// Of the usable numbers, like those that follow; only when there are any.
    pub(in crate::historian) min: f64,
    pub(in crate::historian) max: f64,
    pub(in crate::historian) sum: f64,
    pub(in crate::historian) first: f64,
    pub(in crate::historian) last: f64,
    /// Time of the first sample of any quality.
    pub(in crate::historian) first_us: i64,
    /// Time of the last one.
    pub(in crate::historian) last_us: i64,
    /// Number times microseconds, from the first to the last sample, each number held until the
    /// next sample.
    pub(in crate::historian) area: f64,
    /// Of that time, the part with a usable number.
    pub(in crate::historian) usable_us: i64,
    /// Of that time, the part of good quality.
    pub(in crate::historian) good_us: i64,
    /// Whether the last sample has a usable number: `last`.
    pub(in crate::historian) holds: bool,
    pub(in crate::historian) last_quality: u32,
    pub(in crate::historian) worst_quality: u32,
}

impl Row {
    /// Returns the row of one sample.
    pub(in crate::historian) fn of(
        start_us: i64,
        time_us: i64,
        quality: u32,
        number: Option<f64>,
    ) -> Row {
        let value = number.unwrap_or(0.0);
        Row {
            start_us,
            samples: 1,
            numbers: u64::from(number.is_some()),
            bad: u64::from(is_bad(quality)),
            good: u64::from(is_good(quality)),
            min: value,
            max: value,
            sum: value,
            first: value,
            last: value,
            first_us: time_us,
            last_us: time_us,
            area: 0.0,
            usable_us: 0,
            good_us: 0,
            holds: number.is_some(),
            last_quality: quality,
            worst_quality: quality,
        }
    }

    /// Adds a later sample.
    #[inline]
    pub(in crate::historian) fn push(&mut self, time_us: i64, quality: u32, number: Option<f64>) {
        self.hold_until(time_us);
        self.note(time_us, quality, number);
        self.holds = number.is_some();
    }

    /// Adds a later sample but for how long it and the one before hold.
    #[inline]
    pub(in crate::historian) fn note(&mut self, time_us: i64, quality: u32, number: Option<f64>) {
        if let Some(number) = number {
            if self.numbers == 0 {
                (self.min, self.max, self.first) = (number, number, number);
                self.sum = 0.0;
            }
            self.numbers += 1;
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            self.sum += number;
            self.last = number;
        } else {
            self.bad += u64::from(is_bad(quality));
        }
        self.samples += 1;
        self.good += u64::from(is_good(quality));
        self.last_us = time_us;
        self.last_quality = quality;
        self.worst_quality = self.worst_quality.max(quality);
    }

    /// Holds the last value until a time.
    #[inline]
    pub(in crate::historian) fn hold_until(&mut self, time_us: i64) {
        let held_us = time_us - self.last_us;
        if self.holds {
            #[expect(
                clippy::cast_precision_loss,
                reason = "days have 37 bits of microseconds"
            )]
            {
                self.area += self.last * held_us as f64;
            }
            self.usable_us += held_us;
        }
        if is_good(self.last_quality) {
            self.good_us += held_us;
        }
    }

    /// Adds a later row.
    pub(in crate::historian) fn add(&mut self, next: &Row) {
        self.hold_until(next.first_us);
        self.add_numbers(next);
        self.area += next.area;
        self.usable_us += next.usable_us;
        self.good_us += next.good_us;
        self.last_us = next.last_us;
        self.holds = next.holds;
        self.last_quality = next.last_quality;
    }

    fn add_numbers(&mut self, next: &Row) {
        if next.numbers != 0 {
            if self.numbers == 0 {
                (self.min, self.max, self.first) = (next.min, next.max, next.first);
                self.sum = 0.0;
            }
            self.min = self.min.min(next.min);
            self.max = self.max.max(next.max);
            self.sum += next.sum;
            self.last = next.last;
        }
        self.samples += next.samples;
        self.numbers += next.numbers;
        self.bad += next.bad;
        self.good += next.good;
        self.worst_quality = self.worst_quality.max(next.worst_quality);
    }

    /// Adds a row of the same time whose samples came after the others were dropped. Least,
    /// greatest, sum and counts stay exact; the durations keep what the first samples gave.
    pub(super) fn add_late(&mut self, late: &Row) {
        let before = *self;
        self.add_numbers(late);
        if late.first_us < before.first_us {
            self.first_us = late.first_us;
            if late.numbers != 0 {
                self.first = late.first;
            }
        }
        if late.last_us <= before.last_us {
            self.last = before.last;
        } else {
            self.last_us = late.last_us;
            self.holds = late.holds;
            self.last_quality = late.last_quality;
        }
    }
}

/// Whether a quality is good: neither uncertain nor bad.
pub(in crate::historian) fn is_good(quality: u32) -> bool {
    headworks_core::Quality::from_code(quality).is_good()
}

/// Makes rows of one width from points in order of time.
pub(super) struct Roller {
    width_us: i64,
    pub(super) rows: Vec<Row>,
}

impl Roller {
    pub(super) fn new(width_us: i64) -> Roller {
        Roller {
            width_us,
            rows: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, points: &Points) {
        for at in 0..points.len() {
            let time_us = points.times_us[at];
            let start_us = time_us.div_euclid(self.width_us) * self.width_us;
            let (quality, number) = (points.qualities[at], points.number(at));
            match self.rows.last_mut() {
                Some(row) if row.start_us == start_us => row.push(time_us, quality, number),
                _ => self.rows.push(Row::of(start_us, time_us, quality, number)),
            }
        }
    }

    fn add(&mut self, row: Row) {
        match self.rows.last_mut() {
            Some(last) if last.start_us == row.start_us => last.add(&row),
            _ => self.rows.push(row),
        }
    }

    /// Makes rows of this width from finer ones.
    pub(super) fn fold(mut self, rows: &[Row]) -> Vec<Row> {
        for row in rows {
            let start_us = row.start_us.div_euclid(self.width_us) * self.width_us;
            self.add(Row { start_us, ..*row });
        }
        self.rows
    }
}

/// Makes one row of all rows given, which lie in order of time.
pub(super) fn one(start_us: i64, rows: &[Row]) -> Option<Row> {
    let (first, rest) = rows.split_first()?;
    let mut row = Row { start_us, ..*first };
    rest.iter().for_each(|next| row.add(next));
    Some(row)
}
