//! Back-calculation: formulas over the stored past, as jobs.

use std::ops::ControlFlow;

use headworks_hub::{BackCalculation, BackError, BackPlan};
use headworks_store::history::HistoryError;
use headworks_store::{Historian, TimeRange};
use schemars::JsonSchema;
use serde::Deserialize;

use super::errors::from_store;
use super::tags::seen;
use crate::jobs::{JobError, JobView, Work};
use crate::problem::{ApiError, Code};
use crate::route::{Accepted, Call, Json, NoQuery};

const KIND: &str = "back_calculation";

/// What is to be calculated over the past.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BackCalculation")]
pub(crate) struct BackBody {
    /// First instant, microseconds since 1970-01-01 UTC.
    start_us: i64,
    /// First instant after it; not in the future.
    end_us: i64,
    /// Whether calculated tags that the formula reads are calculated too, not read.
    #[serde(default)]
    inputs_too: bool,
    /// Whether what is stored of the calculated tags in this time is deleted first; otherwise
    /// results take the place of samples of the same time only.
    #[serde(default)]
    replace: bool,
    /// Whether nothing is stored or deleted: the result of the job says what would be.
    #[serde(default)]
    dry_run: bool,
}

/// Calculates a tag over a stretch of the past, as a job.
pub(crate) async fn calculate(
    call: Call<NoQuery, Json<BackBody>>,
) -> Result<Accepted<JobView>, ApiError> {
    let tag = seen(&call)?;
    call.note.target("tag", tag.path().as_str());
    let (app, Json(body)) = (call.app, call.body);
    let range = TimeRange {
        start_us: body.start_us,
        end_us: body.end_us,
    };
    check_range(range, app.hub.clock().now_us())?;
    let order = BackCalculation {
        tag: tag.id(),
        range,
        inputs_too: body.inputs_too,
        replace: body.replace,
        dry_run: body.dry_run,
    };
    let plan = app.hub.plan_back_calculation(order).map_err(refused)?;
    let historian = app.hub.historian();
    let title = format!(
        "{}{}",
        plan.path(),
        if body.dry_run { ", check only" } else { "" }
    );
    let work = move |work: &Work| run(&plan, &*historian, range, work);
    let view = app.jobs.start(KIND, title, work)?;
    Ok(Accepted(format!("/api/v1/jobs/{}", view.id), view))
}

fn check_range(range: TimeRange, now_us: i64) -> Result<(), ApiError> {
    headworks_store::history::check_range(range).map_err(|error| match error {
        HistoryError::Invalid { field, reason } => ApiError::field(format!("/{field}_us"), reason),
        other => ApiError::field("", other.to_string()),
    })?;
    if now_us < range.end_us {
        let reason = format!("{} lies in the future; it is {now_us} now", range.end_us);
        return Err(ApiError::field("/end_us", reason));
    }
    Ok(())
}

fn refused(error: BackError) -> ApiError {
    let text = error.to_string();
    match error {
        BackError::Unknown(id) => ApiError::not_found("tag", id),
        BackError::TooMuch(_) => ApiError::field("/start_us", text),
        BackError::Unusable { .. } | BackError::Lacking(_) => ApiError::field("", text),
        BackError::Cancelled => ApiError::new(Code::Busy, text),
        BackError::Store(error) => from_store(error),
    }
}

fn run(
    plan: &BackPlan,
    historian: &dyn Historian,
    range: TimeRange,
    work: &Work,
) -> Result<serde_json::Value, JobError> {
    let seconds = |us: i64| u64::try_from(us / 1_000_000).unwrap_or(0);
    let total = seconds(range.end_us - range.start_us).max(1);
    let watch = &mut |now_us: i64| {
        work.set_progress(seconds(now_us - range.start_us).min(total), total);
        if work.is_cancelled() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    match plan.run(historian, watch) {
        Ok(report) => {
            let report = serde_json::to_value(report);
            report.map_err(|error| JobError::Failed(error.to_string()))
        }
        Err(BackError::Cancelled) => Err(JobError::Cancelled),
        Err(error) => Err(JobError::Failed(error.to_string())),
    }
}
