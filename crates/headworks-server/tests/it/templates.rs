//! Devices made of templates, drift and the way back, and the shipped templates.

use serde_json::{Value as Json, json};

use crate::rig::Rig;

const LOAD: &str = "/api/v1/template-library/load";

fn id(object: &Json) -> &str {
    object["id"].as_str().unwrap()
}

fn meter() -> Json {
    json!({
        "name": "meter", "version": "1", "protocol": "given", "period_ms": 3_600_000,
        "parameters": [{ "name": "unit", "type": "integer", "min": 1, "max": 9 }],
        "settings": { "unit_id": "${unit}" },
        "tags": [
            { "name": "power", "address": "p${unit}", "unit": "W" },
            { "name": "energy", "address": "e${unit}", "data_type": "uint32" },
        ],
    })
}

fn device(connection: &Json, name: &str, unit: u8) -> Json {
    json!({
        "name": name, "connection": connection, "path": format!("plant/{name}"),
        "parameters": { "unit": unit },
    })
}

/// Returns a rig, a template and the place where devices of it are made.
async fn start() -> (Rig, Json, Json, String) {
    let rig = Rig::start().await;
    let connection = rig.make_device("boiler").await["connection"].clone();
    let template = rig.post("/api/v1/templates", &meter()).expect(201);
    let place = format!("/api/v1/templates/{}/devices", id(&template));
    (rig, connection, template, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_are_made_of_a_template_or_none() {
    let (rig, connection, template, place) = start().await;
    let rows: Vec<Json> = (1..=9)
        .map(|unit| device(&connection, &format!("m{unit}"), unit))
        .collect();
    let mut body = json!({ "dry_run": true, "devices": rows });
    let trial = rig.post(&place, &body).expect(200);
    assert_eq!(
        (&trial["change"], &trial["devices"][8]["tags"]),
        (&Json::Null, &json!(2))
    );
    assert_eq!(trial["devices"][0]["id"], Json::Null);
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 0);

    body["devices"][3]["parameters"] = json!({ "unit": 77, "colour": 1 });
    body["devices"][5]["parameters"] = json!({});
    let pointers = rig.post(&place, &body).refused(422, "invalid_body");
    let want = [
        "/devices/3/parameters/unit",
        "/devices/3/parameters/colour",
        "/devices/5/parameters/unit",
    ];
    assert_eq!(pointers, want);

    body["devices"] = json!([
        device(&connection, "m1", 1),
        device(&connection, "boiler", 2),
        device(&json!("0192d3c0-0000-7000-8000-00000000000b"), "m3", 3),
    ]);
    let pointers = rig.post(&place, &body).refused(422, "invalid_body");
    assert_eq!(pointers, ["/devices/1/name", "/devices/2/connection"]);

    let rows: Vec<Json> = (1..=9)
        .map(|unit| device(&connection, &format!("m{unit}"), unit))
        .collect();
    let made = rig.post(&place, &json!({ "devices": rows })).expect(200);
    let tag = rig.get("/api/v1/tags?search=plant/m7/power").expect(200);
    assert_eq!(tag["items"][0]["address"], "p7");
    let place = format!("/api/v1/templates/{}", id(&template));
    assert_eq!(rig.get(&place).expect(200)["device_count"], 9);
    let undo = format!("/api/v1/changes/{}/undo", made["change"]);
    rig.post(&undo, &json!({})).expect(200);
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 0);
}

