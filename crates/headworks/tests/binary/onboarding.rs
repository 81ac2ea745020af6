//! Every command of the pages about onboarding does what the page says; a table of 10,000 tags
//! goes out and in.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::BINARY;
use crate::support::rest::Hub;

const PAGES: [(&str, &str); 11] = [
    (
        "templates",
        include_str!("../../../../docs/onboarding/templates.md"),
    ),
    (
        "dashboards",
        include_str!("../../../../docs/onboarding/dashboards.md"),
    ),
    (
        "tag-table",
        include_str!("../../../../docs/onboarding/tag-table.md"),
    ),
    (
        "kepware_csv",
        include_str!("../../../../docs/onboarding/import-kepware-csv.md"),
    ),
    (
        "kepware_json",
        include_str!("../../../../docs/onboarding/import-kepware-json.md"),
    ),
    (
        "telegraf",
        include_str!("../../../../docs/onboarding/import-telegraf.md"),
    ),
    (
        "iobroker",
        include_str!("../../../../docs/onboarding/import-iobroker.md"),
    ),
    (
        "thingsboard",
        include_str!("../../../../docs/onboarding/import-thingsboard.md"),
    ),
    (
        "fuxa",
        include_str!("../../../../docs/onboarding/import-fuxa.md"),
    ),
    (
        "home_assistant",
        include_str!("../../../../docs/onboarding/import-home-assistant.md"),
    ),
    (
        "modpoll",
        include_str!("../../../../docs/onboarding/import-modpoll.md"),
    ),
];

/// Writes the sample of a page into a directory, where it has one.
fn write_sample(page: &str, directory: &Path) {
    if let Some((_, rest)) = page.split_once(" file=") {
        let (name, rest) = rest.split_once('\n').unwrap();
        let (sample, _) = rest.split_once("```").unwrap();
        fs::write(directory.join(name), sample).unwrap();
    }
}

/// Runs a command of a page as it stands there, in a shell, against a hub; returns what it printed.
fn run(line: &str, hub: &Hub, directory: &Path) -> String {
    let line = line.replace("http://127.0.0.1:8080", &hub.url);
    let folder = Path::new(BINARY).parent().unwrap().to_str().unwrap();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &line])
        .current_dir(directory)
        .env("PATH", path)
        .env("HEADWORKS_TOKEN", &hub.token)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_of_the_pages_about_onboarding_works() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(BINARY.as_ref(), &directory.path().join("data"), &["--demo"]).unwrap();
    let dashboard = hub.get("dashboards/auto").unwrap().body;
    hub.create("dashboards", &dashboard).unwrap();
    for (name, page) in PAGES {
        write_sample(page, directory.path());
        let commands = page.lines().filter_map(|line| line.strip_prefix("    "));
        let commands: Vec<&str> = commands
            .filter(|one| one.starts_with("headworks "))
            .collect();
        assert!(2 <= commands.len(), "{name}");
        for command in commands {
            let said = run(command, &hub, directory.path());
            let is_import = command.starts_with("headworks import ");
            let is_dry = command.contains("--dry-run");
            assert_eq!(
                said.to_lowercase().contains("would be"),
                is_dry,
                "{command}: {said}"
            );
            assert!(
                !is_import || said.contains(&format!("{name}: ")),
                "{command}: {said}"
            );
            assert!(!is_import || said.contains(" tag"), "{command}: {said}");
        }
    }
    let tags = hub.get("tags?search=Press/force").unwrap();
    assert_eq!(tags.body["items"][0]["order"], "CDAB", "{}", tags.body);
}

fn table(tags: usize, scale: &str) -> String {
    let mut text = String::from("device,name,address,data_type,scale,unit,description\n");
    for at in 0..tags {
        let (name, address) = (format!("t{at:05}"), format!("HR{}", at * 2));
        writeln!(
            text,
            "big,{name},{address},float32,{scale},°C,\"tag, number {at}\""
        )
        .unwrap();
    }
    text
}

#[test]
fn one_bad_row_among_ten_thousand_changes_nothing_and_the_rest_goes_round() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(BINARY.as_ref(), &directory.path().join("data"), &[]).unwrap();
    let connection = json!({
        "name": "off", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "127.0.0.1:1" },
    });
    let connection = hub.create_id("connections", &connection).unwrap();
    let device = json!({ "name": "big", "connection": connection, "path": "plant/big" });
    hub.create_id("devices", &device).unwrap();

    let bad = table(10_000, "0.1").replacen("t07777,HR15554", "t07777,HR99999", 1);
    fs::write(directory.path().join("bad.csv"), bad).unwrap();
    let output = Command::new(BINARY)
        .args(["tags", "import", "bad.csv", "--url", &hub.url])
        .current_dir(directory.path())
        .env("HEADWORKS_TOKEN", &hub.token)
        .output()
        .unwrap();
    let stderr = crate::check_ended(&output, 64);
    assert!(stderr.contains("/rows/7779/address"), "{stderr}");
    assert_eq!(hub.get("tags?limit=1").unwrap().body["items"], json!([]));

    fs::write(directory.path().join("good.csv"), table(10_000, "0.1")).unwrap();
    let import = "headworks tags import good.csv --url http://127.0.0.1:8080";
    let said = run(import, &hub, directory.path());
    assert!(said.contains("created 10000 tag"), "{said}");
    for file in ["first.csv", "first.xlsx"] {
        let export = format!("headworks tags export {file} --url http://127.0.0.1:8080");
        run(&export, &hub, directory.path());
        let import = format!("headworks tags import {file} --url http://127.0.0.1:8080");
        let said = run(&import, &hub, directory.path());
        assert!(said.contains("unchanged 10000"), "{said}");
    }
    run(
        "headworks tags export second.csv --url http://127.0.0.1:8080",
        &hub,
        directory.path(),
    );
    let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
    assert!(
        read("first.csv") == read("second.csv"),
        "the same tags give the same bytes"
    );
}
