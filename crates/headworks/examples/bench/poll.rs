//! CPU time, memory, jitter and missed scans while many tags are polled, stored and watched.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use crate::browser;
use crate::device::{Behaviour, Content, Devices};
use crate::figure::{Reach, report};
use crate::load::{self, Cost};
use crate::plant::{self, Layout};
use crate::scans::{self, Regularity};
use crate::support::rest::Hub;

/// Time between polls.
const PERIOD: Duration = Duration::from_secs(1);
/// Time that is measured, after the start-up has settled.
const TIME: Duration = Duration::from_secs(60);
const WARM_UP: Duration = Duration::from_secs(10);

/// One size of plant and what it may cost.
struct Size {
    name: &'static str,
    devices: usize,
    tags: u16,
    cpu_secs: f64,
    rss_mb: f64,
}

static SIZES: &[Size] = &[
    Size {
        name: "100 k tags/s",
        devices: 100,
        tags: 1000,
        cpu_secs: 6.0,
        rss_mb: 150.0,
    },
    Size {
        name: "10 k tags/s",
        devices: 10,
        tags: 1000,
        cpu_secs: 1.0,
        rss_mb: 60.0,
    },
];

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    for size in SIZES {
        measure_size(binary, size)?;
    }
    Ok(())
}

fn measure_size(binary: &Path, size: &Size) -> anyhow::Result<()> {
    let devices = Devices::start(
        &vec![vec![Behaviour::Answers]; size.devices],
        Content::Moving,
    )?;
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    let links = devices.links();
    let layout = Layout {
        links,
        tags: size.tags,
        period_ms: 1000,
        timeout_ms: 1000,
    };
    let configured = plant::configure(&hub, &layout)?;
    let browser = browser::open(&hub.wall_screen().map_err(|error| anyhow!(error))?)?;
    let watching = if browser.is_some() {
        "one browser"
    } else {
        "no browser: none installed"
    };
    println!(
        "{}: {} x {} tags, history on, {watching}",
        size.name, size.devices, size.tags
    );
    std::thread::sleep(WARM_UP);

    let before = stats(&hub)?;
    devices.forget();
    let cost = load::watch(hub.process.id(), TIME)?;
    let seen = devices.scans();
    let after = stats(&hub)?;
    report_cost(size, &cost);
    report_scans(size, &scans::judge(&seen, PERIOD, TIME));
    report_counts(size, &before, &after);
    let name = |what: &str| format!("{}: {what}", size.name);
    report(
        &name("configured over REST in"),
        configured.as_secs_f64(),
        "s",
        Reach::None,
    );
    let peak = load::memory_mb(hub.process.id(), "VmHWM:")?;
    report(&name("hub RSS, peak since start"), peak, "MB", Reach::None);
    drop(browser);
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}

fn report_cost(size: &Size, cost: &Cost) {
    let name = |what: &str| format!("{}: {what}", size.name);
    report(
        &name("hub CPU per 60 s"),
        cost.cpu_secs,
        "s",
        Reach::AtMost(size.cpu_secs),
    );
    report(
        &name("hub RSS, peak"),
        cost.rss_mb,
        "MB",
        Reach::AtMost(size.rss_mb),
    );
}

fn report_scans(size: &Size, scans: &Regularity) {
    let name = |what: &str| format!("{}: {what}", size.name);
    report(
        &name("scan jitter p99"),
        scans.jitter_p99_ms,
        "ms",
        Reach::AtMost(5.0),
    );
    report(
        &name("scan jitter max"),
        scans.jitter_max_ms,
        "ms",
        Reach::None,
    );
    report(
        &name("missed scans"),
        scans.missed as f64,
        "scans",
        Reach::AtMost(0.0),
    );
    report(
        &name("scans seen"),
        scans.scans as f64,
        "scans",
        Reach::None,
    );
}

fn report_counts(size: &Size, before: &Stats, after: &Stats) {
    let name = |what: &str| format!("{}: {what}", size.name);
    let missed = (after.missed - before.missed) as f64;
    report(
        &name("missed scans, as the hub says"),
        missed,
        "scans",
        Reach::AtMost(0.0),
    );
    let stored = (after.stored - before.stored) as f64 / TIME.as_secs_f64();
    report(&name("samples stored"), stored, "samples/s", Reach::None);
    let dropped = (after.dropped - before.dropped) as f64;
    report(
        &name("samples not stored"),
        dropped,
        "samples",
        Reach::AtMost(0.0),
    );
}

/// What the hub counts of itself.
struct Stats {
    stored: u64,
    dropped: u64,
    missed: u64,
}

fn stats(hub: &Hub) -> anyhow::Result<Stats> {
    let body = hub
        .get("system/stats")
        .map_err(|error| anyhow!(error))?
        .body;
    let count = |key: &str| {
        body["hub"][key]
            .as_u64()
            .ok_or_else(|| anyhow!("no {key} in {body}"))
    };
    Ok(Stats {
        stored: count("history_stored")?,
        dropped: count("history_dropped")?,
        missed: count("missed_scans")?,
    })
}
