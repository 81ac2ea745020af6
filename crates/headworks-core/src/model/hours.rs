//! Hours of the week on the clock of a place, and days.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::object::FieldError;
use super::route::{DayTime, Weekday};

/// Hours of the week, on the clock of a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days on which they begin; every day when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    pub days: Vec<Weekday>,
    /// When they begin.
    pub from: DayTime,
    /// When they end; on the next day when that is not after `from`.
    pub to: DayTime,
}

/// A day of the calendar, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>", into = "String")]
pub struct CalendarDay(Date);

/// A moment on the clock of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMoment {
    pub(super) today: Date,
    /// Minutes since midnight.
    minute: u16,
}

impl LocalMoment {
    /// Returns the moment at `now_us`, microseconds since 1970-01-01 UTC.
    pub fn at(now_us: i64, zone: &TimeZone) -> LocalMoment {
        let now = Timestamp::from_microsecond(now_us).unwrap_or(Timestamp::UNIX_EPOCH);
        let now: Zoned = now.to_zoned(zone.clone());
        let (hour, minute) = (now.hour().unsigned_abs(), now.minute().unsigned_abs());
        LocalMoment {
            today: now.date(),
            minute: u16::from(hour) * 60 + u16::from(minute),
        }
    }
}

impl Hours {
    /// Returns whether a moment lies in them.
    pub fn cover(&self, moment: LocalMoment) -> bool {
        self.begun(moment).is_some()
    }

    /// Returns the instants at which they may begin or end on a day, microseconds since
    /// 1970-01-01 UTC.
    pub(super) fn edges(&self, day: Date, zone: &TimeZone) -> [Option<i64>; 2] {
        [&self.from, &self.to].map(|time| {
            let minutes = i8::try_from(time.minutes() % 60).ok()?;
            let hours = i8::try_from(time.minutes() / 60).ok()?;
            let edge = day.at(hours, minutes, 0, 0).to_zoned(zone.clone()).ok()?;
            Some(edge.timestamp().as_microsecond())
        })
    }

    /// Returns the day on which the hours began that a moment lies in.
    pub fn begun(&self, moment: LocalMoment) -> Option<CalendarDay> {
        let LocalMoment { today, minute } = moment;
        let (from, to) = (self.from.minutes(), self.to.minutes());
        let is_over_midnight = to <= from;
        let since_today = from <= minute && (is_over_midnight || minute < to);
        if since_today && self.begin_on(today) {
            return Some(CalendarDay(today));
        }
        let yesterday = today.yesterday().ok()?;
        let since_yesterday = is_over_midnight && minute < to && self.begin_on(yesterday);
        since_yesterday.then_some(CalendarDay(yesterday))
    }

    fn begin_on(&self, day: Date) -> bool {
        self.days.is_empty() || self.days.contains(&weekday(day))
    }

    /// Checks that no day is named twice.
    pub(super) fn check(&self, field: &str) -> Result<(), FieldError> {
        for (place, day) in self.days.iter().enumerate() {
            if self.days[..place].contains(day) {
                let field = format!("{field}/days/{place}");
                return Err(FieldError::new(field, "is named twice"));
            }
        }
        Ok(())
    }
}

fn weekday(day: Date) -> Weekday {
    let place = usize::try_from(day.weekday().to_monday_zero_offset());
    Weekday::ALL[place.unwrap_or_default()]
}

/// Checks the name of a time zone; empty is none of its own.
pub(super) fn check_zone(field: &str, name: &str) -> Result<(), FieldError> {
    if name.is_empty() || (name.len() <= 64 && TimeZone::get(name).is_ok()) {
        return Ok(());
    }
    let shown: String = name.chars().take(64).collect();
    let reason = format!("{shown:?} is no time zone; write e.g. Europe/Berlin or UTC");
    Err(FieldError::new(field, reason))
}

impl FromStr for CalendarDay {
    type Err = String;

    fn from_str(text: &str) -> Result<CalendarDay, String> {
        let is_short = text.len() == 10;
        let day = text.parse().ok().filter(|_| is_short).map(CalendarDay);
        day.ok_or_else(|| {
            let shown: String = text.chars().take(20).collect();
            format!("{shown:?} is no day; write YYYY-MM-DD")
        })
    }
}

impl fmt::Display for CalendarDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<Cow<'_, str>> for CalendarDay {
    type Error = String;

    fn try_from(text: Cow<'_, str>) -> Result<CalendarDay, String> {
        text.parse()
    }
}

impl From<CalendarDay> for String {
    fn from(day: CalendarDay) -> String {
        day.to_string()
    }
}

impl JsonSchema for CalendarDay {
    fn schema_name() -> Cow<'static, str> {
        "CalendarDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
            "maxLength": 10,
            "description": "A day of the calendar, `YYYY-MM-DD`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> Hours {
        serde_json::from_str(json).unwrap()
    }

    fn at(text: &str, zone: &str) -> LocalMoment {
        let now: Timestamp = text.parse().unwrap();
        LocalMoment::at(now.as_microsecond(), &TimeZone::get(zone).unwrap())
    }

    #[test]
    fn hours_begin_with_their_minute_and_end_before_it() {
        let hours = hours(r#"{"days":["mon"],"from":"06:00","to":"14:00"}"#);
        // 2026-11-23 is a Monday
        for (time, want) in [
            ("2026-11-23T05:59:59Z", false),
            ("2026-11-23T06:00:00Z", true),
            ("2026-11-23T13:59:59Z", true),
            ("2026-11-23T14:00:00Z", false),
            ("2026-11-24T08:00:00Z", false),
        ] {
            assert_eq!(hours.cover(at(time, "UTC")), want, "{time}");
        }
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        let hours = hours(r#"{"days":["fri"],"from":"22:00","to":"06:00"}"#);
        for (time, want) in [
            ("2026-11-27T22:00:00Z", Some("2026-11-27")),
            ("2026-11-28T05:59:00Z", Some("2026-11-27")),
            ("2026-11-28T06:00:00Z", None),
            ("2026-11-28T22:30:00Z", None),
            ("2026-11-27T05:00:00Z", None),
        ] {
            let begun = hours.begun(at(time, "UTC")).map(|day| day.to_string());
            assert_eq!(begun.as_deref(), want, "{time}");
        }
        let whole_day = r#"{"days":["fri"],"from":"06:00","to":"06:00"}"#;
        let whole_day: Hours = serde_json::from_str(whole_day).unwrap();
        assert!(whole_day.cover(at("2026-11-28T05:59:00Z", "UTC")));
        assert!(!whole_day.cover(at("2026-11-28T06:00:00Z", "UTC")));
    }

    #[test]
    fn hours_follow_the_clock_through_its_changes() {
        let hours = hours(r#"{"from":"02:00","to":"03:00"}"#);
        // the clock of Berlin goes from 02:00 to 03:00, and half a year later back
        assert!(!hours.cover(at("2026-03-29T01:30:00Z", "Europe/Berlin")));
        assert!(hours.cover(at("2026-10-25T00:30:00Z", "Europe/Berlin")));
        assert!(hours.cover(at("2026-10-25T01:30:00Z", "Europe/Berlin")));
        assert!(!hours.cover(at("2026-10-25T02:00:00Z", "Europe/Berlin")));
    }

    #[test]
    fn days_are_read_strictly() {
        for text in ["2026-02-30", "2026-1-01", "20260101", "x", "2026-01-01T00"] {
            assert!(text.parse::<CalendarDay>().is_err(), "{text}");
        }
        let day: CalendarDay = "2026-12-25".parse().unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-12-25\"");
    }
}
