//! Removes the beginning of the chain and keeps what proves the rest.
//!
//! An anchor says where the removed beginning ended, with the hash from which the first row that is
//! left follows. Anchors are a chain of their own, whose newest hash stands in the entry that tells
//! of the removal: that entry proves all anchors, and is itself proven by the chain of rows.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Value as Json, json};

use super::chain::{Columns, Link, RowHash, hash_row};
use super::entry::{Actor, Entry, Target};
use super::verify::{Anchors, Problem, ProblemKind, found};
use super::writer::append;

/// Rows that go in one transaction, at most.
const STEP_ROWS: u64 = 20_000;
/// Action of the entry that tells of a removal.
pub(super) const RETAIN: &str = "audit_retain";

/// What is to be removed.
pub(super) struct Retention {
    /// Entries older than this go, up to the first one that is not.
    pub(super) before_us: i64,
    /// The present time.
    pub(super) now_us: i64,
    /// Who wants it.
    pub(super) actor: Actor,
}

/// Removes old rows, at most [`STEP_ROWS`], and adds the anchor and the entry; returns how many
/// rows went.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    last: &mut Link,
    retention: &Retention,
) -> rusqlite::Result<u64> {
    let anchored = super::schema::last_anchor(transaction)?.seq;
    let first_kept: Option<u64> = transaction
        .prepare_cached(
            "SELECT seq FROM entries NOT INDEXED WHERE ?1 <= time_us ORDER BY seq LIMIT 1",
        )?
        .query_row([retention.before_us], |row| row.get(0))
        .optional()?;
    let end = first_kept.map_or(last.seq, |seq| seq - 1);
    let end = end.min(anchored + STEP_ROWS);
    if end <= anchored {
        return Ok(0);
    }
    let Some(link) = super::schema::link_at(transaction, end)? else {
        // A row is missing there: what is left must stay as it is, so that it can be seen.
        return Err(rusqlite::Error::QueryReturnedNoRows);
    };
    let anchor = Anchor {
        link,
        time_us: retention.now_us,
        before_us: retention.before_us,
        removed: end - anchored,
        entry: last.seq + 1,
    };
    let chain = anchor.chain(last_chain(transaction)?);
    anchor.insert(transaction, chain)?;
    let removed = transaction.execute("DELETE FROM entries WHERE seq <= ?1", [end])?;
    if removed as u64 != anchor.removed {
        return Err(rusqlite::Error::StatementChangedRows(removed));
    }
    let entry = anchor.tell(&retention.actor, chain);
    *last = append(transaction, *last, &Columns::of(&entry))?;
    Ok(anchor.removed)
}

/// Where a removed beginning ended.
pub(super) struct Anchor {
    pub(super) link: Link,
    pub(super) time_us: i64,
    pub(super) before_us: i64,
    pub(super) removed: u64,
    pub(super) entry: u64,
}

impl Anchor {
    /// Returns the hash of this anchor after one with the hash `previous`.
    pub(super) fn chain(&self, previous: RowHash) -> RowHash {
        let number = |value: u64| ValueRef::Integer(i64::try_from(value).unwrap_or(i64::MAX));
        let columns = [
            ValueRef::Blob(&self.link.hash.0),
            ValueRef::Integer(self.time_us),
            ValueRef::Integer(self.before_us),
            number(self.removed),
            number(self.entry),
        ];
        hash_row(
            previous,
            i64::try_from(self.link.seq).unwrap_or(i64::MAX),
            columns,
        )
    }

    pub(super) fn insert(&self, database: &Connection, chain: RowHash) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(
            "INSERT INTO anchors (seq, hash, time_us, before_us, removed, entry, chain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let hash = self.link.hash.0;
        statement.execute(params![
            self.link.seq,
            hash,
            self.time_us,
            self.before_us,
            self.removed,
            self.entry,
            chain.0
        ])?;
        Ok(())
    }

    fn tell(&self, actor: &Actor, chain: RowHash) -> Entry {
        let (removed, seq) = (self.removed, self.link.seq);
        Entry {
            target: Target::new("audit", ""),
            after: Some(json!({
                "before_us": self.before_us,
                "removed": removed,
                "seq": seq,
                "hash": self.link.hash.to_string(),
                "anchors": chain.to_string(),
            })),
            detail: Some(format!("{removed} entries up to row {seq} were removed")),
            ..Entry::new(self.time_us, actor.clone(), RETAIN)
        }
    }
}

fn last_chain(database: &Connection) -> rusqlite::Result<RowHash> {
    let sql = "SELECT chain FROM anchors ORDER BY seq DESC LIMIT 1";
    let mut statement = database.prepare_cached(sql)?;
    let chain = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(chain.map_or(RowHash::NONE, RowHash))
}

/// All anchors, and what must tell of them.
pub(super) struct AnchorChain {
    /// What they say.
    pub(super) anchors: Anchors,
    /// Last removed row.
    seq: u64,
    /// The row that tells of the last removal.
    entry: u64,
    /// The hash that it must name.
    chain: RowHash,
}

/// Reads and checks the anchors.
pub(super) fn read(database: &Connection) -> rusqlite::Result<(AnchorChain, Option<Problem>)> {
    let mut all = AnchorChain {
        anchors: Anchors::default(),
        seq: 0,
        entry: 0,
        chain: RowHash::NONE,
    };
    let mut statement = database.prepare(
        "SELECT seq, hash, time_us, before_us, removed, entry, chain FROM anchors ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (anchor, chain) = read_anchor(row)?;
        if anchor.chain(all.chain) != chain
            || all.seq.checked_add(anchor.removed) != Some(anchor.link.seq)
        {
            let reason = "the anchor that ends with it is not the one that was written";
            let problem = found(ProblemKind::Anchor, anchor.link.seq, reason);
            return Ok((all, problem));
        }
        all.anchors.count += 1;
        all.anchors.removed += anchor.removed;
        all.anchors.last_us = Some(anchor.time_us);
        (all.seq, all.entry, all.chain) = (anchor.link.seq, anchor.entry, chain);
    }
    Ok((all, None))
}

fn read_anchor(row: &Row<'_>) -> rusqlite::Result<(Anchor, RowHash)> {
    let anchor = Anchor {
        link: Link {
            seq: row.get(0)?,
            hash: RowHash(row.get(1)?),
        },
        time_us: row.get(2)?,
        before_us: row.get(3)?,
        removed: row.get(4)?,
        entry: row.get(5)?,
    };
    Ok((anchor, RowHash(row.get(6)?)))
}

impl AnchorChain {
    /// Returns whether a row is the one that tells of the last removal, and names all anchors.
    pub(super) fn is_told_by(&self, seq: u64, row: &Row<'_>) -> rusqlite::Result<bool> {
        if self.anchors.count == 0 || seq != self.entry {
            return Ok(false);
        }
        let action: String = row.get("action")?;
        let after: Option<String> = row.get("after")?;
        let after: Json = serde_json::from_str(&after.unwrap_or_default()).unwrap_or_default();
        Ok(action == RETAIN && after["anchors"] == self.chain.to_string().as_str())
    }

    /// Returns the problem that no row tells of the last removal.
    pub(super) fn untold(&self) -> Option<Problem> {
        if self.anchors.count == 0 {
            return None;
        }
        found(
            ProblemKind::Anchor,
            self.seq,
            "rows up to this one are gone, and no entry tells of their removal",
        )
    }
}
