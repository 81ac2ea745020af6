//! `kill -9` at any moment: what was acknowledged is there, once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of a short run are small"
)]

#[path = "../examples/chaos/mod.rs"]
mod chaos;

const RUNS: u64 = 30;

#[test]
#[ignore = "run by the other test in a process of its own, which it kills"]
fn writer() {
    chaos::write();
}

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_doubles_nothing() {
    let report = chaos::run(&["--exact", "writer", "--ignored", "--nocapture"], RUNS);
    assert_eq!(
        (report.lost, report.twice, report.damaged),
        (0, 0, 0),
        "{report:?}"
    );
    assert!(RUNS / 2 < report.kills_while_writing, "{report:?}");
    assert!(
        100 < report.batches && 0 < report.stored && 0 < report.deletions,
        "{report:?}"
    );
    eprintln!("{report:?}");
}