/// Changes the device by hand and the template to version 2.
fn move_apart(rig: &Rig, made: &Json, power: &Json, template: &Json) {
    let edits = json!({ "edits": [
        { "op": "patch", "id": power["id"], "patch": { "unit": "kW", "scale": 0.001 } },
        { "op": "patch", "id": id(made), "patch": { "settings": { "unit_id": 5, "own": 1 } } },
        { "op": "create", "kind": "tag",
          "body": { "device": made["id"], "name": "mine", "address": "x" } },
    ]});
    rig.post("/api/v1/edits", &edits).expect(200);
    let mut newer = meter();
    newer["version"] = "2".into();
    newer["tags"][1]["name"] = "import_energy".into();
    let tag = json!({ "name": "voltage", "address": "v" });
    newer["tags"].as_array_mut().unwrap().push(tag);
    rig.put(&format!("/api/v1/templates/{}", id(template)), "*", &newer)
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_shown_and_applied_again_without_loss_of_history() {
    let (rig, connection, template, place) = start().await;
    let rows = json!({ "devices": [device(&connection, "m1", 1)] });
    let made = rig.post(&place, &rows).expect(200)["devices"][0].clone();
    let place = format!("/api/v1/devices/{}/template", id(&made));
    let drift = rig.get(&place).expect(200);
    let empty = json!([]);
    assert_eq!(
        (&drift["unchanged"], &drift["changed"]),
        (&json!(2), &empty)
    );

    let tags = rig.get("/api/v1/tags?search=plant/m1/").expect(200)["items"].clone();
    let (energy, power) = (tags[0].clone(), tags[1].clone());
    move_apart(&rig, &made, &power, &template);
    let drift = rig.get(&place).expect(200);
    assert_eq!(
        (&drift["applied_version"], &drift["version"]),
        (&json!("1"), &json!("2"))
    );
    let names = |part: &str| {
        let items = drift[part].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("missing"), ["voltage"]);
    assert_eq!(names("extra"), ["mine"]);
    assert_eq!(names("changed"), ["power", "energy"]);
    let want = json!([
        { "field": "/scale", "is": 0.001, "wanted": null },
        { "field": "/unit", "is": "kW", "wanted": "W" },
    ]);
    assert_eq!(drift["changed"][0]["fields"], want);
    let want = json!([{ "field": "/settings/unit_id", "is": 5, "wanted": 1 }]);
    assert_eq!(drift["settings"], want);

    let apply = format!("{place}/apply");
    let trial = rig.post(&apply, &json!({ "dry_run": true })).expect(200);
    assert_eq!(
        (&trial["change"], &trial["edits"]),
        (&Json::Null, &json!(4))
    );
    let done = rig
        .post(&apply, &json!({ "delete_extra": true }))
        .expect(200);
    assert_eq!(done["edits"], 5);
    let drift = rig.get(&place).expect(200);
    assert_eq!(
        (&drift["unchanged"], &drift["settings"]),
        (&json!(3), &empty)
    );
    let tag = rig
        .get(&format!("/api/v1/tags/{}", id(&energy)))
        .expect(200);
    assert_eq!(
        (&tag["path"], &tag["index"]),
        (&json!("plant/m1/import_energy"), &energy["index"])
    );
    let device = rig
        .get(&format!("/api/v1/devices/{}", id(&made)))
        .expect(200);
    assert_eq!(device["settings"], json!({ "unit_id": 1, "own": 1 }));
    assert_eq!(device["template"]["version"], "2");
    let done = rig.post(&apply, &json!({})).expect(200);
    assert_eq!((&done["edits"], &done["change"]), (&json!(0), &Json::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_mistakes_is_not_saved() {
    let (rig, connection, template, place) = start().await;
    let mut wrong = meter();
    wrong["name"] = "other".into();
    wrong["tags"][0]["address"] = "${units}".into();
    wrong["tags"][1]["address"] = "nowhere".into();
    let pointers = rig
        .post("/api/v1/templates", &wrong)
        .refused(422, "invalid_body");
    assert_eq!(pointers, ["/tags/0/address"]);
    wrong["tags"][0]["address"] = "p".into();
    let edits = json!({ "edits": [{ "op": "create", "kind": "template", "body": wrong }] });
    let pointers = rig
        .post("/api/v1/edits", &edits)
        .refused(422, "invalid_body");
    assert_eq!(pointers, ["/edits/0/tags/1/address"]);

    let child = json!({
        "name": "child", "version": "1", "protocol": "given", "base": template["id"],
        "tags": [{ "name": "more", "address": "m${unit}" }],
    });
    let child = rig.post("/api/v1/templates", &child).expect(201);
    let mut less = meter();
    less["parameters"] = json!([]);
    less["settings"] = json!({});
    less["tags"] = json!([]);
    rig.put(&format!("/api/v1/templates/{}", id(&template)), "*", &less)
        .refused(422, "invalid_body");

    rig.get(&format!("{place}/x")).refused(404, "unknown_path");
    let boiler = rig.get("/api/v1/devices").expect(200)["items"][0].clone();
    rig.get(&format!("/api/v1/devices/{}/template", id(&boiler)))
        .refused(404, "not_found");
    let rows = json!({ "devices": [device(&connection, "c1", 3)] });
    let place = format!("/api/v1/templates/{}/devices", id(&child));
    let made = rig.post(&place, &rows).expect(200);
    assert_eq!(made["devices"][0]["tags"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_templates_are_listed_and_refused_under_other_names() {
    let rig = Rig::start().await;
    let list = rig.get("/api/v1/template-library").expect(200);
    let items = list["items"].as_array().unwrap();
    assert!(12 <= items.len());
    assert!(items.iter().all(|item| item["state"] == "absent"));
    let pointers = rig
        .post(LOAD, &json!({ "names": ["ABB ACS880", "nothing"] }))
        .refused(422, "invalid_body");
    assert_eq!(pointers, ["/names/1"]);
    let names = json!({ "names": ["Fronius Symo, Primo, Eco"] });
    let loaded = rig.post(LOAD, &names).expect(200);
    assert_eq!(loaded["items"].as_array().unwrap().len(), 2, "{loaded}");
    assert_eq!(rig.get("/api/v1/templates").expect(200)["total"], 2);
    let again = rig.post(LOAD, &names).expect(200);
    assert_eq!(again["change"], Json::Null);
    assert_eq!(again["items"][0]["action"], "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_of_a_template_are_made_with_the_device_and_brought_back() {
    let (rig, connection, template, place) = start().await;
    let mut body = meter();
    body["version"] = json!("2");
    let most = json!({ "name": "most", "type": "number", "default": 50.0 });
    body["parameters"].as_array_mut().unwrap().push(most);
    body["alarms"] = json!([
        {
            "name": "overload", "tag": "power", "priority": 1,
            "condition": { "kind": "high", "limit": "${most}" },
        },
        {
            "name": "odd", "tag": "power",
            "condition": { "kind": "deviation", "setpoint": { "tag": "energy" }, "max": 5 },
            "suppress_when": "energy < 1",
        },
    ]);
    let template = format!("/api/v1/templates/{}", id(&template));
    rig.put(&template, "*", &body).expect(200);
    let rows = json!({ "devices": [device(&connection, "m1", 1), device(&connection, "m2", 2)] });
    let made = rig.post(&place, &rows).expect(200)["devices"].clone();
    let rules = rig.get("/api/v1/alarm-rules?search=plant/m2").expect(200);
    let tags = rig.get("/api/v1/tags?search=plant/m2/").expect(200)["items"].clone();
    let odd = &rules["items"][0];
    assert_eq!((&odd["name"], &odd["tag"]), (&json!("odd"), &tags[1]["id"]));
    assert_eq!(odd["condition"]["setpoint"]["tag"], tags[0]["id"]);
    assert_eq!(rules["items"][1]["condition"]["limit"], 50.0);

    let place = format!("/api/v1/devices/{}/template", id(&made[1]));
    let drift = rig.get(&place).expect(200);
    let empty = json!([]);
    assert_eq!(
        (&drift["missing_alarms"], &drift["changed_alarms"]),
        (&empty, &empty)
    );
    rig.delete(&format!("/api/v1/alarm-rules/{}", id(odd)))
        .expect(204);
    let overload = format!("/api/v1/alarm-rules/{}", id(&rules["items"][1]));
    let mut changed = json!({
        "name": "overload", "tag": tags[1]["id"], "priority": 1,
        "condition": { "kind": "high", "limit": 70 },
    });
    rig.put(&overload, "*", &changed).expect(200);
    changed["name"] = json!("my own");
    rig.post("/api/v1/alarm-rules", &changed).expect(201);
    let drift = rig.get(&place).expect(200);
    assert_eq!(
        drift["missing_alarms"],
        json!([{ "tag": "power", "name": "odd" }])
    );
    let one = &drift["changed_alarms"][0];
    assert_eq!(
        (&one["tag"], &one["name"]),
        (&json!("power"), &json!("overload"))
    );
    assert_eq!(one["fields"][0]["field"], "/condition");
    let done = rig.post(&format!("{place}/apply"), &json!({})).expect(200);
    assert_eq!(done["edits"], 2);
    let drift = rig.get(&place).expect(200);
    assert_eq!(
        (&drift["missing_alarms"], &drift["changed_alarms"]),
        (&empty, &empty)
    );
    let rules = rig.get("/api/v1/alarm-rules?search=plant/m2").expect(200);
    assert_eq!(rules["total"], 3, "one's own stays");
}
