//! Storing batches: partitions, COPY, and what to do when COPY is refused.

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::BytesMut;
use deadpool_postgres::{Client, Transaction};
use futures_util::SinkExt;
use headworks_core::Update;
use jiff::civil::Date;
use tokio_postgres::error::SqlState;

use super::database::Failure;
use super::migrate::Layout;
use super::rows::{self, COLUMNS};
use crate::error::StoreError;
use crate::historian::{LogPosition, TagName};

pub(super) const DAY_US: i64 = 86_400_000_000;

/// A sample that the database does not take, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The sample.
    pub update: Update,
    /// The reason.
    pub reason: String,
}

/// Whose log a batch comes from, and the place after it.
pub(super) struct Origin<'a> {
    pub(super) source: &'a str,
    pub(super) position: LogPosition,
}

/// Returns the day of a time.
pub(super) fn day_of(time_us: i64) -> i64 {
    time_us.div_euclid(DAY_US)
}

/// Returns the date of a day; the days of times that can be stored all have one.
pub(super) fn date_of(day: i64) -> Date {
    let time = jiff::Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(time).date()
}

fn days_of<'a>(updates: impl Iterator<Item = &'a Update>) -> BTreeSet<i64> {
    let mut last = None;
    let days = updates.map(|update| day_of(update.sample.time_us));
    days.filter(|day| last.replace(*day) != Some(*day))
        .collect()
}

/// Makes partitions that are not known to exist. Each is its own transaction, so that the lock on
/// the table is short.
pub(super) async fn make_partitions(
    client: &Client,
    layout: Layout,
    known: &mut HashSet<i64>,
    days: impl IntoIterator<Item = i64>,
) -> Result<(), Failure> {
    for day in days {
        if layout == Layout::Timescale || known.contains(&day) {
            continue;
        }
        let (from, to) = (date_of(day), date_of(day + 1));
        let name = partition(from);
        client
            .batch_execute(&format!(
                "CREATE TABLE IF NOT EXISTS {name} PARTITION OF headworks.samples
                 FOR VALUES FROM ('{from} 00:00:00+00') TO ('{to} 00:00:00+00')"
            ))
            .await?;
        known.insert(day);
    }
    Ok(())
}

/// Returns the name of a day's partition.
pub(super) fn partition(date: Date) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("headworks.samples_{year:04}_{month:02}_{day:02}")
}

/// Stores a batch in one transaction, all or nothing.
pub(super) async fn append(
    client: &mut Client,
    layout: Layout,
    known: &mut HashSet<i64>,
    batch: &[Update],
) -> Result<(), Failure> {
    if let Some(reason) = batch.iter().find_map(rows::refusal) {
        return Err(rows::refused(reason).into());
    }
    let days = days_of(batch.iter());
    make_partitions(client, layout, known, days.iter().copied()).await?;
    let mut transaction = client.transaction().await?;
    store(&mut transaction, batch).await?;
    mark(&transaction, &days).await?;
    transaction.commit().await?;
    Ok(())
}

/// Stores a batch of a log with its position in one transaction; returns how many rows the
/// database refused, which are in its quarantine then.
pub(super) async fn forward(
    client: &mut Client,
    layout: Layout,
    known: &mut HashSet<i64>,
    batch: &[Update],
    origin: &Origin<'_>,
) -> Result<Vec<Refused>, Failure> {
    let mut refused = Vec::new();
    let mut sound = Vec::with_capacity(batch.len());
    for update in batch {
        match rows::refusal(update) {
            None => sound.push(update.clone()),
            Some(reason) => refused.push(Refused {
                update: update.clone(),
                reason,
            }),
        }
    }
    let days = days_of(sound.iter());
    make_partitions(client, layout, known, days.iter().copied()).await?;
    let mut transaction = client.transaction().await?;
    store_parts(&mut transaction, &sound, &mut refused).await?;
    mark(&transaction, &days).await?;
    quarantine(&transaction, &refused).await?;
    advance(&transaction, origin).await?;
    transaction.commit().await?;
    Ok(refused)
}

