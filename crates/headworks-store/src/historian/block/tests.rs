use super::super::points::merge;
use super::super::stream::{Point, Raw};
use super::*;

fn points(count: usize, value: impl Fn(usize) -> Raw) -> Points {
    let sources = (0..count)
        .map(|at| {
            let value = value(at);
            let quality = if value == Raw::Missing {
                0x8031_0000
            } else {
                0
            };
            let mut one = Vec::new();
            let time_us = 86_400_000_000 + at as i64 * 1_000_000 + (at % 7) as i64;
            let point = Point {
                time_us,
                quality,
                value,
            };
            super::super::stream::Cursor::default().encode(&point, None, &mut one);
            one_run(decode_stream(&one, 1).unwrap()).unwrap()
        })
        .collect();
    // Joins the single points into one run by a needless merge.
    let mut sources: Vec<Points> = sources;
    sources.reverse();
    one_run(merge(sources)).unwrap()
}

fn check(points: &Points) -> usize {
    let mut bytes = Vec::new();
    let meta = Encoder::new().encode(3, points, None, &mut bytes);
    let found = decode(&meta, &bytes).unwrap();
    assert_eq!(found.len(), points.len());
    for at in 0..points.len() {
        assert_eq!(found.point(at), points.point(at));
    }
    let mut entry = Vec::new();
    meta.write(&mut entry);
    assert_eq!(entry.len(), META_BYTES);
    assert_eq!(BlockMeta::read(&mut Reader::new(&entry)), Ok(meta));
    bytes.len()
}

type Generator = fn(usize) -> Raw;

fn values() -> Vec<(&'static str, Generator)> {
    vec![
        ("bool", |at| {
            Raw::Bits(ValueKind::Bool, u64::from(at % 100 < 50))
        }),
        ("i64", |at| {
            Raw::Bits(ValueKind::I64, (at as i64 - 500).cast_unsigned())
        }),
        ("u64", |at| Raw::Bits(ValueKind::U64, u64::MAX - at as u64)),
        ("f64", |at| {
            Raw::Bits(ValueKind::F64, (at as f64 * 0.1).to_bits())
        }),
        ("text", |at| {
            Raw::Blob(
                ValueKind::Text,
                format!("state {}", at / 50 % 3).into_bytes().into(),
            )
        }),
        ("bytes", |at| {
            Raw::Blob(
                ValueKind::Bytes,
                [at.to_le_bytes()[0] / 64].as_slice().into(),
            )
        }),
        ("missing", |_| Raw::Missing),
    ]
}

#[test]
fn every_kind_comes_back_from_every_encoding() {
    for (name, value) in values() {
        for count in [1, 2, COLUMNS_MIN - 1, COLUMNS_MIN, 1_000, POINTS_MAX] {
            let with_gaps = points(
                count,
                |at| if at % 9 == 4 { Raw::Missing } else { value(at) },
            );
            eprintln!("{name} {count}: {} bytes", check(&points(count, value)));
            check(&with_gaps);
        }
    }
}

#[test]
fn the_statistics_are_those_of_the_points() {
    let points = points(500, |at| match at % 5 {
        0 => Raw::Missing,
        _ => Raw::Bits(ValueKind::I64, at as u64),
    });
    let meta = Encoder::new().encode(3, &points, None, &mut Vec::new());
    assert_eq!((meta.count, meta.bad, meta.numbers), (500, 100, 400));
    assert_eq!(
        (meta.min, meta.max, meta.first, meta.last),
        (1.0, 499.0, 1.0, 499)
    );
    let sum: i32 = (0..500).filter(|at| at % 5 != 0).sum();
    assert_eq!(meta.sum, f64::from(sum));
    assert_eq!((meta.last_quality, meta.worst_quality), (0, 0x8031_0000));
}

#[test]
fn every_flipped_bit_is_noticed() {
    for count in [20, 300] {
        let mut bytes = Vec::new();
        let points = points(count, |at| Raw::Bits(ValueKind::F64, (at as f64).to_bits()));
        let meta = Encoder::new().encode(3, &points, None, &mut bytes);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&meta, &bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn damage_behind_a_right_checksum_is_an_error_not_a_panic() {
    for (_, value) in values() {
        let mut bytes = Vec::new();
        let meta = Encoder::new().encode(3, &points(300, value), None, &mut bytes);
        bytes.truncate(bytes.len() - CRC_BYTES);
        for length in 0..bytes.len() {
            let mut short = bytes[..length].to_vec();
            let crc = crc32fast::hash(&short);
            short.extend_from_slice(&crc.to_le_bytes());
            assert!(decode(&meta, &short).is_err(), "{length} bytes");
        }
    }
}
