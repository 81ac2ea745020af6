use headworks_core::{Sample, TagIndex, Update};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};

use super::*;

const SECOND_US: i64 = 1_000_000;

const POLLED: Expectation = Expectation {
    period_us: Some(SECOND_US),
    by_exception: false,
};
const ON_CHANGE: Expectation = Expectation {
    period_us: None,
    by_exception: true,
};

/// Walks good samples at these seconds and the marks, in order of time, over 0 to `end` seconds.
fn walk(
    expectation: Expectation,
    edges: &[i64],
    good: impl IntoIterator<Item = i64>,
    marks: &[(i64, Quality)],
) -> (Vec<Finding>, Vec<Gap>, u64) {
    let edges: Vec<i64> = edges.iter().map(|edge| edge * SECOND_US).collect();
    let mut samples: Vec<(i64, Quality)> = good.into_iter().map(|s| (s, Quality::GOOD)).collect();
    samples.extend(marks);
    samples.sort_by_key(|(second, _)| *second);
    let mut report = Report::new(expectation, &edges, None);
    for (second, quality) in samples {
        report.take(second * SECOND_US, quality);
    }
    report.finish()
}

/// Returns start and end in seconds, and the reason.
fn spans(gaps: &[Gap]) -> Vec<(i64, i64, Option<&str>)> {
    let span = |gap: &Gap| (gap.start_us / SECOND_US, gap.end_us / SECOND_US);
    gaps.iter()
        .map(|gap| (span(gap).0, span(gap).1, gap.reason.as_deref()))
        .collect()
}

#[test]
fn a_tag_that_was_always_there_is_complete() {
    let (found, gaps, count) = walk(POLLED, &[0, 3600], 0..3600, &[]);
    assert_eq!(found[0].samples, 3600);
    assert_eq!(
        (found[0].expected, found[0].completeness),
        (Some(3600), Some(1.0))
    );
    assert_eq!((gaps.len(), count, found[0].gap_us), (0, 0, 0));
}

#[test]
fn gaps_begin_and_end_at_samples_and_at_the_edges() {
    let good = (10..100).chain(150..200).chain(203..990);
    let (found, gaps, count) = walk(POLLED, &[0, 1000], good, &[]);
    assert_eq!(
        spans(&gaps),
        [
            (99, 150, None),
            (989, 1000, None),
            (0, 10, None),
            (199, 203, None)
        ]
    );
    assert_eq!((count, found[0].gaps), (4, 4));
    assert_eq!(found[0].gap_us, (51 + 11 + 10 + 4) * SECOND_US);
    assert_eq!((found[0].samples, found[0].expected), (927, Some(1000)));
    assert_eq!(found[0].completeness, Some(0.927));
}

#[test]
fn three_periods_are_no_gap_and_more_are() {
    let (_, gaps, _) = walk(POLLED, &[0, 20], [0, 3, 6, 10, 13, 16, 18], &[]);
    assert_eq!(spans(&gaps), [(6, 10, None)]);
    let fast = Expectation {
        period_us: Some(10_000),
        by_exception: false,
    };
    // two seconds are the least: a busy machine is no gap
    let (_, gaps, _) = walk(fast, &[0, 12], [0, 2, 4, 7, 9, 11], &[]);
    assert_eq!(spans(&gaps), [(4, 7, None)]);
}

#[test]
fn the_last_mark_in_a_gap_is_its_reason_and_no_sample() {
    let marks = [
        (100, Quality::UNCERTAIN_NO_COMMUNICATION),
        (103, Quality::BAD_NO_COMMUNICATION),
    ];
    let good = (0..100).chain(160..200);
    let (found, gaps, _) = walk(POLLED, &[0, 200], good, &marks);
    assert_eq!(spans(&gaps), [(99, 160, Some("BadNoCommunication"))]);
    assert_eq!((found[0].samples, found[0].bad), (140, 1));
    assert_eq!(found[0].bad_us, (160 - 103) * SECOND_US);
    assert_eq!(found[0].completeness, Some(0.7));
}

#[test]
fn a_gap_is_shared_out_between_the_spans_it_touches() {
    let good = (0..90).chain(310..400);
    let (found, gaps, count) = walk(POLLED, &[0, 100, 200, 300, 400], good, &[]);
    let parts: Vec<i64> = found.iter().map(|span| span.gap_us / SECOND_US).collect();
    assert_eq!(parts, [11, 100, 100, 10]);
    assert_eq!(
        found.iter().map(|span| span.gaps).collect::<Vec<_>>(),
        [1, 1, 1, 1]
    );
    assert_eq!((gaps.len(), count), (1, 1));
    let complete: Vec<Option<f64>> = found.iter().map(|span| span.completeness).collect();
    assert_eq!(complete, [Some(0.9), Some(0.0), Some(0.0), Some(0.9)]);
}

#[test]
fn nothing_is_expected_out_of_service() {
    let marks = [
        (100, Quality::BAD_OUT_OF_SERVICE),
        (300, Quality::BAD_WAITING_FOR_INITIAL_DATA),
    ];
    let good = (0..100).chain(301..400);
    let (found, gaps, _) = walk(POLLED, &[0, 400], good, &marks);
    assert!(gaps.is_empty(), "{gaps:?}");
    assert_eq!(found[0].out_of_service_us, 200 * SECOND_US);
    assert_eq!((found[0].expected, found[0].samples), (Some(200), 199));
    // neither is wrong: somebody wanted it so
    assert_eq!((found[0].bad, found[0].bad_us), (0, 0));

    // switched off before the range began, and for all of it
    let mut report = Report::new(POLLED, &[0, 1_000_000], Some(Quality::BAD_OUT_OF_SERVICE));
    report.take(-5, Quality::GOOD); // before the range: ignored
    let (found, gaps, _) = report.finish();
    assert_eq!((found[0].expected, found[0].completeness), (Some(0), None));
    assert!(gaps.is_empty());
}

