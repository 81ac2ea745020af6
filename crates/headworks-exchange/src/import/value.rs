//! Reading of values: by the kind of the tag.

use headworks_core::{Quality, Value};

use super::options::NotANumber;
use super::record::{Cell, Record};
use crate::export::Decimal;
use crate::tag::Kind;
use crate::text::cell::unguard;

/// Longest text of a value in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// How values of a file are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueStyle {
    pub(crate) decimal: Decimal,
    pub(crate) not_a_number: NotANumber,
    /// Whether an apostrophe before what looks like a formula is no part of the text.
    pub(crate) guarded: bool,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    Value(Value),
    /// No value, and the quality says why.
    Bad(Quality),
    /// Nothing.
    Empty,
}

/// Reads a cell as a value of a kind.
pub(crate) fn read(
    record: &Record,
    cell: Cell,
    kind: Kind,
    style: ValueStyle,
) -> Result<Found, String> {
    match cell {
        Cell::Empty => Ok(Found::Empty),
        Cell::Broken(reason) => Err(reason.into()),
        Cell::Text(..) => of_text(record.text_of(cell), kind, style),
        Cell::Bool(value) => match kind {
            Kind::Bool => Ok(Found::Value(Value::Bool(value))),
            Kind::Integer | Kind::Number => Err(wrong_kind("true or false", kind)),
            Kind::Text => Ok(text(if value { "true" } else { "false" })),
        },
        Cell::Integer(value) => of_integer(value, kind),
        Cell::Unsigned(value) => of_unsigned(value, kind),
        Cell::Number(value) => of_number(value, kind, style),
        Cell::Time(_) | Cell::WallTime(_) => Err(wrong_kind("a time", kind)),
    }
}

fn wrong_kind(found: &str, kind: Kind) -> String {
    let wanted = match kind {
        Kind::Bool => "true or false",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Text => "a text",
    };
    format!("{found} where {wanted} is needed")
}

fn text(text: &str) -> Found {
    Found::Value(Value::Text(text.into()))
}

