//! Reading of conditions: field by field, so that a mistake is told where it is.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{Condition, Direction, Limit};
use crate::model::ObjectId;
use crate::value::Value;

/// Every field that some kind of condition has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a kind")]
struct Fields {
    kind: Kind,
    #[serde(default, deserialize_with = "present")]
    limit: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    setpoint: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    max: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    max_per_s: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    direction: Option<Direction>,
    #[serde(default, deserialize_with = "present")]
    over_s: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    states: Option<Vec<Value>>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    low: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    high: Option<Limit>,
    #[serde(default, deserialize_with = "present")]
    text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    uncertain: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    after_s: Option<u32>,
}

/// The kinds of conditions.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    HighHigh,
    High,
    Low,
    LowLow,
    Deviation,
    RateOfChange,
    Discrete,
    Equals,
    NotEquals,
    Range,
    Expression,
    BadQuality,
    Stale,
}

/// Reads a field that is there; a null is none of its values.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    source: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Condition, D::Error> {
        let mut fields = Fields::deserialize(source)?;
        let condition = fields.condition().map_err(missing)?;
        match fields.left() {
            None => Ok(condition),
            Some(field) => Err(Error::custom(format_args!(
                "{field} means nothing to {:?}: leave it out",
                condition.name()
            ))),
        }
    }
}

fn missing<E: Error>(field: &'static str) -> E {
    E::missing_field(field)
}

impl Fields {
    /// Takes what the kind needs; the error is the name of a field that is not there.
    fn condition(&mut self) -> Result<Condition, &'static str> {
        fn need<T>(field: &mut Option<T>, name: &'static str) -> Result<T, &'static str> {
            field.take().ok_or(name)
        }
        Ok(match self.kind {
            Kind::HighHigh => Condition::HighHigh {
                limit: need(&mut self.limit, "limit")?,
            },
            Kind::High => Condition::High {
                limit: need(&mut self.limit, "limit")?,
            },
            Kind::Low => Condition::Low {
                limit: need(&mut self.limit, "limit")?,
            },
            Kind::LowLow => Condition::LowLow {
                limit: need(&mut self.limit, "limit")?,
            },
            Kind::Deviation => Condition::Deviation {
                setpoint: need(&mut self.setpoint, "setpoint")?,
                max: need(&mut self.max, "max")?,
            },
            Kind::RateOfChange => Condition::RateOfChange {
                max_per_s: need(&mut self.max_per_s, "max_per_s")?,
                direction: self.direction.take().unwrap_or_default(),
                over_s: need(&mut self.over_s, "over_s")?,
            },
            Kind::Discrete => Condition::Discrete {
                states: need(&mut self.states, "states")?,
            },
            Kind::Equals => Condition::Equals {
                value: need(&mut self.value, "value")?,
            },
            Kind::NotEquals => Condition::NotEquals {
                value: need(&mut self.value, "value")?,
            },
            Kind::Range => Condition::Range {
                low: need(&mut self.low, "low")?,
                high: need(&mut self.high, "high")?,
            },
            Kind::Expression => Condition::Expression {
                text: need(&mut self.text, "text")?,
            },
            Kind::BadQuality => Condition::BadQuality {
                uncertain: self.uncertain.take().unwrap_or_default(),
            },
            Kind::Stale => Condition::Stale {
                after_s: need(&mut self.after_s, "after_s")?,
            },
        })
    }

    /// Returns a field that the kind did not take.
    fn left(&self) -> Option<&'static str> {
        let fields = [
            ("limit", self.limit.is_some()),
            ("setpoint", self.setpoint.is_some()),
            ("max", self.max.is_some()),
            ("max_per_s", self.max_per_s.is_some()),
            ("direction", self.direction.is_some()),
            ("over_s", self.over_s.is_some()),
            ("states", self.states.is_some()),
            ("value", self.value.is_some()),
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("text", self.text.is_some()),
            ("uncertain", self.uncertain.is_some()),
            ("after_s", self.after_s.is_some()),
        ];
        fields
            .into_iter()
            .find(|(_, is_left)| *is_left)
            .map(|(name, _)| name)
    }
}

/// Reads a number or the name of a tag.
struct LimitVisitor;

/// A limit that is the value of a tag.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagLimit {
    tag: ObjectId,
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Limit, D::Error> {
        source.deserialize_any(LimitVisitor)
    }
}

impl<'de> Visitor<'de> for LimitVisitor {
    type Value = Limit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or {\"tag\": id}")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Limit, E> {
        Ok(Limit::Fixed(number))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "as every JSON number that becomes a float"
    )]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Limit, E> {
        Ok(Limit::Fixed(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "as every JSON number that becomes a float"
    )]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Limit, E> {
        Ok(Limit::Fixed(number as f64))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Limit, A::Error> {
        let TagLimit { tag } = TagLimit::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Limit::Tag { tag })
    }
}
