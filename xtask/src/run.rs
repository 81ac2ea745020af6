//! The first thing a new user does.

use crate::{build, shell};

/// Builds for release and starts the demonstration plant, or `headworks run` with `arguments`.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let binary = build::release()?;
    let data = shell::target().join("demo-data");
    let mut command = shell::command(binary, ["run", "--demo", "--data"]);
    command.arg(data).args(arguments);
    println!("starting; Ctrl-C stops it");
    shell::run(command)
}
