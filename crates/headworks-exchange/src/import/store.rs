//! Storing in batches, and finding the samples that are there already.

use std::collections::HashSet;
use std::ops::ControlFlow;

use headworks_core::{TagIndex, Update};
use headworks_store::{Historian, RangeQuery, TimeRange};

use super::options::Duplicates;
use crate::error::ExchangeError;

/// Samples of a batch: enough to be quick, few enough that nobody waits long behind it.
pub(crate) const BATCH: usize = 10_000;
/// Longest time between two samples of a tag that are looked for in one read.
const GAP_US_MAX: i64 = 86_400_000_000;

/// Whether samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Check,
    Store,
}

/// Takes samples.
pub(crate) struct Store<'a> {
    /// None in a preview, which stores nothing and finds no duplicates.
    historian: Option<&'a dyn Historian>,
    mode: Mode,
    duplicates: Duplicates,
    batch: Vec<Update>,
    pub(crate) stored: u64,
    /// Samples whose tag had one with the same time.
    pub(crate) existing: u64,
}

impl<'a> Store<'a> {
    pub(crate) fn new(
        historian: Option<&'a dyn Historian>,
        mode: Mode,
        duplicates: Duplicates,
    ) -> Self {
        Store {
            historian,
            mode,
            duplicates,
            batch: Vec::with_capacity(BATCH),
            stored: 0,
            existing: 0,
        }
    }

    pub(crate) fn push(&mut self, update: Update) -> Result<(), ExchangeError> {
        self.batch.push(update);
        if self.batch.len() < BATCH {
            return Ok(());
        }
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> Result<(), ExchangeError> {
        let mut batch = std::mem::take(&mut self.batch);
        let Some(historian) = self.historian else {
            return Ok(());
        };
        if self.duplicates != Duplicates::Overwrite {
            let there = there(historian, &batch)?;
            let before = batch.len();
            // Of two in the batch the first one counts as there for the second.
            let mut seen = there;
            batch.retain(|update| seen.insert((update.tag, update.sample.time_us)));
            self.existing += (before - batch.len()) as u64;
        }
        if self.mode == Mode::Store && !batch.is_empty() {
            historian.append(&batch)?;
            self.stored += batch.len() as u64;
        }
        batch.clear();
        self.batch = batch;
        Ok(())
    }

    /// Makes what was stored survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), ExchangeError> {
        match self.historian {
            Some(historian) if self.mode == Mode::Store => Ok(historian.sync()?),
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns which of the samples of a batch are there already.
fn there(
    historian: &dyn Historian,
    batch: &[Update],
) -> Result<HashSet<(TagIndex, i64)>, ExchangeError> {
    let mut wanted: Vec<(TagIndex, i64)> = batch
        .iter()
        .map(|update| (update.tag, update.sample.time_us))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut there = HashSet::new();
    let close = |left: &(TagIndex, i64), right: &(TagIndex, i64)| {
        left.0 == right.0 && right.1 - left.1 < GAP_US_MAX
    };
    for group in wanted.chunk_by(close) {
        look(historian, group, &mut there)?;
    }
    Ok(there)
}

/// Looks for the samples of one tag, sorted by time.
fn look(
    historian: &dyn Historian,
    group: &[(TagIndex, i64)],
    there: &mut HashSet<(TagIndex, i64)>,
) -> Result<(), ExchangeError> {
    let (Some(&(tag, first_us)), Some(&(_, last_us))) = (group.first(), group.last()) else {
        return Ok(());
    };
    let query = RangeQuery {
        tags: vec![tag],
        range: TimeRange {
            start_us: first_us,
            end_us: last_us + 1,
        },
        limit: usize::MAX,
    };
    historian.read(&query, &mut |chunk| {
        for &time_us in &chunk.times_us {
            if group.binary_search(&(tag, time_us)).is_ok() {
                there.insert((tag, time_us));
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
