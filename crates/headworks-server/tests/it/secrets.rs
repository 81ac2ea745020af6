//! Secrets over the API: stored, listed by name, never shown.

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig, wait_for};

const CANARY: &str = "canary-91c5-of-teams";

fn put(rig: &Rig, name: &str, body: &Json) -> Answer {
    let place = format!("/api/v1/secrets/{name}");
    rig.send("PUT", &place, &[], Some(body.to_string().into_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_and_shows_nowhere() {
    let rig = Rig::start().await;
    let body = json!({ "value": CANARY, "hosts": ["hooks.example"] });
    let stored = put(&rig, "teams", &body).expect(200);
    assert_eq!(stored["hosts"], json!(["hooks.example"]));
    let again = put(&rig, "teams", &body).expect(200);
    assert_eq!(again["created_us"], stored["created_us"]);
    assert!(again["value"].is_null());
    let listed = rig.get("/api/v1/secrets");
    assert!(!listed.text.contains("canary"), "{}", listed.text);
    assert_eq!(listed.expect(200)["items"], json!([again]));

    for (name, body, pointer) in [
        ("a%20b", json!({ "value": CANARY }), "/name"),
        ("short", json!({ "value": "abc" }), "/value"),
        ("line", json!({ "value": "canary\nx" }), "/value"),
        (
            "host",
            json!({ "value": CANARY, "hosts": ["a/b"] }),
            "/hosts",
        ),
    ] {
        let refused = put(&rig, name, &body);
        assert!(!refused.text.contains("canary"), "{}", refused.text);
        assert_eq!(refused.refused(422, "invalid_body"), [pointer], "{name}");
    }
    rig.delete("/api/v1/secrets/teams").expect(204);
    rig.delete("/api/v1/secrets/teams")
        .refused(404, "not_found");

    let audit = "/api/v1/audit?target_kind=secret&limit=100";
    let count = |audit: &Json| audit["items"].as_array().unwrap().len();
    wait_for(|| count(&rig.get(audit).expect(200)) == 8).await;
    let audit = rig.get(audit);
    assert!(!audit.text.contains("canary"), "{}", audit.text);
    let stored = audit.expect(200);
    assert_eq!(stored["items"][7]["target"]["id"], "teams");
}
