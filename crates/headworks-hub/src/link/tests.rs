use std::sync::atomic::Ordering;
use std::time::Duration;

use headworks_core::{Quality, Value};
use tokio::time::Instant;

use crate::status::ConnectionState;
use crate::testing::{Script, TestHub, connection, device, fake, is_good, tag, tag_with};
use crate::{Body, Edit, HubError};

async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_ages_its_values_and_comes_back_by_itself() {
    let test = TestHub::new().await;
    let line = test.line("comes-back").await;
    let state = || test.handle.connection_state(line.connection).unwrap();
    assert_eq!(state(), ConnectionState::Running);
    line.fake.script([Script::Fail; 6]);
    line.fake.lose().await;
    test.until(|_| test.quality(line.index) == Quality::UNCERTAIN_NO_COMMUNICATION)
        .await;
    assert_eq!(state(), ConnectionState::Error);
    test.until(|_| test.quality(line.index) == Quality::BAD_NO_COMMUNICATION)
        .await;
    let shown = test.handle.last(line.index).unwrap();
    assert_eq!(shown.value, Some(Value::I64(7)));
    let status = test.handle.connection_status(line.connection).unwrap();
    let error = "link to comes-back is down: as told";
    assert_eq!(status.last_error.as_deref(), Some(error));
    test.until(|handle| is_good(handle, line.index)).await;
    assert_eq!(state(), ConnectionState::Running);
    let status = test.handle.connection_status(line.connection).unwrap();
    assert_eq!((status.restarts, line.fake.run_count()), (7, 8));
    assert_eq!(
        line.fake.builds.load(Ordering::Relaxed),
        1,
        "what was learned must survive"
    );
    let want = [
        Quality::BAD_WAITING_FOR_INITIAL_DATA,
        Quality::GOOD,
        Quality::UNCERTAIN_NO_COMMUNICATION,
        Quality::BAD_NO_COMMUNICATION,
        Quality::GOOD,
    ];
    // the recorder's thread may be behind the tests' clock
    let stored = || {
        let mut stored = test.historian.qualities_of(line.index);
        stored.dedup();
        stored
    };
    test.until(|_| want.len() <= stored().len()).await;
    assert_eq!(stored(), want);
}

