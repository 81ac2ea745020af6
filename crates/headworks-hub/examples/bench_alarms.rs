//! Figures of alarms that run in a hub: `cargo xtask bench alarms`. A plant of 100,000 tags with a
//! limit each is polled once a second; beside it alarms are raised one by one and 10,000 at once.
#![expect(clippy::print_stdout, reason = "a program for people")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use headworks_core::model::{Alarm, Connection, Device, ObjectId, Tag};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_hub::{Body, Edit, Hub, HubHandle, HubSettings};
use headworks_protocols::{
    BoxFuture, ConfigError, Driver, DriverContext, DriverError, LinkConfig, Protocol, TestReport,
};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

const DEVICES: u32 = 100;
const TAGS: u32 = 1000;
/// Alarms that are raised at once.
const FLOOD: u32 = 10_000;
/// Alarms that are raised one by one.
const SINGLE: usize = 500;
/// Time over which the processor is watched.
const WATCHED: Duration = Duration::from_secs(20);
/// The device that does as it is told.
const PROBE: u32 = DEVICES;

const SHARE_MAX_PERCENT: f64 = 5.0;
const DURABLE_P95_MAX_MS: f64 = 50.0;
const FLOOD_MAX_MS: f64 = 1000.0;

static BENCH: Protocol = Protocol {
    name: "bench",
    title: "Bench",
    summary: "sends once a second, or as it is told",
    sample: "",
    readme: "",
    address_help: "anything",
    connection_schema: schemars::Schema::default,
    device_schema: schemars::Schema::default,
    check: |_| Vec::new(),
    build,
    test: |_, _| Box::pin(async { unreport() }),
};

static PROTOCOLS: &[&Protocol] = &[&BENCH];

/// What the probe is to send.
static ORDERS: OnceLock<Mutex<Option<mpsc::Sender<Vec<Update>>>>> = OnceLock::new();

#[derive(Debug)]
struct Bench {
    link: LinkConfig,
}

fn build(link: LinkConfig) -> Result<Box<dyn Driver>, ConfigError> {
    Ok(Box::new(Bench { link }))
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

impl Driver for Bench {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            if self.link.settings.contains_key("probe") {
                self.obey(cx).await;
            } else {
                self.tick(cx).await;
            }
            Ok(())
        })
    }
}

