//! Bodies between the threads of sockets and those that read and write: bounded both ways.

use std::io::{self, Read, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Pieces that wait between two threads.
const PIECES: usize = 8;
/// Bytes of a piece of an answer.
const PIECE_BYTES: usize = 64 << 10;
/// Longest time that the other side may stand still.
const STILL: Duration = Duration::from_secs(60);

type Piece = Result<Bytes, io::Error>;

/// Returns a writer for a blocking thread, and the body that it fills.
pub(crate) fn answer() -> (BodyWriter, Body) {
    let (pieces, receiver) = mpsc::channel::<Piece>(PIECES);
    let rest = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let writer = BodyWriter {
        pieces,
        buffer: Vec::with_capacity(PIECE_BYTES),
        runtime: Handle::current(),
    };
    (writer, Body::from_stream(rest))
}

/// Fills the body of an answer; waits for the client.
pub(crate) struct BodyWriter {
    pieces: mpsc::Sender<Piece>,
    buffer: Vec<u8>,
    runtime: Handle,
}

impl BodyWriter {
    /// Breaks the answer off, so that the client sees that it is not whole.
    pub(crate) fn abort(self, reason: String) {
        // A client that has gone needs no reason.
        drop(self.pieces.blocking_send(Err(io::Error::other(reason))));
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES));
        let sent = self.runtime.block_on(async {
            tokio::time::timeout(STILL, self.pieces.send(Ok(piece.into()))).await
        });
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES - self.buffer.len();
        let taken = bytes.len().min(room);
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == PIECE_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.send()
    }
}

/// Returns a reader of a body for a blocking thread; it fails when the body breaks off, stands
/// still, or is longer than `bytes_max`.
pub(crate) fn reader(body: Body, bytes_max: u64) -> BodyReader {
    let (sender, pieces) = mpsc::channel::<Piece>(PIECES);
    tokio::spawn(pump(body, sender));
    BodyReader {
        pieces,
        piece: Bytes::new(),
        left: bytes_max,
        bytes_max,
    }
}

async fn pump(body: Body, sender: mpsc::Sender<Piece>) {
    let mut pieces = body.into_data_stream();
    loop {
        let piece = match tokio::time::timeout(STILL, pieces.next()).await {
            Ok(None) => return,
            Ok(Some(Ok(piece))) => Ok(piece),
            Ok(Some(Err(error))) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the upload broke off: {error}"),
            )),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("nothing came for {} s", STILL.as_secs()),
            )),
        };
        let broken = piece.is_err();
        if sender.send(piece).await.is_err() || broken {
            return;
        }
    }
}

/// Reads a body.
pub(crate) struct BodyReader {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
    left: u64,
    bytes_max: u64,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(Err(error)) => return Err(error),
                Some(Ok(piece)) => {
                    let rest = self.left.checked_sub(piece.len() as u64);
                    self.left = rest.ok_or_else(|| too_long(self.bytes_max))?;
                    self.piece = piece;
                }
            }
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

fn too_long(bytes_max: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("the body is longer than {} MiB", bytes_max >> 20),
    )
}
