//! Schemathesis, which this project did not write, asks the real binary what its document says.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::BINARY;
use crate::support::rest::Hub;

/// What is checked of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,ignored_auth";

/// Operations that would end the session of the test, or never end themselves.
const LEFT_OUT: [&str; 13] = [
    "change_password",
    "change_user",
    "delete_user",
    "end_session",
    "end_user_sessions",
    "open_alarm_socket",
    "open_dashboard_socket",
    "open_device_socket",
    "open_socket",
    "reset_password",
    "sign_out",
    "stream_alarms",
    "stream_values",
];

fn schemathesis() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("HEADWORKS_VENV").map_or_else(|| root.join(".venv"), Into::into);
    let program = venv.join("bin/schemathesis");
    assert!(
        program.exists(),
        "{program:?} is missing; run `cargo xtask setup`"
    );
    program
}

#[test]
fn every_answer_is_as_the_document_says() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let hub = Hub::start(BINARY.as_ref(), &data, &["--demo"]).unwrap();
    let mut command = Command::new(schemathesis());
    command.current_dir(directory.path());
    command.args(["run", &format!("{}/api/schema", hub.url)]);
    command.args(["--header", &format!("Authorization: {}", hub.bearer())]);
    command.args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
    command.args(["--max-examples", "10", "--seed", "1", "--workers", "1"]);
    command.args([
        "--generation-database",
        "none",
        "--continue-on-failure",
        "--no-shrink",
    ]);
    for operation in LEFT_OUT {
        command.args(["--exclude-operation-id", operation]);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    // Who is signed out on the way is refused everywhere, which would look like a clean run.
    assert_eq!(hub.get("session").unwrap().status, 200);
    let health = hub.get("system/health").unwrap();
    assert_eq!(health.status, 200, "{}", health.body);
}
