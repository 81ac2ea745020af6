//! The settings of a running hub as its API shows them.

use std::process::Command;

use serde_json::{Value as Json, json};

use crate::BINARY;
use crate::support::rest::Hub;

fn setting<'a>(shown: &'a Json, section: &str, key: &str) -> &'a Json {
    let find = |items: &'a Json, name: &str, wanted: &str| {
        let mut items = items.as_array().unwrap().iter();
        items.find(|item| item[name] == wanted).unwrap()
    };
    find(
        &find(&shown["sections"], "name", section)["settings"],
        "key",
        key,
    )
}

#[test]
fn the_api_shows_the_settings_of_the_file_the_environment_and_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plant.toml");
    let text = "[historian]\ngroup_commit_ms = 250\n[database]\n\
                url = \"postgres://hub:canary@127.0.0.1:1/plant\"\n";
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(BINARY);
    command
        .args([
            "run",
            "--listen",
            "127.0.0.1:0",
            "--config",
            "plant.toml",
            "--data",
        ])
        .arg(directory.path().join("data"))
        .current_dir(directory.path())
        .env("HEADWORKS__BACKUP__KEEP_LAST", "5");
    let hub = Hub::of(command).unwrap();
    let ask = || hub.get("system/settings").unwrap().body;
    let shown = ask();

    assert_eq!(
        shown["file"],
        file.canonicalize().unwrap().to_str().unwrap()
    );
    let commit = setting(&shown, "historian", "group_commit_ms");
    assert_eq!(
        (&commit["value"], &commit["default"]),
        (&json!(250), &json!(1000))
    );
    assert_eq!(
        (&commit["source"], &commit["needs_restart"]),
        (&json!("file"), &json!(true))
    );
    let keep = setting(&shown, "backup", "keep_last");
    assert_eq!(
        (&keep["value"], &keep["source"]),
        (&json!(5), &json!("environment"))
    );
    assert_eq!(keep["given_by"], "HEADWORKS__BACKUP__KEEP_LAST");
    assert_eq!(setting(&shown, "server", "listen")["given_by"], "--listen");
    let url = setting(&shown, "database", "url");
    assert_eq!(
        (&url["value"], &url["is_secret"]),
        (&json!("***"), &json!(true))
    );
    assert!(!shown.to_string().contains("canary"), "{shown}");

    // Levels that were changed since the start are those that hold.
    let level = setting(&shown, "log", "level");
    assert_eq!(
        (&level["value"], &level["source"]),
        (&json!("info"), &json!("default"))
    );
    let levels = json!({ "levels": "warn" });
    let put = ureq::put(format!("{}/api/v1/system/logs/levels", hub.url));
    let put = put.header("authorization", hub.bearer()).send_json(&levels);
    assert_eq!(put.unwrap().status().as_u16(), 200);
    let shown = ask();
    let level = setting(&shown, "log", "level");
    assert_eq!(
        (&level["value"], &level["source"]),
        (&json!("warn"), &json!("run_time"))
    );
}
