//! What the three framings have in common.

use std::ops::Range;

use super::{ascii, mbap, rtu};

/// How PDUs are put on a stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The header of Modbus over TCP.
    Mbap,
    /// Binary with CRC.
    Rtu,
    /// Hexadecimal digits with LRC.
    Ascii,
}

/// Which way frames go; in RTU only the direction tells how long a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to server.
    Request,
    /// From server to client.
    Answer,
}

/// One frame within a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The transaction id, which only TCP has.
    pub transaction: Option<u16>,
    /// The unit id.
    pub unit: u8,
    /// Where the PDU stands, at least one byte.
    pub pdu: Range<usize>,
    /// Bytes of the buffer up to the end of the frame.
    pub consumed: usize,
}

/// What a decoder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A whole frame.
    Frame(Frame),
    /// No whole frame yet.
    More,
    /// So many bytes are of no use; drop them and ask again.
    Skip(usize),
}

/// Why a stream has lost its frames.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not Modbus.
    #[error(
        "protocol id {found:#06X} where Modbus has 0; is the port that of a Modbus TCP server, \
         or one of RTU over TCP?"
    )]
    Protocol {
        /// The id received.
        found: u16,
    },
    /// A length that no frame has.
    #[error("a frame says {found} bytes where 2 to 254 are possible")]
    Length {
        /// The length received.
        found: usize,
    },
}

impl Framing {
    /// Appends a frame whose PDU is written by `pdu`; `transaction` is used by TCP only.
    pub fn encode(
        self,
        transaction: u16,
        unit: u8,
        pdu: impl FnOnce(&mut Vec<u8>),
        out: &mut Vec<u8>,
    ) {
        match self {
            Framing::Mbap => mbap::encode(transaction, unit, pdu, out),
            Framing::Rtu => rtu::encode(unit, pdu, out),
            Framing::Ascii => ascii::encode(unit, pdu, out),
        }
    }

    /// Returns the first frame of `bytes`; the PDU of an ASCII frame is decoded in place.
    ///
    /// # Errors
    ///
    /// [`FrameError`] when the stream cannot be followed any more; serial framings find the next
    /// frame by themselves.
    pub fn decode(self, bytes: &mut [u8], direction: Direction) -> Result<Step, FrameError> {
        match self {
            Framing::Mbap => mbap::decode(bytes),
            Framing::Rtu => Ok(rtu::decode(bytes, direction)),
            Framing::Ascii => Ok(ascii::decode(bytes)),
        }
    }
}
