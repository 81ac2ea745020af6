//! `headworks probe modbus`: reads any part of any unit and decodes it in every way.

use std::time::Duration;

use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType, RegisterFormat, Value};

use super::address::Address;
use super::check;
use super::client::{AskError, Client};
use super::pdu::{self, Request};
use super::table::Table;

/// What to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Settings of the connection, as they would be configured.
    pub connection: Settings,
    /// The unit to ask.
    pub unit_id: u8,
    /// Where the first value stands.
    pub address: Address,
    /// Number of values.
    pub count: u16,
    /// What the values are; coils and inputs are bools whatever this says.
    pub data_type: DataType,
    /// Order of the bytes; every order when absent.
    pub order: Option<ByteOrder>,
    /// Registers of a string.
    pub length: Option<u16>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeReport {
    /// Time until the link was open.
    pub connect_time: Duration,
    /// Round trip of the last request.
    pub round_trip: Option<Duration>,
    /// The values, by address.
    pub rows: Vec<ProbeRow>,
    /// What was sent and received, as lines of hexadecimal digits.
    pub exchange: Vec<String>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRow {
    /// Where it stands.
    pub address: Address,
    /// Its bytes on the wire; one byte, 0 or 1, of a coil or an input.
    pub bytes: Vec<u8>,
    /// What they are in each order, or why they are nothing.
    pub values: Vec<(ByteOrder, Result<Value, String>)>,
}

/// Why nothing was found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProbeError {
    /// The question makes no sense.
    #[error("{0}")]
    Question(String),
    /// The device did not answer it.
    #[error("{error}")]
    Ask {
        /// What went wrong.
        error: AskError,
        /// What was sent and received until then.
        exchange: Vec<String>,
    },
}

/// Most values of one probe.
pub const VALUES_MAX: u16 = 2000;

/// Opens the link, reads as many requests as it takes, closes.
///
/// # Errors
///
/// [`ProbeError`], which says what to change.
pub async fn probe(probe: &Probe) -> Result<ProbeReport, ProbeError> {
    let settings = check::connection_settings(&probe.connection).map_err(|problems| {
        let lines = problems
            .into_iter()
            .map(|(field, reason)| format!("{field}: {reason}"));
        ProbeError::Question(lines.collect::<Vec<_>>().join("; "))
    })?;
    let formats = formats(probe)?;
    let mut client = Client::open(&settings)
        .await
        .map_err(|error| ProbeError::Ask {
            error,
            exchange: Vec::new(),
        })?;
    let mut rows = Vec::new();
    for (start, count) in parts(probe, formats[0].1.registers()) {
        let request = Request::Read {
            table: probe.address.table,
            start,
            count,
        };
        let data = client.ask(probe.unit_id, &request).await;
        let data = data.map_err(|error| ProbeError::Ask {
            error,
            exchange: client.exchange().to_vec(),
        })?;
        rows.extend(decode(probe, &formats, start, count, &data));
    }
    Ok(ProbeReport {
        connect_time: client.connect_time(),
        round_trip: client.round_trip(),
        rows,
        exchange: client.exchange().to_vec(),
    })
}

fn formats(probe: &Probe) -> Result<Vec<(ByteOrder, RegisterFormat)>, ProbeError> {
    let is_bits = probe.address.table.is_bits();
    let data_type = if is_bits {
        DataType::Bool
    } else {
        probe.data_type
    };
    let orders = match probe.order {
        Some(order) => vec![order],
        None if is_bits => vec![ByteOrder::Abcd],
        None => ByteOrder::ALL.to_vec(),
    };
    let format = |order| {
        RegisterFormat::new(data_type, order, probe.length, probe.address.bit)
            .map(|format| (order, format))
            .map_err(|error| ProbeError::Question(error.to_string()))
    };
    let formats: Vec<_> = orders.into_iter().map(format).collect::<Result<_, _>>()?;
    let width = u32::from(formats[0].1.registers());
    let end = u32::from(probe.address.start) + u32::from(probe.count) * width;
    if probe.count == 0 || VALUES_MAX < probe.count {
        let reason = format!("{} values; 1 to {VALUES_MAX} can be read", probe.count);
        return Err(ProbeError::Question(reason));
    }
    if 0x1_0000 < end {
        let reason = format!(
            "{} values from {} end beyond 65535",
            probe.count, probe.address
        );
        return Err(ProbeError::Question(reason));
    }
    Ok(formats)
}

/// Cuts the span into requests that end between values.
fn parts(probe: &Probe, width: u16) -> Vec<(u16, u16)> {
    let width = if probe.address.table.is_bits() {
        1
    } else {
        width
    };
    let values_max = probe.address.table.read_max() / width;
    let mut parts = Vec::new();
    let mut done = 0;
    while done < probe.count {
        let values = (probe.count - done).min(values_max);
        parts.push((probe.address.start + done * width, values * width));
        done += values;
    }
    parts
}

fn decode(
    probe: &Probe,
    formats: &[(ByteOrder, RegisterFormat)],
    start: u16,
    count: u16,
    data: &[u8],
) -> Vec<ProbeRow> {
    let at = |start| Address {
        start,
        ..probe.address
    };
    if probe.address.table.is_bits() {
        let bits = (0..count).filter_map(|index| Some((index, pdu::bit(data, index.into())?)));
        return bits
            .map(|(index, on)| ProbeRow {
                address: at(start + index),
                bytes: vec![u8::from(on)],
                values: vec![(ByteOrder::Abcd, Ok(Value::Bool(on)))],
            })
            .collect();
    }
    let width = formats[0].1.registers();
    data.chunks_exact(usize::from(width) * 2)
        .zip((start..=u16::MAX).step_by(width.into()))
        .map(|(bytes, start)| ProbeRow {
            address: at(start),
            bytes: bytes.to_vec(),
            values: formats
                .iter()
                .map(|(order, format)| {
                    let value = format.decode(bytes).map_err(|error| error.to_string());
                    (*order, value)
                })
                .collect(),
        })
        .collect()
}

/// Returns the table of a name as a person writes it, e.g. `holding` or `coils`.
pub fn table(name: &str) -> Option<Table> {
    let name = name.to_ascii_lowercase();
    Table::ALL.into_iter().find(|table| {
        name == table.name() || name == table.title() || name == table.title().replace(' ', "_")
    })
}
