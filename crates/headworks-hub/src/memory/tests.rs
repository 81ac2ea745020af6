use headworks_core::Value;
use headworks_core::model::Tag;
use serde_json::json;

use super::*;
use crate::testing::{Line, START_US, Script, TestHub, good};

/// The interval of the line is long enough that only the test gives samples.
async fn counting(test: &TestHub, name: &str) -> (Line, TagIndex) {
    let line = test.line(name).await;
    line.fake.script(std::iter::repeat_n(Script::Hang, 60));
    let body = json!({ "name": "peak", "device": line.device, "formula": "max(flow, 30d)" });
    let tag: Tag = serde_json::from_value(body).unwrap();
    let id = test.create(tag).await;
    let index = test.handle.plant().tag(id).unwrap().index();
    (line, index)
}

/// Gives a sample some seconds after the start: the clock of the tests begins anew with each hub.
async fn give(test: &TestHub, line: &Line, at_s: i64, value: f64) {
    let time_us = START_US + at_s * 1_000_000;
    let update = good(line.index, time_us, Value::F64(value));
    test.handle.shared.ingest.take(vec![update], time_us).await;
}

fn value(test: &TestHub, tag: TagIndex) -> Option<Value> {
    test.handle.last(tag).unwrap().value
}

fn told(test: &TestHub) -> Vec<String> {
    let events = test.handle.events().into_iter();
    let own = events.filter(|event| event.subject == "calculated tags");
    own.map(|event| event.message).collect()
}

#[tokio::test]
async fn a_stop_and_a_start_cost_no_memory() {
    let test = TestHub::new().await;
    let (line, peak) = counting(&test, "memory-stop").await;
    give(&test, &line, 101, 90.0).await;
    give(&test, &line, 102, 50.0).await;
    assert_eq!(value(&test, peak), Some(Value::F64(90.0)));
    let test = test.restart().await;
    assert_eq!(told(&test), [""; 0]);
    give(&test, &line, 103, 60.0).await;
    assert_eq!(value(&test, peak), Some(Value::F64(90.0)));
}

#[tokio::test]
async fn a_changed_formula_begins_anew() {
    let test = TestHub::new().await;
    let (line, peak) = counting(&test, "memory-changed").await;
    give(&test, &line, 103, 90.0).await;
    give(&test, &line, 104, 50.0).await;
    let id = test.handle.plant().tag_at(peak).unwrap().id();
    save(&test.handle.shared, usize::MAX);
    let store = open(&test.handle.shared).unwrap();
    let rows = store.load(KIND).unwrap();
    assert_eq!(rows.len(), 1);
    let mut other = rows[0].clone();
    other.state = other.state.replacen("\"signature\":", "\"signature\":1", 1);
    assert_ne!(other.state, rows[0].state);
    let strange = Remembered {
        owner: ObjectId(uuid::Uuid::from_u128(7)),
        ..other.clone()
    };
    store.save(KIND, &[other, strange], &[]).unwrap();
    drop(store);
    // As after a kill: nothing is written at the end.
    let shared = Arc::clone(&test.handle.shared);
    shared.ingest.take_memories(usize::MAX);
    let test = test.restart().await;
    give(&test, &line, 105, 60.0).await;
    assert_eq!(value(&test, peak), Some(Value::F64(60.0)), "it begins anew");
    let left = open(&test.handle.shared).unwrap().load(KIND).unwrap();
    assert!(left.iter().all(|row| row.owner == id), "{left:?}");
}

#[tokio::test]
async fn a_damaged_file_is_told_and_everything_begins_anew() {
    let test = TestHub::new().await;
    let (line, peak) = counting(&test, "memory-damaged").await;
    give(&test, &line, 105, 90.0).await;
    give(&test, &line, 106, 50.0).await;
    let TestHub {
        hub,
        historian,
        directory,
        ..
    } = test;
    hub.stop(Duration::from_secs(5)).await.unwrap();
    std::fs::write(directory.path().join("memory.db"), "not a database at all").unwrap();
    let test = TestHub::on(directory, historian).await;
    let told = told(&test);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("put aside as memory.damaged"), "{told:?}");
    give(&test, &line, 107, 60.0).await;
    assert_eq!(value(&test, peak), Some(Value::F64(60.0)), "it begins anew");
    let test = test.restart().await;
    give(&test, &line, 108, 55.0).await;
    assert_eq!(value(&test, peak), Some(Value::F64(60.0)));
}

#[tokio::test]
async fn formulas_without_memory_make_no_file() {
    let test = TestHub::new().await;
    let line = test.line("memory-none").await;
    let body = json!({ "name": "double", "device": line.device, "formula": "flow * 2" });
    let tag: Tag = serde_json::from_value(body).unwrap();
    test.create(tag).await;
    give(&test, &line, 109, 40.0).await;
    let test = test.restart().await;
    assert!(!test.directory.path().join("memory.db").exists());
}
