//! Tags.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{check_description, check_period, check_text};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use super::validation::TagValidation;
use crate::codec::{ByteOrder, DataType};
use crate::path::TagName;
use crate::scaling::Scaling;

/// Most bytes of a formula.
const FORMULA_BYTES_MAX: usize = 4096;

/// One data point of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The device it belongs to.
    pub device: ObjectId,
    /// Last segment of its path, unique within the device.
    pub name: TagName,
    /// The asset that it is placed in, where that is not the place of its device: its path is
    /// then that of the asset and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<ObjectId>,
    /// Where the device keeps it, as the protocol writes addresses, e.g. `40001` or `holding:0`;
    /// empty for a tag with a formula.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub address: String,
    /// What it is calculated from, instead of being read from the device, e.g.
    /// `voltage * current / 1000`: an expression in which names are tags of the same device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub formula: Option<String>,
    /// How the bytes are to be read.
    #[serde(default)]
    pub data_type: DataType,
    /// Order of the bytes; the device's order when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ByteOrder>,
    /// Registers of a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 125))]
    pub length: Option<u16>,
    /// Factor of `raw * scale + offset`.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: f64,
    /// Summand of `raw * scale + offset`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: f64,
    /// Unit of the scaled value, e.g. `°C`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 32))]
    pub unit: String,
    /// Digits behind the decimal point on screen; chosen by the value when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9))]
    pub decimals: Option<u8>,
    /// Least scaled value that is plausible; below it the quality is uncertain and writes fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest scaled value that is plausible; above it the quality is uncertain and writes fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Raw integers by which the device says that it has no value, e.g. 32768.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub invalid: Vec<i64>,
    /// Time between polls in milliseconds; the device's period when absent. A formula without it
    /// is evaluated whenever what it reads changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 3_600_000))]
    pub period_ms: Option<u32>,
    /// Whether it is polled.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub enabled: bool,
    /// Whether it may be written.
    #[serde(default, skip_serializing_if = "is_false")]
    pub writable: bool,
    /// Whether its samples are stored.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub history: bool,
    /// What of its samples is plausible, beyond its range.
    #[serde(default, skip_serializing_if = "TagValidation::is_default")]
    pub validation: TagValidation,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
}

const fn yes() -> bool {
    true
}

const fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Tag {
    /// Returns the scaling.
    ///
    /// # Errors
    ///
    /// When scale or offset cannot work.
    pub fn scaling(&self) -> Result<Scaling, FieldError> {
        Scaling::new(self.scale, self.offset).map_err(|error| FieldError::new("/scale", error))
    }

    /// Checks that it is read from an address or calculated by a formula.
    fn check_source(&self) -> Result<(), FieldError> {
        let Some(formula) = &self.formula else {
            if self.address.is_empty() || 256 < self.address.len() {
                let bytes = self.address.len();
                let reason = format!("{bytes} bytes; 1 to 256 are allowed");
                return Err(FieldError::new("/address", reason));
            }
            return Ok(());
        };
        if formula.trim().is_empty() {
            return Err(FieldError::new("/formula", "is empty; leave it away"));
        }
        check_text("/formula", formula, FORMULA_BYTES_MAX)?;
        let refused = [
            ("/address", !self.address.is_empty()),
            ("/order", self.order.is_some()),
            ("/length", self.length.is_some()),
            ("/invalid", !self.invalid.is_empty()),
            ("/scale", self.scale != 1.0),
            ("/offset", self.offset != 0.0),
            ("/writable", self.writable),
        ];
        match refused.into_iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => Err(FieldError::new(
                field,
                "a tag with a formula is not read from the device; leave this away",
            )),
            None => Ok(()),
        }
    }

    fn check_range(&self) -> Result<(), FieldError> {
        for (field, bound) in [("/min", self.min), ("/max", self.max)] {
            if bound.is_some_and(|bound| !bound.is_finite()) {
                return Err(FieldError::new(field, "must be a finite number"));
            }
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if max <= min => Err(FieldError::new(
                "/max",
                format_args!("{max} must be above min, {min}"),
            )),
            _ => Ok(()),
        }
    }
}

impl ObjectBody for Tag {
    const KIND: Kind = Kind::Tag;

    fn check(&self) -> Result<(), FieldError> {
        self.check_source()?;
        check_text("/address", &self.address, 256)?;
        check_text("/unit", &self.unit, 32)?;
        if let Some(decimals) = self.decimals.filter(|&decimals| 9 < decimals) {
            return Err(FieldError::new(
                "/decimals",
                format_args!("{decimals}; 0 to 9 are allowed"),
            ));
        }
        if 8 < self.invalid.len() {
            let reason = format!("{} values; at most 8 are allowed", self.invalid.len());
            return Err(FieldError::new("/invalid", reason));
        }
        self.scaling()?;
        self.check_range()?;
        self.validation.check()?;
        self.period_ms
            .map_or(Ok(()), |period_ms| check_period("/period_ms", period_ms))?;
        check_description(&self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = "0192d3c0-0000-7000-8000-000000000000";

    fn tag(extra: &str) -> Result<Tag, String> {
        let json = format!(r#"{{"device":"{DEVICE}","name":"t","address":"40001"{extra}}}"#);
        let tag: Tag = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        tag.check().map_err(|error| error.to_string())?;
        Ok(tag)
    }

    #[track_caller]
    fn check_refused(extra: &str, want: &str) {
        let error = tag(extra).unwrap_err();
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn defaults_are_not_written_out() {
        let json = serde_json::to_string(&tag("").unwrap()).unwrap();
        assert_eq!(
            json,
            format!(r#"{{"device":"{DEVICE}","name":"t","address":"40001","data_type":"uint16"}}"#)
        );
    }

    #[test]
    fn a_formula_takes_the_place_of_the_address() {
        let json = format!(r#"{{"device":"{DEVICE}","name":"t","formula":"a + b"}}"#);
        let mut tag: Tag = serde_json::from_str(&json).unwrap();
        assert_eq!(tag.check(), Ok(()));
        tag.writable = true;
        assert_eq!(tag.check().unwrap_err().field, "/writable");
        tag.writable = false;
        tag.address = "40001".to_owned();
        assert_eq!(tag.check().unwrap_err().field, "/address");
        check_refused(r#","formula":"a""#, "/address: a tag with a formula");
        let json = format!(r#"{{"device":"{DEVICE}","name":"t"}}"#);
        let tag: Tag = serde_json::from_str(&json).unwrap();
        assert_eq!(tag.check().unwrap_err().field, "/address");
    }

    #[test]
    fn mistakes_name_the_field_and_the_bound() {
        check_refused(
            r#","scale":0"#,
            "/scale: scale 0 must be a finite number other than zero",
        );
        check_refused(
            r#","period_ms":9"#,
            "/period_ms: 9 ms; 10 to 3600000 ms are allowed",
        );
        check_refused(r#","min":5,"max":5"#, "/max: 5 must be above min, 5");
        check_refused(r#","decimals":10"#, "/decimals");
        check_refused(r#","data_type":"int17""#, "unknown variant `int17`");
        check_refused(r#","colour":"red""#, "unknown field `colour`");
    }
}
