//! Walks the chain and names the first row that is not what was written.

use std::fmt;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::Serialize;

use super::chain::{COLUMN_COUNT, COLUMNS, Link, RowHash, hash_row};
use super::error::JournalError;
use super::head;
use super::retain::{self, AnchorChain};
use super::schema;
use super::tail::{self, Tail};
use super::writer::BROKEN;

/// What a walk through the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Rows read.
    pub rows: u64,
    /// The last row.
    pub last: Head,
    /// Rows at the end that `audit.head` does not name yet, as after a crash.
    pub unconfirmed: u64,
    /// What retention removed.
    pub anchors: Anchors,
    /// The first thing that is not as it was written; none when all is.
    pub problem: Option<Problem>,
}

/// Number and hash of a row; who notes them elsewhere can prove later that nothing before was
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its number; 0 when there never was a row.
    pub seq: u64,
    /// Its hash.
    pub hash: RowHash,
}

/// What was removed by retention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Anchors {
    /// How many times rows were removed.
    pub count: u64,
    /// How many rows were removed.
    pub removed: u64,
    /// When rows were removed last, microseconds since 1970-01-01 UTC.
    pub last_us: Option<i64>,
}

/// What is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem.
    pub kind: ProblemKind,
    /// The first row concerned; 0 when it is none of them.
    pub seq: u64,
    /// What was found, as a sentence.
    pub reason: String,
}

/// Kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A row is not the one that was written.
    Altered,
    /// Rows are missing before others.
    Missing,
    /// A row stands where none was written.
    Unexpected,
    /// Rows at the end are missing or replaced, or the head is.
    Tail,
    /// What retention left does not fit.
    Anchor,
    /// The hub itself found the journal broken when it started, and went on.
    Broken,
    /// The tables, triggers or indexes are not those of this program.
    Schema,
}

impl Verdict {
    /// Returns whether everything is as it was written.
    pub fn is_proven(&self) -> bool {
        self.problem.is_none()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            0 => f.write_str(&self.reason),
            seq => write!(f, "row {seq}: {}", self.reason),
        }
    }
}

/// Walks the whole chain of a data directory in bounded memory, also while a hub writes it.
///
/// # Errors
///
/// `NotFound` when there is no journal, else when it cannot be read.
pub fn verify(directory: &Path) -> Result<Verdict, JournalError> {
    let path = schema::path_in(directory);
    let before = head::read(directory)?;
    let database = schema::open_to_read(&path)?;
    let at = |error| JournalError::database(&path, error);
    // One view of the tables, whatever is written meanwhile.
    let snapshot = database.unchecked_transaction().map_err(at)?;
    let last = schema::last_link(&snapshot).map_err(at)?;
    let after = head::read(directory)?;
    // Rows may have been stored between the two looks: the later head that the view reaches counts.
    let head = after.filter(|after| after.seq <= last.seq).or(before);
    check(&snapshot, head, last).map_err(at)
}

fn check(database: &Connection, head: Option<Link>, last: Link) -> rusqlite::Result<Verdict> {
    let (chain, mut problem) = retain::read(database)?;
    let mut walk = Walk {
        last: schema::last_anchor(database)?,
        rows: 0,
        broken: None,
        retained: None,
        chain: &chain,
    };
    if problem.is_none() {
        problem = walk.run(database)?;
    }
    if problem.is_none() && walk.retained.is_none() {
        problem = chain.untold();
    }
    let mut unconfirmed = 0;
    if problem.is_none() {
        match tail::compare(database, head, last)? {
            Tail::Whole => {}
            Tail::Unconfirmed { from } => unconfirmed = last.seq - from + 1,
            Tail::Broken { seq, reason } => problem = found(ProblemKind::Tail, seq, reason),
        }
    }
    problem = problem.or(walk.broken);
    if problem.is_none() {
        problem = check_schema(database)?;
    }
    Ok(Verdict {
        rows: walk.rows,
        last: Head {
            seq: last.seq,
            hash: last.hash,
        },
        unconfirmed,
        anchors: chain.anchors,
        problem,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "most callers want the option")]
pub(super) fn found(kind: ProblemKind, seq: u64, reason: impl Into<String>) -> Option<Problem> {
    Some(Problem {
        kind,
        seq,
        reason: reason.into(),
    })
}

/// The rows, one by one.
struct Walk<'a> {
    chain: &'a AnchorChain,
    /// The row that proves the anchors.
    retained: Option<u64>,
    /// The row before the one that comes.
    last: Link,
    rows: u64,
    /// The first row in which the hub tells that it found the chain broken.
    broken: Option<Problem>,
}

