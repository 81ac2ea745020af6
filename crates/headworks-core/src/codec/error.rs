//! What can be wrong with a format, with bytes and with values.

use super::format::RegisterFormat;
use super::types::DataType;

/// Why a [`RegisterFormat`] cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A text without a length or with one out of bounds.
    #[error(
        "a string needs a length of 1 to {max} registers, not {found}",
        max = RegisterFormat::REGISTERS_MAX
    )]
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
    #[error("{data_type} cannot hold {found}")]
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
