//! Simulated: values without any wire, for trying things out and for showing how a protocol is
//! made (`docs/protocols/adding-a-protocol.md`).
//!
//! Reading order: [`settings`] is what a person writes, `check` makes of it what the driver works
//! with, `driver` runs.

pub mod settings;

mod check;
mod driver;
#[cfg(test)]
mod tests;

use headworks_core::model::Settings;

use crate::driver::BoxFuture;
use crate::protocol::{Protocol, TestReport};
use crate::signal;

/// The table entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "simulated",
    title: "Simulated",
    summary: "Values that move like a plant, without any device: for trying things out",
    sample: include_str!("sample.toml"),
    readme: include_str!("README.md"),
    address_help: signal::GRAMMAR,
    connection_schema: || schemars::schema_for!(settings::ConnectionSettings),
    device_schema: || schemars::schema_for!(settings::DeviceSettings),
    check: |link| check::check_link(link).err().unwrap_or_default(),
    build: driver::build,
    test,
};

/// There is nothing that could fail but the settings.
fn test(connection: Settings, device: Option<Settings>) -> BoxFuture<'static, TestReport> {
    let checked = check::settings::<settings::ConnectionSettings>(&connection)
        .and_then(|_| check::settings::<settings::DeviceSettings>(&device.unwrap_or_default()));
    let (ok, message) = match checked {
        Ok(device) if device.silent => (false, "the device is set to be silent".to_owned()),
        Ok(_) => (true, "simulated devices are always there".to_owned()),
        Err((field, reason)) => (false, format!("{field}: {reason}")),
    };
    let time = ok.then_some(0);
    let report = TestReport {
        ok,
        connect_us: time,
        round_trip_us: time,
        message,
        exchange: Vec::new(),
    };
    Box::pin(std::future::ready(report))
}
