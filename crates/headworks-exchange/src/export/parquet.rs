//! Parquet: a row per sample; see `docs/operating/exchange.md` for the columns.
//!
//! One thread reads and fills row groups, a second one encodes and writes them.

mod names;

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use headworks_core::TagIndex;
use headworks_store::{Chunk, Column};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, SchemaDescriptor};

use super::rows::{hex, is_bad};
use super::{Export, long};
use crate::error::ExchangeError;
use crate::tag::Tag;

/// Rows of a row group.
const GROUP_ROWS: usize = 128 << 10;
/// Bytes of texts that end a row group early.
const GROUP_TEXT_BYTES: usize = 16 << 20;
/// Rows that go to a column writer at once.
const BATCH_ROWS: usize = 4096;

const SCHEMA: &str = "
message history {
    required binary path (STRING);
    required int64 time (TIMESTAMP(MICROS, true));
    optional double value;
    optional int64 integer;
    optional binary text (STRING);
    required int32 quality (INTEGER(32, false));
    required binary kind (STRING);
    required binary unit (STRING);
}";

/// Kinds of values, as the column `kind` names them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Integer,
    Unsigned,
    Number,
    Text,
    Bytes,
}

/// Rows of one tag and kind that follow each other.
struct Run {
    rows: usize,
    tag: Arc<Names>,
    kind: Kind,
}

/// What the file says of a tag.
struct Names {
    index: TagIndex,
    path: ByteArray,
    unit: ByteArray,
}

/// A row group on its way.
#[derive(Default)]
struct Group {
    runs: Vec<Run>,
    times: Vec<i64>,
    qualities: Vec<i32>,
    value_levels: Vec<i16>,
    values: Vec<f64>,
    integer_levels: Vec<i16>,
    integers: Vec<i64>,
    text_levels: Vec<i16>,
    texts: Vec<ByteArray>,
    text_bytes: usize,
}

/// Writes all row groups and the footer.
pub(super) fn write(
    export: &mut Export<'_, '_>,
    out: &mut (dyn Write + Send),
) -> Result<(), ExchangeError> {
    let zone = export.plan.options().zone.clone();
    let (sender, receiver) = sync_channel(1);
    let (give_back, take_back) = sync_channel(2);
    let (read, written) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || encode(out, &zone, &receiver, &give_back));
        let read = fill(export, sender, &take_back);
        (read, writer.join())
    });
    let written = written.map_err(|_| lost())?;
    // Where writing failed, reading only noticed that nobody listens.
    let bytes = written.map_err(failed)?;
    read?;
    export.progress.bytes = bytes;
    Ok(())
}

fn lost() -> ExchangeError {
    ExchangeError::output(std::io::ErrorKind::BrokenPipe.into())
}

fn failed(error: ParquetError) -> ExchangeError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => ExchangeError::output(*error),
            Err(error) => ExchangeError::output(std::io::Error::other(error)),
        },
        error => ExchangeError::output(std::io::Error::other(error)),
    }
}

/// Reads the history into row groups.
fn fill(
    export: &mut Export<'_, '_>,
    groups: SyncSender<(Group, bool)>,
    used: &Receiver<Group>,
) -> Result<(), ExchangeError> {
    let mut group = Group::default();
    let mut names: Option<Arc<Names>> = None;
    let mut bytes = 0;
    long::each_chunk(export, None, &mut |_, _, tag, chunk| {
        let known = names.take().filter(|names| names.index == tag.index);
        let current = known.unwrap_or_else(|| Arc::new(Names::new(tag)));
        let mut start = 0;
        while start < chunk.times_us.len() {
            let room = GROUP_ROWS - group.times.len();
            let end = chunk.times_us.len().min(start + room.min(BATCH_ROWS));
            group.push(&current, chunk, start..end);
            start = end;
            if group.is_full() {
                let next = used.try_recv().unwrap_or_default();
                let full = std::mem::replace(&mut group, next);
                bytes += full.times.len() as u64 * 8;
                groups.send((full, false)).map_err(|_| lost())?;
            }
        }
        names = Some(current);
        Ok(bytes)
    })?;
    // Without this last word the file gets no footer: what was broken off is no whole file.
    groups.send((group, true)).map_err(|_| lost())
}

impl Names {
    fn new(tag: &Tag) -> Names {
        Names {
            index: tag.index,
            path: ByteArray::from(tag.path.as_bytes().to_vec()),
            unit: ByteArray::from(tag.unit.as_bytes().to_vec()),
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Integer => "integer",
            Kind::Unsigned => "unsigned",
            Kind::Number => "number",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
        }
    }

    fn of(column: &Column) -> Kind {
        match column {
            Column::Bool(_) => Kind::Bool,
            Column::I64(_) => Kind::Integer,
            Column::U64(_) => Kind::Unsigned,
            Column::F64(_) => Kind::Number,
            Column::Text(_) => Kind::Text,
            Column::Bytes(_) => Kind::Bytes,
        }
    }
}

impl Group {
    fn is_full(&self) -> bool {
        GROUP_ROWS <= self.times.len() || GROUP_TEXT_BYTES <= self.text_bytes
    }

    fn clear(&mut self) {
        self.runs.clear();
        self.times.clear();
        self.qualities.clear();
        self.value_levels.clear();
        self.values.clear();
        self.integer_levels.clear();
        self.integers.clear();
        self.text_levels.clear();
        self.texts.clear();
        self.text_bytes = 0;
    }

