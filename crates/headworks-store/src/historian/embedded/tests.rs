mod damage;
mod faults;
mod forward;
mod model;

use std::ops::ControlFlow;

use headworks_core::{Quality, Value};

use super::*;
use crate::historian::{Buckets, Column, TimeRange};

const SECOND_US: i64 = 1_000_000;
const ALL: TimeRange = TimeRange {
    start_us: i64::MIN,
    end_us: i64::MAX,
};

fn open(directory: &Path) -> EmbeddedHistorian {
    EmbeddedHistorian::open(directory, HistorianOptions::default()).unwrap()
}

fn good(tag: u32, time_us: i64, value: Value) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us, value),
    }
}

fn bad(tag: u32, time_us: i64) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::bad(time_us, Quality::BAD_NO_COMMUNICATION),
    }
}

/// Samples of a chunk one by one.
fn samples(chunk: &Chunk) -> Vec<Sample> {
    let value = |at: usize| match &chunk.values {
        Column::Bool(values) => Value::Bool(values[at]),
        Column::I64(values) => Value::I64(values[at]),
        Column::U64(values) => Value::U64(values[at]),
        Column::F64(values) => Value::F64(values[at]),
        Column::Text(values) => Value::Text(values[at].clone()),
        Column::Bytes(values) => Value::Bytes(values[at].clone()),
    };
    (0..chunk.times_us.len())
        .map(|at| {
            let quality = Quality::from_code(chunk.qualities[at]);
            Sample {
                time_us: chunk.times_us[at],
                value: (!quality.is_bad()).then(|| value(at)),
                quality,
            }
        })
        .collect()
}

fn read_with(
    historian: &EmbeddedHistorian,
    tag: u32,
    range: TimeRange,
) -> (Vec<Sample>, ReadStats) {
    let query = RangeQuery {
        tags: vec![TagIndex(tag)],
        range,
        limit: usize::MAX,
    };
    let mut found = Vec::new();
    let stats = historian
        .read(&query, &mut |chunk| {
            found.extend(samples(chunk));
            ControlFlow::Continue(())
        })
        .unwrap();
    (found, stats)
}

fn read(historian: &EmbeddedHistorian, tag: u32) -> Vec<Sample> {
    read_with(historian, tag, ALL).0
}

fn buckets(
    historian: &EmbeddedHistorian,
    tag: u32,
    range: TimeRange,
    bucket_us: i64,
) -> (Vec<Bucket>, ReadStats) {
    let query = BucketQuery {
        tags: vec![TagIndex(tag)],
        buckets: Buckets::Every {
            range,
            width_us: bucket_us,
        },
        time_weighted: false,
    };
    let mut found = Vec::new();
    let stats = historian
        .aggregate(&query, &mut |bucket| {
            found.push(*bucket);
            ControlFlow::Continue(())
        })
        .unwrap();
    (found, stats)
}

fn ramp(tag: u32, from_s: i64, to_s: i64) -> Vec<Update> {
    (from_s..to_s)
        .map(|second| good(tag, second * SECOND_US, Value::F64(second as f64)))
        .collect()
}

#[test]
fn samples_are_read_from_memory_log_and_files_alike() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let mut batch = ramp(3, 0, 1_000);
    batch[17] = bad(3, 17 * SECOND_US);
    assert_eq!(historian.append(&batch).unwrap(), Ack::Buffered);
    let want: Vec<Sample> = batch.iter().map(|update| update.sample.clone()).collect();
    assert_eq!(read(&historian, 3), want);
    drop(historian);

    let historian = open(directory.path());
    assert_eq!(read(&historian, 3), want);
    historian.close().unwrap();
    let stats = historian.stats();
    assert_eq!(
        (stats.segments, stats.segment_samples, stats.in_memory),
        (1, 1_000, 0)
    );
    assert_eq!(read(&historian, 3), want);
    drop(historian);

    let historian = open(directory.path());
    assert_eq!(read(&historian, 3), want);
    assert_eq!(read(&historian, 4), []);
    let (part, _) = read_with(
        &historian,
        3,
        TimeRange {
            start_us: 10 * SECOND_US,
            end_us: 20 * SECOND_US,
        },
    );
    assert_eq!(part, want[10..20]);
}

