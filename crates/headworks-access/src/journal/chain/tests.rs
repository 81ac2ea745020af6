use proptest::prelude::*;
use rusqlite::types::Value;

use super::*;

fn bytes(previous: RowHash, seq: i64, columns: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(
        previous,
        seq,
        columns.iter().map(ValueRef::from),
        &mut |piece| out.extend_from_slice(piece),
    );
    out
}

/// Reads back what was encoded: that this is possible shows that no two rows share their bytes.
fn decode(bytes: &[u8]) -> (RowHash, i64, Vec<Value>) {
    let bytes = bytes.strip_prefix(FORMAT).unwrap();
    let (previous, bytes) = bytes.split_first_chunk::<32>().unwrap();
    let (seq, mut bytes) = bytes.split_first_chunk::<8>().unwrap();
    let mut columns = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        let (length, rest) = rest.split_first_chunk::<8>().unwrap();
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
        let (body, rest) = rest.split_at(length);
        bytes = rest;
        columns.push(match kind {
            0 => Value::Null,
            1 => Value::Integer(i64::from_le_bytes(body.try_into().unwrap())),
            3 => Value::Text(String::from_utf8(body.to_vec()).unwrap()),
            4 => Value::Blob(body.to_vec()),
            kind => panic!("kind {kind}"),
        });
    }
    (RowHash(*previous), i64::from_le_bytes(*seq), columns)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        "[ab\0]{0,3}".prop_map(Value::Text),
        any::<String>().prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Blob),
    ]
}

proptest! {
    #[test]
    fn what_is_hashed_can_be_read_back(
        previous in any::<[u8; 32]>(),
        seq in any::<i64>(),
        columns in prop::collection::vec(value(), 0..16),
    ) {
        let encoded = bytes(RowHash(previous), seq, &columns);
        prop_assert_eq!(decode(&encoded), (RowHash(previous), seq, columns));
    }

    #[test]
    fn different_rows_have_different_bytes(
        one in prop::collection::vec(value(), 0..4),
        other in prop::collection::vec(value(), 0..4),
    ) {
        let same = bytes(RowHash::NONE, 1, &one) == bytes(RowHash::NONE, 1, &other);
        prop_assert_eq!(same, one == other);
    }
}

#[test]
fn a_text_that_moves_between_columns_changes_the_bytes() {
    let text = |text: &str| Value::Text(text.to_owned());
    let rows = [
        vec![text("ab"), text("c")],
        vec![text("a"), text("bc")],
        vec![text("abc"), text("")],
        vec![text("abc"), Value::Null],
        vec![text("abc")],
        vec![Value::Blob(b"abc".to_vec())],
    ];
    for (at, one) in rows.iter().enumerate() {
        for other in &rows[at + 1..] {
            assert_ne!(bytes(RowHash::NONE, 1, one), bytes(RowHash::NONE, 1, other));
        }
    }
}

#[test]
fn a_hash_is_read_as_it_is_written() {
    let hash = hash_row(RowHash::NONE, 1, [ValueRef::Null]);
    assert_eq!(RowHash::parse(&hash.to_string()), Some(hash));
    for wrong in [
        "",
        "ab",
        &"g".repeat(64),
        &"\u{e4}".repeat(32),
        &"+a".repeat(32),
    ] {
        assert_eq!(RowHash::parse(wrong), None, "{wrong}");
    }
}
