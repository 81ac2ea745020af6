use headworks_core::alarm::{By, Cause, Input, Ledger, Machine, Rule, State, Verdict};
use headworks_core::model::Priority;
use tempfile::TempDir;

use super::*;

const DAY_US: i64 = 86_400_000_000;
const RULE: Rule = Rule {
    on_delay_us: 0,
    off_delay_us: 0,
    re_alarm_us: None,
    shelve_max_us: DAY_US,
    latching: false,
};

/// Alarms and what they do.
struct Plant {
    ledger: Ledger,
    machines: Vec<Machine>,
    number: u64,
}

fn id(alarm: usize) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-{alarm:012}")
        .parse()
        .unwrap()
}

impl Plant {
    fn new(alarms: usize) -> Plant {
        Plant {
            ledger: Ledger::new(None),
            machines: vec![Machine::default(); alarms],
            number: 0,
        }
    }

    /// Applies an input and returns what goes to the journal. Alarms 0 to 9 lie in `north/0`,
    /// 10 to 19 in `north/1`; every fifth has priority 1.
    fn apply(&mut self, alarm: usize, time_us: i64, input: Input) -> Vec<Entry> {
        let machine = &mut self.machines[alarm];
        machine
            .apply(&RULE, &mut self.ledger, time_us, input)
            .unwrap();
        let number = &mut self.number;
        let entry = |transition| {
            *number += 1;
            Entry {
                number: *number,
                alarm: id(alarm),
                name: format!("Alarm {alarm}"),
                path: Some(format!("north/{}/tag{alarm}", alarm / 10).parse().unwrap()),
                priority: match alarm % 5 {
                    0 => Priority::Critical,
                    _ => Priority::Medium,
                },
                text: "too high".into(),
                value: None,
                limit: Some(6.5),
                first_out: false,
                transition,
            }
        };
        self.ledger.drain().map(entry).collect()
    }

    fn judge(&mut self, alarm: usize, time_us: i64, verdict: Verdict) -> Vec<Entry> {
        self.apply(alarm, time_us, Input::Condition(verdict))
    }

    /// Raises and clears alarms in turn, one entry a second.
    fn busy(&mut self, seconds: usize) -> Vec<Entry> {
        let alarms = self.machines.len();
        let turns = (0..seconds).zip((0..).step_by(1_000_000));
        let entries = turns.flat_map(|(second, time_us)| {
            let (round, alarm) = (second / alarms, second % alarms);
            self.judge(alarm, time_us, Verdict::from(round % 2 == 0))
        });
        entries.collect()
    }
}

fn open(directory: &TempDir) -> (AlarmJournal, AlarmStart) {
    AlarmJournal::open(directory.path()).unwrap()
}

fn new() -> (TempDir, AlarmJournal) {
    let directory = tempfile::tempdir().unwrap();
    let (journal, start) = open(&directory);
    assert_eq!((start.number, start.event), (0, None));
    (directory, journal)
}

fn fold(entries: &[Entry]) -> Fold {
    let mut fold = Fold::default();
    entries.iter().for_each(|entry| fold.apply(entry).unwrap());
    fold
}

fn query() -> JournalQuery {
    JournalQuery {
        limit: 100,
        ..JournalQuery::default()
    }
}

#[test]
fn a_start_knows_how_every_alarm_stands() {
    let (directory, journal) = new();
    let mut plant = Plant::new(20);
    let entries = plant.busy(110);
    for some in entries.chunks(7) {
        journal.append(some).unwrap();
    }
    drop(journal);
    let (journal, start) = open(&directory);
    let whole = fold(&entries);
    assert_eq!(start.doubts, [""; 0]);
    assert_eq!(start.fold.number(), whole.number());
    assert_eq!((start.number, start.event), (110, whole.last_event()));
    for alarm in 0..20 {
        let stands = start.fold.get(id(alarm)).unwrap();
        assert_eq!(stands, whole.get(id(alarm)).unwrap(), "{alarm}");
    }
    assert_eq!(journal.entries_after(0, 1000).unwrap(), entries);
    assert_eq!(journal.entries_after(105, 3).unwrap(), entries[105..108]);
    assert_eq!(journal.entries_after(u64::MAX, 3).unwrap(), []);
}

