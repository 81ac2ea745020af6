//! What people do to alarms.

use headworks_core::alarm::{By, EventId};
use headworks_core::model::ObjectId;
use headworks_hub::Act;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AlarmItem, item, status_of};
use crate::api::errors;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoQuery};

/// Most events that are acknowledged at once.
const EVENTS_MAX: usize = 1000;

/// The event that was seen, and what is said to it.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// The event that was seen: when the alarm has come again since, it stays unacknowledged.
    event: EventId,
    /// Comment; may be empty.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    comment: String,
}

/// The events that were seen, and what is said to them.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgements {
    /// The alarms with their events, at most 1000.
    #[schemars(length(min = 1, max = 1000))]
    events: Vec<SeenEvent>,
    /// Comment on all of them; may be empty.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    comment: String,
}

/// An event of an alarm.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeenEvent {
    /// The alarm.
    alarm: ObjectId,
    /// Its event.
    event: EventId,
}

/// What is said to an act.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remark {
    /// Comment or reason.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    comment: String,
}

/// For how long an alarm is put aside, and why.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shelving {
    /// Until when, microseconds since 1970-01-01 UTC; as long as its rule allows when absent.
    #[serde(default)]
    until_us: Option<i64>,
    /// Whether it ends before, as soon as the condition has been true and is so no more.
    #[serde(default)]
    one_shot: bool,
    /// Why; needed.
    #[schemars(length(min = 1, max = 1000))]
    comment: String,
}

/// What became of acknowledgements.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Acknowledged {
    /// How many are acknowledged.
    done: usize,
    /// Those that are not, with the reason.
    #[schemars(length(max = 1000))]
    refused: Vec<RefusedEvent>,
}

/// An event that was not acknowledged.
#[derive(Serialize, JsonSchema)]
struct RefusedEvent {
    /// The alarm.
    alarm: ObjectId,
    /// Its event.
    event: EventId,
    /// Why not.
    reason: String,
}

/// Acknowledges an event of an alarm.
pub(crate) async fn acknowledge(
    call: Call<NoQuery, Json<Acknowledgement>>,
) -> Result<Json<AlarmItem>, ApiError> {
    let Acknowledgement { event, comment } = &call.body.0;
    act(&call, Act::Acknowledge { event: *event }, comment).await
}

/// Acknowledges events of many alarms; each for itself.
pub(crate) async fn acknowledge_many(
    call: Call<NoQuery, Json<Acknowledgements>>,
) -> Result<Json<Acknowledged>, ApiError> {
    let Acknowledgements { events, comment } = &call.body.0;
    if events.is_empty() || EVENTS_MAX < events.len() {
        let reason = format!("{} events; 1 to {EVENTS_MAX} are allowed", events.len());
        return Err(ApiError::field("/events", reason));
    }
    check_comment(comment)?;
    call.note.after(&call.body.0);
    let by = By::new(&call.author()?, comment);
    let outcomes = events.iter().map(|&seen| acknowledge_one(&call, seen, &by));
    // they wait for the same commit of the journal
    let outcomes = futures_util::future::join_all(outcomes).await;
    let refused = events.iter().zip(outcomes).filter_map(|(seen, outcome)| {
        Some(RefusedEvent {
            alarm: seen.alarm,
            event: seen.event,
            reason: outcome.err()?,
        })
    });
    let refused: Vec<RefusedEvent> = refused.collect();
    Ok(Json(Acknowledged {
        done: events.len() - refused.len(),
        refused,
    }))
}

async fn acknowledge_one(
    call: &Call<NoQuery, Json<Acknowledgements>>,
    seen: SeenEvent,
    by: &By,
) -> Result<(), String> {
    status_of(call, seen.alarm).map_err(|_| "there is no such alarm".to_owned())?;
    let act = Act::Acknowledge { event: seen.event };
    let outcome = call.app.hub.alarms().act(seen.alarm, act, by.clone()).await;
    outcome.map(drop).map_err(|error| error.to_string())
}

/// Releases the latch of an alarm.
pub(crate) async fn reset(call: Call<NoQuery, Json<Remark>>) -> Result<Json<AlarmItem>, ApiError> {
    act(&call, Act::Reset, &call.body.0.comment).await
}

/// Puts an alarm on the shelf.
pub(crate) async fn shelve(
    call: Call<NoQuery, Json<Shelving>>,
) -> Result<Json<AlarmItem>, ApiError> {
    let Shelving {
        until_us,
        one_shot,
        comment,
    } = &call.body.0;
    let shelve = Act::Shelve {
        until_us: *until_us,
        one_shot: *one_shot,
    };
    act(&call, shelve, comment).await
}

/// Takes an alarm off the shelf.
pub(crate) async fn unshelve(
    call: Call<NoQuery, Json<Remark>>,
) -> Result<Json<AlarmItem>, ApiError> {
    act(&call, Act::Unshelve, &call.body.0.comment).await
}

/// Takes an alarm out of service.
pub(crate) async fn take_out(
    call: Call<NoQuery, Json<Remark>>,
) -> Result<Json<AlarmItem>, ApiError> {
    act(&call, Act::TakeOut, &call.body.0.comment).await
}

/// Puts an alarm back into service.
pub(crate) async fn put_back(
    call: Call<NoQuery, Json<Remark>>,
) -> Result<Json<AlarmItem>, ApiError> {
    act(&call, Act::PutBack, &call.body.0.comment).await
}

async fn act<B: Serialize>(
    call: &Call<NoQuery, Json<B>>,
    act: Act,
    comment: &str,
) -> Result<Json<AlarmItem>, ApiError> {
    let id = call.id()?;
    let before = status_of(call, id)?;
    call.note.target("alarm", &id.to_string());
    call.note.before(&before.standing);
    call.note.after(&call.body.0);
    check_comment(comment)?;
    let by = By::new(&call.author()?, comment);
    let outcome = call.app.hub.alarms().act(id, act, by).await;
    let status = outcome.map_err(errors::of_body)?;
    Ok(Json(item(&call.app.hub.plant(), &status)))
}

fn check_comment(comment: &str) -> Result<(), ApiError> {
    let said = comment.chars().count();
    if By::COMMENT_MAX < said {
        let reason = format!("{said} characters; at most {} are allowed", By::COMMENT_MAX);
        return Err(ApiError::field("/comment", reason));
    }
    match comment.find(|one: char| one.is_control() && one != '\n') {
        Some(at) => {
            let reason = format!("has a control character at byte {at}; leave it out");
            Err(ApiError::field("/comment", reason))
        }
        None => Ok(()),
    }
}
