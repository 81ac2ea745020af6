//! Questions about history over the API.

use serde_json::{Value as Json, json};

use crate::rig::Rig;

const SECOND_US: i64 = 1_000_000;

/// A tag with 1, 2, 3, ... a second apart; the time of the first.
async fn filled() -> (Rig, String, i64) {
    let (rig, tags) = Rig::with_tags(&["level"]).await;
    let start_us = rig.now_us() / SECOND_US * SECOND_US - 60 * SECOND_US;
    for second in 0..10_i32 {
        let time_us = start_us + i64::from(second) * SECOND_US;
        rig.give(&tags[0], time_us, f64::from(second + 1)).await;
    }
    let id = tags[0]["id"].as_str().expect("tags have ids").to_owned();
    let ask = json!({ "tags": [id], "start": start_us, "end": start_us + 10 * SECOND_US });
    crate::rig::wait_for(|| {
        let answer = rig.post("/api/v1/history/raw", &ask).expect(200);
        answer["tags"][0]["values"].as_array().map(Vec::len) == Some(10)
    })
    .await;
    (rig, id, start_us)
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_answer_with_value_and_status() {
    let (rig, id, start_us) = filled().await;
    let ask = json!({
        "tags": [id],
        "aggregates": ["Average", "Maximum", "Count", "TimeAverage2"],
        "start": start_us,
        "end": start_us + 10 * SECOND_US,
        "interval": 5 * SECOND_US,
        "options": { "stepped": true },
    });
    let answer = rig.post("/api/v1/history/processed", &ask).expect(200);
    assert_eq!(
        answer["starts_us"],
        json!([start_us, start_us + 5 * SECOND_US])
    );
    let columns = answer["tags"][0]["columns"].as_array().unwrap();
    let values = |at: usize| columns[at]["values"].clone();
    assert_eq!(values(0), json!([3.0, 8.0]));
    assert_eq!(values(1), json!([5.0, 10.0]));
    assert_eq!(values(2).as_array().unwrap().len(), 2);
    // Each value holds for a second.
    assert_eq!(values(3)[0], json!(3.0));
    let status = columns[0]["statuses"][0].as_u64().unwrap();
    assert_eq!(status & 0xC000_0000, 0, "good");
    assert_eq!(status & 0x03, 0x01, "calculated");
    let names = rig.get("/api/v1/history/aggregates").expect(200);
    assert!(names.to_string().contains("StandardDeviationSample"));
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_samples_come_in_pages_and_between_two_samples_is_interpolated() {
    let (rig, id, start_us) = filled().await;
    let mut ask = json!({
        "tags": [id], "start": start_us, "end": start_us + 10 * SECOND_US, "limit": 4,
    });
    let mut seen: Vec<Json> = Vec::new();
    loop {
        let page = rig.post("/api/v1/history/raw", &ask).expect(200);
        seen.extend(page["tags"][0]["values"].as_array().unwrap().clone());
        if page["next_cursor"].is_null() {
            break;
        }
        ask["cursor"] = page["next_cursor"].clone();
    }
    let wanted: Vec<Json> = (1..=10).map(|n| json!(f64::from(n))).collect();
    assert_eq!(seen, wanted);
    let ask = json!({ "tags": [id], "times": [start_us + SECOND_US / 2] });
    let answer = rig.post("/api/v1/history/at-time", &ask).expect(200);
    assert_eq!(answer["tags"][0]["values"], json!([1.5]));
    let ask = json!({
        "tags": [id], "start": start_us, "end": start_us + 10 * SECOND_US, "columns": 2,
    });
    let chart = rig
        .post("/api/v1/history/chart", &ask)
        .expect(200)
        .to_string();
    assert!(chart.contains("10.0"), "{chart}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_samples_are_gone() {
    let (rig, id, start_us) = filled().await;
    let range = json!({
        "tags": [id], "start": start_us + 2 * SECOND_US, "end": start_us + 5 * SECOND_US,
    });
    let answer = rig.post("/api/v1/history/delete", &range).expect(200);
    assert!(answer.to_string().contains('3'), "{answer}");
    let answer = rig.post("/api/v1/history/raw", &range).expect(200);
    assert!(!answer.to_string().contains("3.0"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused() {
    let (rig, id, start_us) = filled().await;
    let end_us = start_us + 10 * SECOND_US;
    let ask = |aggregate: &str, start: Json, end: Json, interval: Json, zone: &str| {
        let body = json!({
            "tags": [id], "aggregates": [aggregate], "start": start, "end": end,
            "interval": interval, "zone": zone,
        });
        rig.post("/api/v1/history/processed", &body).json()["status"].clone()
    };
    let (from, to) = (json!(start_us), json!(end_us));
    let all = json!(0);
    let refused = [
        ask("Averages", from.clone(), to.clone(), all.clone(), "UTC"),
        ask(
            "Average",
            json!("yesterday"),
            to.clone(),
            all.clone(),
            "UTC",
        ),
        ask("Average", from.clone(), to.clone(), json!(1), "UTC"),
        ask(
            "Average",
            from.clone(),
            to.clone(),
            json!("1 fortnight"),
            "UTC",
        ),
        ask("Average", from, to, all, "Europe/Atlantis"),
    ];
    for status in refused {
        let status = status.as_u64().unwrap_or(200);
        assert!((400..500).contains(&status), "{status}");
    }
    let unknown = json!({ "tags": ["no/such/tag"], "start": start_us, "end": end_us });
    let status = rig.post("/api/v1/history/raw", &unknown).json()["status"].as_u64();
    assert!(matches!(status, Some(400..500)), "{status:?}");
    let reversed = json!({ "tags": [id], "start": end_us, "end": start_us });
    let status = rig.post("/api/v1/history/delete", &reversed).json()["status"].as_u64();
    assert!(matches!(status, Some(400..500)), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_of_wide_columns_comes_from_roll_ups_and_keeps_the_spike() {
    let (rig, tags) = Rig::with_tags(&["level"]).await;
    let start_us = rig.now_us() / SECOND_US * SECOND_US - 7200 * SECOND_US;
    for second in 0..300_i32 {
        let value = if second == 137 { 900.0 } else { 5.0 };
        let time_us = start_us + i64::from(second) * SECOND_US;
        rig.give_batch(vec![crate::rig::sample(&tags[0], time_us, value)])
            .await;
    }
    let ask = json!({
        "tags": [tags[0]["id"]], "columns": 20,
        "start": start_us, "end": start_us + 7200 * SECOND_US,
    });
    crate::rig::wait_for(|| {
        let chart = rig.post("/api/v1/history/chart", &ask).expect(200);
        let values = chart["tags"][0]["values"].as_array().unwrap().clone();
        values.contains(&json!(900.0)) && values.len() <= 4
    })
    .await;
    let chart = rig.post("/api/v1/history/chart", &ask).expect(200);
    let times = chart["tags"][0]["times_us"].as_array().unwrap();
    assert_eq!(times[0], start_us);
    assert!(times.is_sorted_by_key(|time| time.as_i64().unwrap()));
}
