//! Random work against a map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::historian::rollup::tests as rollup;

type Model = BTreeMap<(u32, i64), Sample>;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Update>),
    Seal,
    Reopen,
    Close,
    Maintain(i64),
    Delete(Vec<u32>, TimeRange),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-500..500i32).prop_map(|n| Value::F64(f64::from(n) * 0.1)),
        1 => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::F64),
        2 => any::<i64>().prop_map(Value::I64),
        1 => any::<u64>().prop_map(Value::U64),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => "[a-c]{0,2}".prop_map(|text| Value::Text(text.as_str().into())),
    ]
}

fn update() -> impl Strategy<Value = Update> {
    // Few times, so that samples collide; two days, so that files do.
    let time =
        (0..2i64, 0..300i64).prop_map(|(day, second)| day * 86_400_000_000 + second * 250_000);
    let sample = prop_oneof![
        8 => (time.clone(), value()).prop_map(|(time_us, value)| Sample::good(time_us, value)),
        1 => time.clone().prop_map(|time_us| Sample::bad(time_us, Quality::BAD_SENSOR_FAILURE)),
        1 => (time, value()).prop_map(|(time_us, value)| Sample {
            time_us,
            value: Some(value),
            quality: Quality::UNCERTAIN_RANGE_EXCEEDED,
        }),
    ];
    (0..3u32, sample).prop_map(|(tag, sample)| Update {
        tag: TagIndex(tag),
        sample,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(update(), 0..250).prop_map(Step::Append),
        2 => Just(Step::Seal),
        1 => Just(Step::Reopen),
        1 => Just(Step::Close),
        2 => (0..4i64).prop_map(Step::Maintain),
        1 => (proptest::collection::vec(0..4u32, 0..3), -10..350i64, 0..400i64, 0..2i64)
            .prop_map(|(tags, start, length, day)| Step::Delete(tags, TimeRange {
                start_us: day * 86_400_000_000 + start * 250_000,
                end_us: day * 86_400_000_000 + (start + length) * 250_000,
            })),
    ]
}

fn of_tag(model: &Model, tag: u32) -> Vec<Sample> {
    let range = model.range((tag, i64::MIN)..=(tag, i64::MAX));
    range.map(|(_, sample)| sample.clone()).collect()
}

fn check_buckets(historian: &EmbeddedHistorian, tag: u32, want: &[Sample]) {
    let range = TimeRange {
        start_us: 1_000_000,
        end_us: 86_400_000_000 + 30_000_000,
    };
    let bucket_us = 7_000_000;
    let mut expected: BTreeMap<i64, Vec<&Sample>> = BTreeMap::new();
    for sample in want {
        if (range.start_us..range.end_us).contains(&sample.time_us) {
            let number = (sample.time_us - range.start_us) / bucket_us;
            expected
                .entry(range.start_us + number * bucket_us)
                .or_default()
                .push(sample);
        }
    }
    let (found, _) = buckets(historian, tag, range, bucket_us);
    assert_eq!(found.len(), expected.len());
    for (bucket, (start_us, samples)) in found.iter().zip(expected) {
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
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            assert_eq!((bucket.first, bucket.last), (*first, *last));
            assert_eq!(
                bucket.min,
                numbers.iter().copied().fold(f64::INFINITY, f64::min)
            );
            assert_eq!(
                bucket.max,
                numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
            );
            let sum: f64 = numbers.iter().sum();
            let size: f64 = numbers.iter().map(|number| number.abs()).sum();
            assert!(bucket.sum == sum || (bucket.sum - sum).abs() <= size * 1e-9);
        }
    }
}

fn check(historian: &EmbeddedHistorian, model: &Model) {
    for tag in 0..3 {
        let want = of_tag(model, tag);
        assert_eq!(read(historian, tag), want, "tag {tag}");
        check_buckets(historian, tag, &want);
        let latest = historian.latest(&[TagIndex(tag)]).unwrap().remove(0);
        assert_eq!(latest.as_ref(), want.last(), "tag {tag}");
        for time_us in [-1, 20_000_000, 86_400_000_000 + 40_000_000, i64::MAX] {
            let before = historian
                .before(&[TagIndex(tag)], time_us)
                .unwrap()
                .remove(0);
            let sample = want.iter().rfind(|sample| sample.time_us <= time_us);
            assert_eq!(before.as_ref(), sample, "tag {tag} before {time_us}");
        }
    }
}

pub(super) fn for_ever() -> Retention {
    Retention {
        default: crate::TierAges {
            raw: None,
            minute: None,
            five_minutes: None,
            hour: None,
            day: None,
            week: None,
        },
        ..Retention::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_historian_is_a_map_of_tag_and_time(steps in proptest::collection::vec(step(), 1..14)) {
        let directory = tempfile::tempdir().unwrap();
        let mut historian = open(directory.path());
        let mut model = Model::new();
        let mut passed = 0;
        for step in steps {
            match step {
                Step::Append(batch) => {
                    historian.append(&batch).unwrap();
                    for update in batch {
                        let sample = update.sample;
                        model.insert((update.tag.0, sample.time_us), sample);
                    }
                }
                Step::Seal => historian.shared.seal_now().unwrap(),
                Step::Maintain(days) => {
                    let forever = for_ever();
                    // A closed day is not joined again and again: some time passes.
                    passed += i64::from(days == 3);
                    let now_us = (days + passed) * 86_400_000_000 + 1;
                    let done = historian.maintain(now_us, &forever).unwrap();
                    assert_eq!(done.held, None);
                    if days == 3 {
                        rollup::check(&historian, 3);
                        let closed = historian.shared.catalog.days(i32::MIN, i32::MAX);
                        let one = |day| historian.shared.catalog.of_day(day).len() == 1;
                        assert!(closed.into_iter().all(one));
                    }
                }
                Step::Delete(tags, range) => {
                    let before = model.len();
                    model.retain(|(tag, time_us), _| {
                        !tags.contains(tag) || !(range.start_us..range.end_us).contains(time_us)
                    });
                    let tags: Vec<TagIndex> = tags.into_iter().map(TagIndex).collect();
                    let gone = historian.delete(&tags, range).unwrap();
                    assert_eq!(gone, (before - model.len()) as u64);
                }
                Step::Reopen => {
                    drop(historian);
                    historian = open(directory.path());
                }
                Step::Close => {
                    historian.close().unwrap();
                    drop(historian);
                    historian = open(directory.path());
                }
            }
            check(&historian, &model);
        }
        prop_assert_eq!(historian.stats().quarantined, 0);
    }
}
