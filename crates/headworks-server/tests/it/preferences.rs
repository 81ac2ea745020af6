//! What people choose for themselves is kept under their account.

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig};

const ALL: &str = "/api/v1/me/preferences";

fn put(rig: &Rig, who: &str, key: &str, value: &Json) -> Answer {
    let body = json!({ "value": value });
    rig.send_as(who, "PUT", &format!("{ALL}/{key}"), Some(&body))
}

fn get(rig: &Rig, who: &str, key: &str) -> Json {
    let answer = rig.send_as(who, "GET", &format!("{ALL}/{key}"), None);
    answer.expect(200)["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_keeps_their_own_and_nobody_sees_that_of_another() {
    let rig = Rig::start().await;
    let owner = rig.token.clone();
    let viewer = rig.make_user("viewer", "viewer");
    let look = json!({ "theme": "dark", "列": [1, null, "ü"] });
    assert_eq!(get(&rig, &owner, "look"), Json::Null);
    let stored = put(&rig, &owner, "look", &look).expect(200);
    assert_eq!((&stored["key"], &stored["value"]), (&json!("look"), &look));
    assert!(stored["changed_us"].is_i64());
    put(&rig, &viewer, "look", &json!("light")).expect(200);
    assert_eq!(get(&rig, &owner, "look"), look);
    assert_eq!(get(&rig, &viewer, "look"), json!("light"));

    put(&rig, &owner, "columns", &json!([])).expect(200);
    let listed = rig.send_as(&owner, "GET", ALL, None).expect(200);
    let items = listed["items"].as_array().unwrap().iter();
    let shown: Vec<_> = items.map(|one| (&one["key"], &one["bytes"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("columns"), &json!(2)),
            (&json!("look"), &json!(look.to_string().len()))
        ]
    );
    let listed = rig.send_as(&viewer, "GET", ALL, None).expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    for _ in 0..2 {
        let place = format!("{ALL}/look");
        rig.send_as(&owner, "DELETE", &place, None).expect(204);
        assert_eq!(get(&rig, &owner, "look"), Json::Null);
    }
    assert_eq!(get(&rig, &viewer, "look"), json!("light"));
    // how somebody likes their screen is no matter of the audit journal
    let audit = rig.get("/api/v1/audit?limit=100").expect(200).to_string();
    assert!(!audit.contains("preference"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_or_has_no_good_key_is_refused() {
    let rig = Rig::start().await;
    let owner = rig.token.clone();
    let fits = json!("x".repeat(65_534));
    put(&rig, &owner, "long", &fits).expect(200);
    let long = json!("x".repeat(65_535));
    let refused = put(&rig, &owner, "long", &long).refused(422, "invalid_body");
    assert_eq!(refused, ["/value"]);
    assert_eq!(get(&rig, &owner, "long"), fits);
    for key in ["a%20b", "..%2fx", "%00", &"k".repeat(65)] {
        let refused = put(&rig, &owner, key, &json!(1));
        assert!(
            [400, 404, 422].contains(&refused.status),
            "{key}: {}",
            refused.text
        );
        // Nothing is kept where nothing can be.
        let nothing = rig.send_as(&owner, "GET", &format!("{ALL}/{key}"), None);
        assert_eq!(nothing.status, 404, "{key}: {}", nothing.text);
    }
    for number in 1..100 {
        put(&rig, &owner, &format!("k{number}"), &json!(1)).expect(200);
    }
    let refused = put(&rig, &owner, "k100", &json!(1));
    assert_eq!(refused.status, 409, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_chooses_nothing_for_its_maker() {
    let rig = Rig::start().await;
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer" });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap().to_owned();
    for (method, body) in [
        ("GET", None),
        ("PUT", Some(json!({ "value": 1 }))),
        ("DELETE", None),
    ] {
        let place = format!("{ALL}/look");
        let answer = rig.send_as(&token, method, &place, body.as_ref());
        answer.refused(403, "forbidden");
    }
}
