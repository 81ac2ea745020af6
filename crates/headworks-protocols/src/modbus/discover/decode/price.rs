//! How many bits it takes to tell the registers of a value under a hypothesis: the fewer, the more
//! plausible. Every hypothesis tells the same bytes, so that prices can be compared and added.
//!
//! The first sample is priced by what values of the type usually are (small integers, floats of
//! sane exponents, short decimal numbers, text), the others by what changes: the change of a true
//! value is small, or even, or between a few states; read in a wrong order or width it is not.

/// Bits that a constant costs over all its samples.
const CONSTANT: f64 = 0.5;
/// Bits that name how great changes are.
const SPREAD: f64 = 4.0;
/// Bits that say which way changes are told.
const MODEL: f64 = 2.0;
/// Most states of a status word that are told one by one.
const STATES_MAX: usize = 4;
/// Bits of a value that says "not available".
const SENTINEL: f64 = 8.0;

/// Returns the price of an integer of so many bits, as a first sample.
pub(super) fn integer(value: i128, width: u32, is_signed: bool) -> f64 {
    if is_sentinel(value, width, is_signed) {
        return SENTINEL + f64::from(width) / 16.0;
    }
    if value == 0 {
        return 0.2 + 1.3 * f64::from(width) / 16.0;
    }
    let magnitude = 128 - value.unsigned_abs().leading_zeros();
    let class = match (width, magnitude) {
        (16, ..=3) => 2.5, // states, exponents of ten
        (16, 4..=14) => 4.0,
        (16, _) => 5.5,
        (32, ..=20) => 4.5,
        (32, 21..=27) => 5.5,
        (32, 28..=29) => 8.0,
        (32, _) => 10.0,
        (_, ..=16) => 9.0,
        (_, 17..=33) => 5.5,
        (_, 34..=42) => 7.0,
        _ => 16.0,
    };
    let sign = if value < 0 { 2.0 } else { 0.0 };
    class + f64::from(magnitude - 1) + sign
}

/// Greatest unsigned and least signed numbers mark values that a device does not have.
pub(super) fn is_sentinel(value: i128, width: u32, is_signed: bool) -> bool {
    if is_signed {
        value == -(1_i128 << (width - 1))
    } else {
        value == (1_i128 << width) - 1
    }
}

/// Returns the price of a float whose mantissa has so many bits, as a first sample; `digits` are
/// those of its shortest decimal form, `zeros` those at the end of its mantissa.
pub(super) fn float(value: f64, mantissa: u32, zeros: u32, digits: u32) -> f64 {
    if value == 0.0 {
        // A float is hardly ever 0 to the last bit, an integer often.
        let registers = if mantissa == 23 { 2.0 } else { 4.0 };
        return 1.5 + 1.5 * registers + if value.is_sign_negative() { 8.0 } else { 0.0 };
    }
    if !value.is_finite() {
        return f64::from(mantissa) + 14.0;
    }
    let size = value.abs();
    let exponent = if (1e-3..1e7).contains(&size) {
        4.6
    } else if (1e-6..1e10).contains(&size) {
        9.0
    } else {
        26.0
    };
    let sign = if value < 0.0 { 2.0 } else { 0.3 };
    let whole = f64::from(mantissa) + 1.0;
    let binary = f64::from(mantissa.saturating_sub(zeros)) + 5.0;
    let decimal = f64::from(digits) * 3.32 + 3.0;
    exponent + sign + whole.min(binary).min(decimal)
}

/// Returns the price of a text in a field of so many bytes, nothing where it is none: printable
/// characters, then NUL or blanks to the end.
pub(super) fn text(bytes: &[u8]) -> Option<f64> {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' '))? + 1;
    let (said, padding) = bytes.split_at(end);
    if said.len() < 4 || said[0] == b' ' {
        return None;
    }
    let characters = said
        .iter()
        .map(|byte| character(*byte))
        .sum::<Option<f64>>()?;
    let head = if said[0].is_ascii_alphanumeric() {
        0.0
    } else {
        4.0
    };
    // An even padding is sure, a field that is filled to its end may go on.
    #[expect(clippy::cast_precision_loss, reason = "a few bytes")]
    let padding = padding.len() as f64 * 0.1;
    let odd = if bytes.len().is_multiple_of(4) {
        0.0
    } else {
        0.5
    };
    Some(8.0 + head + characters + padding + odd)
}

fn character(byte: u8) -> Option<f64> {
    Some(match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => 5.2,
        b' ' => 5.0,
        b'-' | b'_' | b'.' | b'/' | b':' | b'(' | b')' => 6.5,
        0x21..=0x7E => 8.5,
        _ => return None,
    })
}

/// Returns the price of what follows the first sample; `first` is that of a value told anew.
pub(super) fn changes(series: &[i128], width: u32, first: f64) -> f64 {
    let steps: Vec<i128> = series.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if steps.iter().all(|step| *step == 0) {
        return CONSTANT;
    }
    let most = f64::from(width) + 1.0;
    let walk = spread(&steps, most);
    let even = {
        let usual = median(&steps);
        let rest: Vec<i128> = steps.iter().map(|step| step - usual).collect();
        magnitude(usual) + 2.0 + spread(&rest, most)
    };
    MODEL + walk.min(even).min(states(series, first))
}

/// Numbers around 0 whose usual size is told first.
fn spread(steps: &[i128], most: f64) -> f64 {
    if steps.iter().all(|step| *step == 0) {
        return CONSTANT;
    }
    let count = number(steps.len());
    let mean = steps.iter().map(|step| size(*step)).sum::<f64>() / count;
    let each = ((1.0 + mean).log2() + mean * (1.0 + 1.0 / mean).log2()).min(most);
    let moved = number(steps.iter().filter(|step| **step != 0).count());
    let is_one_way = steps.iter().all(|step| 0 <= *step) || steps.iter().all(|step| *step <= 0);
    let signs = if is_one_way { 1.0 } else { moved };
    SPREAD + count * each + signs
}

/// A few states, each told once, and which of them each sample is.
fn states(series: &[i128], first: f64) -> f64 {
    let mut known: Vec<i128> = Vec::new();
    for value in series {
        if !known.contains(value) {
            known.push(*value);
        }
        if STATES_MAX < known.len() {
            return f64::INFINITY;
        }
    }
    let states = number(known.len());
    (states - 1.0) * first + number(series.len()) * states.log2()
}

fn median(steps: &[i128]) -> i128 {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn magnitude(value: i128) -> f64 {
    f64::from(128 - value.unsigned_abs().leading_zeros())
}

#[expect(clippy::cast_precision_loss, reason = "a price needs few digits")]
fn size(value: i128) -> f64 {
    value.unsigned_abs() as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn number(count: usize) -> f64 {
    count as f64
}
