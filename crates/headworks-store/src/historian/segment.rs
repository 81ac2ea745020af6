//! Segment files: the blocks of one day from one seal, then their index, then a footer.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::block::{BlockMeta, META_BYTES};
use super::bytes::{Damaged, Reader, to_u32};
use super::disk::{Disk, read_at};
use crate::error::StoreError;

const MAGIC: &[u8; 8] = b"HWSEG001";
const END_MAGIC: &[u8; 8] = b"HWSEGEND";
/// The newest version of the format; files of older ones are read.
pub(super) const VERSION: u32 = 2;
const HEADER_BYTES: usize = 16;
const FOOTER_BYTES: usize = 64;
/// Entries of an index page; a page is what a reader loads to find a tag.
const PAGE_ENTRIES: usize = 64;
const CRC_BYTES: usize = 4;
const PAGE_BYTES: usize = PAGE_ENTRIES * META_BYTES + CRC_BYTES;
/// What the writer collects before it goes to the disk.
const BUFFER_BYTES: usize = 128 << 10;
/// Index pages that wait in memory, 4 MB; more wait in a file of their own.
const PAGES_MAX: usize = 680;

/// Writes a segment file under a name that no reader looks at.
pub(super) struct SegmentWriter {
    disk: Disk,
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    written: u64,
    name: Name,
    /// Whole pages, each an allocation: one growing buffer would hold twice as much at times.
    index: Vec<Vec<u8>>,
    spill: Option<Spill>,
    page: Vec<u8>,
    first_tags: Vec<u32>,
    blocks: u32,
    samples: u64,
}

/// Index pages that wait on the disk for the last block.
struct Spill {
    file: File,
    path: PathBuf,
}

/// What a file is called and which files it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) day: i32,
    /// The last WAL generation whose points are in this file.
    pub(super) seal: u64,
    /// How often files of this seal were joined; 0 for what a seal wrote.
    pub(super) round: u32,
    /// First seal whose points are in this file; it stands for all files of its day from this
    /// seal to its own. 0 for what a seal wrote.
    pub(super) from: u64,
    /// How often samples were deleted from it on demand.
    pub(super) revision: u32,
}

impl Name {
    /// Returns the name of what a seal writes.
    pub(super) fn of_seal(day: i32, seal: u64) -> Name {
        Name {
            day,
            seal,
            round: 0,
            from: 0,
            revision: 0,
        }
    }
}

/// Whether a file completes its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Other files follow.
    Part,
    /// All files of the seal are there.
    Commit,
}

/// What the footer says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) blocks: u32,
    pub(super) pages: u32,
    pub(super) day: i32,
    pub(super) mark: Mark,
    /// The last WAL generation whose points are in this seal.
    pub(super) seal: u64,
    pub(super) index_offset: u64,
    pub(super) samples: u64,
    /// First seal that a joined file stands for, else 0; not in files of version 1.
    pub(super) from: u64,
    pub(super) directory_crc: u32,
    /// How often files of this seal were joined; in the name only.
    pub(super) round: u32,
    /// How often samples were deleted from it on demand; not in files of version 1.
    pub(super) revision: u32,
}

impl SegmentWriter {
    pub(super) fn create(
        disk: &Disk,
        directory: &Path,
        name: Name,
    ) -> Result<SegmentWriter, StoreError> {
        let path = path_of(directory, name).with_extension("tmp");
        let mut buffer = Vec::with_capacity(BUFFER_BYTES + 64 * 1024);
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(&VERSION.to_le_bytes());
        buffer.extend_from_slice(&name.day.to_le_bytes());
        Ok(SegmentWriter {
            disk: disk.clone(),
            file: disk.create(&path)?,
            path,
            buffer,
            written: 0,
            name,
            index: Vec::new(),
            spill: None,
            page: Vec::new(),
            first_tags: Vec::new(),
            blocks: 0,
            samples: 0,
        })
    }

