//! Calculated tags of the real binary over its end.

use serde_json::{Value, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE, check_ended, headworks};

const COUNT: &str = "demo/heating/boiler/heard";

fn start_demo(data: &std::path::Path) -> Hub {
    Hub::start(BINARY.as_ref(), data, &["--demo"]).unwrap()
}

/// Returns what a formula has counted and how often it was evaluated by this process.
fn counted(hub: &Hub) -> (u64, u64) {
    let list = hub.get("calculated-tags").unwrap().body;
    let item = &list["items"][0];
    assert_eq!(item["path"], COUNT, "{list}");
    let value = item["current"]["value"].as_u64().unwrap_or(0);
    (value, item["evaluations"].as_u64().unwrap())
}

#[test]
fn kill_9_costs_windows_no_more_than_the_last_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let mut hub = start_demo(directory.path());
    let found = hub.get("tags?pattern=demo/heating/boiler/supply_temperature");
    let source: Value = found.unwrap().body["items"][0].clone();
    let formula = "count(supply_temperature, 1h)";
    let tag = json!({ "device": source["device"], "name": "heard", "formula": formula });
    hub.create("tags", &tag).unwrap();
    let file = directory.path().join("memory.db");
    let mut before = 0;
    wait_for("the first writing", PATIENCE, || {
        before = if file.exists() {
            before
        } else {
            counted(&hub).0
        };
        file.exists().then_some(())
    })
    .unwrap();
    assert!(3 < before, "{before}");
    // What is written is written in one piece, a moment later.
    std::thread::sleep(std::time::Duration::from_millis(500));
    hub.process.kill();
    drop(hub);

    let hub = start_demo(directory.path());
    let after = wait_for("an evaluation", PATIENCE, || {
        let (count, evaluations) = counted(&hub);
        (0 < evaluations && 0 < count).then_some((count, evaluations))
    })
    .unwrap();
    assert!(
        after.1 < before,
        "evaluated {} times; too late to say",
        after.1
    );
    assert!(before < after.0, "{before} before, {} after", after.0);
    assert_eq!(hub.stop().unwrap(), Some(0));

    // After a stop nothing is missing.
    let hub = start_demo(directory.path());
    let last = wait_for("an evaluation", PATIENCE, || {
        let (count, evaluations) = counted(&hub);
        (0 < evaluations && 0 < count).then_some((count, evaluations))
    })
    .unwrap();
    assert!(after.0 < last.0, "{} before, {} after", after.0, last.0);
    assert_eq!(hub.stop().unwrap(), Some(0));

    // A backup has it too.
    let (target, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = other.path().join("data");
    for (name, data) in [("create", directory.path()), ("restore", &other)] {
        let (target, data) = (target.path().to_str().unwrap(), data.to_str().unwrap());
        check_ended(&headworks(&["backup", name, target, "--data", data]), 0);
    }
    let hub = start_demo(&other);
    let restored = wait_for("an evaluation", PATIENCE, || {
        let (count, evaluations) = counted(&hub);
        (0 < evaluations && 0 < count).then_some(count)
    })
    .unwrap();
    assert!(last.0 < restored, "{} before, {restored} after", last.0);
    assert_eq!(hub.stop().unwrap(), Some(0));
}
