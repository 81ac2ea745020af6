//! Reading from both stores: where the embedded one has everything, from there alone.

use std::collections::HashMap;
use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex};

use super::state::Shared;
use super::worker::sample_at;
use crate::error::{PostgresFault, StoreError};
use crate::historian::{
    Bucket, BucketQuery, Buckets, Chunk, Historian, RangeQuery, ReadStats, TimeRange,
};
use crate::postgres::read::check_range;
use crate::postgres::rows::Chunks;

/// Samples of the embedded store that are held while those of the database pass by.
const PAGE: usize = 50_000;

type Sink<'a> = &'a mut dyn FnMut(&Chunk) -> ControlFlow<()>;

/// Samples: before the horizon from both stores, each time once, then from the embedded one.
pub(super) fn read(
    shared: &Shared,
    query: &RangeQuery,
    sink: Sink<'_>,
) -> Result<ReadStats, StoreError> {
    check_range(query.range)?;
    let horizons = shared.horizon_us(&query.tags);
    if horizons.values().all(|&from| from <= query.range.start_us) {
        return shared.embedded.read(query, sink);
    }
    let mut stats = ReadStats::default();
    for &tag in &query.tags {
        let horizon = horizons.get(&tag).copied().unwrap_or(i64::MIN);
        let border = horizon.clamp(query.range.start_us, query.range.end_us);
        let mut reading = Reading {
            shared,
            tag,
            left: query.limit,
            chunks: Chunks::new(tag),
            stopped: false,
            stats,
        };
        let older = TimeRange {
            end_us: border,
            ..query.range
        };
        reading.merged(older, sink)?;
        let newer = TimeRange {
            start_us: border,
            ..query.range
        };
        reading.embedded(newer, sink)?;
        stats = reading.stats;
        if reading.stopped {
            break;
        }
    }
    Ok(stats)
}

/// The reading of one tag.
struct Reading<'a> {
    shared: &'a Shared,
    tag: TagIndex,
    left: usize,
    chunks: Chunks,
    stopped: bool,
    stats: ReadStats,
}

