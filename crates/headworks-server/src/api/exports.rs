//! History as files: at once, or as jobs whose files are kept for a while.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use headworks_core::Pattern;
use headworks_core::model::ObjectId;
use headworks_exchange::{
    ExchangeError, ExportOptions, ExportPlan, ExportReport, Progress, export,
};
use headworks_store::Historian;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::files::{self, FileStore};
use crate::jobs::{JobError, JobState, JobView, Work};
use crate::problem::{ApiError, Code};
use crate::route::{Accepted, Call, Download, Json, NoContent};
use crate::stream;

use super::errors::from_exchange;

/// Most bytes of all files of exports.
const BYTES_MAX: u64 = 32 << 30;
const KIND: &str = "export";

/// What is kept beside the file of an export.
#[derive(Serialize, Deserialize)]
struct Note {
    created_us: i64,
    options: ExportOptions,
    report: Option<ExportReport>,
}

/// An export and its file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Export {
    /// Names the export, its job and its file.
    id: ObjectId,
    /// When it was asked for, microseconds since 1970-01-01 UTC.
    created_us: i64,
    /// What was asked for; the range is fixed.
    options: ExportOptions,
    /// Where it is; `failed` for one that the end of the hub interrupted.
    state: JobState,
    /// Part that is done, 0 to 1.
    progress: f64,
    /// Name of the finished file.
    file_name: Option<String>,
    /// Bytes of the finished file.
    file_bytes: Option<u64>,
    /// Rows of the finished file.
    rows: Option<u64>,
    /// What the reader should know.
    notes: Vec<String>,
    /// Why it failed.
    error: Option<String>,
    /// Whether `resume` goes on where it was interrupted.
    can_resume: bool,
}

/// Exports, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ExportList {
    /// The exports.
    items: Vec<Export>,
}

fn store(app: &App) -> FileStore {
    FileStore::new(app.hub.data_directory().join("exports"), BYTES_MAX)
}

/// Checks options against the plant.
fn plan(app: &App, options: ExportOptions) -> Result<ExportPlan, ApiError> {
    let pattern: Pattern =
        options
            .pattern
            .parse()
            .map_err(|error: headworks_core::pattern::PatternError| {
                ApiError::query("pattern", error.to_string())
            })?;
    let (plant, tags) = (app.hub.plant(), app.tags());
    let selected = plant.select(&pattern);
    let selected = selected
        .iter()
        .filter_map(|tag| tags.get(tag.path().as_str()).cloned())
        .collect();
    ExportPlan::new(options, selected, app.hub.clock().now_us()).map_err(from_exchange)
}

/// Sends history as it is read.
pub(crate) async fn stream(call: Call<ExportOptions>) -> Result<Download, ApiError> {
    let plan = plan(&call.app, call.query)?;
    let turn = call.app.stream_turn().await?;
    let scratch = store(&call.app);
    scratch
        .directory()
        .map_err(|error| ApiError::storage(&error))?;
    let historian = call.app.hub.historian();
    let stop = call.app.stop.clone();
    let (mut writer, body) = stream::answer();
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(plan.options().format.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    let name = format!("attachment; filename=\"history{}\"", plan.extension());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let watch = &mut |_: &Progress| {
            if stop.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let Ok(directory) = scratch.directory() else {
            return writer.abort("the directory of exports cannot be made".to_owned());
        };
        let written = export::write_to(&*historian, &plan, &mut writer, directory, watch);
        let written = written.and_then(|report| {
            let flushed = writer.flush();
            flushed.map_err(|source| ExchangeError::Output { source })?;
            Ok(report)
        });
        if let Err(error) = written {
            tracing::warn!(error = error.describe(), "an export broke off");
            writer.abort(error.describe());
        }
    });
    Ok(Download(response))
}

/// Starts an export into a file.
pub(crate) async fn create(
    call: Call<crate::route::NoQuery, Json<ExportOptions>>,
) -> Result<Accepted<JobView>, ApiError> {
    let plan = plan(&call.app, call.body.0).map_err(ApiError::in_body)?;
    let id = call.app.jobs.next_id();
    start(&call.app, id, plan)
}

/// Goes on with an export that was interrupted.
pub(crate) async fn resume(call: Call) -> Result<Accepted<JobView>, ApiError> {
    let id = call.id()?;
    let note: Option<Note> = store(&call.app).note(id);
    let note = note.ok_or_else(|| ApiError::not_found("export", id))?;
    let is_over = |job: &JobView| job.ended_us.is_some();
    let job = call.app.jobs.get(id);
    if note.report.is_some() || job.as_ref().is_some_and(|job| !is_over(job)) {
        let detail = "the export is done or still works; only one that was interrupted goes on";
        return Err(ApiError::new(Code::InUse, detail));
    }
    let plan = plan(&call.app, note.options)?;
    call.app.jobs.forget(id);
    start(&call.app, id, plan)
}

fn start(app: &Arc<App>, id: ObjectId, plan: ExportPlan) -> Result<Accepted<JobView>, ApiError> {
    let files = store(app);
    let now_us = app.hub.clock().now_us();
    let mut options = plan.options().clone();
    // Fixed, so that a later start writes the same.
    options.start_us = Some(plan.range().start_us);
    options.end_us = Some(plan.range().end_us);
    let plan = ExportPlan::new(options.clone(), plan.tags().to_vec(), now_us);
    let plan = plan.map_err(from_exchange)?;
    let created_us = files.note(id).map_or(now_us, |note: Note| note.created_us);
    let note = Note {
        created_us,
        options,
        report: None,
    };
    let noted = files.write_note(id, &note);
    noted.map_err(|error| ApiError::storage(&error))?;
    let historian = app.hub.historian();
    let title = format!("{} as {}", note.options.pattern, plan.extension());
    let work = move |work: &Work| run(&*historian, &files, id, &plan, note, now_us, work);
    let view = app.jobs.start_as(id, KIND, title, work)?;
    Ok(Accepted(format!("/api/v1/jobs/{id}"), view))
}

