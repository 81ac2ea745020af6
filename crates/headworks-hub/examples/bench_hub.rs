//! Measures the hub without a network: ingest per core, start with 100,000 tags, one edit.
//!
//! `cargo run --release -p headworks-hub --example bench_hub`
#![expect(clippy::print_stdout, reason = "a program for people")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]
#![expect(
    clippy::cast_precision_loss,
    reason = "figures are read to three digits"
)]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headworks_core::model::{Connection, Device, ObjectId, Settings, Tag};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_hub::{Body, Edit, Hub, HubHandle, HubSettings};
use headworks_protocols::{
    BoxFuture, ConfigError, Driver, DriverContext, DriverError, LinkConfig, Protocol, TestReport,
};
use headworks_store::{
    Ack, Bucket, BucketQuery, Chunk, Historian, HistorianStats, RangeQuery, ReadStats, StoreError,
    TimeRange,
};
use serde_json::json;
use uuid::Uuid;

const DEVICES: u32 = 100;
const TAGS: u32 = 1000;
/// Batches that the flood sends for each device.
const ROUNDS: usize = 200;

static FLOOD: Protocol = Protocol {
    name: "flood",
    title: "Flood",
    summary: "sends as fast as it may",
    sample: "",
    readme: "",
    address_help: "anything",
    connection_schema: schemars::Schema::default,
    device_schema: schemars::Schema::default,
    check: |_| Vec::new(),
    build,
    test: |_, _| Box::pin(async { unreport() }),
};

static PROTOCOLS: &[&Protocol] = &[&FLOOD];

#[derive(Debug)]
struct Flood {
    link: LinkConfig,
}

fn build(link: LinkConfig) -> Result<Box<dyn Driver>, ConfigError> {
    Ok(Box::new(Flood { link }))
}

fn unreport() -> TestReport {
    TestReport {
        ok: false,
        connect_us: None,
        round_trip_us: None,
        message: String::new(),
        exchange: Vec::new(),
    }
}

impl Driver for Flood {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let rounds = self.link.settings["rounds"].as_u64().unwrap();
            for round in 0..rounds {
                for device in &self.link.devices {
                    let time_us = cx.clock.now_us();
                    let update = |tag: TagIndex| Update {
                        tag,
                        sample: Sample::good(time_us, Value::U64(round)),
                    };
                    let batch = device.tags.iter().map(|tag| update(tag.tag)).collect();
                    cx.samples.send(batch).await.unwrap();
                }
            }
            cx.stop.cancelled().await;
            Ok(())
        })
    }
}

/// Takes everything and keeps nothing, so that ingest alone is measured.
struct Nowhere;

impl Historian for Nowhere {
    fn append(&self, _: &[Update]) -> Result<Ack, StoreError> {
        Ok(Ack::Buffered)
    }
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        Ok(vec![None; tags.len()])
    }
    fn read(
        &self,
        _: &RangeQuery,
        _: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        Ok(ReadStats::default())
    }
    fn aggregate(
        &self,
        _: &BucketQuery,
        _: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        Ok(ReadStats::default())
    }
    fn before(&self, tags: &[TagIndex], _: i64) -> Result<Vec<Option<Sample>>, StoreError> {
        Ok(vec![None; tags.len()])
    }
    fn delete(&self, _: &[TagIndex], _: TimeRange) -> Result<u64, StoreError> {
        Ok(0)
    }
    fn note_dropped(&self, _: u64) {}
    fn stats(&self) -> HistorianStats {
        HistorianStats::default()
    }
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::main]
async fn main() {
    match std::env::args().nth(1) {
        None => {
            let directory = tempfile::tempdir().unwrap();
            create_plant(directory.path()).await;
            // in a process of its own, so that its memory is that of a hub that just starts
            let program = std::env::current_exe().unwrap();
            let status = Command::new(program)
                .arg(directory.path())
                .status()
                .unwrap();
            assert!(status.success());
        }
        Some(directory) => run_plant(Path::new(&directory)).await,
    }
}

fn settings(directory: &Path) -> HubSettings {
    HubSettings {
        protocols: PROTOCOLS,
        ..HubSettings::new(directory)
    }
}

async fn create_plant(directory: &Path) {
    let hub = Hub::start_with(settings(directory), Arc::new(Nowhere))
        .await
        .unwrap();
    let edits = plant();
    let started = Instant::now();
    hub.handle().apply(edits, "bench").await.unwrap();
    report("create 100,000 tags in one list", started.elapsed());
    hub.stop(Duration::from_secs(5)).await.unwrap();
}

