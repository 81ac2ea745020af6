//! The one place that reads the wall clock.
//!
//! The hub's clock never goes backwards, so that the times of a tag's samples never do. When the
//! system's clock is set forward, the hub follows at once. When it is set back, the hub's clock
//! goes on at half speed until the system's has caught up: times keep their order and stay
//! distinct, and the error shrinks to nothing in twice the size of the step. How far the hub is
//! ahead meanwhile is a figure of [`crate::HubStats`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use headworks_protocols::Clock;
use parking_lot::Mutex;

/// The last reading.
struct Reading {
    now_us: i64,
    at: Instant,
}

/// Returns the hub's clock and by how many microseconds it is ahead of the system's.
pub(crate) fn steady_clock() -> (Clock, Arc<AtomicI64>) {
    let ahead_us = Arc::new(AtomicI64::new(0));
    let last = Mutex::new(Reading {
        now_us: wall_us(),
        at: Instant::now(),
    });
    let shown = Arc::clone(&ahead_us);
    let clock = Clock::new(move || {
        let mut last = last.lock();
        let (wall_us, at) = (wall_us(), Instant::now());
        last.now_us = steady_us(last.now_us, at.duration_since(last.at), wall_us);
        last.at = at;
        shown.store(last.now_us - wall_us, Ordering::Relaxed);
        last.now_us
    });
    (clock, ahead_us)
}

/// Returns the time to show `elapsed` after `last_us` was shown.
fn steady_us(last_us: i64, elapsed: Duration, wall_us: i64) -> i64 {
    let elapsed_us = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
    wall_us.max(last_us.saturating_add(elapsed_us / 2))
}

#[expect(clippy::disallowed_methods, reason = "this is the hub's clock")]
fn wall_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_step_forward_is_followed_at_once() {
        assert_eq!(steady_us(1_000_000, SECOND, 90_000_000), 90_000_000);
    }

    #[test]
    fn a_step_back_is_made_up_at_half_speed_without_going_backwards() {
        let mut now_us = 100_000_000;
        let mut wall_us = 90_000_000; // set back by ten seconds
        for _ in 0..19 {
            wall_us += 1_000_000;
            let next_us = steady_us(now_us, SECOND, wall_us);
            assert_eq!(next_us, now_us + 500_000);
            now_us = next_us;
        }
        wall_us += 1_000_000;
        assert_eq!(steady_us(now_us, SECOND, wall_us), wall_us);
        assert_eq!(now_us + 500_000, wall_us);
    }

    #[test]
    fn readings_never_fall() {
        let (clock, ahead_us) = steady_clock();
        let readings: Vec<i64> = (0..1000).map(|_| clock.now_us()).collect();
        assert!(readings.is_sorted());
        assert!(1_700_000_000_000_000 < readings[0]);
        assert!(ahead_us.load(Ordering::Relaxed) < 1_000_000);
    }
}
