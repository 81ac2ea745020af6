//! Every check and test, one after the other, with a table at the end.

use std::process::Command;

use anyhow::bail;

use crate::summary::{Counts, Summary};
use crate::{build, codegen, setup, shell, tidy};

/// Most files of browser tests that are tried once more: with more something is broken.
const FILES_AGAIN_MAX: usize = 8;

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
    summary.step("browser tests", browser_tests);
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
            // What passes only now is listed as flaky.
            "--retries",
            "1",
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

/// Runs the tests in browsers; files in which something failed are tried once more, like the Rust
/// tests, and named.
fn browser_tests() -> anyhow::Result<Counts> {
    let first = counted(build::npm(&["run", "test:browser"]))?;
    let failed = std::fs::read_to_string(shell::root().join("web/node_modules/.failed-tests"));
    let failed = failed.unwrap_or_default();
    let files: Vec<&str> = failed.lines().collect();
    if first.failed == 0 || files.is_empty() || FILES_AGAIN_MAX < files.len() {
        return Ok(first);
    }
    for file in &files {
        println!("something failed in {file}, which is tried once more");
    }
    let order = ["run", "test:browser:files", "--"];
    let again = counted(build::npm(&[&order[..], &files[..]].concat()))?;
    Ok(first.after_again(again))
}

fn plain(command: Command) -> anyhow::Result<Counts> {
    shell::run(command).map(|()| Counts::ONE)
}

fn counted(command: Command) -> anyhow::Result<Counts> {
    let (ok, output) = shell::tee(command)?;
    Ok(Counts::read(&output, ok))
}
