//! Disk operations that fail, each in its turn.

use std::sync::atomic::Ordering::SeqCst;

use super::*;
use crate::historian::disk::Faults;

fn options() -> HistorianOptions {
    HistorianOptions {
        group_commit: Duration::from_secs(3_600),
        ..HistorianOptions::default()
    }
}

fn disk() -> (Disk, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let disk = Disk {
        faults: Some(Arc::clone(&faults)),
    };
    (disk, faults)
}

/// Appends, syncs, seals and goes on; returns the seconds acknowledged.
fn work(historian: &EmbeddedHistorian) -> Vec<i64> {
    let mut acknowledged = Vec::new();
    for round in 0..6 {
        if historian
            .append(&ramp(0, round * 10, round * 10 + 10))
            .is_ok()
        {
            acknowledged.extend(round * 10..round * 10 + 10);
        }
        // Failures are the purpose; what counts is what is still there afterwards.
        let outcome = match round {
            1 => historian.sync(),
            3 => historian.shared.seal_now(),
            _ => Ok(()),
        };
        drop(outcome);
    }
    acknowledged
}

fn seconds(historian: &EmbeddedHistorian) -> Vec<i64> {
    read(historian, 0)
        .iter()
        .map(|sample| sample.time_us / SECOND_US)
        .collect()
}

/// Every acknowledged second is there, in order and once; one in doubt may be.
fn check(found: &[i64], acknowledged: &[i64], context: &str) {
    assert!(found.is_sorted_by(|a, b| a < b), "{context}: {found:?}");
    for second in acknowledged {
        assert!(
            found.contains(second),
            "{context}: {second} is lost of {acknowledged:?}"
        );
    }
    assert!(
        found.iter().all(|second| (0..70).contains(second)),
        "{context}"
    );
}

#[test]
fn nothing_acknowledged_is_lost_whichever_operation_fails() {
    let (probe, faults) = disk();
    let directory = tempfile::tempdir().unwrap();
    let historian = EmbeddedHistorian::open_on(probe, directory.path(), options()).unwrap();
    let opened = faults.done.load(SeqCst);
    assert_eq!(work(&historian).len(), 60);
    let operations = faults.done.load(SeqCst);
    assert!(10 < operations - opened, "{operations}");
    drop(historian);
    for failing in opened..operations {
        for count in [1, 2, 5] {
            let directory = tempfile::tempdir().unwrap();
            let (disk, faults) = disk();
            faults.first.store(failing, SeqCst);
            faults.last.store(failing + count, SeqCst);
            let context = format!("operations {failing}..{}", failing + count);
            let historian = EmbeddedHistorian::open_on(disk, directory.path(), options()).unwrap();
            let acknowledged = work(&historian);
            check(&seconds(&historian), &acknowledged, &context);
            drop(historian);
            let historian = EmbeddedHistorian::open(directory.path(), options()).unwrap();
            check(&seconds(&historian), &acknowledged, &context);
            assert_eq!(historian.stats().quarantined, 0, "{context}");
        }
    }
}

/// Seals of two days, joined, deleted from, joined again; returns whether the deletion was told
/// to be done.
fn upkeep(historian: &EmbeddedHistorian) -> bool {
    let day = 86_400;
    for round in 0..3 {
        drop(historian.append(&ramp(0, round * 10, round * 10 + 10)));
        drop(historian.append(&ramp(0, day + round * 10, day + round * 10 + 10)));
        drop(historian.shared.seal_now());
    }
    let now_us = 3 * day * SECOND_US;
    drop(historian.maintain(now_us, &model::for_ever()));
    let range = TimeRange {
        start_us: 10 * SECOND_US,
        end_us: 20 * SECOND_US,
    };
    let is_deleted = historian.delete(&[TagIndex(0)], range).is_ok();
    drop(historian.append(&ramp(0, 30, 40)));
    drop(historian.shared.seal_now());
    drop(historian.maintain(now_us + day * SECOND_US, &model::for_ever()));
    is_deleted
}

#[test]
fn upkeep_loses_nothing_whichever_operation_fails() {
    let (probe, faults) = disk();
    let directory = tempfile::tempdir().unwrap();
    let historian = EmbeddedHistorian::open_on(probe, directory.path(), options()).unwrap();
    let opened = faults.done.load(SeqCst);
    assert!(upkeep(&historian));
    let operations = faults.done.load(SeqCst);
    drop(historian);
    // A seal that fails waits for a second: many cases side by side.
    let cases: Vec<(u64, u64)> = (opened..operations)
        .flat_map(|failing| [(failing, 1), (failing, 4)])
        .collect();
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(24)) {
            scope.spawn(move || {
                for &(failing, count) in part {
                    check_upkeep(failing, count);
                }
            });
        }
    });
}

