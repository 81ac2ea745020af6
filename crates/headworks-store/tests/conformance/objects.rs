//! What objects do, told by the documentation of the store: in the data directory and in a
//! database alike.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use headworks_store::{
    Action, Change, HISTORY_MAX, HistoryEntry, ObjectPlace, ObjectStore, StoreError, StoredObject,
};

use crate::server::Server;

mod database;

/// Opens the same objects, again and again; what was opened before is dropped first.
type Open<'a> = &'a dyn Fn() -> ObjectStore;

/// A case by its name.
type Case = (&'static str, fn(Open<'_>));

const CASES: &[Case] = &[
    ("create", objects_come_back_by_kind_in_order_of_creation),
    ("update", a_change_is_of_the_revision_that_was_seen),
    ("delete", what_is_deleted_is_gone_and_may_return),
    ("conflict", a_revision_of_somebody_else_is_a_conflict),
    ("whole", one_bad_change_undoes_all),
    ("history", the_history_is_bounded_and_survives_deletion),
    ("nothing", the_history_of_nothing_is_an_error),
    ("numbers", no_number_is_given_to_two_tags),
    ("steps", an_object_may_change_several_times_in_one_commit),
    ("writers", of_two_writers_at_once_both_count),
    ("texts", every_text_comes_back_as_it_was),
    ("many", ten_thousand_objects_at_once),
];

#[test]
fn objects_in_the_data_directory_conform() {
    for (name, case) in CASES {
        println!("{name}");
        let directory = tempfile::tempdir().unwrap();
        case(&|| ObjectStore::open(directory.path()).unwrap());
    }
}

#[test]
fn objects_in_a_database_conform() {
    let server = Server::start();
    for (name, case) in CASES {
        println!("{name}");
        let url = server.database(&format!("objects_{name}"));
        let place = ObjectPlace::Database(url);
        // every time from a new data directory, so that nothing comes from its copy
        let directories = RefCell::new(Vec::new());
        case(&|| {
            let directory = tempfile::tempdir().unwrap();
            let store = open_at(directory.path(), &place);
            directories.borrow_mut().push(directory);
            assert!(store.health().writable, "{:?}", store.health());
            store
        });
    }
}

fn open_at(directory: &Path, place: &ObjectPlace) -> ObjectStore {
    ObjectStore::open_at(directory, place).unwrap()
}

fn create(kind: Kind, body: &str) -> Change {
    Change::Create {
        kind,
        id: None,
        body: body.to_owned(),
    }
}

