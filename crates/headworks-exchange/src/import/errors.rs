//! The file of rows that could not be taken.

use std::io::Write;

use crate::error::ExchangeError;
use crate::text::cell::{Guard, write_text};

/// Most rows of the file.
const ROWS_MAX: u64 = 10_000;

/// Why a row, or a cell of it, could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowError {
    pub(crate) line: u64,
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) reason: String,
}

/// Writes and counts errors.
pub(crate) struct Errors<'a> {
    out: &'a mut dyn Write,
    pub(crate) count: u64,
    buffer: Vec<u8>,
}

impl<'a> Errors<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Errors<'a> {
        Errors {
            out,
            count: 0,
            buffer: b"line,column,value,reason\r\n".to_vec(),
        }
    }

    pub(crate) fn listed(&self) -> u64 {
        self.count.min(ROWS_MAX)
    }

    pub(crate) fn push(&mut self, error: &RowError) -> Result<(), ExchangeError> {
        self.count += 1;
        if ROWS_MAX < self.count {
            return Ok(());
        }
        self.buffer
            .extend_from_slice(error.line.to_string().as_bytes());
        for text in [&error.column, &error.value, &error.reason] {
            self.buffer.push(b',');
            write_text(&mut self.buffer, text, b',', Guard::On);
        }
        self.buffer.extend_from_slice(b"\r\n");
        if (64 << 10) < self.buffer.len() {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), ExchangeError> {
        let written = self.out.write_all(&self.buffer);
        written
            .and_then(|()| self.out.flush())
            .map_err(ExchangeError::output)?;
        self.buffer.clear();
        Ok(())
    }
}
