//! The plant as code: its files as an archive, out and in again.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use headworks_access::Caller;
use headworks_engineering::code::{self, CodeError, CodePlan, Files, Step, bundle};
use headworks_engineering::plan::Doing;
use headworks_engineering::template;
use headworks_hub::{Applied, HubError, HubHandle};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{errors, plans, routing};
use crate::app::App;
use crate::problem::{ApiError, Code, FieldProblem};
use crate::route::{Call, Download, Json, Upload};

/// Most steps of an answer.
const STEPS_SHOWN: usize = 10_000;

/// What is to become of the files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyQuery {
    /// Whether the files are only compared with the plant.
    #[serde(default)]
    dry_run: bool,
    /// `state` of the plan that is to be applied: when the plant is another one since, nothing is.
    #[serde(default)]
    state: Option<String>,
}

/// What files ask for, and what became of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CodeAnswer {
    /// Whether it was applied; false after a dry run.
    applied: bool,
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// The state of the plant that the files were compared with.
    state: String,
    /// How many objects are made, by kind.
    created: BTreeMap<&'static str, usize>,
    /// How many objects are changed, by kind.
    updated: BTreeMap<&'static str, usize>,
    /// How many objects are deleted, by kind.
    deleted: BTreeMap<&'static str, usize>,
    /// How many objects are as the files say already.
    unchanged: usize,
    /// The first 10,000 changes.
    steps: Vec<Step>,
    /// The first 1,000 mistakes; files with one are not applied.
    errors: Vec<CodeError>,
    /// How many mistakes there are.
    error_count: usize,
}

/// Sends the files of the plant.
pub(crate) async fn export(call: Call) -> Result<Download, ApiError> {
    let plant = call.app.hub.plant();
    let pack = move || {
        let packed = code::export(&plant).and_then(|files| bundle::pack(&files));
        packed.map_err(|reason| ApiError::new(Code::Internal, reason))
    };
    let bytes = call.app.blocking(pack).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    let value = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, value("application/zip"));
    let disposition = value("attachment; filename=\"plant.zip\"");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(Download(response))
}

/// Takes files: compares them with the plant, then applies what differs whole or not at all.
pub(crate) async fn apply(call: Call<ApplyQuery, Upload>) -> Result<Json<CodeAnswer>, ApiError> {
    let caller = call.caller()?.clone();
    let (app, query) = (call.app, call.query);
    let bytes = plans::read(&app, call.body.0).await?;
    let mut work = Work::read(&app, bytes, query.state).await?;
    call.note.target("file", "plant_code");
    let counts = count(work.plan.steps());
    call.note.detail(summary(&counts, query.dry_run));
    let change = work.run(&app.hub, query.dry_run, &caller).await?;
    if !query.dry_run && 0 < work.plan.error_count() {
        return Err(refused(&work.plan));
    }
    let [created, updated, deleted] = counts;
    Ok(Json(CodeAnswer {
        applied: !query.dry_run,
        change,
        state: work.state,
        created,
        updated,
        deleted,
        unchanged: work.plan.unchanged(),
        steps: work
            .plan
            .steps()
            .iter()
            .take(STEPS_SHOWN)
            .cloned()
            .collect(),
        errors: work.plan.errors().to_vec(),
        error_count: work.plan.error_count(),
    }))
}

/// Files that were compared with the plant.
struct Work {
    files: Files,
    plan: CodePlan,
    state: String,
}

impl Work {
    /// Compares an archive with the plant as it is now, which must have the state expected.
    async fn read(app: &App, bytes: Vec<u8>, expected: Option<String>) -> Result<Work, ApiError> {
        let (plant, mut new_id) = (app.hub.plant(), plans::ids(app));
        let protocols = app.hub.protocols();
        let compare = move || {
            let state = format!("{:016x}", code::state(&plant));
            if expected.is_some_and(|expected| expected != state) {
                let detail = "the plant was changed since the plan was made; plan again";
                return Err(ApiError::conflict(detail, None));
            }
            let files = bundle::unpack(&bytes).map_err(plans::unreadable)?;
            drop(bytes);
            let mut plan = code::plan(&files, &plant, &mut *new_id);
            let problems = template::check_edits(&plant, protocols, plan.edits());
            plan.add_problems(&files, &problems);
            Ok(Work { files, plan, state })
        };
        app.blocking(compare).await
    }

    /// Checks or applies the edits, if there are any and nothing is wrong; returns the change.
    async fn run(
        &mut self,
        hub: &HubHandle,
        dry_run: bool,
        caller: &Caller,
    ) -> Result<Option<i64>, ApiError> {
        let edits = self.plan.take_edits();
        if 0 < self.plan.error_count() || edits.is_empty() {
            return Ok(None);
        }
        routing::check_edits(&hub.plant(), &edits, caller)?;
        let outcome = match dry_run {
            true => hub.check(edits).await.map(|_| Vec::new()),
            false => hub.apply(edits, &caller.name).await,
        };
        let applied: Vec<Applied> = match outcome {
            Ok(applied) => applied,
            Err(HubError::Invalid(problems)) => {
                self.plan.add_problems(&self.files, &problems);
                return Ok(None);
            }
            // what rests on it stands in a file that was not sent
            Err(error @ HubError::HasChildren { kind, .. }) => {
                self.plan.add_in_use(kind, error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(errors::of_body(error)),
        };
        Ok(applied.first().map(|applied| applied.updated_us))
    }
}

type Counts = [BTreeMap<&'static str, usize>; 3];

/// Returns how many objects are made, changed and deleted, by kind.
fn count(steps: &[Step]) -> Counts {
    let mut counts = Counts::default();
    let [created, updated, deleted] = &mut counts;
    for step in steps {
        let of_action = match step.action {
            Doing::Create => &mut *created,
            Doing::Update => &mut *updated,
            Doing::Delete => &mut *deleted,
        };
        *of_action.entry(step.kind.name()).or_default() += 1;
    }
    counts
}

fn summary(counts: &Counts, dry_run: bool) -> String {
    let [created, updated, deleted] = counts.each_ref().map(|one| one.values().sum::<usize>());
    let only = if dry_run { ", check only" } else { "" };
    format!("plant_code: {created} created, {updated} updated, {deleted} deleted{only}")
}

fn refused(plan: &CodePlan) -> ApiError {
    let problem = |error: &CodeError| {
        let place = format!("/{}/{}/{}", error.file, error.line, error.key);
        FieldProblem::new(place.trim_end_matches('/'), error.reason.clone())
    };
    ApiError::fields(plan.errors().iter().map(problem).collect())
}
