//! `kill -9` at any moment: what was acknowledged is there, once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{
    Column, EmbeddedHistorian, Historian, HistorianOptions, RangeQuery, TimeRange,
};

const DIRECTORY: &str = "HEADWORKS_CRASH_DIRECTORY";
const FIRST: &str = "HEADWORKS_CRASH_FIRST";
const TAGS: u32 = 40;
const RUNS: u64 = 16;

/// Small limits, so that a fraction of a second holds many seals and group commits.
fn open(directory: &Path) -> EmbeddedHistorian {
    let options = HistorianOptions {
        group_commit: Duration::from_millis(7),
        memory_bytes_max: 60_000,
        ..HistorianOptions::default()
    };
    EmbeddedHistorian::open(directory, options).unwrap()
}

/// Batches lie 100 s apart, so that they cross into another day now and then; every fifth tag
/// is late by three batches.
fn time_us(number: i64, tag: u32) -> i64 {
    let late = if tag.is_multiple_of(5) { 300 } else { 0 };
    (number * 100 - late) * 1_000_000 + i64::from(tag)
}

fn batch(number: i64) -> Vec<Update> {
    (0..TAGS)
        .map(|tag| Update {
            tag: TagIndex(tag),
            sample: Sample::good(time_us(number, tag), Value::I64(number)),
        })
        .collect()
}

#[test]
#[ignore = "run by the other test in a process of its own, which it kills"]
fn writer() {
    let directory = std::env::var(DIRECTORY).expect("set by the other test");
    let first = std::env::var(FIRST).expect("set by the other test");
    let historian = open(Path::new(&directory));
    for number in first.parse().unwrap().. {
        historian.append(&batch(number)).unwrap();
        eprintln!("ack {number}");
    }
}

fn spawn(directory: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(FIRST, first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets the writer run for a while, kills it, returns the last batch it acknowledged.
fn run_and_kill(directory: &Path, first: i64, life: Duration) -> Option<i64> {
    let mut child = spawn(directory, first);
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        let mut last = None;
        for line in lines.map_while(Result::ok) {
            match line.strip_prefix("ack ").map(str::parse::<i64>) {
                Some(Ok(number)) => last = Some(number),
                // The pipe can end in the middle of a line.
                Some(Err(_)) => {}
                None => panic!("the writer says: {line}"),
            }
        }
        last
    });
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Returns the numbers of the batches whose samples of a tag are there, in the order of time.
fn found(historian: &EmbeddedHistorian, tag: u32) -> Vec<i64> {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range: TimeRange {
            start_us: i64::MIN,
            end_us: i64::MAX,
        },
        limit: usize::MAX,
    };
    let mut numbers = Vec::new();
    let stats = historian
        .read(&query, &mut |chunk| {
            let Column::I64(values) = &chunk.values else {
                panic!("{:?}", chunk.values);
            };
            for (&number, &found_us) in values.iter().zip(&chunk.times_us) {
                assert_eq!(time_us(number, tag), found_us);
                numbers.push(number);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(stats.damaged, 0);
    numbers
}

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (mut next, mut kills_while_writing, mut stored) = (0, 0, 0);
    for run in 0..RUNS {
        let life = Duration::from_millis(15 + run * 37 % 60);
        let last = run_and_kill(directory.path(), next, life);
        let historian = open(directory.path());
        kills_while_writing += u64::from(last.is_some());
        let acknowledged = last.map_or(next, |last| last + 1);
        let all = found(&historian, 1);
        let end = all.len() as i64;
        assert!(
            (acknowledged..=acknowledged + 1).contains(&end),
            "run {run}: {end}"
        );
        for tag in 0..TAGS {
            assert!(
                found(&historian, tag).into_iter().eq(0..end),
                "run {run} tag {tag}"
            );
        }
        let stats = historian.stats();
        assert_eq!(stats.quarantined, 0, "run {run}");
        // Where the samples lie they lie once: nothing was sealed and replayed.
        stored = stats.segment_samples;
        assert!(stored <= end as u64 * u64::from(TAGS), "run {run}");
        next = end;
    }
    assert!(
        RUNS / 2 < kills_while_writing,
        "{kills_while_writing} of {RUNS}"
    );
    assert!(
        100 < next && 0 < stored,
        "{next} batches, {stored} samples in files"
    );
    eprintln!("{next} batches, {stored} samples in files, {kills_while_writing} kills in {RUNS}");
}
