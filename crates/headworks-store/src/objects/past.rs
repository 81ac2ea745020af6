//! What commits have done, to be looked at and taken back.

use headworks_core::model::{Kind, ObjectId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Action;
use super::local::{read_action, read_optional_kind};
use crate::sqlite::Failure;

/// What one commit did, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSummary {
    /// Its time, microseconds since 1970-01-01 UTC; no two commits have the same.
    pub time_us: i64,
    /// Who.
    pub author: String,
    /// How many objects of which kind it did what to; no kind where that is not known any more.
    pub counts: Vec<(Option<Kind>, Action, u64)>,
}

/// What a commit did to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitStep {
    /// The object.
    pub id: ObjectId,
    /// Its kind, where that is known.
    pub kind: Option<Kind>,
    /// The revision it got.
    pub revision: u64,
    /// What was done.
    pub action: Action,
    /// The body it had before, as JSON; none when it was not there, or that is not kept any more.
    pub before: Option<String>,
    /// The body it got, as JSON; none when it was deleted.
    pub after: Option<String>,
}

/// An object that was deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletedObject {
    /// The object.
    pub id: ObjectId,
    /// Its kind, where that is known.
    pub kind: Option<Kind>,
    /// The revision of its deletion.
    pub revision: u64,
    /// When it was deleted: the time of the commit.
    pub time_us: i64,
    /// Who deleted it.
    pub author: String,
    /// The body it had, as JSON, where that is kept.
    pub body: Option<String>,
}

/// Returns the newest commits before an instant, newest first.
pub(super) fn commits(
    database: &Connection,
    before_us: i64,
    limit: usize,
) -> Result<Vec<CommitSummary>, Failure> {
    let mut found = Vec::new();
    let mut before_us = before_us;
    while found.len() < limit {
        let Some((time_us, author)) = newest(database, before_us)? else {
            break;
        };
        found.push(CommitSummary {
            time_us,
            author,
            counts: counts(database, time_us)?,
        });
        before_us = time_us;
    }
    Ok(found)
}

fn newest(database: &Connection, before_us: i64) -> Result<Option<(i64, String)>, Failure> {
    let newest = database
        .prepare_cached(
            "SELECT time_us, author FROM history WHERE time_us < ?1
             ORDER BY time_us DESC LIMIT 1",
        )?
        .query_row([before_us], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(newest)
}

fn counts(
    database: &Connection,
    time_us: i64,
) -> Result<Vec<(Option<Kind>, Action, u64)>, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT kind, action, count(*) FROM history WHERE time_us = ?1 GROUP BY kind, action",
    )?;
    let count = |row: &Row<'_>| {
        let kind = read_optional_kind(row, 0)?;
        Ok((kind, read_action(row.get(1)?)?, row.get(2)?))
    };
    let mut counts = statement
        .query_map([time_us], count)?
        .collect::<Result<Vec<_>, _>>()?;
    counts.sort_unstable_by_key(|&(kind, action, _)| (kind, action as i64));
    Ok(counts)
}

/// Returns what the commit of an instant did; nothing when there was none.
pub(super) fn steps(database: &Connection, time_us: i64) -> Result<Vec<CommitStep>, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT now.id, now.kind, now.revision, now.action, old.body, now.body
         FROM history now
         LEFT JOIN history old ON old.id = now.id AND old.revision = now.revision - 1
         WHERE now.time_us = ?1",
    )?;
    let step = |row: &Row<'_>| {
        Ok(CommitStep {
            id: ObjectId(row.get(0)?),
            kind: read_optional_kind(row, 1)?,
            revision: row.get(2)?,
            action: read_action(row.get(3)?)?,
            before: row.get(4)?,
            after: row.get(5)?,
        })
    };
    let steps = statement
        .query_map([time_us], step)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(steps)
}

/// Returns objects that are deleted since an instant, those deleted last first, `skip` left out.
pub(super) fn deleted(
    database: &Connection,
    since_us: i64,
    skip: usize,
    limit: usize,
) -> Result<Vec<DeletedObject>, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT now.id, now.kind, now.revision, now.time_us, now.author, old.body
         FROM history now
         LEFT JOIN history old ON old.id = now.id AND old.revision = now.revision - 1
         WHERE now.time_us >= ?1 AND now.action = ?2
           AND NOT EXISTS (SELECT 1 FROM objects WHERE objects.id = now.id)
           AND now.revision = (SELECT max(revision) FROM history WHERE history.id = now.id)
         ORDER BY now.time_us DESC, now.id LIMIT ?3 OFFSET ?4",
    )?;
    let read = |row: &Row<'_>| {
        Ok(DeletedObject {
            id: ObjectId(row.get(0)?),
            kind: read_optional_kind(row, 1)?,
            revision: row.get(2)?,
            time_us: row.get(3)?,
            author: row.get(4)?,
            body: row.get(5)?,
        })
    };
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let arguments = params![
        since_us,
        Action::Deleted as i64,
        number(limit),
        number(skip)
    ];
    let found = statement
        .query_map(arguments, read)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(found)
}
