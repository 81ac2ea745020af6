//! Large plants: one tag changed among 10,000, and 100,000 tags made, started and listed.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use serde_json::{Value, json};

use crate::device::{Behaviour, Content, Devices};
use crate::figure::{Reach, percentile, report};
use crate::load;
use crate::plant::{self, Layout};
use crate::scans;
use crate::support::rest::Hub;
use crate::support::wait_for;

/// Time between polls.
const PERIOD: Duration = Duration::from_secs(1);
/// Tags of each device.
const TAGS: u16 = 1000;
/// Changes of one tag, and pages of the list, of which the slowest or the 95th of 100 counts.
const TIMES: usize = 50;
/// Starts with 100,000 tags; the slowest counts.
const STARTS: usize = 3;
/// Time in which memory is watched.
const WATCHED: Duration = Duration::from_secs(30);
/// Longest wait for something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    one_among_many(binary)?;
    many(binary)
}

/// Changes the scale of one tag of ten devices that are polled.
fn one_among_many(binary: &Path) -> anyhow::Result<()> {
    let devices = Devices::start(&vec![vec![Behaviour::Answers]; 10], Content::Moving)?;
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    plant::configure(&hub, &layout(&devices, PERIOD))?;
    let count = 10 * usize::from(TAGS);
    wait_for_values(&hub, count)?;
    let id = first_tag(&hub)?;

    let accepted = devices.accepted();
    devices.forget();
    let begun = Instant::now();
    let mut taken_ms = Vec::with_capacity(TIMES);
    for time in 0..TIMES {
        let scale = if time % 2 == 0 { 0.1 } else { 0.2 };
        let patch = json!({ "op": "patch", "id": id, "patch": { "scale": scale } });
        let edits = json!({ "edits": [patch] });
        let asked = Instant::now();
        hub.create("edits", &edits)
            .map_err(|error| anyhow!(error))?;
        taken_ms.push(asked.elapsed().as_secs_f64() * 1000.0);
        thread::sleep(Duration::from_millis(200));
    }
    let seen = devices.scans();
    let regularity = scans::judge(&seen, PERIOD, begun.elapsed());
    let name = format!("one tag changed among {count}, slowest of {TIMES}");
    report(&name, slowest(&taken_ms), "ms", Reach::Below(200.0));
    let opened = (devices.accepted() - accepted) as f64;
    let name = "connections opened anew by that";
    report(name, opened, "connections", Reach::AtMost(0.0));
    let missed = regularity.missed as f64;
    report(
        "scans missed meanwhile",
        missed,
        "scans",
        Reach::AtMost(0.0),
    );
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}

/// Makes a plant of 100 devices of one table.
fn many(binary: &Path) -> anyhow::Result<()> {
    let devices = Devices::start(&vec![vec![Behaviour::Answers]; 100], Content::Moving)?;
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, &data.path().join("data"), &[]);
    let hub = hub.map_err(|error| anyhow!(error))?;
    // The devices without a tag; the tags come from the table.
    let links = layout(&devices, Duration::from_secs(10));
    plant::configure(&hub, &Layout { tags: 0, ..links })?;
    let count = 100 * usize::from(TAGS);
    std::fs::write(data.path().join("tags.csv"), table())?;
    let begun = Instant::now();
    let status = Command::new(binary)
        .args(["tags", "import", "tags.csv", "--url", &hub.url])
        .current_dir(data.path())
        .env("HEADWORKS_TOKEN", &hub.token)
        .status()?;
    ensure!(status.success(), "the table was not taken");
    let made = begun.elapsed().as_secs_f64();
    let name = format!("{count} tags applied from one table");
    report(&name, made, "s", Reach::Below(20.0));
    wait_for_values(&hub, count)?;

    let cost = load::watch(hub.process.id(), WATCHED)?;
    let name = format!("{count} tags polled every 10 s, history on: hub RSS");
    report(&name, cost.rss_mb, "MB", Reach::Below(400.0));
    list(&hub, count)?;
    as_code(binary, &hub, data.path(), count)?;
    hub.stop().map_err(|error| anyhow!(error))?;

    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(start(binary, &data.path().join("data"))?);
    }
    let name = format!("start with {count} tags -> first sample stored, slowest of {STARTS}");
    report(&name, slowest(&starts), "s", Reach::Below(3.0));
    Ok(())
}

