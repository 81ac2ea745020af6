//! Measures the PostgreSQL historian and the way to it, prints a JSON line per figure.
//!
//! `cargo run --release -p headworks-store --example bench_postgres`

#[path = "../tests/conformance/server.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
#[expect(clippy::unwrap_used, reason = "written for tests")]
mod server;
mod workload;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use headworks_core::TagIndex;
use headworks_store::{
    BucketQuery, Buckets, DatabaseUrl, EmbeddedHistorian, ForwardOptions, ForwardingHistorian,
    Historian, HistorianOptions, PostgresHistorian, RangeQuery, TimeRange,
};

use server::Server;
use workload::{BASE_US, Best, DAY_US, Plant, SECOND_US, figure, ms};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const DAYS: i64 = 30;
const MONTH: TimeRange = TimeRange {
    start_us: BASE_US,
    end_us: BASE_US + DAYS * DAY_US,
};

fn main() -> Outcome<()> {
    let mut server = Server::start();
    let url = server.database("plant");
    ingest(&url)?;
    queries(&url)?;
    let url = server.database("backlog");
    backlog(
        &mut server,
        &url,
        5_000,
        1,
        "5,000 messages of one sample",
        2.5,
    )?;
    let url = server.database("large");
    backlog(
        &mut server,
        &url,
        100,
        10_000,
        "1 M samples in batches of 10,000",
        6.7,
    )
}

/// 3.5 M samples of 1,000 tags over 30 days, 1 % late: one tag at 1 s, the others at 2,700 s.
fn ingest(url: &DatabaseUrl) -> Outcome<()> {
    let store = PostgresHistorian::open(url, 2)?;
    let mut plant = Plant::new(1_000, 1, 2_700);
    let (mut batch, mut points, mut spent) = (Vec::new(), 0, Duration::ZERO);
    while plant.fill(&mut batch, DAYS * 86_400) {
        let start = Instant::now();
        store.append(&batch)?;
        spent += start.elapsed();
        points += batch.len();
    }
    let rate = points as f64 / spent.as_secs_f64();
    figure(
        "copy in batches of 10,000",
        rate,
        "points/s",
        150e3,
        Best::High,
    );
    Ok(())
}

fn queries(url: &DatabaseUrl) -> Outcome<()> {
    let store = PostgresHistorian::open(url, 2)?;
    let query = RangeQuery {
        tags: vec![TagIndex(0)],
        range: MONTH,
        limit: usize::MAX,
    };
    let start = Instant::now();
    let stats = store.read(&query, &mut |_| ControlFlow::Continue(()))?;
    let rate = stats.samples as f64 / start.elapsed().as_secs_f64();
    figure(
        "read a month of a 1 s tag",
        rate,
        "points/s",
        0.0,
        Best::High,
    );
    let query = BucketQuery {
        tags: vec![TagIndex(0)],
        buckets: Buckets::Every {
            range: MONTH,
            width_us: 3_600 * SECOND_US,
        },
        time_weighted: false,
    };
    let start = Instant::now();
    store.aggregate(&query, &mut |_| ControlFlow::Continue(()))?;
    figure(
        "a month of a 1 s tag in hours",
        ms(start),
        "ms",
        f64::INFINITY,
        Best::Low,
    );
    let tags: Vec<TagIndex> = (0..1_000).map(TagIndex).collect();
    let start = Instant::now();
    store.latest(&tags)?;
    figure(
        "newest of 1,000 tags",
        ms(start),
        "ms",
        f64::INFINITY,
        Best::Low,
    );
    Ok(())
}

/// Lets batches wait while the server is away, then measures how long they take.
fn backlog(
    server: &mut Server,
    url: &DatabaseUrl,
    batches: usize,
    size: usize,
    name: &str,
    reach_s: f64,
) -> Outcome<()> {
    server.kill();
    let directory = tempfile::tempdir()?;
    let mut plant = Plant::new(100, 100, 1);
    plant.batch = size;
    let store = forwarding(directory.path(), url)?;
    let (mut batch, mut wanted) = (Vec::new(), 0);
    for _ in 0..batches {
        plant.fill(&mut batch, i64::MAX);
        wanted += batch.len() as u64;
        store.append(&batch)?;
    }
    store.sync()?;
    drop(store);
    server.run();
    let store = forwarding(directory.path(), url)?;
    let start = Instant::now();
    while forwarded(&store) < wanted {
        if Duration::from_secs(60) < start.elapsed() {
            return Err(format!("{name}: {:?}", store.stats().database).into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let name = format!("forwarding {name}");
    figure(
        &name,
        start.elapsed().as_secs_f64(),
        "s",
        reach_s,
        Best::Low,
    );
    Ok(())
}

fn forwarded(store: &ForwardingHistorian) -> u64 {
    store.stats().database.map_or(0, |stats| stats.forwarded)
}

fn forwarding(directory: &std::path::Path, url: &DatabaseUrl) -> Outcome<ForwardingHistorian> {
    let options = HistorianOptions {
        forward_bytes_max: 1 << 30,
        ..HistorianOptions::default()
    };
    let embedded = EmbeddedHistorian::open(directory, options)?;
    let options = ForwardOptions {
        url: url.clone(),
        connections: 2,
        retention_days: None,
    };
    Ok(ForwardingHistorian::start(embedded, directory, options)?)
}
