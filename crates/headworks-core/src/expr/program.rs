//! A compiled expression and what one use of it remembers.

use std::cell::RefCell;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::compile::compile;
use super::error::{ExprError, FaultAt};
use super::function::Kind;
use super::machine::{Code, Machine, nothing};
use super::parser::{parse, parse_transform};
use super::scalar::{Entry, Scalar, TIMELESS};
use super::scope::{Reference, Scope};
use super::window::{Memory, Window};
use crate::sample::Sample;
use crate::value::Value;

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

/// What one use of a program remembers; survives a restart as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Of which program this is.
    signature: u64,
    memories: Vec<Memory>,
}

/// Room for an evaluation.
#[derive(Default)]
struct Scratch {
    stack: Vec<Entry>,
    loaded: Vec<Entry>,
}

thread_local! {
    /// Kept so that evaluating allocates nothing; one per thread, so that ten thousand formulas
    /// share what stays in the cache.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
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

    /// Returns how far back the result may depend on samples: the durations of its windows,
    /// microseconds; what is remembered since the beginning is not counted.
    pub fn look_back_us(&self) -> i64 {
        let durations = self.code.windows.iter().map(|window| window.duration_us);
        durations.fold(0, i64::saturating_add)
    }

    /// Returns a state that remembers nothing.
    pub fn new_state(&self) -> State {
        State {
            signature: self.signature,
            memories: self.code.windows.iter().map(Window::memory).collect(),
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
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.stack.clear();
            scratch.loaded.clear();
            let mut machine = Machine {
                code: &self.code,
                inputs,
                context,
                stack: &mut scratch.stack,
                loaded: &mut scratch.loaded,
                memories: &mut state.memories,
            };
            machine.run();
            match machine.stack.last() {
                Some(entry) => entry.outcome(context.now_us),
                None => nothing().outcome(context.now_us),
            }
        })
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
    fn outcome(&self, now_us: i64) -> Outcome {
        let (value, fault) = match &self.scalar {
            Scalar::Float(value) => (Some(Value::F64(*value)), None),
            Scalar::Bool(value) => (Some(Value::Bool(*value)), None),
            Scalar::Int(value) => (Some(Value::I64(*value)), None),
            Scalar::Text(text) => (Some(Value::Text(text.clone())), None),
            Scalar::Bad(fault) => (None, Some(*fault)),
        };
        Outcome {
            sample: Sample {
                time_us: match self.time_us {
                    TIMELESS => now_us,
                    time_us => time_us,
                },
                value,
                quality: self.quality,
            },
            fault,
        }
    }
}
