//! Measures the running binary: `cargo xtask bench
//! poll|isolation|live|logic|start|exchange|onboarding|api`.
//!
//! Every figure is one JSON object per line on standard output; prose goes there too. The hub is a
//! process of its own; devices and clients are in this one, so that CPU time and memory are the
//! hub's alone.
#![expect(clippy::print_stdout, reason = "a benchmark talks to the console")]

mod api;
mod browser;
mod device;
mod discovery;
mod exchange;
mod figure;
mod isolation;
mod large;
mod live;
mod load;
mod logic;
mod plant;
mod poll;
mod scans;
mod start;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod support;
mod tag_tables;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let binary = std::env::var_os("HEADWORKS_BINARY")
        .map(PathBuf::from)
        .context("HEADWORKS_BINARY names the binary to measure; `cargo xtask bench` sets it")?;
    match name.as_str() {
        "api" => api::measure(&binary),
        "poll" => poll::measure(&binary),
        "isolation" => isolation::measure(&binary),
        "live" => live::measure(&binary),
        "logic" => logic::measure(&binary),
        "start" => start::measure(&binary),
        "exchange" => exchange::measure(&binary),
        "onboarding" => {
            discovery::measure();
            tag_tables::measure(&binary)?;
            large::measure(&binary)
        }
        _ => bail!(
            "no benchmark {name:?}; there are poll, isolation, live, logic, start, exchange, \
             onboarding, api"
        ),
    }
}
