//! Making the rows of days that are over.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use headworks_core::TagIndex;

use super::codec::Encoder;
use super::row::{Roller, Row, one};
use super::{FINE, Files, Rollups, width_us};
use crate::error::StoreError;
use crate::historian::block::{BlockMeta, Encoding};
use crate::historian::bytes::to_u32;
use crate::historian::catalog::{Catalog, DAY_US, Segment, day_of, seal_of};
use crate::historian::disk::Disk;
use crate::historian::memtable::Stream;
use crate::historian::query::{Memory, Query};
use crate::historian::segment::{self, Mark, Name, SegmentWriter};
use crate::historian::{Tier, TimeRange};

/// Most rows of a block: those of a day of minutes, with room for a day of 25 hours.
pub(super) const ROWS_MAX: usize = 1_500;

/// Samples that were deleted on demand: their rows go too.
pub(in crate::historian) struct Gone<'a> {
    pub(in crate::historian) tags: &'a HashSet<u32>,
    pub(in crate::historian) range: TimeRange,
}

impl Gone<'_> {
    fn covers(&self, tag: u32, start_us: i64, end_us: i64) -> bool {
        self.tags.contains(&tag) && start_us < self.range.end_us && self.range.start_us < end_us
    }
}

/// Rows are made of what is in files.
struct NoMemory;

impl Memory for NoMemory {
    fn streams(&self, _tag: u32) -> Vec<Stream> {
        Vec::new()
    }
}

/// The samples of a day and what is known of its rows.
struct Day<'a> {
    raw: &'a Catalog,
    range: TimeRange,
    /// Each tag with the first seal that any of its files holds.
    tags: BTreeMap<u32, u64>,
    /// The newest seal that the rows know of; 0 without rows.
    known_seal: u64,
    gone: Option<&'a Gone<'a>>,
}

impl Day<'_> {
    /// Whether the files still hold all samples of a tag: older ones may have been dropped.
    fn is_whole(&self, tag: u32) -> bool {
        self.known_seal == 0
            || self
                .tags
                .get(&tag)
                .is_some_and(|&first_seal| first_seal <= self.known_seal)
    }

    fn minutes(&self, tag: u32) -> Result<Vec<Row>, StoreError> {
        let width_us = width_us(Tier::Minute).unwrap_or(DAY_US);
        let mut roller = Roller::new(width_us);
        if self.tags.contains_key(&tag) {
            let query = Query::new(self.raw, self.range, &NoMemory)?;
            query.scan(TagIndex(tag), &mut |points| roller.push(points))?;
        }
        Ok(roller.rows)
    }
}

impl Rollups {
    /// Makes the fine rows of a UTC day from its samples. Rows of samples that were dropped
    /// because of their age stay and take what came late.
    pub(in crate::historian) fn roll_up_day(
        &self,
        disk: &Disk,
        raw: &Catalog,
        day: i32,
        gone: Option<&Gone<'_>>,
    ) -> Result<(), StoreError> {
        let fine = FINE.map(|tier| self.files(tier));
        let known = self.known_version(day);
        let version = raw.version_of(day).max(known);
        let start_us = i64::from(day) * DAY_US;
        let source = Day {
            raw,
            range: TimeRange {
                start_us,
                end_us: start_us + DAY_US,
            },
            tags: tags_of(raw, day)?,
            known_seal: seal_of(known),
            gone,
        };
        let mut tags: BTreeSet<u32> = source.tags.keys().copied().collect();
        let mut outputs = Vec::new();
        for files in fine {
            let output = Output::create(disk, files, day, version)?;
            if let Some(old) = &output.old {
                files.catalog.scan(old, &mut |meta| {
                    tags.insert(meta.tag);
                })?;
            }
            outputs.push(output);
        }
        for tag in tags {
            let minutes = source.minutes(tag)?;
            for output in &mut outputs {
                let rows = source.rows_for(output, tag, &minutes)?;
                output.add(tag, &rows)?;
            }
        }
        outputs.into_iter().try_for_each(Output::publish)
    }

    /// Makes the row of a day or week of the plant's zone, if its sources know more than it does.
    /// Returns whether it was made.
    pub(in crate::historian) fn roll_up_local(
        &self,
        disk: &Disk,
        tier: Tier,
        key: i32,
        gone: Option<&Gone<'_>>,
    ) -> Result<bool, StoreError> {
        let Some(range) = self.local_range(tier, key) else {
            return Ok(false);
        };
        let finer = if tier == Tier::Week {
            Tier::Day
        } else {
            Tier::FiveMinutes
        };
        let sources = self.sources(finer, range);
        let version: u64 = sources.iter().map(|source| source.footer.seal).sum();
        let files = self.files(tier);
        let known = files.version_of(key);
        if gone.is_none() && (version == 0 || known.is_some_and(|known| version <= known)) {
            return Ok(false);
        }
        let mut tags = BTreeSet::new();
        for source in &sources {
            self.files(finer).catalog.scan(source, &mut |meta| {
                tags.insert(meta.tag);
            })?;
        }
        let mut output = Output::create(disk, files, key, version.max(known.unwrap_or(0)))?;
        let sourced = tags.clone();
        if let Some(old) = &output.old {
            files.catalog.scan(old, &mut |meta| {
                tags.insert(meta.tag);
            })?;
        }
        for tag in tags {
            let mut rows: Vec<Row> = match sourced.contains(&tag) {
                true => one(range.start_us, &self.rows(finer, tag, range)?)
                    .into_iter()
                    .collect(),
                false => output.old_rows(tag)?,
            };
            if !sourced.contains(&tag) {
                let goes = |gone: &Gone<'_>| gone.covers(tag, range.start_us, range.end_us);
                rows.retain(|_| !gone.is_some_and(goes));
            }
            output.add(tag, &rows)?;
        }
        output.publish()?;
        Ok(true)
    }

