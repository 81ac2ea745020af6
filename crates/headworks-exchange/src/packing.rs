//! gzip and zstd around files of text.

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a file of text is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Packing {
    /// Returns what follows the extension of the format.
    pub const fn extension(self) -> &'static str {
        match self {
            Packing::None => "",
            Packing::Gzip => ".gz",
            Packing::Zstd => ".zst",
        }
    }

    /// Finds the packing by the first bytes of a file.
    pub fn of_magic(head: &[u8]) -> Packing {
        match head {
            [0x1F, 0x8B, ..] => Packing::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Packing::Zstd,
            _ => Packing::None,
        }
    }

    /// Returns a reader of what is inside; a file that ends early is an error of its reader.
    pub fn unpack<'a>(self, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Packing::None => Box::new(packed),
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Zstd => {
                let mut decoder = zstd::Decoder::new(packed)?;
                // 128 MiB: a frame that wants more memory than that is not ours to serve
                decoder.window_log_max(27)?;
                Box::new(decoder)
            }
        })
    }
}

/// Compresses what is written, and can end a member so that what was written stands alone.
pub(crate) struct Packer<W: Write> {
    packing: Packing,
    state: State<W>,
}

enum State<W: Write> {
    /// Between two members.
    Open(Counted<W>),
    Gzip(GzEncoder<Counted<W>>),
    Zstd(zstd::Encoder<'static, Counted<W>>),
    /// An error took the writer.
    Lost,
}

/// A writer that counts.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(packing: Packing, inner: W) -> Packer<W> {
        Packer {
            packing,
            state: State::Open(Counted { inner, bytes: 0 }),
        }
    }

    /// Returns the bytes that have left so far.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.state {
            State::Open(counted) => counted.bytes,
            State::Gzip(encoder) => encoder.get_ref().bytes,
            State::Zstd(encoder) => encoder.get_ref().bytes,
            State::Lost => 0,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.begin()?;
        match &mut self.state {
            State::Open(counted) => counted.write_all(bytes),
            State::Gzip(encoder) => encoder.write_all(bytes),
            State::Zstd(encoder) => encoder.write_all(bytes),
            State::Lost => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends the member, so that the bytes so far are a whole file.
    pub(crate) fn cut(&mut self) -> io::Result<&mut W> {
        let mut counted = match std::mem::replace(&mut self.state, State::Lost) {
            State::Open(counted) => counted,
            State::Gzip(encoder) => encoder.finish()?,
            State::Zstd(encoder) => encoder.finish()?,
            State::Lost => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        counted.flush()?;
        self.state = State::Open(counted);
        match &mut self.state {
            State::Open(counted) => Ok(&mut counted.inner),
            State::Gzip(_) | State::Zstd(_) | State::Lost => unreachable!("it was just set"),
        }
    }

    /// Begins a member where one is needed.
    fn begin(&mut self) -> io::Result<()> {
        if self.packing == Packing::None || !matches!(self.state, State::Open(_)) {
            return Ok(());
        }
        let State::Open(counted) = std::mem::replace(&mut self.state, State::Lost) else {
            return Ok(());
        };
        self.state = match self.packing {
            Packing::None => State::Open(counted),
            Packing::Gzip => State::Gzip(GzEncoder::new(counted, flate2::Compression::fast())),
            Packing::Zstd => State::Zstd(zstd::Encoder::new(counted, 3)?),
        };
        Ok(())
    }
}
