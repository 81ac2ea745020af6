//! The evaluation of the steps of a program, on a stack.

use super::arithmetic;
use super::error::Fault;
use super::function::{Body, Function};
use super::program::Context;
use super::scalar::{Entry, Scalar, TIMELESS, newest, worst};
use super::scope::Reference;
use super::tree::{BinaryOp, CompareOp, LogicOp, UnaryOp};
use super::window::{Memory, Window};
use crate::quality::Quality;
use crate::sample::Sample;
use crate::value::Value;

/// The steps of a program and what they use.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) ops: Box<[Op]>,
    /// The columns of each step and of the operand that it fetches itself.
    pub(super) columns: Box<[[u32; 2]]>,
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
    /// An operator whose right side is an input or a constant: half of all operators.
    BinaryWith {
        operator: BinaryOp,
        right: Operand,
    },
    CompareWith {
        operator: CompareOp,
        right: Operand,
    },
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

/// What a step fetches itself instead of taking it from the stack.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Constant(u32),
    Input(u32),
}

/// An operator between two values.
#[derive(Clone, Copy, Debug)]
enum Operator {
    Binary(BinaryOp),
    Compare(CompareOp),
}

/// An evaluation that is going on.
pub(super) struct Machine<'m> {
    pub(super) code: &'m Code,
    pub(super) inputs: &'m [Sample],
    pub(super) context: &'m Context<'m>,
    pub(super) stack: &'m mut Vec<Entry>,
    pub(super) loaded: &'m mut Vec<Entry>,
    pub(super) memories: &'m mut [Memory],
}

impl Machine<'_> {
    pub(super) fn run(&mut self) {
        let mut at = 0;
        while let Some(op) = self.code.ops.get(at) {
            at = self.step(op, at);
        }
    }

    /// Does one step and returns the place of the next.
    #[inline]
    fn step(&mut self, op: &Op, at: usize) -> usize {
        match *op {
            Op::Constant(number) => {
                let scalar = self.code.constants[number as usize].clone();
                self.stack.push(Entry::constant(scalar));
            }
            Op::Input(slot) => self.input(at, slot),
            Op::BinaryWith { operator, right } => self.with(at, right, Operator::Binary(operator)),
            Op::CompareWith { operator, right } => {
                self.with(at, right, Operator::Compare(operator));
            }
            Op::Binary(operator) => self.binary(at, Operator::Binary(operator)),
            Op::Compare(operator) => self.binary(at, Operator::Compare(operator)),
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

    fn column(&self, at: usize) -> u32 {
        self.code.columns[at][0]
    }

    fn pop(&mut self) -> Entry {
        self.stack.pop().unwrap_or_else(nothing)
    }

    fn top(&self) -> Option<&Scalar> {
        self.stack.last().map(|entry| &entry.scalar)
    }

    /// Pushes an input; what most are, a usable float, without a detour through memory.
    #[inline]
    fn input(&mut self, at: usize, slot: u32) {
        match self.inputs.get(slot as usize) {
            Some(Sample {
                value: Some(Value::F64(value)),
                quality,
                time_us,
            }) if !quality.is_bad() && value.is_finite() => self.stack.push(Entry {
                scalar: Scalar::Float(*value),
                quality: *quality,
                time_us: *time_us,
            }),
            _ => self.other_input(slot, self.code.columns[at][1]),
        }
    }

    #[inline(never)]
    fn other_input(&mut self, slot: u32, column: u32) {
        let sample = self.inputs.get(slot as usize);
        self.stack.push(Entry::of_input(sample, column));
    }

    /// Replaces the two upper entries by the result of an operator.
    #[inline]
    fn binary(&mut self, at: usize, operator: Operator) {
        let column = self.column(at);
        if let [.., left, right] = self.stack.as_mut_slice() {
            if right.scalar.is_bad() && !left.scalar.is_bad() {
                left.scalar = right.scalar.clone();
                left.quality = right.quality;
            }
            left.apply(
                operator,
                &right.scalar,
                (right.quality, right.time_us),
                column,
            );
        }
        self.stack.pop();
    }

    /// Replaces the upper entry by the result of an operator with an operand from elsewhere.
    #[inline]
    fn with(&mut self, at: usize, right: Operand, operator: Operator) {
        let code = self.code;
        let column = code.columns[at][0];
        match right {
            Operand::Constant(number) => {
                let right = &code.constants[number as usize];
                if let Some(left) = self.stack.last_mut() {
                    left.apply(operator, right, (Quality::GOOD, TIMELESS), column);
                }
            }
            Operand::Input(slot) => match (self.inputs.get(slot as usize), self.stack.last_mut()) {
                (
                    Some(Sample {
                        value: Some(Value::F64(value)),
                        quality,
                        time_us,
                    }),
                    Some(left),
                ) if !quality.is_bad() && value.is_finite() => {
                    let right = Scalar::Float(*value);
                    left.apply(operator, &right, (*quality, *time_us), column);
                }
                _ => {
                    self.other_input(slot, code.columns[at][1]);
                    self.binary(at, operator);
                }
            },
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
            Err(fault) => *entry = Entry::bad(fault, self.code.columns[at][0], entry.time_us),
        }
    }

    /// Compares; leaves the answer and returns true when it is settled, else leaves the right side.
    fn chained(&mut self, at: usize, operator: CompareOp) -> bool {
        let right = self.stack.last().cloned().unwrap_or_else(nothing);
        self.binary(at, Operator::Compare(operator));
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
        let column = self.column(at);
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
                window.evaluate(memory, arguments, self.context, self.code.columns[at][0])
            }
            _ => nothing(),
        };
        self.stack.truncate(from);
        self.loaded.push(entry);
    }
}

