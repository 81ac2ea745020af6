use proptest::prelude::*;

use super::*;

/// Read ten registers of unit 1.
const REQUEST: [u8; 8] = [1, 3, 0, 0, 0, 0x0A, 0xC5, 0xCD];

fn answer() -> Vec<u8> {
    let mut out = Vec::new();
    encode(
        1,
        |out| out.extend_from_slice(&[3, 4, 0, 1, 0, 2]),
        &mut out,
    );
    out
}

fn frame(bytes: &[u8], direction: Direction) -> Option<(u8, Vec<u8>, usize)> {
    match decode(bytes, direction) {
        Step::Frame(frame) => Some((frame.unit, bytes[frame.pdu].to_vec(), frame.consumed)),
        Step::More | Step::Skip(_) => None,
    }
}

#[test]
fn the_crc_is_that_of_known_frames() {
    for known in [REQUEST, [0xD2, 3, 0, 0, 0, 0x3E, 0xD7, 0xB9]] {
        let mut out = Vec::new();
        encode(
            known[0],
            |out| out.extend_from_slice(&known[1..6]),
            &mut out,
        );
        assert_eq!(out, known);
        assert_eq!(crc(&known), 0);
    }
}

#[test]
fn silences_are_those_of_the_specification() {
    for (baud_rate, within_us, between_us) in [
        (1200, 13_750, 32_083),
        (2400, 6_875, 16_041),
        (9600, 1_718, 4_010),
        (19_200, 859, 2_005),
        (38_400, 750, 1_750),
        (115_200, 750, 1_750),
    ] {
        assert_eq!(silence_within(baud_rate).as_micros(), within_us);
        assert_eq!(silence_between(baud_rate).as_micros(), between_us);
    }
}

#[test]
fn every_truncation_wants_more() {
    let answer = answer();
    for len in 0..answer.len() {
        assert_eq!(decode(&answer[..len], Direction::Answer), Step::More);
    }
    for len in 0..REQUEST.len() {
        assert_eq!(decode(&REQUEST[..len], Direction::Request), Step::More);
    }
    assert!(frame(&REQUEST, Direction::Request).is_some());
}

#[test]
fn noise_before_a_frame_is_skipped() {
    let answer = answer();
    for count in 1..=40 {
        for byte in [0, 0x55, 0xFF] {
            let mut bytes = vec![byte; count];
            bytes.extend_from_slice(&answer);
            let found = frame(&bytes, Direction::Answer);
            assert_eq!(
                found,
                Some((1, vec![3, 4, 0, 1, 0, 2], bytes.len())),
                "{count} x {byte:02X}"
            );
        }
    }
}

#[test]
fn a_wrong_crc_is_no_frame() {
    let mut bytes = answer();
    bytes[4] ^= 1;
    assert_eq!(frame(&bytes, Direction::Answer), None);
    bytes.extend_from_slice(&answer());
    assert!(frame(&bytes, Direction::Answer).is_some());
}

#[test]
fn noise_without_end_is_dropped_in_bounds() {
    let bytes = vec![0x41; 600];
    assert_eq!(decode(&bytes, Direction::Answer), Step::Skip(600 - 256));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
        for direction in [Direction::Request, Direction::Answer] {
            if let Step::Frame(frame) = decode(&bytes, direction) {
                prop_assert!(frame.consumed <= bytes.len());
                prop_assert!(frame.pdu.end <= frame.consumed);
                prop_assert!(frame.pdu.start < frame.pdu.end);
            }
        }
    }
}
