//! `headworks dashboards`: dashboards of a running hub in one file, over its API.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use crate::engineering::{self, HubArguments, flag, query};
use crate::templates::{find, get};

/// What to do with dashboards.
#[derive(Debug, Subcommand)]
pub(crate) enum DashboardsCommand {
    /// Write dashboards to a file, tags by path
    Export(ExportArguments),
    /// Make or replace the dashboards of a file, all of them or none
    Import(ImportArguments),
}

/// Examples of `dashboards`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks dashboards export boards.json
  headworks dashboards export heating.json --name Heating
  headworks dashboards import boards.json --dry-run
  headworks dashboards import boards.json --from plant/hall1 --to plant/hall2
  headworks dashboards import boards.json --on-clash replace --missing leave-out";

/// Arguments of `dashboards export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file to write
    file: PathBuf,
    /// Only the dashboard of this name [default: all]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    hub: HubArguments,
}

/// Arguments of `dashboards import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The file to read
    file: PathBuf,
    /// What becomes of a dashboard whose name the plant has
    #[arg(long, value_enum, default_value_t = OnClash::Suffix)]
    on_clash: OnClash,
    /// What becomes of tags that the plant does not have
    #[arg(long, value_enum, default_value_t = Missing::Report)]
    missing: Missing,
    /// Folder of the tags in the file that stands for --to
    #[arg(long, value_name = "FOLDER", requires = "to")]
    from: Option<String>,
    /// Folder of the plant that takes the place of --from
    #[arg(long, value_name = "FOLDER", requires = "from")]
    to: Option<String>,
    /// Check everything and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// What becomes of a dashboard whose name the plant has.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnClash {
    /// The new one gets a number behind its name
    Suffix,
    /// It takes the place of the one that is there
    Replace,
    /// It is a mistake
    Report,
}

/// What becomes of tags that the plant does not have.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Missing {
    /// They are mistakes
    Report,
    /// They are left out and listed
    LeaveOut,
}

/// Does it.
pub(crate) fn run(command: &DashboardsCommand) -> anyhow::Result<()> {
    match command {
        DashboardsCommand::Export(arguments) => export(arguments),
        DashboardsCommand::Import(arguments) => import(arguments),
    }
}

fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let hub = &arguments.hub;
    let name = arguments.name.as_deref();
    let dashboard = name.map(|name| find(hub, "dashboards", name)).transpose()?;
    let id = dashboard.as_ref().and_then(|found| found["id"].as_str());
    let query = query(&[("dashboard", id)]);
    let file = get(hub, &format!("dashboard-file?{query}"))?;
    let shown = arguments.file.display();
    std::fs::write(&arguments.file, format!("{file:#}\n"))
        .with_context(|| format!("{shown} cannot be written"))?;
    let count = file["dashboards"].as_array().map_or(0, Vec::len);
    println!("{shown}: {count} dashboards");
    Ok(())
}

fn import(arguments: &ImportArguments) -> anyhow::Result<()> {
    let on_clash = match arguments.on_clash {
        OnClash::Suffix => "suffix",
        OnClash::Replace => "replace",
        OnClash::Report => "report",
    };
    let missing = match arguments.missing {
        Missing::Report => "report",
        Missing::LeaveOut => "leave_out",
    };
    let query = query(&[
        ("on_clash", Some(on_clash)),
        ("missing", Some(missing)),
        ("from", arguments.from.as_deref()),
        ("to", arguments.to.as_deref()),
        ("dry_run", Some(flag(arguments.dry_run))),
    ]);
    let path = format!("dashboard-file?{query}");
    engineering::send(&arguments.hub, &path, &arguments.file)
}
