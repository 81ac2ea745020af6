//! CPython as the judge of the language of expressions: the same text, the same value.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use headworks_core::expr::{AnyScope, Context, Program};
use headworks_core::{Sample, Value};
use jiff::tz::TimeZone;

/// How many expressions are made; at least 200,000 of them must be comparable.
const EXPRESSIONS: usize = 210_000;
/// The expressions are others with `HEADWORKS_SEED=number`.
const SEED: u64 = 20_261_121;

/// Names with values at the edges of their types.
fn names() -> Vec<(&'static str, Value)> {
    vec![
        ("a", Value::I64(7)),
        ("b", Value::I64(-3)),
        ("c", Value::I64(0)),
        ("imax", Value::I64(i64::MAX)),
        ("imin", Value::I64(i64::MIN)),
        ("odd", Value::I64(9_007_199_254_740_993)),
        ("x", Value::F64(2.5)),
        ("y", Value::F64(-0.1)),
        ("z", Value::F64(0.0)),
        ("huge", Value::F64(1.7e308)),
        ("tiny", Value::F64(5e-324)),
        ("edge", Value::F64(9_007_199_254_740_992.0)),
        ("on", Value::Bool(true)),
        ("off", Value::Bool(false)),
        ("s", Value::from("run")),
        ("e", Value::from("")),
    ]
}

/// SplitMix64: the same expressions for the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.next() % limit).unwrap()
    }

    fn pick<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }
}

/// Writes expressions with as few brackets as may be, so that precedence is tried too.
fn write_expression(random: &mut Random, depth: usize, out: &mut String) {
    if depth == 0 {
        return write_leaf(random, out);
    }
    let inner = |random: &mut Random, out: &mut String| {
        let depth = random.below(depth);
        if random.below(4) == 0 {
            out.push('(');
            write_expression(random, depth, out);
            out.push(')');
        } else {
            write_expression(random, depth, out);
        }
    };
    match random.below(20) {
        0..=9 => {
            let sign = [
                "+", "-", "*", "/", "//", "%", "**", "&", "^", "<<", ">>", "-", "+", "*", "/",
            ];
            inner(random, out);
            write!(out, " {} ", random.pick(&sign)).unwrap();
            inner(random, out);
        }
        10..=12 => {
            inner(random, out);
            for _ in 0..=random.below(2) {
                let sign = random.pick(&["<", "<=", ">", ">=", "==", "!="]);
                write!(out, " {sign} ").unwrap();
                inner(random, out);
            }
        }
        13 => {
            let sign = random.pick(&["-", "+", "~"]);
            out.push_str(sign);
            inner(random, out);
        }
        14 => {
            out.push_str("(not ");
            inner(random, out);
            out.push(')');
        }
        15 | 16 => {
            inner(random, out);
            write!(out, " {} ", random.pick(&["and", "or"])).unwrap();
            inner(random, out);
        }
        17 => {
            inner(random, out);
            out.push_str(" if ");
            inner(random, out);
            out.push_str(" else ");
            inner(random, out);
        }
        _ => write_call(random, depth, out),
    }
}

fn write_call(random: &mut Random, depth: usize, out: &mut String) {
    let name = random.pick(&[
        "abs", "min", "max", "round", "round", "int", "float", "bool", "floor", "ceil", "sqrt",
        "exp", "ln", "sin", "cos", "atan", "hypot", "len",
    ]);
    write!(out, "{name}(").unwrap();
    write_expression(random, depth - 1, out);
    match name {
        "min" | "max" | "hypot" => {
            out.push_str(", ");
            write_expression(random, depth - 1, out);
        }
        "round" if random.below(2) == 0 => {
            write!(out, ", {}", random.below(16)).unwrap();
        }
        _ => {}
    }
    out.push(')');
}

fn write_leaf(random: &mut Random, out: &mut String) {
    match random.below(12) {
        0..=5 => {
            let names = names();
            out.push_str(names[random.below(names.len())].0);
        }
        6 | 7 => write!(out, "{}", random.below(20)).unwrap(),
        8 => write!(out, "{}", random.next() >> (1 + random.below(63))).unwrap(),
        9 => {
            let digits = random.below(100_000);
            let exponent = random.below(40);
            write!(out, "{digits}.{}e{}", random.below(1000), exponent).unwrap();
        }
        10 => write!(out, "{}.{}", random.below(100), random.below(100)).unwrap(),
        _ => out.push_str(random.pick(&["True", "False", "'run'", "\"a b\"", "0x1F", "0.5"])),
    }
}

