//! One browser that watches.

use std::path::Path;
use std::process::Command;

use anyhow::anyhow;

use crate::support::process::Process;

/// A running browser with a profile of its own.
#[derive(Debug)]
pub(crate) struct Browser {
    _process: Process,
    _profile: tempfile::TempDir,
}

/// Opens a page in headless Chromium; nothing where there is none.
pub(crate) fn open(url: &str) -> anyhow::Result<Option<Browser>> {
    let program = Path::new("/usr/bin/chromium");
    if !program.exists() {
        return Ok(None);
    }
    let profile = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Keeps it open after the page is loaded.
        "--remote-debugging-port=0",
    ]);
    command
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url);
    let process = Process::start(command).map_err(|error| anyhow!(error))?;
    Ok(Some(Browser {
        _process: process,
        _profile: profile,
    }))
}