impl Reading<'_> {
    fn query(&self, range: TimeRange, limit: usize) -> RangeQuery {
        RangeQuery {
            tags: vec![self.tag],
            range,
            limit,
        }
    }

    fn is_done(&self) -> bool {
        self.stopped || self.left == 0
    }

    /// Merges both stores, a page of the embedded one at a time; of one time its sample counts.
    fn merged(&mut self, range: TimeRange, sink: Sink<'_>) -> Result<(), StoreError> {
        let mut start_us = range.start_us;
        while start_us < range.end_us && !self.is_done() {
            let mut page = Vec::new();
            let rest = TimeRange { start_us, ..range };
            self.shared
                .embedded
                .read(&self.query(rest, PAGE), &mut |chunk| {
                    page.extend((0..chunk.times_us.len()).map(|at| sample_at(chunk, at)));
                    ControlFlow::Continue(())
                })?;
            let end_us = match page.last() {
                Some(last) if page.len() == PAGE => last.time_us.saturating_add(1),
                _ => range.end_us,
            };
            self.merge_page(TimeRange { start_us, end_us }, page, sink)?;
            start_us = end_us;
        }
        self.flush(sink);
        Ok(())
    }

    fn merge_page(
        &mut self,
        range: TimeRange,
        page: Vec<Sample>,
        sink: Sink<'_>,
    ) -> Result<(), StoreError> {
        let database = self.shared.connect()?;
        let deletes = self.shared.kept.lock().deletes.clone();
        let (tag, query) = (self.tag, self.query(range, usize::MAX));
        let mut page = page.into_iter().peekable();
        database.read(&query, &mut |chunk| {
            for (at, &time_us) in chunk.times_us.iter().enumerate() {
                while let Some(earlier) = page.next_if(|sample| sample.time_us < time_us) {
                    self.give(earlier, sink);
                }
                let is_known = page.peek().is_some_and(|sample| sample.time_us == time_us);
                if !is_known && !deletes.iter().any(|delete| delete.holds(tag, time_us)) {
                    self.give(sample_at(chunk, at), sink);
                }
                if self.is_done() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        for sample in page {
            self.give(sample, sink);
        }
        Ok(())
    }

    fn give(&mut self, sample: Sample, sink: Sink<'_>) {
        if self.is_done() {
            return;
        }
        self.left -= 1;
        if let Some(chunk) = self.chunks.push(sample) {
            self.pass(&chunk, sink);
        }
    }

    fn flush(&mut self, sink: Sink<'_>) {
        if let Some(chunk) = self.chunks.take()
            && !self.stopped
        {
            self.pass(&chunk, sink);
        }
    }

    fn pass(&mut self, chunk: &Chunk, sink: Sink<'_>) {
        self.stats.samples += chunk.times_us.len() as u64;
        self.stopped = sink(chunk).is_break();
    }

    fn embedded(&mut self, range: TimeRange, sink: Sink<'_>) -> Result<(), StoreError> {
        if self.is_done() {
            return Ok(());
        }
        let query = self.query(range, self.left);
        let stopped = &mut self.stopped;
        let stats = self.shared.embedded.read(&query, &mut |chunk| {
            let flow = sink(chunk);
            *stopped = flow.is_break();
            flow
        })?;
        self.stats.samples += stats.samples;
        self.stats.blocks += stats.blocks;
        self.stats.damaged += stats.damaged;
        Ok(())
    }
}

/// Returns the newest sample of each tag at or before a time.
pub(super) fn before(
    shared: &Shared,
    tags: &[TagIndex],
    time_us: i64,
) -> Result<Vec<Option<Sample>>, StoreError> {
    let mut found = shared.embedded.before(tags, time_us)?;
    let horizons = shared.horizon_us(tags);
    let is_older = |at: usize, tag: &TagIndex| {
        let horizon = horizons.get(tag).copied().unwrap_or(i64::MIN);
        found[at]
            .as_ref()
            .is_none_or(|sample| sample.time_us < horizon)
            && horizon != i64::MIN
    };
    let asked: Vec<(usize, TagIndex)> = tags
        .iter()
        .enumerate()
        .filter(|(at, tag)| is_older(*at, tag))
        .map(|(at, tag)| (at, *tag))
        .collect();
    if asked.is_empty() {
        return Ok(found);
    }
    let wanted: Vec<TagIndex> = asked.iter().map(|(_, tag)| *tag).collect();
    let stored = shared.connect()?.before(&wanted, time_us)?;
    for ((at, _), sample) in asked.into_iter().zip(stored) {
        let known_us = found[at].as_ref().map(|sample| sample.time_us);
        if known_us < sample.as_ref().map(|sample| sample.time_us) {
            found[at] = sample;
        }
    }
    Ok(found)
}

/// Buckets: before the horizon of either store the one that rests on more samples.
pub(super) fn aggregate(
    shared: &Shared,
    query: &BucketQuery,
    sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
) -> Result<ReadStats, StoreError> {
    let horizons = shared.horizon_us(&query.tags);
    let range = query.buckets.range();
    let reaches_back = |tag: &TagIndex| range.start_us < horizons[tag];
    if query.buckets.check().is_err() || !query.tags.iter().any(reaches_back) {
        return shared.embedded.aggregate(query, sink);
    }
    check_range(range)?;
    let mut stats = ReadStats::default();
    for &tag in &query.tags {
        let part = |buckets: Buckets| BucketQuery {
            tags: vec![tag],
            buckets,
            time_weighted: query.time_weighted,
        };
        let [older, newer] = query.buckets.split(horizons[&tag]);
        let mut stopped = false;
        if let Some(older) = older.map(part) {
            for bucket in fuller(shared, &older, &mut stats)? {
                stopped = stopped || sink(&bucket).is_break();
            }
        }
        if let Some(newer) = newer.map(part).filter(|_| !stopped) {
            let read = shared.embedded.aggregate(&newer, &mut |bucket| {
                let flow = sink(bucket);
                stopped = flow.is_break();
                flow
            })?;
            add(&mut stats, read);
        }
        if stopped {
            break;
        }
    }
    Ok(stats)
}

fn fuller(
    shared: &Shared,
    query: &BucketQuery,
    stats: &mut ReadStats,
) -> Result<Vec<Bucket>, StoreError> {
    let mut buckets: HashMap<i64, Bucket> = HashMap::new();
    let read = shared.embedded.aggregate(query, &mut |bucket| {
        buckets.insert(bucket.start_us, *bucket);
        ControlFlow::Continue(())
    })?;
    add(stats, read);
    let stored = shared.connect().and_then(|database| {
        database.aggregate(query, &mut |bucket| {
            let known = buckets.entry(bucket.start_us).or_insert(*bucket);
            if known.samples < bucket.samples {
                *known = *bucket;
            }
            ControlFlow::Continue(())
        })
    });
    match stored {
        Ok(read) => add(stats, read),
        // The roll-ups of the embedded store reach further back than its samples.
        Err(StoreError::Postgres {
            fault: PostgresFault::Away,
            reason,
            ..
        }) => tracing::warn!(
            reason,
            "aggregates of older times rest on local roll-ups only"
        ),
        Err(error) => return Err(error),
    }
    let mut buckets: Vec<Bucket> = buckets.into_values().collect();
    buckets.sort_unstable_by_key(|bucket| bucket.start_us);
    Ok(buckets)
}

fn add(stats: &mut ReadStats, more: ReadStats) {
    stats.samples += more.samples;
    stats.blocks += more.blocks;
    stats.damaged += more.damaged;
    stats.rows += more.rows;
    stats.coarser |= more.coarser;
}
