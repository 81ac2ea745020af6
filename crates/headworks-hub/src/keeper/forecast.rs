//! When the disk will be full. Pure.
//!
//! Two answers that need each other:
//!
//! * *Rate*: the slope of the straight line with the least squares through hourly measurements
//!   of the last seven days, of the data directory and of everything on the disk; known after
//!   six hours. It knows nothing of the day on which old samples begin to go.
//! * *Steady state*: what a tier takes per day today, times the days it is kept; the sum is what
//!   the samples will take once each tier has reached its age. Not known while a tier is kept
//!   for ever, or has no whole day yet.
//!
//! The disk is said to become full only when the steady state does not fit or is not known.

use headworks_store::{Retention, Tier, TierReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) time_us: i64,
    /// Bytes of the data directory.
    pub(crate) data_bytes: u64,
    /// Bytes that are taken on the disk.
    pub(crate) used_bytes: u64,
}

/// What a tier takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TierSize {
    /// `raw`, `minute`, `five_minutes`, `hour`, `day` or `week`.
    pub tier: &'static str,
    /// Its bytes.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
    /// Its samples or rows.
    pub rows: u64,
    /// Mean bytes of a day that is over, by the last seven such days; 0 before the first.
    pub bytes_per_day: u64,
    /// Start of its oldest day, microseconds since 1970-01-01 UTC; null when it is empty.
    pub oldest_us: Option<i64>,
    /// End of its newest day.
    pub newest_us: Option<i64>,
    /// Days that it is kept, in the mean of all tags; null when some keep it for ever.
    pub days: Option<u32>,
}

/// When the disk will be full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// How it was found, in one sentence.
    pub method: String,
    /// What is to be expected.
    pub verdict: Verdict,
    /// When the disk is full if nothing changes, microseconds since 1970-01-01 UTC; null when it
    /// does not become full or nobody knows.
    pub full_us: Option<i64>,
    /// Growth of the data directory in bytes per day.
    pub data_bytes_per_day: Option<i64>,
    /// Growth of everything on the disk in bytes per day.
    pub disk_bytes_per_day: Option<i64>,
    /// Hours that the rates rest on.
    pub basis_hours: u32,
    /// What the samples will take once every tier has reached its age.
    pub steady_bytes: Option<u64>,
}

/// What is to be expected of the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Too early to tell.
    #[default]
    Unknown,
    /// It does not grow.
    Still,
    /// Retention stops the growth before the disk is full.
    Fits,
    /// It becomes full.
    Fills,
}

/// Measurements that rates rest on: seven days of hours.
pub(crate) const MEASURES_MAX: usize = 7 * 24;
/// Time between two measurements.
pub(crate) const MEASURE_US: i64 = HOUR_US;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
/// Hours before rates are told.
const BASIS_HOURS_MIN: i64 = 6;
/// A forecast beyond this is not worth telling: a century.
const AHEAD_DAYS_MAX: f64 = 36_525.0;

/// Returns when the disk will be full; `sample_bytes` is what the tiers take now.
pub(crate) fn forecast(
    now_us: i64,
    free_bytes: u64,
    measures: &[Measure],
    tiers: &[TierSize],
) -> Forecast {
    let span_us = match (measures.first(), measures.last()) {
        (Some(first), Some(last)) => last.time_us.saturating_sub(first.time_us),
        _ => 0,
    };
    let known = BASIS_HOURS_MIN * HOUR_US <= span_us;
    let rate = |part: fn(&Measure) -> u64| known.then(|| bytes_per_day(measures, part)).flatten();
    let data_rate = rate(|measure| measure.data_bytes);
    let disk_rate = rate(|measure| measure.used_bytes);
    let steady_bytes = steady_bytes(tiers);
    let (verdict, full_us) = judge(now_us, free_bytes, disk_rate, tiers, steady_bytes);
    Forecast {
        method: method(span_us / HOUR_US, steady_bytes.is_some()),
        verdict,
        full_us,
        data_bytes_per_day: data_rate.map(whole),
        disk_bytes_per_day: disk_rate.map(whole),
        basis_hours: u32::try_from(span_us / HOUR_US).unwrap_or(0),
        steady_bytes,
    }
}

