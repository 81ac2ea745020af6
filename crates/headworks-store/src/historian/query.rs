//! Answering: files, samples being sealed and samples in memory as one.

use std::ops::ControlFlow;
use std::sync::Arc;

use headworks_core::{Sample, TagIndex};

use super::aggregate::Aggregator;
use super::block::BlockMeta;
use super::catalog::{Catalog, Segment, day_end, day_of};
use super::memtable::Stream;
use super::points::{Points, merge};
use super::{Bucket, BucketQuery, Chunk, RangeQuery, ReadStats, TimeRange};
use crate::error::StoreError;

/// Gives the samples that are in memory.
pub(super) trait Memory {
    /// Returns the streams of a tag, oldest first.
    fn streams(&self, tag: u32) -> Vec<Stream>;
}

/// A question under way.
pub(super) struct Query<'a> {
    catalog: &'a Catalog,
    memory: &'a dyn Memory,
    range: TimeRange,
    stats: ReadStats,
}

/// Where samples of a tag and a day are; in the order of their age.
enum Source {
    Block(Arc<Segment>, BlockMeta),
    Memory(Points),
}

impl Spanning for Source {
    fn span(&self) -> (i64, i64) {
        match self {
            Source::Block(_, meta) => (meta.first_us, meta.last_us),
            Source::Memory(points) => points.span(),
        }
    }
}

/// Whether to go on with the next group; a break tells whether also to stop with the tags.
type Flow = Result<ControlFlow<bool>, StoreError>;

/// Sources of which each overlaps another one in time.
type Group = Vec<(usize, Source)>;

