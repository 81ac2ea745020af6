//! What every historian does, told by the documentation of the trait.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{
    Bucket, BucketQuery, Buckets, Historian, RangeQuery, Retention, TierAges, TimeRange,
};

use crate::ask::{buckets, of, read};

/// Opens the same store, again and again; what was opened before is dropped first.
pub(crate) type Open<'a> = &'a dyn Fn() -> Box<dyn Historian>;

/// A case by its name.
pub(crate) type Case = (&'static str, fn(Open<'_>));

/// All of them.
pub(crate) const CASES: &[Case] = &[
    ("order", samples_come_in_order_of_time),
    ("late", late_samples_find_their_place),
    ("duplicates", of_one_time_the_last_wins),
    ("types", every_type_comes_back_as_it_was),
    ("kinds", a_tag_may_change_its_kind),
    ("bad", bad_samples_have_no_value),
    ("no_value", a_usable_sample_without_value_is_refused),
    ("empty", empty_and_unknown_are_no_errors),
    ("reversed", what_no_store_answers_is_refused),
    ("limits", limits_and_breaks_hold),
    ("buckets", buckets_are_those_of_a_plain_count),
    ("wide", buckets_of_any_width),
    ("before", the_newest_before_a_time),
    ("delete", what_is_deleted_is_gone),
    ("retention", old_days_go),
    ("rolled", aggregates_stay),
    ("reopen", what_was_acknowledged_is_there_after_a_start),
    ("many", a_large_batch_over_many_days),
];

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const DAY_US: i64 = 24 * HOUR_US;
/// 2026-01-01 UTC.
const BASE_US: i64 = 20_454 * DAY_US;
const ALL: TimeRange = TimeRange {
    start_us: i64::MIN,
    end_us: i64::MAX,
};

fn good(tag: u32, time_us: i64, value: Value) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us, value),
    }
}

fn number(tag: u32, time_us: i64, value: f64) -> Update {
    good(tag, time_us, Value::F64(value))
}

fn bad(tag: u32, time_us: i64) -> Update {
    Update {
        tag: TagIndex(tag),
        sample: Sample::bad(time_us, Quality::BAD_NO_COMMUNICATION),
    }
}

fn range(start_us: i64, end_us: i64) -> TimeRange {
    TimeRange { start_us, end_us }
}

fn samples_come_in_order_of_time(open: Open<'_>) {
    let store = open();
    let batch: Vec<Update> = (0..500)
        .map(|n| number(3, BASE_US + n * SECOND_US, n as f64))
        .collect();
    store.append(&batch[..200]).unwrap();
    store.append(&[number(4, BASE_US, 1.0)]).unwrap();
    store.append(&batch[200..]).unwrap();
    assert_eq!(read(&*store, 3, ALL), of(&batch));
    let part = range(BASE_US + 10 * SECOND_US, BASE_US + 20 * SECOND_US);
    assert_eq!(read(&*store, 3, part), of(&batch[10..20]));
    let latest = store
        .latest(&[TagIndex(4), TagIndex(9), TagIndex(3)])
        .unwrap();
    assert_eq!(latest[0], Some(Sample::good(BASE_US, Value::F64(1.0))));
    assert_eq!(latest[1], None);
    assert_eq!(latest[2], Some(batch[499].sample.clone()));
}

fn late_samples_find_their_place(open: Open<'_>) {
    let store = open();
    let on_time: Vec<Update> = (0..100)
        .map(|n| number(1, BASE_US + n * 2 * SECOND_US, n as f64))
        .collect();
    let late: Vec<Update> = (0..100)
        .rev()
        .map(|n| number(1, BASE_US + (n * 2 + 1) * SECOND_US - 10 * DAY_US, n as f64))
        .collect();
    store.append(&on_time).unwrap();
    store.append(&late).unwrap();
    store
        .append(&[number(1, BASE_US + SECOND_US, 0.5)])
        .unwrap();
    let mut want = of(&late);
    want.reverse();
    want.extend(of(&on_time));
    want.insert(101, Sample::good(BASE_US + SECOND_US, Value::F64(0.5)));
    assert_eq!(read(&*store, 1, ALL), want);
    let latest = store.latest(&[TagIndex(1)]).unwrap();
    assert_eq!(latest[0], Some(on_time[99].sample.clone()));
}

