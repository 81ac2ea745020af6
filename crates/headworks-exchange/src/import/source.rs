//! Opening a file, whatever it is, and giving its rows.

pub(crate) mod csv;
pub(crate) mod decode;
mod jsonl;
mod parquet;
pub(crate) mod xlsx;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::options::{Encoding, ImportOptions};
use super::record::Record;
use crate::error::ExchangeError;
use crate::export::Format;
use crate::packing::Packing;

/// Takes rows until it breaks.
pub(crate) type Take<'t> = dyn FnMut(&mut Record) -> Result<ControlFlow<()>, ExchangeError> + 't;

/// Bytes by which encoding, delimiter and format are found out.
const HEAD_BYTES: usize = 256 << 10;
/// Most bytes that a compressed file of text may grow to.
const UNPACKED_BYTES_MAX: u64 = 64 << 30;

/// A file that was looked at.
pub(crate) struct Source {
    path: PathBuf,
    pub(crate) format: Format,
    pub(crate) packing: Packing,
    pub(crate) encoding: Encoding,
    pub(crate) delimiter: u8,
    sheet: Option<String>,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// Bytes of the file read in the pass under way.
    consumed: Arc<AtomicU64>,
}

impl Source {
    /// Looks at a file: what it is, and that it does not break off.
    pub(crate) fn open(path: &Path, options: &ImportOptions) -> Result<Source, ExchangeError> {
        let failed = |error| ExchangeError::io("reading", path, error);
        let size = std::fs::metadata(path).map_err(failed)?.len();
        let mut first = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(64).read_to_end(&mut first).map_err(failed)?;
        if first.is_empty() {
            return Err(ExchangeError::input("the file", "it is empty"));
        }
        let packing = Packing::of_magic(&first);
        let mut source = Source {
            path: path.to_owned(),
            format: Format::Csv,
            packing,
            encoding: Encoding::Utf8,
            delimiter: b',',
            sheet: options.sheet.clone(),
            size,
            consumed: Arc::default(),
        };
        let head = source.head().map_err(|error| source.broken(error))?;
        source.format = format_of(&head, options.format)?;
        if matches!(source.format, Format::Xlsx | Format::Parquet) {
            if packing != Packing::None {
                let reason = "Excel and Parquet files are not read through gzip or zstd; unpack it";
                return Err(ExchangeError::input("the file", reason));
            }
            return Ok(source);
        }
        source.encoding = options.encoding.unwrap_or_else(|| decode::guess(&head));
        if source.format == Format::Csv {
            let text = decode::decode_all(&head, source.encoding);
            let given = options.delimiter.map(crate::export::Delimiter::byte);
            source.delimiter = given.unwrap_or_else(|| csv::guess_delimiter(&text));
        }
        source.verify()?;
        Ok(source)
    }

    /// Gives the rows from the first on.
    pub(crate) fn read(&self, take: &mut Take<'_>) -> Result<(), ExchangeError> {
        self.consumed.store(0, Ordering::Relaxed);
        match self.format {
            Format::Csv => csv::read(self.text()?, self.delimiter, take),
            Format::Jsonl => jsonl::read(self.text()?, take),
            Format::Xlsx => xlsx::read(&self.path, self.sheet.as_deref(), take),
            Format::Parquet => parquet::read(&self.path, take),
        }
    }

    /// Returns the bytes of the file that were read so far in this pass.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    /// Returns the names of the columns where the format itself says them.
    pub(crate) fn column_names(&self) -> Result<Option<Vec<String>>, ExchangeError> {
        match self.format {
            Format::Csv | Format::Xlsx => Ok(None),
            Format::Jsonl => jsonl::names(self.text()?).map(Some),
            Format::Parquet => parquet::names(&self.path).map(Some),
        }
    }

    fn unpacked(&self) -> io::Result<Box<dyn Read>> {
        let file = Counting {
            file: File::open(&self.path)?,
            consumed: Arc::clone(&self.consumed),
        };
        self.packing
            .unpack(BufReader::with_capacity(256 << 10, file))
    }

    /// Returns a reader of UTF-8.
    fn text(&self) -> Result<Box<dyn Read>, ExchangeError> {
        let unpacked = self.unpacked().map_err(|error| self.broken(error))?;
        Ok(decode::reader(unpacked, self.encoding))
    }

    fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let unpacked = self.unpacked()?;
        unpacked.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Unpacks a compressed file once, so that one that breaks off is refused before any of its
    /// rows is stored.
    fn verify(&self) -> Result<(), ExchangeError> {
        if self.packing == Packing::None {
            return Ok(());
        }
        let mut unpacked = self.unpacked().map_err(|error| self.broken(error))?;
        let mut rest = unpacked.by_ref().take(UNPACKED_BYTES_MAX + 1);
        let bytes = io::copy(&mut rest, &mut io::sink()).map_err(|error| self.broken(error))?;
        if UNPACKED_BYTES_MAX < bytes {
            let reason = format!(
                "it grows to more than {} GiB when it is unpacked; split it",
                UNPACKED_BYTES_MAX >> 30
            );
            return Err(ExchangeError::input("the file", reason));
        }
        Ok(())
    }

    fn broken(&self, error: io::Error) -> ExchangeError {
        match (self.packing, error.kind()) {
            (Packing::None, _) => ExchangeError::io("reading", &self.path, error),
            (_, io::ErrorKind::UnexpectedEof) => ExchangeError::input(
                "the file",
                "it ends early: the compressed data break off; send it again, whole",
            ),
            (_, _) => ExchangeError::input(
                "the file",
                format!("its compressed data are damaged: {error}; send it again"),
            ),
        }
    }
}

/// Finds the format by the first bytes; a file that is plainly something else is refused.
pub(crate) fn format_of(head: &[u8], given: Option<Format>) -> Result<Format, ExchangeError> {
    let found = match head {
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        [b'P', b'K', 3, 4, ..] => Some(Format::Xlsx),
        _ => None,
    };
    let refused = |reason: &str| Err(ExchangeError::input("the file", reason));
    if let [0xD0, 0xCF, 0x11, 0xE0, ..] = head {
        return refused("it is an Excel file of before 2007; save it as xlsx");
    }
    if let [b'%', b'P', b'D', b'F', ..] = head {
        return refused("it is a PDF; CSV, Excel, Parquet and JSON lines are read");
    }
    let binary = matches!(given, Some(Format::Xlsx | Format::Parquet));
    match (given, found) {
        (None | Some(Format::Csv | Format::Jsonl), Some(found)) if given.is_some() => {
            let reason = format!("it is not text but {}", name(found));
            refused(&reason)
        }
        (_, Some(found)) if given.is_none_or(|given| given == found) => Ok(found),
        (Some(given), _) if binary => {
            let reason = format!("its first bytes are not those of {}", name(given));
            refused(&reason)
        }
        (Some(given), None) => Ok(given),
        (_, None) => Ok(text_format(head)),
        (_, Some(found)) => Ok(found),
    }
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Xlsx => "an Excel file",
        Format::Parquet => "a Parquet file",
        Format::Jsonl => "JSON lines",
    }
}

fn text_format(head: &[u8]) -> Format {
    let text = decode::decode_all(&head[..head.len().min(4096)], decode::guess(head));
    let begins = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if begins.starts_with('{') || begins.starts_with('[') {
        Format::Jsonl
    } else {
        Format::Csv
    }
}

/// Counts what is read of a file.
struct Counting {
    file: File,
    consumed: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.consumed.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}
