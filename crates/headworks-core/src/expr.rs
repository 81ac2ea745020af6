//! Expressions: one language for formulas, transforms, conditions and limits.
//!
//! A text becomes a tree ([`Program::compile`]), the tree a flat list of steps over numbered
//! inputs. A [`Program`] never changes and is shared; what the functions with a memory remember
//! is the [`State`] of one use. Evaluation takes samples and a time and gives a sample: the worst
//! quality and the newest time of what was evaluated. It never panics; what Python would raise an
//! error for is a bad sample with a [`Fault`].
//!
//! The language is described in `docs/logic/expressions.md`.

mod arithmetic;
mod compile;
mod error;
mod function;
pub mod graph;
mod kinds;
mod lexer;
mod machine;
mod parser;
mod program;
mod rename;
mod scalar;
mod scope;
mod tree;
mod window;

pub use error::{ExprError, Fault, FaultAt};
pub use function::{Function, Group, Kind, LIBRARY, Need, Parameter};
pub use lexer::part_length;
pub use program::{Context, Outcome, Program, State};
pub use rename::{is_name, rename};
pub use scope::{AnyScope, Reference, Scope, closest};

/// Most bytes of the text of an expression.
pub const SOURCE_BYTES_MAX: usize = 16_384;
/// Most bytes of a text that is evaluated.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Most parts within one another: brackets, signs, stages of a pipeline.
pub const DEPTH_MAX: usize = 64;
/// Most parts of an expression.
pub const NODES_MAX: usize = 2_000;
/// Most arguments of a call.
pub const ARGUMENTS_MAX: usize = 64;
/// Most calls in one expression that remember.
pub const WINDOWS_MAX: usize = 32;
/// Most that one evaluation may cost; adding two numbers costs 1.
pub const COST_MAX: u32 = 5_000;

#[cfg(test)]
mod tests;
