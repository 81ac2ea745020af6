//! `headworks tags` and `headworks import`: the plant in files, over the API of a running hub.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value as Json;

use crate::history::{TokenArguments, agent, api, refusal, save, wrong};

/// What to do with tag tables.
#[derive(Debug, Subcommand)]
pub(crate) enum TagsCommand {
    /// Write tags to a CSV or Excel file
    Export(ExportArguments),
    /// Make, change or delete the tags of a CSV or Excel file, all of them or none
    Import(TableArguments),
}

/// Examples of `tags`.
pub(crate) const TAGS_EXAMPLES: &str = "\
Examples:
  headworks tags export tags.csv --url http://127.0.0.1:8080
  headworks tags export heating.xlsx --pattern 'demo/heating/**' --url http://127.0.0.1:8080
  headworks tags import tags.csv --dry-run --url http://127.0.0.1:8080
  headworks tags import tags.csv --mode replace --url http://127.0.0.1:8080";

/// Examples of `import`.
pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  headworks import modbus.yaml --dry-run --url http://127.0.0.1:8080
  headworks import telegraf.conf --path plant/hall1 --url http://127.0.0.1:8080
  headworks import tags.csv --format kepware_csv --endpoint 192.0.2.10:502

Read are projects of Kepware (CSV, JSON), Telegraf, ioBroker.modbus, ThingsBoard's gateway, FUXA,
Home Assistant and modpoll, and routing.json. What cannot be carried over is listed.";

/// The hub.
#[derive(Debug, Args)]
pub(crate) struct HubArguments {
    /// Address of the running hub
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) token: TokenArguments,
}

/// Arguments of `tags export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file to write; its extension, .csv or .xlsx, is the format
    file: PathBuf,
    /// Tags by path: * within a segment, ** for any depth
    #[arg(long, default_value = "**")]
    pattern: String,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `tags import`.
#[derive(Debug, Args)]
pub(crate) struct TableArguments {
    /// The file to read
    file: PathBuf,
    /// What becomes of the tags
    #[arg(long, value_enum, default_value_t = TableMode::Merge)]
    mode: TableMode,
    /// Make devices that do not exist, behind the connection of this name
    #[arg(long, value_name = "CONNECTION")]
    create_devices: Option<String>,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// What becomes of the tags.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TableMode {
    /// Make or change those of the file
    Merge,
    /// And delete those of its devices that are not in it
    Replace,
    /// Delete those of the file
    Delete,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file to read
    file: PathBuf,
    /// Format of the file [default: what it looks like]
    #[arg(long, default_value = "auto", hide_default_value = true)]
    format: String,
    /// What becomes of names that the plant has: suffix or report
    #[arg(long, default_value = "suffix")]
    on_clash: String,
    /// HOST:PORT or a serial port, for formats that say nothing of the connection
    #[arg(long)]
    endpoint: Option<String>,
    /// A device of the plant that gets the tags, for formats of one device
    #[arg(long)]
    device: Option<String>,
    /// Table of the registers, for formats that do not say it: coil, discrete, input, holding
    #[arg(long)]
    table: Option<String>,
    /// Folder below which the devices stand in the plant
    #[arg(long)]
    path: Option<String>,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Reads or writes a tag table.
pub(crate) fn tags(command: &TagsCommand) -> anyhow::Result<()> {
    match command {
        TagsCommand::Export(arguments) => export(arguments),
        TagsCommand::Import(arguments) => import_table(arguments),
    }
}

fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let extension = arguments
        .file
        .extension()
        .unwrap_or_default()
        .to_string_lossy();
    let format = match extension.to_lowercase().as_str() {
        "csv" => "csv",
        "xlsx" => "xlsx",
        _ => {
            let shown = arguments.file.display();
            return Err(wrong(format!(
                "{shown}: the extension must be .csv or .xlsx"
            )));
        }
    };
    let query = query(&[
        ("format", Some(format)),
        ("pattern", Some(&arguments.pattern)),
    ]);
    let hub = &arguments.hub;
    let place = format!("{}/tag-table?{query}", api(&hub.url)?);
    let answer = agent(hub.token.read()?.as_deref())?.get(place).call();
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    let bytes = save(answer.body_mut().as_reader(), &arguments.file)?;
    println!("{}: {bytes} bytes", arguments.file.display());
    Ok(())
}

fn import_table(arguments: &TableArguments) -> anyhow::Result<()> {
    let mode = match arguments.mode {
        TableMode::Merge => "merge",
        TableMode::Replace => "replace",
        TableMode::Delete => "delete",
    };
    let query = query(&[
        ("mode", Some(mode)),
        ("create_devices", arguments.create_devices.as_deref()),
        ("dry_run", Some(flag(arguments.dry_run))),
    ]);
    send(
        &arguments.hub,
        &format!("tag-table?{query}"),
        &arguments.file,
    )
}

/// Reads the project of another program.
pub(crate) fn import(arguments: &ImportArguments) -> anyhow::Result<()> {
    let query = query(&[
        ("format", Some(&arguments.format)),
        ("on_clash", Some(&arguments.on_clash)),
        ("endpoint", arguments.endpoint.as_deref()),
        ("device", arguments.device.as_deref()),
        ("table", arguments.table.as_deref()),
        ("path", arguments.path.as_deref()),
        ("dry_run", Some(flag(arguments.dry_run))),
    ]);
    send(
        &arguments.hub,
        &format!("plant-imports?{query}"),
        &arguments.file,
    )
}

/// Returns a yes or no of a query.
pub(crate) const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Returns what follows the question mark; pairs without a value are left out.
pub(crate) fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

/// Sends a file and prints what it asks for.
pub(crate) fn send(hub: &HubArguments, path: &str, file: &Path) -> anyhow::Result<()> {
    let opened = File::open(file);
    let opened = opened.with_context(|| format!("{} cannot be read", file.display()))?;
    let place = format!("{}/{path}", api(&hub.url)?);
    let answer = agent(hub.token.read()?.as_deref())?
        .post(place)
        .send(opened);
    let mut answer = answer.with_context(|| format!("no hub answers at {}", hub.url))?;
    if !answer.status().is_success() {
        return Err(refusal(&mut answer));
    }
    let answer: Json = answer.body_mut().read_json()?;
    print(&answer);
    match answer["error_count"].as_u64() {
        None | Some(0) => Ok(()),
        Some(count) => Err(wrong(format!("{count} mistakes; nothing was changed"))),
    }
}

/// Prints what a file asks for.
fn print(answer: &Json) {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for error in answer["errors"].as_array().into_iter().flatten() {
        let row = error["row"].as_u64().map(|row| format!("row {row}, "));
        println!(
            "error: {}{}: {:?}: {}",
            row.unwrap_or_default(),
            text(&error["column"]),
            text(&error["value"]),
            text(&error["reason"])
        );
    }
    for note in answer["not_carried_over"].as_array().into_iter().flatten() {
        let (key, place) = (text(&note["key"]), text(&note["place"]));
        println!(
            "not carried over: {key} ({place}): {}",
            text(&note["reason"])
        );
    }
    let counts = |name: &str| {
        let counts = answer[name].as_object().into_iter().flatten();
        let counts: Vec<String> = counts
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        if counts.is_empty() {
            "nothing".to_owned()
        } else {
            counts.join(", ")
        }
    };
    println!(
        "{}: {}created {}; updated {}; deleted {}; unchanged {}",
        text(&answer["format"]),
        if answer["applied"] == true {
            ""
        } else {
            "would be: "
        },
        counts("created"),
        counts("updated"),
        counts("deleted"),
        answer["unchanged"]
    );
}
