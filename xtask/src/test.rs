//! Every check and test, one after the other, with a table at the end.

use std::process::Command;

use anyhow::bail;

use crate::summary::{Counts, Summary};
use crate::{build, codegen, setup, shell, tidy};

/// Installs what is missing and runs everything; the last line says how many passed.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let mut summary = Summary::default();
    let ready = summary.step("setup", || setup::run(&[]).map(|()| Counts::ONE));
    if ready {
        steps(&mut summary);
    }
    if !summary.print() {
        bail!("not everything passed");
    }
    Ok(())
}

fn steps(summary: &mut Summary) {
    summary.step("format", || {
        plain(shell::cargo(["fmt", "--all", "--check"]))
    });
    summary.step("tidy", tidy::check);
    // Before clippy, because the server takes the built pages into the binary.
    summary.step("web build", || plain(build::npm(&["run", "build"])));
    summary.step("web types", || counted(build::npm(&["run", "check"])));
    summary.step("web lint", || counted(build::npm(&["run", "lint"])));
    summary.step("web unit tests", || counted(build::npm(&["run", "test"])));
    summary.step("clippy", || plain(clippy()));
    summary.step("rust tests", || counted(rust_tests()));
    summary.step("generated files", codegen::check);
    summary.step("documentation tests", || counted(doc_tests()));
    summary.step("browser tests", || {
        counted(build::npm(&["run", "test:browser"]))
    });
}

fn clippy() -> Command {
    let mut command = shell::cargo(["clippy", "--workspace", "--all-targets", "--locked"]);
    command.args(["--", "--deny", "warnings"]);
    command
}

fn rust_tests() -> Command {
    if shell::has("cargo-nextest") {
        shell::cargo([
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ])
    } else {
        shell::cargo([
            "test",
            "--workspace",
            "--all-targets",
            "--locked",
            "--no-fail-fast",
        ])
    }
}

fn doc_tests() -> Command {
    shell::cargo(["test", "--workspace", "--doc", "--locked"])
}

fn plain(command: Command) -> anyhow::Result<Counts> {
    shell::run(command).map(|()| Counts::ONE)
}

fn counted(command: Command) -> anyhow::Result<Counts> {
    let (ok, output) = shell::tee(command)?;
    Ok(Counts::read(&output, ok))
}