#[test]
fn a_source_that_sends_changes_has_gaps_only_where_it_was_lost() {
    let marks = [
        (500, Quality::UNCERTAIN_NO_COMMUNICATION),
        (510, Quality::BAD_NO_COMMUNICATION),
    ];
    let (found, gaps, _) = walk(ON_CHANGE, &[0, 1000], [1, 400, 700], &marks);
    assert_eq!(spans(&gaps), [(500, 700, Some("BadNoCommunication"))]);
    assert_eq!((found[0].expected, found[0].completeness), (None, None));
    assert_eq!(found[0].samples, 3);
}

#[test]
fn what_was_odd_about_samples_is_counted_by_its_quality() {
    let marks = [
        (2, Quality::UNCERTAIN_RANGE_EXCEEDED),
        (3, Quality::UNCERTAIN_SPIKE),
        (4, Quality::UNCERTAIN_FROZEN),
        (5, Quality::UNCERTAIN_FROZEN),
        (6, Quality::BAD_SENSOR_FAILURE),
    ];
    let (found, ..) = walk(POLLED, &[0, 8], [0, 1, 7], &marks);
    let found = &found[0];
    assert_eq!((found.out_of_range, found.spikes, found.frozen), (1, 1, 2));
    assert_eq!((found.samples, found.uncertain, found.bad), (7, 4, 1));
    assert_eq!(found.bad_us, SECOND_US);
}

#[test]
fn the_list_of_gaps_is_bounded_and_keeps_the_longest() {
    let mut second = 0;
    let good: Vec<i64> = (0..1000)
        .map(|number| {
            second += 4 + number % 7;
            second
        })
        .collect();
    let (_, gaps, count) = walk(POLLED, &[4, second], good, &[]);
    assert_eq!((gaps.len(), count), (GAPS_MAX, 999));
    assert!(gaps.iter().all(|gap| gap.length_us == 10 * SECOND_US));
}

#[test]
fn an_empty_range_is_one_gap() {
    let (found, gaps, count) = walk(POLLED, &[0, 60], [], &[]);
    assert_eq!((spans(&gaps), count), (vec![(0, 60, None)], 1));
    assert_eq!(found[0].completeness, Some(0.0));
    let (found, gaps, _) = walk(ON_CHANGE, &[0, 60], [], &[]);
    assert!(gaps.is_empty());
    assert_eq!(found[0].completeness, None);
}

/// Stores samples of a tag, one a second from `first` to before `last`.
fn store(historian: &EmbeddedHistorian, first: i64, last: i64, quality: Quality) {
    let update = |second: i64| Update {
        tag: TagIndex(3),
        sample: Sample {
            time_us: DAY_US + second * SECOND_US,
            value: (!quality.is_bad()).then(|| second.into()),
            quality,
        },
    };
    let batch: Vec<Update> = (first..last).map(update).collect();
    historian.append(&batch).unwrap();
}

const DAY_US: i64 = 20_000 * 86_400 * SECOND_US;

#[test]
fn stored_samples_are_found_across_days_and_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let open = || EmbeddedHistorian::open(directory.path(), HistorianOptions::default()).unwrap();
    let historian = open();
    // two days from 23:00 on, with a hole over midnight that the hub has explained
    store(&historian, 82_800, 86_000, Quality::GOOD);
    store(&historian, 86_003, 86_004, Quality::BAD_NO_COMMUNICATION);
    store(&historian, 87_000, 90_000, Quality::GOOD);
    historian.close().unwrap();
    drop(historian);
    let historian = open();
    let at = |second: i64| DAY_US + second * SECOND_US;
    let edges = [at(82_800), at(86_400), at(90_000)];
    let found = scan(&historian, TagIndex(3), POLLED, &edges).unwrap();
    assert_eq!((found.gap_count, found.damaged), (1, 0));
    let gap = &found.gaps[0];
    assert_eq!((gap.start_us, gap.end_us), (at(85_999), at(87_000)));
    assert_eq!(gap.reason.as_deref(), Some("BadNoCommunication"));
    let samples: Vec<u64> = found.spans.iter().map(|span| span.samples).collect();
    assert_eq!(samples, [3_200, 3_000]);
    let gap_us: Vec<i64> = found
        .spans
        .iter()
        .map(|span| span.gap_us / SECOND_US)
        .collect();
    assert_eq!(gap_us, [401, 600]);
    let total = Finding::total(&found.spans, found.gap_count);
    assert_eq!((total.expected, total.gaps), (Some(7_200), 1));
    assert_eq!(total.completeness, Some(6_200.0 / 7_200.0));

    // what was before the range decides how it begins
    let inside = scan(&historian, TagIndex(3), POLLED, &[at(86_500), at(86_600)]).unwrap();
    assert_eq!(inside.gaps[0].reason.as_deref(), Some("BadNoCommunication"));
    assert_eq!(inside.spans[0].bad_us, 100 * SECOND_US);
    historian.close().unwrap();
}
