//! What is stored: files, days, bytes per sample, the tags that take most.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;

use headworks_core::TagIndex;
use jiff::ToSpan;
use serde::Serialize;

use super::{files, folder_of, has_extension, is_gone, roll_up_tiers};
use crate::error::StoreError;
use crate::historian::segment;
use crate::historian::upkeep::Tier;

/// What a historian holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HistorianSummary {
    /// Segment files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Samples in them.
    pub samples: u64,
    /// Bytes of the segment files by the samples in them.
    pub bytes_per_sample: Option<f64>,
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// Bytes of sealed logs that wait for another store.
    pub forward_bytes: u64,
    /// Files out of use because they are damaged.
    pub quarantined_files: u64,
    /// Files and parts of an index that could not be read here.
    pub damaged: u64,
    /// The roll-ups, finest first.
    pub tiers: Vec<TierSummary>,
    /// The days, oldest first.
    pub days: Vec<DaySummary>,
    /// Tags that have samples.
    pub tags: u64,
    /// The tags with most bytes, largest first.
    pub largest_tags: Vec<TagSummary>,
}

/// What is stored of a tier of roll-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TierSummary {
    /// The tier.
    pub tier: Tier,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
}

/// What is stored of a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DaySummary {
    /// Days since 1970-01-01 UTC.
    pub day: i32,
    /// The date, where the calendar has one.
    pub date: Option<String>,
    /// Segment files; one when they have been joined.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks in them.
    pub blocks: u64,
    /// Samples in them.
    pub samples: u64,
}

/// What is stored of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TagSummary {
    /// The tag.
    pub tag: TagIndex,
    /// Samples.
    pub samples: u64,
    /// Bytes of its blocks.
    pub bytes: u64,
}

/// Reads the index of every segment file in `directory`; changes nothing and takes no lock.
///
/// # Errors
///
/// When the folders or a file cannot be read at all. What is damaged is counted.
pub fn summarize(directory: &Path, largest: usize) -> Result<HistorianSummary, StoreError> {
    let mut summary = HistorianSummary {
        log_bytes: bytes_of(&directory.join("wal"))?,
        forward_bytes: bytes_of(&directory.join("forward"))?,
        quarantined_files: files(&directory.join("quarantine"))?.len() as u64,
        ..HistorianSummary::default()
    };
    let mut days = BTreeMap::new();
    let mut tags = HashMap::new();
    for path in files(&directory.join("seg"))? {
        if !has_extension(&path, "seg") {
            continue;
        }
        match add(&path, &mut days, &mut tags) {
            Ok(damaged) => summary.damaged += damaged,
            Err(StoreError::Corrupt { .. }) => summary.damaged += 1,
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    for tier in roll_up_tiers() {
        let (found, damaged) = tier_of(directory, tier)?;
        summary.tiers.push(found);
        summary.damaged += damaged;
    }
    summary.days = days.into_values().collect();
    summary.files = summary.days.iter().map(|day| day.files).sum();
    summary.bytes = summary.days.iter().map(|day| day.bytes).sum();
    summary.samples = summary.days.iter().map(|day| day.samples).sum();
    summary.bytes_per_sample = ratio(summary.bytes, summary.samples);
    summary.tags = tags.len() as u64;
    let mut tags: Vec<TagSummary> = tags.into_values().collect();
    tags.sort_by_key(|tag| (std::cmp::Reverse(tag.bytes), tag.tag.0));
    tags.truncate(largest);
    summary.largest_tags = tags;
    Ok(summary)
}

/// Returns what is stored of a tier and how many of its files cannot be read.
fn tier_of(directory: &Path, tier: Tier) -> Result<(TierSummary, u64), StoreError> {
    let mut found = TierSummary {
        tier,
        files: 0,
        bytes: 0,
        rows: 0,
    };
    let mut damaged = 0;
    for path in files(&folder_of(directory, tier))? {
        match segment::open(&path) {
            _ if !has_extension(&path, "seg") => {}
            Ok((footer, bytes)) => {
                found.files += 1;
                found.bytes += bytes;
                found.rows += footer.samples;
            }
            Err(StoreError::Corrupt { .. }) => damaged += 1,
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((found, damaged))
}

/// Adds a segment file; returns how many pages of its index cannot be read.
fn add(
    path: &Path,
    days: &mut BTreeMap<i32, DaySummary>,
    tags: &mut HashMap<u32, TagSummary>,
) -> Result<u64, StoreError> {
    let (footer, bytes) = segment::open(path)?;
    let file = File::open(path).map_err(|error| StoreError::io("opening", path, error))?;
    let day = days.entry(footer.day).or_insert_with(|| DaySummary {
        day: footer.day,
        date: date_of(footer.day),
        ..DaySummary::default()
    });
    day.files += 1;
    day.bytes += bytes;
    day.blocks += u64::from(footer.blocks);
    day.samples += footer.samples;
    let mut damaged = 0;
    for page in 0..footer.pages {
        let Ok(metas) = segment::read_page(&file, &footer, page) else {
            damaged += 1;
            continue;
        };
        for meta in metas {
            let tag = tags.entry(meta.tag).or_insert(TagSummary {
                tag: meta.tag(),
                samples: 0,
                bytes: 0,
            });
            tag.samples += u64::from(meta.count);
            tag.bytes += u64::from(meta.length);
        }
    }
    Ok(damaged)
}

fn bytes_of(directory: &Path) -> Result<u64, StoreError> {
    let found = files(directory)?;
    let lengths = found.iter().filter_map(|path| std::fs::metadata(path).ok());
    Ok(lengths.map(|found| found.len()).sum())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn ratio(bytes: u64, samples: u64) -> Option<f64> {
    (samples != 0).then(|| bytes as f64 / samples as f64)
}

fn date_of(day: i32) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    // A span that the calendar does not reach is no span.
    let span = 0.days().try_days(day).ok()?;
    Some(epoch.checked_add(span).ok()?.to_string())
}