fn run(
    historian: &dyn Historian,
    files: &FileStore,
    id: ObjectId,
    plan: &ExportPlan,
    mut note: Note,
    now_us: i64,
    work: &Work,
) -> Result<serde_json::Value, JobError> {
    let room = files.make_room(now_us);
    let path = files.path(id, &plan.extension());
    let mut is_full = false;
    let watch = &mut |progress: &Progress| {
        tell(work, progress);
        is_full = room < progress.bytes;
        if work.is_cancelled() || is_full {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let report = export::write_file(historian, plan, &path, watch);
    let report = match report {
        Ok(report) => report,
        Err(_) if is_full => {
            files.remove(id);
            let reason = format!(
                "the file grew beyond the {} GiB that exports may take; choose fewer tags or a \
                 shorter range",
                BYTES_MAX >> 30
            );
            return Err(JobError::Failed(reason));
        }
        Err(ExchangeError::Cancelled) => {
            // Without its note it was deleted and nobody will go on with it.
            if files.note::<Note>(id).is_none() {
                files.remove(id);
            }
            return Err(JobError::Cancelled);
        }
        Err(error) => return Err(JobError::Failed(error.describe())),
    };
    note.report = Some(report.clone());
    files
        .write_note(id, &note)
        .map_err(|error| JobError::Failed(error.to_string()))?;
    Ok(json!({ "report": report, "file": format!("/api/v1/exports/{id}/file") }))
}

/// Shows how far work is, as a share of a million.
pub(super) fn tell(work: &Work, progress: &Progress) {
    const WHOLE: u64 = 1_000_000;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share between 0 and 1"
    )]
    let done = (progress.share * 1e6) as u64;
    work.set_progress(done.min(WHOLE), WHOLE);
    work.set_detail(json!({ "rows": progress.rows, "bytes": progress.bytes }));
}

fn view(app: &App, id: ObjectId, note: Note) -> Export {
    let job = app.jobs.get(id);
    let extension = extension(&note.options);
    let file = note
        .report
        .as_ref()
        .map(|_| format!("history-{id}{extension}"));
    let is_text = extension.starts_with(".csv") || extension.starts_with(".jsonl");
    let state = match (&job, &note.report) {
        (_, Some(_)) => JobState::Done,
        (Some(job), None) => job.state,
        (None, None) => JobState::Failed,
    };
    let interrupted = matches!(state, JobState::Failed | JobState::Cancelled);
    let error = job.as_ref().and_then(|job| job.error.clone());
    let lost = || "the hub ended before the export did".to_owned();
    Export {
        id,
        created_us: note.created_us,
        state,
        progress: match state {
            JobState::Done => 1.0,
            _ => job.as_ref().map_or(0.0, |job| job.progress),
        },
        file_name: file,
        file_bytes: note.report.as_ref().map(|report| report.bytes),
        rows: note.report.as_ref().map(|report| report.rows),
        notes: note.report.map(|report| report.notes).unwrap_or_default(),
        error: error.or_else(|| (job.is_none() && interrupted).then(lost)),
        can_resume: interrupted && is_text,
        options: note.options,
    }
}

fn extension(options: &ExportOptions) -> String {
    let packing = options.packing.extension();
    format!("{}{packing}", options.format.extension())
}

/// Lists exports.
pub(crate) async fn list(call: Call) -> Result<Json<ExportList>, ApiError> {
    let app = Arc::clone(&call.app);
    let items = call.app.blocking(move || {
        let kept = store(&app).list::<Note>();
        let items = kept.into_iter().map(|kept| view(&app, kept.id, kept.note));
        Ok(items.collect())
    });
    Ok(Json(ExportList {
        items: items.await?,
    }))
}

/// Answers with an export.
pub(crate) async fn get(call: Call) -> Result<Json<Export>, ApiError> {
    let id = call.id()?;
    let note = store(&call.app).note(id);
    let note = note.ok_or_else(|| ApiError::not_found("export", id))?;
    Ok(Json(view(&call.app, id, note)))
}

/// Cancels an export and removes its file.
pub(crate) async fn delete(call: Call) -> Result<NoContent, ApiError> {
    let id = call.id()?;
    let job = call.app.jobs.cancel(id).filter(|job| job.kind == KIND);
    let app = Arc::clone(&call.app);
    let removed = call
        .app
        .blocking(move || Ok(store(&app).remove(id)))
        .await?;
    if job.is_none() && !removed {
        return Err(ApiError::not_found("export", id));
    }
    call.app.jobs.forget(id);
    Ok(NoContent)
}

/// Sends the file of an export, or the part that is missing.
pub(crate) async fn file(call: Call) -> Result<Download, ApiError> {
    let id = call.id()?;
    let files = store(&call.app);
    let note: Option<Note> = files.note(id);
    let note = note.ok_or_else(|| ApiError::not_found("export", id))?;
    if note.report.is_none() {
        let detail = format!("the export is not done; GET /api/v1/exports/{id} says how far it is");
        return Err(ApiError::new(Code::NotFound, detail));
    }
    let extension = extension(&note.options);
    let path = files.path(id, &extension);
    let name = format!("history-{id}{extension}");
    let media_type = note.options.format.media_type();
    send(&path, &name, media_type, &call).await
}

pub(super) async fn send<Q, B>(
    path: &Path,
    name: &str,
    media_type: &'static str,
    call: &Call<Q, B>,
) -> Result<Download, ApiError> {
    files::send(path, name, media_type, &call.parts.headers)
        .await
        .map(Download)
}
