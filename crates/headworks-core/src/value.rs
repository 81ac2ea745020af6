//! Values of tags.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of a sample.
///
/// `F64` is always finite: a device's NaN or infinity is a bad sample without a value.
/// As JSON a value is `true`, a number or a string; bytes are a string of hexadecimal digits.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A state of two.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A finite number.
    F64(f64),
    /// A text.
    Text(Arc<str>),
    /// Bytes without meaning to the hub.
    Bytes(Arc<[u8]>),
}

impl Value {
    /// Returns the value as a number: bools are 0 and 1, texts and bytes have none.
    #[expect(clippy::cast_precision_loss, reason = "a chart shows 53 bits")]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Bool(value) => Some(f64::from(u8::from(value))),
            Value::I64(value) => Some(value as f64),
            Value::U64(value) => Some(value as f64),
            Value::F64(value) => Some(value),
            Value::Text(_) | Value::Bytes(_) => None,
        }
    }

    /// Returns the kind of value with its article, as error messages use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "a bool",
            Value::I64(_) | Value::U64(_) => "an integer",
            Value::F64(_) => "a number",
            Value::Text(_) => "a text",
            Value::Bytes(_) => "bytes",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => value.fmt(f),
            Value::I64(value) => value.fmt(f),
            Value::U64(value) => value.fmt(f),
            Value::F64(value) => value.fmt(f),
            Value::Text(value) => value.fmt(f),
            Value::Bytes(value) => value.iter().try_for_each(|byte| write!(f, "{byte:02X}")),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::I64(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.into())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::I64(value) => serializer.serialize_i64(*value),
            Value::U64(value) => serializer.serialize_u64(*value),
            Value::F64(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bytes(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a finite number or a text")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::I64(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(i64::try_from(value).map_or(Value::U64(value), Value::I64))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
                if value.is_finite() {
                    Ok(Value::F64(value))
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Float(value), &self))
                }
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.into()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "boolean" }, { "type": "number" }, { "type": "string" }],
            "description": "true or false, a finite number or a text; bytes are hexadecimal text",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_kind_and_the_digits() {
        for (value, json) in [
            (Value::Bool(true), "true"),
            (Value::I64(i64::MIN), "-9223372036854775808"),
            (Value::U64(u64::MAX), "18446744073709551615"),
            (Value::F64(0.3), "0.3"),
            (Value::F64(2.0), "2.0"),
            (Value::Text("°C".into()), "\"°C\""),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<Value>(json).unwrap(), value);
        }
    }

    #[test]
    fn bytes_are_hexadecimal_text() {
        assert_eq!(
            Value::Bytes([0xD2, 0x03].as_slice().into()).to_string(),
            "D203"
        );
    }

    #[test]
    fn null_lists_and_objects_are_refused() {
        for json in ["null", "[1]", "{\"a\":1}"] {
            let error = serde_json::from_str::<Value>(json).unwrap_err().to_string();
            assert!(error.contains("a finite number or a text"), "{error}");
        }
    }
}
