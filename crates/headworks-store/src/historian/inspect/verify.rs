//! Reading every byte and comparing what is said of it.

use std::fs::File;
use std::path::Path;

use headworks_core::TagIndex;

use super::{
    FileReport, FileUse, VerifyReport, files, folder_of, has_extension, is_gone, roll_up_tiers,
};
use crate::error::StoreError;
use crate::historian::block::{BlockMeta, Encoding, check, decode};
use crate::historian::bytes::Damaged;
use crate::historian::catalog::day_of;
use crate::historian::checkpoint;
use crate::historian::damage::FileDamage;
use crate::historian::segment::{self, Footer, ReadError};
use crate::historian::wal::{Follower, Next};

/// Reads every file of the historian in `directory` and gives what it found in each to `sink`.
///
/// It changes nothing. Beside a running Headworks, a batch that is being written can show as one
/// that was cut short, which is noted and no damage; files that go meanwhile are passed over.
///
/// # Errors
///
/// When the folders or a file cannot be read at all; what is damaged is no error but a finding.
pub fn verify(
    directory: &Path,
    sink: &mut dyn FnMut(&FileReport),
) -> Result<VerifyReport, StoreError> {
    let mut totals = VerifyReport::default();
    let mut note = |found: Result<FileReport, StoreError>| match found {
        Ok(report) => {
            totals.add(&report);
            sink(&report);
            Ok(())
        }
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) => Err(error),
    };
    let segments = directory.join("seg");
    for path in files(&segments)? {
        if has_extension(&path, "seg") {
            note(verify_segment(&path, FileUse::Segment))?;
        } else if path.ends_with("latest.bin") {
            note(verify_latest(&segments, &path))?;
        }
    }
    for tier in roll_up_tiers() {
        let rows = files(&folder_of(directory, tier))?;
        for path in rows.iter().filter(|path| has_extension(path, "seg")) {
            note(verify_segment(path, FileUse::RollUp))?;
        }
    }
    for (folder, purpose) in [("wal", FileUse::Log), ("forward", FileUse::Forward)] {
        let logs = files(&directory.join(folder))?;
        for path in logs.iter().filter(|path| has_extension(path, "wal")) {
            note(verify_log(path, purpose))?;
        }
    }
    for path in files(&directory.join("quarantine"))? {
        let mut report = FileReport::new(&path, FileUse::Quarantined);
        report.note = Some("damaged and out of use; what is sound of it may be elsewhere".into());
        note(Ok(report))?;
    }
    Ok(totals)
}

impl VerifyReport {
    fn add(&mut self, report: &FileReport) {
        self.files += 1;
        self.bytes += report.bytes;
        self.blocks += report.blocks;
        match report.purpose {
            FileUse::RollUp => self.rows += report.samples,
            _ => self.samples += report.samples,
        }
        self.damaged_files += u64::from(!report.problems.is_empty());
        self.quarantined_files += u64::from(report.purpose == FileUse::Quarantined);
    }
}

fn verify_latest(directory: &Path, path: &Path) -> Result<FileReport, StoreError> {
    let mut report = FileReport::new(path, FileUse::Latest);
    if let Err(reason) = checkpoint::check(directory)? {
        report.note = Some(format!("{reason}; the next start makes it again"));
    }
    Ok(report)
}

fn verify_log(path: &Path, purpose: FileUse) -> Result<FileReport, StoreError> {
    let mut report = FileReport::new(path, purpose);
    let mut follower = Follower::open(path)?;
    if let Some(Damaged(reason)) = follower.header_damage() {
        report.problem(FileDamage::of_file(path, reason));
        return Ok(report);
    }
    let length = follower.length()?;
    loop {
        match follower.next(length)? {
            Next::Batch(points) => {
                report.blocks += 1;
                report.samples += points.len() as u64;
            }
            Next::End if follower.at() < length => {
                let left = length - follower.at();
                report.note = Some(format!("the last {left} bytes are a batch cut short"));
                break;
            }
            Next::End => break,
            Next::Damaged(reason) => {
                let reason = format!("{reason}, at byte {}", follower.at());
                report.problem(FileDamage::of_file(path, &reason));
                break;
            }
        }
    }
    Ok(report)
}