fn check_upkeep(failing: u64, count: u64) {
    let directory = tempfile::tempdir().unwrap();
    let (disk, faults) = disk();
    faults.first.store(failing, SeqCst);
    faults.last.store(failing + count, SeqCst);
    let context = format!("operations {failing}..{}", failing + count);
    let historian = EmbeddedHistorian::open_on(disk, directory.path(), options()).unwrap();
    let is_deleted = upkeep(&historian);
    let found = seconds(&historian);
    drop(historian);
    let historian = EmbeddedHistorian::open(directory.path(), options()).unwrap();
    let again = seconds(&historian);
    assert!(again.is_sorted_by(|a, b| a < b), "{context}: {again:?}");
    // A deletion that failed may be done or not, but never comes back once it is told.
    let kept = |second: &&i64| !(10..20).contains(*second);
    let rest: Vec<&i64> = found.iter().filter(kept).collect();
    assert_eq!(
        again.iter().filter(kept).collect::<Vec<_>>(),
        rest,
        "{context}"
    );
    assert!(
        !is_deleted || again.len() == rest.len(),
        "{context}: {again:?}"
    );
    assert_eq!(historian.stats().quarantined, 0, "{context}");
}

#[test]
fn an_open_that_fails_can_be_tried_again() {
    for failing in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        {
            let historian = open(directory.path());
            historian.append(&ramp(0, 0, 10)).unwrap();
            historian.shared.seal_now().unwrap();
            historian.append(&ramp(0, 10, 20)).unwrap();
        }
        let (disk, faults) = disk();
        faults.first.store(failing, SeqCst);
        faults.last.store(failing + 1, SeqCst);
        drop(EmbeddedHistorian::open_on(
            disk,
            directory.path(),
            options(),
        ));
        let historian = open(directory.path());
        assert_eq!(
            seconds(&historian),
            (0..20).collect::<Vec<_>>(),
            "operation {failing}"
        );
    }
}

#[test]
fn a_full_disk_is_named_and_heals() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, faults) = disk();
    let historian = EmbeddedHistorian::open_on(disk, directory.path(), options()).unwrap();
    historian.append(&ramp(0, 0, 10)).unwrap();
    faults.last.store(u64::MAX, SeqCst);
    let error = historian.append(&ramp(0, 10, 20)).unwrap_err();
    let StoreError::Io { action, path, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*action, "writing");
    assert!(path.ends_with("00000001.wal"), "{error}");
    assert!(historian.stats().error.unwrap().contains("00000001.wal"));
    assert_eq!(seconds(&historian), (0..10).collect::<Vec<_>>());
    historian.note_dropped(10);
    faults.last.store(0, SeqCst);
    // The log could not even be cut back, so its points must become files first.
    let deadline = Instant::now() + Duration::from_secs(20);
    while historian.append(&ramp(0, 20, 30)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
        assert!(Instant::now() < deadline);
    }
    let want: Vec<i64> = (0..10).chain(20..30).collect();
    assert_eq!(seconds(&historian), want);
    assert_eq!(
        (historian.stats().error, historian.stats().dropped),
        (None, 10)
    );
    drop(historian);
    assert_eq!(seconds(&open(directory.path())), want);
}

#[test]
fn a_failed_sync_is_told_and_what_was_acknowledged_becomes_files() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, faults) = disk();
    let historian = EmbeddedHistorian::open_on(disk, directory.path(), options()).unwrap();
    historian.append(&ramp(0, 0, 10)).unwrap();
    let next = faults.done.load(SeqCst);
    faults.first.store(next, SeqCst);
    faults.last.store(next + 1, SeqCst);
    assert!(historian.sync().is_err());
    let error = historian.append(&ramp(0, 10, 20)).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Io {
                action: "syncing",
                ..
            }
        ),
        "{error}"
    );
    let deadline = Instant::now() + Duration::from_secs(20);
    while historian.append(&ramp(0, 10, 20)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
        assert!(Instant::now() < deadline);
    }
    assert_eq!(historian.stats().segment_samples, 10);
    assert_eq!(seconds(&historian), (0..20).collect::<Vec<_>>());
}

