//! The bus in simulated time: an hour takes a second, and every figure is exact.

mod guest;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use headworks_core::model::Settings;
use headworks_core::{DataType, TagIndex, Value};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::link::{DeviceConfig, LinkConfig, TagConfig};
use crate::modbus::check::check_link;
use crate::modbus::frame::{Direction, Step};
use crate::modbus::inbox::Inbox;
use crate::modbus::pdu::Answer;

const MS: u64 = 1_000;
const SECOND: u64 = 1_000_000;

/// How long the answer of a unit takes, nothing for none at all.
type Behaviour = fn(u8) -> Option<u64>;

/// A bus and its devices.
struct World {
    bus: Bus,
    inbox: Inbox,
    behaviour: Behaviour,
    /// A gateway that asks its units one after the other is busy until then.
    queue_us: Option<u64>,
    now_us: u64,
    coming: BTreeMap<(u64, u64), Vec<u8>>, // by time and order
    asked: Vec<(u64, u8)>,
    samples: u64,
    wakes: u64,
    waiting_max: usize,
}

fn object(number: u32) -> ObjectId {
    format!("01930000-0000-7000-8000-0000{number:08x}")
        .parse()
        .unwrap()
}

fn settings(value: serde_json::Value) -> Settings {
    serde_json::from_value(value).unwrap()
}

/// So many units of so many registers, polled every second.
fn config(connection: serde_json::Value, units: u8, tags: u32) -> LinkConfig {
    let unit = |unit: u8| DeviceConfig {
        device: object(unit.into()),
        name: format!("unit {unit}"),
        settings: settings(json!({"unit_id": unit})),
        tags: (0..tags)
            .map(|register| TagConfig {
                tag: TagIndex(u32::from(unit) * 1000 + register),
                path: format!("plant/unit{unit}/r{register}").parse().unwrap(),
                address: format!("HR{register}").into(),
                data_type: DataType::Uint16,
                order: None,
                length: None,
                period: Duration::from_secs(1),
                writable: false,
            })
            .collect(),
    };
    LinkConfig {
        connection: object(1000),
        name: "link".to_owned(),
        settings: settings(connection),
        devices: (1..=units).map(unit).collect(),
    }
}

impl World {
    fn new(config: &LinkConfig, behaviour: Behaviour) -> World {
        let link = check_link(config).unwrap();
        let now_us = 1_000 * SECOND;
        let now = now(now_us);
        let mut bus = Bus::new(link, Arc::default(), Arc::default(), now);
        bus.connected(now);
        World {
            bus,
            inbox: Inbox::new(),
            behaviour,
            queue_us: None,
            now_us,
            coming: BTreeMap::new(),
            asked: Vec::new(),
            samples: 0,
            wakes: 0,
            waiting_max: 0,
        }
    }

    fn run(&mut self, time_us: u64) {
        let end_us = self.now_us + time_us;
        while self.now_us < end_us {
            self.wakes += 1;
            let now = now(self.now_us);
            let mut out = Vec::new();
            self.bus.advance(now, &mut out);
            self.take_requests(out);
            self.take_samples(now);
            self.waiting_max = self.waiting_max.max(self.coming.len());
            let next = self.coming.keys().next().map(|(time_us, _)| *time_us);
            let wake = self.bus.wake_us(now);
            let wake = wake.into_iter().chain(next).min().unwrap_or(end_us);
            // A bus that wants to be woken in the past would never let time pass.
            self.now_us = wake.max(self.now_us + 1).min(end_us);
            while let Some(entry) = self.coming.first_entry() {
                if self.now_us < entry.key().0 {
                    break;
                }
                self.inbox.push(&entry.remove());
            }
            let now = super::tests::now(self.now_us);
            self.bus.receive(&mut self.inbox, now).unwrap();
        }
    }

    /// Counts samples and checks that each register has the value that it has in every device.
    fn take_samples(&mut self, now: Now) {
        for update in self.bus.ready_updates(now).unwrap_or_default() {
            self.samples += 1;
            let want = i64::from(update.tag.0 % 1000);
            if let Some(value) = update.sample.value {
                assert_eq!(value, Value::I64(want));
            }
        }
    }

