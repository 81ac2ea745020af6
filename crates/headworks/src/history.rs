//! `headworks history`: history into files and back, beside a hub or through it.

mod local;
mod remote;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, Subcommand};
use headworks_exchange::{ExchangeError, ExportOptions, ImportOptions, ImportReport, Progress};
use serde_json::{Map, Value as Json};

use crate::cli::SettingsArguments;
use crate::settings::SettingsError;

pub(crate) use remote::{agent, api, copy as save, fetch, refusal};

/// What to do with history.
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Write history to a CSV, Excel, Parquet or JSON lines file
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Box<ExportArguments>),
    /// Store the samples of a CSV, Excel, Parquet or JSON lines file
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Box<ImportArguments>),
}

/// Examples of `history`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks history export --output day.csv --start 2026-11-20T00:00:00Z
  headworks history import old-system.csv --preview

Without --url the data directory is opened, which works when no hub uses it. Beside a running hub
give its address: --url http://127.0.0.1:8080.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  headworks history export --output day.csv --start 2026-11-20T00:00:00Z
  headworks history export --output all.parquet --pattern 'plant/**'
  headworks history export --output sheet.xlsx --set layout=wide --set zone=Europe/Berlin
  headworks history export --output day.csv.zst --url http://127.0.0.1:8080
  headworks history export --output de.csv --set delimiter=semicolon --set decimal=comma

The format follows the extension: .csv, .jsonl (also with .gz or .zst), .xlsx, .parquet. An export
of CSV or JSON lines that was interrupted goes on when the same command is given again.
Options of --set: layout, delimiter, decimal, header, zone, time, quality, guard_formulas.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  headworks history import old-system.csv --preview
  headworks history import old-system.csv --dry-run --errors errors.csv
  headworks history import old-system.csv --set zone=Europe/Berlin --set time_format=day_first
  headworks history import plant2.parquet --set prefix=plant2 --set unknown_tags=skip
  headworks history import day.xlsx --set duplicates=keep_existing --url http://127.0.0.1:8080

Options of --set: format, encoding, delimiter, decimal, header, layout, sheet, path_column,
time_column, value_column, quality_column, tag, prefix, names, time_format, zone, unknown_tags,
duplicates, not_a_number. What is not set is found out from the file.";

/// Where the history is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// Address of a running hub instead of a data directory, e.g. http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "config"])]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// One more option; can be given many times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Setting>,
}

/// The token for a running hub.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// File that holds a token of the hub [default: the variable HEADWORKS_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

impl TokenArguments {
    /// Reads the token; none when none is given.
    pub(crate) fn read(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.token_file else {
            return Ok(std::env::var("HEADWORKS_TOKEN").ok());
        };
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// Arguments of `history export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The file to write; its extension is the format
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Tags by path: * within a segment, ** for any depth
    #[arg(long, default_value = "**")]
    pub(crate) pattern: String,
    /// First instant, e.g. 2026-11-20T00:00:00Z; the first sample when absent
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Instant1970>,
    /// First instant after the range; now when absent
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<Instant1970>,
}

/// Arguments of `history import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The file to read
    pub(crate) file: PathBuf,
    /// Say what the file is taken for, from its first rows, and store nothing
    #[arg(long)]
    pub(crate) preview: bool,
    /// Check every row and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the rows that cannot be taken to this CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
}

/// An instant, microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant1970(pub(crate) i64);

/// An option by name.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

impl FromStr for Instant1970 {
    type Err = String;

