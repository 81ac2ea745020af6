//! Alarms of the real binary over its hard ends: the journal and how they stand.

use std::path::Path;
use std::thread;
use std::time::Duration;

use headworks_core::alarm::{Entry, Fold};
use headworks_store::AlarmJournal;
use serde_json::{Value as Json, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{PATIENCE, start};

const ALARMS: usize = 60;

/// Makes tags that jump twice a second, each with an alarm.
fn make_alarms(hub: &Hub) {
    let line = json!({"name": "sim", "protocol": "simulated"});
    let line = hub.create_id("connections", &line).unwrap();
    let device = json!({
        "name": "tank", "connection": line, "path": "plant/tank", "period_ms": 100,
    });
    let device = hub.create_id("devices", &device).unwrap();
    for number in 0..ALARMS {
        let tag = json!({
            "device": device,
            "name": format!("t{number}"),
            "address": "square:1s:0..100",
            "data_type": "float64",
        });
        let tag = hub.create_id("tags", &tag).unwrap();
        let alarm = json!({
            "name": "Too high",
            "tag": tag,
            "condition": {"kind": "high", "limit": 50},
        });
        hub.create_id("alarm-rules", &alarm).unwrap();
    }
}

/// Makes a tag above the limit of its alarm; returns the alarm.
fn make_raised(hub: &Hub, device: &str, name: &str) -> String {
    let tag = json!({
        "device": device, "name": name, "address": "constant:80", "data_type": "float64",
    });
    let tag = hub.create_id("tags", &tag).unwrap();
    let condition = json!({"kind": "high", "limit": 50});
    let alarm = json!({"name": name, "tag": tag, "condition": condition});
    hub.create_id("alarm-rules", &alarm).unwrap()
}

/// Returns how an alarm stands, as the API says it.
fn alarm(hub: &Hub, id: &str) -> Json {
    hub.get(&format!("alarms/{id}")).unwrap().body
}

fn wait_for_state(hub: &Hub, id: &str, state: &str) {
    wait_for(state, PATIENCE, || {
        (alarm(hub, id)["state"] == state).then_some(())
    })
    .unwrap();
}

#[test]
fn what_operators_did_survives_a_kill_right_after_the_answer() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut hub = start(&data);
    let line = json!({"name": "sim", "protocol": "simulated"});
    let line = hub.create_id("connections", &line).unwrap();
    let device = json!({"name": "tank", "connection": line, "path": "plant/tank"});
    let device = hub.create_id("devices", &device).unwrap();
    let ids = ["seen", "aside", "works", "new"].map(|name| make_raised(&hub, &device, name));
    for id in &ids {
        wait_for_state(&hub, id, "unacknowledged");
    }
    let event = alarm(&hub, &ids[0])["event"]["id"].clone();
    let why = json!({"comment": "the sensor is being cleaned"});
    let acts = [
        (
            "acknowledge",
            json!({"event": event, "comment": "on my way"}),
        ),
        ("shelve", why.clone()),
        ("out-of-service", why),
    ];
    for (id, (act, body)) in ids.iter().zip(&acts) {
        hub.create(&format!("alarms/{id}/{act}"), body).unwrap();
    }
    hub.process.kill();
    hub = start(&data);
    for (id, state) in ids
        .iter()
        .zip(["acknowledged", "shelved", "out_of_service"])
    {
        assert_eq!(alarm(&hub, id)["state"], state);
    }
    assert_eq!(alarm(&hub, &ids[0])["event"]["id"], event);
    assert_eq!(alarm(&hub, &ids[3])["state"], "unacknowledged");
    hub.wait_for_good("plant/tank/new", PATIENCE).unwrap();
    assert_eq!(journal(&data).len(), 7, "nothing was raised anew");
}

/// Returns the entries of a data directory; a hub may run on it.
fn journal(data: &Path) -> Vec<Entry> {
    let (journal, _) = AlarmJournal::open(data).unwrap();
    journal.entries_after(0, usize::MAX).unwrap()
}

/// Folds a journal, of which each entry must follow from those before.
fn fold(entries: &[Entry]) -> Fold {
    let mut fold = Fold::default();
    for entry in entries {
        fold.apply(entry).unwrap();
    }
    fold
}

#[test]
fn kills_lose_nothing_that_the_journal_had_and_leave_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut hub = start(&data);
    make_alarms(&hub);
    for round in 0..4 {
        let before = journal(&data).len();
        let entries = wait_for("transitions", PATIENCE, || {
            let entries = journal(&data);
            (before + ALARMS < entries.len()).then_some(entries)
        });
        let entries = entries.unwrap();
        // at another place of the second each time
        thread::sleep(Duration::from_millis(130 * round));
        hub.process.kill();
        let after = journal(&data);
        assert_eq!(after[..entries.len()], entries);
        let numbers = after.iter().map(|entry| entry.number);
        assert!(numbers.eq(1..=after.len() as u64));
        let (_, opened) = AlarmJournal::open(&data).unwrap();
        let whole = fold(&after);
        for (alarm, folded) in whole.alarms() {
            assert_eq!(opened.fold.get(alarm), Some(folded));
        }
        assert_eq!(opened.event, whole.last_event());
        hub = start(&data);
    }
    assert_eq!(hub.stop().unwrap(), Some(0));
    let entries = journal(&data);
    assert_eq!(fold(&entries).alarms().count(), ALARMS);
}

#[test]
fn a_damaged_journal_stops_the_start_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    assert_eq!(start(&data).stop().unwrap(), Some(0));
    for log in ["alarms.db-wal", "alarms.db-shm"] {
        drop(std::fs::remove_file(data.join(log)));
    }
    std::fs::write(data.join("alarms.db"), "no database ".repeat(1000)).unwrap();
    let arguments = ["run", "--listen", "127.0.0.1:0", "--data"];
    let output = std::process::Command::new(crate::BINARY)
        .args(arguments)
        .arg(&data)
        .current_dir(directory.path())
        .output()
        .unwrap();
    let said = crate::check_ended(&output, 1);
    assert!(said.contains("alarms.db"), "{said}");
    assert!(said.contains("move the file away"), "{said}");
}
