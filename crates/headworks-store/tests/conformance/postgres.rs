//! What only PostgreSQL has: the schema, plain SQL, other people's settings.

use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_store::postgres::Layout;
use headworks_store::{
    DatabaseUrl, Historian, PostgresHistorian, Retention, StoreError, TagName, TierAges,
};

use super::server::Server;

/// 2026-01-01 UTC.
const BASE_US: i64 = 1_767_225_600_000_000;

fn number(tag: u32, time_us: i64, value: f64) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us, Value::F64(value)),
    }
}

fn open_error(url: &str) -> String {
    let url = DatabaseUrl::parse(url).unwrap();
    PostgresHistorian::open(&url, 2).err().unwrap().to_string()
}

#[test]
fn people_ask_by_path_in_plain_sql() {
    let server = Server::start();
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    let name = TagName {
        tag: TagIndex(5),
        path: "north/pump 1/flow".into(),
        unit: "m³/h".into(),
    };
    store.name_tags(std::slice::from_ref(&name)).unwrap();
    store.name_tags(&[name]).unwrap();
    store
        .append(&[number(5, BASE_US, 1.5), number(5, BASE_US + 1, 2.5)])
        .unwrap();
    let sql = "SELECT path || ' ' || sum(v) || ' ' || unit || ' ' || min(time)
        FROM headworks.history WHERE path LIKE 'north/%' GROUP BY path, unit";
    assert_eq!(
        server.column("plant", sql),
        ["north/pump 1/flow 4 m³/h 2026-01-01 00:00:00+00"]
    );
    let parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'headworks.samples'::regclass";
    match store.layout() {
        Layout::Plain => {
            println!("TimescaleDB is not installed: its layout is not tested here");
            assert_eq!(server.column("plant", parts), ["1"]);
        }
        Layout::Timescale => assert_eq!(server.column("plant", parts), ["0"]),
    }
}

#[test]
fn timescaledb_gets_policies_and_continuous_aggregates() {
    let server = Server::start();
    if !server.has_timescale() {
        println!("SKIPPED: TimescaleDB is not installed, nothing of its layout was tested");
        eprintln!("SKIPPED: TimescaleDB is not installed, nothing of its layout was tested");
        return;
    }
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    assert_eq!(store.layout(), Layout::Timescale);
    let jobs = "SELECT proc_name || ' ' || count(*) FROM timescaledb_information.jobs
        WHERE hypertable_schema IN ('headworks', '_timescaledb_internal') GROUP BY proc_name
        ORDER BY 1";
    let jobs = server.column("plant", jobs);
    assert!(
        jobs.contains(&"policy_refresh_continuous_aggregate 3".to_owned()),
        "{jobs:?}"
    );
    assert!(
        jobs.contains(&"policy_compression 1".to_owned()),
        "{jobs:?}"
    );
    let batch: Vec<Update> = (0..120)
        .map(|n| number(1, BASE_US + n * 30_000_000, n as f64))
        .collect();
    store.append(&batch).unwrap();
    for (view, buckets) in [
        ("samples_minute", "60"),
        ("samples_hour", "1"),
        ("samples_day", "1"),
    ] {
        server.sql(
            "plant",
            &format!("CALL refresh_continuous_aggregate('headworks.{view}', NULL, NULL)"),
        );
        let sql = format!("SELECT count(*) || ' ' || sum(count) FROM headworks.{view}");
        assert_eq!(server.column("plant", &sql), [format!("{buckets} 120")]);
    }
    let chunks = "SELECT count(*) FROM timescaledb_information.chunks
        WHERE hypertable_schema = 'headworks' AND hypertable_name = 'samples'";
    assert_eq!(server.column("plant", chunks), ["1"]);
    // compressed chunks take late samples and corrections
    server.sql(
        "plant",
        "SELECT compress_chunk(chunk) FROM show_chunks('headworks.samples') chunk",
    );
    store
        .append(&[number(1, BASE_US, 7.0), number(1, BASE_US + 1, 8.0)])
        .unwrap();
    let sums = "SELECT count(*) || ' ' || sum(v) FROM headworks.samples";
    assert_eq!(server.column("plant", sums), ["121 7155"]);
}

