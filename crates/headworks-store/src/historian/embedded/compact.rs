//! Compaction: files of a day become one, tag by tag.
//!
//! The new file stands for all seals from the first to the last of its inputs; when it has its
//! name and the directory is synced, it is the truth, whatever becomes of the inputs.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::Shared;
use crate::error::StoreError;
use crate::historian::TimeRange;
use crate::historian::block::{BlockMeta, Encoder, POINTS_MAX};
use crate::historian::catalog::Segment;
use crate::historian::points::{Points, merge};
use crate::historian::query::{Spanning, groups};
use crate::historian::segment::{self, Footer, Mark, Name, SegmentWriter};

/// Points decoded at once; larger groups go in slices of time.
const SLICE_POINTS: usize = 1 << 20;
/// Blocks with as many points are copied as they are.
const COPIED_MIN: usize = POINTS_MAX / 2;

/// Samples that do not go into the new file.
pub(super) struct Erase {
    pub(super) tags: HashSet<u32>,
    pub(super) range: TimeRange,
    /// Why they go.
    pub(super) cause: Cause,
}

/// Why samples go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody wants them gone: roll-ups must not know them any more.
    Deletion,
    /// Their time has passed; their roll-ups stay.
    Age,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compacted {
    /// Samples left out on demand.
    pub(super) erased: u64,
}

/// A block of one of the inputs.
struct Source {
    segment: Arc<Segment>,
    meta: BlockMeta,
}

impl Spanning for Source {
    fn span(&self) -> (i64, i64) {
        (self.meta.first_us, self.meta.last_us)
    }
}

/// A file being read from its first to its last index page.
struct Input {
    segment: Arc<Segment>,
    next_page: u32,
    metas: VecDeque<BlockMeta>,
}

struct Compactor<'a> {
    shared: &'a Shared,
    erase: Option<&'a Erase>,
    encoder: Encoder,
    inputs: Vec<Input>,
    writer: SegmentWriter,
    /// Points of the tag under way that do not fill a block yet.
    pending: Points,
    /// Inputs with parts that cannot be read.
    damaged: HashSet<u64>,
    done: Compacted,
}

type Written = (PathBuf, Footer, u64);

impl Shared {
    /// Joins files of one day, neighbours in the order of their seals, into one.
    pub(super) fn compact(
        &self,
        inputs: &[Arc<Segment>],
        erase: Option<&Erase>,
    ) -> Result<Compacted, StoreError> {
        let directory = &self.segment_directory;
        let mut name = name_of(inputs);
        if erase.is_some_and(|erase| erase.cause == Cause::Deletion) {
            name.revision += 1;
        }
        self.check_room(inputs.iter().map(|input| input.bytes).sum())?;
        let writer = SegmentWriter::create(&self.disk, directory, name)?;
        let temporary = segment::path_of(directory, name).with_extension("tmp");
        let compactor = Compactor {
            shared: self,
            erase,
            encoder: Encoder::new(),
            inputs: inputs.iter().map(Input::new).collect(),
            writer,
            pending: Points::default(),
            damaged: HashSet::new(),
            done: Compacted::default(),
        };
        let result = compactor.run().and_then(|(written, damaged, done)| {
            for input in inputs.iter().filter(|input| damaged.contains(&input.id)) {
                // Before the new file counts, after which a start removes this one.
                let kept_as = self.catalog.damage.keep(&self.disk, &input.path)?;
                tracing::warn!(file = ?input.path, ?kept_as, "what is sound of a damaged file was \
                    copied");
            }
            let path = segment::path_of(directory, name);
            self.disk.rename(&written.0, &path)?;
            self.disk.sync_directory(directory)?;
            let file = (path, written.1, written.2);
            self.catalog.replace(inputs, file);
            Ok(done)
        });
        if result.is_err()
            && let Err(error) = self.disk.remove(&temporary)
        {
            tracing::warn!(%error, "an incomplete file stays until the next start");
        }
        result
    }
}

/// Returns the name of the file that stands for `inputs`.
fn name_of(inputs: &[Arc<Segment>]) -> Name {
    let footers = || inputs.iter().map(|segment| &segment.footer);
    let seal = footers().map(|footer| footer.seal).max().unwrap_or(0);
    let of_seal = footers().filter(|footer| footer.seal == seal);
    Name {
        day: footers().map(|footer| footer.day).max().unwrap_or(0),
        seal,
        round: 1 + of_seal.map(|footer| footer.round).max().unwrap_or(0),
        from: footers().map(Footer::first_seal).min().unwrap_or(0),
        revision: footers().map(|footer| footer.revision).max().unwrap_or(0),
    }
}

impl Input {
    fn new(segment: &Arc<Segment>) -> Input {
        Input {
            segment: Arc::clone(segment),
            next_page: 0,
            metas: VecDeque::new(),
        }
    }
}

