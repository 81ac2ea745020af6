//! Aggregates over buckets, from points, blocks or rows of a roll-up.

use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex};

use super::block::BlockMeta;
use super::points::{Points, as_f64, is_bad};
use super::rollup::{Row, is_good};
use super::stream::{Point, Raw};
use super::{Bucket, BucketQuery, Buckets, Chunk, Historian, RangeQuery, ReadStats, TimeRange};
use crate::error::StoreError;

/// Takes points, blocks and rows in the order of time and gives out bucket after bucket.
pub(super) struct Aggregator<'a> {
    tag: TagIndex,
    buckets: &'a Buckets,
    range: TimeRange,
    /// Whether samples also count by how long they hold.
    time_weighted: bool,
    /// The bucket under way and its start and end.
    row: Option<Row>,
    span: (i64, i64),
    held: Held,
}

/// What holds until the next sample.
#[derive(Clone, Copy, Default)]
struct Held {
    number: Option<f64>,
    is_good: bool,
}

type Sink<'a> = &'a mut dyn FnMut(&Bucket) -> ControlFlow<()>;

impl<'a> Aggregator<'a> {
    /// Begins with what held before the range.
    pub(super) fn new(
        tag: TagIndex,
        buckets: &'a Buckets,
        time_weighted: bool,
        before: Option<&Sample>,
    ) -> Aggregator<'a> {
        Aggregator {
            tag,
            buckets,
            range: buckets.range(),
            time_weighted,
            row: None,
            span: (i64::MIN, i64::MIN),
            held: before.map(held_of).unwrap_or_default(),
        }
    }

    /// Whether a block lies in the range and in one bucket, so that its statistics suffice.
    pub(super) fn takes_whole(&self, meta: &BlockMeta) -> bool {
        !self.time_weighted
            && self.range.start_us <= meta.first_us
            && meta.last_us < self.range.end_us
            && self.buckets.span_of(meta.first_us) == self.buckets.span_of(meta.last_us)
    }

    /// Makes the bucket of a time the one under way, gives out the one before.
    #[inline]
    fn turn_to(&mut self, time_us: i64, sink: Sink<'_>) -> ControlFlow<()> {
        if self.row.is_some() && time_us < self.span.1 {
            return ControlFlow::Continue(());
        }
        let flow = self.finish(sink);
        self.span = self.buckets.span_of(time_us);
        flow
    }

    pub(super) fn add_points(&mut self, points: &Points, sink: Sink<'_>) -> ControlFlow<()> {
        for (at, &time_us) in points.times_us.iter().enumerate() {
            self.add_sample(time_us, points.qualities[at], points.number(at), sink)?;
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn add_sample(
        &mut self,
        time_us: i64,
        quality: u32,
        number: Option<f64>,
        sink: Sink<'_>,
    ) -> ControlFlow<()> {
        self.turn_to(time_us, sink)?;
        match &mut self.row {
            None => self.row = Some(Row::of(self.span.0, time_us, quality, number)),
            Some(row) if self.time_weighted => row.push(time_us, quality, number),
            Some(row) => row.note(time_us, quality, number),
        }
        ControlFlow::Continue(())
    }

    fn add_chunk(&mut self, chunk: &Chunk, sink: Sink<'_>) -> ControlFlow<()> {
        for (at, &time_us) in chunk.times_us.iter().enumerate() {
            let quality = chunk.qualities[at];
            let number = match is_bad(quality) {
                true => None,
                false => chunk.values.number(at),
            };
            self.add_sample(time_us, quality, number, sink)?;
        }
        ControlFlow::Continue(())
    }

    /// Adds a block by its statistics, which do not say how long its samples hold.
    pub(super) fn add_block(&mut self, meta: &BlockMeta, sink: Sink<'_>) -> ControlFlow<()> {
        self.turn_to(meta.first_us, sink)?;
        let last = as_f64(meta.kind, meta.last).unwrap_or(meta.first);
        let block = Row {
            start_us: self.span.0,
            samples: meta.count.into(),
            numbers: meta.numbers.into(),
            bad: meta.bad.into(),
            min: meta.min,
            max: meta.max,
            sum: meta.sum,
            first: meta.first,
            last,
            first_us: meta.first_us,
            last_us: meta.last_us,
            worst_quality: meta.worst_quality,
            last_quality: meta.last_quality,
            ..Row::default()
        };
        self.add(block)
    }

    /// Adds a row of a roll-up to the bucket in which it begins.
    pub(super) fn add_row(&mut self, row: &Row, sink: Sink<'_>) -> ControlFlow<()> {
        self.turn_to(row.start_us.max(self.range.start_us), sink)?;
        self.add(*row)
    }

    fn add(&mut self, next: Row) -> ControlFlow<()> {
        match &mut self.row {
            None => self.row = Some(next),
            Some(row) => row.add(&next),
        }
        ControlFlow::Continue(())
    }

    /// Gives out the bucket under way.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> ControlFlow<()> {
        let Some(row) = self.row.take() else {
            return ControlFlow::Continue(());
        };
        let bucket = self.bucket(&row);
        self.held = Held {
            number: row.holds.then_some(row.last),
            is_good: is_good(row.last_quality),
        };
        sink(&bucket)
    }

    fn bucket(&self, row: &Row) -> Bucket {
        let (mean_held, good_share) = match self.time_weighted {
            true => self.held_over(row),
            false => (None, None),
        };
        Bucket {
            tag: self.tag,
            start_us: self.span.0,
            end_us: self.span.1.min(self.range.end_us),
            samples: row.samples,
            count: row.numbers,
            bad: row.bad,
            min: row.min,
            max: row.max,
            sum: row.sum,
            first: row.first,
            last: row.last,
            first_us: Some(row.first_us),
            last_us: Some(row.last_us),
            worst_quality: row.worst_quality,
            mean_held,
            good_share,
        }
    }

    /// Returns the mean by time and the share of good time of the bucket under way.
    #[expect(clippy::cast_precision_loss, reason = "a mean has 53 bits")]
    fn held_over(&self, row: &Row) -> (Option<f64>, Option<f64>) {
        let (start_us, end_us) = (self.span.0, self.span.1.min(self.range.end_us));
        let mut whole = *row;
        whole.hold_until(end_us);
        let before_us = row.first_us - start_us;
        if let Some(number) = self.held.number {
            whole.area += number * before_us as f64;
            whole.usable_us += before_us;
        }
        if self.held.is_good {
            whole.good_us += before_us;
        }
        let mean = (0 < whole.usable_us).then(|| whole.area / whole.usable_us as f64);
        let share = whole.good_us as f64 / (end_us - start_us).max(1) as f64;
        (mean, Some(share))
    }
}

