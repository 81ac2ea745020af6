//! Commands that end by themselves.

use std::fs;

use crate::{check_ended, headworks};

#[test]
fn version_and_help_are_no_failure() {
    let output = headworks(&["--version"]);
    check_ended(&output, 0);
    let version = format!("headworks {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), version);
    check_ended(&headworks(&["run", "--help"]), 0);
}

#[test]
fn a_wrong_argument_is_a_usage_error() {
    let stderr = check_ended(&headworks(&["run", "--dmeo"]), 64);
    assert!(stderr.contains("--demo"), "{stderr}");
    check_ended(&headworks(&[]), 64);
}

#[test]
fn without_tls_only_loopback_is_listened_on() {
    let stderr = check_ended(&headworks(&["run", "--listen", "0.0.0.0:8080"]), 64);
    for remedy in ["0.0.0.0:8080", "server.tls", "server.allow_plain_http"] {
        assert!(stderr.contains(remedy), "{stderr}");
    }
}

#[test]
fn the_sample_of_the_settings_passes_the_check() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("headworks.toml");
    fs::write(&path, headworks(&["config", "sample"]).stdout).unwrap();
    let output = headworks(&["check", "--config", path.to_str().unwrap()]);
    check_ended(&output, 0);
}

#[test]
fn every_protocol_has_a_sample_that_is_toml() {
    for protocol in headworks_protocols::PROTOCOLS {
        let output = headworks(&["config", "sample", protocol.name]);
        check_ended(&output, 0);
        let text = String::from_utf8(output.stdout).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert!(table.contains_key("connection"), "{}", protocol.name);
    }
    let stderr = check_ended(&headworks(&["config", "sample", "profibus"]), 64);
    assert!(stderr.contains("modbus"), "{stderr}");
}

#[test]
fn the_schema_of_the_settings_is_json() {
    let output = headworks(&["config", "schema"]);
    check_ended(&output, 0);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["server"].is_object());
}

#[test]
fn a_mistake_in_the_settings_has_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plant.toml");
    fs::write(&path, "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    let path = path.to_str().unwrap();
    for command in ["run", "check"] {
        let stderr = check_ended(&headworks(&[command, "--config", path]), 64);
        let want = format!("{path}:2:1: server: unknown key \"lisen\"; did you mean \"listen\"?");
        assert!(stderr.contains(&want), "{stderr}");
    }
}

#[test]
fn an_unknown_variable_of_ours_is_a_mistake() {
    let mut command = std::process::Command::new(crate::BINARY);
    command
        .arg("check")
        .env("HEADWORKS__SERVER__LISTN", "127.0.0.1:1");
    let stderr = check_ended(&command.output().unwrap(), 64);
    assert!(
        stderr.contains("HEADWORKS__SERVER__LISTN: unknown key \"listn\""),
        "{stderr}"
    );
}

#[test]
fn an_address_of_telemetry_that_cannot_be_used_is_refused_by_the_check_too() {
    for (name, value, key) in [
        (
            "HEADWORKS__TELEMETRY__SENTRY_DSN",
            "https://canary@host",
            "telemetry.sentry_dsn",
        ),
        (
            "HEADWORKS__TELEMETRY__OTLP_ENDPOINT",
            "ftp://host",
            "telemetry.otlp_endpoint",
        ),
    ] {
        for command in ["check", "run"] {
            let directory = tempfile::tempdir().unwrap();
            let mut process = std::process::Command::new(crate::BINARY);
            process
                .arg(command)
                .current_dir(directory.path())
                .env(name, value);
            let stderr = check_ended(&process.output().unwrap(), 64);
            assert!(
                stderr.contains(key) && !stderr.contains("canary"),
                "{stderr}"
            );
        }
    }
}
