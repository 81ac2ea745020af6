//! The Headworks binary.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks to the console"
)]

mod audit;
mod backup;
mod changes;
mod check;
mod cli;
mod config;
mod dashboards;
mod demo;
mod engineering;
mod historian;
mod history;
mod logging;
mod plant_code;
mod probe;
mod run;
mod settings;
mod signals;
mod simulate;
mod support_bundle;
mod templates;
mod user;

use std::process::ExitCode;

use clap::Parser;

use check::ProblemsFound;
use cli::{Arguments, Command};
use settings::SettingsError;

/// Exit code for a mistake of the person who started the program: arguments, settings, objects.
const EXIT_USAGE: u8 = 64;
/// Exit code of a plan that has something to do.
const EXIT_CHANGES: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Simulate(command) => simulate::run(&command),
        Command::Probe(command) => probe::run(&command),
        Command::Historian(command) => historian::run(&command),
        Command::Config(command) => config::run(&command),
        Command::History(command) => history::run(&command),
        Command::Backup(command) => backup::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::SupportBundle(arguments) => support_bundle::run(&arguments),
        Command::Tags(command) => engineering::tags(&command),
        Command::Import(arguments) => engineering::import(&arguments),
        Command::Dashboards(command) => dashboards::run(&command),
        Command::Templates(command) => templates::run(&command),
        Command::Export(arguments) => plant_code::export(&arguments),
        Command::Plan(arguments) => match plant_code::plan(&arguments) {
            Ok(true) => return ExitCode::from(EXIT_CHANGES),
            outcome => outcome.map(drop),
        },
        Command::Apply(arguments) => plant_code::apply(&arguments),
        Command::Changes(arguments) => changes::list(&arguments),
        Command::Undo(arguments) => changes::undo(&arguments),
        Command::User(command) => user::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headworks: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Prints help and version, or what is wrong with the arguments.
fn explain(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// 64 when the settings or arguments are wrong, 1 for everything else.
fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<SettingsError>() || error.is::<ProblemsFound>() {
        EXIT_USAGE
    } else {
        1
    }
}
