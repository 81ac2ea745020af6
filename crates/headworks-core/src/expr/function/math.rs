//! Numbers.

use std::cmp::Ordering;

use super::{ANY, Body, CONDITION, Function, Kind, NUMBER, Parameter, float};
use super::{optional, repeated, required};
use crate::expr::arithmetic::{binary, finite, order, to_integer};
use crate::expr::error::Fault;
use crate::expr::scalar::{Entry, Number, Scalar};
use crate::expr::tree::BinaryOp;

const MORE: Parameter = repeated("y", Kind::Number);

const fn real(
    name: &'static str,
    function: fn(f64) -> f64,
    doc: &'static str,
    example: &'static str,
    result: &'static str,
) -> Function {
    Function::new(name, &[NUMBER], Kind::Float, Body::Real(function))
        .cost(8)
        .doc(doc, example, result)
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("abs", &[NUMBER], Kind::Number, Body::Pure(abs)).doc(
        "The distance from zero.",
        "abs(-3)",
        "3",
    ),
    Function::new("sign", &[NUMBER], Kind::Int, Body::Pure(sign)).doc(
        "-1, 0 or 1, as x is below, at or above zero.",
        "sign(-2.5)",
        "-1",
    ),
    Function::new("min", &[NUMBER, MORE], Kind::Number, Body::Pure(least)).doc(
        "The least of the arguments. With a duration it looks back, see below.",
        "min(3, 1, 2)",
        "1",
    ),
    Function::new("max", &[NUMBER, MORE], Kind::Number, Body::Pure(greatest)).doc(
        "The greatest of the arguments. With a duration it looks back, see below.",
        "max(3, 1, 2)",
        "3",
    ),
    Function::new("sum", &[NUMBER, MORE], Kind::Number, Body::Pure(sum)).doc(
        "The sum of the arguments. With a duration it looks back, see below.",
        "sum(1, 2, 3.5)",
        "6.5",
    ),
    Function::new("avg", &[NUMBER, MORE], Kind::Float, Body::Pure(mean)).doc(
        "The mean of the arguments. With a duration it looks back, see below.",
        "avg(1, 2, 6)",
        "3.0",
    ),
    Function::new(
        "scale",
        &[
            NUMBER,
            required("factor", Kind::Number),
            optional("offset", Kind::Number),
        ],
        Kind::Number,
        Body::Pure(scale),
    )
    .doc("x * factor + offset.", "20 | scale(0.5, 3)", "13.0"),
    Function::new(
        "map_range",
        &[
            NUMBER,
            required("in_low", Kind::Number),
            required("in_high", Kind::Number),
            required("out_low", Kind::Number),
            required("out_high", Kind::Number),
        ],
        Kind::Float,
        Body::Pure(map_range),
    )
    .doc(
        "x of one range as the same part of another; outside it goes on in a straight line.",
        "map_range(12, 4, 20, 0, 100)",
        "50.0",
    ),
    Function::new(
        "clamp",
        &[
            NUMBER,
            required("low", Kind::Number),
            required("high", Kind::Number),
        ],
        Kind::Number,
        Body::Pure(clamp),
    )
    .doc(
        "x, but at least low and at most high; a float stays a float.",
        "clamp(120, 0, 100)",
        "100",
    ),
    Function::new(
        "round",
        &[NUMBER, optional("digits", Kind::Int)],
        Kind::Number,
        Body::Pure(round),
    )
    .cost(20)
    .doc(
        "x to the nearest integer, or with digits (0 to 15) to so many decimals; halves go to the \
         even neighbour, as in Python.",
        "round(2.5)",
        "2",
    ),
    Function::new("floor", &[NUMBER], Kind::Int, Body::Pure(floor)).doc(
        "The next integer below or at x.",
        "floor(-1.5)",
        "-2",
    ),
    Function::new("ceil", &[NUMBER], Kind::Int, Body::Pure(ceil)).doc(
        "The next integer above or at x.",
        "ceil(-1.5)",
        "-1",
    ),
    Function::new("int", &[ANY], Kind::Int, Body::Pure(int)).doc(
        "x without its fraction; a text is read as a decimal integer.",
        "int(-3.7)",
        "-3",
    ),
    Function::new("float", &[ANY], Kind::Float, Body::Pure(to_float)).doc(
        "x as a float; a text is read as a decimal number.",
        "float(\"2.5\")",
        "2.5",
    ),
    Function::new("bool", &[ANY], Kind::Bool, Body::Pure(truth)).doc(
        "Whether x is neither zero nor empty.",
        "bool(3)",
        "true",
    ),
    real("sqrt", f64::sqrt, "The square root.", "sqrt(16)", "4.0"),
    real("exp", f64::exp, "e to the power of x.", "exp(0)", "1.0"),
    real("ln", f64::ln, "The natural logarithm.", "ln(1)", "0.0"),
    real(
        "log10",
        f64::log10,
        "The logarithm to base 10.",
        "log10(1000)",
        "3.0",
    ),
    real(
        "log2",
        f64::log2,
        "The logarithm to base 2.",
        "log2(8)",
        "3.0",
    ),
    real(
        "sin",
        f64::sin,
        "The sine of an angle in radians.",
        "sin(0)",
        "0.0",
    ),
    real(
        "cos",
        f64::cos,
        "The cosine of an angle in radians.",
        "cos(0)",
        "1.0",
    ),
    real(
        "tan",
        f64::tan,
        "The tangent of an angle in radians.",
        "tan(0)",
        "0.0",
    ),
    real(
        "asin",
        f64::asin,
        "The angle of a sine, in radians.",
        "asin(0)",
        "0.0",
    ),
    real(
        "acos",
        f64::acos,
        "The angle of a cosine, in radians.",
        "acos(1)",
        "0.0",
    ),
    real(
        "atan",
        f64::atan,
        "The angle of a tangent, in radians.",
        "atan(0)",
        "0.0",
    ),
    real(
        "degrees",
        f64::to_degrees,
        "Radians as degrees.",
        "degrees(pi())",
        "180.0",
    ),
    real(
        "radians",
        f64::to_radians,
        "Degrees as radians.",
        "round(radians(180), 4)",
        "3.1416",
    ),
    Function::new(
        "atan2",
        &[required("y", Kind::Number), required("x", Kind::Number)],
        Kind::Float,
        Body::Pure(atan2),
    )
    .cost(8)
    .doc(
        "The angle of the point (x, y), in radians.",
        "atan2(0, 1)",
        "0.0",
    ),
    Function::new(
        "hypot",
        &[NUMBER, required("y", Kind::Number)],
        Kind::Float,
        Body::Pure(hypot),
    )
    .cost(8)
    .doc(
        "The root of x * x + y * y: the length of a vector, or apparent from active and \
             reactive power.",
        "hypot(3, 4)",
        "5.0",
    ),
    Function::new("pi", &[], Kind::Float, Body::Pure(pi)).doc(
        "The circumference of a circle over its diameter.",
        "round(pi(), 5)",
        "3.14159",
    ),
    Function::new("xor", &[CONDITION, CONDITION], Kind::Bool, Body::Pure(xor)).doc(
        "Whether exactly one of two conditions is true.",
        "xor(true, false)",
        "true",
    ),
];

