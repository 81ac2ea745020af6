//! The samples of the last minutes: each holds until the next. When they are too many, the ones
//! close to each other are joined.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{WindowKind, seconds};
use crate::expr::arithmetic::finite;
use crate::expr::error::Fault;
use crate::expr::scalar::Scalar;

/// Most spans kept; then neighbours are joined.
const SPANS_MAX: usize = 96;
/// Joined spans are at most this part of the window long, so that about 40 are left.
const JOINED_PARTS: i64 = 40;

/// The spans of a window, oldest first; the first may begin before the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::expr) struct Spans {
    spans: VecDeque<Span>,
}

/// One sample, or several joined: all that is asked about them later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Span {
    start_us: i64,
    /// When the last sample of the span was taken; it holds until the next span.
    last_us: i64,
    /// The first and the last value; nothing while bad.
    first: Option<f64>,
    last: Option<f64>,
    /// Up to the last sample: value times seconds, and the seconds that were not bad.
    area: f64,
    covered_s: f64,
    /// Of the samples that were not bad.
    count: u32,
    sum: f64,
    min: f64,
    max: f64,
    /// Whether a sample was bad or uncertain.
    doubtful: bool,
}

/// What the spans within a window add up to.
#[derive(Default)]
struct Total {
    area: f64,
    covered_s: f64,
    count: f64,
    sum: f64,
    range: Option<(f64, f64)>,
    /// The value at the begin of the window, or the first in it, and since when.
    first: Option<(f64, i64)>,
    last: Option<f64>,
    doubtful: bool,
}

impl Spans {
    /// Takes a sample in; one that is older than the newest is too late and left out.
    pub(super) fn take(
        &mut self,
        time_us: i64,
        value: Option<f64>,
        doubtful: bool,
        now_us: i64,
        window_us: i64,
    ) {
        if self
            .spans
            .back()
            .is_some_and(|newest| now_us < newest.last_us)
        {
            // The clock was set back: nothing that is kept can be placed any more.
            self.spans.clear();
        }
        match self.spans.back_mut() {
            Some(newest) if time_us < newest.last_us => {}
            Some(newest) if time_us == newest.last_us && newest.start_us == time_us => {
                *newest = Span::of(time_us, value, doubtful);
            }
            Some(newest) if time_us == newest.last_us && newest.last == value => {}
            _ => self.spans.push_back(Span::of(time_us, value, doubtful)),
        }
        let from_us = now_us.saturating_sub(window_us);
        while self
            .spans
            .get(1)
            .is_some_and(|next| next.start_us <= from_us)
        {
            self.spans.pop_front();
        }
        if SPANS_MAX < self.spans.len() {
            self.join(window_us / JOINED_PARTS);
        }
    }

    /// Joins neighbours that together are not longer than `part_us`.
    fn join(&mut self, part_us: i64) {
        let mut joined: VecDeque<Span> = VecDeque::with_capacity(SPANS_MAX + 1);
        for span in self.spans.drain(..) {
            match joined.back_mut() {
                Some(before) if span.last_us.saturating_sub(before.start_us) <= part_us => {
                    before.absorb(&span);
                }
                _ => joined.push_back(span),
            }
        }
        // Only a state from a file that was tampered with can still be too long.
        let excess = joined.len().saturating_sub(SPANS_MAX);
        joined.drain(..excess);
        self.spans = joined;
    }

