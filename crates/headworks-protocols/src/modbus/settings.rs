//! Settings of connections and devices; what they say is the manual of the form.

use headworks_core::ByteOrder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a Modbus connection.
///
/// Every field has a default. Those that do not apply to the transport are refused; the schema
/// names in `x-transports` where each applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// How the devices are reached.
    pub transport: Transport,
    /// Host and port of the device or gateway, e.g. `192.0.2.10:502` or `[2001:db8::1]:502`; the
    /// port may be left away: 502, with TLS 802.
    #[schemars(extend("x-transports" = ["tcp", "tls", "rtu_over_tcp", "ascii_over_tcp"]))]
    pub endpoint: String,
    /// The serial port, e.g. `/dev/ttyUSB0`; a name under `/dev/serial/by-id/` stays the same when
    /// the cable is plugged in elsewhere.
    #[schemars(extend("x-transports" = ["rtu", "ascii"]))]
    pub serial_port: String,
    /// Bits per second; all devices on the line have the same.
    #[schemars(range(min = 300, max = 4_000_000), extend("x-transports" = ["rtu", "ascii"]))]
    pub baud_rate: u32,
    /// Parity of each character.
    #[schemars(extend("x-transports" = ["rtu", "ascii"]))]
    pub parity: Parity,
    /// Stop bits of each character, 1 or 2; Modbus wants 2 where there is no parity, most devices
    /// do with 1.
    #[schemars(range(min = 1, max = 2), extend("x-transports" = ["rtu", "ascii"]))]
    pub stop_bits: u8,
    /// Data bits of each character: 8, or 7 on an ASCII line.
    #[schemars(range(min = 7, max = 8), extend("x-transports" = ["rtu", "ascii"]))]
    pub data_bits: u8,
    /// Longest wait for an answer, in milliseconds; a device may set its own.
    #[schemars(range(min = 10, max = 60_000))]
    pub timeout_ms: u32,
    /// Longest wait for the link to open, in milliseconds.
    #[schemars(range(min = 10, max = 60_000),
        extend("x-transports" = ["tcp", "tls", "rtu_over_tcp", "ascii_over_tcp"]))]
    pub connect_timeout_ms: u32,
    /// Rest between an answer and the next request, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub pause_ms: u32,
    /// Requests that may wait for their answers at once, each to another unit; more than 1 only
    /// for gateways that say they can.
    #[schemars(range(min = 1, max = 16), extend("x-transports" = ["tcp", "tls"]))]
    pub max_in_flight: u8,
    /// PEM file with the certificate of the authority that signed the device's.
    #[schemars(extend("x-transports" = ["tls"]))]
    pub tls_ca_file: String,
    /// PEM file with the certificate that shows the device who asks; needs `tls_key_file`.
    #[schemars(extend("x-transports" = ["tls"]))]
    pub tls_cert_file: String,
    /// PEM file with the private key of `tls_cert_file`.
    #[schemars(extend("x-transports" = ["tls"]))]
    pub tls_key_file: String,
    /// Name in the device's certificate, when it is not the host of the endpoint.
    #[schemars(extend("x-transports" = ["tls"]))]
    pub tls_server_name: String,
}

/// How devices are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Transport {
    /// Modbus TCP.
    #[default]
    Tcp,
    /// Modbus TCP in TLS ("Modbus/TCP Security").
    Tls,
    /// RTU on a serial line.
    Rtu,
    /// RTU frames through a serial server ("transparent" TCP).
    RtuOverTcp,
    /// ASCII on a serial line.
    Ascii,
    /// ASCII frames through a serial server ("transparent" TCP).
    AsciiOverTcp,
}

/// Parity of serial characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even parity, what Modbus wants by default.
    Even,
    /// Odd parity.
    Odd,
}

