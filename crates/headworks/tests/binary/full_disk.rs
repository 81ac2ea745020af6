//! A disk that fills up and gets space again, as a small file system of the test's own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, headworks};

/// Time until the last block is full or the next try succeeds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns `headworks run` with its data on a file system of `size` that only it sees.
fn on_small_disk(size: &str, data: &str, arguments: &[&str]) -> Command {
    let script =
        "mount -t tmpfs -o size=\"$1\" tmpfs \"$2\" && shift && exec \"$0\" run --data \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command.args([BINARY, size, data]).args(arguments);
    command.current_dir(data);
    command
}

fn figures(hub: &Hub) -> Value {
    hub.get("system/stats").unwrap().body["hub"].clone()
}

#[test]
fn a_full_disk_stops_the_history_alone_and_heals_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let hub = Hub::of(on_small_disk(
        "8m",
        data,
        &["--demo", "--listen", "127.0.0.1:0"],
    ))
    .unwrap();
    let process = hub.process.id();
    let seen = directory.path().strip_prefix("/").unwrap();
    let ballast = PathBuf::from(format!("/proc/{process}/root"))
        .join(seen)
        .join("ballast");
    let full = fs::write(&ballast, vec![0; 9 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);

    let fault = wait_for("the fault", PATIENCE, || {
        let fault = figures(&hub)["history_fault"].clone();
        (!fault.is_null()).then(|| fault.to_string())
    });
    let fault = fault.unwrap();
    assert!(
        fault.contains("wal") && fault.contains("No space left"),
        "{fault}"
    );
    let health = hub.get("system/health").unwrap().body;
    assert_eq!(health["status"], "degraded", "{health}");
    let before = figures(&hub)["samples"].as_u64().unwrap();
    wait_for("samples on a full disk", PATIENCE, || {
        (before + 100 < figures(&hub)["samples"].as_u64()?).then_some(())
    })
    .unwrap();

    fs::remove_file(&ballast).unwrap();
    let stored = figures(&hub)["history_stored"].as_u64().unwrap();
    wait_for("stored samples after the cure", PATIENCE, || {
        let now = figures(&hub);
        let healed = now["history_fault"].is_null() && stored < now["history_stored"].as_u64()?;
        healed.then_some(())
    })
    .unwrap();
    let events = hub.get("system/events?kind=history").unwrap().body;
    let severity = |at: usize| events["items"][at]["severity"].as_str();
    let (newest, before) = (severity(0), severity(1));
    assert_eq!(
        (newest, before),
        (Some("info"), Some("critical")),
        "{events}"
    );
    assert_eq!(hub.stop().unwrap(), Some(0));
}

#[test]
fn a_start_on_a_full_disk_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let output = on_small_disk("16k", data, &[]).output().unwrap();
    let stderr = crate::check_ended(&output, 1);
    assert!(
        stderr.contains("headworks.db") && stderr.contains("a full disk"),
        "{stderr}"
    );
    // the same directory without the small disk is fine
    crate::check_ended(&headworks(&["check", "--data", data]), 0);
}
