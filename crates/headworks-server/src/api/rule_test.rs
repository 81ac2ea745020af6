//! What an alarm rule would have done, before it is saved.

use std::sync::Arc;

use headworks_core::model::{Alarm, Object, ObjectBody, ObjectId};
use headworks_hub::{AlarmTrial, Body, Edit, HubError, HubHandle};
use schemars::JsonSchema;
use serde::Deserialize;

use super::history::{from_history, watched};
use super::{errors, past};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, NoQuery, Written};

/// The stretch of history when none is given: a day.
const LENGTH_US: i64 = 86_400_000_000;

/// An alarm rule to be tested.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTestBody {
    /// A rule that is stored; with `rule`, the one whose place that would take.
    #[serde(default)]
    id: Option<ObjectId>,
    /// A rule that need not be stored.
    #[serde(default)]
    rule: Option<Alarm>,
    /// First time of the samples, microseconds since 1970-01-01 UTC; a day before the end when
    /// absent.
    #[serde(default)]
    start_us: Option<i64>,
    /// Time after the samples, microseconds since 1970-01-01 UTC; now when absent. At most a week
    /// after the start.
    #[serde(default)]
    end_us: Option<i64>,
}

/// Plays stored samples through an alarm rule and answers what it would have done; nobody is told.
pub(crate) async fn test(
    call: Call<NoQuery, Json<RuleTestBody>>,
) -> Result<Written<AlarmTrial>, ApiError> {
    let (hub, body) = (call.app.hub.clone(), call.body.0);
    let range = past::past_of(&hub, body.start_us, body.end_us, LENGTH_US)?;
    let stored = body.id.map(|id| stored(&hub, id)).transpose()?;
    let alarm = match (body.rule, &stored) {
        (Some(rule), _) => {
            check(&hub, body.id, &rule).await?;
            rule
        }
        (None, Some(stored)) => stored.body.clone(),
        (None, None) => {
            let reason = "give a rule, or the id of one";
            return Err(ApiError::field("/rule", reason));
        }
    };
    let alarm = Object {
        id: body.id.unwrap_or(ObjectId(uuid::Uuid::nil())),
        revision: 0,
        updated_us: range.end_us,
        body: alarm,
    };
    watched(&call.app, move |watch| {
        hub.try_alarm(alarm, range, watch).map_err(from_history)
    })
    .await
}

fn stored(hub: &HubHandle, id: ObjectId) -> Result<Arc<Object<Alarm>>, ApiError> {
    let found = hub.plant().alarm(id).cloned();
    found.ok_or_else(|| ApiError::field("/id", format!("no alarm rule {id}")))
}

/// Checks a rule as saving it would. That another one has its name or passes its limit only
/// matters once it is saved.
async fn check(hub: &HubHandle, id: Option<ObjectId>, rule: &Alarm) -> Result<(), ApiError> {
    rule.check()
        .map_err(|error| ApiError::field(format!("/rule{}", error.field), error.reason))?;
    let body = Body::from(rule.clone());
    let edit = match id {
        Some(id) => Edit::update(id, body),
        None => Edit::create(body),
    };
    let Err(error) = hub.check(vec![edit]).await else {
        return Ok(());
    };
    let place = |_| "/rule".to_owned();
    match error {
        HubError::Invalid(mut problems) => {
            problems.retain(|one| !["/name", "/condition/limit"].contains(&one.field.as_str()));
            if problems.is_empty() {
                return Ok(());
            }
            Err(errors::from_hub(HubError::Invalid(problems), place))
        }
        HubError::NotFound { id, .. } => {
            Err(ApiError::new(Code::NotFound, format!("no alarm rule {id}")))
        }
        other => Err(errors::from_hub(other, place)),
    }
}
