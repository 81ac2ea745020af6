//! Many edits in one, what was changed, and the way back.

use serde_json::{Value as Json, json};

use crate::rig::Rig;

const EDITS: &str = "/api/v1/edits";

fn edits(rows: &Json) -> Json {
    json!({ "edits": rows })
}

/// Returns how often each thing was done to each kind by the newest change.
fn newest(rig: &Rig) -> (i64, Vec<(String, String, u64)>) {
    let page = rig.get("/api/v1/changes?limit=1").expect(200);
    let change = &page["items"][0];
    let counts = change["counts"].as_array().unwrap().iter().map(|count| {
        let text = |field: &str| count[field].as_str().unwrap().to_owned();
        (
            text("kind"),
            text("action"),
            count["count"].as_u64().unwrap(),
        )
    });
    (change["id"].as_i64().unwrap(), counts.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_edits_of_many_kinds_are_one_change_that_can_be_undone() {
    let (rig, tags) = Rig::with_tags(&["t1", "t2"]).await;
    let asset = "0192d3c0-0000-7000-8000-00000000000a";
    let rows = json!([
        { "op": "create", "kind": "asset", "id": asset, "body": { "name": "north" } },
        { "op": "patch", "id": tags[0]["id"], "revision": 1,
          "patch": { "asset": asset, "unit": "bar", "validation": { "max_step": 5 } } },
        { "op": "delete", "id": tags[1]["id"] },
    ]);
    let mut trial = edits(&rows);
    trial["dry_run"] = true.into();
    assert_eq!(rig.post(EDITS, &trial).expect(200)["change"], Json::Null);
    assert_eq!(rig.get("/api/v1/assets").expect(200)["total"], 0);

    let done = rig.post(EDITS, &edits(&rows)).expect(200);
    let actions: Vec<&Json> = done["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["action"])
        .collect();
    assert_eq!(actions, ["created", "updated", "deleted"]);
    let place = format!("/api/v1/tags/{}", tags[0]["id"].as_str().unwrap());
    let tag = rig.get(&place).expect(200);
    assert_eq!(
        (&tag["path"], &tag["unit"]),
        (&json!("north/t1"), &json!("bar"))
    );
    assert_eq!(tag["index"], tags[0]["index"]);
    let (change, counts) = newest(&rig);
    assert_eq!(done["change"], change);
    let count = |kind: &str, action: &str| (kind.to_owned(), action.to_owned(), 1);
    let wanted = [
        count("asset", "created"),
        count("tag", "updated"),
        count("tag", "deleted"),
    ];
    assert_eq!(counts, wanted);
    let steps = rig.get(&format!("/api/v1/changes/{change}")).expect(200);
    assert_eq!(steps["total"], 3);

    let undo = format!("/api/v1/changes/{change}/undo");
    let trial = rig
        .post(&format!("{undo}?dry_run=true"), &json!({}))
        .expect(200);
    assert_eq!(trial["change"], Json::Null);
    rig.post(&undo, &json!({})).expect(200);
    let tag = rig.get(&place).expect(200);
    assert_eq!(
        (&tag["path"], &tag["unit"]),
        (&json!("plant/boiler/t1"), &json!("°C"))
    );
    assert_eq!(rig.get("/api/v1/tags").expect(200)["total"], 2);
    assert_eq!(rig.get("/api/v1/assets").expect(200)["total"], 0);
    rig.post(&undo, &json!({})).refused(412, "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_row_is_named_and_nothing_is_changed() {
    let (rig, tags) = Rig::with_tags(&["t1"]).await;
    let rows = json!([
        { "op": "patch", "id": tags[0]["id"], "patch": { "scale": "two" } },
        { "op": "create", "kind": "group", "body": { "name": "g", "colour": 1 } },
        { "op": "patch", "id": "0192d3c0-0000-7000-8000-00000000000b", "patch": {} },
        { "op": "create", "kind": "asset", "body": { "name": "fine" } },
    ]);
    let pointers = rig.post(EDITS, &edits(&rows)).refused(422, "invalid_body");
    assert_eq!(
        pointers,
        [
            "/edits/0/patch/scale",
            "/edits/1/body/colour",
            "/edits/2/id"
        ]
    );
    let rows = json!([
        { "op": "create", "kind": "asset", "body": { "name": "fine" } },
        { "op": "patch", "id": tags[0]["id"], "patch": { "min": 5, "max": 1 } },
    ]);
    let pointers = rig.post(EDITS, &edits(&rows)).refused(422, "invalid_body");
    assert_eq!(pointers, ["/edits/1/max"]);
    rig.post(EDITS, &edits(&json!([])))
        .refused(422, "invalid_body");
    assert_eq!(rig.get("/api/v1/assets").expect(200)["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_returns_from_the_bin() {
    let (rig, tags) = Rig::with_tags(&["t1", "t2"]).await;
    let device = tags[0]["device"].as_str().unwrap();
    rig.delete(&format!("/api/v1/devices/{device}?cascade=true"))
        .expect(204);
    let bin = rig.get("/api/v1/bin?limit=2").expect(200);
    assert_eq!(bin["items"].as_array().unwrap().len(), 2);
    let rest = rig
        .get(&format!("/api/v1/bin?cursor={}", bin["next_cursor"]))
        .expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let restore = format!("/api/v1/bin/{device}/restore");
    let done = rig.post(&restore, &json!({})).expect(200);
    assert_eq!(done["items"].as_array().unwrap().len(), 3);
    let place = format!("/api/v1/tags/{}", tags[0]["id"].as_str().unwrap());
    let tag = rig.get(&place).expect(200);
    assert_eq!(
        (&tag["index"], &tag["revision"]),
        (&tags[0]["index"], &json!(3))
    );
    assert_eq!(rig.get("/api/v1/bin").expect(200)["items"], json!([]));
    rig.post(&restore, &json!({})).refused(404, "not_found");
}
