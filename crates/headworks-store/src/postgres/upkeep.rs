//! What is due each minute: partitions ahead, roll-ups of closed days, retention. And deleting.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use deadpool_postgres::{Client, Transaction};
use headworks_core::TagIndex;

use super::database::Failure;
use super::migrate::Layout;
use super::rows::{Micros, tag_of};
use super::write::{DAY_US, date_of, day_of, make_partitions, partition};
use crate::historian::{Retention, Tier, TimeRange, Upkeep};

/// Late samples of a day are waited for so long before it is rolled up.
const GRACE_US: i64 = 6 * 3_600 * 1_000_000;
/// Partitions made ahead, in days.
const AHEAD: i64 = 3;
/// Most days rolled up, and dropped, in one round.
const DAYS_PER_ROUND: i64 = 4;

/// Does a bounded part of what is due.
pub(super) async fn maintain(
    client: &mut Client,
    layout: Layout,
    known: &mut HashSet<i64>,
    now_us: i64,
    retention: &Retention,
) -> Result<Upkeep, Failure> {
    let today = day_of(now_us);
    make_partitions(client, layout, known, today..=today + AHEAD).await?;
    let mut upkeep = Upkeep::default();
    roll_up_days(client, day_of(now_us - GRACE_US), &mut upkeep).await?;
    drop_days(client, layout, known, today, retention, &mut upkeep).await?;
    delete_aged(client, today, retention, &mut upkeep).await?;
    Ok(upkeep)
}

/// Makes the roll-ups of days before `open_day` that have changed.
async fn roll_up_days(
    client: &mut Client,
    open_day: i64,
    upkeep: &mut Upkeep,
) -> Result<(), Failure> {
    let due = client
        .query(
            "SELECT day::text, changes FROM headworks.days
             WHERE changes <> rolled AND NOT dropped AND day < $1::text::date
             ORDER BY day LIMIT $2",
            &[&date_of(open_day).to_string(), &DAYS_PER_ROUND],
        )
        .await?;
    for row in due {
        let (day, changes): (String, i64) = (row.get(0), row.get(1));
        let transaction = client.transaction().await?;
        roll_up(&transaction, &day).await?;
        transaction
            .execute(
                "UPDATE headworks.days SET rolled = $2 WHERE day = $1::text::date",
                &[&day, &changes],
            )
            .await?;
        transaction.commit().await?;
        upkeep.rolled_up_days += 1;
    }
    Ok(())
}

/// Replaces the roll-ups of a day by those of its samples.
async fn roll_up(transaction: &Transaction<'_>, day: &str) -> Result<(), Failure> {
    // `day` comes from a column of type date.
    let (from, to) = (
        format!("'{day} 00:00:00+00'::timestamptz"),
        format!("'{day} 00:00:00+00'::timestamptz + interval '24 hours'"),
    );
    let number = "v > '-Infinity' AND v < 'Infinity'";
    let mut sql = String::new();
    for table in ["minute", "hour", "day"] {
        sql +=
            &format!("DELETE FROM headworks.rollup_{table} WHERE time >= {from} AND time < {to};");
    }
    sql += &format!(
        "INSERT INTO headworks.rollup_minute
         SELECT p.tag, p.at, p.count, p.bad, p.min, p.max, p.sum, f.v, l.v, p.worst FROM (
             SELECT tag, date_bin('1 minute', time, {from}) AS at,
                 count(*) FILTER (WHERE {number}) AS count,
                 count(*) FILTER (WHERE quality < 0) AS bad, min(v) FILTER (WHERE {number}) AS min,
                 max(v) FILTER (WHERE {number}) AS max, sum(v) FILTER (WHERE {number}) AS sum,
                 min(time) FILTER (WHERE {number}) AS first_at,
                 max(time) FILTER (WHERE {number}) AS last_at,
                 max(quality::int8 & 4294967295) AS worst
             FROM headworks.samples WHERE time >= {from} AND time < {to} GROUP BY 1, 2) AS p
         LEFT JOIN headworks.samples f ON f.tag = p.tag AND f.time = p.first_at
             AND f.time >= {from} AND f.time < {to}
         LEFT JOIN headworks.samples l ON l.tag = p.tag AND l.time = p.last_at
             AND l.time >= {from} AND l.time < {to};"
    );
    for (table, source, width) in [("hour", "minute", "1 hour"), ("day", "hour", "24 hours")] {
        sql += &format!(
            "INSERT INTO headworks.rollup_{table}
             SELECT tag, date_bin('{width}', time, {from}), sum(count)::int8, sum(bad)::int8,
                 min(min), max(max), sum(sum),
                 (array_agg(first ORDER BY time) FILTER (WHERE 0 < count))[1],
                 (array_agg(last ORDER BY time DESC) FILTER (WHERE 0 < count))[1], max(worst)
             FROM headworks.rollup_{source} WHERE time >= {from} AND time < {to} GROUP BY 1, 2;"
        );
    }
    transaction.batch_execute(&sql).await?;
    Ok(())
}

