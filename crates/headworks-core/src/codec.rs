//! The codec between registers on the wire and values: one for both directions.
//!
//! Registers are the bytes as a device sends them: two bytes each, in order of address. What the
//! bytes mean is said by a [`DataType`] and a [`ByteOrder`].

mod error;
mod format;
mod number;
mod types;

pub use error::{DecodeError, EncodeError, FormatError};
pub use format::RegisterFormat;
pub use types::{ByteOrder, DataType};

#[cfg(test)]
mod tests;
