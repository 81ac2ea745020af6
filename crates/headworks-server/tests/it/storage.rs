//! The disk, what is stored on it, and the events of the system.

use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

async fn fill(rig: &Rig, free_megabytes: u64, level: &str) -> Json {
    rig.free_megabytes.store(free_megabytes, Ordering::Relaxed);
    rig.hub.handle().wake_upkeep();
    wait_for(|| rig.get("/api/v1/system/storage").expect(200)["level"] == level).await;
    rig.get("/api/v1/system/health").expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_is_seen_in_storage_health_and_events() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    assert_eq!(fill(&rig, 900, "ok").await["status"], "ok");
    assert_eq!(fill(&rig, 150, "warning").await["status"], "ok");
    let health = fill(&rig, 80, "alarm").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["checks"]["storage"]["ok"], false);
    fill(&rig, 30, "critical").await;
    wait_for(|| !rig.get("/api/v1/system/storage").expect(200)["measured_us"].is_null()).await;
    let storage = rig.get("/api/v1/system/storage").expect(200);
    assert_eq!(
        storage["disk"],
        json!({ "total_bytes": 1_000_000_000, "free_bytes": 30_000_000 })
    );
    assert_eq!(storage["used_percent"], 97.0);
    assert_eq!(storage["full_disk"], "stop");
    let parts = storage["parts"].as_array().unwrap();
    let objects = parts.iter().find(|part| part["name"] == "objects").unwrap();
    assert!(4096 <= objects["bytes"].as_u64().unwrap(), "{objects}");
    assert_eq!(fill(&rig, 900, "ok").await["status"], "ok");

    let events = |query: &str| {
        let page = rig
            .get(&format!("/api/v1/system/events?{query}"))
            .expect(200);
        let severities = page["items"].as_array().unwrap().iter();
        severities
            .map(|event| event["severity"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        events("kind=disk"),
        ["info", "critical", "alarm", "warning"]
    );
    assert_eq!(events("kind=disk&severity=alarm"), ["critical", "alarm"]);
    assert_eq!(events("kind=disk&limit=1"), ["info"]);
    assert!(events("kind=clock").is_empty() && events("subject=nothing").is_empty());
    rig.get("/api/v1/system/events?severity=dire")
        .refused(400, "invalid_query");
}