impl<'a> Query<'a> {
    pub(super) fn new(
        catalog: &'a Catalog,
        range: TimeRange,
        memory: &'a dyn Memory,
    ) -> Result<Query<'a>, StoreError> {
        if range.end_us < range.start_us {
            return Err(StoreError::Query {
                field: "end_us",
                reason: format!(
                    "{} lies before the start {}; the end comes after the start",
                    range.end_us, range.start_us
                ),
            });
        }
        Ok(Query {
            catalog,
            memory,
            range,
            stats: ReadStats::default(),
        })
    }

    pub(super) fn read(
        mut self,
        query: &RangeQuery,
        sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        for &tag in &query.tags {
            let mut left = query.limit;
            let flow = self.visit(tag, &mut |this, group| {
                for points in this.decode(group)? {
                    let points = match points.len() <= left {
                        true => points,
                        false => points.slice(0..left),
                    };
                    if points.is_empty() {
                        continue;
                    }
                    left -= points.len();
                    this.stats.samples += points.len() as u64;
                    if sink(&points.into_chunk(tag)).is_break() {
                        return Ok(ControlFlow::Break(true));
                    }
                }
                Ok(if left == 0 {
                    ControlFlow::Break(false)
                } else {
                    ControlFlow::Continue(())
                })
            })?;
            if flow == ControlFlow::Break(true) {
                break;
            }
        }
        Ok(self.stats)
    }

    pub(super) fn aggregate(
        mut self,
        query: &BucketQuery,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        if query.bucket_us < 1 {
            return Err(StoreError::Query {
                field: "bucket_us",
                reason: format!("{} is less than 1 microsecond", query.bucket_us),
            });
        }
        for &tag in &query.tags {
            let mut aggregator = Aggregator::new(tag, self.range, query.bucket_us);
            let flow = self.visit(tag, &mut |this, group| {
                let flow = this.add_group(group, &mut aggregator, sink)?;
                Ok(if flow.is_break() {
                    ControlFlow::Break(true)
                } else {
                    ControlFlow::Continue(())
                })
            })?;
            if flow.is_break() || aggregator.finish(sink).is_break() {
                break;
            }
        }
        Ok(self.stats)
    }

    /// Returns the newest sample of a tag in the range.
    pub(super) fn newest(mut self, tag: TagIndex) -> Result<Option<Sample>, StoreError> {
        let memory = self.memory_of(tag)?;
        for day in self.days(&memory).into_iter().rev() {
            let sources = self.sources(tag, day, &memory)?;
            for group in groups(sources).into_iter().rev() {
                if let Some(points) = self.decode(group)?.last() {
                    return Ok(Some(points.point(points.len() - 1).into_sample()));
                }
            }
        }
        Ok(None)
    }

    /// Gives the points of a tag in the range to `take`, oldest first; returns how many parts are
    /// damaged.
    pub(super) fn scan(
        mut self,
        tag: TagIndex,
        take: &mut dyn FnMut(&Points),
    ) -> Result<u64, StoreError> {
        let flow = self.visit(tag, &mut |this, group| {
            this.decode(group)?.iter().for_each(&mut *take);
            Ok(ControlFlow::Continue(()))
        })?;
        debug_assert!(flow.is_continue());
        Ok(self.stats.damaged)
    }

    /// Returns the days that may have samples in the range.
    fn days(&self, memory: &[Points]) -> Vec<i32> {
        let (first, last) = (day_of(self.range.start_us), day_of(self.range.end_us - 1));
        let mut days = self.catalog.days(first, last);
        for points in memory {
            days.extend(days_of(points));
        }
        days.sort_unstable();
        days.dedup();
        days
    }

    fn add_group(
        &mut self,
        group: Group,
        aggregator: &mut Aggregator,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        if let [(_, Source::Block(_, meta))] = &group[..]
            && aggregator.takes_whole(meta)
        {
            self.stats.samples += u64::from(meta.count);
            return Ok(aggregator.add_block(meta, sink));
        }
        for points in self.decode(group)? {
            self.stats.samples += points.len() as u64;
            if aggregator.add_points(&points, sink).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Gives the groups of a tag to `take`, oldest first, until it breaks.
    fn visit(&mut self, tag: TagIndex, take: &mut dyn FnMut(&mut Self, Group) -> Flow) -> Flow {
        if self.range.start_us == self.range.end_us {
            return Ok(ControlFlow::Continue(()));
        }
        // Memory before files: what is sealed in between is seen twice then, never missed.
        let memory = self.memory_of(tag)?;
        for day in self.days(&memory) {
            let sources = self.sources(tag, day, &memory)?;
            for group in groups(sources) {
                let flow = take(self, group)?;
                if flow.is_break() {
                    return Ok(flow);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn memory_of(&mut self, tag: TagIndex) -> Result<Vec<Points>, StoreError> {
        let mut memory = Vec::new();
        for stream in self.memory.streams(tag.0) {
            let runs = stream.points().map_err(|damaged| StoreError::Query {
                field: "tags",
                reason: format!("samples of tag {} in memory: {}", tag.0, damaged.0),
            })?;
            let runs = runs.into_iter().map(|points| points.clip(self.range));
            memory.extend(runs.filter(|points| !points.is_empty()));
        }
        Ok(memory)
    }

    fn sources(
        &mut self,
        tag: TagIndex,
        day: i32,
        memory: &[Points],
    ) -> Result<Vec<Source>, StoreError> {
        let mut sources = Vec::new();
        let range = self.range;
        for segment in self.catalog.of_day(day) {
            self.stats.damaged += self.catalog.find(&segment, tag.0, &mut |meta| {
                if meta.first_us < range.end_us && range.start_us <= meta.last_us {
                    sources.push(Source::Block(Arc::clone(&segment), meta));
                }
            })?;
        }
        for points in memory {
            let part = points.places(range_of(day));
            if !part.is_empty() {
                sources.push(Source::Memory(points.slice(part)));
            }
        }
        Ok(sources)
    }

    /// Returns the points of a group, sorted, of one time the newest one.
    fn decode(&mut self, mut group: Group) -> Result<Vec<Points>, StoreError> {
        group.sort_by_key(|(age, _)| *age);
        let mut parts = Vec::new();
        for (_, source) in group {
            match source {
                Source::Memory(points) => parts.push(points),
                Source::Block(segment, meta) => match self.catalog.block(&segment, &meta)? {
                    Some(points) => {
                        self.stats.blocks += 1;
                        let points = points.clip(self.range);
                        if !points.is_empty() {
                            parts.push(points);
                        }
                    }
                    None => self.stats.damaged += 1,
                },
            }
        }
        Ok(merge(parts))
    }
}

fn days_of(points: &Points) -> Vec<i32> {
    let parts = super::points::cut(points, usize::MAX, |time| day_end(day_of(time)));
    parts
        .into_iter()
        .map(|part| day_of(points.times_us[part.start]))
        .collect()
}

fn range_of(day: i32) -> TimeRange {
    TimeRange {
        start_us: day_end(day - 1).unwrap_or(i64::MIN),
        end_us: day_end(day).unwrap_or(i64::MAX),
    }
}

/// Something that lies between two times.
pub(super) trait Spanning {
    /// First and last time.
    fn span(&self) -> (i64, i64);
}

/// Joins sources that overlap in time, each with its age; groups are in the order of time.
pub(super) fn groups<S: Spanning>(sources: Vec<S>) -> Vec<Vec<(usize, S)>> {
    let mut aged: Vec<(usize, S)> = sources.into_iter().enumerate().collect();
    aged.sort_by_key(|(_, source)| source.span().0);
    let mut groups: Vec<Vec<(usize, S)>> = Vec::new();
    let mut end = None;
    for (age, source) in aged {
        let (first, last) = source.span();
        match groups.last_mut() {
            Some(group) if end.is_some_and(|end| first <= end) => group.push((age, source)),
            _ => groups.push(vec![(age, source)]),
        }
        end = end.max(Some(last));
    }
    groups
}