#[expect(clippy::cast_precision_loss, reason = "a tag of numbers has 53 bits")]
fn of_integer(value: i64, kind: Kind) -> Result<Found, String> {
    Ok(match kind {
        Kind::Integer => Found::Value(Value::I64(value)),
        Kind::Number => Found::Value(Value::F64(value as f64)),
        Kind::Bool if value == 0 || value == 1 => Found::Value(Value::Bool(value == 1)),
        Kind::Bool => return Err(wrong_kind("a number", kind)),
        Kind::Text => text(&value.to_string()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a tag of numbers has 53 bits")]
fn of_unsigned(value: u64, kind: Kind) -> Result<Found, String> {
    Ok(match kind {
        Kind::Integer => Found::Value(Value::U64(value)),
        Kind::Number => Found::Value(Value::F64(value as f64)),
        Kind::Bool if value <= 1 => Found::Value(Value::Bool(value == 1)),
        Kind::Bool => return Err(wrong_kind("a number", kind)),
        Kind::Text => text(&value.to_string()),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
fn of_number(value: f64, kind: Kind, style: ValueStyle) -> Result<Found, String> {
    if !value.is_finite() && kind != Kind::Text {
        return not_a_number(&value.to_string(), style);
    }
    let whole = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    match kind {
        Kind::Number => Ok(Found::Value(Value::F64(value))),
        Kind::Integer if whole => Ok(Found::Value(Value::I64(value as i64))),
        Kind::Bool if value == 0.0 || value == 1.0 => Ok(Found::Value(Value::Bool(value == 1.0))),
        Kind::Integer | Kind::Bool => Err(wrong_kind(&value.to_string(), kind)),
        Kind::Text => Ok(text(&value.to_string())),
    }
}

fn not_a_number(shown: &str, style: ValueStyle) -> Result<Found, String> {
    match style.not_a_number {
        NotANumber::Bad => Ok(Found::Bad(Quality::BAD_SENSOR_FAILURE)),
        NotANumber::Error => Err(format!(
            "{shown} is no number; not_a_number = bad takes it as a bad sample"
        )),
    }
}

fn of_text(found: &str, kind: Kind, style: ValueStyle) -> Result<Found, String> {
    if kind == Kind::Text {
        if TEXT_BYTES_MAX < found.len() {
            return Err(format!("a text of more than {} KiB", TEXT_BYTES_MAX >> 10));
        }
        return Ok(text(if style.guarded { unguard(found) } else { found }));
    }
    let trimmed = found.trim();
    if trimmed.is_empty() {
        return Ok(Found::Empty);
    }
    if kind == Kind::Bool {
        let value = of_word(trimmed).ok_or_else(|| wrong_kind("a text", kind))?;
        return Ok(Found::Value(Value::Bool(value)));
    }
    if kind == Kind::Integer {
        if let Ok(value) = trimmed.parse() {
            return Ok(Found::Value(Value::I64(value)));
        }
        if let Ok(value) = trimmed.parse() {
            return Ok(Found::Value(Value::U64(value)));
        }
    }
    match parse_number(trimmed, style.decimal) {
        Some(value) => of_number(value, kind, style),
        None if is_missing(trimmed) => not_a_number(&shown(trimmed), style),
        None => Err(wrong_kind(&format!("{:?}", shown(trimmed)), kind)),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Reads a number with the decimal sign that the file has, and no other.
pub fn parse_number(text: &str, decimal: Decimal) -> Option<f64> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    match decimal {
        Decimal::Point => text.parse().ok(),
        // A point beside decimal commas could be one of thousands: nobody can tell.
        Decimal::Comma if digits && text.contains('.') => None,
        Decimal::Comma => text.replacen(',', ".", 1).parse().ok(),
    }
}

fn of_word(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "1", "on", "yes", "1.0", "wahr", "ein", "ja"]) {
        Some(true)
    } else if is(&["false", "0", "off", "no", "0.0", "falsch", "aus", "nein"]) {
        Some(false)
    } else {
        None
    }
}

/// Words that programs write where they have no number.
fn is_missing(text: &str) -> bool {
    let words = [
        "n/a",
        "#n/a",
        "na",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "?",
        "bad",
        "no data",
        "nodata",
        "i/o timeout",
        "bad input",
        "pt created",
        "shutdown",
        "comm fail",
        "calc failed",
        "under range",
        "over range",
        "scan off",
    ];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, kind: Kind, decimal: Decimal, lenient: bool) -> Result<Found, String> {
        let mut record = Record::default();
        record.push_text(text);
        let not_a_number = if lenient {
            NotANumber::Bad
        } else {
            NotANumber::Error
        };
        let style = ValueStyle {
            decimal,
            not_a_number,
            guarded: true,
        };
        read(&record, record.cell(0), kind, style)
    }

    #[test]
    fn texts_become_values_of_the_kind_of_the_tag() {
        let value = |value| Some(Found::Value(value));
        for (text, kind, want) in [
            ("21.5", Kind::Number, value(Value::F64(21.5))),
            (" 21 ", Kind::Number, value(Value::F64(21.0))),
            ("1e3", Kind::Number, value(Value::F64(1000.0))),
            ("21.5", Kind::Integer, None),
            ("21.0", Kind::Integer, value(Value::I64(21))),
            (
                "-9223372036854775808",
                Kind::Integer,
                value(Value::I64(i64::MIN)),
            ),
            (
                "18446744073709551615",
                Kind::Integer,
                value(Value::U64(u64::MAX)),
            ),
            ("18446744073709551616", Kind::Integer, None),
            ("on", Kind::Bool, value(Value::Bool(true))),
            ("2", Kind::Bool, None),
            ("warm", Kind::Number, None),
            ("1,5", Kind::Number, None),
            ("", Kind::Number, Some(Found::Empty)),
            ("", Kind::Text, value(Value::Text("".into()))),
            ("'=1", Kind::Text, value(Value::Text("=1".into()))),
            ("inf", Kind::Number, None),
            ("N/A", Kind::Number, None),
        ] {
            let found = found(text, kind, Decimal::Point, false);
            assert_eq!(found.clone().ok(), want, "{text}: {found:?}");
        }
    }

    #[test]
    fn decimal_commas_are_not_mixed_with_points() {
        let number = |text| found(text, Kind::Number, Decimal::Comma, false).ok();
        assert_eq!(number("-1,5"), Some(Found::Value(Value::F64(-1.5))));
        assert_eq!(number("7"), Some(Found::Value(Value::F64(7.0))));
        assert_eq!(number("1.234"), None);
        assert_eq!(number("1.234,5"), None);
    }

    #[test]
    fn what_is_no_number_is_bad_where_that_is_wanted() {
        for text in ["NaN", "-inf", "#N/A", "I/O Timeout"] {
            let found = found(text, Kind::Number, Decimal::Point, true).unwrap();
            assert!(matches!(found, Found::Bad(_)), "{text}: {found:?}");
        }
        assert!(found("warm", Kind::Number, Decimal::Point, true).is_err());
    }
}
