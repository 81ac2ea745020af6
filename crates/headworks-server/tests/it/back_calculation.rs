//! Formulas over the stored past: what comes out is what came out when the past was the present.

use std::ops::ControlFlow;
use std::time::Duration;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{RangeQuery, TimeRange};
use serde_json::{Value as Json, json};

use crate::rig::{Rig, index_of, wait_for};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3600 * SECOND_US;

fn make(rig: &Rig, device: &Json, name: &str, formula: &str) -> Json {
    let tag = json!({ "device": device, "name": name, "formula": formula });
    rig.post("/api/v1/tags", &tag).expect(201)
}

fn stored(rig: &Rig, tag: &Json, range: TimeRange) -> Vec<Sample> {
    let query = RangeQuery {
        tags: vec![index_of(tag)],
        range,
        limit: usize::MAX,
    };
    let mut samples = Vec::new();
    let read = rig.hub.handle().historian().read(&query, &mut |chunk| {
        samples.extend((0..chunk.times_us.len()).map(|at| chunk.sample(at)));
        ControlFlow::Continue(())
    });
    read.unwrap();
    samples
}

fn place(tag: &Json) -> String {
    format!(
        "/api/v1/tags/{}/back-calculate",
        tag["id"].as_str().unwrap()
    )
}

async fn calculate(rig: &Rig, tag: &Json, range: TimeRange, more: Json) -> Json {
    let mut body = json!({ "start_us": range.start_us, "end_us": range.end_us });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let job = rig.post(&place(tag), &body).expect(202);
    assert_eq!(job["kind"], "back_calculation");
    rig.wait_for_job(&job).await
}

async fn delete(rig: &Rig, tag: &Json, range: TimeRange) {
    let historian = rig.hub.handle().historian();
    let index = index_of(tag);
    let work = move || historian.delete(&[index], range).unwrap();
    assert!(0 < tokio::task::spawn_blocking(work).await.unwrap());
}

