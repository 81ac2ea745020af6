//! Storing entries.

use headworks_core::alarm::State;
use std::borrow::Borrow;

use headworks_core::alarm::{Cause, Entry};
use headworks_core::model::ObjectId;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::sqlite::Failure;

/// Stores entries in one transaction; returns how many are new.
pub(super) fn append(
    database: &mut Connection,
    entries: &[impl Borrow<Entry>],
) -> Result<u64, Failure> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (newest, mut event) = ends(&transaction)?;
    let entries = entries.iter().map(Borrow::borrow);
    let new = entries.filter(|entry: &&Entry| newest < entry.number);
    let (mut count, mut number) = (0, newest);
    for entry in new {
        insert(&transaction, entry)?;
        number = number.max(entry.number);
        event = event.max(entry.transition.event.map_or(0, |event| event.id.0.get()));
        count += 1;
    }
    transaction
        .prepare_cached("UPDATE ends SET number = ?1, event = ?2")?
        .execute(params![number, event])?;
    transaction.commit()?;
    Ok(count)
}

/// Returns the numbers of the newest entry and of the newest event.
pub(super) fn ends(database: &Connection) -> Result<(u64, u64), Failure> {
    let mut statement = database.prepare_cached("SELECT number, event FROM ends")?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Forgets how alarms stand.
pub(super) fn forget(database: &mut Connection, alarms: &[ObjectId]) -> Result<(), Failure> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for &alarm in alarms {
        remove_head(&transaction, alarm)?;
    }
    transaction.commit()?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, entry: &Entry) -> Result<(), Failure> {
    let path = entry.path.as_ref();
    let path = path.map(|path| path_id(transaction, path.as_str()));
    let body = serde_json::to_string(entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO entries (number, time_us, alarm, priority, state, path, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            entry.number,
            entry.transition.time_us,
            entry.alarm.0,
            entry.priority.number(),
            state_number(entry.transition.to),
            path.transpose()?,
            body,
        ])?;
    if entry.transition.cause == Cause::Removed {
        return remove_head(transaction, entry.alarm);
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO heads (alarm, number) VALUES (?1, ?2)")?
        .execute(params![entry.alarm.0, entry.number])?;
    Ok(())
}

fn remove_head(transaction: &Transaction<'_>, alarm: ObjectId) -> Result<(), Failure> {
    transaction
        .prepare_cached("DELETE FROM heads WHERE alarm = ?1")?
        .execute([alarm.0])?;
    Ok(())
}

/// Returns the number of a path, which gets one when it has none.
fn path_id(transaction: &Transaction<'_>, path: &str) -> Result<i64, Failure> {
    transaction
        .prepare_cached("INSERT INTO paths (path) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([path])?;
    let mut statement = transaction.prepare_cached("SELECT id FROM paths WHERE path = ?1")?;
    Ok(statement.query_row([path], |row| row.get(0))?)
}

/// Returns the place of a state in the diagram: 0 is A, 8 is I.
pub(super) fn state_number(state: State) -> u32 {
    u32::from(state.letter()) - u32::from('A')
}
