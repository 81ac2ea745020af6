//! The fields of bodies, as the document says them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// What may stand at one place of a body.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    /// Names of JSON Schema; empty for anything.
    pub(super) types: BTreeSet<String>,
    /// Whether anything may stand there.
    pub(super) is_any: bool,
    /// Whether it is one of several shapes, of which the answer cannot say which was meant.
    pub(super) is_choice: bool,
    /// Whether it is one of a few texts.
    pub(super) is_enum: bool,
    /// Most characters.
    pub(super) length_max: Option<u64>,
    /// E.g. `uuid`.
    pub(super) format: Option<String>,
    /// Whether it is an object whose fields are known.
    pub(super) is_closed: bool,
}

/// Fields by the JSON pointer of their place; lists have their first item only.
pub(super) type Fields = BTreeMap<String, Field>;

/// Returns all fields of a schema.
pub(super) fn fields(document: &Json, schema: &Json) -> Fields {
    let mut found = Fields::new();
    collect(document, schema, "", false, &mut found);
    found
}

fn collect(document: &Json, schema: &Json, place: &str, is_choice: bool, found: &mut Fields) {
    assert!(place.len() < 500, "{place}: no end");
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(&reference[1..]).unwrap();
        return collect(document, target, place, is_choice, found);
    }
    let choices = ["anyOf", "oneOf"]
        .into_iter()
        .find_map(|name| schema[name].as_array());
    if let Some(choices) = choices {
        let real = choices.iter().filter(|one| one["type"] != "null");
        let is_enum = choices.iter().all(|one| one["const"].is_string());
        let is_choice = is_choice || (!is_enum && 1 < real.count());
        for choice in choices {
            collect(document, choice, place, is_choice, found);
        }
        return;
    }
    let field = found.entry(place.to_owned()).or_default();
    field.is_choice |= is_choice;
    field.add(schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        collect(document, inner, &format!("{place}/{name}"), false, found);
    }
    if schema["items"].is_object() {
        collect(
            document,
            &schema["items"],
            &format!("{place}/0"),
            false,
            found,
        );
    }
}

impl Field {
    fn add(&mut self, schema: &Json) {
        match &schema["type"] {
            Json::Array(types) => {
                let names = types.iter().map(|name| name.as_str().unwrap().to_owned());
                self.types.extend(names);
            }
            Json::String(name) => {
                self.types.insert(name.clone());
            }
            _ if schema["const"].is_string() => {
                self.types.insert("string".into());
            }
            _ => self.is_any = true,
        }
        self.is_enum |= schema["enum"].is_array() || schema["const"].is_string();
        self.length_max = self.length_max.max(schema["maxLength"].as_u64());
        let format = schema["format"].as_str().map(str::to_owned);
        self.format = self.format.take().or(format);
        self.is_closed |= schema["additionalProperties"] == false;
    }

    /// Returns whether it takes texts of its clients' making.
    pub(super) fn is_text(&self) -> bool {
        self.types.contains("string") && !self.is_enum && self.format.as_deref() != Some("uuid")
    }

    /// Returns whether the document lets `value` stand there, by its type.
    pub(super) fn takes(&self, value: &Json) -> bool {
        let has = |name: &str| self.types.contains(name);
        self.is_any
            || match value {
                Json::Null => has("null"),
                Json::Bool(_) => has("boolean"),
                Json::Number(number) if number.is_f64() => has("number"),
                Json::Number(_) => has("number") || has("integer"),
                Json::String(_) => has("string"),
                Json::Array(_) => has("array"),
                Json::Object(_) => has("object"),
            }
    }
}

/// Returns a body with another value at a place; nothing when the body has no such place.
pub(super) fn with(body: &Json, place: &str, value: Json) -> Option<Json> {
    let mut body = body.clone();
    let (parent, name) = match place.rsplit_once('/') {
        Some(parts) => parts,
        None => return Some(value),
    };
    match body.pointer_mut(parent)? {
        Json::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        Json::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(body)
}
