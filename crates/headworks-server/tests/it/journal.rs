//! The audit journal over the API: its copy as CSV.

use crate::rig::{Rig, wait_for};
use serde_json::{Value as Json, json};

fn entries(rig: &Rig, query: &str) -> Vec<Json> {
    let page = rig.get(&format!("/api/v1/audit?{query}")).expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Returns the numbers of the entries of a copy, in its order.
fn copied(rig: &Rig, query: &str) -> Vec<u64> {
    let copy = rig.get(&format!("/api/v1/audit/export?{query}"));
    assert_eq!(copy.status, 200, "{}", copy.text);
    let rows = copy.text.lines().skip(1);
    let seqs = rows.filter_map(|row| row.split(',').next()?.parse().ok());
    seqs.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_journal_holds_what_the_filters_of_its_page_hold() {
    let (rig, tags) = Rig::with_tags(&["level"]).await;
    rig.make_user("anna", "admin");
    rig.make_user("bert", "viewer");
    let anna = rig.sign_in("anna");
    let new = json!({ "name": "pumps" });
    rig.send_as(&anna, "POST", "/api/v1/dashboards", Some(&new))
        .expect(201);
    let bad = json!({ "name": "" });
    rig.send_as(&anna, "POST", "/api/v1/dashboards", Some(&bad))
        .refused(422, "invalid_body");
    let id = tags[0]["id"].as_str().unwrap();
    rig.delete(&format!("/api/v1/tags/{id}")).expect(204);
    wait_for(|| !entries(&rig, "action=delete_tag").is_empty()).await;

    let now_us = rig.now_us();
    for query in [
        "actor=anna".to_owned(),
        "action=create_dashboard".to_owned(),
        "actor=anna&outcome=refused".to_owned(),
        "outcome=done&target_kind=tag".to_owned(),
        format!("target={id}"),
        "search=pumps".to_owned(),
        format!("action=create_user&to_us={now_us}"),
    ] {
        let mut shown: Vec<u64> = entries(&rig, &query)
            .iter()
            .map(|entry| entry["seq"].as_u64().unwrap())
            .collect();
        shown.reverse();
        assert!(!shown.is_empty(), "{query}");
        assert_eq!(copied(&rig, &query), shown, "{query}");
    }
    assert!(copied(&rig, "actor=nobody-of-that-name").is_empty());
    let all = copied(&rig, "");
    assert!(copied(&rig, "actor=anna").len() < all.len());
    rig.get("/api/v1/audit/export?limit=5")
        .refused(400, "invalid_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_copy_says_what_was_left_out() {
    let rig = Rig::start().await;
    copied(&rig, "action=set_up&outcome=done");
    wait_for(|| !entries(&rig, "action=export_audit").is_empty()).await;
    let entry = &entries(&rig, "action=export_audit")[0];
    assert_eq!(entry["detail"], "action=set_up&outcome=done");
}
