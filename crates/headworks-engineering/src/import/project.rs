//! A project as every format is read into it.

use std::collections::BTreeMap;

use headworks_core::ByteOrder;
use headworks_core::model::{Settings, Tag};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::settings::Transport;
use headworks_protocols::modbus::table::Table;
use serde_json::Value;

use crate::plan::{Note, RowError, bare_tag};

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub(crate) links: Vec<Link>,
    pub(crate) errors: Vec<RowError>,
    notes: BTreeMap<(String, String), Found>,
}

/// Where a note was met first, and how often.
#[derive(Debug)]
struct Found {
    number: usize,
    place: String,
    count: usize,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) place: String,
    pub(crate) name: String,
    /// None when the file says nothing of how the devices are reached.
    pub(crate) settings: Option<Settings>,
    pub(crate) enabled: bool,
    pub(crate) description: String,
    pub(crate) units: Vec<Unit>,
}

/// A device.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) enabled: bool,
    pub(crate) period_ms: u32,
    pub(crate) description: String,
    pub(crate) points: Vec<Point>,
}

/// A tag; its device is filled in later.
#[derive(Debug)]
pub(crate) struct Point {
    /// Line of a file of lines.
    pub(crate) row: Option<u64>,
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) tag: Tag,
}

impl Project {
    /// Writes down what is not carried over; the same thing in many places is one note.
    pub(crate) fn note(
        &mut self,
        key: impl Into<String>,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) {
        let number = self.notes.len();
        let found = self.notes.entry((key.into(), reason.into()));
        let found = found.or_insert_with(|| Found {
            number,
            place: place.into(),
            count: 0,
        });
        found.count += 1;
    }

    /// Writes down a mistake of the file.
    pub(crate) fn error(
        &mut self,
        row: Option<u64>,
        column: impl Into<String>,
        value: &str,
        reason: impl Into<String>,
    ) {
        let mut error = RowError::new(0, column, value, reason);
        error.row = row;
        self.errors.push(error);
    }

    /// Returns the notes in the order they were made.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        let notes = std::mem::take(&mut self.notes);
        let mut notes: Vec<_> = notes.into_iter().collect();
        notes.sort_by_key(|(_, found)| found.number);
        let note = |((key, reason), found): ((String, String), Found)| {
            let place = match found.count {
                1 => found.place,
                count => format!("{} and {} more", found.place, count - 1),
            };
            Note::new(key, place, reason)
        };
        notes.into_iter().map(note).collect()
    }
}

impl Link {
    pub(crate) fn new(place: impl Into<String>, name: impl Into<String>) -> Link {
        Link {
            place: place.into(),
            name: name.into(),
            settings: None,
            enabled: true,
            description: String::new(),
            units: Vec::new(),
        }
    }
}

impl Unit {
    pub(crate) fn new(place: impl Into<String>, name: impl Into<String>) -> Unit {
        Unit {
            place: place.into(),
            name: name.into(),
            settings: Settings::new(),
            enabled: true,
            period_ms: 1000,
            description: String::new(),
            points: Vec::new(),
        }
    }

    /// Sets the unit id, where it is not the default.
    pub(crate) fn with_unit_id(mut self, unit_id: u8) -> Unit {
        self.settings.insert("unit_id".into(), Value::from(unit_id));
        self
    }

    /// Sets the order of tags that say none.
    pub(crate) fn set_order(&mut self, order: ByteOrder) {
        if order != ByteOrder::Abcd {
            self.settings.insert("order".into(), order.name().into());
        }
    }
}

impl Point {
    pub(crate) fn new(
        row: Option<u64>,
        place: impl Into<String>,
        name: impl Into<String>,
        address: Address,
    ) -> Point {
        let nobody = headworks_core::model::ObjectId(uuid::Uuid::nil());
        let mut tag = bare_tag(nobody, crate::names::segment(""));
        tag.address = address.to_string();
        if address.table.is_bits() || address.bit.is_some() {
            tag.data_type = headworks_core::DataType::Bool;
        }
        Point {
            row,
            place: place.into(),
            name: name.into(),
            tag,
        }
    }
}

/// Returns the address of a whole register or bit, from a number that counts from 0.
pub(crate) fn address(table: Table, start: i64) -> Result<Address, String> {
    let start = u16::try_from(start);
    let start = start.map_err(|_| "no address; 0 to 65535 are allowed, counted from 0")?;
    Ok(Address::new(table, start))
}

/// Returns the same address with one bit of its register.
pub(crate) fn with_bit(mut address: Address, bit: i64) -> Result<Address, String> {
    if address.table.is_bits() {
        return Err(format!("{address} is a bit already"));
    }
    let bit = u8::try_from(bit).ok().filter(|bit| *bit <= 15);
    address.bit = Some(bit.ok_or("no bit of a register; 0 to 15 are allowed")?);
    Ok(address)
}

/// Returns the settings of a link over a network.
pub(crate) fn network(transport: Transport, host: &str, port: u16) -> Settings {
    let mut settings = Settings::new();
    if transport != Transport::Tcp {
        settings.insert("transport".into(), transport.name().into());
    }
    let host = host.trim();
    let endpoint = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    settings.insert("endpoint".into(), endpoint.into());
    settings
}

/// Characters of a serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) is_ascii: bool,
    pub(crate) port: String,
    pub(crate) baud_rate: i64,
    pub(crate) parity: String,
    pub(crate) data_bits: i64,
    pub(crate) stop_bits: i64,
}

/// Returns the settings of a serial line, or what cannot work.
pub(crate) fn serial(line: &Line) -> Result<Settings, String> {
    let parity = match line.parity.to_lowercase().as_str() {
        "n" | "none" | "78" | "" => "none",
        "e" | "even" | "69" => "even",
        "o" | "odd" | "79" => "odd",
        _ => {
            return Err(format!(
                "parity {:?}; none, even and odd exist",
                line.parity
            ));
        }
    };
    let transport = if line.is_ascii {
        Transport::Ascii
    } else {
        Transport::Rtu
    };
    let mut settings = Settings::new();
    settings.insert("transport".into(), transport.name().into());
    settings.insert("serial_port".into(), line.port.trim().into());
    settings.insert("baud_rate".into(), line.baud_rate.into());
    settings.insert("parity".into(), parity.into());
    settings.insert("data_bits".into(), line.data_bits.into());
    settings.insert("stop_bits".into(), line.stop_bits.into());
    Ok(settings)
}

/// Returns the order of two properties: whether the low byte and the low word come first.
pub(crate) const fn order(low_byte_first: bool, low_word_first: bool) -> ByteOrder {
    match (low_byte_first, low_word_first) {
        (false, false) => ByteOrder::Abcd,
        (false, true) => ByteOrder::Cdab,
        (true, false) => ByteOrder::Badc,
        (true, true) => ByteOrder::Dcba,
    }
}

/// Returns a period within the bounds, and whether it had to be moved.
pub(crate) fn period_ms(millis: f64) -> (u32, bool) {
    let bounded = millis.clamp(10.0, 3_600_000.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded just before"
    )]
    let whole = bounded.round() as u32;
    (whole, bounded != millis)
}
