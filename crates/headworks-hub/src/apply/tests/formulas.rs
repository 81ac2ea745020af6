//! Calculated tags: evaluated when what they read changes, and what is refused.

use std::time::Duration;

use headworks_core::TagIndex;
use headworks_core::model::Tag;

use super::*;
use crate::testing::{Line, Script, bad, good};

/// A tag with a formula on a device.
fn formula(name: &str, device: ObjectId, text: &str, more: &serde_json::Value) -> Tag {
    let mut body = json!({ "name": name, "device": device, "formula": text });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    serde_json::from_value(body).unwrap()
}

async fn calculated(test: &TestHub, line: &Line, name: &str, text: &str) -> TagIndex {
    let id = test
        .create(formula(name, line.device, text, &json!({})))
        .await;
    test.handle.plant().tag(id).unwrap().index()
}

fn value(test: &TestHub, tag: TagIndex) -> Option<Value> {
    test.handle.last(tag).unwrap().value
}

#[tokio::test]
async fn a_formula_follows_what_it_reads_through_a_chain() {
    let test = TestHub::new().await;
    let line = test.line("formulas-chain").await;
    let double = calculated(&test, &line, "double", "flow * 2").await;
    let sum = calculated(
        &test,
        &line,
        "sum",
        r#"double + tag("plant/formulas-chain/flow")"#,
    )
    .await;
    let runs = line.fake.run_count();
    let now_us = test.handle.last(line.index).unwrap().time_us;
    let ingest = &test.handle.shared.ingest;
    for (at, flow) in [(1_i64, 21.0), (2, 4.0)] {
        let time_us = now_us + at * 1_000_000;
        let update = good(line.index, time_us, Value::F64(flow));
        ingest.take(vec![update], time_us).await;
        assert_eq!(value(&test, double), Some(Value::F64(2.0 * flow)));
        assert_eq!(value(&test, sum), Some(Value::F64(3.0 * flow)));
        let sample = test.handle.last(sum).unwrap();
        assert_eq!((sample.time_us, sample.quality), (time_us, Quality::GOOD));
    }
    let time_us = now_us + 3_000_000;
    let update = bad(line.index, time_us, Quality::BAD_SENSOR_FAILURE);
    ingest.take(vec![update], time_us).await;
    assert!(test.quality(sum).is_bad());
    assert_eq!(line.fake.run_count(), runs, "the link was not touched");
    test.until(|_| !test.historian.qualities_of(sum).is_empty())
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_formula_is_bad_when_the_link_of_what_it_reads_is_down() {
    let test = TestHub::new().await;
    let line = test.line("formulas-down").await;
    let double = calculated(&test, &line, "double", "flow * 2").await;
    test.until(|handle| is_good(handle, double)).await;
    line.fake.script([Script::Fail; 60]);
    line.fake.lose().await;
    test.until(|handle| handle.last(line.index).unwrap().quality.is_bad())
        .await;
    assert!(test.quality(double).is_bad(), "{}", test.quality(double));
}

#[tokio::test(start_paused = true)]
async fn a_formula_with_a_period_is_evaluated_by_time() {
    let test = TestHub::new().await;
    let line = test.line("formulas-period").await;
    let more = json!({ "period_ms": 500 });
    let slow = formula("slow", line.device, "count(flow, 1h)", &more);
    let id = test.create(slow).await;
    let slow = test.handle.plant().tag(id).unwrap().index();
    let clock = calculated(&test, &line, "clock", "now()").await;
    test.until(|handle| is_good(handle, clock)).await;
    let before = value(&test, clock);
    test.until(|handle| handle.last(clock).unwrap().value != before)
        .await;
    test.until(|handle| is_good(handle, slow)).await;
}

#[tokio::test(start_paused = true)]
async fn edits_of_others_do_not_put_a_formula_off() {
    let test = TestHub::new().await;
    let line = test.line("formulas-edits").await;
    let clock = calculated(&test, &line, "clock", "now()").await;
    test.until(|handle| is_good(handle, clock)).await;
    let before = value(&test, clock);
    for at in 0..10 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        test.create(tag(&format!("other{at}"), line.device)).await;
    }
    assert_ne!(value(&test, clock), before, "three seconds, ten edits");
}