/// Stores what can be stored: where rows are refused, halves are tried until single rows are
/// found.
async fn store_parts(
    transaction: &mut Transaction<'_>,
    batch: &[Update],
    refused: &mut Vec<Refused>,
) -> Result<(), Failure> {
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let savepoint = transaction.savepoint("part").await?;
        let mut savepoint = savepoint;
        match store(&mut savepoint, part).await {
            Ok(()) => savepoint.commit().await?,
            Err(failure) if failure.refuses_rows() => {
                savepoint.rollback().await?;
                if let [update] = part {
                    refused.push(Refused {
                        update: update.clone(),
                        reason: reason_of(&failure),
                    });
                } else {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn reason_of(failure: &Failure) -> String {
    match failure {
        Failure::Server(error) => match error.as_db_error() {
            Some(refusal) => refusal.message().to_owned(),
            None => error.to_string(),
        },
        Failure::Store(error) => error.to_string(),
        Failure::Busy | Failure::Silent(_) => "no answer".into(),
    }
}

/// Copies rows; where some exist already, they are replaced.
async fn store(transaction: &mut Transaction<'_>, batch: &[Update]) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let savepoint = transaction.savepoint("copy").await?;
    match copy(&savepoint, "headworks.samples", batch.iter()).await {
        Ok(()) => Ok(savepoint.commit().await?),
        Err(failure) if failure.is(&SqlState::UNIQUE_VIOLATION) => {
            savepoint.rollback().await?;
            replace(transaction, batch).await
        }
        Err(failure) => Err(failure),
    }
}

async fn copy<'a>(
    transaction: &Transaction<'_>,
    table: &str,
    updates: impl Iterator<Item = &'a Update>,
) -> Result<(), Failure> {
    let mut buffer = BytesMut::new();
    rows::encode(updates, &mut buffer);
    let statement = format!("COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)");
    let sink = transaction.copy_in(&statement).await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(rows::take(&mut buffer)).await?;
    sink.finish().await?;
    Ok(())
}

/// Stores rows of which some exist already: the last one of a tag and time wins.
async fn replace(transaction: &Transaction<'_>, batch: &[Update]) -> Result<(), Failure> {
    transaction
        .batch_execute(
            "SET LOCAL client_min_messages = warning;
             CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE headworks.samples)
                 ON COMMIT DELETE ROWS;
             DELETE FROM pg_temp.incoming;",
        )
        .await?;
    let mut newest = HashMap::with_capacity(batch.len());
    for (at, update) in batch.iter().enumerate() {
        newest.insert((update.tag, update.sample.time_us), at);
    }
    let last = batch
        .iter()
        .enumerate()
        .filter(|(at, update)| newest.get(&(update.tag, update.sample.time_us)) == Some(at));
    copy(
        transaction,
        "pg_temp.incoming",
        last.map(|(_, update)| update),
    )
    .await?;
    transaction
        .batch_execute(&format!(
            "INSERT INTO headworks.samples ({COLUMNS}) SELECT {COLUMNS} FROM pg_temp.incoming
             ON CONFLICT (tag, time) DO UPDATE SET v = excluded.v, i = excluded.i,
                 quality = excluded.quality, kind = excluded.kind, s = excluded.s, b = excluded.b"
        ))
        .await?;
    Ok(())
}

/// Says that days have changed, so that their roll-ups are made again.
pub(super) async fn mark(
    transaction: &Transaction<'_>,
    days: &BTreeSet<i64>,
) -> Result<(), Failure> {
    if days.is_empty() {
        return Ok(());
    }
    let dates: Vec<String> = days.iter().map(|&day| date_of(day).to_string()).collect();
    transaction
        .execute(
            "INSERT INTO headworks.days (day) SELECT unnest($1::text[])::date
             ON CONFLICT (day) DO UPDATE SET changes = days.changes + 1",
            &[&dates],
        )
        .await?;
    Ok(())
}

async fn quarantine(transaction: &Transaction<'_>, refused: &[Refused]) -> Result<(), Failure> {
    for Refused { update, reason } in refused {
        let sample = &update.sample;
        let value = sample.value.as_ref();
        let value = value.map(|value| value.to_string().replace('\0', "\u{fffd}"));
        transaction
            .execute(
                "INSERT INTO headworks.quarantine (tag, time_us, quality, value, reason)
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    &i64::from(update.tag.0),
                    &sample.time_us,
                    &i64::from(sample.quality.code()),
                    &value,
                    reason,
                ],
            )
            .await?;
    }
    Ok(())
}

async fn advance(transaction: &Transaction<'_>, origin: &Origin<'_>) -> Result<(), Failure> {
    let LogPosition { generation, offset } = origin.position;
    transaction
        .execute(
            "INSERT INTO headworks.positions (source, generation, log_offset) VALUES ($1, $2, $3)
             ON CONFLICT (source) DO UPDATE SET generation = excluded.generation,
                 log_offset = excluded.log_offset, changed_at = now()",
            &[
                &origin.source,
                &generation.cast_signed(),
                &offset.cast_signed(),
            ],
        )
        .await?;
    Ok(())
}

/// Returns how far a hub's log has come.
pub(super) async fn position(client: &Client, source: &str) -> Result<LogPosition, Failure> {
    let row = client
        .query_opt(
            "SELECT generation, log_offset FROM headworks.positions WHERE source = $1",
            &[&source],
        )
        .await?;
    Ok(row.map_or_else(LogPosition::default, |row| LogPosition {
        generation: row.get::<_, i64>(0).cast_unsigned(),
        offset: row.get::<_, i64>(1).cast_unsigned(),
    }))
}

/// Writes the names of tags.
pub(super) async fn name_tags(client: &Client, names: &[TagName]) -> Result<(), Failure> {
    for part in names.chunks(10_000) {
        let tags: Vec<i32> = part.iter().map(|name| rows::tag_of(name.tag)).collect();
        let paths: Vec<&str> = part.iter().map(|name| name.path.as_str()).collect();
        let units: Vec<&str> = part.iter().map(|name| name.unit.as_str()).collect();
        client
            .execute(
                "INSERT INTO headworks.tags AS t (tag, path, unit)
                 SELECT * FROM unnest($1::int4[], $2::text[], $3::text[])
                 ON CONFLICT (tag) DO UPDATE SET path = excluded.path, unit = excluded.unit
                 WHERE (t.path, t.unit) <> (excluded.path, excluded.unit)",
                &[&tags, &paths, &units],
            )
            .await?;
    }
    Ok(())
}

/// Whether a partition that was known is gone.
pub(super) fn lacks_partition(error: &StoreError) -> bool {
    matches!(error, StoreError::Postgres { reason, .. } if reason.contains("no partition of"))
}