    fn take_requests(&mut self, mut out: Vec<u8>) {
        while !out.is_empty() {
            let step = self.bus.framing.decode(&mut out, Direction::Request);
            let Ok(Step::Frame(frame)) = step else {
                panic!("{step:?} of {out:02X?}");
            };
            let request = Request::decode(&out[frame.pdu.clone()]).unwrap();
            self.asked.push((self.now_us, frame.unit));
            if let Some(delay_us) = (self.behaviour)(frame.unit) {
                let time_us = self.answer_us(delay_us);
                let answer = answer(&request);
                let mut bytes = Vec::new();
                self.bus.framing.encode(
                    frame.transaction.unwrap_or(0),
                    frame.unit,
                    |out| request.encode_answer(Answer::Data(&answer), out),
                    &mut bytes,
                );
                self.coming
                    .insert((time_us, self.asked.len() as u64), bytes);
            }
            out.drain(..frame.consumed);
        }
    }

    fn answer_us(&mut self, delay_us: u64) -> u64 {
        match &mut self.queue_us {
            None => self.now_us + delay_us,
            Some(busy_us) => {
                *busy_us = self.now_us.max(*busy_us) + delay_us;
                *busy_us
            }
        }
    }

    /// Returns how far the scans of some units were from their grid, ascending.
    fn jitter_us(&self, units: impl Iterator<Item = u8>) -> Vec<u64> {
        let mut jitter = Vec::new();
        for unit in units {
            let starts = self.starts(unit);
            let phase_us = starts.iter().map(|start| start % SECOND).min().unwrap();
            jitter.extend(starts.iter().map(|start| (start - phase_us) % SECOND));
        }
        jitter.sort_unstable();
        jitter
    }

    /// Returns when the scans of a unit began: its requests after a rest of 300 ms.
    fn starts(&self, unit: u8) -> Vec<u64> {
        let times = self
            .asked
            .iter()
            .filter(|(_, one)| *one == unit)
            .map(|(time, _)| *time);
        let mut starts: Vec<u64> = Vec::new();
        let mut last = 0;
        for time in times {
            if last + 300 * MS <= time {
                starts.push(time);
            }
            last = time;
        }
        starts
    }
}

fn now(us: u64) -> Now {
    let wall_us = i64::try_from(us).unwrap();
    Now { us, wall_us }
}

fn answer(request: &Request) -> Vec<u8> {
    match request {
        Request::Read { start, count, .. } => {
            (*start..start + count).flat_map(u16::to_be_bytes).collect()
        }
        other => panic!("{other:?} is no read"),
    }
}

fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// Plays the frames of a folder in `testcases`; returns the samples that come of them.
fn play(folder: &std::path::Path) -> String {
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let config = crate::conformance::link_of(&text("link.toml"));
    let now = now(1_000 * SECOND);
    let mut bus = Bus::new(
        check_link(&config).unwrap(),
        Arc::default(),
        Arc::default(),
        now,
    );
    bus.connected(now);
    let mut inbox = Inbox::new();
    for line in text("wire.hex").lines() {
        let (arrow, digits) = line.split_once(' ').unwrap();
        let bytes = digits
            .split(' ')
            .map(|pair| u8::from_str_radix(pair, 16).unwrap());
        let bytes: Vec<u8> = bytes.collect();
        if arrow == "->" {
            let mut out = Vec::new();
            bus.advance(now, &mut out);
            assert_eq!(out, bytes, "{}: {line}", folder.display());
        } else {
            inbox.push(&bytes);
            bus.receive(&mut inbox, now).unwrap();
        }
    }
    let path = |tag: TagIndex| {
        let mut tags = config.devices.iter().flat_map(|device| &device.tags);
        tags.find(|one| one.tag == tag).unwrap().path.clone()
    };
    let line = |update: &Update| {
        let sample = &update.sample;
        let value = sample
            .value
            .as_ref()
            .map_or_else(|| "-".to_owned(), Value::to_string);
        format!("{} {value} {}\n", path(update.tag), sample.quality)
    };
    bus.take_updates().iter().map(line).collect()
}

