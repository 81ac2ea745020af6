use headworks_core::Quality;

use super::*;
use crate::testing::bad;

#[tokio::test]
async fn a_limit_that_is_a_tag_raises_when_it_moves() {
    let works = Works::new("alarm-setpoint", 2).await;
    let limit = json!({"tag": works.tags[1]});
    let fields = json!({"condition": {"kind": "high", "limit": limit}});
    let alarm = works.alarm(0, fields).await;
    works.bring(&[(1, 50)]).await;
    works.bring(&[(0, 40)]).await;
    assert_eq!(works.state(alarm), State::Normal);
    works.bring(&[(1, 30)]).await;
    works.until(alarm, State::Unacknowledged).await;
    assert_eq!(works.status(alarm).limit(), Some(30.0));
    // both at once: only the new limit counts
    works.bring(&[(1, 45), (0, 42)]).await;
    works.until(alarm, State::ReturnedUnacknowledged).await;
    assert_eq!(works.causes(2).await, [Cause::Raised, Cause::Cleared]);
}

#[tokio::test]
async fn an_expression_reads_other_tags_and_its_own() {
    let works = Works::new("alarm-expression", 2).await;
    let text = "value > 50 and t1 == 1";
    let fields = json!({"condition": {"kind": "expression", "text": text}});
    let alarm = works.alarm(0, fields).await;
    works.bring(&[(0, 60)]).await;
    assert_eq!(works.state(alarm), State::Normal);
    works.bring(&[(1, 1)]).await;
    works.until(alarm, State::Unacknowledged).await;
    works.bring(&[(0, 40), (1, 1)]).await;
    works.until(alarm, State::ReturnedUnacknowledged).await;
    assert_eq!(works.status(alarm).fault, None);
}

