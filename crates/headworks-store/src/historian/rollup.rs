//! Roll-ups: a row per tag and minute, five minutes, hour, day and week.
//!
//! The rows of a closed day are computed in one go from its samples and written to a file per
//! tier, which has the format of a segment and carries the version of the samples that it was
//! made from. Only a file of the present version is used; so an answer is right at any moment,
//! whatever comes late.

mod codec;
mod make;
mod row;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(super) use make::Gone;
pub(super) use row::{Row, is_good};

use super::catalog::{Catalog, DAY_US, Segment, day_end, day_of};
use super::disk::Disk;
use super::upkeep::{Tier, TierReport};
use super::{TimeRange, upkeep};
use crate::error::StoreError;

/// Memory for the index of the files of one tier.
const CACHE_BYTES: usize = 2 << 20;

/// The tiers that have files of rows, finest first.
const TIERS: [Tier; 5] = [
    Tier::Minute,
    Tier::FiveMinutes,
    Tier::Hour,
    Tier::Day,
    Tier::Week,
];

/// The tiers whose files are of a UTC day, finest first.
pub(super) const FINE: [Tier; 3] = [Tier::Minute, Tier::FiveMinutes, Tier::Hour];

/// Files of all tiers.
pub(super) struct Rollups {
    tiers: Vec<Files>,
    zone: TimeZone,
}

/// Files of one tier: of a UTC day for the fine ones, of a day or week of the plant's zone for
/// the coarse ones, named by the number of its first local day.
struct Files {
    tier: Tier,
    directory: PathBuf,
    catalog: Catalog,
}

impl Rollups {
    /// Opens the files below `directory`; creates what is missing.
    pub(super) fn open(
        directory: &Path,
        disk: &Disk,
        zone: TimeZone,
    ) -> Result<Rollups, StoreError> {
        let tiers = TIERS.into_iter().map(|tier| {
            let directory = directory.join(name(tier));
            std::fs::create_dir_all(&directory)
                .map_err(|error| StoreError::io("creating", &directory, error))?;
            let catalog = Catalog::open(
                &directory,
                directory.join("quarantine"),
                disk,
                &[],
                CACHE_BYTES,
            )?;
            catalog.keep_newest(disk)?;
            Ok(Files {
                tier,
                directory,
                catalog,
            })
        });
        Ok(Rollups {
            tiers: tiers.collect::<Result<_, StoreError>>()?,
            zone,
        })
    }

    fn files(&self, tier: Tier) -> &Files {
        let files = self.tiers.iter().find(|files| files.tier == tier);
        files.expect("every tier but the raw one has files")
    }

    /// Returns the rows of a tag that begin in the range, oldest first.
    pub(super) fn rows(
        &self,
        tier: Tier,
        tag: u32,
        range: TimeRange,
    ) -> Result<Vec<Row>, StoreError> {
        let files = self.files(tier);
        // A file of the plant's zone begins up to a day away from the UTC day of its number.
        let span = if tier == Tier::Week { 8 } else { 1 };
        let first = day_of(range.start_us).saturating_sub(span);
        let last = day_of(range.end_us).saturating_add(1);
        let mut rows = Vec::new();
        for day in files.catalog.days(first, last) {
            if let Some(segment) = files.newest(day) {
                files.read(&segment, tag, &mut rows)?;
            }
        }
        rows.retain(|row| range.start_us <= row.start_us && row.start_us < range.end_us);
        Ok(rows)
    }

    /// Returns the greatest version that the fine rows of a UTC day know of; 0 without rows.
    pub(super) fn known_version(&self, day: i32) -> u64 {
        let newest = FINE
            .into_iter()
            .filter_map(|tier| self.files(tier).newest(day));
        newest.map(|file| file.footer.seal).max().unwrap_or(0)
    }

    /// Whether all fine tiers of a UTC day know of all samples of a version.
    pub(super) fn is_fresh(&self, day: i32, version: u64) -> bool {
        FINE.into_iter()
            .all(|tier| self.is_fresh_in(tier, day, version))
    }

    /// Whether a fine tier of a UTC day knows of all samples of a version.
    pub(super) fn is_fresh_in(&self, tier: Tier, day: i32, version: u64) -> bool {
        let known = self.files(tier).version_of(day);
        known.is_some_and(|known| version <= known)
    }

    /// Returns the files of a tier of rows.
    pub(super) fn catalog(&self, tier: Tier) -> &Catalog {
        &self.files(tier).catalog
    }

    /// Returns the first instant after the time of a file.
    pub(super) fn end_of(&self, tier: Tier, day: i32) -> i64 {
        match tier {
            Tier::Day | Tier::Week => self.local_range(tier, day).map(|range| range.end_us),
            _ => day_end(day),
        }
        .unwrap_or(i64::MAX)
    }

    /// Returns the UTC days with rows of a fine tier.
    pub(super) fn fine_days(&self, first: i32, last: i32) -> Vec<i32> {
        let days = FINE
            .into_iter()
            .flat_map(|tier| self.catalog(tier).days(first, last));
        days.collect::<BTreeSet<i32>>().into_iter().collect()
    }

