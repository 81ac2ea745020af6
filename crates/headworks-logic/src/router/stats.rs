//! What became of the deliveries of a route.

use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;

/// Figures of one route, of all of its targets together, since the hub started.
#[derive(Debug, Default)]
pub(super) struct RouteFigures {
    inner: Mutex<Figures>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) delivered: u64,
    pub(super) failed_tries: u64,
    pub(super) dead: u64,
    pub(super) replaced: u64,
    pub(super) last_delivered_us: Option<i64>,
    pub(super) last_error: Option<(i64, String)>,
    pub(super) took: Histogram,
}

/// How long deliveries took, from the sample in the hub to the answer of the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Latency {
    /// Half of them took at most this many microseconds.
    pub p50_us: u64,
    /// 95 of 100 took at most this many.
    pub p95_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// Durations in steps of a ninth: four to a doubling.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Box<[u64; STEPS]>,
    max_us: u64,
}

const STEPS: usize = 128;
const STEPS_PER_DOUBLING: f64 = 4.0;

impl RouteFigures {
    pub(super) fn get(&self) -> Figures {
        self.inner.lock().clone()
    }

    pub(super) fn note_delivered(&self, now_us: i64, took: Duration) {
        let mut figures = self.inner.lock();
        figures.delivered += 1;
        figures.last_delivered_us = Some(now_us);
        figures.took.add(took);
    }

    /// Notes a try that failed; returns whether the last one had not.
    pub(super) fn note_failed_try(&self, now_us: i64, reason: &str) {
        let mut figures = self.inner.lock();
        figures.failed_tries += 1;
        figures.last_error = Some((now_us, reason.to_owned()));
    }

    pub(super) fn note_dead(&self, now_us: i64, reason: &str) {
        let mut figures = self.inner.lock();
        figures.dead += 1;
        figures.last_error = Some((now_us, reason.to_owned()));
    }

    pub(super) fn note_replaced(&self) {
        self.inner.lock().replaced += 1;
    }

    pub(super) fn note_error(&self, now_us: i64, reason: String) {
        self.inner.lock().last_error = Some((now_us, reason));
    }
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            counts: Box::new([0; STEPS]),
            max_us: 0,
        }
    }
}

impl Histogram {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a step from 0 to 127"
    )]
    fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let step = ((micros as f64).log2() * STEPS_PER_DOUBLING).ceil() as usize;
        self.counts[step.min(STEPS - 1)] += 1;
        self.max_us = self.max_us.max(micros);
    }

    pub(super) fn latency(&self) -> Option<Latency> {
        let total: u64 = self.counts.iter().sum();
        (0 < total).then(|| Latency {
            p50_us: self.below(total.div_ceil(2)),
            p95_us: self.below(total - total / 20),
            max_us: self.max_us,
        })
    }

    /// Returns a duration that at least `wanted` of them did not exceed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "2 to the power of 32 at most"
    )]
    fn below(&self, wanted: u64) -> u64 {
        let mut sum = 0;
        let step = self.counts.iter().position(|count| {
            sum += count;
            wanted <= sum
        });
        let step = step.unwrap_or(STEPS - 1) as f64;
        let micros = (step / STEPS_PER_DOUBLING).exp2().ceil() as u64;
        micros.min(self.max_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_within_a_fifth() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.latency(), None);
        for millis in 1..=100 {
            histogram.add(Duration::from_millis(millis));
        }
        let latency = histogram.latency().unwrap();
        assert!((50_000..60_000).contains(&latency.p50_us), "{latency:?}");
        assert!((95_000..=100_000).contains(&latency.p95_us), "{latency:?}");
        assert_eq!(latency.max_us, 100_000);
    }
}
