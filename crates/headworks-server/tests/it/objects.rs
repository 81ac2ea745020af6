//! Making, changing and deleting of objects.

use serde_json::{Value as Json, json};

use crate::rig::Rig;

/// Walks one object through its life.
fn check_life(rig: &Rig, list: &str, body: &Json, changed: &Json) {
    let made = rig.post(list, body);
    let place = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(made.headers["etag"], "\"1\"");
    let made = made.expect(201);
    assert_eq!(place, format!("{list}/{}", made["id"].as_str().unwrap()));
    assert_eq!(
        (&made["revision"], &made["name"]),
        (&json!(1), &body["name"])
    );
    assert!(made["updated_us"].as_i64().unwrap() > 0);

    let page = rig.get(list).expect(200);
    assert_eq!(
        (page["total"].as_u64(), &page["next_cursor"]),
        (Some(1), &Json::Null)
    );
    assert_eq!(page["items"][0]["id"], made["id"]);
    let read = rig.get(&format!("{place}/"));
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.expect(200)["name"], body["name"]);

    let answer = rig.put(&place, "\"1\"", changed);
    assert_eq!(answer.headers["etag"], "\"2\"");
    let answer = answer.expect(200);
    assert_eq!(
        (&answer["revision"], &answer["name"]),
        (&json!(2), &changed["name"])
    );
    let stale = rig.put(&place, "\"1\"", body);
    assert_eq!(stale.headers["etag"], "\"2\"");
    stale.refused(412, "conflict");
    assert_eq!(rig.get(&place).expect(200)["name"], changed["name"]);

    let stale = rig.send("DELETE", &place, &[("if-match", "\"1\"")], None);
    stale.refused(412, "conflict");
    rig.delete(&place).expect(204);
    rig.get(&place).refused(404, "not_found");
    rig.put(&place, "*", body).refused(404, "not_found");
    rig.delete(&place).refused(404, "not_found");

    let history = rig.get(&format!("{place}/history")).expect(200);
    let actions: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["deleted", "updated", "created"]);
    assert_eq!(history["items"][1]["body"]["name"], changed["name"]);
    assert_eq!(history["items"][1]["author"], "owner");
    assert_eq!(history["items"][0]["body"], Json::Null);
}

/// Returns the body with another name.
fn renamed(body: &Json, name: &str) -> Json {
    let mut changed = body.clone();
    changed["name"] = name.into();
    changed
}

