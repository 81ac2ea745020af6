//! Intervals of the calendar as texts: `15m`, `1h`, `1d`, `2w`, `1mo`, `1y`.

use jiff::tz::TimeZone;

use super::{HistoryError, Interval, Unit};

/// Most units of an interval.
const COUNT_MAX: u32 = 1000;

/// Reads an interval of a zone's calendar.
pub fn parse(text: &str, zone: TimeZone) -> Result<Interval, HistoryError> {
    let refused = || {
        let shown: String = text.chars().take(20).collect();
        let reason = format!(
            "{shown:?}; a number from 1 to {COUNT_MAX} and m, h, d, w, mo or y is needed, e.g. 1d"
        );
        HistoryError::invalid("interval", reason)
    };
    let split = text.find(|c: char| !c.is_ascii_digit());
    let (digits, unit) = text.split_at(split.ok_or_else(refused)?);
    let count: u32 = digits.parse().map_err(|_| refused())?;
    let unit = match unit {
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "mo" => Unit::Month,
        "y" => Unit::Year,
        _ => return Err(refused()),
    };
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(refused());
    }
    Ok(Interval::Calendar { unit, count, zone })
}

/// Returns a time zone by its name in the IANA database, which is part of the program.
pub fn zone(name: &str) -> Result<TimeZone, HistoryError> {
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(60).collect();
        let reason = format!("{shown:?} is no time zone; use a name such as Europe/Berlin");
        HistoryError::invalid("zone", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_interval_are_refused_with_the_reason() {
        for text in [
            "",
            "d",
            "0d",
            "1001d",
            "1x",
            "-1d",
            "1 d",
            "99999999999d",
            "1.5h",
            "1dd",
        ] {
            let error = parse(text, TimeZone::UTC).unwrap_err().to_string();
            assert!(error.contains("1 to 1000"), "{text}: {error}");
        }
        let error = zone("Europe/Atlantis").unwrap_err().to_string();
        assert!(error.contains("no time zone"), "{error}");
    }

    #[test]
    fn a_month_in_days_of_a_zone_has_its_short_day() {
        use crate::history::aggregates::Intervals;
        let berlin = zone("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let (start, end) = (at("2026-03-27T23:00:00Z"), at("2026-03-30T22:00:00Z"));
        let days = Intervals::of(start, end, &parse("1d", berlin).unwrap(), 10).unwrap();
        let starts = days.starts();
        let hours: Vec<i64> = starts
            .windows(2)
            .map(|p| (p[1] - p[0]) / 3_600_000_000)
            .collect();
        assert_eq!(hours, [24, 23]);
        assert_eq!(days.count(), 3);
    }
}
