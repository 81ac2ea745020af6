//! Percentiles of durations in little memory.

/// Counts values in buckets whose width grows with the value, so that a percentile is off by at
/// most 1/32 of itself. Old values fade: when the counts reach [`Histogram::WINDOW`], all are
/// halved.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    counts: Vec<u32>, // invariant: at most BUCKETS_MAX; trailing buckets are absent
    total: u32,
}

/// Buckets per doubling.
const STEPS: u64 = 16;
const STEPS_LOG2: u32 = STEPS.trailing_zeros();

impl Histogram {
    /// Values after which older ones count half.
    const WINDOW: u32 = 8192;

    /// Buckets of all values up to `u64::MAX`.
    #[cfg(test)]
    pub(super) const BUCKETS_MAX: usize = 16 * 61;

    pub(super) fn record(&mut self, value: u64) {
        let bucket = bucket_of(value);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        if Self::WINDOW <= self.total {
            self.fade();
        }
    }

    /// Returns the value below or at which the share `q` of the values lies.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a u32 fits a u32"
    )]
    pub(super) fn quantile(&self, q: f64) -> Option<u64> {
        if self.total == 0 {
            return None;
        }
        let rank = ((f64::from(self.total) * q).ceil() as u32).clamp(1, self.total);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            rank <= seen
        })?;
        Some(middle_of(bucket))
    }

    fn fade(&mut self) {
        for count in &mut self.counts {
            *count = count.div_ceil(2); // a rare value stays visible
        }
        self.total = self.counts.iter().sum();
    }
}

/// Values below [`STEPS`] have a bucket each; above, each doubling has [`STEPS`] of them.
fn bucket_of(value: u64) -> usize {
    let doubling = value.max(1).ilog2().saturating_sub(STEPS_LOG2);
    let step = value >> doubling;
    usize::try_from(u64::from(doubling) * STEPS + step).unwrap_or(usize::MAX)
}

fn middle_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    let low = (bucket - doubling * STEPS) << doubling;
    low + (1 << doubling) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn the_largest_value_has_the_last_bucket() {
        assert_eq!(bucket_of(u64::MAX), Histogram::BUCKETS_MAX - 1);
        let mut histogram = Histogram::default();
        histogram.record(u64::MAX);
        assert!(histogram.quantile(1.0).unwrap() > u64::MAX / 100 * 96);
    }

    #[test]
    fn old_values_fade() {
        let mut histogram = Histogram::default();
        (0..20_000).for_each(|_| histogram.record(1000));
        (0..40_000).for_each(|_| histogram.record(10));
        assert_eq!(histogram.quantile(0.5), Some(10));
        assert_eq!(histogram.quantile(0.95), Some(10));
    }

    proptest! {
        #[test]
        fn percentiles_are_off_by_a_thirty_second_at_most(
            mut values in prop::collection::vec(0_u64..5_000_000, 1..500),
            share in 0.01_f64..1.0,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
            #[expect(clippy::cast_precision_loss, reason = "few values")]
            let rank = (values.len() as f64 * share).ceil() as usize;
            let exact = values[rank.clamp(1, values.len()) - 1];
            let found = histogram.quantile(share).unwrap();
            prop_assert!(found.abs_diff(exact) * 32 <= exact, "{found} for {exact}");
        }

        #[test]
        fn buckets_ascend_and_hold_their_middle(value in any::<u64>()) {
            let bucket = bucket_of(value);
            prop_assert_eq!(bucket_of(middle_of(bucket)), bucket);
            prop_assert!(bucket <= bucket_of(value.saturating_add(1)));
        }
    }
}