#[test]
fn what_was_stored_survives_without_a_clean_end() {
    let (directory, journal) = new();
    let entries = Plant::new(3).busy(5);
    journal.append(&entries).unwrap();
    // What a killed process leaves: the files as they are, write-ahead log included.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let (copied, start) = open(&copy);
    assert_eq!(start.number, 5);
    assert_eq!(copied.entries_after(0, 10).unwrap(), entries);
}

#[test]
fn entries_that_are_stored_already_are_left_out() {
    let (_directory, journal) = new();
    let entries = Plant::new(3).busy(5);
    journal.append(&entries[..3]).unwrap();
    journal.append(&entries).unwrap();
    assert_eq!(journal.entries_after(0, 10).unwrap(), entries);
    assert_eq!(journal.stats().unwrap().rows, 5);
}

#[test]
fn an_alarm_that_was_removed_stands_no_more_and_its_event_is_not_given_again() {
    let (directory, journal) = new();
    let mut plant = Plant::new(1);
    journal.append(&plant.judge(0, 1, Verdict::True)).unwrap();
    let removed = plant.apply(0, 2, Input::Remove);
    assert_eq!(removed[0].transition.cause, Cause::Removed);
    journal.append(&removed).unwrap();
    drop(journal);
    let (journal, start) = open(&directory);
    assert_eq!(start.fold.alarms().count(), 0);
    assert_eq!((start.number, start.event), (2, EventId::new(1)));
    let everything = JournalRetention {
        rows_max: 0,
        ..JournalRetention::default()
    };
    assert_eq!(journal.retain(3, everything).unwrap(), 2);
    drop(journal);
    let (_, start) = open(&directory);
    assert_eq!((start.number, start.event), (2, EventId::new(1)));
}

