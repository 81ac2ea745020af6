//! A TOML file as entries.

use headworks_core::model::Kind;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::At;
use super::super::toml_text::{Lines, json};
use super::{Content, Entry, Read, parse_id};

/// Most bytes of a file: taken apart it needs many times as much memory.
const BYTES_MAX: usize = 16 << 20;

/// Reads the entries of a kind.
pub(super) fn read(kind: Kind, text: &str, found: &mut Read) -> Vec<Entry> {
    if BYTES_MAX < text.len() {
        let reason = format!(
            "more than {} MiB; take out what is too much",
            BYTES_MAX >> 20
        );
        found.cut(kind, 1, reason);
        return Vec::new();
    }
    let lines = Lines::of(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(1, |span| lines.at(span.start));
        found.cut(kind, line, format!("this is no TOML: {}", error.message()));
    }
    if !errors.is_empty() {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for (key, value) in document.get_ref() {
        let line = lines.at(key.span().start);
        match value.get_ref() {
            DeValue::Array(list) if key.get_ref() == kind.name() => {
                let numbered = list.iter().enumerate();
                entries.extend(numbered.map(|(at, one)| entry(kind, at, one, &lines, found)));
            }
            _ => {
                let reason = format!("has no place here; this file has one [[{kind}]] per {kind}");
                found.fail(kind, At::Line(line), &format!("/{}", key.get_ref()), reason);
            }
        }
    }
    entries
}

fn entry(
    kind: Kind,
    number: usize,
    value: &Spanned<DeValue<'_>>,
    lines: &Lines,
    found: &mut Read,
) -> Entry {
    let before = found.wrong.len();
    let mut object = json(value, &mut |byte, reason| {
        found.fail(kind, At::Line(lines.at(byte)), "", reason);
    });
    let at = At::Entry(number);
    let mut id = None;
    match object.as_object_mut().map(|fields| fields.remove("id")) {
        None => found.fail(kind, at, "", format!("is no [[{kind}]]")),
        Some(None) => {}
        Some(Some(Value::String(text))) => match parse_id(&text) {
            Ok(parsed) => id = Some(parsed),
            Err(reason) => found.fail(kind, at, "/id", reason),
        },
        Some(Some(other)) => found.fail(kind, at, "/id", format!("{other} is no text")),
    }
    Entry {
        kind,
        at,
        id,
        content: Content::Object(object),
        is_wrong: before < found.wrong.len(),
    }
}
