//! What differs between two states of an object, field by field.

use std::collections::BTreeSet;

use headworks_core::model::Kind;
use serde_json::Value;

use super::FieldChange;
use super::locate::key;

/// Longest value of a difference, in characters of JSON.
const VALUE_CHARS_MAX: usize = 300;

/// Returns the fields in which two objects of a kind differ.
pub(super) fn differences(kind: Kind, old: &Value, new: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    collect(kind, "", old, new, &mut found);
    found
}

fn collect(kind: Kind, place: &str, old: &Value, new: &Value, found: &mut Vec<FieldChange>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for field in fields {
                let get = |object: &serde_json::Map<String, Value>| {
                    object.get(field).cloned().unwrap_or_default()
                };
                let place = format!("{place}/{field}");
                collect(kind, &place, &get(before), &get(after), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                collect(kind, &format!("{place}/{at}"), before, after, found);
            }
        }
        _ => found.push(FieldChange {
            field: key(kind, place),
            from: cut(old),
            to: cut(new),
        }),
    }
}

/// Returns a value, or the begin of its JSON where it is long.
fn cut(value: &Value) -> Value {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        None => value.clone(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}
