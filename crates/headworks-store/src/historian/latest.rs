//! The newest sample of every tag.

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::{Quality, Sample};

use super::stream::{Point, Raw, ValueKind};

/// A table of newest samples by tag, 24 bytes each.
#[derive(Clone, Default)]
pub(super) struct Latest {
    rows: Vec<Row>,
    blobs: HashMap<u32, Arc<[u8]>>,
}

#[derive(Clone, Copy)]
struct Row {
    time_us: i64,
    bits: u64,
    quality: u32,
    kind: ValueKind,
    known: bool,
}

const UNKNOWN: Row = Row {
    time_us: i64::MIN,
    bits: 0,
    quality: 0,
    kind: ValueKind::None,
    known: false,
};

impl Latest {
    /// Takes a point if none newer is known.
    #[inline]
    pub(super) fn offer(&mut self, tag: u32, point: &Point) {
        let row = self.row(tag);
        if point.time_us < row.time_us {
            return;
        }
        let had_blob = row.kind.is_blob();
        row.time_us = point.time_us;
        row.quality = point.quality;
        row.known = true;
        match &point.value {
            Raw::Missing => {}
            Raw::Bits(kind, bits) => {
                row.kind = *kind;
                row.bits = *bits;
                if had_blob {
                    self.blobs.remove(&tag);
                }
            }
            Raw::Blob(kind, blob) => {
                row.kind = *kind;
                self.blobs.insert(tag, blob.clone());
            }
        }
    }

    /// Forgets what is known of a tag.
    pub(super) fn forget(&mut self, tag: u32) {
        *self.row(tag) = UNKNOWN;
        self.blobs.remove(&tag);
    }

    fn row(&mut self, tag: u32) -> &mut Row {
        let at = tag as usize;
        if self.rows.len() <= at {
            self.rows.resize(at + 1, UNKNOWN);
        }
        &mut self.rows[at]
    }

    /// Returns the time of a tag's newest sample.
    pub(super) fn time_us(&self, tag: u32) -> Option<i64> {
        let row = self.rows.get(tag as usize).filter(|row| row.known)?;
        Some(row.time_us)
    }

    /// Returns a tag's newest sample.
    pub(super) fn sample(&self, tag: u32) -> Option<Sample> {
        let row = self.rows.get(tag as usize).filter(|row| row.known)?;
        let quality = Quality::from_code(row.quality);
        let value = if quality.is_bad() {
            None
        } else if row.kind.is_blob() {
            self.blobs.get(&tag).and_then(|blob| row.kind.string(blob))
        } else {
            row.kind.number(row.bits)
        };
        Some(Sample {
            time_us: row.time_us,
            value,
            quality,
        })
    }

    /// Returns a tag's newest sample as a point.
    pub(super) fn point(&self, tag: u32) -> Option<Point> {
        let row = self.rows.get(tag as usize).filter(|row| row.known)?;
        let value = if Quality::from_code(row.quality).is_bad() {
            Raw::Missing
        } else if row.kind.is_blob() {
            Raw::Blob(row.kind, self.blobs.get(&tag)?.clone())
        } else {
            Raw::Bits(row.kind, row.bits)
        };
        Some(Point {
            time_us: row.time_us,
            quality: row.quality,
            value,
        })
    }

    /// One more than the greatest tag.
    pub(super) fn tags(&self) -> u32 {
        super::bytes::to_u32(self.rows.len())
    }
}
