//! What only objects in a database can meet: another hub, an outage, another data directory.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use headworks_core::model::Kind;
use headworks_store::{Change, DatabaseUrl, ObjectPlace, ObjectStore, StoreError, StoredObject};

use super::{add_tag, create, delete, open_at, update};
use crate::server::Server;

/// A server with an empty database, and a data directory.
struct Site {
    server: Server,
    url: DatabaseUrl,
    directory: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        let server = Server::start();
        let url = server.database("plant");
        Site {
            server,
            url,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn place(&self) -> ObjectPlace {
        ObjectPlace::Database(self.url.clone())
    }

    fn local(&self) -> ObjectPlace {
        ObjectPlace::Local {
            database: Some(self.url.clone()),
        }
    }

    fn open(&self) -> ObjectStore {
        open_at(self.directory.path(), &self.place())
    }

    fn open_error(&self, directory: &Path) -> String {
        let opened = ObjectStore::open_at(directory, &self.place());
        opened.err().unwrap().to_string()
    }

    /// Number of live objects in the database.
    fn count(&self) -> String {
        let sql = "SELECT count(*) FROM headworks.objects";
        self.server.column("plant", sql).concat()
    }
}

/// Bodies in order: ids made by two hubs in one millisecond come in any.
fn bodies(objects: &[StoredObject]) -> Vec<&str> {
    let mut bodies: Vec<&str> = objects.iter().map(|object| object.body.as_str()).collect();
    bodies.sort_unstable();
    bodies
}

fn add(store: &ObjectStore, body: &str) -> Result<Vec<StoredObject>, StoreError> {
    store.commit(&[create(Kind::Dashboard, body)], "test", 1)
}

/// Waits until the database is back; returns whether the objects are others than before.
fn wait_back(store: &ObjectStore) -> bool {
    let start = Instant::now();
    loop {
        match store.reach() {
            Ok(Some(reached)) => return store.resume(reached).unwrap(),
            Ok(None) => panic!("nothing was away"),
            Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_second_hub_is_refused_and_told_who_has_the_objects() {
    let site = Site::new();
    let store = site.open();
    let other = tempfile::tempdir().unwrap();
    let error = site.open_error(other.path());
    let process = format!("process {}", std::process::id());
    for part in [
        "belong to the hub on ",
        &process,
        &site.directory.path().display().to_string(),
        "stop that one first",
    ] {
        assert!(error.contains(part), "{error}");
    }
    drop(store);
    open_at(other.path(), &site.place());
}

#[test]
fn edits_are_refused_while_the_database_is_away_and_go_on_when_it_returns() {
    let mut site = Site::new();
    let store = site.open();
    add(&store, "1").unwrap();
    site.server.kill();
    store.look();
    let health = store.health();
    assert!(!health.writable && health.error.is_some(), "{health:?}");
    let error = add(&store, "2").unwrap_err().to_string();
    assert!(
        error.contains("edits are refused until the database answers"),
        "{error}"
    );
    assert_eq!(bodies(&store.load_all().unwrap()), ["1"]);
    assert!(store.reach().is_err());
    site.server.run();
    assert!(!wait_back(&store), "nothing has changed meanwhile");
    add(&store, "3").unwrap();
    assert_eq!(site.count(), "2");
}

#[test]
fn a_hub_starts_from_its_copy_when_the_database_is_away() {
    let mut site = Site::new();
    let tag = {
        let store = site.open();
        let tag = add_tag(&store, 1);
        store
            .commit(&[update(tag.id, Some(1), "1")], "test", 2)
            .unwrap();
        tag
    };
    site.server.kill();
    let store = site.open();
    assert!(!store.health().writable);
    assert_eq!(bodies(&store.load_all().unwrap()), ["1"]);
    assert_eq!(store.history(tag.id).unwrap().len(), 2);
    assert!(add(&store, "2").is_err());
    site.server.run();
    assert!(!wait_back(&store));
    add(&store, "2").unwrap();
    drop(store);
    // also without a copy, to be filled when the database is there
    let fresh = tempfile::tempdir().unwrap();
    site.server.kill();
    let store = open_at(fresh.path(), &site.place());
    assert!(store.load_all().unwrap().is_empty());
    site.server.run();
    assert!(
        wait_back(&store),
        "the objects of the database are taken over"
    );
    assert_eq!(store.load_all().unwrap().len(), 2);
}

#[test]
fn a_server_that_is_killed_under_load_loses_no_commit() {
    let mut site = Site::new();
    let mut acknowledged = Vec::new();
    let mut in_doubt = Vec::new();
    for round in 0..4 {
        let store = site.open();
        let count = AtomicU64::new(0);
        let (done, doubt) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| write_until_error(&store, round, &count));
            // so many, however busy the machine is, and then somewhere within the next
            while count.load(Ordering::Relaxed) < 25 + round && !writer.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(370 * round));
            site.server.kill();
            writer.join().unwrap()
        });
        acknowledged.extend(done);
        in_doubt.push(doubt);
        site.server.run();
        if round % 2 == 0 {
            wait_back(&store);
            check_equal(&site, &store, &acknowledged, &in_doubt);
        }
        drop(store);
    }
    check_equal(&site, &site.open(), &acknowledged, &in_doubt);
    assert!(100 <= acknowledged.len(), "{} commits", acknowledged.len());
}

