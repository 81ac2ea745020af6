//! The stretch of history that a test is made with.

use headworks_hub::HubHandle;
use headworks_store::TimeRange;

use crate::problem::ApiError;

/// Longest stretch of history that a test takes, in microseconds: a week.
const LENGTH_US_MAX: i64 = 7 * 86_400_000_000;

/// Returns the stretch of a body with `start_us` and `end_us`: until now, and so long as
/// `length_us`, where they are absent.
pub(super) fn past_of(
    hub: &HubHandle,
    start_us: Option<i64>,
    end_us: Option<i64>,
    length_us: i64,
) -> Result<TimeRange, ApiError> {
    let end_us = end_us.unwrap_or_else(|| hub.clock().now_us());
    let start_us = start_us.unwrap_or_else(|| end_us.saturating_sub(length_us));
    let instants = 0..=headworks_store::history::TIME_US_MAX;
    for (field, time_us) in [("/start_us", start_us), ("/end_us", end_us)] {
        if !instants.contains(&time_us) {
            let most = instants.end();
            let reason = format!("{time_us} us; 0 to {most} are allowed");
            return Err(ApiError::field(field, reason));
        }
    }
    if end_us <= start_us || LENGTH_US_MAX < end_us - start_us {
        let reason = "must be before the end, at most a week";
        return Err(ApiError::field("/start_us", reason));
    }
    Ok(TimeRange { start_us, end_us })
}
