//! Data types and byte orders.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    pub(super) fn arrange<const N: usize>(self, mut bytes: [u8; N]) -> [u8; N] {
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
    pub(super) const fn swaps_bytes(self) -> bool {
        matches!(self, ByteOrder::Badc | ByteOrder::Dcba)
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

pub(super) fn swap_pairs(bytes: &mut [u8]) {
    for pair in bytes.chunks_exact_mut(2) {
        pair.swap(0, 1);
    }
}
