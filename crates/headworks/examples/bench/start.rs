//! From the start of the binary to the first stored sample.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use crate::device::{Behaviour, Content, Devices};
use crate::figure::{Reach, report};
use crate::plant::{self, Layout};
use crate::support::rest::Hub;
use crate::support::wait_for;

/// Starts of each kind; the slowest counts.
const STARTS: usize = 10;

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let worst = worst_start(binary, data.path(), &["--demo"])?;
    let name = format!("start -> first stored sample, demo plant, slowest of {STARTS}");
    report(&name, worst, "ms", Reach::Below(1000.0));

    let devices = Devices::start(&vec![vec![Behaviour::Answers]; 10], Content::Moving)?;
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    let links = devices.links();
    let layout = Layout {
        links,
        tags: 1000,
        period_ms: 1000,
        timeout_ms: 1000,
    };
    plant::configure(&hub, &layout)?;
    hub.stop().map_err(|error| anyhow!(error))?;
    let worst = worst_start(binary, data.path(), &[])?;
    let name = format!("start -> first stored sample, 10 k tags, slowest of {STARTS}");
    report(&name, worst, "ms", Reach::Below(1000.0));
    Ok(())
}

/// Returns the milliseconds of the slowest start.
fn worst_start(binary: &Path, data: &Path, arguments: &[&str]) -> anyhow::Result<f64> {
    let mut worst = 0.0_f64;
    for _ in 0..STARTS {
        // In a new plant the mark that a tag waits for its first value is stored too.
        let is_new = !data.join("headworks.db").exists();
        let hub = Hub::start(binary, data, arguments).map_err(|error| anyhow!(error))?;
        wait_for("the first stored sample", Duration::from_secs(20), || {
            let stats = hub.get("system/stats").ok()?.body;
            let count = |key: &str| stats["hub"][key].as_u64();
            let marks = if is_new { count("tags")? } else { 0 };
            (marks < count("history_stored")? && 0 < count("samples")?).then_some(())
        })
        .map_err(|error| anyhow!(error))?;
        worst = worst.max(hub.process.begun().elapsed().as_secs_f64() * 1000.0);
        hub.stop().map_err(|error| anyhow!(error))?;
    }
    Ok(worst)
}
