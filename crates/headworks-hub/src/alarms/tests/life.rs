use headworks_core::alarm::EventId;
use headworks_store::JournalQuery;

use super::*;

#[tokio::test]
async fn an_alarm_is_raised_acknowledged_and_over() {
    let works = Works::new("alarm-life", 1).await;
    let fields = json!({
        "condition": {"kind": "high", "limit": 50.0},
        "message": "{tag}: {value} above {limit}",
        "priority": 1,
    });
    let alarm = works.alarm(0, fields).await;
    assert_eq!(works.state(alarm), State::Normal);
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let status = works.status(alarm);
    assert_eq!(status.text(), "plant/alarm-life/t0: 60 above 50");
    assert_eq!(
        (status.value(), status.limit()),
        (Some(&Value::I64(60)), Some(50.0))
    );
    assert_eq!(status.path.unwrap().as_str(), "plant/alarm-life/t0");
    let stats = works.hub.handle.alarms().stats();
    assert_eq!(
        (stats.alarms, stats.active, stats.unacknowledged),
        (1, 1, 1)
    );
    let status = works.acknowledge(alarm).await.unwrap();
    assert_eq!(status.standing.state, State::Acknowledged);
    assert_eq!(works.hub.handle.alarms().active().len(), 1);
    works.bring(&[(0, 40)]).await;
    works.until(alarm, State::Normal).await;
    let entries = works.journal(3).await;
    let causes: Vec<Cause> = entries.iter().map(|entry| entry.transition.cause).collect();
    assert_eq!(causes, [Cause::Raised, Cause::Acknowledged, Cause::Cleared]);
    assert!(entries.iter().map(|entry| entry.number).eq(1..=3));
    let by = entries[1].transition.by.clone().unwrap();
    assert_eq!(
        (&*by.actor, &*by.comment),
        ("ann", "the sensor is being cleaned")
    );
    assert_eq!(works.hub.handle.alarms().active().len(), 0);
}