/// A row as its hash was made.
struct Row {
    seq: u64,
    previous: RowHash,
    hash: RowHash,
    computed: RowHash,
}

impl Walk<'_> {
    fn run(&mut self, database: &Connection) -> rusqlite::Result<Option<Problem>> {
        let mut statement = database.prepare(&format!(
            "SELECT seq, previous, hash, {COLUMNS} FROM entries NOT INDEXED ORDER BY seq"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let problem = self.step(&read(row)?);
            if problem.is_some() {
                return Ok(problem);
            }
            self.rows += 1;
            if self.broken.is_none() {
                self.broken = told_broken(row, self.last.seq)?;
            }
            if self.chain.is_told_by(self.last.seq, row)? {
                self.retained = Some(self.last.seq);
            }
        }
        Ok(None)
    }

    /// Compares a row with the one before it.
    fn step(&mut self, row: &Row) -> Option<Problem> {
        let expected = self.last.seq + 1;
        if row.seq < expected {
            return found(
                ProblemKind::Unexpected,
                row.seq,
                format!("it stands before row {expected}, where the journal begins"),
            );
        }
        if expected < row.seq {
            let missing = match row.seq - expected {
                1 => "it is missing".to_owned(),
                count => format!("it is missing with {} after it", count - 1),
            };
            return found(ProblemKind::Missing, expected, missing);
        }
        if row.computed != row.hash {
            return found(
                ProblemKind::Altered,
                row.seq,
                "what it says does not fit its hash",
            );
        }
        if row.previous != self.last.hash {
            return self.detached(row);
        }
        self.last = Link {
            seq: row.seq,
            hash: row.hash,
        };
        None
    }

    /// The row fits its own hash and names another row before it than the one that is there.
    fn detached(&self, row: &Row) -> Option<Problem> {
        match self.rows {
            0 => found(
                ProblemKind::Altered,
                row.seq,
                "it does not follow from where the journal begins",
            ),
            _ => found(
                ProblemKind::Altered,
                self.last.seq,
                format!("it is not the row from which row {} follows", row.seq),
            ),
        }
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let seq: i64 = row.get(0)?;
    let previous = read_hash(row, 1)?;
    let columns: Vec<ValueRef<'_>> = (3..3 + COLUMN_COUNT)
        .map(|column| row.get_ref(column))
        .collect::<Result<_, _>>()?;
    Ok(Row {
        seq: u64::try_from(seq).unwrap_or(0),
        previous,
        hash: read_hash(row, 2)?,
        computed: hash_row(previous, seq, columns),
    })
}

/// Reads a hash; what is none becomes one that no row has.
fn read_hash(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<RowHash> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(bytes) => bytes.try_into().map_or(RowHash([0xff; 32]), RowHash),
        _ => RowHash([0xff; 32]),
    })
}

fn told_broken(row: &rusqlite::Row<'_>, seq: u64) -> rusqlite::Result<Option<Problem>> {
    let is = |column: &str, text: &str| -> rusqlite::Result<bool> {
        Ok(row.get_ref(column)? == ValueRef::Text(text.as_bytes()))
    };
    if !is("action", BROKEN)? || !is("actor_kind", "system")? {
        return Ok(None);
    }
    let detail: Option<String> = row.get("detail")?;
    Ok(found(
        ProblemKind::Broken,
        seq,
        format!(
            "the hub found the journal altered and went on here: {}",
            detail.unwrap_or_default()
        ),
    ))
}

fn check_schema(database: &Connection) -> rusqlite::Result<Option<Problem>> {
    let expected = schema::expected_parts()?;
    let parts = schema::parts(database)?;
    let wrong = |name: &str, what: &str| found(ProblemKind::Schema, 0, format!("{name} {what}"));
    for part in &expected {
        if !parts.contains(part) {
            return Ok(wrong(&part.0, "is missing from audit.db or was changed"));
        }
    }
    let foreign = parts.iter().find(|part| !expected.contains(part));
    Ok(foreign.and_then(|part| wrong(&part.0, "of audit.db was not made by this program")))
}
