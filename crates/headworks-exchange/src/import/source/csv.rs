//! CSV: RFC 4180, with any of the four delimiters, and bounds on rows and columns.

use std::io::Read;

use memchr::{memchr, memchr2};

use super::Take;
use crate::error::ExchangeError;
use crate::import::record::{Cell, Record};

/// Longest row in bytes.
const ROW_BYTES_MAX: usize = 1 << 20;
/// Most cells of a row.
const CELLS_MAX: usize = 20_000;
/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

/// What is at the begin of a buffer.
enum Found {
    /// A row of so many bytes and so many lines.
    Row {
        bytes: usize,
        lines: u64,
    },
    /// The row does not end in the buffer.
    More,
    /// The row ends inside a quoted cell.
    Unclosed,
    TooManyCells,
}

/// Gives the rows of a reader of UTF-8.
pub(crate) fn read(
    mut text: impl Read,
    delimiter: u8,
    take: &mut Take<'_>,
) -> Result<(), ExchangeError> {
    let mut buffer: Vec<u8> = Vec::with_capacity(READ_BYTES * 2);
    let mut record = Record::default();
    let (mut start, mut line, mut ended) = (0, 1, false);
    loop {
        let place = || format!("line {line}");
        match parse(&buffer[start..], delimiter, ended, &mut record) {
            Found::Row { bytes: 0, .. } => return Ok(()),
            Found::Row { bytes, lines } => {
                record.line = line;
                start += bytes;
                line += lines;
                if !record.is_blank() && take(&mut record)?.is_break() {
                    return Ok(());
                }
            }
            Found::More if ROW_BYTES_MAX < buffer.len() - start => {
                let reason = format!(
                    "a row of more than {} KiB; a quote that is not closed is the usual reason",
                    ROW_BYTES_MAX >> 10
                );
                return Err(ExchangeError::input(place(), reason));
            }
            Found::More => {
                buffer.drain(..start);
                start = 0;
                let filled = buffer.len();
                buffer.resize(filled + READ_BYTES, 0);
                let bytes = text.read(&mut buffer[filled..]);
                let bytes =
                    bytes.map_err(|error| ExchangeError::input(place(), error.to_string()))?;
                buffer.truncate(filled + bytes);
                ended = bytes == 0;
            }
            Found::Unclosed => {
                let reason = "the file ends inside a quoted cell; it was cut off, or a quote is \
                              not closed";
                return Err(ExchangeError::input(place(), reason));
            }
            Found::TooManyCells => {
                let reason = format!("a row of more than {CELLS_MAX} cells");
                return Err(ExchangeError::input(place(), reason));
            }
        }
    }
}

/// Reads the row at the begin of `bytes` into `record`.
fn parse(bytes: &[u8], delimiter: u8, is_end: bool, record: &mut Record) -> Found {
    record.clear();
    let (mut at, mut lines) = (0, 1);
    if bytes.is_empty() {
        return if is_end {
            Found::Row { bytes: 0, lines: 0 }
        } else {
            Found::More
        };
    }
    loop {
        if CELLS_MAX <= record.cells.len() {
            return Found::TooManyCells;
        }
        let quoted = bytes.get(at) == Some(&b'"');
        let end = if quoted {
            match quoted_cell(bytes, at + 1, delimiter, is_end, record) {
                Some((end, breaks)) => {
                    lines += breaks;
                    end
                }
                None if is_end => return Found::Unclosed,
                None => return Found::More,
            }
        } else {
            let end = memchr2(delimiter, b'\n', &bytes[at..]).map(|offset| at + offset);
            let Some(end) = end.or(is_end.then_some(bytes.len())) else {
                return Found::More;
            };
            let cell = bytes[at..end].strip_suffix(b"\r");
            push(record, cell.unwrap_or(&bytes[at..end]), false);
            end
        };
        match bytes.get(end) {
            Some(&byte) if byte == delimiter => at = end + 1,
            Some(_) => {
                return Found::Row {
                    bytes: end + 1,
                    lines,
                };
            }
            None => return Found::Row { bytes: end, lines },
        }
    }
}

/// Reads a quoted cell from behind its quote; returns its end and the line breaks in it.
fn quoted_cell(
    bytes: &[u8],
    start: usize,
    delimiter: u8,
    is_end: bool,
    record: &mut Record,
) -> Option<(usize, u64)> {
    let mut cell: Vec<u8> = Vec::new();
    let mut at = start;
    loop {
        let quote = at + memchr(b'"', &bytes[at..])?;
        cell.extend_from_slice(&bytes[at..quote]);
        match bytes.get(quote + 1) {
            Some(b'"') => {
                cell.push(b'"');
                at = quote + 2;
            }
            // The next byte decides, and it has not been read.
            None if !is_end => return None,
            _ => {
                let breaks = memchr::memchr_iter(b'\n', &cell).count() as u64;
                push(record, &cell, true);
                // What stands between the quote and the delimiter is blank in sound files.
                let end = rest_of_cell(bytes, quote + 1, delimiter, is_end, record)?;
                return Some((end, breaks));
            }
        }
    }
}

/// Returns where the cell ends whose closing quote is before `at`.
fn rest_of_cell(
    bytes: &[u8],
    at: usize,
    delimiter: u8,
    is_end: bool,
    record: &mut Record,
) -> Option<usize> {
    let rest = memchr2(delimiter, b'\n', &bytes[at..]);
    let end = rest
        .map(|offset| at + offset)
        .or(is_end.then_some(bytes.len()))?;
    if !bytes[at..end].iter().all(u8::is_ascii_whitespace)
        && let Some(last) = record.cells.last_mut()
    {
        *last = Cell::Broken("characters behind the closing quote");
    }
    Some(end)
}

fn push(record: &mut Record, bytes: &[u8], quoted: bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !quoted && text.trim().is_empty() => record.cells.push(Cell::Empty),
        Ok(text) => record.push_text(text),
        Err(_) => record
            .cells
            .push(Cell::Broken("not UTF-8; say the encoding")),
    }
}

/// Guesses what stands between the cells: what cuts most rows of a sample into the same number.
pub(crate) fn guess_delimiter(sample: &str) -> u8 {
    let whole = sample.rfind('\n').map_or(sample, |end| &sample[..=end]);
    let score = |delimiter: u8| {
        let mut counts: Vec<usize> = Vec::new();
        let mut rows = whole.as_bytes();
        let mut record = Record::default();
        while counts.len() < 50
            && let Found::Row { bytes, .. } = parse(rows, delimiter, true, &mut record)
            && bytes != 0
        {
            if !record.is_blank() {
                counts.push(record.cells.len());
            }
            rows = &rows[bytes..];
        }
        let usual = counts.iter().copied().max_by_key(|count| {
            let same = counts.iter().filter(|other| *other == count).count();
            (if *count == 1 { 0 } else { same }, *count)
        });
        let usual = usual.filter(|&count| 1 < count).unwrap_or(0);
        let same = counts.iter().filter(|&&count| count == usual).count();
        (same * 100 / counts.len().max(1), usual)
    };
    // A comma may be inside numbers, so that the others win a tie.
    let delimiters = [b',', b'|', b'\t', b';'];
    let best = delimiters.into_iter().max_by_key(|&delimiter| {
        let (share, cells) = score(delimiter);
        (if cells == 0 { 0 } else { share }, delimiter != b',', cells)
    });
    match best {
        Some(delimiter) if score(delimiter).1 != 0 => delimiter,
        _ => b',',
    }
}

#[cfg(test)]
mod tests;
