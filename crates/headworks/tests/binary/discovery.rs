//! `probe modbus scan-units|scan-registers|decode|write` against a server that this project did
//! not write.

use serde_json::Value;

use crate::probe::start_pymodbus;
use crate::{check_ended, headworks};

fn discover(what: &str, address: &str, arguments: &[&str]) -> std::process::Output {
    headworks(&[&["probe", "modbus", what, address], arguments].concat())
}

/// Runs a command that succeeds and returns its JSON.
#[track_caller]
fn json(what: &str, address: &str, arguments: &[&str]) -> Value {
    let output = discover(what, address, &[arguments, &["--json"]].concat());
    check_ended(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn text(what: &str, address: &str, arguments: &[&str]) -> String {
    let output = discover(what, address, arguments);
    check_ended(&output, 0);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_units_of_a_gateway_are_found() {
    let (_pymodbus, address) = start_pymodbus();
    let arguments = ["--last", "5", "--timeout-ms", "200"];
    let found = json("scan-units", &address, &arguments);
    // pymodbus refuses for units that it does not have with exception 04.
    let sure = |code: &str| -> Vec<u64> {
        let units = found["units"].as_array().unwrap().iter();
        units
            .filter(|unit| unit["guess"]["code"] == code)
            .map(|unit| unit["unit_id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(sure("all_tables"), [1, 2], "{found:#}");
    assert_eq!(sure("doubtful"), [3, 4, 5], "{found:#}");
    assert_eq!(found["end"], "complete");
    assert_eq!(found["units"][1]["same_as"], 1);
    let shown = text("scan-units", &address, &arguments);
    assert!(shown.contains("perhaps nobody"), "{shown}");
}

#[test]
fn the_registers_of_a_unit_are_found_in_every_notation() {
    let (_pymodbus, address) = start_pymodbus();
    let arguments = ["--last", "399", "--pause-ms", "0"];
    let found = json("scan-registers", &address, &arguments);
    let spans = |table: &Value| -> Vec<(String, u64)> {
        let parts = table["parts"].as_array().unwrap();
        parts
            .iter()
            .map(|part| {
                let first = part["first"]["five_digits"].as_str().unwrap();
                (first.to_owned(), part["count"].as_u64().unwrap())
            })
            .collect()
    };
    let tables = found["tables"].as_array().unwrap();
    let counts: Vec<u64> = tables
        .iter()
        .map(|table| spans(table).iter().map(|(_, count)| count).sum())
        .collect();
    assert_eq!(counts, [300, 100, 96, 96], "{found:#}");
    assert_eq!(spans(&tables[1]), [("30001".to_owned(), 100)]);
    let holding = &tables[0]["parts"];
    assert_eq!(holding[0]["values"][7], 1007);
    assert_eq!(holding[1]["is_blank"], true, "{holding:#}");
    let shown = text(
        "scan-registers",
        &address,
        &["--table", "input", "--first", "50", "--last", "120"],
    );
    for want in ["IR50..IR99", "30051", "300051", "0x0032"] {
        assert!(shown.contains(want), "{want}: {shown}");
    }
}

#[test]
fn a_block_is_decoded_into_what_stands_there() {
    let (_pymodbus, address) = start_pymodbus();
    let address = address.as_str();
    let decode = |first: &str, count: &str, more: &[&str]| {
        let all = [
            "decode",
            address,
            first,
            "--count",
            count,
            "--every-ms",
            "1",
        ];
        headworks(&[&["probe", "modbus"], all.as_slice(), more].concat())
    };
    let output = decode("HR108", "2", &["--json"]);
    check_ended(&output, 0);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let best = &found["values"][0]["candidates"][0];
    assert_eq!(best["data_type"], "float32", "{found:#}");
    assert_eq!(
        (&best["address"], &best["order"]),
        (&"HR108".into(), &"ABCD".into())
    );
    let output = decode("HR143", "6", &["--best", "2"]);
    check_ended(&output, 0);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("string 6"), "{shown}");
    assert!(shown.contains("\"Headworks\""), "{shown}");
    let stderr = check_ended(&decode("HR290", "20", &[]), 1);
    assert!(stderr.contains("exception 02"), "{stderr}");
    check_ended(&decode("HR0", "0", &[]), 64);
    check_ended(&decode("HR65535", "2", &[]), 64);
    check_ended(&decode("HR0.3", "1", &[]), 64);
}

#[test]
fn every_command_of_the_page_about_modbus_runs() {
    const PAGE: &str = include_str!("../../../headworks-protocols/src/modbus/README.md");
    let (_pymodbus, address) = start_pymodbus();
    let commands: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("    headworks "))
        .collect();
    assert!(4 <= commands.len());
    for command in commands {
        let words = command.split(' ');
        let words = words.map(|word| if word == "192.0.2.10" { &address } else { word });
        check_ended(&headworks(&words.collect::<Vec<_>>()), 0);
    }
}

#[test]
fn a_register_is_written_only_on_demand_and_read_back() {
    let (_pymodbus, address) = start_pymodbus();
    let stderr = check_ended(&discover("write", &address, &["HR5", "77"]), 64);
    assert!(stderr.contains("--yes"), "{stderr}");
    let value = || {
        json(
            "write",
            &address,
            &["HR5", "0", "--yes", "--expect", "1005"],
        )
    };
    let wrote = json("write", &address, &["HR5", "77", "--yes", "--restore"]);
    assert_eq!(wrote["old"], 1005, "{wrote:#}");
    assert_eq!(
        (&wrote["read_back"], &wrote["restored"]),
        (&77.into(), &1005.into())
    );
    assert_eq!(value()["code"], "confirmed");
    let stderr = check_ended(
        &discover(
            "write",
            &address,
            &["HR5", "1", "--yes", "--expect", "1005"],
        ),
        1,
    );
    assert!(stderr.contains("it holds 0 where 1005"), "{stderr}");
    let coil = json("write", &address, &["C3", "1", "--yes"]);
    assert_eq!((&coil["old"], &coil["read_back"]), (&0.into(), &1.into()));
    let shown = text("write", &address, &["HR5", "-2", "--yes", "--min", "-5"]);
    assert!(
        shown.contains("65534 was written and 65534 was read back"),
        "{shown}"
    );
    assert!(shown.contains("HR5 0 --unit 1 --yes"), "{shown}");
}

#[test]
fn what_cannot_be_asked_or_written_is_a_usage_error() {
    let nowhere = "127.0.0.1:1";
    for (what, arguments, want) in [
        ("scan-units", vec!["--first", "9", "--last", "3"], "above"),
        ("scan-units", vec!["--last", "256"], "256"),
        (
            "scan-registers",
            vec!["--first", "9", "--last", "3"],
            "above",
        ),
        ("scan-registers", vec!["--table", "flash"], "flash"),
        ("scan-registers", vec!["--max-registers", "126"], "126"),
        ("write", vec!["IR5", "1", "--yes"], "read-only"),
        ("write", vec!["HR5", "70000", "--yes"], "-32768 to 65535"),
        (
            "write",
            vec!["HR5", "50", "--max", "40", "--yes"],
            "-32768 to 40",
        ),
        ("write", vec!["C5", "2", "--yes"], "0 to 1"),
    ] {
        let stderr = check_ended(&discover(what, nowhere, &arguments), 64);
        assert!(stderr.contains(want), "{what} {arguments:?}: {stderr}");
    }
    let serial = discover("scan-units", "/dev/null", &["--first", "0"]);
    assert_ne!(serial.status.code(), Some(0));
}

#[test]
fn nobody_there_is_said_with_a_remedy() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let stderr = check_ended(&discover("scan-units", &address, &[]), 1);
    assert!(stderr.contains("refused"), "{stderr}");
}

#[test]
fn a_line_that_never_answers_ends_the_scan_soon() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let arguments = ["--timeout-ms", "50", "--table", "holding"];
    let found = json("scan-registers", &address, &arguments);
    assert_eq!(found["tables"][0]["end"], "silent", "{found:#}");
    assert_eq!(found["tables"][0]["counts"]["found"], 0);
    let units = json(
        "scan-units",
        &address,
        &["--timeout-ms", "20", "--last", "6"],
    );
    assert_eq!(units["units"], serde_json::json!([]));
    assert_eq!(units["counts"]["settled"], 6);
}
