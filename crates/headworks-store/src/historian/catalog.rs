//! All segment files, by day; what is damaged is set aside and named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headworks_core::TagIndex;
use parking_lot::{Mutex, RwLock};

use super::block::{BlockMeta, check, decode};
use super::bytes::Damaged;
use super::cache::{Cache, Content, Part};
use super::damage::{DamageLog, FileDamage};
use super::disk::Disk;
use super::points::Points;
use super::segment::{self, Footer, Mark, ReadError};
use crate::error::StoreError;

/// Microseconds of a day.
pub(super) const DAY_US: i64 = 86_400_000_000;

/// Bits of a day's version that count deletions.
const REVISION_BITS: u32 = 20;

fn version(footer: &Footer) -> u64 {
    (footer.seal << REVISION_BITS) | u64::from(footer.revision)
}

/// Returns the newest seal in a version.
pub(super) fn seal_of(version: u64) -> u64 {
    version >> REVISION_BITS
}

/// Returns the day of a time, counted from 1970-01-01 UTC.
pub(super) fn day_of(time_us: i64) -> i32 {
    i32::try_from(time_us.div_euclid(DAY_US)).expect("i64 microseconds span fewer days than i32")
}

/// Returns the first time after a day, if there is one.
pub(super) fn day_end(day: i32) -> Option<i64> {
    (i64::from(day) + 1).checked_mul(DAY_US)
}

/// One segment file.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: u64,
    pub(super) path: PathBuf,
    pub(super) footer: Footer,
    pub(super) bytes: u64,
}

/// The segment files of a directory.
pub(super) struct Catalog {
    days: RwLock<BTreeMap<i32, Vec<Arc<Segment>>>>,
    cache: Cache,
    pub(super) damage: DamageLog,
    next_id: Mutex<u64>,
    /// Files that no new reader finds, until the last reader has left them.
    retired: Mutex<Vec<Arc<Segment>>>,
}