impl Bench {
    async fn tick(&self, cx: &mut DriverContext) {
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut second = 0;
        loop {
            tokio::select! {
                () = cx.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            second += 1;
            for device in &self.link.devices {
                let time_us = cx.clock.now_us();
                let update = |tag: TagIndex| Update {
                    tag,
                    sample: Sample::good(time_us, Value::F64(f64::from(second % 50))),
                };
                let batch = device.tags.iter().map(|tag| update(tag.tag)).collect();
                cx.samples.send(batch).await.unwrap();
            }
        }
    }

    async fn obey(&self, cx: &mut DriverContext) {
        let (orders, mut given) = mpsc::channel(1);
        *ORDERS.get_or_init(Mutex::default).lock().unwrap() = Some(orders);
        loop {
            tokio::select! {
                () = cx.stop.cancelled() => return,
                Some(batch) = given.recv() => cx.samples.send(batch).await.unwrap(),
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let settings = HubSettings {
        protocols: PROTOCOLS,
        ..HubSettings::new(directory.path())
    };
    let hub = Hub::start(settings).await.unwrap();
    let handle = hub.handle();
    handle.apply(plant(), "bench").await.unwrap();
    let without = share().await;
    let started = Instant::now();
    handle.apply(alarms(), "bench").await.unwrap();
    println!(
        "110,000 alarms made in {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let with = share().await;
    println!("the hub without alarms: {without:.1} % of a core, with them: {with:.1} %");
    let share = with - without;
    let met = share < SHARE_MAX_PERCENT;
    let name = "100,000 alarm limits at 1 Hz in the hub";
    print_figure(name, share, "% of a core", "< 5 % of a core", met);
    let indices = probe_tags(&handle);
    one_by_one(&handle, indices[0]).await;
    all_at_once(&handle, &indices).await;
    hub.stop(Duration::from_secs(30)).await.unwrap();
}

/// Returns the share of a core that the process takes, in percent.
async fn share() -> f64 {
    sleep(Duration::from_secs(3)).await; // what the edits left to do is done
    let (before, started) = (cpu_s(), Instant::now());
    sleep(WATCHED).await;
    100.0 * (cpu_s() - before) / started.elapsed().as_secs_f64()
}

/// Raises and clears one alarm again and again; from the sample until the entry is durable.
async fn one_by_one(hub: &HubHandle, tag: TagIndex) {
    let mut took_ms = Vec::new();
    for turn in 0..SINGLE {
        let value = [100.0, 0.0][turn % 2];
        took_ms.push(raise(hub, &[tag], value).await);
        sleep(Duration::from_millis(7)).await;
    }
    took_ms.sort_by(f64::total_cmp);
    let part = |percent: usize| took_ms[took_ms.len() * percent / 100];
    println!(
        "raised to durable: 50 % {:.1} ms, 95 % {:.1} ms, longest {:.1} ms",
        part(50),
        part(95),
        took_ms[SINGLE - 1]
    );
    let met = part(95) < DURABLE_P95_MAX_MS;
    let name = "raised to durable, 95 %, beside 100,000 samples per second";
    print_figure(name, part(95), "ms", "< 50 ms", met);
}

/// Raises 10,000 alarms with one batch; until the last is durable.
async fn all_at_once(hub: &HubHandle, tags: &[TagIndex]) {
    let took_ms = raise(hub, tags, 100.0).await;
    let stats = hub.alarms().stats();
    let met = took_ms < FLOOD_MAX_MS && stats.lost == 0 && stats.fault.is_none();
    let name = "10,000 alarms at once, until the last is durable";
    print_figure(name, took_ms, "ms", "<= 1000 ms", met);
}

/// Brings a value of some tags, each of which is an entry; returns after how many milliseconds
/// all entries are durable.
async fn raise(hub: &HubHandle, tags: &[TagIndex], value: f64) -> f64 {
    let mut number = hub.alarms().last_number();
    let wanted = *number.borrow_and_update() + tags.len() as u64;
    let time_us = hub.clock().now_us();
    let update = |&tag: &TagIndex| Update {
        tag,
        sample: Sample::good(time_us, Value::F64(value)),
    };
    let batch = tags.iter().map(update).collect();
    let orders = ORDERS.get().unwrap().lock().unwrap().clone().unwrap();
    let started = Instant::now();
    orders.send(batch).await.unwrap();
    number.wait_for(|number| wanted <= *number).await.unwrap();
    started.elapsed().as_secs_f64() * 1e3
}

fn probe_tags(hub: &HubHandle) -> Vec<TagIndex> {
    let plant = hub.plant();
    let index = |register| plant.tag(id(3, PROBE, register)).unwrap().index();
    (0..FLOOD).map(index).collect()
}

fn plant() -> Vec<Edit> {
    let mut edits = Vec::new();
    for number in 0..=PROBE {
        let (settings, tags) = match number {
            PROBE => (json!({"probe": true}), FLOOD),
            _ => (json!({}), TAGS),
        };
        let connection: Connection = serde_json::from_value(json!({
            "name": format!("line {number}"),
            "protocol": "bench",
            "settings": settings,
        }))
        .unwrap();
        edits.push(create(id(1, number, 0), connection));
        let device: Device = serde_json::from_value(json!({
            "name": format!("device {number}"),
            "connection": id(1, number, 0),
            "path": format!("plant/area{}/device{number}", number / 10),
        }))
        .unwrap();
        edits.push(create(id(2, number, 0), device));
        edits.extend(
            (0..tags).map(|register| create(id(3, number, register), tag(number, register))),
        );
    }
    edits
}

fn tag(device: u32, register: u32) -> Tag {
    let body = json!({
        "device": id(2, device, 0),
        "name": format!("register{register}"),
        "address": format!("{register}"),
        "data_type": "float64",
    });
    serde_json::from_value(body).unwrap()
}

fn alarms() -> Vec<Edit> {
    let mut edits = Vec::new();
    for number in 0..=PROBE {
        let tags = if number == PROBE { FLOOD } else { TAGS };
        for register in 0..tags {
            let alarm: Alarm = serde_json::from_value(json!({
                "name": "Too high",
                "tag": id(3, number, register),
                "condition": {"kind": "high", "limit": 90.0},
                "deadband": 1.0,
                "message": "{tag}: {value} above {limit}",
            }))
            .unwrap();
            edits.push(create(id(4, number, register), alarm));
        }
    }
    edits
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

fn print_figure(name: &str, value: f64, unit: &str, reach: &str, met: bool) {
    let line = json!({"name": name, "value": value, "unit": unit, "reach": reach, "met": met});
    println!("{line}");
}

/// Returns the processor seconds of this process.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
