use proptest::collection;
use proptest::prelude::*;

use super::*;

fn round_trip(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut cursor = Cursor::default();
    let mut previous: Option<Arc<[u8]>> = None;
    for point in points {
        cursor.encode(point, previous.as_deref(), &mut bytes);
        if let Raw::Blob(_, blob) = &point.value {
            previous = Some(blob.clone());
        }
    }
    let (mut cursor, mut previous) = (Cursor::default(), None);
    let mut reader = Reader::new(&bytes);
    for (at, point) in points.iter().enumerate() {
        let found = cursor.decode(&mut reader, &mut previous);
        assert_eq!(found.as_ref(), Ok(point), "point {at}");
    }
    assert!(reader.is_empty());
    bytes
}

fn good(time_us: i64, value: Raw) -> Point {
    Point {
        time_us,
        quality: 0,
        value,
    }
}

fn floats(numbers: impl IntoIterator<Item = f64>) -> Vec<Point> {
    (0..)
        .map(|second| 1_700_000_000_000_000 + second * 1_000_000)
        .zip(numbers)
        .map(|(time_us, number)| good(time_us, Raw::Bits(ValueKind::F64, number.to_bits())))
        .collect()
}

#[test]
fn a_scaled_register_takes_two_or_three_bytes() {
    for numbers in [
        (0..1_000)
            .map(|n| f64::from(200 + n % 50) * 0.1)
            .collect::<Vec<_>>(),
        (0..1_000).map(|n| f64::from(200 + n % 50) / 10.0).collect(),
        (0..1_000).map(|n| f64::from(n % 50)).collect(),
    ] {
        let bytes = round_trip(&floats(numbers));
        assert!(bytes.len() <= 2 * 1_000 + 60, "{}", bytes.len());
    }
}

#[test]
fn a_single_precision_float_takes_at_most_seven_bytes() {
    let bytes = round_trip(&floats((1..1_000).map(|n| f64::from((n as f32).sqrt()))));
    assert!(bytes.len() <= 7 * 1_000 + 60, "{}", bytes.len());
}

#[test]
fn every_float_comes_back_bit_for_bit() {
    round_trip(&floats([
        0.0,
        -0.0,
        0.1,
        -0.0,
        f64::MAX,
        f64::MIN_POSITIVE,
        1e300,
        0.30000000000000004,
        9_007_199_254_740_993.0,
        -1e15,
        5e-324,
        1.0 / 3.0,
    ]));
}

#[test]
fn late_points_cost_no_second_surprise() {
    let mut points = floats([1.0; 100]);
    let smooth = round_trip(&points).len();
    points.insert(50, good(5, Raw::Bits(ValueKind::F64, 1f64.to_bits())));
    assert_eq!(round_trip(&points).len(), smooth + 9);
}

#[test]
fn a_string_is_written_once_while_it_stays() {
    let blob = |text: &str| Raw::Blob(ValueKind::Text, text.as_bytes().into());
    let points: Vec<_> = (0..100)
        .map(|n| {
            good(
                n * 1_000_000,
                blob(if n < 50 { "a long state" } else { "other" }),
            )
        })
        .collect();
    assert!(round_trip(&points).len() < 150);
}

fn raw() -> impl Strategy<Value = (u32, Raw)> {
    let bits = |kind| any::<u64>().prop_map(move |bits| Raw::Bits(kind, bits));
    let good = prop_oneof![
        (-5_000..5_000i32).prop_map(|n| Raw::Bits(ValueKind::F64, (f64::from(n) * 0.01).to_bits())),
        bits(ValueKind::F64),
        bits(ValueKind::I64),
        bits(ValueKind::U64),
        (0..10u64).prop_map(|bits| Raw::Bits(ValueKind::I64, bits)),
        (0..2u64).prop_map(|bits| Raw::Bits(ValueKind::Bool, bits)),
        "[ab]{0,2}".prop_map(|text| Raw::Blob(ValueKind::Text, text.into_bytes().into())),
        collection::vec(any::<u8>(), 0..3)
            .prop_map(|bytes| Raw::Blob(ValueKind::Bytes, bytes.into())),
    ];
    prop_oneof![
        5 => (prop_oneof![Just(0), Just(0x4094_0000)], good),
        1 => (Just(0x8031_0000), Just(Raw::Missing)),
    ]
}

fn point() -> impl Strategy<Value = Point> {
    let time = prop_oneof![4 => (0..100i64).prop_map(|n| n * 1_000_000), 1 => any::<i64>()];
    (time, raw()).prop_map(|(time_us, (quality, value))| Point {
        time_us,
        quality,
        value,
    })
}

proptest! {
    #[test]
    fn any_points_come_back(points in collection::vec(point(), 0..60)) {
        round_trip(&points);
    }

    #[test]
    fn any_bytes_are_points_or_an_error(bytes in collection::vec(any::<u8>(), 0..200)) {
        let (mut cursor, mut previous) = (Cursor::default(), None);
        let mut reader = Reader::new(&bytes);
        while !reader.is_empty() && cursor.decode(&mut reader, &mut previous).is_ok() {}
    }
}

#[test]
fn every_truncation_is_an_error() {
    let points = floats([1.5, 0.1, 1.0 / 3.0, 7.0, 1e300]);
    let bytes = round_trip(&points);
    for length in 0..bytes.len() {
        let (mut cursor, mut previous) = (Cursor::default(), None);
        let mut reader = Reader::new(&bytes[..length]);
        let read = points
            .iter()
            .try_for_each(|_| cursor.decode(&mut reader, &mut previous).map(drop));
        assert!(read.is_err(), "{length} bytes");
    }
}
