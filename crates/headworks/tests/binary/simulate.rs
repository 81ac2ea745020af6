//! `simulate modbus`: devices for trying things out.

use std::process::Command;

use crate::support::process::Process;
use crate::{BINARY, PATIENCE, check_ended, headworks};

/// Starts a simulator on a free port; returns its address too.
fn start(arguments: &[&str]) -> (Process, String) {
    let mut command = Command::new(BINARY);
    command
        .args(["simulate", "modbus", "--listen", "127.0.0.1:0"])
        .args(arguments);
    let mut process = Process::start(command).unwrap();
    let address = process.wait_for_word("127.0.0.1:", PATIENCE).unwrap();
    (process, address)
}

#[test]
fn generated_devices_answer_until_told_to_stop() {
    let (mut process, address) =
        start(&["--devices", "3", "--registers", "20", "--period", "1000"]);
    let output = headworks(&[
        "probe", "modbus", &address, "HR0", "--unit", "3", "--count", "20",
    ]);
    check_ended(&output, 0);
    process.signal("TERM").unwrap();
    assert_eq!(process.wait(PATIENCE).unwrap().code(), Some(0));
    let report = process.stdout();
    assert!(report.contains("missed"), "{report}");
}

#[test]
fn a_fault_is_there_from_the_start() {
    let (_process, address) = start(&[
        "--devices",
        "2",
        "--registers",
        "5",
        "--fault",
        "2=exception:6",
    ]);
    check_ended(
        &headworks(&["probe", "modbus", &address, "HR0", "--unit", "1"]),
        0,
    );
    let stderr = check_ended(&headworks(&["probe", "modbus", &address, "--unit", "2"]), 1);
    assert!(stderr.contains("exception 06"), "{stderr}");
}

#[test]
fn mistakes_name_what_would_be_right() {
    let stderr = check_ended(&headworks(&["simulate", "modbus", "--fault", "1=mtue"]), 64);
    assert!(stderr.contains("mute"), "{stderr}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plant.toml");
    std::fs::write(
        &path,
        "[[device]]\nname = \"a\"\npath = \"a\"\nunit_id = 300\n",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    let stderr = check_ended(&headworks(&["simulate", "modbus", "--plant", path]), 64);
    assert!(stderr.contains(path), "{stderr}");
    assert!(stderr.contains("unit_id"), "{stderr}");
}
