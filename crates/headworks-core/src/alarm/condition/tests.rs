use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const S: i64 = 1_000_000;

fn id(number: u8) -> ObjectId {
    format!("0192d3c0-0000-7000-8000-0000000000{number:02}")
        .parse()
        .unwrap()
}

fn detector(condition: serde_json::Value) -> Detector {
    Detector {
        condition: serde_json::from_value(condition).unwrap(),
        deadband: 0.0,
        on_bad: OnBad::Hold,
    }
}

/// One detector that is judged again and again, active as its last verdict says.
struct Bench {
    detector: Detector,
    memory: Memory,
    active: bool,
    tags: HashMap<ObjectId, f64>,
}

impl Bench {
    fn new(condition: serde_json::Value) -> Bench {
        Bench {
            detector: detector(condition),
            memory: Memory::default(),
            active: false,
            tags: HashMap::new(),
        }
    }

    fn judge(&mut self, now_us: i64, sample: Option<&Sample>) -> Judgement {
        let reading = Reading {
            now_us,
            source: Source::Sample(sample),
        };
        let tags = &self.tags;
        let judgement = self
            .detector
            .judge(&reading, self.active, &mut self.memory, |tag| {
                tags.get(&tag).copied()
            });
        match judgement.verdict {
            Verdict::True => self.active = true,
            Verdict::False => self.active = false,
            Verdict::Unknown => {}
        }
        judgement
    }

    fn value(&mut self, value: impl Into<Value>) -> Verdict {
        self.judge(0, Some(&Sample::good(0, value.into()))).verdict
    }

    fn number(&mut self, value: f64) -> Verdict {
        self.value(Value::F64(value))
    }

    fn at(&mut self, second: i64, value: f64) -> Verdict {
        let sample = Sample::good(second * S, Value::F64(value));
        self.judge(second * S, Some(&sample)).verdict
    }
}

/// Checks which of the values raise.
#[track_caller]
fn check_raises(condition: serde_json::Value, raises: &[f64], does_not: &[f64]) {
    for (values, want) in [(raises, Verdict::True), (does_not, Verdict::False)] {
        for &value in values {
            let found = Bench::new(condition.clone()).number(value);
            assert_eq!(found, want, "{value} in {condition}");
        }
    }
}

#[test]
fn each_limit_raises_beyond_itself_only() {
    for kind in ["high", "high_high"] {
        let condition = json!({"kind": kind, "limit": 70});
        check_raises(condition, &[70.1, 1e300], &[70.0, 69.9, -1e300]);
    }
    for kind in ["low", "low_low"] {
        let condition = json!({"kind": kind, "limit": 5.5});
        check_raises(condition, &[5.4, -1e300], &[5.5, 5.6, 1e300]);
    }
    let deviation = json!({"kind": "deviation", "setpoint": 50, "max": 5});
    check_raises(deviation, &[44.9, 55.1], &[45.0, 50.0, 55.0]);
    let range = json!({"kind": "range", "low": -1, "high": 1});
    check_raises(range, &[-1.1, 1.1], &[-1.0, 0.0, 1.0]);
}

#[test]
fn states_and_equality_compare_every_kind_of_value() {
    let mut door = Bench::new(json!({"kind": "discrete", "states": [true]}));
    assert_eq!(door.value(true), Verdict::True);
    assert_eq!(door.value(false), Verdict::False);
    assert_eq!(door.value(1), Verdict::True, "a coil read as a number");
    let mut mode = Bench::new(json!({"kind": "discrete", "states": [3, 4]}));
    assert_eq!(mode.value(4), Verdict::True);
    assert_eq!(mode.value(5), Verdict::False);
    let mut text = Bench::new(json!({"kind": "not_equals", "value": "AUTO"}));
    assert_eq!(text.value("MANUAL"), Verdict::True);
    assert_eq!(text.value("AUTO"), Verdict::False);
    assert_eq!(text.number(1.0), Verdict::Unknown, "a number is no text");
}

#[test]
fn scaled_numbers_equal_what_people_write() {
    let mut scaled = Bench::new(json!({"kind": "equals", "value": 0.7}));
    assert_ne!(7.0 * 0.1, 0.7, "the reason of the tolerance");
    assert_eq!(scaled.number(7.0 * 0.1), Verdict::True);
    assert_eq!(scaled.number(0.700_001), Verdict::False);
    let mut zero = Bench::new(json!({"kind": "equals", "value": 0}));
    assert_eq!(zero.number(0.0), Verdict::True);
    assert_eq!(zero.number(1e-300), Verdict::False);
}

