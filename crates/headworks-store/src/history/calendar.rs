//! Buckets as people count time: minutes to years of a time zone, right where clocks change.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use crate::error::StoreError;
use crate::historian::{Buckets, TimeRange};

/// A length of buckets.
#[derive(Clone, Debug, PartialEq)]
pub enum Interval {
    /// As many microseconds, from the start of the range.
    Every(i64),
    /// Whole units of the calendar, from where they begin in the zone. The first and the last
    /// bucket are cut to the range.
    Calendar {
        /// What is counted.
        unit: Unit,
        /// How many units a bucket has, at least 1. Minutes and hours are counted from midnight,
        /// days from 1970-01-01, weeks from the Monday after, months from January.
        count: u32,
        /// Whose clocks.
        zone: TimeZone,
    },
}

/// Units of the calendar; weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    /// Returns the buckets of a range.
    ///
    /// # Errors
    ///
    /// `Query` when the range is empty or reversed, the interval has no length, there are more
    /// than `max` buckets, or the range lies outside of the calendar (years -9999 to 9999).
    pub fn buckets(&self, range: TimeRange, max: usize) -> Result<Buckets, StoreError> {
        if range.end_us <= range.start_us {
            return refuse(
                "end_us",
                format!(
                    "{} does not lie after the start {}",
                    range.end_us, range.start_us
                ),
            );
        }
        match self {
            Interval::Every(width_us) => every(range, *width_us, max),
            Interval::Calendar { count: 0, .. } => {
                refuse("interval", "a bucket has at least one unit".to_owned())
            }
            Interval::Calendar { unit, count, zone } => {
                let calendar = Calendar {
                    unit: *unit,
                    count: i64::from(*count),
                    zone,
                };
                let edges = calendar.edges(range, max)?;
                Ok(Buckets::Listed(Arc::from(edges)))
            }
        }
    }
}

fn refuse<T>(field: &'static str, reason: String) -> Result<T, StoreError> {
    Err(StoreError::Query { field, reason })
}

fn every(range: TimeRange, width_us: i64, max: usize) -> Result<Buckets, StoreError> {
    let buckets = Buckets::Every { range, width_us };
    buckets.check()?;
    let length = i128::from(range.end_us) - i128::from(range.start_us);
    let count = (length + i128::from(width_us) - 1) / i128::from(width_us);
    match count <= max as i128 {
        true => Ok(buckets),
        false => too_many(max),
    }
}

fn too_many<T>(max: usize) -> Result<T, StoreError> {
    refuse(
        "interval",
        format!("the range has more than {max} buckets; ask for longer ones or less time"),
    )
}

struct Calendar<'a> {
    unit: Unit,
    count: i64,
    zone: &'a TimeZone,
}

impl Calendar<'_> {
    fn edges(&self, range: TimeRange, max: usize) -> Result<Vec<i64>, StoreError> {
        let outside = || StoreError::Query {
            field: "start_us",
            reason: "the range lies outside of the calendar, years -9999 to 9999".to_owned(),
        };
        let local = |time_us| {
            let time = Timestamp::from_microsecond(time_us).ok()?;
            Some(time.to_zoned(self.zone.clone()).date())
        };
        let mut edges = vec![range.start_us];
        let mut date = local(range.start_us)
            .and_then(|date| self.begin(date))
            .ok_or_else(outside)?;
        local(range.end_us).ok_or_else(outside)?;
        loop {
            let starts = self.starts(date).ok_or_else(outside)?;
            let past = starts.iter().any(|&start| range.end_us <= start);
            let inside = |&start: &i64| range.start_us < start && start < range.end_us;
            edges.extend(starts.into_iter().filter(inside));
            if max < edges.len() {
                return too_many(max);
            }
            if past {
                break;
            }
            date = self.next(date).ok_or_else(outside)?;
        }
        edges.push(range.end_us);
        // A day that the zone skipped begins when the next one does.
        edges.dedup();
        Ok(edges)
    }

    /// Returns the first date of the bucket, or of the day of the buckets, that holds a date.
    fn begin(&self, date: Date) -> Option<Date> {
        let back = |days: i64| date.checked_sub(Span::new().try_days(days).ok()?).ok();
        let months = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        match self.unit {
            Unit::Minute | Unit::Hour => Some(date),
            Unit::Day => back(days_of(date).rem_euclid(self.count)),
            // 1970-01-05 was a Monday.
            Unit::Week => back((days_of(date) - 4).rem_euclid(self.count.checked_mul(7)?)),
            Unit::Month => month_of(months - months.rem_euclid(self.count)),
            Unit::Year => {
                let year = i64::from(date.year());
                month_of((year - year.rem_euclid(self.count)) * 12)
            }
        }
    }

    fn next(&self, date: Date) -> Option<Date> {
        let span = Span::new();
        let span = match self.unit {
            Unit::Minute | Unit::Hour => span.try_days(1),
            Unit::Day => span.try_days(self.count),
            Unit::Week => span.try_weeks(self.count),
            Unit::Month => span.try_months(self.count),
            Unit::Year => span.try_years(self.count),
        };
        date.checked_add(span.ok()?).ok()
    }

    /// Returns the times of a date at which buckets begin.
    fn starts(&self, date: Date) -> Option<Vec<i64>> {
        let step = match self.unit {
            Unit::Minute => self.count,
            Unit::Hour => self.count.checked_mul(60)?,
            _ => return Some(vec![self.start_of_day(date)?]),
        };
        let midnight = self.start_of_day(date)?;
        let mut starts = BTreeSet::from([midnight]);
        let mut minute = step;
        while minute < 24 * 60 {
            let hour = i8::try_from(minute / 60).ok()?;
            let time = Time::new(hour, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
            starts.extend(self.times_of(date.to_datetime(time))?);
            minute += step;
        }
        Some(starts.into_iter().collect())
    }

    fn start_of_day(&self, date: Date) -> Option<i64> {
        let zoned = date.to_zoned(self.zone.clone()).ok()?;
        Some(zoned.timestamp().as_microsecond())
    }

    /// Returns when clocks show a time: twice in the hour that is repeated, after the gap where
    /// one is left out.
    fn times_of(&self, time: DateTime) -> Option<Vec<i64>> {
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        let times = match ambiguous.offset() {
            AmbiguousOffset::Fold { .. } => vec![
                self.zone.to_ambiguous_timestamp(time).earlier(),
                ambiguous.later(),
            ],
            _ => vec![ambiguous.compatible()],
        };
        times
            .into_iter()
            .map(|time| time.ok().map(Timestamp::as_microsecond))
            .collect()
    }
}

fn days_of(date: Date) -> i64 {
    let since = date.duration_since(Date::constant(1970, 1, 1));
    since.as_hours().div_euclid(24)
}

/// Returns the first day of a month counted from the year 0.
fn month_of(months: i64) -> Option<Date> {
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    Date::new(year, month, 1).ok()
}

#[cfg(test)]
mod tests;