fn held_of(sample: &Sample) -> Held {
    let point = Point {
        time_us: sample.time_us,
        quality: sample.quality.code(),
        value: Raw::of(sample),
    };
    Held {
        number: match point.value {
            Raw::Bits(kind, bits) => as_f64(kind, bits),
            _ => None,
        },
        is_good: sample.quality.is_good(),
    }
}

/// Aggregates by reading every sample: for stores that cannot weigh samples by time themselves.
pub(crate) fn aggregate_samples(
    store: &dyn Historian,
    query: &BucketQuery,
    sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
) -> Result<ReadStats, StoreError> {
    query.buckets.check()?;
    let range = query.buckets.range();
    let mut stats = ReadStats::default();
    for &tag in &query.tags {
        let before = store.before(&[tag], range.start_us.saturating_sub(1))?;
        let before = before.first().and_then(Option::as_ref);
        let mut aggregator = Aggregator::new(tag, &query.buckets, query.time_weighted, before);
        let samples = RangeQuery {
            tags: vec![tag],
            range,
            limit: usize::MAX,
        };
        let mut flow = ControlFlow::Continue(());
        let read = store.read(&samples, &mut |chunk| {
            flow = aggregator.add_chunk(chunk, sink);
            flow
        })?;
        stats.samples += read.samples;
        stats.blocks += read.blocks;
        stats.damaged += read.damaged;
        if flow.is_break() || aggregator.finish(sink).is_break() {
            break;
        }
    }
    Ok(stats)
}
