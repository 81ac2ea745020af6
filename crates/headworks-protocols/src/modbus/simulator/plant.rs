//! The description of a simulated plant: devices, their tags and what moves them.
//!
//! As TOML (unknown keys are errors):
//!
//! ```toml
//! seed = 1                           # another seed, other phases and walks
//!
//! [[device]]
//! name = "Boiler house"
//! path = "demo/heating/boiler"       # where the hub puts its tags
//! unit_id = 1                        # 1 to 247, each once
//! period_ms = 1000                   # how often the hub is to poll it
//! order = "ABCD"                     # byte order of values of several registers
//! strict = true                      # refuse addresses without a tag (exception 02)
//! forbidden = ["holding:40..49"]     # refuse these besides
//!
//! [[device.tag]]
//! name = "supply_temperature"
//! address = "HR0"                    # as in the Modbus driver
//! data_type = "int16"
//! scale = 0.1                        # value = register * scale + offset
//! unit = "°C"
//! signal = "sine:120s:68..82"        # see `signal::GRAMMAR`
//! ```

#[cfg(test)]
pub(super) mod tests;

use headworks_core::codec::RegisterFormat;
use headworks_core::model::{Connection, Device, ObjectId, Settings, Tag, TagValidation};
use headworks_core::{ByteOrder, DataType, Scaling, TagName, TagPath};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::address::Address;
use super::super::table::{Span, Table};
use crate::mix::mix;
use crate::signal::Signal;

/// The plant of `headworks run --demo`.
const DEMO: &str = include_str!("demo.toml");

/// Devices that answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    /// Decides phases and walks.
    #[serde(default)]
    pub seed: u64,
    /// The devices.
    #[serde(default, rename = "device")]
    pub devices: Vec<PlantDevice>,
}

/// One device of a plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantDevice {
    /// Its name, unique in the plant.
    pub name: String,
    /// Where the hub puts its tags.
    pub path: TagPath,
    /// Its unit id, 1 to 247.
    pub unit_id: u8,
    /// How often the hub is to poll it, in milliseconds.
    #[serde(default = "default_period_ms")]
    pub period_ms: u32,
    /// Byte order of values of several registers.
    #[serde(default)]
    pub order: ByteOrder,
    /// Whether addresses without a tag are refused.
    #[serde(default)]
    pub strict: bool,
    /// Addresses that are refused besides, e.g. `holding:40..49`.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Its tags.
    #[serde(default, rename = "tag")]
    pub tags: Vec<PlantTag>,
}

/// One tag of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantTag {
    /// Its name, unique in the device.
    pub name: TagName,
    /// Where it stands, as in the Modbus driver, e.g. `HR0`, `IR4`, `C0` or `HR6.3`.
    pub address: String,
    /// How its registers are read.
    #[serde(default)]
    pub data_type: DataType,
    /// Registers of a string.
    #[serde(default)]
    pub length: Option<u16>,
    /// Factor of `raw * scale + offset`.
    #[serde(default = "one")]
    pub scale: f64,
    /// Summand of `raw * scale + offset`.
    #[serde(default)]
    pub offset: f64,
    /// Unit of the value.
    #[serde(default)]
    pub unit: String,
    /// Digits behind the decimal point on screen.
    #[serde(default)]
    pub decimals: Option<u8>,
    /// Least plausible value.
    #[serde(default)]
    pub min: Option<f64>,
    /// Greatest plausible value.
    #[serde(default)]
    pub max: Option<f64>,
    /// What moves it.
    pub signal: Signal,
    /// What it is.
    #[serde(default)]
    pub description: String,
}

