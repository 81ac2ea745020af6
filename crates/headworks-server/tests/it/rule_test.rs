//! Alarm rules that are tested with stored samples before they are saved.

use serde_json::{Value as Json, json};

use crate::rig::{Rig, sample};

const TEST: &str = "/api/v1/alarm-rules/test";
const SECOND_US: i64 = 1_000_000;

fn high(tag: &Json, limit: &Json) -> Json {
    json!({ "name": "hot", "tag": tag["id"], "condition": { "kind": "high", "limit": limit } })
}

/// A rig with an hour of history that ends now: the values of tag `a` by the second after its
/// start. Tag `b` has the value 50 all the time.
async fn past(values: &[(i64, f64)]) -> (Rig, Vec<Json>, i64) {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let start_us = rig.now_us() - 3_600 * SECOND_US;
    let mut samples = vec![sample(&tags[1], start_us - SECOND_US, 50.0)];
    samples.extend(values.iter().map(|(second, value)| {
        let time_us = start_us + second * SECOND_US;
        sample(&tags[0], time_us, *value)
    }));
    let historian = rig.hub.handle().historian();
    historian.append(&samples).unwrap();
    (rig, tags, start_us)
}

/// Tests a rule with the hour; returns the answer.
fn test(rig: &Rig, start_us: i64, rule: &Json) -> Json {
    let end_us = start_us + 3_600 * SECOND_US;
    let body = json!({ "start_us": start_us, "end_us": end_us, "rule": rule });
    rig.post(TEST, &body).expect(200)
}

/// Returns the steps of an answer: the second, the cause and the value.
fn steps(answer: &Json, start_us: i64) -> Vec<(i64, String, Json)> {
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let second = (row["time_us"].as_i64().unwrap() - start_us) / SECOND_US;
        let cause = row["cause"].as_str().unwrap().to_owned();
        (second, cause, row["value"].clone())
    })
    .collect()
}