impl Catalog {
    /// Reads the files of `directory`. Files of seals that were never completed go, as long as
    /// the write-ahead log has their points: `generations` are those it has.
    pub(super) fn open(
        directory: &Path,
        quarantine: PathBuf,
        disk: &Disk,
        generations: &[u64],
        cache_bytes_max: usize,
    ) -> Result<Catalog, StoreError> {
        let catalog = Catalog {
            days: RwLock::default(),
            cache: Cache::new(cache_bytes_max),
            damage: DamageLog::open(quarantine)?,
            next_id: Mutex::new(0),
            retired: Mutex::default(),
        };
        for path in list(directory)? {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("tmp") => disk.remove(&path)?,
                Some("seg") => catalog.take_in(disk, &path)?,
                _ => {}
            }
        }
        catalog.drop_unfinished(disk, generations)?;
        catalog.drop_replaced(disk)?;
        Ok(catalog)
    }

    fn take_in(&self, disk: &Disk, path: &Path) -> Result<(), StoreError> {
        match segment::open(path) {
            Ok((footer, bytes)) => self.add(path.to_owned(), footer, bytes),
            Err(StoreError::Corrupt { reason, .. }) => {
                let mut damage = FileDamage::of_file(path, &reason);
                if let Some((day, _, _)) = segment::path_name(path) {
                    (damage.from_us, damage.to_us) = span_of(day);
                }
                damage.kept_as = Some(self.damage.set_aside(disk, path)?);
                self.damage.note_file(damage);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn drop_unfinished(&self, disk: &Disk, generations: &[u64]) -> Result<(), StoreError> {
        let committed = self.committed();
        let mut days = self.days.write();
        for segments in days.values_mut() {
            for segment in segments.extract_if(.., |segment| {
                let seal = segment.footer.seal;
                // Without its log a seal is complete: only its marked file is missing.
                committed < seal && generations.iter().any(|g| committed < *g && *g <= seal)
            }) {
                tracing::info!(file = ?segment.path, "removed a file of an incomplete seal");
                disk.remove(&segment.path)?;
            }
        }
        days.retain(|_, segments| !segments.is_empty());
        Ok(())
    }

    /// Removes files whose points are in a joined file: the last process ended before it could.
    fn drop_replaced(&self, disk: &Disk) -> Result<(), StoreError> {
        let mut days = self.days.write();
        for segments in days.values_mut() {
            let footers: Vec<Footer> = segments.iter().map(|s| s.footer.clone()).collect();
            for segment in segments.extract_if(.., |segment| {
                footers
                    .iter()
                    .any(|footer| footer.replaces(&segment.footer))
            }) {
                disk.remove(&segment.path)?;
            }
        }
        Ok(())
    }

    /// Removes all files of each day but the newest one, where every file holds all there is.
    pub(super) fn keep_newest(&self, disk: &Disk) -> Result<(), StoreError> {
        for segments in self.days.write().values_mut() {
            let older = segments.len().saturating_sub(1);
            for segment in segments.drain(..older) {
                tracing::info!(file = ?segment.path, "removed a file that was replaced");
                disk.remove(&segment.path)?;
            }
        }
        Ok(())
    }

    /// Returns the last generation that a complete seal holds.
    pub(super) fn committed(&self) -> u64 {
        let days = self.days.read();
        let committed = days.values().flatten();
        let committed = committed.filter(|segment| segment.footer.mark == Mark::Commit);
        committed
            .map(|segment| segment.footer.seal)
            .max()
            .unwrap_or(0)
    }

    /// Returns the greatest seal of any file.
    pub(super) fn newest(&self) -> u64 {
        let days = self.days.read();
        let seals = days.values().flatten().map(|segment| segment.footer.seal);
        seals.max().unwrap_or(0)
    }

    /// Adds a file.
    pub(super) fn add(&self, path: PathBuf, footer: Footer, bytes: u64) {
        let segment = self.segment(path, footer, bytes);
        insert(&mut self.days.write(), segment);
    }

    fn segment(&self, path: PathBuf, footer: Footer, bytes: u64) -> Arc<Segment> {
        let mut next_id = self.next_id.lock();
        *next_id += 1;
        Arc::new(Segment {
            id: *next_id,
            path,
            footer,
            bytes,
        })
    }

    /// Puts a joined file in the place of others, for every reader that comes.
    pub(super) fn replace(
        &self,
        old: &[Arc<Segment>],
        (path, footer, bytes): (PathBuf, Footer, u64),
    ) {
        let segment = self.segment(path, footer, bytes);
        let mut days = self.days.write();
        take_out(&mut days, old);
        insert(&mut days, segment);
        drop(days);
        self.retired.lock().extend(old.iter().cloned());
    }

    /// Takes files away from every reader that comes.
    pub(super) fn remove(&self, old: &[Arc<Segment>]) {
        take_out(&mut self.days.write(), old);
        self.retired.lock().extend(old.iter().cloned());
    }

    /// Removes the files that no reader holds any more; returns the bytes given back.
    pub(super) fn sweep(&self, disk: &Disk) -> Result<u64, StoreError> {
        let mut freed = 0;
        let mut retired = self.retired.lock();
        let mut left = Vec::new();
        let mut result = Ok(());
        for segment in std::mem::take(&mut *retired) {
            if Arc::strong_count(&segment) != 1 || result.is_err() {
                left.push(segment);
                continue;
            }
            self.cache.forget(segment.id);
            match disk.remove(&segment.path) {
                Ok(()) => freed += segment.bytes,
                Err(error) => {
                    left.push(segment);
                    result = Err(error);
                }
            }
        }
        *retired = left;
        result.map(|()| freed)
    }

    /// Returns a number that grows when the samples of a day may have changed; joining files or
    /// dropping old samples does not change it. 0 without files.
    pub(super) fn version_of(&self, day: i32) -> u64 {
        let days = self.days.read();
        let segments = days.get(&day).into_iter().flatten();
        segments
            .map(|segment| version(&segment.footer))
            .max()
            .unwrap_or(0)
    }

    /// Returns the days from `first` to `last` that have files.
    pub(super) fn days(&self, first: i32, last: i32) -> Vec<i32> {
        self.days
            .read()
            .range(first..=last)
            .map(|(day, _)| *day)
            .collect()
    }

    /// Returns the files of a day, oldest seal first.
    pub(super) fn of_day(&self, day: i32) -> Vec<Arc<Segment>> {
        self.days.read().get(&day).cloned().unwrap_or_default()
    }

    /// Returns all files, newest day first.
    pub(super) fn all(&self) -> Vec<Arc<Segment>> {
        self.days.read().values().rev().flatten().cloned().collect()
    }

    /// Returns number, bytes and samples of the files.
    pub(super) fn totals(&self) -> (u64, u64, u64) {
        self.totals_and_newest().0
    }

    /// Returns the same, and the greatest number of a seal, of one instant.
    pub(super) fn totals_and_newest(&self) -> ((u64, u64, u64), u64) {
        let days = self.days.read();
        let files = || days.values().flatten();
        let count = |(files, bytes, samples): (u64, u64, u64), segment: &Arc<Segment>| {
            let more = segment.footer.samples;
            (files + 1, bytes + segment.bytes, samples + more)
        };
        let newest = files().map(|segment| segment.footer.seal).max();
        (files().fold((0, 0, 0), count), newest.unwrap_or(0))
    }

    /// Returns how many files and parts of files are left out.
    pub(super) fn damaged(&self) -> u64 {
        self.damage.count()
    }

    /// Gives the entries of a tag to `sink`; returns how many parts of the index are damaged.
    pub(super) fn find(
        &self,
        segment: &Segment,
        tag: u32,
        sink: &mut dyn FnMut(BlockMeta),
    ) -> Result<u64, StoreError> {
        let directory = self.directory(segment)?;
        // The tag can begin on the page before the first one that begins with it.
        let first = directory
            .partition_point(|&first| first < tag)
            .saturating_sub(1);
        let mut damaged = 0;
        for (page, _) in (0..)
            .zip(&*directory)
            .skip(first)
            .take_while(|(_, first)| **first <= tag)
        {
            match self.page(segment, page)? {
                Some(metas) => metas
                    .iter()
                    .filter(|meta| meta.tag == tag)
                    .for_each(|meta| sink(*meta)),
                None => damaged += 1,
            }
        }
        Ok(damaged)
    }

    /// Gives all entries of a file to `sink`, without keeping them.
    pub(super) fn scan(
        &self,
        segment: &Segment,
        sink: &mut dyn FnMut(&BlockMeta),
    ) -> Result<(), StoreError> {
        for page in 0..segment.footer.pages {
            if let Some(metas) = self.read_page(segment, page)? {
                metas.iter().for_each(&mut *sink);
            }
        }
        Ok(())
    }

    /// Reads a page of the index without keeping it; `None` when it is damaged.
    pub(super) fn read_page(
        &self,
        segment: &Segment,
        page: u32,
    ) -> Result<Option<Vec<BlockMeta>>, StoreError> {
        let file = self.file(segment)?;
        let metas = segment::read_page(&file, &segment.footer, page);
        self.checked(segment, Part::Page(page), metas)
    }

    /// Reads the bytes of a block as they are in the file; `None` when they are damaged.
    pub(super) fn block_bytes(
        &self,
        segment: &Segment,
        meta: &BlockMeta,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.file(segment)?;
        let bytes = segment::read_block(&file, &segment.footer, meta)
            .and_then(|bytes| Ok(check(&bytes).map(|_| bytes.clone())?));
        self.checked_block(segment, meta, bytes)
    }

    fn directory(&self, segment: &Segment) -> Result<Arc<[u32]>, StoreError> {
        if let Some(Content::Directory(tags)) = self.cache.get(segment.id, Part::Directory) {
            return Ok(tags);
        }
        let file = self.file(segment)?;
        let tags = segment::read_directory(&file, &segment.footer);
        let tags = match self.checked(segment, Part::Directory, tags)? {
            Some(tags) => tags,
            None => self.directory_of_pages(segment)?,
        };
        let tags: Arc<[u32]> = tags.into();
        let content = Content::Directory(Arc::clone(&tags));
        self.cache.put(segment.id, Part::Directory, content);
        Ok(tags)
    }

    /// Makes a damaged directory again; a page that is damaged too is taken for empty.
    fn directory_of_pages(&self, segment: &Segment) -> Result<Vec<u32>, StoreError> {
        let mut tags = Vec::new();
        for page in 0..segment.footer.pages {
            let metas = self.read_page(segment, page)?;
            let first = metas.and_then(|metas| metas.first().map(|meta| meta.tag));
            tags.push(first.or(tags.last().copied()).unwrap_or(0));
        }
        Ok(tags)
    }

    fn page(&self, segment: &Segment, page: u32) -> Result<Option<Arc<[BlockMeta]>>, StoreError> {
        let part = Part::Page(page);
        if let Some(Content::Page(metas)) = self.cache.get(segment.id, part) {
            return Ok(Some(metas));
        }
        let file = self.file(segment)?;
        let metas = segment::read_page(&file, &segment.footer, page);
        let metas = self.checked(segment, part, metas)?.map(Arc::from);
        if let Some(metas) = &metas {
            self.cache
                .put(segment.id, part, Content::Page(Arc::clone(metas)));
        }
        Ok(metas)
    }

    /// Reads a block that `decode` understands; `None` when it is damaged.
    pub(super) fn decoded<T>(
        &self,
        segment: &Segment,
        meta: &BlockMeta,
        decode: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, StoreError> {
        let file = self.file(segment)?;
        let content = segment::read_block(&file, &segment.footer, meta)
            .and_then(|bytes| Ok(decode(check(&bytes)?)?));
        self.checked_block(segment, meta, content)
    }

    /// Whether something in a file could not be read.
    pub(super) fn is_damaged(&self, segment: &Segment) -> bool {
        self.damage.has_part_of(segment.id)
    }

    /// Reads and decodes a block; `None` when it is damaged.
    pub(super) fn block(
        &self,
        segment: &Segment,
        meta: &BlockMeta,
    ) -> Result<Option<Points>, StoreError> {
        let file = self.file(segment)?;
        let points = segment::read_block(&file, &segment.footer, meta)
            .and_then(|bytes| Ok(decode(meta, &bytes)?));
        self.checked_block(segment, meta, points)
    }

    fn checked_block<T>(
        &self,
        segment: &Segment,
        meta: &BlockMeta,
        read: Result<T, ReadError>,
    ) -> Result<Option<T>, StoreError> {
        match read {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Io(error)) => Err(StoreError::io("reading", &segment.path, error)),
            Err(ReadError::Damaged(Damaged(reason))) => {
                self.damage
                    .note_part(segment.id, meta.offset, || FileDamage {
                        first_tag: Some(meta.tag()),
                        last_tag: Some(meta.tag()),
                        from_us: Some(meta.first_us),
                        to_us: Some(meta.last_us),
                        samples: Some(meta.count.into()),
                        ..FileDamage::of_file(&segment.path, reason)
                    });
                Ok(None)
            }
        }
    }

    fn checked<T>(
        &self,
        segment: &Segment,
        part: Part,
        read: Result<T, ReadError>,
    ) -> Result<Option<T>, StoreError> {
        match read {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Io(error)) => Err(StoreError::io("reading", &segment.path, error)),
            Err(ReadError::Damaged(Damaged(reason))) => {
                // Offsets of blocks are far below these.
                let place = match part {
                    Part::Directory => u64::MAX,
                    Part::Page(page) => u64::MAX - 1 - u64::from(page),
                };
                let damage = || self.damage_of_index(segment, part, reason);
                self.damage.note_part(segment.id, place, damage);
                Ok(None)
            }
        }
    }

    fn damage_of_index(&self, segment: &Segment, part: Part, reason: &str) -> FileDamage {
        let (from_us, to_us) = span_of(segment.footer.day);
        let mut damage = FileDamage {
            from_us,
            to_us,
            ..FileDamage::of_file(&segment.path, reason)
        };
        if let (Part::Page(page), Some(Content::Directory(tags))) =
            (part, self.cache.get(segment.id, Part::Directory))
        {
            let tag = |page: u32| tags.get(page as usize).map(|&tag| TagIndex(tag));
            damage.first_tag = tag(page);
            // The last tag of a page can go on on the next one.
            damage.last_tag = tag(page + 1);
        }
        damage
    }

    fn file(&self, segment: &Segment) -> Result<Arc<std::fs::File>, StoreError> {
        self.cache
            .file(segment.id, &segment.path)
            .map_err(|error| StoreError::io("opening", &segment.path, error))
    }
}

fn insert(days: &mut BTreeMap<i32, Vec<Arc<Segment>>>, segment: Arc<Segment>) {
    let segments = days.entry(segment.footer.day).or_default();
    segments.push(segment);
    segments.sort_by_key(|segment| (segment.footer.seal, segment.footer.round));
}

fn take_out(days: &mut BTreeMap<i32, Vec<Arc<Segment>>>, old: &[Arc<Segment>]) {
    for segment in old {
        if let Some(segments) = days.get_mut(&segment.footer.day) {
            segments.retain(|other| other.id != segment.id);
        }
    }
    days.retain(|_, segments| !segments.is_empty());
}

/// Returns the first and last time of a day.
fn span_of(day: i32) -> (Option<i64>, Option<i64>) {
    (day_end(day - 1), day_end(day).map(|end| end - 1))
}

/// Returns the files of a directory by name.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error| StoreError::io("reading", directory, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}
