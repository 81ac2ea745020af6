//! Kills the historian 500 times while it appends, seals, joins and deletes, and measures how long
//! it takes to open again with a full log.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]
#![expect(clippy::print_stdout, reason = "figures go to the console")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of a benchmark are small"
)]

mod chaos;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};

const RUNS: u64 = 500;
const LOG_BYTES: u64 = 64 << 20;
const TAGS: u32 = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("writer") => chaos::write(),
        Some("fill") => fill(Path::new(&arguments[1])),
        _ => measure(),
    }
}

fn measure() {
    let report = chaos::run(&["writer"], RUNS);
    println!("{report:?}");
    figure(
        "killed while writing",
        report.kills_while_writing as f64,
        "runs",
        ">= 250",
        |n| 250.0 <= n,
    );
    figure(
        "acknowledged samples lost, 500 kills",
        report.lost as f64,
        "samples",
        "0",
        |n| n == 0.0,
    );
    figure(
        "samples twice, 500 kills",
        report.twice as f64,
        "samples",
        "0",
        |n| n == 0.0,
    );
    figure(
        "damaged files, 500 kills",
        report.damaged as f64,
        "files",
        "0",
        |n| n == 0.0,
    );
    let seconds = (0..3).map(|_| reopen()).fold(0.0, f64::max);
    figure(
        "slowest reopen per 64 MB of log, of 3",
        seconds,
        "s",
        "< 0.5",
        |s| s < 0.5,
    );
}

fn figure(name: &str, value: f64, unit: &str, reach: &str, is_met: impl Fn(f64) -> bool) {
    let met = is_met(value);
    println!(
        "{}",
        serde_json::json!({
            "name": name, "value": value, "unit": unit, "reach": reach, "met": met
        })
    );
}

/// Nothing is sealed before the process is killed.
fn options() -> HistorianOptions {
    HistorianOptions {
        wal_bytes_max: u64::MAX,
        memory_bytes_max: 1 << 30,
        seal_age_max: Duration::from_secs(86_400),
        ..HistorianOptions::default()
    }
}

/// Fills a log, says so and waits to be killed.
fn fill(directory: &Path) {
    let historian = EmbeddedHistorian::open(directory, options()).unwrap();
    let mut second = 0;
    while historian.stats().wal_bytes < LOG_BYTES {
        let update = |tag| Update {
            tag: TagIndex(tag),
            sample: Sample::good(
                second * 1_000_000,
                Value::F64(f64::from(tag) + (second as f64 / 60.0).sin()),
            ),
        };
        let batch: Vec<_> = (0..TAGS).map(update).collect();
        historian.append(&batch).unwrap();
        second += 1;
    }
    println!("full {}", historian.stats().appended);
    loop {
        std::thread::park();
    }
}

/// Returns the seconds that opening takes after a kill, for 64 MB of log.
fn reopen() -> f64 {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("fill")
        .arg(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let bytes: u64 = std::fs::read_dir(directory.path().join("wal"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let start = Instant::now();
    let historian = EmbeddedHistorian::open(directory.path(), options()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let there = historian.stats();
    let samples = there.in_memory + there.segment_samples;
    println!(
        "{} of the log, {samples} samples, opened in {seconds:.3} s",
        line.trim()
    );
    seconds * LOG_BYTES as f64 / bytes as f64
}
