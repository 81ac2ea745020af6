//! Samples in memory: one stream per tag, cut into cells of one arena.
//!
//! A cell is a cache line. With 100,000 tags of a few hundred bytes each, vectors of their own
//! would waste half of their memory; cells waste half a cell per tag.

use std::collections::BTreeSet;

use super::bytes::Damaged;
use super::catalog::day_of;
use super::points::{Points, decode_stream, merge};

const CELL_BYTES: usize = 64;
const LINK_BYTES: usize = 4;
const ROOM: usize = CELL_BYTES - LINK_BYTES;
/// Cells are allocated by the slab of 256 KiB, which the system takes back when it is freed.
const SLAB_CELLS: usize = 4_096;
const NO_CELL: u32 = u32::MAX;

type Slab = Box<[[u8; CELL_BYTES]]>;

/// The points of one generation.
#[derive(Default)]
pub(super) struct Memtable {
    slots: Vec<Slot>,
    slabs: Vec<Slab>,
    cells: u32,
    points: u64,
    days: BTreeSet<i32>,
    /// The day of the last time, so that the set is asked once per day.
    day: Option<i32>,
}

#[derive(Clone, Copy)]
struct Slot {
    first: u32,
    current: u32,
    count: u32,
    /// Bytes used of the current cell.
    used: u8,
    /// Whether each point is newer than the one before.
    sorted: bool,
}

const EMPTY: Slot = Slot {
    first: NO_CELL,
    current: NO_CELL,
    count: 0,
    used: 0,
    sorted: true,
};

impl Memtable {
    /// Appends the bytes of one point to a tag's stream.
    #[inline]
    pub(super) fn append(&mut self, tag: u32, mut bytes: &[u8], is_next: bool) {
        let at = tag as usize;
        if self.slots.len() <= at {
            self.slots.resize(at + 1, EMPTY);
        }
        let mut slot = self.slots[at];
        slot.count += 1;
        slot.sorted &= is_next;
        self.points += 1;
        while !bytes.is_empty() {
            if slot.current == NO_CELL || usize::from(slot.used) == ROOM {
                self.extend(&mut slot);
            }
            let used = usize::from(slot.used);
            let count = bytes.len().min(ROOM - used);
            let (now, later) = bytes.split_at(count);
            let cell = self.cell_mut(slot.current);
            cell[LINK_BYTES + used..][..count].copy_from_slice(now);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "at most the room of a cell"
            )]
            {
                slot.used = (used + count) as u8;
            }
            bytes = later;
        }
        self.slots[at] = slot;
    }

    fn extend(&mut self, slot: &mut Slot) {
        let new = self.cells;
        if (new as usize).is_multiple_of(SLAB_CELLS) {
            self.slabs.push(vec![[0; CELL_BYTES]; SLAB_CELLS].into());
        }
        self.cells += 1;
        if slot.current == NO_CELL {
            slot.first = new;
        } else {
            self.cell_mut(slot.current)[..LINK_BYTES].copy_from_slice(&new.to_le_bytes());
        }
        slot.current = new;
        slot.used = 0;
    }

    fn cell(&self, number: u32) -> &[u8; CELL_BYTES] {
        &self.slabs[number as usize / SLAB_CELLS][number as usize % SLAB_CELLS]
    }

    fn cell_mut(&mut self, number: u32) -> &mut [u8; CELL_BYTES] {
        &mut self.slabs[number as usize / SLAB_CELLS][number as usize % SLAB_CELLS]
    }

    /// Notes the day of a point.
    #[inline]
    pub(super) fn note_time(&mut self, time_us: i64) {
        let day = day_of(time_us);
        if self.day != Some(day) {
            self.day = Some(day);
            self.days.insert(day);
        }
    }

    /// Days that have points, oldest first.
    pub(super) fn days(&self) -> Vec<i32> {
        self.days.iter().copied().collect()
    }

    /// Samples held.
    pub(super) fn points(&self) -> u64 {
        self.points
    }

    /// Memory held, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.cells as usize * CELL_BYTES + self.slots.len() * size_of::<Slot>()
    }

    /// One more than the greatest tag.
    pub(super) fn tags(&self) -> u32 {
        super::bytes::to_u32(self.slots.len())
    }

    /// Copies a tag's stream; `None` when it has no points.
    pub(super) fn stream(&self, tag: u32) -> Option<Stream> {
        let slot = self
            .slots
            .get(tag as usize)
            .filter(|slot| slot.count != 0)?;
        let mut bytes = Vec::new();
        let mut number = slot.first;
        loop {
            let (link, room) = self.cell(number).split_at(LINK_BYTES);
            if number == slot.current {
                bytes.extend_from_slice(&room[..usize::from(slot.used)]);
                break;
            }
            bytes.extend_from_slice(room);
            number = u32::from_le_bytes([link[0], link[1], link[2], link[3]]);
        }
        Some(Stream {
            bytes,
            count: slot.count,
            sorted: slot.sorted,
        })
    }
}

/// The points of one tag, still encoded.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u32,
    pub(super) sorted: bool,
}

impl Stream {
    /// Decodes the points, sorted, of one time the one appended last.
    pub(super) fn points(&self) -> Result<Vec<Points>, Damaged> {
        let runs = decode_stream(&self.bytes, self.count)?;
        Ok(if self.sorted { runs } else { merge(runs) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::{Cursor, Point, Raw, ValueKind};
    use super::*;

    #[test]
    fn streams_come_back_whole_and_sorted() {
        let mut memtable = Memtable::default();
        let mut cursors = [Cursor::default(); 3];
        let mut bytes = Vec::new();
        for n in 0..3_000_i64 {
            let tag = n % 3;
            let time_us = if n == 2_000 { 5 } else { n * 1_000_000 + 9 };
            let value = Raw::Bits(ValueKind::F64, (n as f64 / 7.0).to_bits());
            let point = Point {
                time_us,
                quality: 0,
                value,
            };
            let cursor = &mut cursors[tag as usize];
            let is_next = cursor.is_next(time_us);
            bytes.clear();
            cursor.encode(&point, None, &mut bytes);
            memtable.append(tag as u32, &bytes, is_next);
        }
        assert_eq!((memtable.points(), memtable.tags()), (3_000, 3));
        for tag in 0..3 {
            let stream = memtable.stream(tag).unwrap();
            assert_eq!((stream.count, stream.sorted), (1_000, tag != 2));
            let runs = stream.points().unwrap();
            assert_eq!(runs.len(), 1);
            assert!(runs[0].is_sorted());
            assert_eq!(runs[0].len(), 1_000);
        }
        assert!(memtable.stream(3).is_none());
        assert!(memtable.bytes() < 3_000 * 16, "{}", memtable.bytes());
    }
}
