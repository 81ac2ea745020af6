//! Jitter and missed scans of what the devices noted.

use std::time::{Duration, Instant};

use crate::figure::percentile;

/// How regularly devices were scanned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regularity {
    /// 99th percentile of the distance of a scan from its period after the one before, in
    /// milliseconds, over all scans of all devices.
    pub(crate) jitter_p99_ms: f64,
    /// Greatest such distance.
    pub(crate) jitter_max_ms: f64,
    /// Scans that did not come, over all devices.
    pub(crate) missed: u64,
    /// Scans that came, over all devices.
    pub(crate) scans: u64,
}

/// Judges the scans that began within `time` of the first instant.
pub(crate) fn judge(devices: &[Vec<Instant>], period: Duration, time: Duration) -> Regularity {
    let mut jitter_ms = Vec::new();
    let mut missed = 0;
    let mut scans = 0;
    for begun in devices {
        scans += begun.len() as u64;
        for pair in begun.windows(2) {
            let distance = pair[1].duration_since(pair[0]);
            let periods = (distance.as_secs_f64() / period.as_secs_f64())
                .round()
                .max(1.0);
            let off = distance.as_secs_f64() - periods * period.as_secs_f64();
            jitter_ms.push(off.abs() * 1000.0);
            #[expect(clippy::cast_possible_truncation, reason = "a small count")]
            #[expect(clippy::cast_sign_loss, reason = "at least 1")]
            let skipped = periods as u64 - 1;
            missed += skipped;
        }
        missed += unseen(begun.len(), period, time);
    }
    jitter_ms.sort_by(f64::total_cmp);
    Regularity {
        jitter_p99_ms: percentile(&jitter_ms, 0.99),
        jitter_max_ms: jitter_ms.last().copied().unwrap_or(f64::NAN),
        missed,
        scans,
    }
}

/// Returns the scans that a device lacks which was hardly scanned, so that it has no pairs.
fn unseen(seen: usize, period: Duration, time: Duration) -> u64 {
    let expected = time.as_millis() / period.as_millis().max(1);
    if seen < 2 {
        u64::try_from(expected)
            .unwrap_or(u64::MAX)
            .saturating_sub(seen as u64)
    } else {
        0
    }
}
