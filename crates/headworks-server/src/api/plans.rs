//! What a file would change: the answer of tag tables and imports of projects.

use std::collections::BTreeMap;
use std::io::Read;

use axum::body::Body;
use headworks_access::Caller;
use headworks_core::model::ObjectId;
use headworks_engineering::plan::{Doing, doing};
use headworks_engineering::{Note, Plan, RowError};
use headworks_hub::HubError;
use schemars::JsonSchema;
use serde::Serialize;

use super::{errors, routing};
use crate::app::App;
use crate::audit;
use crate::problem::{ApiError, Code, FieldProblem};
use crate::stream;

/// Most bytes of a file.
pub(crate) const BYTES_MAX: u64 = 64 << 20;
/// Most rows of detail.
const ROWS_SHOWN: usize = 1_000;

/// What a file asks for, and what became of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PlanAnswer {
    /// What the file is: `tag_table`, or the format of the project.
    format: String,
    /// Whether it was applied; false after a dry run.
    applied: bool,
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// How many objects are made, by kind.
    created: BTreeMap<&'static str, usize>,
    /// How many objects are changed, by kind.
    updated: BTreeMap<&'static str, usize>,
    /// How many objects are deleted, by kind.
    deleted: BTreeMap<&'static str, usize>,
    /// How many objects of the file are as they should be already.
    unchanged: usize,
    /// The first 1,000 changes.
    rows: Vec<PlanRow>,
    /// The first 1,000 mistakes; a file with one is not applied.
    errors: Vec<RowError>,
    /// How many mistakes there are.
    error_count: usize,
    /// The first 1,000 things that are not carried over, or are with a change.
    not_carried_over: Vec<Note>,
    /// How many such things there are.
    not_carried_over_count: usize,
}

/// One change.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PlanRow {
    /// Line of a text file, row of a sheet; absent where the file has no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    /// Place in a file without rows.
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    /// What happens.
    action: Doing,
    /// Kind of the object.
    kind: &'static str,
    /// Path of the tag, or name of the object.
    name: String,
}

/// What is to become of a plan.
pub(crate) struct Wanted {
    /// What the file is.
    pub(crate) format: String,
    /// Whether it is only to be checked.
    pub(crate) dry_run: bool,
    /// Who wants it.
    pub(crate) caller: Caller,
    /// The entry of the audit journal.
    pub(crate) note: audit::Note,
}

/// Reads a body whole, up to [`BYTES_MAX`].
pub(crate) async fn read(app: &App, body: Body) -> Result<Vec<u8>, ApiError> {
    let turn = app.stream_turn().await?;
    let mut reader = stream::reader(body, BYTES_MAX);
    let task = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(super::imports::of_upload(&error)),
        }
    });
    task.await.map_err(|error| ApiError::internal(&error))?
}

/// Refuses a file that is not what it should be.
pub(crate) fn unreadable(reason: impl Into<String>) -> ApiError {
    ApiError::new(Code::UnreadableFile, reason.into())
}

/// Checks a plan, applies it unless it is a dry run, and says what it is.
///
/// # Errors
///
/// A plan with mistakes that was to be applied: each with row and column.
pub(crate) async fn finish(
    app: &App,
    mut plan: Plan,
    wanted: Wanted,
) -> Result<PlanAnswer, ApiError> {
    let mut answer = outline(&plan, wanted.format);
    wanted.note.target("file", &answer.format);
    wanted.note.detail(summary(&answer, wanted.dry_run));
    let edits = plan.take_edits();
    routing::check_edits(&app.hub.plant(), &edits, &wanted.caller)?;
    if plan.error_count() == 0 && !edits.is_empty() {
        let outcome = if wanted.dry_run {
            app.hub.check(edits).await.map(|_| None)
        } else {
            let applied = app.hub.apply(edits, &wanted.caller.name).await;
            applied.map(|applied| applied.first().map(|applied| applied.updated_us))
        };
        match outcome {
            Ok(change) => answer.change = change,
            Err(HubError::Invalid(problems)) => plan.add_problems(&problems),
            Err(error) => return Err(errors::of_body(error)),
        }
    }
    if !wanted.dry_run && 0 < plan.error_count() {
        return Err(refused(&plan));
    }
    answer.applied = !wanted.dry_run;
    answer.errors = plan.errors().to_vec();
    answer.error_count = plan.error_count();
    Ok(answer)
}

fn refused(plan: &Plan) -> ApiError {
    let problem = |error: &RowError| {
        let place = match error.row {
            Some(row) => format!("/rows/{row}/{}", error.column),
            None => error.column.clone(),
        };
        FieldProblem::new(place, format!("{:?}: {}", error.value, error.reason))
    };
    ApiError::fields(plan.errors().iter().map(problem).collect())
}

fn outline(plan: &Plan, format: String) -> PlanAnswer {
    let mut answer = PlanAnswer {
        format,
        applied: false,
        change: None,
        created: BTreeMap::new(),
        updated: BTreeMap::new(),
        deleted: BTreeMap::new(),
        unchanged: plan.unchanged(),
        rows: Vec::new(),
        errors: Vec::new(),
        error_count: 0,
        not_carried_over: plan.notes().to_vec(),
        not_carried_over_count: plan.note_count(),
    };
    for (edit, origin) in plan.edits().iter().zip(plan.origins()) {
        let (action, kind) = doing(edit);
        let counts = match action {
            Doing::Create => &mut answer.created,
            Doing::Update => &mut answer.updated,
            Doing::Delete => &mut answer.deleted,
        };
        *counts.entry(kind.name()).or_default() += 1;
        if answer.rows.len() < ROWS_SHOWN {
            answer.rows.push(PlanRow {
                row: origin.row,
                place: origin.place.clone(),
                action,
                kind: kind.name(),
                name: origin.name.clone(),
            });
        }
    }
    answer
}

fn summary(answer: &PlanAnswer, dry_run: bool) -> String {
    let sum = |counts: &BTreeMap<&str, usize>| counts.values().sum::<usize>();
    format!(
        "{}: {} created, {} updated, {} deleted{}",
        answer.format,
        sum(&answer.created),
        sum(&answer.updated),
        sum(&answer.deleted),
        if dry_run { ", check only" } else { "" }
    )
}

/// Returns a maker of ids that a blocking thread can take along.
pub(crate) fn ids(app: &App) -> Box<dyn FnMut() -> ObjectId + Send> {
    Box::new(app.hub.id_maker())
}
