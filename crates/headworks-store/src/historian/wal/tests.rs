use super::super::bytes::{put_varint, zigzag};
use super::super::stream::{Raw, ValueKind};
use super::*;

fn point(n: i64) -> Point {
    Point {
        time_us: n * 1_000_000,
        quality: 0,
        value: Raw::Bits(ValueKind::F64, (n as f64).to_bits()),
    }
}

/// A log of three frames of ten points of tag 7; returns it with the ends of its frames.
fn write(directory: &Path) -> (Wal, Vec<u64>) {
    let mut wal = Wal::create(&Disk::default(), directory, 3).unwrap();
    let mut cursor = Cursor::default();
    let mut ends = Vec::new();
    for frame in 0..3 {
        let mut bytes = Vec::new();
        begin_frame(&mut bytes);
        for n in 0..10 {
            put_varint(zigzag(if n == 0 { 7 } else { 0 }), &mut bytes);
            cursor.encode(&point(frame * 10 + n), None, &mut bytes);
        }
        end_frame(&mut bytes);
        wal.append(&Disk::default(), &bytes)
            .map_err(|failure| failure.0)
            .unwrap();
        ends.push(wal.length);
    }
    (wal, ends)
}

fn read(path: &Path) -> (Vec<Point>, End) {
    let mut points = Vec::new();
    let end = replay(path, &mut |tag, point| {
        assert_eq!(tag, 7);
        points.push(point);
    });
    (points, end.unwrap())
}

#[test]
fn what_was_written_is_replayed() {
    let directory = tempfile::tempdir().unwrap();
    let (wal, _) = write(directory.path());
    let (points, end) = read(&wal.path);
    assert_eq!(points, (0..30).map(point).collect::<Vec<_>>());
    assert_eq!(end, End::Clean);
    assert_eq!(generations(directory.path()).unwrap(), [3]);
}

#[test]
fn every_cut_leaves_whole_batches() {
    let directory = tempfile::tempdir().unwrap();
    let (wal, ends) = write(directory.path());
    let bytes = std::fs::read(&wal.path).unwrap();
    for length in 0..bytes.len() {
        std::fs::write(&wal.path, &bytes[..length]).unwrap();
        let (points, end) = read(&wal.path);
        let whole = ends.iter().filter(|&&end| end <= length as u64).count();
        assert_eq!(points.len(), whole * 10, "{length}");
        let clean = length == 0 || length == HEADER_BYTES || ends.contains(&(length as u64));
        assert_eq!(end == End::Clean, clean, "{length}");
        assert!(!matches!(end, End::Damaged(..)), "{length}");
    }
}

#[test]
fn zeros_at_the_end_are_a_batch_that_never_came() {
    let directory = tempfile::tempdir().unwrap();
    let (wal, _) = write(directory.path());
    let mut bytes = std::fs::read(&wal.path).unwrap();
    bytes.resize(bytes.len() + 9_000, 0);
    std::fs::write(&wal.path, &bytes).unwrap();
    let (points, end) = read(&wal.path);
    assert_eq!((points.len(), end), (30, End::Torn(9_000)));
}

#[test]
fn damage_before_the_last_frame_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let (wal, ends) = write(directory.path());
    let bytes = std::fs::read(&wal.path).unwrap();
    for (at, place) in (0..ends[1]).zip(0_usize..) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x10;
        std::fs::write(&wal.path, &bytes).unwrap();
        let (points, end) = read(&wal.path);
        assert!(matches!(end, End::Damaged(..)), "{at}: {end:?}");
        let whole = ends.iter().filter(|&&end| end <= at).count();
        assert_eq!(points.len(), whole * 10, "{at}");
    }
}
