//! Operators: the arithmetic of Python, with integers of 64 bits and finite floats.
//!
//! Where Python would go on with a longer integer, an infinity or a complex number, or would
//! raise an error, the result is a [`Fault`].

use std::cmp::Ordering;
use std::sync::Arc;

use super::TEXT_BYTES_MAX;
use super::error::Fault;
use super::scalar::{Number, Scalar};
use super::tree::{BinaryOp, CompareOp, UnaryOp};

/// Returns a float as a value, if it is one.
pub(super) fn finite(value: f64) -> Result<Scalar, Fault> {
    if value.is_finite() {
        Ok(Scalar::Float(value))
    } else if value.is_nan() {
        Err(Fault::NotANumber)
    } else {
        Err(Fault::Overflow)
    }
}

/// Returns the nearest float.
#[expect(clippy::cast_precision_loss, reason = "the nearest is wanted")]
pub(super) const fn to_float(value: i64) -> f64 {
    value as f64
}

/// Returns the integer of a float without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn to_integer(value: f64) -> Result<i64, Fault> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        Ok(value as i64)
    } else {
        Err(Fault::Overflow)
    }
}

/// The common operators of floats; nothing where [`binary`] must look closer.
#[inline]
pub(super) fn quick_floats(operator: BinaryOp, left: f64, right: f64) -> Option<f64> {
    let result = match operator {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        _ => return None,
    };
    // A division by zero is infinite or no number.
    result.is_finite().then_some(result)
}

/// The common operators of integers; nothing where [`binary`] must look closer.
#[inline]
pub(super) fn quick_integers(operator: BinaryOp, left: i64, right: i64) -> Option<i64> {
    match operator {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        BinaryOp::FloorDivide => floor_divide(left, right).ok().flatten(),
        BinaryOp::And => Some(left & right),
        _ => None,
    }
}

/// Compares floats that are finite.
#[inline]
pub(super) fn compare_floats(operator: CompareOp, left: f64, right: f64) -> bool {
    match operator {
        CompareOp::Less => left < right,
        CompareOp::LessEqual => left <= right,
        CompareOp::Greater => right < left,
        CompareOp::GreaterEqual => right <= left,
        CompareOp::Equal => left == right,
        CompareOp::NotEqual => left != right,
    }
}

#[inline]
pub(super) fn binary(operator: BinaryOp, left: &Scalar, right: &Scalar) -> Result<Scalar, Fault> {
    match (left, right) {
        (Scalar::Float(left), Scalar::Float(right)) => floats(operator, *left, *right),
        (Scalar::Int(left), Scalar::Int(right)) => integers(operator, *left, *right),
        _ => mixed(operator, left, right),
    }
}

fn mixed(operator: BinaryOp, left: &Scalar, right: &Scalar) -> Result<Scalar, Fault> {
    if let (Scalar::Bool(left), Scalar::Bool(right)) = (left, right) {
        match operator {
            BinaryOp::And => return Ok(Scalar::Bool(left & right)),
            BinaryOp::Xor => return Ok(Scalar::Bool(left ^ right)),
            _ => {}
        }
    }
    if let (Scalar::Text(left), Scalar::Text(right), BinaryOp::Add) = (left, right, operator) {
        return joined(&[left, right]);
    }
    match (left.number()?, right.number()?) {
        (Number::Int(left), Number::Int(right)) => integers(operator, left, right),
        (left, right) => floats(operator, left.to_float(), right.to_float()),
    }
}

/// Returns texts one after the other.
pub(super) fn joined(parts: &[&str]) -> Result<Scalar, Fault> {
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    if TEXT_BYTES_MAX < bytes {
        return Err(Fault::TextTooLong);
    }
    Ok(Scalar::Text(parts.concat().into()))
}

