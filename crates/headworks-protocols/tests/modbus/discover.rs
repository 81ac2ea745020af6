//! Discovery against peers that this project did not write, and against one that misbehaves.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use headworks_protocols::modbus::discover::OpenLine;
use headworks_protocols::modbus::discover::registers::{End, Range, RangeScan};
use headworks_protocols::modbus::discover::run::{Pace, RunError, Runner, Unwatched, Watch, Wish};
use headworks_protocols::modbus::discover::units::{UnitScan, UnitsEnd};
use headworks_protocols::modbus::simulator::{Fault, Simulator, SimulatorConfig, demo_plant};
use headworks_protocols::modbus::table::Table;
use serde_json::json;

use crate::harness::{settings, tcp};
use crate::libmodbus;
use crate::peers::{free_port, pymodbus, serial_line};

const PACE: Pace = Pace {
    pause: Duration::ZERO,
    timeout: Duration::from_millis(300),
};

fn range(table: Table, last: u16) -> Range {
    Range {
        table,
        first: 0,
        last,
        most: table.read_max(),
        grain: 1,
    }
}

fn found(scan: &RangeScan) -> Vec<(u16, usize)> {
    let runs = scan.runs().iter();
    runs.map(|run| (run.start, run.words.len())).collect()
}

async fn open(connection: serde_json::Value) -> OpenLine {
    OpenLine::of(&settings(connection)).await.unwrap()
}

/// Scans a table to the end.
async fn scan(line: &mut OpenLine, unit_id: u8, range: Range) -> RangeScan {
    let mut scan = RangeScan::new(range);
    let mut runner = Runner::new(line, &Unwatched, PACE);
    let done = runner.registers(unit_id, &mut scan, &mut |_| {}).await;
    done.unwrap();
    scan
}

async fn scan_units(line: &mut OpenLine, last: u8) -> UnitScan {
    let mut scan = UnitScan::new(1..=last, 0);
    let mut runner = Runner::new(line, &Unwatched, PACE);
    runner.units(&mut scan, &mut |_| {}).await.unwrap();
    scan
}

/// The units that are there: pymodbus refuses for the others with exception 04.
fn ids(scan: &UnitScan) -> Vec<u8> {
    let units = scan.found().iter();
    let there = units.filter(|unit| unit.guess.code != "doubtful");
    there.map(|unit| unit.unit_id).collect()
}

#[tokio::test]
async fn every_table_of_libmodbus_is_found() {
    let (_peer, port, _directory) = libmodbus::server().await;
    let mut line = open(tcp(port)).await;
    for table in Table::ALL {
        let scan = scan(&mut line, 1, range(table, 1999)).await;
        assert_eq!(scan.ended(), Some(End::Complete));
        assert_eq!(found(&scan), [(0, 500)], "{table}");
        let word = match table {
            Table::Holding => 3 * 499,
            Table::Input => 5 * 499,
            Table::Coil | Table::Discrete => 0,
        };
        assert_eq!(scan.runs()[0].words[499], word, "{table}");
    }
}

#[tokio::test]
async fn libmodbus_answers_to_every_unit_id_and_is_found_to_be_one_device() {
    let (_peer, port, _directory) = libmodbus::server().await;
    let mut line = open(tcp(port)).await;
    let scan = scan_units(&mut line, 247).await;
    assert_eq!(
        scan.ended(),
        Some(UnitsEnd::OneDevice),
        "{:#?}",
        scan.found()
    );
    assert_eq!(ids(&scan), [1, 2, 3, 4, 5, 247]);
}

#[tokio::test]
async fn pymodbus_is_found_on_a_serial_line() {
    let serial = serial_line().await;
    let mut peer = pymodbus(&["rtu", &serial.theirs]);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    peer.wait_until(|| true).await;
    let connection = json!({
        "transport": "rtu", "serial_port": serial.ours, "baud_rate": 19_200, "timeout_ms": 500,
    });
    let mut line = open(connection).await;
    assert!(line.is_serial());
    let units = scan_units(&mut line, 4).await;
    assert_eq!(ids(&units), [1, 2], "{:#?}", units.found());
    let scan = scan(&mut line, 2, range(Table::Input, 150)).await;
    assert_eq!(found(&scan), [(0, 100)]);
}

#[tokio::test]
async fn pymodbus_over_tcp_has_the_registers_it_was_given() {
    let port = free_port();
    let mut peer = pymodbus(&["tcp", &port.to_string()]);
    peer.wait_for_port(port).await;
    let mut line = open(tcp(port)).await;
    let scan = scan(&mut line, 1, range(Table::Holding, 999)).await;
    assert_eq!(found(&scan), [(0, 300)]);
    assert_eq!(scan.runs()[0].words[7], 1007);
}

/// The demo plant behind one port.
async fn simulator() -> (Simulator, u16) {
    let mut plant = demo_plant();
    for device in &mut plant.devices {
        device.strict = true;
    }
    let simulator = Simulator::start(SimulatorConfig::tcp(plant)).await.unwrap();
    let port = simulator.addresses()[0].port();
    (simulator, port)
}

