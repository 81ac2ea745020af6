//! Connections and devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use super::template::TemplateUse;
use crate::path::TagPath;

/// Settings that only the protocol understands; its schema describes them.
pub type Settings = serde_json::Map<String, serde_json::Value>;

/// A configured link through one driver: a TCP address, a serial port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// Name on screen, unique among connections.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// The protocol that is spoken, e.g. `modbus`.
    #[schemars(length(min = 1, max = 64))]
    pub protocol: String,
    /// Whether the link is to be up.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Settings of the protocol: address, transport, timeouts.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    pub settings: Settings,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// An addressable thing behind a connection, e.g. one Modbus unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Name on screen, unique among devices.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// The connection it is reached through.
    pub connection: ObjectId,
    /// The asset that it is placed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<ObjectId>,
    /// Where its tags stand in the plant, below its asset if it has one: each tag's path is this
    /// path and the tag's name.
    pub path: TagPath,
    /// Whether it is polled.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Time between polls of a tag that sets none, in milliseconds.
    #[serde(default = "default_period_ms")]
    #[schemars(range(min = 10, max = 3_600_000))]
    pub period_ms: u32,
    /// Settings of the protocol: unit id, byte order, limits.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    pub settings: Settings,
    /// The template that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateUse>,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

/// Shortest time between polls, in milliseconds.
pub(super) const PERIOD_MS_MIN: u32 = 10;
/// Longest time between polls, in milliseconds: one hour.
pub(super) const PERIOD_MS_MAX: u32 = 3_600_000;

/// Most characters of a description.
pub(super) const DESCRIPTION_MAX: usize = 4000;

const fn yes() -> bool {
    true
}

const fn default_period_ms() -> u32 {
    1000
}

impl ObjectBody for Connection {
    const KIND: Kind = Kind::Connection;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_text("/protocol", &self.protocol, 64)?;
        check_description(&self.description)
    }
}

impl ObjectBody for Device {
    const KIND: Kind = Kind::Device;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        if let Some(template) = &self.template {
            check_text("/template/version", &template.version, 32)?;
        }
        check_period("/period_ms", self.period_ms)?;
        check_description(&self.description)
    }
}

pub(super) fn check_name(name: &str) -> Result<(), FieldError> {
    let count = name.chars().count();
    if count == 0 || 128 < count {
        return Err(FieldError::new(
            "/name",
            format_args!("{count} characters; 1 to 128 are allowed"),
        ));
    }
    if name.trim() != name {
        return Err(FieldError::new("/name", "starts or ends with a blank"));
    }
    if name.chars().any(char::is_control) {
        return Err(FieldError::new("/name", "holds a control character"));
    }
    Ok(())
}

pub(super) fn check_description(description: &str) -> Result<(), FieldError> {
    check_lines("/description", description, DESCRIPTION_MAX)
}

/// Checks a text of one line that may be empty.
pub(super) fn check_text(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    check_length(field, text, max)?;
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(field, "holds a control character"));
    }
    Ok(())
}

/// Checks a text of any number of lines. A NUL would be refused by PostgreSQL, later and worse.
pub(super) fn check_lines(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    check_length(field, text, max)?;
    let is_odd = |letter: char| letter.is_control() && !"\n\r\t".contains(letter);
    if text.chars().any(is_odd) {
        let reason = "holds a control character that is no line break or tab";
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

fn check_length(field: &str, text: &str, max: usize) -> Result<(), FieldError> {
    let count = text.chars().count();
    if max < count {
        let reason = format!("{count} characters; at most {max} are allowed");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

pub(super) fn check_period(field: &str, period_ms: u32) -> Result<(), FieldError> {
    if !(PERIOD_MS_MIN..=PERIOD_MS_MAX).contains(&period_ms) {
        let reason = format!("{period_ms} ms; {PERIOD_MS_MIN} to {PERIOD_MS_MAX} ms are allowed");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}
