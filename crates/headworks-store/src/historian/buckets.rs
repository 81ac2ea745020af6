//! What to aggregate over which times, and what comes out.

use std::sync::Arc;

use headworks_core::TagIndex;

use super::TimeRange;
use crate::error::StoreError;

/// Which aggregates to compute.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketQuery {
    /// The tags, each computed in turn.
    pub tags: Vec<TagIndex>,
    /// The times.
    pub buckets: Buckets,
    /// Whether also `mean_held` and `good_share` are wanted; they cost more, because samples
    /// count by how long they hold.
    pub time_weighted: bool,
}

/// Times that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Buckets {
    /// Of one width, from the start of the range; the last one may reach beyond its end, where
    /// nothing is counted.
    Every {
        /// All of the time.
        range: TimeRange,
        /// Width of a bucket in microseconds, at least 1.
        width_us: i64,
    },
    /// From each time to the next, e.g. the days of a time zone; at least two rising times.
    Listed(Arc<[i64]>),
}

/// Aggregates of one tag over one bucket; empty buckets are not reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The tag.
    pub tag: TagIndex,
    /// Start of the bucket, microseconds since 1970-01-01 UTC.
    pub start_us: i64,
    /// First instant after the bucket.
    pub end_us: i64,
    /// Samples of any quality.
    pub samples: u64,
    /// Samples with a usable number.
    pub count: u64,
    /// Samples that are bad.
    pub bad: u64,
    /// Least number; only when `count` is not 0, like those that follow.
    pub min: f64,
    /// Greatest number.
    pub max: f64,
    /// Sum of the numbers.
    pub sum: f64,
    /// First number of the bucket.
    pub first: f64,
    /// Last number of the bucket.
    pub last: f64,
    /// Time of the first sample, where the store's roll-ups know it.
    pub first_us: Option<i64>,
    /// Time of the last sample, likewise.
    pub last_us: Option<i64>,
    /// Worst quality code of the bucket.
    pub worst_quality: u32,
    /// Mean of the numbers by the time that each holds: from its sample to the next one or the
    /// end of the bucket. What holds at the start of the bucket counts too.
    pub mean_held: Option<f64>,
    /// Share of the bucket's time in which the quality is good, 0 to 1.
    pub good_share: Option<f64>,
}

impl Buckets {
    /// Returns the time of all buckets.
    pub fn range(&self) -> TimeRange {
        match self {
            Buckets::Every { range, .. } => *range,
            Buckets::Listed(edges) => TimeRange {
                start_us: edges.first().copied().unwrap_or(0),
                end_us: edges.last().copied().unwrap_or(0),
            },
        }
    }

    /// Refuses what is no row of buckets.
    ///
    /// # Errors
    ///
    /// `Query` with the field and what is wrong.
    pub fn check(&self) -> Result<(), StoreError> {
        let refuse = |field, reason| Err(StoreError::Query { field, reason });
        match self {
            Buckets::Every { width_us, .. } if *width_us < 1 => refuse(
                "bucket_us",
                format!("{width_us} is less than 1 microsecond"),
            ),
            Buckets::Listed(edges) if edges.len() < 2 || !edges.is_sorted_by(|a, b| a < b) => {
                refuse("buckets", "the times of buckets must rise".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Returns the buckets that begin before a time and those that begin at it or later.
    pub(crate) fn split(&self, time_us: i64) -> [Option<Buckets>; 2] {
        let range = self.range();
        if time_us <= range.start_us {
            return [None, Some(self.clone())];
        }
        if range.end_us <= time_us {
            return [Some(self.clone()), None];
        }
        let (start, end) = self.span_of(time_us);
        let border = if start == time_us { start } else { end };
        if range.end_us <= border {
            return [Some(self.clone()), None];
        }
        match self {
            Buckets::Every { width_us, .. } => {
                let part = |start_us, end_us| {
                    Some(Buckets::Every {
                        range: TimeRange { start_us, end_us },
                        width_us: *width_us,
                    })
                };
                [part(range.start_us, border), part(border, range.end_us)]
            }
            Buckets::Listed(edges) => {
                let at = edges.partition_point(|&edge| edge < border);
                let part = |edges: &[i64]| Some(Buckets::Listed(Arc::from(edges)));
                [part(&edges[..=at]), part(&edges[at..])]
            }
        }
    }

    /// Returns start and end of the bucket of a time in the range.
    pub(crate) fn span_of(&self, time_us: i64) -> (i64, i64) {
        match self {
            Buckets::Every { range, width_us } => {
                // The distance of two times can exceed 64 bits.
                let start = i128::from(range.start_us);
                let width = i128::from(*width_us);
                let first = start + (i128::from(time_us) - start) / width * width;
                let narrow = |time: i128| i64::try_from(time).unwrap_or(i64::MAX);
                (narrow(first), narrow(first + width))
            }
            Buckets::Listed(edges) => {
                let next = edges.partition_point(|&edge| edge <= time_us);
                let next = next.clamp(1, edges.len() - 1);
                (edges[next - 1], edges[next])
            }
        }
    }

    /// Whether all edges within a time lie on multiples of a width.
    pub(super) fn fit(&self, width_us: i64, range: TimeRange) -> bool {
        let fits = |time: i64| time.rem_euclid(width_us) == 0;
        match self {
            Buckets::Every {
                range: all,
                width_us: own,
            } => {
                let is_within = |time: i64| range.start_us < time && time < range.end_us;
                let ends = [all.start_us, all.end_us];
                ends.into_iter().all(|end| !is_within(end) || fits(end))
                    && (fits(all.start_us) && fits(*own)
                        || self.span_of(range.start_us) == self.span_of(range.end_us - 1))
            }
            Buckets::Listed(edges) => {
                let first = edges.partition_point(|&edge| edge <= range.start_us);
                let inner = edges[first..].iter();
                inner
                    .take_while(|&&edge| edge < range.end_us)
                    .all(|&edge| fits(edge))
            }
        }
    }
}