/// Why a plant cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlantError {
    /// The text is not such a plant.
    #[error("{0}")]
    Toml(String),
    /// A device is wrong.
    #[error("device {device:?}: {field}: {reason}")]
    Device {
        /// Its name.
        device: String,
        /// The field.
        field: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A tag is wrong.
    #[error("device {device:?}, tag {tag}: {field}: {reason}")]
    Tag {
        /// Name of the device.
        device: String,
        /// Name of the tag.
        tag: String,
        /// The field.
        field: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
}

const fn one() -> f64 {
    1.0
}

const fn default_period_ms() -> u32 {
    1000
}

/// Returns the plant of `headworks run --demo`: boiler house, energy meter, inverter, two pumps
/// and a tank.
///
/// # Panics
///
/// Never: a test reads the same text.
pub fn demo_plant() -> Plant {
    match Plant::from_toml(DEMO) {
        Ok(plant) => plant,
        Err(error) => panic!("demo.toml: {error}"),
    }
}

impl Plant {
    /// Most registers of a generated device.
    pub const GENERATED_REGISTERS_MAX: u16 = 10_000;

    /// Reads a plant and checks it.
    ///
    /// # Errors
    ///
    /// [`PlantError`], which names the place.
    pub fn from_toml(text: &str) -> Result<Plant, PlantError> {
        let plant: Plant =
            toml::from_str(text).map_err(|error| PlantError::Toml(error.to_string()))?;
        plant.check()?;
        Ok(plant)
    }

    /// Returns devices of one kind: `registers` holding registers each, of one tag each.
    ///
    /// Unit ids go from 1 to 247 and begin again, which needs a port for each device.
    ///
    /// # Panics
    ///
    /// When there are more registers than [`Plant::GENERATED_REGISTERS_MAX`].
    pub fn generated(devices: u16, registers: u16, seed: u64) -> Plant {
        assert!(
            registers <= Self::GENERATED_REGISTERS_MAX,
            "{registers} registers"
        );
        let devices = (0..devices)
            .map(|device| generated_device(device, registers))
            .collect();
        Plant { seed, devices }
    }

    /// Checks what the types cannot say; unit ids may repeat only where each device has a port.
    ///
    /// # Errors
    ///
    /// [`PlantError`], which names the place.
    pub fn check(&self) -> Result<(), PlantError> {
        for (index, device) in self.devices.iter().enumerate() {
            let wrong = |field, reason: String| {
                Err(PlantError::Device {
                    device: device.name.clone(),
                    field,
                    reason,
                })
            };
            if self.devices[..index]
                .iter()
                .any(|other| other.name == device.name)
            {
                return wrong("name", "another device has it".to_owned());
            }
            if !(1..=247).contains(&device.unit_id) {
                return wrong(
                    "unit_id",
                    format!("{}; 1 to 247 are allowed", device.unit_id),
                );
            }
            if let Err(reason) = device.forbidden_spans() {
                return wrong("forbidden", reason);
            }
            device.check_tags()?;
        }
        Ok(())
    }

    /// Returns the body of a connection of the hub to the simulator at `endpoint`.
    pub fn connection(name: &str, endpoint: &str) -> Connection {
        Connection {
            name: name.to_owned(),
            protocol: "modbus".to_owned(),
            enabled: true,
            settings: settings(json!({ "transport": "tcp", "endpoint": endpoint })),
            description: "The simulator".to_owned(),
        }
    }
}

impl PlantDevice {
    /// Returns the body of the device in the hub.
    pub fn device(&self, connection: ObjectId) -> Device {
        Device {
            name: self.name.clone(),
            connection,
            asset: None,
            path: self.path.clone(),
            enabled: true,
            period_ms: self.period_ms,
            settings: settings(json!({ "unit_id": self.unit_id, "order": self.order })),
            template: None,
            description: self.description.clone(),
        }
    }

    /// Returns the bodies of its tags in the hub.
    pub fn tags(&self, device: ObjectId) -> Vec<Tag> {
        self.tags.iter().map(|tag| tag.tag(device)).collect()
    }

    pub(super) fn forbidden_spans(&self) -> Result<Vec<Span>, String> {
        self.forbidden.iter().map(|text| parse_span(text)).collect()
    }

    fn check_tags(&self) -> Result<(), PlantError> {
        for (index, tag) in self.tags.iter().enumerate() {
            let wrong = |field, reason: String| {
                let (device, tag) = (self.name.clone(), tag.name.to_string());
                Err(PlantError::Tag {
                    device,
                    tag,
                    field,
                    reason,
                })
            };
            if self.tags[..index]
                .iter()
                .any(|other| other.name == tag.name)
            {
                return wrong("name", "another tag of the device has it".to_owned());
            }
            if let Err(error) = tag.place(self.order) {
                return wrong(error.0, error.1);
            }
            if let Err(error) = Scaling::new(tag.scale, tag.offset) {
                return wrong("scale", error.to_string());
            }
            let Some(of) = tag.signal.follows() else {
                continue;
            };
            let leader = self.tags.iter().find(|other| other.name.as_str() == of);
            if !leader.is_some_and(|leader| leader.signal.is_writable()) {
                return wrong("signal", format!("{of:?} is no set point of the device"));
            }
        }
        Ok(())
    }
}

impl PlantTag {
    /// Returns where the tag stands and how its registers are made, or the field that is wrong.
    pub(super) fn place(
        &self,
        order: ByteOrder,
    ) -> Result<(Address, RegisterFormat), (&'static str, String)> {
        let address: Address = self
            .address
            .parse()
            .map_err(|error| ("address", format!("{error}")))?;
        let format = RegisterFormat::new(self.data_type, order, self.length, address.bit)
            .map_err(|error| ("data_type", error.to_string()))?;
        if 0x1_0000 < u32::from(address.start) + u32::from(format.registers()) {
            return Err(("address", "ends beyond address 65535".to_owned()));
        }
        if address.table.is_bits() && self.data_type != DataType::Bool {
            return Err((
                "data_type",
                format!("{} where a coil holds a bool", self.data_type),
            ));
        }
        Ok((address, format))
    }

    fn tag(&self, device: ObjectId) -> Tag {
        Tag {
            device,
            name: self.name.clone(),
            asset: None,
            formula: None,
            address: self.address.clone(),
            data_type: self.data_type,
            order: None,
            length: self.length,
            scale: self.scale,
            offset: self.offset,
            unit: self.unit.clone(),
            decimals: self.decimals,
            min: self.min,
            max: self.max,
            invalid: Vec::new(),
            period_ms: None,
            enabled: true,
            writable: self.signal.is_writable(),
            history: true,
            validation: TagValidation::default(),
            description: self.description.clone(),
        }
    }
}

fn settings(value: serde_json::Value) -> Settings {
    match value {
        serde_json::Value::Object(settings) => settings,
        _ => Settings::new(),
    }
}

/// Reads `holding:40..49` or `coil:7`.
pub(super) fn parse_span(text: &str) -> Result<Span, String> {
    let wrong = || format!("{text:?} is no range of addresses; write e.g. holding:40..49");
    let (table, range) = text.split_once(':').ok_or_else(wrong)?;
    let table = Table::ALL
        .into_iter()
        .find(|one| one.name() == table)
        .ok_or_else(wrong)?;
    let (first, last) = range.split_once("..").unwrap_or((range, range));
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(start), Ok(last)) if start <= last => {
            let count = (last - start).checked_add(1).ok_or_else(wrong)?;
            Ok(Span {
                table,
                start,
                count,
            })
        }
        _ => Err(wrong()),
    }
}

