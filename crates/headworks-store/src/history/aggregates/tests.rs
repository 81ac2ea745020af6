use headworks_core::{Quality, Sample, Value};
use serde_json::Value as Json;

use super::*;
use crate::history::testing::{SECOND_US, bad, good, uncertain};

mod annex;
mod brute;

fn pass(samples: &[Sample], intervals: Intervals, options: AggregateOptions) -> Engine {
    let mut engine = Engine::new(intervals, options);
    samples
        .iter()
        .for_each(|sample| engine.push(sample.clone()));
    engine.finish();
    engine
}

fn fixed(start: i64, end: i64, width: i64) -> Intervals {
    Intervals::fixed(
        start * SECOND_US,
        end * SECOND_US,
        width * SECOND_US,
        100_000,
    )
    .unwrap()
}

/// Writes a result as Annex A does: time, value, status, bits.
fn shown(result: &Processed) -> String {
    let value = result.value.as_ref().and_then(Value::as_f64);
    let value = value.map_or_else(String::new, |value| {
        format!(" {}", (value * 1000.0).round() / 1000.0)
    });
    let name = match result.quality.code() & 0xFFFF_0000 {
        0x4000_0000 => "Uncertain",
        _ => result.quality.name().unwrap_or("?"),
    };
    let bits: Vec<&str> = bits::names(result.quality).collect();
    let bits = bits
        .iter()
        .map(|bit| format!(", {bit}"))
        .collect::<String>();
    format!("{}{value} {name}{bits}", result.time_us / SECOND_US)
}

#[track_caller]
fn check(samples: &[Sample], options: AggregateOptions, aggregate: Aggregate, want: &[&str]) {
    let width = if aggregate == Aggregate::Interpolative {
        5
    } else {
        16
    };
    let engine = pass(samples, fixed(0, 100, width), options);
    let found: Vec<String> = engine
        .results(aggregate)
        .map(|result| shown(&result))
        .collect();
    assert_eq!(found, want, "{}", aggregate.name());
}

#[test]
fn averages_over_time_bridge_gaps_or_leave_them_out() {
    let samples = [
        good(0, 0.0),
        good(4, 8.0),
        bad(6),
        good(10, 2.0),
        good(20, 2.0),
    ];
    let engine = pass(&samples, fixed(0, 20, 10), AggregateOptions::default());
    let one = |aggregate| shown(&engine.results(aggregate).next().unwrap());
    // by hand: 4 s at 4, then 6 s from 8 to 2
    assert_eq!(
        one(Aggregate::TimeAverage),
        "0 4.6 UncertainDataSubNormal, Calculated"
    );
    assert_eq!(
        one(Aggregate::Total),
        "0 46 UncertainDataSubNormal, Calculated"
    );
    // by hand: 4 s at 4, 2 s at 8, 4 s left out
    assert_eq!(
        one(Aggregate::TimeAverage2),
        "0 5.333 UncertainDataSubNormal, Calculated"
    );
    assert_eq!(
        one(Aggregate::Total2),
        "0 32 UncertainDataSubNormal, Calculated"
    );
    assert_eq!(
        one(Aggregate::DurationInStateNonZero),
        "0 2000 UncertainDataSubNormal, Calculated"
    );
    assert_eq!(
        one(Aggregate::DurationInStateZero),
        "0 4000 UncertainDataSubNormal, Calculated"
    );
}

