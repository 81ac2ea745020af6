//! Tables from memory: the rows of CSV and Excel, whatever they mean.
//!
//! Encoding, delimiter and decimal sign are found out as for history, so that both read the same
//! files.

use std::borrow::Cow;
use std::io::Cursor;
use std::ops::ControlFlow;

use crate::error::ExchangeError;
pub use crate::export::Decimal;
use crate::export::Format;
use crate::import::guarded;
use crate::import::record::{Cell, Record};
use crate::import::source::{csv, decode, format_of, xlsx};
pub use crate::import::value::parse_number;
use crate::text::cell::unguard;

/// A file of text or an Excel file that was looked at.
#[derive(Debug)]
pub struct Sheet<'a> {
    bytes: &'a [u8],
    content: Content,
}

#[derive(Debug)]
enum Content {
    Csv { text: String, delimiter: u8 },
    Xlsx,
}

/// One row; cells are numbered from 0.
#[derive(Debug)]
pub struct Row<'r> {
    record: &'r Record,
    is_csv: bool,
}

/// Bytes by which the delimiter is guessed.
const HEAD_BYTES: usize = 256 << 10;

impl<'a> Sheet<'a> {
    /// Looks at a file: what it is, its encoding and its delimiter.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Input`] when it is empty, or plainly something else.
    pub fn open(bytes: &'a [u8], delimiter: Option<u8>) -> Result<Sheet<'a>, ExchangeError> {
        if bytes.is_empty() {
            return Err(ExchangeError::input("the file", "it is empty"));
        }
        let content = match format_of(&bytes[..bytes.len().min(64)], None)? {
            Format::Xlsx => Content::Xlsx,
            Format::Parquet => {
                let reason = "it is a Parquet file; CSV and Excel are read";
                return Err(ExchangeError::input("the file", reason));
            }
            Format::Csv | Format::Jsonl => {
                let text = text_of(bytes);
                let head = floor_char(&text, HEAD_BYTES);
                let delimiter = delimiter.unwrap_or_else(|| csv::guess_delimiter(head));
                Content::Csv { text, delimiter }
            }
        };
        Ok(Sheet { bytes, content })
    }

    /// Gives the rows that are not blank, from the first on.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Input`] with the place where the file is damaged.
    pub fn read(
        &self,
        take: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<(), ExchangeError> {
        let is_csv = matches!(self.content, Content::Csv { .. });
        let mut give = |record: &mut Record| Ok(take(&Row { record, is_csv }));
        match &self.content {
            Content::Csv { text, delimiter } => csv::read(text.as_bytes(), *delimiter, &mut give),
            Content::Xlsx => {
                guarded(|| xlsx::read_from(|| Ok(Cursor::new(self.bytes)), None, &mut give))
            }
        }
    }

    /// Returns whether the file is text; otherwise it is an Excel file.
    pub fn is_text(&self) -> bool {
        matches!(self.content, Content::Csv { .. })
    }

    /// Returns what the decimal sign is: a comma where a cell of one of the columns is a number
    /// only with it. Where commas separate the cells too, `1,234` is no proof: programs that write
    /// points write thousands so. Excel keeps numbers as numbers.
    ///
    /// # Errors
    ///
    /// As [`Sheet::read`].
    pub fn decimal(&self, columns: &[usize]) -> Result<Decimal, ExchangeError> {
        let mut decimal = Decimal::Point;
        let Content::Csv { delimiter, .. } = self.content else {
            return Ok(decimal);
        };
        let is_proof =
            |text: &str| is_comma_number(text) && (delimiter != b',' || !has_thousands(text));
        self.read(&mut |row| {
            let is_comma = |&at: &usize| row.text(at).is_ok_and(|text| is_proof(&text));
            if columns.iter().any(is_comma) {
                decimal = Decimal::Comma;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(decimal)
    }
}

/// Returns whether a text is a number only when its comma is a decimal comma.
pub fn is_comma_number(text: &str) -> bool {
    let text = text.trim();
    text.contains(',')
        && parse_number(text, Decimal::Point).is_none()
        && parse_number(text, Decimal::Comma).is_some()
}

/// Returns whether a number may be a whole one with commas between its thousands.
fn has_thousands(text: &str) -> bool {
    let mut groups = text.trim().trim_start_matches(['-', '+']).split(',');
    let is_number = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && is_number(first)
        && groups.all(|group| group.len() == 3 && is_number(group))
}

/// Decodes a text file into UTF-8, whatever its encoding.
pub fn text_of(bytes: &[u8]) -> String {
    decode::decode_all(bytes, decode::guess(bytes))
}

fn floor_char(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Row<'_> {
    /// Returns the line of a text file, or the row of a sheet; from 1.
    pub fn line(&self) -> u64 {
        self.record.line
    }

    /// Returns how many cells the row has.
    pub fn cells(&self) -> usize {
        self.record.cells.len()
    }

    /// Returns a cell as text; one that the row does not have is empty.
    ///
    /// # Errors
    ///
    /// Why the cell cannot be a value: an error of the spreadsheet, a text behind a quote.
    pub fn text(&self, at: usize) -> Result<Cow<'_, str>, &'static str> {
        Ok(match self.record.cell(at) {
            Cell::Empty => Cow::Borrowed(""),
            cell @ Cell::Text(..) if self.is_csv => {
                Cow::Borrowed(unguard(self.record.text_of(cell)))
            }
            cell @ Cell::Text(..) => Cow::Borrowed(self.record.text_of(cell)),
            Cell::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Cell::Integer(value) => Cow::Owned(value.to_string()),
            Cell::Unsigned(value) => Cow::Owned(value.to_string()),
            Cell::Number(value) => Cow::Owned(value.to_string()),
            Cell::Time(_) | Cell::WallTime(_) => return Err("a date; format the cell as text"),
            Cell::Broken(reason) => return Err(reason),
        })
    }
}

#[cfg(test)]
mod tests;
