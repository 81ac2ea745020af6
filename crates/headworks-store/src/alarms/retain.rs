//! What goes when it is old.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::sqlite::Failure;

/// Entries that go at once: a piece holds up the alarms for some milliseconds.
const PIECE: u64 = 2_000;

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalRetention {
    /// How long an entry is kept.
    pub age: Duration,
    /// Most entries; the oldest go first. The newest of each alarm stays in any case.
    pub rows_max: u64,
}

impl Default for JournalRetention {
    /// A year, for the comparison with the year before, and a million entries: less than 1 GB.
    fn default() -> JournalRetention {
        JournalRetention {
            age: Duration::from_secs(366 * 86_400),
            rows_max: 1_000_000,
        }
    }
}

/// Removes a piece; returns how many entries went.
pub(super) fn retain(
    database: &mut Connection,
    rows: u64,
    now_us: i64,
    retention: JournalRetention,
) -> Result<u64, Failure> {
    let age_us = i64::try_from(retention.age.as_micros()).unwrap_or(i64::MAX);
    let surplus = rows.saturating_sub(retention.rows_max).min(PIECE);
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut gone = remove(&transaction, now_us.saturating_sub(age_us), PIECE)?;
    if gone < surplus {
        gone += remove(&transaction, i64::MAX, surplus - gone)?;
    }
    if 0 < gone && gone < PIECE {
        // the last piece of a round
        transaction.execute(
            "DELETE FROM paths WHERE id NOT IN
             (SELECT path FROM entries WHERE path IS NOT NULL)",
            [],
        )?;
    }
    transaction.commit()?;
    Ok(gone)
}

/// Removes the oldest entries before a time by which no alarm stands.
fn remove(database: &Connection, before_us: i64, limit: u64) -> Result<u64, Failure> {
    let mut statement = database.prepare_cached(
        "DELETE FROM entries WHERE number IN (
             SELECT number FROM entries AS old
             WHERE time_us < ?1 AND NOT EXISTS (
                 SELECT 1 FROM heads WHERE heads.alarm = old.alarm AND heads.number = old.number)
             ORDER BY time_us, number LIMIT ?2)",
    )?;
    let gone = statement.execute(params![before_us, limit])?;
    Ok(gone.try_into().unwrap_or(u64::MAX))
}
