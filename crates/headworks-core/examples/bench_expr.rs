//! Figures of expressions: a formula on its own, and ten thousand that follow their inputs.

use std::hint::black_box;
use std::time::Instant;

use headworks_core::expr::graph::{Graph, Wave};
use headworks_core::expr::{AnyScope, Context, Program, State};
use headworks_core::{Quality, Sample, Value};
use jiff::tz::TimeZone;
use serde_json::json;

/// 2026-11-21 13:30 in Berlin.
const NOW_US: i64 = 1_795_264_200_000_000;

/// Nanoseconds of an evaluation that are wanted.
const EVALUATION_NS_REACH: f64 = 60.0;
/// Part of a core that is wanted for the formulas of a plant.
const PLANT_REACH: f64 = 0.02;

const FORMULAS: u32 = 10_000;
const ROUNDS_PER_S: u32 = 10;

fn main() {
    for (name, text) in [
        ("5-node formula with quality", "(a - b) * 1.163"),
        ("5-node condition with quality", "a < b <= 80"),
        ("5-node formula over integers", "(n + m) // 2"),
    ] {
        let value = evaluation_ns(text);
        figure(name, value, "ns", "<= 60", value <= EVALUATION_NS_REACH);
    }
    for (name, text) in [
        (
            "pipeline of three stages",
            "a | scale(0.001) | clamp(0, 100) | round(1)",
        ),
        ("choice by quality", "a if is_good(a) else if_bad(b, 0.0)"),
        ("deadband", "deadband(a, 0.5)"),
        ("shift of the day", "shift('06:00', '14:00', '22:00')"),
    ] {
        figure(name, evaluation_ns(text), "ns", "-", true);
    }
    let full = full_window_ns();
    figure(
        "mean over a window of 600 samples, one new each time",
        full,
        "ns",
        "-",
        true,
    );
    figure(
        "compiling a formula of 5 nodes",
        compile_ns(),
        "ns",
        "-",
        true,
    );
    let part = plant();
    figure(
        "10,000 formulas at 10 Hz",
        part * 100.0,
        "% of a core",
        "< 2",
        part < PLANT_REACH,
    );
}

#[expect(clippy::print_stdout, reason = "figures go to the standard output")]
fn figure(name: &str, value: f64, unit: &str, reach: &str, met: bool) {
    let line = json!({
        "name": name, "value": value, "unit": unit, "reach": reach, "met": met,
    });
    println!("{line}");
}

/// Returns samples by the names of the formulas.
fn sample_of(name: &str) -> Sample {
    let value = match name {
        "n" => Value::I64(41),
        "m" => Value::I64(17),
        "a" => Value::F64(71.25),
        _ => Value::F64(78.5),
    };
    let quality = match name {
        "b" => Quality::UNCERTAIN_RANGE_EXCEEDED,
        _ => Quality::GOOD,
    };
    Sample {
        time_us: NOW_US - 1_000,
        value: Some(value),
        quality,
    }
}

fn program(text: &str) -> Program {
    match Program::compile(text, &AnyScope) {
        Ok(program) => program,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

/// Returns the least time of many short tries: what the work costs while nothing interrupts it.
fn least_ns(mut work: impl FnMut(), tries: u32, times: u32) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..tries {
        let begin = Instant::now();
        for _ in 0..times {
            work();
        }
        let spent_ns = begin.elapsed().as_secs_f64() * 1e9 / f64::from(times);
        least = least.min(spent_ns);
    }
    least
}

fn evaluation_ns(text: &str) -> f64 {
    let program = program(text);
    let inputs: Vec<Sample> = program
        .inputs()
        .iter()
        .map(|reference| sample_of(&reference.to_string()))
        .collect();
    let zone = berlin();
    let context = Context {
        now_us: NOW_US,
        zone: &zone,
    };
    let mut state = program.new_state();
    let work = || {
        let outcome = program.evaluate(black_box(&inputs), &context, &mut state);
        black_box(outcome);
    };
    least_ns(work, 1_000, 1_000)
}

/// Feeds ten samples a second to a mean over a minute, and measures when the window is full.
fn full_window_ns() -> f64 {
    let program = program("avg(a, 60s)");
    let mut state = program.new_state();
    let mut now_us = NOW_US;
    let zone = TimeZone::UTC;
    let work = || {
        now_us += 100_000;
        let inputs = [Sample::good(now_us, Value::F64(71.25))];
        let context = Context {
            now_us,
            zone: &zone,
        };
        black_box(program.evaluate(&inputs, &context, &mut state));
    };
    least_ns(work, 200, 1_000)
}

fn compile_ns() -> f64 {
    let work = || {
        black_box(Program::compile(black_box("(a - b) * 1.163"), &AnyScope).is_ok());
    };
    least_ns(work, 500, 100)
}

/// Returns which part of a core goes into formulas of which each reads two tags and every tenth
/// another formula, when every tag changes ten times a second: finding what is affected, getting
/// the inputs, evaluating, keeping the results.
fn plant() -> f64 {
    let programs: Vec<Program> = (0..FORMULAS)
        .map(|number| {
            let text = match number % 10 {
                0 => "a | scale(0.001) | clamp(0, 100) | deadband(0.5)",
                1..=4 => "(a - b) * 1.163",
                5 | 6 => "a > 80 and b < 20",
                7 => "on_for(a > 80, 10s)",
                8 => "a if is_good(a) else b",
                _ => "hysteresis(a, 70, 80)",
            };
            program(text)
        })
        .collect();
    let mut states: Vec<State> = programs.iter().map(Program::new_state).collect();
    let formulas: Vec<(u32, Vec<u32>)> = (0..FORMULAS)
        .zip(&programs)
        .map(|(number, program)| {
            let first = if number % 10 == 8 {
                number - 1
            } else {
                FORMULAS + number
            };
            let inputs = [first, 2 * FORMULAS + number];
            (number, inputs[..program.inputs().len()].to_vec())
        })
        .collect();
    let Ok(graph) = Graph::new(&formulas) else {
        panic!("the formulas have no cycle");
    };
    let tags: Vec<u32> = (FORMULAS..3 * FORMULAS).collect();
    let mut space = vec![sample_of("a"); 3 * FORMULAS as usize];
    let (mut wave, mut affected) = (Wave::default(), Vec::new());
    let mut inputs = Vec::new();
    let zone = berlin();
    let mut round = 0;
    let mut evaluate_all = || {
        round += 1;
        let now_us = NOW_US + round * 100_000;
        for tag in &tags {
            space[*tag as usize].time_us = now_us;
        }
        graph.affected(&tags, &mut wave, &mut affected);
        assert_eq!(affected.len(), programs.len(), "every formula follows");
        for rank in &affected {
            let place = graph.order()[*rank as usize] as usize;
            inputs.clear();
            inputs.extend(
                formulas[place]
                    .1
                    .iter()
                    .map(|key| space[*key as usize].clone()),
            );
            let context = Context {
                now_us,
                zone: &zone,
            };
            space[place] = programs[place]
                .evaluate(&inputs, &context, &mut states[place])
                .sample;
        }
    };
    least_ns(&mut evaluate_all, 200, 1) * f64::from(ROUNDS_PER_S) / 1e9
}
