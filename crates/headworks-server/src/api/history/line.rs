//! The line of one tag: from samples where columns are narrow, else from roll-ups.

use std::ops::ControlFlow;

use headworks_core::{Quality, QualityClass, Value};
use headworks_store::history::HistoryError;
use headworks_store::history::chart::{self, ChartPoint, ChartQuery};
use headworks_store::history::{Limits, Watch};
use headworks_store::{Bucket, BucketQuery, Buckets, Historian};

/// Columns from this width on are drawn from roll-ups, whose finest rows are as wide.
const ROLL_UP_US: i64 = 60_000_000;

/// Returns the line of the only tag of a query.
///
/// A month must not read millions of samples, and samples are kept for days where roll-ups are
/// kept for years. Texts have no roll-ups, so their samples are read in any case.
pub(super) fn line(
    store: &dyn Historian,
    query: &ChartQuery,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<Vec<ChartPoint>, HistoryError> {
    let samples = || from_samples(store, query, limits, watch);
    let buckets = || from_buckets(store, query, watch);
    if width_us(query) < ROLL_UP_US {
        let line = samples()?;
        return if line.is_empty() { buckets() } else { Ok(line) };
    }
    let line = buckets()?;
    if line.is_empty() { samples() } else { Ok(line) }
}

/// Returns the width of a column, rounded up.
fn width_us(query: &ChartQuery) -> i64 {
    let range_us = query.range.end_us.saturating_sub(query.range.start_us);
    let columns = i64::try_from(query.columns).unwrap_or(i64::MAX).max(1);
    (range_us / columns + i64::from(range_us % columns != 0)).max(1)
}

fn from_samples(
    store: &dyn Historian,
    query: &ChartQuery,
    limits: &Limits,
    watch: Watch<'_>,
) -> Result<Vec<ChartPoint>, HistoryError> {
    let mut points = Vec::new();
    chart::chart(store, query, limits, watch, &mut |_, line| {
        points.extend_from_slice(line);
        ControlFlow::Continue(())
    })?;
    Ok(points)
}

fn from_buckets(
    store: &dyn Historian,
    query: &ChartQuery,
    watch: Watch<'_>,
) -> Result<Vec<ChartPoint>, HistoryError> {
    let (mut points, mut last_us, mut stop) = (Vec::new(), None, None);
    let buckets = BucketQuery {
        tags: query.tags.clone(),
        buckets: Buckets::Every {
            range: query.range,
            width_us: width_us(query),
        },
        time_weighted: false,
    };
    store.aggregate(&buckets, &mut |bucket| {
        stop = watch();
        if stop.is_some() {
            return ControlFlow::Break(());
        }
        let pause_us = last_us.map_or(0, |last_us| bucket.start_us - last_us);
        if query.gap_us.is_some_and(|gap_us| gap_us < pause_us) {
            points.push(broken(bucket.start_us - 1, QualityClass::Good));
        }
        last_us = Some(bucket.end_us);
        push_bucket(bucket, &mut points);
        ControlFlow::Continue(())
    })?;
    match stop {
        Some(stop) => Err(stop.into()),
        None => Ok(points),
    }
}

fn broken(time_us: i64, worst: QualityClass) -> ChartPoint {
    ChartPoint {
        time_us,
        value: None,
        worst,
    }
}

/// Adds the first, least, greatest and last number of a bucket. Roll-ups do not know when the
/// least and the greatest were: they stand between the others, in the same pixel column.
fn push_bucket(bucket: &Bucket, points: &mut Vec<ChartPoint>) {
    let worst = Quality::from_code(bucket.worst_quality).class();
    if bucket.count == 0 {
        if 0 < bucket.bad {
            points.push(broken(bucket.start_us, worst));
        }
        return;
    }
    let from_us = bucket.first_us.unwrap_or(bucket.start_us);
    let to_us = bucket.last_us.unwrap_or(bucket.end_us - 1).max(from_us);
    let third_us = (to_us - from_us) / 3;
    let four = [
        (from_us, bucket.first),
        (from_us + third_us, bucket.min),
        (to_us - third_us, bucket.max),
        (to_us, bucket.last),
    ];
    let mut last_us = None;
    for (time_us, number) in four {
        if last_us.replace(time_us) != Some(time_us) {
            points.push(ChartPoint {
                time_us,
                value: Some(Value::F64(number)),
                worst,
            });
        }
    }
}
