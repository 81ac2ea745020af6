use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Stands for the writer of the journal: rows, then the head, in one turn.
fn write_rows(data: &Path, stop: &AtomicBool) {
    let database = Connection::open(data.join(JOURNAL)).unwrap();
    database.busy_timeout(BUSY).unwrap();
    let mut seq = 1;
    while !stop.load(Ordering::Relaxed) {
        let turn = journal_turn(data).unwrap();
        seq += 1;
        database
            .execute("INSERT INTO entries VALUES (?1)", [seq])
            .unwrap();
        std::fs::write(data.join(JOURNAL_HEAD), seq.to_string()).unwrap();
        drop(turn);
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn make_journal(data: &Path) {
    let database = Connection::open(data.join(JOURNAL)).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database
        .execute_batch("CREATE TABLE entries (seq INTEGER); INSERT INTO entries VALUES (1);")
        .unwrap();
    std::fs::write(data.join(JOURNAL_HEAD), "1").unwrap();
}

#[test]
fn journal_and_head_are_of_one_moment() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    make_journal(data);
    let stop = AtomicBool::new(false);
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| write_rows(data, &stop));
        for _ in 0..30 {
            let staged = stage(data).unwrap();
            let copy = Connection::open(staged.directory.join(JOURNAL)).unwrap();
            let last: u64 = copy
                .query_row("SELECT max(seq) FROM entries", [], |row| row.get(0))
                .unwrap();
            let head = std::fs::read_to_string(staged.directory.join(JOURNAL_HEAD)).unwrap();
            assert_eq!(head, last.to_string());
            seen.push(last);
        }
        stop.store(true, Ordering::Relaxed);
    });
    seen.dedup();
    assert!(2 < seen.len(), "nothing was written meanwhile: {seen:?}");
}

#[test]
fn keys_and_the_one_time_token_stay_behind() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    make_journal(data);
    for name in [ACCESS, DATABASE, "errors.db"] {
        let database = Connection::open(data.join(name)).unwrap();
        database.execute_batch("CREATE TABLE t (x);").unwrap();
    }
    std::fs::create_dir(data.join("tls")).unwrap();
    for name in ["master.key", "setup-token", "tls/key.pem", "audit.lock"] {
        std::fs::write(data.join(name), "secret").unwrap();
    }
    let staged = stage(data).unwrap();
    assert_eq!(staged.names, [JOURNAL, JOURNAL_HEAD, ACCESS, DATABASE]);
}

#[test]
fn what_formulas_remember_comes_along_unless_it_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    for name in [MEMORY, DATABASE] {
        let database = Connection::open(data.join(name)).unwrap();
        database.execute_batch("CREATE TABLE t (x);").unwrap();
    }
    assert_eq!(stage(data).unwrap().names, [MEMORY, DATABASE]);
    std::fs::write(data.join(MEMORY), "not a database at all, and long enough").unwrap();
    let staged = stage(data).unwrap();
    assert_eq!(staged.names, [DATABASE]);
    assert!(!staged.directory.join(MEMORY).exists());
}
