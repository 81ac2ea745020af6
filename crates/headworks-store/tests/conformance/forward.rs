//! Store and forward: nothing acknowledged is lost, nothing is there twice, whatever happens to
//! the server.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{
    BucketQuery, Buckets, DatabaseStats, DatabaseUrl, EmbeddedHistorian, ForwardOptions,
    ForwardingHistorian, Historian, HistorianOptions, RangeQuery, Retention, TierAges, TimeRange,
};

use super::ask::{read, samples};
use super::server::Server;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// 2026-01-01 UTC.
const BASE_US: i64 = 20_454 * DAY_US;
const ALL: TimeRange = TimeRange {
    start_us: i64::MIN,
    end_us: i64::MAX,
};

fn number(tag: u32, time_us: i64, value: f64) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us, Value::F64(value)),
    }
}

fn start_with(directory: &Path, url: &DatabaseUrl, bytes_max: u64) -> ForwardingHistorian {
    let options = HistorianOptions {
        group_commit: Duration::from_millis(50),
        forward_bytes_max: bytes_max,
        wal_bytes_max: 200_000,
        ..HistorianOptions::default()
    };
    let embedded = EmbeddedHistorian::open(directory, options).unwrap();
    let options = ForwardOptions {
        url: url.clone(),
        connections: 3,
        retention_days: None,
    };
    ForwardingHistorian::start(embedded, directory, options).unwrap()
}

fn start(directory: &Path, url: &DatabaseUrl) -> ForwardingHistorian {
    start_with(directory, url, 1 << 30)
}

