//! Deleting samples on demand.

use headworks_core::TagIndex;

use super::Shared;
use super::compact::{Cause, Erase};
use crate::error::StoreError;
use crate::historian::catalog::day_of;
use crate::historian::rollup::Gone;
use crate::historian::stream::{Point, Raw};
use crate::historian::{Tier, TimeRange, checkpoint};

impl Shared {
    /// Writes the days of the range anew without the samples.
    pub(super) fn delete(&self, tags: &[TagIndex], range: TimeRange) -> Result<u64, StoreError> {
        if range.end_us <= range.start_us || tags.is_empty() {
            return Ok(0);
        }
        let _turn = self.upkeep.lock();
        self.seal_now()?;
        // After a power cut it would tell of samples that are gone.
        checkpoint::remove(&self.disk, &self.segment_directory)?;
        let erase = Erase {
            tags: tags.iter().map(|tag| tag.0).collect(),
            range,
            cause: Cause::Deletion,
        };
        let mut erased = 0;
        let (first, last) = (day_of(range.start_us), day_of(range.end_us - 1));
        for day in self.catalog.days(first, last) {
            if self.holds_any(day, &erase)? {
                let inputs = self.catalog.of_day(day);
                erased += self.compact(&inputs, Some(&erase))?.erased;
            }
        }
        self.delete_rows(&erase)?;
        self.renew_latest(&erase)?;
        let latest = self.sealed_latest.lock();
        let seal = self.catalog.newest();
        if let Err(error) = checkpoint::write(&self.disk, &self.segment_directory, &latest, seal) {
            tracing::warn!(%error, "the next start reads the index of all files");
        }
        drop(latest);
        self.catalog.sweep(&self.disk)?;
        Ok(erased)
    }

    /// Makes rows anew that know of the samples. Where the other samples of a row are gone too,
    /// the row goes.
    fn delete_rows(&self, erase: &Erase) -> Result<(), StoreError> {
        let gone = Gone {
            tags: &erase.tags,
            range: erase.range,
        };
        let (first, last) = (day_of(erase.range.start_us), day_of(erase.range.end_us - 1));
        for day in self.rollups.fine_days(first, last) {
            self.rollups
                .roll_up_day(&self.disk, &self.catalog, day, Some(&gone))?;
        }
        for tier in [Tier::Day, Tier::Week] {
            for key in self.rollups.local_keys(tier, erase.range) {
                self.rollups
                    .roll_up_local(&self.disk, tier, key, Some(&gone))?;
            }
        }
        self.rollups.sweep(&self.disk)?;
        Ok(())
    }

    fn holds_any(&self, day: i32, erase: &Erase) -> Result<bool, StoreError> {
        let range = erase.range;
        for segment in self.catalog.of_day(day) {
            for &tag in &erase.tags {
                let mut found = false;
                self.catalog.find(&segment, tag, &mut |meta| {
                    found |= meta.first_us < range.end_us && range.start_us <= meta.last_us;
                })?;
                if found {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Finds the newest samples of tags that lost theirs.
    fn renew_latest(&self, erase: &Erase) -> Result<(), StoreError> {
        let range = erase.range;
        let lost = |time: Option<i64>| {
            time.is_some_and(|time| range.start_us <= time && time < range.end_us)
        };
        for &tag in &erase.tags {
            let tables = self.tables.read();
            let is_lost = lost(tables.latest.time_us(tag));
            drop(tables);
            if !is_lost {
                continue;
            }
            let everything = TimeRange {
                start_us: i64::MIN,
                end_us: i64::MAX,
            };
            let newest = self.query(everything)?.newest(TagIndex(tag))?;
            let point = newest.map(|sample| Point {
                time_us: sample.time_us,
                quality: sample.quality.code(),
                value: Raw::of(&sample),
            });
            let mut tables = self.tables.write();
            let mut sealed = self.sealed_latest.lock();
            for latest in [&mut tables.latest, &mut *sealed] {
                latest.forget(tag);
                if let Some(point) = &point {
                    latest.offer(tag, point);
                }
            }
        }
        Ok(())
    }
}
