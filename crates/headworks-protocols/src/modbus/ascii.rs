//! Modbus ASCII: frames of hexadecimal digits between `:` and CR LF.
//!
//! Source: *MODBUS over Serial Line Specification and Implementation Guide V1.02*, section 2.5.2.

use super::frame::{Frame, Step};

/// Most characters of a frame (section 2.5.2.1).
pub const FRAME_BYTES_MAX: usize = 513;
/// Least bytes of a frame as digits: unit, function, LRC.
const BYTES_MIN: usize = 3;
/// Longest silence within a frame (section 2.5.2.1).
pub const SILENCE_WITHIN_MAX: std::time::Duration = std::time::Duration::from_secs(1);

/// Appends a frame (section 2.5.2.1).
pub fn encode(unit: u8, pdu: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let mut bytes = Vec::with_capacity(FRAME_BYTES_MAX / 2);
    bytes.push(unit);
    pdu(&mut bytes);
    bytes.push(lrc(&bytes));
    out.push(b':');
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 0xF)]);
    }
    out.extend_from_slice(b"\r\n");
}

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Returns the first frame of `bytes`, past noise before it (section 2.5.2.1).
///
/// The digits of a whole frame are replaced by the bytes they say, so that the frame's PDU is a
/// part of `bytes`. A frame with a bad digit or a wrong LRC is skipped: the line garbled it.
pub fn decode(bytes: &mut [u8]) -> Step {
    let Some(start) = bytes.iter().position(|&byte| byte == b':') else {
        return skip(bytes.len());
    };
    // A new colon starts a new frame, whatever came before it (section 2.5.2.1).
    let rest = &bytes[start + 1..];
    let Some(end) = rest.iter().position(|&byte| matches!(byte, b':' | b'\n')) else {
        if FRAME_BYTES_MAX < rest.len() {
            return Step::Skip(start + 1);
        }
        return skip(start);
    };
    let end = start + 1 + end;
    if bytes[end] == b':' {
        return Step::Skip(end);
    }
    let line = &mut bytes[start + 1..end];
    match to_bytes(line) {
        Some(count) if BYTES_MIN <= count && lrc(&line[..count]) == 0 => Step::Frame(Frame {
            transaction: None,
            unit: line[0],
            pdu: start + 2..start + count,
            consumed: end + 1,
        }),
        _ => Step::Skip(end + 1),
    }
}

fn skip(count: usize) -> Step {
    if count == 0 {
        Step::More
    } else {
        Step::Skip(count)
    }
}

/// Replaces the digits of a line that ends with CR by bytes; returns how many.
fn to_bytes(line: &mut [u8]) -> Option<usize> {
    let digits = line.strip_suffix(b"\r")?.len();
    if digits % 2 == 1 || FRAME_BYTES_MAX < digits + 3 {
        return None;
    }
    for index in 0..digits / 2 {
        let high = digit(line[index * 2])?;
        let low = digit(line[index * 2 + 1])?;
        line[index] = high << 4 | low;
    }
    Some(digits / 2)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Returns the LRC of `bytes`; that of a frame with its own LRC is 0 (section 2.5.2.2).
pub fn lrc(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0u8, |sum, &byte| sum.wrapping_add(byte))
        .wrapping_neg()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Read one register at 0 of unit 1.
    const FRAME: &[u8] = b":010300000001FB\r\n";

    fn frame(bytes: &[u8]) -> (Step, Vec<u8>) {
        let mut bytes = bytes.to_vec();
        let step = decode(&mut bytes);
        let pdu = match &step {
            Step::Frame(frame) => bytes[frame.pdu.clone()].to_vec(),
            Step::More | Step::Skip(_) => Vec::new(),
        };
        (step, pdu)
    }

    #[test]
    fn a_frame_goes_both_ways() {
        let mut out = Vec::new();
        encode(1, |out| out.extend_from_slice(&[3, 0, 0, 0, 1]), &mut out);
        assert_eq!(out, FRAME);
        let (step, pdu) = frame(FRAME);
        assert!(
            matches!(
                step,
                Step::Frame(Frame {
                    unit: 1,
                    consumed: 17,
                    ..
                })
            ),
            "{step:?}"
        );
        assert_eq!(pdu, [3, 0, 0, 0, 1]);
    }

    #[test]
    fn every_truncation_wants_more() {
        for len in 0..FRAME.len() {
            assert_eq!(frame(&FRAME[..len]).0, Step::More, "{len} bytes");
        }
    }

    #[test]
    fn noise_and_broken_frames_are_skipped() {
        for (bytes, want) in [
            (&b"xyz"[..], Step::Skip(3)),
            (b"xyz:01", Step::Skip(3)),
            (b":0103:01", Step::Skip(5)),
            (b":010300000001FC\r\n", Step::Skip(17)),
            (b":01030000000GFB\r\n", Step::Skip(17)),
            (b":010300000001FB\n", Step::Skip(16)),
            (b":01FF\r\n", Step::Skip(7)),
            (b":\r\n", Step::Skip(3)),
        ] {
            assert_eq!(frame(bytes).0, want, "{bytes:?}");
        }
        let endless = [&b":"[..], &[b'0'; 600]].concat();
        assert_eq!(frame(&endless).0, Step::Skip(1));
    }

    proptest! {
        #[test]
        fn any_pdu_comes_back(
            unit: u8,
            pdu in proptest::collection::vec(any::<u8>(), 1..=253),
        ) {
            let mut out = Vec::new();
            encode(unit, |out| out.extend_from_slice(&pdu), &mut out);
            prop_assert!(out.len() <= FRAME_BYTES_MAX);
            let (step, found) = frame(&out);
            prop_assert_eq!(found, pdu);
            prop_assert!(matches!(step, Step::Frame(frame) if frame.unit == unit));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            frame(&bytes);
        }

        #[test]
        fn random_lines_never_panic(text in ":?[0-9A-F:\r\n]{0,40}") {
            frame(text.as_bytes());
        }
    }
}
