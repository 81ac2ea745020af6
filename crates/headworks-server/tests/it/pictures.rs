//! Pictures of dashboards.

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig, wait_for};

const PICTURES: &str = "/api/v1/pictures";

fn svg(inner: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">{inner}</svg>")
}

fn send(rig: &Rig, name: &str, bytes: &[u8]) -> Answer {
    // What a client says of the file is not asked.
    let headers = [("content-type", "image/gif")];
    let path = format!("{PICTURES}?name={name}");
    rig.send("POST", &path, &headers, Some(bytes.to_vec()))
}

/// Uploads a picture.
pub(crate) fn upload(rig: &Rig, name: &str) -> Json {
    send(rig, name, svg(name).as_bytes()).expect(201)
}

fn place(picture: &Json) -> String {
    format!("{PICTURES}/{}", picture["id"].as_str().unwrap())
}

fn board(name: &str, file: &str, bindings: &Json) -> Json {
    let image = json!({
        "type": "image", "x": 0, "y": 0, "w": 4, "h": 3, "bindings": bindings,
        "image": { "file": file },
    });
    json!({ "name": name, "groups": [{ "name": "plan", "widgets": [image] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_taken_for_what_its_bytes_are_and_may_do_nothing_but_draw() {
    let rig = Rig::start().await;
    let picture = upload(&rig, "plan.png");
    assert_eq!(picture["media_type"], "image/svg+xml");
    assert_eq!(picture["bytes"], svg("plan.png").len());
    assert_eq!(picture["used_by"], json!([]));
    assert_eq!(rig.get(&place(&picture)).expect(200), picture);
    let list = rig.get(PICTURES).expect(200);
    assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &picture));

    let hash = picture["hash"].as_str().unwrap();
    let content = format!("{}/content?hash={hash}", place(&picture));
    let answer = rig.get(&content);
    assert_eq!(answer.text, svg("plan.png"));
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/svg+xml");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("etag"), format!("\"{hash}\""));
    assert!(header("cache-control").contains("immutable"));
    let csp = header("content-security-policy");
    assert!(
        csp.contains("default-src 'none'") && csp.ends_with("sandbox"),
        "{csp}"
    );

    let known = format!("\"x\", \"{hash}\"");
    let again = rig.send("GET", &content, &[("if-none-match", &known)], None);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["etag"], format!("\"{hash}\""));
    let whatever = rig.get(&format!("{}/content", place(&picture)));
    assert_eq!(whatever.headers["cache-control"], "private, no-cache");
    let other = format!("{}/content?hash={}", place(&picture), "0".repeat(64));
    rig.get(&other).refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_and_nothing_is_kept() {
    let rig = Rig::start().await;
    let script = svg("<script>alert(1)</script>");
    for (bytes, part) in [
        (
            script.as_bytes(),
            "line 1 of the SVG has an element <script>",
        ),
        (&b"GIF89a"[..], "none of PNG, JPEG, WebP and SVG"),
        (&b""[..], "empty"),
    ] {
        let refused = send(&rig, "a.svg", bytes);
        refused.refused(422, "unreadable_file");
        assert!(refused.text.contains(part), "{}", refused.text);
    }
    send(&rig, "a.png", &vec![0; (2 << 20) + 1]).refused(413, "body_too_large");
    let pointers = send(&rig, "%20a", svg("").as_bytes()).refused(422, "invalid_body");
    assert_eq!(pointers, ["/name"]);
    rig.send("POST", PICTURES, &[], Some(Vec::new()))
        .refused(400, "invalid_query");
    upload(&rig, "b.svg");
    let pointers = send(&rig, "b.svg", svg("").as_bytes()).refused(400, "invalid_query");
    assert_eq!(pointers, ["?name"]);
    assert_eq!(rig.get(PICTURES).expect(200)["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_a_dashboard_shows_stays_and_one_deleted_comes_back_from_the_bin() {
    let rig = Rig::start().await;
    let picture = upload(&rig, "plan.svg");
    let new = board("Hall", "plan.svg", &json!([]));
    let made = rig.post("/api/v1/dashboards", &new).expect(201);
    let used = rig.get(&place(&picture)).expect(200);
    assert_eq!(
        used["used_by"],
        json!([{ "id": made["id"], "name": "Hall" }])
    );
    let refused = rig.delete(&place(&picture));
    refused.refused(409, "in_use");
    assert!(refused.text.contains("Hall"), "{}", refused.text);

    let other = board("Hall", "other.svg", &json!([]));
    let board = format!("/api/v1/dashboards/{}", made["id"].as_str().unwrap());
    rig.put(&board, "\"1\"", &other).expect(200);
    rig.delete(&place(&picture)).expect(204);
    rig.get(&place(&picture)).refused(404, "not_found");
    let bin = rig.get("/api/v1/bin").expect(200);
    assert_eq!(bin["items"][0]["id"], picture["id"]);
    let id = picture["id"].as_str().unwrap();
    rig.post(&format!("/api/v1/bin/{id}/restore"), &json!({}))
        .expect(200);
    let content = rig.get(&format!("{}/content", place(&picture)));
    assert_eq!(content.text, svg("plan.svg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_names_the_picture_and_holds_no_bytes() {
    let rig = Rig::start().await;
    let picture = upload(&rig, "plan.svg");
    let found = || rig.get("/api/v1/audit?action=create_picture").expect(200)["items"].clone();
    wait_for(|| found() != json!([])).await; // entries are stored in groups
    let entry = &found()[0];
    assert_eq!(entry["target"]["id"], picture["id"], "{entry}");
    assert_eq!(entry["after"]["name"], "plan.svg", "{entry}");
    assert_eq!(entry["after"]["hash"], picture["hash"], "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_caller_sees_the_pictures_of_their_dashboards_only() {
    let (rig, tags) = Rig::with_tags(&["seen", "hidden"]).await;
    let [open, closed] = ["open.svg", "closed.svg"].map(|name| upload(&rig, name));
    for (name, file, tag) in [
        ("Open", "open.svg", &tags[0]),
        ("Closed", "closed.svg", &tags[1]),
    ] {
        let new = board(name, file, &json!([{ "tag": tag["id"] }]));
        rig.post("/api/v1/dashboards", &new).expect(201);
    }
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer",
        "read": ["plant/boiler/seen"] });
    let token = rig.post("/api/v1/tokens", &new).expect(201)["secret"].clone();
    let ask = |path: &str| rig.send_as(token.as_str().unwrap(), "GET", path, None);
    let list = ask(PICTURES).expect(200);
    assert_eq!(list["total"], 1);
    assert_eq!(list["items"][0]["used_by"][0]["name"], "Open");
    let content = |picture: &Json| ask(&format!("{}/content", place(picture)));
    assert_eq!(content(&open).text, svg("open.svg"));
    content(&closed).refused(404, "not_found");
    ask(&place(&closed)).refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_listed_servers_may_be_framed_and_no_others() {
    let csp = |rig: &Rig| {
        let answer = rig.get("/api/v1/frame-sources");
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        (csp.to_owned(), answer.expect(200)["items"].clone())
    };
    let rig = Rig::start().await;
    let (policy, items) = csp(&rig);
    assert!(policy.contains("frame-src 'none';"), "{policy}");
    assert_eq!(items, json!([]));
    let rig = Rig::start_server(|settings| {
        settings.frame_sources = vec!["http://nodered.example:1880".parse().unwrap()];
    })
    .await;
    let (policy, items) = csp(&rig);
    assert!(
        policy.contains("frame-src http://nodered.example:1880;"),
        "{policy}"
    );
    assert_eq!(items, json!(["http://nodered.example:1880"]));
}
