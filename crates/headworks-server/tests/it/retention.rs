//! Which retention policy holds.

use serde_json::json;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_holds_is_told_with_what_it_says() {
    let (rig, _) = Rig::with_tags(&["t1"]).await;
    let effective = "/api/v1/retention-policies/effective?tag=plant/boiler/t1";
    let answer = rig.get(effective).expect(200);
    assert_eq!(answer["policy"], json!(null));
    assert_eq!(answer["days"]["raw"], 7);
    assert_eq!(answer["days"]["week"], 731);

    let make = |name: &str, pattern: &str, priority: u32, raw: serde_json::Value| {
        let policy = json!({
            "name": name, "pattern": pattern, "priority": priority, "days": { "raw": raw },
        });
        rig.post("/api/v1/retention-policies", &policy).expect(201)
    };
    make("all", "**", 100, json!(14));
    let ever = make("boiler", "plant/boiler/*", 50, json!(null));
    let answer = rig.get(effective).expect(200);
    assert_eq!(
        answer["policy"],
        json!({ "id": ever["id"], "name": "boiler" })
    );
    assert_eq!(answer["days"]["raw"], json!(null));

    let mut off = json!({ "name": "boiler", "pattern": "plant/boiler/*", "enabled": false });
    let place = format!(
        "/api/v1/retention-policies/{}",
        ever["id"].as_str().unwrap()
    );
    rig.put(&place, "*", &off).expect(200);
    let answer = rig.get(effective).expect(200);
    assert_eq!(
        (&answer["policy"]["name"], &answer["days"]["raw"]),
        (&json!("all"), &json!(14))
    );

    off["pattern"] = json!("a//b");
    let refused = rig.put(&place, "*", &off);
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("empty segment"), "{}", refused.text);
    off["pattern"] = json!("**");
    off["days"] = json!({ "hour": 0 });
    let refused = rig.put(&place, "*", &off);
    assert!(refused.text.contains("/days/hour"), "{}", refused.text);
    let page = rig.get("/api/v1/retention-policies").expect(200);
    assert_eq!(
        (&page["total"], &page["items"][0]["name"]),
        (&json!(2), &json!("boiler"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_of_what_is_no_tag_is_refused() {
    let (rig, _) = Rig::with_tags(&["t1"]).await;
    let place = "/api/v1/retention-policies/effective";
    rig.get(&format!("{place}?tag=plant/no"))
        .refused(404, "not_found");
    rig.get(&format!("{place}?tag=a//b"))
        .refused(400, "invalid_query");
    rig.get(place).refused(400, "invalid_query");
}
