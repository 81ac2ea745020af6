use super::*;
use crate::history::testing::{SECOND_US, TAG, bad, good, patient, store};
use headworks_core::Value;

const DAY: i64 = 86_400;

#[test]
fn instants_near_and_far_have_values_and_neighbours() {
    let samples = [good(10, 1.0), good(20, 2.0), bad(25), good(3 * DAY, 5.0)];
    let (_directory, store) = store(&samples);
    let query = AtTimeQuery {
        tags: vec![(TAG, AggregateOptions::default())],
        times_us: [5, 15, 20, 3 * DAY, 4 * DAY]
            .map(|second| second * SECOND_US)
            .to_vec(),
        with_bounds: true,
    };
    let mut found = Vec::new();
    at_time(
        &store,
        &query,
        &Limits::default(),
        &patient,
        &mut |_, tag| {
            found.push(tag);
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    let [tag] = &found[..] else {
        panic!("{found:?}")
    };
    let numbers: Vec<Option<f64>> = tag
        .values
        .iter()
        .map(|value| value.value.as_ref().and_then(Value::as_f64))
        .collect();
    assert_eq!(numbers, [None, Some(1.5), Some(2.0), Some(5.0), Some(5.0)]);
    let second = |sample: &Option<Sample>| sample.as_ref().map(|s| s.time_us / SECOND_US);
    let before: Vec<_> = tag.before.iter().map(second).collect();
    assert_eq!(
        before,
        [None, Some(10), Some(20), Some(3 * DAY), Some(3 * DAY)]
    );
    let after: Vec<_> = tag.after.iter().map(second).collect();
    assert_eq!(after, [Some(10), Some(20), Some(25), None, None]);
}

#[test]
fn instants_must_rise() {
    for (times_us, want) in [
        (vec![], "times: 0 buckets"),
        (vec![5, 5], "times: 5 does not come after 5"),
        (vec![5, 4], "times: 4 does not come after 5"),
        (vec![-1], "times: -1 us; 0 to"),
        (vec![i64::MAX], "times: 9223372036854775807 us"),
    ] {
        let query = AtTimeQuery {
            tags: vec![(TAG, AggregateOptions::default())],
            times_us,
            with_bounds: false,
        };
        let error = query.check(&Limits::default()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}