#[test]
fn every_test_case_brings_the_samples_expected() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/modbus/testcases");
    let folders = std::fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut count = 0;
    for folder in folders.filter(|path| path.is_dir()) {
        let found = play(&folder);
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        assert_eq!(
            found,
            std::fs::read_to_string(&expected).unwrap(),
            "{}",
            folder.display()
        );
        count += 1;
    }
    assert!(2 <= count, "{count} folders");
}

const TCP: &str = "192.0.2.1";

#[test]
fn mute_and_late_units_behind_a_gateway_do_not_delay_the_others() {
    let config = config(json!({"endpoint": TCP}), 100, 200);
    // Every fifth unit is mute, every fiftieth but one answers after its time-out.
    let mut world = World::new(&config, |unit| match unit {
        _ if unit % 5 == 0 => None,
        _ if unit % 50 == 1 => Some(1500 * MS),
        _ => Some(MS),
    });
    let healthy = || (1..=100).filter(|unit| unit % 5 != 0 && unit % 50 != 1);
    let missed = |world: &World| -> u64 {
        let state = |unit: u8| world.bus.stats.device(object(unit.into()));
        healthy().map(|unit| state(unit).missed_scans).sum()
    };
    world.run(5 * SECOND);
    world.asked.clear();
    let missed_before = missed(&world);
    world.run(60 * SECOND);
    let jitter = world.jitter_us(healthy());
    assert!(78 * 59 <= jitter.len(), "{} scans", jitter.len());
    let p99_us = percentile(&jitter, 99);
    assert!(p99_us <= 50 * MS, "{p99_us} us");
    assert_eq!(missed(&world), missed_before);
    for unit in [1, 51] {
        let state = world.bus.stats.device(object(unit));
        assert_eq!(state.answered, 0);
        assert_eq!(state.late, state.timeouts, "{state:?}");
    }
}

#[test]
fn units_that_fall_silent_cost_their_neighbours_little() {
    let config = config(json!({"endpoint": TCP}), 50, 100);
    let mut world = World::new(&config, |_| Some(MS));
    world.run(10 * SECOND);
    world.behaviour = |unit| (unit % 5 != 0).then_some(MS);
    world.asked.clear();
    world.run(30 * SECOND);
    let healthy = (1..=50).filter(|unit| unit % 5 != 0);
    let jitter = world.jitter_us(healthy);
    let (p99_us, max_us) = (percentile(&jitter, 99), jitter[jitter.len() - 1]);
    assert!(
        p99_us <= 50 * MS && max_us <= 100 * MS,
        "{p99_us} us, {max_us} us"
    );
    world.behaviour = |_| Some(MS);
    world.run(35 * SECOND);
    world.asked.clear();
    world.run(10 * SECOND);
    for unit in 1..=50 {
        assert!(9 <= world.starts(unit).len(), "unit {unit} is back");
    }
}

#[test]
fn a_gateway_that_is_slow_is_not_flooded() {
    let config = config(json!({"endpoint": TCP}), 10, 100);
    let mut world = World::new(&config, |_| Some(80 * MS));
    world.queue_us = Some(0);
    world.run(60 * SECOND);
    for unit in 1..=10 {
        let state = world.bus.stats.device(object(unit));
        assert_eq!((state.timeouts, state.missed_scans), (0, 0), "{state:?}");
    }
    world.waiting_max = 0;
    world.run(60 * SECOND);
    assert_eq!(
        world.waiting_max, 1,
        "one request at a time once the gateway is known"
    );
}

#[test]
fn a_dead_unit_on_a_serial_line_costs_its_time_out_and_backs_off() {
    let connection = json!({"transport": "rtu", "serial_port": "/dev/null", "baud_rate": 19200});
    let config = config(connection, 10, 20);
    let mut world = World::new(&config, |unit| (unit != 4).then_some(20 * MS));
    world.run(60 * SECOND);
    let probes = world.asked.iter().filter(|(_, unit)| *unit == 4).count();
    // The first scan and its retry, then after 1, 2, 4, 8, 16 and 30 s.
    assert!((6..=8).contains(&probes), "{probes}");
    let stolen_us = probes as u64 * SECOND;
    for unit in (1..=10).filter(|unit| *unit != 4) {
        let scans = world.starts(unit).len() as u64;
        assert!(
            (60 * SECOND - stolen_us) / SECOND - 2 <= scans,
            "unit {unit}: {scans}"
        );
    }
}

