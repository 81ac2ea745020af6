//! Where log lines, errors and traces go.

use std::path::PathBuf;

use headworks_telemetry::{Dsn, Endpoint};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{LogFilter, Secret, SettingsError, within};

/// What is written to standard error and a log file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, also per part of the program:
    /// `info,headworks_protocols=debug`.
    #[schemars(with = "String")]
    pub(crate) level: LogFilter,
    /// How lines are written.
    pub(crate) format: LogFormat,
    /// A file that gets the lines too; relative to the working directory, empty for none.
    pub(crate) file: PathBuf,
    /// Megabytes (10^6 bytes) from which the next file is begun, 1 to 10000.
    #[serde(deserialize_with = "file_mb")]
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) file_max_mb: u32,
    /// Older files that stay, as `FILE.1`, `FILE.2` and so on, 0 to 100.
    #[serde(deserialize_with = "files")]
    #[schemars(range(max = 100))]
    pub(crate) files_kept: usize,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for log collectors.
    Json,
}

/// What other servers are told of errors and requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Telemetry {
    /// A server that speaks the protocol of Sentry and gets warnings, errors and panics:
    /// `https://KEY@HOST/PROJECT`. Empty for none.
    #[schemars(with = "String", extend("writeOnly" = true))]
    pub(crate) sentry_dsn: Secret,
    /// A collector that gets traces of requests by OTLP over HTTP with JSON, e.g.
    /// `http://127.0.0.1:4318`. Empty for none.
    pub(crate) otlp_endpoint: String,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            level: LogFilter::default(),
            format: LogFormat::Text,
            file: PathBuf::new(),
            file_max_mb: 20,
            files_kept: 5,
        }
    }
}

impl Telemetry {
    /// Returns where errors are sent, if anywhere.
    ///
    /// # Errors
    ///
    /// What is wrong with the setting, without the key.
    pub(crate) fn sentry(&self) -> Result<Option<Dsn>, SettingsError> {
        if self.sentry_dsn.0.is_empty() {
            return Ok(None);
        }
        let dsn = self.sentry_dsn.0.parse();
        let dsn = dsn.map_err(|error| refused("sentry_dsn", &error));
        dsn.map(Some)
    }

    /// Returns where traces are sent, if anywhere.
    ///
    /// # Errors
    ///
    /// What is wrong with the setting.
    pub(crate) fn otlp(&self) -> Result<Option<Endpoint>, SettingsError> {
        if self.otlp_endpoint.is_empty() {
            return Ok(None);
        }
        let endpoint = self.otlp_endpoint.parse();
        let endpoint = endpoint.map_err(|error| refused("otlp_endpoint", &error));
        endpoint.map(Some)
    }
}

fn refused(key: &str, error: &dyn std::error::Error) -> SettingsError {
    SettingsError::Argument {
        reason: format!("telemetry.{key}: {error}"),
    }
}

fn file_mb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1, 10_000, "megabytes")
}

fn files<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(usize::deserialize(deserializer)?, 0, 100, "files")
}