#[tokio::test]
async fn an_expression_that_remembers_needs_no_sample_to_become_true() {
    let works = Works::new("alarm-clock", 1).await;
    let text = "on_for(value > 50, 30s)";
    let fields = json!({"condition": {"kind": "expression", "text": text}});
    let alarm = works.alarm(0, fields).await;
    works.bring(&[(0, 60)]).await;
    works.pass(29 * SECOND_US);
    tokio::time::sleep(Duration::from_millis(1200)).await; // longer than the timer sleeps
    assert_eq!(works.state(alarm), State::Normal);
    works.pass(2 * SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
}

#[tokio::test]
async fn an_expression_of_what_is_gone_is_a_fault_that_is_told() {
    let works = Works::new("alarm-fault", 2).await;
    let fields = json!({
        "condition": {"kind": "expression", "text": "t1 > 50"},
        "suppress_when": "t1 == 3",
    });
    let alarm = works.alarm(0, fields).await;
    assert_eq!(works.status(alarm).fault, None);
    // no edit does that: only another configuration beneath the journal
    let gone = "DELETE FROM objects WHERE json_extract(body, '$.name') = 't1'";
    let works = works.restart_after(gone).await;
    let fault = works.status(alarm).fault.unwrap();
    assert!(fault.contains("condition: column 1"), "{fault}");
    assert!(fault.contains("suppress_when: column 1"), "{fault}");
    assert_eq!(works.state(alarm), State::Normal);
}

#[tokio::test]
async fn a_stopped_pump_has_no_low_flow() {
    let works = Works::new("alarm-pump", 2).await;
    let fields = json!({
        "condition": {"kind": "low", "limit": 5.0},
        "suppress_when": "t1 == 0",
    });
    let alarm = works.alarm(0, fields).await;
    // the flow first: the batch counts as a whole
    works.bring(&[(0, 0), (1, 0)]).await;
    works.until(alarm, State::Suppressed).await;
    works.bring(&[(0, 8), (1, 1)]).await;
    works.until(alarm, State::Normal).await;
    works.bring(&[(0, 1)]).await;
    works.until(alarm, State::Unacknowledged).await;
    works.bring(&[(1, 0)]).await;
    works.until(alarm, State::Suppressed).await;
    works.bring(&[(1, 1)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let announced = works.journal(7).await;
    let announced = announced
        .iter()
        .filter(|entry| entry.transition.opens_event());
    assert_eq!(announced.count(), 2);
}

#[tokio::test]
async fn a_state_of_the_plant_that_nobody_knows_changes_nothing() {
    let works = Works::new("alarm-unknown", 2).await;
    let fields = json!({
        "condition": {"kind": "low", "limit": 5.0},
        "suppress_when": "t1 == 0",
    });
    let alarm = works.alarm(0, fields).await;
    works.bring(&[(1, 0)]).await;
    works.until(alarm, State::Suppressed).await;
    works.pass(SECOND_US);
    let lost = bad(
        works.indices[1],
        works.now_us(),
        Quality::BAD_DEVICE_FAILURE,
    );
    works.bring_updates(vec![lost]).await;
    works.bring(&[(0, 1)]).await;
    assert_eq!(works.state(alarm), State::Suppressed);
}

#[tokio::test]
async fn what_is_suppressed_by_a_rule_that_goes_means_something_again() {
    let works = Works::new("alarm-lifted", 2).await;
    let condition = json!({"kind": "low", "limit": 5.0});
    let fields = json!({"condition": condition, "suppress_when": "t1 == 7"});
    let alarm = works.alarm(0, fields).await;
    works.until(alarm, State::Suppressed).await;
    let edit = Edit::update(alarm, works.body(0, json!({"condition": condition})));
    works.hub.handle.apply(vec![edit], "test").await.unwrap();
    works.until(alarm, State::Normal).await;
}

#[tokio::test]
async fn a_tag_that_falls_silent_is_told_of_by_time_alone() {
    let works = Works::new("alarm-stale", 2).await;
    let fields = json!({"condition": {"kind": "stale", "after_s": 30}});
    let alarm = works.alarm(0, fields.clone()).await;
    works.bring(&[(0, 1)]).await;
    works.pass(29 * SECOND_US);
    works.bring(&[(0, 2)]).await;
    works.pass(29 * SECOND_US);
    works.bring(&[(1, 2)]).await;
    assert_eq!(works.state(alarm), State::Normal);
    works.pass(2 * SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    let works = works.restart().await;
    assert_eq!(works.state(alarm), State::Unacknowledged);
    works.wait_for_values().await;
    works.until(alarm, State::ReturnedUnacknowledged).await;
}

#[tokio::test]
async fn a_long_night_without_a_hub_is_no_flood_of_stale_tags() {
    let works = Works::new("alarm-night", 1).await;
    let fields = json!({"condition": {"kind": "stale", "after_s": 30}});
    let alarm = works.alarm(0, fields).await;
    works.pass(8 * 3600 * SECOND_US);
    let works = works.restart().await;
    works.wait_for_values().await;
    assert_eq!(works.journal(0).await, []);
    assert_eq!(works.state(alarm), State::Normal);
}

#[tokio::test]
async fn a_lost_link_is_an_alarm_of_its_own_and_clears_no_other() {
    let works = Works::new("alarm-link", 1).await;
    let high = works.alarm(0, above_50()).await;
    let fields = json!({"name": "No value", "condition": {"kind": "bad_quality"}});
    let lost = works.alarm(0, fields).await;
    works.bring(&[(0, 60)]).await;
    works.until(high, State::Unacknowledged).await;
    works.pass(SECOND_US);
    let sample = bad(
        works.indices[0],
        works.now_us(),
        Quality::BAD_DEVICE_FAILURE,
    );
    works.bring_updates(vec![sample]).await;
    works.until(lost, State::Unacknowledged).await;
    assert_eq!(works.state(high), State::Unacknowledged);
    assert_eq!(works.causes(2).await, [Cause::Raised, Cause::Raised]);
}

#[tokio::test]
async fn the_first_of_a_group_is_marked_over_a_restart() {
    let works = Works::new("alarm-first", 3).await;
    let grouped = || json!({"condition": {"kind": "high", "limit": 50.0}, "group": "Trip"});
    let mut alarms = Vec::new();
    for tag in 0..3 {
        alarms.push(works.alarm(tag, grouped()).await);
    }
    works.bring(&[(1, 60), (0, 60), (2, 60)]).await;
    works.until(alarms[2], State::Unacknowledged).await;
    let marks = |works: &Works| {
        alarms
            .clone()
            .into_iter()
            .map(|one| works.status(one).first_out)
            .collect::<Vec<_>>()
    };
    assert_eq!(marks(&works), [false, true, false]);
    works.bring(&[(1, 40)]).await;
    works.until(alarms[1], State::ReturnedUnacknowledged).await;
    works.acknowledge(alarms[1]).await.unwrap();
    assert_eq!(
        marks(&works),
        [false, true, false],
        "the others still stand"
    );
    let works = works.restart().await;
    works
        .hub
        .until(|handle| handle.alarms().status(alarms[1]).unwrap().first_out)
        .await;
    works.wait_for_values().await; // 7: all are over
    for alarm in [alarms[0], alarms[2]] {
        works.until(alarm, State::ReturnedUnacknowledged).await;
        works.acknowledge(alarm).await.unwrap();
    }
    assert_eq!(marks(&works), [false, false, false]);
    works.bring(&[(2, 60)]).await;
    works.until(alarms[2], State::Unacknowledged).await;
    assert_eq!(marks(&works), [false, false, true]);
}

#[tokio::test]
async fn an_alarm_that_leaves_its_group_takes_its_mark_along() {
    let works = Works::new("alarm-leave", 2).await;
    let grouped =
        |group: &str| json!({"condition": {"kind": "high", "limit": 50.0}, "group": group});
    let first = works.alarm(0, grouped("Trip")).await;
    let second = works.alarm(1, grouped("Trip")).await;
    works.bring(&[(0, 60), (1, 60)]).await;
    works.until(second, State::Unacknowledged).await;
    assert!(works.status(first).first_out);
    let edit = Edit::update(first, works.body(0, grouped("Other")));
    works.hub.handle.apply(vec![edit], "test").await.unwrap();
    works
        .hub
        .until(|handle| handle.alarms().status(first).unwrap().first_out)
        .await;
    assert!(!works.status(second).first_out);
}
