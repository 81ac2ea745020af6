use proptest::prelude::*;

use super::number::{f64_to_half, half_to_f64};
use super::*;
use crate::value::Value;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn format(data_type: DataType, order: ByteOrder) -> RegisterFormat {
    let length = if data_type == DataType::String {
        Some(4)
    } else {
        None
    };
    RegisterFormat::new(data_type, order, length, None).unwrap()
}

/// Both directions, in the four orders ABCD, CDAB, BADC, DCBA.
#[track_caller]
fn check(data_type: DataType, value: Value, wires: [&str; 4]) {
    for (order, wire) in ByteOrder::ALL.into_iter().zip(wires) {
        let format = format(data_type, order);
        assert_eq!(
            format.decode(&bytes(wire)).as_ref(),
            Ok(&value),
            "{data_type} {order}"
        );
        assert_eq!(
            format.encode(&value),
            Ok(bytes(wire)),
            "{data_type} {order}"
        );
    }
}

#[test]
fn orders_are_those_of_the_field() {
    use DataType::*;
    check(
        Uint32,
        Value::I64(0x1234_5678),
        ["12345678", "56781234", "34127856", "78563412"],
    );
    check(
        Float32,
        Value::F64(f64::from(123.456_f32)),
        ["42F6E979", "E97942F6", "F64279E9", "79E9F642"],
    );
    check(
        Float64,
        Value::F64(123_456.789),
        [
            "40FE240C9FBE76C9",
            "76C99FBE240C40FE",
            "FE400C24BE9FC976",
            "C976BE9F0C24FE40",
        ],
    );
    check(
        Int32,
        Value::I64(-123_456),
        ["FFFE1DC0", "1DC0FFFE", "FEFFC01D", "C01DFEFF"],
    );
    check(
        Int64,
        Value::I64(-1_234_567_890_123),
        [
            "FFFFFEE08E04FB35",
            "FB358E04FEE0FFFF",
            "FFFFE0FE048E35FB",
            "35FB048EE0FEFFFF",
        ],
    );
    check(
        Uint64,
        Value::U64(1),
        [
            "0000000000000001",
            "0001000000000000",
            "0000000000000100",
            "0100000000000000",
        ],
    );
    check(Int16, Value::I64(-2), ["FFFE", "FFFE", "FEFF", "FEFF"]);
    check(Uint16, Value::I64(0x0102), ["0102", "0102", "0201", "0201"]);
    check(Float16, Value::F64(1.5), ["3E00", "3E00", "003E", "003E"]);
    check(Bcd16, Value::I64(1234), ["1234", "1234", "3412", "3412"]);
    check(
        Bcd32,
        Value::I64(12_345_678),
        ["12345678", "56781234", "34127856", "78563412"],
    );
    check(Bool, Value::Bool(true), ["0001", "0001", "0100", "0100"]);
}

#[test]
fn bytes_of_a_register_are_read_apart() {
    let read = |data_type| {
        format(data_type, ByteOrder::Abcd)
            .decode(&[0x80, 0xFF])
            .unwrap()
    };
    assert_eq!(read(DataType::Int8), Value::I64(-1));
    assert_eq!(read(DataType::Uint8), Value::I64(255));
    assert_eq!(read(DataType::Int8High), Value::I64(-128));
    assert_eq!(read(DataType::Uint8High), Value::I64(128));
}

#[test]
fn bit_0_is_the_lowest() {
    let bit = |bit| {
        let format = RegisterFormat::new(DataType::Bool, ByteOrder::Abcd, None, Some(bit)).unwrap();
        format.decode(&[0x80, 0x01]).unwrap()
    };
    assert_eq!(
        [bit(0), bit(1), bit(15)].map(|value| value == Value::Bool(true)),
        [true, false, true]
    );
}

#[test]
fn strings_end_at_nul_or_blanks_and_fall_back_to_latin_1() {
    let read = |order, wire: &[u8]| format(DataType::String, order).decode(wire).unwrap();
    assert_eq!(read(ByteOrder::Abcd, b"pump 1\0x"), "pump 1".into());
    assert_eq!(read(ByteOrder::Badc, b"uppm1 \0\0"), "pump 1".into());
    assert_eq!(read(ByteOrder::Abcd, b"ab      "), "ab".into());
    assert_eq!(read(ByteOrder::Abcd, b"\xB0C\0\0\0\0\0\0"), "°C".into());
    assert_eq!(
        read(ByteOrder::Abcd, "°C\0\0\0\0\0".as_bytes()),
        "°C".into()
    );
    let wire = format(DataType::String, ByteOrder::Badc)
        .encode(&"pump1".into())
        .unwrap();
    assert_eq!(wire, b"uppm\x001\0\0");
}

