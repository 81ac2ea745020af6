//! Measures the embedded historian and prints a JSON line per figure.
//!
//! `cargo run --release -p headworks-store --example bench_historian [mixed|uniform|wide]`

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{
    BucketQuery, EmbeddedHistorian, Historian, HistorianOptions, RangeQuery, TimeRange,
};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const DAY_US: i64 = 24 * HOUR_US;
/// 2026-01-01 UTC.
const BASE_US: i64 = 20_454 * DAY_US;
const BATCH: usize = 10_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    match std::env::args().nth(1).as_deref() {
        Some("mixed") => mixed(),
        Some("uniform") => uniform(),
        Some("wide") => wide(),
        // Each in a process of its own, so that the peaks of memory do not mix.
        _ => ["mixed", "uniform", "wide"]
            .into_iter()
            .try_for_each(|work| {
                let status = Command::new(std::env::current_exe()?).arg(work).status()?;
                if status.success() {
                    Ok(())
                } else {
                    Err(format!("{work}: {status}").into())
                }
            }),
    }
}

/// 20 M samples of 1,000 tags over 30 days, 1 % late: 4 tags at 1 s, the others at 270 s.
fn mixed() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let mut plant = Plant::new(1_000, 4, 270);
    let load = load(directory.path(), "mixed", &mut plant, 30 * 86_400)?;
    figure("mixed ingest", load.rate(), "points/s", 5e6, Best::High);
    figure("mixed worst batch", load.worst_ms(), "ms", 50.0, Best::Low);
    figure(
        "mixed p99 batch",
        load.percentile_ms(99),
        "ms",
        5.0,
        Best::Low,
    );
    figure("mixed wal", load.wal_bytes, "bytes/point", 14.0, Best::Low);
    figure(
        "mixed segments",
        load.segment_bytes,
        "bytes/point",
        1.9,
        Best::Low,
    );
    figure("mixed peak memory", peak_mb()?, "MB", 160.0, Best::Low);
    let start = Instant::now();
    let historian = open(directory.path())?;
    figure("mixed reopen", ms(start), "ms", 500.0, Best::Low);
    queries(&historian)
}

fn queries(historian: &EmbeddedHistorian) -> Outcome<()> {
    let day = range(10 * DAY_US, DAY_US);
    let (_, cold) = read(historian, &[0], day)?;
    let (_, warm) = read(historian, &[0], day)?;
    figure("one day of a 1 s tag, first", cold, "ms", 20.0, Best::Low);
    figure("one day of a 1 s tag, again", warm, "ms", 3.0, Best::Low);
    let start = Instant::now();
    let query = BucketQuery {
        tags: vec![TagIndex(0)],
        range: range(0, 30 * DAY_US),
        bucket_us: HOUR_US,
    };
    let mut buckets = 0;
    historian.aggregate(&query, &mut |_| {
        buckets += 1;
        ControlFlow::Continue(())
    })?;
    assert_eq!(buckets, 720);
    figure(
        "one month in hours, from raw",
        ms(start),
        "ms",
        60.0,
        Best::Low,
    );
    let all: Vec<u32> = (0..1_000).collect();
    let start = Instant::now();
    let (points, _) = read(historian, &all, range(0, 31 * DAY_US))?;
    let rate = points as f64 / start.elapsed().as_secs_f64();
    figure("full scan", rate, "points/s", 50e6, Best::High);
    let tags: Vec<TagIndex> = all.into_iter().map(TagIndex).collect();
    let start = Instant::now();
    assert!(historian.latest(&tags)?.iter().all(Option::is_some));
    figure("newest of 1,000 tags", ms(start), "ms", 1.0, Best::Low);
    Ok(())
}

/// 1,000 tags at 1 s for two hours.
fn uniform() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let mut plant = Plant::new(1_000, 1_000, 1);
    plant.late = 0;
    let load = load(directory.path(), "uniform", &mut plant, 7_200)?;
    figure("uniform ingest", load.rate(), "points/s", 5e6, Best::High);
    figure(
        "uniform segments",
        load.segment_bytes,
        "bytes/point",
        1.6,
        Best::Low,
    );
    let historian = open(directory.path())?;
    let all: Vec<u32> = (0..1_000).collect();
    let (points, first) = read(&historian, &all, range(HOUR_US / 2, HOUR_US))?;
    assert!(3_500_000 < points);
    figure(
        "one hour of 1,000 tags at 1 s",
        first,
        "ms",
        110.0,
        Best::Low,
    );
    Ok(())
}

/// 100,000 tags at 1 s for three minutes, one batch of 1,000 per device.
fn wide() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    let mut plant = Plant::new(100_000, 100_000, 1);
    plant.late = 0;
    plant.batch = 1_000;
    // Ten times as fast as in life.
    plant.pace = Some(1e6);
    let before = memory_mb("VmRSS")?;
    let load = load(directory.path(), "wide", &mut plant, 180)?;
    let cpu_60_s = load.cpu_s / 180.0 * 60.0;
    figure(
        "wide store work per 60 s of data",
        cpu_60_s,
        "CPU s",
        3.0,
        Best::Low,
    );
    figure(
        "wide segments",
        load.segment_bytes,
        "bytes/point",
        8.0,
        Best::Low,
    );
    figure(
        "wide peak memory above the generator",
        peak_mb()? - before,
        "MB",
        100.0,
        Best::Low,
    );
    let start = Instant::now();
    let historian = open(directory.path())?;
    figure("wide reopen", ms(start), "ms", 500.0, Best::Low);
    let (points, first) = read(&historian, &[50_000], range(0, DAY_US))?;
    assert_eq!(points, 180);
    figure("one tag of 100,000", first, "ms", 20.0, Best::Low);
    Ok(())
}