    /// Returns the result, and whether it rests on doubtful samples.
    pub(super) fn result(
        &self,
        kind: WindowKind,
        now_us: i64,
        window_us: i64,
    ) -> Result<(Scalar, bool), Fault> {
        let total = self.total(now_us.saturating_sub(window_us), now_us);
        let scalar = match kind {
            WindowKind::Count => Ok(Scalar::Int(crate::expr::arithmetic::to_integer(
                total.count.round(),
            )?)),
            WindowKind::Sum => finite(total.sum),
            WindowKind::Mean if 0.0 < total.covered_s => finite(total.area / total.covered_s),
            WindowKind::Mean => finite(total.last.ok_or(Fault::NoData)?),
            WindowKind::Least => finite(total.range.ok_or(Fault::NoData)?.0),
            WindowKind::Greatest => finite(total.range.ok_or(Fault::NoData)?.1),
            WindowKind::IntegralOver => {
                total
                    .last
                    .or(total.first.map(|first| first.0))
                    .ok_or(Fault::NoData)?;
                finite(total.area)
            }
            WindowKind::DeltaOver => finite(total.change()?.0),
            WindowKind::RateOver => match total.change()? {
                (_, since_us) if now_us <= since_us => Err(Fault::NoData),
                (change, since_us) => finite(change / seconds(since_us, now_us)),
            },
            _ => Err(Fault::Argument),
        };
        Ok((scalar?, total.doubtful))
    }

    fn total(&self, from_us: i64, now_us: i64) -> Total {
        let mut total = Total::default();
        for (at, span) in self.spans.iter().enumerate() {
            let end_us = self.spans.get(at + 1).map_or(now_us, |next| next.start_us);
            total.add(span, from_us, end_us);
        }
        total
    }
}

impl Span {
    fn of(time_us: i64, value: Option<f64>, doubtful: bool) -> Span {
        Span {
            start_us: time_us,
            last_us: time_us,
            first: value,
            last: value,
            area: 0.0,
            covered_s: 0.0,
            count: u32::from(value.is_some()),
            sum: value.unwrap_or(0.0),
            min: value.unwrap_or(f64::MAX),
            max: value.unwrap_or(f64::MIN),
            doubtful,
        }
    }

    /// Takes the next span in.
    fn absorb(&mut self, next: &Span) {
        if let Some(value) = self.last {
            let held_s = seconds(self.last_us, next.start_us);
            self.area += value * held_s;
            self.covered_s += held_s;
        }
        self.area += next.area;
        self.covered_s += next.covered_s;
        self.last_us = next.last_us;
        self.first = self.first.or(next.first);
        self.last = next.last;
        self.count = self.count.saturating_add(next.count);
        self.sum += next.sum;
        self.min = self.min.min(next.min);
        self.max = self.max.max(next.max);
        self.doubtful |= next.doubtful;
    }
}

impl Total {
    /// Adds the part of a span that lies within the window.
    fn add(&mut self, span: &Span, from_us: i64, end_us: i64) {
        let held_from_us = span.last_us.max(from_us);
        if let Some(value) = span.last {
            let held_s = seconds(held_from_us, end_us);
            self.area += value * held_s;
            self.covered_s += held_s;
        }
        // A joined span that begins before the window counts by the part that lies within.
        let part = if from_us < span.start_us {
            1.0
        } else {
            let length_s = seconds(span.start_us, span.last_us);
            let inside_s = seconds(from_us, span.last_us);
            if 0.0 < length_s {
                inside_s / length_s
            } else {
                0.0
            }
        };
        self.area += span.area * part;
        self.covered_s += span.covered_s * part;
        self.count += f64::from(span.count) * part;
        self.sum += span.sum * part;
        if 0 < span.count {
            let (least, greatest) = self.range.unwrap_or((span.min, span.max));
            self.range = Some((least.min(span.min), greatest.max(span.max)));
        }
        if self.first.is_none()
            && let Some(value) = span.first
        {
            self.first = Some((value, span.start_us.max(from_us)));
        }
        self.last = span.last.or(self.last);
        self.doubtful |= span.doubtful;
    }

    /// Returns the change over the window and since when that is.
    fn change(&self) -> Result<(f64, i64), Fault> {
        match (self.first, self.last) {
            (Some((first, since_us)), Some(last)) => Ok((last - first, since_us)),
            _ => Err(Fault::NoData),
        }
    }
}