#[tokio::test]
async fn a_name_finds_a_sibling_that_is_placed_in_an_asset() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let north = json!({ "name": "north" });
    let north: headworks_core::model::Asset = serde_json::from_value(north).unwrap();
    let mut elsewhere = tag("level", object_id(2));
    elsewhere.asset = Some(object_id(20));
    let edits = vec![
        create(20, north),
        create(21, elsewhere),
        create(22, formula("sum", object_id(2), "level + flow", &json!({}))),
    ];
    test.handle.apply(edits, "test").await.unwrap();
    let plant = test.handle.plant();
    let sum = plant.tag(object_id(22)).unwrap().index();
    let read: Vec<_> = [21, 3]
        .map(|id| plant.tag(object_id(id)).unwrap().index())
        .into();
    assert_eq!(plant.formulas().get(sum).unwrap().inputs, read);
}

#[tokio::test]
async fn circles_are_refused_with_their_way() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let on = |name: &str, text: &str| formula(name, object_id(2), text, &json!({}));
    let edits = vec![
        create(10, on("a", "b + 1")),
        create(11, on("b", "c + flow")),
        create(12, on("c", "a")),
    ];
    let error = test.handle.apply(edits, "test").await.unwrap_err();
    let HubError::Invalid(problems) = error else {
        panic!("{error}");
    };
    let reason = &problems[0].reason;
    assert!(
        reason.starts_with("needs its own result: plant/pump/"),
        "{reason}"
    );
    assert_eq!(reason.matches(" <- ").count(), 3, "{reason}");
    check_refused(
        vec![create(10, on("a", "a + 1"))],
        &[(0, "/formula", "plant/pump/a <- plant/pump/a")],
    )
    .await;
}

