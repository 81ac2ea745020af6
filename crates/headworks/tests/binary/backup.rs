//! `headworks backup` beside a running hub, and the hub on what was restored.

use std::path::Path;

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};

use crate::{check_ended, headworks};

fn backup(name: &str, directory: &Path, more: &[&str]) -> std::process::Output {
    let arguments = ["backup", name, directory.to_str().unwrap(), "--json"];
    headworks(&[&arguments, more].concat())
}

fn json(output: &std::process::Output) -> serde_json::Value {
    check_ended(output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_backup_is_made_beside_the_process_that_writes_and_restored() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (target, other) = (
        directory.path().join("backups"),
        directory.path().join("other"),
    );
    let from = ["--data", data.to_str().unwrap()];
    let to = ["--data", other.to_str().unwrap()];
    let historian = EmbeddedHistorian::open(&data, HistorianOptions::default()).unwrap();
    let ramp = (0..10_000).map(|second| Update {
        tag: TagIndex(1),
        sample: Sample::good(second * 1_000_000, Value::I64(second)),
    });
    historian.append(&ramp.collect::<Vec<_>>()).unwrap();
    let created = json(&backup("create", &target, &from));
    let listed = json(&backup("list", &target, &[]));
    assert_eq!(listed[0]["id"], created["id"]);
    assert_eq!(
        json(&backup("verify", &target, &[]))["problems"],
        serde_json::json!([])
    );
    let in_use = backup("restore", &target, &from);
    check_ended(&in_use, 1);
    let restored = json(&backup("restore", &target, &to));
    assert_eq!(restored["id"], created["id"]);
    check_ended(&backup("restore", &target, &to), 1);
    let newest = |historian: EmbeddedHistorian| historian.latest(&[TagIndex(1)]).unwrap();
    let copy = EmbeddedHistorian::open(&other, HistorianOptions::default()).unwrap();
    assert_eq!(copy.stats().in_memory, 10_000);
    assert_eq!(newest(copy), newest(historian));
    let pruned = json(&backup("prune", &target, &["--last", "1"]));
    assert_eq!(pruned["removed"], serde_json::json!([]));
}
