//! Dashboards from plant to plant, in one file.

use headworks_protocols::Protocol;
use headworks_protocols::modbus::PROTOCOL;
use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig};

static MODBUS: &[&Protocol] = &[&PROTOCOL];

const FILE: &str = "/api/v1/dashboard-file";

/// Starts a plant whose device, with two tags, stands in a folder.
async fn plant(folder: &str) -> (Rig, Vec<Json>) {
    let rig = Rig::start_with(|settings, _| settings.protocols = MODBUS).await;
    let connection = json!({
        "name": "meters", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "192.0.2.1:502" },
    });
    let connection = rig.post("/api/v1/connections", &connection).expect(201);
    let device = json!({ "name": "Meter", "connection": connection["id"], "path": folder });
    let device = rig.post("/api/v1/devices", &device).expect(201);
    let tags = ["power", "energy"].map(|name| {
        let tag = json!({ "device": device["id"], "name": name, "address": "HR0" });
        rig.post("/api/v1/tags", &tag).expect(201)["id"].clone()
    });
    (rig, tags.to_vec())
}

/// A dashboard with every option that a widget has.
fn dashboard(tags: &[Json]) -> Json {
    json!({
        "name": "Energy", "order": 3,
        "groups": [
            { "name": "Now", "description": "of the meter", "collapsed": true, "widgets": [
                { "type": "gauge", "title": "Power", "x": 0, "y": 0, "w": 3, "h": 2,
                  "bindings": [{ "tag": tags[0], "color": "#12ab9f" }],
                  "description": "measured at the entry", "show_legend": true,
                  "trend": { "enabled": true, "step_secs": 5, "aggregation": "max",
                             "range_min": 15 },
                  "format": { "decimals": 2, "show_unit": false, "size": "l" },
                  "axis": { "mode": "static", "min": -1.5, "max": 60.0 } },
                { "type": "line", "title": "", "x": 3, "y": 0, "w": 9, "h": 4,
                  "bindings": [{ "tag": tags[0] }, { "tag": tags[1], "color": "t2" }] },
            ] },
            { "name": "Notes", "widgets": [
                { "type": "text", "x": 0, "y": 0, "w": 12, "h": 1, "description": "call 112" },
            ] },
        ],
    })
}

fn upload(rig: &Rig, query: &str, file: &str) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    let path = format!("{FILE}?{query}");
    rig.send("POST", &path, &headers, Some(file.into()))
}

fn export(rig: &Rig) -> String {
    format!("{:#}", rig.get(FILE).expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_comes_to_another_plant_with_every_option() {
    let (first, tags) = plant("plant/meter").await;
    first
        .post("/api/v1/dashboards", &dashboard(&tags))
        .expect(201);
    let file = export(&first);
    assert!(file.contains(r#""tag": "plant/meter/power""#), "{file}");
    assert!(!file.contains(tags[0].as_str().unwrap()), "{file}");

    let (second, tags) = plant("plant/meter").await;
    let plan = upload(&second, "dry_run=true", &file).expect(200);
    assert_eq!(plan["created"], json!({ "dashboard": 1 }), "{plan}");
    assert_eq!(export(&second).matches("Energy").count(), 0);
    upload(&second, "", &file).expect(200);
    assert_eq!(export(&second), file);
    let list = second.get("/api/v1/dashboards").expect(200);
    let tag = &list["items"][0]["groups"][0]["widgets"][0]["bindings"][0]["tag"];
    assert_eq!(*tag, tags[0]);

    let again = upload(&second, "on_clash=replace", &file).expect(200);
    assert_eq!(again["unchanged"], 1, "{again}");
    let clash = upload(&second, "on_clash=report", &file).expect(422);
    assert_eq!(
        clash["errors"][0]["pointer"], "/dashboards/0/name",
        "{clash}"
    );
    upload(&second, "", &file).expect(200);
    assert!(export(&second).contains(r#""name": "Energy_2""#));
    let changed = file.replace("call 112", "call 911");
    let plan = upload(&second, "on_clash=replace", &changed).expect(200);
    assert_eq!(plan["updated"], json!({ "dashboard": 1 }), "{plan}");
    assert!(export(&second).contains("call 911"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_plant_says_which_tags_are_missing() {
    let (first, tags) = plant("north/meter").await;
    first
        .post("/api/v1/dashboards", &dashboard(&tags))
        .expect(201);
    let file = export(&first);
    let (second, _) = plant("south/meter").await;

    let plan = upload(&second, "dry_run=true", &file).expect(200);
    assert_eq!(plan["error_count"], 3, "{plan}");
    assert_eq!(
        plan["errors"][0],
        json!({
            "column": "/dashboards/0/groups/0/widgets/0/bindings/0/tag",
            "value": "north/meter/power", "reason": "the plant has no such tag",
        })
    );
    upload(&second, "", &file).expect(422);
    upload(&second, "from=north", &file).expect(400);

    let left = upload(&second, "missing=leave_out", &file).expect(200);
    assert_eq!(left["not_carried_over_count"], 3, "{left}");
    let kept = export(&second);
    assert!(
        kept.contains("call 112") && !kept.contains("gauge"),
        "{kept}"
    );
    upload(&second, "from=north&to=south&on_clash=replace", &file).expect(200);
    assert_eq!(export(&second), file.replace("north/", "south/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_dashboards_is_refused_with_its_place() {
    let (rig, _) = plant("plant/meter").await;
    for (file, want) in [
        ("{ \"format\": ", "line 1 column 12"),
        ("[]", "its field format is not"),
        ("{ \"format\": \"fuxa\" }", "its field format is not"),
        (
            r#"{ "format": "headworks_dashboards", "version": 2, "dashboards": [] }"#,
            "version 2; this program reads 1 to 1",
        ),
        (
            r#"{ "format": "headworks_dashboards", "version": 1 }"#,
            "dashboards must be a list",
        ),
    ] {
        let refused = upload(&rig, "", file).expect(422);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(want), "{detail}");
    }
    let file = |dashboard: &Json| {
        json!({ "format": "headworks_dashboards", "version": 1, "dashboards": [dashboard] })
            .to_string()
    };
    for (dashboard, place) in [
        (json!(7), "/dashboards/0"),
        (
            json!({ "name": "a", "groups": [{ "name": "", "widgets": [{ "type": "pie" }] }] }),
            "/dashboards/0/groups/0/widgets/0/type",
        ),
        (
            json!({ "name": "a", "groups": [{ "name": "", "colour": 1 }] }),
            "/dashboards/0/groups/0/colour",
        ),
        (json!({ "name": "" }), "/dashboards/0 (name)"),
    ] {
        let refused = upload(&rig, "", &file(&dashboard)).expect(422);
        assert_eq!(refused["errors"][0]["pointer"], place, "{refused}");
    }
    let gone = format!("{FILE}?dashboard=0190163d-8694-739b-aea5-966c26f8ad91");
    rig.get(&gone).expect(400);
}