async fn run_plant(directory: &Path) {
    let empty = usage();
    let started = Instant::now();
    let hub = Hub::start_with(settings(directory), Arc::new(Nowhere))
        .await
        .unwrap();
    report("start with 100,000 tags", started.elapsed());
    let plant_bytes = usage().1 - empty.1;
    println!(
        "{:<40} {:>10.1} MB",
        "memory of a hub that has started",
        plant_bytes / 1e6
    );
    measure_edits(&hub.handle()).await;
    measure_ingest(&hub.handle()).await;
    measure_stats(&hub.handle());
    hub.stop(Duration::from_secs(5)).await.unwrap();
}

fn plant() -> Vec<Edit> {
    let settings =
        |rounds: usize| -> Settings { json!({"rounds": rounds}).as_object().unwrap().clone() };
    let connection = |number: u32| Connection {
        name: format!("line {number}"),
        protocol: "flood".into(),
        enabled: false,
        settings: settings(ROUNDS),
        description: String::new(),
    };
    let mut edits = Vec::new();
    for number in 0..DEVICES {
        edits.push(create(id(1, number, 0), connection(number)));
        let device: Device = serde_json::from_value(json!({
            "name": format!("device {number}"),
            "connection": id(1, number, 0),
            "path": format!("plant/area{}/device{number}", number / 10),
        }))
        .unwrap();
        edits.push(create(id(2, number, 0), device));
        for register in 0..TAGS {
            edits.push(create(id(3, number, register), tag(number, register, "°C")));
        }
    }
    edits
}

fn tag(device: u32, register: u32, unit: &str) -> Tag {
    let body = json!({
        "device": id(2, device, 0),
        "name": format!("register{register}"),
        "address": format!("holding:{register}"),
        "scale": 0.1,
        "unit": unit,
        "min": -40.0,
        "max": 6000.0,
    });
    serde_json::from_value(body).unwrap()
}

fn create(id: ObjectId, body: impl Into<Body>) -> Edit {
    let body = body.into();
    Edit::Create { id: Some(id), body }
}

fn id(kind: u128, device: u32, register: u32) -> ObjectId {
    ObjectId(Uuid::from_u128(
        kind << 64 | u128::from(device) << 32 | u128::from(register),
    ))
}

async fn measure_edits(hub: &HubHandle) {
    let edit = |unit: &str| vec![Edit::update(id(3, 50, 500), tag(50, 500, unit))];
    let renamed = || {
        let mut body = tag(50, 501, "bar");
        body.name = "another-name".parse().unwrap();
        vec![Edit::update(id(3, 50, 501), body)]
    };
    for (what, edits) in [
        ("change one of 100,000 tags", edit("bar")),
        ("rename one", renamed()),
    ] {
        let started = Instant::now();
        hub.apply(edits, "bench").await.unwrap();
        report(what, started.elapsed());
    }
}

async fn measure_ingest(hub: &HubHandle) {
    let mut news = hub.subscribe();
    let reader = tokio::spawn(async move { while news.recv().await.is_ok() {} });
    let edits = (0..DEVICES)
        .map(|number| {
            let object = hub
                .plant()
                .connection(id(1, number, 0))
                .unwrap()
                .body
                .clone();
            let enabled = true;
            Edit::update(id(1, number, 0), Connection { enabled, ..object })
        })
        .collect();
    let total = ROUNDS as u64 * u64::from(DEVICES * TAGS);
    let (before, started) = (usage(), Instant::now());
    hub.apply(edits, "bench").await.unwrap();
    while hub.stats().history_stored < total {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cpu_secs = usage().0 - before.0;
    report("20 million samples through the hub", started.elapsed());
    let per_sample_ns = cpu_secs * 1e9 / total as f64;
    println!(
        "{:<40} {:>10.1} ns",
        "processor time of a sample, all in all", per_sample_ns
    );
    println!(
        "{:<40} {:>10.2} M",
        "samples per second and core",
        1e3 / per_sample_ns
    );
    println!("{:<40} {:>10.1} MB", "memory under load", usage().1 / 1e6);
    reader.abort();
}

fn measure_stats(hub: &HubHandle) {
    let started = Instant::now();
    let stats = hub.stats();
    report("figures of the hub", started.elapsed());
    assert_eq!(stats.history_dropped, 0);
}

fn report(what: &str, took: Duration) {
    println!("{what:<40} {:>10.1} ms", took.as_secs_f64() * 1e3);
}

/// Returns processor seconds and bytes of memory.
fn usage() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let pages: f64 = fields[21].parse().unwrap();
    (ticks / 100.0, pages * 4096.0)
}