#[test]
fn great_integers_are_compared_to_the_last_digit() {
    let mut serial = Bench::new(json!({"kind": "equals", "value": 9_007_199_254_740_993_i64}));
    assert_eq!(serial.value(9_007_199_254_740_992_i64), Verdict::False);
    assert_eq!(serial.value(9_007_199_254_740_993_i64), Verdict::True);
}

#[test]
fn a_deadband_holds_an_active_alarm_and_no_other() {
    let mut high = Bench::new(json!({"kind": "high", "limit": 70}));
    high.detector.deadband = 2.0;
    assert_eq!(high.number(69.0), Verdict::False, "not yet active");
    assert_eq!(high.number(70.5), Verdict::True);
    assert_eq!(high.number(70.0), Verdict::True);
    assert_eq!(high.number(68.0), Verdict::True, "the end of the deadband");
    assert_eq!(high.number(67.9), Verdict::False);
    assert_eq!(high.number(69.0), Verdict::False);

    let mut range = Bench::new(json!({"kind": "range", "low": 0, "high": 10}));
    range.detector.deadband = 1.0;
    assert_eq!(range.number(-0.1), Verdict::True);
    assert_eq!(range.number(1.0), Verdict::True);
    assert_eq!(range.number(1.1), Verdict::False);
}

#[test]
fn limits_of_other_tags_count_with_their_present_value() {
    let condition = json!({"kind": "deviation", "setpoint": {"tag": id(2)}, "max": {"tag": id(3)}});
    let mut oven = Bench::new(condition);
    assert_eq!(oven.number(100.0), Verdict::Unknown, "no limit is known");
    oven.tags.extend([(id(2), 180.0), (id(3), 5.0)]);
    assert_eq!(oven.number(100.0), Verdict::True);
    oven.tags.insert(id(2), 99.0);
    assert_eq!(oven.number(100.0), Verdict::False);
    oven.tags.remove(&id(3));
    assert_eq!(oven.number(100.0), Verdict::Unknown);
}

#[test]
fn limits_of_tags_that_contradict_one_another_raise_nothing() {
    let condition = json!({"kind": "range", "low": {"tag": id(2)}, "high": {"tag": id(3)}});
    let mut range = Bench::new(condition);
    range.tags.extend([(id(2), 10.0), (id(3), 5.0)]);
    assert_eq!(range.number(7.0), Verdict::Unknown);
    range.tags.insert(id(3), 20.0);
    assert_eq!(range.number(7.0), Verdict::True);
    let condition = json!({"kind": "deviation", "setpoint": 1, "max": {"tag": id(2)}});
    let mut deviation = Bench::new(condition);
    deviation.tags.insert(id(2), -1.0);
    assert_eq!(deviation.number(1.0), Verdict::Unknown);
}

#[test]
fn states_of_another_kind_are_passed_over() {
    let mut mode = Bench::new(json!({"kind": "discrete", "states": ["OFF", 3]}));
    assert_eq!(mode.value(3), Verdict::True);
    assert_eq!(mode.value(4), Verdict::False);
    assert_eq!(mode.value("OFF"), Verdict::True);
}

#[test]
fn a_bad_sample_says_nothing_unless_asked() {
    let bad = Sample::bad(0, Quality::BAD_NO_COMMUNICATION);
    for (on_bad, want) in [
        (OnBad::Hold, Verdict::Unknown),
        (OnBad::Raise, Verdict::True),
        (OnBad::Clear, Verdict::False),
    ] {
        let mut high = Bench::new(json!({"kind": "high", "limit": 70}));
        high.detector.on_bad = on_bad;
        assert_eq!(high.judge(0, Some(&bad)).verdict, want, "{on_bad:?}");
        assert_eq!(high.judge(0, None).verdict, Verdict::Unknown);
        let waiting = Sample::bad(0, Quality::BAD_WAITING_FOR_INITIAL_DATA);
        assert_eq!(high.judge(0, Some(&waiting)).verdict, Verdict::Unknown);
    }
}