fn of_one_time_the_last_wins(open: Open<'_>) {
    let store = open();
    store
        .append(&[number(1, BASE_US, 1.0), number(1, BASE_US, 2.0)])
        .unwrap();
    assert_eq!(
        read(&*store, 1, ALL),
        [Sample::good(BASE_US, Value::F64(2.0))]
    );
    let text = good(1, BASE_US, Value::from("three"));
    store.append(&[number(2, BASE_US, 1.0), text]).unwrap();
    assert_eq!(
        read(&*store, 1, ALL),
        [Sample::good(BASE_US, Value::from("three"))]
    );
    store.append(&[bad(1, BASE_US)]).unwrap();
    assert_eq!(read(&*store, 1, ALL), [bad(1, BASE_US).sample]);
    assert_eq!(
        store.latest(&[TagIndex(1)]).unwrap(),
        [Some(bad(1, BASE_US).sample)]
    );
    store.append(&[number(1, BASE_US, 4.0)]).unwrap();
    assert_eq!(
        read(&*store, 1, ALL),
        [Sample::good(BASE_US, Value::F64(4.0))]
    );
}

fn every_type_comes_back_as_it_was(open: Open<'_>) {
    let store = open();
    let values: [&[Value]; 6] = [
        &[Value::Bool(true), Value::Bool(false)],
        &[Value::I64(i64::MIN), Value::I64(-1), Value::I64(i64::MAX)],
        &[
            Value::U64(0),
            Value::U64(u64::MAX),
            Value::U64((1 << 53) + 1),
        ],
        &[
            Value::F64(f64::MIN),
            Value::F64(-0.0),
            Value::F64(5e-324),
            Value::F64(0.1),
        ],
        &[
            Value::from(""),
            Value::from("°C 温度"),
            Value::from("a\0b"),
            Value::from("\\N\t"),
        ],
        &[
            Value::Bytes([].as_slice().into()),
            Value::Bytes([0, 255, 0].as_slice().into()),
        ],
    ];
    for (tag, values) in (0..).zip(values) {
        let mut batch: Vec<Update> = (0..)
            .zip(values)
            .map(|(n, value)| good(tag, BASE_US + n * SECOND_US, value.clone()))
            .collect();
        batch[0].sample.quality = Quality::from_code(0x40A4_0403);
        store.append(&batch).unwrap();
        assert_eq!(read(&*store, tag, ALL), of(&batch));
        let last = batch.last().map(|update| update.sample.clone());
        assert_eq!(store.latest(&[TagIndex(tag)]).unwrap(), [last]);
    }
}

fn a_tag_may_change_its_kind(open: Open<'_>) {
    let store = open();
    let values = [
        Value::F64(1.5),
        Value::I64(2),
        Value::U64(3),
        Value::Bool(true),
        Value::from("five"),
        Value::Bytes([6].as_slice().into()),
        Value::F64(7.0),
    ];
    let mut batch = Vec::new();
    for (n, value) in (0..).zip(values) {
        batch.push(bad(1, BASE_US + 2 * n * SECOND_US));
        batch.push(good(1, BASE_US + (2 * n + 1) * SECOND_US, value));
    }
    store.append(&batch).unwrap();
    assert_eq!(read(&*store, 1, ALL), of(&batch));
    let bucket = buckets(&*store, 1, range(BASE_US, BASE_US + HOUR_US), HOUR_US)[0];
    // Texts and bytes are no numbers, and not bad either.
    assert_eq!((bucket.count, bucket.bad), (5, 7));
    assert_eq!((bucket.min, bucket.max, bucket.sum), (1.0, 7.0, 14.5));
    assert_eq!((bucket.first, bucket.last), (1.5, 7.0));
}

