//! Handlers of jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::jobs::JobView;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Query parameters of the list of jobs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobQuery {
    /// Only jobs of this kind, e.g. `export`.
    kind: Option<String>,
}

/// Jobs, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct JobList {
    /// The jobs.
    items: Vec<JobView>,
}

/// Lists jobs.
pub(crate) async fn list(call: Call<JobQuery>) -> Result<Json<JobList>, ApiError> {
    let items = call.app.jobs.list(call.query.kind.as_deref());
    Ok(Json(JobList { items }))
}

/// Answers with a job.
pub(crate) async fn get(call: Call) -> Result<Json<JobView>, ApiError> {
    let id = call.id()?;
    let view = call.app.jobs.get(id);
    view.map(Json).ok_or_else(|| ApiError::not_found("job", id))
}

/// Cancels a job.
pub(crate) async fn cancel(call: Call) -> Result<Json<JobView>, ApiError> {
    let id = call.id()?;
    let view = call.app.jobs.cancel(id);
    view.map(Json).ok_or_else(|| ApiError::not_found("job", id))
}
