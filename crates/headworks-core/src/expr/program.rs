//! A compiled expression and its evaluation.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::arithmetic;
use super::compile::{Scope, compile};
use super::error::{ExprError, Fault, FaultAt};
use super::function::{Body, Function, Kind};
use super::parser::{parse, parse_transform};
use super::scalar::{Entry, Scalar, TIMELESS, newest, worst};
use super::tree::{BinaryOp, CompareOp, LogicOp, UnaryOp};
use super::window::{Memory, Window};
use crate::path::TagPath;
use crate::sample::Sample;

/// What an expression reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// A tag by its path: `tag("plant/boiler/temp")`.
    Tag(TagPath),
    /// A name that the owner of the expression gives a meaning, such as `value`.
    Name(Box<str>),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Tag(path) => write!(f, "tag({})", super::tree::quoted(path.as_str())),
            Reference::Name(name) => f.write_str(name),
        }
    }
}

/// When and where an expression is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time of the evaluation, in microseconds since 1970-01-01 UTC: the newest time of the
    /// inputs when history is calculated, the clock when the present is.
    pub now_us: i64,
    /// The time zone of hours, days and shifts.
    pub zone: &'a TimeZone,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Value, worst quality and newest time of what was evaluated.
    pub sample: Sample,
    /// Why there is no value; only with a bad sample.
    pub fault: Option<FaultAt>,
}

/// A compiled expression: never changes, shared by all that use it.
#[derive(Debug)]
pub struct Program {
    text: String,
    kind: Kind,
    code: Code,
    signature: u64,
}

/// The steps of a program and what they use.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) ops: Box<[Op]>,
    /// The column of each step.
    pub(super) columns: Box<[u32]>,
    pub(super) constants: Box<[Scalar]>,
    pub(super) inputs: Box<[Reference]>,
    pub(super) windows: Box<[Window]>,
    pub(super) cost: u32,
    pub(super) follows_clock: bool,
}

/// A step: takes its operands from the stack and leaves its result there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Constant(u32),
    Input(u32),
    /// The result of a window that was evaluated before.
    Load(u16),
    Unary(UnaryOp),
    Binary(BinaryOp),
    Compare(CompareOp),
    /// A comparison that goes on with its right side when it is true.
    Chained {
        operator: CompareOp,
        end: u32,
    },
    /// Ends an `and` at the first false, an `or` at the first true.
    Skip {
        operator: LogicOp,
        end: u32,
    },
    /// Goes one of two ways, or to the end when the condition is bad.
    Fork {
        otherwise: u32,
        end: u32,
    },
    Jump {
        end: u32,
    },
    /// Keeps the upper value with the quality and the time of both.
    Merge,
    Call {
        function: &'static Function,
        count: u8,
    },
    Window {
        number: u16,
        count: u8,
    },
}

/// What one use of a program remembers; survives a restart as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Of which program this is.
    signature: u64,
    memories: Vec<Memory>,
    #[serde(skip)]
    scratch: Scratch,
}

/// Room for an evaluation, kept so that evaluating allocates nothing.
#[derive(Clone, Debug, Default)]
struct Scratch {
    stack: Vec<Entry>,
    loaded: Vec<Entry>,
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Scratch) -> bool {
        true
    }
}

impl Program {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// [`ExprError`] with the column and a hint, for texts that are no expression, for names that
    /// the scope does not know, for kinds that do not go together and for what is too large.
    pub fn compile(text: &str, scope: &dyn Scope) -> Result<Program, ExprError> {
        compile(&parse(text)?, scope)
    }

    /// Compiles a transform: a pipeline that is given `value`, such as `scale(0.001) | round`.
    ///
    /// # Errors
    ///
    /// As [`Program::compile`].
    pub fn compile_transform(text: &str, scope: &dyn Scope) -> Result<Program, ExprError> {
        compile(&parse_transform(text)?, scope)
    }

    pub(super) fn new(text: String, kind: Kind, code: Code) -> Program {
        Program {
            signature: signature(&text),
            text,
            kind,
            code,
        }
    }

    /// Returns the expression in its plain form; compiled again it is the same program.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what is read, in the order of the inputs of [`Program::evaluate`].
    pub fn inputs(&self) -> &[Reference] {
        &self.code.inputs
    }

    /// Returns what kind of value comes out, as far as that is known.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the cost of an evaluation; adding two inputs costs 3.
    pub fn cost(&self) -> u32 {
        self.code.cost
    }

    /// Returns whether the result may change while all inputs stay as they are.
    pub fn follows_clock(&self) -> bool {
        self.code.follows_clock
    }

