//! Modbus RTU: unit, PDU and CRC on a serial line, or through a transparent serial server.
//!
//! Source: *MODBUS over Serial Line Specification and Implementation Guide V1.02*, section 2.5.1.
//! Frames are told apart by the length that their own bytes say and by the CRC, not by silence:
//! neither an operating system nor a serial server keeps silences of a millisecond.

use std::time::Duration;

use super::frame::{Direction, Frame, Step};
use super::identity;
use super::pdu::EXCEPTION_BIT;

/// Most bytes of a frame (section 2.5.1.1).
pub const FRAME_BYTES_MAX: usize = 256;
/// Least bytes of a frame: unit, function, CRC.
const FRAME_BYTES_MIN: usize = 4;

/// Appends a frame (section 2.5.1.1).
pub fn encode(unit: u8, pdu: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let start = out.len();
    out.push(unit);
    pdu(out);
    let crc = crc(&out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// Returns the first frame of `bytes`, past noise before it (section 2.5.1).
///
/// Noise is never an error: a line has it, and the time-out of the request ends a search in vain.
pub fn decode(bytes: &[u8], direction: Direction) -> Step {
    for start in 0..bytes.len() {
        let rest = &bytes[start..];
        let Some(length) = frame_length(rest, direction) else {
            continue;
        };
        let Some(frame) = rest.get(..length) else {
            // Bytes at the very start may be the head of a frame to come; later ones are noise
            // unless they are whole, so that noise cannot hide a frame behind it.
            if start == 0 {
                return Step::More;
            }
            continue;
        };
        if crc(frame) == 0 {
            return Step::Frame(Frame {
                transaction: None,
                unit: frame[0],
                pdu: start + 1..start + length - 2,
                consumed: start + length,
            });
        }
    }
    if FRAME_BYTES_MAX * 2 < bytes.len() {
        return Step::Skip(bytes.len() - FRAME_BYTES_MAX);
    }
    Step::More
}

/// Returns the length of the frame that starts with `bytes` as far as it can be told, nothing
/// when no frame starts so.
///
/// While too little is there to tell, the answer is a length that is not there yet.
fn frame_length(bytes: &[u8], direction: Direction) -> Option<usize> {
    let &function = match bytes {
        [] | [_] => return Some(FRAME_BYTES_MIN),
        [_, function, ..] => function,
    };
    let counted = |index: usize| {
        let count = bytes.get(index).copied().unwrap_or(0);
        let length = index + 1 + usize::from(count) + 2;
        (length <= FRAME_BYTES_MAX).then_some(length)
    };
    match (direction, function) {
        (Direction::Request, 1..=6) | (Direction::Answer, 5 | 6 | 15 | 16) => Some(8),
        (Direction::Request | Direction::Answer, 22) => Some(10),
        (Direction::Request, 15 | 16) => counted(6),
        (Direction::Request, 23) => counted(10),
        (Direction::Answer, 1..=4 | 23) => counted(2),
        (Direction::Request, identity::FUNCTION) => Some(7),
        (Direction::Answer, identity::FUNCTION) => {
            let length = 1 + identity::answer_length(&bytes[1..]) + 2;
            (length <= FRAME_BYTES_MAX).then_some(length)
        }
        (Direction::Answer, _) if function & EXCEPTION_BIT != 0 => Some(5),
        (Direction::Request | Direction::Answer, _) => None,
    }
}

/// Returns the CRC of `bytes`; that of a frame with its own CRC is 0 (section 2.5.1.2).
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        crc >> 8 ^ CRC_TABLE[usize::from(crc ^ u16::from(byte)) & 0xFF]
    })
}

static CRC_TABLE: [u16; 256] = crc_table();

/// The polynomial 0xA001 over each byte (section 6.2.2).
const fn crc_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0u16;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xA001;
            }
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}

/// Returns the longest silence within a frame (t1.5, section 2.5.1.1).
pub const fn silence_within(baud_rate: u32) -> Duration {
    if 19_200 < baud_rate {
        Duration::from_micros(750)
    } else {
        character(baud_rate, 15)
    }
}

/// Returns the shortest silence between frames (t3.5, section 2.5.1.1).
pub const fn silence_between(baud_rate: u32) -> Duration {
    if 19_200 < baud_rate {
        Duration::from_micros(1750)
    } else {
        character(baud_rate, 35)
    }
}

/// Returns the time of so many tenths of a character of 11 bits.
const fn character(baud_rate: u32, tenths: u64) -> Duration {
    let baud_rate = if baud_rate == 0 { 1 } else { baud_rate };
    Duration::from_nanos(tenths * 1_100_000_000 / baud_rate as u64)
}

#[cfg(test)]
mod tests;
