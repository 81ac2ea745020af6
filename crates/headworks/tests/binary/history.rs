//! `headworks history` beside a running hub, and in the data directory of one that is stopped.

use std::fs;
use std::time::SystemTime;

use serde_json::json;

use crate::support::rest::Hub;
use crate::{check_ended, headworks, start};

/// Makes a connection that is switched off, a device and a tag `plant/tank/level`.
fn configure(hub: &Hub) {
    let connection = json!({
        "name": "off", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "127.0.0.1:1" },
    });
    let connection = hub.create_id("connections", &connection).unwrap();
    let device = json!({
        "name": "tank", "connection": connection, "path": "plant/tank", "period_ms": 60_000,
    });
    let device = hub.create_id("devices", &device).unwrap();
    let tag = json!({
        "device": device, "name": "level", "address": "HR0", "data_type": "float32", "unit": "m",
    });
    hub.create_tags(&[tag]).unwrap();
}

/// Writes 500 samples and a row that is none; returns the second of the first.
fn write_old_file(path: &str) -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "samples must be younger than their retention"
    )]
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let first = now.as_secs() - 7_200;
    let rows: String = (0..500)
        .map(|at| format!("level;{};{},5\n", first + at, at))
        .collect();
    let text = format!("tag;time;value\n{rows}level;soon;1\n");
    fs::write(path, text).unwrap();
    first
}

#[test]
fn history_goes_out_and_comes_back_with_and_without_a_hub() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let hub = start(&data);
    configure(&hub);

    let first = write_old_file(&file("old.csv"));

    let (url, data) = (hub.url.clone(), data.to_str().unwrap().to_owned());
    let token = file("token");
    fs::write(&token, format!("{}\n", hub.token)).unwrap();
    let remote = ["--url", url.as_str(), "--token-file", token.as_str()];
    let through = [&remote[..], &["--set", "prefix=plant/tank"]].concat();
    let import = |more: &[&str]| {
        let old = file("old.csv");
        let mut arguments = vec!["history", "import", old.as_str()];
        arguments.extend_from_slice(more);
        headworks(&arguments)
    };
    let nobody = import(&["--url", &url]);
    let stderr = check_ended(&nobody, 64);
    assert!(stderr.contains("HEADWORKS_TOKEN"), "{stderr}");
    let unknown = import(&remote);
    let stderr = check_ended(&unknown, 1);
    assert!(stderr.contains("tags do not exist: level"), "{stderr}");
    let shown = import(&[&through[..], &["--preview"]].concat());
    check_ended(&shown, 0);
    let stdout = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(stdout.contains("numbers have a decimal comma"), "{stdout}");
    let errors = file("errors.csv");
    let stored = import(&[&through[..], &["--errors", &errors]].concat());
    check_ended(&stored, 0);
    let stdout = String::from_utf8_lossy(&stored.stdout).into_owned();
    assert!(
        stdout.contains("500 stored, 0 there already, 1 errors"),
        "{stdout}"
    );
    assert!(
        fs::read_to_string(&errors)
            .unwrap()
            .contains("502,time,soon,")
    );

    let end = jiff::Timestamp::from_second(i64::try_from(first).unwrap() + 3_600).unwrap();
    let end = end.to_string();
    let export = |name: &str, more: &[&str]| {
        let output = file(name);
        let mut arguments = vec!["history", "export", "--end", &end, "--output", &output];
        arguments.extend_from_slice(more);
        (headworks(&arguments), output)
    };
    let (done, remote) = export("remote.csv", &remote);
    check_ended(&done, 0);
    assert_eq!(fs::read_to_string(&remote).unwrap().lines().count(), 501);
    let (refused, _) = export("busy.csv", &["--data", &data]);
    let stderr = check_ended(&refused, 1);
    assert!(stderr.contains("--url http://127.0.0.1:8080"), "{stderr}");

    hub.stop().unwrap();
    let (done, local) = export("local.csv", &["--data", &data]);
    check_ended(&done, 0);
    assert_eq!(fs::read(&local).unwrap(), fs::read(&remote).unwrap());
    let (done, table) = export("local.parquet", &["--data", &data, "--pattern", "plant/**"]);
    check_ended(&done, 0);
    let again = headworks(&["history", "import", &table, "--data", &data]);
    check_ended(&again, 0);
    let stdout = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(stdout.contains("500 stored"), "{stdout}");
}

#[test]
fn an_export_says_what_it_does_not_know() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    start(&data).stop().unwrap();
    let data = data.to_str().unwrap();
    for (name, more, word) in [
        ("local.pdf", &[][..], ".parquet"),
        ("zone.csv", &["--set", "zone=Mars"], "--set zone"),
    ] {
        let output = directory.path().join(name);
        let mut arguments = vec!["history", "export", "--output", output.to_str().unwrap()];
        arguments.extend_from_slice(&["--data", data]);
        arguments.extend_from_slice(more);
        assert!(check_ended(&headworks(&arguments), 64).contains(word));
    }
}
