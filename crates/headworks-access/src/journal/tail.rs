//! Compares the last rows with `audit.head`.

use rusqlite::Connection;

use super::chain::Link;
use super::queue::GROUP_MAX;
use super::schema;

/// How many rows may be ahead of the head after a crash: a group, one more whose head was torn, and
/// what the writer adds to them.
const UNCONFIRMED_MAX: u64 = 2 * (GROUP_MAX as u64 + 2);

/// What the last rows are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// The head names the last row.
    Whole,
    /// The rows from `from` on came after the head; the process ended before it was written.
    Unconfirmed {
        /// The first such row.
        from: u64,
    },
    /// Rows are missing or were replaced.
    Broken {
        /// The first such row.
        seq: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Compares the chain that ends with `last` with the head.
pub(super) fn compare(
    database: &Connection,
    head: Option<Link>,
    last: Link,
) -> rusqlite::Result<Tail> {
    let Some(head) = head else {
        return Ok(without_head(last));
    };
    if last.seq < head.seq {
        return Ok(Tail::Broken {
            seq: last.seq + 1,
            reason: format!(
                "rows {} to {} are missing: audit.head says that row {} was stored",
                last.seq + 1,
                head.seq,
                head.seq
            ),
        });
    }
    if schema::link_at(database, head.seq)? != Some(head) {
        return Ok(Tail::Broken {
            seq: head.seq,
            reason: format!("row {} is not the one that audit.head names", head.seq),
        });
    }
    Ok(match last.seq - head.seq {
        0 => Tail::Whole,
        1..=UNCONFIRMED_MAX => Tail::Unconfirmed { from: head.seq + 1 },
        ahead => Tail::Broken {
            seq: head.seq + 1,
            reason: format!("{ahead} rows follow the one that audit.head names as the last"),
        },
    })
}

fn without_head(last: Link) -> Tail {
    match last.seq {
        0 => Tail::Whole,
        seq => Tail::Broken {
            seq,
            reason: "audit.head is missing or cannot be read, so rows after this one may be \
                missing"
                .to_owned(),
        },
    }
}
