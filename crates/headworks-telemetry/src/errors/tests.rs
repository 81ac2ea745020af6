use serde_json::{Map, json};

use super::*;
use crate::line::{Level, SpanContext};

const PATIENCE: Duration = Duration::from_secs(10);

fn line(time_us: i64, level: Level, message: &str) -> Arc<Line> {
    let mut fields = Map::new();
    fields.insert("try".into(), json!(time_us));
    Arc::new(Line {
        id: 0,
        time_us,
        level,
        module: "headworks_hub::link".into(),
        message: message.into(),
        fields: fields.clone(),
        spans: vec![SpanContext {
            name: "scan".into(),
            fields,
        }],
        thread: Some("poll".into()),
        causes: vec!["refused".into()],
        backtrace: None,
    })
}

fn query() -> ErrorQuery {
    ErrorQuery {
        limit: 2_000,
        ..ErrorQuery::default()
    }
}

#[test]
fn messages_differ_by_words_not_by_numbers_and_names() {
    assert_eq!(
        template("device 12 of \"line 4\" away for 1.5 s"),
        "device # of \"…\" away for #.# s"
    );
    assert_eq!(template("an open \"quote"), "an open \"…\"");
    assert_eq!(template(""), "");
}

#[test]
fn errors_are_grouped_and_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("errors.db");
    let journal = ErrorJournal::open(&path).unwrap();
    journal.note(line(10, Level::Warn, "device 1 away"));
    journal.note(line(20, Level::Error, "device 2 away"));
    journal.note(line(30, Level::Warn, "disk slow"));
    journal.flush(PATIENCE);
    drop(journal);
    let journal = ErrorJournal::open(&path).unwrap();
    let page = journal.groups(&query()).unwrap();
    assert_eq!(page.total, 2);
    let group = &page.items[1];
    assert_eq!((group.first_us, group.last_us, group.count), (10, 20, 2));
    assert_eq!(
        (group.level.as_str(), group.message.as_str()),
        ("error", "device 2 away")
    );
    let (_, occurrences) = journal.group(group.id).unwrap().unwrap();
    assert_eq!(occurrences.len(), 2);
    let context = &occurrences[0].context;
    assert_eq!(context["fields"]["try"], 20);
    assert_eq!(context["spans"][0]["name"], "scan");
    assert_eq!(context["thread"], "poll");
    assert_eq!(context["causes"][0], "refused");
}

#[test]
fn filters_hold_and_a_cleared_group_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let journal = ErrorJournal::open(&directory.path().join("errors.db")).unwrap();
    journal.note(line(1, Level::Warn, "Disk slow"));
    journal.note(line(2, Level::Error, "link lost"));
    journal.flush(PATIENCE);
    let total = |query: ErrorQuery| journal.groups(&query).unwrap().total;
    assert_eq!(
        total(ErrorQuery {
            level: Some("warn".into()),
            ..query()
        }),
        1
    );
    assert_eq!(
        total(ErrorQuery {
            text: Some("dISK".into()),
            ..query()
        }),
        1
    );
    assert_eq!(
        total(ErrorQuery {
            module: Some("headworks_hub".into()),
            ..query()
        }),
        2
    );
    assert_eq!(
        total(ErrorQuery {
            module: Some("hub".into()),
            ..query()
        }),
        0
    );
    let id = journal.groups(&query()).unwrap().items[0].id;
    assert!(journal.clear(id).unwrap());
    assert!(!journal.clear(id).unwrap());
    assert!(journal.group(id).unwrap().is_none());
    assert_eq!(journal.group_count().unwrap(), 1);
}

#[test]
fn groups_and_occurrences_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let journal = ErrorJournal::open(&directory.path().join("errors.db")).unwrap();
    for time_us in 0..60 {
        journal.note(line(time_us, Level::Warn, "again"));
    }
    journal.flush(PATIENCE);
    let group = journal.groups(&query()).unwrap().items.remove(0);
    assert_eq!(group.count, 60);
    let (_, occurrences) = journal.group(group.id).unwrap().unwrap();
    let times: Vec<i64> = occurrences.iter().map(|it| it.time_us).collect();
    assert_eq!(times, (40..60).rev().collect::<Vec<i64>>());
    for number in 0..1_100_u32 {
        let word: String = number
            .to_string()
            .chars()
            .map(|digit| char::from(b'a' + digit as u8 - b'0'))
            .collect();
        journal.note(line(100 + i64::from(number), Level::Warn, &word));
        if number % 500 == 0 {
            journal.flush(PATIENCE);
        }
    }
    journal.flush(PATIENCE);
    let page = journal.groups(&query()).unwrap();
    assert_eq!((page.total, journal.dropped()), (1_000, 0));
    assert_eq!(page.items.last().unwrap().last_us, 200);
    let orphans = "SELECT count(*) FROM occurrences WHERE group_id NOT IN (SELECT id FROM groups)";
    let orphans: i64 = journal
        .store
        .lock()
        .query_row(orphans, [], |row| row.get(0))
        .unwrap();
    assert_eq!(orphans, 0);
}
