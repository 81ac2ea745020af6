//! Reading: rows in a stream, the newest one, aggregates in SQL.

use std::ops::ControlFlow;

use deadpool_postgres::Client;
use futures_util::TryStreamExt;
use headworks_core::{Quality, Sample, TagIndex};
use tokio_postgres::Row;

use super::database::{Failure, ROW_PATIENCE};
use super::rows::{COLUMNS, Chunks, Micros, Span, TIME_MAX_US, TIME_MIN_US, sample_of, tag_of};
use super::write::DAY_US;
use crate::error::StoreError;
use crate::historian::{Bucket, BucketQuery, Buckets, Chunk, RangeQuery, ReadStats, TimeRange};

/// A number that aggregates take: neither missing nor NaN nor infinite.
const IS_NUMBER: &str = "v > '-Infinity' AND v < 'Infinity'";
/// Beyond this width buckets are computed one by one: there are at most a few.
const WIDE_US: i64 = 100_000_000_000_000_000;
/// A whole that is wider than all times that can be stored.
const ALL_US: i64 = 400_000_000_000_000_000;

/// Refuses what no store answers.
pub(super) fn check_range(range: TimeRange) -> Result<(), StoreError> {
    if range.end_us < range.start_us {
        return Err(StoreError::Query {
            field: "end_us",
            reason: format!(
                "{} lies before the start {}; the end comes after the start",
                range.end_us, range.start_us
            ),
        });
    }
    Ok(())
}

/// Gives the samples of each tag; memory is bounded by a chunk.
pub(super) async fn read(
    client: &Client,
    query: &RangeQuery,
    sink: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
) -> Result<ReadStats, Failure> {
    let statement = client
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM headworks.samples
             WHERE tag = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT $4"
        ))
        .await?;
    let start = Micros::bound(query.range.start_us);
    let end = Micros::bound(query.range.end_us);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut stats = ReadStats::default();
    for &tag in &query.tags {
        let arguments: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&tag_of(tag), &start, &end, &limit];
        let rows = client.query_raw(&statement, arguments).await?;
        let mut rows = std::pin::pin!(rows);
        let mut chunks = Chunks::new(tag);
        let mut give = |chunk: Option<Chunk>, stats: &mut ReadStats| match chunk {
            None => ControlFlow::Continue(()),
            Some(chunk) => {
                stats.samples += chunk.times_us.len() as u64;
                sink(&chunk)
            }
        };
        while let Some(row) = in_time(rows.try_next()).await? {
            if give(chunks.push(sample_of(&row)?), &mut stats).is_break() {
                return Ok(stats);
            }
        }
        if give(chunks.take(), &mut stats).is_break() {
            return Ok(stats);
        }
    }
    Ok(stats)
}

/// A server that sends nothing for long is given up.
async fn in_time<T>(
    next: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(ROW_PATIENCE, next).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(Failure::Silent(ROW_PATIENCE)),
    }
}

/// Returns the newest sample of each tag at or before a time.
pub(super) async fn newest(
    client: &Client,
    tags: &[TagIndex],
    time_us: i64,
) -> Result<Vec<Option<Sample>>, Failure> {
    let mut found = vec![None; tags.len()];
    if time_us < TIME_MIN_US {
        return Ok(found);
    }
    let statement = client
        .prepare_cached(&format!(
            "SELECT l.*, t.n FROM unnest($1::int4[]) WITH ORDINALITY AS t (wanted, n)
             CROSS JOIN LATERAL (SELECT {COLUMNS} FROM headworks.samples
                 WHERE tag = t.wanted AND time <= $2 ORDER BY time DESC LIMIT 1) AS l"
        ))
        .await?;
    let wanted: Vec<i32> = tags.iter().copied().map(tag_of).collect();
    for row in client
        .query(&statement, &[&wanted, &Micros::bound(time_us)])
        .await?
    {
        let place = usize::try_from(row.get::<_, i64>(8) - 1).unwrap_or(usize::MAX);
        if let Some(found) = found.get_mut(place) {
            *found = Some(sample_of(&row)?);
        }
    }
    Ok(found)
}