#[inline]
fn integers(operator: BinaryOp, left: i64, right: i64) -> Result<Scalar, Fault> {
    let result = match operator {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        BinaryOp::Divide => return true_divide(left, right).and_then(finite),
        BinaryOp::FloorDivide => floor_divide(left, right)?,
        BinaryOp::Modulo => Some(modulo(left, right)?),
        BinaryOp::Power => return integer_power(left, right),
        BinaryOp::And => Some(left & right),
        BinaryOp::Xor => Some(left ^ right),
        BinaryOp::ShiftLeft => shift_left(left, right)?,
        BinaryOp::ShiftRight => Some(shift_right(left, right)?),
    };
    result.map(Scalar::Int).ok_or(Fault::Overflow)
}

/// Divides integers and rounds once, as Python does, also where they do not fit a float.
fn true_divide(left: i64, right: i64) -> Result<f64, Fault> {
    const EXACT: u64 = 1 << 53;
    if right == 0 {
        return Err(Fault::DivisionByZero);
    }
    let (dividend, divisor) = (left.unsigned_abs(), right.unsigned_abs());
    if dividend <= EXACT && divisor <= EXACT {
        return Ok(to_float(left) / to_float(right));
    }
    let shift = u128::from(dividend).leading_zeros().saturating_sub(1);
    let shifted = u128::from(dividend) << shift;
    let quotient = shifted / u128::from(divisor);
    // What is left over makes the last bit odd, far below the digits of a float.
    let sticky = u128::from(shifted % u128::from(divisor) != 0);
    let scale = (-f64::from(shift)).exp2();
    let magnitude = nearest_float(quotient | sticky) * scale;
    Ok(if (left < 0) == (right < 0) {
        magnitude
    } else {
        -magnitude
    })
}

#[expect(clippy::cast_precision_loss, reason = "the nearest is wanted")]
const fn nearest_float(value: u128) -> f64 {
    value as f64
}

fn floor_divide(left: i64, right: i64) -> Result<Option<i64>, Fault> {
    if right == 0 {
        return Err(Fault::DivisionByZero);
    }
    let away = left.wrapping_rem(right) != 0 && (left < 0) != (right < 0);
    Ok(left
        .checked_div(right)
        .map(|quotient| quotient - i64::from(away)))
}

fn modulo(left: i64, right: i64) -> Result<i64, Fault> {
    if right == 0 {
        return Err(Fault::DivisionByZero);
    }
    let rest = left.wrapping_rem(right);
    let other_sign = rest != 0 && (rest < 0) != (right < 0);
    Ok(if other_sign { rest + right } else { rest })
}

fn integer_power(base: i64, exponent: i64) -> Result<Scalar, Fault> {
    if exponent < 0 {
        return floats(BinaryOp::Power, to_float(base), to_float(exponent));
    }
    let power = match (base, u32::try_from(exponent)) {
        (0 | 1, _) => Some(if exponent == 0 { 1 } else { base }),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (base, Ok(exponent)) => base.checked_pow(exponent),
        (_, Err(_)) => None,
    };
    power.map(Scalar::Int).ok_or(Fault::Overflow)
}

pub(super) fn shift_left(left: i64, right: i64) -> Result<Option<i64>, Fault> {
    let count = u32::try_from(right.min(64)).map_err(|_| Fault::Argument)?;
    if left == 0 {
        return Ok(Some(0));
    }
    let shifted = left.checked_shl(count);
    Ok(shifted.filter(|shifted| shifted >> count == left))
}

pub(super) fn shift_right(left: i64, right: i64) -> Result<i64, Fault> {
    let count = u32::try_from(right.min(63)).map_err(|_| Fault::Argument)?;
    Ok(left >> count)
}

#[inline]
fn floats(operator: BinaryOp, left: f64, right: f64) -> Result<Scalar, Fault> {
    finite(match operator {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / nonzero(right)?,
        BinaryOp::FloorDivide => divide_floats(left, nonzero(right)?).0,
        BinaryOp::Modulo => divide_floats(left, nonzero(right)?).1,
        BinaryOp::Power => float_power(left, right)?,
        BinaryOp::And | BinaryOp::Xor | BinaryOp::ShiftLeft | BinaryOp::ShiftRight => {
            return Err(Fault::Type);
        }
    })
}

