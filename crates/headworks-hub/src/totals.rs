//! What was counted since the start and only grows, whatever becomes of links and tags.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headworks_protocols::{LinkCounts, LinkTotals, WriteError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::HubError;
use crate::handle::Written;

/// The counters.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) links: Arc<LinkTotals>,
    pub(crate) restarts: AtomicU64,
    writes_done: AtomicU64,
    writes_refused: AtomicU64,
    writes_failed: AtomicU64,
}

/// What was counted since the hub started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HubTotals {
    /// Requests to devices and scans, over all connections that ever were.
    #[serde(flatten)]
    pub links: LinkCounts,
    /// How often links were opened again.
    pub restarts: u64,
    /// Writes to tags that the device took.
    pub writes_done: u64,
    /// Writes to tags that were refused: by the rights of the caller, by the rules of the tag, or
    /// by the device.
    pub writes_refused: u64,
    /// Writes to tags of which nobody knows, or that could not be sent.
    pub writes_failed: u64,
}

impl Totals {
    /// Counts a write by its outcome.
    pub(crate) fn count_write(&self, outcome: &Result<Written, HubError>) {
        let counter = match outcome {
            Ok(_) => &self.writes_done,
            Err(error) if is_refusal(error) => &self.writes_refused,
            Err(_) => &self.writes_failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a write that its caller may not do.
    pub(crate) fn count_forbidden_write(&self) {
        self.writes_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what was counted so far.
    pub(crate) fn read(&self) -> HubTotals {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HubTotals {
            links: self.links.read(),
            restarts: of(&self.restarts),
            writes_done: of(&self.writes_done),
            writes_refused: of(&self.writes_refused),
            writes_failed: of(&self.writes_failed),
        }
    }
}

/// Returns whether somebody said no, as opposed to something that went wrong.
fn is_refusal(error: &HubError) -> bool {
    match error {
        HubError::NotWritable { .. } | HubError::Value { .. } | HubError::NotFound { .. } => true,
        HubError::Write { source, .. } => matches!(
            source,
            WriteError::Value { .. } | WriteError::ReadOnly { .. } | WriteError::Refused { .. }
        ),
        _ => false,
    }
}
