//! Bits of integers.

use super::{
    Body, Function, INTEGER, Kind, Parameter, count, integer, optional, repeated, required,
};
use crate::expr::error::Fault;
use crate::expr::scalar::{Entry, Scalar};

const MORE: Parameter = repeated("y", Kind::Int);
const PLACE: Parameter = required("n", Kind::Int);
const WIDTH: Parameter = required("width", Kind::Int);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("bit", &[INTEGER, PLACE], Kind::Bool, Body::Pure(bit)).doc(
        "Whether bit n of x is set; 0 is the lowest.",
        "bit(0b1010, 3)",
        "true",
    ),
    Function::new(
        "bits",
        &[INTEGER, PLACE, WIDTH],
        Kind::Int,
        Body::Pure(bits),
    )
    .doc(
        "The number in the bits of x from bit n on, width bits long.",
        "bits(0xABCD, 4, 8)",
        "188",
    ),
    Function::new(
        "set_bit",
        &[INTEGER, PLACE, optional("on", Kind::Bool)],
        Kind::Int,
        Body::Pure(set_bit),
    )
    .doc(
        "x with bit n set, or cleared when `on` is false.",
        "set_bit(0b1000, 0)",
        "9",
    ),
    Function::new("bit_and", &[INTEGER, MORE], Kind::Int, Body::Pure(bit_and)).doc(
        "The bits that are set in all; also written x & y.",
        "bit_and(12, 10)",
        "8",
    ),
    Function::new("bit_or", &[INTEGER, MORE], Kind::Int, Body::Pure(bit_or)).doc(
        "The bits that are set in any; there is no operator for it, since | is the pipe.",
        "bit_or(12, 10)",
        "14",
    ),
    Function::new("bit_xor", &[INTEGER, MORE], Kind::Int, Body::Pure(bit_xor)).doc(
        "The bits that are set in an odd number of them; also written x ^ y.",
        "bit_xor(12, 10)",
        "6",
    ),
    Function::new("bit_count", &[INTEGER], Kind::Int, Body::Pure(bit_count)).doc(
        "How many of the 64 bits of x are set.",
        "bit_count(0xFF)",
        "8",
    ),
    Function::new("signed", &[INTEGER, WIDTH], Kind::Int, Body::Pure(signed)).doc(
        "The lowest bits of x, so many as width says, as a number in two's complement.",
        "signed(0xFFFE, 16)",
        "-2",
    ),
    Function::new(
        "unsigned",
        &[INTEGER, WIDTH],
        Kind::Int,
        Body::Pure(unsigned),
    )
    .doc(
        "The lowest bits of x, so many as width (1 to 63) says, as a number without sign.",
        "unsigned(-2, 16)",
        "65534",
    ),
];

fn bit(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let shifted = integer(arguments, 0)? >> count(arguments, 1, 63)?;
    Ok(Scalar::Bool(shifted & 1 == 1))
}

/// Returns the lowest bits of a number.
fn low_bits(value: i64, width: u32) -> i64 {
    if width == 63 {
        value & i64::MAX
    } else {
        value & ((1 << width) - 1)
    }
}

fn bits(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let shifted = integer(arguments, 0)? >> count(arguments, 1, 63)?;
    Ok(Scalar::Int(low_bits(shifted, count(arguments, 2, 63)?)))
}

fn set_bit(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let mask = 1_i64 << count(arguments, 1, 63)?;
    let value = integer(arguments, 0)?;
    let on = arguments.get(2).is_none_or(|on| on.scalar.truth());
    Ok(Scalar::Int(if on { value | mask } else { value & !mask }))
}

fn folded(arguments: &[Entry], join: fn(i64, i64) -> i64) -> Result<Scalar, Fault> {
    let mut result = integer(arguments, 0)?;
    for at in 1..arguments.len() {
        result = join(result, integer(arguments, at)?);
    }
    Ok(Scalar::Int(result))
}

fn bit_and(arguments: &[Entry]) -> Result<Scalar, Fault> {
    folded(arguments, |left, right| left & right)
}

fn bit_or(arguments: &[Entry]) -> Result<Scalar, Fault> {
    folded(arguments, |left, right| left | right)
}

fn bit_xor(arguments: &[Entry]) -> Result<Scalar, Fault> {
    folded(arguments, |left, right| left ^ right)
}

fn bit_count(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let ones = integer(arguments, 0)?.count_ones();
    Ok(Scalar::Int(i64::from(ones)))
}

fn signed(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let width = count(arguments, 1, 64)?;
    let unused = 64_u32.checked_sub(width).filter(|unused| *unused < 64);
    let unused = unused.ok_or(Fault::Argument)?;
    Ok(Scalar::Int(integer(arguments, 0)? << unused >> unused))
}

fn unsigned(arguments: &[Entry]) -> Result<Scalar, Fault> {
    let width = count(arguments, 1, 63)?;
    Ok(Scalar::Int(low_bits(integer(arguments, 0)?, width)))
}
