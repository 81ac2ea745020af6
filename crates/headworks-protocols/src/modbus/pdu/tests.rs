use proptest::prelude::*;

use super::*;

const PAIR: Request = Request::Read {
    table: Table::Holding,
    start: 0,
    count: 2,
};

fn encoded(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(&mut out);
    out
}

/// The examples of section 6 of the specification: request and answer.
fn examples() -> Vec<(Request, Vec<u8>, Vec<u8>)> {
    let read = |table, start, count| Request::Read {
        table,
        start,
        count,
    };
    vec![
        (
            read(Table::Coil, 0x13, 0x13),
            vec![1, 0, 0x13, 0, 0x13],
            vec![1, 3, 0xCD, 0x6B, 0x05],
        ),
        (
            read(Table::Discrete, 0xC4, 0x16),
            vec![2, 0, 0xC4, 0, 0x16],
            vec![2, 3, 0xAC, 0xDB, 0x35],
        ),
        (
            read(Table::Holding, 0x6B, 3),
            vec![3, 0, 0x6B, 0, 3],
            vec![3, 6, 2, 0x2B, 0, 0, 0, 0x64],
        ),
        (
            read(Table::Input, 8, 1),
            vec![4, 0, 8, 0, 1],
            vec![4, 2, 0, 0x0A],
        ),
        (
            Request::WriteCoil {
                address: 0xAC,
                on: true,
            },
            vec![5, 0, 0xAC, 0xFF, 0],
            vec![5, 0, 0xAC, 0xFF, 0],
        ),
        (
            Request::WriteRegister {
                address: 1,
                value: 3,
            },
            vec![6, 0, 1, 0, 3],
            vec![6, 0, 1, 0, 3],
        ),
    ]
}

/// Those whose requests or answers have a length of their own.
fn long_examples() -> Vec<(Request, Vec<u8>, Vec<u8>)> {
    vec![
        (
            Request::WriteCoils {
                start: 0x13,
                values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0].map(|bit| bit == 1).to_vec(),
            },
            vec![15, 0, 0x13, 0, 0x0A, 2, 0xCD, 1],
            vec![15, 0, 0x13, 0, 0x0A],
        ),
        (
            Request::WriteRegisters {
                start: 1,
                bytes: vec![0, 0x0A, 1, 2],
            },
            vec![16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2],
            vec![16, 0, 1, 0, 2],
        ),
        (
            Request::MaskRegister {
                address: 4,
                and_mask: 0xF2,
                or_mask: 0x25,
            },
            vec![22, 0, 4, 0, 0xF2, 0, 0x25],
            vec![22, 0, 4, 0, 0xF2, 0, 0x25],
        ),
        (
            Request::ReadWriteRegisters {
                read_start: 3,
                read_count: 6,
                write_start: 0x0E,
                bytes: vec![0, 0xFF, 0, 0xFF, 0, 0xFF],
            },
            vec![23, 0, 3, 0, 6, 0, 0x0E, 0, 3, 6, 0, 0xFF, 0, 0xFF, 0, 0xFF],
            vec![23, 12, 0, 0xFE, 0x0A, 0xCD, 0, 1, 0, 3, 0, 0x0D, 0, 0xFF],
        ),
    ]
}

#[test]
fn requests_and_answers_are_those_of_the_specification() {
    for (request, bytes, answer) in examples().into_iter().chain(long_examples()) {
        assert_eq!(encoded(&request), bytes);
        assert_eq!(Request::decode(&bytes), Ok(request.clone()));
        let decoded = request.decode_answer(&answer).unwrap();
        let mut again = Vec::new();
        request.encode_answer(decoded, &mut again);
        assert_eq!(again, answer);
    }
}

#[test]
fn every_truncation_is_an_error_not_a_panic() {
    for (request, bytes, answer) in examples().into_iter().chain(long_examples()) {
        for len in 0..bytes.len() {
            assert!(Request::decode(&bytes[..len]).is_err(), "{request:?} {len}");
        }
        for len in 0..answer.len() {
            let error = request.decode_answer(&answer[..len]);
            assert!(error.is_err(), "{request:?} {len}");
        }
        for (whole, is_request) in [(bytes, true), (answer, false)] {
            let longer = [whole, vec![0]].concat();
            if is_request {
                assert!(Request::decode(&longer).is_err(), "{request:?}");
            } else {
                assert!(request.decode_answer(&longer).is_err(), "{request:?}");
            }
        }
    }
}

#[test]
fn an_answer_is_believed_only_when_all_of_it_fits() {
    let want = 4;
    for (pdu, error) in [
        (&[3, 2, 0, 7][..], AnswerError::ByteCount { want, found: 2 }),
        (
            &[3, 6, 0, 7, 0, 7, 0, 7],
            AnswerError::ByteCount { want, found: 6 },
        ),
        (&[3, 4, 0, 7], AnswerError::Length { want: 6, found: 4 }),
        (
            &[4, 4, 0, 7, 0, 7],
            AnswerError::Function { want: 3, found: 4 },
        ),
        (
            &[0x84, 2],
            AnswerError::Function {
                want: 3,
                found: 0x84,
            },
        ),
        (&[0x83], AnswerError::Length { want: 2, found: 1 }),
        (&[0x83, 2, 0], AnswerError::Length { want: 2, found: 3 }),
        (&[0x83, 2], AnswerError::Exception(ExceptionCode(2))),
        (&[0x83, 0xE1], AnswerError::Exception(ExceptionCode(0xE1))),
    ] {
        assert_eq!(PAIR.decode_answer(pdu), Err(error), "{pdu:?}");
    }
}

