//! Samples of several tags in the order in which they came: history played again.

use std::collections::HashMap;
use std::ops::ControlFlow;

use headworks_core::{TagIndex, Update};

use super::scan::Watch;
use super::{HistoryError, sample_at};
use crate::historian::{Historian, RangeQuery, TimeRange};

/// A part of the history of several tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// The samples in order of time, those of one time in the order of the tags asked for.
    pub samples: Vec<Update>,
    /// Until when these are all there are; before the end of the range when there are more.
    pub end_us: i64,
}

/// Reads the oldest samples of tags in a range, at most so many in all.
///
/// Each tag has an equal share. Where one has more, the others end there too, so that nothing is
/// out of its order: go on at [`Merged::end_us`].
///
/// # Errors
///
/// [`HistoryError::Store`], and what the watch says.
pub fn merged(
    store: &dyn Historian,
    tags: &[TagIndex],
    range: TimeRange,
    samples_max: usize,
    watch: Watch<'_>,
) -> Result<Merged, HistoryError> {
    let share = (samples_max / tags.len().max(1)).max(1);
    let query = RangeQuery {
        tags: tags.to_vec(),
        range,
        limit: share,
    };
    let mut samples = Vec::new();
    let mut read: HashMap<TagIndex, (usize, i64)> = HashMap::new();
    let mut stopped = None;
    store.read(&query, &mut |chunk| {
        stopped = watch();
        if stopped.is_some() {
            return ControlFlow::Break(());
        }
        let (count, last_us) = read.entry(chunk.tag).or_default();
        *count += chunk.times_us.len();
        *last_us = chunk.times_us.last().copied().unwrap_or(*last_us);
        samples.extend((0..chunk.times_us.len()).map(|at| Update {
            tag: chunk.tag,
            sample: sample_at(chunk, at),
        }));
        ControlFlow::Continue(())
    })?;
    if let Some(stop) = stopped {
        return Err(stop.into());
    }
    let full = read.values().filter(|(count, _)| share <= *count);
    let ends = full.map(|(_, last_us)| last_us.saturating_add(1));
    let end_us = ends.min().unwrap_or(range.end_us).min(range.end_us);
    samples.retain(|update| update.sample.time_us < end_us);
    let places: HashMap<TagIndex, usize> = tags.iter().copied().zip(0..).collect();
    samples.sort_by_key(|update| (update.sample.time_us, places.get(&update.tag).copied()));
    Ok(Merged { samples, end_us })
}

#[cfg(test)]
mod tests;