#[test]
fn two_hubs_migrate_at_once() {
    let server = Server::start();
    let url = server.database("plant");
    let hubs: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || PostgresHistorian::open(&url, 1).map(drop))
        })
        .collect();
    for hub in hubs {
        hub.join().unwrap().unwrap();
    }
    let versions = "SELECT version FROM headworks.migrations ORDER BY version";
    assert_eq!(
        server.column("plant", versions),
        ["1", "2", "3", "4", "5", "6"]
    );
    server.sql(
        "plant",
        "INSERT INTO headworks.migrations (version, name, layout) VALUES (99, 'later', 'plain')",
    );
    let error = PostgresHistorian::open(&url, 1).err().unwrap().to_string();
    assert!(
        error.contains("version 99") && error.contains("use a newer program"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_with_the_way_to_the_server_is_said_with_a_remedy() {
    let mut server = Server::start();
    let error = open_error(&server.url("hub", "nothere"));
    assert!(
        error.contains("\"nothere\" does not exist; create it"),
        "{error}"
    );
    server.sql("postgres", "CREATE ROLE guest LOGIN PASSWORD 'right'");
    server.sql("postgres", "CREATE DATABASE plant");
    let error = open_error(&server.url("guest", "plant"));
    assert!(
        error.contains("permission denied") && error.contains("GRANT CREATE"),
        "{error}"
    );

    let rules = "local all hub trust\nlocal all all scram-sha-256\n";
    std::fs::write(server.data().join("pg_hba.conf"), rules).unwrap();
    server.sql("postgres", "SELECT pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let error = open_error(&server.url("guest:wr0ng", "plant"));
    assert!(error.contains("check user and password"), "{error}");
    assert!(!error.contains("wr0ng"), "{error}");
    let error = open_error(&server.url("guest", "plant"));
    assert!(error.contains("put one into database.url"), "{error}");

    let url = server.url("hub", "plant");
    server.kill();
    let error = open_error(&url);
    assert!(error.contains("check host and port"), "{error}");
    let error = open_error("postgres://hub@no-such-host.invalid/plant");
    assert!(error.contains("no-such-host.invalid"), "{error}");
}

#[test]
fn a_sample_that_no_partition_can_hold_is_refused() {
    let server = Server::start();
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    for update in [
        number(1, i64::MAX, 1.0),
        number(1, i64::MIN, 1.0),
        number(u32::MAX, BASE_US, 1.0),
    ] {
        let error = store
            .append(&[number(2, BASE_US, 1.0), update])
            .unwrap_err();
        assert!(matches!(error, StoreError::Postgres { .. }), "{error}");
    }
    assert_eq!(store.latest(&[TagIndex(2)]).unwrap(), [None]);
}

#[test]
fn a_partition_that_somebody_dropped_is_made_again() {
    let server = Server::start();
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    store.append(&[number(1, BASE_US, 1.0)]).unwrap();
    server.sql("plant", "DROP TABLE headworks.samples_2026_01_01");
    store.append(&[number(1, BASE_US + 1, 2.0)]).unwrap();
    let latest = store.latest(&[TagIndex(1)]).unwrap();
    assert_eq!(latest, [Some(Sample::good(BASE_US + 1, Value::F64(2.0)))]);
}

#[test]
fn a_restart_of_the_server_costs_no_request() {
    let mut server = Server::start();
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    store.append(&[number(1, BASE_US, 1.0)]).unwrap();
    server.kill();
    let error = store.append(&[number(1, BASE_US + 1, 2.0)]).unwrap_err();
    assert!(error.to_string().contains("PostgreSQL"), "{error}");
    assert!(store.stats().error.is_some());
    server.run();
    store.append(&[number(1, BASE_US + 1, 2.0)]).unwrap();
    assert!(store.stats().error.is_none());
    let latest = store.latest(&[TagIndex(1)]).unwrap();
    assert_eq!(latest, [Some(Sample::good(BASE_US + 1, Value::F64(2.0)))]);
}

#[test]
fn late_samples_of_a_dropped_day_do_not_replace_its_roll_ups() {
    let server = Server::start();
    let url = server.database("plant");
    let store = PostgresHistorian::open(&url, 2).unwrap();
    let batch: Vec<Update> = (0..24)
        .map(|hour| number(1, BASE_US + hour * 3_600_000_000, hour as f64))
        .collect();
    store.append(&batch).unwrap();
    let retention = Retention {
        default: TierAges {
            raw: Some(3),
            ..TierAges::default()
        },
        ..Retention::default()
    };
    let now_us = BASE_US + 10 * 86_400_000_000;
    let counts = "SELECT (SELECT sum(count) FROM headworks.rollup_day) || ' '
        || (SELECT count(*) FROM headworks.samples)";
    store.maintain(now_us, &retention).unwrap();
    assert_eq!(server.column("plant", counts), ["24 0"]);
    store.append(&[number(1, BASE_US + 1, 100.0)]).unwrap();
    assert_eq!(server.column("plant", counts), ["24 1"]);
    store.maintain(now_us + 60_000_000, &retention).unwrap();
    assert_eq!(server.column("plant", counts), ["24 0"]);
}
