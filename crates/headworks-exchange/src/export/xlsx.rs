//! Excel: numbers are numbers, times are dates with their zone in the header, texts are strings and
//! never formulas. Sheets are written row by row into scratch files and joined at the end.

use std::io::Write;
use std::path::Path;

use headworks_store::Chunk;
use rust_xlsxwriter::{Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::options::{Layout, QualityStyle};
use super::rows::{Cell, Item, WideRows, hex, item};
use super::{Export, long, wide};
use crate::error::ExchangeError;
use crate::tag::Tag;
use crate::text::quality;
use crate::text::time::TimeWriter;

/// Rows of a sheet below its header.
const SHEET_ROWS_MAX: u32 = 1_048_575;
/// Integers up to here are exact in a spreadsheet.
const EXACT_MAX: u64 = 1 << 53;
/// Longest text of a cell, in UTF-16 units; Excel calls files with longer ones damaged.
const TEXT_UNITS_MAX: usize = 32_767;

struct Book {
    book: Workbook,
    sheets: usize,
    /// Rows of the sheet that is written, below its header.
    rows: u32,
    header: Vec<String>,
    date: CellFormat,
    bold: CellFormat,
    times: TimeWriter,
    quality: QualityStyle,
    /// About what the sheets hold; the file is smaller.
    bytes: u64,
    shortened: u64,
}

/// Writes the sheets, then joins them into the stream.
pub(super) fn write(
    export: &mut Export<'_, '_>,
    out: &mut (dyn Write + Send),
    scratch: &Path,
) -> Result<(), ExchangeError> {
    let mut book = Book::new(export, scratch)?;
    match export.plan.options().layout {
        Layout::Long => long::each_chunk(export, None, &mut |_, _, tag, chunk| {
            book.chunk(tag, chunk)?;
            Ok(book.bytes)
        })?,
        Layout::Wide => wide::write_rows(export, &mut book)?,
    }
    let (mut counted, shortened, sheets) = (Counter { out, bytes: 0 }, book.shortened, book.sheets);
    let joined = book.book.save_to_writer(&mut counted);
    joined.map_err(failed)?;
    export.progress.bytes = counted.bytes;
    if 1 < sheets {
        let note = format!("the rows fill {sheets} sheets; a sheet holds {SHEET_ROWS_MAX}");
        export.notes.push(note);
    }
    if 0 < shortened {
        export.notes.push(format!(
            "{shortened} texts were cut to {TEXT_UNITS_MAX} characters, the most of a cell; CSV, \
             Parquet and JSON lines keep them whole"
        ));
    }
    Ok(())
}

struct Counter<'a> {
    out: &'a mut (dyn Write + Send),
    bytes: u64,
}