fn figures(store: &ForwardingHistorian) -> DatabaseStats {
    store.stats().database.unwrap()
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn rows(server: &Server) -> String {
    let rows = server.column_if_any("plant", "SELECT count(*) FROM headworks.samples");
    rows.into_iter().collect()
}

fn batch(number_of: i64) -> Vec<Update> {
    (0..500)
        .map(|n| {
            let time_us = BASE_US + (number_of * 50 + n / 10) * SECOND_US;
            number(
                u32::try_from(n % 10).unwrap(),
                time_us,
                (number_of * 500 + n) as f64,
            )
        })
        .collect()
}

#[test]
fn a_server_that_is_killed_while_loading_costs_nothing() {
    let mut server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let mut batches = 0;
    let mut store = start(directory.path(), &url);
    for round in 0..4 {
        for _ in 0..60 {
            store.append(&batch(batches)).unwrap();
            batches += 1;
        }
        // In the middle of what it does; the hub goes too, once while the server is away.
        server.kill();
        store.append(&batch(batches)).unwrap();
        batches += 1;
        if round == 2 {
            drop(store);
            store = start(directory.path(), &url);
        }
        wait("the failure is told", || figures(&store).error.is_some());
        server.run();
    }
    let want = (batches * 500).to_string();
    wait("all samples are forwarded", || rows(&server) == want);
    wait("nothing waits", || figures(&store).waiting == 0);
    assert_eq!(figures(&store).dropped, 0);
    let sums = "SELECT sum(v)::int8 FROM headworks.samples";
    let count = batches * 500;
    assert_eq!(
        server.column("plant", sums),
        [(count * (count - 1) / 2).to_string()]
    );
    assert!(figures(&store).error.is_none());
    assert!(figures(&store).connected);
}

#[test]
fn what_waits_is_bounded_and_every_drop_counted() {
    let mut server = Server::start();
    let url = server.database("plant");
    server.kill();
    let directory = tempfile::tempdir().unwrap();
    let store = start_with(directory.path(), &url, 1_000_000);
    let mut appended = 0;
    while figures(&store).dropped == 0 {
        store.append(&batch(appended / 500)).unwrap();
        appended += 500;
        assert!(
            appended < 4_000_000,
            "nothing was dropped: {:?}",
            figures(&store)
        );
    }
    // Just after a seal it may be one log more.
    wait("what waits is within its bound", || {
        figures(&store).waiting_bytes <= 1_000_000
    });
    server.run();
    store.sync().unwrap();
    let appended = u64::try_from(appended).unwrap();
    wait("what is left is forwarded", || {
        rows(&server) == (appended - figures(&store).dropped).to_string()
    });
    // The embedded store has what was dropped on the way.
    assert_eq!(
        read(&store, 0, ALL).len(),
        usize::try_from(appended).unwrap() / 10
    );
}

#[test]
fn refused_samples_are_set_aside_and_stop_nothing() {
    let server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let store = start(directory.path(), &url);
    wait("the database is there", || figures(&store).connected);
    server.sql(
        "plant",
        "ALTER TABLE headworks.samples ADD CONSTRAINT plausible CHECK (v < 1000)",
    );
    let mut mixed = batch(0);
    mixed.insert(77, number(3, BASE_US - 1, 5_000.0));
    mixed.insert(200, number(4, i64::MAX - 1, 1.0));
    store.append(&mixed).unwrap();
    wait("both are counted", || figures(&store).refused == 2);
    assert_eq!(rows(&server), "500");
    let reasons = server.column(
        "plant",
        "SELECT tag || ' ' || reason FROM headworks.quarantine ORDER BY tag",
    );
    assert!(
        reasons[0].starts_with("3 ") && reasons[0].contains("plausible"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].starts_with("4 ") && reasons[1].contains("years 1 to 9999"),
        "{reasons:?}"
    );
}

fn keep_raw(days: u32) -> Retention {
    Retention {
        default: TierAges {
            raw: Some(days),
            ..TierAges::default()
        },
        ..Retention::default()
    }
}

#[test]
fn old_times_are_read_from_the_database_each_once() {
    let server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let store = start(directory.path(), &url);
    let batch: Vec<Update> = (0..10 * 24)
        .map(|n| number(1, BASE_US + n * 3_600 * SECOND_US, n as f64))
        .collect();
    store.append(&batch).unwrap();
    wait("all samples are forwarded", || {
        figures(&store).forwarded == 240
    });
    for _ in 0..20 {
        store.maintain(BASE_US + 10 * DAY_US, &keep_raw(3)).unwrap();
    }
    let found = read(&store, 1, ALL);
    let want: Vec<Sample> = batch.iter().map(|update| update.sample.clone()).collect();
    assert_eq!(found, want);
    let query = RangeQuery {
        tags: vec![TagIndex(1)],
        range: ALL,
        limit: 30,
    };
    let mut limited = Vec::new();
    store
        .read(&query, &mut |chunk| {
            limited.extend(samples(chunk));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(limited, want[..30]);
    let query = BucketQuery {
        tags: vec![TagIndex(1)],
        buckets: Buckets::Every {
            range: TimeRange {
                start_us: BASE_US + 1,
                end_us: BASE_US + 10 * DAY_US,
            },
            width_us: 7 * 3_600 * SECOND_US,
        },
        time_weighted: false,
    };
    let mut count = 0;
    let mut starts = Vec::new();
    store
        .aggregate(&query, &mut |bucket| {
            count += bucket.count;
            starts.push(bucket.start_us);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(count, 239);
    assert!(starts.is_sorted_by(|a, b| a < b));
    let early = store.before(&[TagIndex(1)], BASE_US + 1).unwrap();
    assert_eq!(early, [Some(want[0].clone())]);
}

#[test]
fn a_deletion_reaches_the_database_behind_what_waits() {
    let mut server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let store = start(directory.path(), &url);
    store.append(&batch(0)).unwrap();
    wait("the first batch is forwarded", || {
        figures(&store).forwarded == 500
    });
    server.kill();
    store.append(&batch(1)).unwrap();
    let range = TimeRange {
        start_us: BASE_US + 40 * SECOND_US,
        end_us: BASE_US + 60 * SECOND_US,
    };
    assert_eq!(store.delete(&[TagIndex(3)], range).unwrap(), 20);
    // Written again after the deletion: it stays.
    store
        .append(&[number(3, BASE_US + 45 * SECOND_US, -1.0)])
        .unwrap();
    drop(store);
    server.run();
    let store = start(directory.path(), &url);
    let of_tag = "SELECT count(*) || ' ' || min(v) FROM headworks.samples WHERE tag = 3";
    wait("the database is equal", || {
        rows(&server) == "981" && server.column_if_any("plant", of_tag) == ["81 -1"]
    });
    assert_eq!(read(&store, 3, ALL).len(), 81);
}

/// Files of the log that wait for the database.
fn waiting_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory.join("forward"));
    entries.map_or(0, Iterator::count)
}

#[test]
fn what_is_deleted_while_it_waits_does_not_come_back() {
    let mut server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let store = start(directory.path(), &url);
    store.append(&batch(0)).unwrap();
    wait("the first batch is forwarded", || {
        figures(&store).forwarded == 500
    });
    server.kill();
    let mut batches = 1;
    while waiting_files(directory.path()) < 3 {
        store.append(&batch(batches)).unwrap();
        batches += 1;
        assert!(batches < 5_000, "nothing waits in a file");
    }
    // of tag 3 all, of tag 4 the first half of what waits and all that was there
    let half_us = BASE_US + batches / 2 * 50 * SECOND_US;
    store.delete(&[TagIndex(3)], ALL).unwrap();
    let early = TimeRange {
        start_us: i64::MIN,
        end_us: half_us,
    };
    store.delete(&[TagIndex(4)], early).unwrap();
    store.append(&batch(batches)).unwrap();
    batches += 1;
    let kept = usize::try_from((batches - (batches - 1) / 2) * 50).unwrap();
    drop(store);
    let store = start(directory.path(), &url);
    server.run();
    let each = usize::try_from(batches * 50).unwrap();
    let want = (8 * each + 50 + kept).to_string();
    assert_eq!(read(&store, 3, ALL).len(), 50);
    assert_eq!(read(&store, 4, ALL).len(), kept);
    let of_tags = "SELECT tag || ' ' || count(*) || ' ' || min(time) FROM headworks.samples
        WHERE tag IN (3, 4) GROUP BY tag ORDER BY tag";
    let first = |tag: u32| {
        server.column("plant", &format!(
        "SELECT to_char(to_timestamp({} / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS+00')",
        read(&store, tag, ALL)[0].time_us
    )).concat()
    };
    let left = [
        format!("3 50 {}", first(3)),
        format!("4 {kept} {}", first(4)),
    ];
    // The number of all rows passes the wanted one while samples come and are yet to be deleted.
    wait("the database is equal", || {
        server.column_if_any("plant", of_tags) == left && rows(&server) == want
    });
    // and it stays so when the log is gone through once more
    drop(store);
    let store = start(directory.path(), &url);
    store.append(&[number(9, BASE_US - 1, 1.0)]).unwrap();
    let want = (8 * each + 50 + kept + 1).to_string();
    wait("one more sample is there", || rows(&server) == want);
    assert_eq!(read(&store, 3, ALL).len(), 50);
}

#[test]
fn deletions_under_load_reach_the_database() {
    let server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    let store = start(directory.path(), &url);
    wait("the database is there", || figures(&store).connected);
    for number_of in 0..60 {
        store.append(&batch(number_of)).unwrap();
        let range = TimeRange {
            start_us: BASE_US + number_of * 50 * SECOND_US,
            end_us: BASE_US + (number_of * 50 + 20) * SECOND_US,
        };
        let tag = TagIndex(u32::try_from(number_of % 10).unwrap());
        assert_eq!(store.delete(&[tag], range).unwrap(), 20);
    }
    let want = (60 * (500 - 20)).to_string();
    wait("the database is equal", || rows(&server) == want);
    wait("nothing waits", || figures(&store).waiting == 0);
    assert_eq!(rows(&server), want);
    for tag in 0..10 {
        assert_eq!(read(&store, tag, ALL).len(), 60 * 50 - 6 * 20);
    }
}

#[test]
fn an_older_data_directory_sends_its_log_again() {
    let server = Server::start();
    let url = server.database("plant");
    let directory = tempfile::tempdir().unwrap();
    {
        let store = start(directory.path(), &url);
        store.append(&batch(0)).unwrap();
        wait("forwarded", || figures(&store).forwarded == 500);
    }
    server.sql(
        "plant",
        "UPDATE headworks.positions SET generation = 1000000",
    );
    let store = start(directory.path(), &url);
    let mut odd = number(1, BASE_US - 5, 1.0);
    odd.sample.quality = Quality::UNCERTAIN_LAST_USABLE;
    store.append(&[odd]).unwrap();
    wait("the new sample is there", || rows(&server) == "501");
}
