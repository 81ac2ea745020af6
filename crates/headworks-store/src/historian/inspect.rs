//! Looking at the files of a historian without opening it: nothing is written and no lock is
//! taken, so that it works beside a running Headworks.

mod summary;
mod verify;

use std::path::Path;

use serde::Serialize;

use super::damage::FileDamage;
use super::upkeep::Tier;
use crate::error::StoreError;

pub use summary::{DaySummary, HistorianSummary, TagSummary, TierSummary, summarize};
pub use verify::verify;

/// What a file of the historian is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileUse {
    /// Samples of a day.
    Segment,
    /// Rows of a roll-up.
    RollUp,
    /// Samples that are not in segments yet.
    Log,
    /// Samples that wait for another store.
    Forward,
    /// The list of newest samples.
    Latest,
    /// Damaged and out of use.
    Quarantined,
}

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file.
    pub file: std::path::PathBuf,
    /// What it is for.
    pub purpose: FileUse,
    /// Its length.
    pub bytes: u64,
    /// Blocks, or batches of a log, that are sound.
    pub blocks: u64,
    /// Samples, or rows of a roll-up, in them.
    pub samples: u64,
    /// What is wrong; at most 100 of it.
    pub problems: Vec<FileDamage>,
    /// What is worth knowing but not wrong.
    pub note: Option<String>,
}

impl FileReport {
    fn new(file: &Path, purpose: FileUse) -> FileReport {
        FileReport {
            file: file.to_owned(),
            purpose,
            bytes: std::fs::metadata(file).map_or(0, |found| found.len()),
            blocks: 0,
            samples: 0,
            problems: Vec::new(),
            note: None,
        }
    }

    fn problem(&mut self, damage: FileDamage) {
        const PROBLEMS_MAX: usize = 100;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(damage);
        }
    }
}

/// Totals of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Files looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks and batches that are sound.
    pub blocks: u64,
    /// Samples in them; a sample that is in a log and in a segment counts twice.
    pub samples: u64,
    /// Rows of roll-ups in them.
    pub rows: u64,
    /// Files with something wrong.
    pub damaged_files: u64,
    /// Files out of use because they are damaged.
    pub quarantined_files: u64,
}

/// Returns the files of a folder by name, none when the folder is not there.
fn files(directory: &Path) -> Result<Vec<std::path::PathBuf>, StoreError> {
    match directory.exists() {
        true => super::catalog::list(directory),
        false => Ok(Vec::new()),
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// Returns the folder of a tier of roll-ups.
fn folder_of(directory: &Path, tier: Tier) -> std::path::PathBuf {
    directory.join("rollup").join(super::rollup::name(tier))
}

/// The tiers whose files are under `rollup/`.
fn roll_up_tiers() -> impl Iterator<Item = Tier> {
    Tier::ALL.into_iter().filter(|tier| *tier != Tier::Raw)
}

/// Whether a file went away while it was looked at: it was joined, sealed or dropped.
fn is_gone(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { source, .. }
        if source.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
