use std::sync::atomic::Ordering;

use serde_json::json;

use super::*;
use crate::Edit;
use crate::status::ConnectionState;
use crate::testing::{Line, TestHub, connection, device, good, tag_with};

async fn writable(test: &TestHub, name: &str, more: serde_json::Value) -> Line {
    let line = test.line(name).await;
    let mut fields = json!({"writable": true});
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = tag_with("flow", line.device, &fields);
    test.handle
        .apply(vec![Edit::update(line.tag, body)], "test")
        .await
        .unwrap();
    line
}

#[tokio::test(start_paused = true)]
async fn a_write_is_scaled_confirmed_and_shown_at_once() {
    let test = TestHub::new().await;
    let line = writable(&test, "writes", json!({"scale": 0.1, "data_type": "int16"})).await;
    let mut news = test.handle.subscribe();
    let written = test.handle.write(line.tag, Value::F64(20.5)).await.unwrap();
    assert_eq!(*line.fake.written.lock(), [Value::F64(205.0)]);
    assert!(written.confirmed);
    assert_eq!(written.read_back, Some(Value::F64(20.5)));
    let last = test.handle.last(line.index).unwrap();
    assert_eq!(
        (last.value, last.time_us),
        (Some(Value::F64(20.5)), written.time_us)
    );
    let batch = news.recv().await.unwrap();
    assert_eq!(batch[0].sample.value, Some(Value::F64(20.5)));
    // what was read before the write and comes after it must not undo it on screen
    let stale = good(line.index, written.time_us - 1000, Value::I64(1));
    line.fake.send(vec![stale]).await;
    test.until(|_| 4 <= test.historian.rows.lock().len()).await;
    assert_eq!(
        test.handle.last(line.index).unwrap().value,
        Some(Value::F64(20.5))
    );
}

async fn check_refused(name: &str, fields: serde_json::Value, value: Value, want: &str) {
    let test = TestHub::new().await;
    let line = writable(&test, name, fields).await;
    let error = test
        .handle
        .write(line.tag, value)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(want), "{error}");
    assert!(line.fake.written.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_fit_never_leaves_the_hub() {
    let text = || Value::from("on");
    let range = json!({"min": 0.0, "max": 100.0, "data_type": "float32"});
    check_refused(
        "w1",
        range.clone(),
        Value::I64(101),
        "101 is above its max, 100",
    )
    .await;
    check_refused("w2", range, Value::F64(-0.5), "-0.5 is below its min, 0").await;
    check_refused(
        "w3",
        json!({"writable": false}),
        Value::I64(1),
        "is not writable",
    )
    .await;
    check_refused(
        "w4",
        json!({"data_type": "bool"}),
        Value::I64(2),
        "2 is not a bool",
    )
    .await;
    check_refused("w5", json!({}), text(), "on is not a number").await;
    check_refused("w6", json!({}), Value::Bool(true), "true is not a number").await;
    check_refused(
        "w7",
        json!({"data_type": "string", "length": 4}),
        Value::I64(2),
        "text",
    )
    .await;
    check_refused(
        "w8",
        json!({"enabled": false}),
        Value::I64(2),
        "is disabled",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_by_hand_brings_samples() {
    let test = TestHub::new().await;
    let line = test.line("polls").await;
    let samples = test.handle.stats().samples;
    let report = test.handle.poll(line.device).await.unwrap();
    assert_eq!((report.good, report.bad), (1, 0));
    test.until(|handle| handle.stats().samples == samples + 1)
        .await;
    let unknown = test.handle.poll(line.tag).await;
    assert!(matches!(
        unknown,
        Err(HubError::NotFound { kind: "device", .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_tried_without_being_stored() {
    let test = TestHub::new().await;
    let mut body = connection("tried");
    let nobody = ObjectId(uuid::Uuid::nil());
    let mut wrong = device("tried", nobody);
    assert!(
        test.handle
            .test_connection(&body, Some(&wrong))
            .await
            .unwrap()
            .ok
    );
    wrong.settings.insert("wrong".into(), 1.into());
    wrong.period_ms = 1;
    let Err(HubError::Invalid(problems)) = test.handle.test_connection(&body, Some(&wrong)).await
    else {
        panic!("wrong settings");
    };
    let places: Vec<_> = problems
        .iter()
        .map(|it| (it.edit, it.field.as_str()))
        .collect();
    assert_eq!(places, [(1, "/period_ms"), (1, "/settings/wrong")]);
    body.settings.insert("panic".into(), 1.into());
    let report = test.handle.test_connection(&body, None).await.unwrap();
    assert!(
        !report.ok && report.message.contains("inside the driver"),
        "{report:?}"
    );
    assert!(test.handle.plant().connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_figures_count_what_there_is() {
    let test = TestHub::new().await;
    let line = test.line("figures").await;
    for value in 0..5 {
        let sample = good(line.index, test.handle.clock().now_us(), Value::I64(value));
        line.fake.send(vec![sample]).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    test.until(|handle| 7 <= handle.stats().history_stored)
        .await;
    let stats = test.handle.stats();
    assert_eq!(
        (stats.tags, stats.devices, stats.connections.running),
        (1, 1, 1)
    );
    assert_eq!(stats.samples, 6);
    assert!(
        (0.5..2.0).contains(&stats.samples_per_sec),
        "{}",
        stats.samples_per_sec
    );
    assert!(
        5 <= stats.uptime_secs && stats.process.is_some(),
        "{stats:?}"
    );
    let status = test.handle.connection_status(line.connection).unwrap();
    assert_eq!((status.state, status.tags), (ConnectionState::Running, 1));
    assert!(test.handle.device_status(line.device).is_some());
    assert!(test.handle.device_status(line.connection).is_none());
    assert!(test.handle.wire_log(line.connection).is_some());
}

#[tokio::test(start_paused = true)]
async fn live_values_go_on_while_the_disk_is_full() {
    let test = TestHub::new().await;
    let line = test.line("full-disk").await;
    test.historian.fails.store(true, Ordering::Relaxed);
    for value in 0..5 {
        let sample = good(line.index, test.handle.clock().now_us(), Value::I64(value));
        line.fake.send(vec![sample]).await;
        let seen = |sample: Sample| sample.value == Some(Value::I64(value));
        test.until(|handle| handle.last(line.index).is_some_and(seen))
            .await;
    }
    // more than five when the tests' clock runs ahead of the recorder's thread
    let counted = |stats: &HubStats| 7 <= stats.history_stored + stats.history_dropped;
    test.until(|handle| counted(&handle.stats())).await;
    let stats = test.handle.stats();
    assert!(
        5 <= stats.history_dropped && stats.history_fault.is_some(),
        "{stats:?}"
    );
    assert_eq!(stats.connections.running, 1);
}
