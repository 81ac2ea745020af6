//! What a text is, by its first marks.

use serde_json::Value;

use super::Format;
use crate::plan::cut;

/// Lines that are looked at.
const LINES: usize = 20_000;

/// Returns the format that a text looks like.
pub fn looks_like(text: &str) -> Option<Format> {
    let begin = text.trim_start();
    if begin.starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str::<Value>(begin)
    {
        return of_json(&value);
    }
    of_lines(begin)
}

fn of_json(value: &Value) -> Option<Format> {
    if value["project"]["channels"].is_array() {
        return Some(Format::KepwareJson);
    }
    let is_route = |one: &Value| one.get("from").is_some() && one.get("to").is_some();
    if value["routes"]
        .as_array()
        .is_some_and(|all| all.iter().any(is_route))
    {
        return Some(Format::Routing);
    }
    if value["master"]["slaves"].is_array() || value["server"]["devices"].is_array() {
        return Some(Format::Thingsboard);
    }
    let is_device = |one: &Value| one["tags"].is_object() && one["type"].is_string();
    let is_fuxa = |value: &Value| match value {
        Value::Array(list) => list.iter().any(is_device),
        Value::Object(map) => map.values().any(is_device),
        _ => false,
    };
    let found = is_fuxa(value) || is_fuxa(&value["devices"]) || is_device(value);
    found.then_some(Format::Fuxa)
}

fn of_lines(text: &str) -> Option<Format> {
    for line in text.lines().take(LINES) {
        let line = line.trim();
        let lower = line.to_lowercase();
        let first = lower.split([',', ';', '\t']).next().unwrap_or_default();
        let first = first.trim().trim_matches('"');
        if first == "tag name" && lower.contains("address") {
            return Some(Format::KepwareCsv);
        }
        if lower
            .split('\t')
            .any(|cell| cell.trim_matches('"') == "_address")
        {
            return Some(Format::Iobroker);
        }
        if lower.starts_with("[[inputs.modbus") || lower.starts_with("[inputs.modbus") {
            return Some(Format::Telegraf);
        }
        if matches!(first, "device" | "poll" | "ref") && is_modpoll(&lower) {
            return Some(Format::Modpoll);
        }
    }
    is_home_assistant(text).then_some(Format::HomeAssistant)
}

fn is_modpoll(line: &str) -> bool {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    match cells.as_slice() {
        ["device", _, unit, ..] => unit.parse::<u8>().is_ok(),
        ["poll", table, ..] => super::modpoll::table_of(table).is_some(),
        ["ref", _, _, _, ..] => true,
        _ => false,
    }
}

fn is_home_assistant(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    if lines.clone().any(|line| line == "modbus:") {
        return true;
    }
    let has = |word: &str| {
        let mut lines = text.lines();
        lines.any(|line| line.trim_start().trim_start_matches("- ").starts_with(word))
    };
    lines.any(|line| line.starts_with("- ")) && has("type:") && has("sensors:")
}

/// Says what a text looks like that is none of the formats.
pub(super) fn unknown(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let titles: Vec<&str> = Format::ALL.iter().map(|format| format.title()).collect();
    format!(
        "this is none of the formats that are read: {}; it begins with {:?}. A table with our own \
         columns is a tag table",
        titles.join(", "),
        cut(first.unwrap_or_default().trim())
    )
}