#[tokio::test]
async fn what_a_formula_cannot_read_is_refused_with_a_hint() {
    let on = |text: &str| vec![create(10, formula("a", object_id(2), text, &json!({})))];
    check_refused(on("flaw * 2"), &[(0, "/formula", "flow")]).await;
    check_refused(on("flow *"), &[(0, "/formula", "column")]).await;
    check_refused(
        on(r#"tag("plant/pump/nothing")"#),
        &[(0, "/formula", "plant/pump/nothing")],
    )
    .await;
    check_refused(on(r#""text""#), &[(0, "/data_type", "choose string")]).await;
}

#[tokio::test]
async fn what_a_formula_reads_is_not_taken_away_from_it() {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    let text = r#"tag("plant/pump/flow") + pressure"#;
    let sum = formula("sum", object_id(2), text, &json!({}));
    test.handle
        .apply(vec![create(10, sum)], "test")
        .await
        .unwrap();
    let gone = vec![delete(object_id(4), false)];
    let error = test.handle.apply(gone, "test").await.unwrap_err();
    check_problems(error, &[(0, "", "the formula of plant/pump/sum")]);
    let gone = vec![delete(object_id(2), true)];
    test.handle.apply(gone, "test").await.unwrap();
    assert_eq!(test.handle.plant().tag_count(), 0);
}

fn text_of(test: &TestHub, id: ObjectId) -> String {
    let plant = test.handle.plant();
    plant.tag(id).unwrap().formula().unwrap().to_owned()
}

/// A plant with a pump and formulas that read it: beside it and by path.
async fn plant_with_formulas(texts: &[&str]) -> TestHub {
    let test = TestHub::new().await;
    test.handle.apply(whole_plant(), "test").await.unwrap();
    for (at, text) in (10..).zip(texts) {
        let sum = formula(&format!("sum {at}"), object_id(2), text, &json!({}));
        test.handle
            .apply(vec![create(at, sum)], "test")
            .await
            .unwrap();
    }
    test
}

#[tokio::test]
async fn formulas_follow_a_tag_that_is_renamed_and_come_back_with_it() {
    let texts = [
        r#"2*tag( "plant/pump/flow" ) + flow"#,
        r#"avg(flow,10m) if flow > 0 else tag('plant/pump/flow')"#,
        "pressure",
    ];
    let test = plant_with_formulas(&texts).await;
    let name = |name: &str| {
        let mut body = test.handle.plant().tag(object_id(3)).unwrap().object().body;
        body.name = name.parse().unwrap();
        vec![Edit::update(object_id(3), body)]
    };
    let foreseen = test.handle.check(name("rate")).await.unwrap();
    let afters: Vec<&str> = foreseen.iter().map(|one| one.after.as_str()).collect();
    let want = [
        r#"2*tag( "plant/pump/rate" ) + rate"#,
        r#"avg(rate,10m) if rate > 0 else tag('plant/pump/rate')"#,
    ];
    assert_eq!(afters, want);
    assert_eq!(text_of(&test, object_id(10)), texts[0], "only tried");
    let applied = test.handle.apply(name("rate"), "test").await.unwrap();
    assert_eq!((applied.len(), applied[0].rewritten), (1, 2));
    for (id, text) in (10..).zip([want[0], want[1], texts[2]]) {
        assert_eq!(text_of(&test, object_id(id)), text);
    }
    assert_eq!(
        test.handle.plant().revision_of(object_id(12)),
        Some(1),
        "left alone"
    );
    // A name that cannot stand alone is read by its path.
    test.handle.apply(name("flow rate"), "test").await.unwrap();
    assert_eq!(
        text_of(&test, object_id(10)),
        r#"2*tag( "plant/pump/flow rate" ) + tag("plant/pump/flow rate")"#
    );
    let last = test.handle.plant().tag(object_id(3)).unwrap().updated_us();
    let edits = test.handle.undo_edits(last).await.unwrap();
    test.handle.apply(edits, "test").await.unwrap();
    assert_eq!(text_of(&test, object_id(10)), want[0]);
    test.handle.apply(name("flow"), "test").await.unwrap();
    for (id, text) in (10..).zip(texts) {
        assert_eq!(text_of(&test, object_id(id)), text);
    }
}

#[tokio::test]
async fn formulas_follow_devices_that_move_and_tags_that_change_places() {
    let test = plant_with_formulas(&[r#"tag("plant/pump/flow") - pressure"#]).await;
    let mut moved = device("pump", object_id(1));
    moved.path = "plant/pump2".parse().unwrap();
    let moved = Edit::update(object_id(2), moved);
    test.handle.apply(vec![moved], "test").await.unwrap();
    let sum = object_id(10);
    assert_eq!(text_of(&test, sum), r#"tag("plant/pump2/flow") - pressure"#);
    // Two tags change names in one list, and the formula itself is renamed in it.
    let body = |id: u128, name: &str| {
        let mut body = test
            .handle
            .plant()
            .tag(object_id(id))
            .unwrap()
            .object()
            .body;
        body.name = name.parse().unwrap();
        Edit::update(object_id(id), body)
    };
    let all = vec![body(3, "pressure"), body(4, "flow"), body(10, "rest")];
    let applied = test.handle.apply(all, "test").await.unwrap();
    assert_eq!(applied.iter().map(|one| one.rewritten).sum::<usize>(), 1);
    assert_eq!(text_of(&test, sum), r#"tag("plant/pump2/pressure") - flow"#);
    assert_eq!(test.handle.plant().tag(sum).unwrap().name(), "rest");
    // What its own edit says stands as it is written there.
    let own = formula("rest", object_id(2), "flow + 1", &json!({}));
    let both = vec![body(4, "speed"), Edit::update(sum, own)];
    let error = test.handle.apply(both, "test").await.unwrap_err();
    check_problems(error, &[(1, "/formula", "flow")]);
}

#[tokio::test]
async fn what_was_stored_of_a_formula_is_not_stored_as_old_after_a_restart() {
    let test = TestHub::new().await;
    let line = test.line("formulas-still").await;
    let double = calculated(&test, &line, "double", "flow * 2").await;
    test.until(|_| test.historian.qualities_of(double).contains(&Quality::GOOD))
        .await;
    line.fake.script([Script::Hang]);
    let test = test.restart().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(test.quality(double), Quality::UNCERTAIN_LAST_USABLE);
    let stored = test.historian.qualities_of(double);
    assert!(
        !stored.contains(&Quality::UNCERTAIN_LAST_USABLE),
        "{stored:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn formulas_survive_a_restart_and_a_disabled_one_rests() {
    let test = TestHub::new().await;
    let line = test.line("formulas-restart").await;
    let id = test
        .create(formula("double", line.device, "flow * 2", &json!({})))
        .await;
    let constant = test
        .create(formula("half", line.device, "5 / 2", &json!({})))
        .await;
    let twice = test
        .create(formula("whole", line.device, "half * 2", &json!({})))
        .await;
    let test = test.restart().await;
    let index_of = |id| test.handle.plant().tag(id).unwrap().index();
    let index = index_of(id);
    for index in [index, index_of(constant), index_of(twice)] {
        test.until(|handle| is_good(handle, index)).await;
    }
    assert_eq!(value(&test, index_of(twice)), Some(Value::F64(5.0)));
    let mut off = formula("double", line.device, "flow * 2", &json!({}));
    off.enabled = false;
    let edit = Edit::update(id, off);
    test.handle.apply(vec![edit], "test").await.unwrap();
    assert_eq!(test.quality(index), Quality::BAD_OUT_OF_SERVICE);
}