#[test]
fn a_day_has_a_file_and_no_block_crosses_it() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian.append(&ramp(0, 86_000, 87_000)).unwrap();
    historian.append(&ramp(1, -50, 50)).unwrap();
    historian.close().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(directory.path().join("seg"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.pop().as_deref(), Some("latest.bin"));
    assert_eq!(
        names,
        [
            "-00001-00000001.seg",
            "000000-00000001.seg",
            "000001-00000001.seg"
        ]
    );
    assert_eq!(read(&historian, 0).len(), 1_000);
    assert_eq!(read(&historian, 1).len(), 100);
    assert_eq!(
        std::fs::read_dir(directory.path().join("wal"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn every_time_of_64_bits_can_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let times = [i64::MIN, -1, 0, 1, i64::MAX - 1];
    let batch: Vec<_> = times
        .iter()
        .map(|&time| good(0, time, Value::I64(time)))
        .collect();
    historian.append(&batch).unwrap();
    for _ in 0..2 {
        assert_eq!(read(&historian, 0).len(), 5);
        let (found, _) = buckets(&historian, 0, ALL, i64::MAX);
        assert_eq!(found.iter().map(|bucket| bucket.count).sum::<u64>(), 5);
        historian.close().unwrap();
    }
}

#[test]
fn a_tag_can_change_its_kind() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let values = [
        Value::I64(-7),
        Value::F64(1.5),
        Value::Text("run".into()),
        Value::Text("run".into()),
        Value::Bytes([1, 2].as_slice().into()),
        Value::Bool(true),
        Value::U64(u64::MAX),
        Value::I64(i64::MIN),
    ];
    let batch: Vec<_> = (0..)
        .zip(values)
        .map(|(n, value)| good(0, n * SECOND_US, value))
        .collect();
    historian.append(&batch).unwrap();
    let want: Vec<Sample> = batch.iter().map(|update| update.sample.clone()).collect();
    assert_eq!(read(&historian, 0), want);
    historian.close().unwrap();
    assert_eq!(read(&historian, 0), want);
    let (found, _) = buckets(&historian, 0, ALL, i64::MAX);
    assert_eq!(
        found
            .iter()
            .map(|bucket| (bucket.count, bucket.bad))
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (5, 0)
    );
}

#[test]
fn the_newest_sample_is_known_at_once_after_a_start() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian
        .append(&[
            good(0, 5, Value::Text("old".into())),
            good(0, 9, Value::Text("new".into())),
            good(0, 7, Value::Text("late".into())),
            good(1, 9, Value::I64(-3)),
            bad(2, 4),
            good(4, 1, Value::Bool(true)),
        ])
        .unwrap();
    let tags = [0, 1, 2, 3, 4].map(TagIndex);
    let want = historian.latest(&tags).unwrap();
    assert_eq!(want[0], Some(Sample::good(9, Value::Text("new".into()))));
    assert_eq!(want[2], Some(Sample::bad(4, Quality::BAD_NO_COMMUNICATION)));
    assert_eq!(want[3], None);
    drop(historian);
    let historian = open(directory.path());
    assert_eq!(historian.latest(&tags).unwrap(), want);
    historian.close().unwrap();
    drop(historian);
    assert_eq!(open(directory.path()).latest(&tags).unwrap(), want);
}

#[test]
fn statistics_answer_buckets_that_hold_whole_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian.append(&ramp(0, 0, 86_400)).unwrap();
    historian.close().unwrap();
    let range = TimeRange {
        start_us: 0,
        end_us: 86_400 * SECOND_US,
    };
    let (found, stats) = buckets(&historian, 0, range, 86_400 * SECOND_US);
    assert_eq!(stats.blocks, 0);
    assert_eq!(found.len(), 1);
    let bucket = found[0];
    assert_eq!(
        (bucket.count, bucket.min, bucket.max),
        (86_400, 0.0, 86_399.0)
    );
    assert_eq!((bucket.first, bucket.last), (0.0, 86_399.0));
    assert_eq!(bucket.sum, 86_399.0 * 86_400.0 / 2.0);
    let (hours, stats) = buckets(&historian, 0, range, 3_600 * SECOND_US);
    assert_eq!((hours.len(), stats.blocks), (24, 11));
    assert!(hours.iter().all(|hour| hour.count == 3_600));
}

#[test]
fn a_query_stops_at_its_limit_and_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian.append(&ramp(0, 0, 100)).unwrap();
    historian.append(&ramp(1, 0, 100)).unwrap();
    let query = RangeQuery {
        tags: vec![TagIndex(0), TagIndex(1)],
        range: ALL,
        limit: 7,
    };
    let mut lengths = Vec::new();
    let mut sink = |chunk: &Chunk| {
        lengths.push(chunk.times_us.len());
        ControlFlow::Continue(())
    };
    historian.read(&query, &mut sink).unwrap();
    assert_eq!(lengths, [7, 7]);
    let stats = historian
        .read(&query, &mut |_| ControlFlow::Break(()))
        .unwrap();
    assert_eq!(stats.samples, 7);
}

#[test]
fn nonsense_is_refused_with_the_field() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let range = TimeRange {
        start_us: 2,
        end_us: 1,
    };
    let query = RangeQuery {
        tags: vec![],
        range,
        limit: 1,
    };
    let error = historian
        .read(&query, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("end_us: 1 lies before the start 2"),
        "{error}"
    );
    let query = BucketQuery {
        tags: vec![],
        buckets: Buckets::Every {
            range: ALL,
            width_us: 0,
        },
        time_weighted: false,
    };
    let error = historian
        .aggregate(&query, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(error.to_string().starts_with("bucket_us: 0"), "{error}");
    let mut update = bad(5, 77);
    update.sample.quality = Quality::GOOD;
    let error = historian
        .append(&[good(5, 76, Value::I64(1)), update])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "batch: the sample of tag 5 at 77 us is Good but has no value"
    );
    assert_eq!(read(&historian, 5), []);
}

