//! JSON lines: `{"tag", "time_us", "value", "quality"}` or the same in columns.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use headworks_core::{Quality, Value};
use serde::Deserialize;

use super::sink::{Place, Sink};
use crate::error::ExchangeError;

/// Longest line: room for columns of some hundred thousand samples.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow, alias = "path")]
    tag: Cow<'a, str>,
    time_us: Option<i64>,
    #[serde(default)]
    value: Option<Value>,
    quality: Option<u32>,
    times_us: Option<Vec<i64>>,
    values: Option<Vec<Option<Value>>>,
    qualities: Option<Vec<u32>>,
    /// Known from the tag; accepted so that an export can be handed in again.
    #[serde(default, rename = "unit")]
    _unit: Option<serde::de::IgnoredAny>,
}

/// Reads all lines.
pub(super) fn read(input: &mut impl BufRead, sink: &mut Sink<'_>) -> Result<(), ExchangeError> {
    let mut bytes = Vec::new();
    for line in 1.. {
        let place = || format!("line {line}");
        bytes.clear();
        let read = input
            .by_ref()
            .take(LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| ExchangeError::input(place(), error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if LINE_BYTES_MAX < read as u64 {
            let reason = format!("a line of more than {} MiB", LINE_BYTES_MAX >> 20);
            return Err(ExchangeError::input(place(), reason));
        }
        let content = bytes.trim_ascii();
        if content.is_empty() {
            continue;
        }
        match serde_json::from_slice(content) {
            Ok(parsed) => take(line, parsed, sink)?,
            Err(error) => {
                let place = Place { line, index: None };
                sink.refuse(place, "", &format!("not readable: {error}"), 1);
            }
        }
    }
    Ok(())
}

fn take(line: u64, parsed: Line<'_>, sink: &mut Sink<'_>) -> Result<(), ExchangeError> {
    let place = Place { line, index: None };
    match (parsed.time_us, parsed.times_us) {
        (Some(time_us), None) => {
            let Some(tag) = sink.tag(&parsed.tag, place, 1) else {
                return Ok(());
            };
            let quality = Quality::from_code(parsed.quality.unwrap_or(0));
            sink.push(&tag, place, time_us, parsed.value, quality)
        }
        (None, Some(times_us)) => {
            let values = parsed.values.unwrap_or_default();
            let columns = Columns {
                times_us,
                values,
                qualities: parsed.qualities,
            };
            take_columns(line, &parsed.tag, columns, sink)
        }
        (Some(_), Some(_)) | (None, None) => {
            let reason = "time_us of one sample or times_us of many is needed";
            sink.refuse(place, &parsed.tag, reason, 1);
            Ok(())
        }
    }
}

struct Columns {
    times_us: Vec<i64>,
    values: Vec<Option<Value>>,
    qualities: Option<Vec<u32>>,
}

fn take_columns(
    line: u64,
    path: &str,
    columns: Columns,
    sink: &mut Sink<'_>,
) -> Result<(), ExchangeError> {
    let place = Place { line, index: None };
    let count = columns.times_us.len();
    let qualities = columns.qualities.as_ref().map_or(count, Vec::len);
    if columns.values.len() != count || qualities != count {
        let reason = format!(
            "{count} times, {} values, {qualities} qualities: they must be equally many",
            columns.values.len()
        );
        sink.refuse(place, path, &reason, count.max(1) as u64);
        return Ok(());
    }
    let Some(tag) = sink.tag(path, place, count as u64) else {
        return Ok(());
    };
    let times = columns.times_us.into_iter().zip(columns.values);
    for (at, (time_us, value)) in times.enumerate() {
        let code = columns.qualities.as_ref().map_or(0, |codes| codes[at]);
        let index = Some(at as u64);
        let place = Place { line, index };
        sink.push(&tag, place, time_us, value, Quality::from_code(code))?;
    }
    Ok(())
}
