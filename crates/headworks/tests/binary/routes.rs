//! Routes in the real binary: a tag that is written over Modbus, and letters that outlive kill -9.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE};

fn start_demo(data: &std::path::Path) -> Hub {
    Hub::start(BINARY.as_ref(), data, &["--demo"]).unwrap()
}

/// Returns a number that moves and one that may be written.
fn ends(hub: &Hub) -> (Value, Value) {
    let answer = hub.get("tags?limit=1000").unwrap();
    let is_number = |item: &&Value| item["data_type"] != "bool" && item["data_type"] != "string";
    let mut numbers = answer.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(is_number);
    let target = numbers.clone().find(|item| item["writable"] == true);
    let source = numbers.find(|item| item["writable"] != true);
    (source.unwrap().clone(), target.unwrap().clone())
}

/// Returns a value that a tag takes.
fn within(tag: &Value) -> f64 {
    match (tag["min"].as_f64(), tag["max"].as_f64()) {
        (Some(min), Some(max)) => f64::midpoint(min, max).round(),
        (Some(min), None) => min.ceil() + 1.0,
        (None, Some(max)) => max.floor() - 1.0,
        (None, None) => 5.0,
    }
}

/// Returns how many dead letters there are.
fn letters(hub: &Hub) -> u64 {
    let answer = hub.get("routes/dead-letters").unwrap();
    answer.body["total"].as_u64().unwrap()
}

#[test]
fn a_routing_json_finds_the_tags_of_the_plant() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start_demo(&directory.path().join("data"));
    let (source, target) = ends(&hub);
    let dotted = |tag: &Value| tag["path"].as_str().unwrap().replace('/', ".");
    let file = json!({
        "routes": [
            { "from": dotted(&source), "to": dotted(&target), "transform": "scale(0.001)" },
            { "from": "plc.MAIN.alarm", "to": ["mqtt.alarms/critical", "webhook.alerts"] },
        ],
        "webhooks": { "alerts": "https://alerts.example/" },
    });
    let path = directory.path().join("routing.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let said = Command::new(BINARY)
        .args(["import", "routing.json", "--url", &hub.url])
        .env("HEADWORKS_TOKEN", &hub.token)
        .current_dir(directory.path())
        .output()
        .unwrap();
    let said = format!("{said:?}");
    assert!(said.contains("topics of MQTT are no targets yet"), "{said}");
    let routes = hub.get("routes").unwrap().body;
    assert_eq!(routes["total"], 2, "{said}");
    let items = routes["items"].as_array().unwrap();
    let to_tag = items
        .iter()
        .find(|one| one["to"][0]["kind"] == "tag")
        .unwrap();
    assert_eq!(to_tag["from"][0], source["path"]);
    assert_eq!(to_tag["to"][0]["tag"], target["id"]);
    let to_hook = items
        .iter()
        .find(|one| one["to"][0]["kind"] == "webhook")
        .unwrap();
    assert_eq!(to_hook["from"][0], "plc/MAIN/alarm");
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_route_writes_over_modbus_and_dead_letters_outlive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut hub = start_demo(directory.path());
    let (source, target) = ends(&hub);
    let wanted = within(&target);
    let write = json!({
        "name": "over Modbus", "from": [source["path"]],
        "to": [{ "kind": "tag", "tag": target["id"] }],
        "transform": format!("value * 0 + {wanted}"),
    });
    let write = hub.create_id("routes", &write).unwrap();
    let refused = json!({
        "name": "to this machine", "from": [source["path"]],
        "to": [{ "kind": "webhook", "url": "http://127.0.0.1:9/" }],
        "rules": { "every_sample": true },
    });
    let refused = hub.create_id("routes", &refused).unwrap();
    let place = format!("routes/{write}/status");
    wait_for("a write", PATIENCE, || {
        let status = hub.get(&place).unwrap().body;
        (1 <= status["delivered"].as_u64().unwrap()).then_some(())
    })
    .unwrap();
    let path = target["path"].as_str().unwrap();
    wait_for("the value in the device", PATIENCE, || {
        let value = hub.values(path).unwrap()[0]["value"].as_f64();
        value.filter(|value| (value - wanted).abs() < 1.0)
    })
    .unwrap();
    let before = wait_for("dead letters", PATIENCE, || {
        Some(letters(&hub)).filter(|count| 2 < *count)
    })
    .unwrap();
    let page = hub
        .get(&format!("routes/dead-letters?route={refused}"))
        .unwrap();
    let reason = page.body["items"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("127.0.0.1"), "{reason}");
    hub.process.kill();
    drop(hub);

    let hub = start_demo(directory.path());
    assert!(before <= letters(&hub));
    let all = json!({ "all": true });
    hub.create("routes/dead-letters/discard", &all).unwrap();
    assert_eq!(hub.stop().unwrap(), Some(0));
}
