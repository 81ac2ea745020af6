//! What somebody with the files can do, and what the walk says.

use super::*;

/// Takes the triggers away, does `sql`, and puts the triggers back.
pub(super) fn tamper(directory: &Path, sql: &str) {
    let database = raw(directory);
    let triggers: Vec<(String, String)> = schema::parts(&database)
        .unwrap()
        .into_iter()
        .filter(|(name, _)| name.starts_with("trigger"))
        .collect();
    for (name, _) in &triggers {
        database.execute_batch(&format!("DROP {name}")).unwrap();
    }
    database.execute_batch(sql).unwrap();
    for (_, made) in &triggers {
        database.execute_batch(made).unwrap();
    }
}

#[track_caller]
pub(super) fn check_found(directory: &Path, kind: ProblemKind, seq: u64) {
    let problem = verify(directory).unwrap().problem;
    let problem = problem.expect("the walk finds it");
    assert_eq!((problem.kind, problem.seq), (kind, seq), "{problem}");
}

/// Checks what is found in a journal of twenty rows after `sql`.
#[track_caller]
fn check_tampering(sql: &str, kind: ProblemKind, seq: u64) {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    check_proven(directory.path(), 20);
    tamper(directory.path(), sql);
    check_found(directory.path(), kind, seq);
}

#[test]
fn every_changed_column_is_found_with_its_row() {
    for change in [
        "time_us = time_us + 1",
        "actor_kind = 'token'",
        "actor_id = randomblob(16)",
        "actor_id = NULL",
        "actor = 'anne'",
        "address = ''",
        "action = action || ' '",
        "target_kind = 'tags'",
        "target = upper(target)",
        "outcome = 'done'",
        "problem = NULL",
        "problem = ''",
        "request_id = target, target = request_id",
        "before = after",
        "after = NULL",
        "detail = detail || char(0)",
        "hash = randomblob(32)",
        "previous = randomblob(32)",
        "before = detail, detail = before",
        "actor = actor || address, address = ''",
    ] {
        let sql = format!("UPDATE entries SET {change} WHERE seq = 7");
        check_tampering(&sql, ProblemKind::Altered, 7);
    }
}

#[test]
fn the_first_and_the_last_row_are_found() {
    for seq in [1, 20] {
        let sql = format!("UPDATE entries SET actor = 'x' WHERE seq = {seq}");
        check_tampering(&sql, ProblemKind::Altered, seq);
    }
}

#[test]
fn removed_rows_are_found() {
    let missing = ProblemKind::Missing;
    check_tampering("DELETE FROM entries WHERE seq = 7", missing, 7);
    check_tampering("DELETE FROM entries WHERE seq < 4", missing, 1);
    check_tampering("DELETE FROM entries WHERE seq IN (5, 6, 9)", missing, 5);
    let closed = "DELETE FROM entries WHERE seq = 7;
        UPDATE entries SET seq = seq - 1 WHERE 7 < seq;";
    check_tampering(closed, ProblemKind::Altered, 7);
}

#[test]
fn swapped_rows_are_found() {
    let sql = "UPDATE entries SET seq = 100 WHERE seq = 7;
        UPDATE entries SET seq = 7 WHERE seq = 8;
        UPDATE entries SET seq = 8 WHERE seq = 100;";
    check_tampering(sql, ProblemKind::Altered, 7);
}

#[test]
fn a_cut_tail_is_found() {
    check_tampering("DELETE FROM entries WHERE 18 <= seq", ProblemKind::Tail, 18);
    check_tampering("DELETE FROM entries", ProblemKind::Tail, 1);
}

/// Rewrites row `seq` as another actor's, with a hash that fits.
fn forge(directory: &Path, seq: u64, entry: &Entry) {
    let database = raw(directory);
    let before = schema::link_at(&database, seq - 1).unwrap().unwrap();
    let sql = format!("DELETE FROM entries WHERE seq = {seq}");
    tamper(directory, &sql);
    let later = format!(
        "CREATE TEMP TABLE later AS SELECT * FROM entries WHERE {seq} < seq;
        DELETE FROM entries WHERE {seq} < seq;"
    );
    let triggers = "DROP TRIGGER entries_delete; DROP TRIGGER entries_insert;";
    database
        .execute_batch(&(triggers.to_owned() + &later))
        .unwrap();
    writer::append(&database, before, &Columns::of(entry)).unwrap();
    let back = "INSERT INTO entries SELECT * FROM later;";
    database.execute_batch(back).unwrap();
    for (name, sql) in schema::expected_parts().unwrap() {
        if name.ends_with("entries_delete") || name.ends_with("entries_insert") {
            database.execute_batch(&sql).unwrap();
        }
    }
}