fn abs(arguments: &[Entry]) -> Result<Scalar, Fault> {
    match number(arguments, 0)? {
        Number::Int(value) => value.checked_abs().map(Scalar::Int).ok_or(Fault::Overflow),
        Number::Float(value) => Ok(Scalar::Float(value.abs())),
    }
}

fn sign(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let number = number(arguments, 0)?.scalar();
    Ok(Scalar::Int(match order(&number, &Scalar::Int(0)) {
        Some(Ordering::Less) => -1,
        Some(Ordering::Greater) => 1,
        Some(Ordering::Equal) | None => 0,
    }))
}

fn number(arguments: &[Entry], at: usize) -> Result<Number, Fault> {
    arguments.get(at).ok_or(Fault::Argument)?.scalar.number()
}

/// Returns the first argument before which no other comes in that order.
fn extreme(arguments: &[Entry], before: Ordering) -> Result<Scalar, Fault> {
    let mut best = &arguments.first().ok_or(Fault::Argument)?.scalar;
    best.number()?;
    for other in &arguments[1..] {
        if order(&other.scalar, best).ok_or(Fault::Type)? == before {
            best = &other.scalar;
        }
    }
    Ok(best.clone())
}

fn least(arguments: &[Entry]) -> Result<Scalar, Fault> {
    extreme(arguments, Ordering::Less)
}

fn greatest(arguments: &[Entry]) -> Result<Scalar, Fault> {
    extreme(arguments, Ordering::Greater)
}

fn sum(arguments: &[Entry]) -> Result<Scalar, Fault> {
    arguments.iter().try_fold(Scalar::Int(0), |sum, argument| {
        argument.scalar.number()?;
        binary(BinaryOp::Add, &sum, &argument.scalar)
    })
}

