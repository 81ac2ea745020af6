//! Columns that have one text per run of rows, encoded run by run.
//!
//! The column writer of the library looks every value up in its dictionary, row by row; with three
//! such columns that is most of the time of an export. A run-length encoded page of a dictionary
//! says the same in a few bytes.

use std::collections::HashMap;

use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// A column chunk, ready to be appended to a row group.
pub(super) struct Chunk {
    /// The bytes of both pages.
    pub(super) pages: Page,
    pub(super) close: ColumnCloseResult,
}

/// Encodes runs of names: how many rows, and which text.
pub(super) fn encode<'a>(
    column: ColumnDescPtr,
    runs: impl Iterator<Item = (usize, &'a [u8])>,
) -> Result<Chunk> {
    let mut places: HashMap<&[u8], u32> = HashMap::new();
    let mut names: Vec<&[u8]> = Vec::new();
    let mut joined: Vec<(usize, u32)> = Vec::new();
    for (rows, name) in runs {
        let next = number(names.len())?;
        let place = *places.entry(name).or_insert(next);
        if place == next {
            names.push(name);
        }
        match joined.last_mut() {
            Some((count, last)) if *last == place => *count += rows,
            _ => joined.push((rows, place)),
        }
    }
    let rows: usize = joined.iter().map(|(rows, _)| rows).sum();
    let dictionary = dictionary_page(&names)?;
    let data = data_page(&joined, number(rows)?, names.len());
    assemble(column, rows, [dictionary, data], &names)
}

fn number(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| ParquetError::General("a row group too large".to_owned()))
}

/// Plain encoding: length and bytes of each name.
fn dictionary_page(names: &[&[u8]]) -> Result<Page> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend_from_slice(&number(name.len())?.to_le_bytes());
        bytes.extend_from_slice(name);
    }
    Ok(Page::DictionaryPage {
        buf: bytes.into(),
        num_values: number(names.len())?,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    })
}

/// Runs of the run-length and bit-packing hybrid: twice the count, then the value.
fn data_page(runs: &[(usize, u32)], rows: u32, names: usize) -> Page {
    let width = (usize::BITS - names.saturating_sub(1).leading_zeros()).max(1);
    let value_bytes = width.div_ceil(8) as usize;
    let mut bytes = vec![u8::try_from(width).unwrap_or(u8::MAX)];
    for &(count, place) in runs {
        let mut header = (count as u64) << 1;
        while 0x80 <= header {
            bytes.push((header & 0x7F) as u8 | 0x80);
            header >>= 7;
        }
        bytes.push((header & 0x7F) as u8);
        bytes.extend_from_slice(&place.to_le_bytes()[..value_bytes]);
    }
    Page::DataPage {
        buf: bytes.into(),
        num_values: rows,
        encoding: Encoding::RLE_DICTIONARY,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }
}

fn assemble(
    column: ColumnDescPtr,
    rows: usize,
    pages: [Page; 2],
    names: &[&[u8]],
) -> Result<Chunk> {
    let mut sink = TrackedWrite::new(Vec::new());
    let mut offsets = [0; 2];
    let mut uncompressed = 0;
    {
        let mut writer = SerializedPageWriter::new(&mut sink);
        for (page, offset) in pages.into_iter().zip(&mut offsets) {
            let size = page.buffer().len();
            let spec = writer.write_page(CompressedPage::new(page, size))?;
            *offset = spec.offset;
            uncompressed += spec.uncompressed_size;
        }
    }
    let bytes = sink.into_inner()?;
    let length = bytes.len() as u64;
    let bound = |name: Option<&&[u8]>| name.map(|name| ByteArray::from(name.to_vec()));
    let (min, max) = (bound(names.iter().min()), bound(names.iter().max()));
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let metadata = ColumnChunkMetaData::builder(column)
        .set_compression(Compression::UNCOMPRESSED)
        .set_encodings(vec![
            Encoding::PLAIN,
            Encoding::RLE,
            Encoding::RLE_DICTIONARY,
        ])
        .set_num_values(signed(rows as u64))
        .set_total_compressed_size(signed(length))
        .set_total_uncompressed_size(signed(length.max(uncompressed as u64)))
        .set_dictionary_page_offset(Some(signed(offsets[0])))
        .set_data_page_offset(signed(offsets[1]))
        .set_statistics(Statistics::byte_array(min, max, None, Some(0), false))
        .build()?;
    let pages = Page::DictionaryPage {
        buf: bytes.into(),
        num_values: 0,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    };
    let close = ColumnCloseResult {
        bytes_written: length,
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Ok(Chunk { pages, close })
}