#[test]
fn nan_infinity_and_wrong_digits_are_no_values() {
    let read = |data_type, hex| format(data_type, ByteOrder::Abcd).decode(&bytes(hex));
    assert_eq!(
        read(DataType::Float32, "7FC00000"),
        Err(DecodeError::NotFinite)
    );
    assert_eq!(
        read(DataType::Float64, "FFF0000000000000"),
        Err(DecodeError::NotFinite)
    );
    assert_eq!(read(DataType::Float16, "7C00"), Err(DecodeError::NotFinite));
    assert_eq!(read(DataType::Bcd16, "12A4"), Err(DecodeError::BcdDigit));
}

#[test]
fn every_wrong_length_is_an_error_not_a_panic() {
    for data_type in DataType::ALL {
        for order in ByteOrder::ALL {
            let format = format(data_type, order);
            for len in (0..20).filter(|&len| len != usize::from(format.registers()) * 2) {
                let found = format.decode(&vec![0x11; len]);
                assert!(
                    matches!(found, Err(DecodeError::Length { .. })),
                    "{data_type} {len}"
                );
            }
        }
    }
}

#[track_caller]
fn check_refused(data_type: DataType, value: Value, want: &str) {
    let error = format(data_type, ByteOrder::Abcd)
        .encode(&value)
        .unwrap_err()
        .to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_range() {
    check_refused(DataType::Int16, Value::I64(32_768), "holds -32768 to 32767");
    check_refused(DataType::Uint16, Value::F64(-0.6), "holds 0 to 65535");
    check_refused(DataType::Uint32, Value::I64(-1), "holds 0 to 4294967295");
    check_refused(DataType::Int64, Value::U64(u64::MAX), "out of range");
    check_refused(DataType::Float32, Value::F64(1e39), "out of range");
    check_refused(DataType::Bcd16, Value::I64(10_000), "holds 0 to 9999");
    check_refused(DataType::Bool, Value::I64(2), "holds 0 to 1");
    check_refused(DataType::Int16, "x".into(), "cannot hold a text");
    check_refused(DataType::String, Value::I64(1), "cannot hold an integer");
    check_refused(DataType::String, "123456789".into(), "9 bytes, at most 8");
    check_refused(DataType::Uint8, Value::I64(1), "part of a register");
}

#[test]
fn formats_that_cannot_be_are_refused() {
    let new = |data_type, length, bit| {
        RegisterFormat::new(data_type, ByteOrder::Abcd, length, bit)
            .unwrap_err()
            .to_string()
    };
    assert!(new(DataType::String, None, None).contains("1 to 125 registers, not 0"));
    assert!(new(DataType::String, Some(126), None).contains("not 126"));
    assert!(new(DataType::Int32, Some(3), None).contains("takes 2 registers, not 3"));
    assert!(new(DataType::Bool, None, Some(16)).contains("bits 0 to 15"));
    assert!(new(DataType::Int16, None, Some(3)).contains("type bool, not int16"));
}

#[test]
fn every_half_survives_the_round_trip() {
    for bits in (0..=u16::MAX).filter(|bits| bits & 0x7C00 != 0x7C00) {
        assert_eq!(f64_to_half(half_to_f64(bits)), bits, "{bits:#06X}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        data_type in prop::sample::select(&DataType::ALL[5..13]),
        order in prop::sample::select(&ByteOrder::ALL[..]),
        wire in prop::collection::vec(any::<u8>(), 8),
    ) {
        let format = format(data_type, order);
        let wire = &wire[..usize::from(format.registers()) * 2];
        if let Ok(value) = format.decode(wire) {
            prop_assert_eq!(format.encode(&value).unwrap(), wire);
        }
    }

    #[test]
    fn text_survives(
        text in "[ -~°äé]{0,4}[!-~]",
        order in prop::sample::select(&ByteOrder::ALL[..]),
    ) {
        let format = RegisterFormat::new(DataType::String, order, Some(6), None).unwrap();
        let value = Value::from(text.as_str());
        prop_assert_eq!(format.decode(&format.encode(&value).unwrap()).unwrap(), value);
    }
}
