//! Which kinds of values go together, as far as that is known before evaluation.

use super::error::ExprError;
use super::function::{Function, Kind};
use super::tree::{BinaryOp, CompareOp, binary_sign, compare_sign};

pub(super) fn lone_duration(column: u32) -> ExprError {
    ExprError::new(column, "a duration stands only where a function takes one")
        .hint("as in `avg(x, 10m)`; seconds as a number are written without a unit")
}

pub(super) fn not_for_texts(sign: &str, column: u32) -> ExprError {
    ExprError::new(
        column,
        format!("`{}` needs numbers, this is a text", sign.trim()),
    )
    .hint("float(text) reads a number")
}

pub(super) fn not_for_floats(sign: &str, column: u32) -> ExprError {
    ExprError::new(column, format!("`{sign}` needs integers, this is a float"))
        .hint("int(x) cuts the fraction off")
}

/// Returns a kind that both are.
pub(super) fn common(left: Kind, right: Kind) -> Kind {
    match (left, right) {
        (left, right) if left == right => left,
        (Kind::Text | Kind::Any, _) | (_, Kind::Text | Kind::Any) => Kind::Any,
        _ => Kind::Number,
    }
}

pub(super) fn kind_of_binary(
    operator: BinaryOp,
    left: Kind,
    right: Kind,
    column: u32,
) -> Result<Kind, ExprError> {
    let sign = binary_sign(operator);
    let of_bits = matches!(
        operator,
        BinaryOp::And | BinaryOp::Xor | BinaryOp::ShiftLeft | BinaryOp::ShiftRight
    );
    if left == Kind::Duration || right == Kind::Duration {
        return Err(lone_duration(column));
    }
    if operator == BinaryOp::Add && (left == Kind::Text || right == Kind::Text) {
        if left.may_be_number() && left != Kind::Any || right.may_be_number() && right != Kind::Any
        {
            return Err(ExprError::new(
                column,
                "`+` needs two numbers or two texts, not one of each",
            )
            .hint("join(a, b) makes a text of both"));
        }
        return Ok(Kind::Text);
    }
    if left == Kind::Text || right == Kind::Text {
        return Err(not_for_texts(sign, column));
    }
    if of_bits && (left == Kind::Float || right == Kind::Float) {
        return Err(not_for_floats(sign, column));
    }
    Ok(match (left, right) {
        (Kind::Any, _) | (_, Kind::Any) if operator == BinaryOp::Add => Kind::Any,
        (Kind::Bool, Kind::Bool) if matches!(operator, BinaryOp::And | BinaryOp::Xor) => Kind::Bool,
        _ if of_bits => Kind::Number,
        _ if operator == BinaryOp::Divide => Kind::Float,
        (Kind::Float, _) | (_, Kind::Float) => Kind::Float,
        (Kind::Int | Kind::Bool, Kind::Int | Kind::Bool) if operator != BinaryOp::Power => {
            Kind::Int
        }
        _ => Kind::Number,
    })
}

pub(super) fn check_comparable(
    operator: CompareOp,
    left: Kind,
    right: Kind,
    column: u32,
) -> Result<(), ExprError> {
    let certain = |kind: Kind| kind != Kind::Any;
    let differ = (left == Kind::Text) != (right == Kind::Text);
    if certain(left) && certain(right) && differ {
        let sign = compare_sign(operator);
        let message = format!("`{sign}` compares {left} with {right}");
        return Err(
            ExprError::new(column, message).hint("float(text) reads a number, text(x) writes one")
        );
    }
    Ok(())
}

/// Returns what a call gives; a function of any values gives what they have in common.
pub(super) fn kind_of_call(function: &Function, arguments: &[Kind]) -> Kind {
    if function.gives != Kind::Any {
        return function.gives;
    }
    let is_any = |at: usize| function.parameter(at).map(|wanted| wanted.kind) == Some(Kind::Any);
    arguments
        .iter()
        .enumerate()
        .filter(|(at, _)| is_any(*at))
        .map(|(_, kind)| *kind)
        .reduce(common)
        .unwrap_or(Kind::Any)
}