/// Compares the pages of a query with what a walk over all entries finds.
fn check_pages(
    journal: &AlarmJournal,
    entries: &[Entry],
    query: &JournalQuery,
    is_meant: impl Fn(&Entry) -> bool,
) {
    let meant = entries.iter().rev().filter(|entry| is_meant(entry));
    let meant: Vec<&Entry> = meant.collect();
    assert!(!meant.is_empty(), "the query finds something");
    let mut query = JournalQuery {
        limit: 7,
        ..query.clone()
    };
    let mut found = Vec::new();
    loop {
        let page = journal.query(&query).unwrap();
        assert!(page.entries.len() <= 7);
        found.extend(page.entries);
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert!(found.iter().eq(meant), "{query:?}");
}

#[test]
fn pages_hold_what_matches_newest_first() {
    let (_directory, journal) = new();
    let entries = Plant::new(20).busy(210);
    journal.append(&entries).unwrap();
    check_pages(&journal, &entries, &query(), |_| true);
    let of_time = JournalQuery {
        from_us: Some(50_000_000),
        to_us: Some(100_000_000),
        ..query()
    };
    check_pages(&journal, &entries, &of_time, |entry| {
        (50_000_000..100_000_000).contains(&entry.transition.time_us)
    });
    let of_alarms = JournalQuery {
        alarms: vec![id(3), id(7), id(3)],
        ..query()
    };
    check_pages(&journal, &entries, &of_alarms, |entry| {
        [id(3), id(7)].contains(&entry.alarm)
    });
    let critical_in_north_1 = JournalQuery {
        priorities: vec![Priority::Critical, Priority::High],
        area: Some("north/1".parse().unwrap()),
        ..query()
    };
    check_pages(&journal, &entries, &critical_in_north_1, |entry| {
        [id(10), id(15)].contains(&entry.alarm)
    });
    let over = JournalQuery {
        states: vec![State::ReturnedUnacknowledged],
        from_us: Some(30_000_000),
        ..query()
    };
    check_pages(&journal, &entries, &over, |entry| {
        entry.transition.cause == Cause::Cleared && 30_000_000 <= entry.transition.time_us
    });
}

#[test]
fn entries_of_one_time_are_paged_by_their_number() {
    let (_directory, journal) = new();
    let mut plant = Plant::new(20);
    let at_once = (0..20).flat_map(|alarm| plant.judge(alarm, 5, Verdict::True));
    let entries: Vec<Entry> = at_once.collect();
    journal.append(&entries).unwrap();
    check_pages(&journal, &entries, &query(), |_| true);
}

#[test]
fn an_area_is_a_folder_and_no_beginning_of_a_name() {
    let (_directory, journal) = new();
    let mut entries = Plant::new(2).busy(2);
    entries[0].path = Some("north/10/tag".parse().unwrap());
    entries[1].path = None;
    journal.append(&entries).unwrap();
    let in_area = |area: &str| {
        let area = Some(area.parse().unwrap());
        let page = journal.query(&JournalQuery { area, ..query() });
        page.unwrap().entries.len()
    };
    assert_eq!(
        (in_area("north/1"), in_area("north/10"), in_area("north")),
        (0, 1, 1)
    );
}

#[test]
fn searches_walk_an_index() {
    let (_directory, journal) = new();
    let plan = |sql: &str| {
        let reader = journal.reader.lock();
        let mut statement = reader
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let steps = statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let order = "ORDER BY time_us DESC, number DESC LIMIT 5";
    let filtered = "priority IN (1) AND state IN (1) AND path IN
                    (SELECT id FROM paths WHERE 'a/' <= path AND path < 'a0')";
    for condition in [
        "1",
        "5 <= time_us AND time_us < 9 AND (time_us, number) < (5, 7)",
        filtered,
    ] {
        let sql = format!("SELECT body, time_us, number FROM entries WHERE {condition} {order}");
        let plan = plan(&sql);
        assert!(plan.contains("INDEX entries_by_time"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
    let of_alarm = plan(&format!(
        "SELECT body FROM entries WHERE alarm = x'00' AND 5 <= time_us {order}"
    ));
    assert!(of_alarm.contains("INDEX entries_by_alarm"), "{of_alarm}");
    assert!(!of_alarm.contains("TEMP B-TREE"), "{of_alarm}");
}

#[test]
fn too_large_a_question_is_refused() {
    let (_directory, journal) = new();
    let many = JournalQuery {
        alarms: vec![id(1); 101],
        ..query()
    };
    let error = journal.query(&many).unwrap_err();
    assert_eq!(
        error.to_string(),
        "alarms: 101 alarms; at most 100 are allowed"
    );
    let none = JournalQuery::default();
    let error = journal.query(&none).unwrap_err();
    assert_eq!(error.to_string(), "limit: 0; 1 to 10000 are allowed");
}

#[test]
fn old_entries_go_but_not_those_by_which_alarms_stand() {
    let (directory, journal) = new();
    let mut plant = Plant::new(5);
    let mut entries = plant.busy(5); // five raised on the first day
    entries.extend(plant.judge(0, DAY_US, Verdict::False));
    entries.extend(plant.judge(0, 2 * DAY_US, Verdict::True));
    journal.append(&entries).unwrap();
    let two_days = JournalRetention {
        age: std::time::Duration::from_secs(2 * 86_400),
        ..JournalRetention::default()
    };
    let now_us = 3 * DAY_US + 1;
    assert_eq!(journal.retain(now_us, two_days).unwrap(), 2);
    assert_eq!(journal.retain(now_us, two_days).unwrap(), 0);
    let left = journal.entries_after(0, 10).unwrap();
    let numbers: Vec<u64> = left.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 7]);
    drop(journal);
    let (journal, start) = open(&directory);
    assert_eq!(start.fold.active().count(), 5);
    journal.forget(&[id(1), id(2)]).unwrap();
    assert_eq!(journal.retain(now_us, two_days).unwrap(), 2);
    assert_eq!(journal.stats().unwrap().rows, 3);
    assert_eq!(journal.stats().unwrap().oldest_us, Some(3_000_000));
}

#[test]
fn there_are_never_many_more_entries_than_allowed() {
    let (_directory, journal) = new();
    let entries = Plant::new(20).busy(5_000);
    journal.append(&entries).unwrap();
    let thousand = JournalRetention {
        rows_max: 1_000,
        ..JournalRetention::default()
    };
    let mut rounds = 0;
    while 0 < journal.retain(0, thousand).unwrap() {
        rounds += 1;
    }
    assert_eq!(rounds, 2);
    assert_eq!(journal.entries_after(0, 5_000).unwrap(), entries[4_000..]);
}

#[test]
fn the_past_knows_how_alarms_stood() {
    let (_directory, journal) = new();
    let mut plant = Plant::new(3);
    let mut entries = plant.judge(0, 10, Verdict::True);
    entries.extend(plant.judge(1, 20, Verdict::True));
    entries.extend(plant.judge(0, 30, Verdict::False));
    entries.extend(plant.apply(
        0,
        40,
        Input::Acknowledge {
            event: EventId::new(1).unwrap(),
            by: By::new("ann", ""),
        },
    ));
    journal.append(&entries).unwrap();
    let active = |time_us| {
        let fold = journal.standing_at(time_us).unwrap();
        let mut active: Vec<ObjectId> = fold.active().map(|(alarm, _)| alarm).collect();
        active.sort_unstable();
        active
    };
    assert_eq!(active(10), []);
    assert_eq!(active(21), [id(0), id(1)]);
    assert_eq!(active(41), [id(1)]);
    let mut seen = Vec::new();
    let mut see = |entry: &Entry| seen.push(entry.number);
    journal.each_between(20, 40, &mut see).unwrap();
    assert_eq!(seen, [2, 3]);
}

#[test]
fn a_damaged_entry_is_a_doubt_and_hides_no_other() {
    let (directory, journal) = new();
    let entries = Plant::new(3).busy(3);
    journal.append(&entries).unwrap();
    drop(journal);
    let database = Connection::open(directory.path().join("alarms.db")).unwrap();
    database
        .execute_batch(
            "UPDATE entries SET body = '{' WHERE number = 2;
             DELETE FROM entries WHERE number = 3;",
        )
        .unwrap();
    let (journal, start) = open(&directory);
    assert_eq!(start.doubts.len(), 2, "{:?}", start.doubts);
    let [damaged, missing] = [2, 3].map(|number| {
        let place = format!("entry {number} of alarm {}", id(number - 1));
        let doubt = start.doubts.iter().find(|doubt| doubt.contains(&place));
        doubt.unwrap().as_str()
    });
    assert!(damaged.contains("EOF"), "{damaged}");
    assert!(missing.contains("it is missing"), "{missing}");
    assert_eq!((start.fold.alarms().count(), start.number), (1, 3));
    assert_eq!(journal.entries_after(0, 10).unwrap(), entries[..1]);
    let page = JournalQuery {
        limit: 1,
        ..query()
    };
    let page = journal.query(&page).unwrap();
    assert_eq!((page.entries.len(), page.next.is_some()), (0, true));
}

#[test]
fn a_file_that_is_no_database_is_named_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("alarms.db"),
        "no database ".repeat(99),
    )
    .unwrap();
    let error = AlarmJournal::open(directory.path()).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("alarms.db"), "{message}");
    assert!(message.contains("move the file away"), "{message}");
}

#[test]
fn a_newer_file_is_refused() {
    let (directory, journal) = new();
    drop(journal);
    let database = Connection::open(directory.path().join("alarms.db")).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    let error = AlarmJournal::open(directory.path()).err().unwrap();
    assert!(
        matches!(
            error,
            StoreError::TooNew {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn ten_thousand_at_once_are_stored_in_a_second() {
    let (_directory, journal) = new();
    let entries = Plant::new(10_000).busy(10_000);
    let started = std::time::Instant::now();
    journal.append(&entries).unwrap();
    let took = started.elapsed();
    // a debug build on a busy machine
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
    assert_eq!(journal.stats().unwrap().rows, 10_000);
}
