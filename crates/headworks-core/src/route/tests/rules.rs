//! One rule after the other.

use super::*;

#[test]
fn what_matches_passes_and_what_does_not_costs_nothing() {
    let mut bench = Bench::new(&["a/x", "b/x"]);
    bench.routes(&[&hook("a/*", "")]);
    assert_eq!(passed(&bench.take(0, number(1.0), NOON_US)), [number(1.0)]);
    assert_eq!(bench.take(1, number(1.0), NOON_US), []);
    assert_eq!(bench.engine.counts(0).matched, 1);
}

#[test]
fn samples_pass_by_their_quality() {
    let uncertain = |now_us| Sample {
        quality: Quality::UNCERTAIN_LAST_USABLE,
        ..Sample::good(now_us, number(2.0))
    };
    for (accept, want) in [
        ("good", [true, false, false]),
        ("usable", [true, true, false]),
    ] {
        let mut bench = Bench::new(&["a"]);
        bench.routes(&[&hook("a", &format!(r#""accept":"{accept}""#))]);
        let good = Sample::good(NOON_US, number(1.0));
        let found = [good, uncertain(NOON_US), bad(NOON_US)]
            .map(|sample| !passed(&bench.take_sample(0, sample, NOON_US)).is_empty());
        assert_eq!(found, want, "{accept}");
    }
}

#[test]
fn a_bad_sample_goes_to_a_web_service_without_a_value_and_to_no_tag() {
    let mut bench = Bench::new(&["a", "t"]);
    let any = r#""accept":"any","transform":"scale(2)""#;
    bench.routes(&[&hook("a", any), &write("a", 1, any)]);
    // the data space keeps the last value beside a bad quality
    let kept = Sample {
        value: Some(number(7.0)),
        ..bad(NOON_US)
    };
    let steps = bench.take_sample(0, kept, NOON_US);
    let Verdict::Passed(passed) = &steps[0].verdict else {
        panic!("{steps:?}");
    };
    assert_eq!((&passed.sample.value, passed.stopped), (&None, 0));
    assert_eq!(held(&steps), [Hold::NoValue]);
}

#[test]
fn conditions_see_the_sample_and_other_tags() {
    let mut bench = Bench::new(&["a", "limit"]);
    bench.routes(&[&hook("a", r#""when":"value > tag(\"limit\")""#)]);
    let steps = bench.take(0, number(5.0), NOON_US);
    assert_eq!(
        held(&steps),
        [Hold::ConditionFault],
        "the limit has no value yet"
    );
    bench.take(1, number(4.0), NOON_US);
    assert_eq!(passed(&bench.take(0, number(5.0), NOON_US)), [number(5.0)]);
    assert_eq!(
        held(&bench.take(0, number(3.0), NOON_US)),
        [Hold::Condition]
    );
}

#[test]
fn conditions_remember_tag_by_tag() {
    let mut bench = Bench::new(&["p/a", "p/b"]);
    bench.routes(&[&hook("p/*", r#""when":"rising(value > 10)""#)]);
    assert_eq!(passed(&bench.take(0, number(5.0), NOON_US)), []);
    assert_eq!(passed(&bench.take(1, number(20.0), NOON_US)), []);
    assert_eq!(
        passed(&bench.take(0, number(11.0), NOON_US + 1)),
        [number(11.0)]
    );
    assert_eq!(passed(&bench.take(1, number(21.0), NOON_US + 1)), []);
}

#[test]
fn transforms_change_the_value_and_tell_when_they_cannot() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""transform":"1 / value""#)]);
    assert_eq!(passed(&bench.take(0, number(4.0), NOON_US)), [number(0.25)]);
    let steps = bench.take(0, number(0.0), NOON_US);
    let Verdict::Held { by, fault, .. } = &steps[0].verdict else {
        panic!("{steps:?}");
    };
    assert_eq!(*by, Hold::Transform);
    assert!(fault.is_some());
}

#[test]
fn faults_are_told_of_also_without_a_trace() {
    let mut bench = Bench::new(&["a"]);
    bench.engine = Engine::new(TimeZone::UTC);
    bench.routes(&[&hook("a", r#""transform":"1 / value","when":"value < 9""#)]);
    assert_eq!(bench.take(0, number(10.0), NOON_US), []);
    assert_eq!(bench.take(0, number(0.0), NOON_US).len(), 1);
    assert_eq!(bench.engine.counts(0).held(Hold::Condition), 1);
    assert_eq!(bench.engine.counts(0).held(Hold::Transform), 1);
}

#[test]
fn schedules_go_by_local_time_with_its_summer() {
    let mut bench = Bench::new(&["a"]);
    bench.engine = Engine::new(TimeZone::get("Europe/Vienna").unwrap()).tracing();
    bench.routes(&[&hook(
        "a",
        r#""schedule":{"days":["sat"],"from":"13:00","to":"14:00"}"#,
    )]);
    assert_eq!(
        passed(&bench.take(0, number(1.0), NOON_US)).len(),
        1,
        "13:00 in winter"
    );
    assert_eq!(
        held(&bench.take(0, number(2.0), NOON_US + 3600 * SECOND_US)),
        [Hold::Schedule]
    );
    let summer_us = NOON_US - 140 * 86_400 * SECOND_US; // 2026-07-04, a Saturday
    assert_eq!(
        held(&bench.take(0, number(3.0), summer_us)),
        [Hold::Schedule],
        "14:00"
    );
    let earlier_us = summer_us - 3600 * SECOND_US;
    assert_eq!(passed(&bench.take(0, number(4.0), earlier_us)).len(), 1);
}

#[test]
fn only_what_changed_by_more_than_the_deadband_passes() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""rules":{"deadband":0.5}"#)]);
    let mut all = Vec::new();
    for value in [1.0, 1.0, 1.4, 1.5, 1.6, 1.2, 1.05] {
        all.extend(passed(&bench.take(0, number(value), NOON_US)));
    }
    assert_eq!(
        all,
        [1.0, 1.6, 1.05].map(number),
        "against the last that passed"
    );
    assert_eq!(bench.engine.counts(0).held(Hold::Unchanged), 4);
}

#[test]
fn every_sample_passes_when_asked_for() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""rules":{"every_sample":true}"#)]);
    assert_eq!(passed(&bench.take(0, number(1.0), NOON_US)).len(), 1);
    assert_eq!(passed(&bench.take(0, number(1.0), NOON_US)).len(), 1);
}

#[test]
fn the_newest_of_what_came_too_soon_passes_later() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""rules":{"min_interval_ms":1000}"#)]);
    assert_eq!(passed(&bench.take(0, number(1.0), NOON_US)).len(), 1);
    for (at, value) in [(100, 2.0), (200, 3.0)] {
        let steps = bench.take(0, number(value), NOON_US + at * 1000);
        assert_eq!(held(&steps), [Hold::Interval]);
    }
    assert_eq!(bench.engine.due_us(), Some(NOON_US + SECOND_US));
    assert_eq!(bench.tick(NOON_US + SECOND_US - 1), []);
    assert_eq!(passed(&bench.tick(NOON_US + SECOND_US)), [number(3.0)]);
    assert_eq!(bench.tick(NOON_US + 9 * SECOND_US), []);
    assert_eq!(bench.engine.due_us(), None);
}

#[test]
fn what_is_as_it_was_when_its_time_comes_does_not_pass() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""rules":{"min_interval_ms":1000}"#)]);
    bench.take(0, number(1.0), NOON_US);
    bench.take(0, number(2.0), NOON_US + 1);
    assert_eq!(
        held(&bench.take(0, number(1.0), NOON_US + 2)),
        [Hold::Unchanged]
    );
    assert_eq!(bench.tick(NOON_US + SECOND_US), []);
}

#[test]
fn a_route_passes_as_many_as_it_may_in_a_minute() {
    let mut bench = Bench::new(&["p/a", "p/b"]);
    bench.routes(&[&hook("p/*", r#""rules":{"max_per_minute":3}"#)]);
    let mut all = Vec::new();
    for step in 0..5 {
        let value = number(f64::from(step));
        all.extend(held(&bench.take(
            u32::try_from(step % 2).unwrap(),
            value,
            NOON_US,
        )));
    }
    assert_eq!(all, [Hold::Rate, Hold::Rate]);
    let next_us = NOON_US + 60 * SECOND_US;
    assert_eq!(passed(&bench.take(0, number(9.0), next_us)), [number(9.0)]);
}

#[track_caller]
fn check_window(function: &str, values: &[f64], want: Value) {
    let mut bench = Bench::new(&["a"]);
    let window = format!(r#""window":{{"function":"{function}","seconds":10}}"#);
    bench.routes(&[&hook("a", &window)]);
    for (at, value) in (0..).zip(values) {
        let steps = bench.take(0, number(*value), NOON_US + at * SECOND_US);
        assert_eq!(held(&steps), [Hold::Window]);
    }
    let end_us = NOON_US + 10 * SECOND_US;
    assert_eq!(bench.engine.due_us(), Some(end_us));
    let steps = bench.tick(end_us);
    assert_eq!(passed(&steps), [want], "{function}");
    let Verdict::Passed(passed) = &steps[0].verdict else {
        panic!("it passed");
    };
    assert_eq!(passed.sample.time_us, end_us);
    assert_eq!(
        bench.tick(end_us + 100 * SECOND_US),
        [],
        "an empty window says nothing"
    );
}

#[test]
fn windows_make_one_of_many() {
    let values = [4.0, 1.0, 7.0];
    check_window("avg", &values, number(4.0));
    check_window("min", &values, number(1.0));
    check_window("max", &values, number(7.0));
    check_window("sum", &values, number(12.0));
    check_window("count", &values, Value::I64(3));
    check_window("last", &values, number(7.0));
}

#[test]
fn a_sample_after_the_end_closes_the_window_and_opens_the_next() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""window":{"function":"sum","seconds":10}"#)]);
    bench.take(0, number(1.0), NOON_US + 9 * SECOND_US);
    let steps = bench.take(0, number(5.0), NOON_US + 11 * SECOND_US);
    assert_eq!(passed(&steps), [number(1.0)]);
    assert_eq!(passed(&bench.tick(NOON_US + 20 * SECOND_US)), [number(5.0)]);
}

#[test]
fn a_window_with_an_uncertain_sample_is_uncertain_and_texts_do_not_fit() {
    let mut bench = Bench::new(&["a"]);
    bench.routes(&[&hook("a", r#""window":{"function":"max","seconds":10}"#)]);
    bench.take(0, number(1.0), NOON_US);
    let uncertain = Sample {
        quality: Quality::UNCERTAIN_SPIKE,
        ..Sample::good(NOON_US, number(2.0))
    };
    bench.take_sample(0, uncertain, NOON_US);
    assert_eq!(held(&bench.take(0, "text", NOON_US)), [Hold::WindowKind]);
    let steps = bench.tick(NOON_US + 10 * SECOND_US);
    let Verdict::Passed(passed) = &steps[0].verdict else {
        panic!("{steps:?}");
    };
    assert_eq!(passed.sample.quality, Quality::UNCERTAIN_SUB_NORMAL);
}

#[test]
fn windows_and_transforms_go_together() {
    let mut bench = Bench::new(&["a"]);
    let fields = r#""window":{"function":"avg","seconds":10},"transform":"scale(10) | round""#;
    bench.routes(&[&hook("a", fields)]);
    bench.take(0, number(1.0), NOON_US);
    bench.take(0, number(2.0), NOON_US);
    let result = passed(&bench.tick(NOON_US + 10 * SECOND_US));
    assert_eq!(result[0].as_f64(), Some(15.0));
}
