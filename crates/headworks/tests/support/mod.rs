//! Starts the real binary and talks to it as anybody else would.

pub(crate) mod process;
pub(crate) mod rest;

use std::time::{Duration, Instant};

/// Asks until something is there; an error names what did not come.
pub(crate) fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut ask: impl FnMut() -> Option<T>,
) -> Result<T, String> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = ask() {
            return Ok(found);
        }
        if deadline < Instant::now() {
            return Err(format!("{what} did not come within {patience:?}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
