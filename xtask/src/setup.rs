//! What the tests need beyond cargo: Debian packages, Python packages, npm packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::{build, shell};

/// A Debian package and the file by which we know that it is there.
struct Package {
    name: &'static str,
    evidence: &'static [&'static str],
    used_for: &'static str,
}

static PACKAGES: &[Package] = &[
    Package {
        name: "chromium",
        evidence: &["/usr/bin/chromium"],
        used_for: "browser tests",
    },
    Package {
        name: "curl",
        evidence: &["/usr/bin/curl"],
        used_for: "an independent client of HTTP/2",
    },
    Package {
        name: "jq",
        evidence: &["/usr/bin/jq"],
        used_for: "commands of the documentation",
    },
    Package {
        name: "socat",
        evidence: &["/usr/bin/socat"],
        used_for: "pairs of serial ports",
    },
    Package {
        name: "libmodbus-dev",
        evidence: &["/usr/include/modbus/modbus.h"],
        used_for: "a second independent Modbus peer",
    },
    Package {
        name: "postgresql-15",
        evidence: &["/usr/lib/postgresql/15/bin/postgres"],
        used_for: "tests of the PostgreSQL store",
    },
];

/// What the historian is compared with; only `cargo xtask bench --peers` installs them.
static PEERS: &[Package] = &[
    Package {
        name: "victoria-metrics",
        evidence: &["/usr/bin/victoria-metrics"],
        used_for: "comparing the historian",
    },
    Package {
        name: "influxdb",
        evidence: &["/usr/bin/influxd"],
        used_for: "comparing the historian",
    },
    Package {
        name: "postgresql",
        evidence: &["/usr/lib/postgresql"],
        used_for: "comparing the historian",
    },
];

/// Tries of a download before we give up.
const TRIES: u32 = 3;

/// Installs what is missing; doing it again does nothing.
pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    debian_packages(PACKAGES)?;
    python_packages()?;
    node_modules()
}

/// Installs the servers that the historian is compared with.
pub(crate) fn peers() -> anyhow::Result<()> {
    debian_packages(PEERS)
}

fn debian_packages(packages: &'static [Package]) -> anyhow::Result<()> {
    let missing: Vec<&Package> = packages
        .iter()
        .filter(|package| !package.evidence.iter().any(|file| Path::new(file).exists()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if !shell::has("apt-get") || !is_root()? {
        for package in missing {
            println!("missing: {} ({})", package.name, package.used_for);
        }
        println!(
            "install them with: sudo apt-get install {}",
            names.join(" ")
        );
        return Ok(());
    }
    retry(|| shell::run(apt(&["update", "--quiet"])))?;
    retry(|| {
        let mut command = apt(&["install", "--yes", "--quiet", "--no-install-recommends"]);
        command.args(&names);
        shell::run(command)
    })
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = shell::command("apt-get", arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> anyhow::Result<bool> {
    Ok(shell::capture(shell::command("id", ["-u"]))?.trim() == "0")
}

/// Makes `.venv` with the Python packages of `tests/requirements.txt`.
fn python_packages() -> anyhow::Result<()> {
    let root = shell::root();
    let requirements = root.join("tests/requirements.txt");
    let environment = root.join(".venv");
    let stamp = environment.join("requirements.txt");
    if same_text(&requirements, &stamp) {
        return Ok(());
    }
    if shell::run(shell::command(
        "python3",
        ["-m", "venv", "--clear", ".venv"],
    ))
    .is_err()
    {
        // Debian's python3 comes without the module that makes environments.
        retry(|| shell::run(apt(&["install", "--yes", "--quiet", "python3-venv"])))
            .context("python3 cannot make virtual environments; install python3-venv")?;
        shell::run(shell::command(
            "python3",
            ["-m", "venv", "--clear", ".venv"],
        ))?;
    }
    retry(|| {
        let mut pip = shell::command(environment.join("bin/python"), ["-m", "pip", "install"]);
        pip.args(["--quiet", "--disable-pip-version-check", "--requirement"]);
        pip.arg(&requirements);
        shell::run(pip)
    })?;
    fs::copy(&requirements, &stamp)?;
    Ok(())
}

/// Installs the npm packages of `web/package-lock.json`.
pub(crate) fn node_modules() -> anyhow::Result<()> {
    let web = shell::root().join("web");
    let lock = web.join("package-lock.json");
    let stamp = web.join("node_modules/.installed-lock.json");
    if same_text(&lock, &stamp) {
        return Ok(());
    }
    retry(|| shell::run(build::npm(&["ci", "--no-audit", "--no-fund"])))?;
    fs::copy(&lock, &stamp)?;
    Ok(())
}

fn same_text(one: &Path, other: &Path) -> bool {
    match (fs::read(one), fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn retry(mut step: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut attempt = 1;
    loop {
        match step() {
            Ok(()) => return Ok(()),
            Err(error) if attempt < TRIES => {
                println!("{error:#}; trying again ({attempt} of {TRIES})");
                std::thread::sleep(std::time::Duration::from_secs(5));
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}