fn generated_device(device: u16, registers: u16) -> PlantDevice {
    let unit_id = u8::try_from(device % 247 + 1).unwrap_or(1);
    PlantDevice {
        name: format!("device {device:03}"),
        path: parsed(&format!("bench/device{device:03}")),
        unit_id,
        period_ms: default_period_ms(),
        order: ByteOrder::Abcd,
        strict: true,
        forbidden: Vec::new(),
        description: String::new(),
        tags: (0..registers)
            .map(|register| generated_tag(device, register))
            .collect(),
    }
}

fn generated_tag(device: u16, register: u16) -> PlantTag {
    let period_secs = 5 + mix(u64::from(device) << 16 | u64::from(register)) % 300;
    let signal = match register % 4 {
        0 => format!("sine:{period_secs}s:0..60000"),
        1 => format!("ramp:{period_secs}s:0..60000"),
        2 => format!("walk:{period_secs}s:0..60000"),
        _ => format!("counter:{period_secs}/s"),
    };
    PlantTag {
        name: parsed(&format!("r{register:04}")),
        address: format!("HR{register}"),
        data_type: DataType::Uint16,
        length: None,
        scale: 1.0,
        offset: 0.0,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        signal: parsed(&signal),
        description: String::new(),
    }
}

/// Reads a text of our own making.
fn parsed<T>(text: &str) -> T
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
}
