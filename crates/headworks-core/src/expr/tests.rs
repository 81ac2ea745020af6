mod documents;
mod hostile;
mod mistakes;
mod properties;
mod renamed;
mod windows;

use jiff::tz::TimeZone;

use super::*;
use crate::{Quality, Sample, Value};

/// 2026-11-21 13:30 in Berlin, a Saturday.
const NOW_US: i64 = 1_795_264_200_000_000;

/// Samples by their names.
fn inputs() -> Vec<(&'static str, Kind, Sample)> {
    let at = |seconds: i64| NOW_US - seconds * 1_000_000;
    let uncertain = Sample {
        quality: Quality::UNCERTAIN_RANGE_EXCEEDED,
        ..Sample::good(at(3), Value::F64(7.5))
    };
    vec![
        ("a", Kind::Number, Sample::good(at(10), Value::I64(7))),
        ("b", Kind::Float, Sample::good(at(5), Value::F64(2.5))),
        ("t", Kind::Text, Sample::good(at(5), Value::from("run"))),
        ("on", Kind::Bool, Sample::good(at(8), Value::Bool(true))),
        ("u", Kind::Float, uncertain),
        (
            "bad",
            Kind::Float,
            Sample::bad(at(1), Quality::BAD_NO_COMMUNICATION),
        ),
        ("big", Kind::Int, Sample::good(at(9), Value::U64(u64::MAX))),
    ]
}

struct Names;

impl Scope for Names {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        match reference {
            Reference::Tag(path) => (path.as_str() == "plant/boiler/temp").then_some(Kind::Float),
            Reference::Name(wanted) => inputs()
                .iter()
                .find(|(name, ..)| **name == **wanted)
                .map(|(_, kind, _)| *kind),
        }
    }

    fn similar(&self, reference: &Reference) -> Option<String> {
        let near = match reference {
            Reference::Tag(path) => closest(path.as_str(), ["plant/boiler/temp"].into_iter()),
            Reference::Name(name) => closest(name, ["pressure", "temperature"].into_iter()),
        };
        near.map(str::to_owned)
    }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

#[track_caller]
fn evaluate(text: &str) -> Outcome {
    let program = match Program::compile(text, &Names) {
        Ok(program) => program,
        Err(error) => panic!("{text:?}: {error}"),
    };
    let samples: Vec<Sample> = program
        .inputs()
        .iter()
        .map(|reference| {
            let wanted = reference.to_string();
            let found = inputs().into_iter().find(|(name, ..)| *name == wanted);
            found.map_or_else(
                || Sample::good(NOW_US, Value::F64(80.0)),
                |(_, _, sample)| sample,
            )
        })
        .collect();
    let context = Context {
        now_us: NOW_US,
        zone: &berlin(),
    };
    program.evaluate(&samples, &context, &mut program.new_state())
}

#[track_caller]
fn check(text: &str, want: impl Into<Value>) {
    let outcome = evaluate(text);
    assert_eq!(
        outcome.sample.value,
        Some(want.into()),
        "{text}: {outcome:?}"
    );
    assert_eq!(outcome.fault, None);
}

#[track_caller]
fn check_float(text: &str, want: f64) {
    check(text, Value::F64(want));
}

#[track_caller]
fn check_fault(text: &str, fault: Fault, column: u32) {
    let outcome = evaluate(text);
    assert_eq!(outcome.fault, Some(FaultAt { fault, column }), "{text}");
    assert_eq!(outcome.sample.value, None);
    assert!(outcome.sample.quality.is_bad());
}

#[track_caller]
fn check_error(text: &str, want: &str) {
    let error = Program::compile(text, &Names).unwrap_err().to_string();
    assert_eq!(error, want, "{text}");
}