    /// Adds the block that `encode` appends; blocks come in the order of tag, then time.
    pub(super) fn add(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> BlockMeta,
    ) -> Result<(), StoreError> {
        let offset = self.written + self.buffer.len() as u64;
        let mut meta = encode(&mut self.buffer);
        meta.offset = offset;
        if self.page.is_empty() {
            self.first_tags.push(meta.tag);
            self.page.reserve_exact(PAGE_BYTES);
        }
        meta.write(&mut self.page);
        self.blocks += 1;
        self.samples += u64::from(meta.count);
        if self.page.len() == PAGE_ENTRIES * META_BYTES {
            self.end_page();
        }
        if PAGES_MAX <= self.index.len() {
            self.spill()?;
        }
        if BUFFER_BYTES <= self.buffer.len() {
            self.flush()?;
        }
        Ok(())
    }

    /// Moves the index pages out of memory: a day of 100,000 tags has 100 MB of them.
    fn spill(&mut self) -> Result<(), StoreError> {
        let spill = if let Some(spill) = &self.spill {
            spill
        } else {
            let path = self.path.with_extension("index.tmp");
            let file = self.disk.create(&path)?;
            self.spill.insert(Spill { file, path })
        };
        for page in std::mem::take(&mut self.index) {
            self.disk.write(&spill.file, &spill.path, &page)?;
        }
        Ok(())
    }