    fn from_str(text: &str) -> Result<Instant1970, String> {
        let time: jiff::Timestamp = text.parse().map_err(|error| {
            format!("{error}; a time with its offset is needed, e.g. 2026-11-20T00:00:00Z")
        })?;
        Ok(Instant1970(time.as_microsecond()))
    }
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or("NAME=VALUE is needed, e.g. zone=Europe/Berlin")?;
        Ok(Setting {
            name: name.trim().to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Does it.
pub(crate) fn run(command: &HistoryCommand) -> anyhow::Result<()> {
    match command {
        HistoryCommand::Export(arguments) => {
            let options = export_options(arguments)?;
            match &arguments.place.url {
                Some(url) => remote::export(url, arguments, &options),
                None => local::export(arguments, options),
            }
        }
        HistoryCommand::Import(arguments) => {
            let options = import_options(arguments)?;
            match &arguments.place.url {
                Some(url) => remote::import(url, arguments, &options),
                None => local::import(arguments, &options),
            }
        }
    }
}

/// Turns settings into an object whose values are of their kind.
fn settings(place: &Place) -> Map<String, Json> {
    let value = |text: &str| match text {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => Json::String(text.to_owned()),
    };
    let pairs = place.set.iter();
    pairs
        .map(|setting| (setting.name.clone(), value(&setting.value)))
        .collect()
}

pub(crate) fn wrong(reason: impl std::fmt::Display) -> anyhow::Error {
    let reason = reason.to_string();
    SettingsError::Argument { reason }.into()
}

fn export_options(arguments: &ExportArguments) -> anyhow::Result<ExportOptions> {
    let mut options = settings(&arguments.place);
    let name = arguments.output.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let (name, packing) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(name), _) => (name, "gzip"),
        (None, Some(name)) => (name, "zstd"),
        (None, None) => (&*name, "none"),
    };
    let format = match name.rsplit('.').next() {
        Some("csv" | "txt") => "csv",
        Some("jsonl" | "ndjson" | "json") => "jsonl",
        Some("xlsx") => "xlsx",
        Some("parquet") => "parquet",
        _ => {
            let shown = arguments.output.display();
            return Err(wrong(format!(
                "{shown}: the extension names the format: .csv, .jsonl, .xlsx or .parquet"
            )));
        }
    };
    options.insert("format".into(), format.into());
    options.insert("packing".into(), packing.into());
    options.insert("pattern".into(), arguments.pattern.as_str().into());
    for (name, time) in [("start_us", arguments.start), ("end_us", arguments.end)] {
        if let Some(Instant1970(time_us)) = time {
            options.insert(name.into(), time_us.into());
        }
    }
    serde_json::from_value(Json::Object(options)).map_err(wrong)
}

fn import_options(arguments: &ImportArguments) -> anyhow::Result<ImportOptions> {
    let mut options = settings(&arguments.place);
    options.insert("dry_run".into(), arguments.dry_run.into());
    serde_json::from_value(Json::Object(options)).map_err(wrong)
}

/// An error of the file or the options is one of usage, everything else a failure.
fn explain(error: ExchangeError) -> anyhow::Error {
    match error {
        ExchangeError::Option { option, reason } => match option {
            "pattern" => wrong(format!("--pattern: {reason}")),
            "start_us" | "end_us" => wrong(format!("--start, --end: {reason}")),
            _ => wrong(format!("--set {option}: {reason}")),
        },
        ExchangeError::Question { option, reason } => {
            wrong(format!("{reason}; say so with --set {option}=..."))
        }
        error => anyhow::anyhow!(error.describe()),
    }
}

/// Says once a second how far it is, on standard error.
struct Ticker {
    last: Instant,
}

impl Ticker {
    fn new() -> Ticker {
        Ticker {
            last: Instant::now(),
        }
    }

    fn tell(&mut self, progress: &Progress) {
        if Duration::from_secs(1) <= self.last.elapsed() {
            self.last = Instant::now();
            let share = progress.share * 100.0;
            let megabytes = progress.bytes >> 20;
            eprintln!("{share:5.1} %  {} rows  {megabytes} MiB", progress.rows);
        }
    }
}

/// Prints what became of an import.
fn print_report(report: &Json) {
    let text = |name: &str| match &report[name] {
        Json::String(text) => text.clone(),
        Json::Null => "-".to_owned(),
        other => other.to_string(),
    };
    println!(
        "{} in the {} layout, times as {} in {}",
        text("format"),
        text("layout"),
        text("time_format"),
        text("zone")
    );
    for found in report["findings"].as_array().into_iter().flatten() {
        let said = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        println!("{}: {}", said("severity"), said("message"));
    }
    for row in report["preview"].as_array().into_iter().flatten().take(5) {
        println!(
            "  line {}: {} {} {}",
            row["line"], row["path"], row["time_us"], row["value"]
        );
    }
    for tag in report["unknown_tags"]
        .as_array()
        .into_iter()
        .flatten()
        .take(20)
    {
        println!("unknown tag {} ({} samples)", tag["path"], tag["samples"]);
    }
    println!(
        "{} rows, {} samples of {} tags, {} stored, {} there already, {} errors",
        text("rows"),
        text("samples"),
        text("tags"),
        text("stored"),
        text("existing"),
        text("row_errors")
    );
}

/// Returns a report as the server would answer it.
fn as_json(report: &ImportReport) -> Json {
    serde_json::to_value(report).unwrap_or_default()
}
