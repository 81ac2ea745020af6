//! What is wrong with the text of an expression, and what went wrong when it was evaluated.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quality::Quality;

/// Why a text is no expression: where, what, and often what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("column {column}: {message}{}", after_semicolon(.hint))]
pub struct ExprError {
    /// The character of the text at which it goes wrong, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl ExprError {
    pub(super) fn new(column: u32, message: impl Into<String>) -> ExprError {
        ExprError {
            column,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> ExprError {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> ExprError {
        self.hint = hint;
        self
    }
}

fn after_semicolon(hint: &Option<String>) -> String {
    hint.as_ref()
        .map_or_else(String::new, |hint| format!("; {hint}"))
}

/// Why an evaluation has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An input is bad.
    Input,
    /// Something was divided by zero.
    DivisionByZero,
    /// The result is too large for its type.
    Overflow,
    /// The result is no number: the root of a negative one, for instance.
    NotANumber,
    /// An operator or function was given a kind of value that it has no meaning for.
    Type,
    /// A function was given a value that it has no meaning for.
    Argument,
    /// The text would be longer than [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX).
    TextTooLong,
    /// There is no usable sample in the window yet.
    NoData,
    /// `pass_if` holds the value back.
    HeldBack,
}

impl Fault {
    /// Returns the quality of a sample that has this fault.
    pub const fn quality(self) -> Quality {
        match self {
            Fault::Input => Quality::BAD,
            Fault::DivisionByZero | Fault::Overflow | Fault::NotANumber | Fault::TextTooLong => {
                Quality::BAD_OUT_OF_RANGE
            }
            Fault::Argument => Quality::BAD_CONFIGURATION,
            Fault::Type => Quality::BAD_TYPE_MISMATCH,
            Fault::NoData | Fault::HeldBack => Quality::BAD_NO_DATA,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Input => "an input is bad",
            Fault::DivisionByZero => "division by zero",
            Fault::Overflow => "the result is too large",
            Fault::NotANumber => "the result is not a number",
            Fault::Type => "the value is of another kind than needed",
            Fault::Argument => "the function has no meaning for this value",
            Fault::TextTooLong => "the text is too long",
            Fault::NoData => "there are no data yet",
            Fault::HeldBack => "pass_if holds the value back",
        })
    }
}

/// A fault and the part of the expression that had it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema,
)]
#[error("{fault} at column {column}")]
pub struct FaultAt {
    /// What went wrong.
    pub fault: Fault,
    /// The character at which the part begins, from 1.
    pub column: u32,
}
