//! The audit journal over the API: its copy as CSV, and how old entries go.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use headworks_protocols::Clock;
use serde_json::{Value as Json, json};

use crate::outer::Outer;
use crate::rig::{Rig, wait_for};

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

/// Asks a server as somebody with a token that has no end; returns the body.
async fn ask(outer: &Outer, token: &str, path: &str) -> String {
    let who = format!("authorization: Bearer {token}\r\n");
    let answer = outer.ask("GET", path, &who).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn system_us() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// Starts a server that keeps 30 days of the journal, and waits for a state of its health.
async fn keeper(rig: &Rig, token: &str, is_ok: bool, detail: &str) -> Outer {
    let outer = Outer::start(rig, |settings| settings.audit_days = 30).await;
    for _ in 0..3000 {
        let health: Json =
            serde_json::from_str(&ask(&outer, token, "/api/v1/system/health").await).unwrap();
        let audit = &health["checks"]["audit"];
        if audit["ok"] == is_ok && audit["detail"].as_str().unwrap().contains(detail) {
            return outer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("health never said {detail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ten_years_removes_no_entry_and_health_and_figures_say_so() {
    const DAY_US: i64 = 86_400_000_000;
    const HELD: &str = "headworks_audit_retentions_held_total";
    let ahead_us = Arc::new(AtomicI64::new(0));
    let clock = {
        let ahead_us = Arc::clone(&ahead_us);
        Clock::new(move || system_us() + ahead_us.load(Ordering::Relaxed))
    };
    let rig = Rig::start_with(|settings, _| settings.clock = Some(clock)).await;
    let new = json!({ "name": "monitor", "kind": "program", "role": "admin" });
    let token = rig.post("/api/v1/tokens", &new).expect(201);
    let token = token["secret"].as_str().unwrap();
    wait_for(|| !entries(&rig, "action=create_token").is_empty()).await;
    let first = entries(&rig, "").len();
    assert!(2 <= first, "{first}");

    let believed = rig.hub.handle().data_directory().join("audit.clock");
    let outer = keeper(&rig, token, true, "every entry is stored").await;
    wait_for(|| believed.exists()).await;
    drop(outer);

    ahead_us.store(3_653 * DAY_US, Ordering::Relaxed);
    let outer = keeper(&rig, token, false, "the clock jumped 87672 h ahead").await;
    let figures = ask(&outer, token, "/metrics").await;
    assert!(figures.contains(&format!("{HELD} 1\n")), "{figures}");
    let page: Json = serde_json::from_str(&ask(&outer, token, "/api/v1/audit").await).unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), first, "{page}");
    drop(outer);

    // A month at rest is believed: then the same entries go, and the rest is still proven.
    ahead_us.store(39 * DAY_US, Ordering::Relaxed);
    let outer = keeper(&rig, token, true, "every entry is stored").await;
    let mut left = Json::Null;
    for _ in 0..3000 {
        left = serde_json::from_str(&ask(&outer, token, "/api/v1/audit").await).unwrap();
        if left["items"].as_array().unwrap().len() < first {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let items = left["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "what is left tells of the removal: {left}");
    let figures = ask(&outer, token, "/metrics").await;
    assert!(figures.contains(&format!("{HELD} 0\n")), "{figures}");
    let who = format!("authorization: Bearer {token}\r\ncontent-length: 0\r\n");
    let proof = outer.ask("POST", "/api/v1/audit/verify", &who).await;
    assert!(proof.contains("\"is_proven\":true"), "{proof}");
}