/// Asks CPython; one process for all.
fn answers(expressions: &[String]) -> Vec<String> {
    let values: serde_json::Map<String, serde_json::Value> = names()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), serde_json::to_value(value).unwrap()))
        .collect();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python.py");
    let mut python = Command::new("python3")
        .args(["-W", "ignore"])
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut input = serde_json::Value::from(values).to_string();
    for expression in expressions {
        input.push('\n');
        input.push_str(expression);
    }
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "CPython ended with {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Evaluates as the hub does; nothing where the expression is refused.
fn own_value(expression: &str) -> Result<Option<Value>, String> {
    let names = names();
    let program = Program::compile(expression, &AnyScope).map_err(|error| error.to_string())?;
    let value_of = |wanted: String| {
        let (_, value) = names.iter().find(|(name, _)| *name == wanted).unwrap();
        Sample::good(1, value.clone())
    };
    let inputs: Vec<Sample> = program
        .inputs()
        .iter()
        .map(|reference| value_of(reference.to_string()))
        .collect();
    let context = Context {
        now_us: 2,
        zone: &TimeZone::UTC,
    };
    let sample = program
        .evaluate(&inputs, &context, &mut program.new_state())
        .sample;
    assert_eq!(sample.value.is_none(), sample.quality.is_bad());
    Ok(sample.value)
}

/// How many floats lie between two floats.
fn ulps(left: f64, right: f64) -> u64 {
    let place = |value: f64| {
        let bits = value.abs().to_bits().cast_signed();
        if value.is_sign_negative() {
            -bits
        } else {
            bits
        }
    };
    place(left).abs_diff(place(right))
}

/// What comparing an expression says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    SameValue,
    /// Refused for the kinds of values in a part that CPython did not look at.
    Apart,
    Different,
}

fn judge(answer: &str, own: Result<&Option<Value>, &String>) -> Verdict {
    let (answer, partly) = match answer.strip_suffix(" ?") {
        Some(answer) => (answer, true),
        None => (answer, false),
    };
    let (kind, rest) = answer.split_once(' ').unwrap_or((answer, ""));
    let same = match (kind, own) {
        // What cannot have a value may be refused before it is evaluated.
        ("x", Err(_) | Ok(None)) | ("s", Err(_)) => return Verdict::Same,
        ("b", Ok(Some(Value::Bool(own)))) => (rest == "True") == *own,
        ("i", Ok(Some(Value::I64(own)))) => rest.parse() == Ok(*own),
        ("f", Ok(Some(Value::F64(own)))) => ulps(rest.parse().unwrap(), *own) <= 1,
        ("t", Ok(Some(Value::Text(own)))) => serde_json::from_str::<String>(rest).unwrap() == **own,
        ("b" | "i" | "f" | "t", Err(error)) if partly && is_about_kinds(error) => {
            return Verdict::Apart;
        }
        _ => false,
    };
    if same {
        Verdict::SameValue
    } else {
        Verdict::Different
    }
}

fn is_about_kinds(error: &str) -> bool {
    [
        " needs ",
        " compares ",
        " is a text, this is ",
        " is a number, this is ",
    ]
    .iter()
    .any(|part| error.contains(part))
}

#[test]
fn expressions_have_the_values_of_cpython() {
    let seed = std::env::var("HEADWORKS_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    eprintln!("HEADWORKS_SEED={seed}");
    let mut random = Random(seed);
    let expressions: Vec<String> = (0..EXPRESSIONS)
        .map(|_| {
            let mut text = String::new();
            let depth = 1 + random.below(5);
            write_expression(&mut random, depth, &mut text);
            text
        })
        .collect();
    let answers = answers(&expressions);
    assert_eq!(answers.len(), expressions.len());
    let mut wrong = Vec::new();
    let mut verdicts = Vec::new();
    for (expression, answer) in expressions.iter().zip(&answers) {
        let own = own_value(expression);
        let verdict = judge(answer, own.as_ref());
        verdicts.push(verdict);
        if verdict == Verdict::Different {
            wrong.push(format!("{expression}\n  CPython: {answer}\n  own: {own:?}"));
        }
    }
    let count = |wanted| {
        verdicts
            .iter()
            .filter(|verdict| **verdict == wanted)
            .count()
    };
    let (same, values) = (count(Verdict::Same), count(Verdict::SameValue));
    eprintln!(
        "{} of {EXPRESSIONS} compared, {values} with a value",
        same + values
    );
    assert!(
        wrong.is_empty(),
        "{} of {EXPRESSIONS} differ with HEADWORKS_SEED={seed}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(
        200_000 <= same + values,
        "only {} were compared",
        same + values
    );
    assert!(100_000 <= values, "only {values} have a value");
}
