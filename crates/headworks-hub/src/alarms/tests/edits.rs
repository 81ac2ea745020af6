use super::*;

impl Works {
    async fn change(&self, alarm: ObjectId, tag: usize, fields: serde_json::Value) {
        let edit = Edit::update(alarm, self.body(tag, fields));
        self.hub.handle.apply(vec![edit], "test").await.unwrap();
    }

    async fn delete(&self, id: ObjectId) {
        let edit = Edit::Delete {
            id,
            expected: None,
            cascade: false,
        };
        self.hub.handle.apply(vec![edit], "test").await.unwrap();
    }
}

#[tokio::test]
async fn an_edit_keeps_how_an_alarm_stands() {
    let works = Works::new("alarm-edit", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    works.acknowledge(alarm).await.unwrap();
    let before = works.status(alarm).standing;
    let fields = json!({"condition": {"kind": "high", "limit": 55.0}, "message": "other"});
    works.change(alarm, 0, fields).await;
    assert_eq!(works.status(alarm).standing, before);
    assert_eq!(works.causes(2).await.len(), 2);
}

#[tokio::test]
async fn an_alarm_is_judged_at_once_when_it_is_made_and_when_its_limit_moves() {
    let works = Works::new("alarm-limit", 1).await;
    works.bring(&[(0, 60)]).await;
    let alarm = works.alarm(0, above_50()).await;
    works.until(alarm, State::Unacknowledged).await;
    let fields = json!({"condition": {"kind": "high", "limit": 65.0}});
    works.change(alarm, 0, fields).await;
    works.until(alarm, State::ReturnedUnacknowledged).await;
}

#[tokio::test]
async fn edits_of_others_leave_a_running_delay_alone() {
    let works = Works::new("alarm-others", 2).await;
    let delayed = |message: &str| {
        json!({
            "condition": {"kind": "high", "limit": 50.0},
            "on_delay_ms": 10_000,
            "message": message,
        })
    };
    let alarm = works.alarm(0, delayed("one")).await;
    works.bring(&[(0, 60)]).await;
    works.pass(6 * SECOND_US);
    let other = works.alarm(1, above_50()).await;
    works
        .change(
            other,
            1,
            json!({"condition": {"kind": "low", "limit": 1.0}}),
        )
        .await;
    works.change(alarm, 0, delayed("two")).await;
    works.pass(4 * SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    assert_eq!(works.status(alarm).text(), "two");
    let entry = &works.journal(1).await[0];
    assert_eq!(entry.transition.time_us, works.now_us());
}

#[tokio::test]
async fn a_changed_delay_begins_anew() {
    let works = Works::new("alarm-anew", 1).await;
    let delayed = |seconds: u32| {
        let on_delay_ms = seconds * 1000;
        json!({"condition": {"kind": "high", "limit": 50.0}, "on_delay_ms": on_delay_ms})
    };
    let alarm = works.alarm(0, delayed(10)).await;
    works.bring(&[(0, 60)]).await;
    works.pass(9 * SECOND_US);
    works.change(alarm, 0, delayed(5)).await;
    let changed_us = works.now_us();
    works.pass(5 * SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    let entry = &works.journal(1).await[0];
    assert_eq!(entry.transition.time_us, changed_us + 5 * SECOND_US);
}

#[tokio::test]
async fn a_deleted_alarm_is_over() {
    let works = Works::new("alarm-delete", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    works.delete(alarm).await;
    assert_eq!(works.causes(2).await, [Cause::Raised, Cause::Removed]);
    let alarms = works.hub.handle.alarms();
    assert!(alarms.status(alarm).is_none());
    assert!(alarms.active().is_empty());
    let works = works.restart().await;
    assert!(works.hub.handle.alarms().list().is_empty());
    assert_eq!(works.journal(2).await.len(), 2);
}

#[tokio::test]
async fn an_alarm_that_is_switched_off_begins_anew_when_it_is_switched_on() {
    let works = Works::new("alarm-off", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    works.acknowledge(alarm).await.unwrap();
    let off = json!({"condition": {"kind": "high", "limit": 50.0}, "enabled": false});
    works.change(alarm, 0, off).await;
    assert!(works.hub.handle.alarms().list().is_empty());
    works.change(alarm, 0, above_50()).await;
    works.until(alarm, State::Unacknowledged).await;
    let want = [
        Cause::Raised,
        Cause::Acknowledged,
        Cause::Removed,
        Cause::Raised,
    ];
    assert_eq!(works.causes(4).await, want);
}

#[tokio::test]
async fn an_alarm_that_went_while_no_hub_looked_is_over() {
    let works = Works::new("alarm-gone", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    // as when another configuration is restored beneath the journal
    let works = works
        .restart_after("DELETE FROM objects WHERE kind = 'alarm'")
        .await;
    let entries = works.journal(2).await;
    assert_eq!(entries[1].transition.cause, Cause::Removed);
    assert_eq!(entries[1].name, "Too high");
    let works = works.restart().await;
    assert_eq!(works.journal(2).await.len(), 2);
}

#[tokio::test]
async fn a_renamed_tag_leaves_its_alarm_as_it_is() {
    let works = Works::new("alarm-rename", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let renamed = tag_with("level", works.device, &json!({}));
    let edit = Edit::update(works.tags[0], renamed);
    works.hub.handle.apply(vec![edit], "test").await.unwrap();
    let status = works.status(alarm);
    assert_eq!(status.standing.state, State::Unacknowledged);
    assert_eq!(status.path.unwrap().as_str(), "plant/alarm-rename/level");
}

#[tokio::test]
async fn an_alarm_that_is_off_and_on_at_once_keeps_its_last_entry() {
    let works = Works::new("alarm-blink", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let off = json!({"condition": {"kind": "high", "limit": 50.0}, "enabled": false});
    for _ in 0..20 {
        works.change(alarm, 0, off.clone()).await;
        works.change(alarm, 0, above_50()).await;
    }
    works.journal(41).await;
    let works = works.restart().await;
    assert_eq!(works.state(alarm), State::Unacknowledged);
}
