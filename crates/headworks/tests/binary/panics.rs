//! A panic ends what it happened in, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{PATIENCE, start};

/// Makes a simulated connection with one moving tag; returns the id of the connection.
fn make_line(hub: &Hub, name: &str, settings: &Json) -> String {
    let connection = json!({ "name": name, "protocol": "simulated" });
    let id = hub.create_id("connections", &connection).unwrap();
    let device = json!({
        "name": name, "connection": id, "path": format!("plant/{name}"), "period_ms": 100,
        "settings": settings,
    });
    let device = hub.create_id("devices", &device).unwrap();
    let tag = json!({ "device": device, "name": "level", "address": "counter:100/s" });
    hub.create("tags", &tag).unwrap();
    id
}

/// Returns a figure of `/metrics`, asked on a connection that stays open.
fn figure(stream: &mut TcpStream, hub: &Hub, name: &str) -> u64 {
    let host = hub.url.trim_start_matches("http://");
    let request = format!(
        "GET /metrics HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\n\r\n",
        hub.bearer()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        let text = String::from_utf8_lossy(&answer);
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} ")));
        if let Some(value) = value.filter(|_| is_whole(&text)) {
            return value.parse().unwrap();
        }
        let read = stream.read(&mut part).unwrap();
        assert!(0 < read, "the connection was cut after {text}");
        answer.extend_from_slice(&part[..read]);
    }
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    length.unwrap().parse::<usize>().unwrap() <= body.len()
}

#[test]
fn a_driver_that_panics_ends_its_connection_only() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path());
    let mut socket = TcpStream::connect(hub.url.trim_start_matches("http://")).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let sound = make_line(&hub, "sound", &json!({}));
    hub.wait_for_good("plant/sound/level", PATIENCE).unwrap();
    assert_eq!(figure(&mut socket, &hub, "headworks_panics_total"), 0);

    let broken = make_line(&hub, "broken", &json!({ "panics": true }));
    wait_for("the second panic, after a new start", PATIENCE, || {
        (2 <= figure(&mut socket, &hub, "headworks_panics_total")).then_some(())
    })
    .unwrap();
    let status = hub.get(&format!("connections/{broken}")).unwrap().body["status"].clone();
    let error = status["last_error"].as_str().unwrap();
    assert!(error.contains("panicked"), "{error}");

    // The other one, the process and the open socket go on.
    let before = hub.values("plant/sound/level").unwrap()[0]["value"].as_f64();
    wait_for("a newer value of the other connection", PATIENCE, || {
        let now = hub.values("plant/sound/level").ok()?[0]["value"].as_f64();
        (before < now).then_some(())
    })
    .unwrap();
    let status = hub.get(&format!("connections/{sound}")).unwrap().body["status"].clone();
    assert_eq!(
        (&status["state"], &status["restarts"]),
        (&json!("running"), &json!(0)),
        "{status}"
    );
    assert!(
        2 <= figure(
            &mut socket,
            &hub,
            "headworks_log_lines_total{level=\"error\"}"
        )
    );

    let kind = wait_for("the panic among the errors", PATIENCE, || {
        let page = hub.get("system/errors?level=error").ok()?.body;
        let kinds = page["items"].as_array()?.clone();
        kinds.into_iter().find(|kind| {
            kind["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("panic: "))
        })
    })
    .unwrap();
    assert!(
        kind["module"]
            .as_str()
            .unwrap()
            .ends_with("simulated/driver.rs"),
        "{kind}"
    );
    let cases = hub
        .get(&format!("system/errors/{}", kind["id"]))
        .unwrap()
        .body;
    assert!(cases.to_string().contains("backtrace"), "{cases}");
    assert_eq!(hub.stop().unwrap(), Some(0));
}
