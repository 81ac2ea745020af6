//! A database that goes away and comes back, as people see it afterwards.

#[path = "../../../headworks-store/tests/conformance/server.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod server;

use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::BINARY;
use crate::support::rest::Hub;
use crate::support::wait_for;
use server::Server;

/// A server that was killed is tried again with growing pauses.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the events about the stored samples, newest first, as severity and message.
fn told(hub: &Hub) -> Vec<(String, String)> {
    let page = hub.get("system/events?kind=history").unwrap().body;
    let text = |event: &Json, key: &str| event[key].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|event| (text(event, "severity"), text(event, "message")))
        .collect()
}

/// Returns how many cases there are of the kind of error whose message has this text.
fn cases(hub: &Hub, text: &str) -> u64 {
    let page = hub.get("system/errors").unwrap().body;
    let kinds = page["items"].as_array().unwrap().iter();
    let of = kinds.filter(|kind| kind["message"].as_str().unwrap().contains(text));
    of.map(|kind| kind["count"].as_u64().unwrap()).sum()
}

#[test]
fn events_and_errors_tell_when_the_database_goes_away_and_returns() {
    let mut server = Server::start();
    drop(server.database("plant"));
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.path().join("data"))
        .current_dir(directory.path())
        .env("HEADWORKS__DATABASE__URL", server.url("hub", "plant"));
    let hub = Hub::of(command).unwrap();
    let forwarded = || {
        let health = hub.get("system/health").unwrap().body;
        health["checks"]["database"]["ok"] == true
    };
    wait_for("the way to the database", PATIENCE, || {
        forwarded().then_some(())
    })
    .unwrap();
    assert_eq!(told(&hub), [], "nothing is told of a database that answers");

    for outage in 1..=2 {
        server.kill();
        wait_for("the event of the outage", PATIENCE, || {
            (told(&hub).len() == 2 * outage - 1).then_some(())
        })
        .unwrap();
        let (severity, message) = told(&hub).remove(0);
        assert_eq!(severity, "warning", "{message}");
        assert!(message.contains("wait on the disk"), "{message}");
        wait_for("the error of the outage", PATIENCE, || {
            (cases(&hub, "the database takes no samples") == outage as u64).then_some(())
        })
        .unwrap();

        server.run();
        wait_for("the event of the return", PATIENCE, || {
            (told(&hub).len() == 2 * outage).then_some(())
        })
        .unwrap();
        let (severity, message) = told(&hub).remove(0);
        assert_eq!(
            (severity.as_str(), message.as_str()),
            ("info", "the database takes samples again")
        );
        wait_for("health", PATIENCE, || forwarded().then_some(())).unwrap();
    }
    let log = hub
        .get("system/logs?text=takes+samples+again")
        .unwrap()
        .body;
    assert!(!log["items"].as_array().unwrap().is_empty(), "{log}");
    assert_eq!(hub.stop().unwrap(), Some(0));
}
