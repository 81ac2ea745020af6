//! Templates: what all devices of a type have in common.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{
    Settings, check_description, check_lines, check_name, check_period, check_text,
};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};

/// What all devices of a type have in common: their tags, how they are asked, what is shown.
///
/// A text `${name}` in settings, tags and widgets stands for a parameter. Where it is the whole
/// text, the parameter keeps its type: `"scale": "${ratio}"` becomes a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Name on screen, unique among templates.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Version of the template, e.g. `1.2`; devices remember which one made them.
    #[schemars(length(min = 1, max = 32))]
    pub version: String,
    /// Who makes the device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 128))]
    pub vendor: String,
    /// Type of the device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 128))]
    pub model: String,
    /// Where its contents are from, e.g. title and edition of a manual.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1000))]
    pub source: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// The protocol of connections that its devices can be behind.
    #[schemars(length(max = 64))]
    pub protocol: String,
    /// The template whose parameters, settings and tags it has too, unless it has its own of the
    /// same name. That one has no base itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ObjectId>,
    /// What is told when a device is made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub parameters: Vec<TemplateParameter>,
    /// Time between polls of its devices, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 3_600_000))]
    pub period_ms: Option<u32>,
    /// Settings of its devices, as the protocol understands them.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    #[schemars(with = "serde_json::Value")]
    pub settings: Settings,
    /// Its tags: each a tag without device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>", length(max = 10_000))]
    pub tags: Vec<Settings>,
    /// Its alarms: each an alarm whose `tag`, and tags that are limits, are names of tags of the
    /// template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>", length(max = 10_000))]
    pub alarms: Vec<Settings>,
    /// Tiles that a dashboard of its devices has: each a widget whose bindings name tags of the
    /// template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>", length(max = 64))]
    pub widgets: Vec<Settings>,
}

/// Something that is told when a device is made of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateParameter {
    /// How the template refers to it: letters, digits and `_`.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Of which type its values are.
    #[serde(default, rename = "type")]
    pub parameter_type: ParameterType,
    /// The value of who tells none; without one it must be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// Types of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// A text of at most 256 characters.
    #[default]
    Text,
    /// A finite number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
}

/// The template that a device was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateUse {
    /// The template.
    pub id: ObjectId,
    /// The version that was applied last.
    #[schemars(length(min = 1, max = 32))]
    pub version: String,
    /// The values of its parameters.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    #[schemars(with = "serde_json::Value")]
    pub parameters: Settings,
}

/// Most parameters of a template.
const PARAMETERS_MAX: usize = 64;
/// Most tags of a template.
const TAGS_MAX: usize = 10_000;
/// Most alarms of a template.
const ALARMS_MAX: usize = 10_000;
/// Most widgets of a template.
const WIDGETS_MAX: usize = 64;

impl ObjectBody for Template {
    const KIND: Kind = Kind::Template;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_given("/version", &self.version, 32)?;
        check_text("/vendor", &self.vendor, 128)?;
        check_text("/model", &self.model, 128)?;
        check_text("/source", &self.source, 1000)?;
        check_text("/protocol", &self.protocol, 64)?;
        check_description(&self.description)?;
        self.period_ms
            .map_or(Ok(()), |period_ms| check_period("/period_ms", period_ms))?;
        check_count("/parameters", self.parameters.len(), PARAMETERS_MAX)?;
        check_count("/tags", self.tags.len(), TAGS_MAX)?;
        check_count("/alarms", self.alarms.len(), ALARMS_MAX)?;
        check_count("/widgets", self.widgets.len(), WIDGETS_MAX)?;
        self.check_parameters()
    }
}

impl Template {
    fn check_parameters(&self) -> Result<(), FieldError> {
        let mut names = HashSet::new();
        for (at, parameter) in self.parameters.iter().enumerate() {
            let place = format!("/parameters/{at}");
            parameter.check(&place)?;
            if !names.insert(&parameter.name) {
                let reason = format!("parameter {:?} is there twice", parameter.name);
                return Err(FieldError::new(format!("{place}/name"), reason));
            }
        }
        Ok(())
    }
}

impl TemplateParameter {
    fn check(&self, place: &str) -> Result<(), FieldError> {
        let field = format!("{place}/name");
        check_given(&field, &self.name, 64)?;
        let strange = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        if let Some(strange) = self.name.chars().find(|&c| strange(c)) {
            let reason = format!("holds {strange:?}; letters, digits and _ are allowed");
            return Err(FieldError::new(field, reason));
        }
        check_lines(&format!("{place}/description"), &self.description, 4000)?;
        match &self.default {
            Some(value) => self
                .check_value(value)
                .map_err(|reason| FieldError::new(format!("{place}/default"), reason)),
            None => Ok(()),
        }
    }

    /// Checks that a value is one of this parameter.
    ///
    /// # Errors
    ///
    /// What it should be.
    pub fn check_value(&self, value: &serde_json::Value) -> Result<(), String> {
        let fits = match self.parameter_type {
            ParameterType::Text => value.as_str().is_some_and(|text| text.len() <= 1024),
            ParameterType::Number => value.as_f64().is_some_and(f64::is_finite),
            ParameterType::Integer => value.is_i64() || value.is_u64(),
            ParameterType::Boolean => value.is_boolean(),
        };
        let type_name = self.parameter_type.name();
        if !fits {
            return Err(format!("{value} is not {type_name}"));
        }
        let number = value.as_f64();
        let below = number.zip(self.min).is_some_and(|(value, min)| value < min);
        let above = number.zip(self.max).is_some_and(|(value, max)| max < value);
        if below || above {
            let bound = |bound: Option<f64>| bound.map_or("-".into(), |bound| bound.to_string());
            let (min, max) = (bound(self.min), bound(self.max));
            return Err(format!("{value} is outside of {min} to {max}"));
        }
        Ok(())
    }
}

impl ParameterType {
    fn name(self) -> &'static str {
        match self {
            ParameterType::Text => "a text of at most 1024 bytes",
            ParameterType::Number => "a number",
            ParameterType::Integer => "a whole number",
            ParameterType::Boolean => "true or false",
        }
    }
}

fn check_given(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    if text.is_empty() {
        return Err(FieldError::new(field, "is empty"));
    }
    check_text(field, text, max)
}

fn check_count(field: &str, count: usize, max: usize) -> Result<(), FieldError> {
    if count <= max {
        return Ok(());
    }
    let reason = format!("{count} entries; at most {max} are allowed");
    Err(FieldError::new(field, reason))
}
