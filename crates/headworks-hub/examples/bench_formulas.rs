//! Measures formulas in a running hub: 10,000 of them, whose inputs change ten times a second.
//!
//! `cargo run --release -p headworks-hub --example bench_formulas`
#![expect(clippy::print_stdout, reason = "a program for people")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use headworks_core::model::{Connection, Device, ObjectId, Tag};
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

const FORMULAS: u32 = 10_000;
const BEAT: Duration = Duration::from_millis(100);
/// Beats of each of the two measurements: the clock of the process has ticks of ten milliseconds.
const BEATS: u32 = 200;

/// Counts the results that would have been stored.
static RESULTS: AtomicU64 = AtomicU64::new(0);

static DRUM: Protocol = Protocol {
    name: "drum",
    title: "Drum",
    summary: "gives all tags a new value ten times a second",
    sample: "",
    readme: "",
    address_help: "anything",
    connection_schema: schemars::Schema::default,
    device_schema: schemars::Schema::default,
    check: |_| Vec::new(),
    build: |link| -> Result<Box<dyn Driver>, ConfigError> { Ok(Box::new(Drum { link })) },
    test: |_, _| Box::pin(async { unreport() }),
};

static PROTOCOLS: &[&Protocol] = &[&DRUM];

#[derive(Debug)]
struct Drum {
    link: LinkConfig,
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

impl Driver for Drum {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let mut beats = tokio::time::interval(BEAT);
            for beat in 0_u32.. {
                tokio::select! {
                    () = cx.stop.cancelled() => break,
                    _ = beats.tick() => {}
                }
                let time_us = cx.clock.now_us();
                let update = |tag: TagIndex| Update {
                    tag,
                    sample: Sample::good(time_us, Value::F64(f64::from(beat % 1000))),
                };
                let tags = self.link.devices.iter().flat_map(|device| &device.tags);
                let batch = tags.map(|tag| update(tag.tag)).collect();
                cx.samples.send(batch).await.unwrap();
            }
            Ok(())
        })
    }
}

/// Counts everything and keeps nothing, so that the formulas alone are measured.
struct Nowhere;

impl Historian for Nowhere {
    fn append(&self, batch: &[Update]) -> Result<Ack, StoreError> {
        RESULTS.fetch_add(batch.len() as u64, Ordering::Relaxed);
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
    let directory = tempfile::tempdir().unwrap();
    let settings = HubSettings {
        protocols: PROTOCOLS,
        ..HubSettings::new(directory.path())
    };
    let hub = Hub::start_with(settings, Arc::new(Nowhere)).await.unwrap();
    let handle = hub.handle();
    handle.apply(sources(), "bench").await.unwrap();
    let (without, _) = measure().await;
    handle.apply(formulas(), "bench").await.unwrap();
    let (with, results) = measure().await;
    check_results(&handle, results, u64::from(2 * FORMULAS * BEATS));
    report(without, with);
    hub.stop(Duration::from_secs(5)).await.unwrap();
}

/// Fails when the formulas did not keep up, or give something else than they should.
fn check_results(hub: &HubHandle, results: u64, expected: u64) {
    assert!(
        expected * 9 / 10 < results,
        "{results} results, not {expected}"
    );
    let plant = hub.plant();
    let last = |path: &str| {
        let tag = plant.tag_by_path(path).unwrap();
        hub.last(tag.index()).unwrap()
    };
    let (x, y) = (last("plant/x0"), last("plant/sum0"));
    let number = |sample: &Sample| sample.value.as_ref().and_then(Value::as_f64).unwrap();
    // a beat may lie between the two
    assert!(
        (number(&x) * 2.0 + 1.0 - number(&y)).abs() <= 2.0,
        "{x:?} {y:?}"
    );
}

/// Returns the share of a core and the stored results of a while.
async fn measure() -> (f64, u64) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, results) = (processor_s(), RESULTS.load(Ordering::Relaxed));
    let started = Instant::now();
    tokio::time::sleep(BEATS * BEAT).await;
    let share = (processor_s() - before) / started.elapsed().as_secs_f64();
    (share, RESULTS.load(Ordering::Relaxed) - results)
}

fn report(without: f64, with: f64) {
    let percent = (with - without) * 100.0;
    let per_second = f64::from(FORMULAS) / BEAT.as_secs_f64();
    let (each_ns, base) = (percent / 100.0 / per_second * 1e9, without * 100.0);
    figure(
        "10,000 formulas at 10 Hz, with what becomes of the results",
        percent,
        "% of core",
        "<= 2",
        percent <= 2.0,
    );
    figure("  one of them", each_ns, "ns", "-", true);
    figure(
        "  the same hub without formulas",
        base,
        "% of core",
        "-",
        true,
    );
}

fn figure(name: &str, value: f64, unit: &str, reach: &str, met: bool) {
    let line = json!({ "name": name, "value": value, "unit": unit, "reach": reach, "met": met });
    println!("{line}");
}

fn sources() -> Vec<Edit> {
    let connection: Connection =
        serde_json::from_value(json!({ "name": "drum", "protocol": "drum" })).unwrap();
    let device: Device = serde_json::from_value(json!({
        "name": "drum", "connection": id(1, 0), "path": "plant", "period_ms": 100,
    }))
    .unwrap();
    let mut edits = vec![create(id(1, 0), connection), create(id(2, 0), device)];
    edits.extend((0..FORMULAS).map(|number| {
        let more = json!({ "name": format!("x{number}"), "address": "1" });
        create(id(3, number), tag(more))
    }));
    edits
}

fn formulas() -> Vec<Edit> {
    let formula = |number: u32| {
        let text = format!("x{number} * 2 + 1");
        let more = json!({ "name": format!("sum{number}"), "formula": text });
        create(id(4, number), tag(more))
    };
    (0..FORMULAS).map(formula).collect()
}

fn tag(more: serde_json::Value) -> Tag {
    let mut body = json!({ "device": id(2, 0), "data_type": "float64" });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    serde_json::from_value(body).unwrap()
}

fn create(id: ObjectId, body: impl Into<Body>) -> Edit {
    let body = body.into();
    Edit::Create { id: Some(id), body }
}

fn id(kind: u128, number: u32) -> ObjectId {
    ObjectId(Uuid::from_u128(kind << 64 | u128::from(number)))
}

/// Returns the processor time of this process.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1;
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .map(|field| field.parse::<f64>().unwrap())
        .sum::<f64>()
        / 100.0
}
