//! Excel: one sheet, cell by cell, after a look at how large the file is inside.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::Take;
use crate::error::ExchangeError;
use crate::import::record::{Cell, Record};
use crate::import::times;

/// Most bytes of the texts of a workbook, which are held in memory.
const STRINGS_BYTES_MAX: u64 = 64 << 20;
/// Most bytes of any other part.
const PART_BYTES_MAX: u64 = 4 << 30;
/// Most parts.
const PARTS_MAX: usize = 10_000;
/// Most columns that are read.
const COLUMNS_MAX: u32 = 16_384;

/// Gives the rows of a sheet of a file.
pub(crate) fn read(
    path: &Path,
    sheet: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ExchangeError> {
    let open = || File::open(path).map_err(|error| ExchangeError::io("reading", path, error));
    read_from(|| open().map(BufReader::new), sheet, take)
}

/// Gives the rows of a sheet of whatever can be opened twice.
pub(crate) fn read_from<R: Read + Seek>(
    open: impl Fn() -> Result<R, ExchangeError>,
    sheet: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ExchangeError> {
    check_sizes(open()?)?;
    let mut book: Xlsx<_> = Xlsx::new(open()?).map_err(damaged)?;
    for name in sheets(&book, sheet)? {
        if read_sheet(&mut book, &name, take)? {
            break;
        }
    }
    Ok(())
}

fn damaged(error: XlsxError) -> ExchangeError {
    let reason = format!("it is damaged or cut off: {error}; save it again");
    ExchangeError::input("the Excel file", reason)
}

/// Returns the sheets to read: the one named, or the first and those that continue it.
fn sheets<R: Read + Seek>(
    book: &Xlsx<R>,
    wanted: Option<&str>,
) -> Result<Vec<String>, ExchangeError> {
    let names = book.sheet_names();
    if let Some(wanted) = wanted {
        if names.iter().any(|name| name == wanted) {
            return Ok(vec![wanted.to_owned()]);
        }
        let reason = format!("no sheet {wanted:?}; there are {}", names.join(", "));
        return Err(ExchangeError::option("sheet", reason));
    }
    let Some(first) = names.first() else {
        return Err(ExchangeError::input("the Excel file", "it has no sheet"));
    };
    // Our exports go on in `history 2`, `history 3` ... with the same columns.
    if first == "history 1" {
        let ours = |name: &&String| name.starts_with("history ");
        return Ok(names.iter().filter(ours).cloned().collect());
    }
    Ok(vec![first.clone()])
}

/// Gives the rows of one sheet; returns whether that was enough.
fn read_sheet<R: Read + Seek>(
    book: &mut Xlsx<R>,
    name: &str,
    take: &mut Take<'_>,
) -> Result<bool, ExchangeError> {
    let is_continued = name.starts_with("history ") && name != "history 1";
    let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
    let mut record = Record::default();
    let mut row = None;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (at, column) = cell.get_position();
        if row.is_some_and(|row| row != at) {
            if give(&mut record, is_continued, take)? {
                return Ok(true);
            }
            record.clear();
        }
        row = Some(at);
        record.line = u64::from(at) + 1;
        if column < COLUMNS_MAX {
            let column = column as usize;
            record
                .cells
                .resize(column.max(record.cells.len()), Cell::Empty);
            record.cells.truncate(column);
            push(&mut record, cell.get_value());
        }
    }
    give(&mut record, is_continued, take)
}

/// Gives a row that holds anything, but not the header of a sheet that continues another.
fn give(
    record: &mut Record,
    is_continued: bool,
    take: &mut Take<'_>,
) -> Result<bool, ExchangeError> {
    if record.is_blank() || (is_continued && record.line == 1) {
        return Ok(false);
    }
    Ok(take(record)?.is_break())
}

fn push(record: &mut Record, value: &DataRef<'_>) {
    let cell = match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(value) => Cell::Integer(*value),
        DataRef::Float(value) => Cell::Number(*value),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::String(text) => return record.push_text(text),
        DataRef::SharedString(text) => return record.push_text(text),
        DataRef::DateTimeIso(text) => return record.push_text(text),
        DataRef::DateTime(time) if time.is_datetime() => {
            times::excel_us(time.as_f64()).map_or(Cell::Broken("no date"), Cell::WallTime)
        }
        DataRef::DateTime(_) | DataRef::DurationIso(_) => Cell::Broken("a duration"),
        DataRef::Error(_) => Cell::Broken("an error of the spreadsheet"),
    };
    record.cells.push(cell);
}

/// Unpacks every part once, so that a bomb is found before it is read into memory.
fn check_sizes(file: impl Read + Seek) -> Result<(), ExchangeError> {
    let refused = |reason: String| Err(ExchangeError::input("the Excel file", reason));
    let archive = zip::ZipArchive::new(file);
    let mut archive = match archive {
        Ok(archive) => archive,
        Err(error) => {
            return refused(format!("it is damaged or cut off: {error}; save it again"));
        }
    };
    if PARTS_MAX < archive.len() {
        return refused(format!(
            "{} parts; at most {PARTS_MAX} are read",
            archive.len()
        ));
    }
    for at in 0..archive.len() {
        let part = archive.by_index(at);
        let part = match part {
            Ok(part) => part,
            Err(error) => return refused(format!("part {at} cannot be read: {error}")),
        };
        let name = part.name();
        let name = name.map_or_else(|_| format!("part {at}"), |name| name.into_owned());
        let max = if name.starts_with("xl/worksheets/") {
            PART_BYTES_MAX
        } else {
            STRINGS_BYTES_MAX
        };
        match io::copy(&mut part.take(max + 1), &mut io::sink()) {
            Ok(bytes) if bytes <= max => {}
            Ok(_) => {
                return refused(format!(
                    "{name} grows to more than {} MiB when it is unpacked; export it as CSV",
                    max >> 20
                ));
            }
            Err(error) => return refused(format!("{name} is damaged: {error}")),
        }
    }
    Ok(())
}
