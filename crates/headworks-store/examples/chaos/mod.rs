//! `kill -9` at any moment: a process that writes, one that kills it and looks at what is left.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{
    Column, EmbeddedHistorian, Historian, HistorianOptions, RangeQuery, Retention, TierAges,
    TimeRange,
};

const DIRECTORY: &str = "HEADWORKS_CRASH_DIRECTORY";
const FIRST: &str = "HEADWORKS_CRASH_FIRST";
const TAGS: u32 = 40;
/// Batches between two deletions, and batches that a deletion takes samples of.
const DELETE_EVERY: i64 = 60;
const DELETED: i64 = 10;

/// What all runs found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Batches that are there.
    pub(crate) batches: i64,
    /// Runs that were killed after they had acknowledged something.
    pub(crate) kills_while_writing: u64,
    /// Acknowledged samples that are gone, and deleted ones that are back.
    pub(crate) lost: u64,
    /// Samples that are there twice, or were never appended.
    pub(crate) twice: u64,
    /// Files and parts of files that were damaged.
    pub(crate) damaged: u64,
    /// Samples in files.
    pub(crate) stored: u64,
    /// Deletions that were acknowledged.
    pub(crate) deletions: u64,
    /// The slowest opening after a kill.
    pub(crate) slowest: Duration,
}

/// Small limits, so that a fraction of a second holds many seals and group commits.
fn open(directory: &Path) -> EmbeddedHistorian {
    let options = HistorianOptions {
        group_commit: Duration::from_millis(7),
        memory_bytes_max: 60_000,
        ..HistorianOptions::default()
    };
    EmbeddedHistorian::open(directory, options).unwrap()
}

/// Batches lie 200 s apart, so that they cross into another day now and then; every fifth tag
/// is late by three batches.
fn time_us(number: i64, tag: u32) -> i64 {
    let late = if tag.is_multiple_of(5) { 600 } else { 0 };
    (number * 200 - late) * 1_000_000 + i64::from(tag)
}

fn batch(number: i64) -> Vec<Update> {
    let update = |tag| Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us(number, tag), Value::I64(number)),
    };
    (0..TAGS).map(update).collect()
}

/// Returns the tag and the first batch that the deletion at a batch is about.
fn deletion(at: i64) -> (u32, i64) {
    let turn = at / DELETE_EVERY;
    ((turn % i64::from(TAGS)) as u32, at - DELETE_EVERY + 5)
}

/// Nothing is dropped because of its age.
fn keep_all() -> Retention {
    let default = TierAges {
        raw: None,
        minute: None,
        five_minutes: None,
        hour: None,
        day: None,
        week: None,
    };
    Retention {
        default,
        ..Retention::default()
    }
}

/// Appends, seals, joins and deletes until it is killed; tells what is acknowledged.
pub(crate) fn write() {
    let directory = std::env::var(DIRECTORY).expect("set by the one who kills");
    let first: i64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let historian = open(Path::new(&directory));
    for number in first.. {
        historian.append(&batch(number)).unwrap();
        eprintln!("ack {number}");
        if number % DELETE_EVERY == DELETE_EVERY - 1 {
            let (tag, start) = deletion(number);
            let range = TimeRange {
                start_us: time_us(start, tag),
                end_us: time_us(start + DELETED, tag),
            };
            eprintln!("delete {number}");
            historian.delete(&[TagIndex(tag)], range).unwrap();
            eprintln!("deleted {number}");
        }
        if number % 25 == 0 {
            historian.maintain(time_us(number, 1), &keep_all()).unwrap();
        }
    }
}

/// What the writers have said so far.
#[derive(Default)]
struct Said {
    /// Batches that are acknowledged.
    acknowledged: i64,
    /// Deletions by their batch, and whether they were acknowledged.
    deletions: BTreeMap<i64, bool>,
}

