//! The samples of several tags in order of time, a little of each in memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex};
use headworks_store::{Historian, RangeQuery, StoreError, TimeRange};

/// Samples of all tags that are read ahead together, and the bounds of those of one.
const AHEAD: usize = 1 << 19;
const AHEAD_MIN: usize = 256;
const AHEAD_MAX: usize = 16_384;

/// Reads the samples of tags side by side.
pub(super) struct Merge<'a> {
    historian: &'a dyn Historian,
    sources: Vec<Source>,
    /// The time of the next sample of each source that has one.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    end_us: i64,
    ahead: usize,
    read: u64,
}

struct Source {
    tag: TagIndex,
    samples: VecDeque<Sample>,
    /// Where the store is to be read on; none at the end.
    next_us: Option<i64>,
}

impl<'a> Merge<'a> {
    /// Begins to read `tags` over a range.
    pub(super) fn new(
        historian: &'a dyn Historian,
        tags: &[TagIndex],
        range: TimeRange,
    ) -> Result<Merge<'a>, StoreError> {
        let source = |tag: &TagIndex| Source {
            tag: *tag,
            samples: VecDeque::new(),
            next_us: Some(range.start_us),
        };
        let mut merge = Merge {
            historian,
            sources: tags.iter().map(source).collect(),
            next: BinaryHeap::new(),
            end_us: range.end_us,
            ahead: (AHEAD / tags.len().max(1)).clamp(AHEAD_MIN, AHEAD_MAX),
            read: 0,
        };
        for place in 0..merge.sources.len() {
            merge.advance(place)?;
        }
        Ok(merge)
    }

    /// Returns the time of the next sample.
    pub(super) fn next_us(&self) -> Option<i64> {
        self.next.peek().map(|Reverse((time_us, _))| *time_us)
    }

    /// Returns how many samples were given out.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Takes the next sample, with the place of its tag.
    pub(super) fn take(&mut self) -> Result<Option<(usize, Sample)>, StoreError> {
        let Some(Reverse((_, place))) = self.next.pop() else {
            return Ok(None);
        };
        let sample = self.sources[place].samples.pop_front();
        self.read += 1;
        self.advance(place)?;
        Ok(sample.map(|sample| (place, sample)))
    }

    /// Makes the next sample of a source known.
    fn advance(&mut self, place: usize) -> Result<(), StoreError> {
        let source = &mut self.sources[place];
        if source.samples.is_empty() {
            source.read_on(self.historian, self.end_us, self.ahead)?;
        }
        if let Some(sample) = source.samples.front() {
            self.next.push(Reverse((sample.time_us, place)));
        }
        Ok(())
    }
}

impl Source {
    fn read_on(
        &mut self,
        historian: &dyn Historian,
        end_us: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let Some(start_us) = self.next_us.filter(|start_us| *start_us < end_us) else {
            return Ok(());
        };
        let query = RangeQuery {
            tags: vec![self.tag],
            range: TimeRange { start_us, end_us },
            limit,
        };
        let samples = &mut self.samples;
        historian.read(&query, &mut |chunk| {
            samples.extend((0..chunk.times_us.len()).map(|at| chunk.sample(at)));
            ControlFlow::Continue(())
        })?;
        let is_full = limit <= samples.len();
        let last = samples.back().filter(|_| is_full);
        self.next_us = last.map(|sample| sample.time_us + 1);
        Ok(())
    }
}