#[test]
fn bounds_may_be_the_extremes() {
    let samples = [good(0, 0.0), good(8, 8.0), good(12, 4.0), good(30, 22.0)];
    let engine = pass(&samples, fixed(5, 25, 10), AggregateOptions::default());
    let all = |aggregate| {
        engine
            .results(aggregate)
            .map(|r| shown(&r))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        all(Aggregate::Minimum2),
        ["5 4 Good, Calculated", "15 7 Good, Interpolated"]
    );
    assert_eq!(
        all(Aggregate::Maximum2),
        ["5 8 Good, Calculated", "15 17 Good, Interpolated"]
    );
    assert_eq!(
        all(Aggregate::MaximumActualTime2),
        ["8 8 Good", "24 17 Good, Interpolated"]
    );
    assert_eq!(
        all(Aggregate::MinimumActualTime2),
        ["12 4 Good", "15 7 Good, Interpolated"]
    );
    assert_eq!(
        all(Aggregate::Range2),
        ["5 4 Good, Calculated", "15 10 Good, Calculated"]
    );
    assert_eq!(
        all(Aggregate::StartBound),
        ["5 5 Good, Interpolated", "15 7 Good, Interpolated"]
    );
    assert_eq!(
        all(Aggregate::EndBound),
        ["5 7 Good, Calculated", "15 17 Good, Calculated"]
    );
    assert_eq!(
        all(Aggregate::DeltaBounds),
        ["5 2 Good, Calculated", "15 10 Good, Calculated"]
    );
    assert_eq!(
        all(Aggregate::Count),
        ["5 2 Good, Calculated", "15 0 Good, Calculated"]
    );
    assert_eq!(
        all(Aggregate::Average),
        ["5 6 Good, Calculated", "15 BadNoData"]
    );
    assert_eq!(
        all(Aggregate::WorstQuality2),
        [
            "5 0 Good, Calculated, MultipleValues",
            "15 0 Good, Calculated"
        ]
    );
}

#[test]
fn a_range_that_runs_backward_has_its_start_and_not_its_end() {
    // the example of the OPC Foundation's forum: 5 to 10, a sample at each end
    let samples = [good(0, 10.0), good(5, 15.0), good(10, 20.0), good(15, 25.0)];
    let options = AggregateOptions::default();
    let forward = pass(&samples, fixed(5, 10, 5), options);
    let backward = pass(&samples, fixed(10, 5, 5), options);
    let one = |engine: &Engine, aggregate| shown(&engine.results(aggregate).next().unwrap());
    assert_eq!(one(&forward, Aggregate::Minimum), "5 15 Good");
    assert_eq!(one(&backward, Aggregate::Minimum), "10 20 Good");
    assert_eq!(one(&backward, Aggregate::StartBound), "10 20 Good");
    assert_eq!(
        one(&backward, Aggregate::DeltaBounds),
        "10 -5 Good, Calculated"
    );
    let engine = pass(&samples, fixed(15, 0, 4), options);
    let starts: Vec<i64> = engine
        .results(Aggregate::Count)
        .map(|r| r.time_us / SECOND_US)
        .collect();
    assert_eq!(starts, [15, 11, 7, 3]);
    let last = engine.results(Aggregate::Interpolative).last().unwrap();
    assert_eq!(shown(&last), "3 13 Good, Interpolated");
    let last = engine.results(Aggregate::Count).last().unwrap();
    assert_eq!(shown(&last), "3 0 Good, Calculated, Partial");
}

#[test]
fn statistics_are_those_of_the_good_samples() {
    let samples = [
        good(1, 2.0),
        good(2, 4.0),
        good(3, 4.0),
        good(4, 6.0),
        good(11, 1.0),
        bad(12),
        good(20, 0.0),
    ];
    let engine = pass(&samples, fixed(0, 20, 10), AggregateOptions::default());
    let all = |aggregate| {
        engine
            .results(aggregate)
            .map(|r| shown(&r))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        all(Aggregate::VarianceSample),
        [
            "0 2.667 Good, Calculated, Partial",
            "10 0 UncertainDataSubNormal, Calculated"
        ]
    );
    assert_eq!(
        all(Aggregate::VariancePopulation)[0],
        "0 2 Good, Calculated, Partial"
    );
    assert_eq!(
        all(Aggregate::StandardDeviationPopulation)[0],
        "0 1.414 Good, Calculated, Partial"
    );
    assert_eq!(
        all(Aggregate::StandardDeviationSample)[0],
        "0 1.633 Good, Calculated, Partial"
    );
    assert_eq!(all(Aggregate::Delta)[0], "0 4 Good, Calculated, Partial");
    assert_eq!(
        all(Aggregate::Delta)[1],
        "10 0 UncertainDataSubNormal, Calculated"
    );
    assert_eq!(
        all(Aggregate::NumberOfTransitions),
        [
            "0 3 Good, Calculated, Partial",
            "10 1 UncertainDataSubNormal, Calculated"
        ]
    );
    assert_eq!(all(Aggregate::Start), ["1 2 Good, Partial", "11 1 Good"]);
    assert_eq!(all(Aggregate::End), ["4 6 Good, Partial", "12 Bad"]);
    let worst = engine.results(Aggregate::WorstQuality).nth(1).unwrap();
    assert_eq!(worst.value, Some(Value::U64(0x8000_0000)));
}