/// Commits pairs until the server is gone; returns those acknowledged and the one that was not.
fn write_until_error(store: &ObjectStore, round: u64, count: &AtomicU64) -> (Vec<String>, String) {
    let mut done = Vec::new();
    for n in 0.. {
        let body = format!("\"{round}/{n}\"");
        let pair = [
            create(Kind::Dashboard, &body),
            create(Kind::Dashboard, &body),
        ];
        match store.commit(&pair, "load", 1) {
            Ok(_) => {
                done.push(body);
                count.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => return (done, body),
        }
    }
    unreachable!("it is killed")
}

/// Every commit is there wholly or, when it was not acknowledged, not at all.
fn check_equal(site: &Site, store: &ObjectStore, acknowledged: &[String], in_doubt: &[String]) {
    let all = store.load_all().unwrap();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for body in bodies(&all) {
        *counts.entry(body).or_default() += 1;
    }
    assert!(counts.values().all(|&count| count == 2), "{counts:?}");
    for body in acknowledged {
        assert!(counts.remove(body.as_str()).is_some(), "{body} is lost");
    }
    for body in counts.keys() {
        assert!(
            in_doubt.iter().any(|it| it == body),
            "{body} came from nowhere"
        );
    }
    assert_eq!(site.count(), all.len().to_string());
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_when_the_database_returns() {
    let site = Site::new();
    let before = tempfile::tempdir().unwrap();
    let store = site.open();
    add(&store, "1").unwrap();
    // what is left when the process ends between the two commits: the file is one behind
    for entry in std::fs::read_dir(site.directory.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), before.path().join(entry.file_name())).unwrap();
    }
    add(&store, "2").unwrap();
    drop(store);
    let store = open_at(before.path(), &site.place());
    assert_eq!(bodies(&store.load_all().unwrap()), ["1", "2"]);
}

#[test]
fn a_lost_connection_loses_the_right_to_edit() {
    let site = Site::new();
    let store = site.open();
    add(&store, "1").unwrap();
    // the server ends the session, and the lock with it; another hub is faster
    site.server.sql(
        "plant",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'",
    );
    let other = tempfile::tempdir().unwrap();
    let faster = open_at(other.path(), &site.place());
    add(&faster, "2").unwrap();
    assert!(add(&store, "3").is_err());
    assert!(!store.health().writable);
    let error = store.reach().err().unwrap().to_string();
    assert!(error.contains("stop that one first"), "{error}");
    drop(faster);
    assert!(wait_back(&store), "what the other hub did is taken over");
    assert_eq!(bodies(&store.load_all().unwrap()), ["1", "2"]);
    add(&store, "4").unwrap();
    assert_eq!(site.count(), "3");
}

#[test]
fn a_schema_of_a_newer_program_is_refused() {
    let site = Site::new();
    drop(site.open());
    site.server.sql(
        "plant",
        "INSERT INTO headworks.migrations (version, name, layout) VALUES (99, 'later', 'plain')",
    );
    let error = site.open_error(site.directory.path());
    assert!(
        error.contains("version 99") && error.contains("use a newer program"),
        "{error}"
    );
}

