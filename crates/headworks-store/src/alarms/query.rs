//! Questions to the journal.

use headworks_core::TagPath;
use headworks_core::alarm::{Entry, State};
use headworks_core::model::{ObjectId, Priority};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::schema::read_entry;
use super::write::state_number;
use crate::error::StoreError;
use crate::sqlite::Failure;

/// Which entries are looked for; an empty list or nothing means all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalQuery {
    /// Entries of this time and later, microseconds since 1970-01-01 UTC.
    pub from_us: Option<i64>,
    /// Entries before this time.
    pub to_us: Option<i64>,
    /// Entries of one of these alarms, at most [`JournalQuery::ALARMS_MAX`].
    pub alarms: Vec<ObjectId>,
    /// Entries of one of these priorities.
    pub priorities: Vec<Priority>,
    /// Entries after which the alarm was in one of these states.
    pub states: Vec<State>,
    /// Entries of alarms whose tags lie below this folder.
    pub area: Option<TagPath>,
    /// Entries older than this one: the end of the page before.
    pub before: Option<JournalCursor>,
    /// Most entries, at most [`JournalQuery::LIMIT_MAX`].
    pub limit: usize,
}

/// A place in the journal, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalCursor {
    /// Time of the entry, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Its number.
    pub number: u64,
}

/// A page of entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalPage {
    /// The newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<JournalCursor>,
}

impl JournalQuery {
    /// Most alarms of a query.
    pub const ALARMS_MAX: usize = 100;
    /// Most entries of a page.
    pub const LIMIT_MAX: usize = 10_000;

    pub(super) fn check(&self) -> Result<(), StoreError> {
        let refuse = |field, reason| Err(StoreError::Query { field, reason });
        if JournalQuery::ALARMS_MAX < self.alarms.len() {
            let reason = format!(
                "{} alarms; at most {} are allowed",
                self.alarms.len(),
                JournalQuery::ALARMS_MAX
            );
            return refuse("alarms", reason);
        }
        if self.limit == 0 || JournalQuery::LIMIT_MAX < self.limit {
            let reason = format!(
                "{}; 1 to {} are allowed",
                self.limit,
                JournalQuery::LIMIT_MAX
            );
            return refuse("limit", reason);
        }
        Ok(())
    }
}

/// Returns the first entries after a number.
pub(super) fn after(
    database: &Connection,
    number: u64,
    limit: usize,
) -> Result<Vec<Entry>, Failure> {
    let mut statement =
        database.prepare_cached("SELECT body FROM entries WHERE ?1 < number ORDER BY number")?;
    // no number of an entry is greater than i64::MAX: SQLite has no greater ones
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows = statement.query([number])?;
    let mut entries = Vec::new();
    while entries.len() < limit
        && let Some(row) = rows.next()?
    {
        entries.extend(readable(row));
    }
    Ok(entries)
}

/// Gives every entry of a time to `work`, the oldest first.
pub(super) fn each_between(
    database: &Connection,
    (from_us, to_us): (i64, i64),
    work: &mut dyn FnMut(&Entry),
) -> Result<(), Failure> {
    let mut statement = database.prepare(
        "SELECT body FROM entries WHERE ?1 <= time_us AND time_us < ?2 ORDER BY time_us, number",
    )?;
    let mut rows = statement.query(params![from_us, to_us])?;
    while let Some(row) = rows.next()? {
        readable(row).iter().for_each(&mut *work);
    }
    Ok(())
}

/// Reads an entry; a damaged one is left out, so that it does not hide all others.
fn readable(row: &Row<'_>) -> Option<Entry> {
    let entry = read_entry(row);
    entry
        .inspect_err(|error| tracing::warn!(%error, "an entry of alarms.db cannot be read"))
        .ok()
}

/// Returns a page of what matches.
pub(super) fn page(database: &Connection, query: &JournalQuery) -> Result<JournalPage, Failure> {
    let mut found = match query.alarms.as_slice() {
        [] => select(database, query, None)?,
        alarms => {
            // each by its index: sorting all of them would read all of them
            let mut all = Vec::new();
            for &alarm in alarms {
                all.extend(select(database, query, Some(alarm))?);
            }
            all.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
            all.dedup_by_key(|(place, _)| *place);
            all
        }
    };
    let is_last = found.len() <= query.limit;
    found.truncate(query.limit);
    let next = found.last().map(|(place, _)| *place);
    Ok(JournalPage {
        next: next.filter(|_| !is_last),
        entries: found.into_iter().filter_map(|(_, entry)| entry).collect(),
    })
}

/// Returns the newest entries that match and one more, of one alarm or of all.
fn select(
    database: &Connection,
    query: &JournalQuery,
    alarm: Option<ObjectId>,
) -> Result<Vec<(JournalCursor, Option<Entry>)>, Failure> {
    let mut filter = Filter::default();
    if let Some(alarm) = alarm {
        filter.add("alarm = ?", [Value::Blob(alarm.0.as_bytes().to_vec())]);
    }
    if let Some(from_us) = query.from_us {
        filter.add("? <= time_us", [from_us.into()]);
    }
    if let Some(to_us) = query.to_us {
        filter.add("time_us < ?", [to_us.into()]);
    }
    if let Some(before) = query.before {
        let number = i64::try_from(before.number).unwrap_or(i64::MAX);
        let place = [before.time_us.into(), number.into()];
        filter.add("(time_us, number) < (?, ?)", place);
    }
    let priorities = query.priorities.iter();
    filter.one_of("priority", priorities.map(|one| i64::from(one.number())));
    let states = query.states.iter();
    filter.one_of("state", states.map(|&one| i64::from(state_number(one))));
    if let Some(area) = &query.area {
        // what begins with `area/`: `0` comes after `/`
        let range = [format!("{area}/").into(), format!("{area}0").into()];
        let below = "path IN (SELECT id FROM paths WHERE ? <= path AND path < ?)";
        filter.add(below, range);
    }
    filter
        .values
        .push(Value::Integer(limit_of(query.limit) + 1));
    let mut statement = database.prepare_cached(&filter.sql())?;
    let read = |row: &Row<'_>| {
        let place = JournalCursor {
            time_us: row.get(1)?,
            number: row.get(2)?,
        };
        Ok((place, readable(row)))
    };
    let found = statement
        .query_map(params_from_iter(&filter.values), read)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(found)
}

/// Conditions that all hold, with their values.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    /// A column has one of some values, or any where there are none.
    fn one_of(&mut self, column: &str, values: impl Iterator<Item = i64>) {
        let values: Vec<Value> = values.map(Value::Integer).collect();
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            self.add(&format!("{column} IN ({marks})"), values);
        }
    }

    fn sql(&self) -> String {
        let all = match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!("WHERE {} ", conditions.join(" AND ")),
        };
        let order = "ORDER BY time_us DESC, number DESC LIMIT ?";
        format!("SELECT body, time_us, number FROM entries {all}{order}")
    }
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1)
}
