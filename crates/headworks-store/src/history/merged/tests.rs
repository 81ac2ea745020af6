use headworks_core::Update;

use super::*;
use crate::history::testing::{SECOND_US, TAG, good, patient, store};
use crate::history::{HistoryError, Stop};

const OTHER: TagIndex = TagIndex(9);

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange {
        start_us: start * SECOND_US,
        end_us: end * SECOND_US,
    }
}

/// A store where the one tag has a sample each second and the other at 0, 4 and 8.
fn two() -> (tempfile::TempDir, impl Historian) {
    let samples: Vec<_> = (0..10).map(|second| good(second, 1.0)).collect();
    let (directory, store) = store(&samples);
    let others = [0, 4, 8].map(|second| Update {
        tag: OTHER,
        sample: good(second, 2.0),
    });
    store.append(&others).unwrap();
    (directory, store)
}

fn seconds(found: &Merged) -> Vec<(i64, TagIndex)> {
    let samples = found.samples.iter();
    samples
        .map(|update| (update.sample.time_us / SECOND_US, update.tag))
        .collect()
}

#[test]
fn samples_of_several_tags_come_by_time_and_then_as_asked_for() {
    let (_directory, store) = two();
    let found = merged(&store, &[OTHER, TAG], range(3, 6), 100, &patient).unwrap();
    assert_eq!(seconds(&found), [(3, TAG), (4, OTHER), (4, TAG), (5, TAG)]);
    assert_eq!(found.end_us, 6 * SECOND_US);
}

#[test]
fn parts_end_where_the_fullest_tag_ends_and_join_without_a_gap() {
    let (_directory, store) = two();
    let whole = merged(&store, &[OTHER, TAG], range(0, 10), 100, &patient).unwrap();
    let (mut joined, mut rest, mut parts) = (Vec::new(), range(0, 10), 0);
    while rest.start_us < rest.end_us {
        let part = merged(&store, &[OTHER, TAG], rest, 6, &patient).unwrap();
        assert!(rest.start_us < part.end_us && part.samples.len() <= 6);
        joined.extend(part.samples);
        rest.start_us = part.end_us;
        parts += 1;
    }
    assert_eq!((joined, parts), (whole.samples, 4));
}

#[test]
fn who_goes_away_ends_the_reading() {
    let (_directory, store) = two();
    let gone = || Some(Stop::Cancelled);
    let refused = merged(&store, &[TAG], range(0, 10), 100, &gone);
    assert!(matches!(refused, Err(HistoryError::Cancelled)));
}
