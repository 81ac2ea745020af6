//! Routes and rights: nobody has one write what they may not write themselves, then or later.

use serde_json::{Value as Json, json};

use crate::rig::{PASSWORD, Rig, wait_for};

fn route(name: &str, from: &Json, to: &Json) -> Json {
    json!({
        "name": name, "from": [from["path"]], "to": [{ "kind": "tag", "tag": to["id"] }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_writes_only_what_its_maker_may_write_by_whatever_way_it_is_made() {
    let (rig, tags) = Rig::with_tags(&["source", "mine", "other"]).await;
    let new = json!({
        "name": "adm", "role": "admin", "password": PASSWORD, "write": ["plant/boiler/mine"],
    });
    rig.post("/api/v1/users", &new).expect(201);
    let adm = rig.sign_in("adm");
    let ask = |method: &str, path: &str, body: &Json| rig.send_as(&adm, method, path, Some(body));
    let (mine, other) = (
        route("mine", &tags[0], &tags[1]),
        route("other", &tags[0], &tags[2]),
    );
    let made = ask("POST", "/api/v1/routes", &mine).expect(201);
    ask("POST", "/api/v1/routes", &other).refused(403, "forbidden");
    let place = format!("/api/v1/routes/{}", made["id"].as_str().unwrap());
    ask("PUT", &place, &other).refused(403, "forbidden");

    let edits =
        |body: &Json| json!({ "edits": [{ "op": "create", "kind": "route", "body": body }] });
    ask("POST", "/api/v1/edits", &edits(&other)).refused(403, "forbidden");
    let patch = json!({ "edits": [{ "op": "patch", "id": made["id"], "patch": other }] });
    ask("POST", "/api/v1/edits", &patch).refused(403, "forbidden");

    // what somebody else made comes back by an undo of theirs only
    let made = rig.post("/api/v1/routes", &other).expect(201);
    rig.delete(&format!("/api/v1/routes/{}", made["id"].as_str().unwrap()))
        .expect(204);
    let changes = rig.get("/api/v1/changes").expect(200);
    let undo = format!("/api/v1/changes/{}/undo", changes["items"][0]["id"]);
    ask("POST", &undo, &json!({})).refused(403, "forbidden");
    rig.post(&undo, &json!({})).expect(200);

    // nor by a tag that the same edits make
    let id = "0192d3c0-0000-7000-8000-0000000000aa";
    let mut tag = tags[2].clone();
    let known = ["device", "address", "data_type", "writable"];
    let fields = tag.as_object_mut().unwrap();
    fields.retain(|name, _| known.contains(&name.as_str()));
    fields.insert("name".to_owned(), json!("fresh"));
    let both = json!({ "edits": [
        { "op": "create", "kind": "tag", "id": id, "body": tag },
        { "op": "create", "kind": "route", "body": route("fresh", &tags[0], &json!({ "id": id })) },
    ]});
    ask("POST", "/api/v1/edits", &both).refused(403, "forbidden");
    rig.post("/api/v1/edits", &both).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_writes_no_more_than_who_saved_it_may_write_at_that_moment() {
    let (rig, tags) = Rig::with_tags(&["source", "target"]).await;
    let adm = rig.make_user("adm", "admin");
    let body = route("r", &tags[0], &tags[1]);
    let made = rig
        .send_as(&adm, "POST", "/api/v1/routes", Some(&body))
        .expect(201);
    let place = format!("/api/v1/routes/{}", made["id"].as_str().unwrap());
    // waits until the route works
    let status = || rig.get(&format!("{place}/status")).expect(200);
    assert_eq!(status()["state"], "running");
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    wait_for(|| status()["delivered"] == 1).await;

    let users = rig.get("/api/v1/users").expect(200);
    let mut all = users["items"].as_array().unwrap().iter();
    let user = all.find(|user| user["name"] == "adm").unwrap();
    let account = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let narrowed = json!({ "write": ["plant/other/**"] });
    rig.send(
        "PATCH",
        &account,
        &[],
        Some(narrowed.to_string().into_bytes()),
    )
    .expect(200);
    rig.give(&tags[0], rig.now_us(), 2.0).await;
    wait_for(|| status()["dead"] == 1).await;
    let reason = status()["last_error"]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reason.contains("adm, who saved the route last"), "{reason}");

    rig.delete(&account).expect(204);
    rig.give(&tags[0], rig.now_us(), 3.0).await;
    wait_for(|| status()["dead"] == 2).await;

    // who may, takes it over
    rig.put(&place, "\"1\"", &body).expect(200);
    assert_eq!(status()["dead"], 2);
    rig.give(&tags[0], rig.now_us(), 4.0).await;
    wait_for(|| status()["delivered"] == 2).await;
}
