//! Objects of JSON, TOML and YAML, with a memory of what was read of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ImportError;
use super::project::Project;

/// An object of which each key is read or written down as not carried over.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    pub(crate) place: String,
    used: BTreeSet<&'a str>,
    /// What stands before the point of every key, as Kepware has it; compared without it.
    is_prefixed: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(map: &'a Map<String, Value>, place: impl Into<String>) -> Fields<'a> {
        Fields {
            map,
            place: place.into(),
            used: BTreeSet::new(),
            is_prefixed: false,
        }
    }

    /// Compares keys by what stands behind their last point.
    pub(crate) fn prefixed(mut self) -> Fields<'a> {
        self.is_prefixed = true;
        self
    }

    /// Returns a value that says something.
    pub(crate) fn get(&mut self, key: &str) -> Option<&'a Value> {
        let is_it = |found: &str| {
            found == key || (self.is_prefixed && found.rsplit('.').next() == Some(key))
        };
        let (name, value) = self.map.iter().find(|(name, _)| is_it(name))?;
        self.used.insert(name);
        (!value.is_null()).then_some(value)
    }

    /// Returns a text; numbers and flags as they are written.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Returns a number; a text that is one counts. Anything else is an error of the project.
    pub(crate) fn number(&mut self, key: &str, project: &mut Project) -> Option<f64> {
        let value = self.get(key)?;
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite());
        if number.is_none() {
            project.error(None, self.at(key), &value.to_string(), "a number is needed");
        }
        number
    }

    /// Returns a whole number; also hexadecimal with `0x`.
    pub(crate) fn whole(&mut self, key: &str, project: &mut Project) -> Option<i64> {
        let value = self.get(key)?;
        let whole = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole_of(number.as_f64()?)),
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => whole_text(text.trim()),
            _ => None,
        };
        if whole.is_none() {
            let reason = "a whole number is needed";
            project.error(None, self.at(key), &value.to_string(), reason);
        }
        whole
    }

    /// Returns a flag.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.to_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            Value::Number(number) => number.as_i64().map(|number| number != 0),
            _ => None,
        }
    }

    /// Returns the objects of a list, with their places; what is no object is an error.
    pub(crate) fn objects(&mut self, key: &str, project: &mut Project) -> Vec<Fields<'a>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let place = self.at(key);
        let Some(list) = value.as_array() else {
            project.error(None, place, &value.to_string(), "a list is needed");
            return Vec::new();
        };
        let mut objects = Vec::new();
        for (at, one) in list.iter().enumerate() {
            let place = format!("{place}/{at}");
            match one.as_object() {
                Some(map) => objects.push(Fields {
                    is_prefixed: self.is_prefixed,
                    ..Fields::new(map, place)
                }),
                None => project.error(None, place, &one.to_string(), "an object is needed"),
            }
        }
        objects
    }

    /// Returns an object in the object.
    pub(crate) fn object(&mut self, key: &str) -> Option<Fields<'a>> {
        let place = self.at(key);
        let map = self.get(key)?.as_object()?;
        Some(Fields {
            is_prefixed: self.is_prefixed,
            ..Fields::new(map, place)
        })
    }

    /// Takes keys for read that change nothing here.
    pub(crate) fn skip(&mut self, keys: &[&str]) {
        for key in keys {
            self.get(key);
        }
    }

    /// Returns the place of a key.
    pub(crate) fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.place)
    }

    /// Writes down what was not read, with the reasons that are known.
    pub(crate) fn finish(self, project: &mut Project, reasons: &[(&str, &str)]) {
        for (key, value) in self.map {
            if self.used.contains(key.as_str()) || is_nothing(value) {
                continue;
            }
            let short = if self.is_prefixed {
                key.rsplit('.').next().unwrap_or(key)
            } else {
                key
            };
            let known = reasons.iter().find(|(name, _)| *name == short);
            let reason = known.map_or("nothing here means the same", |(_, reason)| reason);
            project.note(key, &self.place, reason);
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole and small")]
fn whole_of(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Reads a whole number, decimal or hexadecimal.
pub(crate) fn whole_text(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Reads JSON; a syntax error says where.
pub(crate) fn json(text: &str) -> Result<Value, ImportError> {
    serde_json::from_str(text).map_err(|error| ImportError(format!("the JSON is broken: {error}")))
}
