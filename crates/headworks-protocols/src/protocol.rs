//! The table entry of a protocol.

use std::fmt;

use headworks_core::model::Settings;
use schemars::Schema;

use crate::driver::{BoxFuture, Driver};
use crate::link::{ConfigError, LinkConfig};

/// A protocol the binary can speak: one `static` per folder.
pub struct Protocol {
    /// The value of `protocol` in a connection, e.g. `modbus`.
    pub name: &'static str,
    /// Name on screen, e.g. `Modbus`.
    pub title: &'static str,
    /// What it is for, one sentence.
    pub summary: &'static str,
    /// A commented example in TOML that `headworks config sample` prints and a test builds: one
    /// `[connection]`, one `[[device]]` and its `[[device.tag]]`s.
    pub sample: &'static str,
    /// The page of the documentation, Markdown.
    pub readme: &'static str,
    /// How addresses of tags are written, with examples, one line.
    pub address_help: &'static str,
    /// JSON Schema of the settings of a connection.
    pub connection_schema: fn() -> Schema,
    /// JSON Schema of the settings of a device.
    pub device_schema: fn() -> Schema,
    /// Checks every setting and address without IO; empty when [`Protocol::build`] will succeed.
    pub check: fn(&LinkConfig) -> Vec<ConfigError>,
    /// Builds the driver, without IO.
    pub build: fn(LinkConfig) -> Result<Box<dyn Driver>, ConfigError>,
    /// Tries connection settings and, when given, the settings of one device: opens the link,
    /// asks the device, closes. Ends within the timeouts that the settings say.
    pub test: fn(Settings, Option<Settings>) -> BoxFuture<'static, TestReport>,
}

/// The outcome of "test connection".
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// Whether the link opened and, when a device was given, the device answered.
    pub ok: bool,
    /// Time until the link was open, in microseconds.
    pub connect_us: Option<u64>,
    /// Round trip of the first answer, in microseconds.
    pub round_trip_us: Option<u64>,
    /// What happened, with the remedy when it failed.
    pub message: String,
    /// What was sent and received, as lines of hexadecimal digits or text.
    pub exchange: Vec<String>,
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
