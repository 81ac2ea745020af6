//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::audit::{self, AuditCommand};
use crate::backup::{self, BackupCommand};
use crate::changes::{self, ChangesArguments, UndoArguments};
use crate::dashboards::{self, DashboardsCommand};
use crate::engineering::{self, ImportArguments, TagsCommand};
use crate::historian::{self, HistorianCommand};
use crate::history::{self, HistoryCommand};
use crate::plant_code::{self, ApplyArguments, ExportArguments, PlanArguments};
use crate::probe::{self, ProbeCommand};
use crate::settings::ListenAddress;
use crate::simulate::{self, SimulateCommand};
use crate::support_bundle::{self, SupportArguments};
use crate::templates::{self, TemplatesCommand};
use crate::user::{self, UserCommand};

/// Industrial IoT hub: polls field devices, stores every sample, shows live values and history.
#[derive(Debug, Parser)]
#[command(name = "headworks", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  headworks run --demo                  a small plant that moves, on http://127.0.0.1:8080
  headworks run --config plant.toml     with your own settings
  headworks check --config plant.toml   are settings and stored objects valid?
  headworks probe modbus 192.0.2.10 HR0 --count 10
  headworks simulate modbus --devices 100 --registers 1000
  headworks COMMAND --help              more about a command

Exit codes: 0 done, 1 failed, 64 wrong arguments, settings or files; 2 a plan with changes.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Poll the devices, store the samples and serve the web UI until stopped
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Check settings and stored objects without starting anything
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// Play devices that are not there, with faults on command
    #[command(subcommand, after_help = simulate::EXAMPLES)]
    Simulate(SimulateCommand),
    /// Ask a device from the shell
    #[command(subcommand, after_help = probe::EXAMPLES)]
    Probe(ProbeCommand),
    /// Check the files of the historian, show what they hold, join them
    #[command(subcommand, after_help = historian::EXAMPLES)]
    Historian(HistorianCommand),
    /// Print the schema or a sample of the settings
    #[command(subcommand, after_help = CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    /// Write history to files, or store the samples of files
    #[command(subcommand, after_help = history::EXAMPLES)]
    History(HistoryCommand),
    /// Write tags to a table, or make, change and delete them by a table
    #[command(subcommand, after_help = engineering::TAGS_EXAMPLES)]
    Tags(TagsCommand),
    /// Make connections, devices and tags of the project of another program
    #[command(after_help = engineering::IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// Write dashboards to a file, or make and replace them by a file
    #[command(subcommand, after_help = dashboards::EXAMPLES)]
    Dashboards(DashboardsCommand),
    /// Load the shipped device templates, make devices of templates, show and undo drift
    #[command(subcommand, after_help = templates::EXAMPLES)]
    Templates(TemplatesCommand),
    /// Write everything that is configured to text files, to be kept under version control
    #[command(after_help = plant_code::EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// Show what text files would change of what is configured
    #[command(after_help = plant_code::PLAN_EXAMPLES)]
    Plan(PlanArguments),
    /// Make what is configured what text files say, whole or not at all
    #[command(after_help = plant_code::APPLY_EXAMPLES)]
    Apply(ApplyArguments),
    /// List the last changes of what is configured
    #[command(after_help = changes::CHANGES_EXAMPLES)]
    Changes(ChangesArguments),
    /// Take a change back
    #[command(after_help = changes::UNDO_EXAMPLES)]
    Undo(UndoArguments),
    /// Back up the data directory, also while Headworks runs, and restore it
    #[command(subcommand, after_help = backup::EXAMPLES)]
    Backup(BackupCommand),
    /// Prove the audit journal, or write it to files
    #[command(subcommand, after_help = audit::EXAMPLES)]
    Audit(AuditCommand),
    /// Put what somebody who helps needs to know into one file, without secrets
    #[command(after_help = support_bundle::EXAMPLES)]
    SupportBundle(SupportArguments),
    /// Make accounts, show them, disable them, reset passwords
    #[command(subcommand, after_help = user::EXAMPLES)]
    User(UserCommand),
}

const RUN_EXAMPLES: &str = "\
Examples:
  headworks run
  headworks run --demo --data /tmp/demo
  headworks run --config plant.toml --listen 127.0.0.1:9000
  HEADWORKS__LOG__LEVEL=debug headworks run

SIGINT or SIGTERM stops within 5 seconds; a second signal stops at once.";

const CHECK_EXAMPLES: &str = "\
Examples:
  headworks check
  headworks check --config plant.toml --data /var/lib/headworks";

const CONFIG_EXAMPLES: &str = "\
Examples:
  headworks config sample > headworks.toml
  headworks config sample modbus
  headworks config schema > headworks.schema.json";

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// Address and port of the web UI [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<ListenAddress>,
    /// Start a simulated plant and put its tags into an empty store
    #[arg(long)]
    pub(crate) demo: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
}

/// Where settings and data are.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// Settings file [default: headworks.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory [default: headworks-data]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) data: Option<PathBuf>,
}

/// What to print.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the JSON Schema of headworks.toml
    Schema,
    /// Print a commented headworks.toml, or the sample of a protocol
    Sample(SampleArguments),
}

/// Arguments of `config sample`.
#[derive(Debug, Args)]
pub(crate) struct SampleArguments {
    /// Protocol, e.g. modbus
    pub(crate) protocol: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Arguments::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let example = format!("  headworks {}", command.get_name());
            assert!(
                help.contains(&example),
                "{} has no example",
                command.get_name()
            );
        }
    }
}