#[test]
fn a_row_that_was_rewritten_with_its_hash_is_found() {
    for seq in [1, 7, 20] {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path(), 20);
        forge(directory.path(), seq, &entry(99));
        let kind = match seq {
            20 => ProblemKind::Tail,
            _ => ProblemKind::Altered,
        };
        check_found(directory.path(), kind, seq);
    }
}

#[test]
fn a_forged_row_at_the_end_is_found_or_said_to_be_unconfirmed() {
    let forged = "INSERT INTO entries SELECT 21, time_us, actor_kind, actor_id, actor, address,
        action, target_kind, target, outcome, problem, request_id, before, after, detail, hash,
        randomblob(32) FROM entries WHERE seq = 20";
    check_tampering(forged, ProblemKind::Altered, 21);
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    let database = raw(directory.path());
    let last = schema::last_link(&database).unwrap();
    writer::append(&database, last, &Columns::of(&entry(21))).unwrap();
    assert_eq!(check_proven(directory.path(), 21).unconfirmed, 1);
    Journal::open(directory.path())
        .unwrap()
        .record(&entry(23))
        .unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    let page = journal.page(&Filter::default(), None, 2).unwrap();
    let told = page.entries.iter().find(|row| row.seq == 22).unwrap();
    assert_eq!(told.entry.action, writer::RECOVERED);
    assert!(
        told.entry
            .detail
            .as_ref()
            .unwrap()
            .contains("rows 21 to 21")
    );
    check_proven(directory.path(), 23);
}

#[test]
fn the_triggers_refuse_what_is_no_append() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 3);
    let database = raw(directory.path());
    for sql in [
        "UPDATE entries SET actor = 'x' WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 2",
    ] {
        let error = database.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains("audit journal"), "{sql}: {error}");
    }
    check_proven(directory.path(), 3);
}

#[test]
fn a_changed_schema_is_found() {
    for sql in [
        "DROP TRIGGER entries_update",
        "DROP INDEX entries_actor",
        "CREATE TRIGGER mine BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END",
    ] {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path(), 3);
        raw(directory.path()).execute_batch(sql).unwrap();
        check_found(directory.path(), ProblemKind::Schema, 0);
    }
}

#[test]
fn a_trigger_that_swallows_rows_does_not_go_unseen() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 3);
    let swallow = "CREATE TRIGGER mine BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END";
    raw(directory.path()).execute_batch(swallow).unwrap();
    let journal = Journal::open(directory.path()).unwrap();
    journal.record(&entry(4)).unwrap_err();
    assert_eq!(journal.dropped(), 1);
    assert!(journal.fault().is_some());
    raw(directory.path())
        .execute_batch("DROP TRIGGER mine")
        .unwrap();
    // The loss is told of as soon as something can be stored again.
    assert_eq!(journal.record(&entry(5)).unwrap(), 5);
    let page = journal.page(&Filter::default(), None, 9).unwrap();
    let told = page.entries.iter().find(|row| row.seq == 4).unwrap();
    assert_eq!(told.entry.action, writer::LOST);
    assert!(
        told.entry
            .detail
            .as_ref()
            .unwrap()
            .starts_with("1 entries before")
    );
    assert_eq!(journal.fault(), None);
    check_proven(directory.path(), 5);
}

#[test]
fn a_journal_that_goes_on_after_a_cut_keeps_saying_so() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    tamper(directory.path(), "DELETE FROM entries WHERE 15 <= seq");
    filled(directory.path(), 3);
    check_found(directory.path(), ProblemKind::Broken, 15);
    filled(directory.path(), 30);
    check_found(directory.path(), ProblemKind::Broken, 15);
}

#[test]
fn a_missing_head_is_found_and_stays_known() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    std::fs::remove_file(directory.path().join("audit.head")).unwrap();
    check_found(directory.path(), ProblemKind::Tail, 20);
    filled(directory.path(), 1);
    check_found(directory.path(), ProblemKind::Broken, 21);
}

#[test]
fn a_missing_database_is_known_from_the_head() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    std::fs::remove_file(directory.path().join("audit.db")).unwrap();
    assert!(matches!(
        verify(directory.path()),
        Err(JournalError::NotFound { .. })
    ));
    filled(directory.path(), 1);
    check_found(directory.path(), ProblemKind::Broken, 1);
}

#[test]
fn a_crash_between_rows_and_head_is_no_tampering() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), 20);
    let head = std::fs::read(directory.path().join("audit.head")).unwrap();
    filled(directory.path(), 5);
    std::fs::write(directory.path().join("audit.head"), head).unwrap();
    assert_eq!(check_proven(directory.path(), 25).unconfirmed, 5);
    filled(directory.path(), 1);
    assert_eq!(check_proven(directory.path(), 27).unconfirmed, 0);
}

#[test]
fn a_journal_without_rows_is_proven() {
    let directory = tempfile::tempdir().unwrap();
    drop(Journal::open(directory.path()).unwrap());
    assert_eq!(check_proven(directory.path(), 0).last.seq, 0);
}
