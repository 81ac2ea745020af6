//! Aggregates over buckets of equal width.

use std::ops::ControlFlow;

use headworks_core::TagIndex;

use super::block::BlockMeta;
use super::points::{Points, as_f64, is_bad};
use super::{Bucket, TimeRange};

/// Takes points and blocks in the order of time and gives out bucket after bucket.
pub(super) struct Aggregator {
    tag: TagIndex,
    range: TimeRange,
    bucket_us: i64,
    bucket: Bucket,
    /// First and last instant of the bucket under way; none are in it before the first one.
    span: Option<(i64, i64)>,
}

type Sink<'a> = &'a mut dyn FnMut(&Bucket) -> ControlFlow<()>;

impl Aggregator {
    pub(super) fn new(tag: TagIndex, range: TimeRange, bucket_us: i64) -> Aggregator {
        Aggregator {
            tag,
            range,
            bucket_us,
            bucket: empty(tag, range.start_us),
            span: None,
        }
    }

    /// Whether a block lies in the range and in one bucket, so that its statistics suffice.
    pub(super) fn takes_whole(&self, meta: &BlockMeta) -> bool {
        self.range.start_us <= meta.first_us
            && meta.last_us < self.range.end_us
            && self.span_of(meta.first_us) == self.span_of(meta.last_us)
    }

    /// Returns the first and last instant of the bucket of a time in the range.
    fn span_of(&self, time_us: i64) -> (i64, i64) {
        // The distance of two times can exceed 64 bits.
        let start = i128::from(self.range.start_us);
        let width = i128::from(self.bucket_us);
        let first = start + (i128::from(time_us) - start) / width * width;
        let narrow = |time: i128| i64::try_from(time).unwrap_or(i64::MAX);
        (narrow(first), narrow(first + width - 1))
    }

    /// Makes the bucket of a time the one under way, gives out the one before.
    #[inline]
    fn turn_to(&mut self, time_us: i64, sink: Sink<'_>) -> ControlFlow<()> {
        if self.span.is_some_and(|(_, last)| time_us <= last) {
            return ControlFlow::Continue(());
        }
        let flow = self.finish(sink);
        let span = self.span_of(time_us);
        self.span = Some(span);
        self.bucket = empty(self.tag, span.0);
        flow
    }

    pub(super) fn add_points(&mut self, points: &Points, sink: Sink<'_>) -> ControlFlow<()> {
        for (at, &time_us) in points.times_us.iter().enumerate() {
            self.turn_to(time_us, sink)?;
            let quality = points.qualities[at];
            let bucket = &mut self.bucket;
            bucket.worst_quality = bucket.worst_quality.max(quality);
            if let Some(number) = points.number(at) {
                if bucket.count == 0 {
                    bucket.first = number;
                }
                bucket.count += 1;
                bucket.min = bucket.min.min(number);
                bucket.max = bucket.max.max(number);
                bucket.sum += number;
                bucket.last = number;
            } else if is_bad(quality) {
                bucket.bad += 1;
            }
        }
        ControlFlow::Continue(())
    }

    pub(super) fn add_block(&mut self, meta: &BlockMeta, sink: Sink<'_>) -> ControlFlow<()> {
        self.turn_to(meta.first_us, sink)?;
        let bucket = &mut self.bucket;
        bucket.worst_quality = bucket.worst_quality.max(meta.worst_quality);
        bucket.bad += u64::from(meta.bad);
        if meta.numbers != 0 {
            if bucket.count == 0 {
                bucket.first = meta.first;
            }
            bucket.count += u64::from(meta.numbers);
            bucket.min = bucket.min.min(meta.min);
            bucket.max = bucket.max.max(meta.max);
            bucket.sum += meta.sum;
            bucket.last = as_f64(meta.kind, meta.last).unwrap_or(meta.first);
        }
        ControlFlow::Continue(())
    }

    /// Gives out the bucket under way.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> ControlFlow<()> {
        match self.span.take() {
            Some(_) => sink(&self.bucket),
            None => ControlFlow::Continue(()),
        }
    }
}

fn empty(tag: TagIndex, start_us: i64) -> Bucket {
    Bucket {
        tag,
        start_us,
        count: 0,
        bad: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        sum: 0.0,
        first: 0.0,
        last: 0.0,
        worst_quality: 0,
    }
}
