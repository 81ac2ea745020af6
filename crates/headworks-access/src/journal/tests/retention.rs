//! What is left after a removal is still proven.

use super::*;

/// The present time of a removal.
const NOW_US: i64 = 1_000_000_000_000;

fn retained(rows: i64, before: i64) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), rows);
    let journal = Journal::open(directory.path()).unwrap();
    let removed = journal.retain(before * 1_000_000, NOW_US, &anna()).unwrap();
    assert_eq!(removed, u64::try_from(before - 1).unwrap());
    directory
}

#[test]
fn what_is_left_is_proven_and_the_removal_told_of() {
    let directory = retained(20, 8);
    let verdict = check_proven(directory.path(), 14);
    assert_eq!((verdict.anchors.count, verdict.anchors.removed), (1, 7));
    assert_eq!(verdict.anchors.last_us, Some(NOW_US));
    let journal = Journal::open(directory.path()).unwrap();
    let filter = Filter {
        action: Some("audit_retain".to_owned()),
        ..Filter::default()
    };
    let told = &journal.page(&filter, None, 9).unwrap().entries;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].seq, &told[0].entry.actor), (21, &anna()));
    assert_eq!(told[0].entry.after.as_ref().unwrap()["removed"], 7);
    assert_eq!(journal.retain(8_000_000, NOW_US + 1, &anna()).unwrap(), 0);
    check_proven(directory.path(), 14);
}

#[test]
fn removals_follow_one_another() {
    let directory = retained(20, 8);
    let journal = Journal::open(directory.path()).unwrap();
    assert_eq!(journal.retain(15_000_000, NOW_US + 1, &anna()).unwrap(), 7);
    let verdict = check_proven(directory.path(), 8);
    assert_eq!((verdict.anchors.count, verdict.anchors.removed), (2, 14));
    // The entries of the removals themselves are older than their journal.
    assert_eq!(journal.retain(i64::MAX, NOW_US + 2, &anna()).unwrap(), 8);
    assert_eq!(check_proven(directory.path(), 1).anchors.removed, 22);
    assert_eq!(journal.record(&entry(1)).unwrap(), 24);
}

#[test]
fn an_entry_with_a_late_time_keeps_those_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    for number in [1, 2, 50, 3, 4] {
        journal.record(&entry(number)).unwrap();
    }
    assert_eq!(journal.retain(10_000_000, NOW_US, &anna()).unwrap(), 2);
    check_proven(directory.path(), 4);
}

#[test]
fn a_large_removal_goes_in_steps() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    let rows = 20_500;
    for number in 1..=rows {
        match number % 1000 {
            0 => drop(journal.record(&entry(number)).unwrap()),
            _ => journal.submit(&entry(number)),
        }
    }
    assert_eq!(
        journal.retain(20_400_000_000, NOW_US, &anna()).unwrap(),
        20_399
    );
    let verdict = check_proven(directory.path(), 103);
    assert_eq!(
        (verdict.anchors.count, verdict.anchors.removed),
        (2, 20_399)
    );
}

#[test]
fn a_false_anchor_is_found() {
    let anchor = ProblemKind::Anchor;
    for (sql, kind, seq) in [
        ("UPDATE anchors SET removed = 6, seq = 6", anchor, 6),
        ("UPDATE anchors SET time_us = 5", anchor, 7),
        ("UPDATE anchors SET hash = randomblob(32)", anchor, 7),
        ("DELETE FROM anchors", ProblemKind::Missing, 1),
        ("DELETE FROM entries WHERE seq = 8", ProblemKind::Missing, 8),
        (
            "UPDATE entries SET seq = 7 WHERE seq = 8",
            ProblemKind::Unexpected,
            7,
        ),
        (
            "UPDATE entries SET actor = 'x' WHERE seq = 8",
            ProblemKind::Altered,
            8,
        ),
    ] {
        let directory = retained(20, 8);
        tampering::tamper(directory.path(), sql);
        tampering::check_found(directory.path(), kind, seq);
    }
}

#[test]
fn a_removal_that_nobody_told_of_is_found() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    let database = raw(directory.path());
    let link = schema::link_at(&database, 7).unwrap().unwrap();
    let anchor = retain::Anchor {
        link,
        time_us: 5,
        before_us: 5,
        removed: 7,
        entry: 20,
    };
    anchor
        .insert(&database, anchor.chain(RowHash::NONE))
        .unwrap();
    // The triggers let rows go under an anchor.
    database
        .execute_batch("DELETE FROM entries WHERE seq <= 7")
        .unwrap();
    tampering::check_found(directory.path(), ProblemKind::Anchor, 7);
}
