use headworks_core::Update;

use super::*;
use crate::history::testing::{SECOND_US, TAG, bad, good, patient, store};

fn query(limit: usize, cursor: Option<Cursor>) -> RawQuery {
    RawQuery {
        tags: vec![TagIndex(3), TAG],
        range: TimeRange {
            start_us: 2 * SECOND_US,
            end_us: 9 * SECOND_US,
        },
        limit,
        with_bounds: false,
        cursor,
    }
}

fn page(store: &dyn Historian, query: &RawQuery) -> (Vec<i64>, Option<Cursor>) {
    let mut seconds = Vec::new();
    let next = raw(store, query, &Limits::default(), &patient, &mut |part| {
        if let RawPart::Sample(sample) = part {
            seconds.push(sample.time_us / SECOND_US);
        }
        ControlFlow::Continue(())
    });
    (seconds, next.unwrap())
}

#[test]
fn pages_give_every_sample_once_while_others_arrive() {
    let samples: Vec<_> = (0..10).map(|second| good(second, 1.0)).collect();
    let (_directory, store) = store(&samples);
    let (first, cursor) = page(&store, &query(3, None));
    assert_eq!(first, [2, 3, 4]);
    // one before and one after the place of the cursor
    for second in [3, 6] {
        let mut sample = good(second, 2.0);
        sample.time_us += 1;
        store.append(&[Update { tag: TAG, sample }]).unwrap();
    }
    let (second, cursor) = page(&store, &query(3, cursor));
    assert_eq!(second, [5, 6, 6]);
    let (third, cursor) = page(&store, &query(3, cursor));
    assert_eq!((third, cursor), (vec![7, 8], None));
}

#[test]
fn bounds_stand_around_the_range() {
    let (_directory, store) = store(&[good(0, 1.0), bad(1), good(5, 1.0), good(20, 1.0)]);
    let query = RawQuery {
        with_bounds: true,
        ..query(10, None)
    };
    assert_eq!(page(&store, &query).0, [1, 5, 20]);
}

#[test]
fn cursors_of_other_questions_and_bad_bounds_are_refused() {
    let samples: Vec<_> = (0..10).map(|second| good(second, 1.0)).collect();
    let (_directory, store) = store(&samples);
    let (_, cursor) = page(&store, &query(3, None));
    let mut other = query(3, cursor);
    other.range.start_us += 1;
    let mut reversed = query(3, None);
    reversed.range.end_us = 0;
    let none = RawQuery {
        tags: Vec::new(),
        ..query(3, None)
    };
    for (query, want) in [
        (other, "cursor: the cursor is of another question"),
        (reversed, "start: 2000000 must be before the end, 0"),
        (query(0, None), "limit: 0 samples; 1 to 100000"),
        (query(100_001, None), "limit: 100001 samples"),
        (none, "tags: 0 tags; 1 to 1000"),
    ] {
        let error = query.check(&Limits::default()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn a_question_is_given_up_between_chunks_and_stops_at_its_budget() {
    use crate::history::Stop;
    let samples: Vec<_> = (0..1000).map(|second| good(second, 1.0)).collect();
    let (_directory, store) = store(&samples);
    let go_on = &mut |_: RawPart| ControlFlow::Continue(());
    for stop in [Stop::Cancelled, Stop::TimedOut] {
        let given_up = raw(
            &store,
            &query(3, None),
            &Limits::default(),
            &|| Some(stop),
            go_on,
        );
        assert!(matches!(
            (stop, given_up.unwrap_err()),
            (Stop::Cancelled, HistoryError::Cancelled) | (Stop::TimedOut, HistoryError::TimedOut)
        ));
    }
    let limits = Limits {
        samples: 2,
        ..Limits::default()
    };
    let error = raw(&store, &query(100, None), &limits, &patient, go_on).unwrap_err();
    assert!(
        error.to_string().contains("range: more than 2 samples"),
        "{error}"
    );
}
