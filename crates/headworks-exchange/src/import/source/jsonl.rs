//! JSON lines: an object per line, or one list of objects is refused with the remedy.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::Value as Json;

use super::Take;
use crate::error::ExchangeError;
use crate::import::record::{Cell, Record};

/// Longest line in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Most different names of fields.
const NAMES_MAX: usize = 20_000;
/// Rows whose fields become the columns.
const NAME_ROWS: u64 = 200;

/// Returns the names of the fields of the first rows, in the order of their appearance.
pub(super) fn names(text: impl Read) -> Result<Vec<String>, ExchangeError> {
    let mut columns = Columns::default();
    let mut record = Record::default();
    each_line(text, &mut |line, bytes| {
        record.clear();
        // What is wrong with a row is said when it is imported.
        let _said_later = columns.read(bytes, &mut record);
        Ok(if line < NAME_ROWS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(columns.names)
}

/// Gives the rows; a cell's place is that of its name in [`names`].
pub(super) fn read(text: impl Read, take: &mut Take<'_>) -> Result<(), ExchangeError> {
    let mut columns = Columns::default();
    let mut record = Record::default();
    each_line(text, &mut |line, bytes| {
        record.clear();
        record.line = line;
        if let Err(reason) = columns.read(bytes, &mut record) {
            record.clear();
            record.cells.push(Cell::Broken(reason));
        }
        take(&mut record)
    })
}

type TakeLine<'t> = dyn FnMut(u64, &[u8]) -> Result<ControlFlow<()>, ExchangeError> + 't;

fn each_line(text: impl Read, take: &mut TakeLine<'_>) -> Result<(), ExchangeError> {
    let mut reader = BufReader::with_capacity(256 << 10, text);
    let mut bytes = Vec::new();
    for line in 1.. {
        let place = || format!("line {line}");
        bytes.clear();
        let read = reader
            .by_ref()
            .take(LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| ExchangeError::input(place(), error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if LINE_BYTES_MAX < read as u64 {
            let reason = format!("a line of more than {} KiB", LINE_BYTES_MAX >> 10);
            return Err(ExchangeError::input(place(), reason));
        }
        let content = bytes.trim_ascii();
        if content.first() == Some(&b'[') {
            let reason = "a list; JSON lines have one object per line, e.g. `jq -c '.[]' FILE`";
            return Err(ExchangeError::input(place(), reason));
        }
        if !content.is_empty() && take(line, content)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// The names seen so far.
#[derive(Default)]
struct Columns {
    places: HashMap<String, usize>,
    names: Vec<String>,
}

impl Columns {
    /// Reads an object into a row.
    fn read(&mut self, line: &[u8], record: &mut Record) -> Result<(), &'static str> {
        let mut reader = serde_json::Deserializer::from_slice(line);
        let filler = Filler {
            columns: self,
            record,
        };
        let read = reader.deserialize_map(filler);
        let read = read.and_then(|()| reader.end());
        read.map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => "the object ends early",
            serde_json::error::Category::Syntax => "not JSON",
            serde_json::error::Category::Data | serde_json::error::Category::Io => {
                "no object of plain fields"
            }
        })
    }

    fn place(&mut self, name: String) -> Option<usize> {
        if let Some(&place) = self.places.get(&name) {
            return Some(place);
        }
        if NAMES_MAX <= self.names.len() {
            return None;
        }
        self.names.push(name.clone());
        self.places.insert(name, self.names.len() - 1);
        Some(self.names.len() - 1)
    }
}

struct Filler<'a> {
    columns: &'a mut Columns,
    record: &'a mut Record,
}

impl<'de> Visitor<'de> for Filler<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let value: Json = map.next_value()?;
            let Some(place) = self.columns.place(name) else {
                continue;
            };
            if self.record.cells.len() <= place {
                self.record.cells.resize(place + 1, Cell::Empty);
            }
            let cell = cell(&value, self.record);
            self.record.cells[place] = cell;
        }
        Ok(())
    }
}

fn cell(value: &Json, record: &mut Record) -> Cell {
    match value {
        Json::Null => Cell::Empty,
        Json::Bool(value) => Cell::Bool(*value),
        Json::Number(number) => {
            if let Some(value) = number.as_i64() {
                Cell::Integer(value)
            } else if let Some(value) = number.as_u64() {
                Cell::Unsigned(value)
            } else {
                Cell::Number(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        Json::String(text) => {
            let start = record.text.len();
            record.text.push_str(text);
            Cell::Text(start, record.text.len())
        }
        Json::Array(_) | Json::Object(_) => Cell::Broken("a list or an object"),
    }
}
