//! Messages on alarms when the program is killed in the middle of sending them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE};

/// Messages of one channel that are on their way at once.
const IN_FLIGHT: usize = 2;
const ALARMS: usize = 9; // one more would be a flood
const POLICIES: usize = 3;

type Counts = Arc<Mutex<HashMap<String, usize>>>;

/// Starts a server that takes a while for each message, and counts them.
fn receive() -> (u16, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts = Counts::default();
    let counted = Arc::clone(&counts);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let counts = Arc::clone(&counted);
            // one that is cut off by the kill is no message
            std::thread::spawn(move || take(stream.unwrap(), &counts));
        }
    });
    (port, counts)
}

fn take(mut stream: TcpStream, counts: &Counts) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut length, mut line) = (0, String::new());
        while 2 < reader.read_line(&mut line).ok()? {
            if let Some(text) = line.to_lowercase().strip_prefix("content-length: ") {
                length = text.trim().parse().ok()?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        *counts.lock().unwrap().entry(body.to_string()).or_default() += 1;
        std::thread::sleep(Duration::from_millis(100));
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}

fn start(directory: &Path) -> Hub {
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.join("data"))
        .current_dir(directory)
        .env("HEADWORKS__OUTBOUND__ALLOW", "127.0.0.1/32");
    Hub::of(command).unwrap()
}

fn make(hub: &Hub, port: u16) {
    let target = json!({
        "kind": "webhook", "url": format!("http://127.0.0.1:{port}/"),
        "body": "{\"policy\": \"{policy}\", \"name\": \"{name}\"}",
    });
    let channel = json!({ "name": "chat", "target": target });
    let channel = hub.create_id("channels", &channel).unwrap();
    for number in 0..POLICIES {
        let policy = json!({
            "name": format!("policy {number}"), "steps": [{ "channel": channel }],
            "group_by": "alarm", "group_s": 0,
        });
        hub.create("notification-policies", &policy).unwrap();
    }
    for number in 0..ALARMS {
        let condition = json!({ "kind": "expression", "text": "1 < 2" });
        let rule = json!({ "name": format!("alarm {number}"), "condition": condition });
        hub.create("alarm-rules", &rule).unwrap();
    }
}

#[test]
fn a_kill_loses_no_message_and_repeats_only_what_was_on_its_way() {
    let directory = tempfile::tempdir().unwrap();
    let (port, counts) = receive();
    let mut hub = start(directory.path());
    make(&hub, port);
    let mut kills = 0;
    for least in [4, 11, 18] {
        let came = || (least <= counts.lock().unwrap().len()).then_some(());
        wait_for("messages", PATIENCE, came).unwrap();
        hub.process.signal("KILL").unwrap();
        hub.process.wait(PATIENCE).unwrap();
        kills += 1;
        hub = start(directory.path());
    }
    let all = || (counts.lock().unwrap().len() == ALARMS * POLICIES).then_some(());
    wait_for("every message", PATIENCE, all).unwrap();
    let figures = || {
        let figures = hub.get("deliveries/figures").ok()?.body;
        (figures["waiting"] == 0).then_some(figures)
    };
    let figures = wait_for("the end of the outbox", PATIENCE, figures).unwrap();
    assert_eq!(figures["sent"], ALARMS * POLICIES, "{figures}");
    let taken: usize = counts.lock().unwrap().values().sum();
    let repeated = taken - ALARMS * POLICIES;
    assert!(
        repeated <= kills * IN_FLIGHT,
        "{repeated} messages came twice"
    );
}
