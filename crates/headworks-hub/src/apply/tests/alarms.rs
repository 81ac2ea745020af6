//! Alarms as they are configured: what is refused, and what goes with a tag.

use headworks_core::model::{Alarm, Tag};

use super::*;
use crate::testing::Line;

fn alarm(name: &str, tag: ObjectId, condition: serde_json::Value) -> Alarm {
    let body = json!({ "name": name, "tag": tag, "condition": condition });
    serde_json::from_value(body).unwrap()
}

/// Returns the id of the tag of a line.
fn watched(test: &TestHub, line: &Line) -> ObjectId {
    test.handle.plant().tag_at(line.index).unwrap().id()
}

/// Returns the places and reasons for which edits are refused.
async fn refusal(test: &TestHub, edits: Vec<Edit>) -> String {
    match test.handle.apply(edits, "test").await {
        Err(HubError::Invalid(problems)) => {
            let lines = problems.iter();
            let lines = lines.map(|one| format!("{} {} {}", one.edit, one.field, one.reason));
            lines.collect::<Vec<String>>().join("\n")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn alarms_beside_one_another_must_differ_and_must_not_pass_one_another() {
    let test = TestHub::new().await;
    let line = test.line("alarms-beside").await;
    let tag = watched(&test, &line);
    test.create(alarm("hot", tag, json!({ "kind": "high", "limit": 80 })))
        .await;
    let same = alarm("hot", tag, json!({ "kind": "low", "limit": 1 }));
    let told = refusal(&test, vec![Edit::create(same)]).await;
    assert!(
        told.contains("/name its tag has an alarm \"hot\" already"),
        "{told}"
    );
    let passing = alarm("very hot", tag, json!({ "kind": "high_high", "limit": 70 }));
    let told = refusal(&test, vec![Edit::create(passing)]).await;
    assert!(told.contains("80"), "{told}");
    let both = ["a", "a"]
        .map(|name| Edit::create(alarm(name, tag, json!({ "kind": "equals", "value": 1 }))));
    let told = refusal(&test, both.into()).await;
    assert!(
        told.starts_with("0 /name") && told.contains("\n1 /name"),
        "{told}"
    );
}

#[tokio::test]
async fn what_an_alarm_reads_must_be_there_and_fit() {
    let test = TestHub::new().await;
    let line = test.line("alarms-reads").await;
    let tag = watched(&test, &line);
    let text: Tag = serde_json::from_value(json!({
        "name": "state", "device": line.device, "address": "7", "data_type": "string",
    }))
    .unwrap();
    let text = test.create(text).await;
    let high = |limit: serde_json::Value| json!({ "kind": "high", "limit": limit });
    let expression = |text: &str| json!({ "kind": "expression", "text": text });
    let cases = [
        (text, high(json!(1)), "/condition/kind the tag has texts"),
        (
            tag,
            high(json!({ "tag": text })),
            "/condition/limit/tag the tag has texts",
        ),
        (
            tag,
            high(json!({ "tag": line.device })),
            "/condition/limit/tag",
        ),
        (tag, expression("flow > "), "/condition/text"),
        (tag, expression("flou > 1"), "flow"),
        (tag, expression("upper(state)"), "gives a text"),
    ];
    for (tag, condition, wanted) in cases {
        let told = refusal(&test, vec![Edit::create(alarm("a", tag, condition))]).await;
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    test.create(alarm(
        "right",
        tag,
        expression("flow > 3 and len(state) > 0"),
    ))
    .await;
}

#[tokio::test]
async fn a_tag_goes_with_its_alarms_but_not_from_under_others() {
    let test = TestHub::new().await;
    let line = test.line("alarms-go").await;
    let tag = watched(&test, &line);
    let limit: Tag = serde_json::from_value(json!({
        "name": "limit", "device": line.device, "address": "8", "data_type": "float64",
    }))
    .unwrap();
    let limit = test.create(limit).await;
    let by_tag = json!({ "kind": "high", "limit": { "tag": limit } });
    let own = test.create(alarm("hot", tag, by_tag)).await;
    let delete = |id: ObjectId, cascade: bool| Edit::Delete {
        id,
        expected: None,
        cascade,
    };
    let told = refusal(&test, vec![delete(limit, true)]).await;
    assert!(
        told.contains("the alarm \"hot\" would no longer work"),
        "{told}"
    );
    let refused = test.handle.apply(vec![delete(tag, false)], "test").await;
    assert!(
        matches!(refused, Err(HubError::HasChildren { count: 1, .. })),
        "{refused:?}"
    );
    test.handle
        .apply(vec![delete(tag, true)], "test")
        .await
        .unwrap();
    let plant = test.handle.plant();
    assert!(plant.alarm(own).is_none() && plant.alarms_of(tag).is_empty());
    test.handle
        .apply(vec![delete(limit, false)], "test")
        .await
        .unwrap();
}
