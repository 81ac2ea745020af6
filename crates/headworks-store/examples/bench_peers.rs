//! Loads the same mixed workload into Headworks and into its peers, one after the other on this
//! machine, and prints how they compare.
//!
//! `cargo xtask bench peers`; needs `victoria-metrics`, `influxd` and PostgreSQL, which it starts
//! on loopback ports and in directories of its own.

mod peers;
mod workload;

use std::path::Path;
use std::time::{Duration, Instant};

use headworks_core::{TagIndex, Update};
use headworks_store::{
    BucketQuery, Buckets, EmbeddedHistorian, Historian, HistorianOptions, TimeRange,
};

use peers::{Influx, Peer, Postgres, Victoria};
use workload::{BASE_US, Best, DAY_US, Plant, SECOND_US, figure, ms};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Samples of the whole workload: 30 days.
const ALL: usize = 20_000_000;
/// What the slow ones take of it: a week, else they would need minutes.
const WEEK: usize = 5_000_000;
const DAYS: i64 = 30;

/// What one store did.
#[derive(Clone, Copy)]
struct Measured {
    rate: f64,
    bytes_per_sample: f64,
    /// One day of a 1 s tag.
    day_ms: f64,
    /// A week of a 1 s tag in hours: least, greatest, mean.
    hours_ms: f64,
}

fn main() -> Outcome<()> {
    let ours = measure("Headworks", &mut Ours::start()?, ALL)?;
    let victoria = measure("VictoriaMetrics", &mut Victoria::start()?, ALL)?;
    let influx = measure("InfluxDB", &mut Influx::start()?, WEEK)?;
    let postgres = measure("PostgreSQL COPY", &mut Postgres::start()?, WEEK)?;
    ratio(
        "ingest, times VictoriaMetrics",
        ours.rate / victoria.rate,
        5.0,
    );
    ratio("ingest, times InfluxDB", ours.rate / influx.rate, 10.0);
    ratio(
        "ingest, times PostgreSQL COPY",
        ours.rate / postgres.rate,
        10.0,
    );
    let size = |peer: Measured| peer.bytes_per_sample / ours.bytes_per_sample;
    // VictoriaMetrics keeps no quality: it stores less than the others.
    ratio("smaller than VictoriaMetrics, times", size(victoria), 0.0);
    ratio("smaller than InfluxDB, times", size(influx), 2.0);
    ratio("smaller than PostgreSQL, times", size(postgres), 20.0);
    for (name, peer) in [
        ("VictoriaMetrics", victoria),
        ("InfluxDB", influx),
        ("PostgreSQL", postgres),
    ] {
        let day = peer.day_ms / ours.day_ms;
        ratio(
            &format!("one day of a tag, times faster than {name}"),
            day,
            1.0,
        );
        let hours = peer.hours_ms / ours.hours_ms;
        ratio(
            &format!("a week in hours, times faster than {name}"),
            hours,
            1.0,
        );
    }
    Ok(())
}

fn ratio(name: &str, value: f64, reach: f64) {
    figure(name, value, "x", reach, Best::High);
}

/// 1,000 tags, 4 of them at 1 s and the others at 270 s, 1 % late: the samples come in order of
/// their arrival.
fn plant() -> Plant {
    Plant::new(1_000, 4, 270)
}

fn measure(name: &str, peer: &mut dyn Peer, samples: usize) -> Outcome<Measured> {
    let (taken, elapsed) = load(peer, samples)?;
    let rate = taken as f64 / elapsed.as_secs_f64();
    let day = TimeRange {
        start_us: BASE_US + DAY_US,
        end_us: BASE_US + 2 * DAY_US,
    };
    let week = TimeRange {
        start_us: BASE_US,
        end_us: BASE_US + 7 * DAY_US,
    };
    let expected = expected_of_day(day, samples);
    let day_ms = best_of_3(|| {
        let samples = peer.read(TagIndex(0), day)?;
        (samples == expected)
            .then_some(())
            .ok_or_else(|| format!("{name}: {samples} samples of the day, not {expected}").into())
    })?;
    let hours_ms = best_of_3(|| peer.hours(TagIndex(0), week).map(drop))?;
    let measured = Measured {
        rate,
        bytes_per_sample: peer.bytes()? as f64 / taken as f64,
        day_ms,
        hours_ms,
    };
    print(name, measured);
    Ok(measured)
}