/// Where the rows of an aggregate come from.
#[derive(Clone, Copy)]
enum Source {
    Raw,
    /// A table of roll-ups.
    Rolled(&'static str),
}

/// A part of a query that one statement answers.
struct Part {
    source: Source,
    range: TimeRange,
    origin_us: i64,
    width_us: i64,
    /// The start of the one bucket that this is, where the statement cannot know it.
    start_us: Option<i64>,
}

/// Gives the buckets of each tag.
pub(super) async fn aggregate(
    client: &Client,
    query: &BucketQuery,
    sink: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
) -> Result<ReadStats, Failure> {
    let raw_from_us = raw_from(client).await?;
    let mut stats = ReadStats::default();
    for &tag in &query.tags {
        // Where roll-ups meet samples within a bucket, its two halves are joined.
        let mut under_way: Option<Bucket> = None;
        for part in all_parts(&query.buckets, raw_from_us) {
            for mut bucket in part_of(client, tag, &part).await? {
                let end_us = query.buckets.span_of(bucket.start_us).1;
                bucket.end_us = end_us.min(query.buckets.range().end_us);
                stats.samples += bucket.count + bucket.bad;
                match &mut under_way {
                    Some(last) if last.start_us == bucket.start_us => join(last, &bucket),
                    last => {
                        if let Some(done) = last.replace(bucket)
                            && sink(&done).is_break()
                        {
                            return Ok(stats);
                        }
                    }
                }
            }
        }
        if let Some(done) = under_way
            && sink(&done).is_break()
        {
            return Ok(stats);
        }
    }
    Ok(stats)
}

/// Returns the first time whose samples were not dropped.
async fn raw_from(client: &Client) -> Result<i64, Failure> {
    let statement = client
        .prepare_cached(
            "SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC' FROM headworks.days WHERE dropped",
        )
        .await?;
    let row = client.query_one(&statement, &[]).await?;
    Ok(row
        .get::<_, Option<Micros>>(0)
        .map_or(i64::MIN, |time| time.0))
}

/// Returns the statements that answer the buckets; buckets of unlike length have one each.
fn all_parts(buckets: &Buckets, raw_from_us: i64) -> Vec<Part> {
    match buckets {
        Buckets::Every { range, width_us } => parts(*range, *width_us, raw_from_us),
        Buckets::Listed(edges) => edges
            .windows(2)
            .flat_map(|edge| {
                let range = TimeRange {
                    start_us: edge[0],
                    end_us: edge[1],
                };
                parts(range, edge[1].saturating_sub(edge[0]), raw_from_us)
            })
            .collect(),
    }
}

fn parts(range: TimeRange, width_us: i64, raw_from_us: i64) -> Vec<Part> {
    let clipped = TimeRange {
        start_us: range.start_us.max(TIME_MIN_US),
        end_us: range.end_us.min(TIME_MAX_US),
    };
    if clipped.end_us <= clipped.start_us {
        return Vec::new();
    }
    let origin = bucket_start(range.start_us, width_us, clipped.start_us);
    if WIDE_US < width_us {
        return wide_parts(range.start_us, width_us, clipped);
    }
    let part = |source, start_us, end_us| Part {
        source,
        range: TimeRange { start_us, end_us },
        origin_us: i64::try_from(origin).unwrap_or(i64::MIN),
        width_us,
        start_us: None,
    };
    let border = raw_from_us.clamp(clipped.start_us, clipped.end_us);
    let mut parts = Vec::new();
    if clipped.start_us < border {
        let tier = tier_of(range.start_us, width_us);
        parts.push(part(Source::Rolled(tier), clipped.start_us, border));
    }
    if border < clipped.end_us {
        parts.push(part(Source::Raw, border, clipped.end_us));
    }
    parts
}

/// Returns the start of the bucket of a time.
fn bucket_start(first_us: i64, width_us: i64, time_us: i64) -> i128 {
    let (first, width) = (i128::from(first_us), i128::from(width_us));
    first + (i128::from(time_us) - first).div_euclid(width) * width
}

fn wide_parts(first_us: i64, width_us: i64, clipped: TimeRange) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut from_us = clipped.start_us;
    while from_us < clipped.end_us {
        let start = bucket_start(first_us, width_us, from_us);
        let end = start + i128::from(width_us);
        let end_us = i64::try_from(end).unwrap_or(i64::MAX).min(clipped.end_us);
        parts.push(Part {
            source: Source::Raw,
            range: TimeRange {
                start_us: from_us,
                end_us,
            },
            origin_us: from_us,
            width_us: ALL_US,
            start_us: Some(i64::try_from(start).unwrap_or(i64::MIN)),
        });
        from_us = end_us;
    }
    parts
}

/// Returns the coarsest roll-ups whose rows fit into the buckets; minutes when none do.
fn tier_of(start_us: i64, width_us: i64) -> &'static str {
    const MINUTE_US: i64 = 60_000_000;
    let fits = |tier_us: i64| start_us % tier_us == 0 && width_us % tier_us == 0;
    match () {
        () if fits(DAY_US) => "headworks.rollup_day",
        () if fits(60 * MINUTE_US) => "headworks.rollup_hour",
        () => "headworks.rollup_minute",
    }
}