struct Load {
    points: u64,
    batches: Vec<Duration>,
    /// CPU time of appending and sealing.
    cpu_s: f64,
    total: Duration,
    wal_bytes: f64,
    segment_bytes: f64,
}

impl Load {
    fn rate(&self) -> f64 {
        self.points as f64 / self.total.as_secs_f64()
    }

    fn worst_ms(&self) -> f64 {
        self.percentile_ms(100)
    }

    fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.batches.len() * percent / 100).min(self.batches.len() - 1);
        self.batches[at].as_secs_f64() * 1e3
    }
}

fn load(directory: &Path, name: &str, plant: &mut Plant, seconds: i64) -> Outcome<Load> {
    let historian = open(directory)?;
    let mut load = Load {
        points: 0,
        batches: Vec::new(),
        cpu_s: 0.0,
        total: Duration::ZERO,
        wal_bytes: 0.0,
        segment_bytes: 0.0,
    };
    let mut batch = Vec::new();
    let mut generating_s = 0.0;
    let cpu = cpu_s()?;
    let begin = Instant::now();
    let mut wal = (0, 0);
    while {
        let start = Instant::now();
        let more = plant.fill(&mut batch, seconds);
        generating_s += start.elapsed().as_secs_f64();
        more
    } {
        let start = Instant::now();
        historian.append(&batch)?;
        let elapsed = start.elapsed();
        load.total += elapsed;
        load.batches.push(elapsed);
        load.points += batch.len() as u64;
        let bytes = historian.stats().wal_bytes;
        if let Some(pace) = plant.pace {
            let due = Duration::from_secs_f64(load.points as f64 / pace);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        wal = if bytes < wal.0 {
            (bytes, wal.1 + bytes)
        } else {
            (bytes, wal.1 + bytes - wal.0)
        };
    }
    let start = Instant::now();
    historian.close()?;
    load.total += start.elapsed();
    load.cpu_s = cpu_s()? - cpu - generating_s;
    load.batches.sort_unstable();
    let stats = historian.stats();
    assert_eq!(stats.appended, load.points, "{name}");
    assert_eq!(stats.error, None, "{name}");
    load.wal_bytes = wal.1 as f64 / load.points as f64;
    load.segment_bytes = stats.segment_bytes as f64 / stats.segment_samples as f64;
    let segments = stats.segments as f64;
    report(name, &load, segments);
    Ok(load)
}

fn report(name: &str, load: &Load, segments: f64) {
    figure(
        &format!("{name} points"),
        load.points as f64,
        "points",
        1.0,
        Best::High,
    );
    figure(&format!("{name} files"), segments, "files", 1e4, Best::Low);
    let append: f64 = load.batches.iter().map(Duration::as_secs_f64).sum();
    let append_us = append / load.points as f64 * 1e6;
    figure(
        &format!("{name} append"),
        append_us,
        "us/point",
        0.15,
        Best::Low,
    );
}

fn open(directory: &Path) -> Outcome<EmbeddedHistorian> {
    Ok(EmbeddedHistorian::open(
        directory,
        HistorianOptions::default(),
    )?)
}

fn range(start_us: i64, length_us: i64) -> TimeRange {
    TimeRange {
        start_us: BASE_US + start_us,
        end_us: BASE_US + start_us + length_us,
    }
}

/// Returns the points read and the time it took in milliseconds.
fn read(historian: &EmbeddedHistorian, tags: &[u32], range: TimeRange) -> Outcome<(u64, f64)> {
    let query = RangeQuery {
        tags: tags.iter().copied().map(TagIndex).collect(),
        range,
        limit: usize::MAX,
    };
    let start = Instant::now();
    let mut points = 0;
    historian.read(&query, &mut |chunk| {
        points += chunk.times_us.len() as u64;
        ControlFlow::Continue(())
    })?;
    Ok((points, ms(start)))
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[derive(Clone, Copy)]
enum Best {
    High,
    Low,
}

fn figure(name: &str, value: f64, unit: &str, reach: f64, best: Best) {
    let met = match best {
        Best::High => reach <= value,
        Best::Low => value <= reach,
    };
    let value = (value * 1e4).round() / 1e4;
    let line = serde_json::json!({
        "name": name, "value": value, "unit": unit, "reach": reach, "met": met,
    });
    println!("{line}");
}

fn peak_mb() -> Outcome<f64> {
    memory_mb("VmHWM")
}

fn memory_mb(field: &str) -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .ok_or("no such field")?;
    let kb: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kb / 1024.0)
}

