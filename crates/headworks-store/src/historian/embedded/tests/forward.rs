//! The log that is kept for another store.

use super::*;

fn options(forward_bytes_max: u64) -> HistorianOptions {
    HistorianOptions {
        group_commit: Duration::from_secs(3_600),
        forward_bytes_max,
        ..HistorianOptions::default()
    }
}

fn start(directory: &Path, forward_bytes_max: u64) -> EmbeddedHistorian {
    EmbeddedHistorian::open(directory, options(forward_bytes_max)).unwrap()
}

/// Batches of different sizes, kinds and tags; the tenth text of a tag builds on the ninth.
fn batch(number: i64) -> Vec<Update> {
    let mut batch = ramp(0, number * 10, number * 10 + 1 + number % 7);
    batch.push(good(
        1,
        number,
        Value::Text(format!("round {number}").into()),
    ));
    batch.push(bad(2, number));
    batch
}

fn rest(historian: &EmbeddedHistorian, from: LogPosition) -> Vec<LogBatch> {
    let mut reader = historian.log_reader(from).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        assert_eq!(reader.position(), batch.after);
        found.push(batch);
    }
    found
}

/// Waits until so many logs were given up and the bound holds: a seal ends a moment before.
fn given_up(historian: &EmbeddedHistorian, logs: u64) -> ForwardStats {
    let begun = Instant::now();
    loop {
        let stats = historian.forward_stats().unwrap();
        let is_done = stats.files + stats.dropped_files == logs && stats.bytes <= stats.bytes_max;
        if is_done || Duration::from_secs(30) < begun.elapsed() {
            return stats;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn updates(batches: Vec<LogBatch>) -> Vec<Vec<Update>> {
    batches.into_iter().map(|batch| batch.updates).collect()
}

/// Appends 30 batches over seals and starts.
fn fill(directory: &Path) -> Vec<Vec<Update>> {
    for process in 0..3 {
        let historian = start(directory, u64::MAX);
        for number in process * 10..process * 10 + 10 {
            historian.append(&batch(number)).unwrap();
            match number % 10 {
                3 | 6 => historian.shared.seal_now().unwrap(),
                _ => historian.sync().unwrap(),
            }
        }
        if process == 1 {
            historian.close().unwrap();
        }
    }
    (0..30).map(batch).collect()
}

#[test]
fn every_batch_is_given_once_in_order_from_any_position() {
    let directory = tempfile::tempdir().unwrap();
    let want = fill(directory.path());
    let historian = start(directory.path(), u64::MAX);
    let all = rest(&historian, LogPosition::default());
    assert_eq!(updates(all.clone()), want);
    assert!(all.is_sorted_by(|a, b| a.after < b.after));
    for (done, batch) in (1..).zip(&all) {
        assert_eq!(updates(rest(&historian, batch.after)), want[done..]);
    }
}

#[test]
fn what_was_forwarded_goes_and_what_was_not_stays() {
    let directory = tempfile::tempdir().unwrap();
    let want = fill(directory.path());
    let historian = start(directory.path(), u64::MAX);
    historian.shared.seal_now().unwrap();
    let all = rest(&historian, LogPosition::default());
    for (done, batch) in (1..).zip(&all) {
        historian.forwarded(batch.after).unwrap();
        assert_eq!(updates(rest(&historian, batch.after)), want[done..]);
    }
    let stats = historian.forward_stats().unwrap();
    assert_eq!((stats.files, stats.bytes, stats.dropped_files), (0, 0, 0));
    assert_eq!(stats.forwarded, all[29].after);
}

#[test]
fn a_batch_is_given_when_it_survives_a_power_cut() {
    let directory = tempfile::tempdir().unwrap();
    let historian = start(directory.path(), u64::MAX);
    let mut reader = historian.log_reader(LogPosition::default()).unwrap();
    for number in 0..6 {
        historian.append(&batch(number)).unwrap();
        assert_eq!(reader.next_batch().unwrap(), None);
        match number % 2 {
            0 => historian.sync().unwrap(),
            _ => historian.shared.seal_now().unwrap(),
        }
        let found = reader.next_batch().unwrap();
        assert_eq!(found.map(|found| found.updates), Some(batch(number)));
    }
}

#[test]
fn too_much_drops_the_oldest_and_counts_its_samples() {
    let directory = tempfile::tempdir().unwrap();
    let historian = start(directory.path(), 1_000);
    let mut appended = 0;
    for number in 0..20 {
        let batch = ramp(0, number * 50, number * 50 + 50);
        appended += batch.len() as u64;
        historian.append(&batch).unwrap();
        historian.shared.seal_now().unwrap();
    }
    let stats = given_up(&historian, 20);
    assert!(stats.bytes <= 1_000, "{stats:?}");
    assert!(0 < stats.files && 0 < stats.dropped_files, "{stats:?}");
    let left = rest(&historian, LogPosition::default());
    let found: usize = left.iter().map(|batch| batch.updates.len()).sum();
    assert_eq!(found as u64 + stats.dropped_samples, appended);
    assert_eq!(read(&historian, 0).len() as u64, appended);
}

#[test]
fn a_damaged_log_is_counted_and_the_next_one_is_given() {
    let directory = tempfile::tempdir().unwrap();
    {
        let historian = start(directory.path(), u64::MAX);
        for number in 0..4 {
            historian.append(&batch(number)).unwrap();
            historian.append(&batch(number + 10)).unwrap();
            historian.shared.seal_now().unwrap();
        }
    }
    let path = directory.path().join("forward/00000002.wal");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let historian = start(directory.path(), u64::MAX);
    let found = updates(rest(&historian, LogPosition::default()));
    let want: Vec<_> = [0, 10, 2, 12, 3, 13].into_iter().map(batch).collect();
    assert_eq!(found, want);
    assert_eq!(historian.forward_stats().unwrap().damaged_files, 1);
}

#[test]
fn a_log_that_is_not_kept_is_refused_with_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let refused = historian.log_reader(LogPosition::default());
    let error = refused.err().unwrap();
    assert!(
        error.to_string().starts_with("forward_bytes_max: "),
        "{error}"
    );
}
