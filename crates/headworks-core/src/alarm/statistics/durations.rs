//! Durations in few numbers: counts by size, for percentiles.

use std::iter;

/// Buckets of each doubling: a duration is known to one part in 16.
const STEPS: u64 = 16;
/// Buckets of the first [`STEPS`] milliseconds and of 33 doublings, which end after four years.
const BUCKETS: usize = 34 * 16;

/// How many durations there were of each size, from 1 ms on.
#[derive(Clone, Debug)]
pub(super) struct Durations {
    counts: Box<[u64; BUCKETS]>,
    total: u64,
}

impl Default for Durations {
    fn default() -> Durations {
        Durations {
            counts: Box::new([0; BUCKETS]),
            total: 0,
        }
    }
}

impl Durations {
    pub(super) fn add(&mut self, took_us: i64) {
        self.counts[bucket(took_us / 1000)] += 1;
        self.total += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Returns the duration in seconds that so many percent do not exceed, at most one part in 16
    /// too high; nothing when there is none.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few years")]
    pub(super) fn percentile_s(&self, percent: u64) -> Option<f64> {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        let at = iter::zip(0_u64.., sums).find(|&(_, sum)| wanted <= sum);
        at.map(|(bucket, _)| highest_ms(bucket) as f64 / 1000.0)
    }
}

/// The first [`STEPS`] buckets hold a millisecond each, then [`STEPS`] hold each doubling.
fn bucket(ms: i64) -> usize {
    let ms = u64::try_from(ms).unwrap_or_default();
    if ms < STEPS {
        return usize::try_from(ms).unwrap_or_default();
    }
    let doubling = u64::from(ms.ilog2() - STEPS.ilog2());
    let step = (ms >> doubling) - STEPS;
    let bucket = (doubling + 1) * STEPS + step;
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// Returns the greatest duration of a bucket, in milliseconds.
fn highest_ms(bucket: u64) -> u64 {
    match (bucket / STEPS).checked_sub(1) {
        None => bucket,
        Some(doubling) => ((STEPS + bucket % STEPS + 1) << doubling) - 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_duration_is_known_to_one_part_in_sixteen(ms in 0_i64..130_000_000_000) {
            let highest = highest_ms(bucket(ms) as u64) as i64;
            prop_assert!(ms <= highest);
            prop_assert!(highest - ms <= ms / 16);
        }

        #[test]
        fn percentiles_are_those_of_the_sorted_list(
            mut times in prop::collection::vec(0_i64..100_000_000, 1..200),
            percent in 1_u64..=100,
        ) {
            let mut durations = Durations::default();
            times.iter().for_each(|ms| durations.add(ms * 1000));
            times.sort_unstable();
            let rank = (times.len() as u64 * percent).div_ceil(100);
            let exact = times[usize::try_from(rank - 1).unwrap()] as f64 / 1000.0;
            let found = durations.percentile_s(percent).unwrap();
            prop_assert!(exact <= found && found <= exact * 17.0 / 16.0 + 1e-9);
        }
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Durations::default().percentile_s(50), None);
    }

    #[test]
    fn what_is_longer_than_everything_is_in_the_last_bucket() {
        assert_eq!(bucket(i64::MAX), BUCKETS - 1);
        assert_eq!(bucket(-1), 0, "clocks that were set back");
    }
}
