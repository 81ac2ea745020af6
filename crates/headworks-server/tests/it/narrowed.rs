//! Dashboards for callers who see a part of the tags.

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig};

fn tile(title: &str, tags: &[&Json]) -> Json {
    let bindings: Vec<Json> = tags.iter().map(|tag| json!({ "tag": tag["id"] })).collect();
    json!({
        "type": "value", "title": title, "description": format!("about {title}"),
        "x": 0, "y": 0, "w": 2, "h": 1, "bindings": bindings,
    })
}

fn group(name: &str, widgets: &[Json]) -> Json {
    json!({ "name": name, "widgets": widgets })
}

/// A rig with tags of which its token sees the first only.
async fn narrowed_rig() -> (Rig, Vec<Json>, String) {
    let (rig, tags) = Rig::with_tags(&["seen", "hidden", "gone"]).await;
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer",
        "read": ["plant/boiler/seen"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap().to_owned();
    (rig, tags, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_shows_a_narrowed_caller_its_tiles_and_nothing_of_the_others() {
    let (rig, tags, token) = narrowed_rig().await;
    let groups = [
        group(
            "mixed",
            &[
                tile("the seen", &[&tags[0]]),
                tile("the hidden", &[&tags[1]]),
                tile("both of them", &[&tags[0], &tags[1]]),
                tile("the gone", &[&tags[2]]),
            ],
        ),
        group("hidden only", &[tile("the hidden", &[&tags[1]])]),
    ];
    let new = json!({ "name": "boiler", "groups": groups });
    let board = rig.post("/api/v1/dashboards", &new).expect(201);
    let other = json!({ "name": "hidden", "groups": groups[1..] });
    let other = rig.post("/api/v1/dashboards", &other).expect(201);
    let gone = tags[2]["id"].as_str().unwrap();
    rig.delete(&format!("/api/v1/tags/{gone}")).expect(204);

    let ask = |path: &str| -> Answer { rig.send_as(&token, "GET", path, None) };
    let list = ask("/api/v1/dashboards").expect(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["id"]),
        (&json!(1), &board["id"])
    );
    let path = |board: &Json| format!("/api/v1/dashboards/{}", board["id"].as_str().unwrap());
    ask(&path(&other)).refused(404, "not_found");
    let shown = ask(&path(&board)).expect(200);
    assert_eq!(shown, list["items"][0]);
    assert_eq!(shown["groups"].as_array().unwrap().len(), 1);
    let widgets = &shown["groups"][0]["widgets"];
    assert_eq!(widgets[0], board["groups"][0]["widgets"][0]);
    assert_eq!(widgets[2], board["groups"][0]["widgets"][2]);
    // A tile without right still has its tag, one whose tag is gone has none.
    assert_eq!(
        (&widgets[1]["title"], &widgets[1]["description"]),
        (&json!(""), &Json::Null)
    );
    assert_eq!(widgets[1]["bindings"][0]["tag"], tags[1]["id"]);
    assert_eq!(widgets[3]["bindings"], json!([]));
    assert!(!list.to_string().contains("hidden"), "{list}");

    // Who sees everything gets it as it was saved.
    assert_eq!(
        rig.get(&path(&board)).expect(200)["groups"],
        board["groups"]
    );
    let refused = rig.send_as(&token, "DELETE", &path(&board), None);
    refused.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_that_makes_itself_holds_what_the_caller_sees() {
    let (rig, _, token) = narrowed_rig().await;
    let auto = rig.send_as(&token, "GET", "/api/v1/dashboards/auto", None);
    assert!(
        auto.text.contains("seen") && !auto.text.contains("hidden"),
        "{}",
        auto.text
    );
    let all = rig.get("/api/v1/dashboards/auto").expect(200).to_string();
    assert!(all.contains("hidden"), "{all}");
    let me = rig
        .send_as(&token, "GET", "/api/v1/session", None)
        .expect(200);
    assert_eq!(me["is_narrowed"], true);
    assert_eq!(rig.get("/api/v1/session").expect(200)["is_narrowed"], false);
    // The period of a tag is known without a look at its device, which the caller may not take.
    let list = rig.send_as(&token, "GET", "/api/v1/tags", None).expect(200);
    assert_eq!(list["items"][0]["poll_ms"], 3_600_000);
    rig.send_as(&token, "GET", "/api/v1/devices", None)
        .refused(403, "forbidden");
}
