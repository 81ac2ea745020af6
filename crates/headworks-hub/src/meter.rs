//! A meter of how many samples come per second.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Time over which the rate is measured.
const WINDOW: Duration = Duration::from_secs(5);

/// Turns readings of a counter into a rate.
#[derive(Default)]
pub(crate) struct Meter {
    readings: Mutex<VecDeque<(Instant, u64)>>,
}

impl Meter {
    /// Takes a reading, once a second or so.
    pub(crate) fn read(&self, at: Instant, total: u64) {
        let mut readings = self.readings.lock();
        readings.push_back((at, total));
        while readings
            .get(1)
            .is_some_and(|(next, _)| WINDOW <= at.duration_since(*next))
        {
            readings.pop_front();
        }
    }

    /// Returns the rate per second over the last readings; 0 before the second.
    #[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
    pub(crate) fn per_sec(&self) -> f64 {
        let readings = self.readings.lock();
        match (readings.front(), readings.back()) {
            (Some((from, before)), Some((to, after))) if from < to => {
                (after - before) as f64 / to.duration_since(*from).as_secs_f64()
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_last_seconds() {
        let meter = Meter::default();
        let start = Instant::now();
        assert_eq!(meter.per_sec(), 0.0);
        for second in 0..20 {
            let total = if second < 10 { 0 } else { (second - 9) * 100 };
            meter.read(start + Duration::from_secs(second), total);
        }
        assert_eq!(meter.per_sec(), 100.0);
    }
}