#[test]
fn operators_bind_as_in_python() {
    check("1 + 2 * 3", 7);
    check("(1 + 2) * 3", 9);
    check("-2 ** 2", -4);
    check("2 ** 3 ** 2", 512);
    check_float("2 ** -1", 0.5);
    check_float("7 / 2", 3.5);
    check("-7 // 2", -4);
    check("-7 % 3", 2);
    check_float("-7.5 % 2", 0.5);
    check("6 & 3 ^ 8", 10);
    check("1 << 4 - 1", 8);
    check("~5", -6);
    check("0xFF + 0b11 + 0o7 + 1_000", 1265);
    check("not 1 == 2", true);
    check("1 < 2 < 3", true);
    check("1 < 3 < 2", false);
    check("3 > 2 == 2", true);
    check("true + true", 2);
    check("0 or 5", 5);
    check("3 and 0 and 1 / 0", 0);
    check("1 if 0 else 2 if 0 else 3", 3);
    check("'a' + \"b\"", "ab");
    check("'a' < 'b'", true);
    check("9007199254740993 > 9007199254740992.0", true);
}

#[test]
fn names_and_tags_are_inputs_in_order() {
    let program = Program::compile("b + tag(\"plant/boiler/temp\") * a - b", &Names).unwrap();
    let inputs: Vec<String> = program.inputs().iter().map(Reference::to_string).collect();
    assert_eq!(inputs, ["b", "tag(\"plant/boiler/temp\")", "a"]);
    assert_eq!(program.kind(), Kind::Float);
    assert_eq!(program.text(), "b + tag(\"plant/boiler/temp\") * a - b");
    check_float("tag('plant/boiler/temp') / 2", 40.0);
}

#[test]
fn a_pipe_passes_the_value_as_first_argument() {
    check_float("b | scale(10, 1) | clamp(0, 20)", 20.0);
    check_float("a + 1 | scale(0.5)", 4.0);
    check("a > 5 | xor(true)", false);
    check_float("max(b | scale(2), 1)", 5.0);
    check("-3 | abs", 3);
    check_error(
        "a | 4",
        "column 5: expected a function, found the number 4; `|` passes a value on to a function, \
         as in `x | clamp(0, 100)`; bits are joined with `bit_or(a, b)`",
    );
}

#[test]
fn a_transform_is_given_its_value() {
    for (text, plain) in [
        ("scale(0.001)", "value | scale(0.001)"),
        (
            "scale(0.001) | clamp(0, 100) | deadband(0.5)",
            "value | scale(0.001) | clamp(0, 100) | deadband(0.5)",
        ),
        ("abs | round(1)", "value | abs() | round(1)"),
        ("value * 2 | clamp(0, 9)", "value * 2 | clamp(0, 9)"),
        ("max(value, 3)", "max(value, 3)"),
        ("clamp(0, 9) + 1 | abs", "clamp(0, 9) + 1 | abs()"),
    ] {
        let program = Program::compile_transform(text, &AnyScope);
        match program {
            Ok(program) => assert_eq!(program.text(), plain),
            // Without `value` in front a first stage needs all its arguments.
            Err(error) => assert!(error.message.contains("clamp"), "{text}: {error}"),
        }
    }
    let error = Program::compile_transform("5 + 3", &AnyScope).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column 1: a transform begins with a function or uses `value`; as in `scale(0.001)`"
    );
    assert_eq!(error.column, 1);
}

