//! Errors of the hub, by what the caller can do next.

use std::fmt;

use headworks_core::TagPath;
use headworks_core::alarm::Refusal;
use headworks_core::model::{Kind, ObjectId};
use headworks_protocols::WriteError;
use headworks_store::StoreError;

/// Why the hub did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The edits cannot work; nothing was changed.
    #[error("{}", Problem::list(.0))]
    Invalid(Vec<Problem>),
    /// No such object.
    #[error("{kind} {id} does not exist")]
    NotFound {
        /// What was looked for: a kind, or `object` where any would do.
        kind: &'static str,
        /// Its id.
        id: ObjectId,
    },
    /// The object was changed by somebody else in between.
    #[error("{kind} {id} is at revision {found}, not {expected}; load it again")]
    Conflict {
        /// Kind of the object.
        kind: Kind,
        /// Its id.
        id: ObjectId,
        /// Revision the caller knew.
        expected: u64,
        /// Revision it has.
        found: u64,
    },
    /// Other objects rest on the one to be deleted.
    #[error(
        "{kind} {name:?} has {count} {}: {}; delete them too (cascade) or first",
        if *.count == 1 { "child" } else { "children" },
        ellipsis(.children, *.count)
    )]
    HasChildren {
        /// Kind of the object.
        kind: Kind,
        /// Its name.
        name: String,
        /// How many rest on it.
        count: usize,
        /// Names of the first few.
        children: Vec<String>,
    },
    /// The tag may not be written.
    #[error("tag {path} is not writable; set `writable` on it first")]
    NotWritable {
        /// The tag.
        path: TagPath,
    },
    /// The value does not fit the tag.
    #[error("tag {path}: {reason}")]
    Value {
        /// The tag.
        path: TagPath,
        /// What is wrong and what would fit.
        reason: String,
    },
    /// The write failed on the way or at the device.
    #[error("writing {path} failed: {source}")]
    Write {
        /// The tag.
        path: TagPath,
        /// What happened; part of the message already.
        source: WriteError,
    },
    /// The connection is not up, so that nothing can be asked of its devices.
    #[error("connection {connection:?} is down: {reason}")]
    LinkDown {
        /// Name of the connection.
        connection: String,
        /// Why.
        reason: String,
    },
    /// The device or the driver did not answer in time.
    #[error("{what} took longer than {after_secs} s")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long, in seconds.
        after_secs: u64,
    },
    /// A stored object cannot be read; the configuration store is damaged or of a newer program.
    #[error("stored {kind} {id} cannot be used: {reason}")]
    Damaged {
        /// Kind of the object.
        kind: Kind,
        /// Its id.
        id: ObjectId,
        /// What does not fit.
        reason: String,
    },
    /// A past state cannot be brought back.
    #[error("{id} cannot be brought back: {reason}")]
    Past {
        /// The object.
        id: ObjectId,
        /// Why.
        reason: String,
    },
    /// The alarm is in a state in which that cannot be done, or the request lacks something.
    #[error("alarm {name:?}: {source}")]
    Alarm {
        /// Name of the alarm.
        name: String,
        /// Why; part of the message already.
        source: Refusal,
    },
    /// The alarm is not watched.
    #[error("alarm {name:?} is switched off; enable it first")]
    AlarmOff {
        /// Name of the alarm.
        name: String,
    },
    /// There was no such change of the configuration.
    #[error("there is no change {time_us}, or nothing of it is kept any more")]
    NoCommit {
        /// The time that it is known by, microseconds since 1970-01-01 UTC.
        time_us: i64,
    },
    /// The hub is stopping or a task of it has failed.
    #[error("the hub is stopping")]
    Stopping,
    /// The configuration store or the historian failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One field of one edit that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Place of the edit in the list, from 0.
    pub edit: usize,
    /// JSON pointer of the field within the object, e.g. `/settings/port`; empty for the whole.
    pub field: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl Problem {
    /// Returns a problem of a field.
    pub fn new(edit: usize, field: impl Into<String>, reason: impl fmt::Display) -> Problem {
        Problem {
            edit,
            field: field.into(),
            reason: reason.to_string(),
        }
    }

    fn list(problems: &[Problem]) -> String {
        const SHOWN: usize = 5;
        let mut text = String::new();
        for problem in problems.iter().take(SHOWN) {
            let join = if text.is_empty() { "" } else { "; " };
            text += &format!("{join}{problem}");
        }
        if SHOWN < problems.len() {
            text += &format!("; and {} more", problems.len() - SHOWN);
        }
        text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edit {}: ", self.edit + 1)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.reason)
    }
}

fn ellipsis(names: &[String], count: usize) -> String {
    let more = if names.len() < count { " …" } else { "" };
    names.join(", ") + more
}