async fn part_of(client: &Client, tag: TagIndex, part: &Part) -> Result<Vec<Bucket>, Failure> {
    let statement = match part.source {
        Source::Raw => raw_sql(),
        Source::Rolled(table) => rolled_sql(table),
    };
    let statement = client.prepare_cached(&statement).await?;
    let rows = client
        .query(
            &statement,
            &[
                &tag_of(tag),
                &Micros(part.range.start_us),
                &Micros(part.range.end_us),
                &Span(part.width_us),
                &Micros(part.origin_us),
            ],
        )
        .await?;
    let mut buckets = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut bucket = bucket_of(tag, row)?;
        bucket.start_us = part.start_us.unwrap_or(bucket.start_us);
        buckets.push(bucket);
    }
    Ok(buckets)
}

fn raw_sql() -> String {
    format!(
        "WITH part AS MATERIALIZED (
             SELECT date_bin($4, time, $5) AS at, count(*) FILTER (WHERE {IS_NUMBER}) AS count,
                 count(*) FILTER (WHERE quality < 0) AS bad,
                 min(v) FILTER (WHERE {IS_NUMBER}) AS min,
                 max(v) FILTER (WHERE {IS_NUMBER}) AS max,
                 sum(v) FILTER (WHERE {IS_NUMBER}) AS sum,
                 min(time) FILTER (WHERE {IS_NUMBER}) AS first_at,
                 max(time) FILTER (WHERE {IS_NUMBER}) AS last_at,
                 max(quality::int8 & 4294967295) AS worst, count(*) AS samples,
                 min(time) AS oldest, max(time) AS newest
             FROM headworks.samples WHERE tag = $1 AND time >= $2 AND time < $3 GROUP BY 1)
         SELECT at, count, bad, min, max, sum,
             (SELECT v FROM headworks.samples f WHERE f.tag = $1 AND f.time = first_at),
             (SELECT v FROM headworks.samples l WHERE l.tag = $1 AND l.time = last_at), worst,
             samples, oldest, newest
         FROM part ORDER BY at"
    )
}

fn rolled_sql(table: &str) -> String {
    format!(
        "SELECT date_bin($4, time, $5) AS at, sum(count)::int8, sum(bad)::int8, min(min), max(max),
             sum(sum), (array_agg(first ORDER BY time) FILTER (WHERE 0 < count))[1],
             (array_agg(last ORDER BY time DESC) FILTER (WHERE 0 < count))[1], max(worst),
             sum(count + bad)::int8, NULL::timestamptz, NULL::timestamptz
         FROM {table} WHERE tag = $1 AND time >= $2 AND time < $3 GROUP BY 1 ORDER BY 1"
    )
}

fn bucket_of(tag: TagIndex, row: &Row) -> Result<Bucket, tokio_postgres::Error> {
    let number = |at: usize, none: f64| {
        let number: Option<f64> = row.try_get(at)?;
        Ok::<f64, tokio_postgres::Error>(number.unwrap_or(none))
    };
    let worst = u32::try_from(row.try_get::<_, i64>(8)?).unwrap_or(Quality::BAD.code());
    let time = |at: usize| {
        let time: Option<Micros> = row.try_get(at)?;
        Ok::<Option<i64>, tokio_postgres::Error>(time.map(|time| time.0))
    };
    let start_us = row.try_get::<_, Micros>(0)?.0;
    Ok(Bucket {
        tag,
        start_us,
        end_us: start_us,
        samples: row.try_get::<_, i64>(9)?.unsigned_abs(),
        first_us: time(10)?,
        last_us: time(11)?,
        mean_held: None,
        good_share: None,
        count: row.try_get::<_, i64>(1)?.unsigned_abs(),
        bad: row.try_get::<_, i64>(2)?.unsigned_abs(),
        min: number(3, f64::INFINITY)?,
        max: number(4, f64::NEG_INFINITY)?,
        sum: number(5, 0.0)?,
        first: number(6, 0.0)?,
        last: number(7, 0.0)?,
        worst_quality: worst,
    })
}

/// Adds the later half of a bucket.
pub(super) fn join(bucket: &mut Bucket, later: &Bucket) {
    if later.count != 0 {
        if bucket.count == 0 {
            bucket.first = later.first;
        }
        bucket.last = later.last;
    }
    bucket.last_us = later.last_us;
    bucket.samples += later.samples;
    bucket.count += later.count;
    bucket.bad += later.bad;
    bucket.min = bucket.min.min(later.min);
    bucket.max = bucket.max.max(later.max);
    bucket.sum += later.sum;
    bucket.worst_quality = bucket.worst_quality.max(later.worst_quality);
}