#[test]
fn quality_is_the_worst_and_time_the_newest_of_what_was_evaluated() {
    let all = evaluate("a + u * b");
    assert_eq!(all.sample.quality, Quality::UNCERTAIN_RANGE_EXCEEDED);
    assert_eq!(all.sample.time_us, NOW_US - 3_000_000);
    let good = evaluate("a if on else u");
    assert_eq!(good.sample.quality, Quality::GOOD);
    assert_eq!(good.sample.time_us, NOW_US - 8_000_000);
    assert_eq!(evaluate("on or bad").sample.quality, Quality::GOOD);
    assert_eq!(evaluate("a < 3 < bad").sample.quality, Quality::GOOD);
    let bad = evaluate("on and bad");
    assert_eq!(bad.sample.quality, Quality::BAD_NO_COMMUNICATION);
    assert_eq!(bad.sample.time_us, NOW_US - 1_000_000);
    assert_eq!(
        evaluate("u and a").sample.quality,
        Quality::UNCERTAIN_RANGE_EXCEEDED
    );
    assert_eq!(
        evaluate("1 if bad else 2").sample.quality,
        Quality::BAD_NO_COMMUNICATION
    );
    assert_eq!(
        evaluate("a < u < 99").sample.quality,
        Quality::UNCERTAIN_RANGE_EXCEEDED
    );
    assert_eq!(evaluate("1 + 2").sample.time_us, NOW_US);
}

#[test]
fn faults_tell_where_and_why() {
    check_fault("1 + a / (b - 2.5)", Fault::DivisionByZero, 7);
    check_fault("a // 0", Fault::DivisionByZero, 3);
    check_fault("a % 0.0", Fault::DivisionByZero, 3);
    check_fault("0 ** -1", Fault::DivisionByZero, 3);
    check_fault("9223372036854775807 + a", Fault::Overflow, 21);
    check_fault("1e308 * 10", Fault::Overflow, 7);
    check_fault("sqrt(-a)", Fault::NotANumber, 1);
    check_fault("(-a) ** 0.5", Fault::NotANumber, 6);
    check_fault("a << -1", Fault::Argument, 3);
    check_fault("a << 80", Fault::Overflow, 3);
    check_fault("clamp(a, 5, 1)", Fault::Argument, 1);
    check_fault("big", Fault::Overflow, 1);
    check_fault("bad * 2", Fault::Input, 1);
    check_fault("if_bad(t, 1) * 2", Fault::Type, 14);
    check_fault("2 ** 100000000000000", Fault::Overflow, 3);
    assert_eq!(
        evaluate("a / 0").fault.unwrap().to_string(),
        "division by zero at column 3"
    );
}

#[test]
fn a_fault_can_be_caught() {
    check("if_bad(a / 0, 3)", 3);
    assert_eq!(evaluate("if_bad(bad, a)").sample.quality, Quality::GOOD);
    check("is_bad(bad)", true);
    check(
        "quality(bad)",
        i64::from(Quality::BAD_NO_COMMUNICATION.code()),
    );
    check_float("coalesce(bad, u, a)", 7.5);
    check("best(bad, u, a)", 7);
    check("is_uncertain(u) and not is_good(u)", true);
    check_fault("good_only(u)", Fault::Input, 1);
    assert_eq!(evaluate("trust(u)").sample.quality, Quality::GOOD);
    check_fault("a | pass_if(b > 3)", Fault::HeldBack, 5);
    check("a | pass_if(b < 3)", 7);
    check_float("age(b)", 5.0);
}

#[test]
fn calendar_follows_the_time_zone() {
    check("hour()", 13);
    check("time_between('13:00', '13:30')", false);
    check("time_between('13:30', '6:00')", true);
    check("shift('00:30', '14:00', '22:00')", 1);
    check("shift('14:00', '22:00')", 2);
    check("date_between('11-21', '11-21')", true);
    check_float("utc_offset()", 1.0);
    check_error(
        "time_between('25:00', '6:00')",
        "column 1: time_between does not understand its arguments; as in \
         time_between(\"22:00\", \"06:00\")",
    );
}

#[test]
fn missing_inputs_wait_for_their_first_sample() {
    let program = Program::compile("a + 1", &Names).unwrap();
    let context = Context {
        now_us: NOW_US,
        zone: &TimeZone::UTC,
    };
    let outcome = program.evaluate(&[], &context, &mut program.new_state());
    assert_eq!(
        outcome.sample.quality,
        Quality::BAD_WAITING_FOR_INITIAL_DATA
    );
}
