//! Reading a tag table: from bytes to edits.

use std::ops::ControlFlow;

use headworks_core::model::ObjectId;
use headworks_exchange::ExchangeError;
use headworks_exchange::sheet::{Decimal, Row, Sheet};
use headworks_hub::Plant;
use schemars::JsonSchema;
use serde::Deserialize;

use super::columns::{self, COLUMNS, Field};
use super::rows::Rows;
use crate::plan::{NewId, Note, Plan, cut};

/// Most rows of a table.
pub const ROWS_MAX: usize = 200_000;
/// Rows among which the header is looked for: some programs write titles and comments first.
const HEADER_ROWS: usize = 10;

/// What becomes of the tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The tags of the file are made or changed; all others stay.
    #[default]
    Merge,
    /// As `merge`, and the tags of the devices in the file that are not in the file are deleted.
    Replace,
    /// The tags of the file are deleted.
    Delete,
}

/// How a table is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What becomes of the tags.
    pub mode: Mode,
    /// The connection that devices are made behind which do not exist; without it they are errors.
    pub create_devices: Option<String>,
}

/// Why a file is no tag table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read at all.
    #[error("{}", .0.describe())]
    File(#[from] ExchangeError),
    /// It can be read, and what it says is no table of tags.
    #[error("{0}")]
    Shape(String),
}

/// Where the columns stand.
pub(super) struct Header {
    /// Line of the header.
    pub(super) line: u64,
    /// Its cells.
    pub(super) cells: usize,
    /// Place of each field, by its number.
    at: [Option<usize>; COLUMNS.len()],
    /// Names of columns that are not read.
    unknown: Vec<String>,
}

impl Header {
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.at[field as usize]
    }

    /// Returns the fields that the file has, with their places.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Field, usize)> {
        let found = COLUMNS.iter().zip(self.at);
        found.filter_map(|(column, at)| Some((column.field, at?)))
    }
}

/// Reads a table against a plant.
///
/// Everything that is wrong is in the plan, row by row; a plan with errors is not to be applied.
///
/// # Errors
///
/// [`TableError`] when there is no table to be read.
pub fn read(
    bytes: &[u8],
    plant: &Plant,
    options: &ReadOptions,
    new_id: &mut NewId<'_>,
) -> Result<Plan, TableError> {
    let sheet = Sheet::open(bytes, None)?;
    let header = find_header(&sheet)?;
    let numbers: Vec<usize> = header
        .fields()
        .filter(|(field, _)| columns::is_number(*field))
        .map(|(_, at)| at)
        .collect();
    let decimal = sheet.decimal(&numbers)?;
    let plan = read_rows(&sheet, &header, decimal, plant, options, new_id)?;
    Ok(plan)
}

fn read_rows(
    sheet: &Sheet<'_>,
    header: &Header,
    decimal: Decimal,
    plant: &Plant,
    options: &ReadOptions,
    new_id: &mut dyn FnMut() -> ObjectId,
) -> Result<Plan, TableError> {
    let mut rows = Rows::new(plant, options, header, decimal, new_id)?;
    note_unknown(&mut rows.plan, header);
    let mut count = 0;
    sheet.read(&mut |row| {
        if header.line < row.line() {
            count += 1;
            rows.add(row);
        }
        if ROWS_MAX < count {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if ROWS_MAX < count {
        let reason = format!("more than {ROWS_MAX} rows; split the file");
        return Err(TableError::Shape(reason));
    }
    if count == 0 {
        let reason = "the file has a header and no rows; export a table to see one";
        return Err(TableError::Shape(reason.to_owned()));
    }
    Ok(rows.finish())
}

fn note_unknown(plan: &mut Plan, header: &Header) {
    for name in &header.unknown {
        let reason = "no column of a tag table, so that it was not read";
        plan.note(Note::new(name, format!("line {}", header.line), reason));
    }
}

fn find_header(sheet: &Sheet<'_>) -> Result<Header, TableError> {
    let mut found = None;
    let mut first: Option<String> = None;
    let mut looked = 0;
    sheet.read(&mut |row| {
        looked += 1;
        let header = header_of(row);
        let has = |field| {
            header
                .as_ref()
                .is_ok_and(|header| header.place(field).is_some())
        };
        if has(Field::Name) || has(Field::Path) || header.is_err() {
            found = Some(header);
            return ControlFlow::Break(());
        }
        let cells = (0..row.cells().min(8)).map(|at| row.text(at).unwrap_or_default());
        first.get_or_insert_with(|| cut(&cells.collect::<Vec<_>>().join(" | ")));
        if looked < HEADER_ROWS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let header = found.unwrap_or_else(|| {
        Err(TableError::Shape(format!(
            "no header of a tag table: a row with `path`, or with `device` and `name`, is needed; \
             the file begins with {:?}",
            first.unwrap_or_default()
        )))
    })?;
    let has = |field| header.place(field).is_some();
    if !has(Field::Path) && !has(Field::Device) {
        let reason = "the header has `name` and no `device`, so that nobody knows whose tags they \
                      are; add a column `device`, or import the file as the project it comes from";
        return Err(TableError::Shape(reason.to_owned()));
    }
    Ok(header)
}

/// Reads a row as a header; two columns of one meaning are an error.
fn header_of(row: &Row<'_>) -> Result<Header, TableError> {
    let mut header = Header {
        line: row.line(),
        cells: row.cells(),
        at: [None; COLUMNS.len()],
        unknown: Vec::new(),
    };
    let mut twice = None;
    for at in 0..row.cells() {
        let name = row.text(at).unwrap_or_default();
        let name = name.trim();
        match columns::find(name) {
            Some(field) if header.place(field).is_some() => twice = Some((field, name.to_owned())),
            Some(field) => header.at[field as usize] = Some(at),
            None if name.is_empty() => {}
            None => header.unknown.push(cut(name)),
        }
    }
    match twice {
        Some((field, name)) if header.place(Field::Name).is_some() => {
            Err(TableError::Shape(format!(
                "line {}: two columns say `{}`, the second is {name:?}; keep one of them",
                header.line,
                columns::name_of(field)
            )))
        }
        _ => Ok(header),
    }
}
