//! Points of one tag and one kind, column by column, and what is done with them between disk and
//! reader: sorting, merging, cutting.

use std::ops::Range;
use std::sync::Arc;

use headworks_core::{Quality, TagIndex};

use super::bytes::{Damaged, Reader, to_u32};
use super::stream::{Cursor, Point, Raw, ValueKind};
use super::{Chunk, Column, TimeRange};

/// Points of one tag and one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Points {
    pub(super) kind: ValueKind,
    pub(super) times_us: Vec<i64>,
    /// Numbers, or places in `blobs`; 0 where the quality is bad.
    pub(super) bits: Vec<u64>,
    pub(super) qualities: Vec<u32>,
    pub(super) blobs: Vec<Arc<[u8]>>,
}

/// Whether a point of this quality has no value.
#[inline]
pub(super) fn is_bad(quality: u32) -> bool {
    Quality::from_code(quality).is_bad()
}

impl Points {
    pub(super) fn len(&self) -> usize {
        self.times_us.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.times_us.is_empty()
    }

    /// First and last time.
    ///
    /// # Panics
    ///
    /// When there are no points.
    pub(super) fn span(&self) -> (i64, i64) {
        (self.times_us[0], self.times_us[self.len() - 1])
    }

    /// Whether each time is greater than the one before.
    pub(super) fn is_sorted(&self) -> bool {
        self.times_us.is_sorted_by(|a, b| a < b)
    }

    pub(super) fn value(&self, at: usize) -> Raw {
        if is_bad(self.qualities[at]) {
            Raw::Missing
        } else if self.kind.is_blob() {
            Raw::Blob(self.kind, self.blobs[place(self.bits[at])].clone())
        } else {
            Raw::Bits(self.kind, self.bits[at])
        }
    }

    pub(super) fn point(&self, at: usize) -> Point {
        Point {
            time_us: self.times_us[at],
            quality: self.qualities[at],
            value: self.value(at),
        }
    }

    /// Whether a value fits in here; a missing one always does, and the first one decides.
    fn takes(&self, value: &Raw) -> bool {
        match value {
            Raw::Missing => true,
            Raw::Bits(kind, _) | Raw::Blob(kind, _) => {
                self.kind == *kind || self.kind == ValueKind::None
            }
        }
    }

    fn push(&mut self, point: Point) {
        self.times_us.push(point.time_us);
        self.qualities.push(point.quality);
        let bits = match point.value {
            Raw::Missing => 0,
            Raw::Bits(kind, bits) => {
                self.kind = kind;
                bits
            }
            Raw::Blob(kind, bytes) => {
                self.kind = kind;
                self.add_blob(bytes)
            }
        };
        self.bits.push(bits);
    }

    /// Returns the place of a string; one that repeats the last one shares its place.
    fn add_blob(&mut self, bytes: Arc<[u8]>) -> u64 {
        if self.blobs.last() != Some(&bytes) {
            self.blobs.push(bytes);
        }
        self.blobs.len() as u64 - 1
    }

    /// Returns a part of the points.
    pub(super) fn slice(&self, range: Range<usize>) -> Points {
        Points {
            kind: self.kind,
            times_us: self.times_us[range.clone()].to_vec(),
            bits: self.bits[range.clone()].to_vec(),
            qualities: self.qualities[range].to_vec(),
            blobs: self.blobs.clone(),
        }
    }

    /// Drops what lies outside of `range`; the points are sorted.
    pub(super) fn clip(self, range: TimeRange) -> Points {
        let part = self.places(range);
        if part == (0..self.len()) {
            self
        } else {
            self.slice(part)
        }
    }

    /// Returns the places of the times in `range`; the points are sorted.
    pub(super) fn places(&self, range: TimeRange) -> Range<usize> {
        let start = self.times_us.partition_point(|&time| time < range.start_us);
        let end = self.times_us.partition_point(|&time| time < range.end_us);
        start..end.max(start)
    }

    /// Takes over points that are later than these, or gives them back when their kind differs.
    pub(super) fn join(&mut self, later: Points) -> Result<(), Points> {
        let kinds = [self.kind, later.kind];
        if self.kind != later.kind && !kinds.contains(&ValueKind::None) {
            return Err(later);
        }
        let before = self.blobs.len() as u64;
        if later.kind != ValueKind::None {
            self.kind = later.kind;
        }
        self.times_us.extend(later.times_us);
        self.bits.extend(
            later
                .bits
                .iter()
                .zip(&later.qualities)
                .map(
                    |(&bits, &quality)| match later.kind.is_blob() && !is_bad(quality) {
                        true => before + bits,
                        false => bits,
                    },
                ),
        );
        self.qualities.extend(later.qualities);
        self.blobs.extend(later.blobs);
        Ok(())
    }

    /// Returns the number a reader computes with, if there is one.
    #[inline]
    pub(super) fn number(&self, at: usize) -> Option<f64> {
        if is_bad(self.qualities[at]) {
            return None;
        }
        as_f64(self.kind, self.bits[at])
    }