#[inline]
fn nonzero(divisor: f64) -> Result<f64, Fault> {
    if divisor == 0.0 {
        Err(Fault::DivisionByZero)
    } else {
        Ok(divisor)
    }
}

/// Returns the quotient, rounded down, and the rest, which has the sign of the divisor.
///
/// Source: the description of `divmod` in the documentation of Python.
fn divide_floats(left: f64, right: f64) -> (f64, f64) {
    let mut rest = left % right;
    let mut quotient = (left - rest) / right;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(right);
    } else if (rest < 0.0) != (right < 0.0) {
        rest += right;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0_f64.copysign(left / right), rest);
    }
    let down = quotient.floor();
    let whole = if 0.5 < quotient - down {
        down + 1.0
    } else {
        down
    };
    (whole, rest)
}

fn float_power(base: f64, exponent: f64) -> Result<f64, Fault> {
    if base == 0.0 && exponent < 0.0 {
        return Err(Fault::DivisionByZero);
    }
    Ok(base.powf(exponent))
}

pub(super) fn unary(operator: UnaryOp, operand: &Scalar) -> Result<Scalar, Fault> {
    if operator == UnaryOp::Not {
        return Ok(Scalar::Bool(!operand.truth()));
    }
    match (operator, operand.number()?) {
        (UnaryOp::Negate, Number::Int(value)) => {
            value.checked_neg().map(Scalar::Int).ok_or(Fault::Overflow)
        }
        (UnaryOp::Negate, Number::Float(value)) => Ok(Scalar::Float(-value)),
        (UnaryOp::Invert, Number::Int(value)) => Ok(Scalar::Int(!value)),
        (UnaryOp::Invert, Number::Float(_)) => Err(Fault::Type),
        (UnaryOp::Plus | UnaryOp::Not, number) => Ok(number.scalar()),
    }
}

#[inline]
pub(super) fn compare(operator: CompareOp, left: &Scalar, right: &Scalar) -> Result<bool, Fault> {
    let Some(order) = order(left, right) else {
        // Things of different kinds are not equal; they have no order.
        return match operator {
            CompareOp::Equal => Ok(false),
            CompareOp::NotEqual => Ok(true),
            _ => Err(Fault::Type),
        };
    };
    Ok(match operator {
        CompareOp::Less => order == Ordering::Less,
        CompareOp::LessEqual => order != Ordering::Greater,
        CompareOp::Greater => order == Ordering::Greater,
        CompareOp::GreaterEqual => order != Ordering::Less,
        CompareOp::Equal => order == Ordering::Equal,
        CompareOp::NotEqual => order != Ordering::Equal,
    })
}

/// Returns the order of two numbers, exactly, or of two texts by their code points.
#[inline]
pub(super) fn order(left: &Scalar, right: &Scalar) -> Option<Ordering> {
    if let (Scalar::Text(left), Scalar::Text(right)) = (left, right) {
        return Some(left.as_ref().cmp(right.as_ref()));
    }
    match (left.number().ok()?, right.number().ok()?) {
        (Number::Float(left), Number::Float(right)) => left.partial_cmp(&right),
        (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
        (Number::Int(left), Number::Float(right)) => Some(order_mixed(left, right)),
        (Number::Float(left), Number::Int(right)) => Some(order_mixed(right, left).reverse()),
    }
}

/// Compares without rounding the integer.
fn order_mixed(left: i64, right: f64) -> Ordering {
    let whole = right.trunc();
    match to_integer(whole) {
        Ok(integer) => left
            .cmp(&integer)
            .then_with(|| whole.partial_cmp(&right).unwrap_or(Ordering::Equal)),
        Err(_) if 0.0 < right => Ordering::Less,
        Err(_) => Ordering::Greater,
    }
}

/// Returns a text as a value, if it is short enough.
pub(super) fn shared(text: &str) -> Result<Scalar, Fault> {
    if TEXT_BYTES_MAX < text.len() {
        return Err(Fault::TextTooLong);
    }
    Ok(Scalar::Text(Arc::from(text)))
}
