//! Bytes that were received and not yet understood.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A buffer between a stream and the decoders; decoders consume every whole frame at once, so
/// that it holds little more than one frame.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
}

/// Bytes that one read may bring: some answers of the greatest size.
const READ_MAX: usize = 4096;
/// Bytes that may wait to be understood; no decoder asks for more than 1 KiB.
const HELD_MAX: usize = 16 * 1024;

impl Inbox {
    pub(super) fn new() -> Inbox {
        Inbox {
            bytes: Vec::with_capacity(READ_MAX),
            start: 0,
        }
    }

    /// Returns what is not yet understood.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    #[cfg(test)]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Waits for bytes; may be dropped while it waits without losing any.
    pub(super) async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        if 0 < self.start {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if HELD_MAX < self.bytes.len() {
            return Err(io::Error::other("more bytes than frames can have"));
        }
        self.bytes.reserve(READ_MAX);
        match stream.read_buf(&mut self.bytes).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
