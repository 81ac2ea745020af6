//! Number formats that Rust has no type for: half precision and binary coded decimals.

use super::error::DecodeError;
use crate::value::Value;

pub(super) fn bcd_to_value(mut digits: u32, count: u32) -> Result<Value, DecodeError> {
    let mut number = 0;
    let mut weight = 1;
    for _ in 0..count {
        let digit = digits & 0xF;
        if 9 < digit {
            return Err(DecodeError::BcdDigit);
        }
        number += i64::from(digit) * weight;
        weight *= 10;
        digits >>= 4;
    }
    Ok(Value::I64(number))
}

/// Returns the eight last decimal digits of a number, two a byte.
pub(super) fn to_bcd(mut number: i128) -> [u8; 4] {
    let mut bytes = [0; 4];
    for byte in bytes.iter_mut().rev() {
        let pair = u8::try_from(number % 100).unwrap_or(0);
        *byte = ((pair / 10) << 4) | (pair % 10);
        number /= 100;
    }
    bytes
}

/// Widens IEEE 754 binary16.
pub(super) fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f64::from(bits & 0x3FF);
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1F if fraction == 0.0 => f64::INFINITY,
        0x1F => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

/// Narrows to IEEE 754 binary16, to the nearest, ties to even; `number` is within ±65504.
pub(super) fn f64_to_half(number: f64) -> u16 {
    let sign = if number.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = number.abs();
    // Below the least normal number the step is fixed; above, it follows the exponent.
    let exponent = if magnitude < 2f64.powi(-14) {
        -14
    } else {
        exponent_of(magnitude)
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 2048"
    )]
    let steps = (magnitude * 2f64.powi(10 - exponent)).round_ties_even() as u16;
    let biased = u16::try_from(exponent + 14).unwrap_or(0);
    // A carry out of the fraction runs into the exponent, which is what rounding up means.
    sign | ((biased << 10) + steps)
}

fn exponent_of(number: f64) -> i32 {
    i32::try_from(number.to_bits() >> 52 & 0x7FF).unwrap_or(0) - 1023
}
