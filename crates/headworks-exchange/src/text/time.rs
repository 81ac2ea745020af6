//! Times as texts, fast: a day's date and a zone's offset are worked out once.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND_US: i64 = 1_000_000;
const DAY_SECS: i64 = 86_400;

/// How times are written.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TimeStyle {
    /// `2026-11-21T07:05:00.123456Z`, or with the offset of the zone.
    #[default]
    Iso,
    /// `2026-11-21 07:05:00.123456` in the zone, which the header names: what spreadsheets read.
    Plain,
    /// Microseconds since 1970-01-01 UTC.
    Micros,
}

/// Writes times.
pub(crate) struct TimeWriter {
    style: TimeStyle,
    zone: TimeZone,
    integers: itoa::Buffer,
    /// `YYYY-MM-DD`, then the separator.
    date: [u8; 11],
    /// Seconds since 1970 in local time at which the date begins.
    day_start: i64,
    offset_secs: i64,
    /// `Z` or `+01:00`; nothing in plain times.
    suffix: Vec<u8>,
    /// Where the offset holds, in seconds since 1970 UTC.
    valid: std::ops::Range<i64>,
}

impl TimeWriter {
    pub(crate) fn new(style: TimeStyle, zone: TimeZone) -> TimeWriter {
        TimeWriter {
            style,
            zone,
            integers: itoa::Buffer::new(),
            date: [b'0'; 11],
            day_start: i64::MIN,
            offset_secs: 0,
            suffix: Vec::new(),
            valid: 0..0,
        }
    }

    /// Writes a time; one that no calendar holds is written as its number.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, time_us: i64) {
        let secs = time_us.div_euclid(SECOND_US);
        if self.style == TimeStyle::Micros || !self.prepare(secs) {
            out.extend_from_slice(self.integers.format(time_us).as_bytes());
            return;
        }
        let micros = time_us.rem_euclid(SECOND_US);
        let clock = secs + self.offset_secs - self.day_start;
        let mut text = *b"00:00:00.000000";
        put2(&mut text, 0, clock / 3_600);
        put2(&mut text, 3, clock / 60 % 60);
        put2(&mut text, 6, clock % 60);
        put2(&mut text, 9, micros / 10_000);
        put2(&mut text, 11, micros / 100 % 100);
        put2(&mut text, 13, micros % 100);
        out.extend_from_slice(&self.date);
        out.extend_from_slice(&text);
        out.extend_from_slice(&self.suffix);
    }

    /// Returns the local time as days since 1899-12-30, as spreadsheets count.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a spreadsheet has no more digits"
    )]
    pub(crate) fn excel(&mut self, time_us: i64) -> Option<f64> {
        const EXCEL_EPOCH_DAYS: i64 = 25_569;
        if !self.prepare(time_us.div_euclid(SECOND_US)) {
            return None;
        }
        let local_us = time_us + self.offset_secs * SECOND_US;
        let since = local_us + EXCEL_EPOCH_DAYS * DAY_SECS * SECOND_US;
        (0 <= since).then(|| since as f64 / (DAY_SECS * SECOND_US) as f64)
    }

    /// Makes offset and date fit an instant; false when the calendar does not reach it.
    fn prepare(&mut self, secs: i64) -> bool {
        if !self.valid.contains(&secs) && !self.find_offset(secs) {
            return false;
        }
        let local = secs + self.offset_secs;
        if self.day_start == i64::MIN || !(0..DAY_SECS).contains(&(local - self.day_start)) {
            self.day_start = local.div_euclid(DAY_SECS) * DAY_SECS;
            let Ok(midnight) = Timestamp::from_second(self.day_start) else {
                return false;
            };
            let date = midnight.to_zoned(TimeZone::UTC).date();
            let separator = if self.style == TimeStyle::Iso {
                'T'
            } else {
                ' '
            };
            let text = format!("{date}{separator}");
            let Ok(text) = text.as_bytes().try_into() else {
                return false; // years before 0
            };
            self.date = text;
        }
        true
    }

    fn find_offset(&mut self, secs: i64) -> bool {
        // The calendar of the time library ends a day before its instants do.
        const SECS_MAX: i64 = 253_402_207_200;
        if !(-62_135_500_000..SECS_MAX).contains(&secs) {
            return false;
        }
        let Ok(now) = Timestamp::from_second(secs) else {
            return false;
        };
        let offset = self.zone.to_offset(now);
        self.offset_secs = offset.seconds().into();
        let next = self.zone.following(now).next();
        let end = next.map_or(SECS_MAX, |transition| transition.timestamp().as_second());
        // Backwards the offset is only known to hold from the instant asked for.
        self.valid = secs..end.max(secs + 1);
        self.suffix.clear();
        if self.style == TimeStyle::Iso {
            if self.zone == TimeZone::UTC {
                self.suffix.push(b'Z');
            } else {
                let minutes = self.offset_secs / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                let text = format!("{sign}{hours:02}:{minutes:02}");
                self.suffix.extend_from_slice(text.as_bytes());
            }
        }
        true
    }
}

