//! Pages of entries by filter, at a cost that does not grow with the journal.
//!
//! Entries come in the order of their times, those of one time in the order of their numbers. Each
//! filter that names one thing has an index in that order; the one that leaves least is walked, the
//! others are checked on the way. A walk ends after a number of rows or a time, also when the page
//! is not full: its cursor goes on from there.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::entry::{Outcome, Recorded};
use super::reader;

/// Entries of a page, at most.
pub const PAGE_MAX: usize = 1000;
/// Entries that an export holds at once.
const EXPORT_PAGE: usize = 100;
/// Rows that are looked at for one page.
const WALK_ROWS: usize = 20_000;
/// Time after which a walk ends: rows with large values take longer to look at.
const WALK_TIME: Duration = Duration::from_millis(100);
/// Actions with the same beginning that are walked side by side.
const ACTIONS_MAX: usize = 200;

/// Which entries; what is absent matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// First time, microseconds since 1970-01-01 UTC.
    pub from_us: Option<i64>,
    /// First time after the range.
    pub to_us: Option<i64>,
    /// Name of the actor.
    pub actor: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// How the action begins.
    pub action_prefix: Option<String>,
    /// Kind of the target.
    pub target_kind: Option<String>,
    /// Id or path of the target.
    pub target: Option<String>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// A text that any column has, in upper or lower case as far as it is ASCII.
    pub text: Option<String>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    time_us: i64,
    seq: i64,
}

/// Entries, and how to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The entries; may be fewer than asked for, also none, while there are more.
    pub entries: Vec<Recorded>,
    /// Where to go on; none at the end.
    pub next: Option<Cursor>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time_us, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Cursor, String> {
        let parsed = text.split_once('.').and_then(|(time_us, seq)| {
            Some(Cursor {
                time_us: time_us.parse().ok()?,
                seq: seq.parse().ok()?,
            })
        });
        parsed.ok_or_else(|| "the cursor is not one that a page gave".to_owned())
    }
}

/// Returns a page, newest first.
pub(super) fn page(
    database: &Connection,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let walk = Walk {
        filter,
        cursor,
        until: i64::MAX,
        is_up: false,
    };
    walk.page(database, limit.clamp(1, PAGE_MAX))
}

/// Returns a page, oldest first, of the rows up to `until`.
pub(super) fn page_up(
    database: &Connection,
    filter: &Filter,
    cursor: Option<Cursor>,
    until: u64,
) -> rusqlite::Result<Page> {
    let walk = Walk {
        filter,
        cursor,
        until: i64::try_from(until).unwrap_or(i64::MAX),
        is_up: true,
    };
    walk.page(database, EXPORT_PAGE)
}

/// A way through the rows.
struct Walk<'a> {
    filter: &'a Filter,
    cursor: Option<Cursor>,
    /// Rows with higher numbers are left out.
    until: i64,
    is_up: bool,
}

/// The index to walk, and the values of its first column, side by side.
struct Way {
    index: &'static str,
    column: &'static str,
    values: Vec<String>,
}

impl Walk<'_> {
    fn page(&self, database: &Connection, limit: usize) -> rusqlite::Result<Page> {
        let (found, next) = self.find(database, limit)?;
        let mut entries = Vec::with_capacity(found.len());
        for seq in found {
            entries.extend(reader::by_number(database, seq)?);
        }
        Ok(Page { entries, next })
    }

    /// Returns the numbers of rows that match, and where to go on.
    fn find(
        &self,
        database: &Connection,
        limit: usize,
    ) -> rusqlite::Result<(Vec<i64>, Option<Cursor>)> {
        let (sql, parameters) = self.statement(way(database, self.filter)?);
        let mut statement = database.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(parameters))?;
        let begun = Instant::now();
        let mut found = Vec::new();
        let mut walked = 0;
        while let Some(row) = rows.next()? {
            let here = Cursor {
                time_us: row.get(0)?,
                seq: row.get(1)?,
            };
            if row.get(2)? {
                found.push(here.seq);
            }
            walked += 1;
            if found.len() == limit || walked == WALK_ROWS || WALK_TIME < begun.elapsed() {
                return Ok((found, Some(here)));
            }
        }
        Ok((found, None))
    }

    /// Returns the statement whose rows are time, number and whether the filter matches.
    fn statement(&self, way: Way) -> (String, Vec<Value>) {
        let mut parameters = self.bounds();
        let matches = conditions(self.filter, &mut parameters);
        let (after, order) = match self.is_up {
            true => (">", "ASC"),
            false => ("<", "DESC"),
        };
        let one = |column: &str| {
            format!(
                "SELECT time_us, seq, {matches} FROM entries INDEXED BY {} \
                WHERE {column} time_us BETWEEN ?1 AND ?2 AND seq <= ?3 \
                AND (time_us, seq) {after} (?4, ?5)",
                way.index
            )
        };
        let mut parts = Vec::new();
        for value in &way.values {
            parameters.push(value.clone().into());
            parts.push(one(&format!("{} = ?{} AND", way.column, parameters.len())));
        }
        if parts.is_empty() {
            parts.push(one(""));
        }
        let sql = parts.join(" UNION ALL ");
        (format!("{sql} ORDER BY 1 {order}, 2 {order}"), parameters)
    }

    /// Returns the parameters 1 to 5: bounds of time, the last number, where to go on.
    fn bounds(&self) -> Vec<Value> {
        let mut from_us = self.filter.from_us.unwrap_or(i64::MIN);
        let mut last_us = match self.filter.to_us {
            Some(to_us) => to_us.saturating_sub(1),
            None => i64::MAX,
        };
        let outside = if self.is_up { i64::MIN } else { i64::MAX };
        let (time_us, seq) = match self.cursor {
            Some(cursor) if self.is_up => {
                from_us = from_us.max(cursor.time_us);
                (cursor.time_us, cursor.seq)
            }
            Some(cursor) => {
                last_us = last_us.min(cursor.time_us);
                (cursor.time_us, cursor.seq)
            }
            None => (outside, outside),
        };
        [from_us, last_us, self.until, time_us, seq]
            .map(Value::from)
            .to_vec()
    }
}

