//! Settings and addresses become what the driver works with, or errors that name their fields.

use headworks_core::model::{ObjectId, Settings};
use headworks_core::{ByteOrder, DataType, RegisterFormat, TagIndex, TagPath};
use serde::de::DeserializeOwned;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use super::address::Address;
use super::endpoint::Endpoint;
use super::settings::{ConnectionSettings, DeviceSettings};
use super::table::Span;
use crate::link::{ConfigError, DeviceConfig, LinkConfig, TagConfig};

/// A whole connection, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) connection: ObjectId,
    pub(super) name: String,
    pub(super) settings: ConnectionSettings,
    pub(super) units: Vec<UnitConfig>,
}

/// A device, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UnitConfig {
    pub(super) device: ObjectId,
    pub(super) name: String,
    pub(super) settings: DeviceSettings,
    pub(super) timeout: Duration,
    pub(super) tags: Vec<Tag>,
}

/// A tag, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tag {
    pub(super) index: TagIndex,
    pub(super) path: TagPath,
    pub(super) address: Address,
    pub(super) span: Span,
    pub(super) format: RegisterFormat,
    pub(super) order: ByteOrder,
    pub(super) period: Duration,
    pub(super) writable: bool,
}

/// One field that is wrong: JSON pointer and reason.
pub(super) type FieldProblem = (String, String);

/// Checks everything without IO and returns every error there is.
pub(super) fn check_link(config: &LinkConfig) -> Result<Link, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let settings = connection_settings(&config.settings).unwrap_or_else(|problems| {
        errors.extend(problems.into_iter().map(on_connection));
        ConnectionSettings::default()
    });
    let mut units = Vec::with_capacity(config.devices.len());
    for device in &config.devices {
        units.extend(check_device(device, &settings, &mut errors));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Link {
        connection: config.connection,
        name: config.name.clone(),
        settings,
        units,
    })
}

fn on_connection((field, reason): FieldProblem) -> ConfigError {
    ConfigError::connection(field, reason)
}

fn check_device(
    config: &DeviceConfig,
    connection: &ConnectionSettings,
    errors: &mut Vec<ConfigError>,
) -> Option<UnitConfig> {
    let settings = device_settings(&config.settings, connection)
        .map_err(|problems| {
            let on_device = |(field, reason)| ConfigError::device(config.device, field, reason);
            errors.extend(problems.into_iter().map(on_device));
        })
        .ok();
    // Tags are checked even then, so that a person sees all errors at once.
    let order = settings.as_ref().map(|one| one.order).unwrap_or_default();
    let mut tags = Vec::with_capacity(config.tags.len());
    for tag in &config.tags {
        match check_tag(tag, order, settings.as_ref()) {
            Ok(tag) => tags.push(tag),
            Err(error) => errors.push(error),
        }
    }
    let settings = settings?;
    let timeout_ms = settings.timeout_ms.unwrap_or(connection.timeout_ms);
    Some(UnitConfig {
        device: config.device,
        name: config.name.clone(),
        timeout: Duration::from_millis(timeout_ms.into()),
        settings,
        tags,
    })
}

fn check_tag(
    config: &TagConfig,
    device_order: ByteOrder,
    device: Option<&DeviceSettings>,
) -> Result<Tag, ConfigError> {
    let wrong = |field, reason: &dyn fmt::Display| ConfigError::tag(config, field, reason);
    let address: Address = config
        .address
        .parse()
        .map_err(|error| wrong("/address", &error))?;
    let table = address.table;
    let order = config.order.unwrap_or(device_order);
    if table.is_bits() && config.data_type != DataType::Bool {
        let reason = format!(
            "{} is a {}; the {} hold bits, so the type must be bool",
            config.address,
            config.data_type,
            table.title()
        );
        return Err(wrong("/data_type", &reason));
    }
    let format = RegisterFormat::new(config.data_type, order, config.length, address.bit)
        .map_err(|error| wrong(format_field(&error), &error))?;
    let count = if table.is_bits() {
        1
    } else {
        format.registers()
    };
    let span = Span {
        table,
        start: address.start,
        count,
    };
    if 0x1_0000 < span.end() {
        let reason = format!(
            "{} of {count} registers ends beyond register 65535",
            config.address
        );
        return Err(wrong("/address", &reason));
    }
    if let Some(device) = device
        && !table.is_bits()
        && device.max_registers < count
    {
        let max = device.max_registers;
        let reason = format!("{count} registers; the device gives {max} at most (max_registers)");
        return Err(wrong("/length", &reason));
    }
    if config.writable && !table.is_writable() {
        let title = table.title();
        let reason = format!(
            "{} is one of the {title}, which are read-only",
            config.address
        );
        return Err(wrong("/writable", &reason));
    }
    Ok(Tag {
        index: config.tag,
        path: config.path.clone(),
        address,
        span,
        format,
        order,
        period: config.period,
        writable: config.writable,
    })
}