/// Writes two digits of a number below 100.
fn put2(text: &mut [u8; 15], at: usize, number: i64) {
    let digit = |value: i64| b'0' + u8::try_from(value % 10).unwrap_or(0);
    text[at] = digit(number / 10);
    text[at + 1] = digit(number);
}

/// Returns the zone of a name: IANA, or UTC when empty.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    if name.is_empty() || name.eq_ignore_ascii_case("utc") || name == "Z" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(60).collect();
        format!("{shown:?} is no time zone; use a name such as Europe/Berlin, or UTC")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(style: TimeStyle, zone_name: &str, times_us: &[i64]) -> Vec<String> {
        let mut writer = TimeWriter::new(style, zone(zone_name).unwrap());
        let write = |&time_us: &i64| {
            let mut out = Vec::new();
            writer.write(&mut out, time_us);
            String::from_utf8(out).unwrap()
        };
        times_us.iter().map(write).collect()
    }

    #[test]
    fn every_style_has_all_six_digits() {
        let time_us = 1_795_244_700_123_456;
        assert_eq!(
            text(TimeStyle::Iso, "", &[time_us, 0, -1]),
            [
                "2026-11-21T07:05:00.123456Z",
                "1970-01-01T00:00:00.000000Z",
                "1969-12-31T23:59:59.999999Z"
            ]
        );
        assert_eq!(
            text(TimeStyle::Plain, "Europe/Berlin", &[time_us]),
            ["2026-11-21 08:05:00.123456"]
        );
        assert_eq!(text(TimeStyle::Micros, "", &[-5]), ["-5"]);
    }

    #[test]
    fn offsets_follow_the_clock_change_both_ways() {
        // 2026-10-25 01:00 UTC: Berlin goes from +02:00 to +01:00
        let change = 1_792_890_000_000_000;
        let times = [change - 1, change, change - 1, change + 1];
        assert_eq!(
            text(TimeStyle::Iso, "Europe/Berlin", &times),
            [
                "2026-10-25T02:59:59.999999+02:00",
                "2026-10-25T02:00:00.000000+01:00",
                "2026-10-25T02:59:59.999999+02:00",
                "2026-10-25T02:00:00.000001+01:00",
            ]
        );
    }

    #[test]
    fn what_no_calendar_holds_is_a_number() {
        let far = i64::MAX;
        assert_eq!(text(TimeStyle::Iso, "", &[far]), [far.to_string()]);
        assert_eq!(
            text(TimeStyle::Iso, "", &[i64::MIN]),
            [i64::MIN.to_string()]
        );
    }

    #[test]
    fn unknown_zones_are_named() {
        assert!(zone("Europe/Atlantis").unwrap_err().contains("Atlantis"));
    }
}
