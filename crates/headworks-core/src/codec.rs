//! The codec between registers on the wire and values: one for both directions.
//!
//! Registers are the bytes as a device sends them: two bytes each, in order of address. What the
//! bytes mean is said by a [`DataType`] and a [`ByteOrder`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// How the bytes of a tag are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// A coil, an input, one bit of a register, or a register that is not zero.
    Bool,
    /// Signed, low byte of a register.
    Int8,
    /// Unsigned, low byte of a register.
    Uint8,
    /// Signed, high byte of a register.
    Int8High,
    /// Unsigned, high byte of a register.
    Uint8High,
    /// Signed, one register.
    Int16,
    /// Unsigned, one register.
    #[default]
    Uint16,
    /// Signed, two registers.
    Int32,
    /// Unsigned, two registers.
    Uint32,
    /// Signed, four registers.
    Int64,
    /// Unsigned, four registers.
    Uint64,
    /// IEEE 754 half precision, one register.
    Float16,
    /// IEEE 754 single precision, two registers.
    Float32,
    /// IEEE 754 double precision, four registers.
    Float64,
    /// Four binary coded decimal digits, one register.
    Bcd16,
    /// Eight binary coded decimal digits, two registers.
    Bcd32,
    /// Text, two characters a register, ended by NUL or padded with blanks.
    String,
}

/// The order in which the bytes of a value stand in the registers.
///
/// The letters name the bytes of the value from the most significant on; 8-byte values follow the
/// same rule (ABCD EFGH, words reversed, bytes swapped within words, all reversed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ByteOrder {
    /// Big-endian: high word first, high byte first. What the Modbus specification says.
    #[default]
    #[serde(rename = "ABCD")]
    Abcd,
    /// Low word first, high byte first.
    #[serde(rename = "CDAB")]
    Cdab,
    /// High word first, low byte first.
    #[serde(rename = "BADC")]
    Badc,
    /// Little-endian: low word first, low byte first.
    #[serde(rename = "DCBA")]
    Dcba,
}

/// A data type with its order and size: what is needed to read and write one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegisterFormat {
    data_type: DataType,
    order: ByteOrder,
    registers: u16,  // invariant: 1..=REGISTERS_MAX, as the data type wants it
    bit: Option<u8>, // invariant: 0..=15, only with Bool
}

/// Why a [`RegisterFormat`] cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A text without a length or with one out of bounds.
    #[error("a string needs a length of 1 to {max} registers, not {found}", max = RegisterFormat::REGISTERS_MAX)]
    StringLength {
        /// Length given, 0 for none.
        found: u16,
    },
    /// A length for a type that has its own.
    #[error("{data_type} takes {want} registers, not {found}; leave the length away")]
    Length {
        /// The data type.
        data_type: DataType,
        /// What it takes.
        want: u16,
        /// What was given.
        found: u16,
    },
    /// A bit number beyond the register.
    #[error("bit {bit} does not exist; a register has bits 0 to 15, 0 the lowest")]
    Bit {
        /// Bit given.
        bit: u8,
    },
    /// A bit of something that is no bool.
    #[error("a bit of a register is of type bool, not {data_type}")]
    BitType {
        /// The data type.
        data_type: DataType,
    },
}