fn format_field(error: &headworks_core::codec::FormatError) -> &'static str {
    use headworks_core::codec::FormatError;
    match error {
        FormatError::StringLength { .. } | FormatError::Length { .. } => "/length",
        FormatError::Bit { .. } => "/address",
        FormatError::BitType { .. } => "/data_type",
    }
}

/// Reads and checks the settings of a connection.
pub(super) fn connection_settings(
    settings: &Settings,
) -> Result<ConnectionSettings, Vec<FieldProblem>> {
    let checked: ConnectionSettings = fields(settings)?;
    let mut problems = Vec::new();
    refuse_foreign_fields(settings, &checked, &mut problems);
    check_target(&checked, &mut problems);
    check_tls(&checked, &mut problems);
    let mut range = |field: &str, found: u32, allowed: RangeInclusive<u32>| {
        problems.extend(out_of_range(field, found, &allowed));
    };
    range("baud_rate", checked.baud_rate, 300..=4_000_000);
    range("stop_bits", checked.stop_bits.into(), 1..=2);
    range("data_bits", checked.data_bits.into(), 7..=8);
    range("timeout_ms", checked.timeout_ms, 10..=60_000);
    range(
        "connect_timeout_ms",
        checked.connect_timeout_ms,
        10..=60_000,
    );
    range("pause_ms", checked.pause_ms, 0..=10_000);
    range("max_in_flight", checked.max_in_flight.into(), 1..=16);
    if checked.transport == super::settings::Transport::Rtu && checked.data_bits == 7 {
        let reason = "7; RTU sends whole bytes and needs 8 data bits";
        problems.push(("/settings/data_bits".to_owned(), reason.to_owned()));
    }
    done(checked, problems)
}

/// Reads and checks the settings of a device.
pub(super) fn device_settings(
    settings: &Settings,
    connection: &ConnectionSettings,
) -> Result<DeviceSettings, Vec<FieldProblem>> {
    let checked: DeviceSettings = fields(settings)?;
    let mut problems = Vec::new();
    let mut range = |field: &str, found: u32, allowed: RangeInclusive<u32>| {
        problems.extend(out_of_range(field, found, &allowed));
    };
    range("max_registers", checked.max_registers.into(), 1..=125);
    range("max_bits", checked.max_bits.into(), 1..=2000);
    range("gap_max", checked.gap_max.into(), 0..=124);
    range("retries", checked.retries.into(), 0..=5);
    range("pause_ms", checked.pause_ms, 0..=10_000);
    if let Some(timeout_ms) = checked.timeout_ms {
        range("timeout_ms", timeout_ms, 10..=60_000);
    }
    let transport = connection.transport;
    if transport.is_half_duplex() && !(1..=247).contains(&checked.unit_id) {
        let reason = format!(
            "{}; on a serial line units are 1 to 247, 0 is the broadcast that nobody answers",
            checked.unit_id
        );
        problems.push(("/settings/unit_id".to_owned(), reason));
    }
    done(checked, problems)
}

fn done<T>(checked: T, problems: Vec<FieldProblem>) -> Result<T, Vec<FieldProblem>> {
    if problems.is_empty() {
        Ok(checked)
    } else {
        Err(problems)
    }
}

/// Reads a flat object whose fields all have defaults, with an error for each wrong field.
fn fields<T: DeserializeOwned>(settings: &Settings) -> Result<T, Vec<FieldProblem>> {
    let read = |settings: Settings| serde_json::from_value(serde_json::Value::Object(settings));
    read(settings.clone()).map_err(|whole: serde_json::Error| {
        let one_by_one = settings.iter().filter_map(|(key, value)| {
            let alone = Settings::from_iter([(key.clone(), value.clone())]);
            let error = read(alone).err()?;
            Some((format!("/settings/{key}"), format!("{value}: {error}")))
        });
        let problems: Vec<FieldProblem> = one_by_one.collect();
        if problems.is_empty() {
            return vec![("/settings".to_owned(), whole.to_string())];
        }
        problems
    })
}