impl Said {
    /// Takes a line; returns whether it acknowledges a batch.
    fn line(&mut self, line: &str) -> bool {
        let Some((what, number)) = line.split_once(' ') else {
            return false;
        };
        // The pipe can end in the middle of a line.
        let Ok(number) = number.parse::<i64>() else {
            assert!(matches!(what, "ack" | "delete" | "deleted"), "{line}");
            return false;
        };
        match what {
            "ack" => self.acknowledged = number + 1,
            "delete" => drop(self.deletions.insert(number, false)),
            "deleted" => drop(self.deletions.insert(number, true)),
            _ => panic!("the writer says: {line}"),
        }
        what == "ack"
    }
}

fn spawn(arguments: &[&str], directory: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(DIRECTORY, directory)
        .env(FIRST, first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets the writer run for a while and kills it; returns the lines it wrote.
fn run_and_kill(mut child: Child, life: Duration) -> Vec<String> {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect());
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Starts and kills writers in the same directory; `arguments` make this program a writer.
pub(crate) fn run(arguments: &[&str], runs: u64) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let (mut said, mut report) = (Said::default(), Report::default());
    for run in 0..runs {
        let life = Duration::from_millis(15 + run * 37 % 60);
        let child = spawn(arguments, directory.path(), report.batches);
        let mut has_acknowledged = false;
        for line in run_and_kill(child, life) {
            has_acknowledged |= said.line(&line);
        }
        report.kills_while_writing += u64::from(has_acknowledged);
        let start = Instant::now();
        let historian = open(directory.path());
        report.slowest = report.slowest.max(start.elapsed());
        compare(&historian, &said, &mut report);
    }
    report.deletions = said.deletions.values().filter(|done| **done).count() as u64;
    report
}

/// Compares what is there with what was said.
fn compare(historian: &EmbeddedHistorian, said: &Said, report: &mut Report) {
    let all: Vec<Vec<i64>> = (0..TAGS).map(|tag| found(historian, tag, report)).collect();
    // A batch that was on its way is there or not, for all tags.
    let end = all[1].last().map_or(0, |last| last + 1);
    report.batches = end;
    report.lost += u64::try_from(said.acknowledged - end).unwrap_or(0);
    report.twice += u64::try_from(end - said.acknowledged - 1).unwrap_or(0);
    for (tag, numbers) in all.iter().enumerate() {
        compare_tag(tag as u32, numbers, end, said, report);
    }
    let stats = historian.stats();
    report.damaged += stats.quarantined;
    report.stored = stats.segment_samples;
    // Where the samples lie they lie once: nothing was sealed and replayed.
    let most = end as u64 * u64::from(TAGS);
    report.twice += (stats.segment_samples + stats.in_memory).saturating_sub(most);
}

fn compare_tag(tag: u32, numbers: &[i64], end: i64, said: &Said, report: &mut Report) {
    let mut numbers = numbers.iter().copied().peekable();
    for number in 0..end {
        let is_there = numbers.next_if_eq(&number).is_some();
        let deleted = said.deletions.iter().find(|(at, _)| {
            let (of, start) = deletion(**at);
            of == tag && (start..start + DELETED).contains(&number)
        });
        let is_right = match deleted {
            None => is_there,
            Some((_, true)) => !is_there,
            Some((_, false)) => true,
        };
        report.lost += u64::from(!is_right);
    }
    report.twice += numbers.count() as u64;
}

/// Returns the numbers of the batches whose samples of a tag are there, in the order of time.
fn found(historian: &EmbeddedHistorian, tag: u32, report: &mut Report) -> Vec<i64> {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range: TimeRange {
            start_us: i64::MIN,
            end_us: i64::MAX,
        },
        limit: usize::MAX,
    };
    let mut numbers = Vec::new();
    let stats = historian.read(&query, &mut |chunk| {
        let Column::I64(values) = &chunk.values else {
            panic!("{:?}", chunk.values);
        };
        for (&number, &found_us) in values.iter().zip(&chunk.times_us) {
            assert_eq!(time_us(number, tag), found_us);
            numbers.push(number);
        }
        ControlFlow::Continue(())
    });
    report.damaged += stats.unwrap().damaged;
    numbers
}
