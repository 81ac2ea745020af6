//! The stream of points: the form in which a tag's samples wait in memory, go to the write-ahead
//! log and lie in small blocks.
//!
//! A point is a control byte, then time, quality, kind and value as far as they differ from what
//! the points before let expect. `docs/operating/historian-format.md` has the layout.

use std::sync::Arc;

use headworks_core::{Quality, Sample, Value};

use super::bytes::{Damaged, Reader, put_varint, unzigzag, zigzag};

/// The kind of values, as files write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ValueKind {
    /// No value was seen yet, only bad samples.
    #[default]
    None = 0,
    Bool = 1,
    I64 = 2,
    U64 = 3,
    F64 = 4,
    Text = 5,
    Bytes = 6,
}

impl ValueKind {
    const ALL: [ValueKind; 7] = [
        ValueKind::None,
        ValueKind::Bool,
        ValueKind::I64,
        ValueKind::U64,
        ValueKind::F64,
        ValueKind::Text,
        ValueKind::Bytes,
    ];

    pub(super) fn from_code(code: u8) -> Result<ValueKind, Damaged> {
        ValueKind::ALL
            .get(usize::from(code))
            .copied()
            .ok_or(Damaged("a kind of value is not known"))
    }

    /// Whether values are strings of bytes.
    pub(super) fn is_blob(self) -> bool {
        matches!(self, ValueKind::Text | ValueKind::Bytes)
    }

    /// Returns the value that `bits` stand for, or nothing for strings.
    pub(super) fn number(self, bits: u64) -> Option<Value> {
        match self {
            ValueKind::Bool => Some(Value::Bool(bits != 0)),
            ValueKind::I64 => Some(Value::I64(bits.cast_signed())),
            ValueKind::U64 => Some(Value::U64(bits)),
            ValueKind::F64 => Some(Value::F64(f64::from_bits(bits))),
            ValueKind::None | ValueKind::Text | ValueKind::Bytes => None,
        }
    }

    /// Returns the value that `bytes` stand for; `None` when they are no text.
    pub(super) fn string(self, bytes: &Arc<[u8]>) -> Option<Value> {
        match self {
            ValueKind::Text => str::from_utf8(bytes).ok().map(Value::from),
            ValueKind::Bytes => Some(Value::Bytes(bytes.clone())),
            _ => None,
        }
    }
}

/// The value of a point.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// A bad sample has no value.
    Missing,
    /// A number.
    Bits(ValueKind, u64),
    /// A string.
    Blob(ValueKind, Arc<[u8]>),
}

impl Raw {
    /// Returns the value of a sample; a value beside a bad quality has no meaning and goes.
    pub(super) fn of(sample: &Sample) -> Raw {
        if sample.quality.is_bad() {
            return Raw::Missing;
        }
        match &sample.value {
            None => Raw::Missing,
            Some(Value::Bool(value)) => Raw::Bits(ValueKind::Bool, u64::from(*value)),
            Some(Value::I64(value)) => Raw::Bits(ValueKind::I64, value.cast_unsigned()),
            Some(Value::U64(value)) => Raw::Bits(ValueKind::U64, *value),
            Some(Value::F64(value)) => Raw::Bits(ValueKind::F64, value.to_bits()),
            Some(Value::Text(value)) => Raw::Blob(ValueKind::Text, value.clone().into()),
            Some(Value::Bytes(value)) => Raw::Blob(ValueKind::Bytes, value.clone()),
        }
    }
}

/// One point of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) time_us: i64,
    pub(super) quality: u32,
    pub(super) value: Raw,
}

impl Point {
    /// Returns the point as readers know it.
    pub(super) fn into_sample(self) -> Sample {
        Sample {
            time_us: self.time_us,
            quality: headworks_core::Quality::from_code(self.quality),
            value: match self.value {
                Raw::Missing => None,
                Raw::Bits(kind, bits) => kind.number(bits),
                Raw::Blob(kind, bytes) => kind.string(&bytes),
            },
        }
    }
}