/// Chooses the index that leaves least to walk.
fn way(database: &Connection, filter: &Filter) -> rusqlite::Result<Way> {
    let way = |index, column, values: Vec<String>| Way {
        index,
        column,
        values,
    };
    if let Some(target) = &filter.target {
        return Ok(way("entries_target", "target", vec![target.clone()]));
    }
    let actions = match (&filter.action, &filter.action_prefix) {
        (Some(action), _) => Some(vec![action.clone()]),
        (None, Some(prefix)) => actions_with(database, prefix)?,
        (None, None) => None,
    };
    if let Some(mut actions) = actions {
        if actions.is_empty() {
            // No such action: nothing has the empty one either, and nothing is walked.
            actions.push(filter.action_prefix.clone().unwrap_or_default());
        }
        return Ok(way("entries_action", "action", actions));
    }
    if let Some(actor) = &filter.actor {
        return Ok(way("entries_actor", "actor", vec![actor.clone()]));
    }
    if let Some(kind) = &filter.target_kind {
        return Ok(way(
            "entries_target_kind",
            "target_kind",
            vec![kind.clone()],
        ));
    }
    if let Some(outcome) = filter.outcome {
        let name = outcome.name().to_owned();
        return Ok(way("entries_outcome", "outcome", vec![name]));
    }
    Ok(way("entries_time", "", Vec::new()))
}

/// Returns the actions with a beginning; none when they are too many to walk side by side.
fn actions_with(database: &Connection, prefix: &str) -> rusqlite::Result<Option<Vec<String>>> {
    let mut first =
        database.prepare_cached("SELECT min(action) FROM entries WHERE action >= ?1")?;
    let mut next = database.prepare_cached("SELECT min(action) FROM entries WHERE action > ?1")?;
    let mut actions = Vec::new();
    let mut found: Option<String> = first.query_row([prefix], |row| row.get(0))?;
    while let Some(action) = found.filter(|action| action.starts_with(prefix)) {
        if actions.len() == ACTIONS_MAX {
            return Ok(None);
        }
        found = next.query_row([&action], |row| row.get(0))?;
        actions.push(action);
    }
    Ok(Some(actions))
}

/// Returns what a row must fulfil, and adds its parameters.
fn conditions(filter: &Filter, parameters: &mut Vec<Value>) -> String {
    let mut conditions = vec!["1".to_owned()];
    let outcome = filter.outcome.map(|outcome| outcome.name().to_owned());
    for (sql, value) in [
        ("actor = ?", filter.actor.clone()),
        ("action = ?", filter.action.clone()),
        ("target_kind = ?", filter.target_kind.clone()),
        ("target = ?", filter.target.clone()),
        ("outcome = ?", outcome),
        ("instr(action, ?) = 1", filter.action_prefix.clone()),
        (
            "(actor || char(10) || address || char(10) || action || char(10) || target_kind \
            || char(10) || target || char(10) || coalesce(problem, '') || char(10) \
            || request_id || char(10) || coalesce(detail, '') || char(10) \
            || coalesce(before, '') || char(10) || coalesce(after, '')) LIKE ? ESCAPE '\\'",
            filter.text.as_deref().map(pattern),
        ),
    ] {
        if let Some(value) = value {
            parameters.push(value.into());
            conditions.push(sql.replace('?', &format!("?{}", parameters.len())));
        }
    }
    format!("({})", conditions.join(" AND "))
}

/// Returns the pattern of LIKE for a text anywhere.
fn pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// Returns how SQLite walks for a page.
#[cfg(test)]
pub(super) fn plan(database: &Connection, filter: &Filter) -> rusqlite::Result<Vec<String>> {
    let walk = Walk {
        filter,
        cursor: None,
        until: i64::MAX,
        is_up: false,
    };
    let (sql, parameters) = walk.statement(way(database, filter)?);
    let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let rows = statement.query_map(params_from_iter(parameters), |row| row.get(3))?;
    rows.collect()
}
