//! Running other programs, shown before they start.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, bail};

/// Returns the directory of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let xtask = PathBuf::from(manifest);
    xtask.parent().map(Path::to_path_buf).unwrap_or(xtask)
}

/// Returns cargo's target directory.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns a command of the cargo that runs this program, in the workspace.
pub(crate) fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // Set for this program by cargo; builds of other crates must not see it.
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// Returns a command in the workspace.
pub(crate) fn command<I: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = I>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Returns whether a program can be started.
pub(crate) fn has(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

/// Runs a command to its end, its output going to the console.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn run(mut command: Command) -> anyhow::Result<()> {
    let shown = announce(&command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{shown:?} could not be started"))?;
    if !status.success() {
        bail!("{shown:?} ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns its standard output; errors go to the console.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn capture(mut command: Command) -> anyhow::Result<String> {
    let shown = describe(&command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{shown:?} could not be started"))?;
    if !output.status.success() {
        bail!("{shown:?} ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command, shows its output line by line and returns it with whether it succeeded.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn tee(mut command: Command) -> anyhow::Result<(bool, String)> {
    let shown = announce(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{shown:?} could not be started"))?;
    // Two readers at most, each line at once shown: the bound only keeps them from running ahead.
    let (lines, received) = mpsc::sync_channel(1024);
    let readers = [
        child.stdout.take().map(|pipe| forward(pipe, lines.clone())),
        child.stderr.take().map(|pipe| forward(pipe, lines)),
    ];
    let mut output = String::new();
    for line in received {
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    for reader in readers.into_iter().flatten() {
        reader
            .join()
            .map_err(|_| anyhow::anyhow!("reading the output of {shown:?} failed"))?;
    }
    Ok((child.wait()?.success(), output))
}

fn forward(
    pipe: impl Read + Send + 'static,
    lines: mpsc::SyncSender<String>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| 0 < count)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            if lines.send(line).is_err() {
                return;
            }
            bytes.clear();
        }
    })
}

fn announce(command: &Command) -> String {
    let shown = describe(command);
    println!("$ {shown}");
    // A broken console is no reason to stop the work.
    drop(std::io::stdout().flush());
    shown
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut shown = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}