/// Writes the plant out as code, changes one tag in it, and makes a second plant of it.
fn as_code(binary: &Path, hub: &Hub, directory: &Path, count: usize) -> anyhow::Result<()> {
    let run = |hub: &Hub, arguments: &[&str], expected: i32| -> anyhow::Result<f64> {
        let begun = Instant::now();
        let output = Command::new(binary)
            .args(arguments)
            .args(["--url", &hub.url])
            .current_dir(directory)
            .env("HEADWORKS_TOKEN", &hub.token)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(expected),
            "{arguments:?}: {said}"
        );
        Ok(begun.elapsed().as_secs_f64())
    };
    let figure = |what: &str, secs: f64, reach: Reach| {
        report(
            &format!("plant of {count} tags as code: {what}"),
            secs,
            "s",
            reach,
        );
    };
    figure("exported", run(hub, &["export", "plant"], 0)?, Reach::None);
    let file = directory.join("plant/tags.csv");
    let tags = std::fs::read_to_string(&file)?;
    let changed = tags.replacen("holding:500,", "holding:501,", 1);
    ensure!(changed != tags, "the table has no such address");
    std::fs::write(&file, changed)?;
    figure(
        "one tag changed, planned",
        run(hub, &["plan", "plant"], 2)?,
        Reach::None,
    );
    let apply = ["apply", "plant", "--yes"];
    figure(
        "one tag changed, applied",
        run(hub, &apply, 0)?,
        Reach::None,
    );

    let second = Hub::start(binary, &directory.join("second"), &[]);
    let second = second.map_err(|error| anyhow!(error))?;
    figure(
        "applied to an empty hub",
        run(&second, &apply, 0)?,
        Reach::Below(20.0),
    );
    let memory = load::memory_mb(second.process.id(), "VmHWM:")?;
    let name = format!("plant of {count} tags as code: hub RSS, peak of applying");
    report(&name, memory, "MB", Reach::Below(400.0));
    second.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}

fn layout(devices: &Devices, period: Duration) -> Layout {
    Layout {
        links: devices.links(),
        tags: TAGS,
        period_ms: u32::try_from(period.as_millis()).unwrap_or(u32::MAX),
        timeout_ms: 1000,
    }
}

/// Asks for pages at the beginning, in the middle and by a word.
fn list(hub: &Hub, count: usize) -> anyhow::Result<()> {
    let mut taken_ms = Vec::with_capacity(3 * TIMES);
    for time in 0..TIMES {
        let device = time % 100;
        for page in [
            "tags?limit=100".to_owned(),
            format!("tags?limit=100&pattern=bench/link{device:03}/**"),
            format!("tags?limit=100&search=t0{device:03}"),
        ] {
            let asked = Instant::now();
            let answer = hub.get(&page).map_err(|error| anyhow!(error))?;
            taken_ms.push(asked.elapsed().as_secs_f64() * 1000.0);
            let items = answer.body["items"].as_array().map_or(0, Vec::len);
            ensure!(items == 100, "{page}: {items} tags, {}", answer.status);
        }
    }
    taken_ms.sort_by(f64::total_cmp);
    let name = format!("page of 100 among {count} tags, p95 of {}", taken_ms.len());
    report(
        &name,
        percentile(&taken_ms, 0.95),
        "ms",
        Reach::Below(100.0),
    );
    Ok(())
}

/// Returns the seconds from the start of the binary to the first stored sample.
fn start(binary: &Path, data: &Path) -> anyhow::Result<f64> {
    let hub = Hub::start(binary, data, &[]).map_err(|error| anyhow!(error))?;
    wait_for("the first stored sample", PATIENCE, || {
        let stats = hub.get("system/stats").ok()?.body;
        (0 < stats["hub"]["history_stored"].as_u64()?).then_some(())
    })
    .map_err(|error| anyhow!(error))?;
    let taken = hub.process.begun().elapsed().as_secs_f64();
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(taken)
}

fn wait_for_values(hub: &Hub, count: usize) -> anyhow::Result<()> {
    let what = format!("{count} samples");
    wait_for(&what, PATIENCE, || {
        let stats = hub.get("system/stats").ok()?.body;
        let samples = stats["hub"]["samples"].as_u64()?;
        (count as u64 <= samples).then_some(())
    })
    .map_err(|error| anyhow!(error))
}

fn first_tag(hub: &Hub) -> anyhow::Result<Value> {
    let tags = hub.get("tags?limit=1").map_err(|error| anyhow!(error))?;
    Ok(tags.body["items"][0]["id"].clone())
}

fn slowest(taken: &[f64]) -> f64 {
    taken.iter().copied().fold(0.0, f64::max)
}

/// Every device, by the names that [`plant::configure`] gives, with all its tags.
fn table() -> String {
    let rows = (0..100).flat_map(|link| {
        (0..TAGS).map(move |tag| format!("device {link:03} 001,t{tag:04},holding:{tag},uint16\n"))
    });
    let header = "device,name,address,data_type\n".to_owned();
    std::iter::once(header).chain(rows).collect()
}
