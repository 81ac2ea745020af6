//! `headworks historian` on files that a hub has written.

use std::fs;
use std::path::Path;

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};

use crate::{check_ended, headworks, start};

/// Two days of three tags, each day in two files.
fn fill(data: &Path) {
    for half in 0..2 {
        let historian = EmbeddedHistorian::open(data, HistorianOptions::default()).unwrap();
        for day in 0..2 {
            for tag in 0..3 {
                let start = day * 86_400 + half * 1_000;
                let ramp = (start..start + 1_000).map(|second| Update {
                    tag: TagIndex(tag),
                    sample: Sample::good(second * 1_000_000, Value::I64(second)),
                });
                historian.append(&ramp.collect::<Vec<_>>()).unwrap();
            }
        }
        historian.close().unwrap();
    }
}

fn command(name: &str, data: &Path, more: &[&str]) -> std::process::Output {
    let arguments = ["historian", name, "--data", data.to_str().unwrap()];
    headworks(&[&arguments, more].concat())
}

fn json(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn compact_joins_days_and_verify_finds_all_samples() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fill(data);
    let before = json(&command("stats", data, &["--json"]));
    assert_eq!(
        (&before["files"], &before["samples"]),
        (&4.into(), &12_000.into())
    );
    let compacted = json(&command("compact", data, &["--json"]));
    assert_eq!(compacted["joined_days"], 2);
    let after = json(&command("stats", data, &["--json", "--top", "1"]));
    assert_eq!(
        (&after["files"], &after["samples"]),
        (&2.into(), &12_000.into())
    );
    assert_eq!(after["largest_tags"].as_array().unwrap().len(), 1);
    let verified = command("verify", data, &["--json"]);
    check_ended(&verified, 0);
    assert_eq!(json(&verified)["totals"]["samples"], 12_000);
    let text = String::from_utf8(command("stats", data, &[]).stdout).unwrap();
    assert!(
        text.contains("raw: 12000 samples of 3 tags in 2 files"),
        "{text}"
    );
    assert!(text.contains("1970-01-02"), "{text}");
}

#[test]
fn verify_names_damage_and_ends_with_1() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    fill(data);
    let path = data.join("seg/000000-00000001.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let output = command("verify", data, &[]);
    let stderr = check_ended(&output, 1);
    assert!(stderr.contains("1 file is damaged"), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    let named = "tag 0; from 1970-01-01T00:00:00Z to 1970-01-01T00:16:39Z; 1000 samples";
    assert!(text.contains(named), "{text}");
}

#[test]
fn verify_and_stats_work_beside_a_hub_and_compact_refuses() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let _hub = start(data);
    check_ended(&command("verify", data, &[]), 0);
    check_ended(&command("stats", data, &[]), 0);
    let stderr = check_ended(&command("compact", data, &[]), 1);
    assert!(stderr.contains("stop it first"), "{stderr}");
}

#[test]
fn a_directory_without_a_historian_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let stderr = check_ended(&command("verify", directory.path(), &[]), 1);
    assert!(
        stderr.contains("holds no historian; name its data directory"),
        "{stderr}"
    );
}
