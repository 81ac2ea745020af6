//! Modbus over TCP: the header before each PDU.
//!
//! Source: *MODBUS Messaging on TCP/IP Implementation Guide V1.0b*, section 3.1.3: transaction
//! id, protocol id 0, length of what follows, unit id; all big-endian.

use super::frame::{Frame, FrameError, Step};
use super::pdu::PDU_BYTES_MAX;

/// Bytes before the PDU.
pub const HEADER_BYTES: usize = 7;
/// Most bytes of a frame.
pub const FRAME_BYTES_MAX: usize = HEADER_BYTES + PDU_BYTES_MAX;

/// Appends a frame (section 3.1.3).
pub fn encode(transaction: u16, unit: u8, pdu: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&transaction.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0, unit]);
    pdu(out);
    let length = u16::try_from(out.len() - start - 6).unwrap_or(u16::MAX);
    out[start + 4..start + 6].copy_from_slice(&length.to_be_bytes());
}

/// Returns the first frame of `bytes` (section 3.1.3).
///
/// # Errors
///
/// [`FrameError::Protocol`] and [`FrameError::Length`]: then the stream has lost its frames and
/// the connection is of no more use.
pub fn decode(bytes: &[u8]) -> Result<Step, FrameError> {
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
        return check_start(bytes).map(|()| Step::More);
    };
    check_start(bytes)?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if !(2..=PDU_BYTES_MAX + 1).contains(&length) {
        return Err(FrameError::Length { found: length });
    }
    let end = HEADER_BYTES - 1 + length;
    if bytes.len() < end {
        return Ok(Step::More);
    }
    Ok(Step::Frame(Frame {
        transaction: Some(u16::from_be_bytes([header[0], header[1]])),
        unit: header[6],
        pdu: HEADER_BYTES..end,
        consumed: end,
    }))
}

/// Refuses a protocol id as early as its bytes are there, so that a text banner is named at once.
fn check_start(bytes: &[u8]) -> Result<(), FrameError> {
    match bytes {
        [_, _, 0, 0, ..] | [_, _, 0] | [_, _] | [_] | [] => Ok(()),
        [_, _, high, rest @ ..] => {
            let low = rest.first().copied().unwrap_or(0);
            let found = u16::from_be_bytes([*high, low]);
            Err(FrameError::Protocol { found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the guide: read one register at 5 of unit 9.
    const FRAME: [u8; 12] = [0x15, 1, 0, 0, 0, 6, 9, 3, 0, 4, 0, 1];

    #[test]
    fn a_frame_is_encoded_as_the_guide_says() {
        let mut out = Vec::new();
        encode(
            0x1501,
            9,
            |out| out.extend_from_slice(&[3, 0, 4, 0, 1]),
            &mut out,
        );
        assert_eq!(out, FRAME);
    }

    #[test]
    fn every_truncation_wants_more() {
        for len in 0..FRAME.len() {
            assert_eq!(decode(&FRAME[..len]), Ok(Step::More), "{len} bytes");
        }
        let two = [FRAME, FRAME].concat();
        let want = Frame {
            transaction: Some(0x1501),
            unit: 9,
            pdu: 7..12,
            consumed: 12,
        };
        assert_eq!(decode(&two), Ok(Step::Frame(want)));
    }

    #[test]
    fn a_wrong_protocol_or_length_is_an_error_at_once() {
        let found = u16::from_be_bytes(*b"TP");
        assert_eq!(decode(b"HTTP/1.1"), Err(FrameError::Protocol { found }));
        for found in [0, 1, 255, 0xFFFF] {
            let [high, low] = u16::try_from(found).unwrap().to_be_bytes();
            let bytes = [0, 1, 0, 0, high, low, 1];
            assert_eq!(decode(&bytes), Err(FrameError::Length { found }));
        }
    }
}
