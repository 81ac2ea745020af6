//! The real binary as a child process: what it serves, how it stops, what it says when it cannot.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod alarms;
mod audit;
mod backup;
mod canaries;
mod command_line;
mod database;
mod demonstration;
mod discovery;
mod examples;
mod faults;
mod full_disk;
mod historian;
mod history;
mod logic;
mod notification;
mod onboarding;
mod pages;
mod panics;
mod plant_code;
mod probe;
mod routes;
mod schemathesis;
mod settings;
mod simulate;
mod sunspec;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the benchmarks use the rest of it")]
mod support;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use support::rest::Hub;

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_headworks");
/// Time for what takes a moment, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a hub without a plant.
fn start(data: &Path) -> Hub {
    Hub::start(Path::new(BINARY), data, &[]).unwrap()
}

/// Runs a command to its end in a directory without settings.
fn headworks(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(directory.path());
    command.output().unwrap()
}

/// Checks the exit code and returns what was written to standard error.
#[track_caller]
fn check_ended(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    stderr
}
