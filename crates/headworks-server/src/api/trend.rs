//! History of a tag: buckets or samples over a range of time.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use headworks_core::model::ObjectId;
use headworks_hub::TagEntry;
use headworks_store::{
    Bucket, BucketQuery, Buckets, Chunk, Column, Historian, RangeQuery, StoreError, TimeRange,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors;
use super::tags::seen;
use crate::problem::ApiError;
use crate::route::{Call, Written};

/// Most buckets of an answer.
const BUCKETS_MAX: i64 = 10_000;
/// Most samples of an answer.
const SAMPLES_MAX: usize = 100_000;
/// Last instant of a range: the end of the year 9999.
const TIME_US_MAX: i64 = 253_402_300_800_000_000;
/// Time shown when the client does not say: 15 minutes.
const RANGE_US_DEFAULT: i64 = 900_000_000;

/// Query parameters of the history of a tag.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrendQuery {
    /// First instant, microseconds since 1970-01-01 UTC; 15 minutes before the end when absent.
    #[schemars(range(min = 0, max = 253_402_300_800_000_000_i64))]
    start_us: Option<i64>,
    /// First instant after the range, microseconds since 1970-01-01 UTC; now when absent.
    #[schemars(range(min = 0, max = 253_402_300_800_000_000_i64))]
    end_us: Option<i64>,
    /// Buckets the range is divided into, 1 to 10000; 800 when absent.
    #[schemars(range(min = 1, max = 10_000))]
    points: Option<i64>,
    /// Width of a bucket in seconds, instead of `points`; at most 10000 buckets.
    #[schemars(range(min = 1, max = 31_536_000))]
    bucket_secs: Option<i64>,
    /// Every sample instead of buckets.
    #[serde(default)]
    raw: bool,
    /// Most samples with `raw`, 1 to 100000; 10000 when absent.
    #[schemars(range(min = 1, max = 100_000))]
    limit: Option<usize>,
}

/// History of a tag.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TrendData {
    /// The tag.
    tag: ObjectId,
    /// Its path.
    path: String,
    /// Unit of the numbers.
    unit: String,
    /// First instant of the range.
    start_us: i64,
    /// First instant after the range.
    end_us: i64,
    /// Width of a bucket; null with `raw`.
    bucket_us: Option<i64>,
    /// What the entries of a row are: `time_us`, `min`, `max`, `mean`, `count`, `bad` of a bucket
    /// by its start, or `time_us`, `value`, `quality` of a sample.
    columns: Vec<String>,
    /// Rows in order of time; empty buckets are left out.
    rows: Vec<Vec<Option<headworks_core::Value>>>,
    /// Whether there are more samples in the range than `limit`.
    truncated: bool,
}

/// What is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Buckets { bucket_us: i64 },
    Samples { limit: usize },
}

/// Answers with the history of a tag.
pub(crate) async fn trend_data(call: Call<TrendQuery>) -> Result<Written<TrendData>, ApiError> {
    let tag = seen(&call)?;
    let (range, plan) = plan(&call.query, call.app.hub.clock().now_us())?;
    let historian = call.app.hub.historian();
    let read = move || read(&*historian, &tag, range, plan).map_err(errors::from_store);
    let bytes = call.app.blocking(read).await?;
    Ok(Written(bytes, PhantomData))
}

fn plan(query: &TrendQuery, now_us: i64) -> Result<(TimeRange, Plan), ApiError> {
    let range = range(query, now_us)?;
    let width_us = range.end_us - range.start_us;
    if query.raw {
        for (name, given) in [("points", query.points), ("bucket_secs", query.bucket_secs)] {
            if given.is_some() {
                return Err(ApiError::query(
                    name,
                    "raw samples have no buckets; leave one out",
                ));
            }
        }
        let limit = query.limit.unwrap_or(10_000);
        check_between("limit", limit, 1, SAMPLES_MAX)?;
        return Ok((range, Plan::Samples { limit }));
    }
    if query.limit.is_some() {
        return Err(ApiError::query(
            "limit",
            "only raw samples have a limit; use points",
        ));
    }
    let bucket_us = match (query.points, query.bucket_secs) {
        (Some(_), Some(_)) => {
            let reason = "points and bucket_secs exclude each other; leave one out";
            return Err(ApiError::query("bucket_secs", reason));
        }
        (None, Some(secs)) => {
            check_between("bucket_secs", secs, 1, 31_536_000)?;
            secs * 1_000_000
        }
        (points, None) => {
            let points = points.unwrap_or(800);
            check_between("points", points, 1, BUCKETS_MAX)?;
            ceil_div(width_us, points)
        }
    };
    let buckets = ceil_div(width_us, bucket_us);
    if BUCKETS_MAX < buckets {
        let reason = format!("{buckets} buckets in the range; at most {BUCKETS_MAX} are allowed");
        return Err(ApiError::query("bucket_secs", reason));
    }
    Ok((range, Plan::Buckets { bucket_us }))
}

