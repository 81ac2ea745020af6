//! Answers with roll-ups against answers from samples alone.

use headworks_core::Update;
use proptest::prelude::*;

use super::*;
use crate::historian::{Bucket, BucketQuery, Buckets, ReadStats};

const DAYS: i64 = 3;

fn ask(
    historian: &EmbeddedHistorian,
    buckets: &Buckets,
    weighted: bool,
) -> (Vec<Bucket>, ReadStats) {
    let query = BucketQuery {
        tags: vec![TagIndex(0), TagIndex(1)],
        buckets: buckets.clone(),
        time_weighted: weighted,
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

fn assert_same(found: &[Bucket], wanted: &[Bucket]) {
    assert_eq!(found.len(), wanted.len(), "{found:?} {wanted:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + b.abs());
        assert!(near(found.sum, wanted.sum), "{found:?} {wanted:?}");
        let pairs = [
            (found.mean_held, wanted.mean_held),
            (found.good_share, wanted.good_share),
        ];
        for (found, wanted) in pairs {
            assert_eq!(found.is_some(), wanted.is_some());
            assert!(near(found.unwrap_or(0.0), wanted.unwrap_or(0.0)));
        }
        let exact = Bucket {
            sum: wanted.sum,
            mean_held: wanted.mean_held,
            good_share: wanted.good_share,
            ..*found
        };
        match wanted.count {
            0 => assert_eq!((exact.samples, exact.bad), (wanted.samples, wanted.bad)),
            _ => assert_eq!(exact, *wanted),
        }
    }
}

fn update() -> impl Strategy<Value = Update> {
    let time = (0..DAYS * 96, 0..900i64)
        .prop_map(|(quarter, second)| (quarter * 900 + second) * SECOND_US);
    (0..2u32, time, 0..10u8, -50..50i32).prop_map(|(tag, time_us, luck, number)| Update {
        tag: TagIndex(tag),
        sample: match luck {
            0 => Sample::bad(time_us, Quality::BAD_SENSOR_FAILURE),
            1 => Sample {
                time_us,
                value: Some(Value::F64(number.into())),
                quality: Quality::UNCERTAIN_RANGE_EXCEEDED,
            },
            _ => Sample::good(time_us, Value::F64(f64::from(number) * 0.5)),
        },
    })
}

fn buckets() -> impl Strategy<Value = Buckets> {
    let minutes = DAYS * 1_440;
    prop_oneof![
        (
            0..minutes,
            1..minutes,
            prop_oneof![Just(1i64), Just(5), Just(7), Just(60), Just(720)]
        )
            .prop_map(|(start, length, width)| Buckets::Every {
                range: TimeRange {
                    start_us: start * 60 * SECOND_US,
                    end_us: (start + length) * 60 * SECOND_US,
                },
                width_us: width * 60 * SECOND_US,
            }),
        (0..24i64, 1..70i64).prop_map(|(start, hours)| Buckets::Every {
            range: TimeRange {
                start_us: start * HOUR_US,
                end_us: (start + hours) * HOUR_US,
            },
            width_us: HOUR_US,
        }),
        proptest::collection::btree_set(0..minutes * 2, 2..9).prop_map(|edges| {
            Buckets::Listed(
                edges
                    .into_iter()
                    .map(|edge| edge * 30 * SECOND_US)
                    .collect(),
            )
        }),
    ]
}

fn maintain(historian: &EmbeddedHistorian, hours: i64, raw_days: u32) {
    let retention = Retention {
        default: ages(raw_days),
        ..Retention::default()
    };
    let now_us = (DAYS * 24 + hours) * HOUR_US;
    assert_eq!(historian.maintain(now_us, &retention).unwrap().held, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_the_same_with_and_without_roll_ups(
        early in proptest::collection::vec(update(), 1..300),
        late in proptest::collection::vec(update(), 0..30),
        in_memory in proptest::collection::vec(update(), 0..4),
        asked in proptest::collection::vec((buckets(), any::<bool>()), 8),
    ) {
        let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [rolled, plain] = directories.each_ref().map(|path| open(path.path(), "Europe/Rome"));
        for historian in [&rolled, &plain] {
            historian.append(&early).unwrap();
        }
        let compare = |context: &str| {
            for (buckets, weighted) in &asked {
                let (found, _) = ask(&rolled, buckets, *weighted);
                let (wanted, stats) = ask(&plain, buckets, *weighted);
                assert_eq!(stats.rows, 0, "{context}");
                assert_same(&found, &wanted);
            }
        };
        maintain(&rolled, 7, 700);
        compare("rolled up");
        for historian in [&rolled, &plain] {
            historian.append(&late).unwrap();
        }
        compare("late samples in memory");
        maintain(&rolled, 40, 700);
        compare("rolled up again");
        for historian in [&rolled, &plain] {
            historian.append(&in_memory).unwrap();
        }
        compare("more in memory");
    }

    #[test]
    fn what_fits_the_rows_is_the_same_when_samples_are_gone(
        samples in proptest::collection::vec(update(), 1..300),
        start in 0..20i64,
        hours in 1..60i64,
        weighted in any::<bool>(),
    ) {
        let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [rolled, plain] = directories.each_ref().map(|path| open(path.path(), "UTC"));
        for historian in [&rolled, &plain] {
            historian.append(&samples).unwrap();
        }
        maintain(&rolled, 7, 1);
        let buckets = Buckets::Every {
            range: TimeRange {
                start_us: start * HOUR_US,
                end_us: (start + hours) * HOUR_US,
            },
            width_us: HOUR_US,
        };
        let (found, stats) = ask(&rolled, &buckets, false);
        assert!(!stats.coarser);
        assert_same(&found, &ask(&plain, &buckets, false).0);
        // Weighed by time, only what held before the first row is not known any more.
        if weighted {
            let (found, _) = ask(&rolled, &buckets, true);
            let (wanted, _) = ask(&plain, &buckets, true);
            let of = |buckets: Vec<Bucket>, tag| -> Vec<Bucket> {
                let own = buckets.into_iter().filter(|bucket| bucket.tag == TagIndex(tag));
                own.skip(1).collect()
            };
            for tag in 0..2 {
                assert_same(&of(found.clone(), tag), &of(wanted.clone(), tag));
            }
        }
    }
}

#[test]
fn years_are_answered_from_days_and_say_when_they_are_coarser() {
    let directory = tempfile::tempdir().unwrap();
    let historian = open(directory.path(), "Europe/Berlin");
    fill(&historian, 2, 20_000..20_004);
    let now_us = 20_200 * DAY_US;
    // Samples go after 7 days, minutes after 30, hours after 90: days are left.
    historian.maintain(now_us, &Retention::default()).unwrap();
    historian.maintain(now_us, &Retention::default()).unwrap();
    let tiers = historian.tiers();
    let files: Vec<u64> = tiers.iter().map(|tier| tier.files).collect();
    assert_eq!(files, [0, 0, 0, 0, 5, 2], "{tiers:?}");
    // Summer time.
    let local = |day: i64| day * DAY_US - 2 * HOUR_US;
    let days = Buckets::Listed((19_999..20_006).map(local).collect());
    let (found, stats) = ask(&historian, &days, true);
    let counts: Vec<u64> = found.iter().map(|bucket| bucket.samples).collect();
    assert_eq!(counts, [1_320, 1_440, 1_440, 1_440, 120].repeat(2));
    assert!(!stats.coarser);
    let hours = Buckets::Every {
        range: TimeRange {
            start_us: 20_000 * DAY_US,
            end_us: 20_004 * DAY_US,
        },
        width_us: HOUR_US,
    };
    let (found, stats) = ask(&historian, &hours, false);
    assert!(stats.coarser);
    assert_eq!(found.len(), 2 * 5);
}
