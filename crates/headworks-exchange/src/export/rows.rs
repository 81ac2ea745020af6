//! What writers of rows have in common.

use headworks_core::Quality;
use headworks_store::{Chunk, Column};

use crate::error::ExchangeError;
use crate::tag::Tag;

/// Formats samples of one tag after the other into a buffer.
pub(crate) trait LongRows {
    /// Formats rows of a chunk.
    fn write(&mut self, out: &mut Vec<u8>, tag: &Tag, chunk: &Chunk, rows: std::ops::Range<usize>);
}

/// A sample of the wide layout.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) at: usize,
}

/// Takes instants of the wide layout.
pub(crate) trait WideRows {
    /// Takes the samples of an instant, one place per tag.
    fn row(&mut self, time_us: i64, cells: &[Option<Cell<'_>>]) -> Result<(), ExchangeError>;

    /// Returns the bytes that were written so far.
    fn bytes(&self) -> u64;
}

/// Returns whether a sample has no usable value.
pub(crate) fn is_bad(code: u32) -> bool {
    Quality::from_code(code).is_bad()
}

/// One value of a column.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// Returns a value of a column; nothing where the sample is bad.
pub(crate) fn item(chunk: &Chunk, at: usize) -> Option<Item<'_>> {
    if is_bad(chunk.qualities[at]) {
        return None;
    }
    Some(match &chunk.values {
        Column::Bool(values) => Item::Bool(values[at]),
        Column::I64(values) => Item::I64(values[at]),
        Column::U64(values) => Item::U64(values[at]),
        Column::F64(values) => Item::F64(values[at]),
        Column::Text(values) => Item::Text(&values[at]),
        Column::Bytes(values) => Item::Bytes(&values[at]),
    })
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Returns bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    write_hex(&mut out, bytes);
    String::from_utf8(out).unwrap_or_default()
}
