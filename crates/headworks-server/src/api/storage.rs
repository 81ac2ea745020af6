//! What is stored, on which disk, and what happened to the system.

use headworks_hub::{EventKind, HubStats, Severity, StorageStatus, SystemEvent, UpkeepStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{LIMIT_MAX, Page, Window};
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// What is stored and how it is kept in order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Storage {
    /// The disk, what takes room on it, and when it will be full.
    #[serde(flatten)]
    storage: StorageStatus,
    /// What waits to be stored, and what could not be.
    backlog: Backlog,
    /// What the housekeeper did.
    upkeep: UpkeepStatus,
}

/// Samples between the drivers and the files.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Backlog {
    /// Samples that wait for the historian.
    queued_samples: usize,
    /// Samples that the historian holds in memory and in its log.
    in_memory_samples: u64,
    /// Bytes of the log.
    log_bytes: u64,
    /// Samples that could not be stored since the start.
    dropped_samples: u64,
    /// Why samples are not stored at present.
    fault: Option<String>,
}

/// Query parameters of the list of events.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventQuery {
    /// Only events about this.
    kind: Option<EventKind>,
    /// Only events that matter at least so much.
    severity: Option<Severity>,
    /// Only events of this subject, e.g. the path of a tag.
    subject: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Answers what is stored, on which disk, and when that will be full.
pub(crate) async fn storage(call: Call) -> Result<Json<Storage>, ApiError> {
    let hub = call.app.hub.clone();
    let answer = call.app.blocking(move || {
        let stats = hub.stats();
        Ok(Storage {
            storage: hub.storage(),
            backlog: backlog(&stats),
            upkeep: stats.upkeep,
        })
    });
    Ok(Json(answer.await?))
}

fn backlog(stats: &HubStats) -> Backlog {
    let fault = stats.history_fault.as_ref().map(|fault| &fault.reason);
    Backlog {
        queued_samples: stats.history_queue,
        in_memory_samples: stats.historian.in_memory,
        log_bytes: stats.historian.wal_bytes,
        dropped_samples: stats.history_dropped,
        fault: fault.or(stats.historian.error.as_ref()).cloned(),
    }
}

/// Lists events, newest first.
pub(crate) async fn events(call: Call<EventQuery>) -> Result<Json<Page<SystemEvent>>, ApiError> {
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let mut events = call.app.hub.events();
    events.retain(|event| {
        query.kind.is_none_or(|kind| event.kind == kind)
            && query.severity.is_none_or(|least| least <= event.severity)
            && query
                .subject
                .as_ref()
                .is_none_or(|name| event.subject == *name)
    });
    let at = |place: usize| events.get(place);
    let page = window.cut(events.len(), at, |event| event.id.to_string(), Clone::clone);
    Ok(Json(page))
}
