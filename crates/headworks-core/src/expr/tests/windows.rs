use super::*;

/// An expression over `x` and `y` that is fed sample by sample.
struct Fed {
    program: Program,
    state: State,
    inputs: Vec<Sample>,
}

impl Fed {
    fn new(text: &str) -> Fed {
        let program = Program::compile(text, &AnyScope).unwrap();
        let waiting = Sample::bad(0, Quality::BAD_WAITING_FOR_INITIAL_DATA);
        Fed {
            state: program.new_state(),
            inputs: vec![waiting; program.inputs().len()],
            program,
        }
    }

    /// Feeds a sample of a name at a second and evaluates then.
    fn feed(&mut self, name: &str, second: i64, value: impl Into<Value>) -> Outcome {
        self.put(name, Sample::good(second * 1_000_000, value.into()));
        self.at(second)
    }

    fn put(&mut self, name: &str, sample: Sample) {
        let place = self
            .program
            .inputs()
            .iter()
            .position(|reference| reference.to_string() == name);
        self.inputs[place.unwrap()] = sample;
    }

    /// Evaluates without a new sample.
    fn at(&mut self, second: i64) -> Outcome {
        let context = Context {
            now_us: second * 1_000_000,
            zone: &TimeZone::UTC,
        };
        self.program
            .evaluate(&self.inputs, &context, &mut self.state)
    }

    /// Goes over a restart.
    fn restart(&mut self) {
        let kept = serde_json::to_string(&self.state).unwrap();
        self.state = serde_json::from_str(&kept).unwrap();
        assert!(self.program.owns(&self.state));
    }
}

/// Feeds values at seconds and compares the results.
#[track_caller]
fn check_series(text: &str, series: &[(i64, f64, Option<Value>)]) {
    let mut fed = Fed::new(text);
    for (second, x, want) in series {
        let outcome = fed.feed("x", *second, Value::F64(*x));
        assert_eq!(
            outcome.sample.value, *want,
            "{text} at {second}: {outcome:?}"
        );
        fed.restart();
    }
}

fn float(value: f64) -> Option<Value> {
    Some(Value::F64(value))
}

fn bool(value: bool) -> Option<Value> {
    Some(Value::Bool(value))
}

#[test]
fn windows_weigh_by_time() {
    let series = [(0, 10.0), (4, 20.0), (10, 40.0)];
    let check = |text: &str, want: [f64; 3]| {
        let rows: Vec<_> = series
            .iter()
            .zip(want)
            .map(|((second, x), want)| (*second, *x, float(want)))
            .collect();
        check_series(text, &rows);
    };
    check("avg(x, 10s)", [10.0, 10.0, 16.0]);
    check("min(x, 10s)", [10.0, 10.0, 10.0]);
    check("max(x, 10s)", [10.0, 20.0, 40.0]);
    check("sum(x, 6s)", [10.0, 30.0, 40.0]);
    check("delta(x, 6s)", [0.0, 10.0, 20.0]);
    check("integral(x, 6s)", [0.0, 40.0, 120.0]);
    check("integral(x)", [0.0, 40.0, 160.0]);
    check_series(
        "rate(x, 5s)",
        &[
            (0, 10.0, None),
            (4, 20.0, float(2.5)),
            (10, 40.0, float(4.0)),
        ],
    );
    check_series(
        "rate(x)",
        &[
            (0, 10.0, None),
            (4, 20.0, float(2.5)),
            (9, 40.0, float(4.0)),
        ],
    );
}

#[test]
fn a_window_moves_on_without_new_samples() {
    let mut fed = Fed::new("avg(x, 10s)");
    fed.feed("x", 0, Value::F64(0.0));
    fed.feed("x", 10, Value::F64(8.0));
    assert_eq!(fed.at(15).sample.value, float(4.0));
    assert_eq!(fed.at(60).sample.value, float(8.0));
    assert_eq!(fed.at(60).sample.time_us, 60_000_000);
    assert!(fed.program.follows_clock());
}

#[test]
fn bad_times_are_left_out_and_make_a_window_uncertain() {
    let mut fed = Fed::new("avg(x, 10s)");
    assert_eq!(fed.at(0).fault.map(|at| at.fault), Some(Fault::NoData));
    fed.feed("x", 1, Value::F64(10.0));
    fed.put("x", Sample::bad(3_000_000, Quality::BAD_NO_COMMUNICATION));
    fed.at(3);
    let outcome = fed.feed("x", 9, Value::F64(30.0));
    assert_eq!(outcome.sample.value, float(10.0));
    assert_eq!(outcome.sample.quality, Quality::UNCERTAIN_SUB_NORMAL);
    let outcome = fed.at(11);
    assert_eq!(outcome.sample.value, float(20.0));
    assert_eq!(fed.at(30).sample.quality, Quality::GOOD);
}

#[test]
fn too_many_samples_are_joined_and_the_result_stays_close() {
    let mut fed = Fed::new("join(avg(x, 60s), ' ', count(x, 60s), ' ', max(x, 60s))");
    let mut last = String::new();
    for tenth in 0..6_000_i64 {
        let time_us = tenth * 100_000;
        let x = f64::from(u32::try_from(tenth % 100).unwrap());
        fed.put("x", Sample::good(time_us, Value::F64(x)));
        let context = Context {
            now_us: time_us,
            zone: &TimeZone::UTC,
        };
        let outcome = fed.program.evaluate(&fed.inputs, &context, &mut fed.state);
        last = outcome.sample.value.unwrap().to_string();
    }
    let kept = serde_json::to_string(&fed.state).unwrap();
    let spans = kept.matches("start_us").count();
    assert!(spans <= 3 * 97, "{spans} spans are kept");
    let numbers: Vec<f64> = last.split(' ').map(|word| word.parse().unwrap()).collect();
    // Exactly: the mean of 0..99 over six rounds, 600 samples, 99.
    assert!((numbers[0] - 49.5).abs() < 1.5, "{last}");
    assert!((numbers[1] - 600.0).abs() < 16.0, "{last}");
    assert_eq!(numbers[2], 99.0);
}

