//! `probe modbus` against a server that this project did not write.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use crate::support::process::Process;
use crate::support::wait_for;
use crate::{PATIENCE, check_ended, headworks};

/// Starts pymodbus with known registers; returns its address too.
pub(crate) fn start_pymodbus() -> (Process, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), Into::into);
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{python:?} is missing; run `cargo xtask setup`"
    );
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = Command::new(python);
    command.arg(root.join("crates/headworks-protocols/tests/modbus/pymodbus_server.py"));
    command.args(["tcp", &free.port().to_string()]);
    let process = Process::start(command).unwrap();
    wait_for("pymodbus", PATIENCE, || TcpStream::connect(free).ok()).unwrap();
    (process, free.to_string())
}

/// Probes and returns the lines that were printed.
#[track_caller]
fn probe(address: &str, arguments: &[&str]) -> Vec<String> {
    let output = headworks(&[&["probe", "modbus", address], arguments].concat());
    check_ended(&output, 0);
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn check_value(address: &str, arguments: &[&str], want: &str) {
    let lines = probe(address, arguments);
    let found = lines
        .iter()
        .any(|line| line.split_whitespace().last() == Some(want));
    assert!(found, "{arguments:?}: no {want} in {lines:#?}");
}

#[test]
fn registers_of_every_kind_are_read_and_decoded() {
    let (_pymodbus, address) = start_pymodbus();
    check_value(&address, &["HR7"], "1007");
    check_value(&address, &["40008"], "1007");
    check_value(&address, &["IR5"], "2005");
    check_value(&address, &["DI0"], "true");
    check_value(&address, &["coil:3"], "false");
    check_value(&address, &["HR108", "--type", "float32"], "123.456");
    check_value(
        &address,
        &["HR110", "--type", "float32", "--order", "cdab"],
        "123.456",
    );
    check_value(
        &address,
        &["HR143", "--type", "string", "--length", "6"],
        "\"Headworks\"",
    );
    check_value(&address, &["HR158.3", "--type", "bool"], "true");
    check_value(&address, &["HR7", "--unit", "2"], "1007");
}

#[test]
fn all_byte_orders_stand_side_by_side() {
    let (_pymodbus, address) = start_pymodbus();
    let lines = probe(&address, &["HR112", "--type", "float32", "--order", "all"]);
    let orders: Vec<&str> = lines[0].split_whitespace().collect();
    let values: Vec<&str> = lines[1].split_whitespace().skip(5).collect();
    assert_eq!(orders, ["ABCD", "CDAB", "BADC", "DCBA"]);
    assert_eq!(values[2], "123.456", "{lines:#?}");
}

#[test]
fn many_values_are_many_lines() {
    let (_pymodbus, address) = start_pymodbus();
    let lines = probe(
        &address,
        &["HR0", "--count", "90", "--repeat", "2", "--every-ms", "1"],
    );
    assert_eq!(lines.len(), 2 * (90 + 1), "{lines:#?}");
    assert!(lines[89].starts_with("HR89"), "{}", lines[89]);
}

#[test]
fn a_refusal_says_what_the_device_said() {
    let (_pymodbus, address) = start_pymodbus();
    let output = headworks(&["probe", "modbus", &address, "HR999", "--exchange"]);
    let stderr = check_ended(&output, 1);
    assert!(
        stderr.contains("exception 02 (illegal data address)"),
        "{stderr}"
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("01 83 02"), "{stdout}");
}

#[test]
fn nobody_there_is_a_failure_with_a_remedy() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let stderr = check_ended(&headworks(&["probe", "modbus", &free]), 1);
    assert!(stderr.contains(&free), "{stderr}");
    assert!(stderr.contains("refused"), "{stderr}");
}

#[test]
fn a_question_that_makes_no_sense_is_a_usage_error() {
    check_ended(
        &headworks(&["probe", "modbus", "127.0.0.1:1", "HR0", "--count", "0"]),
        64,
    );
    check_ended(
        &headworks(&["probe", "modbus", "127.0.0.1:1", "99999999"]),
        64,
    );
    check_ended(
        &headworks(&["probe", "modbus", "127.0.0.1:1", "--type", "int17"]),
        64,
    );
}