#[test]
fn texts_have_states_and_no_sums() {
    let text = |second: i64, text: &str| Sample::good(second * SECOND_US, Value::from(text));
    let samples = [text(0, "run"), text(4, "stop"), text(12, "run")];
    let engine = pass(&samples, fixed(2, 12, 10), AggregateOptions::default());
    for &aggregate in Aggregate::ALL {
        let result = engine.results(aggregate).next().unwrap();
        let is_refused = result.quality == BAD_INVALID_INPUTS;
        assert_eq!(
            is_refused,
            aggregate.needs_numbers(),
            "{}: {result:?}",
            aggregate.name()
        );
    }
    let start = engine.results(Aggregate::StartBound).next().unwrap();
    assert_eq!(start.value, Some(Value::from("run")));
}

#[test]
fn no_number_is_ever_infinite_and_whole_numbers_keep_their_digits() {
    let samples = [
        good(0, f64::MAX),
        good(1, f64::MAX),
        good(2, -f64::MAX),
        good(10, f64::MAX),
    ];
    let engine = pass(&samples, fixed(0, 10, 10), AggregateOptions::default());
    for &aggregate in Aggregate::ALL {
        if let Some(Value::F64(number)) = engine.results(aggregate).next().unwrap().value {
            assert!(number.is_finite(), "{}", aggregate.name());
        }
    }
    let whole = |second: i64, value| Sample::good(second * SECOND_US, Value::I64(value));
    let samples = [whole(0, i64::MAX - 1), whole(5, i64::MAX), whole(10, 0)];
    let engine = pass(&samples, fixed(0, 10, 10), AggregateOptions::default());
    let value = |aggregate| engine.results(aggregate).next().unwrap().value;
    assert_eq!(value(Aggregate::Maximum), Some(Value::I64(i64::MAX)));
    assert_eq!(value(Aggregate::Range), Some(Value::I64(1)));
}

#[test]
fn intervals_that_make_no_sense_are_refused() {
    for (start, end, width, want) in [
        (5, 5, 1, "start: 5 is the end too"),
        (-1, 5, 1, "start: -1 us; 0 to"),
        (0, i64::MAX, 1, "end: 9223372036854775807"),
        (0, 1000, 1, "interval: 1000 intervals; at most 100"),
        (1000, 0, 1, "interval: 1000 intervals; at most 100"),
        (0, 5, -1, "interval: -1 us"),
    ] {
        let error = Intervals::fixed(start, end, width, 100)
            .unwrap_err()
            .to_string();
        assert!(error.contains(want), "{error}");
    }
    assert_eq!(Intervals::fixed(0, 1000, i64::MAX, 1).unwrap().count(), 1);
    assert_eq!(Intervals::fixed(0, 1000, 0, 1).unwrap().count(), 1);
}

