//! Raw samples of several tags in pages.

use std::ops::ControlFlow;

use headworks_core::{Sample, TagIndex};

use super::cursor::Cursor;
use super::scan::{Limits, Scan, Watch};
use super::{HistoryError, check_range};
use crate::historian::{Historian, TimeRange};

/// What is to be read.
#[derive(Clone, Debug)]
pub struct RawQuery {
    /// The tags in the order of the answer, each read in turn.
    pub tags: Vec<TagIndex>,
    /// The time; a cursor takes its end over.
    pub range: TimeRange,
    /// Most samples of the page.
    pub limit: usize,
    /// Whether the last sample before and the first after the range come too (Part 11, 6.5.3).
    pub with_bounds: bool,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

/// A part of a page.
#[derive(Debug, PartialEq)]
pub enum RawPart {
    /// What follows is of this tag: the n-th of the query.
    Tag(usize),
    /// A sample of the tag.
    Sample(Sample),
}

impl RawQuery {
    /// Returns a sum over what must stay the same from page to page.
    fn question(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for tag in &self.tags {
            sum.update(&tag.0.to_le_bytes());
        }
        sum.update(&self.range.start_us.to_le_bytes());
        sum.update(&[u8::from(self.with_bounds)]);
        sum.finalize()
    }

    /// Checks the question and returns its range and where the page begins.
    pub fn check(&self, limits: &Limits) -> Result<(TimeRange, usize), HistoryError> {
        limits.check_tags(self.tags.len())?;
        if !(1..=limits.rows).contains(&self.limit) {
            let reason = format!("{} samples; 1 to {} are allowed", self.limit, limits.rows);
            return Err(HistoryError::invalid("limit", reason));
        }
        let Some(cursor) = self.cursor else {
            check_range(self.range)?;
            return Ok((self.range, 0));
        };
        let place = self.tags.iter().position(|tag| *tag == cursor.tag);
        match place {
            Some(place) if cursor.question == self.question() => {
                let range = TimeRange {
                    end_us: cursor.end_us,
                    ..self.range
                };
                check_range(range)?;
                Ok((range, place))
            }
            _ => {
                let reason = "the cursor is of another question; ask again without it";
                Err(HistoryError::invalid("cursor", reason))
            }
        }
    }
}

/// Gives a page to `sink` until it breaks; returns where the next one begins, if there is more.
pub fn raw(
    store: &dyn Historian,
    query: &RawQuery,
    limits: &Limits,
    watch: Watch<'_>,
    sink: &mut dyn FnMut(RawPart) -> ControlFlow<()>,
) -> Result<Option<Cursor>, HistoryError> {
    let (range, first) = query.check(limits)?;
    let mut page = Page {
        scan: Scan::new(store, watch, limits.samples),
        range,
        left: query.limit,
        with_bounds: query.with_bounds,
        sink,
    };
    for (nth, tag) in query.tags.iter().enumerate().skip(first) {
        let resumed = query
            .cursor
            .filter(|_| nth == first)
            .map(|cursor| cursor.next_us);
        if let Some(next_us) = page.tag(nth, *tag, resumed)? {
            return Ok(Some(Cursor {
                tag: *tag,
                next_us,
                end_us: range.end_us,
                question: query.question(),
            }));
        }
    }
    Ok(None)
}

struct Page<'a, 'b> {
    scan: Scan<'a>,
    range: TimeRange,
    left: usize,
    with_bounds: bool,
    sink: &'b mut dyn FnMut(RawPart) -> ControlFlow<()>,
}

impl Page<'_, '_> {
    /// Gives a tag; returns the time to go on with when the page is full.
    fn tag(
        &mut self,
        nth: usize,
        tag: TagIndex,
        resumed_us: Option<i64>,
    ) -> Result<Option<i64>, HistoryError> {
        let start_us = resumed_us.unwrap_or(self.range.start_us);
        if self.left == 0 {
            return Ok(Some(start_us));
        }
        if (self.sink)(RawPart::Tag(nth)).is_break() {
            return Ok(None);
        }
        if self.with_bounds && resumed_us.is_none() && 0 < start_us {
            let before = self.scan.before(tag, start_us - 1)?;
            self.bound(before);
        }
        let range = TimeRange {
            start_us,
            ..self.range
        };
        let next_us = if range.start_us < range.end_us {
            self.samples(tag, range)?
        } else {
            None
        };
        if self.with_bounds && next_us.is_none() {
            let mut after = None;
            let mut keep = |sample| after = Some(sample);
            self.scan.trail(tag, range.end_us, &|_| true, &mut keep)?;
            self.bound(after);
        }
        Ok(next_us)
    }

    /// A bound comes on top of the limit, so that a page always moves on.
    fn bound(&mut self, sample: Option<Sample>) {
        if let Some(sample) = sample
            && (self.sink)(RawPart::Sample(sample)).is_break()
        {
            self.left = 0;
        }
    }

    fn samples(&mut self, tag: TagIndex, range: TimeRange) -> Result<Option<i64>, HistoryError> {
        let (left, sink) = (&mut self.left, &mut self.sink);
        let mut next_us = None;
        let limit = left.saturating_add(1);
        self.scan.read(tag, range, limit, &mut |sample| {
            if *left == 0 {
                next_us = Some(sample.time_us);
                return ControlFlow::Break(());
            }
            *left -= 1;
            sink(RawPart::Sample(sample))
        })?;
        Ok(next_us)
    }
}

#[cfg(test)]
mod tests;