#[test]
fn a_doubtful_value_is_judged() {
    let mut high = Bench::new(json!({"kind": "high_high", "limit": 70}));
    let sample = Sample {
        quality: Quality::UNCERTAIN_RANGE_EXCEEDED,
        ..Sample::good(0, Value::F64(500.0))
    };
    assert_eq!(high.judge(0, Some(&sample)).verdict, Verdict::True);
}

#[test]
fn bad_quality_is_a_condition_of_its_own() {
    let doubtful = Sample {
        quality: Quality::UNCERTAIN_LAST_USABLE,
        ..Sample::good(0, Value::F64(1.0))
    };
    let bad = Sample::bad(0, Quality::BAD_SENSOR_FAILURE);
    for (uncertain, want) in [(false, Verdict::False), (true, Verdict::True)] {
        let mut quality = Bench::new(json!({"kind": "bad_quality", "uncertain": uncertain}));
        assert_eq!(quality.number(1.0), Verdict::False);
        assert_eq!(quality.judge(0, Some(&bad)).verdict, Verdict::True);
        assert_eq!(quality.judge(0, Some(&doubtful)).verdict, want);
        assert_eq!(quality.judge(0, None).verdict, Verdict::Unknown);
    }
}

#[test]
fn a_tag_is_stale_to_the_microsecond() {
    let mut stale = Bench::new(json!({"kind": "stale", "after_s": 60}));
    let sample = Sample::good(10 * S, Value::F64(1.0));
    let early = stale.judge(70 * S - 1, Some(&sample));
    assert_eq!(early.verdict, Verdict::False);
    assert_eq!(early.due_us, Some(70 * S));
    let late = stale.judge(70 * S, Some(&sample));
    assert_eq!((late.verdict, late.due_us), (Verdict::True, None));
    let bad = Sample::bad(71 * S, Quality::BAD);
    assert_eq!(
        stale.judge(71 * S, Some(&bad)).verdict,
        Verdict::True,
        "a bad sample is no news of the value"
    );
    let fresh = Sample::good(72 * S, Value::F64(1.0));
    assert_eq!(stale.judge(72 * S, Some(&fresh)).verdict, Verdict::False);
}

#[test]
fn a_tag_that_never_had_a_sample_is_stale_in_time_too() {
    let mut stale = Bench::new(json!({"kind": "stale", "after_s": 60}));
    assert_eq!(stale.judge(5 * S, None).due_us, Some(65 * S));
    let waiting = Sample::bad(0, Quality::BAD_WAITING_FOR_INITIAL_DATA);
    assert_eq!(stale.judge(64 * S, Some(&waiting)).verdict, Verdict::False);
    assert_eq!(stale.judge(65 * S, Some(&waiting)).verdict, Verdict::True);
}

#[test]
fn a_sample_of_the_future_does_not_put_staleness_off() {
    let mut stale = Bench::new(json!({"kind": "stale", "after_s": 60}));
    let sample = Sample::good(1_000_000 * S, Value::F64(1.0));
    assert_eq!(stale.judge(0, Some(&sample)).due_us, Some(60 * S));
}

fn rate(direction: &str) -> Bench {
    Bench::new(json!({
        "kind": "rate_of_change", "max_per_s": 2, "direction": direction, "over_s": 10,
    }))
}

#[test]
fn a_rate_is_measured_over_its_time() {
    let mut rate = rate("either");
    for (second, value, want) in [
        (0, 0.0, Verdict::Unknown),
        (9, 20.0, Verdict::Unknown), // not yet measured
        (10, 20.0, Verdict::False),  // 2 per second is allowed
        (15, 41.0, Verdict::False),  // until the next measurement
        (20, 41.0, Verdict::True),
        (29, 41.0, Verdict::True),
        (30, 41.0, Verdict::False),
        (31, 20.0, Verdict::False),
        (40, 20.0, Verdict::True), // downwards counts too
    ] {
        assert_eq!(rate.at(second, value), want, "at {second} s");
    }
}

#[test]
fn a_jump_after_a_standstill_is_as_steep_as_any_other() {
    let mut rate = rate("rising");
    rate.at(0, 0.0);
    let sample = Sample::good(3605 * S, Value::F64(100.0));
    let jump = rate.judge(3605 * S, Some(&sample));
    assert_eq!(
        (jump.verdict, jump.due_us),
        (Verdict::False, Some(3610 * S))
    );
    let steep = rate.judge(3610 * S, Some(&sample));
    assert_eq!(
        (steep.verdict, steep.due_us),
        (Verdict::True, Some(3620 * S))
    );
    let still = rate.judge(3620 * S, Some(&sample));
    assert_eq!((still.verdict, still.due_us), (Verdict::False, None));
}