/// Why bytes are not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer or more bytes than the format takes.
    #[error("{found} bytes where {want} are needed")]
    Length {
        /// Bytes needed.
        want: usize,
        /// Bytes given.
        found: usize,
    },
    /// NaN or infinite.
    #[error("not a finite number")]
    NotFinite,
    /// A digit above nine.
    #[error("a binary coded decimal digit is above 9")]
    BcdDigit,
}

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// A text for a number, or the like.
    #[error("{data_type} cannot hold a {found}")]
    Kind {
        /// The data type.
        data_type: DataType,
        /// Kind of the value.
        found: &'static str,
    },
    /// A number that the type cannot hold.
    #[error("{value} is out of range: {data_type} holds {min} to {max}")]
    Range {
        /// The value given.
        value: String,
        /// The data type.
        data_type: DataType,
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// A text longer than its registers.
    #[error("the text has {found} bytes, at most {max} fit")]
    TextLength {
        /// Bytes of the text.
        found: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// One byte or one bit of a register cannot be written without the rest of it.
    #[error("{data_type} is a part of a register; write the whole register")]
    Part {
        /// The data type.
        data_type: DataType,
    },
}

impl DataType {
    /// Every data type, in the order of the documentation.
    pub const ALL: [DataType; 17] = [
        DataType::Bool,
        DataType::Int8,
        DataType::Uint8,
        DataType::Int8High,
        DataType::Uint8High,
        DataType::Int16,
        DataType::Uint16,
        DataType::Int32,
        DataType::Uint32,
        DataType::Int64,
        DataType::Uint64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Bcd16,
        DataType::Bcd32,
        DataType::String,
    ];

    /// Returns the name as configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            DataType::Bool => "bool",
            DataType::Int8 => "int8",
            DataType::Uint8 => "uint8",
            DataType::Int8High => "int8_high",
            DataType::Uint8High => "uint8_high",
            DataType::Int16 => "int16",
            DataType::Uint16 => "uint16",
            DataType::Int32 => "int32",
            DataType::Uint32 => "uint32",
            DataType::Int64 => "int64",
            DataType::Uint64 => "uint64",
            DataType::Float16 => "float16",
            DataType::Float32 => "float32",
            DataType::Float64 => "float64",
            DataType::Bcd16 => "bcd16",
            DataType::Bcd32 => "bcd32",
            DataType::String => "string",
        }
    }

    /// Returns the registers a value takes; a string says its own length.
    pub const fn registers(self) -> Option<u16> {
        match self {
            DataType::Bool
            | DataType::Int8
            | DataType::Uint8
            | DataType::Int8High
            | DataType::Uint8High
            | DataType::Int16
            | DataType::Uint16
            | DataType::Float16
            | DataType::Bcd16 => Some(1),
            DataType::Int32 | DataType::Uint32 | DataType::Float32 | DataType::Bcd32 => Some(2),
            DataType::Int64 | DataType::Uint64 | DataType::Float64 => Some(4),
            DataType::String => None,
        }
    }

    /// Returns the least and the greatest number of the type; a string has none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds of 64 bits are rounded for messages"
    )]
    pub const fn range(self) -> Option<(f64, f64)> {
        Some(match self {
            DataType::Bool => (0.0, 1.0),
            DataType::Int8 | DataType::Int8High => (-128.0, 127.0),
            DataType::Uint8 | DataType::Uint8High => (0.0, 255.0),
            DataType::Int16 => (-32_768.0, 32_767.0),
            DataType::Uint16 => (0.0, 65_535.0),
            DataType::Int32 => (i32::MIN as f64, i32::MAX as f64),
            DataType::Uint32 => (0.0, u32::MAX as f64),
            DataType::Int64 => (i64::MIN as f64, i64::MAX as f64),
            DataType::Uint64 => (0.0, u64::MAX as f64),
            DataType::Float16 => (-65_504.0, 65_504.0),
            DataType::Float32 => (f32::MIN as f64, f32::MAX as f64),
            DataType::Float64 => (f64::MIN, f64::MAX),
            DataType::Bcd16 => (0.0, 9_999.0),
            DataType::Bcd32 => (0.0, 99_999_999.0),
            DataType::String => return None,
        })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ByteOrder {
    /// Every order.
    pub const ALL: [ByteOrder; 4] = [
        ByteOrder::Abcd,
        ByteOrder::Cdab,
        ByteOrder::Badc,
        ByteOrder::Dcba,
    ];

    /// Returns the name as configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            ByteOrder::Abcd => "ABCD",
            ByteOrder::Cdab => "CDAB",
            ByteOrder::Badc => "BADC",
            ByteOrder::Dcba => "DCBA",
        }
    }

    /// Puts wire bytes into big-endian order, or back: every order is its own inverse.
    fn arrange<const N: usize>(self, mut bytes: [u8; N]) -> [u8; N] {
        match self {
            ByteOrder::Abcd => {}
            ByteOrder::Cdab => {
                bytes.reverse();
                swap_pairs(&mut bytes);
            }
            ByteOrder::Badc => swap_pairs(&mut bytes),
            ByteOrder::Dcba => bytes.reverse(),
        }
        bytes
    }

    /// Returns whether the low byte of a register comes first.
    const fn swaps_bytes(self) -> bool {
        matches!(self, ByteOrder::Badc | ByteOrder::Dcba)
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn swap_pairs(bytes: &mut [u8]) {
    for pair in bytes.chunks_exact_mut(2) {
        pair.swap(0, 1);
    }
}

impl RegisterFormat {
    /// Most registers of a tag: what one Modbus read can bring.
    pub const REGISTERS_MAX: u16 = 125;

    /// Returns the format of a tag.
    ///
    /// `length` is the registers of a string and may repeat what another type takes anyway; `bit`
    /// selects one bit of a register, 0 the lowest.
    ///
    /// # Errors
    ///
    /// [`FormatError`], which names what does not fit.
    pub fn new(
        data_type: DataType,
        order: ByteOrder,
        length: Option<u16>,
        bit: Option<u8>,
    ) -> Result<RegisterFormat, FormatError> {
        let registers = match (data_type.registers(), length) {
            (Some(want), Some(found)) if found != want => {
                return Err(FormatError::Length {
                    data_type,
                    want,
                    found,
                });
            }
            (Some(want), _) => want,
            (None, Some(found)) if (1..=Self::REGISTERS_MAX).contains(&found) => found,
            (None, found) => {
                return Err(FormatError::StringLength {
                    found: found.unwrap_or(0),
                });
            }
        };
        match bit {
            Some(bit) if 15 < bit => return Err(FormatError::Bit { bit }),
            Some(_) if data_type != DataType::Bool => {
                return Err(FormatError::BitType { data_type });
            }
            _ => {}
        }
        Ok(RegisterFormat {
            data_type,
            order,
            registers,
            bit,
        })
    }

    /// Returns the registers a value takes.
    pub const fn registers(&self) -> u16 {
        self.registers
    }

    /// Returns the data type.
    pub const fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Returns the bit that is selected, 0 the lowest.
    pub const fn bit(&self) -> Option<u8> {
        self.bit
    }

    /// Returns the value of the registers in `wire`, two bytes each.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; never panics, whatever the bytes.
    pub fn decode(&self, wire: &[u8]) -> Result<Value, DecodeError> {
        let order = self.order;
        Ok(match self.data_type {
            DataType::Bool => Value::Bool(self.decode_bool(u16::from_be_bytes(take(order, wire)?))),
            DataType::Int8 => Value::I64(take::<2>(order, wire)?[1].cast_signed().into()),
            DataType::Uint8 => Value::I64(take::<2>(order, wire)?[1].into()),
            DataType::Int8High => Value::I64(take::<2>(order, wire)?[0].cast_signed().into()),
            DataType::Uint8High => Value::I64(take::<2>(order, wire)?[0].into()),
            DataType::Int16 => Value::I64(i16::from_be_bytes(take(order, wire)?).into()),
            DataType::Uint16 => Value::I64(u16::from_be_bytes(take(order, wire)?).into()),
            DataType::Int32 => Value::I64(i32::from_be_bytes(take(order, wire)?).into()),
            DataType::Uint32 => Value::I64(u32::from_be_bytes(take(order, wire)?).into()),
            DataType::Int64 => Value::I64(i64::from_be_bytes(take(order, wire)?)),
            DataType::Uint64 => Value::U64(u64::from_be_bytes(take(order, wire)?)),
            DataType::Float16 => finite(half_to_f64(u16::from_be_bytes(take(order, wire)?)))?,
            DataType::Float32 => finite(f32::from_be_bytes(take(order, wire)?).into())?,
            DataType::Float64 => finite(f64::from_be_bytes(take(order, wire)?))?,
            DataType::Bcd16 => bcd_to_value(u16::from_be_bytes(take(order, wire)?).into(), 4)?,
            DataType::Bcd32 => bcd_to_value(u32::from_be_bytes(take(order, wire)?), 8)?,
            DataType::String => Value::Text(self.decode_text(wire)?.into()),
        })
    }

    /// Returns the registers of `value`, two bytes each; numbers are rounded to the nearest
    /// integer where the type is one.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: wrong kind, out of range, too long, or only a part of a register.
    pub fn encode(&self, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let order = self.order;
        let bytes = match self.data_type {
            DataType::Bool if self.bit.is_none() => order
                .arrange(u16::from(self.want_bool(value)?).to_be_bytes())
                .to_vec(),
            DataType::Bool
            | DataType::Int8
            | DataType::Uint8
            | DataType::Int8High
            | DataType::Uint8High => {
                return Err(EncodeError::Part {
                    data_type: self.data_type,
                });
            }
            DataType::Int16 => self.integer::<i16, 2>(value, i16::to_be_bytes)?,
            DataType::Uint16 => self.integer::<u16, 2>(value, u16::to_be_bytes)?,
            DataType::Int32 => self.integer::<i32, 4>(value, i32::to_be_bytes)?,
            DataType::Uint32 => self.integer::<u32, 4>(value, u32::to_be_bytes)?,
            DataType::Int64 => self.integer::<i64, 8>(value, i64::to_be_bytes)?,
            DataType::Uint64 => self.integer::<u64, 8>(value, u64::to_be_bytes)?,
            DataType::Float16 => {
                let half = f64_to_half(self.want_number(value)?);
                order.arrange(half.to_be_bytes()).to_vec()
            }
            DataType::Float32 => {
                #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
                let single = self.want_number(value)? as f32;
                order.arrange(single.to_be_bytes()).to_vec()
            }
            DataType::Float64 => order
                .arrange(self.want_number(value)?.to_be_bytes())
                .to_vec(),
            DataType::Bcd16 => {
                let digits = to_bcd(self.want_integer(value)?);
                order.arrange([digits[2], digits[3]]).to_vec()
            }
            DataType::Bcd32 => order.arrange(to_bcd(self.want_integer(value)?)).to_vec(),
            DataType::String => self.encode_text(value)?,
        };
        Ok(bytes)
    }

    /// Returns whether a bool is asked for, from a bool or from the numbers 0 and 1.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Kind`] and [`EncodeError::Range`].
    pub fn want_bool(&self, value: &Value) -> Result<bool, EncodeError> {
        match value {
            Value::Bool(value) => Ok(*value),
            other => match other.as_f64() {
                Some(0.0) => Ok(false),
                Some(1.0) => Ok(true),
                Some(_) => Err(self.out_of_range(value)),
                None => Err(self.wrong_kind(value)),
            },
        }
    }

    fn decode_bool(&self, register: u16) -> bool {
        self.bit
            .map_or(register != 0, |bit| register >> bit & 1 == 1)
    }

    fn decode_text(&self, wire: &[u8]) -> Result<String, DecodeError> {
        let want = usize::from(self.registers) * 2;
        if wire.len() != want {
            return Err(DecodeError::Length {
                want,
                found: wire.len(),
            });
        }
        let mut bytes = wire.to_vec();
        if self.order.swaps_bytes() {
            swap_pairs(&mut bytes);
        }
        let end = bytes
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(bytes.len());
        bytes.truncate(end);
        // Devices that predate UTF-8 send Latin-1, where every byte is the character of its number.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
        Ok(text.trim_end_matches(' ').to_owned())
    }

    fn encode_text(&self, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let Value::Text(text) = value else {
            return Err(self.wrong_kind(value));
        };
        let max = usize::from(self.registers) * 2;
        if max < text.len() {
            return Err(EncodeError::TextLength {
                found: text.len(),
                max,
            });
        }
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(max, 0);
        if self.order.swaps_bytes() {
            swap_pairs(&mut bytes);
        }
        Ok(bytes)
    }

    fn integer<T: TryFrom<i128>, const N: usize>(
        &self,
        value: &Value,
        to_bytes: fn(T) -> [u8; N],
    ) -> Result<Vec<u8>, EncodeError> {
        let number = self.want_integer(value)?;
        let number = T::try_from(number).map_err(|_| self.out_of_range(value))?;
        Ok(self.order.arrange(to_bytes(number)).to_vec())
    }

    /// Returns the nearest integer of `value`, exact for integers of 64 bits.
    fn want_integer(&self, value: &Value) -> Result<i128, EncodeError> {
        let number = match *value {
            Value::I64(value) => value.into(),
            Value::U64(value) => value.into(),
            Value::Bool(value) => value.into(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "saturates; range is checked next"
            )]
            Value::F64(value) => value.round() as i128,
            Value::Text(_) | Value::Bytes(_) => return Err(self.wrong_kind(value)),
        };
        let (min, max) = match self.data_type {
            DataType::Bcd16 => (0, 9_999),
            DataType::Bcd32 => (0, 99_999_999),
            _ => (i64::MIN.into(), u64::MAX.into()),
        };
        if (min..=max).contains(&number) {
            Ok(number)
        } else {
            Err(self.out_of_range(value))
        }
    }

    fn want_number(&self, value: &Value) -> Result<f64, EncodeError> {
        let number = value.as_f64().ok_or_else(|| self.wrong_kind(value))?;
        let (min, max) = self.data_type.range().unwrap_or((f64::MIN, f64::MAX));
        if (min..=max).contains(&number) {
            Ok(number)
        } else {
            Err(self.out_of_range(value))
        }
    }

    fn wrong_kind(&self, value: &Value) -> EncodeError {
        EncodeError::Kind {
            data_type: self.data_type,
            found: value.kind(),
        }
    }

    fn out_of_range(&self, value: &Value) -> EncodeError {
        let (min, max) = self.data_type.range().unwrap_or((f64::MIN, f64::MAX));
        EncodeError::Range {
            value: value.to_string(),
            data_type: self.data_type,
            min,
            max,
        }
    }
}

fn take<const N: usize>(order: ByteOrder, wire: &[u8]) -> Result<[u8; N], DecodeError> {
    let bytes: [u8; N] = wire.try_into().map_err(|_| DecodeError::Length {
        want: N,
        found: wire.len(),
    })?;
    Ok(order.arrange(bytes))
}

fn finite(number: f64) -> Result<Value, DecodeError> {
    if number.is_finite() {
        Ok(Value::F64(number))
    } else {
        Err(DecodeError::NotFinite)
    }
}

fn bcd_to_value(mut digits: u32, count: u32) -> Result<Value, DecodeError> {
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
fn to_bcd(mut number: i128) -> [u8; 4] {
    let mut bytes = [0; 4];
    for byte in bytes.iter_mut().rev() {
        let pair = u8::try_from(number % 100).unwrap_or(0);
        *byte = ((pair / 10) << 4) | (pair % 10);
        number /= 100;
    }
    bytes
}

/// Widens IEEE 754 binary16.
fn half_to_f64(bits: u16) -> f64 {
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
fn f64_to_half(number: f64) -> u16 {
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

#[cfg(test)]
mod tests;