fn judge(
    now_us: i64,
    free_bytes: u64,
    disk_rate: Option<f64>,
    tiers: &[TierSize],
    steady_bytes: Option<u64>,
) -> (Verdict, Option<i64>) {
    let taken: u64 = tiers.iter().map(|tier| tier.bytes).sum();
    let fits = steady_bytes.is_some_and(|steady| steady.saturating_sub(taken) < free_bytes);
    match disk_rate {
        None if fits => (Verdict::Fits, None),
        None => (Verdict::Unknown, None),
        Some(rate) if rate < 1.0 => (Verdict::Still, None),
        Some(_) if fits => (Verdict::Fits, None),
        Some(rate) => (Verdict::Fills, full_us(now_us, free_bytes, rate)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a forecast is read to three digits, and bounded here"
)]
fn full_us(now_us: i64, free_bytes: u64, bytes_per_day: f64) -> Option<i64> {
    let days = free_bytes as f64 / bytes_per_day;
    (days < AHEAD_DAYS_MAX).then(|| now_us.saturating_add((days * DAY_US as f64) as i64))
}

/// Returns the slope of the straight line with the least squares.
#[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
fn bytes_per_day(measures: &[Measure], part: fn(&Measure) -> u64) -> Option<f64> {
    let first_us = measures.first()?.time_us;
    let points = measures.iter().map(|measure| {
        let days = (measure.time_us - first_us) as f64 / DAY_US as f64;
        (days, part(measure) as f64)
    });
    let count = measures.len() as f64;
    let (sum_x, sum_y) = points
        .clone()
        .fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in points {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    (0.0 < below).then(|| above / below)
}

/// Returns what the tiers will take once each has reached its age.
fn steady_bytes(tiers: &[TierSize]) -> Option<u64> {
    if tiers.is_empty() {
        return None;
    }
    tiers.iter().map(steady_bytes_of).sum()
}

/// Returns what a tier will take; none when it is kept for ever or has no whole day yet.
fn steady_bytes_of(tier: &TierSize) -> Option<u64> {
    let days = tier.days?;
    if tier.bytes_per_day == 0 {
        // what rolls up is small, and is known a day after the samples
        return (tier.tier != RAW).then_some(tier.bytes);
    }
    Some(tier.bytes_per_day.saturating_mul(days.into()))
}

/// Name of the tier of all samples.
const RAW: &str = "raw";

/// Returns the sizes that the historian reports, with the days that each tier is kept in the mean
/// of `tags` tags.
pub(crate) fn tier_sizes(
    reports: Vec<TierReport>,
    retention: &Retention,
    tags: usize,
) -> Vec<TierSize> {
    let size = |report: TierReport| TierSize {
        tier: name_of(report.tier),
        bytes: report.bytes,
        files: report.files,
        rows: report.rows,
        bytes_per_day: report.bytes_per_day,
        oldest_us: report.oldest_day.map(|day| i64::from(day) * DAY_US),
        newest_us: report.newest_day.map(|day| (i64::from(day) + 1) * DAY_US),
        days: mean_days(retention, tags, report.tier),
    };
    reports.into_iter().map(size).collect()
}

/// Returns how many days a tier is kept in the mean of all tags; none when one keeps it for ever.
fn mean_days(retention: &Retention, tags: usize, tier: Tier) -> Option<u32> {
    let own = retention.tags.len();
    let others = tags.saturating_sub(own);
    let default = match retention.default.of(tier) {
        Some(days) => u64::from(days),
        None if others == 0 && own != 0 => 0,
        None => return None,
    };
    let days = retention
        .tags
        .values()
        .map(|ages| ages.of(tier).map(u64::from));
    let sum = days.sum::<Option<u64>>()?;
    if tags.max(own) == 0 {
        return u32::try_from(default).ok();
    }
    let count = u64::try_from(tags.max(own)).ok()?;
    let others = u64::try_from(others).ok()?;
    u32::try_from((sum + default * others).div_ceil(count)).ok()
}

fn name_of(tier: Tier) -> &'static str {
    match tier {
        Tier::Raw => RAW,
        Tier::Minute => "minute",
        Tier::FiveMinutes => "five_minutes",
        Tier::Hour => "hour",
        Tier::Day => "day",
        Tier::Week => "week",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is too large saturates"
)]
fn whole(rate: f64) -> i64 {
    rate.round() as i64
}

fn method(hours: i64, steady: bool) -> String {
    let rate = if hours < BASIS_HOURS_MIN {
        format!("no rate yet: {hours} of at least {BASIS_HOURS_MIN} hours measured")
    } else {
        format!("rate by least squares over the last {hours} hours")
    };
    let steady = if steady {
        "steady state from today's bytes per day and the days that each tier is kept"
    } else {
        "no steady state: a tier is kept for ever or has no whole day yet"
    };
    format!("{rate}; {steady}")
}

#[cfg(test)]
mod tests {
    use headworks_core::TagIndex;
    use headworks_store::TierAges;

    use super::*;

    const NOW_US: i64 = 1_000 * DAY_US;

    /// Hourly measurements up to now that grow by `per_hour`.
    fn growing(hours: i64, per_hour: u64) -> Vec<Measure> {
        let measure = |hour: i64| Measure {
            time_us: NOW_US - (hours - hour) * HOUR_US,
            data_bytes: 1_000 + hour.unsigned_abs() * per_hour,
            used_bytes: 5_000 + hour.unsigned_abs() * per_hour * 2,
        };
        (0..=hours).map(measure).collect()
    }

    fn tier(name: &'static str, bytes: u64, span_days: i64, days: Option<u32>) -> TierSize {
        TierSize {
            tier: name,
            bytes,
            files: 1,
            rows: 1,
            bytes_per_day: bytes.checked_div(span_days.unsigned_abs()).unwrap_or(0),
            oldest_us: Some(NOW_US - span_days * DAY_US),
            newest_us: Some(NOW_US),
            days,
        }
    }

    #[test]
    fn a_steady_growth_fills_the_disk_on_the_day_that_division_says() {
        let found = forecast(NOW_US, 48_000, &growing(48, 100), &[]);
        assert_eq!(found.data_bytes_per_day, Some(2_400));
        assert_eq!(found.disk_bytes_per_day, Some(4_800));
        assert_eq!(found.verdict, Verdict::Fills);
        let off_us = found.full_us.unwrap() - (NOW_US + 10 * DAY_US);
        assert!(off_us.abs() < 1_000, "{off_us}");
        assert_eq!(found.basis_hours, 48);
    }

    #[test]
    fn nothing_is_said_before_six_hours_and_without_growth() {
        let early = forecast(NOW_US, 1, &growing(5, 100), &[]);
        assert_eq!(
            (early.verdict, early.disk_bytes_per_day),
            (Verdict::Unknown, None)
        );
        assert!(early.method.contains("5 of at least 6 hours"));
        assert_eq!(forecast(NOW_US, 1, &[], &[]).verdict, Verdict::Unknown);
        let still = forecast(NOW_US, 1, &growing(10, 0), &[]);
        assert_eq!((still.verdict, still.full_us), (Verdict::Still, None));
    }

    #[test]
    fn retention_that_fits_ends_the_growth() {
        // 100 bytes a day for 7 days, and 10 a day for 30
        let tiers = [
            tier("raw", 200, 2, Some(7)),
            tier("minute", 20, 2, Some(30)),
        ];
        let found = forecast(NOW_US, 1_000, &growing(48, 100), &tiers);
        assert_eq!(found.steady_bytes, Some(1_000));
        assert_eq!((found.verdict, found.full_us), (Verdict::Fits, None));
        let tight = forecast(NOW_US, 780, &growing(48, 100), &tiers);
        assert_eq!(tight.verdict, Verdict::Fills);
        assert!(tight.full_us.is_some());
    }

    #[test]
    fn a_tier_that_is_kept_for_ever_has_no_steady_state() {
        let tiers = [tier("raw", 200, 2, None)];
        let found = forecast(NOW_US, 1 << 40, &growing(48, 100), &tiers);
        assert_eq!((found.steady_bytes, found.verdict), (None, Verdict::Fills));
        let young = [tier("raw", 200, 0, Some(7))];
        assert_eq!(steady_bytes(&young), None);
    }

    #[test]
    fn the_days_of_a_tier_are_the_mean_of_all_tags() {
        let days = |raw| TierAges {
            raw,
            ..TierAges::default()
        };
        let mut retention = Retention::default();
        assert_eq!(mean_days(&retention, 0, Tier::Raw), Some(7));
        assert_eq!(mean_days(&retention, 10, Tier::Raw), Some(7));
        retention.tags.insert(TagIndex(1), days(Some(107)));
        assert_eq!(mean_days(&retention, 10, Tier::Raw), Some(17));
        assert_eq!(mean_days(&retention, 10, Tier::Hour), Some(90));
        retention.default = days(None);
        assert_eq!(mean_days(&retention, 10, Tier::Raw), None);
        assert_eq!(mean_days(&retention, 1, Tier::Raw), Some(107));
        retention.tags.insert(TagIndex(2), days(None));
        assert_eq!(mean_days(&retention, 2, Tier::Raw), None);
    }
}
