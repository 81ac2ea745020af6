//! What was changed, and the way back: changes, their undo, and the bin.

use headworks_core::model::{Kind, ObjectId};
use headworks_hub::{CommitStep, CommitSummary, DeletedObject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edits::{self, EditsDone};
use super::errors;
use super::objects::action_name;
use super::page::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json};

/// Steps of a change that are shown.
const STEPS_SHOWN: usize = 1000;

/// Query parameters of the lists.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastQuery {
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<i64>,
}

/// Query parameters of an undo.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoQuery {
    /// Whether it is only looked whether it would work.
    #[serde(default)]
    dry_run: bool,
}

/// The newest changes of the configuration, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Changes {
    items: Vec<ChangeItem>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<i64>,
}

/// One change: what was applied together.
#[derive(Serialize, JsonSchema)]
struct ChangeItem {
    /// The change: its time, microseconds since 1970-01-01 UTC.
    id: i64,
    /// Who.
    author: String,
    /// How many objects of which kind it did what to.
    counts: Vec<ChangeCount>,
}

/// How many objects of a kind a change did one thing to.
#[derive(Serialize, JsonSchema)]
struct ChangeCount {
    /// The kind; null where that is not known any more.
    kind: Option<Kind>,
    /// `created`, `updated` or `deleted`.
    action: &'static str,
    /// How many.
    count: u64,
}

/// What a change did, object by object.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChangeDetail {
    /// The change.
    id: i64,
    /// The first thousand objects.
    items: Vec<ChangeStep>,
    /// How many there are.
    total: usize,
}

/// What a change did to one object.
#[derive(Serialize, JsonSchema)]
struct ChangeStep {
    /// The object.
    id: ObjectId,
    /// Its kind; null where that is not known any more.
    kind: Option<Kind>,
    /// The revision it got.
    revision: u64,
    /// `created`, `updated` or `deleted`.
    action: &'static str,
    /// The body it had before.
    before: Option<serde_json::Value>,
    /// The body it got.
    after: Option<serde_json::Value>,
}

/// What was deleted in the last 30 days, last first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Bin {
    items: Vec<BinItem>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<i64>,
}

/// A deleted object.
#[derive(Serialize, JsonSchema)]
struct BinItem {
    /// The object.
    id: ObjectId,
    /// Its kind; null where that is not known any more.
    kind: Option<Kind>,
    /// The change that deleted it: its time, microseconds since 1970-01-01 UTC.
    change: i64,
    /// Who deleted it.
    author: String,
    /// The body it had; null where that is not kept, so that it cannot return.
    body: Option<serde_json::Value>,
}

/// Lists the newest changes.
pub(crate) async fn list(call: Call<PastQuery>) -> Result<Json<Changes>, ApiError> {
    let limit = limit(call.query.limit)?;
    let before_us = call.query.cursor.unwrap_or(i64::MAX);
    let found = call.app.hub.commits(before_us, limit + 1).await;
    let mut found = found.map_err(errors::of_body)?;
    let more = limit < found.len();
    found.truncate(limit);
    let last = found.last().map(|change| change.time_us);
    Ok(Json(Changes {
        next_cursor: last.filter(|_| more),
        items: found.into_iter().map(ChangeItem::from).collect(),
    }))
}

/// Answers with what a change did.
pub(crate) async fn get(call: Call) -> Result<Json<ChangeDetail>, ApiError> {
    let id = change(&call)?;
    let steps = call.app.hub.commit(id).await.map_err(errors::of_body)?;
    let total = steps.len();
    let shown = steps.into_iter().take(STEPS_SHOWN);
    let items = shown.map(ChangeStep::from).collect();
    Ok(Json(ChangeDetail { id, items, total }))
}

/// Takes a change back, whole or not at all.
pub(crate) async fn undo(call: Call<UndoQuery>) -> Result<Json<EditsDone>, ApiError> {
    let id = change(&call)?;
    call.note.target("change", &id.to_string());
    let hub = &call.app.hub;
    let edits = hub.undo_edits(id).await.map_err(errors::of_body)?;
    edits::run(hub, edits, call.query.dry_run, call.caller()?).await
}

/// Lists what can be brought back.
pub(crate) async fn bin(call: Call<PastQuery>) -> Result<Json<Bin>, ApiError> {
    let limit = limit(call.query.limit)?;
    let skip = call.query.cursor.unwrap_or(0);
    let skip = usize::try_from(skip).map_err(|_| ApiError::query("cursor", "is negative"))?;
    let found = call.app.hub.bin(skip, limit + 1).await;
    let mut found = found.map_err(errors::of_body)?;
    let more = limit < found.len();
    found.truncate(limit);
    let next = i64::try_from(skip.saturating_add(limit)).ok();
    Ok(Json(Bin {
        items: found.into_iter().map(BinItem::from).collect(),
        next_cursor: next.filter(|_| more),
    }))
}

/// Brings a deleted object back, with what was deleted along with it.
pub(crate) async fn restore(call: Call) -> Result<Json<EditsDone>, ApiError> {
    let (id, author) = (call.id()?, call.author()?);
    call.note.target("object", &id.to_string());
    let applied = call.app.hub.restore(id, &author).await;
    let applied = applied.map_err(errors::of_body)?;
    Ok(Json(edits::done(&applied)))
}

/// Returns the change in the path.
fn change<Q, B>(call: &Call<Q, B>) -> Result<i64, ApiError> {
    let text = call.param("id");
    let missing = || ApiError::new(Code::NotFound, format!("there is no change {text:?}"));
    text.parse().map_err(|_| missing())
}

fn limit(asked: Option<usize>) -> Result<usize, ApiError> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || LIMIT_MAX < limit {
        let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
        return Err(ApiError::query("limit", reason));
    }
    Ok(limit)
}

fn json(body: Option<String>) -> Option<serde_json::Value> {
    body.and_then(|body| serde_json::from_str(&body).ok())
}

impl From<CommitSummary> for ChangeItem {
    fn from(commit: CommitSummary) -> ChangeItem {
        let count = |(kind, action, count)| ChangeCount {
            kind,
            action: action_name(action),
            count,
        };
        ChangeItem {
            id: commit.time_us,
            author: commit.author,
            counts: commit.counts.into_iter().map(count).collect(),
        }
    }
}

impl From<CommitStep> for ChangeStep {
    fn from(step: CommitStep) -> ChangeStep {
        ChangeStep {
            id: step.id,
            kind: step.kind,
            revision: step.revision,
            action: action_name(step.action),
            before: json(step.before),
            after: json(step.after),
        }
    }
}

impl From<DeletedObject> for BinItem {
    fn from(object: DeletedObject) -> BinItem {
        BinItem {
            id: object.id,
            kind: object.kind,
            change: object.time_us,
            author: object.author,
            body: json(object.body),
        }
    }
}
