//! Types of the configuration store until that crate brings them.

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Created,
    /// Its body was replaced.
    Updated,
    /// It was deleted.
    Deleted,
}

/// One past state of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// Revision the change made.
    pub revision: u64,
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Who.
    pub author: String,
    /// What happened.
    pub action: Action,
    /// The body after the change, JSON; none when it was deleted.
    pub body: Option<String>,
}