    /// Returns the files of a tier with rows of a time.
    fn sources(&self, tier: Tier, range: TimeRange) -> Vec<Arc<Segment>> {
        let files = self.files(tier);
        let (first, last) = match tier {
            Tier::Day => (
                self.local_key(tier, range.start_us),
                self.local_key(tier, range.end_us - 1),
            ),
            _ => (Some(day_of(range.start_us)), Some(day_of(range.end_us - 1))),
        };
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let days = files.catalog.days(first, last).into_iter();
        days.filter_map(|day| files.newest(day)).collect()
    }

    /// Writes a file anew without some tags, whose time has passed.
    pub(in crate::historian) fn drop_tags(
        &self,
        disk: &Disk,
        tier: Tier,
        day: i32,
        tags: &HashSet<u32>,
    ) -> Result<(), StoreError> {
        let files = self.files(tier);
        let Some(old) = files.newest(day) else {
            return Ok(());
        };
        let mut output = Output::create(disk, files, day, old.footer.seal)?;
        for tag in tags_of(&files.catalog, day)?.into_keys() {
            if !tags.contains(&tag) {
                let rows = output.old_rows(tag)?;
                output.add(tag, &rows)?;
            }
        }
        output.publish()
    }
}

impl Day<'_> {
    /// Returns the rows of a tag in a tier.
    fn rows_for(
        &self,
        output: &Output<'_>,
        tag: u32,
        minutes: &[Row],
    ) -> Result<Vec<Row>, StoreError> {
        let width_us = width_us(output.files.tier).unwrap_or(DAY_US);
        let rows = Roller::new(width_us).fold(minutes);
        if self.is_whole(tag) {
            return Ok(rows);
        }
        let mut old = output.old_rows(tag)?;
        if let Some(gone) = self.gone {
            old.retain(|row| !gone.covers(tag, row.start_us, row.start_us + width_us));
        }
        if output.old.is_none() {
            // Rows of the late samples alone would pass for all there was.
            return Ok(Vec::new());
        }
        Ok(add_late(old, rows))
    }
}

/// Adds rows of samples that came after the others were dropped.
fn add_late(old: Vec<Row>, late: Vec<Row>) -> Vec<Row> {
    let mut rows: BTreeMap<i64, Row> = old.into_iter().map(|row| (row.start_us, row)).collect();
    for row in late {
        rows.entry(row.start_us)
            .and_modify(|old| old.add_late(&row))
            .or_insert(row);
    }
    rows.into_values().collect()
}

/// Returns the tags of a day, each with the first seal that any of its files holds.
fn tags_of(catalog: &Catalog, day: i32) -> Result<BTreeMap<u32, u64>, StoreError> {
    let mut tags = BTreeMap::new();
    for segment in catalog.of_day(day) {
        let first = segment.footer.first_seal();
        catalog.scan(&segment, &mut |meta| {
            let known = tags.entry(meta.tag).or_insert(first);
            *known = first.min(*known);
        })?;
    }
    Ok(tags)
}

/// A file of rows being written, beside the one that it replaces.
struct Output<'a> {
    disk: &'a Disk,
    files: &'a Files,
    encoder: Encoder,
    name: Name,
    old: Option<Arc<Segment>>,
    writer: SegmentWriter,
}

impl<'a> Output<'a> {
    fn create(
        disk: &'a Disk,
        files: &'a Files,
        day: i32,
        version: u64,
    ) -> Result<Output<'a>, StoreError> {
        let old = files.newest(day);
        let same = old.as_ref().filter(|old| old.footer.seal == version);
        let name = Name {
            round: same.map_or(0, |old| old.footer.round + 1),
            from: 1,
            ..Name::of_seal(day, version)
        };
        Ok(Output {
            disk,
            files,
            encoder: Encoder::new(),
            name,
            old,
            writer: SegmentWriter::create(disk, &files.directory, name)?,
        })
    }

    fn old_rows(&self, tag: u32) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        if let Some(old) = &self.old {
            self.files.read(old, tag, &mut rows)?;
        }
        Ok(rows)
    }

    fn add(&mut self, tag: u32, rows: &[Row]) -> Result<(), StoreError> {
        for rows in rows.chunks(ROWS_MAX) {
            let encoder = &self.encoder;
            self.writer.add(|out| {
                let start = out.len();
                encoder.encode(rows, out);
                let crc = crc32fast::hash(&out[start..]);
                out.extend_from_slice(&crc.to_le_bytes());
                BlockMeta {
                    tag,
                    count: to_u32(rows.len()),
                    first_us: rows[0].start_us,
                    last_us: rows[rows.len() - 1].start_us,
                    length: to_u32(out.len() - start),
                    encoding: Encoding::Rows,
                    ..BlockMeta::default()
                }
            })?;
        }
        Ok(())
    }

    /// Gives the file its name, for every reader that comes.
    fn publish(self) -> Result<(), StoreError> {
        let Output {
            disk, files, name, ..
        } = self;
        let (temporary, footer, bytes) = self.writer.finish(Mark::Commit)?;
        let path = segment::path_of(&files.directory, name);
        disk.rename(&temporary, &path)?;
        disk.sync_directory(&files.directory)?;
        let old = files.catalog.of_day(name.day);
        files.catalog.replace(&old, (path, footer, bytes));
        Ok(())
    }
}
