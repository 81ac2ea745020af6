use super::*;
use crate::history::testing::{SECOND_US, TAG, bad, good, patient, store};

fn line_of(samples: &[Sample], columns: usize, gap_us: Option<i64>) -> Vec<ChartPoint> {
    let (_directory, store) = store(samples);
    let query = ChartQuery {
        tags: vec![TAG],
        range: TimeRange {
            start_us: 0,
            end_us: 10_000 * SECOND_US,
        },
        columns,
        gap_us,
    };
    let mut points = Vec::new();
    chart(
        &store,
        &query,
        &Limits::default(),
        &patient,
        &mut |_, line| {
            points.extend_from_slice(line);
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    points
}

#[test]
fn spikes_first_and_last_survive_and_points_are_few() {
    let mut samples: Vec<Sample> = (0..10_000)
        .map(|second| good(second, f64::from(u8::try_from(second % 7).unwrap())))
        .collect();
    samples[5_001] = good(5_001, 1e6);
    samples[5_002] = good(5_002, -1e6);
    let points = line_of(&samples, 50, None);
    assert!(points.len() <= 200, "{}", points.len());
    assert!(
        points
            .windows(2)
            .all(|pair| pair[0].time_us < pair[1].time_us)
    );
    let has = |second: i64, value: f64| {
        points
            .iter()
            .any(|p| p.time_us == second * SECOND_US && p.value == Some(Value::F64(value)))
    };
    assert!(has(5_001, 1e6) && has(5_002, -1e6));
    for column in 0..50 {
        let first = &samples[column * 200];
        let last = &samples[column * 200 + 199];
        assert!(
            points.iter().any(|p| p.time_us == first.time_us),
            "column {column}"
        );
        assert!(
            points.iter().any(|p| p.time_us == last.time_us),
            "column {column}"
        );
    }
}

#[test]
fn lines_break_at_bad_samples_and_long_pauses() {
    let points = line_of(
        &[good(0, 1.0), good(1, 2.0), bad(2), good(3, 3.0)],
        10,
        None,
    );
    let shown: Vec<_> = points
        .iter()
        .map(|p| (p.time_us / SECOND_US, p.value.is_some()))
        .collect();
    assert_eq!(shown, [(0, true), (2, false), (3, true)]);
    assert!(points.iter().all(|point| point.worst == QualityClass::Bad));
    let points = line_of(&[good(0, 1.0), good(9_000, 2.0)], 10, Some(60 * SECOND_US));
    let values: Vec<_> = points.iter().map(|point| point.value.is_some()).collect();
    assert_eq!(values, [true, false, true]);
}

#[test]
fn absurd_charts_are_refused() {
    for (columns, gap_us, want) in [
        (0, None, "columns: 0; 1 to 10000"),
        (10_001, None, "columns: 10001; 1 to 10000"),
        (10, Some(0), "gap_us: 1 or more"),
    ] {
        let query = ChartQuery {
            tags: vec![TAG],
            range: TimeRange {
                start_us: 0,
                end_us: 1,
            },
            columns,
            gap_us,
        };
        let error = query.check(&Limits::default()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}
