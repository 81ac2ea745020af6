//! Dropping what is older than it is kept, and what is too much.

use std::collections::{BTreeSet, HashMap, HashSet};

use headworks_core::TagIndex;

use super::Shared;
use super::compact::{Cause, Erase};
use crate::error::StoreError;
use crate::historian::catalog::{Catalog, DAY_US, day_end};
use crate::historian::{Retention, Tier, TimeRange, Upkeep};

/// What was already looked at: version and number of ages that had passed, by tier and day.
pub(super) type Seen = HashMap<(Tier, i32), (u64, usize)>;

/// One look at all files.
struct Retainer<'a> {
    shared: &'a Shared,
    now_us: i64,
    retention: &'a Retention,
    seen: &'a mut Seen,
    done: &'a mut Upkeep,
}

impl Shared {
    /// Drops what is older than its tier is kept and what exceeds the bound of the size.
    pub(super) fn retain(
        &self,
        now_us: i64,
        retention: &Retention,
        seen: &mut Seen,
        done: &mut Upkeep,
    ) -> Result<(), StoreError> {
        let mut retainer = Retainer {
            shared: self,
            now_us,
            retention,
            seen,
            done,
        };
        for tier in Tier::ALL {
            retainer.tier(tier)?;
        }
        retainer.bound_size()
    }
}

impl Retainer<'_> {
    fn catalog(&self, tier: Tier) -> &Catalog {
        match tier {
            Tier::Raw => &self.shared.catalog,
            tier => self.shared.rollups.catalog(tier),
        }
    }

    /// Returns the first instant after the time of a file.
    fn end_of(&self, tier: Tier, day: i32) -> i64 {
        self.shared.rollups.end_of(tier, day)
    }

    fn has_passed(&self, end_us: i64, days: Option<u32>) -> bool {
        days.is_some_and(|days| {
            let age_us = i64::from(days).saturating_mul(DAY_US);
            end_us.saturating_add(age_us) <= self.now_us
        })
    }

    fn tier(&mut self, tier: Tier) -> Result<(), StoreError> {
        let tags = self.retention.tags.values().map(|ages| ages.of(tier));
        let ages: BTreeSet<Option<u32>> = tags.chain([self.retention.default.of(tier)]).collect();
        for day in self.catalog(tier).days(i32::MIN, i32::MAX) {
            let end_us = self.end_of(tier, day);
            let passed = ages
                .iter()
                .filter(|days| self.has_passed(end_us, **days))
                .count();
            if passed == 0 {
                continue;
            }
            if !self.is_rolled_up(tier, day) {
                self.hold(tier, day, "is older than it is kept but not rolled up yet");
            } else if passed == ages.len() {
                self.drop_day(tier, day);
            } else {
                self.drop_tags(tier, day, passed)?;
            }
        }
        Ok(())
    }

    fn hold(&mut self, tier: Tier, day: i32, reason: &str) {
        self.done
            .held
            .get_or_insert_with(|| format!("day {day} of tier {tier:?} {reason}"));
    }

    /// Whether the next coarser tier knows what a file knows, or need not.
    fn is_rolled_up(&self, tier: Tier, day: i32) -> bool {
        let rollups = &self.shared.rollups;
        match tier {
            Tier::Raw => rollups.is_fresh(day, self.shared.catalog.version_of(day)),
            Tier::FiveMinutes => self.is_made(Tier::Day, day),
            Tier::Day => self.is_made(Tier::Week, day),
            Tier::Minute | Tier::Hour | Tier::Week => true,
        }
    }

    fn is_made(&self, coarser: Tier, day: i32) -> bool {
        let rollups = &self.shared.rollups;
        let keys = rollups.keys_over(coarser, day);
        keys.into_iter().all(|key| {
            let end_us = self.end_of(coarser, key);
            !rollups.catalog(coarser).of_day(key).is_empty()
                || self.has_passed(end_us, self.retention.default.of(coarser))
        })
    }

    fn drop_day(&mut self, tier: Tier, day: i32) {
        let catalog = self.catalog(tier);
        let files = catalog.of_day(day);
        catalog.remove(&files);
        self.seen.remove(&(tier, day));
        self.done.dropped_files += files.len() as u64;
        if tier == Tier::Raw {
            let samples = files.iter().map(|file| file.footer.samples);
            self.done.dropped_samples += samples.sum::<u64>();
        }
    }

    /// Writes a file anew without the tags whose time has passed; once for each time.
    fn drop_tags(&mut self, tier: Tier, day: i32, passed: usize) -> Result<(), StoreError> {
        let seen = (self.catalog(tier).version_of(day), passed);
        if self.seen.get(&(tier, day)) == Some(&seen) {
            return Ok(());
        }
        let tags = self.passed_tags(tier, day)?;
        if !tags.is_empty() {
            self.rewrite(tier, day, tags)?;
        }
        self.seen.insert((tier, day), seen);
        Ok(())
    }

    fn passed_tags(&self, tier: Tier, day: i32) -> Result<HashSet<u32>, StoreError> {
        let end_us = self.end_of(tier, day);
        let catalog = self.catalog(tier);
        let mut tags = HashSet::new();
        for segment in catalog.of_day(day) {
            catalog.scan(&segment, &mut |meta| {
                let days = self.retention.of(TagIndex(meta.tag)).of(tier);
                if self.has_passed(end_us, days) {
                    tags.insert(meta.tag);
                }
            })?;
        }
        Ok(tags)
    }

    fn rewrite(&mut self, tier: Tier, day: i32, tags: HashSet<u32>) -> Result<(), StoreError> {
        let shared = self.shared;
        if tier != Tier::Raw {
            return shared.rollups.drop_tags(&shared.disk, tier, day, &tags);
        }
        let erase = Erase {
            tags,
            range: TimeRange {
                start_us: day_end(day - 1).unwrap_or(i64::MIN),
                end_us: day_end(day).unwrap_or(i64::MAX),
            },
            cause: Cause::Age,
        };
        let compacted = shared.compact(&shared.catalog.of_day(day), Some(&erase))?;
        self.done.dropped_samples += compacted.erased;
        Ok(())
    }

    /// Drops the oldest days of the finest tier that may go, until the files are small enough.
    fn bound_size(&mut self) -> Result<(), StoreError> {
        let Some(max) = self.retention.size_max_bytes else {
            return Ok(());
        };
        for tier in [Tier::Raw, Tier::Minute, Tier::FiveMinutes, Tier::Hour] {
            for day in self.catalog(tier).days(i32::MIN, i32::MAX) {
                if self.bytes() <= max {
                    return Ok(());
                }
                if self.end_of(tier, day) <= self.now_us && self.is_rolled_up(tier, day) {
                    self.drop_day(tier, day);
                }
            }
        }
        if max < self.bytes() {
            self.done.held.get_or_insert_with(|| {
                let bytes = self.shared.bytes();
                format!("the files take {bytes} bytes, {max} are allowed; nothing more may go")
            });
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.shared.bytes()
    }
}

impl Shared {
    /// Returns the bytes of all files.
    fn bytes(&self) -> u64 {
        let rollups = self.rollups.report();
        let wal = self.wal_bytes.load(std::sync::atomic::Ordering::Relaxed);
        let raw = self.catalog.totals().1;
        wal + raw + rollups.iter().map(|report| report.bytes).sum::<u64>()
    }
}