#[tokio::test(start_paused = true)]
async fn the_time_between_tries_doubles_up_to_its_limit() {
    let test = TestHub::new().await;
    let fake = fake("doubles");
    fake.script([Script::Fail; 12]);
    test.create(connection("doubles")).await;
    test.until(|_| fake.run_count() == 2).await;
    wait(Duration::from_secs(240)).await;
    let runs: Vec<Instant> = fake.runs.lock().clone();
    let gaps: Vec<f64> = runs
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]).as_secs_f64())
        .collect();
    let full = [
        0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0, 30.0,
    ];
    assert_eq!(gaps.len(), full.len(), "{gaps:?}");
    for (gap, full) in gaps.iter().zip(full) {
        assert!((0.74 * full..=full + 0.01).contains(gap), "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_does_not_delay_another() {
    let test = TestHub::new().await;
    fake("hangs").script([Script::Hang]);
    let dead = test.create(connection("hangs")).await;
    let dead_device = test.create(device("hangs", dead)).await;
    test.create(tag("t", dead_device)).await;
    let started = Instant::now();
    let line = test.line("lives").await;
    assert!(started.elapsed() < Duration::from_millis(100));
    let mut news = test.handle.subscribe();
    for value in 0..100 {
        let time_us = test.handle.clock().now_us();
        let sample = crate::testing::good(line.index, time_us, Value::I64(value));
        line.fake.send(vec![sample]).await;
        let batch = news.recv().await.unwrap();
        assert_eq!(batch[0].sample.value, Some(Value::I64(value)));
    }
    assert!(
        started.elapsed() < Duration::from_millis(200),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_driver_ends_its_run_only() {
    let test = TestHub::new().await;
    let other = test.line("unharmed").await;
    let fake = fake("panics");
    fake.script([Script::Panic]);
    let connection = test.create(connection("panics")).await;
    test.until(|_| fake.run_count() == 1).await;
    let error = |status: Option<crate::ConnectionStatus>| status.unwrap().last_error;
    test.until(|handle| error(handle.connection_status(connection)).is_some())
        .await;
    let text = error(test.handle.connection_status(connection)).unwrap();
    assert_eq!(text, "the driver panicked: the fake panics");
    assert_eq!(
        test.handle.connection_state(connection),
        Some(ConnectionState::Error)
    );
    test.until(|_| fake.run_count() == 2).await;
    assert_eq!(fake.builds.load(Ordering::Relaxed), 2);
    assert_eq!(other.fake.run_count(), 1);
    assert!(is_good(&test.handle, other.index));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_cannot_work_waits_for_its_configuration() {
    let test = TestHub::new().await;
    let fake = fake("refuses");
    fake.script([Script::Refuse]);
    let id = test.create(connection("refuses")).await;
    let error = Some(ConnectionState::Error);
    test.until(|handle| handle.connection_state(id) == error)
        .await;
    wait(Duration::from_secs(3600)).await;
    assert_eq!(fake.run_count(), 1);
    let mut body = connection("refuses");
    body.settings.insert("port".into(), 2.into());
    test.handle
        .apply(vec![Edit::update(id, body)], "test")
        .await
        .unwrap();
    test.until(|_| fake.run_count() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn orders_to_a_link_that_is_down_are_refused_at_once() {
    let test = TestHub::new().await;
    let line = test.line("refuses-orders").await;
    let mut body = tag_with("flow", line.device, &serde_json::json!({"writable": true}));
    body.address = "8".into();
    test.handle
        .apply(vec![Edit::update(line.tag, body)], "test")
        .await
        .unwrap();
    line.fake.script([Script::Refuse]);
    line.fake.lose().await;
    let error = Some(ConnectionState::Error);
    test.until(|handle| handle.connection_state(line.connection) == error)
        .await;
    wait(Duration::from_secs(1)).await;
    let started = Instant::now();
    let refused = test
        .handle
        .write(line.tag, Value::I64(1))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("the link is down: "), "{refused}");
    let refused = test.handle.poll(line.device).await.unwrap_err();
    assert!(matches!(refused, HubError::LinkDown { .. }), "{refused}");
    assert!(started.elapsed() < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_does_not_stop_is_ended_after_a_second() {
    let test = TestHub::new().await;
    for name in ["stuck-1", "stuck-2", "stuck-3"] {
        fake(name).script([Script::Hang]);
        test.create(connection(name)).await;
    }
    let started = Instant::now();
    test.hub.stop(Duration::from_secs(5)).await.unwrap();
    let took = started.elapsed();
    assert!(
        (1.0..1.5).contains(&took.as_secs_f64()),
        "side by side, not in turn: {took:?}"
    );
    assert!(test.historian.closed.load(Ordering::Relaxed));
    let late = test
        .handle
        .apply(vec![Edit::create(connection("late"))], "test")
        .await;
    assert!(matches!(late, Err(HubError::Stopping)));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_tags_reaches_the_running_driver_and_no_other() {
    let test = TestHub::new().await;
    let [one, two] = [test.line("touched").await, test.line("untouched").await];
    let body: Body = tag("second", one.device).into();
    test.handle
        .apply(vec![Edit::create(body)], "test")
        .await
        .unwrap();
    test.until(|_| {
        one.fake.config.lock().as_ref().unwrap().devices[0]
            .tags
            .len()
            == 2
    })
    .await;
    let runs = [one.fake.run_count(), two.fake.run_count()];
    let [first, second] = [&one, &two].map(|line| line.fake.reconfigures.load(Ordering::Relaxed));
    // a line is made in three edits: the connection starts alone, then come device and tag
    assert_eq!((runs, first, second), ([1, 1], 3, 2));
    let settings =
        serde_json::json!({"unit": "bar", "scale": 0.1, "description": "only for people"});
    let edit = Edit::update(one.tag, tag_with("flow", one.device, &settings));
    test.handle.apply(vec![edit], "test").await.unwrap();
    wait(Duration::from_secs(1)).await;
    assert_eq!(
        one.fake.reconfigures.load(Ordering::Relaxed),
        3,
        "no driver needs to know a unit"
    );
}

#[tokio::test(start_paused = true)]
async fn other_settings_of_a_connection_restart_its_driver_and_no_other() {
    let test = TestHub::new().await;
    let [one, two] = [test.line("restarted").await, test.line("left-alone").await];
    let mut body = connection("restarted");
    body.settings.insert("port".into(), 502.into());
    test.handle
        .apply(vec![Edit::update(one.connection, body)], "test")
        .await
        .unwrap();
    test.until(|_| one.fake.run_count() == 2).await;
    assert_eq!(one.fake.builds.load(Ordering::Relaxed), 2);
    let config = one.fake.config.lock().clone().unwrap();
    assert_eq!(config.settings["port"], 502);
    let other = (
        two.fake.run_count(),
        two.fake.builds.load(Ordering::Relaxed),
    );
    assert_eq!(other, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_cannot_take_a_change_is_restarted() {
    let test = TestHub::new().await;
    let line = test.line("stubborn").await;
    line.fake.refuses_reconfigure.store(true, Ordering::Relaxed);
    test.create(tag("second", line.device)).await;
    test.until(|_| line.fake.run_count() == 2).await;
    let config = line.fake.config.lock().clone().unwrap();
    assert_eq!(config.devices[0].tags.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_connection_stops_and_says_so() {
    let test = TestHub::new().await;
    let line = test.line("switched-off").await;
    let mut body = connection("switched-off");
    body.enabled = false;
    test.handle
        .apply(vec![Edit::update(line.connection, body.clone())], "test")
        .await
        .unwrap();
    assert_eq!(test.quality(line.index), Quality::BAD_OUT_OF_SERVICE);
    let disabled = Some(ConnectionState::Disabled);
    assert_eq!(test.handle.connection_state(line.connection), disabled);
    assert!(test.handle.wire_log(line.connection).is_none());
    body.enabled = true;
    test.handle
        .apply(vec![Edit::update(line.connection, body)], "test")
        .await
        .unwrap();
    test.until(|handle| is_good(handle, line.index)).await;
}
