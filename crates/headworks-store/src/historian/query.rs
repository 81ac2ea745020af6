//! Answering: files, samples being sealed and samples in memory as one.

use std::ops::ControlFlow;
use std::sync::Arc;

use headworks_core::{Sample, TagIndex};

use super::aggregate::Aggregator;
use super::block::BlockMeta;
use super::catalog::{Catalog, Segment, day_end, day_of};
use super::memtable::Stream;
use super::pieces::{self, Piece, Planner};
use super::points::{Points, merge};
use super::rollup::{Rollups, Row};
use super::{Bucket, BucketQuery, Chunk, RangeQuery, ReadStats, Tier, TimeRange};
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

    /// Aggregates each tag in turn, from samples and from the rows of `rollups`.
    pub(super) fn aggregate(
        mut self,
        query: &BucketQuery,
        rollups: &Rollups,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        query.buckets.check()?;
        if self.range.start_us == self.range.end_us {
            return Ok(self.stats);
        }
        for &tag in &query.tags {
            if self.aggregate_tag(tag, query, rollups, sink)?.is_break() {
                break;
            }
        }
        Ok(self.stats)
    }

    fn aggregate_tag(
        &mut self,
        tag: TagIndex,
        query: &BucketQuery,
        rollups: &Rollups,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let before = match query.time_weighted {
            true => self.before_range(tag)?,
            false => None,
        };
        // Memory before files: what is sealed in between is seen twice then, never missed.
        let memory = self.memory_of(tag)?;
        let planner = Planner {
            raw: self.catalog,
            rollups,
            buckets: &query.buckets,
            tag: tag.0,
            in_memory: &memory.iter().flat_map(days_of).collect(),
        };
        let weighted = query.time_weighted;
        let mut aggregator = Aggregator::new(tag, &query.buckets, weighted, before.as_ref());
        for piece in planner.pieces()? {
            let flow = self.add_piece(tag, &piece, &memory, rollups, &mut aggregator, sink)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(aggregator.finish(sink))
    }

    /// Returns the newest sample before the range.
    fn before_range(&self, tag: TagIndex) -> Result<Option<Sample>, StoreError> {
        let range = TimeRange {
            start_us: i64::MIN,
            end_us: self.range.start_us,
        };
        match self.range.start_us == i64::MIN {
            true => Ok(None),
            false => Query::new(self.catalog, range, self.memory)?.newest(tag),
        }
    }

    /// Adds a piece from the first of its sources that has anything.
    fn add_piece(
        &mut self,
        tag: TagIndex,
        piece: &Piece,
        memory: &[Points],
        rollups: &Rollups,
        aggregator: &mut Aggregator<'_>,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        for &source in &piece.sources {
            let (flow, any) = match rows_of(source) {
                None => {
                    let before = self.stats.samples;
                    let flow = self.add_samples(tag, piece.range, memory, aggregator, sink)?;
                    (flow, before != self.stats.samples)
                }
                Some(tier) => {
                    let rows = rollups.rows(tier, tag.0, piece.range)?;
                    (
                        self.add_rows(source, &rows, aggregator, sink),
                        !rows.is_empty(),
                    )
                }
            };
            if flow.is_break() || any {
                return Ok(flow);
            }
        }
        let Some((day, sources)) = &piece.without_samples else {
            return Ok(ControlFlow::Continue(()));
        };
        if self.has_samples(tag, *day, memory)? {
            return Ok(ControlFlow::Continue(()));
        }
        for &source in sources {
            let Some(tier) = rows_of(source) else {
                continue;
            };
            let rows = rollups.rows(tier, tag.0, piece.range)?;
            if !rows.is_empty() {
                return Ok(self.add_rows(source, &rows, aggregator, sink));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn add_rows(
        &mut self,
        source: pieces::Source,
        rows: &[Row],
        aggregator: &mut Aggregator<'_>,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.stats.rows += rows.len() as u64;
        self.stats.coarser |= matches!(source, pieces::Source::Coarser(_)) && !rows.is_empty();
        rows.iter()
            .try_for_each(|row| aggregator.add_row(row, sink))
    }

    /// Whether files or memory have any sample of a tag on a day.
    fn has_samples(
        &mut self,
        tag: TagIndex,
        day: i32,
        memory: &[Points],
    ) -> Result<bool, StoreError> {
        let mut any = memory.iter().any(|points| days_of(points).contains(&day));
        for segment in self.catalog.of_day(day) {
            self.catalog.find(&segment, tag.0, &mut |_| any = true)?;
        }
        Ok(any)
    }

    fn add_samples(
        &mut self,
        tag: TagIndex,
        range: TimeRange,
        memory: &[Points],
        aggregator: &mut Aggregator<'_>,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let all = std::mem::replace(&mut self.range, range);
        let mut add = || {
            for group in groups(self.sources(tag, day_of(range.start_us), memory)?) {
                if self.add_group(group, aggregator, sink)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        let flow = add();
        self.range = all;
        flow
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
        aggregator: &mut Aggregator<'_>,
        sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        if let [(_, Source::Block(_, meta))] = &group[..]
            && self.range.start_us <= meta.first_us
            && meta.last_us < self.range.end_us
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
            let day = range_of(day);
            let part = points.places(TimeRange {
                start_us: day.start_us.max(range.start_us),
                end_us: day.end_us.min(range.end_us),
            });
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

/// Returns the tier whose rows are meant, if rows are.
fn rows_of(source: pieces::Source) -> Option<Tier> {
    match source {
        pieces::Source::Samples => None,
        pieces::Source::Rows(tier) | pieces::Source::Coarser(tier) => Some(tier),
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
