//! Reading of times: formats, zones, hours that the change of clocks takes or gives twice.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::options::TimeFormat;
use super::record::{Cell, Record};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// From 1899-12-30 to 1970-01-01.
const EXCEL_EPOCH_DAYS: i64 = 25_569;

/// A time as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// An instant, microseconds since 1970-01-01 UTC.
    Instant(i64),
    /// What a clock on the wall shows, microseconds since 1970-01-01 of that clock.
    Wall(i64),
}

/// How an instant was found for a time on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// There is one.
    Plain(i64),
    /// There are two, an hour apart or so: the earlier and the later.
    Twice(i64, i64),
    /// There is none: the clocks went forward over it.
    Never,
}

/// Returns the days of a spreadsheet as microseconds on the wall, exactly rounded.
pub(crate) fn excel_us(days: f64) -> Option<i64> {
    if !(0.0..=3_000_000.0).contains(&days) {
        return None;
    }
    // days = mantissa * 2^exponent; whole numbers all the way, so that nothing is rounded twice.
    let bits = days.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7FF).ok()? - 1075;
    if !(-120..=0).contains(&exponent) {
        return (days == 0.0).then_some(-EXCEL_EPOCH_DAYS * DAY_US);
    }
    let mantissa = i128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let shift = exponent.unsigned_abs();
    let scaled = mantissa * i128::from(DAY_US);
    let rounded = (scaled + (1i128 << shift >> 1)) >> shift;
    i64::try_from(rounded)
        .ok()
        .map(|us| us - EXCEL_EPOCH_DAYS * DAY_US)
}

/// Reads a cell as a time.
pub(crate) fn stamp(record: &Record, cell: Cell, format: TimeFormat) -> Result<Stamp, String> {
    match cell {
        Cell::Time(us) => Ok(Stamp::Instant(us)),
        Cell::WallTime(us) => Ok(Stamp::Wall(us)),
        Cell::Integer(number) => of_integer(number, format),
        Cell::Unsigned(_) => Err("a number too large for a time".into()),
        Cell::Number(number) => of_number(number, format),
        Cell::Text(..) => of_text(record.text_of(cell).trim(), format),
        Cell::Empty => Err("no time".into()),
        Cell::Bool(_) => Err("true or false where a time is needed".into()),
        Cell::Broken(reason) => Err(reason.into()),
    }
}

/// Reads a date and a time of day that stand in two cells.
pub(crate) fn stamp_of_two(date: &str, time: &str, format: TimeFormat) -> Result<Stamp, String> {
    of_text(&format!("{} {}", date.trim(), time.trim()), format)
}

fn of_integer(number: i64, format: TimeFormat) -> Result<Stamp, String> {
    let scaled = match format {
        TimeFormat::EpochS => number.checked_mul(SECOND_US),
        TimeFormat::EpochMs => number.checked_mul(1000),
        TimeFormat::EpochUs => Some(number),
        TimeFormat::EpochNs => Some(number.div_euclid(1000)),
        #[expect(clippy::cast_precision_loss, reason = "days of a calendar are few")]
        TimeFormat::Excel => {
            let us = excel_us(number as f64);
            return us.map(Stamp::Wall).ok_or_else(|| not_excel(number));
        }
        TimeFormat::Iso | TimeFormat::DayFirst | TimeFormat::MonthFirst => {
            return Err("a number where a date is needed".into());
        }
    };
    let instant = scaled.map(Stamp::Instant);
    instant.ok_or_else(|| "a number too large for a time".into())
}