fn step(second: i64, cause: &str, value: f64) -> (i64, String, Json) {
    (second, cause.to_owned(), json!(value))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_when_a_rule_would_have_been_raised_and_for_how_long() {
    let values = [
        (10, 40.0),
        (100, 60.0),
        (400, 70.0),
        (700, 45.0),
        (3_000, 55.0),
    ];
    let (rig, tags, start_us) = past(&values).await;
    let mut rule = high(&tags[0], &json!({ "tag": tags[1]["id"] }));
    rule["message"] = json!("{value} above {limit}");
    let answer = test(&rig, start_us, &rule);
    assert_eq!(
        steps(&answer, start_us),
        [
            step(100, "raised", 60.0),
            step(700, "cleared", 45.0),
            step(3_000, "raised", 55.0)
        ]
    );
    let first = &answer["rows"][0];
    assert_eq!(
        (&first["limit"], &first["text"], &first["state"]),
        (
            &json!(50.0),
            &json!("60 above 50"),
            &json!("unacknowledged")
        )
    );
    let figures = [
        "raised",
        "cleared",
        "longest_us",
        "active_us",
        "stands",
        "is_cut",
        "tags",
    ];
    let found: Vec<&Json> = figures.iter().map(|name| &answer[name]).collect();
    let second = SECOND_US;
    assert_eq!(
        json!(found),
        json!([2, 1, 600 * second, 1_200 * second, true, false, 2])
    );
    // a part is 37.5 s: the third begins at 75 s
    let parts = answer["parts"].as_array().unwrap();
    assert_eq!(
        (
            parts.len(),
            &parts[1],
            &parts[2]["active_us"],
            &parts[2]["raised"]
        ),
        (
            96,
            &json!({ "raised": 0, "active_us": 0 }),
            &json!(12_500_000),
            &json!(1)
        )
    );
    let sum = |parts: &[Json]| -> i64 {
        parts
            .iter()
            .map(|part| part["active_us"].as_i64().unwrap())
            .sum()
    };
    assert_eq!(sum(parts), 1_200 * SECOND_US);
}

#[tokio::test(flavor = "multi_thread")]
async fn delays_are_kept_to_where_no_sample_comes_and_nothing_is_stored() {
    let (rig, tags, start_us) = past(&[(100, 60.0), (700, 45.0), (3_000, 55.0)]).await;
    let mut rule = high(&tags[0], &json!(50.0));
    rule["on_delay_ms"] = json!(200_000);
    let answer = test(&rig, start_us, &rule);
    assert_eq!(
        steps(&answer, start_us),
        [
            step(300, "raised", 60.0),
            step(700, "cleared", 45.0),
            step(3_200, "raised", 55.0)
        ]
    );
    assert!(rig.get("/api/v1/alarm-rules").expect(200)["items"] == json!([]));
    assert!(rig.get("/api/v1/alarms/journal").expect(200)["items"] == json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_the_start_counts_and_chattering_is_seen() {
    let values: Vec<(i64, f64)> = (0..20)
        .map(|turn| (100 + turn * 5, if turn % 2 == 0 { 60.0 } else { 40.0 }))
        .collect();
    let (rig, tags, start_us) = past(&values).await;
    let answer = test(&rig, start_us, &high(&tags[0], &json!(50.0)));
    assert_eq!(
        (&answer["raised"], &answer["chatters"], &answer["stands"]),
        (&json!(10), &json!(1), &json!(false))
    );
    // a deadband keeps it from chattering
    let mut rule = high(&tags[0], &json!(50.0));
    rule["deadband"] = json!(20.0);
    let answer = test(&rig, start_us, &rule);
    assert_eq!(
        (&answer["raised"], &answer["chatters"], &answer["stands"]),
        (&json!(1), &json!(0), &json!(true))
    );
    let later = json!({
        "start_us": start_us + 101 * SECOND_US, "end_us": start_us + 104 * SECOND_US,
        "rule": rule,
    });
    let answer = rig.post(TEST, &later).expect(200);
    assert_eq!(steps(&answer, start_us), [step(101, "raised", 60.0)]);
    assert_eq!(
        (&answer["samples"], &answer["active_us"]),
        (&json!(0), &json!(3 * SECOND_US))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_suppression_and_a_stored_rule_are_tested_too() {
    let (rig, tags, start_us) = past(&[(10, 60.0), (20, 40.0), (1_000, 60.0)]).await;
    let stale = json!({
        "name": "quiet", "tag": tags[0]["id"], "condition": { "kind": "stale", "after_s": 60 },
    });
    let answer = test(&rig, start_us, &stale);
    assert_eq!(
        steps(&answer, start_us),
        [
            step(80, "raised", 40.0),
            step(1_000, "cleared", 60.0),
            step(1_060, "raised", 60.0)
        ]
    );
    let mut rule = high(&tags[0], &json!(50.0));
    rule["suppress_when"] = json!("tag(\"plant/boiler/b\") == 50");
    let answer = test(&rig, start_us, &rule);
    assert_eq!(
        (
            &answer["raised"],
            &answer["suppressed"],
            &answer["active_us"]
        ),
        (&json!(0), &json!(2), &json!(0))
    );
    rule["suppress_when"] = json!("");
    let stored = rig.post("/api/v1/alarm-rules", &rule).expect(201);
    let body = json!({
        "id": stored["id"], "start_us": start_us, "end_us": start_us + 3_600 * SECOND_US,
    });
    assert_eq!(rig.post(TEST, &body).expect(200)["raised"], 2);
    // in its place, or beside it: neither its name nor its limit is in the way of a test
    rule["condition"] = json!({ "kind": "high_high", "limit": 45.0 });
    for id in [stored["id"].clone(), Json::Null] {
        let mut body = body.clone();
        body["rule"] = rule.clone();
        body["id"] = id;
        assert_eq!(rig.post(TEST, &body).expect(200)["raised"], 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tested_is_refused_at_its_field() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let gone = "0192d3c0-0000-7000-8000-0000000000aa";
    let limit = |limit: Json| json!({ "rule": high(&tags[0], &limit) });
    let mut long = limit(json!(1.0));
    long["start_us"] = json!(0);
    let mut name = limit(json!(1.0));
    name["rule"]["name"] = json!("");
    let mut text = limit(json!(1.0));
    text["rule"]["condition"] = json!({ "kind": "expression", "text": "value > " });
    for (body, pointer) in [
        (json!({}), "/rule"),
        (json!({ "id": gone }), "/id"),
        (long, "/start_us"),
        (name, "/rule/name"),
        (text, "/rule/condition/text"),
        (limit(json!({ "tag": gone })), "/rule/condition/limit/tag"),
        (
            json!({ "rule": high(&json!({ "id": gone }), &json!(1.0)) }),
            "/rule/tag",
        ),
    ] {
        let refused = rig.post(TEST, &body).refused(422, "invalid_body");
        assert_eq!(refused.first().map(String::as_str), Some(pointer), "{body}");
    }
}