    /// Returns whether earlier evaluations matter.
    pub fn remembers(&self) -> bool {
        !self.code.windows.is_empty()
    }

    /// Returns a state that remembers nothing.
    pub fn new_state(&self) -> State {
        State {
            signature: self.signature,
            memories: self.code.windows.iter().map(Window::memory).collect(),
            scratch: Scratch::default(),
        }
    }

    /// Returns whether a state belongs to this program.
    pub fn owns(&self, state: &State) -> bool {
        let own = |(memory, window): (&Memory, &Window)| window.owns(memory);
        state.signature == self.signature
            && state.memories.len() == self.code.windows.len()
            && state.memories.iter().zip(&self.code.windows).all(own)
    }

    /// Evaluates: no allocation for numbers, no panic, at most [`Program::cost`] steps.
    ///
    /// `inputs` are in the order of [`Program::inputs`]; one that is missing waits for its first
    /// sample. A state of another program is begun anew.
    pub fn evaluate(&self, inputs: &[Sample], context: &Context<'_>, state: &mut State) -> Outcome {
        if state.signature != self.signature || state.memories.len() != self.code.windows.len() {
            *state = self.new_state();
        }
        let mut machine = Machine {
            code: &self.code,
            inputs,
            context,
            stack: &mut state.scratch.stack,
            loaded: &mut state.scratch.loaded,
            memories: &mut state.memories,
        };
        machine.stack.clear();
        machine.loaded.clear();
        machine.run().outcome(context.now_us)
    }
}

impl State {
    /// Returns whether there is nothing worth keeping.
    pub fn is_empty(&self) -> bool {
        self.memories.is_empty()
    }
}

/// FNV-1a: stays the same over versions of Rust, which the hashes of its library do not promise.
fn signature(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

impl Entry {
    fn outcome(self, now_us: i64) -> Outcome {
        let time_us = match self.time_us {
            TIMELESS => now_us,
            time_us => time_us,
        };
        let fault = match self.scalar {
            Scalar::Bad(fault) => Some(fault),
            _ => None,
        };
        Outcome {
            sample: Sample {
                time_us,
                value: self.scalar.into_value(),
                quality: self.quality,
            },
            fault,
        }
    }
}

struct Machine<'m> {
    code: &'m Code,
    inputs: &'m [Sample],
    context: &'m Context<'m>,
    stack: &'m mut Vec<Entry>,
    loaded: &'m mut Vec<Entry>,
    memories: &'m mut [Memory],
}

