//! Present values, history, writes, lists.

use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

fn names(page: &Json) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_shown_everywhere_with_its_quality_and_time() {
    let (rig, tags) = Rig::with_tags(&["flow", "level"]).await;
    let now_us = rig.now_us();
    rig.give(&tags[0], now_us, 21.5).await;
    let place = format!("/api/v1/tags/{}", tags[0]["id"].as_str().unwrap());
    let want = json!({
        "value": 21.5, "quality": 0, "quality_name": "Good", "class": "good", "time_us": now_us,
    });
    assert_eq!(
        rig.get(&format!("{place}/current-value/")).expect(200),
        want
    );
    assert_eq!(rig.get(&place).expect(200)["current"], want);

    let values = rig.get("/api/v1/values?pattern=plant/*/flow").expect(200);
    let want = json!([{
        "path": "plant/boiler/flow", "value": 21.5, "quality": 0, "quality_name": "Good",
        "time_us": now_us, "unit": "°C",
    }]);
    assert_eq!(values["items"], want);
    assert_eq!(rig.get("/api/v1/values").expect(200)["total"], 2);

    let good = rig.get("/api/v1/tags?quality=good").expect(200);
    assert_eq!(names(&good), ["flow"]);
    let bad = rig.get("/api/v1/tags?quality=bad").expect(200);
    assert_eq!(names(&bad), ["level"]);
    assert_eq!(
        bad["items"][0]["current"]["quality_name"],
        "BadWaitingForInitialData"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_as_samples_and_as_buckets() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    let place = format!(
        "/api/v1/tags/{}/trend-data",
        tags[0]["id"].as_str().unwrap()
    );
    let start_us = rig.now_us() - 60_000_000;
    for (second, value) in [(0, 1.0), (1, 5.0), (2, 3.0), (10, -2.0)] {
        rig.give(&tags[0], start_us + second * 1_000_000, value)
            .await;
    }
    let range = format!("start_us={start_us}&end_us={}", start_us + 20_000_000);
    let raw = format!("{place}?{range}&raw=true");
    wait_for(|| rig.get(&raw).expect(200)["rows"].as_array().unwrap().len() == 4).await;
    let answer = rig.get(&raw).expect(200);
    assert_eq!(answer["columns"], json!(["time_us", "value", "quality"]));
    assert_eq!(answer["rows"][1], json!([start_us + 1_000_000, 5.0, 0]));
    assert_eq!(
        (&answer["truncated"], &answer["bucket_us"]),
        (&json!(false), &Json::Null)
    );
    assert_eq!(
        (&answer["path"], &answer["unit"]),
        (&json!("plant/boiler/flow"), &json!("°C"))
    );

    let first = rig.get(&format!("{raw}&limit=3")).expect(200);
    assert_eq!(first["rows"].as_array().unwrap().len(), 3);
    assert_eq!(first["truncated"], true);

    let answer = rig
        .get(&format!("{place}?{range}&bucket_secs=5"))
        .expect(200);
    let columns = json!(["time_us", "min", "max", "mean", "count", "bad"]);
    assert_eq!(
        (&answer["columns"], &answer["bucket_us"]),
        (&columns, &json!(5_000_000))
    );
    let rows = json!([
        [start_us, 1.0, 5.0, 3.0, 3, 0],
        [start_us + 10_000_000, -2.0, -2.0, -2.0, 1, 0],
    ]);
    assert_eq!(answer["rows"], rows);

    let refused = rig.get(&format!("{place}?start_us=9&end_us=5"));
    assert_eq!(refused.refused(400, "invalid_query"), ["?start_us"]);
    let refused = rig.get(&format!("{place}?points=10001"));
    assert_eq!(refused.refused(400, "invalid_query"), ["?points"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_confirmed_or_refused_with_the_reason() {
    let (rig, tags) = Rig::with_tags(&["set", "mute", "deaf"]).await;
    let write = |tag: &Json, body: &Json| {
        rig.post(
            &format!("/api/v1/tags/{}/write", tag["id"].as_str().unwrap()),
            body,
        )
    };
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    let outcome = write(&tags[0], &json!({ "value": 42.5 })).expect(200);
    assert_eq!(
        (&outcome["value"], &outcome["confirmed"]),
        (&json!(42.5), &json!(true))
    );
    assert_eq!(outcome["read_back"], 42.5);
    let refused = write(&tags[0], &json!({ "value": 2e6 }));
    assert_eq!(refused.refused(422, "invalid_body"), ["/value"]);
    for value in [json!(null), json!([1]), json!({})] {
        let refused = write(&tags[0], &json!({ "value": value }));
        assert_eq!(refused.refused(422, "invalid_body"), ["/value"]);
    }
    write(&tags[0], &json!({ "value": 1, "force": true })).refused(422, "invalid_body");
    write(&tags[1], &json!({ "value": 1 })).refused(504, "no_answer");
    let refused = write(&tags[2], &json!({ "value": 1 }));
    refused.refused(409, "device_refused");
    assert!(
        refused.text.contains("illegal data address"),
        "{}",
        refused.text
    );

    let place = format!("/api/v1/tags/{}", tags[0]["id"].as_str().unwrap());
    let fixed = json!({ "device": tags[0]["device"], "name": "set", "address": "set" });
    rig.put(&place, "*", &fixed).expect(200);
    write(&tags[0], &json!({ "value": 1 })).refused(409, "not_writable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_asked_at_once() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    let place = format!("/api/v1/devices/{}", tags[0]["device"].as_str().unwrap());
    let outcome = rig.send("POST", &format!("{place}/poll"), &[], Some(vec![]));
    assert_eq!(
        outcome.expect(200),
        json!({ "good": 2, "bad": 0, "error": null })
    );
    let page = rig.get(&format!("{place}/tags")).expect(200);
    assert_eq!(names(&page), ["a", "b"]);
    assert_eq!(rig.get(&place).expect(200)["tag_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_order_join_to_the_whole_list() {
    let (rig, tags) = Rig::with_tags(&["first"]).await;
    let second = rig.make_device("zulu").await;
    let devices = [tags[0]["device"].clone(), second["id"].clone()];
    let row = |n: usize| {
        let name = format!("n{:03}", n * 37 % 250);
        json!({ "device": devices[n % 2], "name": name, "address": "1" })
    };
    let rows: Vec<Json> = (0..249).map(row).collect();
    rig.post("/api/v1/tags", &json!({ "items": rows }))
        .expect(201);
    for sort in [
        "path", "-path", "name", "-name", "device", "-device", "quality", "-quality",
    ] {
        let (mut paths, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = rig
                .get(&format!("/api/v1/tags?sort={sort}&limit=100{cursor}"))
                .expect(200);
            assert_eq!(page["total"], 250);
            let items = page["items"].as_array().unwrap().iter();
            paths.extend(items.map(|item| item["path"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={}", next.replace('/', "%2F"));
        }
        assert_eq!(paths.len(), 250, "{sort}");
        match sort {
            "path" => assert!(paths.is_sorted()),
            "-path" => assert!(paths.iter().rev().is_sorted()),
            "name" => assert!(paths.is_sorted_by_key(|path| path.rsplit('/').next().unwrap())),
            _ => {}
        }
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 250, "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered() {
    let (rig, tags) = Rig::with_tags(&["Flow", "level", "flow_max"]).await;
    let found = |query: &str| {
        let page = rig.get(&format!("/api/v1/tags?{query}")).expect(200);
        names(&page)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let device = tags[0]["device"].as_str().unwrap();
    assert_eq!(found("search=FLOW"), ["Flow", "flow_max"]);
    assert_eq!(found("pattern=**/l*"), ["level"]);
    assert_eq!(found(&format!("device={device}&search=max")), ["flow_max"]);
    assert_eq!(found("pattern=plant/**&search=lev"), ["level"]);
    assert!(found("search=nothing").is_empty());
    let page = rig.get("/api/v1/devices?search=BOIL").expect(200);
    assert_eq!(page["total"], 1);
    assert_eq!(
        rig.get("/api/v1/devices?search=plant/x").expect(200)["total"],
        0
    );
    assert_eq!(
        rig.get("/api/v1/connections?search=Lin").expect(200)["total"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_that_makes_itself_can_be_saved() {
    let (rig, tags) = Rig::with_tags(&["a", "b", "c"]).await;
    let auto = rig.get("/api/v1/dashboards/auto").expect(200);
    let widgets = auto["groups"][0]["widgets"].as_array().unwrap();
    assert_eq!(widgets[0]["bindings"][0]["tag"], tags[0]["id"]);
    assert_eq!(widgets.last().unwrap()["type"], "line");
    rig.post("/api/v1/dashboards", &auto).expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_says_how_it_is() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    let health = rig.get("/api/v1/system/health/").expect(200);
    assert_eq!(
        (&health["status"], &health["checks"]["history"]["ok"]),
        (&json!("ok"), &json!(true))
    );
    let stats = rig.get("/api/v1/system/stats").expect(200);
    assert_eq!(stats["hub"]["tags"], 1);
    assert_eq!(stats["live"]["watchers"], 0);
    let protocols = rig.get("/api/v1/protocols").expect(200);
    assert_eq!(protocols["items"][0]["name"], "given");
    for kind in ["connection", "device", "tag", "dashboard"] {
        let schema = rig.get(&format!("/api/v1/schemas/{kind}")).expect(200);
        assert_eq!(schema["additionalProperties"], false);
    }
    rig.get("/api/v1/schemas/unicorn").refused(404, "not_found");
}
