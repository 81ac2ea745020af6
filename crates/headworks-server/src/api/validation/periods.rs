//! Periods of a range: hours, or days and weeks of a time zone.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

use crate::problem::ApiError;

/// Most periods of a range.
const PERIODS_MAX: usize = 1000;

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// Minutes, counted from the start of the day.
    Minutes(i32),
    /// Days of the time zone.
    Days(i32),
    /// Weeks of the time zone, Monday first.
    Weeks(i32),
}

impl Period {
    /// Reads a number and a unit.
    pub(crate) fn parse(text: &str) -> Result<Period, ApiError> {
        let refused = || {
            let shown: String = text.chars().take(20).collect();
            let reason = format!("{shown:?}; a number and m, h, d or w is needed, e.g. 1d");
            ApiError::query("period", reason)
        };
        let unit = text.chars().next_back().ok_or_else(refused)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        let count: i32 = digits.parse().map_err(|_| refused())?;
        if !(1..=1000).contains(&count) {
            return Err(refused());
        }
        match unit {
            'm' => Ok(Period::Minutes(count)),
            'h' => Ok(Period::Minutes(count * 60)),
            'd' => Ok(Period::Days(count)),
            'w' => Ok(Period::Weeks(count)),
            _ => Err(refused()),
        }
    }

    fn span(self) -> Span {
        match self {
            Period::Minutes(count) => count.minutes(),
            Period::Days(count) => count.days(),
            Period::Weeks(count) => count.weeks(),
        }
    }
}

/// Returns a time zone by its name.
pub(crate) fn zone(name: Option<&str>) -> Result<TimeZone, ApiError> {
    let Some(name) = name else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(60).collect();
        let reason = format!("{shown:?} is no time zone; use a name such as Europe/Berlin");
        ApiError::query("zone", reason)
    })
}

/// Returns the edges of the periods in a range: its start, every beginning of a period in it, its
/// end.
pub(crate) fn edges(
    start_us: i64,
    end_us: i64,
    period: Option<Period>,
    zone: &TimeZone,
) -> Result<Vec<i64>, ApiError> {
    let mut edges = vec![start_us];
    if let Some(period) = period {
        let beyond = |_| ApiError::query("start_us", "no calendar has this time");
        let start = Timestamp::from_microsecond(start_us).map_err(beyond)?;
        let first = first_edge(start.to_zoned(zone.clone()), period).map_err(beyond)?;
        // from the first edge on, so that a day that is no 24 hours does not shift the others
        for count in 1.. {
            let next = first.checked_add(period.span() * count).map_err(beyond)?;
            let next_us = next.timestamp().as_microsecond();
            if end_us <= next_us {
                break;
            }
            if PERIODS_MAX <= edges.len() {
                let reason = format!("more than {PERIODS_MAX} periods; choose longer ones");
                return Err(ApiError::query("period", reason));
            }
            if start_us < next_us {
                edges.push(next_us);
            }
        }
    }
    edges.push(end_us);
    Ok(edges)
}

/// Returns the beginning of the period that a time lies in.
fn first_edge(time: Zoned, period: Period) -> Result<Zoned, jiff::Error> {
    let day = time.start_of_day()?;
    match period {
        Period::Minutes(_) => time.round(
            ZonedRound::new()
                .smallest(Unit::Hour)
                .mode(jiff::RoundMode::Floor),
        ),
        Period::Days(_) => Ok(day),
        Period::Weeks(_) => {
            let since = day.weekday().to_monday_zero_offset();
            day.checked_sub(i32::from(since).days())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn hours_between(from: &str, to: &str, period: Period, zone_name: &str) -> Vec<i64> {
        let zone = zone(Some(zone_name)).unwrap();
        let edges = edges(micros(from), micros(to), Some(period), &zone).unwrap();
        edges
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) / 3_600_000_000)
            .collect()
    }

    #[test]
    fn days_are_those_of_the_zone_also_when_the_clocks_change() {
        // Berlin: the clocks go forward on 29 March and back on 25 October 2026
        let spring = hours_between(
            "2026-03-27T23:00:00Z",
            "2026-03-30T22:00:00Z",
            Period::Days(1),
            "Europe/Berlin",
        );
        assert_eq!(spring, [24, 23, 24]);
        let autumn = hours_between(
            "2026-10-24T10:00:00Z",
            "2026-10-26T10:00:00Z",
            Period::Days(1),
            "Europe/Berlin",
        );
        assert_eq!(autumn, [12, 25, 11]);
    }

    #[test]
    fn weeks_begin_on_monday_and_hours_on_the_hour() {
        let weeks = hours_between(
            "2026-11-18T00:00:00Z", // a Wednesday
            "2026-12-01T00:00:00Z",
            Period::Weeks(1),
            "UTC",
        );
        assert_eq!(weeks, [5 * 24, 7 * 24, 24]);
        let edges = edges(
            micros("2026-01-01T00:30:00Z"),
            micros("2026-01-01T02:30:00Z"),
            Some(Period::parse("1h").unwrap()),
            &TimeZone::UTC,
        );
        let minutes = |pair: &[i64]| (pair[1] - pair[0]) / 60_000_000;
        let found: Vec<i64> = edges.unwrap().windows(2).map(minutes).collect();
        assert_eq!(found, [30, 60, 30]);
    }

    #[test]
    fn absurd_periods_are_refused() {
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "1y",
            "1001m",
            "99999999999d",
            "1\u{fc}",
        ] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
        assert!(zone(Some("Mars/Olympus")).is_err());
        let too_many = edges(0, i64::MAX / 2, Some(Period::Minutes(1)), &TimeZone::UTC);
        assert!(too_many.is_err());
        let beyond = edges(i64::MIN, 0, Some(Period::Days(1)), &TimeZone::UTC);
        assert!(beyond.is_err());
    }
}