#[test]
fn conditions_are_timed() {
    check_series(
        "on_for(x > 5, 10s)",
        &[
            (0, 9.0, bool(false)),
            (9, 9.0, bool(false)),
            (10, 9.0, bool(true)),
            (11, 1.0, bool(false)),
            (12, 9.0, bool(false)),
            (22, 9.0, bool(true)),
        ],
    );
    check_series(
        "off_for(x > 5, 10s)",
        &[
            (0, 1.0, bool(false)),
            (1, 9.0, bool(true)),
            (2, 1.0, bool(true)),
            (11, 1.0, bool(true)),
            (12, 1.0, bool(false)),
        ],
    );
    let mut fed = Fed::new("on_for(x > 5, 10s)");
    fed.feed("x", 0, Value::F64(9.0));
    assert_eq!(fed.at(10).sample.value, bool(true));
    fed.put("x", Sample::bad(11_000_000, Quality::BAD));
    assert!(fed.at(11).sample.quality.is_bad());
    assert_eq!(fed.feed("x", 12, Value::F64(9.0)).sample.value, bool(false));
}

#[test]
fn edges_are_seen_once() {
    check_series(
        "rising(x > 5)",
        &[
            (0, 9.0, bool(false)),
            (1, 1.0, bool(false)),
            (2, 9.0, bool(true)),
            (3, 9.0, bool(false)),
        ],
    );
    check_series("falling(x)", &[(0, 1.0, bool(false)), (1, 0.0, bool(true))]);
    check_series(
        "edge(x)",
        &[
            (0, 1.0, bool(false)),
            (1, 0.0, bool(true)),
            (2, 0.0, bool(false)),
        ],
    );
    let mut fed = Fed::new("changed(x) and y");
    fed.feed("y", 0, true);
    fed.feed("x", 0, 1);
    assert_eq!(fed.feed("x", 1, 2).sample.value, bool(true));
    assert_eq!(fed.feed("y", 2, true).sample.value, bool(false));
    assert_eq!(fed.feed("x", 3, 2).sample.value, bool(false));
}

#[test]
fn hysteresis_deadband_and_the_rest() {
    check_series(
        "hysteresis(x, 70, 80)",
        &[
            (0, 75.0, bool(false)),
            (1, 81.0, bool(true)),
            (2, 75.0, bool(true)),
            (3, 69.0, bool(false)),
            (4, 80.0, bool(false)),
        ],
    );
    check_series(
        "deadband(x, 0.5)",
        &[
            (0, 1.0, float(1.0)),
            (1, 1.5, float(1.0)),
            (2, 1.6, float(1.6)),
            (3, 1.2, float(1.6)),
        ],
    );
    check_series(
        "previous(x)",
        &[(0, 1.0, None), (1, 2.0, float(1.0)), (2, 2.0, float(2.0))],
    );
    check_series("delta(x)", &[(0, 1.0, None), (1, 2.5, float(1.5))]);
    let mut fed = Fed::new("smooth(x, 10s)");
    fed.feed("x", 0, Value::F64(0.0));
    fed.feed("x", 0, Value::F64(100.0));
    let Some(Value::F64(after)) = fed.at(10).sample.value else {
        panic!("no value");
    };
    assert!((after - 63.212_055_882_855_77).abs() < 1e-9, "{after}");
}

#[test]
fn windows_see_every_sample_whichever_way_a_choice_goes() {
    let mut fed = Fed::new("max(x, 1h) if y else 0.0");
    fed.feed("y", 0, false);
    fed.feed("x", 1, Value::F64(50.0));
    fed.feed("x", 2, Value::F64(5.0));
    assert_eq!(fed.feed("y", 3, true).sample.value, float(50.0));
}

#[test]
fn windows_nest_and_pipe() {
    let mut fed = Fed::new("x | deadband(1) | avg(10s) | scale(2) | max(1h)");
    for second in 0..20 {
        fed.feed("x", second, Value::F64(3.0));
    }
    assert_eq!(fed.at(20).sample.value, float(6.0));
}

#[test]
fn late_samples_and_clocks_set_back_do_no_harm() {
    let mut fed = Fed::new("join(count(x, 10s), delta(x))");
    fed.feed("x", 100, 1);
    fed.feed("x", 101, 2);
    fed.put("x", Sample::good(90_000_000, Value::I64(7)));
    assert_eq!(fed.at(102).sample.value, Some(Value::from("21")));
    // The clock is set back by a minute: what was kept is forgotten.
    assert!(fed.feed("x", 50, 9).fault.is_some());
    let again = fed.feed("x", 51, 10);
    assert_eq!(again.sample.value, Some(Value::from("21")));
}

#[test]
fn a_state_of_another_program_is_begun_anew() {
    let mut fed = Fed::new("count(x, 10s)");
    fed.feed("x", 0, 1);
    let mut other = Fed::new("delta(x)");
    other.feed("x", 0, 1);
    assert!(!fed.program.owns(&other.state));
    fed.state = other.state;
    assert_eq!(fed.feed("x", 1, 2).sample.value, Some(Value::I64(1)));
    assert!(
        serde_json::from_str::<State>("{\"signature\":1,\"memories\":[{\"spans\":7}]}").is_err()
    );
}