fn again(id: ObjectId) -> Change {
    Change::Create {
        kind: Kind::Tag,
        id: Some(id),
        body: "{}".to_owned(),
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

fn objects_come_back_by_kind_in_order_of_creation(open: Open<'_>) {
    let changes = [
        create(Kind::Dashboard, "1"),
        create(Kind::Tag, "2"),
        create(Kind::Tag, "3"),
        create(Kind::Device, "4"),
        create(Kind::Connection, "5"),
    ];
    let store = open();
    let stored = store
        .commit(&changes, "alice", 1_700_000_000_000_000)
        .unwrap();
    for object in &stored {
        assert_eq!((object.id.0.get_version_num(), object.revision), (7, 1));
    }
    drop(store);
    let all = open().load_all().unwrap();
    let bodies: String = all.iter().map(|object| object.body.as_str()).collect();
    assert_eq!(bodies, "54231");
    assert!(stored.iter().all(|object| all.contains(object)));
}

fn a_change_is_of_the_revision_that_was_seen(open: Open<'_>) {
    let store = open();
    let id = add_tag(&store, 1).id;
    // no two commits have the same time, by which they are known
    for (revision, time_us) in (1..=3).zip(10..) {
        let body = format!("{{\"n\":{revision}}}");
        let stored = store
            .commit(&[update(id, Some(revision), &body)], "alice", 10)
            .unwrap();
        assert_eq!(
            (stored[0].revision, stored[0].updated_us),
            (revision + 1, time_us)
        );
    }
    drop(store);
    let all = open().load_all().unwrap();
    assert_eq!((all[0].revision, all[0].body.as_str()), (4, "{\"n\":3}"));
}

fn what_is_deleted_is_gone_and_may_return(open: Open<'_>) {
    let store = open();
    let tag = add_tag(&store, 1);
    let other = add_tag(&store, 1);
    let gone = store.commit(&[delete(tag.id)], "test", 2).unwrap();
    assert_eq!((gone[0].revision, gone[0].body.as_str()), (2, "{}"));
    drop(store);
    let store = open();
    assert_eq!(store.load_all().unwrap(), [other]);
    let stored = store.commit(&[again(tag.id)], "test", 3).unwrap();
    assert_eq!((stored[0].revision, stored[0].tag), (3, tag.tag));
    assert!(matches!(
        store.commit(&[again(tag.id)], "test", 4),
        Err(StoreError::Conflict { found: 3, .. })
    ));
}

fn a_revision_of_somebody_else_is_a_conflict(open: Open<'_>) {
    let store = open();
    let id = add_tag(&store, 1).id;
    store
        .commit(&[update(id, Some(1), "1")], "alice", 2)
        .unwrap();
    let error = store
        .commit(&[update(id, Some(1), "2")], "bob", 3)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("tag {id} is at revision 2, not 1; load it again")
    );
    assert!(store.health().writable, "{:?}", store.health());
    drop(store);
    assert_eq!(open().load_all().unwrap()[0].body, "1");
}

fn one_bad_change_undoes_all(open: Open<'_>) {
    let store = open();
    let id = add_tag(&store, 1).id;
    let before = store.load_all().unwrap();
    let missing = ObjectId(uuid::Uuid::from_u128(7));
    let changes = [
        update(id, None, "1"),
        create(Kind::Tag, "2"),
        delete(missing),
    ];
    let error = store.commit(&changes, "t", 2).unwrap_err();
    assert!(
        matches!(&error, StoreError::NotFound { id, .. } if *id == missing.to_string()),
        "{error}"
    );
    drop(store);
    let store = open();
    assert_eq!(store.load_all().unwrap(), before);
    assert_eq!(store.history(id).unwrap().len(), 1);
    assert_eq!(add_tag(&store, 3).tag, Some(TagIndex(1)));
}

fn the_history_is_bounded_and_survives_deletion(open: Open<'_>) {
    let store = open();
    let id = add_tag(&store, 1).id;
    for n in 2..=60 {
        store
            .commit(&[update(id, None, &n.to_string())], "alice", n)
            .unwrap();
    }
    store.commit(&[delete(id)], "bob", 61).unwrap();
    let seen = store.history(id).unwrap();
    drop(store);
    let history = open().history(id).unwrap();
    assert_eq!(history, seen);
    assert_eq!(history.len() as u64, HISTORY_MAX);
    let deleted = HistoryEntry {
        revision: 61,
        time_us: 61,
        author: "bob".into(),
        action: Action::Deleted,
        body: None,
        kind: Some(Kind::Tag),
    };
    assert_eq!(history[0], deleted);
    assert_eq!(
        (history[1].action, history[1].body.as_deref()),
        (Action::Updated, Some("60"))
    );
    assert_eq!(history[49].revision, 12);
}

fn the_history_of_nothing_is_an_error(open: Open<'_>) {
    let store = open();
    let id = ObjectId(uuid::Uuid::from_u128(1));
    assert!(matches!(
        store.history(id),
        Err(StoreError::NotFound { .. })
    ));
    assert!(matches!(
        store.tag_index(id),
        Err(StoreError::NotFound { .. })
    ));
}

fn no_number_is_given_to_two_tags(open: Open<'_>) {
    let store = open();
    let first = add_tag(&store, 1);
    let second = add_tag(&store, 2);
    store.commit(&[delete(second.id)], "test", 3).unwrap();
    drop(store);
    let store = open();
    let third = add_tag(&store, 4);
    assert_eq!(
        [first.tag, second.tag, third.tag],
        [0, 1, 2].map(|n| Some(TagIndex(n)))
    );
    assert_eq!(store.tag_index(second.id).unwrap(), TagIndex(1));
}

fn an_object_may_change_several_times_in_one_commit(open: Open<'_>) {
    let store = open();
    let tag = add_tag(&store, 1);
    let steps = [
        update(tag.id, Some(1), "1"),
        delete(tag.id),
        again(tag.id),
        update(tag.id, Some(4), "2"),
    ];
    store.commit(&steps, "test", 2).unwrap();
    drop(store);
    let store = open();
    let all = store.load_all().unwrap();
    assert_eq!((all[0].revision, all[0].body.as_str()), (5, "2"));
    let actions: Vec<Action> = store
        .history(tag.id)
        .unwrap()
        .iter()
        .map(|entry| entry.action)
        .collect();
    use Action::{Created, Deleted, Updated};
    assert_eq!(actions, [Updated, Created, Deleted, Updated, Created]);
}

fn of_two_writers_at_once_both_count(open: Open<'_>) {
    const EACH: u64 = 50;
    let store = Arc::new(open());
    let id = add_tag(&store, 1).id;
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    count_up(&store, id);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    drop(store);
    let all = open().load_all().unwrap();
    assert_eq!(all[0].body, (4 * EACH).to_string());
    assert_eq!(all[0].revision, 4 * EACH + 1);
}

/// Adds 1 to the number in an object, seen or not seen by others: tried again on a conflict.
fn count_up(store: &ObjectStore, id: ObjectId) {
    loop {
        let seen = store.load_all().unwrap().remove(0);
        let number: u64 = seen.body.parse().unwrap_or(0);
        let change = update(id, Some(seen.revision), &(number + 1).to_string());
        match store.commit(&[change], "writer", 2) {
            Ok(_) => return,
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn every_text_comes_back_as_it_was(open: Open<'_>) {
    let store = open();
    let bodies = [
        "{\"a\": 1,  \"ä\":\"🦀 \\u0000 '\\\\ \"}",
        "[]",
        "{\"n\":1e400}",
    ];
    let changes = bodies.map(|body| create(Kind::Dashboard, body));
    let stored = store.commit(&changes, "o'hara \"x\"", -5).unwrap();
    drop(store);
    let store = open();
    let mut all = store.load_all().unwrap();
    all.sort_by_key(|object| stored.iter().position(|it| it.id == object.id));
    assert_eq!(all, stored);
    let history = store.history(stored[0].id).unwrap();
    assert_eq!(
        (history[0].author.as_str(), history[0].time_us),
        ("o'hara \"x\"", -5)
    );
}

fn ten_thousand_objects_at_once(open: Open<'_>) {
    let store = open();
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(250));
    let stored = store
        .commit(&vec![create(Kind::Tag, &body); 10_000], "test", 1)
        .unwrap();
    let changes: Vec<Change> = stored
        .iter()
        .map(|object| update(object.id, Some(1), "2"))
        .collect();
    store.commit(&changes, "test", 2).unwrap();
    drop(store);
    let all = open().load_all().unwrap();
    assert_eq!(all.len(), 10_000);
    assert!(
        all.iter()
            .all(|object| object.revision == 2 && object.body == "2")
    );
    let mut numbers: Vec<_> = all.iter().filter_map(|object| object.tag).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 10_000);
}
