//! Log lines, errors and traces, as the settings say.

use std::io::IsTerminal;

use headworks_telemetry::{FileSettings, LineFormat, Telemetry, TelemetrySettings};

use crate::settings::{Log, LogFormat, Settings};

/// Takes log lines and panics from now on.
///
/// # Errors
///
/// When a setting cannot be used, the file cannot be opened, or somebody else takes them already.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let telemetry = Telemetry::new(TelemetrySettings {
        levels: settings.log.level.as_str().to_owned(),
        stderr: Some(format_of(&settings.log)),
        file: file_of(&settings.log),
        sentry: settings.telemetry.sentry()?,
        otlp: settings.telemetry.otlp()?,
    })?;
    telemetry.subscribe()?;
    Ok(telemetry)
}

fn format_of(log: &Log) -> LineFormat {
    match log.format {
        LogFormat::Json => LineFormat::Json,
        LogFormat::Text if std::io::stderr().is_terminal() => LineFormat::Coloured,
        LogFormat::Text => LineFormat::Text,
    }
}

fn file_of(log: &Log) -> Option<FileSettings> {
    (!log.file.as_os_str().is_empty()).then(|| FileSettings {
        path: log.file.clone(),
        bytes_max: u64::from(log.file_max_mb) * 1_000_000,
        files_kept: log.files_kept,
    })
}
