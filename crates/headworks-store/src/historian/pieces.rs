//! Which part of a range is answered from samples and which from rows of a roll-up.

use std::collections::BTreeSet;

use super::catalog::{Catalog, DAY_US, day_of, seal_of};
use super::rollup::{FINE, Rollups, width_us};
use super::{Buckets, Tier, TimeRange};
use crate::error::StoreError;

/// A part of a range and where its answer is looked for, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: TimeRange,
    pub(super) sources: Vec<Source>,
    /// Where else to look when the files of this day have no samples of the tag: they may be
    /// gone because of their age.
    pub(super) without_samples: Option<(i32, Vec<Source>)>,
}

/// Where an answer can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The samples.
    Samples,
    /// Rows of a tier that fit the buckets.
    Rows(Tier),
    /// Rows that are longer than what was asked for: nothing finer is left.
    Coarser(Tier),
}

/// What the pieces are made from.
pub(super) struct Planner<'a> {
    pub(super) raw: &'a Catalog,
    pub(super) rollups: &'a Rollups,
    pub(super) buckets: &'a Buckets,
    pub(super) tag: u32,
    /// Days of which samples are in memory.
    pub(super) in_memory: &'a BTreeSet<i32>,
}

impl Planner<'_> {
    /// Returns the pieces of the range, oldest first; times without data are in none.
    pub(super) fn pieces(&self) -> Result<Vec<Piece>, StoreError> {
        let all = self.buckets.range();
        let (first, last) = (day_of(all.start_us), day_of(all.end_us - 1));
        let mut days: BTreeSet<i32> = self.raw.days(first, last).into_iter().collect();
        days.extend(self.rollups.fine_days(first, last));
        days.extend(self.in_memory.range(first..=last));
        let mut pieces = self.coarse(all)?;
        let covered: Vec<TimeRange> = pieces.iter().map(|piece| piece.range).collect();
        for day in days {
            for range in without(day_range(day), &covered) {
                pieces.extend(clip(range, all).map(|range| self.piece(day, range)));
            }
        }
        pieces.sort_by_key(|piece| piece.range.start_us);
        Ok(pieces)
    }

    /// Returns the days and weeks of the plant's zone that stand for UTC days of which nothing
    /// finer is left.
    fn coarse(&self, all: TimeRange) -> Result<Vec<Piece>, StoreError> {
        let mut pieces: Vec<Piece> = Vec::new();
        for tier in [Tier::Day, Tier::Week] {
            for key in self.rollups.local_keys(tier, all) {
                let Some(range) = self.rollups.local_range(tier, key) else {
                    continue;
                };
                let is_taken = pieces.iter().any(|piece| overlap(piece.range, range));
                if !is_taken && self.is_needed(tier, range)? {
                    pieces.push(self.coarse_piece(tier, range, all));
                }
            }
        }
        Ok(pieces)
    }

    fn coarse_piece(&self, tier: Tier, range: TimeRange, all: TimeRange) -> Piece {
        let span = |time_us| self.buckets.span_of(time_us);
        let is_inside = clip(range, all) == Some(range);
        let source = match is_inside && span(range.start_us) == span(range.end_us - 1) {
            true => Source::Rows(tier),
            false => Source::Coarser(tier),
        };
        Piece {
            range,
            sources: vec![source],
            without_samples: None,
        }
    }

    /// Whether a day or week knows of samples that nothing finer knows of, and of all others.
    fn is_needed(&self, tier: Tier, range: TimeRange) -> Result<bool, StoreError> {
        let touched = || day_of(range.start_us)..=day_of(range.end_us - 1);
        let is_known = touched().all(|day| {
            let version = self.raw.version_of(day);
            version == 0 || self.rollups.is_fresh(day, version)
        });
        let missing: Vec<i32> = touched().filter(|&day| !self.has_finer(day)).collect();
        if !is_known || missing.is_empty() {
            return Ok(false);
        }
        let rows = self.rollups.rows(tier, self.tag, range)?;
        Ok(rows.iter().any(|row| {
            let ends = [day_of(row.first_us), day_of(row.last_us)];
            ends.iter().any(|day| missing.contains(day))
        }))
    }

    /// Whether there are samples or fine rows of a UTC day.
    fn has_finer(&self, day: i32) -> bool {
        self.raw.version_of(day) != 0
            || self.rollups.known_version(day) != 0
            || self.in_memory.contains(&day)
    }

    /// Returns a part of a UTC day and where to look for it.
    fn piece(&self, day: i32, range: TimeRange) -> Piece {
        let version = self.raw.version_of(day);
        let fits = |tier: &Tier| {
            let width_us = width_us(*tier);
            width_us.is_some_and(|width_us| self.buckets.fit(width_us, day_range(day)))
        };
        let is_fresh = |tier: &Tier| self.rollups.is_fresh_in(*tier, day, version);
        let (fitting, unfit): (Vec<Tier>, Vec<Tier>) = FINE.into_iter().rev().partition(fits);
        let (fresh, stale): (Vec<Tier>, Vec<Tier>) = fitting.into_iter().partition(is_fresh);
        let is_whole = self.is_whole(day);
        let mut sources = Vec::new();
        if !is_whole || !self.in_memory.contains(&day) {
            sources.extend(fresh.iter().copied().map(Source::Rows));
        }
        // Rows that do not know of all samples, or of longer times, are better than nothing.
        let rest = fresh.into_iter().chain(stale).map(Source::Rows);
        let rest = rest.chain(unfit.into_iter().rev().map(Source::Coarser));
        if is_whole {
            sources.push(Source::Samples);
            return Piece {
                range,
                sources,
                without_samples: Some((day, rest.collect())),
            };
        }
        sources.extend(rest);
        sources.push(Source::Samples);
        Piece {
            range,
            sources,
            without_samples: None,
        }
    }

    /// Whether the files of a day hold all its samples: none were dropped because of their age.
    fn is_whole(&self, day: i32) -> bool {
        match self.rollups.known_version(day) {
            0 => true,
            known => {
                let files = self.raw.of_day(day);
                let first = files.iter().map(|file| file.footer.first_seal()).min();
                first.is_some_and(|first| first <= seal_of(known))
            }
        }
    }
}

fn day_range(day: i32) -> TimeRange {
    let start_us = i64::from(day).saturating_mul(DAY_US);
    TimeRange {
        start_us,
        end_us: start_us.saturating_add(DAY_US),
    }
}

fn overlap(a: TimeRange, b: TimeRange) -> bool {
    a.start_us < b.end_us && b.start_us < a.end_us
}

fn clip(range: TimeRange, all: TimeRange) -> Option<TimeRange> {
    let range = TimeRange {
        start_us: range.start_us.max(all.start_us),
        end_us: range.end_us.min(all.end_us),
    };
    (range.start_us < range.end_us).then_some(range)
}

/// Returns what is left of a range.
fn without(range: TimeRange, covered: &[TimeRange]) -> Vec<TimeRange> {
    let mut left = vec![range];
    for hole in covered {
        left = left
            .into_iter()
            .flat_map(|part| {
                let before = TimeRange {
                    end_us: part.end_us.min(hole.start_us),
                    ..part
                };
                let after = TimeRange {
                    start_us: part.start_us.max(hole.end_us),
                    ..part
                };
                [before, after]
            })
            .filter(|part| part.start_us < part.end_us)
            .collect();
    }
    left
}
