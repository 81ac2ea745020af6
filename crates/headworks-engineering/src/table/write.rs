//! Tags as CSV and Excel: the same bytes for the same tags.

use std::sync::Arc;

use headworks_core::Pattern;
use headworks_core::cell::{Guard, write_text};
use headworks_core::model::Tag;
use headworks_hub::{Plant, TagEntry};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::cells;
use super::columns::{COLUMNS, Field, is_number};

/// Rows of a sheet below its header.
const SHEET_ROWS_MAX: usize = 1_048_575;

/// Writes the tags that a pattern selects as CSV, in order of path.
///
/// Texts that a spreadsheet would take for formulas get an apostrophe, which reading takes away.
pub fn write_csv(plant: &Plant, pattern: &Pattern) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, column) in COLUMNS.iter().enumerate() {
        begin_cell(&mut out, at);
        out.extend_from_slice(column.name.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    for entry in plant.select(pattern) {
        let tag = entry.object().body;
        for (at, column) in COLUMNS.iter().enumerate() {
            begin_cell(&mut out, at);
            let text = text(plant, entry, &tag, column.field);
            if is_number(column.field) {
                out.extend_from_slice(text.as_bytes());
            } else if !text.is_empty() {
                write_text(&mut out, &text, b',', Guard::On);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn begin_cell(out: &mut Vec<u8>, at: usize) {
    if 0 < at {
        out.push(b',');
    }
}

/// Returns a cell of a tag; empty where it has the default.
pub(crate) fn text(plant: &Plant, entry: &Arc<TagEntry>, tag: &Tag, field: Field) -> String {
    match field {
        Field::Path => entry.path().to_string(),
        Field::Device => {
            let device = plant.device(entry.device());
            device.map_or_else(String::new, |device| device.body.name.clone())
        }
        Field::Asset => {
            let path = tag.asset.and_then(|asset| plant.asset_path(asset));
            path.map_or_else(String::new, |path| path.to_string())
        }
        field => cells::get(tag, field),
    }
}

/// Writes the tags that a pattern selects as an Excel file, in order of path.
///
/// # Errors
///
/// When there are more tags than rows of a sheet, or a text is longer than a cell.
pub fn write_xlsx(plant: &Plant, pattern: &Pattern) -> Result<Vec<u8>, String> {
    let tags = plant.select(pattern);
    if SHEET_ROWS_MAX < tags.len() {
        return Err(format!(
            "{} tags; a sheet holds {SHEET_ROWS_MAX}: take csv, or a narrower pattern",
            tags.len()
        ));
    }
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        // A time would make every export another file.
        let begin = ExcelDateTime::from_ymd(2000, 1, 1)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&begin));
        let sheet = book.add_worksheet();
        sheet.set_name("tags")?.set_freeze_panes(1, 0)?;
        write_header(sheet)?;
        for (row, entry) in (1..).zip(tags) {
            write_row(sheet, row, plant, entry)?;
        }
        book.save_to_buffer()
    };
    write().map_err(|error| error.to_string())
}

fn write_header(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(&COLUMNS) {
        sheet.write_string_with_format(0, at, column.name, &bold)?;
    }
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    plant: &Plant,
    entry: &Arc<TagEntry>,
) -> Result<(), XlsxError> {
    let tag = entry.object().body;
    for (at, column) in (0..).zip(&COLUMNS) {
        let text = text(plant, entry, &tag, column.field);
        if text.is_empty() {
            continue;
        }
        match text.parse::<f64>() {
            Ok(number) if is_number(column.field) => sheet.write_number(row, at, number)?,
            _ => sheet.write_string(row, at, text)?,
        };
    }
    Ok(())
}