/// Where node-opcua-aggregates 2.182 and Part 13 differ, and why the specification wins.
fn is_known_difference(aggregate: Aggregate, theirs: (Option<f64>, u32), ours: &Processed) -> bool {
    let their_class = Quality::from_code(theirs.1).class();
    match aggregate {
        // It does not set Partial, and does not count as 5.4.3.2.1 says but by time: any status
        // by PercentValues may differ. The numbers must not.
        Aggregate::Average | Aggregate::Count => ours.value.is_none() || theirs.0.is_none(),
        // It says "raw" for a first sample at the start even when another one is the extreme
        // (5.4.3.10), and does not heed a smaller Uncertain one.
        Aggregate::Minimum | Aggregate::Maximum => {
            theirs.0 == ours.value.as_ref().and_then(Value::as_f64)
        }
        // It takes the value of an interval that lies in a pause for missing, and returns -1 or
        // a bare Bad where 5.4.3.31 has a duration.
        Aggregate::DurationGood | Aggregate::DurationBad => {
            theirs.0.is_none_or(|number| number <= 0.0)
        }
        Aggregate::PercentGood | Aggregate::PercentBad => {
            theirs.0.is_none_or(|number| number <= 0.0)
        }
        // A raw value that counts as bad is no bound (3.1.8); it returns it. It leaves the
        // status of stepped values good or sub-normal by all skipped samples up to the next one.
        Aggregate::Interpolative => their_class != headworks_core::QualityClass::Good,
        _ => false,
    }
}

#[test]
fn an_independent_implementation_agrees() {
    let text = include_str!("../../../tests/fixtures/part13.json");
    let cases: Json = serde_json::from_str(text).unwrap();
    let (mut compared, mut known) = (0, 0);
    for case in cases.as_array().unwrap() {
        let samples: Vec<Sample> = case["samples"]
            .as_array()
            .unwrap()
            .iter()
            .map(sample)
            .collect();
        let option = |name: &str| case["options"][name].as_bool().unwrap();
        let options = AggregateOptions {
            stepped: option("stepped"),
            treat_uncertain_as_bad: option("treat_uncertain_as_bad"),
            ..AggregateOptions::default()
        };
        let us = |name: &str| case[name].as_i64().unwrap() * 1000;
        let intervals = Intervals::fixed(0, us("end_ms"), us("width_ms"), 1000).unwrap();
        let engine = pass(&samples, intervals, options);
        for (name, results) in case["results"].as_object().unwrap() {
            let aggregate: Aggregate = name.parse().unwrap();
            let theirs = results.as_array().unwrap();
            assert_eq!(engine.results(aggregate).count(), theirs.len());
            for (ours, theirs) in engine.results(aggregate).zip(theirs) {
                let theirs = (
                    theirs[0].as_f64(),
                    u32::try_from(theirs[1].as_u64().unwrap()).unwrap(),
                );
                compared += 1;
                if !is_same(&ours, theirs) {
                    known += 1;
                    let is_known = is_known_difference(aggregate, theirs, &ours);
                    assert!(
                        is_known,
                        "{name} {options:?}: {ours:?}, they say {theirs:?}"
                    );
                }
            }
        }
    }
    assert!(1500 < compared, "{compared}");
    assert!(known * 4 < compared, "{known} of {compared} differ");
}

fn sample(json: &Json) -> Sample {
    let time_us = json[0].as_i64().unwrap() * 1000;
    let quality = match json[2].as_str().unwrap() {
        "Good" => Quality::GOOD,
        "Uncertain" => Quality::from_code(0x4000_0000),
        _ => return Sample::bad(time_us, Quality::BAD),
    };
    Sample {
        time_us,
        value: json[1].as_f64().map(Value::F64),
        quality,
    }
}

fn is_same(ours: &Processed, theirs: (Option<f64>, u32)) -> bool {
    let number = ours.value.as_ref().and_then(Value::as_f64);
    let is_same_number = match (number, theirs.0) {
        // Its tick is a millisecond, ours a microsecond.
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1.001_f64.max(theirs.abs() * 1e-3),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    };
    let class = Quality::from_code(theirs.1).class();
    is_same_number && (class == ours.quality.class() || ours.quality.is_bad() && number.is_none())
}
