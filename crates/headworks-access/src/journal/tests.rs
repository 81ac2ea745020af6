use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use super::chain::Columns;
use super::*;

mod queries;
mod retention;
mod tampering;

/// A user.
fn anna() -> Actor {
    Actor {
        kind: ActorKind::User,
        id: Some(uuid::Uuid::from_u128(7)),
        name: "anna".to_owned(),
    }
}

/// An entry with something in every column.
fn entry(number: i64) -> Entry {
    Entry {
        address: "192.0.2.7".to_owned(),
        target: Target::new("tag", format!("plant/t{number}")),
        outcome: Outcome::Refused,
        problem: Some("out_of_range".to_owned()),
        request_id: format!("r{number}"),
        before: Some(json!({ "value": number })),
        after: Some(json!({ "value": number + 1 })),
        detail: Some("a detail".to_owned()),
        ..Entry::new(1_000_000 * number, anna(), "write_tag")
    }
}

/// Makes a journal with rows 1 to `count` and closes it.
fn filled(directory: &Path, count: i64) {
    let journal = Journal::open(directory).unwrap();
    for number in 1..=count {
        journal.submit(&entry(number));
    }
    drop(journal);
}

/// The database as somebody else opens it.
fn raw(directory: &Path) -> Connection {
    Connection::open(schema::path_in(directory)).unwrap()
}

#[track_caller]
fn check_proven(directory: &Path, rows: u64) -> Verdict {
    let verdict = verify(directory).unwrap();
    assert_eq!(verdict.problem, None);
    assert_eq!(verdict.rows, rows);
    verdict
}

#[test]
fn an_entry_comes_back_as_it_was_given() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    let bare = Entry::new(-5, Actor::nobody("ann\u{e4}\0\r\n"), "sign_in");
    assert_eq!(journal.record(&entry(1)).unwrap(), 1);
    assert_eq!(journal.record(&bare).unwrap(), 2);
    let page = journal.page(&Filter::default(), None, 10).unwrap();
    let entries: Vec<Entry> = page.entries.iter().map(|row| row.entry.clone()).collect();
    assert_eq!(entries, [entry(1), bare]);
    assert_eq!(page.entries[0].seq, 1);
    assert_eq!(page.next, None);
    check_proven(directory.path(), 2);
}

#[test]
fn ten_thousand_entries_make_one_chain() {
    let directory = tempfile::tempdir().unwrap();
    let begun = std::time::Instant::now();
    let journal = Journal::open(directory.path()).unwrap();
    for number in 1..=10_000 {
        // A burst larger than the queue waits now and then.
        match number % 1000 {
            0 => drop(journal.record(&entry(number)).unwrap()),
            _ => journal.submit(&entry(number)),
        }
    }
    assert_eq!((journal.dropped(), journal.fault()), (0, None));
    drop(journal);
    eprintln!("10,000 entries stored in {:?}", begun.elapsed());
    let verdict = check_proven(directory.path(), 10_000);
    assert_eq!((verdict.last.seq, verdict.unconfirmed), (10_000, 0));
}

#[test]
fn many_threads_and_journals_write_one_chain() {
    let directory = tempfile::tempdir().unwrap();
    let journals = [(); 2].map(|()| Journal::open(directory.path()).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journals[thread % 2];
            scope.spawn(move || {
                for number in 1..=100 {
                    journal.submit(&entry(number));
                }
                journal.record(&entry(101)).unwrap()
            });
        }
    });
    drop(journals);
    check_proven(directory.path(), 8 * 101);
}

#[test]
fn each_recorded_entry_gets_its_own_number() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| journal.record(&entry(1)).unwrap()));
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    journal.record(&entry(1)).unwrap();
    for name in ["audit.db", "audit.db-wal", "audit.db-shm", "audit.head"] {
        let found = std::fs::metadata(directory.path().join(name)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn long_texts_and_values_are_cut_and_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    let long = Entry {
        detail: Some("\u{e4}".repeat(5000)),
        before: Some("x".repeat(JSON_BYTES_MAX).into()),
        after: Some("x".repeat(JSON_BYTES_MAX - 2).into()),
        target: Target::new(&"k".repeat(257), "t".repeat(2000)),
        ..Entry::new(1, Actor::nobody(&"n".repeat(256)), "sign_in")
    };
    journal.record(&long).unwrap();
    let page = journal.page(&Filter::default(), None, 1).unwrap();
    let stored = &page.entries[0].entry;
    let detail = stored.detail.as_ref().unwrap();
    assert!(detail.len() <= 4096, "{}", detail.len());
    assert!(detail.contains("... (10000 bytes, SHA-256 "), "{detail}");
    assert_eq!(stored.before.as_ref().unwrap()["omitted"]["bytes"], 65538);
    assert_eq!(stored.after, long.after);
    assert_eq!(stored.target.kind.len(), 256);
    assert_eq!(stored.target.id.len(), 1024);
    assert_eq!(stored.actor.name, long.actor.name);
    check_proven(directory.path(), 1);
}

#[test]
fn what_a_killed_process_leaves_is_a_whole_chain() {
    let directory = tempfile::tempdir().unwrap();
    let left = tempfile::tempdir().unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    for number in 1..=30 {
        journal.record(&entry(number)).unwrap();
    }
    // As after kill -9: the files as they are, without the end that dropping would bring.
    for name in ["audit.db", "audit.db-wal", "audit.head"] {
        std::fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
    }
    check_proven(left.path(), 30);
    filled(left.path(), 3);
    check_proven(left.path(), 33);
}
