//! Settings and addresses become what the driver works with, or errors that name their fields.

use headworks_core::model::{ObjectId, Settings};
use headworks_core::{DataType, TagIndex};
use serde::de::DeserializeOwned;

use super::settings::{ConnectionSettings, DeviceSettings};
use crate::link::{ConfigError, DeviceConfig, LinkConfig, TagConfig};
use crate::signal::Signal;

/// A whole connection, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) connection: ObjectId,
    pub(super) settings: ConnectionSettings,
    pub(super) devices: Vec<Device>,
}

/// A device, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Device {
    pub(super) device: ObjectId,
    pub(super) settings: DeviceSettings,
    pub(super) tags: Vec<Tag>,
}

/// A tag, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tag {
    pub(super) index: TagIndex,
    pub(super) path: String,
    pub(super) signal: Signal,
    pub(super) follows: Option<usize>, // index among the tags of its device
    pub(super) data_type: DataType,
    pub(super) period_us: u64,
    pub(super) writable: bool,
}

/// Checks everything without IO and returns every error there is.
pub(super) fn check_link(config: &LinkConfig) -> Result<Link, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let settings = settings(&config.settings).unwrap_or_else(|(field, reason)| {
        errors.push(ConfigError::connection(field, reason));
        ConnectionSettings::default()
    });
    let devices = config
        .devices
        .iter()
        .map(|device| check_device(device, &mut errors))
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Link {
        connection: config.connection,
        settings,
        devices,
    })
}

/// Reads settings; an error is a JSON pointer and the reason.
pub(super) fn settings<T: DeserializeOwned>(settings: &Settings) -> Result<T, (String, String)> {
    let read = |settings| serde_json::from_value(serde_json::Value::Object(settings));
    read(settings.clone()).map_err(|whole| {
        // Every field has a default, so each can be tried alone.
        let wrong = settings.iter().find_map(|(key, value)| {
            let error = read(Settings::from_iter([(key.clone(), value.clone())])).err()?;
            Some((format!("/settings/{key}"), format!("{value}: {error}")))
        });
        wrong.unwrap_or_else(|| ("/settings".to_owned(), whole.to_string()))
    })
}

fn check_device(config: &DeviceConfig, errors: &mut Vec<ConfigError>) -> Device {
    let settings = settings(&config.settings).unwrap_or_else(|(field, reason)| {
        errors.push(ConfigError::device(config.device, field, reason));
        DeviceSettings::default()
    });
    let checked = config.tags.iter().map(|tag| check_tag(tag, &config.tags));
    let mut tags = Vec::with_capacity(config.tags.len());
    for tag in checked {
        tag.map_or_else(|error| errors.push(error), |tag| tags.push(tag));
    }
    Device {
        device: config.device,
        settings,
        tags,
    }
}

fn check_tag(config: &TagConfig, all: &[TagConfig]) -> Result<Tag, ConfigError> {
    let wrong = |field, reason: &str| Err(ConfigError::tag(config, field, reason));
    let signal: Signal = config
        .address
        .parse()
        .map_err(|error| ConfigError::tag(config, "/address", error))?;
    let is_text = matches!(signal, Signal::Text(_));
    if is_text != (config.data_type == DataType::String) {
        return wrong(
            "/data_type",
            "a text is of type string, and every other signal is not",
        );
    }
    if config.writable && !signal.is_writable() {
        return wrong("/writable", "only a setpoint can be written");
    }
    let follows = match signal.follows() {
        None => None,
        Some(of) => match set_point(of, all) {
            None => return wrong("/address", &format!("{of:?} is no set point of the device")),
            found => found,
        },
    };
    Ok(Tag {
        index: config.tag,
        path: config.path.as_str().to_owned(),
        signal,
        follows,
        data_type: config.data_type,
        period_us: u64::try_from(config.period.as_micros()).unwrap_or(u64::MAX),
        writable: config.writable,
    })
}

/// Returns the set point of a name: the last segment of its path.
fn set_point(name: &str, all: &[TagConfig]) -> Option<usize> {
    all.iter().position(|tag| {
        tag.path.segments().next_back() == Some(name)
            && tag
                .address
                .parse::<Signal>()
                .is_ok_and(|signal| signal.is_writable())
    })
}
