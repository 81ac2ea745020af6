use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::*;

fn open() -> (tempfile::TempDir, ObjectStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(directory.path()).unwrap();
    (directory, store)
}

fn create(kind: Kind, body: &str) -> Change {
    Change::Create {
        kind,
        id: None,
        body: body.to_owned(),
    }
}

fn update(id: ObjectId, expected: Option<u64>, body: &str) -> Change {
    Change::Update {
        id,
        expected,
        body: body.to_owned(),
    }
}

fn delete(id: ObjectId) -> Change {
    Change::Delete { id, expected: None }
}

fn add_tag(store: &ObjectStore, now_us: i64) -> StoredObject {
    let mut stored = store
        .commit(&[create(Kind::Tag, "{}")], "test", now_us)
        .unwrap();
    stored.remove(0)
}

#[test]
fn objects_come_back_by_kind_in_order_of_creation() {
    let (directory, store) = open();
    let changes = [
        create(Kind::Dashboard, "1"),
        create(Kind::Tag, "2"),
        create(Kind::Tag, "3"),
        create(Kind::Device, "4"),
        create(Kind::Connection, "5"),
    ];
    let stored = store
        .commit(&changes, "alice", 1_700_000_000_000_000)
        .unwrap();
    assert_eq!(stored.len(), 5);
    assert!(
        stored
            .iter()
            .all(|object| object.id.0.get_version_num() == 7)
    );
    drop(store);
    let store = ObjectStore::open(directory.path()).unwrap();
    let all = store.load_all().unwrap();
    let bodies: String = all.iter().map(|object| object.body.as_str()).collect();
    assert_eq!(bodies, "54231");
    for object in &stored {
        assert!(all.contains(object), "{object:?}");
    }
}

#[test]
fn a_revision_of_somebody_else_is_a_conflict() {
    let (_directory, store) = open();
    let id = add_tag(&store, 1).id;
    store
        .commit(&[update(id, Some(1), "{\"a\":1}")], "alice", 2)
        .unwrap();
    let error = store
        .commit(&[update(id, Some(1), "{\"a\":2}")], "bob", 3)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("tag {id} is at revision 2, not 1; load it again")
    );
    let all = store.load_all().unwrap();
    assert_eq!(
        (all[0].revision, all[0].updated_us, all[0].body.as_str()),
        (2, 2, "{\"a\":1}")
    );
}

#[test]
fn one_bad_change_rolls_back_all() {
    let (_directory, store) = open();
    let id = add_tag(&store, 1).id;
    let before = store.load_all().unwrap();
    let missing = ObjectId(Uuid::from_u128(7));
    let error = store
        .commit(
            &[
                update(id, None, "x"),
                create(Kind::Tag, "y"),
                delete(missing),
            ],
            "t",
            2,
        )
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::NotFound { id, .. } if *id == missing.to_string()),
        "{error}"
    );
    assert_eq!(store.load_all().unwrap(), before);
    assert_eq!(store.history(id).unwrap().len(), 1);
    assert_eq!(add_tag(&store, 3).tag, Some(TagIndex(1)));
}

#[test]
fn history_keeps_the_newest_revisions_and_survives_deletion() {
    let (_directory, store) = open();
    let id = add_tag(&store, 1).id;
    for n in 2..=60 {
        store
            .commit(&[update(id, None, &n.to_string())], "alice", n)
            .unwrap();
    }
    store.commit(&[delete(id)], "bob", 61).unwrap();
    let history = store.history(id).unwrap();
    assert_eq!(history.len(), 50);
    assert_eq!(
        history[0],
        HistoryEntry {
            revision: 61,
            time_us: 61,
            author: "bob".into(),
            action: Action::Deleted,
            body: None,
            kind: Some(Kind::Tag),
        }
    );
    assert_eq!(
        (history[1].action, history[1].body.as_deref()),
        (Action::Updated, Some("60"))
    );
    assert_eq!(history[49].revision, 12);
    assert!(store.load_all().unwrap().is_empty());
}

#[test]
fn the_history_of_nothing_is_an_error() {
    let (_directory, store) = open();
    let id = ObjectId(Uuid::from_u128(1));
    assert!(matches!(
        store.history(id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        store.tag_index(id),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn no_number_is_given_to_two_tags() {
    let (directory, store) = open();
    let first = add_tag(&store, 1);
    let second = add_tag(&store, 2);
    store.commit(&[delete(second.id)], "test", 3).unwrap();
    drop(store);
    let store = ObjectStore::open(directory.path()).unwrap();
    let third = add_tag(&store, 4);
    assert_eq!(
        [first.tag, second.tag, third.tag],
        [0, 1, 2].map(|n| Some(TagIndex(n)))
    );
    assert_eq!(store.tag_index(second.id).unwrap(), TagIndex(1));
}

#[test]
fn a_deleted_tag_returns_with_its_number_and_counts_on() {
    let (_directory, store) = open();
    let tag = add_tag(&store, 1);
    let again = Change::Create {
        kind: Kind::Tag,
        id: Some(tag.id),
        body: "{}".into(),
    };
    let stored = store
        .commit(&[delete(tag.id), again.clone()], "test", 2)
        .unwrap();
    assert_eq!((stored[1].revision, stored[1].tag), (3, tag.tag));
    assert!(matches!(
        store.commit(&[again], "test", 3),
        Err(StoreError::Conflict { found: 3, .. })
    ));
}

#[test]
fn a_directory_has_one_user() {
    let (directory, store) = open();
    let error = ObjectStore::open(directory.path())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.ends_with("is in use by another headworks; stop it or choose another data directory")
    );
    drop(store);
    ObjectStore::open(directory.path()).unwrap();
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let (directory, store) = open();
    drop(store);
    let path = directory.path().join("headworks.db");
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 9_999).unwrap();
    drop(database);
    assert!(matches!(
        ObjectStore::open(directory.path()),
        Err(StoreError::TooNew { found: 9_999, .. })
    ));
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("headworks.db"), [b'x'; 8_192]).unwrap();
    let error = ObjectStore::open(directory.path()).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(
        error.to_string().contains("put a backup in its place"),
        "{error}"
    );
}

#[test]
fn what_was_committed_survives_without_a_clean_end() {
    let (directory, store) = open();
    let tag = add_tag(&store, 1);
    // What a killed process leaves: the files as they are, write-ahead log included.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let store = ObjectStore::open(copy.path()).unwrap();
    assert_eq!(store.load_all().unwrap(), [tag]);
}

#[test]
fn a_hundred_thousand_tags_take_seconds() {
    let (directory, store) = open();
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(250));
    let changes = vec![create(Kind::Tag, &body); 100_000];
    let start = Instant::now();
    store.commit(&changes, "test", 1).unwrap();
    let commit = start.elapsed();
    drop(store);
    let start = Instant::now();
    let store = ObjectStore::open(directory.path()).unwrap();
    assert_eq!(store.load_all().unwrap().len(), 100_000);
    let load = start.elapsed();
    eprintln!("commit {commit:?}, load {load:?}");
    assert!(commit < Duration::from_secs(30), "commit took {commit:?}");
    assert!(load < Duration::from_secs(10), "load took {load:?}");
}