/// Drops whole days that no tag keeps any more and whose roll-ups are made. Samples that come for
/// such a day later go too: its roll-ups know more than they do.
async fn drop_days(
    client: &mut Client,
    layout: Layout,
    known: &mut HashSet<i64>,
    today: i64,
    retention: &Retention,
    upkeep: &mut Upkeep,
) -> Result<(), Failure> {
    let ages = retention.tags.values().chain([&retention.default]);
    let Some(days) = ages
        .map(|ages| ages.raw)
        .reduce(|one, other| Some(one?.max(other?)))
        .flatten()
    else {
        return Ok(());
    };
    let limit = date_of(today - i64::from(days)).to_string();
    let due = client
        .query(
            "SELECT day::text, (day - date '1970-01-01')::int8,
                 changes <> rolled AND NOT dropped
             FROM headworks.days
             WHERE (NOT dropped OR changes <> rolled) AND day < $1::text::date
             ORDER BY day LIMIT $2",
            &[&limit, &DAYS_PER_ROUND],
        )
        .await?;
    for row in due {
        let (day, number): (String, i64) = (row.get(0), row.get(1));
        if row.get::<_, bool>(2) {
            upkeep.held = Some(format!("{day} is too old but not rolled up yet"));
            continue;
        }
        known.remove(&number);
        drop_day(client, layout, &day, number, upkeep).await?;
    }
    Ok(())
}

async fn drop_day(
    client: &mut Client,
    layout: Layout,
    day: &str,
    number: i64,
    upkeep: &mut Upkeep,
) -> Result<(), Failure> {
    let transaction = client.transaction().await?;
    match layout {
        Layout::Plain => {
            let name = partition(date_of(number));
            let row = transaction
                .query_one(
                    "SELECT coalesce(pg_total_relation_size(to_regclass($1)), 0),
                         coalesce((SELECT reltuples FROM pg_class WHERE oid = to_regclass($1)), 0)",
                    &[&name],
                )
                .await?;
            upkeep.freed_bytes += row.get::<_, i64>(0).unsigned_abs();
            transaction
                .batch_execute(&format!("DROP TABLE IF EXISTS {name}"))
                .await?;
        }
        Layout::Timescale => {
            let end = Micros((number + 1) * DAY_US);
            transaction
                .execute(
                    "SELECT drop_chunks('headworks.samples', $1::timestamptz)",
                    &[&end],
                )
                .await?;
        }
    }
    transaction
        .execute(
            "UPDATE headworks.days SET dropped = true, rolled = changes WHERE day = $1::text::date",
            &[&day],
        )
        .await?;
    transaction.commit().await?;
    upkeep.dropped_files += 1;
    Ok(())
}

/// Deletes samples of tags that are kept shorter than others, and old roll-ups.
async fn delete_aged(
    client: &mut Client,
    today: i64,
    retention: &Retention,
    upkeep: &mut Upkeep,
) -> Result<(), Failure> {
    let mut groups: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
    for (tag, ages) in &retention.tags {
        if let Some(days) = ages.raw {
            groups.entry(days).or_default().push(tag_of(*tag));
        }
    }
    for (days, tags) in groups {
        let limit = date_of(today - i64::from(days)).to_string();
        // Only days that are rolled up.
        upkeep.dropped_samples += client
            .execute(
                "DELETE FROM headworks.samples WHERE tag = ANY($1)
                 AND time < ($2::text || ' 00:00:00+00')::timestamptz
                 AND NOT EXISTS (SELECT 1 FROM headworks.days
                     WHERE changes <> rolled AND NOT dropped AND day < $2::text::date)",
                &[&tags, &limit],
            )
            .await?;
    }
    for (tier, table) in [
        (Tier::Minute, "minute"),
        (Tier::Hour, "hour"),
        (Tier::Day, "day"),
    ] {
        let Some(days) = retention.default.of(tier) else {
            continue;
        };
        let limit = date_of(today - i64::from(days));
        client
            .batch_execute(&format!(
                "DELETE FROM headworks.rollup_{table} WHERE time < '{limit} 00:00:00+00'"
            ))
            .await?;
    }
    Ok(())
}

/// Deletes samples and what was rolled up of them; returns how many samples went.
pub(super) async fn delete(
    client: &mut Client,
    tags: &[TagIndex],
    range: TimeRange,
) -> Result<u64, Failure> {
    let transaction = client.transaction().await?;
    let deleted = delete_in(&transaction, tags, range).await?;
    transaction.commit().await?;
    Ok(deleted)
}

pub(super) async fn delete_in(
    transaction: &Transaction<'_>,
    tags: &[TagIndex],
    range: TimeRange,
) -> Result<u64, Failure> {
    let tags: Vec<i32> = tags.iter().copied().map(tag_of).collect();
    let (start, end) = (Micros::bound(range.start_us), Micros::bound(range.end_us));
    let rows = transaction
        .query(
            "WITH gone AS (DELETE FROM headworks.samples
                 WHERE tag = ANY($1) AND time >= $2 AND time < $3 RETURNING time)
             SELECT (time::date - date '1970-01-01')::int8, count(*) FROM gone GROUP BY 1",
            &[&tags, &start, &end],
        )
        .await?;
    let days: BTreeSet<i64> = rows.iter().map(|row| row.get::<_, i64>(0)).collect();
    super::write::mark(transaction, &days).await?;
    for (table, width) in [
        ("minute", "1 minute"),
        ("hour", "1 hour"),
        ("day", "24 hours"),
    ] {
        transaction
            .execute(
                &format!(
                    "DELETE FROM headworks.rollup_{table} WHERE tag = ANY($1)
                     AND time >= $2 AND time + interval '{width}' <= $3"
                ),
                &[&tags, &start, &end],
            )
            .await?;
    }
    Ok(rows
        .iter()
        .map(|row| row.get::<_, i64>(1).unsigned_abs())
        .sum())
}