#[tokio::test]
async fn the_devices_of_the_simulator_say_what_they_are() {
    let (simulator, port) = simulator().await;
    let mut line = open(tcp(port)).await;
    let scan = scan_units(&mut line, 247).await;
    let plant = demo_plant();
    let want: Vec<u8> = plant.devices.iter().map(|device| device.unit_id).collect();
    assert_eq!(ids(&scan), want);
    for (unit, device) in scan.found().iter().zip(&plant.devices) {
        assert_eq!(unit.guess.code, "identified");
        assert!(unit.guess.words.contains(&device.name), "{:?}", unit.guess);
    }
    simulator.stop().await;
}

#[tokio::test]
async fn faults_on_the_way_do_not_hide_registers() {
    let (simulator, port) = simulator().await;
    let device = demo_plant().devices[0].clone();
    let mut line = open(tcp(port)).await;
    let clean = scan(&mut line, device.unit_id, range(Table::Holding, 300)).await;
    for fault in [
        Fault::Mute,
        Fault::Short,
        Fault::Exception(6),
        Fault::WrongUnit,
        Fault::WrongTransaction,
        Fault::Reset,
    ] {
        simulator
            .set_fault(&device.name, Some(fault), Some(1))
            .unwrap();
        let shaken = scan(&mut line, device.unit_id, range(Table::Holding, 300)).await;
        assert_eq!(found(&shaken), found(&clean), "{fault:?}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn a_unit_that_answers_garbage_ends_the_scan_with_a_reason() {
    let (simulator, port) = simulator().await;
    let device = demo_plant().devices[0].clone();
    simulator
        .set_fault(&device.name, Some(Fault::WrongUnit), None)
        .unwrap();
    let mut line = open(tcp(port)).await;
    let scan = scan(&mut line, device.unit_id, range(Table::Holding, 300)).await;
    assert_eq!(scan.ended(), Some(End::Broken));
    let units = scan_units(&mut line, device.unit_id).await;
    assert!(
        units.found().iter().any(|unit| unit.is_broken),
        "{:#?}",
        units.found()
    );
    simulator.stop().await;
}

#[tokio::test]
async fn a_gateway_that_does_not_reach_the_unit_ends_the_scan_at_once() {
    let (simulator, port) = simulator().await;
    let mut line = open(tcp(port)).await;
    let scan = scan(&mut line, 200, range(Table::Holding, 300)).await;
    assert_eq!(scan.ended(), Some(End::Gateway));
    assert!(scan.counts().asked <= 4);
    simulator.stop().await;
}

/// Ends, or pauses, after so many looks.
struct After {
    looks: AtomicU32,
    then: Wish,
}

impl After {
    fn new(looks: u32, then: Wish) -> After {
        After {
            looks: AtomicU32::new(looks),
            then,
        }
    }
}

impl Watch for After {
    fn wish(&self) -> Wish {
        let left = self.looks.load(Ordering::Relaxed);
        self.looks.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 { self.then } else { Wish::GoOn }
    }
}

#[tokio::test]
async fn a_scan_that_is_cancelled_in_the_middle_goes_on_where_it_was() {
    let (simulator, port) = simulator().await;
    let device = demo_plant().devices[0].clone();
    let mut line = open(tcp(port)).await;
    let whole = scan(&mut line, device.unit_id, range(Table::Holding, 300)).await;
    let mut part = RangeScan::new(range(Table::Holding, 300));
    let watch = After::new(20, Wish::End);
    let mut runner = Runner::new(&mut line, &watch, PACE);
    let ended = runner
        .registers(device.unit_id, &mut part, &mut |_| {})
        .await;
    assert_eq!(ended, Err(RunError::Cancelled));
    let asked = part.counts().asked;
    assert!(0 < asked && asked <= 20, "{asked}");
    let mut runner = Runner::new(&mut line, &Unwatched, PACE);
    let done = runner
        .registers(device.unit_id, &mut part, &mut |_| {})
        .await;
    done.unwrap();
    assert_eq!(found(&part), found(&whole));
    assert_eq!(
        part.counts().asked,
        whole.counts().asked,
        "nothing was asked twice"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn a_paused_scan_asks_nothing() {
    let (simulator, port) = simulator().await;
    let device = demo_plant().devices[0].clone();
    let mut line = open(tcp(port)).await;
    let mut part = RangeScan::new(range(Table::Holding, 300));
    let watch = After::new(10, Wish::Wait);
    let mut runner = Runner::new(&mut line, &watch, PACE);
    let begin = Instant::now();
    let mut tell = |_: &RangeScan| {};
    let going = runner.registers(device.unit_id, &mut part, &mut tell);
    let ended = tokio::time::timeout(Duration::from_millis(400), going).await;
    assert!(ended.is_err(), "it waits");
    assert!(Duration::from_millis(400) <= begin.elapsed());
    assert!(part.counts().asked <= 10);
    simulator.stop().await;
}