    fn push(&mut self, tag: &Arc<Names>, chunk: &Chunk, rows: std::ops::Range<usize>) {
        let kind = Kind::of(&chunk.values);
        match self.runs.last_mut() {
            Some(run) if run.kind == kind && run.tag.index == tag.index => run.rows += rows.len(),
            _ => self.runs.push(Run {
                rows: rows.len(),
                tag: Arc::clone(tag),
                kind,
            }),
        }
        self.times.extend_from_slice(&chunk.times_us[rows.clone()]);
        let qualities = &chunk.qualities[rows.clone()];
        self.qualities
            .extend(qualities.iter().map(|code| code.cast_signed()));
        let good = rows.filter(|&at| !is_bad(chunk.qualities[at]));
        self.push_levels(kind, qualities);
        self.push_values(&chunk.values, good);
    }

    /// Says in which columns the rows have values.
    fn push_levels(&mut self, kind: Kind, qualities: &[u32]) {
        let has_value = |wanted: bool| {
            let level = move |&code: &u32| i16::from(wanted && !is_bad(code));
            qualities.iter().map(level)
        };
        let is_text = matches!(kind, Kind::Text | Kind::Bytes);
        let is_integer = matches!(kind, Kind::Integer | Kind::Unsigned);
        self.value_levels.extend(has_value(!is_text));
        self.integer_levels.extend(has_value(is_integer));
        self.text_levels.extend(has_value(is_text));
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the exact integer stands beside it"
    )]
    fn push_values(&mut self, column: &Column, good: impl Iterator<Item = usize> + Clone) {
        match column {
            Column::F64(values) => self.values.extend(good.map(|at| values[at])),
            Column::Bool(values) => {
                let number = |at: usize| f64::from(u8::from(values[at]));
                self.values.extend(good.map(number));
            }
            Column::I64(values) => {
                self.values.extend(good.clone().map(|at| values[at] as f64));
                self.integers.extend(good.map(|at| values[at]));
            }
            // The bits as they are: `kind` says that they have no sign.
            Column::U64(values) => {
                self.values.extend(good.clone().map(|at| values[at] as f64));
                self.integers
                    .extend(good.map(|at| values[at].cast_signed()));
            }
            Column::Text(values) => {
                for at in good {
                    self.text_bytes += values[at].len();
                    self.texts
                        .push(ByteArray::from(values[at].as_bytes().to_vec()));
                }
            }
            Column::Bytes(values) => {
                for at in good {
                    let digits = hex(&values[at]);
                    self.text_bytes += digits.len();
                    self.texts.push(ByteArray::from(digits.into_bytes()));
                }
            }
        }
    }
}

/// Encodes and writes row groups; returns the bytes of the file.
fn encode(
    out: &mut (dyn Write + Send),
    zone: &str,
    groups: &Receiver<(Group, bool)>,
    used: &SyncSender<Group>,
) -> Result<u64, ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let columns = SchemaDescriptor::new(Arc::clone(&schema));
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties(zone)))?;
    for (mut group, is_last) in groups {
        if !group.times.is_empty() {
            let mut writer = file.next_row_group()?;
            group.write(&mut writer, &columns)?;
            writer.close()?;
        }
        if is_last {
            file.finish()?;
            return Ok(file.bytes_written() as u64);
        }
        group.clear();
        // When both places are taken the group is freed.
        drop(used.try_send(group));
    }
    Ok(file.bytes_written() as u64)
}

fn properties(zone: &str) -> WriterProperties {
    let column = |name: &str| ColumnPath::from(name);
    let note = KeyValue::new("headworks.zone".to_owned(), zone.to_owned());
    WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("Headworks".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![note]))
        .set_data_page_size_limit(256 << 10)
        .set_write_batch_size(BATCH_ROWS)
        .set_column_dictionary_enabled(column("time"), false)
        .set_column_encoding(column("time"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(column("value"), false)
        .set_column_dictionary_enabled(column("integer"), false)
        .set_column_dictionary_enabled(column("quality"), false)
        .set_column_dictionary_enabled(column("text"), true)
        .build()
}

type RowGroup<'a, 'b> = SerializedRowGroupWriter<'a, &'b mut (dyn Write + Send)>;

impl Group {
    fn write(
        &self,
        writer: &mut RowGroup<'_, '_>,
        schema: &SchemaDescriptor,
    ) -> Result<(), ParquetError> {
        let append = |writer: &mut RowGroup<'_, '_>, at: usize, name: fn(&Run) -> &[u8]| {
            let runs = self.runs.iter().map(|run| (run.rows, name(run)));
            let chunk = names::encode(schema.column(at), runs)?;
            writer.append_column(chunk.pages.buffer(), chunk.close)
        };
        append(writer, 0, |run| run.tag.path.data())?;
        write_column::<Int64Type>(writer, &self.times, None)?;
        write_column::<DoubleType>(writer, &self.values, Some(&self.value_levels))?;
        write_column::<Int64Type>(writer, &self.integers, Some(&self.integer_levels))?;
        write_column::<ByteArrayType>(writer, &self.texts, Some(&self.text_levels))?;
        write_column::<Int32Type>(writer, &self.qualities, None)?;
        append(writer, 6, |run| run.kind.name().as_bytes())?;
        append(writer, 7, |run| run.tag.unit.data())
    }
}

fn write_column<T: DataType>(
    writer: &mut RowGroup<'_, '_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = writer.next_column()? else {
        return Err(missing());
    };
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

fn missing() -> ParquetError {
    ParquetError::General("the schema has fewer columns than are written".to_owned())
}