fn print(name: &str, measured: Measured) {
    // Nothing to reach here: the ratios at the end have reaches.
    let any = f64::INFINITY;
    let show = |what: &str, value: f64, unit: &str, reach: f64, best: Best| {
        figure(&format!("{name}: {what}"), value, unit, reach, best);
    };
    show("ingest", measured.rate, "points/s", 0.0, Best::High);
    show(
        "size",
        measured.bytes_per_sample,
        "bytes/point",
        any,
        Best::Low,
    );
    show(
        "one day of a 1 s tag",
        measured.day_ms,
        "ms",
        any,
        Best::Low,
    );
    show(
        "a week of a 1 s tag in hours",
        measured.hours_ms,
        "ms",
        any,
        Best::Low,
    );
}

fn load(peer: &mut dyn Peer, samples: usize) -> Outcome<(usize, Duration)> {
    let mut plant = plant();
    let mut batch = Vec::new();
    let mut elapsed = Duration::ZERO;
    let mut taken = 0;
    while taken < samples && plant.fill(&mut batch, DAYS * 86_400) {
        let start = Instant::now();
        peer.append(&batch)?;
        elapsed += start.elapsed();
        taken += batch.len();
    }
    let start = Instant::now();
    peer.finish()?;
    Ok((taken, elapsed + start.elapsed()))
}

/// Counts what the workload holds of the tag 0 on a day, so that no peer is fast by losing.
/// Bad samples have no number and peers without quality do not take them.
fn expected_of_day(day: TimeRange, samples: usize) -> u64 {
    let mut plant = plant();
    let (mut batch, mut taken, mut count) = (Vec::new(), 0, 0);
    while taken < samples && plant.fill(&mut batch, DAYS * 86_400) {
        taken += batch.len();
        count += batch.iter().filter(|update| is_in(update, day)).count() as u64;
    }
    count
}

fn is_in(update: &Update, day: TimeRange) -> bool {
    update.tag == TagIndex(0)
        && update.sample.value.is_some()
        && (day.start_us..day.end_us).contains(&update.sample.time_us)
}

fn best_of_3(mut run: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        run()?;
        best = best.min(ms(start));
    }
    Ok(best)
}

/// The historian of this project, measured through its trait like in the hub.
struct Ours {
    directory: tempfile::TempDir,
    historian: EmbeddedHistorian,
}

impl Ours {
    fn start() -> Outcome<Ours> {
        let directory = tempfile::tempdir()?;
        let historian = open(directory.path())?;
        Ok(Ours {
            directory,
            historian,
        })
    }
}

fn open(directory: &Path) -> Outcome<EmbeddedHistorian> {
    let options = HistorianOptions::default();
    Ok(EmbeddedHistorian::open(directory, options)?)
}

impl Peer for Ours {
    fn append(&mut self, batch: &[Update]) -> Outcome<()> {
        self.historian.append(batch)?;
        Ok(())
    }

    fn finish(&mut self) -> Outcome<()> {
        self.historian.close()?;
        Ok(())
    }

    fn read(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = headworks_store::RangeQuery {
            tags: vec![tag],
            range,
            limit: usize::MAX,
        };
        let mut count = 0;
        self.historian.read(&query, &mut |chunk| {
            let bad = |code: &&u32| headworks_core::Quality::from_code(**code).is_bad();
            count += (chunk.times_us.len() - chunk.qualities.iter().filter(bad).count()) as u64;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    fn hours(&mut self, tag: TagIndex, range: TimeRange) -> Outcome<u64> {
        let query = BucketQuery {
            tags: vec![tag],
            buckets: Buckets::Every {
                range,
                width_us: 3_600 * SECOND_US,
            },
            time_weighted: false,
        };
        let mut count = 0;
        self.historian.aggregate(&query, &mut |_| {
            count += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    fn bytes(&mut self) -> Outcome<u64> {
        peers::bytes_below(self.directory.path())
    }
}