/// What writer and reader of a stream remember between points.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// Greatest time so far; a late point does not move it.
    time_us: i64,
    /// Last step forward.
    delta_us: i64,
    /// Last number.
    bits: u64,
    quality: u32,
    kind: ValueKind,
    /// How floats become integers, see [`Decimal`].
    decimal: u8,
    /// Floats in a row that are no decimals; only the writer uses it.
    misses: u8,
}

// Control byte: two bits of time, three of value, then flags.
const TIME_EXPECTED: u8 = 0;
const TIME_NEAR: u8 = 1;
const TIME_FAR: u8 = 2;
const TIME_WHOLE: u8 = 3;
const VALUE_SHIFT: u8 = 2;
const VALUE_SAME: u8 = 0;
const VALUE_STEP: u8 = 1;
const VALUE_WHOLE: u8 = 2;
const VALUE_XOR: u8 = 3;
const VALUE_DECIMAL: u8 = 4;
const VALUE_BLOB: u8 = 5;
const VALUE_MISSING: u8 = 6;
const HAS_QUALITY: u8 = 0x20;
const HAS_KIND: u8 = 0x40;
const RESERVED: u8 = 0x80;

impl Cursor {
    /// Returns whether a point at `time_us` is known to come after all before it.
    pub(super) fn is_next(&self, time_us: i64) -> bool {
        self.time_us < time_us
    }

    /// Returns whether the last value was a string.
    pub(super) fn has_blobs(&self) -> bool {
        self.kind.is_blob()
    }

    /// Writes a point; `previous` is the string before, if any.
    #[inline]
    pub(super) fn encode(&mut self, point: &Point, previous: Option<&[u8]>, out: &mut Vec<u8>) {
        let at = out.len();
        out.push(0);
        let mut control = self.put_time(point.time_us, out);
        if point.quality != self.quality {
            control |= HAS_QUALITY;
            out.extend_from_slice(&point.quality.to_le_bytes());
            self.quality = point.quality;
        }
        let value = match &point.value {
            Raw::Missing => VALUE_MISSING,
            Raw::Bits(kind, bits) => {
                control |= self.put_kind(*kind, out);
                self.put_bits(*bits, out)
            }
            Raw::Blob(kind, bytes) => {
                let turn = self.put_kind(*kind, out);
                control |= turn;
                if turn == 0 && previous == Some(bytes) {
                    VALUE_SAME
                } else {
                    put_varint(bytes.len() as u64, out);
                    out.extend_from_slice(bytes);
                    VALUE_BLOB
                }
            }
        };
        out[at] = control | value << VALUE_SHIFT;
    }

    fn put_time(&mut self, time_us: i64, out: &mut Vec<u8>) -> u8 {
        if time_us < self.time_us {
            out.extend_from_slice(&time_us.to_le_bytes());
            return TIME_WHOLE;
        }
        let step = time_us.wrapping_sub(self.time_us);
        let surprise = step.wrapping_sub(self.delta_us);
        self.time_us = time_us;
        if surprise == 0 {
            return TIME_EXPECTED;
        }
        if let Ok(near) = i16::try_from(surprise) {
            self.delta_us = step;
            out.extend_from_slice(&near.to_le_bytes());
            TIME_NEAR
        } else if let Ok(far) = i32::try_from(surprise) {
            self.delta_us = step;
            out.extend_from_slice(&far.to_le_bytes());
            TIME_FAR
        } else {
            out.extend_from_slice(&time_us.to_le_bytes());
            TIME_WHOLE
        }
    }

    fn put_kind(&mut self, kind: ValueKind, out: &mut Vec<u8>) -> u8 {
        if kind == self.kind {
            return 0;
        }
        self.turn(kind);
        out.push(kind as u8);
        HAS_KIND
    }

    fn turn(&mut self, kind: ValueKind) {
        self.kind = kind;
        self.bits = 0;
        self.decimal = 0;
        self.misses = 0;
    }

