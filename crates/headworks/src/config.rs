//! `headworks config`: the schema and the samples of settings.

use anyhow::bail;
use headworks_protocols::PROTOCOLS;

use crate::cli::{ConfigCommand, SampleArguments};
use crate::settings::{self, Settings, SettingsError};

/// Prints what was asked for.
pub(crate) fn run(command: &ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Schema => print!("{}", settings_schema()),
        ConfigCommand::Sample(arguments) => print!("{}", sample(arguments)?),
    }
    Ok(())
}

/// Returns the JSON Schema of `headworks.toml`.
pub(crate) fn settings_schema() -> String {
    let schema = schemars::schema_for!(Settings);
    format!("{:#}\n", schema.as_value())
}

fn sample(arguments: &SampleArguments) -> anyhow::Result<&'static str> {
    let Some(name) = &arguments.protocol else {
        return Ok(settings::SAMPLE);
    };
    match headworks_protocols::protocol(name) {
        Some(protocol) => Ok(protocol.sample),
        None => bail!(SettingsError::Argument {
            reason: unknown_protocol(name)
        }),
    }
}

fn unknown_protocol(name: &str) -> String {
    let known: Vec<&str> = PROTOCOLS.iter().map(|protocol| protocol.name).collect();
    format!("no protocol {name:?}; there are {}", known.join(", "))
}
