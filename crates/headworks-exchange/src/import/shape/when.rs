//! How the times of a file are written, and in which zone.

use jiff::tz::TimeZone;

use super::{Finder, TimeCells};
use crate::error::ExchangeError;
use crate::import::columns;
use crate::import::options::TimeFormat;
use crate::import::preview::Finding;
use crate::import::record::{Cell, Record};
use crate::import::times::{self, Stamp};
use crate::text::time as text_time;

impl Finder<'_> {
    /// Finds how times are written.
    pub(super) fn time_format(&mut self, time: TimeCells) -> Result<TimeFormat, ExchangeError> {
        if let Some(given) = self.options.time_format {
            return Ok(given);
        }
        let at = match time {
            TimeCells::One(at) | TimeCells::Two(at, _) => at,
        };
        let is_filled = |row: &&&Record| row.cell(at) != Cell::Empty;
        let filled: Vec<&Record> = self.data.iter().filter(is_filled).copied().collect();
        let is_exact = |row: &&Record| matches!(row.cell(at), Cell::Time(_) | Cell::WallTime(_));
        if filled.iter().all(is_exact) {
            return Ok(TimeFormat::Iso);
        }
        // A few rows that are no times are errors of these rows, not of the file.
        let numbers: Vec<f64> = filled.iter().filter_map(|row| number(row, at)).collect();
        if filled.len() * 9 <= numbers.len() * 10 {
            return self.epoch(&numbers, at);
        }
        self.civil_format(&filled, at)
    }

    fn epoch(&self, numbers: &[f64], at: usize) -> Result<TimeFormat, ExchangeError> {
        if let Some(format) = columns::epoch_of(&self.columns[at]) {
            return Ok(format);
        }
        let of = |number: &f64| match number.abs() {
            days if (20_000.0..80_000.0).contains(&days) => Some(TimeFormat::Excel),
            secs if (1e8..1e11).contains(&secs) => Some(TimeFormat::EpochS),
            millis if (1e11..1e14).contains(&millis) => Some(TimeFormat::EpochMs),
            micros if (1e14..1e17).contains(&micros) => Some(TimeFormat::EpochUs),
            nanos if 1e17 <= nanos => Some(TimeFormat::EpochNs),
            _ => None,
        };
        let first = numbers.first().and_then(of);
        let fits = |number: &&f64| of(number) == first;
        match first {
            Some(format) if numbers.len() * 9 <= numbers.iter().filter(fits).count() * 10 => {
                Ok(format)
            }
            _ => {
                let shown: Vec<String> = numbers.iter().take(3).map(f64::to_string).collect();
                Err(ExchangeError::Question {
                    option: "time_format",
                    reason: format!(
                        "the unit of times such as {} is not clear",
                        shown.join(", ")
                    ),
                })
            }
        }
    }

    fn civil_format(&mut self, filled: &[&Record], at: usize) -> Result<TimeFormat, ExchangeError> {
        let fits = |format: TimeFormat| {
            let read = |row: &&&Record| times::stamp(row, row.cell(at), format).is_ok();
            filled.iter().filter(read).count()
        };
        let iso = fits(TimeFormat::Iso);
        let (day, month) = (fits(TimeFormat::DayFirst), fits(TimeFormat::MonthFirst));
        let first = filled.first().map(|row| row.shown(at)).unwrap_or_default();
        if iso == 0 && day == 0 && month == 0 {
            return Err(ExchangeError::Question {
                option: "time_format",
                reason: format!("times such as {first:?} are of no known form"),
            });
        }
        if day.max(month) <= iso {
            return Ok(TimeFormat::Iso);
        }
        // With points between them nobody puts the month first.
        let points = filled
            .iter()
            .any(|row| row.shown(at).matches('.').count() == 2);
        if day == month && !points {
            self.findings.push(Finding::question(
                "time_format",
                format!(
                    "times such as {first:?} can begin with the day or with the month; \
                     day_first and month_first are the answers"
                ),
            ));
        }
        Ok(if month <= day {
            TimeFormat::DayFirst
        } else {
            TimeFormat::MonthFirst
        })
    }

    /// Finds the zone of times that name none.
    pub(super) fn zone(
        &mut self,
        time: TimeCells,
        format: TimeFormat,
    ) -> Result<(TimeZone, String), ExchangeError> {
        let at = match time {
            TimeCells::One(at) => at,
            TimeCells::Two(_, at) => at,
        };
        let named = columns::bracketed(&self.columns[at]);
        let named = named
            .filter(|name| text_time::zone(name).is_ok())
            .map(str::to_owned);
        let name = match (&self.options.zone, named) {
            (Some(given), _) => given.clone(),
            (None, Some(named)) => named,
            (None, None) => {
                if self.needs_zone(time, format) {
                    self.findings.push(Finding::warning(
                        Some("zone"),
                        "the times name no time zone; they are read as UTC",
                    ));
                }
                "UTC".to_owned()
            }
        };
        let zone = text_time::zone(&name);
        let zone = zone.map_err(|reason| ExchangeError::option("zone", reason))?;
        Ok((zone, name))
    }

    fn needs_zone(&self, time: TimeCells, format: TimeFormat) -> bool {
        let at = match time {
            TimeCells::One(at) => at,
            TimeCells::Two(..) => return true,
        };
        self.data
            .iter()
            .any(|row| matches!(times::stamp(row, row.cell(at), format), Ok(Stamp::Wall(_))))
    }
}

#[expect(clippy::cast_precision_loss, reason = "only the size counts")]
fn number(row: &Record, at: usize) -> Option<f64> {
    match row.cell(at) {
        Cell::Integer(value) => Some(value as f64),
        Cell::Number(value) => Some(value),
        Cell::Text(..) => row
            .text_of(row.cell(at))
            .trim()
            .replace(',', ".")
            .parse()
            .ok(),
        _ => None,
    }
}