#[test]
fn a_directory_has_one_historian() {
    let directory = tempfile::tempdir().unwrap();
    let _historian = open(directory.path());
    let second = EmbeddedHistorian::open(directory.path(), HistorianOptions::default());
    assert!(matches!(second, Err(StoreError::InUse { .. })));
}

#[test]
fn seals_follow_from_memory_log_and_age() {
    for (options, name) in [
        (
            HistorianOptions {
                memory_bytes_max: 4_096,
                ..HistorianOptions::default()
            },
            "memory",
        ),
        (
            HistorianOptions {
                wal_bytes_max: 4_096,
                ..HistorianOptions::default()
            },
            "log",
        ),
        (
            HistorianOptions {
                seal_age_max: Duration::from_millis(1),
                group_commit: Duration::from_millis(5),
                ..HistorianOptions::default()
            },
            "age",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let historian = EmbeddedHistorian::open(directory.path(), options).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut second = 0;
        while historian.stats().segments < 3 {
            historian.append(&ramp(0, second, second + 100)).unwrap();
            second += 100;
            std::thread::sleep(Duration::from_millis(2));
            assert!(Instant::now() < deadline, "{name}");
        }
        assert_eq!(read(&historian, 0).len() as i64, second, "{name}");
    }
}

#[test]
fn a_batch_can_wait_for_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let options = HistorianOptions {
        group_commit: Duration::ZERO,
        ..HistorianOptions::default()
    };
    let historian = EmbeddedHistorian::open(directory.path(), options).unwrap();
    assert_eq!(historian.append(&ramp(0, 0, 10)).unwrap(), Ack::Durable);
    historian.sync().unwrap();
}

#[test]
fn readers_and_writers_work_side_by_side_while_sealing() {
    let directory = tempfile::tempdir().unwrap();
    let options = HistorianOptions {
        memory_bytes_max: 20_000,
        ..HistorianOptions::default()
    };
    let historian = EmbeddedHistorian::open(directory.path(), options).unwrap();
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for block in 0..400 {
                historian
                    .append(&ramp(0, block * 50, block * 50 + 50))
                    .unwrap();
                done.store((block + 1) as u64 * 50, Ordering::SeqCst);
            }
        });
        let mut rounds = 0;
        while done.load(Ordering::SeqCst) < 20_000 {
            let least = done.load(Ordering::SeqCst);
            let found = read(&historian, 0);
            assert!(least <= found.len() as u64, "{least} {}", found.len());
            assert!(
                (0..)
                    .zip(&found)
                    .all(|(n, sample)| sample.time_us == n * SECOND_US)
            );
            rounds += 1;
        }
        assert!(0 < rounds);
    });
    assert_eq!(read(&historian, 0).len(), 20_000);
}

#[test]
fn after_close_appends_are_refused_and_reads_work() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian.append(&ramp(0, 0, 10)).unwrap();
    historian.close().unwrap();
    assert!(historian.append(&ramp(0, 10, 20)).is_err());
    assert_eq!(read(&historian, 0).len(), 10);
    historian.close().unwrap();
}

#[test]
fn a_text_does_not_outlive_the_number_that_replaced_it() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    historian
        .append(&[good(0, 5, Value::Text("old".into()))])
        .unwrap();
    historian.shared.seal_now().unwrap();
    historian.append(&[good(0, 5, Value::I64(7))]).unwrap();
    historian.close().unwrap();
    drop(historian);
    let found = open(directory.path()).latest(&[TagIndex(0)]).unwrap();
    assert_eq!(found, [Some(Sample::good(5, Value::I64(7)))]);
}

#[test]
fn starts_without_samples_leave_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        open(directory.path());
    }
    let logs = std::fs::read_dir(directory.path().join("wal")).unwrap();
    assert_eq!(logs.count(), 1);
}

/// So many blocks that their index does not wait in memory.
#[test]
fn an_index_of_very_many_tags_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path());
    let batch = |time_us: i64| -> Vec<Update> {
        let value = |tag: u32| Value::I64(i64::from(tag));
        (0..60_000)
            .map(|tag| good(tag, time_us, value(tag)))
            .collect()
    };
    historian.append(&batch(5)).unwrap();
    historian.shared.seal_now().unwrap();
    historian.append(&batch(6)).unwrap();
    historian.shared.seal_now().unwrap();
    for _ in 0..2 {
        for tag in (0..60_000).step_by(997) {
            let value = Value::I64(i64::from(tag));
            let want = [Sample::good(5, value.clone()), Sample::good(6, value)];
            assert_eq!(read(&historian, tag), want);
        }
        historian
            .compact_all(2 * 86_400 * SECOND_US, &mut |_, _, _| {})
            .unwrap();
    }
    assert_eq!(historian.stats().segment_samples, 120_000);
    let names = std::fs::read_dir(directory.path().join("seg")).unwrap();
    assert_eq!(names.count(), 2, "a segment and the newest samples");
}