fn bad_samples_have_no_value(open: Open<'_>) {
    let store = open();
    let mut odd = number(1, BASE_US + SECOND_US, 9.0);
    odd.sample.quality = Quality::BAD_SENSOR_FAILURE;
    let batch = [
        bad(1, BASE_US),
        odd,
        number(1, BASE_US + 2 * SECOND_US, 3.0),
    ];
    store.append(&batch).unwrap();
    let found = read(&*store, 1, ALL);
    assert_eq!(found[0], batch[0].sample);
    assert_eq!(
        found[1],
        Sample::bad(BASE_US + SECOND_US, Quality::BAD_SENSOR_FAILURE)
    );
    assert_eq!(found[2], batch[2].sample);
    let bucket = buckets(&*store, 1, range(BASE_US, BASE_US + HOUR_US), HOUR_US)[0];
    assert_eq!((bucket.count, bucket.bad, bucket.sum), (1, 2, 3.0));
    assert_eq!(bucket.worst_quality, Quality::BAD_SENSOR_FAILURE.code());
}

fn a_usable_sample_without_value_is_refused(open: Open<'_>) {
    let store = open();
    let mut odd = number(1, BASE_US, 9.0);
    odd.sample.value = None;
    let error = store
        .append(&[number(2, BASE_US, 1.0), odd])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("tag 1") && error.contains("no value"),
        "{error}"
    );
    assert!(read(&*store, 2, ALL).is_empty(), "all or nothing");
}

fn empty_and_unknown_are_no_errors(open: Open<'_>) {
    let store = open();
    store.append(&[]).unwrap();
    assert!(read(&*store, 7, ALL).is_empty());
    assert!(buckets(&*store, 7, ALL, HOUR_US).is_empty());
    store.append(&[number(1, BASE_US, 1.0)]).unwrap();
    assert!(read(&*store, 1, range(BASE_US, BASE_US)).is_empty());
    assert!(read(&*store, 1, range(BASE_US + 1, i64::MAX)).is_empty());
    assert!(read(&*store, 1, range(i64::MIN, BASE_US)).is_empty());
    assert_eq!(read(&*store, 1, range(BASE_US, BASE_US + 1)).len(), 1);
    assert_eq!(store.before(&[TagIndex(7)], i64::MAX).unwrap(), [None]);
    assert_eq!(store.delete(&[TagIndex(7)], ALL).unwrap(), 0);
}

