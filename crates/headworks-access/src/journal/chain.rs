//! The chain: which bytes of a row are hashed.
//!
//! A row's hash is SHA-256 over a name of the format, the hash of the row before, the row's number
//! and its columns. Each column is one byte for its type, eight for its length and its bytes, so
//! that no two different rows have the same encoding. The format is never changed; a new one gets a
//! new name.

use std::fmt;

use rusqlite::types::ValueRef;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::entry::{self, Entry};

/// Name of the encoding; comes first in what is hashed.
const FORMAT: &[u8] = b"headworks audit row 1\0";
/// The columns of an entry in the order in which they are hashed and stored.
pub(super) const COLUMNS: &str = "time_us, actor_kind, actor_id, actor, address, action, \
    target_kind, target, outcome, problem, request_id, before, after, detail";
/// How many columns these are.
pub(super) const COLUMN_COUNT: usize = 14;

/// The SHA-256 of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowHash(pub [u8; 32]);

/// The end of a chain: number and hash of its last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) hash: RowHash,
}

/// An entry as its columns, within bounds.
pub(super) struct Columns {
    pub(super) time_us: i64,
    pub(super) actor_kind: &'static str,
    pub(super) actor_id: Option<[u8; 16]>,
    pub(super) actor: String,
    pub(super) address: String,
    pub(super) action: String,
    pub(super) target_kind: String,
    pub(super) target: String,
    pub(super) outcome: &'static str,
    pub(super) problem: Option<String>,
    pub(super) request_id: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) detail: Option<String>,
}

impl RowHash {
    /// What stands in the place of the hash before the first row.
    pub(super) const NONE: RowHash = RowHash([0; 32]);

    /// Reads 64 hexadecimal digits; none when the text is something else.
    pub fn parse(text: &str) -> Option<RowHash> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(RowHash(bytes))
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for RowHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Link {
    /// The end of a chain without rows.
    pub(super) const START: Link = Link {
        seq: 0,
        hash: RowHash::NONE,
    };
}

impl Columns {
    pub(super) fn of(entry: &Entry) -> Columns {
        Columns {
            time_us: entry.time_us,
            actor_kind: entry.actor.kind.name(),
            actor_id: entry.actor.id.map(uuid::Uuid::into_bytes),
            actor: entry::name(&entry.actor.name),
            address: entry::name(&entry.address),
            action: entry::name(&entry.action),
            target_kind: entry::name(&entry.target.kind),
            target: entry::target(&entry.target.id),
            outcome: entry.outcome.name(),
            problem: entry.problem.as_deref().map(entry::name),
            request_id: entry::name(&entry.request_id),
            before: entry.before.as_ref().map(entry::json_text),
            after: entry.after.as_ref().map(entry::json_text),
            detail: entry.detail.as_deref().map(entry::detail),
        }
    }

    /// Returns the values in the order of [`COLUMNS`].
    pub(super) fn values(&self) -> [ValueRef<'_>; COLUMN_COUNT] {
        [
            ValueRef::Integer(self.time_us),
            text(self.actor_kind),
            self.actor_id
                .as_ref()
                .map_or(ValueRef::Null, |id| ValueRef::Blob(id)),
            text(&self.actor),
            text(&self.address),
            text(&self.action),
            text(&self.target_kind),
            text(&self.target),
            text(self.outcome),
            optional(self.problem.as_ref()),
            text(&self.request_id),
            optional(self.before.as_ref()),
            optional(self.after.as_ref()),
            optional(self.detail.as_ref()),
        ]
    }

    /// Returns the bytes that it takes in memory, roughly.
    pub(super) fn bytes(&self) -> usize {
        let values = self.values();
        let lengths = values.iter().map(|value| match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
        });
        lengths.sum::<usize>() + size_of::<Columns>()
    }
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

fn optional(text: Option<&String>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// Returns the hash of row `seq` after a row with the hash `previous`.
pub(super) fn hash_row<'a>(
    previous: RowHash,
    seq: i64,
    columns: impl IntoIterator<Item = ValueRef<'a>>,
) -> RowHash {
    let mut hash = Sha256::new();
    encode(previous, seq, columns, &mut |bytes| hash.update(bytes));
    RowHash(hash.finalize().into())
}

/// Gives the bytes that are hashed to `out`, piece by piece.
pub(super) fn encode<'a>(
    previous: RowHash,
    seq: i64,
    columns: impl IntoIterator<Item = ValueRef<'a>>,
    out: &mut dyn FnMut(&[u8]),
) {
    out(FORMAT);
    out(&previous.0);
    out(&seq.to_le_bytes());
    for value in columns {
        match value {
            ValueRef::Null => encode_value(0, &[], out),
            ValueRef::Integer(value) => encode_value(1, &value.to_le_bytes(), out),
            ValueRef::Real(value) => encode_value(2, &value.to_le_bytes(), out),
            ValueRef::Text(bytes) => encode_value(3, bytes, out),
            ValueRef::Blob(bytes) => encode_value(4, bytes, out),
        }
    }
}

fn encode_value(kind: u8, bytes: &[u8], out: &mut dyn FnMut(&[u8])) {
    out(&[kind]);
    out(&(bytes.len() as u64).to_le_bytes());
    out(bytes);
}

/// Writes bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text
}

#[cfg(test)]
mod tests;
