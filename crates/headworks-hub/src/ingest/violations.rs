//! What ingest remembers of samples that are not as they should be.

use std::collections::VecDeque;

use headworks_core::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::checks::Trail;

/// Violations of a tag that are kept for people to look at.
const SHOWN_MAX: usize = 10;

/// How a sample is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// The value lies outside `min` to `max`; kept as uncertain.
    OutOfRange,
    /// The value is further from the one before than `max_step` or `max_rate_per_s` allow; kept
    /// as uncertain.
    Spike,
    /// The value has not changed for `freeze_s`; kept as uncertain.
    Frozen,
    /// Time and value are those of the sample before; not stored again.
    Duplicate,
    /// The time is that of the sample before, the value is not; the later one counts.
    Conflict,
    /// The sample is older than the one before; stored at its time.
    OutOfOrder,
    /// The time lies too far in the future; not stored.
    Future,
    /// The time lies too far in the past; not stored.
    Past,
    /// The value is not a number, infinite, or marked as invalid; stored as bad.
    Invalid,
    /// The value is of another kind than the tag's data type; stored as bad.
    WrongType,
}

/// Samples of a tag that were not as they should be, since the hub started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ViolationCounts {
    /// Outside `min` to `max`.
    pub out_of_range: u64,
    /// Too far from the one before.
    pub spike: u64,
    /// Unchanged for too long.
    pub frozen: u64,
    /// The same time and value as the one before.
    pub duplicate: u64,
    /// The same time as the one before and another value.
    pub conflict: u64,
    /// Older than the one before.
    pub out_of_order: u64,
    /// Too far in the future, not stored.
    pub future: u64,
    /// Too far in the past, not stored.
    pub past: u64,
    /// Not a number, infinite, or marked as invalid.
    pub invalid: u64,
    /// Of another kind than the tag's data type.
    pub wrong_type: u64,
}

/// One sample that was not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Violation {
    /// How.
    pub kind: ViolationKind,
    /// The time that the sample says, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// When it came, microseconds since 1970-01-01 UTC.
    pub received_us: i64,
    /// The value in engineering units, if it has one.
    pub value: Option<Value>,
}

/// What validation remembers of one tag.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagWatch {
    pub(crate) counts: ViolationCounts,
    /// Newest last.
    pub(crate) last: VecDeque<Violation>,
    /// What the next sample is compared with.
    pub(crate) trail: Trail,
}

impl TagWatch {
    /// Counts a violation, and shows it when it is not the continuation of one.
    pub(crate) fn note(&mut self, violation: Violation, continues: bool) {
        *self.counts.of(violation.kind) += 1;
        if continues {
            return;
        }
        if SHOWN_MAX <= self.last.len() {
            self.last.pop_front();
        }
        self.last.push_back(violation);
    }
}

impl ViolationCounts {
    /// Returns how many there were of all kinds.
    pub fn total(&self) -> u64 {
        self.out_of_range
            + self.spike
            + self.frozen
            + self.duplicate
            + self.conflict
            + self.out_of_order
            + self.future
            + self.past
            + self.invalid
            + self.wrong_type
    }

    fn of(&mut self, kind: ViolationKind) -> &mut u64 {
        match kind {
            ViolationKind::OutOfRange => &mut self.out_of_range,
            ViolationKind::Spike => &mut self.spike,
            ViolationKind::Frozen => &mut self.frozen,
            ViolationKind::Duplicate => &mut self.duplicate,
            ViolationKind::Conflict => &mut self.conflict,
            ViolationKind::OutOfOrder => &mut self.out_of_order,
            ViolationKind::Future => &mut self.future,
            ViolationKind::Past => &mut self.past,
            ViolationKind::Invalid => &mut self.invalid,
            ViolationKind::WrongType => &mut self.wrong_type,
        }
    }
}