#[tokio::test]
async fn a_short_excursion_within_a_batch_is_seen() {
    let works = Works::new("alarm-short", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.pass(SECOND_US);
    let now_us = works.now_us();
    let sample = |offset, value| good(works.indices[0], now_us + offset, Value::I64(value));
    works
        .bring_updates(vec![sample(0, 40), sample(1, 60), sample(2, 40)])
        .await;
    works.until(alarm, State::ReturnedUnacknowledged).await;
    assert_eq!(works.causes(2).await, [Cause::Raised, Cause::Cleared]);
}

#[tokio::test]
async fn samples_that_come_late_are_not_judged() {
    let works = Works::new("alarm-late", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.pass(SECOND_US);
    let now_us = works.now_us();
    let sample = |offset, value| good(works.indices[0], now_us + offset, Value::I64(value));
    works.bring_updates(vec![sample(0, 40)]).await;
    works.fake.send(vec![sample(-SECOND_US / 2, 60)]).await;
    works.bring_updates(vec![sample(1, 41)]).await;
    assert_eq!(works.state(alarm), State::Normal);
    assert_eq!(works.journal(0).await, []);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let works = Works::new("alarm-refused", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let message = |outcome: Result<AlarmStatus, HubError>| outcome.unwrap_err().to_string();
    assert_eq!(
        message(works.act(alarm, Act::Reset).await),
        "alarm \"Too high\": the condition holds: remove its cause before the reset"
    );
    let other = EventId::new(77).unwrap();
    let refused = message(works.act(alarm, Act::Acknowledge { event: other }).await);
    assert!(
        refused.contains("event 77 is not the present one"),
        "{refused}"
    );
    let alarms = works.hub.handle.alarms();
    let unreasoned = alarms.act(alarm, Act::TakeOut, By::new("ann", " ")).await;
    assert!(message(unreasoned).contains("only for a reason"));
    let long = By::new("ann", &"x".repeat(1001));
    let refused = alarms.act(alarm, Act::TakeOut, long).await.unwrap_err();
    assert!(matches!(refused, HubError::Invalid(_)), "{refused}");
    let nobody = works.tags[0];
    let unknown = works.act(nobody, Act::Reset).await.unwrap_err();
    assert!(
        matches!(unknown, HubError::NotFound { kind: "alarm", .. }),
        "{unknown}"
    );
    let off = json!({"name": "Off", "condition": {"kind": "low", "limit": 9}, "enabled": false});
    let off = works.alarm(0, off).await;
    assert!(alarms.status(off).is_none());
    assert_eq!(
        message(works.act(off, Act::Reset).await),
        "alarm \"Off\" is switched off; enable it first"
    );
    assert_eq!(works.causes(1).await, [Cause::Raised]);
}

#[tokio::test]
async fn an_acknowledgement_that_is_sent_twice_is_stored_once() {
    let works = Works::new("alarm-twice", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    works.bring(&[(0, 60)]).await;
    works.until(alarm, State::Unacknowledged).await;
    let alarms = works.hub.handle.alarms();
    let event = works.status(alarm).standing.event.unwrap().id;
    let acknowledge = || alarms.act(alarm, Act::Acknowledge { event }, By::new("bob", ""));
    let (one, two) = tokio::join!(acknowledge(), acknowledge());
    for status in [one.unwrap(), two.unwrap()] {
        assert_eq!(status.standing.state, State::Acknowledged);
    }
    assert_eq!(works.causes(2).await, [Cause::Raised, Cause::Acknowledged]);
}

#[tokio::test]
async fn a_restart_keeps_how_the_alarms_stand() {
    let works = Works::new("alarm-restart", 4).await;
    let mut alarms = Vec::new();
    for tag in 0..4 {
        alarms.push(works.alarm(tag, above_50()).await);
    }
    works.bring(&[(0, 60), (1, 60), (2, 60)]).await;
    works.until(alarms[2], State::Unacknowledged).await;
    works.acknowledge(alarms[1]).await.unwrap();
    let until_us = Some(works.now_us() + 3600 * SECOND_US);
    let shelve = Act::Shelve {
        until_us,
        one_shot: false,
    };
    works.act(alarms[2], shelve).await.unwrap();
    works.act(alarms[3], Act::TakeOut).await.unwrap();
    let before: Vec<_> = alarms.iter().map(|one| works.status(*one)).collect();
    let works = works.restart().await;
    for (alarm, before) in alarms.iter().zip(&before) {
        let after = works.status(*alarm);
        assert_eq!(after.standing, before.standing);
        assert_eq!(after.last, before.last);
    }
    works.wait_for_values().await; // 7, as at first
    works.until(alarms[0], State::ReturnedUnacknowledged).await;
    works.until(alarms[1], State::Normal).await;
    assert_eq!(works.state(alarms[2]), State::Shelved);
    works.bring(&[(0, 60)]).await;
    works.until(alarms[0], State::Unacknowledged).await;
    let event = works.status(alarms[0]).standing.event.unwrap().id;
    assert_eq!(event, EventId::new(4).unwrap(), "numbers go on");
}

#[tokio::test]
async fn what_was_active_is_not_raised_anew_by_a_restart() {
    let works = Works::new("alarm-again", 1).await;
    let below = json!({"condition": {"kind": "low", "limit": 50.0}});
    let alarm = works.alarm(0, below).await; // 7 is below
    works.until(alarm, State::Unacknowledged).await;
    let works = works.restart().await;
    works.wait_for_values().await;
    works.bring(&[(0, 8)]).await;
    works.bring(&[(0, 9)]).await;
    assert_eq!(works.state(alarm), State::Unacknowledged);
    assert_eq!(works.causes(1).await, [Cause::Raised]);
}

#[tokio::test]
async fn delays_shelves_and_re_alarms_come_with_time() {
    let works = Works::new("alarm-time", 2).await;
    let fields = json!({
        "condition": {"kind": "high", "limit": 50.0},
        "on_delay_ms": 10_000,
        "re_alarm_s": 60,
    });
    let alarm = works.alarm(0, fields).await;
    works.bring(&[(0, 60)]).await;
    works.pass(9 * SECOND_US);
    works.bring(&[(1, 1)]).await;
    assert_eq!(works.state(alarm), State::Normal);
    works.pass(SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    works.acknowledge(alarm).await.unwrap();
    works.pass(60 * SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    let until_us = Some(works.now_us() + 600 * SECOND_US);
    let shelve = Act::Shelve {
        until_us,
        one_shot: false,
    };
    let shelved = works.act(alarm, shelve).await.unwrap();
    assert_eq!(shelved.standing.state, State::Shelved);
    works.pass(599 * SECOND_US);
    tokio::time::sleep(Duration::from_millis(1200)).await; // longer than the timer sleeps
    assert_eq!(works.state(alarm), State::Shelved);
    works.pass(SECOND_US);
    works.until(alarm, State::Unacknowledged).await;
    let causes = works.causes(5).await;
    let want = [
        Cause::Raised,
        Cause::Acknowledged,
        Cause::ReAlarmed,
        Cause::Shelved,
        Cause::ShelfExpired,
    ];
    assert_eq!(causes, want);
}

#[tokio::test]
async fn a_shelf_that_ended_while_the_hub_was_off_has_ended() {
    let works = Works::new("alarm-shelf", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    let until_us = Some(works.now_us() + 60 * SECOND_US);
    let shelve = Act::Shelve {
        until_us,
        one_shot: false,
    };
    works.act(alarm, shelve).await.unwrap();
    works.pass(120 * SECOND_US);
    let works = works.restart().await;
    works.until(alarm, State::Normal).await;
    assert_eq!(works.causes(2).await, [Cause::Shelved, Cause::ShelfExpired]);
}

#[tokio::test]
async fn ten_thousand_alarms_at_once_are_all_in_the_journal() {
    const COUNT: usize = 10_000;
    let works = Works::new("alarm-flood", COUNT).await;
    let edits = (0..COUNT).map(|tag| Edit::create(works.body(tag, above_50())));
    let edits: Vec<Edit> = edits.collect();
    works.hub.handle.apply(edits, "test").await.unwrap();
    let values: Vec<(usize, i64)> = (0..COUNT).map(|tag| (tag, 60)).collect();
    works.bring(&values).await;
    let raised = works.journal(COUNT as u64).await;
    assert_eq!(raised.len(), COUNT);
    let alarms = works.hub.handle.alarms();
    assert_eq!(alarms.stats().unacknowledged, COUNT);
    let page = JournalQuery {
        limit: 10,
        ..JournalQuery::default()
    };
    let page = alarms.journal(page).await.unwrap();
    assert!(page.entries.iter().eq(raised.iter().rev().take(10)));
    let values: Vec<(usize, i64)> = (0..COUNT).map(|tag| (tag, 40)).collect();
    works.bring(&values).await;
    let works = works.restart().await;
    assert_eq!(works.journal(2 * COUNT as u64).await.len(), 2 * COUNT);
    assert_eq!(works.hub.handle.alarms().stats().lost, 0);
}

#[tokio::test]
async fn figures_come_from_the_journal() {
    let works = Works::new("alarm-figures", 1).await;
    let alarm = works.alarm(0, above_50()).await;
    let from_us = works.now_us();
    for _ in 0..3 {
        works.bring(&[(0, 60)]).await;
        works.bring(&[(0, 40)]).await;
    }
    works.until(alarm, State::ReturnedUnacknowledged).await;
    works.pass(10 * SECOND_US);
    works.journal(6).await;
    works.acknowledge(alarm).await.unwrap();
    works.pass(SECOND_US);
    let alarms = works.hub.handle.alarms();
    let report = alarms.statistics(from_us, works.now_us(), 1).await.unwrap();
    assert_eq!((report.load.events, report.acknowledged), (3, 1));
    assert_eq!(report.top[0].alarm, alarm);
    let earlier = alarms.statistics(0, from_us, 1).await.unwrap();
    assert_eq!(earlier.load.events, 0);
}
