//! History into files: CSV, Excel, Parquet, JSON lines.

mod csv;
mod file;
mod json;
mod long;
mod options;
mod parquet;
mod rows;
mod wide;
mod xlsx;

use std::io::Write;
use std::path::Path;

use headworks_store::Historian;

use crate::Watch;
use crate::error::ExchangeError;
use crate::packing::Packer;
pub use crate::text::time::TimeStyle;
pub use file::{discard, write_file};
pub use options::{Decimal, Delimiter, ExportOptions, ExportPlan, Format, Layout, QualityStyle};
#[cfg(test)]
pub(crate) use rows::item;

/// What an export wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExportReport {
    /// Rows, without headers.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Tags asked for.
    pub tags: u64,
    /// Rows that an interrupted export before had written.
    pub resumed_rows: u64,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// Where an export is: everything before was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Position {
    /// Place of the tag in the plan; 0 in the wide layout.
    pub tag: usize,
    /// First instant that is not written.
    pub next_us: i64,
}

/// Writes an export to a stream, from its first row to its last.
///
/// `scratch` is a directory for the pages of Excel files before they are joined; the other formats
/// do not need it.
///
/// # Errors
///
/// What the store and the stream say; [`ExchangeError::Cancelled`] when `watch` breaks.
pub fn write_to(
    historian: &dyn Historian,
    plan: &ExportPlan,
    out: &mut (dyn Write + Send),
    scratch: &Path,
    watch: &mut Watch<'_>,
) -> Result<ExportReport, ExchangeError> {
    let mut export = Export::new(historian, plan, watch);
    match plan.options().format {
        Format::Csv | Format::Jsonl => {
            let mut sink = TextSink::new(Packer::new(plan.options().packing, out));
            export.write_text(&mut sink, None)?;
            sink.finish()?;
            export.progress.bytes = sink.bytes();
        }
        Format::Parquet => parquet::write(&mut export, out)?,
        Format::Xlsx => xlsx::write(&mut export, out, scratch)?,
    }
    Ok(export.report())
}

/// An export under way.
pub(crate) struct Export<'a, 'w> {
    pub(crate) historian: &'a dyn Historian,
    pub(crate) plan: &'a ExportPlan,
    watch: &'a mut Watch<'w>,
    pub(crate) progress: crate::Progress,
    pub(crate) resumed_rows: u64,
    pub(crate) notes: Vec<String>,
}

impl<'a, 'w> Export<'a, 'w> {
    pub(crate) fn new(
        historian: &'a dyn Historian,
        plan: &'a ExportPlan,
        watch: &'a mut Watch<'w>,
    ) -> Export<'a, 'w> {
        Export {
            historian,
            plan,
            watch,
            progress: crate::Progress::default(),
            resumed_rows: 0,
            notes: Vec::new(),
        }
    }

    /// Says how far it is, and asks whether to go on.
    pub(crate) fn tell(&mut self, rows: u64, bytes: u64, share: f64) -> Result<(), ExchangeError> {
        self.progress.rows += rows;
        self.progress.bytes = bytes;
        self.progress.share = share.clamp(0.0, 1.0);
        if (self.watch)(&self.progress).is_break() {
            return Err(ExchangeError::Cancelled);
        }
        Ok(())
    }

    /// Writes CSV or JSON lines from a position on.
    fn write_text<W: Write>(
        &mut self,
        sink: &mut TextSink<W>,
        from: Option<Position>,
    ) -> Result<(), ExchangeError> {
        let options = self.plan.options();
        match (options.format, options.layout) {
            (Format::Jsonl, _) => {
                let mut rows = json::JsonRows::new(self.plan);
                long::write(self, &mut rows, sink, from)
            }
            (_, Layout::Long) => {
                let mut rows = csv::CsvRows::new(self.plan);
                if from.is_none() {
                    rows.write_header(sink.buffer());
                }
                long::write(self, &mut rows, sink, from)
            }
            (_, Layout::Wide) => {
                let mut rows = csv::CsvWide::new(self.plan);
                if from.is_none() {
                    rows.write_header(sink.buffer());
                }
                wide::write_text(self, &mut rows, sink, from)
            }
        }
    }

    pub(crate) fn report(self) -> ExportReport {
        ExportReport {
            rows: self.progress.rows,
            bytes: self.progress.bytes,
            tags: self.plan.tags().len() as u64,
            resumed_rows: self.resumed_rows,
            notes: self.notes,
        }
    }
}

/// Bytes that are formatted before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// What is called with each position that could be gone on from, and the sink.
type Checkpoint<'a, W> =
    Box<dyn FnMut(&mut Packer<W>, Position, u64) -> Result<(), ExchangeError> + 'a>;

/// Takes formatted rows.
pub(crate) struct TextSink<'a, W: Write> {
    packer: Packer<W>,
    buffer: Vec<u8>,
    checkpoint: Option<Checkpoint<'a, W>>,
}

impl<'a, W: Write> TextSink<'a, W> {
    fn new(packer: Packer<W>) -> TextSink<'a, W> {
        TextSink {
            packer,
            buffer: Vec::with_capacity(BUFFER_BYTES + (64 << 10)),
            checkpoint: None,
        }
    }

    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.packer.bytes()
    }

    /// Hands the buffer on when it is full enough.
    pub(crate) fn relieve(&mut self) -> Result<(), ExchangeError> {
        if BUFFER_BYTES <= self.buffer.len() {
            self.flush()?;
        }
        Ok(())
    }

    /// Notes that all rows before a position are in the buffer.
    pub(crate) fn reached(&mut self, position: Position, rows: u64) -> Result<(), ExchangeError> {
        self.relieve()?;
        if self.checkpoint.is_some() {
            self.flush()?;
        }
        match &mut self.checkpoint {
            Some(checkpoint) => checkpoint(&mut self.packer, position, rows),
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), ExchangeError> {
        let written = self.packer.write(&self.buffer);
        written.map_err(ExchangeError::output)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExchangeError> {
        self.flush()?;
        self.packer.cut().map_err(ExchangeError::output)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
