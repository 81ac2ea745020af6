//! Modbus: TCP, TLS, RTU, ASCII and serial lines through TCP.
//!
//! Reading order: [`settings`] and [`address`] say what a person writes, `check` makes of it what
//! the driver works with. [`pdu`] is the protocol, [`mbap`], [`rtu`] and [`ascii`] its framings.
//! [`planner`] decides what to ask, `unit` knows one device, `bus` decides when each is asked,
//! `driver` moves the bytes. [`discover`] finds out what nobody has written down.

pub mod address;
pub mod ascii;
pub mod client;
pub mod corpus;
pub mod discover;
pub mod endpoint;
pub mod exception;
pub mod frame;
pub mod identity;
pub mod mbap;
pub mod pdu;
pub mod planner;
pub mod probe;
pub mod rtu;
pub mod settings;
pub mod simulator;
pub mod sunspec;
pub mod table;

mod bus;
mod check;
mod driver;
mod inbox;
mod median;
mod test_connection;
mod transport;
mod unit;
mod write;

use crate::link::{ConfigError, LinkConfig};
use crate::protocol::Protocol;

/// The table entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "modbus",
    title: "Modbus",
    summary: "Registers and coils of PLCs, meters, drives and inverters over TCP, TLS or a serial \
              line",
    sample: include_str!("sample.toml"),
    readme: include_str!("README.md"),
    address_help: address::ADDRESS_HELP,
    connection_schema: || schemars::schema_for!(settings::ConnectionSettings),
    device_schema: || schemars::schema_for!(settings::DeviceSettings),
    check,
    build: driver::build,
    test: test_connection::test,
};

fn check(link: &LinkConfig) -> Vec<ConfigError> {
    check::check_link(link).err().unwrap_or_default()
}
