//! Cells of a tag table: texts into the fields of a tag, and back.

use headworks_core::model::Tag;
use headworks_core::{ByteOrder, DataType};
use headworks_exchange::sheet::{Decimal, parse_number};

use super::columns::Field;

/// Type names of other programs, in lower case.
const TYPES: [(&str, DataType); 22] = [
    ("bit", DataType::Bool),
    ("boolean", DataType::Bool),
    ("coil", DataType::Bool),
    ("char", DataType::Int8),
    ("byte", DataType::Uint8),
    ("int8l", DataType::Int8),
    ("uint8l", DataType::Uint8),
    ("int8h", DataType::Int8High),
    ("uint8h", DataType::Uint8High),
    ("short", DataType::Int16),
    ("word", DataType::Uint16),
    ("long", DataType::Int32),
    ("dword", DataType::Uint32),
    ("llong", DataType::Int64),
    ("qword", DataType::Uint64),
    ("real", DataType::Float32),
    ("float", DataType::Float32),
    ("float32-ieee", DataType::Float32),
    ("double", DataType::Float64),
    ("float64-ieee", DataType::Float64),
    ("bcd", DataType::Bcd16),
    ("lbcd", DataType::Bcd32),
];

/// Writes a cell into a tag; an empty one is the default.
pub(crate) fn set(tag: &mut Tag, field: Field, text: &str, decimal: Decimal) -> Result<(), String> {
    let text = if matches!(field, Field::Description) {
        text
    } else {
        text.trim()
    };
    check_characters(field, text)?;
    let rules = &mut tag.validation;
    match field {
        // Read by who knows the plant.
        Field::Path | Field::Device | Field::Name | Field::Asset => {}
        Field::Address => text.clone_into(&mut tag.address),
        Field::Formula => tag.formula = (!text.is_empty()).then(|| text.to_owned()),
        Field::DataType => tag.data_type = or_default(text, data_type)?,
        Field::Order => tag.order = optional(text, order)?,
        Field::Length => tag.length = optional(text, whole)?,
        Field::Scale => tag.scale = optional(text, |text| number(text, decimal))?.unwrap_or(1.0),
        Field::Offset => tag.offset = optional(text, |text| number(text, decimal))?.unwrap_or(0.0),
        Field::Unit => text.clone_into(&mut tag.unit),
        Field::Decimals => tag.decimals = optional(text, whole)?,
        Field::Min => tag.min = optional(text, |text| number(text, decimal))?,
        Field::Max => tag.max = optional(text, |text| number(text, decimal))?,
        Field::Invalid => tag.invalid = or_default(text, integers)?,
        Field::PeriodMs => tag.period_ms = optional(text, whole)?,
        Field::Enabled => tag.enabled = optional(text, yes_or_no)?.unwrap_or(true),
        Field::Writable => tag.writable = or_default(text, access)?,
        Field::History => tag.history = optional(text, yes_or_no)?.unwrap_or(true),
        Field::MaxStep => rules.max_step = optional(text, |text| number(text, decimal))?,
        Field::MaxRatePerS => rules.max_rate_per_s = optional(text, |text| number(text, decimal))?,
        Field::FreezeS => rules.freeze_s = optional(text, whole)?,
        Field::ExpectedPeriodMs => rules.expected_period_ms = optional(text, whole)?,
        Field::ByException => rules.by_exception = or_default(text, yes_or_no)?,
        Field::Description => text.clone_into(&mut tag.description),
    }
    Ok(())
}

