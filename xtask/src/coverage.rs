//! How many lines the tests of the workspace reach.

use anyhow::{Context, bail};

use crate::{setup, shell};

/// The version of cargo-tarpaulin that is installed when none is there.
const TARPAULIN: &str = "cargo-tarpaulin@0.37.5";
/// Least share of lines, in percent.
const REACH: f64 = 80.0;

/// Runs the tests under cargo-tarpaulin and prints the share of lines they reach.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    setup::run(&[])?;
    let tools = shell::target().join("tools");
    let program = tools.join("bin/cargo-tarpaulin");
    if !program.exists() {
        let mut install = shell::cargo(["install", "--locked", TARPAULIN, "--root"]);
        install.arg(&tools);
        shell::run(install)?;
    }
    let mut command = shell::command(&program, ["tarpaulin", "--workspace", "--engine", "llvm"]);
    command.args([
        "--follow-exec",
        "--skip-clean",
        "--timeout",
        "600",
        "--no-fail-fast",
    ]);
    command.args([
        "--exclude-files",
        "*/tests/*",
        "--exclude-files",
        "*/tests.rs",
    ]);
    command.args([
        "--exclude-files",
        "*/examples/*",
        "--out",
        "Json",
        "--out",
        "Html",
    ]);
    command
        .arg("--target-dir")
        .arg(shell::target().join("coverage"));
    command
        .arg("--output-dir")
        .arg(shell::target().join("coverage"));
    let (ok, output) = shell::tee(command)?;
    let share = read_share(&output).context("cargo-tarpaulin printed no figure")?;
    println!("coverage {share:.2} % of lines, reach {REACH} %");
    if !ok {
        bail!("tests failed while coverage was measured");
    }
    if share <= REACH {
        bail!("coverage {share:.2} % is not above {REACH} %");
    }
    Ok(())
}

/// Reads `81.52% coverage, 4321/5301 lines covered`.
fn read_share(output: &str) -> Option<f64> {
    let line = output
        .lines()
        .rev()
        .find(|line| line.contains("% coverage,"))?;
    let (share, _) = line.split_once('%')?;
    share.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_read_from_the_closing_line() {
        let output = "|| a.rs: 1/2\n|| \n81.52% coverage, 4321/5301 lines covered, +0% change\n";
        assert_eq!(read_share(output), Some(81.52));
        assert_eq!(read_share("nothing"), None);
    }
}
