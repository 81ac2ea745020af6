//! What cannot work has a clear outcome.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::wait_for;
use crate::{BINARY, PATIENCE, check_ended, start};

/// Runs a hub that is expected to refuse; returns what it wrote to standard error.
#[track_caller]
fn check_refused(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    command
        .args(["20", BINARY, "run", "--data"])
        .arg(data)
        .args(arguments);
    check_ended(
        &command.current_dir(std::env::temp_dir()).output().unwrap(),
        1,
    )
}

#[test]
fn a_port_in_use_is_named_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let stderr = check_refused(directory.path(), &["--listen", &address]);
    assert!(stderr.contains(&address), "{stderr}");
    assert!(stderr.contains("in use"), "{stderr}");
    assert!(stderr.contains("--listen"), "{stderr}");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    // Nobody, not even root, can make a directory below a file.
    let data = file.join("data");
    let stderr = check_refused(&data, &["--listen", "127.0.0.1:0"]);
    assert!(stderr.contains(data.to_str().unwrap()), "{stderr}");
}

#[test]
fn a_data_directory_is_used_by_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path());
    let stderr = check_refused(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert!(stderr.contains("in use by another headworks"), "{stderr}");
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_missing_serial_port_is_an_error_of_its_connection_only() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path());
    let settings = json!({ "transport": "rtu", "serial_port": "/dev/no-such-port" });
    let connection = json!({ "name": "line", "protocol": "modbus", "settings": settings });
    let id = hub.create_id("connections", &connection).unwrap();
    let device = json!({ "name": "meter", "connection": id, "path": "plant/meter" });
    let device = hub.create_id("devices", &device).unwrap();
    let tag = json!({ "device": device, "name": "power", "address": "holding:0" });
    hub.create("tags", &tag).unwrap();

    let status = wait_for("the error of the connection", PATIENCE, || {
        let answer = hub.get(&format!("connections/{id}")).ok()?;
        let status = answer.body["status"].clone();
        (status["state"] == "error").then_some(status)
    })
    .unwrap();
    let error = status["last_error"].as_str().unwrap();
    assert!(error.contains("/dev/no-such-port"), "{error}");
    assert_eq!(hub.get("system/health").unwrap().status, 200);
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_damaged_segment_is_set_aside_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let hub = crate::support::rest::Hub::start(BINARY.as_ref(), data, &["--demo"]).unwrap();
    wait_for("stored samples", PATIENCE, || {
        let stats = hub.get("system/stats").ok()?.body;
        stats["hub"]["historian"]["appended"]
            .as_u64()
            .filter(|count| 20 < *count)
    })
    .unwrap();
    assert_eq!(hub.stop().unwrap(), Some(0));

    let segment = first_segment(&data.join("seg"));
    fs::write(&segment, "this is no segment").unwrap();
    let hub = start(data);
    let stats = hub.get("system/stats").unwrap().body;
    assert_eq!(stats["hub"]["historian"]["quarantined"], 1, "{stats}");
    let stderr = hub.process.stderr();
    let name = segment.file_name().unwrap().to_str().unwrap();
    assert!(stderr.contains(name), "{stderr}");
    assert_eq!(hub.stop().unwrap(), Some(0));
}

fn first_segment(directory: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "seg"))
        .unwrap()
}

#[test]
fn a_damaged_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("headworks.db"),
        "this is no database, but long enough",
    )
    .unwrap();
    let stderr = check_refused(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert!(stderr.contains("headworks.db"), "{stderr}");
}