/// Returns a cell of a tag; empty where it has the default.
pub(crate) fn get(tag: &Tag, field: Field) -> String {
    let rules = &tag.validation;
    let flag = |value: bool, default: bool| {
        let text = if value { "true" } else { "false" };
        if value == default { "" } else { text }.to_owned()
    };
    match field {
        Field::Path | Field::Device | Field::Asset => String::new(),
        Field::Name => tag.name.to_string(),
        Field::Address => tag.address.clone(),
        Field::Formula => tag.formula.clone().unwrap_or_default(),
        Field::DataType => tag.data_type.name().to_owned(),
        Field::Order => tag.order.map_or("", ByteOrder::name).to_owned(),
        Field::Length => shown(tag.length),
        Field::Scale => shown((tag.scale != 1.0).then_some(tag.scale)),
        Field::Offset => shown((tag.offset != 0.0).then_some(tag.offset)),
        Field::Unit => tag.unit.clone(),
        Field::Decimals => shown(tag.decimals),
        Field::Min => shown(tag.min),
        Field::Max => shown(tag.max),
        Field::Invalid => {
            let values = tag.invalid.iter().map(ToString::to_string);
            values.collect::<Vec<_>>().join(";")
        }
        Field::PeriodMs => shown(tag.period_ms),
        Field::Enabled => flag(tag.enabled, true),
        Field::Writable => flag(tag.writable, false),
        Field::History => flag(tag.history, true),
        Field::MaxStep => shown(rules.max_step),
        Field::MaxRatePerS => shown(rules.max_rate_per_s),
        Field::FreezeS => shown(rules.freeze_s),
        Field::ExpectedPeriodMs => shown(rules.expected_period_ms),
        Field::ByException => flag(rules.by_exception, false),
        Field::Description => tag.description.clone(),
    }
}

fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn check_characters(field: Field, text: &str) -> Result<(), String> {
    let is_break = |char| matches!(char, '\n' | '\r' | '\t') && matches!(field, Field::Description);
    match text
        .chars()
        .find(|&char| char.is_control() && !is_break(char))
    {
        Some(found) => Err(format!(
            "holds {found:?}; control characters are not allowed"
        )),
        None => Ok(()),
    }
}

type Parsed<T> = Result<T, String>;

fn optional<T>(text: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some)
}

fn or_default<T: Default>(text: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<T> {
    optional(text, parse).map(Option::unwrap_or_default)
}

/// Reads a type under our name or that of another program.
pub(crate) fn data_type(text: &str) -> Parsed<DataType> {
    let lower = text.to_lowercase();
    let ours = DataType::ALL.into_iter().find(|one| one.name() == lower);
    let theirs = || {
        TYPES
            .iter()
            .find(|(name, _)| *name == lower)
            .map(|one| one.1)
    };
    ours.or_else(theirs).ok_or_else(|| {
        let names: Vec<&str> = DataType::ALL.iter().map(|one| one.name()).collect();
        format!("no data type; there are {}", names.join(", "))
    })
}

fn order(text: &str) -> Parsed<ByteOrder> {
    let is_it = |order: &ByteOrder| order.name().eq_ignore_ascii_case(text);
    let found = ByteOrder::ALL.into_iter().find(is_it);
    found.ok_or_else(|| "no byte order; there are ABCD, CDAB, BADC and DCBA".to_owned())
}

fn number(text: &str, decimal: Decimal) -> Parsed<f64> {
    let found = parse_number(text, decimal).filter(|number| number.is_finite());
    found.ok_or_else(|| match decimal {
        Decimal::Point => "no number; write it as 0.1".to_owned(),
        Decimal::Comma => "no number; this file has decimal commas: write it as 0,1".to_owned(),
    })
}

fn whole<T: TryFrom<u64>>(text: &str) -> Parsed<T> {
    let value: Option<u64> = text.parse().ok();
    let value = value.and_then(|value| T::try_from(value).ok());
    value.ok_or_else(|| "no whole number that fits; write digits only".to_owned())
}

fn integers(text: &str) -> Parsed<Vec<i64>> {
    let wrong = || "no list of whole numbers; write e.g. 32768;65535".to_owned();
    let parts = text.split(';').map(str::trim);
    parts
        .map(|part| part.parse().map_err(|_| wrong()))
        .collect()
}

fn yes_or_no(text: &str) -> Parsed<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "wahr" | "ja" => Ok(true),
        "false" | "0" | "no" | "off" | "falsch" | "nein" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}

fn access(text: &str) -> Parsed<bool> {
    match text.to_lowercase().as_str() {
        "r/w" | "rw" | "w" | "wo" | "write" | "read write" | "read/write" => Ok(true),
        "r" | "ro" | "read" | "read only" => Ok(false),
        _ => yes_or_no(text).map_err(|_| "neither true nor false, nor R/W or RO".to_owned()),
    }
}