pub(super) fn nothing() -> Entry {
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
            quality: arguments.iter().fold(Quality::GOOD, |quality, argument| {
                worst(quality, argument.quality)
            }),
            time_us,
        },
        Err(fault) => Entry::bad(fault, column, time_us),
    }
}

impl Entry {
    /// Becomes the result of an operator between itself and a right side.
    ///
    /// Numbers of one type are changed where they stand: a value that is put together elsewhere
    /// and then copied costs more than the arithmetic.
    #[inline]
    fn apply(&mut self, operator: Operator, right: &Scalar, of: (Quality, i64), column: u32) {
        self.time_us = self.time_us.max(of.1);
        match (&mut self.scalar, right, operator) {
            (Scalar::Float(left), Scalar::Float(right), Operator::Binary(operator)) => {
                if let Some(result) = arithmetic::quick_floats(operator, *left, *right) {
                    *left = result;
                    self.quality = worst(self.quality, of.0);
                    return;
                }
            }
            (Scalar::Int(left), Scalar::Int(right), Operator::Binary(operator)) => {
                if let Some(result) = arithmetic::quick_integers(operator, *left, *right) {
                    *left = result;
                    self.quality = worst(self.quality, of.0);
                    return;
                }
            }
            (Scalar::Float(left), Scalar::Float(right), Operator::Compare(operator)) => {
                let holds = arithmetic::compare_floats(operator, *left, *right);
                self.scalar = Scalar::Bool(holds);
                self.quality = worst(self.quality, of.0);
                return;
            }
            _ => {}
        }
        self.apply_any(operator, right, of.0, column);
    }

    #[inline(never)]
    fn apply_any(&mut self, operator: Operator, right: &Scalar, quality: Quality, column: u32) {
        if self.scalar.is_bad() {
            return;
        }
        let result = match operator {
            Operator::Binary(operator) => arithmetic::binary(operator, &self.scalar, right),
            Operator::Compare(operator) => {
                arithmetic::compare(operator, &self.scalar, right).map(Scalar::Bool)
            }
        };
        match result {
            Ok(scalar) => {
                self.scalar = scalar;
                self.quality = worst(self.quality, quality);
            }
            Err(fault) => *self = Entry::bad(fault, column, self.time_us),
        }
    }
}