fn append(rig: &Rig, tag: TagIndex, samples: impl Iterator<Item = (i64, f64)>) {
    let update = |(time_us, value)| Update {
        tag,
        sample: Sample::good(time_us, Value::F64(value)),
    };
    let batch: Vec<Update> = samples.map(update).collect();
    rig.hub.handle().historian().append(&batch).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_gives_what_the_present_gave() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let device = &tags[0]["device"];
    let sum = make(&rig, device, "sum", "a + b * 2");
    let share = make(&rig, device, "share", "sum / (b - 3)");
    let step = make(&rig, device, "step", "delta(a) if b < 9 else 0");
    let start_us = rig.now_us();
    for at in 0..24_i64 {
        let tag = &tags[usize::from(at % 3 == 0)];
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        rig.give(tag, start_us + at * 1000, at as f64).await;
    }
    let range = TimeRange {
        start_us,
        end_us: start_us + 24_000,
    };
    wait_for(|| range.end_us < rig.now_us()).await;
    wait_for(|| stored(&rig, &sum, range).len() == 23).await;
    let before = [&sum, &share, &step].map(|tag| stored(&rig, tag, range));
    assert_eq!(before[0].len(), 23, "the first sample waits for the second");
    assert!(9 < before[2].len(), "b is 9 at the tenth sample");
    let is_bad = |sample: &&Sample| sample.quality == Quality::BAD_OUT_OF_RANGE;
    assert_eq!(before[1].iter().filter(is_bad).count(), 1, "b is 3 once");
    for tag in [&sum, &share, &step] {
        delete(&rig, tag, range).await;
    }
    // Alone it has nothing to rest on.
    let failed = calculate(&rig, &share, range, json!({ "dry_run": true })).await;
    assert_eq!(failed["state"], "failed");
    let reason = failed["error"].as_str().unwrap();
    assert!(reason.contains("plant/boiler/sum"), "{reason}");

    let more = json!({ "inputs_too": true, "dry_run": true });
    let tried = calculate(&rig, &share, range, more).await;
    let result = &tried["result"];
    assert_eq!(
        (&result["dry_run"], &result["samples"]),
        (&json!(true), &json!(44))
    );
    assert!(stored(&rig, &share, range).is_empty(), "only tried");

    let live = rig.hub.handle().last(index_of(&share));
    let done = calculate(&rig, &share, range, json!({ "inputs_too": true })).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["progress"], 1.0);
    let result = &done["result"];
    assert_eq!(
        (&result["samples"], &result["bad"]),
        (&json!(44), &json!(1))
    );
    assert_eq!(
        (&result["read"], &result["without"]),
        (&json!(24), &json!([]))
    );
    assert_eq!(result["tags"][0]["path"], "plant/boiler/sum");
    assert_eq!(result["tags"][1]["samples"], 21, "bad is said once");
    calculate(&rig, &step, range, json!({})).await;
    let after = [&sum, &share, &step].map(|tag| stored(&rig, tag, range));
    assert_eq!(after, before);
    assert_eq!(
        rig.hub.handle().last(index_of(&share)),
        live,
        "the present stays"
    );
    // Done again it is the same, and nothing stands twice.
    calculate(&rig, &step, range, json!({})).await;
    assert_eq!(stored(&rig, &step, range), before[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_know_what_was_before_the_range_and_periods_are_kept() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let tag = json!({
        "device": tags[0]["device"], "name": "mean", "formula": "avg(a, 10s)", "period_ms": 60_000,
    });
    let mean = rig.post("/api/v1/tags", &tag).expect(201);
    let end_us = rig.now_us().div_euclid(HOUR_US) * HOUR_US;
    let start_us = end_us - 2 * HOUR_US;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let samples = (0..7200_i64).map(|at| (start_us + at * SECOND_US, at as f64));
    append(&rig, index_of(&tags[0]), samples);
    let range = TimeRange {
        start_us: start_us + HOUR_US,
        end_us,
    };
    append(
        &rig,
        index_of(&mean),
        std::iter::once((range.start_us + 1, 99.0)),
    );
    let done = calculate(&rig, &mean, range, json!({ "replace": true })).await;
    assert_eq!(done["result"]["samples"], 60, "{done}");
    assert_eq!(done["result"]["deleted"], 1);
    let results = stored(&rig, &mean, range);
    assert_eq!(results.len(), 60);
    for (at, sample) in results.iter().enumerate() {
        let minutes = 60 * i64::try_from(at).unwrap();
        assert_eq!(sample.time_us, range.start_us + minutes * SECOND_US);
        assert_eq!(sample.quality, Quality::GOOD, "{at}");
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let want = (3600 + minutes) as f64 - 5.5;
        let Some(Value::F64(value)) = sample.value else {
            panic!("{sample:?}");
        };
        assert!((value - want).abs() < 1e-6, "{at}: {value}, not {want}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_calculated_is_refused_with_the_reason() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let device = &tags[0]["device"];
    let now_us = rig.now_us();
    let body = json!({ "start_us": now_us - HOUR_US, "end_us": now_us });
    let plain = rig.post(&place(&tags[0]), &body);
    assert!(plain.text.contains("has no formula"), "{}", plain.text);
    assert_eq!(plain.refused(422, "invalid_body"), [""]);
    let unkept = json!({ "device": device, "name": "x", "formula": "a", "history": false });
    let unkept = rig.post("/api/v1/tags", &unkept).expect(201);
    let refused = rig.post(&place(&unkept), &body);
    assert!(
        refused.text.contains("keeps no history"),
        "{}",
        refused.text
    );
    let clock = make(&rig, device, "clock", "a if now() > 0 else 0");
    for (start_us, end_us, pointer) in [
        (now_us, now_us + HOUR_US, "/end_us"),
        (now_us, now_us, "/start_us"),
        (-1, now_us, "/start_us"),
        (now_us - 10 * 365 * 24 * HOUR_US, now_us, "/start_us"), // every second of ten years
    ] {
        let body = json!({ "start_us": start_us, "end_us": end_us });
        let refused = rig.post(&place(&clock), &body).refused(422, "invalid_body");
        assert_eq!(refused, [pointer], "{body}");
    }
    // An input of which nothing is stored is told, and no results are made of nothing.
    let range = TimeRange {
        start_us: now_us - 2 * HOUR_US,
        end_us: now_us - HOUR_US,
    };
    let done = calculate(&rig, &clock, range, json!({})).await;
    assert_eq!(
        done["result"]["without"],
        json!(["plant/boiler/a"]),
        "{done}"
    );
    assert_eq!(done["result"]["samples"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_back_calculation_shows_how_far_it_is_and_can_be_cancelled() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let now_us = rig.now_us();
    let year_us = 365 * 24 * HOUR_US;
    append(
        &rig,
        index_of(&tags[0]),
        std::iter::once((now_us - year_us - 1, 1.0)),
    );
    let clock = make(&rig, &tags[0]["device"], "clock", "a * minute()");
    let body = json!({ "start_us": now_us - year_us, "end_us": now_us, "dry_run": true });
    let job = rig.post(&place(&clock), &body).expect(202);
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    wait_for(|| 0.0 < rig.get(&path).expect(200)["progress"].as_f64().unwrap()).await;
    rig.delete(&path).expect(200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let ended = rig.wait_for_job(&job).await;
    assert_eq!(ended["state"], "cancelled", "{ended}");
    assert!(ended["progress"].as_f64().unwrap() < 1.0);
}
