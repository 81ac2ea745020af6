//! A hub whose objects are in PostgreSQL, and what it does when that goes away.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something does not succeed, and says where it is"
)]

#[path = "../../../headworks-store/tests/conformance/server.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod server;

use std::path::Path;
use std::time::Duration;

use headworks_core::model::{Connection, Dashboard, Device, ObjectId, Tag};
use headworks_hub::{
    DatabaseSettings, Edit, EventKind, Hub, HubHandle, HubSettings, ObjectHome, Severity,
};
use headworks_store::{DatabaseUrl, ForwardOptions};
use serde_json::{Value, json};
use server::Server;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

fn settings(directory: &Path, url: &DatabaseUrl, objects: ObjectHome) -> HubSettings {
    let database = DatabaseSettings {
        forward: ForwardOptions {
            url: url.clone(),
            connections: 2,
            retention_days: None,
        },
        forward_bytes_max: 1 << 30,
        objects,
    };
    HubSettings {
        database: Some(database),
        ..HubSettings::new(directory)
    }
}

async fn start(directory: &TempDir, url: &DatabaseUrl) -> Hub {
    let settings = settings(directory.path(), url, ObjectHome::Database);
    Hub::start(settings).await.unwrap()
}

async fn stop(hub: Hub) {
    hub.stop(Duration::from_secs(20)).await.unwrap();
}

async fn until(what: &str, hub: &HubHandle, so: impl Fn(&HubHandle) -> bool) {
    let begin = Instant::now();
    while !so(hub) {
        let late = Duration::from_secs(60) < begin.elapsed();
        assert!(!late, "{what}; objects {:?}", hub.stats().objects);
        sleep(Duration::from_millis(20)).await;
    }
}

fn is_writable(hub: &HubHandle) -> bool {
    hub.stats().objects.is_some_and(|objects| objects.writable)
}

fn body<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

async fn create(hub: &HubHandle, body: impl Into<headworks_hub::Body>) -> ObjectId {
    hub.apply(vec![Edit::create(body)], "test").await.unwrap()[0].id
}

/// A simulated line with one tag that changes ten times a second.
async fn add_line(hub: &HubHandle, name: &str) -> ObjectId {
    let connection: Connection = body(json!({"name": name, "protocol": "simulated"}));
    let connection = create(hub, connection).await;
    let device: Device = body(json!({
        "name": name, "connection": connection, "path": name, "period_ms": 100,
    }));
    let device = create(hub, device).await;
    let tag: Tag = body(json!({"device": device, "name": "level", "address": "sine:10s:0..100"}));
    create(hub, tag).await;
    connection
}

async fn add_page(hub: &HubHandle, name: &str) -> Result<(), String> {
    let page: Dashboard = body(json!({"name": name}));
    let outcome = hub.apply(vec![Edit::create(page)], "test").await;
    outcome.map(drop).map_err(|error| error.to_string())
}

async fn goes_on_storing(hub: &HubHandle) {
    let before = hub.stats().history_stored;
    until("samples are stored", hub, |hub| {
        before + 5 < hub.stats().history_stored
    })
    .await;
}

fn configuration_events(hub: &HubHandle) -> Vec<Severity> {
    let events = hub.events().into_iter();
    let events = events.filter(|event| event.kind == EventKind::Configuration);
    events.map(|event| event.severity).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_and_storing_go_on_while_the_database_is_away() {
    let mut server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let hub = start(&directory, &url).await;
    let handle = hub.handle();
    add_line(&handle, "north").await;
    goes_on_storing(&handle).await;
    server.kill();
    until("the outage is noticed", &handle, |hub| !is_writable(hub)).await;
    let error = add_page(&handle, "refused").await.unwrap_err();
    assert!(error.contains("edits are refused"), "{error}");
    goes_on_storing(&handle).await;
    until("it is told", &handle, |hub| {
        configuration_events(hub) == [Severity::Alarm]
    })
    .await;
    stop(hub).await;
    drop(handle); // it holds the historian

    // and it starts without it
    let hub = start(&directory, &url).await;
    let handle = hub.handle();
    assert_eq!(handle.plant().tag_count(), 1);
    assert!(!is_writable(&handle));
    goes_on_storing(&handle).await;
    server.run();
    until("edits are taken again", &handle, is_writable).await;
    add_page(&handle, "taken").await.unwrap();
    until("it is told", &handle, |hub| {
        configuration_events(hub).first() == Some(&Severity::Info)
    })
    .await;
    let names = "SELECT body::json ->> 'name' FROM headworks.objects WHERE kind = 'dashboard'";
    assert_eq!(server.column("plant", names), ["taken"]);
    stop(hub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_hub_changed_meanwhile_is_taken_over() {
    let server = Server::start();
    let url = server.database("plant");
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub = start(&first, &url).await;
    let handle = hub.handle();
    let north = add_line(&handle, "north").await;
    add_page(&handle, "old").await.unwrap();
    let refused = Hub::start(settings(second.path(), &url, ObjectHome::Database)).await;
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("stop that one first"), "{error}");

    // its connection dies, and the other one is faster
    let other = loop {
        server.sql(
            "plant",
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'",
        );
        let place = settings(second.path(), &url, ObjectHome::Database);
        if let Ok(other) = Hub::start(place).await {
            break other;
        }
    };
    until("the loss is noticed", &handle, |hub| !is_writable(hub)).await;
    let others = other.handle();
    add_line(&others, "south").await;
    let delete = Edit::Delete {
        id: north,
        expected: None,
        cascade: true,
    };
    others.apply(vec![delete], "test").await.unwrap();
    assert_eq!(
        handle.plant().tags().next().unwrap().path().to_string(),
        "north/level"
    );
    stop(other).await;

    until("it takes over", &handle, is_writable).await;
    until("the plant is that of the database", &handle, |hub| {
        hub.plant().tag_by_path("south/level").is_some()
    })
    .await;
    let plant = handle.plant();
    assert_eq!((plant.tag_count(), plant.dashboards().len()), (1, 1));
    let south = plant.tag_by_path("south/level").unwrap().index();
    until("the new line is polled", &handle, |hub| {
        hub.last(south)
            .is_some_and(|sample| !sample.quality.is_bad())
    })
    .await;
    add_page(&handle, "new").await.unwrap();
    stop(hub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plant_moves_to_the_database_and_back() {
    let server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    for (objects, pages) in [
        (ObjectHome::Local, 1),
        (ObjectHome::Database, 2),
        (ObjectHome::Local, 3),
        (ObjectHome::Database, 4),
    ] {
        let hub = Hub::start(settings(directory.path(), &url, objects))
            .await
            .unwrap();
        add_page(&hub.handle(), &format!("page {pages}"))
            .await
            .unwrap();
        assert_eq!(hub.handle().plant().dashboards().len(), pages);
        stop(hub).await;
    }
    let sql = "SELECT count(*) FROM headworks.objects";
    assert_eq!(server.column("plant", sql), ["4"]);
}
