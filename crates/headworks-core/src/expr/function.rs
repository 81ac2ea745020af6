//! The library: one table entry for each function, from which the documents are made.

mod bits;
mod calendar;
mod math;
mod quality;
mod text;
mod windows;

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::error::Fault;
use super::program::Context;
use super::scalar::{Entry, Scalar};
use super::window::WindowKind;

/// What kind of value stands somewhere, as far as it is known before evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ValueKind")]
pub enum Kind {
    /// True or false; as a number 1 or 0.
    Bool,
    /// A signed integer of 64 bits.
    Int,
    /// A finite float.
    Float,
    /// An integer or a float.
    Number,
    /// A text.
    Text,
    /// A literal such as `10m`, only as an argument.
    Duration,
    /// Known only when it is there.
    Any,
}

impl Kind {
    /// Returns whether a value of this kind may be a number.
    pub const fn may_be_number(self) -> bool {
        !matches!(self, Kind::Text | Kind::Duration)
    }

    /// Returns whether a value of this kind may stand where `wanted` is.
    pub(super) fn fits(self, wanted: Kind) -> bool {
        match (self, wanted) {
            (Kind::Duration, _) | (_, Kind::Duration) => self == wanted,
            (Kind::Any, _) | (_, Kind::Any | Kind::Bool) => true,
            (Kind::Text, wanted) => wanted == Kind::Text,
            (_, wanted) => wanted != Kind::Text,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Bool => "a bool",
            Kind::Int => "an integer",
            Kind::Float => "a float",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::Duration => "a duration",
            Kind::Any => "any value",
        })
    }
}

/// How often a parameter is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Once.
    Required,
    /// Once or not at all; only the last ones.
    Optional,
    /// Once or more often; only the last one.
    Repeated,
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Parameter {
    /// Its name, for the documents only: arguments are told by their places.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// How often it is given.
    pub need: Need,
}

/// A chapter of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FunctionGroup")]
pub enum Group {
    /// Numbers.
    Math,
    /// Bits of integers.
    Bits,
    /// Texts.
    Text,
    /// Quality and age.
    Quality,
    /// Clock and calendar.
    Calendar,
    /// What was before.
    Window,
}

/// A function of the library.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Function {
    /// Its name; a name may have one entry with and one without a duration.
    pub name: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What comes out.
    pub gives: Kind,
    /// What one evaluation costs; adding two numbers costs 1.
    pub cost: u32,
    /// Whether the result may change while the arguments stay as they are.
    pub follows_clock: bool,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// A use of it.
    pub example: &'static str,
    /// What the example gives when it is evaluated for the first time.
    pub result: &'static str,
    #[serde(skip)]
    pub(super) body: Body,
}

