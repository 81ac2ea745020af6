use super::*;

const START_US: i64 = 1_795_219_200_000_000;

/// Samples one second apart.
fn samples(rows: &[Vec<u16>]) -> Vec<Sample> {
    let of = |(second, words): (i64, &Vec<u16>)| Sample {
        time_us: START_US + second * 1_000_000,
        words: words.clone(),
    };
    (0..).zip(rows).map(of).collect()
}

/// Decodes and returns start, type, order of each value's best reading.
fn decode(rows: &[Vec<u16>]) -> Vec<Candidate> {
    let block = Block::new(Table::Holding, 100, &samples(rows)).unwrap();
    let first = |value: FoundValue| value.candidates.into_iter().next().unwrap();
    block.values().into_iter().map(first).collect()
}

fn words(text: &[u8]) -> Vec<u16> {
    text.chunks(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
        .collect()
}

fn word(bits: u64) -> u16 {
    u16::try_from(bits & 0xFFFF).unwrap()
}

fn float_words(value: f32) -> [u16; 2] {
    let bytes = value.to_be_bytes();
    [
        u16::from_be_bytes([bytes[0], bytes[1]]),
        u16::from_be_bytes([bytes[2], bytes[3]]),
    ]
}

#[track_caller]
fn check_codes(candidate: &Candidate, want: &[&str]) {
    let codes: Vec<&str> = candidate
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    for code in want {
        assert!(codes.contains(code), "{code}: {candidate:#?}");
    }
}

#[test]
fn floats_of_a_meter_are_told_with_their_order_and_quantity() {
    let rows: Vec<Vec<u16>> = (0_u16..8)
        .map(|step| {
            let noise = f32::from(step * 37 % 11) / 10.0;
            let values = [229.3 + noise, 231.7 - noise, 50.01 + noise / 100.0];
            let swapped = values.map(float_words).map(|[high, low]| [low, high]);
            swapped.concat()
        })
        .collect();
    let found = decode(&rows);
    assert_eq!(found.len(), 3);
    for one in &found {
        assert_eq!(
            (one.data_type, one.order),
            (DataType::Float32, ByteOrder::Cdab)
        );
        assert!(0.8 < one.confidence, "{one:#?}");
    }
    check_codes(&found[0], &["mains_voltage", "smooth", "neighbours"]);
    check_codes(&found[2], &["frequency"]);
    assert_eq!(found[2].unit, "Hz");
    assert_eq!(found[1].address, "HR102");
    assert_eq!(found[1].notations.five_digits.as_deref(), Some("40103"));
}

#[test]
fn integers_are_told_with_their_scale() {
    let rows: Vec<Vec<u16>> = (0_u16..8)
        .map(|step| {
            vec![
                2301 + step * 7 % 5,
                2296 + step * 3 % 4,
                4998 + step * 5 % 4,
            ]
        })
        .collect();
    let found = decode(&rows);
    let scales: Vec<f64> = found.iter().map(|one| one.scale).collect();
    assert_eq!(scales, [0.1, 0.1, 0.01]);
    assert!(found.iter().all(|one| one.data_type == DataType::Uint16));
    assert_eq!(found[0].values.len(), 8);
}

#[test]
fn a_text_is_one_value_with_its_length() {
    let mut row = words(b"Meter X100\0\0");
    row.extend(words(b"SN00123456\0\0\0\0\0\0"));
    row.push(17);
    let found = decode(&vec![row; 5]);
    let shape: Vec<(DataType, Option<u16>)> = found
        .iter()
        .map(|one| (one.data_type, one.length))
        .collect();
    assert_eq!(
        shape,
        [
            (DataType::String, Some(6)),
            (DataType::String, Some(8)),
            (DataType::Uint16, None)
        ]
    );
    assert_eq!(found[0].values[0], "Meter X100");
    check_codes(&found[0], &["text"]);
}

#[test]
fn a_clock_is_known_by_the_time_it_says() {
    let rows: Vec<Vec<u16>> = (0_u32..8)
        .map(|second| {
            let time = 1_795_219_123 + second;
            vec![u16::try_from(time >> 16).unwrap(), word(time.into())]
        })
        .collect();
    let found = decode(&rows);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].data_type, found[0].order),
        (DataType::Uint32, ByteOrder::Abcd)
    );
    check_codes(&found[0], &["unix_time", "counter"]);
}

