//! A running median in one number, for round trips.

/// The median of times, followed by small steps: cheap, and deaf to outliers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Median {
    us: Option<u64>,
}

impl Median {
    /// Takes a time into account, in microseconds.
    pub(super) fn record(&mut self, us: u64) {
        let us = us.max(1);
        self.us = Some(match self.us {
            None => us,
            // An eighth up or down: settled within some ten times of a tenfold change.
            Some(old) if old < us => us.min(old + old.div_ceil(8)),
            Some(old) => us.max(old - old / 8),
        });
    }

    /// Returns the median so far, in microseconds.
    pub(super) const fn us(self) -> Option<u64> {
        self.us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_follows_the_crowd_and_not_the_outlier() {
        let mut median = Median::default();
        assert_eq!(median.us(), None);
        for _ in 0..50 {
            median.record(1000);
        }
        median.record(1_000_000);
        assert!((1000..=1200).contains(&median.us().unwrap()));
        for _ in 0..50 {
            median.record(20_000);
        }
        assert_eq!(median.us(), Some(20_000));
    }
}
