//! Parquet: our own columns as they were exported, any other table by the names of its columns.

use std::fs::File;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::Take;
use crate::error::ExchangeError;
use crate::import::record::{Cell, Record};

/// Most bytes of a column of a row group when it is unpacked.
const COLUMN_BYTES_MAX: i64 = 1 << 30;
/// Most columns.
const COLUMNS_MAX: usize = 20_000;
/// Columns that only our exports have, with the column that they complete.
const OURS: [&str; 4] = ["value", "integer", "text", "kind"];

/// Returns the names of the columns.
pub(super) fn names(path: &Path) -> Result<Vec<String>, ExchangeError> {
    let reader = open(path)?;
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    Ok(columns
        .iter()
        .map(|column| column.path().string())
        .collect())
}

/// Gives the rows.
pub(super) fn read(path: &Path, take: &mut Take<'_>) -> Result<(), ExchangeError> {
    let reader = open(path)?;
    let columns = names(path)?;
    let ours = OURS.map(|name| columns.iter().position(|column| column == name));
    let mut record = Record::default();
    for (line, row) in (1..).zip(reader.get_row_iter(None).map_err(damaged)?) {
        let row = row.map_err(damaged)?;
        record.clear();
        record.line = line;
        fill(&row, &mut record);
        if let [Some(value), Some(integer), Some(text), Some(kind)] = ours {
            join(&mut record, value, integer, text, kind);
        }
        if take(&mut record)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn damaged(error: ParquetError) -> ExchangeError {
    let reason = format!("it is damaged or cut off: {error}; send it again, whole");
    ExchangeError::input("the Parquet file", reason)
}

/// Opens a file and refuses what would take too much memory.
fn open(path: &Path) -> Result<SerializedFileReader<File>, ExchangeError> {
    let file = File::open(path).map_err(|error| ExchangeError::io("reading", path, error))?;
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let metadata = reader.metadata();
    let refused = |reason: String| Err(ExchangeError::input("the Parquet file", reason));
    let columns = metadata.file_metadata().schema_descr().num_columns();
    if COLUMNS_MAX < columns {
        return refused(format!("{columns} columns; at most {COLUMNS_MAX} are read"));
    }
    let chunks = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    if let Some(chunk) = chunks
        .into_iter()
        .find(|chunk| !(0..=COLUMN_BYTES_MAX).contains(&chunk.uncompressed_size()))
    {
        return refused(format!(
            "column {} has {} bytes in one row group; at most {COLUMN_BYTES_MAX} are read",
            chunk.column_path(),
            chunk.uncompressed_size()
        ));
    }
    Ok(reader)
}

fn fill(row: &Row, record: &mut Record) {
    for (_, field) in row.get_column_iter() {
        let cell = match field {
            Field::Null => Cell::Empty,
            Field::Bool(value) => Cell::Bool(*value),
            Field::Byte(value) => Cell::Integer((*value).into()),
            Field::Short(value) => Cell::Integer((*value).into()),
            Field::Int(value) => Cell::Integer((*value).into()),
            Field::Long(value) => Cell::Integer(*value),
            Field::UByte(value) => Cell::Integer((*value).into()),
            Field::UShort(value) => Cell::Integer((*value).into()),
            Field::UInt(value) => Cell::Integer((*value).into()),
            Field::ULong(value) => Cell::Unsigned(*value),
            Field::Float(value) => Cell::Number((*value).into()),
            Field::Double(value) => Cell::Number(*value),
            Field::TimestampMillis(value) => Cell::Time(value.saturating_mul(1000)),
            Field::TimestampMicros(value) => Cell::Time(*value),
            Field::Date(days) => Cell::WallTime(i64::from(*days) * 86_400_000_000),
            Field::Str(text) => {
                record.push_text(text);
                continue;
            }
            Field::Bytes(bytes) => match bytes.as_utf8() {
                Ok(text) => {
                    record.push_text(text);
                    continue;
                }
                Err(_) => Cell::Broken("bytes that are no text"),
            },
            _ => Cell::Broken("a kind of value that is not read"),
        };
        record.cells.push(cell);
    }
}

/// Makes one value of the columns of our exports.
fn join(record: &mut Record, value: usize, integer: usize, text: usize, kind: usize) {
    let kind = record.cell(kind);
    let joined = match record.text_of(kind) {
        "bool" => match record.cell(value) {
            Cell::Number(number) => Cell::Bool(number != 0.0),
            other => other,
        },
        "integer" => record.cell(integer),
        "unsigned" => match record.cell(integer) {
            Cell::Integer(bits) => Cell::Unsigned(bits.cast_unsigned()),
            other => other,
        },
        "text" | "bytes" => record.cell(text),
        _ => record.cell(value),
    };
    record.cells[value] = joined;
}
