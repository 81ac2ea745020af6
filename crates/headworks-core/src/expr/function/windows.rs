//! Functions that remember.

use super::{ANY, Body, CONDITION, DURATION, Function, Kind, NUMBER, Parameter, required};
use crate::expr::window::WindowKind;

const OVER: &[Parameter] = &[NUMBER, DURATION];

/// What going through the samples of a duration costs.
const COST_OVER: u32 = 60;

const fn over(name: &'static str, gives: Kind, kind: WindowKind) -> Function {
    Function::new(name, OVER, gives, Body::Window(kind)).cost(COST_OVER)
}

const fn since(
    name: &'static str,
    parameters: &'static [Parameter],
    gives: Kind,
    kind: WindowKind,
) -> Function {
    Function::new(name, parameters, gives, Body::Window(kind))
}

pub(super) static FUNCTIONS: &[Function] = &[
    over("avg", Kind::Float, WindowKind::Mean).doc(
        "The mean over the duration; each value counts for as long as it held.",
        "avg(4, 10m)",
        "4.0",
    ),
    over("min", Kind::Float, WindowKind::Least).doc(
        "The least value that held within the duration.",
        "min(4, 10m)",
        "4.0",
    ),
    over("max", Kind::Float, WindowKind::Greatest).doc(
        "The greatest value that held within the duration.",
        "max(4, 10m)",
        "4.0",
    ),
    over("sum", Kind::Float, WindowKind::Sum).doc(
        "The sum of the samples of the duration.",
        "sum(4, 10m)",
        "4.0",
    ),
    over("count", Kind::Int, WindowKind::Count).doc(
        "The number of samples of the duration that were not bad.",
        "count(4, 10m)",
        "1",
    ),
    over("delta", Kind::Float, WindowKind::DeltaOver).doc(
        "By how much x has grown within the duration.",
        "delta(4, 10m)",
        "0.0",
    ),
    over("rate", Kind::Float, WindowKind::RateOver).doc(
        "By how much x grows per second, over the duration.",
        "if_bad(rate(4, 10m), \"no data\")",
        "\"no data\"",
    ),
    over("integral", Kind::Float, WindowKind::IntegralOver).doc(
        "x times seconds, over the duration; each value holds until the next.",
        "integral(4, 10m)",
        "0.0",
    ),
    since("delta", &[NUMBER], Kind::Number, WindowKind::Delta).doc(
        "By how much x has grown since the sample before.",
        "if_bad(delta(4), \"no data\")",
        "\"no data\"",
    ),
    since("rate", &[NUMBER], Kind::Float, WindowKind::Rate).doc(
        "By how much x has grown per second since the sample before.",
        "if_bad(rate(4), \"no data\")",
        "\"no data\"",
    ),
    since("integral", &[NUMBER], Kind::Float, WindowKind::Integral).doc(
        "x times seconds since the beginning, without the times when x is bad. Power in kW makes \
         kWh with integral(x) / 3600.",
        "integral(4)",
        "0.0",
    ),
    since("previous", &[ANY], Kind::Any, WindowKind::Previous).doc(
        "The sample before.",
        "if_bad(previous(4), \"no data\")",
        "\"no data\"",
    ),
    since("changed", &[ANY], Kind::Bool, WindowKind::Changed).doc(
        "Whether x is a new sample with another value than the one before.",
        "changed(4)",
        "false",
    ),
    since("rising", &[CONDITION], Kind::Bool, WindowKind::Rising).doc(
        "Whether the condition has just become true.",
        "rising(4 > 3)",
        "false",
    ),
    since("falling", &[CONDITION], Kind::Bool, WindowKind::Falling).doc(
        "Whether the condition has just become false.",
        "falling(4 > 3)",
        "false",
    ),
    since("edge", &[CONDITION], Kind::Bool, WindowKind::Edge).doc(
        "Whether the condition has just become true or false.",
        "edge(4 > 3)",
        "false",
    ),
    since(
        "hysteresis",
        &[
            NUMBER,
            required("low", Kind::Number),
            required("high", Kind::Number),
        ],
        Kind::Bool,
        WindowKind::Hysteresis,
    )
    .doc(
        "True once x is above high, false once it is below low; in between as before, at first \
         false.",
        "hysteresis(81, 70, 80)",
        "true",
    ),
    since(
        "deadband",
        &[NUMBER, required("width", Kind::Number)],
        Kind::Number,
        WindowKind::Deadband,
    )
    .doc(
        "The last value given on, until x is further from it than width.",
        "deadband(4, 0.5)",
        "4",
    ),
    since(
        "on_for",
        &[CONDITION, DURATION],
        Kind::Bool,
        WindowKind::OnFor,
    )
    .doc(
        "Whether the condition has been true for the duration without a break; bad is a break.",
        "on_for(4 > 3, 10s)",
        "false",
    ),
    since(
        "off_for",
        &[CONDITION, DURATION],
        Kind::Bool,
        WindowKind::OffFor,
    )
    .doc(
        "True from when the condition is true until it has been false for the duration.",
        "off_for(4 > 3, 10s)",
        "true",
    ),
    since("smooth", OVER, Kind::Float, WindowKind::Smooth).doc(
        "x through a lag of first order with the duration as its time constant.",
        "smooth(4, 10s)",
        "4.0",
    ),
];
