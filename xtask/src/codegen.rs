//! Generated files: made by the program itself, committed, and compared by `cargo xtask test`.

use std::process::Command;

use crate::summary::Counts;
use crate::{build, setup, shell};

/// Writes the generated files anew.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    // The tests that compare committed files write them when they are told to.
    let mut command = shell::cargo(["test", "--quiet", "--workspace", "--lib", "--bins"]);
    command.env("UPDATE_EXPECT", "1");
    shell::run(command)?;
    setup::node_modules()?;
    shell::run(build::npm(&["run", "codegen"]))
}

/// Compares the types of the web UI with `api/openapi.json`; the rest is compared by Rust tests.
pub(crate) fn check() -> anyhow::Result<Counts> {
    shell::run(types_check()).map(|()| Counts::ONE)
}

fn types_check() -> Command {
    build::npm(&["run", "codegen:check"])
}
