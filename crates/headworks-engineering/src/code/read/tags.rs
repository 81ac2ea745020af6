//! The table of tags as entries.

use std::ops::ControlFlow;

use headworks_core::TagName;
use headworks_core::model::{Kind, ObjectId};
use headworks_exchange::ExchangeError;
use headworks_exchange::sheet::{Decimal, Row, Sheet};

use super::super::At;
use super::super::write::ID;
use super::{Content, ENTRIES_MAX, Entry, Read, TagRow, parse_id};
use crate::plan::bare_tag;
use crate::table::{Field, cells, find, is_number, name_of, surplus};

/// Where the columns stand.
struct Header {
    cells: usize,
    id: Option<usize>,
    fields: Vec<(Field, usize)>,
    decimal: Decimal,
}

/// Reads the rows of the table.
pub(super) fn read(text: &str, found: &mut Read) -> Vec<Entry> {
    let mut entries = Vec::new();
    if text.trim().is_empty() {
        return entries;
    }
    if let Err(error) = read_rows(text, found, &mut entries) {
        let (line, reason) = place_of(error);
        found.cut(Kind::Tag, line, reason);
    }
    entries
}

fn read_rows(text: &str, found: &mut Read, entries: &mut Vec<Entry>) -> Result<(), ExchangeError> {
    let sheet = Sheet::open(text.as_bytes(), Some(delimiter(text)))?;
    let mut header: Option<Header> = None;
    sheet.read(&mut |row| {
        match &header {
            None => header = read_header(row, found),
            Some(header) => entries.push(entry(header, row, found)),
        }
        match &mut header {
            // what stands below cannot be read without it, or is more than is allowed
            None => ControlFlow::Break(()),
            Some(_) if ENTRIES_MAX < entries.len() => ControlFlow::Break(()),
            Some(header) if entries.is_empty() => {
                header.decimal = decimal(&sheet, header);
                ControlFlow::Continue(())
            }
            Some(_) => ControlFlow::Continue(()),
        }
    })
}

/// Returns what stands between the cells: of the signs that can, the one the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |&delimiter: &u8| header.bytes().filter(|&byte| byte == delimiter).count();
    // of equal ones the last is taken
    let found = [b'\t', b';', b','].into_iter().max_by_key(count);
    found.unwrap_or(b',')
}

fn decimal(sheet: &Sheet<'_>, header: &Header) -> Decimal {
    let numbers = header.fields.iter().filter(|(field, _)| is_number(*field));
    let numbers: Vec<usize> = numbers.map(|&(_, at)| at).collect();
    // what is broken further down is said when it is reached
    sheet.decimal(&numbers).unwrap_or(Decimal::Point)
}

fn read_header(row: &Row<'_>, found: &mut Read) -> Option<Header> {
    let at_line = At::Line(usize::try_from(row.line()).unwrap_or(usize::MAX));
    let mut header = Header {
        cells: row.cells(),
        id: None,
        fields: Vec::new(),
        decimal: Decimal::Point,
    };
    for at in 0..row.cells() {
        let cell = row.text(at).unwrap_or_default();
        let name = cell.trim();
        let is_twice = match find(name) {
            _ if name == ID => header.id.replace(at).is_some(),
            Some(field) => {
                let is_twice = header.place(field).is_some();
                header.fields.push((field, at));
                is_twice
            }
            None => {
                found.is_cut = true;
                let reason = "is no column of the table; take it out, or see the reference";
                found.fail(Kind::Tag, at_line, &format!("/{name}"), reason);
                false
            }
        };
        if is_twice {
            found.is_cut = true;
            let reason = "stands in the header twice; keep one of the columns";
            found.fail(Kind::Tag, at_line, &format!("/{name}"), reason);
        }
    }
    for needed in [Field::Device, Field::Name, Field::Address] {
        if header.place(needed).is_none() {
            found.is_cut = true;
            let pointer = format!("/{}", name_of(needed));
            found.fail(Kind::Tag, at_line, &pointer, "is missing in the header");
        }
    }
    (!found.is_cut).then_some(header)
}

impl Header {
    fn place(&self, field: Field) -> Option<usize> {
        let found = self.fields.iter().find(|(of, _)| *of == field);
        found.map(|&(_, at)| at)
    }
}

/// Reads a row; every cell that is wrong is noted.
fn entry(header: &Header, row: &Row<'_>, found: &mut Read) -> Entry {
    let at = At::Line(usize::try_from(row.line()).unwrap_or(usize::MAX));
    let mut wrong = Vec::new();
    let content = tag(header, row, &mut wrong);
    if let Some((_, reason)) = surplus(row, header.cells) {
        wrong.push(("", reason));
    }
    let id = id(header, row).unwrap_or_else(|reason| {
        wrong.push((ID, reason));
        None
    });
    let is_wrong = !wrong.is_empty();
    for (column, reason) in wrong {
        let pointer = if column.is_empty() {
            String::new()
        } else {
            format!("/{column}")
        };
        found.fail(Kind::Tag, at, &pointer, reason);
    }
    Entry {
        kind: Kind::Tag,
        at,
        id,
        content: Content::Tag(Box::new(content)),
        is_wrong,
    }
}

fn id(header: &Header, row: &Row<'_>) -> Result<Option<ObjectId>, String> {
    let Some(at) = header.id else {
        return Ok(None);
    };
    let text = row.text(at)?;
    match text.trim() {
        "" => Ok(None),
        text => parse_id(text).map(Some),
    }
}

fn tag(header: &Header, row: &Row<'_>, wrong: &mut Vec<(&'static str, String)>) -> TagRow {
    let mut cell = |field: Field| {
        let text = header.place(field).map_or(Ok("".into()), |at| row.text(at));
        text.unwrap_or_else(|reason| {
            wrong.push((name_of(field), reason.to_owned()));
            "".into()
        })
    };
    let name = cell(Field::Name);
    let (device, asset) = (cell(Field::Device), cell(Field::Asset));
    let name = name.trim().parse().unwrap_or_else(|error| {
        wrong.push(("name", format!("{error}")));
        nameless(row)
    });
    let mut tag = bare_tag(ObjectId(uuid::Uuid::nil()), name);
    for &(field, at) in &header.fields {
        let text = row.text(at).map_err(str::to_owned);
        let set = text.and_then(|text| {
            cells::set(&mut tag, field, &text, header.decimal)?;
            match field {
                // blanks around these are part of them: what was exported comes back
                Field::Unit => text.as_ref().clone_into(&mut tag.unit),
                Field::Address => text.as_ref().clone_into(&mut tag.address),
                Field::Formula if !text.is_empty() => tag.formula = Some(text.into_owned()),
                _ => {}
            }
            Ok(())
        });
        if let Err(reason) = set
            && !wrong.iter().any(|(column, _)| *column == name_of(field))
        {
            wrong.push((name_of(field), reason));
        }
    }
    let asset = asset.trim();
    TagRow {
        tag,
        device: device.trim().to_owned(),
        asset: (!asset.is_empty()).then(|| asset.to_owned()),
    }
}

/// Returns a name for a row whose name is wrong, which is said; no two rows share it.
fn nameless(row: &Row<'_>) -> TagName {
    let name = format!("row {}", row.line());
    name.parse().expect("words and digits are a name")
}

/// Returns the line that an error of the file names, and what it says.
fn place_of(error: ExchangeError) -> (usize, String) {
    match error {
        ExchangeError::Input { place, reason } => {
            let line = place
                .strip_prefix("line ")
                .and_then(|line| line.parse().ok());
            (line.unwrap_or(1), reason)
        }
        other => (1, other.describe()),
    }
}