#[test]
fn decimal_digits_that_carry_are_bcd() {
    let bcd = |number: u16| {
        (0..4).fold(0, |word, place| {
            word | (number / 10_u16.pow(place) % 10) << (4 * place)
        })
    };
    let rows: Vec<Vec<u16>> = (0_u16..24)
        .map(|step| {
            vec![
                bcd(1980 + step * 7),
                bcd(2950 + step * 9),
                bcd(7777 - step * 8),
            ]
        })
        .collect();
    let found = decode(&rows);
    let types: Vec<DataType> = found.iter().map(|one| one.data_type).collect();
    assert_eq!(types, [DataType::Bcd16; 3], "{found:#?}");
    check_codes(&found[0], &["digits"]);
}

#[test]
fn a_double_and_a_long_counter_take_four_registers() {
    let rows: Vec<Vec<u16>> = (0_u32..10)
        .map(|step| {
            let double = 12_345.678 + f64::from(step * 13 % 7) * 0.317;
            let counter = 45_987_654_321_u64 + u64::from(step) * 137;
            let split = |bits: u64| (0..4).rev().map(move |place| word(bits >> (16 * place)));

            split(double.to_bits()).chain(split(counter)).collect()
        })
        .collect();
    let found = decode(&rows);
    let shape: Vec<(DataType, u16)> = found
        .iter()
        .map(|one| (one.data_type, one.registers))
        .collect();
    assert_eq!(
        shape,
        [(DataType::Float64, 4), (DataType::Uint64, 4)],
        "{found:#?}"
    );
}

#[test]
fn bits_are_bits() {
    let rows = vec![vec![0, 1, 1], vec![1, 1, 0]];
    let block = Block::new(Table::Coil, 7, &samples(&rows)).unwrap();
    let values = block.values();
    assert_eq!(values.len(), 3);
    let first = &values[0].candidates[0];
    assert_eq!(
        (first.data_type, first.address.as_str()),
        (DataType::Bool, "C7")
    );
    assert_eq!(first.values, [false, true]);
}

#[test]
fn what_is_no_block_is_refused() {
    let check = |rows: &[Vec<u16>], want: &str| {
        let error = Block::new(Table::Holding, 0, &samples(rows)).unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
    };
    check(&[], "no sample");
    check(&[Vec::new()], "no sample");
    check(&[vec![1, 2], vec![1]], "sample 1 has 1 registers");
    check(&[vec![0; 501]], "500 at most");
}

#[test]
fn one_sample_and_one_register_are_enough_for_an_answer() {
    for word in [0, 1, 0x7FC0, 0x8000, u16::MAX] {
        let found = decode(&[vec![word]]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].registers, 1);
    }
}

proptest::proptest! {
    #[test]
    fn any_registers_are_parted_without_a_rest(
        rows in proptest::collection::vec(proptest::collection::vec(0_u16.., 9), 1..5),
    ) {
        let found = decode(&rows);
        let registers: u16 = found.iter().map(|one| one.registers).sum();
        proptest::prop_assert_eq!(registers, 9);
    }
}

#[test]
fn nothing_is_sure_of_registers_that_are_always_zero() {
    let found = decode(&vec![vec![0_u16; 8]; 6]);
    assert!(!found.is_empty());
    for one in &found {
        assert_eq!(one.confidence.to_bits(), 0.0_f64.to_bits(), "{one:#?}");
        check_codes(one, &["zero"]);
    }
}
