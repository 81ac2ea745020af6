//! Drivers: how Headworks talks to field devices.
//!
//! A protocol is one folder with a `static PROTOCOL: Protocol` and one line in [`PROTOCOLS`].
//! Command line, schemas, settings forms, documentation and conformance tests are loops over that
//! table.

#[cfg(test)]
mod conformance;
pub mod driver;
pub mod link;
mod mix;
pub mod modbus;
pub mod poll;
pub mod protocol;
pub mod signal;
pub mod simulated;
pub mod stats;
pub mod wire_log;

pub use driver::{
    AskFailure, BoxFuture, Clock, Command, Driver, DriverContext, DriverError, PollReport,
    Question, WriteError, WriteReport,
};
pub use link::{ConfigError, DeviceConfig, LinkConfig, Place, TagConfig};
pub use protocol::{Protocol, TestReport};
pub use stats::{
    DeviceSnapshot, DeviceState, DeviceStats, Exchange, LinkCounts, LinkStats, LinkTotals,
};
pub use wire_log::{Direction, WireEntry, WireLog};

/// Every protocol the binary can speak, sorted by name.
pub static PROTOCOLS: &[&Protocol] = &[&modbus::PROTOCOL, &simulated::PROTOCOL];

/// Returns the protocol of a name.
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS
        .iter()
        .copied()
        .find(|protocol| protocol.name == name)
}
