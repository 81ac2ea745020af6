//! JSON as TOML and back without loss.
//!
//! What TOML has no word for, null above all, stands as a table with its JSON: `{ json = "null" }`.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::DeValue;

/// The key of a table that holds JSON.
const JSON_KEY: &str = "json";
/// Levels of an object that are written as TOML; below them JSON is easier to read.
const DEPTH_MAX: usize = 12;
/// Keys that stand first, in this order; all others follow in that of the alphabet.
const FIRST: [&str; 24] = [
    "name",
    "id",
    "type",
    "title",
    "version",
    "vendor",
    "model",
    "source",
    "base",
    "parent",
    "level",
    "protocol",
    "connection",
    "asset",
    "path",
    "pattern",
    "priority",
    "order",
    "enabled",
    "x",
    "y",
    "w",
    "h",
    "address",
];

/// Writes an object as the entry `[[key]]` of a file.
///
/// # Errors
///
/// When a key cannot be written.
pub(super) fn write_entry(key: &str, object: &Value) -> Result<String, toml::ser::Error> {
    let list = [Toml {
        value: object,
        depth: 0,
    }];
    toml::to_string(&std::collections::BTreeMap::from([(key, list)]))
}

/// A value on its way into a file.
struct Toml<'a> {
    value: &'a Value,
    depth: usize,
}

impl Serialize for Toml<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Toml {
            value,
            depth: self.depth + 1,
        };
        if self.needs_json() {
            let mut map = out.serialize_map(Some(1))?;
            map.serialize_entry(JSON_KEY, &self.value.to_string())?;
            return map.end();
        }
        match self.value {
            Value::Array(items) => {
                let mut list = out.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&inner(item))?;
                }
                list.end()
            }
            Value::Object(fields) => {
                let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
                sorted.sort_by_key(|(key, _)| (rank(key), *key));
                let mut map = out.serialize_map(Some(sorted.len()))?;
                for (key, value) in sorted {
                    map.serialize_entry(key, &inner(value))?;
                }
                map.end()
            }
            plain => plain.serialize(out),
        }
    }
}

impl Toml<'_> {
    /// Returns whether TOML cannot hold a value, or it looks like one that it could not hold.
    fn needs_json(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Number(number) => number.is_u64() && !number.is_i64(),
            Value::Object(fields) => {
                DEPTH_MAX < self.depth || fields.len() == 1 && fields.contains_key(JSON_KEY)
            }
            Value::Array(_) => DEPTH_MAX < self.depth,
            Value::Bool(_) | Value::String(_) => false,
        }
    }
}

fn rank(key: &str) -> usize {
    let found = FIRST.iter().position(|first| *first == key);
    found.unwrap_or(FIRST.len())
}

/// Returns a value of a file as JSON; `wrong` is told the place of what JSON cannot hold.
pub(super) fn json(value: &Spanned<DeValue<'_>>, wrong: &mut dyn FnMut(usize, String)) -> Value {
    let at = value.span().start;
    match value.get_ref() {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix());
            number.map_or_else(
                |_| {
                    wrong(at, format!("{digits} is beyond what 64 bits hold"));
                    Value::Null
                },
                Value::from,
            )
        }
        DeValue::Float(digits) => {
            let number = digits.as_str().parse::<f64>().ok();
            let number = number.and_then(serde_json::Number::from_f64);
            number.map_or_else(
                || {
                    wrong(at, format!("{digits} is no finite number"));
                    Value::Null
                },
                Value::from,
            )
        }
        DeValue::Datetime(time) => {
            wrong(at, format!("{time} is a time; put it in quotes"));
            Value::Null
        }
        DeValue::Array(items) => {
            let items = items.iter();
            items.map(|item| json(item, wrong)).collect()
        }
        DeValue::Table(table) => {
            let fields = table.iter();
            let fields = fields.map(|(key, value)| (key.get_ref().to_string(), json(value, wrong)));
            read_json(fields.collect(), at, wrong)
        }
    }
}

/// Reads the JSON of a table that holds some; every other table stays as it is.
fn read_json(fields: Map<String, Value>, at: usize, wrong: &mut dyn FnMut(usize, String)) -> Value {
    let text = match fields.get(JSON_KEY) {
        Some(Value::String(text)) if fields.len() == 1 => text,
        _ => return Value::Object(fields),
    };
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let reason = format!("a table with `json` alone holds JSON, and this is none: {error}");
            wrong(at, reason);
            Value::Null
        }
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        let breaks = memchr_lines(text);
        Lines(std::iter::once(0).chain(breaks).collect())
    }

    /// Returns the line of a byte, from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|&start| start <= byte)
    }
}

fn memchr_lines(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.bytes().enumerate();
    bytes.filter_map(|(at, byte)| (byte == b'\n').then_some(at + 1))
}