#[test]
fn an_echo_of_something_else_is_an_error() {
    let request = Request::WriteRegister {
        address: 1,
        value: 3,
    };
    let error = request.decode_answer(&[6, 0, 1, 0, 4]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer to the write repeats [00, 01, 00, 04] where [00, 01, 00, 03] was sent"
    );
}

#[test]
fn counts_and_addresses_out_of_bounds_are_refused_as_the_specification_says() {
    let (value, address) = (
        ExceptionCode::ILLEGAL_DATA_VALUE,
        ExceptionCode::ILLEGAL_DATA_ADDRESS,
    );
    for (bytes, want) in [
        (&[3, 0, 0, 0, 0][..], value),
        (&[3, 0, 0, 0, 126], value),
        (&[1, 0, 0, 7, 0xD1], value),
        (&[3, 0xFF, 0xFF, 0, 2], address),
        (&[5, 0, 0, 0, 1], value),
        (&[16, 0, 0, 0, 2, 3, 0, 0, 0], value),
        (&[16, 0, 0, 0, 2, 4, 0, 0, 0], value),
        (&[15, 0, 0, 0, 9, 1, 0], value),
        (&[7], ExceptionCode::ILLEGAL_FUNCTION),
        (&[], ExceptionCode::ILLEGAL_FUNCTION),
    ] {
        assert_eq!(Request::decode(bytes), Err(want), "{bytes:?}");
    }
    let last = [3, 0xFF, 0xFF, 0, 1];
    assert!(Request::decode(&last).is_ok());
}

#[test]
fn the_greatest_pdu_has_253_bytes() {
    for (request, want) in [
        (
            Request::WriteRegisters {
                start: 0,
                bytes: vec![0; 246],
            },
            252,
        ),
        (
            Request::WriteCoils {
                start: 0,
                values: vec![true; 1968],
            },
            252,
        ),
        (
            Request::ReadWriteRegisters {
                read_start: 0,
                read_count: 125,
                write_start: 0,
                bytes: vec![0; 242],
            },
            252,
        ),
    ] {
        let bytes = encoded(&request);
        assert_eq!(bytes.len(), want);
        assert!(bytes.len() <= PDU_BYTES_MAX);
        assert_eq!(Request::decode(&bytes), Ok(request));
    }
}

fn any_request() -> impl Strategy<Value = Request> {
    let table = prop::sample::select(&Table::ALL[..]);
    let registers = |max: usize| {
        prop::collection::vec(any::<[u8; 2]>(), 1..=max).prop_map(|pairs| pairs.concat())
    };
    prop_oneof![
        (table, 0..=63_000u16, 1..=125u16).prop_map(|(table, start, count)| Request::Read {
            table,
            start,
            count
        }),
        (any::<u16>(), any::<bool>()).prop_map(|(address, on)| Request::WriteCoil { address, on }),
        (any::<u16>(), any::<u16>())
            .prop_map(|(address, value)| Request::WriteRegister { address, value }),
        (
            0..=63_000u16,
            prop::collection::vec(any::<bool>(), 1..=1968)
        )
            .prop_map(|(start, values)| Request::WriteCoils { start, values }),
        (0..=65_000u16, registers(123))
            .prop_map(|(start, bytes)| Request::WriteRegisters { start, bytes }),
        any::<[u16; 3]>().prop_map(|[address, and_mask, or_mask]| Request::MaskRegister {
            address,
            and_mask,
            or_mask
        }),
        (0..=65_000u16, 1..=125u16, 0..=65_000u16, registers(121)).prop_map(
            |(read_start, read_count, write_start, bytes)| Request::ReadWriteRegisters {
                read_start,
                read_count,
                write_start,
                bytes
            }
        ),
    ]
}

proptest! {
    #[test]
    fn any_request_comes_back(request in any_request()) {
        prop_assert_eq!(Request::decode(&encoded(&request)), Ok(request));
    }

    #[test]
    fn packed_bits_come_back(bits in prop::collection::vec(any::<bool>(), 0..300)) {
        let bytes = pack_bits(&bits);
        let again: Vec<bool> = (0..bits.len()).filter_map(|index| bit(&bytes, index)).collect();
        prop_assert_eq!(again, bits);
    }

    #[test]
    fn random_bytes_never_panic(
        request in any_request(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        // What is wanted is that these return at all.
        let _decoded = Request::decode(&bytes);
        let _answer = request.decode_answer(&bytes);
        let mut own = vec![request.function()];
        own.extend_from_slice(&bytes);
        if let Ok(Answer::Data(data)) = request.decode_answer(&own) {
            prop_assert_eq!(data.len() + 2, own.len());
        }
    }
}
