//! Whether the clock may be believed when old entries are to go.
//!
//! Whoever sets the clock ten years ahead would otherwise have the whole journal removed. The time
//! that was believed last is kept in `audit.clock` beside the journal, so that a restart does not
//! help; removing that file believes the clock as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// Largest step of a clock between two looks that is no jump.
const STEP_MAX_US: i64 = 3_600_000_000;
/// Longest time that a hub may have been off without a question: a plant at rest.
const AWAY_MAX_US: i64 = 40 * DAY_US;
/// After so long at an even pace a clock that jumped forward is believed.
const STEADY_MIN: Duration = Duration::from_secs(7 * 86_400);
const DAY_US: i64 = 86_400_000_000;

/// Why old entries stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClockDoubt {
    /// It shows a time before the last entry.
    #[error(
        "the clock is {} min behind the last audit entry; set it right", .by_us / 60_000_000
    )]
    Behind {
        /// By how much, microseconds.
        by_us: i64,
    },
    /// It went further than time did.
    #[error(
        "the clock jumped {} h ahead; set it right, or it is believed after seven days, or at once \
         when audit.clock of the data directory is removed and headworks started again",
        .by_us / 3_600_000_000
    )]
    Ahead {
        /// By how much, microseconds.
        by_us: i64,
    },
}

/// Follows a clock beside the time that really passed.
#[derive(Debug)]
pub struct ClockWatch {
    path: PathBuf,
    believed: Option<Reading>,
    /// Since when the clock is ahead, and by how much.
    ahead: Option<(Duration, i64)>,
    last: Option<Reading>,
}

/// What a clock showed.
#[derive(Clone, Copy, Debug)]
struct Reading {
    now_us: i64,
    /// Time since the watch began; none when it was read by an earlier process.
    steady: Option<Duration>,
}

impl ClockWatch {
    /// Goes on where the last process left off.
    pub fn open(directory: &Path) -> ClockWatch {
        let path = directory.join("audit.clock");
        let kept = std::fs::read_to_string(&path).ok();
        let kept = kept.and_then(|text| text.trim().parse().ok());
        ClockWatch {
            path,
            believed: kept.map(|now_us| Reading {
                now_us,
                steady: None,
            }),
            ahead: None,
            last: None,
        }
    }

    /// Looks at the clock; `steady` is the time since the watch began by a clock that nobody sets,
    /// `entry_us` the time of the last entry.
    ///
    /// # Errors
    ///
    /// While the clock cannot be believed.
    pub fn look(
        &mut self,
        now_us: i64,
        steady: Duration,
        entry_us: Option<i64>,
    ) -> Result<(), ClockDoubt> {
        let reading = Reading {
            now_us,
            steady: Some(steady),
        };
        if let Some(by_us) = self.last.and_then(|last| jump(last, reading)) {
            self.ahead = Some((steady, by_us));
        }
        if self.last.is_none()
            && let Some(by_us) = self.believed.and_then(|old| jump(old, reading))
        {
            self.ahead = Some((steady, by_us));
        }
        self.last = Some(reading);
        let is_back = || {
            self.believed
                .is_some_and(|old| jump(old, reading).is_none())
        };
        let is_steady = |since: Duration| STEADY_MIN <= steady.saturating_sub(since);
        self.ahead = self
            .ahead
            .filter(|(since, _)| !is_back() && !is_steady(*since));
        if let Some((_, by_us)) = self.ahead {
            return Err(ClockDoubt::Ahead { by_us });
        }
        let behind_us = entry_us.map_or(0, |entry_us| entry_us.saturating_sub(now_us));
        if STEP_MAX_US < behind_us {
            return Err(ClockDoubt::Behind { by_us: behind_us });
        }
        self.believe(reading);
        Ok(())
    }

    fn believe(&mut self, reading: Reading) {
        self.believed = Some(reading);
        if let Err(error) = std::fs::write(&self.path, reading.now_us.to_string()) {
            tracing::warn!(%error, path = %self.path.display(), "the time cannot be kept");
        }
    }
}

