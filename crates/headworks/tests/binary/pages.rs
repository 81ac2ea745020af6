//! The pages that lead from nothing to a running plant, run from top to bottom as they stand.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::process::Process;
use crate::support::rest::Hub;
use crate::{BINARY, PATIENCE, start};

const BOX_TO_CHART: &str = include_str!("../../../../docs/onboarding/box-to-chart.md");
const GETTING_STARTED: &str = include_str!("../../../../docs/getting-started.md");

/// Commands that run in terminals of their own; the test has started them.
const LASTING: [&str; 3] = ["cargo xtask run", "headworks run", "headworks simulate"];

/// Runs a page: writes its files and runs its commands, in one shell; returns what was printed.
fn run(page: &str, directory: &Path, hub: &Hub, box_address: &str) -> String {
    let page = page
        .replace("http://127.0.0.1:8080", &hub.url)
        .replace("127.0.0.1:5020", box_address)
        .replace("192.0.2.10:502", box_address)
        .replace("192.0.2.10", box_address);
    write_files(&page, directory);
    let is_command = |line: &&str| !LASTING.iter().any(|lasting| line.starts_with(lasting));
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    let commands: Vec<&str> = prose
        .filter_map(|line| line.strip_prefix("    "))
        .filter(is_command)
        .collect();
    let folder = Path::new(BINARY).parent().unwrap().to_str().unwrap();
    let output = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &commands.join("\n")])
        .current_dir(directory)
        .env(
            "PATH",
            format!("{folder}:{}", std::env::var("PATH").unwrap()),
        )
        .env("HEADWORKS_TOKEN", &hub.token)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

/// Writes every block that says the name of its file.
fn write_files(page: &str, directory: &Path) {
    for block in page.split(" file=").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        let file = directory.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

/// Starts the box of the pages.
fn the_box() -> (Process, String) {
    let mut command = Command::new(BINARY);
    command.args(["simulate", "modbus", "--listen", "127.0.0.1:0"]);
    let mut process = Process::start(command).unwrap();
    let address = process.wait_for_word("127.0.0.1:", PATIENCE).unwrap();
    (process, address)
}

#[test]
fn from_box_to_chart() {
    let directory = tempfile::tempdir().unwrap();
    let (_box, address) = the_box();
    let hub = start(&directory.path().join("data"));
    let said = run(BOX_TO_CHART, directory.path(), &hub, &address);
    for what in [
        "Headworks simulator Energy meter",
        "IR0..IR11",
        "near 230 V",
        "+ tag plant/meter/voltage_l1",
        "6 to create",
        "\"path\":\"plant/meter/voltage_l3\",\"value\":23",
        "created 1 dashboard",
        "today.csv",
    ] {
        assert!(said.contains(what), "{what} is missing in {said}");
    }
    let dashboards = hub.get("dashboards").unwrap().body;
    assert_eq!(dashboards["items"][0]["name"], "Meter", "{dashboards}");
    let stored = fs::read_to_string(directory.path().join("today.csv")).unwrap();
    assert!(stored.contains("plant/meter/voltage_l2"), "{stored}");
}

#[test]
fn getting_started() {
    let directory = tempfile::tempdir().unwrap();
    let (_box, address) = the_box();
    let hub = start(&directory.path().join("data"));
    let said = run(GETTING_STARTED, directory.path(), &hub, &address);
    assert!(
        said.contains("\"path\":\"plant/hall1/meter1/power\""),
        "{said}"
    );
    let stored = hub.get("tags?limit=1").unwrap().body["items"][0]["address"].clone();
    assert_eq!(stored, json!("holding:52"));
}
