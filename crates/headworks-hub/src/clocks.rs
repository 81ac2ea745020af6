//! The clocks of sources against the hub's.
//!
//! A protocol that brings times of the source is recognised by nothing but its samples: the time
//! that a sample says is compared with when it came. For a protocol without times of its own the
//! difference is the way through the driver, a few milliseconds.

use std::collections::{BTreeMap, VecDeque};

use headworks_core::Update;
use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plant::Plant;

/// Comparisons that a figure rests on.
const WINDOW: usize = 64;
/// Samples of a batch that are looked at.
const LOOKED_AT: usize = 16;
/// Comparisons before a clock is said to be wrong.
const KNOWN: usize = 8;
/// Difference from which a clock is said to be wrong.
const WRONG_US: u64 = 5_000_000;

/// The clock of a device against the hub's, over its last samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClockSkew {
    /// Median of the time of a sample less the time when it came, microseconds: above 0 the
    /// source is ahead, below 0 it is behind or its samples are late.
    pub median_us: i64,
    /// The difference furthest from 0.
    pub furthest_us: i64,
    /// Batches that were compared, at most 64.
    pub batches: usize,
}

/// The clocks of all devices.
#[derive(Default)]
pub(crate) struct Clocks {
    devices: Mutex<BTreeMap<ObjectId, VecDeque<i64>>>,
}

impl Clocks {
    /// Compares the times in a batch with when it came: of each device the newest time.
    pub(crate) fn note(&self, plant: &Plant, batch: &[Update], received_us: i64) {
        let step = batch.len().div_ceil(LOOKED_AT).max(1);
        let mut newest: BTreeMap<ObjectId, i64> = BTreeMap::new();
        for update in batch.iter().step_by(step) {
            let tag = plant.tag_at(update.tag);
            let Some(tag) = tag.filter(|_| !update.sample.quality.is_bad()) else {
                continue; // the time of a bad sample may be the driver's
            };
            let time_us = newest.entry(tag.device()).or_insert(i64::MIN);
            *time_us = update.sample.time_us.max(*time_us);
        }
        if newest.is_empty() {
            return;
        }
        let mut devices = self.devices.lock();
        for (device, time_us) in newest {
            let window = devices.entry(device).or_default();
            if WINDOW <= window.len() {
                window.pop_front();
            }
            window.push_back(time_us.saturating_sub(received_us));
        }
    }

    /// Returns the clock of a device; none before its first sample.
    pub(crate) fn of(&self, device: ObjectId) -> Option<ClockSkew> {
        self.devices.lock().get(&device).and_then(skew)
    }

    /// Returns the clocks that are wrong, and forgets devices that are gone.
    pub(crate) fn wrong(&self, plant: &Plant) -> Vec<(ObjectId, ClockSkew)> {
        let mut devices = self.devices.lock();
        devices.retain(|&device, _| plant.device(device).is_some());
        let skews = devices
            .iter()
            .filter_map(|(&id, window)| Some((id, skew(window)?)));
        let wrong = |(_, skew): &(ObjectId, ClockSkew)| {
            KNOWN <= skew.batches && WRONG_US <= skew.median_us.unsigned_abs()
        };
        skews.filter(wrong).collect()
    }
}

fn skew(window: &VecDeque<i64>) -> Option<ClockSkew> {
    let mut sorted: Vec<i64> = window.iter().copied().collect();
    sorted.sort_unstable();
    Some(ClockSkew {
        median_us: *sorted.get(sorted.len() / 2)?,
        furthest_us: sorted
            .iter()
            .copied()
            .max_by_key(|skew| skew.unsigned_abs())?,
        batches: sorted.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_forgives_single_delays_and_the_furthest_shows_them() {
        let window: VecDeque<i64> = [-10, -12, -11, -9_000_000, -10].into();
        let want = ClockSkew {
            median_us: -11,
            furthest_us: -9_000_000,
            batches: 5,
        };
        assert_eq!(skew(&window), Some(want));
        assert_eq!(skew(&VecDeque::new()), None);
    }
}
