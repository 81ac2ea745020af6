//! What is wrong with the samples of tags.

use headworks_core::Update;
use serde_json::{Value as Json, json};

use crate::rig::{Rig, sample, wait_for};

const SECOND_US: i64 = 1_000_000;

/// A tag of the given name with these fields, at one sample a second.
fn make(rig: &Rig, device: &Json, name: &str, fields: &Json) -> Json {
    let mut tag = json!({
        "device": device["id"], "name": name, "address": name, "data_type": "float64",
        "validation": { "expected_period_ms": 1000 },
    });
    tag.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    rig.post("/api/v1/tags", &tag).expect(201)
}

async fn give_all(rig: &Rig, updates: Vec<Update>) {
    let count = u64::try_from(updates.len()).unwrap();
    let before = rig.hub.handle().stats().samples;
    rig.give_batch(updates).await;
    wait_for(|| before + count <= rig.hub.handle().stats().samples).await;
    wait_for(|| rig.hub.handle().stats().history_queue == 0).await;
}

fn report(rig: &Rig, tag: &Json, query: &str) -> Json {
    let id = tag["id"].as_str().unwrap();
    rig.get(&format!("/api/v1/tags/{id}/validation?{query}"))
        .expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_and_completeness_are_those_of_the_data() {
    let rig = Rig::start().await;
    let device = rig.make_device("boiler").await;
    let full = make(&rig, &device, "full", &json!({}));
    let holed = make(&rig, &device, "holed", &json!({ "max": 1e6 }));
    let start_us = rig.now_us();
    // the tags exist since now: the samples are of the minutes to come, within the hour allowed
    let at = |second: i64| start_us + second * SECOND_US;
    let mut updates = Vec::new();
    for second in 0..120 {
        updates.push(sample(&full, at(second), 1.0));
        if !(30..60).contains(&second) {
            let value = if second == 10 { 1e7 } else { 2.0 };
            updates.push(sample(&holed, at(second), value));
        }
    }
    give_all(&rig, updates).await;
    // the range ends now, however far the samples go: nothing is missing yet
    let now = report(&rig, &full, "");
    assert_eq!(now["total"]["completeness"].as_f64().unwrap_or(1.0), 1.0);
    assert_eq!(now["expectation"]["gap_after_us"], 3 * SECOND_US);
    assert_eq!(now["live"]["counts"]["out_of_range"], 0);
    let holed = report(&rig, &holed, "");
    assert_eq!(holed["live"]["counts"]["out_of_range"], 1);
    assert_eq!(holed["live"]["last"][0]["kind"], "out_of_range");
    assert_eq!(holed["live"]["last"][0]["value"], 1e7);
    assert!(holed["clock"]["furthest_us"].as_i64().unwrap() > 100 * SECOND_US);
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_beyond_belief_are_told_of_and_not_stored() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let now_us = rig.now_us();
    let far = [i64::MAX, now_us + 90_000 * SECOND_US, 0, i64::MIN];
    give_all(
        &rig,
        far.map(|time_us| sample(&tags[0], time_us, 1.0)).to_vec(),
    )
    .await;
    rig.give(&tags[0], now_us, 2.0).await;
    let report = report(&rig, &tags[0], "");
    let counts = &report["live"]["counts"];
    assert_eq!((&counts["future"], &counts["past"]), (&json!(2), &json!(2)));
    assert_eq!(rig.hub.handle().stats().set_aside, 4);
    let place = "/api/v1/system/events?kind=validation&subject=plant/boiler/a";
    wait_for(|| rig.get(place).expect(200)["total"] == 1).await;
    let event = rig.get(place).expect(200)["items"][0].clone();
    assert_eq!(
        (&event["count"], &event["severity"]),
        (&json!(4), &json!("warning"))
    );
    assert!(
        event["message"]
            .as_str()
            .unwrap()
            .contains("check the clock"),
        "{event}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_puts_the_worst_first_and_pages() {
    let rig = Rig::start().await;
    let device = rig.make_device("boiler").await;
    let by_exception = json!({ "validation": { "by_exception": true } });
    for (name, fields) in [
        ("a", json!({})),
        ("b", by_exception),
        ("c", json!({ "max": 0.5 })),
    ] {
        let tag = make(&rig, &device, name, &fields);
        rig.give(&tag, rig.now_us(), 1.0).await;
    }
    let names = |query: &str| {
        let page = rig.get(&format!("/api/v1/validation?{query}")).expect(200);
        let items = page["items"].as_array().unwrap().clone();
        let paths = items
            .iter()
            .map(|item| item["path"].as_str().unwrap().to_owned());
        (paths.collect::<Vec<_>>(), page["next_cursor"].clone())
    };
    assert_eq!(
        names("").0,
        ["plant/boiler/a", "plant/boiler/b", "plant/boiler/c"]
    );
    let (first, cursor) = names("sort=violations&limit=1");
    assert_eq!(first, ["plant/boiler/c"]);
    let next = format!(
        "sort=violations&limit=1&cursor={}",
        cursor.as_str().unwrap()
    );
    assert_eq!(names(&next).0, ["plant/boiler/a"]);
    assert_eq!(names("sort=completeness").0.len(), 3);
    assert_eq!(
        names("pattern=plant/boiler/b&sort=gaps").0,
        ["plant/boiler/b"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_questions_are_refused() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let place = format!(
        "/api/v1/tags/{}/validation",
        tags[0]["id"].as_str().unwrap()
    );
    for query in [
        "start_us=5&end_us=5",
        "start_us=9000000000000000",
        "period=1y",
        "zone=Mars/Olympus",
        "start_us=x",
        "colour=red",
    ] {
        rig.get(&format!("{place}?{query}"))
            .refused(400, "invalid_query");
    }
    rig.get("/api/v1/validation?pattern=a//b")
        .refused(400, "invalid_query");
    rig.get("/api/v1/validation?sort=beauty")
        .refused(400, "invalid_query");
    let nobody = "/api/v1/tags/0192d3c0-0000-7000-8000-000000000000/validation";
    rig.get(nobody).refused(404, "not_found");
}
