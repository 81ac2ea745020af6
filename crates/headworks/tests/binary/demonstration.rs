//! `run --demo`: values move, are stored, and outlive the process.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE, start};

fn start_demo(data: &std::path::Path) -> Hub {
    Hub::start(BINARY.as_ref(), data, &["--demo"]).unwrap()
}

/// Returns the tags of the demonstration as `(id, path)`.
fn tags(hub: &Hub) -> Vec<(String, String)> {
    let answer = hub.get("tags?limit=1000").unwrap();
    let items = answer.body["items"].as_array().unwrap();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    items
        .iter()
        .map(|item| (text(item, "id"), text(item, "path")))
        .collect()
}

/// Returns how many samples of a tag are stored.
fn stored(hub: &Hub, id: &str) -> usize {
    let end_us = 253_402_300_800_000_000_i64; // the last instant that the API knows
    let query = format!("tags/{id}/trend-data?raw=true&limit=1000&start_us=0&end_us={end_us}");
    let answer = hub.get(&query).unwrap();
    answer.body["rows"].as_array().map_or(0, Vec::len)
}

#[test]
fn the_demonstration_moves_and_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start_demo(directory.path());
    let tags = tags(&hub);
    assert!(10 < tags.len(), "{tags:?}");

    let snapshot = || hub.values("**").unwrap();
    let good = |items: &[Value]| items.iter().filter(|item| item["quality"] == 0).count();
    wait_for("good values", PATIENCE, || {
        (tags.len() / 2 < good(&snapshot())).then_some(())
    })
    .unwrap();
    let before = snapshot();
    wait_for("values that move", PATIENCE, || {
        let after = snapshot();
        let moved = before
            .iter()
            .zip(&after)
            .filter(|(one, other)| one["value"] != other["value"]);
        (5 < moved.count()).then_some(())
    })
    .unwrap();
    wait_for("stored samples", PATIENCE, || {
        (2 < stored(&hub, &tags[0].0)).then_some(())
    })
    .unwrap();
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_restart_keeps_plant_and_history() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start_demo(directory.path());
    let first = tags(&hub);
    wait_for("samples", PATIENCE, || {
        (2 < stored(&hub, &first[0].0)).then_some(())
    })
    .unwrap();
    assert_eq!(hub.stop().unwrap(), Some(0));

    let hub = start_demo(directory.path());
    assert_eq!(tags(&hub), first);
    assert!(2 < stored(&hub, &first[0].0));
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn kill_9_loses_nothing_that_was_served() {
    let directory = tempfile::tempdir().unwrap();
    let mut hub = start_demo(directory.path());
    let tags = tags(&hub);
    let (id, _) = &tags[0];
    let count = wait_for("samples", PATIENCE, || {
        Some(stored(&hub, id)).filter(|count| 3 < *count)
    })
    .unwrap();
    hub.process.kill();
    drop(hub);

    let hub = start_demo(directory.path());
    let kept = stored(&hub, id);
    assert!(count <= kept, "{count} before, {kept} after");
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_signal_ends_it_within_five_seconds() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().unwrap();
        let mut hub = start_demo(directory.path());
        hub.wait_for_good(&tags(&hub)[0].1, PATIENCE).unwrap();
        let begun = Instant::now();
        hub.process.signal(signal).unwrap();
        let status = hub.process.wait(Duration::from_secs(10)).unwrap();
        assert_eq!(status.code(), Some(0), "{}", hub.process.stderr());
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn the_demonstration_leaves_a_plant_alone() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path());
    let own = json!({
        "name": "own", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "127.0.0.1:9" },
    });
    hub.create("connections", &own).unwrap();
    assert_eq!(hub.stop().unwrap(), Some(0));

    let hub = start_demo(directory.path());
    let connections = hub.get("connections").unwrap();
    assert_eq!(connections.body["total"], 1, "{}", connections.body);
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_connection_runs_before_it_has_a_tag() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start_demo(directory.path());
    let plant = hub.get("connections").unwrap().body["items"][0].clone();
    let wired = json!({ "name": "w", "protocol": "modbus", "settings": plant["settings"] });
    let signals = json!({ "name": "s", "protocol": "simulated" });
    for connection in [wired, signals] {
        let id = hub.create_id("connections", &connection).unwrap();
        let path = format!("plant/{}", connection["name"].as_str().unwrap());
        let device = json!({ "name": path, "connection": id, "path": path });
        hub.create("devices", &device).unwrap();
        wait_for("the running connection", PATIENCE, || {
            let state = hub.get(&format!("connections/{id}")).ok()?.body["status"]["state"].clone();
            (state == "running").then_some(())
        })
        .unwrap();
    }
    assert_eq!(hub.stop().unwrap(), Some(0));
}