/// Settings of one unit behind a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSettings {
    /// Unit id (slave address): 1 to 247 on a serial line and behind a gateway. A device that is
    /// itself on TCP often ignores it, or wants 255 or 0. On a serial line 0 is the broadcast,
    /// which nobody answers, so that it is refused there.
    #[schemars(range(min = 0, max = 255))]
    pub unit_id: u8,
    /// Order of the bytes of values of more than one register, for tags that say none.
    #[schemars(with = "OrderSchema")]
    pub order: ByteOrder,
    /// Most registers the device gives in one answer.
    #[schemars(range(min = 1, max = 125))]
    pub max_registers: u16,
    /// Most coils or inputs the device gives in one answer.
    #[schemars(range(min = 1, max = 2000))]
    pub max_bits: u16,
    /// Most registers no tag wants that may be read along to save a request.
    #[schemars(range(min = 0, max = 124))]
    pub gap_max: u16,
    /// Longest wait for an answer, in milliseconds, when it is not the connection's.
    #[schemars(range(min = 10, max = 60_000))]
    pub timeout_ms: Option<u32>,
    /// Times a request is sent again when there was no answer or a broken one, before the device
    /// counts as silent. Writes are never sent again.
    #[schemars(range(min = 0, max = 5))]
    pub retries: u8,
    /// Rest before the device is asked again, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub pause_ms: u32,
    /// Which functions write one register or coil.
    pub write_functions: WriteFunctions,
    /// Whether a write is confirmed by reading what was written.
    pub read_back: bool,
}

/// Which functions write one register or one coil.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum WriteFunctions {
    /// 6 and 5 for one, 16 and 15 for more.
    #[default]
    Single,
    /// Always 16 and 15, for devices that do not know 6 and 5.
    Multiple,
}

/// The byte order as a plain choice, so that a form needs no references.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum OrderSchema {
    /// Big-endian: high word first, high byte first.
    #[serde(rename = "ABCD")]
    Abcd,
    /// Low word first, high byte first.
    #[serde(rename = "CDAB")]
    Cdab,
    /// High word first, low byte first.
    #[serde(rename = "BADC")]
    Badc,
    /// Little-endian: low word first, low byte first.
    #[serde(rename = "DCBA")]
    Dcba,
}

impl Transport {
    /// Returns the name as configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Rtu => "rtu",
            Transport::RtuOverTcp => "rtu_over_tcp",
            Transport::Ascii => "ascii",
            Transport::AsciiOverTcp => "ascii_over_tcp",
        }
    }

    /// Returns whether the link is a serial port.
    pub const fn is_serial_port(self) -> bool {
        matches!(self, Transport::Rtu | Transport::Ascii)
    }

    /// Returns whether only one request can be on its way: nothing tells late answers apart.
    pub const fn is_half_duplex(self) -> bool {
        !matches!(self, Transport::Tcp | Transport::Tls)
    }

    /// Returns the port when the endpoint says none.
    pub const fn default_port(self) -> u16 {
        match self {
            Transport::Tls => 802,
            _ => 502,
        }
    }
}

impl Default for ConnectionSettings {
    fn default() -> ConnectionSettings {
        ConnectionSettings {
            transport: Transport::default(),
            endpoint: String::new(),
            serial_port: String::new(),
            baud_rate: 9600,
            parity: Parity::default(),
            stop_bits: 1,
            data_bits: 8,
            timeout_ms: 1000,
            connect_timeout_ms: 3000,
            pause_ms: 0,
            max_in_flight: 1,
            tls_ca_file: String::new(),
            tls_cert_file: String::new(),
            tls_key_file: String::new(),
            tls_server_name: String::new(),
        }
    }
}

impl Default for DeviceSettings {
    fn default() -> DeviceSettings {
        DeviceSettings {
            unit_id: 1,
            order: ByteOrder::default(),
            max_registers: 125,
            max_bits: 2000,
            gap_max: 16,
            timeout_ms: None,
            retries: 1,
            pause_ms: 0,
            write_functions: WriteFunctions::default(),
            read_back: true,
        }
    }
}