/// How a function is evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// From a float to a float.
    Real(fn(f64) -> f64),
    /// From values to a value; not called when one of them is bad.
    Pure(fn(&[Entry]) -> Result<Scalar, Fault>),
    /// As pure, with the time of evaluation.
    Clock(fn(&[Entry], &Context<'_>) -> Result<Scalar, Fault>),
    /// Sees bad values, quality and times.
    Whole(fn(&[Entry], &Context<'_>, u32) -> Entry),
    /// Remembers.
    Window(WindowKind),
}

/// All functions by their chapters.
pub static LIBRARY: &[(Group, &[Function])] = &[
    (Group::Math, math::FUNCTIONS),
    (Group::Bits, bits::FUNCTIONS),
    (Group::Text, text::FUNCTIONS),
    (Group::Quality, quality::FUNCTIONS),
    (Group::Calendar, calendar::FUNCTIONS),
    (Group::Window, windows::FUNCTIONS),
];

impl Function {
    const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        gives: Kind,
        body: Body,
    ) -> Function {
        let (cost, follows_clock) = match body {
            Body::Real(_) | Body::Pure(_) | Body::Whole(_) => (3, false),
            Body::Clock(_) => (20, true),
            Body::Window(kind) => (30, kind.follows_clock()),
        };
        Function {
            name,
            parameters,
            gives,
            cost,
            follows_clock,
            doc: "",
            example: "",
            result: "",
            body,
        }
    }

    const fn cost(mut self, cost: u32) -> Function {
        self.cost = cost;
        self
    }

    const fn following_clock(mut self) -> Function {
        self.follows_clock = true;
        self
    }

    const fn doc(
        mut self,
        doc: &'static str,
        example: &'static str,
        result: &'static str,
    ) -> Function {
        self.doc = doc;
        self.example = example;
        self.result = result;
        self
    }

    /// Returns the fewest arguments.
    pub fn arguments_min(&self) -> usize {
        let given = |parameter: &&Parameter| parameter.need != Need::Optional;
        self.parameters.iter().filter(given).count()
    }

    /// Returns the most arguments, or nothing where there is no limit of its own.
    pub fn arguments_max(&self) -> Option<usize> {
        let endless = self
            .parameters
            .last()
            .is_some_and(|parameter| parameter.need == Need::Repeated);
        (!endless).then_some(self.parameters.len())
    }

    /// Returns whether the last argument is a duration.
    pub fn takes_duration(&self) -> bool {
        self.parameters
            .last()
            .is_some_and(|parameter| parameter.kind == Kind::Duration)
    }

    /// Returns the parameter of an argument by its place.
    pub(super) fn parameter(&self, at: usize) -> Option<&Parameter> {
        self.parameters.get(at).or_else(|| {
            self.parameters
                .last()
                .filter(|parameter| parameter.need == Need::Repeated)
        })
    }

    /// Returns how the function is written, such as `clamp(x, low, high)`.
    pub fn signature(&self) -> String {
        let mut signature = format!("{}(", self.name);
        for (at, parameter) in self.parameters.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match parameter.need {
                Need::Required => signature.extend([comma, parameter.name]),
                Need::Optional => signature.extend(["[", comma, parameter.name, "]"]),
                Need::Repeated => signature.extend([comma, parameter.name, ", ..."]),
            }
        }
        signature.push(')');
        signature
    }
}

/// Returns the functions of a name.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    LIBRARY
        .iter()
        .flat_map(|(_, functions)| functions.iter())
        .filter(move |function| function.name == name)
}

const fn parameter(name: &'static str, kind: Kind, need: Need) -> Parameter {
    Parameter { name, kind, need }
}

const fn required(name: &'static str, kind: Kind) -> Parameter {
    parameter(name, kind, Need::Required)
}

const fn optional(name: &'static str, kind: Kind) -> Parameter {
    parameter(name, kind, Need::Optional)
}

const fn repeated(name: &'static str, kind: Kind) -> Parameter {
    parameter(name, kind, Need::Repeated)
}

const NUMBER: Parameter = required("x", Kind::Number);
const INTEGER: Parameter = required("x", Kind::Int);
const TEXT: Parameter = required("text", Kind::Text);
const ANY: Parameter = required("x", Kind::Any);
const CONDITION: Parameter = required("condition", Kind::Bool);
const DURATION: Parameter = required("duration", Kind::Duration);

/// Returns an argument as a float.
fn float(arguments: &[Entry], at: usize) -> Result<f64, Fault> {
    let argument = arguments.get(at).ok_or(Fault::Argument)?;
    Ok(argument.scalar.number()?.to_float())
}

/// Returns an argument as an integer; a float must be without a fraction.
fn integer(arguments: &[Entry], at: usize) -> Result<i64, Fault> {
    use super::scalar::Number;
    let argument = arguments.get(at).ok_or(Fault::Argument)?;
    match argument.scalar.number()? {
        Number::Int(value) => Ok(value),
        Number::Float(value) if value.fract() == 0.0 => super::arithmetic::to_integer(value),
        Number::Float(_) => Err(Fault::Argument),
    }
}

/// Returns an argument as an integer between zero and a limit.
fn count(arguments: &[Entry], at: usize, most: u32) -> Result<u32, Fault> {
    u32::try_from(integer(arguments, at)?)
        .ok()
        .filter(|count| *count <= most)
        .ok_or(Fault::Argument)
}

/// Returns an argument as a text.
fn string(arguments: &[Entry], at: usize) -> Result<&str, Fault> {
    arguments.get(at).ok_or(Fault::Argument)?.scalar.text()
}