/// Walks channels, rosters and policies through their lives.
fn check_notification(rig: &Rig) {
    let channel = json!({ "name": "mail", "target": { "kind": "email" } });
    let (channels, rosters) = ("/api/v1/channels", "/api/v1/rosters");
    check_life(rig, channels, &channel, &renamed(&channel, "other"));
    let people = json!([{ "name": "Anna", "email": "anna@plant.example" }]);
    let roster = json!({ "name": "night", "people": people });
    check_life(rig, rosters, &roster, &renamed(&roster, "day"));
    let channel = rig.post(channels, &channel).expect(201);
    let roster = rig.post(rosters, &roster).expect(201);
    let policies = "/api/v1/notification-policies";
    let step = json!({ "channel": channel["id"], "rosters": [roster["id"]] });
    let policy = json!({ "name": "night", "steps": [step] });
    check_life(rig, policies, &policy, &renamed(&policy, "day"));

    rig.post(policies, &policy).expect(201);
    let place = |list: &str, object: &Json| format!("{list}/{}", object["id"].as_str().unwrap());
    rig.delete(&place(rosters, &roster)).refused(409, "in_use");
    let mut lost = renamed(&policy, "lost");
    lost["steps"][0]["channel"] = roster["id"].clone();
    let refused = rig.post(policies, &lost).refused(422, "invalid_body");
    assert_eq!(refused, ["/steps/0/channel"]);
    let duty = rig.get(&format!("{}/on-duty", place(rosters, &roster)));
    let duty = duty.expect(200);
    assert_eq!(duty["items"][0]["name"], "Anna");
    assert_eq!(duty["ends"][0]["name"], "Anna");
    let cascade = format!("{}?cascade=true", place(channels, &channel));
    rig.delete(&cascade).expect(204);
    assert_eq!(rig.get(policies).expect(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_object_lives_and_dies() {
    let rig = Rig::start().await;
    let connection = rig.connection();
    check_life(
        &rig,
        "/api/v1/connections",
        &connection,
        &renamed(&connection, "other"),
    );

    let connection = rig.post("/api/v1/connections", &connection).expect(201);
    let device =
        json!({ "name": "boiler", "connection": connection["id"], "path": "plant/boiler" });
    check_life(
        &rig,
        "/api/v1/devices",
        &device,
        &renamed(&device, "kettle"),
    );

    let device = rig.post("/api/v1/devices", &device).expect(201);
    let tag = json!({ "device": device["id"], "name": "t1", "address": "1" });
    check_life(&rig, "/api/v1/tags", &tag, &renamed(&tag, "t2"));

    let tag = rig.post("/api/v1/tags", &tag).expect(201);
    assert_eq!(tag["path"], "plant/boiler/t1");
    assert_eq!(tag["device_name"], "boiler");
    let widget = json!({
        "type": "value", "x": 0, "y": 0, "w": 2, "h": 1, "bindings": [{ "tag": tag["id"] }],
    });
    let groups = json!([{ "name": "g", "widgets": [widget] }]);
    let dashboard = json!({ "name": "first", "groups": groups });
    check_life(
        &rig,
        "/api/v1/dashboards",
        &dashboard,
        &renamed(&dashboard, "second"),
    );
    let policy = json!({ "name": "fine", "pattern": "plant/**", "days": { "raw": 400 } });
    check_life(
        &rig,
        "/api/v1/retention-policies",
        &policy,
        &renamed(&policy, "finer"),
    );
    let asset = json!({ "name": "north", "level": "site" });
    check_life(&rig, "/api/v1/assets", &asset, &renamed(&asset, "south"));
    let group = json!({ "name": "pumps", "tags": [tag["id"]] });
    check_life(&rig, "/api/v1/groups", &group, &renamed(&group, "drives"));
    let condition = json!({ "kind": "high", "limit": 80.0 });
    let alarm = json!({ "name": "hot", "tag": tag["id"], "condition": condition });
    check_life(
        &rig,
        "/api/v1/alarm-rules",
        &alarm,
        &renamed(&alarm, "too hot"),
    );
    let hook = json!({ "kind": "webhook", "url": "http://192.0.2.1/" });
    let route = json!({ "name": "away", "from": ["nothing/*"], "to": [hook] });
    check_life(&rig, "/api/v1/routes", &route, &renamed(&route, "further"));
    check_notification(&rig);
    let template = json!({ "name": "meter", "version": "1", "protocol": "given" });
    check_life(
        &rig,
        "/api/v1/templates",
        &template,
        &renamed(&template, "counter"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_found_under_its_own_kind_only() {
    let (rig, tags) = Rig::with_tags(&["t1"]).await;
    let id = tags[0]["id"].as_str().unwrap();
    for path in ["connections", "devices", "dashboards", "retention-policies"] {
        let place = format!("/api/v1/{path}/{id}");
        rig.get(&place).refused(404, "not_found");
        rig.delete(&place).refused(404, "not_found");
        rig.get(&format!("{place}/history"))
            .refused(404, "not_found");
    }
    rig.get(&format!("/api/v1/tags/{id}")).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_rest_on_goes_only_with_them() {
    let (rig, tags) = Rig::with_tags(&["t1", "t2"]).await;
    let device = tags[0]["device"].as_str().unwrap();
    let place = format!("/api/v1/devices/{device}");
    let refused = rig.delete(&place);
    refused.refused(409, "in_use");
    assert!(refused.text.contains("t1"), "{}", refused.text);
    rig.delete(&format!("{place}?cascade=true")).expect(204);
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 0);
    let connection = rig.get("/api/v1/connections").expect(200);
    assert_eq!(connection["items"][0]["status"]["tags"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_answered_with_its_pointer() {
    let (rig, tags) = Rig::with_tags(&["t1"]).await;
    let device = &tags[0]["device"];
    let tag = |extra: Json| {
        let mut tag = json!({ "device": device, "name": "new", "address": "1" });
        tag.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        tag
    };
    let nobody = "0192d3c0-0000-7000-8000-000000000000";
    for (extra, pointer) in [
        (json!({ "scale": 0 }), "/scale"),
        (json!({ "scale": "1" }), "/scale"),
        (json!({ "period_ms": 5 }), "/period_ms"),
        (json!({ "data_type": "int17" }), "/data_type"),
        (json!({ "name": "a/b" }), "/name"),
        (json!({ "name": "x\r\ny" }), "/name"),
        (json!({ "name": "T1" }), "/name"),
        (json!({ "address": "nowhere" }), "/address"),
        (json!({ "device": nobody }), "/device"),
        (json!({ "device": "x" }), "/device"),
        (json!({ "colour": 1 }), "/colour"),
        (json!({ "__proto__": {} }), "/__proto__"),
        (json!({ "id": nobody }), "/id"),
        (json!({ "min": 2, "max": 1 }), "/max"),
        (json!({ "invalid": [1, "x"] }), "/invalid/1"),
        (json!({ "unit": "x".repeat(33) }), "/unit"),
        (json!({ "description": "x".repeat(4001) }), "/description"),
    ] {
        let refused = rig.post("/api/v1/tags", &tag(extra.clone()));
        assert_eq!(refused.refused(422, "invalid_body"), [pointer], "{extra}");
    }
    let unknown = json!({ "name": "n", "protocol": "telepathy" });
    let refused = rig.post("/api/v1/connections", &unknown);
    assert_eq!(refused.refused(422, "invalid_body"), ["/protocol"]);
    let missing = json!({ "name": "n", "protocol": "given" });
    let refused = rig.post("/api/v1/connections", &missing);
    assert_eq!(refused.refused(422, "invalid_body"), ["/settings/line"]);
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tags_are_made_all_or_none() {
    let (rig, tags) = Rig::with_tags(&["t1"]).await;
    let device = &tags[0]["device"];
    let row = |name: &str| json!({ "device": device, "name": name, "address": "1" });
    let mut rows = vec![row("a"), row("b"), row("c")];
    rows[0]["scale"] = "x".into();
    rows[2]["extra"] = 1.into();
    let refused = rig.post("/api/v1/tags", &json!({ "items": rows }));
    let pointers = refused.refused(422, "invalid_body");
    assert_eq!(pointers, ["/items/0/scale", "/items/2/extra"]);

    // what the hub finds has the row too: a name twice, an address that cannot be
    let mut rows = vec![row("a"), row("b"), row("a")];
    rows[1]["address"] = "nowhere".into();
    let refused = rig.post("/api/v1/tags", &json!({ "items": rows }));
    let mut pointers = refused.refused(422, "invalid_body");
    pointers.sort();
    assert!(
        pointers.contains(&"/items/2/name".to_owned()),
        "{pointers:?}"
    );
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 1);

    for items in [json!([]), json!({}), json!(null)] {
        let refused = rig.post("/api/v1/tags", &json!({ "items": items }));
        assert!(!refused.refused(422, "invalid_body").is_empty(), "{items}");
    }
    let names: Vec<Json> = (0..500).map(|n| row(&format!("n{n:03}"))).collect();
    let made = rig
        .post("/api/v1/tags", &json!({ "items": names }))
        .expect(201);
    assert_eq!(made["items"].as_array().unwrap().len(), 500);
    assert_eq!(made["items"][499]["path"], "plant/boiler/n499");
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_tried_before_they_are_saved() {
    let rig = Rig::start().await;
    let body = json!({ "connection": rig.connection() });
    let outcome = rig.post("/api/v1/connections/test", &body).expect(200);
    assert_eq!(
        (&outcome["ok"], &outcome["connect_us"]),
        (&json!(false), &json!(12))
    );
    let wrong = json!({ "connection": { "name": "n", "protocol": "given" } });
    let refused = rig.post("/api/v1/connections/test", &wrong);
    assert_eq!(
        refused.refused(422, "invalid_body"),
        ["/connection/settings/line"]
    );

    let device = rig.make_device("boiler").await;
    let place = format!(
        "/api/v1/connections/{}",
        device["connection"].as_str().unwrap()
    );
    let outcome = rig.send("POST", &format!("{place}/test"), &[], Some(vec![]));
    assert_eq!(outcome.expect(200)["ok"], true);
    assert_eq!(rig.get("/api/v1/connections").expect(200)["total"], 1);

    let on = rig.put(&format!("{place}/log"), "*", &json!({ "enabled": true }));
    assert_eq!(on.expect(200)["enabled"], true);
    assert_eq!(
        rig.get(&format!("{place}/log")).expect(200)["enabled"],
        true
    );
}
