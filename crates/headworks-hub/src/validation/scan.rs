//! The walk through the historian.

use std::ops::ControlFlow;

use headworks_core::{Quality, TagIndex};
use headworks_store::{Historian, RangeQuery, StoreError, TimeRange};

use super::{Expectation, Finding, Gap, Report};

/// What was found in the stored samples of a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// One finding per span.
    pub spans: Vec<Finding>,
    /// The longest gaps, longest first.
    pub gaps: Vec<Gap>,
    /// How many gaps there are.
    pub gap_count: u64,
    /// Parts of files that could not be read: what they held is missing here.
    pub damaged: u64,
}

/// Reads the samples of a tag between the first and the last of `edges` and says what is wrong
/// with them; each two neighbours of the edges are a span. Blocks on the disk; memory does not
/// grow with the samples.
///
/// # Errors
///
/// What the historian says.
pub fn scan(
    historian: &dyn Historian,
    tag: TagIndex,
    expectation: Expectation,
    edges: &[i64],
) -> Result<Scan, StoreError> {
    let range = TimeRange {
        start_us: edges.first().copied().unwrap_or(0),
        end_us: edges.last().copied().unwrap_or(0),
    };
    let before = quality_before(historian, tag, range.start_us)?;
    let mut report = Report::new(expectation, edges, before);
    let query = RangeQuery {
        tags: vec![tag],
        range,
        limit: usize::MAX,
    };
    let stats = historian.read(&query, &mut |chunk| {
        for (&time_us, &code) in chunk.times_us.iter().zip(&chunk.qualities) {
            report.take(time_us, Quality::from_code(code));
        }
        ControlFlow::Continue(())
    })?;
    let (spans, gaps, gap_count) = report.finish();
    Ok(Scan {
        spans,
        gaps,
        gap_count,
        damaged: stats.damaged,
    })
}

/// Returns the quality of the newest sample before a time; a store that cannot tell knows none.
fn quality_before(
    historian: &dyn Historian,
    tag: TagIndex,
    start_us: i64,
) -> Result<Option<Quality>, StoreError> {
    match historian.before(&[tag], start_us.saturating_sub(1)) {
        Ok(found) => Ok(found
            .into_iter()
            .flatten()
            .next()
            .map(|sample| sample.quality)),
        Err(StoreError::Query { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
