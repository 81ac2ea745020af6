//! What is wrong with the stored samples of a tag: gaps, completeness, qualities. Pure.
//!
//! * A *source sample* is one that the source has sent. What the hub writes itself when a source
//!   falls silent (`UncertainNoCommunicationLastUsableValue`, `UncertainLastUsableValue`) and bad
//!   samples, which are stored only when a state begins, are *marks*: they say why something is
//!   missing and are not counted as samples of the source.
//! * A *gap* is the time between two source samples that are more than [`GAP_PERIODS`] periods
//!   and more than [`GAP_US_MIN`] apart; its reason is the last mark in it. The begin and the end
//!   of the range count like samples.
//! * A source that sends only changes (`by_exception`), or has no period, has no gaps but those
//!   that begin with a mark.
//! * *Out of service* (`BadOutOfService`: polling switched off) is no time in which samples are
//!   expected: neither a gap nor incomplete.
//! * *Completeness* is the source samples of the expected ones, at most 1.

mod report;
mod scan;

use headworks_core::Quality;
use schemars::JsonSchema;
use serde::Serialize;

pub use report::Report;
pub use scan::{Scan, scan};

/// Periods without a sample that are a gap.
pub const GAP_PERIODS: i64 = 3;
/// Shortest gap, microseconds: shorter pauses are the jitter of a busy machine.
pub const GAP_US_MIN: i64 = 2_000_000;
/// Gaps that are listed; others are counted.
pub const GAPS_MAX: usize = 100;

/// What is expected of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Time between two samples, microseconds; none when no period is known.
    pub period_us: Option<i64>,
    /// Whether the source sends only changes.
    pub by_exception: bool,
}

/// What was found in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Start, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// End.
    pub end_us: i64,
    /// Samples that the source has sent.
    pub samples: u64,
    /// Samples that were expected; null when no period is known.
    pub expected: Option<u64>,
    /// Share of the expected samples that is there, 0 to 1; null when none are expected.
    pub completeness: Option<f64>,
    /// Gaps that begin in the span or reach into it.
    pub gaps: u64,
    /// Time in gaps, microseconds.
    pub gap_us: i64,
    /// Time out of service, microseconds.
    pub out_of_service_us: i64,
    /// Samples outside the range of the tag.
    pub out_of_range: u64,
    /// Samples too far from the one before.
    pub spikes: u64,
    /// Samples of a value that does not change.
    pub frozen: u64,
    /// Source samples with an uncertain quality, those above included.
    pub uncertain: u64,
    /// Bad samples: beginnings of bad states.
    pub bad: u64,
    /// Time in bad states, microseconds.
    pub bad_us: i64,
}

/// A span without samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gap {
    /// Last sample before it, or the start of the range, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// First sample after it, or the end of the range.
    pub end_us: i64,
    /// Its length in microseconds.
    pub length_us: i64,
    /// Name of the quality that the hub wrote into it; null when nothing was written, as while
    /// the hub itself did not run.
    pub reason: Option<String>,
}

/// What a stored sample says about its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The source has sent it.
    Source,
    /// The source is silent or bad from here on.
    Mark,
    /// Nothing is expected from here on.
    OutOfService,
}

impl Finding {
    /// Returns the sum of spans that follow each other; `gaps` is how many gaps there are in all,
    /// as one that reaches over an edge stands in both spans.
    #[expect(clippy::cast_precision_loss, reason = "a share is read to four digits")]
    pub fn total(spans: &[Finding], gaps: u64) -> Finding {
        let mut total = Finding {
            start_us: spans.first().map_or(0, |span| span.start_us),
            end_us: spans.last().map_or(0, |span| span.end_us),
            gaps,
            ..Finding::default()
        };
        for span in spans {
            total.samples += span.samples;
            total.gap_us += span.gap_us;
            total.out_of_service_us += span.out_of_service_us;
            total.out_of_range += span.out_of_range;
            total.spikes += span.spikes;
            total.frozen += span.frozen;
            total.uncertain += span.uncertain;
            total.bad += span.bad;
            total.bad_us += span.bad_us;
            if let Some(expected) = span.expected {
                *total.expected.get_or_insert(0) += expected;
            }
        }
        let expected = total.expected.filter(|&expected| 0 < expected);
        total.completeness =
            expected.map(|expected| (total.samples as f64 / expected as f64).min(1.0));
        total
    }
}

impl Expectation {
    /// Returns the longest time between two samples that is no gap; none when every pause is
    /// allowed.
    pub fn gap_after_us(&self) -> Option<i64> {
        let period_us = self.period_us.filter(|_| !self.by_exception)?;
        Some(period_us.saturating_mul(GAP_PERIODS).max(GAP_US_MIN))
    }
}

fn meaning(quality: Quality) -> Meaning {
    match quality {
        Quality::BAD_OUT_OF_SERVICE => Meaning::OutOfService,
        Quality::UNCERTAIN_NO_COMMUNICATION | Quality::UNCERTAIN_LAST_USABLE => Meaning::Mark,
        _ if quality.is_bad() => Meaning::Mark,
        _ => Meaning::Source,
    }
}

#[cfg(test)]
mod tests;