impl Compactor<'_> {
    fn run(mut self) -> Result<(Written, HashSet<u64>, Compacted), StoreError> {
        while let Some(tag) = self.next_tag()? {
            let sources = self.take(tag)?;
            let is_alone = sources.len() == 1;
            for group in groups(sources) {
                self.add_group(tag, group, is_alone)?;
            }
            self.end_tag(tag)?;
        }
        // Its points are in files: the log has no more to say about them.
        let written = self.writer.finish(Mark::Commit)?;
        Ok((written, self.damaged, self.done))
    }

    /// Returns the least tag of which an input has blocks left.
    fn next_tag(&mut self) -> Result<Option<u32>, StoreError> {
        let mut least = None;
        for at in 0..self.inputs.len() {
            self.fill(at)?;
            if let Some(meta) = self.inputs[at].metas.front() {
                least = Some(least.map_or(meta.tag, |tag: u32| tag.min(meta.tag)));
            }
        }
        Ok(least)
    }

    /// Reads pages until the input has a block or ends.
    fn fill(&mut self, at: usize) -> Result<(), StoreError> {
        let input = &mut self.inputs[at];
        while input.metas.is_empty() && input.next_page < input.segment.footer.pages {
            let page = input.next_page;
            input.next_page += 1;
            match self.shared.catalog.read_page(&input.segment, page)? {
                Some(metas) => input.metas.extend(metas),
                None => {
                    self.damaged.insert(input.segment.id);
                }
            }
        }
        Ok(())
    }

    /// Takes all blocks of a tag, those of the oldest input first.
    fn take(&mut self, tag: u32) -> Result<Vec<Source>, StoreError> {
        let mut sources = Vec::new();
        for at in 0..self.inputs.len() {
            while self.inputs[at]
                .metas
                .front()
                .is_some_and(|meta| meta.tag == tag)
            {
                let input = &mut self.inputs[at];
                let segment = Arc::clone(&input.segment);
                let meta = input.metas.pop_front();
                sources.extend(meta.map(|meta| Source { segment, meta }));
                self.fill(at)?;
            }
        }
        Ok(sources)
    }

    fn add_group(
        &mut self,
        tag: u32,
        mut group: Vec<(usize, Source)>,
        is_alone: bool,
    ) -> Result<(), StoreError> {
        if let [(_, source)] = &group[..]
            && (is_alone || COPIED_MIN <= source.meta.count as usize)
            && !self.erases(tag, source.span())
        {
            self.end_tag(tag)?;
            return self.copy(source);
        }
        group.sort_by_key(|(age, _)| *age);
        for range in slices(&group) {
            let mut parts = Vec::new();
            for (_, source) in &group {
                let (first, last) = source.span();
                if first < range.end_us && range.start_us <= last {
                    parts.extend(self.decode(source)?.map(|points| points.clip(range)));
                }
            }
            for points in merge(parts) {
                self.push(tag, points)?;
            }
        }
        Ok(())
    }

    fn copy(&mut self, source: &Source) -> Result<(), StoreError> {
        let Source { segment, meta } = source;
        match self.shared.catalog.block_bytes(segment, meta)? {
            Some(bytes) => self.writer.add(|out| {
                out.extend_from_slice(&bytes);
                *meta
            }),
            None => {
                self.damaged.insert(segment.id);
                Ok(())
            }
        }
    }

    fn decode(&mut self, source: &Source) -> Result<Option<Points>, StoreError> {
        let points = self.shared.catalog.block(&source.segment, &source.meta)?;
        if points.is_none() {
            self.damaged.insert(source.segment.id);
        }
        Ok(points)
    }

    fn erases(&self, tag: u32, (first, last): (i64, i64)) -> bool {
        self.erase.is_some_and(|erase| {
            let range = erase.range;
            erase.tags.contains(&tag) && first < range.end_us && range.start_us <= last
        })
    }

    /// Takes points that are later than all before.
    fn push(&mut self, tag: u32, points: Points) -> Result<(), StoreError> {
        for points in self.without_erased(tag, points) {
            if points.is_empty() {
                continue;
            }
            if let Err(other_kind) = self.pending.join(points) {
                self.end_tag(tag)?;
                self.pending = other_kind;
            }
            self.write_full(tag)?;
        }
        Ok(())
    }

    fn without_erased(&mut self, tag: u32, points: Points) -> Vec<Points> {
        match self.erase {
            Some(erase) if erase.tags.contains(&tag) => {
                let gone = points.places(erase.range);
                self.done.erased += gone.len() as u64;
                vec![
                    points.slice(0..gone.start),
                    points.slice(gone.end..points.len()),
                ]
            }
            _ => vec![points],
        }
    }

    /// Writes the blocks that are full.
    fn write_full(&mut self, tag: u32) -> Result<(), StoreError> {
        let full = self.pending.len() / POINTS_MAX * POINTS_MAX;
        for start in (0..full).step_by(POINTS_MAX) {
            let points = self.pending.slice(start..start + POINTS_MAX);
            self.write(tag, &points)?;
        }
        if full != 0 {
            self.pending = self.pending.slice(full..self.pending.len());
        }
        Ok(())
    }

    /// Writes what does not fill a block.
    fn end_tag(&mut self, tag: u32) -> Result<(), StoreError> {
        let points = std::mem::take(&mut self.pending);
        match points.is_empty() {
            true => Ok(()),
            false => self.write(tag, &points),
        }
    }

    fn write(&mut self, tag: u32, points: &Points) -> Result<(), StoreError> {
        let encoder = &self.encoder;
        self.writer
            .add(|out| encoder.encode(tag, points, None, out))
    }
}

/// Cuts the time of a group so that no part has many more points than are decoded at once.
fn slices(group: &[(usize, Source)]) -> Vec<TimeRange> {
    let mut starts: Vec<(i64, usize)> = group
        .iter()
        .map(|(_, source)| (source.meta.first_us, source.meta.count as usize))
        .collect();
    starts.sort_unstable();
    let mut ranges = Vec::new();
    let (mut start_us, mut count) = (i64::MIN, 0);
    for (first_us, points) in starts {
        if SLICE_POINTS < count + points && start_us < first_us {
            ranges.push(TimeRange {
                start_us,
                end_us: first_us,
            });
            (start_us, count) = (first_us, 0);
        }
        count += points;
    }
    ranges.push(TimeRange {
        start_us,
        end_us: i64::MAX,
    });
    ranges
}