fn what_no_store_answers_is_refused(open: Open<'_>) {
    let store = open();
    let query = RangeQuery {
        tags: vec![TagIndex(1)],
        range: range(2, 1),
        limit: 1,
    };
    let error = store
        .read(&query, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(
        error.to_string().contains("the end comes after the start"),
        "{error}"
    );
    let query = BucketQuery {
        tags: vec![TagIndex(1)],
        buckets: Buckets::Every {
            range: range(1, 2),
            width_us: 0,
        },
        time_weighted: false,
    };
    let error = store
        .aggregate(&query, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(
        error.to_string().contains("less than 1 microsecond"),
        "{error}"
    );
}

fn limits_and_breaks_hold(open: Open<'_>) {
    let store = open();
    let batch: Vec<Update> = (0..20_000)
        .flat_map(|n| [1, 2].map(|tag| number(tag, BASE_US + n * SECOND_US, n as f64)))
        .collect();
    store.append(&batch).unwrap();
    let query = RangeQuery {
        tags: vec![TagIndex(1), TagIndex(2)],
        range: ALL,
        limit: 12_345,
    };
    let mut counts = BTreeMap::new();
    let stats = store
        .read(&query, &mut |chunk| {
            *counts.entry(chunk.tag).or_insert(0) += chunk.times_us.len();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(
        counts,
        BTreeMap::from([(TagIndex(1), 12_345), (TagIndex(2), 12_345)])
    );
    assert_eq!(stats.samples, 24_690);
    let mut chunks = 0;
    store
        .read(&query, &mut |_| {
            chunks += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(chunks, 1);
}

fn buckets_are_those_of_a_plain_count(open: Open<'_>) {
    let store = open();
    let batch: Vec<Update> = (0..5_000)
        .map(|n| {
            let time_us = BASE_US + n * 7 * SECOND_US + (n % 3) * 1_000;
            match n % 11 {
                0 => bad(1, time_us),
                1 => good(1, time_us, Value::I64(n)),
                2 => good(1, time_us, Value::U64(n.unsigned_abs())),
                3 => good(1, time_us, Value::Bool(n % 2 == 0)),
                4 => good(1, time_us, Value::from("text")),
                _ => number(1, time_us, (n as f64).sin() * 50.0),
            }
        })
        .collect();
    store.append(&batch).unwrap();
    let start_us = BASE_US + 1_234_567;
    for width_us in [1_000_003, 60 * SECOND_US, HOUR_US, 17 * HOUR_US] {
        let whole = range(start_us, BASE_US + 4_000 * 7 * SECOND_US);
        let found = buckets(&*store, 1, whole, width_us);
        let mut want: BTreeMap<i64, Vec<&Sample>> = BTreeMap::new();
        for update in &batch {
            let time_us = update.sample.time_us;
            if (whole.start_us..whole.end_us).contains(&time_us) {
                let at = start_us + (time_us - start_us) / width_us * width_us;
                want.entry(at).or_default().push(&update.sample);
            }
        }
        assert_eq!(found.len(), want.len());
        for (bucket, (start_us, samples)) in found.iter().zip(want) {
            check_bucket(bucket, start_us, &samples);
        }
    }
}

fn check_bucket(bucket: &Bucket, start_us: i64, samples: &[&Sample]) {
    let numbers: Vec<f64> = samples
        .iter()
        .filter_map(|sample| sample.value.as_ref()?.as_f64())
        .collect();
    let bad = samples
        .iter()
        .filter(|sample| sample.quality.is_bad())
        .count();
    let worst = samples.iter().map(|sample| sample.quality.code()).max();
    assert_eq!(bucket.start_us, start_us);
    assert_eq!(
        (bucket.count, bucket.bad),
        (numbers.len() as u64, bad as u64)
    );
    assert_eq!(Some(bucket.worst_quality), worst);
    if let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) {
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = numbers.iter().sum();
        assert_eq!((bucket.min, bucket.max), (least, most));
        assert_eq!((bucket.first, bucket.last), (first, last));
        assert!(
            (bucket.sum - sum).abs() <= 1e-9 * sum.abs().max(1.0),
            "{bucket:?} {sum}"
        );
    }
}

fn buckets_of_any_width(open: Open<'_>) {
    let store = open();
    let batch = [number(1, BASE_US, 1.0), number(1, BASE_US + DAY_US, 2.0)];
    store.append(&batch).unwrap();
    for (whole, width_us) in [(ALL, i64::MAX), (range(0, i64::MAX), i64::MAX)] {
        let found = buckets(&*store, 1, whole, width_us);
        assert_eq!(found.iter().map(|bucket| bucket.count).sum::<u64>(), 2);
        for bucket in &found {
            let offset = i128::from(bucket.start_us) - i128::from(whole.start_us);
            assert_eq!(offset % i128::from(width_us), 0, "{bucket:?}");
        }
    }
    let found = buckets(&*store, 1, range(i64::MIN, i64::MAX), 365 * DAY_US);
    let starts: Vec<i64> = found.iter().map(|bucket| bucket.start_us).collect();
    assert_eq!(starts.len(), 1);
    assert!(
        starts[0] <= BASE_US && BASE_US + DAY_US < starts[0] + 365 * DAY_US,
        "{starts:?}"
    );
}

fn the_newest_before_a_time(open: Open<'_>) {
    let store = open();
    let batch = [
        number(1, BASE_US - 3 * DAY_US, 1.0),
        bad(1, BASE_US),
        number(1, BASE_US + DAY_US, 3.0),
        good(2, BASE_US, Value::from("only")),
    ];
    store.append(&batch).unwrap();
    let tags = [TagIndex(2), TagIndex(1), TagIndex(8)];
    let at = |time_us| store.before(&tags, time_us).unwrap();
    assert_eq!(at(BASE_US - 3 * DAY_US - 1), [None, None, None]);
    let first = Some(batch[0].sample.clone());
    assert_eq!(at(BASE_US - 3 * DAY_US), [None, first.clone(), None]);
    assert_eq!(at(BASE_US - 1), [None, first, None]);
    let (text, middle) = (Some(batch[3].sample.clone()), Some(batch[1].sample.clone()));
    assert_eq!(at(BASE_US), [text.clone(), middle, None]);
    assert_eq!(at(i64::MAX), [text, Some(batch[2].sample.clone()), None]);
    assert_eq!(at(i64::MIN), [None, None, None]);
}

fn what_is_deleted_is_gone(open: Open<'_>) {
    let batch: Vec<Update> = (0..100)
        .flat_map(|n| [1, 2].map(|tag| number(tag, BASE_US + n * HOUR_US, n as f64)))
        .collect();
    {
        let store = open();
        store.append(&batch).unwrap();
        let part = range(BASE_US + 10 * HOUR_US, BASE_US + 60 * HOUR_US);
        assert_eq!(store.delete(&[TagIndex(1)], part).unwrap(), 50);
        assert_eq!(read(&*store, 1, ALL).len(), 50);
        assert_eq!(store.delete(&[TagIndex(1)], part).unwrap(), 0);
        store
            .append(&[number(1, BASE_US + 20 * HOUR_US, -1.0)])
            .unwrap();
    }
    let store = open();
    let found = read(&*store, 1, ALL);
    assert_eq!(found.len(), 51);
    assert_eq!(
        found[10],
        Sample::good(BASE_US + 20 * HOUR_US, Value::F64(-1.0))
    );
    assert_eq!(read(&*store, 2, ALL).len(), 100, "the other tag stays");
    let counts: Vec<u64> = buckets(&*store, 1, range(BASE_US, BASE_US + 5 * DAY_US), DAY_US)
        .iter()
        .map(|bucket| bucket.count)
        .collect();
    assert_eq!(
        counts,
        [11, 0, 12, 24, 4]
            .into_iter()
            .filter(|n| *n != 0)
            .collect::<Vec<u64>>()
    );
}

fn old_days_go(open: Open<'_>) {
    keep_three_days(&*open());
}

/// What was rolled up answers for samples that are gone.
fn aggregates_stay(open: Open<'_>) {
    let store = open();
    keep_three_days(&*store);
    let days = buckets(&*store, 1, range(BASE_US, BASE_US + 10 * DAY_US), DAY_US);
    assert_eq!(days.len(), 10);
    for (day, bucket) in (0..).zip(&days) {
        let first = f64::from(day * 24);
        assert_eq!(bucket.start_us, BASE_US + i64::from(day) * DAY_US);
        assert_eq!(
            (bucket.count, bucket.min, bucket.max),
            (24, first, first + 23.0)
        );
        assert_eq!((bucket.first, bucket.last), (first, first + 23.0));
    }
}

fn keep_three_days(store: &dyn Historian) {
    let batch: Vec<Update> = (0..10 * 24)
        .map(|n| number(1, BASE_US + n * HOUR_US, n as f64))
        .collect();
    store.append(&batch).unwrap();
    let retention = Retention {
        default: TierAges {
            raw: Some(3),
            ..TierAges::default()
        },
        ..Retention::default()
    };
    // The store takes the days in rounds; more than it needs are asked for.
    for _ in 0..20 {
        store.maintain(BASE_US + 10 * DAY_US, &retention).unwrap();
    }
    let found = read(store, 1, ALL);
    assert!(
        (3 * 24..=4 * 24).contains(&found.len()),
        "{} samples",
        found.len()
    );
    assert_eq!(found.last(), batch.last().map(|update| &update.sample));
}

fn what_was_acknowledged_is_there_after_a_start(open: Open<'_>) {
    let mut want = Vec::new();
    for round in 0..3 {
        let store = open();
        assert_eq!(read(&*store, 1, ALL), want);
        let batch = [
            number(1, BASE_US + round * SECOND_US, round as f64),
            good(2, BASE_US + round * SECOND_US, Value::from("text")),
        ];
        store.append(&batch).unwrap();
        want.push(batch[0].sample.clone());
        if round == 1 {
            store.close().unwrap();
        }
    }
}

fn a_large_batch_over_many_days(open: Open<'_>) {
    let store = open();
    let batch: Vec<Update> = (0..10_000_i64)
        .map(|n| {
            let tag = u32::try_from(n % 10).unwrap();
            number(tag, BASE_US + n / 10 * 7_919 * SECOND_US, n as f64)
        })
        .collect();
    store.append(&batch).unwrap();
    for tag in [0, 9] {
        let want: Vec<Sample> = batch
            .iter()
            .filter(|update| update.tag == TagIndex(tag))
            .map(|update| update.sample.clone())
            .collect();
        assert_eq!(read(&*store, tag, ALL), want);
    }
}