impl Machine<'_> {
    fn run(&mut self) -> Entry {
        let mut at = 0;
        while let Some(op) = self.code.ops.get(at) {
            at = self.step(op, at);
        }
        self.pop()
    }

    /// Does one step and returns the place of the next.
    #[inline]
    fn step(&mut self, op: &Op, at: usize) -> usize {
        match *op {
            Op::Constant(number) => {
                let scalar = self.code.constants[number as usize].clone();
                self.stack.push(Entry::constant(scalar));
            }
            Op::Input(slot) => {
                let sample = self.inputs.get(slot as usize);
                self.stack
                    .push(Entry::of_input(sample, self.code.columns[at]));
            }
            Op::Binary(operator) => {
                self.binary(at, |left, right| arithmetic::binary(operator, left, right))
            }
            Op::Compare(operator) => self.binary(at, |left, right| {
                arithmetic::compare(operator, left, right).map(Scalar::Bool)
            }),
            Op::Unary(operator) => self.unary(at, operator),
            Op::Chained { operator, end } => {
                if self.chained(at, operator) {
                    return end as usize;
                }
            }
            Op::Skip { operator, end } => {
                if self.skips(operator) {
                    return end as usize;
                }
            }
            Op::Fork { otherwise, end } => match self.top() {
                Some(Scalar::Bad(_)) => return end as usize,
                Some(condition) if !condition.truth() => return otherwise as usize,
                _ => {}
            },
            Op::Jump { end } => return end as usize,
            Op::Merge => self.merge(),
            Op::Load(number) => {
                let entry = self.loaded.get(usize::from(number)).cloned();
                self.stack.push(entry.unwrap_or_else(nothing));
            }
            Op::Call { function, count } => self.call(at, function, usize::from(count)),
            Op::Window { number, count } => self.window(at, number, usize::from(count)),
        }
        at + 1
    }

    fn pop(&mut self) -> Entry {
        self.stack.pop().unwrap_or_else(nothing)
    }

    fn top(&self) -> Option<&Scalar> {
        self.stack.last().map(|entry| &entry.scalar)
    }

    /// Replaces the two upper entries by the result of an operator.
    #[inline]
    fn binary(&mut self, at: usize, operator: impl Fn(&Scalar, &Scalar) -> Result<Scalar, Fault>) {
        let right = self.pop();
        let Some(left) = self.stack.last_mut() else {
            return;
        };
        left.time_us = left.time_us.max(right.time_us);
        if left.scalar.is_bad() {
            return;
        }
        if right.scalar.is_bad() {
            left.scalar = right.scalar;
            left.quality = right.quality;
            return;
        }
        match operator(&left.scalar, &right.scalar) {
            Ok(scalar) => {
                left.scalar = scalar;
                left.quality = worst(left.quality, right.quality);
            }
            Err(fault) => *left = Entry::bad(fault, self.code.columns[at], left.time_us),
        }
    }

    fn unary(&mut self, at: usize, operator: UnaryOp) {
        let Some(entry) = self.stack.last_mut() else {
            return;
        };
        if entry.scalar.is_bad() {
            return;
        }
        match arithmetic::unary(operator, &entry.scalar) {
            Ok(scalar) => entry.scalar = scalar,
            Err(fault) => *entry = Entry::bad(fault, self.code.columns[at], entry.time_us),
        }
    }

    /// Compares; leaves the answer and returns true when it is settled, else leaves the right side.
    fn chained(&mut self, at: usize, operator: CompareOp) -> bool {
        let right = self.stack.last().cloned().unwrap_or_else(nothing);
        self.binary(at, |left, right| {
            arithmetic::compare(operator, left, right).map(Scalar::Bool)
        });
        let Some(answer) = self.stack.last_mut() else {
            return true;
        };
        if answer.scalar.is_bad() || !answer.scalar.truth() {
            return true;
        }
        answer.scalar = right.scalar;
        false
    }

    fn skips(&self, operator: LogicOp) -> bool {
        match self.top() {
            None | Some(Scalar::Bad(_)) => true,
            Some(scalar) => scalar.truth() == (operator == LogicOp::Or),
        }
    }

    fn merge(&mut self) {
        let upper = self.pop();
        let Some(lower) = self.stack.last_mut() else {
            return;
        };
        lower.time_us = lower.time_us.max(upper.time_us);
        lower.quality = if upper.scalar.is_bad() {
            upper.quality
        } else {
            worst(lower.quality, upper.quality)
        };
        lower.scalar = upper.scalar;
    }

    fn call(&mut self, at: usize, function: &'static Function, count: usize) {
        let from = self.stack.len().saturating_sub(count);
        let arguments = &self.stack[from..];
        let column = self.code.columns[at];
        let entry = match function.body {
            Body::Whole(evaluate) => evaluate(arguments, self.context, column),
            Body::Clock(evaluate) => {
                let mut entry = strict(arguments, column, |all| evaluate(all, self.context));
                entry.time_us = self.context.now_us;
                entry
            }
            Body::Pure(evaluate) => strict(arguments, column, evaluate),
            Body::Real(evaluate) => strict(arguments, column, |all| {
                let x = all.first().ok_or(Fault::Argument)?.scalar.number()?;
                arithmetic::finite(evaluate(x.to_float()))
            }),
            // Windows have steps of their own.
            Body::Window(_) => nothing(),
        };
        self.stack.truncate(from);
        self.stack.push(entry);
    }

    fn window(&mut self, at: usize, number: u16, count: usize) {
        let from = self.stack.len().saturating_sub(count);
        let place = usize::from(number);
        let entry = match (self.code.windows.get(place), self.memories.get_mut(place)) {
            (Some(window), Some(memory)) => {
                let arguments = &self.stack[from..];
                window.evaluate(memory, arguments, self.context, self.code.columns[at])
            }
            _ => nothing(),
        };
        self.stack.truncate(from);
        self.loaded.push(entry);
    }
}

fn nothing() -> Entry {
    Entry::bad(Fault::NoData, 1, TIMELESS)
}

/// Calls a function whose arguments must all be usable.
fn strict(
    arguments: &[Entry],
    column: u32,
    evaluate: impl FnOnce(&[Entry]) -> Result<Scalar, Fault>,
) -> Entry {
    let time_us = newest(arguments);
    if let Some(bad) = arguments.iter().find(|argument| argument.scalar.is_bad()) {
        return Entry {
            time_us,
            ..bad.clone()
        };
    }
    match evaluate(arguments) {
        Ok(scalar) => Entry {
            scalar,
            quality: arguments
                .iter()
                .fold(crate::Quality::GOOD, |quality, argument| {
                    worst(quality, argument.quality)
                }),
            time_us,
        },
        Err(fault) => Entry::bad(fault, column, time_us),
    }
}