#[test]
fn only_the_direction_that_is_meant_raises() {
    for (direction, value, other) in [("rising", 30.0, -30.0), ("falling", -30.0, 30.0)] {
        let mut rate = rate(direction);
        rate.at(0, 0.0);
        rate.at(5, value);
        assert_eq!(rate.at(10, value), Verdict::True, "{direction}");
        rate.at(15, value + other);
        assert_eq!(rate.at(20, value + other), Verdict::False, "{direction}");
    }
}

#[test]
fn a_rate_begins_anew_after_a_bad_sample_and_a_clock_set_back() {
    let mut rate = rate("either");
    rate.at(0, 0.0);
    let bad = Sample::bad(5 * S, Quality::BAD);
    rate.judge(5 * S, Some(&bad));
    assert_eq!(rate.at(10, 1000.0), Verdict::Unknown, "no known beginning");
    assert_eq!(rate.at(20, 1000.0), Verdict::False);
    assert_eq!(rate.at(3, 1001.0), Verdict::False, "set back");
    assert_eq!(rate.at(13, 1001.0), Verdict::False);
}

#[test]
fn an_expression_is_judged_by_what_was_made_of_it() {
    let mut detector = detector(json!({"kind": "expression", "text": "a > b"}));
    let mut judge = |on_bad, truth| {
        detector.on_bad = on_bad;
        let reading = Reading {
            now_us: 0,
            source: Source::Expression(truth),
        };
        let mut memory = Memory::default();
        detector
            .judge(&reading, false, &mut memory, |_| None)
            .verdict
    };
    assert_eq!(judge(OnBad::Hold, Some(true)), Verdict::True);
    assert_eq!(judge(OnBad::Hold, Some(false)), Verdict::False);
    assert_eq!(judge(OnBad::Hold, None), Verdict::Unknown);
    assert_eq!(judge(OnBad::Raise, None), Verdict::True);
}

#[test]
fn an_expression_is_true_when_it_is_not_zero() {
    let truth = |sample: &Sample| match Source::of_expression(sample) {
        Source::Expression(truth) => truth,
        Source::Sample(_) => panic!("not an expression"),
    };
    assert_eq!(truth(&Sample::good(0, Value::Bool(true))), Some(true));
    assert_eq!(truth(&Sample::good(0, Value::I64(0))), Some(false));
    assert_eq!(truth(&Sample::good(0, Value::F64(0.5))), Some(true));
    assert_eq!(truth(&Sample::good(0, Value::Text("on".into()))), None);
    assert_eq!(truth(&Sample::bad(0, Quality::BAD)), None);
}

#[test]
fn a_limit_says_what_it_may_be() {
    let wrong = json!({"kind": "high", "limit": "seventy"});
    let error = serde_json::from_value::<Condition>(wrong).unwrap_err();
    assert!(error.to_string().contains("expected a number or {\"tag\""));
    let json = json!({"kind": "high", "limit": {"tag": id(1)}});
    let condition: Condition = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(condition).unwrap(), json);
}

proptest! {
    /// What ISA-18.2 says of a limit with a deadband, written down once more by comparisons.
    #[test]
    fn a_high_limit_with_deadband_is_two_limits(
        values in prop::collection::vec(-50_i32..150, 1..60),
        deadband in 0_i32..30,
    ) {
        let mut high = Bench::new(json!({"kind": "high", "limit": 70}));
        high.detector.deadband = f64::from(deadband);
        let mut active = false;
        for value in values {
            active = if active && 0 < deadband { 70 - deadband <= value } else { 70 < value };
            prop_assert_eq!(high.number(f64::from(value)), Verdict::from(active));
        }
    }

    #[test]
    fn a_low_limit_is_a_high_one_upside_down(
        values in prop::collection::vec(-1e6..1e6, 1..60),
        limit in -1e6_f64..1e6,
        deadband in 0.0..1e5,
    ) {
        let mut high = Bench::new(json!({"kind": "high", "limit": limit}));
        let mut low = Bench::new(json!({"kind": "low", "limit": -limit}));
        high.detector.deadband = deadband;
        low.detector.deadband = deadband;
        for value in values {
            prop_assert_eq!(high.number(value), low.number(-value));
        }
    }
}
