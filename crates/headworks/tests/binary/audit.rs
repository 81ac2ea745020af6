//! `headworks audit` beside the process that writes the journal.

use std::path::Path;

use headworks_access::{Actor, Entry, Filter, Journal, Reader, Target};

use crate::support::wait_for;
use crate::{PATIENCE, check_ended, headworks, start};

fn audit(name: &str, data: &Path, more: &[&str]) -> std::process::Output {
    let arguments = ["audit", name, "--data", data.to_str().unwrap()];
    headworks(&[&arguments, more].concat())
}

fn entry(number: i64) -> Entry {
    Entry {
        target: Target::new("tag", format!("=plant/t{number:02}")),
        ..Entry::new(number * 1_000_000, Actor::nobody("anna"), "write_tag")
    }
}

fn filled(data: &Path) -> Journal {
    let journal = Journal::open(data).unwrap();
    for number in 1..=20 {
        journal.record(&entry(number)).unwrap();
    }
    journal
}

#[test]
fn the_journal_is_proven_and_exported_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let journal = filled(data);
    let proven = audit("verify", data, &[]);
    check_ended(&proven, 0);
    let said = String::from_utf8(proven.stdout).unwrap();
    assert!(
        said.contains("20 entries are as they were written"),
        "{said}"
    );
    let noted = said.lines().last().unwrap().strip_prefix("last ").unwrap();
    journal.record(&entry(21)).unwrap();
    check_ended(&audit("verify", data, &["--expect", noted]), 0);
    let other = format!("19:{}", noted.split_once(':').unwrap().1);
    let stderr = check_ended(&audit("verify", data, &["--expect", &other]), 1);
    assert!(stderr.contains("entry 19 has the hash"), "{stderr}");
    let json = audit("verify", data, &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["last"]["seq"], 21);
    assert_eq!(json["problem"], serde_json::Value::Null);

    let csv = data.join("audit.csv");
    let range = [
        "--from",
        "1970-01-01T00:00:05Z",
        "--to",
        "1970-01-01T00:00:08Z",
    ];
    let file = ["-o", csv.to_str().unwrap()];
    check_ended(&audit("export", data, &[&range[..], &file].concat()), 0);
    let csv = std::fs::read_to_string(csv).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines[1].starts_with("5,1970-01-01T00:00:05Z,5000000,nobody,anna,"));
    assert!(lines[3].contains(",'=plant/t07,done,"), "{csv}");
    let lines = audit("export", data, &["--format", "jsonl"]);
    check_ended(&lines, 0);
    let text = String::from_utf8(lines.stdout).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((text.lines().count(), &last["seq"]), (21, &21.into()));
    assert_eq!(last["target"]["id"], "=plant/t21");
}

#[test]
fn the_first_altered_entry_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    drop(filled(data));
    let path = data.join("audit.db");
    let mut bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() - 10 {
        if bytes[at..].starts_with(b"=plant/t07") {
            bytes[at + 9] = b'9';
        }
    }
    std::fs::write(&path, bytes).unwrap();
    let stderr = check_ended(&audit("verify", data, &[]), 1);
    assert!(stderr.contains("row 7: "), "{stderr}");
}

#[test]
fn a_directory_without_a_journal_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["verify", "export"] {
        let stderr = check_ended(&audit(name, directory.path(), &[]), 1);
        assert!(stderr.contains("audit.db does not exist"), "{stderr}");
    }
}

#[test]
fn old_entries_go_and_the_rest_stays_proven() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    // Of 1970, and so older than the two years of the settings.
    drop(filled(&data));
    let hub = start(&data);
    let rows = || {
        let mut rows = Vec::new();
        let read = |row: &headworks_access::Recorded| {
            rows.push((row.seq, row.entry.action.clone()));
            Ok(())
        };
        let reader = Reader::open(&data).unwrap();
        reader.for_each(&Filter::default(), read).unwrap();
        rows
    };
    let has = |rows: &[(u64, String)], action: &str| rows.iter().any(|row| row.1 == action);
    let left = wait_for("the removal of old entries", PATIENCE, || {
        let is_done = |rows: &Vec<(u64, String)>| {
            let are_new = rows.iter().all(|row| 20 < row.0);
            are_new && has(rows, "audit_retain") && has(rows, "set_up")
        };
        Some(rows()).filter(is_done)
    });
    left.unwrap();
    let proven = audit("verify", &data, &[]);
    check_ended(&proven, 0);
    let said = String::from_utf8(proven.stdout).unwrap();
    assert!(
        said.contains("20 entries up to number 20 were removed"),
        "{said}"
    );
    assert_eq!(hub.stop().unwrap(), Some(0));
}