/// A segment being read.
struct Reading<'a> {
    path: &'a Path,
    file: File,
    footer: Footer,
    report: FileReport,
    /// The last tag of which an entry was read.
    tag: Option<u32>,
}

fn verify_segment(path: &Path, purpose: FileUse) -> Result<FileReport, StoreError> {
    let mut report = FileReport::new(path, purpose);
    let footer = match segment::open(path) {
        Ok((footer, _)) => footer,
        Err(StoreError::Corrupt { reason, .. }) => {
            report.problem(FileDamage::of_file(path, &reason));
            return Ok(report);
        }
        Err(error @ StoreError::TooNew { .. }) => {
            report.note = Some(error.to_string());
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let file = File::open(path).map_err(|error| StoreError::io("opening", path, error))?;
    let reading = Reading {
        path,
        file,
        footer,
        report,
        tag: None,
    };
    reading.run()
}

/// Compares a block with what the index says of it.
fn check_block(meta: &BlockMeta, bytes: &[u8], day: i32) -> Result<(), Damaged> {
    if meta.encoding == Encoding::Rows {
        return check(bytes).map(|_| ());
    }
    let found = BlockMeta::of(meta.tag, &decode(meta, bytes)?);
    if !found.says_the_same(meta) {
        return Err(Damaged("what the index says of a block does not fit it"));
    }
    match day_of(meta.first_us) == day && day_of(meta.last_us) == day {
        true => Ok(()),
        false => Err(Damaged("a block is of another day than its file")),
    }
}

impl Reading<'_> {
    fn run(mut self) -> Result<FileReport, StoreError> {
        let tags = segment::read_directory(&self.file, &self.footer);
        let tags = self.checked(tags, |_| {})?.unwrap_or_default();
        for page in 0..self.footer.pages {
            let first = tags.get(page as usize).copied();
            let last = tags.get(page as usize + 1).copied();
            let metas = segment::read_page(&self.file, &self.footer, page);
            let metas = self.checked(metas, |damage| {
                damage.first_tag = first.map(TagIndex);
                damage.last_tag = last.map(TagIndex);
            })?;
            let metas = metas.unwrap_or_default();
            if let (Some(first), Some(meta)) = (first, metas.first())
                && first != meta.tag
            {
                self.problem("the directory of the index does not fit its page");
            }
            for meta in &metas {
                self.entry(meta)?;
            }
        }
        let whole = self.report.problems.is_empty();
        if whole && self.report.samples != self.footer.samples {
            self.problem("the number of samples does not fit the footer");
        }
        Ok(self.report)
    }

    /// Checks an entry of the index and its block.
    fn entry(&mut self, meta: &BlockMeta) -> Result<(), StoreError> {
        if self.tag.is_some_and(|tag| meta.tag < tag) {
            self.problem("the entries of the index are not in the order of tags");
        }
        self.tag = Some(meta.tag);
        let block = segment::read_block(&self.file, &self.footer, meta);
        let day = self.footer.day;
        let checked = block.and_then(|bytes| Ok(check_block(meta, &bytes, day)?));
        let sound = self.checked(checked, |damage| {
            damage.first_tag = Some(meta.tag());
            damage.last_tag = Some(meta.tag());
            damage.from_us = Some(meta.first_us);
            damage.to_us = Some(meta.last_us);
            damage.samples = Some(meta.count.into());
        })?;
        if sound.is_some() {
            self.report.blocks += 1;
            self.report.samples += u64::from(meta.count);
        }
        Ok(())
    }

    fn problem(&mut self, reason: &str) {
        let damage = FileDamage::of_file(self.path, reason);
        self.report.problem(damage);
    }

    /// Notes damage, of which `place` tells what is known.
    fn checked<T>(
        &mut self,
        read: Result<T, ReadError>,
        place: impl FnOnce(&mut FileDamage),
    ) -> Result<Option<T>, StoreError> {
        match read {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Io(error)) => Err(StoreError::io("reading", self.path, error)),
            Err(ReadError::Damaged(Damaged(reason))) => {
                let mut damage = FileDamage::of_file(self.path, reason);
                place(&mut damage);
                self.report.problem(damage);
                Ok(None)
            }
        }
    }
}
