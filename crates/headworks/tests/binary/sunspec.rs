//! `probe sunspec` against a device with every model that is known, made by the program of the
//! alliance; the values of the hub are those that this program reads.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::process::Process;
use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE, check_ended, headworks};

fn script(arguments: &[&str]) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), Into::into);
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{python:?} is missing; run `cargo xtask setup`"
    );
    let mut command = Command::new(python);
    command.arg(root.join("crates/headworks-protocols/tests/modbus/sunspec_peer.py"));
    command.args(arguments);
    command
}

/// A device, its port and its address.
fn start_device() -> (Process, String, String) {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let port = free.port().to_string();
    let process = Process::start(script(&["serve", &port])).unwrap();
    wait_for("the device", PATIENCE, || TcpStream::connect(free).ok()).unwrap();
    (process, port, free.to_string())
}

/// Runs a command against a hub; returns what it printed.
#[track_caller]
fn run(hub: &Hub, arguments: &[&str]) -> String {
    let output = Command::new(BINARY)
        .args(arguments)
        .args(["--url", &hub.url])
        .env("HEADWORKS_TOKEN", &hub.token)
        .output()
        .unwrap();
    check_ended(&output, 0);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_device_is_shown_with_its_models() {
    let (_device, _, address) = start_device();
    let output = headworks(&["probe", "sunspec", &address]);
    check_ended(&output, 0);
    let shown = String::from_utf8(output.stdout).unwrap();
    for want in [
        "Acme Roof 10",
        "version 2.1",
        "serial number SN-4711",
        "SunSpec map at holding register 40000",
        "inverter, three phases",
        "not known here",
        "model 103 at 40070: no value at present: AphB",
        "template \"Acme Roof 10\": ",
    ] {
        assert!(shown.contains(want), "{want}: {shown}");
    }
    let output = headworks(&["probe", "sunspec", &address, "--json", "--keep-absent"]);
    check_ended(&output, 0);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["base"], 40_000);
    let ids: Vec<u64> = found["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_u64().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            1, 103, 120, 121, 122, 123, 160, 124, 203, 203, 113, 213, 701, 702, 705, 802
        ]
    );
    let stderr = check_ended(
        &headworks(&["probe", "sunspec", &address, "--unit", "9"]),
        1,
    );
    assert!(
        stderr.contains("unit 9 of ") && stderr.contains("no SunSpec marker"),
        "{stderr}"
    );
    check_ended(
        &headworks(&["probe", "sunspec", &address, "--name", " "]),
        64,
    );
    check_ended(&headworks(&["probe", "sunspec", &address, "--dry-run"]), 64);
}

/// Returns what the program of the alliance reads, by model, its place and point.
fn theirs(port: &str) -> BTreeMap<(u64, String), Value> {
    let output = script(&["read", port]).output().unwrap();
    let models: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut values = BTreeMap::new();
    for model in models {
        let address = model["address"].as_u64().unwrap();
        for (name, value) in model["points"].as_object().unwrap() {
            let place = format!("SunSpec {} {name}", model["id"]);
            values.insert((address, place), value.clone());
        }
    }
    values
}

/// Returns the value of a tag as the other program reads it: by the begin of its description and
/// the model that its address is in.
fn theirs_of<'a>(theirs: &'a BTreeMap<(u64, String), Value>, tag: &Value) -> &'a Value {
    let description = tag["description"].as_str().unwrap();
    let place = description
        .split_once(':')
        .map_or(description, |(place, _)| place);
    let address: u64 = tag["address"].as_str().unwrap()[2..].parse().unwrap();
    let mut candidates = theirs
        .iter()
        .filter(|((model, one), _)| one == place && *model <= address);
    let last = candidates.next_back();
    last.unwrap_or_else(|| panic!("{place} at {address}")).1
}

fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-9 * theirs.abs(),
        _ => ours == theirs,
    }
}

#[test]
fn every_value_of_the_hub_is_what_the_program_of_the_alliance_reads() {
    let (_device, port, address) = start_device();
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(BINARY.as_ref(), &directory.path().join("data"), &[]).unwrap();
    let probe = ["probe", "sunspec", &address, "--save", "--keep-absent"];
    let said = run(&hub, &[&probe[..], &["--dry-run"]].concat());
    assert!(said.ends_with("version 1: would be saved\n"), "{said}");
    assert_eq!(hub.get("templates").unwrap().body["total"], 0);
    assert!(run(&hub, &probe).ends_with("version 1: saved\n"));
    assert!(run(&hub, &probe).ends_with("is as it was\n"));
    let connection = json!({
        "name": "roof", "protocol": "modbus", "settings": { "endpoint": address },
    });
    hub.create_id("connections", &connection).unwrap();
    let apply = ["templates", "apply", "Acme Roof 10", "--connection", "roof"];
    let said = run(
        &hub,
        &[&apply[..], &["--name", "r1", "--path", "plant/r1"]].concat(),
    );
    assert!(said.contains(" tags made"), "{said}");

    let theirs = theirs(&port);
    let tags = hub.get("tags?limit=1000").unwrap().body["items"].clone();
    let tags = tags.as_array().unwrap();
    assert!(600 < tags.len(), "{}", tags.len());
    let values = || -> BTreeMap<String, Value> {
        let values = hub.values("plant/r1/**&limit=1000").unwrap();
        values
            .into_iter()
            .map(|item| (item["path"].as_str().unwrap().to_owned(), item))
            .collect()
    };
    let wrong = || -> Vec<String> {
        let values = values();
        let mut wrong = Vec::new();
        for tag in tags {
            let (path, want) = (tag["path"].as_str().unwrap(), theirs_of(&theirs, tag));
            let Some(item) = values.get(path) else {
                wrong.push(format!("{path}: no value yet"));
                continue;
            };
            let quality = item["quality"].as_u64().unwrap();
            let fits = match want {
                Value::Null => 0x8000_0000 <= quality || item["value"] == "",
                want => quality == 0 && is_same(&item["value"], want),
            };
            if !fits {
                wrong.push(format!("{path}: {item}, wanted {want}"));
            }
        }
        wrong
    };
    let all = wait_for("every value", PATIENCE, || wrong().is_empty().then_some(()));
    assert!(all.is_ok(), "{:#?}", wrong());
    let good = theirs.values().filter(|value| !value.is_null()).count();
    assert!(450 < good, "{good}");
}

#[test]
fn every_command_of_the_page_about_sunspec_works() {
    let page = include_str!("../../../../docs/onboarding/sunspec.md");
    let (_device, _, address) = start_device();
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(BINARY.as_ref(), &directory.path().join("data"), &[]).unwrap();
    let connection = json!({
        "name": "roof", "protocol": "modbus", "settings": { "endpoint": address },
    });
    hub.create_id("connections", &connection).unwrap();
    let lines = page
        .lines()
        .filter_map(|line| line.strip_prefix("    headworks "));
    let lines: Vec<&str> = lines.collect();
    assert!(6 <= lines.len());
    for line in lines {
        let line = line.replace("192.0.2.10", &address);
        let line = line.replace("http://127.0.0.1:8080", &hub.url);
        let output = Command::new("sh")
            .args(["-c", &format!("{BINARY} {line}")])
            .env("HEADWORKS_TOKEN", &hub.token)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {stderr}");
    }
    let devices = hub.get("devices").unwrap().body;
    assert_eq!(devices["items"][0]["name"], "roof", "{devices}");
}
