//! Measures the embedded historian and prints a JSON line per figure.
//!
//! `cargo run --release -p headworks-store --example bench_historian [mixed|uniform|wide]`, or
//! `grow [MILLIONS]`, which writes 1,000 million samples, or as many as named.

mod workload;

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use headworks_core::TagIndex;
use headworks_store::{
    BucketQuery, Buckets, EmbeddedHistorian, Historian, HistorianOptions, RangeQuery, ReadStats,
    Retention, Tier, TierAges, TimeRange,
};

use workload::{BASE_US, Best, DAY_US, Plant, SECOND_US, figure, ms};

const HOUR_US: i64 = 3_600 * SECOND_US;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    match std::env::args().nth(1).as_deref() {
        Some("mixed") => mixed(),
        Some("uniform") => uniform(),
        Some("wide") => wide(),
        Some("grow") => grow(
            std::env::args()
                .nth(2)
                .map_or(Ok(1_000), |text| text.parse())?,
        ),
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
    let (stats, raw) = month_in_hours(historian)?;
    assert_eq!(stats.rows, 0, "there are no roll-ups yet");
    figure("one month in hours, from raw", raw, "ms", 60.0, Best::Low);
    let all: Vec<u32> = (0..1_000).collect();
    let start = Instant::now();
    let (points, _) = read(historian, &all, range(0, 31 * DAY_US))?;
    let rate = points as f64 / start.elapsed().as_secs_f64();
    figure("full scan", rate, "points/s", 50e6, Best::High);
    let tags: Vec<TagIndex> = all.into_iter().map(TagIndex).collect();
    let start = Instant::now();
    assert!(historian.latest(&tags)?.iter().all(Option::is_some));
    figure("newest of 1,000 tags", ms(start), "ms", 1.0, Best::Low);
    rollups(historian)
}

/// Asks for a month of a 1 s tag in hours; returns what it cost and the milliseconds.
fn month_in_hours(historian: &EmbeddedHistorian) -> Outcome<(ReadStats, f64)> {
    let query = BucketQuery {
        tags: vec![TagIndex(0)],
        buckets: Buckets::Every {
            range: range(0, 30 * DAY_US),
            width_us: HOUR_US,
        },
        time_weighted: false,
    };
    let mut buckets = 0;
    let start = Instant::now();
    let stats = historian.aggregate(&query, &mut |_| {
        buckets += 1;
        ControlFlow::Continue(())
    })?;
    let elapsed_ms = ms(start);
    assert_eq!(buckets, 720);
    Ok((stats, elapsed_ms))
}

/// What roll-ups take to make, to keep and to read.
fn rollups(historian: &EmbeddedHistorian) -> Outcome<()> {
    let start = Instant::now();
    let days = keep_up(historian, 32)?;
    assert!(30 <= days, "{days} days were rolled up");
    let per_day = ms(start) / days as f64;
    let none = f64::INFINITY;
    figure(
        "rolling up and joining a day",
        per_day,
        "ms",
        none,
        Best::Low,
    );
    let tiers = historian.tiers();
    let rows = tiers.iter().filter(|report| report.tier != Tier::Raw);
    let (bytes, rows) = rows.fold((0, 0), |(bytes, rows), report| {
        (bytes + report.bytes, rows + report.rows)
    });
    let per_row = bytes as f64 / rows as f64;
    figure("roll-ups, all tiers", per_row, "bytes/row", 25.0, Best::Low);
    for report in &tiers {
        let per_row = report.bytes as f64 / report.rows as f64;
        let name = format!("files of tier {:?}", report.tier);
        figure(&name, per_row, "bytes/row", none, Best::Low);
    }
    let (stats, first) = month_in_hours(historian)?;
    assert!(720 <= stats.rows, "answered from {stats:?}");
    figure(
        "one month in hours, by roll-up",
        first,
        "ms",
        5.0,
        Best::Low,
    );
    let (_, again) = month_in_hours(historian)?;
    figure("one month in hours, again", again, "ms", 5.0, Best::Low);
    Ok(())
}

/// Does all upkeep that is due on a day after the start; returns how many days were rolled up.
fn keep_up(historian: &EmbeddedHistorian, day: i64) -> Outcome<u64> {
    let retention = Retention {
        default: TierAges {
            raw: None,
            minute: None,
            five_minutes: None,
            hour: None,
            day: None,
            week: None,
        },
        ..Retention::default()
    };
    let mut days = 0;
    loop {
        let done = historian.maintain(BASE_US + day * DAY_US, &retention)?;
        assert_eq!(done.held, None);
        days += done.rolled_up_days;
        if done.rolled_up_days + done.compacted_days == 0 {
            return Ok(days);
        }
    }
}

/// One hour of a tag and of 100 tags on 10 M and on `millions` of samples: what is stored besides
/// must not matter.
fn grow(millions: i64) -> Outcome<()> {
    let directories = [tempfile::tempdir()?, tempfile::tempdir()?];
    let mut stores = Vec::new();
    for (directory, seconds) in directories.iter().zip([10_000, millions * 1_000]) {
        let mut plant = Plant::new(1_000, 1_000, 1);
        plant.late = 0;
        let name = format!("{} M samples:", seconds / 1_000);
        load(directory.path(), &name, &mut plant, seconds)?;
        let historian = open(directory.path())?;
        let start = Instant::now();
        keep_up(&historian, 14)?;
        let elapsed_s = ms(start) / 1e3;
        figure(
            &format!("{name} upkeep"),
            elapsed_s,
            "s",
            f64::INFINITY,
            Best::Low,
        );
        stores.push(historian);
    }
    let many: Vec<u32> = (0..1_000).step_by(10).collect();
    for (name, tags) in [("a tag", &[0][..]), ("100 tags", &many)] {
        let [small, large] = alternate(&stores, tags)?;
        let name = format!("one hour of {name} on");
        figure(
            &format!("{name} 10 M"),
            small,
            "ms",
            f64::INFINITY,
            Best::Low,
        );
        figure(
            &format!("{name} {millions} M"),
            large,
            "ms",
            f64::INFINITY,
            Best::Low,
        );
        let ratio = large / small;
        figure(
            &format!("{name} {millions} M to 10 M"),
            ratio,
            "ratio",
            1.3,
            Best::Low,
        );
    }
    Ok(())
}

/// Returns the median of reading the same hour of two stores in turn: what else the machine does
/// hits both alike.
fn alternate(stores: &[EmbeddedHistorian], tags: &[u32]) -> Outcome<[f64; 2]> {
    const TURNS: usize = 51;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (store, times) in stores.iter().zip(&mut times) {
            let (points, elapsed_ms) = read(store, tags, range(HOUR_US, HOUR_US))?;
            assert!(3_500 * (tags.len() as u64) < points);
            times.push(elapsed_ms);
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times[TURNS / 2]
    }))
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
    let before = memory_mb("VmRSS")?;
    // Ten times as fast as in life.
    let pace = Some(1e6);
    let load = load_paced(directory.path(), "wide", &mut plant, 180, pace)?;
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
    load_paced(directory, name, plant, seconds, None)
}

/// Loads at `pace` samples per second, or as fast as possible.
fn load_paced(
    directory: &Path,
    name: &str,
    plant: &mut Plant,
    seconds: i64,
    pace: Option<f64>,
) -> Outcome<Load> {
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
        if let Some(pace) = pace {
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
