//! SunSpec devices: one that the program of the alliance made, and one of our simulator.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use headworks_core::DataType;
use headworks_protocols::modbus::discover::OpenLine;
use headworks_protocols::modbus::discover::run::{Pace, Runner, Unwatched};
use headworks_protocols::modbus::simulator::{
    Fault, Plant, PlantDevice, PlantTag, Simulator, SimulatorConfig,
};
use headworks_protocols::modbus::sunspec::{Walk, WalkError};
use headworks_protocols::signal::Signal;
use serde_json::Value;

use crate::harness::{settings, tcp};
use crate::peers::{Peer, free_port, python};

const PACE: Pace = Pace {
    pause: Duration::ZERO,
    timeout: Duration::from_millis(300),
};

fn script(arguments: &[&str]) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modbus/sunspec_peer.py");
    let mut command = Command::new(python());
    command.arg(path).args(arguments);
    command
}

async fn walk(port: u16, unit_id: u8) -> Walk {
    let mut line = OpenLine::of(&settings(tcp(port))).await.unwrap();
    let (mut walk, mut told) = (Walk::new(), 0);
    let mut runner = Runner::new(&mut line, &Unwatched, PACE);
    let done = runner.sunspec(unit_id, &mut walk, &mut |_| told += 1).await;
    done.unwrap();
    assert_eq!(told, walk.asked());
    walk
}

#[tokio::test]
async fn a_device_that_pysunspec_made_is_read_as_pysunspec_reads_it() {
    let port = free_port();
    let mut peer = Peer::spawn(&mut script(&["serve", &port.to_string()]));
    peer.wait_for_port(port).await;
    let walk = walk(port, 1).await;
    assert_eq!(walk.ended(), Some(&Ok(())));
    let output = script(&["read", &port.to_string()]).output().unwrap();
    let theirs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let models = &walk.found().models;
    assert!(15 < models.len());
    assert_eq!(models.len(), theirs.len());
    for (ours, theirs) in models.iter().zip(&theirs) {
        assert_eq!(theirs["id"], ours.id);
        assert_eq!(theirs["address"], ours.address);
        assert_eq!(theirs["points"]["L"], ours.length);
        assert_eq!(ours.problem, None);
    }
    let who = walk.found().identity().unwrap();
    assert_eq!((&*who.manufacturer, &*who.model), ("Acme", "Roof 10"));
    assert_eq!((&*who.version, &*who.serial_number), ("2.1", "SN-4711"));
}

/// A device of our simulator with these registers; it refuses all others.
fn device(first: u16, words: &[u16]) -> PlantDevice {
    let tag = |(address, word): (u16, &u16)| PlantTag {
        name: format!("r{address}").parse().unwrap(),
        address: format!("HR{address}"),
        data_type: DataType::Uint16,
        length: None,
        scale: 1.0,
        offset: 0.0,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        signal: Signal::Constant((*word).into()),
        description: String::new(),
    };
    PlantDevice {
        name: "roof".to_owned(),
        path: "plant/roof".parse().unwrap(),
        unit_id: 126,
        period_ms: 1000,
        order: headworks_core::ByteOrder::default(),
        strict: true,
        forbidden: Vec::new(),
        description: String::new(),
        tags: (first..).zip(words).map(tag).collect(),
    }
}

/// Marker, model 64001 of three registers, end.
const WORDS: [u16; 9] = [0x5375, 0x6E53, 64_001, 3, 7, 8, 9, 0xFFFF, 0];

async fn simulator(device: PlantDevice) -> (Simulator, u16) {
    let (seed, devices) = (1, vec![device]);
    let config = SimulatorConfig::tcp(Plant { seed, devices });
    let simulator = Simulator::start(config).await.unwrap();
    let port = simulator.addresses()[0].port();
    (simulator, port)
}

#[tokio::test]
async fn a_simulated_device_is_read_at_each_base() {
    for base in [40_000, 50_000, 0] {
        let (simulator, port) = simulator(device(base, &WORDS)).await;
        let walk = walk(port, 126).await;
        assert_eq!(walk.ended(), Some(&Ok(())));
        assert_eq!(walk.found().base, base);
        assert_eq!(walk.found().models[0].registers, WORDS[2..7]);
        simulator.stop().await;
    }
}

#[tokio::test]
async fn a_simulated_device_that_fails_is_told_in_words() {
    let (simulator, port) = simulator(device(40_000, &WORDS)).await;
    for (fault, want) in [
        (Fault::Mute, "holding register 40000: no answer"),
        (
            Fault::Exception(4),
            "holding register 0: exception 04 (device failure)",
        ),
    ] {
        simulator.set_fault("roof", Some(fault), None).unwrap();
        let walk = walk(port, 126).await;
        let error = walk.ended().unwrap().as_ref().unwrap_err();
        assert!(matches!(error, WalkError::NoMarker { .. }), "{error}");
        assert!(error.to_string().contains(want), "{error}");
    }
    simulator
        .set_fault("roof", Some(Fault::Mute), Some(1))
        .unwrap();
    let found = walk(port, 126).await;
    assert_eq!(found.ended(), Some(&Ok(())), "one lost answer is borne");
    let other = walk(port, 5).await;
    assert!(other.ended().unwrap().is_err(), "there is no unit 5");
    simulator.stop().await;
}