/// User and system time of all threads; the kernel counts in hundredths of a second.
fn cpu_s() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .ok_or("no fields")?
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

/// Values that move like those of a plant; the same on every run.
struct Plant {
    random: u64,
    tags: Vec<Signal>,
    fast: u32,
    slow: i64,
    /// Late samples of 65,536.
    late: u64,
    batch: usize,
    /// Points per second; as fast as possible when not set.
    pace: Option<f64>,
    waiting: std::collections::BinaryHeap<std::cmp::Reverse<Waiting>>,
    second: i64,
    next: u32,
}

struct Signal {
    number: f64,
    count: i64,
    bad: u32,
}

#[derive(PartialEq)]
struct Waiting(i64, u64, Update);

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

impl Plant {
    fn new(tags: u32, fast: u32, slow: i64) -> Plant {
        let signal = |tag: u32| Signal {
            number: f64::from(20 + tag % 60),
            count: i64::from(tag) * 7,
            bad: 0,
        };
        Plant {
            random: 42,
            tags: (0..tags).map(signal).collect(),
            fast,
            slow,
            late: 655,
            batch: BATCH,
            pace: None,
            waiting: std::collections::BinaryHeap::new(),
            second: 0,
            next: 0,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        ((self.random >> 32) * bound) >> 32
    }

    fn noise(&mut self) -> f64 {
        (0..4)
            .map(|_| self.below(1 << 30) as f64 / f64::from(1 << 30))
            .sum::<f64>()
            - 2.0
    }

    /// Returns whether there are more samples.
    fn fill(&mut self, batch: &mut Vec<Update>, seconds: i64) -> bool {
        batch.clear();
        while batch.len() < self.batch {
            if self.second == seconds {
                batch.extend(self.waiting.pop().map(|late| late.0.2));
                if self.waiting.is_empty() {
                    break;
                }
            } else {
                self.step(batch);
            }
        }
        !batch.is_empty()
    }

    /// Samples the next tag, if it is its turn.
    fn step(&mut self, batch: &mut Vec<Update>) {
        let tag = self.next;
        if tag < self.fast || i64::from(tag) % self.slow == self.second % self.slow {
            let update = self.sample(tag);
            if self.below(65_536) < self.late {
                let delay = 60 + self.below(6 * 3_600).cast_signed();
                let count = self.waiting.len() as u64;
                self.waiting.push(std::cmp::Reverse(Waiting(
                    self.second + delay,
                    count,
                    update,
                )));
            } else {
                batch.push(update);
            }
        }
        self.next += 1;
        if self.next as usize == self.tags.len() {
            self.next = 0;
            self.second += 1;
            while self
                .waiting
                .peek()
                .is_some_and(|late| late.0.0 <= self.second)
            {
                batch.extend(self.waiting.pop().map(|late| late.0.2));
            }
        }
    }

    fn sample(&mut self, tag: u32) -> Update {
        let jitter_ms = if tag < self.fast { 31 } else { 101 };
        let time_us =
            BASE_US + self.second * SECOND_US + self.below(jitter_ms).cast_signed() * 1_000;
        let value = self.value(tag);
        let unlucky = self.below(20_000) == 0;
        let signal = &mut self.tags[tag as usize];
        signal.bad = if unlucky {
            20
        } else {
            signal.bad.saturating_sub(1)
        };
        let sample = if 0 < signal.bad {
            Sample::bad(time_us, Quality::BAD_NO_COMMUNICATION)
        } else {
            Sample::good(time_us, value)
        };
        Update {
            tag: TagIndex(tag),
            sample,
        }
    }

    /// Of 20 tags: 4 sensors of one decimal, 4 analogue inputs, 3 set points, 3 counters, 3 states,
    /// 2 noisy floats of single and 1 of double precision.
    fn value(&mut self, tag: u32) -> Value {
        let noise = self.noise();
        let chance = self.below(1_000);
        let signal = &mut self.tags[tag as usize];
        let wave = (self.second as f64 / 86_400.0 * std::f64::consts::TAU).sin();
        match tag % 20 {
            0..=3 => {
                signal.number += noise * 0.09;
                Value::F64(((signal.number + 5.0 * wave) * 10.0).round() / 10.0)
            }
            4..=7 => {
                signal.number += noise * 0.035;
                let counts = ((signal.number + 3.0 * wave) / 100.0 * 27_648.0).round();
                Value::F64(counts * (100.0 / 27_648.0))
            }
            8..=10 => {
                if chance == 0 {
                    signal.number = (noise * 100.0).round() * 0.5;
                }
                Value::F64(signal.number)
            }
            11..=13 => {
                signal.count += (chance % 6).cast_signed();
                Value::I64(signal.count)
            }
            14..=16 => {
                signal.count ^= i64::from(chance < 2);
                Value::Bool(signal.count & 1 == 1)
            }
            17 | 18 => {
                signal.number += noise * 0.02;
                #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
                let single = (signal.number + noise * 0.5) as f32;
                Value::F64(single.into())
            }
            _ => {
                signal.number += noise * 0.02;
                Value::F64(signal.number + noise * 0.5)
            }
        }
    }
}