    fn put_bits(&mut self, bits: u64, out: &mut Vec<u8>) -> u8 {
        let before = self.bits;
        if bits == before {
            return VALUE_SAME;
        }
        let code = if self.kind == ValueKind::F64 {
            self.put_float(bits, out)
        } else {
            put_step(bits.wrapping_sub(before).cast_signed(), out)
        };
        self.bits = bits;
        if code == VALUE_WHOLE {
            out.extend_from_slice(&bits.to_le_bytes());
        }
        code
    }

    fn put_float(&mut self, bits: u64, out: &mut Vec<u8>) -> u8 {
        let number = f64::from_bits(bits);
        // Numbers that are no decimals mostly stay so: search seldom then.
        if self.misses < 4 || self.misses.is_multiple_of(16) {
            if let Some(whole) = Decimal(self.decimal).split(number) {
                self.misses = 0;
                let before = Decimal(self.decimal).nearest(f64::from_bits(self.bits));
                return put_step(whole.wrapping_sub(before), out);
            }
            if let Some((decimal, whole)) = Decimal::find(number) {
                self.misses = 0;
                self.decimal = decimal.0;
                out.push(decimal.0);
                put_varint(zigzag(whole), out);
                return VALUE_DECIMAL;
            }
        }
        self.misses = self.misses.wrapping_add(1).max(1);
        put_xor(bits ^ self.bits, out)
    }

    /// Reads a point; `previous` is the string before and becomes the string after.
    #[inline]
    pub(super) fn decode(
        &mut self,
        reader: &mut Reader<'_>,
        previous: &mut Option<Arc<[u8]>>,
    ) -> Result<Point, Damaged> {
        let control = reader.byte()?;
        if control & RESERVED != 0 {
            return Err(Damaged("a control byte is not known"));
        }
        let time_us = self.take_time(control, reader)?;
        if control & HAS_QUALITY != 0 {
            self.quality = reader.u32()?;
        }
        if control & HAS_KIND != 0 {
            self.turn(ValueKind::from_code(reader.byte()?)?);
        }
        let code = control >> VALUE_SHIFT & 7;
        let value = if code == VALUE_MISSING {
            Raw::Missing
        } else if self.kind.is_blob() {
            Raw::Blob(self.kind, take_blob(code, reader, previous)?)
        } else {
            self.bits = self.take_bits(code, reader)?;
            Raw::Bits(self.kind, self.bits)
        };
        if (value == Raw::Missing) != Quality::from_code(self.quality).is_bad() {
            return Err(Damaged("quality and value do not fit"));
        }
        Ok(Point {
            time_us,
            quality: self.quality,
            value,
        })
    }

    fn take_time(&mut self, control: u8, reader: &mut Reader<'_>) -> Result<i64, Damaged> {
        let surprise = match control & 3 {
            TIME_EXPECTED => 0,
            TIME_NEAR => i16::from_le_bytes(reader.array()?).into(),
            TIME_FAR => i32::from_le_bytes(reader.array()?).into(),
            _ => {
                let time_us = reader.i64()?;
                self.time_us = self.time_us.max(time_us);
                return Ok(time_us);
            }
        };
        self.delta_us = self.delta_us.wrapping_add(surprise);
        self.time_us = self.time_us.wrapping_add(self.delta_us);
        Ok(self.time_us)
    }

    fn take_bits(&mut self, code: u8, reader: &mut Reader<'_>) -> Result<u64, Damaged> {
        let float = self.kind == ValueKind::F64;
        match code {
            VALUE_SAME => Ok(self.bits),
            VALUE_WHOLE => reader.u64(),
            VALUE_STEP if float => {
                let decimal = Decimal(self.decimal);
                let before = decimal.nearest(f64::from_bits(self.bits));
                let whole = before.wrapping_add(unzigzag(reader.varint()?));
                Ok(decimal.join(whole)?.to_bits())
            }
            VALUE_STEP => {
                let step = unzigzag(reader.varint()?);
                Ok(self.bits.wrapping_add(step.cast_unsigned()))
            }
            VALUE_XOR => Ok(self.bits ^ take_xor(reader)?),
            VALUE_DECIMAL if float => {
                self.decimal = reader.byte()?;
                let whole = unzigzag(reader.varint()?);
                Ok(Decimal(self.decimal).join(whole)?.to_bits())
            }
            _ => Err(Damaged("a value code is not known")),
        }
    }
}