#[test]
fn objects_move_to_the_database_and_back() {
    let site = Site::new();
    let kept = {
        let store = ObjectStore::open(site.directory.path()).unwrap();
        let tag = add_tag(&store, 1);
        let gone = add_tag(&store, 1);
        let changes: [Change; 2] = [update(tag.id, None, "1"), delete(gone.id)];
        store.commit(&changes, "test", 2).unwrap();
        (
            store.load_all().unwrap(),
            store.history(gone.id).unwrap(),
            gone,
        )
    };
    let check = |store: &ObjectStore| {
        assert_eq!(store.load_all().unwrap(), kept.0);
        assert_eq!(store.history(kept.2.id).unwrap(), kept.1);
        assert_eq!(store.tag_index(kept.2.id).ok(), kept.2.tag);
    };
    check(&site.open());
    assert_eq!(site.count(), "1");
    check(&open_at(tempfile::tempdir().unwrap().path(), &site.place()));
    // changed by another hub, then back in the data directory
    let other = tempfile::tempdir().unwrap();
    let tag = add_tag(&open_at(other.path(), &site.place()), 3);
    let store = open_at(site.directory.path(), &site.local());
    assert!(store.load_all().unwrap().contains(&tag));
    assert_eq!(store.health().server, None);
    add(&store, "\"here\"").unwrap();
    drop(store);
    // and to the database once more, which nobody has changed since
    drop(site.open());
    assert_eq!(site.count(), "3");
}

#[test]
fn objects_that_do_not_come_from_each_other_are_not_mixed() {
    let site = Site::new();
    add(&site.open(), "1").unwrap();
    let other = tempfile::tempdir().unwrap();
    add(&ObjectStore::open(other.path()).unwrap(), "2").unwrap();
    let error = site.open_error(other.path());
    assert!(
        error.contains("both") && error.contains("move the file away"),
        "{error}"
    );
    // both were changed since the file was the copy
    add(&open_at(site.directory.path(), &site.local()), "3").unwrap();
    let third = tempfile::tempdir().unwrap();
    add(&open_at(third.path(), &site.place()), "4").unwrap();
    let error = site.open_error(site.directory.path());
    assert!(error.contains("both"), "{error}");
    // the remedies work
    std::fs::remove_file(site.directory.path().join("headworks.db")).unwrap();
    assert_eq!(site.open().load_all().unwrap().len(), 2);
    let truncate = error.split("run: ").nth(1).unwrap();
    site.server.sql("plant", truncate);
    let store = open_at(other.path(), &site.place());
    assert_eq!(bodies(&store.load_all().unwrap()), ["2"]);
    assert_eq!(site.count(), "1");
}

#[test]
fn back_in_the_data_directory_while_the_database_is_away_the_copy_counts() {
    let mut site = Site::new();
    add(&site.open(), "1").unwrap();
    site.server.kill();
    let store = open_at(site.directory.path(), &site.local());
    assert_eq!(bodies(&store.load_all().unwrap()), ["1"]);
    add(&store, "2").unwrap();
    drop(store);
    site.server.run();
    let store = open_at(site.directory.path(), &site.local());
    assert_eq!(bodies(&store.load_all().unwrap()), ["1", "2"]);
}

#[test]
fn a_database_from_an_old_backup_gives_no_number_again() {
    let site = Site::new();
    let store = site.open();
    let first = add_tag(&store, 1);
    let tables = ["objects", "object_history", "object_tags", "object_state"];
    for table in tables {
        let sql = format!("CREATE TABLE {table}_backup AS TABLE headworks.{table}");
        site.server.sql("plant", &sql);
    }
    let second = add_tag(&store, 2);
    drop(store);
    for table in tables {
        let sql = format!(
            "TRUNCATE headworks.{table}; INSERT INTO headworks.{table} TABLE {table}_backup"
        );
        site.server.sql("plant", &sql);
    }
    let store = site.open();
    assert_eq!(store.load_all().unwrap(), [first]);
    assert_eq!(store.tag_index(second.id).ok(), second.tag);
    let third = add_tag(&store, 3);
    assert_ne!(third.tag, second.tag);
}