#[test]
fn late_answers_on_a_serial_line_never_become_values_of_others() {
    let connection = json!({"transport": "rtu", "serial_port": "/dev/null", "baud_rate": 19200});
    let mut config = config(connection, 1, 1);
    let first = config.devices[0].tags[0].clone();
    // Requests of one shape at several addresses and of several periods.
    config.devices[0].tags = (0..6)
        .map(|number| TagConfig {
            tag: TagIndex(1000 + number * 100),
            address: format!("HR{}", number * 100).into(),
            period: Duration::from_millis(u64::from(500 + number * 250)),
            ..first.clone()
        })
        .collect();
    for retries in [0, 1] {
        config.devices[0].settings = settings(json!({"retries": retries}));
        for latency_us in (1000 * MS..9000 * MS).step_by(37_000) {
            LATENCY_US.set(latency_us);
            let mut world = World::new(&config, |_| Some(LATENCY_US.get()));
            world.run(60 * SECOND);
        }
    }
    // And a unit that becomes quick again is believed again.
    let mut world = World::new(&config, |_| Some(LATENCY_US.get()));
    LATENCY_US.set(2500 * MS);
    world.run(20 * SECOND);
    LATENCY_US.set(20 * MS);
    world.run(60 * SECOND);
    world.samples = 0;
    world.run(10 * SECOND);
    assert!(40 <= world.samples, "{}", world.samples);
}

thread_local! {
    static LATENCY_US: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

#[test]
fn an_idle_link_sleeps() {
    let config = config(json!({"endpoint": TCP}), 1, 100);
    let mut world = World::new(&config, |_| Some(MS));
    world.run(60 * SECOND);
    let scans = world.asked.len() as u64;
    assert!((60..=62).contains(&scans), "{scans}");
    assert_eq!(world.samples, scans * 100);
    assert!(
        world.wakes <= scans * 3,
        "{} wakes for {scans} scans",
        world.wakes
    );
}

#[test]
fn a_link_that_was_down_counts_no_missed_scans() {
    let config = config(json!({"endpoint": TCP}), 3, 10);
    let mut world = World::new(&config, |_| Some(MS));
    world.run(5 * SECOND);
    world
        .bus
        .disconnected("closed by device", now(world.now_us));
    let bad = world.bus.take_updates();
    assert_eq!(bad.len(), 30);
    assert!(bad.iter().all(|update| update.sample.quality.is_bad()));
    world.coming.clear();
    world.run(60 * SECOND);
    assert_eq!(world.bus.take_updates(), []);
    world.bus.connected(now(world.now_us));
    world.run(5 * SECOND);
    for unit in 1..=3 {
        let state = world.bus.stats.device(object(unit));
        assert_eq!(state.missed_scans, 0);
        assert_eq!(state.state, crate::DeviceState::Online);
    }
}

#[test]
fn a_line_with_less_time_than_work_is_shared_fairly() {
    let connection = json!({"transport": "rtu", "serial_port": "/dev/null", "baud_rate": 9600});
    let config = config(connection, 20, 120);
    let mut world = World::new(&config, |_| Some(200 * MS));
    world.run(60 * SECOND);
    let counts: Vec<usize> = (1..=20)
        .map(|unit| world.asked.iter().filter(|(_, one)| *one == unit).count())
        .collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 1, "{counts:?}");
    assert!(0 < world.bus.stats.device(object(1)).missed_scans);
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_never_become_values(
        transport in prop::sample::select(&["tcp", "rtu_over_tcp", "ascii_over_tcp"][..]),
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20),
    ) {
        let connection = json!({"transport": transport, "endpoint": TCP});
        let mut world = World::new(&config(connection, 3, 5), |_| None);
        let mut parts = VecDeque::from(parts);
        while let Some(part) = parts.pop_front() {
            world.run(50 * MS);
            world.inbox.push(&part);
            if world.bus.receive(&mut world.inbox, now(world.now_us)).is_err() {
                break;
            }
        }
        let good = world.bus.take_updates().iter().filter(|one| one.sample.value.is_some()).count();
        prop_assert_eq!(good, 0);
    }
}