#[expect(clippy::cast_precision_loss, reason = "a handful of arguments")]
fn mean(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let sum = sum(arguments)?.number()?.to_float();
    finite(sum / arguments.len() as f64)
}

fn scale(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let factor = number(arguments, 1)?.scalar();
    let product = binary(BinaryOp::Multiply, &number(arguments, 0)?.scalar(), &factor)?;
    match arguments.get(2) {
        Some(offset) => binary(BinaryOp::Add, &product, &offset.scalar.number()?.scalar()),
        None => Ok(product),
    }
}

fn map_range(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let (in_low, in_high) = (float(arguments, 1)?, float(arguments, 2)?);
    let (out_low, out_high) = (float(arguments, 3)?, float(arguments, 4)?);
    if in_low == in_high {
        return Err(Fault::DivisionByZero);
    }
    let part = (float(arguments, 0)? - in_low) / (in_high - in_low);
    finite(out_low + part * (out_high - out_low))
}

/// Gives a float for a float, whatever the limits are written as.
fn clamp(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let [x, low, high] = arguments else {
        return Err(Fault::Argument);
    };
    let (x, low, high) = (&x.scalar, &low.scalar, &high.scalar);
    let is = |wanted, left, right| Ok(order(left, right).ok_or(Fault::Type)? == wanted);
    if is(Ordering::Greater, low, high)? {
        return Err(Fault::Argument);
    }
    let limit = if is(Ordering::Less, x, low)? {
        low
    } else if is(Ordering::Greater, x, high)? {
        high
    } else {
        return Ok(x.clone());
    };
    match x {
        Scalar::Float(_) => finite(limit.number()?.to_float()),
        _ => Ok(limit.clone()),
    }
}

fn round(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let number = number(arguments, 0)?;
    let Some(_) = arguments.get(1) else {
        return match number {
            Number::Int(value) => Ok(Scalar::Int(value)),
            Number::Float(value) => to_integer(value.round_ties_even()).map(Scalar::Int),
        };
    };
    let digits = super::count(arguments, 1, 15)?;
    match number {
        Number::Int(value) => Ok(Scalar::Int(value)),
        Number::Float(value) => round_decimals(value, digits),
    }
}

/// Rounds the exact decimal expansion, so that no product adds an error of its own.
fn round_decimals(value: f64, digits: u32) -> Result<Scalar, Fault> {
    let digits = usize::try_from(digits).map_err(|_| Fault::Argument)?;
    // From here on a float has no fraction.
    if 4_503_599_627_370_496.0 <= value.abs() {
        return Ok(Scalar::Float(value));
    }
    finite(format!("{value:.digits$}").parse().unwrap_or(value))
}

fn floor(arguments: &[Entry]) -> Result<Scalar, Fault> {
    whole(arguments, f64::floor)
}

fn ceil(arguments: &[Entry]) -> Result<Scalar, Fault> {
    whole(arguments, f64::ceil)
}

fn whole(arguments: &[Entry], rounded: fn(f64) -> f64) -> Result<Scalar, Fault> {
    match number(arguments, 0)? {
        Number::Int(value) => Ok(Scalar::Int(value)),
        Number::Float(value) => to_integer(rounded(value)).map(Scalar::Int),
    }
}

fn int(arguments: &[Entry]) -> Result<Scalar, Fault> {
    match arguments.first().map(|argument| &argument.scalar) {
        Some(Scalar::Text(text)) => {
            let read = text.trim().parse().map_err(|_| Fault::Argument);
            read.map(Scalar::Int)
        }
        _ => whole(arguments, f64::trunc),
    }
}

fn to_float(arguments: &[Entry]) -> Result<Scalar, Fault> {
    match arguments.first().map(|argument| &argument.scalar) {
        Some(Scalar::Text(text)) => finite(text.trim().parse().map_err(|_| Fault::Argument)?),
        _ => finite(float(arguments, 0)?),
    }
}

fn truth(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let truth = arguments.first().is_some_and(|x| x.scalar.truth());
    Ok(Scalar::Bool(truth))
}

fn atan2(arguments: &[Entry]) -> Result<Scalar, Fault> {
    finite(float(arguments, 0)?.atan2(float(arguments, 1)?))
}

fn hypot(arguments: &[Entry]) -> Result<Scalar, Fault> {
    finite(float(arguments, 0)?.hypot(float(arguments, 1)?))
}

fn pi(_: &[Entry]) -> Result<Scalar, Fault> {
    Ok(Scalar::Float(std::f64::consts::PI))
}

fn xor(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let truths = arguments.iter().filter(|x| x.scalar.truth()).count();
    Ok(Scalar::Bool(truths == 1))
}