    /// Returns the days or weeks of the plant's zone that have a file and touch a time.
    pub(super) fn local_keys(&self, tier: Tier, range: TimeRange) -> Vec<i32> {
        let mut keys = self.catalog(tier).days(i32::MIN, i32::MAX);
        keys.retain(|&key| {
            let own = self.local_range(tier, key);
            own.is_some_and(|own| own.start_us < range.end_us && range.start_us < own.end_us)
        });
        keys
    }

    /// Returns the keys of the coarser files, days or weeks of the plant's zone, whose time the
    /// file of a finer tier touches.
    pub(super) fn keys_over(&self, coarser: Tier, day: i32) -> Vec<i32> {
        match coarser {
            Tier::Week => {
                let date = date_of(day).and_then(monday_of);
                date.map(number_of).into_iter().collect()
            }
            _ => self.local_of(coarser, day),
        }
    }

    /// Returns what a tier takes.
    pub(super) fn report(&self) -> Vec<TierReport> {
        self.tiers
            .iter()
            .map(|files| upkeep::report(files.tier, &files.catalog))
            .collect()
    }

    /// Returns how many files and parts of files are damaged.
    pub(super) fn damaged(&self) -> u64 {
        self.tiers.iter().map(|files| files.catalog.damaged()).sum()
    }

    /// Removes files that nobody reads any more; returns the bytes given back.
    pub(super) fn sweep(&self, disk: &Disk) -> Result<u64, StoreError> {
        self.tiers
            .iter()
            .map(|files| files.catalog.sweep(disk))
            .sum()
    }

    /// Returns the local days and weeks whose time a UTC day touches, by the number of their
    /// first day.
    fn local_of(&self, tier: Tier, day: i32) -> Vec<i32> {
        let start_us = i64::from(day) * DAY_US;
        let mut keys: Vec<i32> = [start_us, start_us + DAY_US - 1]
            .into_iter()
            .filter_map(|time_us| self.local_key(tier, time_us))
            .collect();
        keys.dedup();
        keys
    }

    fn local_key(&self, tier: Tier, time_us: i64) -> Option<i32> {
        let time = Timestamp::from_microsecond(time_us).ok()?;
        let date = time.to_zoned(self.zone.clone()).date();
        let date = match tier {
            Tier::Week => monday_of(date)?,
            _ => date,
        };
        Some(number_of(date))
    }

    /// Returns the time of a local day or week.
    pub(super) fn local_range(&self, tier: Tier, key: i32) -> Option<TimeRange> {
        let days = if tier == Tier::Week { 7 } else { 1 };
        let start = |key: i32| {
            let zoned = date_of(key)?.to_zoned(self.zone.clone()).ok()?;
            Some(zoned.timestamp().as_microsecond())
        };
        Some(TimeRange {
            start_us: start(key)?,
            end_us: start(key.checked_add(days)?)?,
        })
    }
}

impl Files {
    /// Appends the rows of a tag in a file.
    fn read(&self, segment: &Segment, tag: u32, rows: &mut Vec<Row>) -> Result<(), StoreError> {
        let mut metas = Vec::new();
        self.catalog
            .find(segment, tag, &mut |meta| metas.push(meta))?;
        for meta in metas {
            let decode = |bytes: &[u8]| codec::decode(bytes, meta.count);
            rows.extend(
                self.catalog
                    .decoded(segment, &meta, decode)?
                    .into_iter()
                    .flatten(),
            );
        }
        Ok(())
    }

    /// Returns the newest file of a day, if there is one.
    fn newest(&self, day: i32) -> Option<Arc<Segment>> {
        self.catalog.of_day(day).pop()
    }

    fn version_of(&self, day: i32) -> Option<u64> {
        let segment = self.newest(day)?;
        (!self.catalog.is_damaged(&segment)).then_some(segment.footer.seal)
    }
}

/// Returns the width of the rows of a tier whose rows are all of one width.
pub(super) fn width_us(tier: Tier) -> Option<i64> {
    match tier {
        Tier::Minute => Some(60_000_000),
        Tier::FiveMinutes => Some(300_000_000),
        Tier::Hour => Some(3_600_000_000),
        Tier::Raw | Tier::Day | Tier::Week => None,
    }
}

pub(super) fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Raw => "raw",
        Tier::Minute => "minute",
        Tier::FiveMinutes => "five-minutes",
        Tier::Hour => "hour",
        Tier::Day => "day",
        Tier::Week => "week",
    }
}

fn number_of(date: Date) -> i32 {
    date.duration_since(Date::constant(1970, 1, 1))
        .as_hours()
        .div_euclid(24)
        .try_into()
        .unwrap_or(i32::MAX)
}

fn date_of(key: i32) -> Option<Date> {
    let days = jiff::Span::new().try_days(key).ok()?;
    Date::constant(1970, 1, 1).checked_add(days).ok()
}

fn monday_of(date: Date) -> Option<Date> {
    let since = date.weekday().to_monday_zero_offset();
    date.checked_sub(jiff::Span::new().try_days(since).ok()?)
        .ok()
}