fn out_of_range(field: &str, found: u32, allowed: &RangeInclusive<u32>) -> Option<FieldProblem> {
    let (min, max) = (allowed.start(), allowed.end());
    let reason = format!("{found}; {min} to {max} are allowed");
    (!allowed.contains(&found)).then(|| (format!("/settings/{field}"), reason))
}

/// Fields of each kind of transport beyond those of all.
const SERIAL_FIELDS: [&str; 5] = [
    "serial_port",
    "baud_rate",
    "parity",
    "stop_bits",
    "data_bits",
];
const NETWORK_FIELDS: [&str; 2] = ["endpoint", "connect_timeout_ms"];
const TLS_FIELDS: [&str; 4] = [
    "tls_ca_file",
    "tls_cert_file",
    "tls_key_file",
    "tls_server_name",
];

/// Refuses fields that would have no effect, because somebody believes they have one.
fn refuse_foreign_fields(
    settings: &Settings,
    checked: &ConnectionSettings,
    problems: &mut Vec<FieldProblem>,
) {
    let transport = checked.transport;
    let name = transport.name();
    let serial = transport.is_serial_port();
    let tls = transport == super::settings::Transport::Tls;
    for (key, value) in settings {
        let key = key.as_str();
        let blank = value.as_str().is_some_and(str::is_empty);
        let remedy = if SERIAL_FIELDS.contains(&key) && !serial {
            "only the transports rtu and ascii have a serial port"
        } else if NETWORK_FIELDS.contains(&key) && serial {
            "a serial port has no network; use serial_port or another transport"
        } else if TLS_FIELDS.contains(&key) && !tls {
            "only the transport tls has certificates"
        } else if key == "max_in_flight" && transport.is_half_duplex() {
            "a serial line carries one request at a time"
        } else {
            continue;
        };
        if !blank {
            let reason = format!("{value} does not apply to transport {name}: {remedy}");
            problems.push((format!("/settings/{key}"), reason));
        }
    }
}

fn check_target(checked: &ConnectionSettings, problems: &mut Vec<FieldProblem>) {
    if checked.transport.is_serial_port() {
        if checked.serial_port.trim().is_empty() {
            let reason = "is missing; name the serial port, e.g. /dev/ttyUSB0";
            problems.push(("/settings/serial_port".to_owned(), reason.to_owned()));
        }
        return;
    }
    if let Err(error) = Endpoint::parse(&checked.endpoint, checked.transport.default_port()) {
        problems.push(("/settings/endpoint".to_owned(), error.to_string()));
    }
}

fn check_tls(checked: &ConnectionSettings, problems: &mut Vec<FieldProblem>) {
    if checked.transport != super::settings::Transport::Tls {
        return;
    }
    let mut wrong = |field: &str, reason: &str| {
        problems.push((format!("/settings/{field}"), reason.to_owned()));
    };
    if checked.tls_ca_file.is_empty() {
        let reason = "is missing; name the PEM file of the authority that signed the device's \
                      certificate (or of that certificate itself)";
        wrong("tls_ca_file", reason);
    }
    match (
        checked.tls_cert_file.is_empty(),
        checked.tls_key_file.is_empty(),
    ) {
        (false, true) => wrong("tls_key_file", "is missing; tls_cert_file needs its key"),
        (true, false) => wrong(
            "tls_cert_file",
            "is missing; tls_key_file needs its certificate",
        ),
        (true, true) | (false, false) => {}
    }
    let files = [
        ("tls_ca_file", &checked.tls_ca_file),
        ("tls_cert_file", &checked.tls_cert_file),
        ("tls_key_file", &checked.tls_key_file),
    ];
    for (field, path) in files {
        if !path.is_empty() && Path::new(path).is_relative() {
            wrong(
                field,
                &format!("{path:?} is relative; write the whole path"),
            );
        }
    }
    if !checked.tls_server_name.is_empty()
        && rustls_pki_types::ServerName::try_from(checked.tls_server_name.as_str()).is_err()
    {
        let found = &checked.tls_server_name;
        wrong(
            "tls_server_name",
            &format!("{found:?} is no host name or IP address"),
        );
    }
}

#[cfg(test)]
mod tests;