/// A small disk whose log is mostly what fills it.
fn on_small_disk(directory: &Path, room: u64) -> (EmbeddedHistorian, Arc<Faults>) {
    let (disk, faults) = disk();
    *faults.room.lock() = Some(room);
    let options = HistorianOptions {
        group_commit: Duration::from_millis(5),
        wal_bytes_max: 100_000,
        memory_bytes_max: 100_000,
        reserve_bytes: 60_000,
        ..HistorianOptions::default()
    };
    let historian = EmbeddedHistorian::open_on(disk, directory, options).unwrap();
    historian.maintain(0, &Retention::default()).unwrap();
    (historian, faults)
}

fn texts(round: i64) -> Vec<Update> {
    let text = |second| Value::Text(format!("{second:>60}").into());
    let batch =
        (round * 10..round * 10 + 10).map(|second| good(0, second * SECOND_US, text(second)));
    batch.collect()
}

/// Appends rounds until one is refused or there are `last`; returns the next round.
fn append_until_full(historian: &EmbeddedHistorian, first: i64, last: i64) -> i64 {
    (first..last)
        .find(|&round| historian.append(&texts(round)).is_err())
        .unwrap_or(last)
}

#[test]
fn a_full_disk_gets_room_from_the_reserve_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (historian, faults) = on_small_disk(directory.path(), 600_000);
    let reserve = directory.path().join("reserve.bin");
    assert!(60_000 <= std::fs::metadata(&reserve).unwrap().len());
    // Somebody else takes what is left but for a few batches.
    *faults.room.lock() = Some(20_000);
    let full = append_until_full(&historian, 0, 1_000);
    assert!(10 < full && full < 50, "{full}");
    let error = historian.stats().error.unwrap();
    assert!(error.contains("free room on the disk"), "{error}");
    // The log becomes a file in the place of the reserve, and what it took is free again.
    let deadline = Instant::now() + Duration::from_secs(20);
    while historian.append(&texts(full)).is_err() || historian.stats().error.is_some() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(Instant::now() < deadline);
    }
    assert!(!reserve.exists());
    let want: Vec<i64> = (0..(full + 1) * 10).collect();
    assert_eq!(seconds(&historian), want);
    // With room again the reserve comes back.
    *faults.room.lock() = Some(900_000);
    historian.maintain(0, &Retention::default()).unwrap();
    assert!(reserve.exists());
    drop(historian);
    assert_eq!(seconds(&open(directory.path())), want);
}

#[test]
fn the_log_does_not_grow_beyond_its_bound_when_nothing_can_be_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, faults) = disk();
    let options = HistorianOptions {
        wal_bytes_max: 50_000,
        ..options()
    };
    let historian = EmbeddedHistorian::open_on(disk, directory.path(), options).unwrap();
    historian.append(&texts(0)).unwrap();
    // No new file can be created, but the log can be written.
    faults.no_files.store(true, SeqCst);
    let full = append_until_full(&historian, 1, 1_000);
    let stats = historian.stats();
    assert!(stats.wal_bytes < 101_000, "{}", stats.wal_bytes);
    assert!(full < 1_000);
    faults.no_files.store(false, SeqCst);
    let deadline = Instant::now() + Duration::from_secs(20);
    while historian.append(&texts(full)).is_err() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(Instant::now() < deadline);
    }
    let want: Vec<i64> = (0..(full + 1) * 10).collect();
    assert_eq!(seconds(&historian), want);
}

#[test]
fn files_are_not_joined_without_room_and_are_once_there_is() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, faults) = disk();
    let historian = EmbeddedHistorian::open_on(disk, directory.path(), options()).unwrap();
    for round in 0..3 {
        historian.append(&texts(round)).unwrap();
        historian.shared.seal_now().unwrap();
    }
    *faults.room.lock() = Some(1_000_000);
    let now_us = 2 * 86_400 * SECOND_US;
    let keep = Retention {
        default: crate::historian::TierAges {
            raw: None,
            minute: None,
            five_minutes: None,
            hour: None,
            day: None,
            week: None,
        },
        ..Retention::default()
    };
    let done = historian.maintain(now_us, &keep).unwrap();
    assert_eq!(done.compacted_days, 0);
    let held = done.held.unwrap();
    assert!(held.contains("free room on the disk"), "{held}");
    assert_eq!(historian.stats().segments, 3);
    *faults.room.lock() = None;
    let done = historian.maintain(now_us, &keep).unwrap();
    assert_eq!((done.compacted_days, done.held), (1, None));
    assert_eq!(seconds(&historian), (0..30).collect::<Vec<_>>());
}
