//! The web UI and the binary.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::{setup, shell};

/// What the web UI is made of, below `web/`.
static WEB_SOURCES: &[&str] = &[
    "index.html",
    "package-lock.json",
    "public",
    "reference",
    "scripts",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

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
///
/// Pages that are newer than their sources stay, so that the server need not be built again.
fn web() -> anyhow::Result<()> {
    setup::node_modules()?;
    if web_is_current(&shell::root().join("web")).unwrap_or(false) {
        return Ok(());
    }
    shell::run(npm(&["run", "build"]))
}

fn web_is_current(web: &Path) -> io::Result<bool> {
    let built = fs::metadata(web.join("dist/index.html"))?.modified()?;
    for source in WEB_SOURCES {
        if built < newest(&web.join(source))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns when a file, or anything below a directory, was last changed.
fn newest(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let mut time = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            time = time.max(newest(&entry?.path())?);
        }
    }
    Ok(time)
}

/// Returns an npm command in `web/`.
pub(crate) fn npm(arguments: &[&str]) -> std::process::Command {
    let mut command = shell::command("npm", arguments);
    command.current_dir(shell::root().join("web"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_newer_than_the_pages_makes_them_old() {
        let web = std::env::temp_dir().join(format!("headworks-xtask-{}", std::process::id()));
        for source in WEB_SOURCES.iter().chain(&["dist"]) {
            fs::create_dir_all(web.join(source)).unwrap();
        }
        assert!(web_is_current(&web).is_err(), "nothing was built");
        let page = fs::File::create(web.join("dist/index.html")).unwrap();
        assert!(web_is_current(&web).unwrap());
        page.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(!web_is_current(&web).unwrap());
        fs::remove_dir_all(web).unwrap();
    }
}