fn range(query: &TrendQuery, now_us: i64) -> Result<TimeRange, ApiError> {
    let end_us = query.end_us.unwrap_or(now_us);
    let start_us = query
        .start_us
        .unwrap_or_else(|| end_us.saturating_sub(RANGE_US_DEFAULT).max(0));
    check_between("end_us", end_us, 0, TIME_US_MAX)?;
    check_between("start_us", start_us, 0, TIME_US_MAX)?;
    if end_us <= start_us {
        let reason = format!("{start_us} must be before end_us, {end_us}");
        return Err(ApiError::query("start_us", reason));
    }
    Ok(TimeRange { start_us, end_us })
}

fn check_between<T: PartialOrd + std::fmt::Display>(
    name: &str,
    found: T,
    min: T,
    max: T,
) -> Result<(), ApiError> {
    if found < min || max < found {
        let reason = format!("{found}; {min} to {max} are allowed");
        return Err(ApiError::query(name, reason));
    }
    Ok(())
}

fn ceil_div(dividend: i64, divisor: i64) -> i64 {
    dividend / divisor + i64::from(dividend % divisor != 0)
}

/// Reads the history and writes the answer as JSON; blocks on the disk.
fn read(
    historian: &dyn Historian,
    tag: &TagEntry,
    range: TimeRange,
    plan: Plan,
) -> Result<Vec<u8>, StoreError> {
    let (bucket_us, columns) = match plan {
        Plan::Buckets { bucket_us } => (
            bucket_us.to_string(),
            r#"["time_us","min","max","mean","count","bad"]"#,
        ),
        Plan::Samples { .. } => ("null".to_owned(), r#"["time_us","value","quality"]"#),
    };
    let mut out = Vec::with_capacity(16 << 10);
    let (path, unit) = (json_text(tag.path().as_str()), json_text(tag.unit()));
    let TimeRange { start_us, end_us } = range;
    let id = tag.id();
    let head = [
        format!(r#"{{"tag":"{id}","path":{path},"unit":{unit},"#),
        format!(r#""start_us":{start_us},"end_us":{end_us},"bucket_us":{bucket_us},"#),
        format!(r#""columns":{columns},"rows":["#),
    ];
    head.iter()
        .for_each(|part| out.extend_from_slice(part.as_bytes()));
    let truncated = match plan {
        Plan::Buckets { bucket_us } => write_buckets(historian, tag, range, bucket_us, &mut out)?,
        Plan::Samples { limit } => write_samples(historian, tag, range, limit, &mut out)?,
    };
    out.extend_from_slice(format!(r#"],"truncated":{truncated}}}"#).as_bytes());
    Ok(out)
}

fn write_buckets(
    historian: &dyn Historian,
    tag: &TagEntry,
    range: TimeRange,
    bucket_us: i64,
    out: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    let query = BucketQuery {
        tags: vec![tag.index()],
        buckets: Buckets::Every {
            range,
            width_us: bucket_us,
        },
        time_weighted: false,
    };
    let mut first = true;
    historian.aggregate(&query, &mut |bucket| {
        separate(out, &mut first);
        write_bucket(bucket, out);
        ControlFlow::Continue(())
    })?;
    Ok(false)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean needs no more than 53 bits"
)]
fn write_bucket(bucket: &Bucket, out: &mut Vec<u8>) {
    push(out, b'[', &bucket.start_us);
    let numbers = (0 < bucket.count).then(|| {
        let mean = bucket.sum / bucket.count as f64;
        [bucket.min, bucket.max, mean]
    });
    match numbers {
        Some(numbers) => numbers.iter().for_each(|number| push(out, b',', number)),
        None => out.extend_from_slice(b",null,null,null"),
    }
    push(out, b',', &bucket.count);
    push(out, b',', &bucket.bad);
    out.push(b']');
}

fn write_samples(
    historian: &dyn Historian,
    tag: &TagEntry,
    range: TimeRange,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    // One more than wanted tells whether there are more.
    let query = RangeQuery {
        tags: vec![tag.index()],
        range,
        limit: limit + 1,
    };
    let (mut left, mut first, mut truncated) = (limit, true, false);
    historian.read(&query, &mut |chunk| {
        let count = chunk.times_us.len().min(left);
        for at in 0..count {
            separate(out, &mut first);
            write_sample(chunk, at, out);
        }
        left -= count;
        truncated |= count < chunk.times_us.len();
        if truncated {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(truncated)
}

fn write_sample(chunk: &Chunk, at: usize, out: &mut Vec<u8>) {
    push(out, b'[', &chunk.times_us[at]);
    let quality = chunk.qualities[at];
    if headworks_core::Quality::from_code(quality).is_bad() {
        out.extend_from_slice(b",null");
    } else {
        match &chunk.values {
            Column::Bool(values) => push(out, b',', &values[at]),
            Column::I64(values) => push(out, b',', &values[at]),
            Column::U64(values) => push(out, b',', &values[at]),
            Column::F64(values) => push(out, b',', &values[at]),
            Column::Text(values) => push(out, b',', &values[at]),
            Column::Bytes(values) => {
                push(out, b',', &headworks_core::Value::Bytes(values[at].clone()));
            }
        }
    }
    push(out, b',', &quality);
    out.push(b']');
}

fn separate(out: &mut Vec<u8>, first: &mut bool) {
    if !std::mem::replace(first, false) {
        out.push(b',');
    }
}

/// Writes one byte and a number, text or bool as JSON; these have no way to fail.
fn push(out: &mut Vec<u8>, before: u8, value: &impl Serialize) {
    out.push(before);
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;

    fn planned(query: &str) -> Result<(TimeRange, Plan), String> {
        let query: TrendQuery = crate::parse::query(query).map_err(|e| e.detail().to_owned())?;
        plan(&query, NOW_US).map_err(|error| error.detail().to_owned())
    }

    #[test]
    fn a_range_is_divided_into_points_or_seconds() {
        let (range, plan) = planned("").unwrap();
        assert_eq!(range.end_us, NOW_US);
        assert_eq!(range.end_us - range.start_us, RANGE_US_DEFAULT);
        assert_eq!(
            plan,
            Plan::Buckets {
                bucket_us: 1_125_000
            }
        );

        let bucket_us = |query: &str| planned(query).unwrap().1;
        let day = "start_us=0&end_us=86400000000";
        let wanted = Plan::Buckets {
            bucket_us: 86_400_000,
        };
        assert_eq!(bucket_us(&format!("{day}&points=1000")), wanted);
        let wanted = Plan::Buckets {
            bucket_us: 60_000_000,
        };
        assert_eq!(bucket_us(&format!("{day}&bucket_secs=60")), wanted);
        // never more buckets than asked for, never narrower than a microsecond
        let wanted = Plan::Buckets { bucket_us: 4 };
        assert_eq!(bucket_us("start_us=0&end_us=10&points=3"), wanted);
        let wanted = Plan::Buckets { bucket_us: 1 };
        assert_eq!(bucket_us("start_us=0&end_us=10&points=10000"), wanted);
        let wanted = Plan::Samples { limit: 10_000 };
        assert_eq!(bucket_us("raw=true"), wanted);
    }

    #[test]
    fn every_bound_is_named() {
        for (query, want) in [
            (
                "start_us=5&end_us=5",
                "start_us: 5 must be before end_us, 5",
            ),
            ("start_us=9&end_us=5", "start_us: 9 must be before"),
            ("start_us=-1", "start_us: -1; 0 to"),
            (
                "end_us=9223372036854775807",
                "end_us: 9223372036854775807; 0 to",
            ),
            ("start_us=-9223372036854775808", "start_us"),
            ("points=0", "points: 0; 1 to 10000 are allowed"),
            ("points=10001", "points: 10001; 1 to 10000"),
            ("bucket_secs=0", "bucket_secs: 0; 1 to"),
            (
                "bucket_secs=9223372036854775807",
                "bucket_secs: 9223372036854775807; 1 to",
            ),
            (
                "start_us=0&bucket_secs=1",
                "1800000000 buckets in the range",
            ),
            ("points=1&bucket_secs=1", "exclude each other"),
            ("raw=true&points=1", "points: raw samples have no buckets"),
            ("raw=true&limit=100001", "limit: 100001; 1 to 100000"),
            ("limit=5", "limit: only raw samples"),
            ("raw=maybe", "raw"),
            ("end_us=1e9", "end_us"),
        ] {
            let error = planned(query).unwrap_err();
            assert!(error.contains(want), "{query}: {error}");
        }
    }
}
