//! `audit.head`: number and hash of the last row, beside the database.
//!
//! The file has two lines of fixed length, written in turn and each with a check of its own: a
//! write that is cut off by a power cut leaves the line before. It is written after the commit of
//! the rows, so that after a crash it may be behind the database but never ahead of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::chain::{Link, RowHash, hex};
use super::error::JournalError;

/// Bytes of a line: number, hash, check, two blanks, one line feed.
const LINE_BYTES: usize = 20 + 1 + 64 + 1 + 16 + 1;

/// The file, open for writing.
pub(super) struct HeadFile {
    path: PathBuf,
    file: File,
}

impl HeadFile {
    /// Returns where the head of a data directory is.
    pub(super) fn path_in(directory: &Path) -> PathBuf {
        directory.join("audit.head")
    }

    /// Opens the file, or makes an empty one.
    pub(super) fn open(directory: &Path) -> Result<HeadFile, JournalError> {
        let path = HeadFile::path_in(directory);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| JournalError::io("opening", &path, error))?;
        Ok(HeadFile { path, file })
    }

    /// Returns the head; none when the file says nothing.
    pub(super) fn read(&mut self) -> Result<Option<Link>, JournalError> {
        let [first, second] = self.lines()?;
        Ok(newest(first, second))
    }

    /// Writes the head in the place of the older one, and returns when it survives a power cut.
    /// A head that is not older is replaced, too.
    pub(super) fn write(&mut self, link: Link) -> Result<(), JournalError> {
        let [first, second] = self.lines()?;
        let seq = |line: Option<Link>| line.map_or(0, |line| line.seq);
        let is_later = |line: Option<Link>| link.seq <= seq(line) && line.is_some();
        let to_first = is_later(first) || seq(first) < seq(second) || first.is_none();
        let to_second = is_later(second) || !to_first;
        self.write_lines(link, [to_first, to_second])
            .map_err(|error| JournalError::io("writing", &self.path, error))
    }

    fn write_lines(&mut self, link: Link, slots: [bool; 2]) -> io::Result<()> {
        for (slot, _) in (0_u64..).zip(slots).filter(|&(_, chosen)| chosen) {
            self.file.seek(SeekFrom::Start(slot * LINE_BYTES as u64))?;
            self.file.write_all(line(link).as_bytes())?;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn lines(&mut self) -> Result<[Option<Link>; 2], JournalError> {
        let mut text = Vec::new();
        let start = self.file.seek(SeekFrom::Start(0));
        start
            .and_then(|_| read_lines(&mut self.file, &mut text))
            .map_err(|error| JournalError::io("reading", &self.path, error))?;
        Ok(parse(&text))
    }
}

/// Returns the head of a data directory; none when there is no file or it says nothing.
pub(super) fn read(directory: &Path) -> Result<Option<Link>, JournalError> {
    let path = HeadFile::path_in(directory);
    let mut text = Vec::new();
    match File::open(&path).and_then(|mut file| read_lines(&mut file, &mut text)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| JournalError::io("reading", &path, error))?,
    };
    let [first, second] = parse(&text);
    Ok(newest(first, second))
}

fn read_lines(file: &mut File, text: &mut Vec<u8>) -> io::Result<()> {
    file.take(2 * LINE_BYTES as u64).read_to_end(text)?;
    Ok(())
}

fn newest(first: Option<Link>, second: Option<Link>) -> Option<Link> {
    match (first, second) {
        (Some(first), Some(second)) if first.seq < second.seq => Some(second),
        (first, second) => first.or(second),
    }
}

fn line(link: Link) -> String {
    let body = format!("{:020} {}", link.seq, link.hash);
    format!("{body} {}\n", check(&body))
}

/// Tells a line that was written whole from one that was not; it keeps nobody from changing it.
fn check(body: &str) -> String {
    hex(&Sha256::digest(body)[..8])
}

fn parse(text: &[u8]) -> [Option<Link>; 2] {
    let mut lines = text.chunks(LINE_BYTES);
    [lines.next(), lines.next()].map(|line| line.and_then(parse_line))
}

fn parse_line(line: &[u8]) -> Option<Link> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (body, found) = text.rsplit_once(' ')?;
    let (seq, hash) = body.split_once(' ')?;
    let link = Link {
        seq: seq.parse().ok()?,
        hash: RowHash::parse(hash)?,
    };
    (check(body) == found).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(seq: u64) -> Link {
        Link {
            seq,
            hash: RowHash([u8::try_from(seq).unwrap(); 32]),
        }
    }

    #[test]
    fn the_head_is_the_last_one_written() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
        let mut head = HeadFile::open(directory.path()).unwrap();
        assert_eq!(head.read().unwrap(), None);
        for seq in 0..5 {
            head.write(link(seq)).unwrap();
            assert_eq!(head.read().unwrap(), Some(link(seq)));
            assert_eq!(read(directory.path()).unwrap(), Some(link(seq)));
        }
    }

    #[test]
    fn a_head_that_goes_back_replaces_the_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let mut head = HeadFile::open(directory.path()).unwrap();
        for seq in [98, 99, 91, 92, 93, 10] {
            head.write(link(seq)).unwrap();
            assert_eq!(head.read().unwrap(), Some(link(seq)));
        }
    }

    #[test]
    fn every_torn_line_leaves_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        let mut head = HeadFile::open(directory.path()).unwrap();
        head.write(link(7)).unwrap();
        head.write(link(8)).unwrap();
        let path = HeadFile::path_in(directory.path());
        let old = std::fs::read(&path).unwrap();
        let new = line(link(9));
        for cut in 0..LINE_BYTES - 17 {
            let mut torn = old.clone();
            torn[..cut].copy_from_slice(&new.as_bytes()[..cut]);
            std::fs::write(&path, &torn).unwrap();
            let found = read(directory.path()).unwrap();
            assert_eq!(found, Some(link(8)), "after {cut} bytes");
        }
        for length in 0..LINE_BYTES {
            std::fs::write(&path, &old[..length]).unwrap();
            assert_eq!(read(directory.path()).unwrap(), None);
        }
    }
}