    /// Writes the index pages to the file itself.
    fn write_index(&mut self) -> Result<(), StoreError> {
        if let Some(spill) = self.spill.take() {
            let failed = |error| StoreError::io("reading", &spill.path, error);
            let mut file = File::open(&spill.path).map_err(failed)?;
            let mut bytes = vec![0; BUFFER_BYTES];
            loop {
                match file.read(&mut bytes).map_err(failed)? {
                    0 => break,
                    count => self.buffer.extend_from_slice(&bytes[..count]),
                }
                self.flush()?;
            }
        }
        for page in std::mem::take(&mut self.index) {
            self.buffer.extend_from_slice(&page);
            if BUFFER_BYTES <= self.buffer.len() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn end_page(&mut self) {
        let mut page = std::mem::take(&mut self.page);
        let crc = crc32fast::hash(&page);
        page.extend_from_slice(&crc.to_le_bytes());
        self.index.push(page);
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.disk.write(&self.file, &self.path, &self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes index and footer and makes the file survive a power cut; it keeps its passing name.
    pub(super) fn finish(mut self, mark: Mark) -> Result<(PathBuf, Footer, u64), StoreError> {
        if !self.page.is_empty() {
            self.end_page();
        }
        let mut directory = Vec::with_capacity(self.first_tags.len() * 4);
        for tag in &self.first_tags {
            directory.extend_from_slice(&tag.to_le_bytes());
        }
        let footer = Footer {
            blocks: self.blocks,
            pages: to_u32(self.first_tags.len()),
            day: self.name.day,
            mark,
            seal: self.name.seal,
            index_offset: self.written + self.buffer.len() as u64,
            samples: self.samples,
            from: self.name.from,
            directory_crc: crc32fast::hash(&directory),
            round: self.name.round,
            revision: self.name.revision,
        };
        self.write_index()?;
        self.buffer.extend_from_slice(&directory);
        footer.write(&mut self.buffer);
        self.flush()?;
        self.disk.sync(&self.file, &self.path)?;
        Ok((self.path, footer, self.written))
    }
}

impl Drop for Spill {
    /// Whether the file was completed or given up, its index pages are of no more use.
    fn drop(&mut self) {
        // What stays is removed at the next start, as every unfinished file.
        drop(std::fs::remove_file(&self.path));
    }
}

impl Footer {
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.blocks.to_le_bytes());
        out.extend_from_slice(&self.pages.to_le_bytes());
        out.extend_from_slice(&self.day.to_le_bytes());
        out.extend_from_slice(&u32::from(self.mark == Mark::Commit).to_le_bytes());
        out.extend_from_slice(&self.seal.to_le_bytes());
        out.extend_from_slice(&self.index_offset.to_le_bytes());
        out.extend_from_slice(&self.samples.to_le_bytes());
        // How many seals it stands for: 0 for what a seal wrote.
        let seals = match self.from {
            0 => 0,
            from => u32::try_from(self.seal - from + 1).unwrap_or(u32::MAX),
        };
        out.extend_from_slice(&seals.to_le_bytes());
        out.extend_from_slice(&self.revision.to_le_bytes());
        out.extend_from_slice(&self.directory_crc.to_le_bytes());
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(END_MAGIC);
    }

    fn read(bytes: &[u8; FOOTER_BYTES], file_bytes: u64) -> Result<Footer, Damaged> {
        let mut reader = Reader::new(bytes);
        let mut footer = Footer {
            blocks: reader.u32()?,
            pages: reader.u32()?,
            day: i32::from_le_bytes(reader.array()?),
            mark: match reader.u32()? {
                0 => Mark::Part,
                1 => Mark::Commit,
                _ => return Err(Damaged("the commit mark is not known")),
            },
            seal: reader.u64()?,
            index_offset: reader.u64()?,
            samples: reader.u64()?,
            from: u64::from(reader.u32()?),
            revision: reader.u32()?,
            directory_crc: reader.u32()?,
            round: 0,
        };
        if footer.from != 0 {
            footer.from = footer
                .seal
                .saturating_add(1)
                .saturating_sub(footer.from)
                .max(1);
        }
        let checked = reader.position();
        let crc = reader.u32()?;
        if reader.rest() != END_MAGIC || crc32fast::hash(&bytes[..checked]) != crc {
            return Err(Damaged("the footer is damaged or missing"));
        }
        let end = footer
            .directory_offset()
            .and_then(|at| at.checked_add(u64::from(footer.pages) * 4 + FOOTER_BYTES as u64));
        if end != Some(file_bytes) || footer.pages != footer.blocks.div_ceil(to_u32(PAGE_ENTRIES)) {
            return Err(Damaged("the length of the file does not fit its footer"));
        }
        Ok(footer)
    }

    pub(super) fn name(&self) -> Name {
        Name {
            day: self.day,
            seal: self.seal,
            round: self.round,
            from: self.from,
            revision: self.revision,
        }
    }

    /// Returns the first seal whose points are in the file.
    pub(super) fn first_seal(&self) -> u64 {
        match self.from {
            0 => self.seal,
            from => from,
        }
    }

    /// Whether the points of `other`, a file of the same day, are in this file.
    pub(super) fn replaces(&self, other: &Footer) -> bool {
        self.from != 0
            && (self.from..=self.seal).contains(&other.seal)
            && (other.seal, other.round) < (self.seal, self.round)
    }

    fn directory_offset(&self) -> Option<u64> {
        let entries = u64::from(self.blocks) * META_BYTES as u64;
        let checks = u64::from(self.pages) * CRC_BYTES as u64;
        self.index_offset.checked_add(entries + checks)
    }
}

/// Returns the file of a name: day and seal, and how often it was joined.
pub(super) fn path_of(directory: &Path, name: Name) -> PathBuf {
    let Name {
        day, seal, round, ..
    } = name;
    directory.join(match round {
        0 => format!("{day:06}-{seal:08}.seg"),
        _ => format!("{day:06}-{seal:08}.{round}.seg"),
    })
}

/// Reads header and footer of a file.
///
/// # Errors
///
/// `TooNew`, `Corrupt` with the reason, or what the disk says.
pub(super) fn open(path: &Path) -> Result<(Footer, u64), StoreError> {
    let failed = |error| StoreError::io("reading", path, error);
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let corrupt = |reason: &str| StoreError::Corrupt {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if bytes < (HEADER_BYTES + FOOTER_BYTES) as u64 {
        return Err(corrupt("the file is too short"));
    }
    let mut header = [0; HEADER_BYTES];
    read_at(&file, &mut header, 0).map_err(failed)?;
    let (magic, version, day) = parse_header(header);
    if &magic != MAGIC {
        return Err(corrupt("the header is not that of a segment"));
    }
    let mut footer = [0; FOOTER_BYTES];
    read_at(&file, &mut footer, bytes - FOOTER_BYTES as u64).map_err(failed)?;
    if VERSION < version {
        // A flipped bit looks like a newer version; only what is whole is believed.
        return Err(match footer.ends_with(END_MAGIC) && version <= 1_000 {
            true => StoreError::TooNew {
                path: path.to_owned(),
                found: version,
                known: VERSION,
            },
            false => corrupt("the version is out of range"),
        });
    }
    let mut footer = Footer::read(&footer, bytes).map_err(|Damaged(reason)| corrupt(reason))?;
    match path_name(path) {
        Some((named, seal, round))
            if version != 0 && footer.day == day && (named, seal) == (day, footer.seal) =>
        {
            footer.round = round;
            Ok((footer, bytes))
        }
        _ => Err(corrupt("header, footer and name do not fit")),
    }
}

fn parse_header(header: [u8; HEADER_BYTES]) -> ([u8; 8], u32, i32) {
    let [magic @ .., v0, v1, v2, v3, d0, d1, d2, d3] = header;
    (
        magic,
        u32::from_le_bytes([v0, v1, v2, v3]),
        i32::from_le_bytes([d0, d1, d2, d3]),
    )
}

/// Returns day, seal and round of a file's name.
pub(super) fn path_name(path: &Path) -> Option<(i32, u64, u32)> {
    let stem = path.file_stem()?.to_str()?;
    let (stem, round) = match stem.split_once('.') {
        Some((stem, round)) => (stem, round.parse().ok()?),
        None => (stem, 0),
    };
    let (day, seal) = stem.rsplit_once('-')?;
    Some((day.parse().ok()?, seal.parse().ok()?, round))
}

/// Reads the first tag of each index page.
pub(super) fn read_directory(file: &File, footer: &Footer) -> Result<Vec<u32>, ReadError> {
    let offset = footer.directory_offset().unwrap_or(u64::MAX);
    let mut bytes = vec![0; footer.pages as usize * 4];
    read_at(file, &mut bytes, offset)?;
    if crc32fast::hash(&bytes) != footer.directory_crc {
        return Err(Damaged("the checksum of the index directory does not fit").into());
    }
    let tags = bytes.as_chunks::<4>().0;
    Ok(tags.iter().map(|tag| u32::from_le_bytes(*tag)).collect())
}

/// Reads one page of the index.
pub(super) fn read_page(
    file: &File,
    footer: &Footer,
    page: u32,
) -> Result<Vec<BlockMeta>, ReadError> {
    let before = page as usize * PAGE_ENTRIES;
    let entries = (footer.blocks as usize)
        .saturating_sub(before)
        .min(PAGE_ENTRIES);
    let mut bytes = vec![0; entries * META_BYTES + CRC_BYTES];
    let offset = footer.index_offset + u64::from(page) * PAGE_BYTES as u64;
    read_at(file, &mut bytes, offset)?;
    let mut reader = Reader::new(&bytes);
    let metas = (0..entries)
        .map(|_| BlockMeta::read(&mut reader))
        .collect::<Result<_, _>>();
    let checked = reader.position();
    if metas.is_ok() && crc32fast::hash(&bytes[..checked]) != reader.u32()? {
        return Err(Damaged("the checksum of an index page does not fit").into());
    }
    Ok(metas?)
}

/// Reads the bytes of a block.
pub(super) fn read_block(
    file: &File,
    footer: &Footer,
    meta: &BlockMeta,
) -> Result<Vec<u8>, ReadError> {
    let end = meta.offset.checked_add(meta.length.into());
    if end.is_none_or(|end| footer.index_offset < end) {
        return Err(Damaged("a block lies outside of its file").into());
    }
    let mut bytes = vec![0; meta.length as usize];
    read_at(file, &mut bytes, meta.offset)?;
    Ok(bytes)
}

/// Why a part of a file could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Damaged(Damaged),
    Io(std::io::Error),
}

impl From<Damaged> for ReadError {
    fn from(error: Damaged) -> ReadError {
        ReadError::Damaged(error)
    }
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> ReadError {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                ReadError::Damaged(Damaged("the file is too short"))
            }
            _ => ReadError::Io(error),
        }
    }
}
