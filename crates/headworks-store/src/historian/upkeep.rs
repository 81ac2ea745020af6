//! What a historian does when nobody asks: closing days, roll-ups, retention.

use std::collections::HashMap;

use headworks_core::TagIndex;
use serde::{Deserialize, Serialize};

use super::catalog::Catalog;

/// How fine samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Every sample.
    Raw,
    /// A row per minute.
    Minute,
    /// A row per five minutes.
    FiveMinutes,
    /// A row per hour.
    Hour,
    /// A row per day of the plant's time zone.
    Day,
    /// A row per week of the plant's time zone, Monday first.
    Week,
}

impl Tier {
    /// All tiers, finest first.
    pub const ALL: [Tier; 6] = [
        Tier::Raw,
        Tier::Minute,
        Tier::FiveMinutes,
        Tier::Hour,
        Tier::Day,
        Tier::Week,
    ];
}

/// How long each tier is kept, in days; `None` is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are the tiers")]
pub struct TierAges {
    pub raw: Option<u32>,
    pub minute: Option<u32>,
    pub five_minutes: Option<u32>,
    pub hour: Option<u32>,
    pub day: Option<u32>,
    pub week: Option<u32>,
}

impl Default for TierAges {
    /// Requirement 0.5: raw 7 days, minutes 30 days, hours 90 days, days and weeks two years.
    fn default() -> TierAges {
        TierAges {
            raw: Some(7),
            minute: Some(30),
            five_minutes: Some(30),
            hour: Some(90),
            day: Some(731),
            week: Some(731),
        }
    }
}

impl TierAges {
    /// Returns how many days a tier is kept.
    pub fn of(&self, tier: Tier) -> Option<u32> {
        match tier {
            Tier::Raw => self.raw,
            Tier::Minute => self.minute,
            Tier::FiveMinutes => self.five_minutes,
            Tier::Hour => self.hour,
            Tier::Day => self.day,
            Tier::Week => self.week,
        }
    }
}

/// How long the samples and roll-ups of which tag are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retention {
    /// For tags that `tags` does not name.
    pub default: TierAges,
    /// Tags with ages of their own.
    pub tags: HashMap<TagIndex, TierAges>,
    /// Most bytes of all files; the oldest raw days that are rolled up go first. No bound when
    /// absent.
    pub size_max_bytes: Option<u64>,
}

impl Retention {
    /// Returns the ages of a tag.
    pub fn of(&self, tag: TagIndex) -> &TierAges {
        self.tags.get(&tag).unwrap_or(&self.default)
    }
}

/// What a round of upkeep did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Upkeep {
    /// Days whose files were joined to one.
    pub compacted_days: u64,
    /// Days whose roll-ups were made or made again.
    pub rolled_up_days: u64,
    /// Files that went because of their age or the bound of the size.
    pub dropped_files: u64,
    /// Samples in them.
    pub dropped_samples: u64,
    /// Bytes given back to the disk.
    pub freed_bytes: u64,
    /// What was due but could not be done, and why.
    pub held: Option<String>,
}

/// What the files of a tier take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TierReport {
    /// The tier.
    pub tier: Tier,
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Samples or rows in them.
    pub rows: u64,
    /// The oldest day with data, counted from 1970-01-01.
    pub oldest_day: Option<i32>,
    /// The newest one.
    pub newest_day: Option<i32>,
    /// Mean bytes of a day that is over, by the last seven such days.
    pub bytes_per_day: u64,
}

/// Returns what the files of a catalogue take.
pub(super) fn report(tier: Tier, catalog: &Catalog) -> TierReport {
    /// Days whose mean tells the growth.
    const RECENT_DAYS: usize = 7;
    let (files, bytes, rows) = catalog.totals();
    let days = catalog.days(i32::MIN, i32::MAX);
    let recent = days.iter().rev().skip(1).take(RECENT_DAYS);
    let recent: Vec<u64> = recent
        .map(|&day| {
            catalog
                .of_day(day)
                .iter()
                .map(|segment| segment.bytes)
                .sum()
        })
        .collect();
    TierReport {
        tier,
        files,
        bytes,
        rows,
        oldest_day: days.first().copied(),
        newest_day: days.last().copied(),
        bytes_per_day: recent.iter().sum::<u64>() / recent.len().max(1) as u64,
    }
}