impl Write for Counter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Book {
    fn new(export: &Export<'_, '_>, scratch: &Path) -> Result<Book, ExchangeError> {
        let plan = export.plan;
        let mut book = Workbook::new();
        book.set_tempdir(scratch).map_err(failed)?;
        let quality = plan.quality();
        let time = format!("time [{}]", plan.options().zone);
        let mut header = vec![time];
        match plan.options().layout {
            Layout::Long => {
                header.insert(0, "path".to_owned());
                header.push("value".to_owned());
                header.extend((quality != QualityStyle::None).then(|| "quality".to_owned()));
                header.push("unit".to_owned());
            }
            Layout::Wide => {
                for tag in plan.tags() {
                    header.push(tag.path.to_string());
                    let name = || format!("{} [quality]", tag.path);
                    header.extend((quality != QualityStyle::None).then(name));
                }
            }
        }
        let mut book = Book {
            book,
            sheets: 0,
            rows: 0,
            header,
            date: CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            bold: CellFormat::new().set_bold(),
            times: TimeWriter::new(plan.options().time, plan.zone().clone()),
            quality,
            bytes: 0,
            shortened: 0,
        };
        book.next_sheet().map_err(failed)?;
        Ok(book)
    }

    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        self.rows = 0;
        let name = format!("history {}", self.sheets);
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.header) {
            let width = if name.starts_with("time") { 24.0 } else { 18.0 };
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, name, &self.bold)?;
        }
        Ok(())
    }

    /// Begins a row and returns its sheet, its number and the tools that fill it.
    fn begin_row(&mut self) -> Result<u32, XlsxError> {
        if self.rows == SHEET_ROWS_MAX {
            self.next_sheet()?;
        }
        self.rows += 1;
        Ok(self.rows)
    }

    fn chunk(&mut self, tag: &Tag, chunk: &Chunk) -> Result<(), ExchangeError> {
        for at in 0..chunk.times_us.len() {
            self.long_row(tag, chunk, at).map_err(failed)?;
        }
        Ok(())
    }

    fn long_row(&mut self, tag: &Tag, chunk: &Chunk, at: usize) -> Result<(), XlsxError> {
        let row = self.begin_row()?;
        let serial = self.times.excel(chunk.times_us[at]);
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        sheet.write_string(row, 0, &*tag.path)?;
        if let Some(serial) = serial {
            sheet.write_number_with_format(row, 1, serial, &self.date)?;
        }
        if let Some(item) = item(chunk, at) {
            self.shortened += write_item(sheet, row, 2, &item)?;
        }
        let mut column = 3;
        if self.quality != QualityStyle::None {
            write_quality(sheet, row, column, chunk.qualities[at], self.quality)?;
            column += 1;
        }
        if !tag.unit.is_empty() {
            sheet.write_string(row, column, &*tag.unit)?;
        }
        self.bytes += 16 + tag.path.len() as u64;
        Ok(())
    }

    fn wide_row(&mut self, time_us: i64, cells: &[Option<Cell<'_>>]) -> Result<(), XlsxError> {
        let row = self.begin_row()?;
        let serial = self.times.excel(time_us);
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        if let Some(serial) = serial {
            sheet.write_number_with_format(row, 0, serial, &self.date)?;
        }
        let mut column = 1;
        for cell in cells {
            if let Some(item) = cell.and_then(|cell| item(cell.chunk, cell.at)) {
                self.shortened += write_item(sheet, row, column, &item)?;
                self.bytes += 8;
            }
            column += 1;
            if self.quality != QualityStyle::None {
                if let Some(cell) = cell {
                    let code = cell.chunk.qualities[cell.at];
                    write_quality(sheet, row, column, code, self.quality)?;
                }
                column += 1;
            }
        }
        Ok(())
    }
}

impl WideRows for Book {
    fn row(&mut self, time_us: i64, cells: &[Option<Cell<'_>>]) -> Result<(), ExchangeError> {
        self.wide_row(time_us, cells).map_err(failed)
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Writes a value; returns how many texts had to be cut.
#[expect(
    clippy::cast_precision_loss,
    reason = "checked: the integers are exact"
)]
fn write_item(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    item: &Item<'_>,
) -> Result<u64, XlsxError> {
    match *item {
        Item::Bool(value) => sheet.write_boolean(row, column, value)?,
        Item::F64(value) if value.is_finite() => sheet.write_number(row, column, value)?,
        Item::F64(_) => sheet,
        Item::I64(value) if value.unsigned_abs() <= EXACT_MAX => {
            sheet.write_number(row, column, value as f64)?
        }
        Item::U64(value) if value <= EXACT_MAX => sheet.write_number(row, column, value as f64)?,
        // As a number it would lose digits.
        Item::I64(value) => sheet.write_string(row, column, value.to_string())?,
        Item::U64(value) => sheet.write_string(row, column, value.to_string())?,
        Item::Bytes(value) => return write_string(sheet, row, column, &hex(value)),
        Item::Text(value) => return write_string(sheet, row, column, value),
    };
    Ok(0)
}

fn write_string(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
) -> Result<u64, XlsxError> {
    let mut units = 0;
    let fits = |character: &char| {
        units += character.len_utf16();
        units <= TEXT_UNITS_MAX
    };
    let kept: String = text.chars().take_while(fits).collect();
    let cut = u64::from(kept.len() < text.len());
    sheet.write_string(row, column, kept)?;
    Ok(cut)
}

fn write_quality(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    code: u32,
    style: QualityStyle,
) -> Result<(), XlsxError> {
    if style == QualityStyle::Code {
        sheet.write_number(row, column, code)?;
    } else {
        let mut name = Vec::new();
        quality::write_name(&mut name, code);
        sheet.write_string(row, column, String::from_utf8_lossy(&name))?;
    }
    Ok(())
}

fn failed(error: XlsxError) -> ExchangeError {
    ExchangeError::output(std::io::Error::other(error))
}