fn put_step(step: i64, out: &mut Vec<u8>) -> u8 {
    let step = zigzag(step);
    if 1 << 56 <= step {
        return VALUE_WHOLE;
    }
    put_varint(step, out);
    VALUE_STEP
}

/// Writes the bytes of `bits` that are not zero, with their place.
#[expect(clippy::cast_possible_truncation, reason = "at most 8 bytes")]
fn put_xor(bits: u64, out: &mut Vec<u8>) -> u8 {
    let skip = bits.trailing_zeros() / 8;
    let count = 8 - bits.leading_zeros() / 8 - skip;
    if 6 < count {
        return VALUE_WHOLE;
    }
    out.push((skip << 4 | count) as u8);
    out.extend_from_slice(&(bits >> (skip * 8)).to_le_bytes()[..count as usize]);
    VALUE_XOR
}

fn take_xor(reader: &mut Reader<'_>) -> Result<u64, Damaged> {
    let place = reader.byte()?;
    let (skip, count) = (place >> 4, place & 0xF);
    if 8 < skip + count {
        return Err(Damaged("a value is longer than 8 bytes"));
    }
    let mut bytes = [0; 8];
    bytes[..count.into()].copy_from_slice(reader.take(count.into())?);
    Ok(u64::from_le_bytes(bytes).unbounded_shl(u32::from(skip) * 8))
}

fn take_blob(
    code: u8,
    reader: &mut Reader<'_>,
    previous: &mut Option<Arc<[u8]>>,
) -> Result<Arc<[u8]>, Damaged> {
    match code {
        VALUE_SAME => {}
        VALUE_BLOB => {
            let length = reader.varint()?;
            *previous = Some(reader.take(length)?.into());
        }
        _ => return Err(Damaged("a value code is not known")),
    }
    previous
        .clone()
        .ok_or(Damaged("a string repeats one that is not there"))
}

/// How a float is made of an integer: 0..=9 divide it by that power of ten, 16..=25 multiply it
/// by the power of one tenth, which is how a scaled register comes about and rounds differently.
#[derive(Clone, Copy)]
struct Decimal(u8);

const TENS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const TENTHS: [f64; 10] = [1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];
const MULTIPLIES: u8 = 16;
/// Beyond this not every integer is a float.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

impl Decimal {
    fn find(number: f64) -> Option<(Decimal, i64)> {
        (0..7)
            .flat_map(|digits| [Decimal(digits), Decimal(MULTIPLIES | digits)])
            .find_map(|decimal| Some((decimal, decimal.split(number)?)))
    }

    /// Returns the integer that gives exactly this float; a negative zero has none.
    fn split(self, number: f64) -> Option<i64> {
        let rounded = (number * TENS[self.digits()]).round();
        if WHOLE_MAX <= rounded.abs() {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "below 2^53, or 0 for no number"
        )]
        let whole = rounded as i64;
        let same = self.float(whole).to_bits() == number.to_bits();
        same.then_some(whole)
    }

    /// Returns the integer nearest to a float, which need not be one of its own.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, on both sides alike"
    )]
    fn nearest(self, number: f64) -> i64 {
        (number * TENS[self.digits()]).round() as i64
    }

    fn join(self, whole: i64) -> Result<f64, Damaged> {
        if 9 < self.0 & 0xF || MULTIPLIES < self.0 & 0xF0 {
            return Err(Damaged("a decimal code is not known"));
        }
        Ok(self.float(whole))
    }

    #[expect(clippy::cast_precision_loss, reason = "the writer keeps within 2^53")]
    fn float(self, whole: i64) -> f64 {
        if self.0 & MULTIPLIES == 0 {
            whole as f64 / TENS[self.digits()]
        } else {
            whole as f64 * TENTHS[self.digits()]
        }
    }

    fn digits(self) -> usize {
        usize::from(self.0 & 0xF).min(9)
    }
}

#[cfg(test)]
mod tests;
