//! What a driver is told of its connection: devices and tags, without names it does not need.

use std::fmt;
use std::time::Duration;

use headworks_core::model::{ObjectId, Settings};
use headworks_core::{ByteOrder, DataType, TagIndex, TagPath};

/// One connection with everything that is polled through it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkConfig {
    /// The connection object.
    pub connection: ObjectId,
    /// Its name, for log lines.
    pub name: String,
    /// Settings of the protocol.
    pub settings: Settings,
    /// The enabled devices.
    pub devices: Vec<DeviceConfig>,
}

/// One device of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceConfig {
    /// The device object.
    pub device: ObjectId,
    /// Its name, for log lines.
    pub name: String,
    /// Settings of the protocol.
    pub settings: Settings,
    /// The enabled tags.
    pub tags: Vec<TagConfig>,
}

/// One tag of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct TagConfig {
    /// Number under which its samples are sent.
    pub tag: TagIndex,
    /// Its path, for messages.
    pub path: TagPath,
    /// Where the device keeps it, as the protocol writes addresses.
    pub address: Box<str>,
    /// How the bytes are to be read.
    pub data_type: DataType,
    /// Order of the bytes; the device's order when absent.
    pub order: Option<ByteOrder>,
    /// Registers of a string.
    pub length: Option<u16>,
    /// Time between polls, 10 ms to 1 h.
    pub period: Duration,
    /// Whether it may be written.
    pub writable: bool,
}

/// A setting that cannot work, found without any IO.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: {field}: {reason}")]
pub struct ConfigError {
    /// The object that holds the setting.
    pub place: Place,
    /// JSON pointer of the field within the object, e.g. `/settings/unit_id` or `/address`.
    pub field: String,
    /// What is wrong, with the value, and what would be right.
    pub reason: String,
}

/// The object that a [`ConfigError`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The connection itself.
    Connection,
    /// One of its devices.
    Device(ObjectId),
    /// One of its tags.
    Tag(TagPath),
}

impl ConfigError {
    /// Returns the error of a field of the connection.
    pub fn connection(field: impl Into<String>, reason: impl fmt::Display) -> ConfigError {
        ConfigError {
            place: Place::Connection,
            field: field.into(),
            reason: reason.to_string(),
        }
    }

    /// Returns the error of a field of a device.
    pub fn device(
        device: ObjectId,
        field: impl Into<String>,
        reason: impl fmt::Display,
    ) -> ConfigError {
        let place = Place::Device(device);
        ConfigError {
            place,
            field: field.into(),
            reason: reason.to_string(),
        }
    }

    /// Returns the error of a field of a tag.
    pub fn tag(tag: &TagConfig, field: &str, reason: impl fmt::Display) -> ConfigError {
        let place = Place::Tag(tag.path.clone());
        ConfigError {
            place,
            field: field.into(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Connection => f.write_str("connection"),
            Place::Device(id) => write!(f, "device {id}"),
            Place::Tag(path) => write!(f, "tag {path}"),
        }
    }
}
