//! A power cut at any moment: what was acknowledged as durable is there, once.
//!
//! A process writes while a preloaded recorder notes its file operations. From the records the
//! test builds directories as a disk could look after a cut, and opens each.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "files of a test fit into memory"
)]

mod disk;
mod plant;
mod record;

use std::path::{Path, PathBuf};
use std::process::Command;

use disk::{Disk, Random};
use plant::{Notes, ROOT};
use record::Operation;

const SEED: &str = "HEADWORKS_POWERCUT_SEED";
const CUTS: u64 = 220;

#[test]
#[ignore = "run by the other tests in a process of its own, which is recorded"]
fn writer() {
    plant::write(Path::new(
        &std::env::var(ROOT).expect("set by the other test"),
    ));
}

/// Runs the writer to its end; returns what it did to the disk.
fn record_writer(directory: &Path) -> Vec<Operation> {
    let (shim, log) = (directory.join("shim.so"), directory.join("log"));
    let root: PathBuf = directory.join("root");
    std::fs::create_dir(&root).unwrap();
    record::compile(&shim);
    let mut writer = Command::new(std::env::current_exe().unwrap());
    let output = writer
        .args(["--exact", "writer", "--ignored", "--nocapture"])
        .env("LD_PRELOAD", &shim)
        .env("POWERCUT_ROOT", &root)
        .env("POWERCUT_LOG", &log)
        .env(ROOT, &root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let operations = record::read(&log);
    check_recorder(&operations, &root);
    operations
}

/// The recorder has seen everything: what it tells of leads to the very files that are there.
fn check_recorder(operations: &[Operation], root: &Path) {
    let mut disk = Disk::default();
    operations
        .iter()
        .for_each(|operation| disk.apply(operation));
    let missed = disk.differences(root);
    assert!(
        missed.is_empty(),
        "the recorder has missed changes of {missed:?}"
    );
    let has = |is: fn(&Operation) -> bool| operations.iter().any(is);
    assert!(has(|o| matches!(o, Operation::Rename { .. })));
    assert!(has(|o| matches!(o, Operation::Unlink { .. })));
    assert!(has(|o| matches!(o, Operation::Mkdir { .. })));
    assert!(has(|o| matches!(o, Operation::SyncFile { .. })));
    assert!(has(
        |o| matches!(o, Operation::SyncDirectory { name } if name == "seg")
    ));
    assert!(has(
        |o| matches!(o, Operation::Write { name, .. } if name == "headworks.db-wal")
    ));
}

fn seed() -> u64 {
    let given = std::env::var(SEED).ok();
    let given = given.map(|seed| seed.parse().expect("a number"));
    given.unwrap_or_else(|| u64::from(std::process::id()) << 20 | 0x5_eed)
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let operations = record_writer(directory.path());
    let seed = seed();
    eprintln!("{SEED}={seed}, {} operations", operations.len());
    let mut random = Random(seed);
    let mut moments: Vec<u64> = (0..CUTS)
        .map(|_| random.below(operations.len() as u64 + 1))
        .collect();
    moments.sort_unstable();
    let (mut disk, mut notes, mut done) = (Disk::default(), Notes::default(), 0);
    let mut failures = Vec::new();
    for moment in moments {
        for operation in &operations[done..moment as usize] {
            disk.apply(operation);
            notes.apply(operation);
        }
        done = moment as usize;
        let image = tempfile::tempdir().unwrap();
        disk.cut(image.path(), &mut random);
        if let Err(reason) = notes.check(image.path()) {
            failures.push(format!("cut after operation {moment}: {reason}"));
        }
    }
    let count = failures.len();
    failures.truncate(12);
    assert!(
        failures.is_empty(),
        "{count} of {CUTS}, {SEED}={seed}:\n{}",
        failures.join("\n")
    );
    notes.check_reached();
}

/// The test can fail: a disk that ignores syncs is found out.
#[test]
fn a_disk_that_ignores_syncs_is_found_out() {
    let directory = tempfile::tempdir().unwrap();
    let operations = record_writer(directory.path());
    let mut random = Random(1);
    let (mut disk, mut notes) = (Disk::default(), Notes::default());
    for operation in &operations {
        notes.apply(operation);
        if !matches!(operation, Operation::SyncFile { .. }) {
            disk.apply(operation);
        }
    }
    let lost = (0..20).filter(|_| {
        let image = tempfile::tempdir().unwrap();
        disk.cut(image.path(), &mut random);
        notes.check(image.path()).is_err()
    });
    assert!(10 < lost.count());
}
