//! The web UI and the binary.

use std::path::PathBuf;

use crate::{setup, shell};

/// Builds the web UI, then the binary for release.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let binary = release()?;
    println!("built {}", binary.display());
    Ok(())
}

/// Builds everything for release; returns where the binary is.
pub(crate) fn release() -> anyhow::Result<PathBuf> {
    web()?;
    shell::run(shell::cargo([
        "build",
        "--release",
        "--package",
        "headworks",
        "--locked",
    ]))?;
    Ok(shell::target().join("release/headworks"))
}

/// Builds the web UI into `web/dist`, from where the server takes it into the binary.
pub(crate) fn web() -> anyhow::Result<()> {
    setup::node_modules()?;
    shell::run(npm(&["run", "build"]))
}

/// Returns an npm command in `web/`.
pub(crate) fn npm(arguments: &[&str]) -> std::process::Command {
    let mut command = shell::command("npm", arguments);
    command.current_dir(shell::root().join("web"));
    command
}