fn not_excel(number: impl std::fmt::Display) -> String {
    format!("{number} is no day of a spreadsheet")
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn of_number(number: f64, format: TimeFormat) -> Result<Stamp, String> {
    let factor = match format {
        TimeFormat::EpochS => 1e6,
        TimeFormat::EpochMs => 1e3,
        TimeFormat::EpochUs => 1.0,
        TimeFormat::EpochNs => 1e-3,
        TimeFormat::Excel => {
            return excel_us(number)
                .map(Stamp::Wall)
                .ok_or_else(|| not_excel(number));
        }
        TimeFormat::Iso | TimeFormat::DayFirst | TimeFormat::MonthFirst => {
            return Err("a number where a date is needed".into());
        }
    };
    let us = (number * factor).round();
    if us.abs() < 9e18 {
        Ok(Stamp::Instant(us as i64))
    } else {
        Err("a number too large for a time".into())
    }
}

fn of_text(text: &str, format: TimeFormat) -> Result<Stamp, String> {
    match format {
        TimeFormat::Iso | TimeFormat::DayFirst | TimeFormat::MonthFirst => civil(text, format),
        TimeFormat::EpochS if text.contains(['.', ',']) => epoch_with_fraction(text),
        TimeFormat::EpochS | TimeFormat::EpochMs | TimeFormat::EpochUs | TimeFormat::EpochNs => {
            match text.parse() {
                Ok(number) => of_integer(number, format),
                Err(_) => match text.parse() {
                    Ok(number) => of_number(number, format),
                    Err(_) => Err("no number of seconds since 1970".into()),
                },
            }
        }
        TimeFormat::Excel => match text.replace(',', ".").parse() {
            Ok(number) => of_number(number, format),
            Err(_) => Err("no number of days".into()),
        },
    }
}

/// Reads seconds with a fraction digit by digit, since a binary fraction would lose microseconds.
fn epoch_with_fraction(text: &str) -> Result<Stamp, String> {
    let wrong = || "no number of seconds since 1970".to_owned();
    let (whole, fraction) = text.split_once(['.', ',']).ok_or_else(wrong)?;
    let secs: i64 = whole.parse().map_err(|_| wrong())?;
    let micros = fraction_us(fraction).ok_or_else(wrong)?;
    let micros = if whole.starts_with('-') {
        -micros
    } else {
        micros
    };
    let us = secs
        .checked_mul(SECOND_US)
        .and_then(|us| us.checked_add(micros));
    us.map(Stamp::Instant).ok_or_else(wrong)
}

/// Reads the digits behind a decimal point as microseconds; what is finer is cut.
fn fraction_us(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = digits.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

/// Reads a date, a time of day and an offset.
fn civil(text: &str, format: TimeFormat) -> Result<Stamp, String> {
    let mut reader = Reader { rest: text };
    let read = reader.date_time(format).filter(|_| reader.rest.is_empty());
    let (parts, offset_secs) = read.ok_or_else(|| match format {
        TimeFormat::DayFirst => "no time of the form dd.mm.yyyy hh:mm:ss".to_owned(),
        TimeFormat::MonthFirst => "no time of the form mm/dd/yyyy hh:mm:ss".to_owned(),
        _ => "no time of the form yyyy-mm-dd hh:mm:ss".to_owned(),
    })?;
    let wall_us = parts
        .wall_us()
        .ok_or("a date or time of day that does not exist")?;
    Ok(match offset_secs {
        Some(secs) => Stamp::Instant(wall_us - secs * SECOND_US),
        None => Stamp::Wall(wall_us),
    })
}

/// A date and a time of day.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

impl Parts {
    fn wall_us(&self) -> Option<i64> {
        let is_leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days_of_month = match self.month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let fits = (1..=days_of_month).contains(&self.day)
            && (0..=9999).contains(&self.year)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60;
        let secs = self.hour * 3600 + self.minute * 60 + self.second;
        fits.then(|| self.days() * DAY_US + secs * SECOND_US + self.micros)
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
    fn days(&self) -> i64 {
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let era = year.div_euclid(400);
        let year_of_era = year - era * 400;
        let month = (self.month + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

/// Reads digits and signs from the begin of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn date_time(&mut self, format: TimeFormat) -> Option<(Parts, Option<i64>)> {
        let (year, month, day) = self.date(format)?;
        let mut parts = Parts {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            micros: 0,
        };
        if self.rest.is_empty() {
            return Some((parts, None));
        }
        let start = self.rest.trim_start_matches([' ', 'T', 't', ',', '_']);
        if start.len() == self.rest.len() {
            return None;
        }
        self.rest = start;
        self.time_of_day(&mut parts)?;
        self.half_of_day(&mut parts)?;
        let offset = self.offset()?;
        Some((parts, offset))
    }

    fn date(&mut self, format: TimeFormat) -> Option<(i64, i64, i64)> {
        let first = self.number(4)?;
        let mark = self
            .rest
            .chars()
            .next()
            .filter(|mark| "-/.".contains(*mark))?;
        self.take(mark)?;
        let second = self.number(2)?;
        self.take(mark)?;
        let third = self.number(4)?;
        Some(match format {
            TimeFormat::DayFirst => (century(third), second, first),
            TimeFormat::MonthFirst => (century(third), first, second),
            _ if first < 100 => return None,
            _ => (first, second, third),
        })
    }

    fn time_of_day(&mut self, parts: &mut Parts) -> Option<()> {
        parts.hour = self.number(2)?;
        self.take(':')?;
        parts.minute = self.number(2)?;
        if self.take(':').is_some() {
            parts.second = self.number(2)?;
            if self.take('.').or_else(|| self.take(',')).is_some() {
                let end = self.rest.find(|c: char| !c.is_ascii_digit());
                let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                parts.micros = fraction_us(digits)?;
                self.rest = rest;
            }
        }
        Some(())
    }

    fn half_of_day(&mut self, parts: &mut Parts) -> Option<()> {
        let rest = self.rest.trim_start();
        let Some(half) = rest.get(..2).map(str::to_ascii_lowercase) else {
            return Some(());
        };
        let afternoon = match half.as_str() {
            "am" => 0,
            "pm" => 12,
            _ => return Some(()),
        };
        if !(1..=12).contains(&parts.hour) {
            return None;
        }
        parts.hour = parts.hour % 12 + afternoon;
        self.rest = &rest[2..];
        Some(())
    }

    /// Reads an offset in seconds, if there is one.
    #[expect(clippy::option_option, reason = "no offset differs from a broken one")]
    fn offset(&mut self) -> Option<Option<i64>> {
        self.rest = self.rest.trim();
        if self.rest.is_empty() {
            return Some(None);
        }
        for name in ["Z", "z", "UTC", "GMT"] {
            if self.rest == name {
                self.rest = "";
                return Some(Some(0));
            }
        }
        let sign = match self.rest.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let hours = self.number(2)?;
        let _colon = self.take(':');
        let minutes = if self.rest.is_empty() {
            0
        } else {
            self.number(2)?
        };
        if 18 < hours || 59 < minutes {
            return None;
        }
        // A zone name behind the offset, as in `+01:00[Europe/Berlin]`, adds nothing.
        if self.rest.starts_with('[') && self.rest.ends_with(']') {
            self.rest = "";
        }
        Some(Some(sign * (hours * 3600 + minutes * 60)))
    }

    /// Reads up to so many digits.
    fn number(&mut self, digits_max: usize) -> Option<i64> {
        let digits = self.rest.bytes().take(digits_max);
        let digits = digits.take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number.parse().ok()
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }
}

/// Completes years of two digits: 70 to 99 are of the last century.
fn century(year: i64) -> i64 {
    match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        year => year,
    }
}

/// Finds the instant of a time on the wall of a zone.
pub(crate) fn place(wall_us: i64, zone: &TimeZone) -> Placed {
    if *zone == TimeZone::UTC {
        return Placed::Plain(wall_us);
    }
    let Some(wall) = civil_of(wall_us) else {
        return Placed::Never;
    };
    let at = |offset: jiff::tz::Offset| wall_us - i64::from(offset.seconds()) * SECOND_US;
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => Placed::Plain(at(offset)),
        AmbiguousOffset::Gap { .. } => Placed::Never,
        AmbiguousOffset::Fold { before, after } => Placed::Twice(at(before), at(after)),
    }
}

fn civil_of(wall_us: i64) -> Option<DateTime> {
    let wall = jiff::Timestamp::from_microsecond(wall_us).ok()?;
    Some(wall.to_zoned(TimeZone::UTC).datetime())
}

#[cfg(test)]
mod tests;