    pub(super) fn into_chunk(self, tag: TagIndex) -> Chunk {
        let values = self.column();
        Chunk {
            tag,
            times_us: self.times_us,
            values,
            qualities: self.qualities,
        }
    }

    fn column(&self) -> Column {
        let bits = self.bits.iter();
        match self.kind {
            ValueKind::Bool => Column::Bool(bits.map(|&bits| bits != 0).collect()),
            ValueKind::I64 => Column::I64(bits.map(|bits| bits.cast_signed()).collect()),
            ValueKind::U64 => Column::U64(self.bits.clone()),
            ValueKind::None | ValueKind::F64 => {
                Column::F64(bits.map(|&bits| f64::from_bits(bits)).collect())
            }
            ValueKind::Text => {
                let texts: Vec<Arc<str>> = self
                    .blobs
                    .iter()
                    .map(|bytes| String::from_utf8_lossy(bytes).into())
                    .collect();
                Column::Text(self.spread(&texts, || "".into()))
            }
            ValueKind::Bytes => Column::Bytes(self.spread(&self.blobs, || Arc::new([]))),
        }
    }

    fn spread<T: Clone>(&self, dictionary: &[T], empty: impl FnOnce() -> T) -> Vec<T> {
        let empty = empty();
        let places = self.bits.iter().zip(&self.qualities);
        places
            .map(|(&bits, &quality)| match dictionary.get(place(bits)) {
                Some(value) if !is_bad(quality) => value.clone(),
                _ => empty.clone(),
            })
            .collect()
    }
}

/// Returns a number as a float, or nothing for strings and what is not finite.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "aggregates have 53 bits")]
pub(super) fn as_f64(kind: ValueKind, bits: u64) -> Option<f64> {
    let number = match kind {
        ValueKind::F64 => f64::from_bits(bits),
        ValueKind::I64 => bits.cast_signed() as f64,
        ValueKind::Bool | ValueKind::U64 => bits as f64,
        ValueKind::None | ValueKind::Text | ValueKind::Bytes => return None,
    };
    number.is_finite().then_some(number)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "places come from lengths in memory"
)]
fn place(bits: u64) -> usize {
    bits as usize
}

/// Reads `count` points of a stream, in the order they were written, cut where the kind turns.
pub(super) fn decode_stream(bytes: &[u8], count: u32) -> Result<Vec<Points>, Damaged> {
    let mut reader = Reader::new(bytes);
    let (mut cursor, mut previous) = (Cursor::default(), None);
    let mut runs = Runs::default();
    for _ in 0..count {
        runs.push(cursor.decode(&mut reader, &mut previous)?);
    }
    if reader.is_empty() {
        Ok(runs.done)
    } else {
        Err(Damaged("more points than counted"))
    }
}

/// Writes points as a stream.
pub(super) fn encode_stream(points: &Points, out: &mut Vec<u8>) {
    let mut cursor = Cursor::default();
    let mut previous: Option<Arc<[u8]>> = None;
    for at in 0..points.len() {
        let point = points.point(at);
        cursor.encode(&point, previous.as_deref(), out);
        if let Raw::Blob(_, blob) = point.value {
            previous = Some(blob);
        }
    }
}

#[derive(Default)]
struct Runs {
    done: Vec<Points>,
}

impl Runs {
    #[inline]
    fn push(&mut self, point: Point) {
        match self.done.last_mut() {
            Some(last) if last.takes(&point.value) => last.push(point),
            _ => {
                let mut run = Points::default();
                run.push(point);
                self.done.push(run);
            }
        }
    }
}

/// Merges sources into runs sorted by time; of points of one time that of the last source wins,
/// within a source the last one.
pub(super) fn merge(mut sources: Vec<Points>) -> Vec<Points> {
    sources.retain(|source| !source.is_empty());
    let in_order = sources.is_sorted_by(|a, b| a.span().1 < b.span().0);
    if in_order && sources.iter().all(Points::is_sorted) {
        return sources;
    }
    let mut rows: Vec<(i64, u32, u32)> = Vec::new();
    for (source, points) in (0..).zip(&sources) {
        let times = points.times_us.iter().zip(0..);
        rows.extend(times.map(|(&time_us, at)| (time_us, source, at)));
    }
    rows.sort_unstable();
    let mut runs = Runs::default();
    for (at, &(time_us, source, place)) in rows.iter().enumerate() {
        let replaced = rows.get(at + 1).is_some_and(|next| next.0 == time_us);
        if !replaced {
            runs.push(sources[source as usize].point(place as usize));
        }
    }
    runs.done
}

/// Cuts sorted points so that no part holds more than `max` points or crosses one of the times
/// that `border` gives: the first time that does not belong to the part of the time it is given.
pub(super) fn cut(
    points: &Points,
    max: usize,
    border: impl Fn(i64) -> Option<i64>,
) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let mut end = points.len().min(start.saturating_add(max));
        if let Some(border) = border(points.times_us[start]) {
            end = start + points.times_us[start..end].partition_point(|&time| time < border);
        }
        parts.push(start..end);
        start = end;
    }
    parts
}

/// Number of points as files write it.
pub(super) fn count(points: &Points) -> u32 {
    to_u32(points.len())
}