/// Returns by how much a clock went further than time did, when that is too much.
fn jump(before: Reading, now: Reading) -> Option<i64> {
    let passed_us = now.now_us.saturating_sub(before.now_us);
    let (by_us, most_us) = match (before.steady, now.steady) {
        (Some(from), Some(to)) => {
            let steady_us = to.saturating_sub(from).as_micros();
            let steady_us = i64::try_from(steady_us).unwrap_or(i64::MAX);
            (passed_us.saturating_sub(steady_us), STEP_MAX_US)
        }
        _ => (passed_us, AWAY_MAX_US),
    };
    (most_us < by_us).then_some(by_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;
    const HOUR: Duration = Duration::from_secs(3600);
    const HOUR_US: i64 = 3_600_000_000;
    const YEAR_US: i64 = 365 * DAY_US;

    fn watch() -> (tempfile::TempDir, ClockWatch) {
        let directory = tempfile::tempdir().unwrap();
        let watch = ClockWatch::open(directory.path());
        (directory, watch)
    }

    #[test]
    fn an_even_clock_is_believed() {
        let (_directory, mut watch) = watch();
        for hour in 0..48_u32 {
            let now_us = NOW_US + i64::from(hour) * HOUR_US;
            assert_eq!(watch.look(now_us, HOUR * hour, Some(now_us - 5)), Ok(()));
        }
        assert_eq!(watch.look(NOW_US + 48 * HOUR_US, HOUR * 48, None), Ok(()));
    }

    #[test]
    fn a_jump_ahead_is_not_believed_for_a_week() {
        let (_directory, mut watch) = watch();
        watch.look(NOW_US, Duration::ZERO, Some(NOW_US)).unwrap();
        for hour in 1..=168_u32 {
            let now_us = NOW_US + 10 * YEAR_US + i64::from(hour) * HOUR_US;
            // Entries of the wrong time are written meanwhile; they prove nothing.
            let found = watch.look(now_us, HOUR * hour, Some(now_us));
            let ahead = ClockDoubt::Ahead {
                by_us: 10 * YEAR_US,
            };
            assert_eq!(found, Err(ahead), "{hour}");
        }
        let now_us = NOW_US + 10 * YEAR_US + 169 * HOUR_US;
        assert_eq!(watch.look(now_us, HOUR * 169, Some(now_us)), Ok(()));
    }

    #[test]
    fn a_restart_does_not_make_a_jump_believed() {
        let (directory, mut watch) = watch();
        watch.look(NOW_US, Duration::ZERO, Some(NOW_US)).unwrap();
        let now_us = NOW_US + YEAR_US;
        for _ in 0..3 {
            let mut watch = ClockWatch::open(directory.path());
            let found = watch.look(now_us, Duration::ZERO, Some(now_us));
            assert!(matches!(found, Err(ClockDoubt::Ahead { .. })), "{found:?}");
        }
        std::fs::remove_file(directory.path().join("audit.clock")).unwrap();
        let mut watch = ClockWatch::open(directory.path());
        assert_eq!(watch.look(now_us, Duration::ZERO, Some(now_us)), Ok(()));
    }

    #[test]
    fn a_clock_that_was_set_right_again_is_believed_at_once() {
        let (_directory, mut watch) = watch();
        watch.look(NOW_US, Duration::ZERO, Some(NOW_US)).unwrap();
        let wrong_us = NOW_US + YEAR_US;
        watch.look(wrong_us, HOUR, Some(wrong_us)).unwrap_err();
        // The last entry still has the wrong time.
        let right_us = NOW_US + 2 * HOUR_US;
        let found = watch.look(right_us, HOUR * 2, Some(wrong_us));
        assert!(matches!(found, Err(ClockDoubt::Behind { .. })), "{found:?}");
        assert_eq!(watch.look(right_us, HOUR * 2, Some(right_us)), Ok(()));
    }

    #[test]
    fn a_plant_may_rest_for_a_month_and_not_for_a_year() {
        let (directory, mut watch) = watch();
        watch.look(NOW_US, Duration::ZERO, Some(NOW_US)).unwrap();
        let after = |days: i64| {
            let mut watch = ClockWatch::open(directory.path());
            watch.look(NOW_US + days * DAY_US, Duration::ZERO, Some(NOW_US))
        };
        assert!(after(365).is_err());
        assert_eq!(after(30), Ok(()));
    }
}
