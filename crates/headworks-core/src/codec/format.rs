//! Decoding and encoding of one value.

use super::error::{DecodeError, EncodeError, FormatError};
use super::number::{bcd_to_value, f64_to_half, half_to_f64, to_bcd};
use super::types::{ByteOrder, DataType, swap_pairs};
use crate::value::Value;

/// A data type with its order and size: what is needed to read and write one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegisterFormat {
    data_type: DataType,
    order: ByteOrder,
    registers: u16,  // invariant: 1..=REGISTERS_MAX, as the data type wants it
    bit: Option<u8>, // invariant: 0..=15, only with Bool
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
