//! Files into history, and streams of samples from programs.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use headworks_core::model::ObjectId;
use headworks_exchange::backfill::{self, BackfillReport, Durability, Stream};
use headworks_exchange::{
    ExchangeError, Import, ImportOptions, ImportReport, Limits, Packing, Progress, Tags,
};
use headworks_store::Historian;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::errors::from_exchange;
use super::exports::{send, tell};
use crate::app::App;
use crate::files::FileStore;
use crate::jobs::{JobError, JobView, Work};
use crate::problem::{ApiError, Code};
use crate::route::{Accepted, Call, Download, Json, Upload};
use crate::stream;

/// Most bytes of a file, and of all files that wait.
const BYTES_MAX: u64 = 8 << 30;
/// Most bytes of a file that is only looked at.
const PREVIEW_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of a stream of samples as it comes, and after it is unpacked.
const STREAM_BYTES_MAX: u64 = 4 << 30;
const UNPACKED_BYTES_MAX: u64 = 64 << 30;
const KIND: &str = "import";
/// Media type of blocks of columns.
const BLOCKS: &str = "application/vnd.headworks.samples";

fn store(app: &App) -> FileStore {
    FileStore::new(app.hub.data_directory().join("imports"), 2 * BYTES_MAX)
}

/// Takes a file and imports it as a job.
pub(crate) async fn create(
    call: Call<ImportOptions, Upload>,
) -> Result<Accepted<JobView>, ApiError> {
    let app = call.app;
    let (files, options) = (store(&app), call.query);
    let id = app.jobs.next_id();
    let now_us = app.hub.clock().now_us();
    let (upload, bytes) = receive(&app, &files, id, call.body.0, BYTES_MAX, now_us).await?;
    let title = format!(
        "{} KiB{}",
        bytes.div_ceil(1024),
        if options.dry_run { ", check only" } else { "" }
    );
    let (historian, tags) = (app.hub.historian(), app.tags());
    let inner = files.clone();
    let work = move |work: &Work| {
        let outcome = run(
            &*historian,
            &inner,
            id,
            &upload,
            &options,
            &tags,
            now_us,
            work,
        );
        remove(&upload);
        outcome
    };
    let started = app.jobs.start_as(id, KIND, title, work);
    if started.is_err() {
        files.remove(id);
    }
    Ok(Accepted(format!("/api/v1/jobs/{id}"), started?))
}

/// Looks at a file and stores nothing of it.
pub(crate) async fn preview(
    call: Call<ImportOptions, Upload>,
) -> Result<Json<ImportReport>, ApiError> {
    let app = call.app;
    let (files, options) = (store(&app), call.query);
    let id = app.jobs.next_id();
    let now_us = app.hub.clock().now_us();
    let received = receive(&app, &files, id, call.body.0, PREVIEW_BYTES_MAX, now_us).await;
    let (upload, _) = received?;
    let tags = app.tags();
    let report = app.blocking(move || {
        let import = Import {
            path: &upload,
            options: &options,
            tags: &tags,
            limits: Limits { now_us },
        };
        let report = import.preview(&mut io::sink());
        files.remove(id);
        report.map_err(from_exchange)
    });
    report.await.map(Json)
}

/// Sends the rows of an import that could not be taken.
pub(crate) async fn errors(call: Call) -> Result<Download, ApiError> {
    let id = call.id()?;
    let path = store(&call.app).path(id, ".errors.csv");
    let name = format!("errors-{id}.csv");
    send(&path, &name, "text/csv; charset=utf-8", &call).await
}

/// Writes a body to a file; one that breaks off leaves nothing.
async fn receive(
    app: &Arc<App>,
    files: &FileStore,
    id: ObjectId,
    body: axum::body::Body,
    bytes_max: u64,
    now_us: i64,
) -> Result<(PathBuf, u64), ApiError> {
    let turn = app.stream_turn().await?;
    let files = files.clone();
    let mut reader = stream::reader(body, bytes_max);
    let task = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        files.make_room(now_us);
        let path = files.path(id, ".upload");
        let written = files
            .directory()
            .and_then(|_| File::create(&path))
            .map_err(|error| ApiError::storage(&error))
            .and_then(|file| copy(&mut reader, &file));
        match written {
            Ok(bytes) => Ok((path, bytes)),
            Err(error) => {
                remove(&path);
                Err(error)
            }
        }
    });
    task.await.map_err(|error| ApiError::internal(&error))?
}

fn copy(reader: &mut stream::BodyReader, file: &File) -> Result<u64, ApiError> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        let read = reader
            .read(&mut buffer)
            .map_err(|error| of_upload(&error))?;
        if read == 0 {
            break;
        }
        total += read as u64;
        let written = out.write_all(&buffer[..read]);
        written.map_err(|error| ApiError::storage(&error))?;
    }
    out.flush().map_err(|error| ApiError::storage(&error))?;
    Ok(total)
}

pub(crate) fn of_upload(error: &io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => ApiError::new(Code::BodyTooLarge, error.to_string()),
        _ => ApiError::new(Code::BrokenBody, error.to_string()),
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(?path, %error, "an upload is gone already");
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a job needs stands side by side"
)]
fn run(
    historian: &dyn Historian,
    files: &FileStore,
    id: ObjectId,
    upload: &Path,
    options: &ImportOptions,
    tags: &Tags,
    now_us: i64,
    work: &Work,
) -> Result<serde_json::Value, JobError> {
    let failed = |error: io::Error| JobError::Failed(format!("the file of errors: {error}"));
    let errors_path = files.path(id, ".errors.csv");
    let mut errors = BufWriter::new(File::create(&errors_path).map_err(failed)?);
    let watch = &mut |progress: &Progress| {
        tell(work, progress);
        if work.is_cancelled() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let import = Import {
        path: upload,
        options,
        tags,
        limits: Limits { now_us },
    };
    let report = import.run(historian, &mut errors, watch);
    errors.flush().map_err(failed)?;
    match report {
        Ok(report) => {
            let place = format!("/api/v1/imports/{id}/errors");
            let errors = (0 < report.row_errors).then_some(place);
            Ok(json!({ "report": report, "errors": errors }))
        }
        Err(ExchangeError::Cancelled) => Err(JobError::Cancelled),
        Err(error) => Err(JobError::Failed(error.describe())),
    }
}

/// Query parameters of a stream of samples.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackfillQuery {
    /// Whether the answer waits until the samples survive a power cut.
    #[serde(default)]
    durable: bool,
}

/// Stores a stream of samples.
pub(crate) async fn backfill(
    call: Call<BackfillQuery, Upload>,
) -> Result<Json<BackfillReport>, ApiError> {
    let app = call.app;
    let stream = stream_of(&call.parts.headers)?;
    let packing = packing_of(&call.parts.headers)?;
    let turn = app.stream_turn().await?;
    let (historian, tags) = (app.hub.historian(), app.tags());
    let limits = Limits {
        now_us: app.hub.clock().now_us(),
    };
    let durability = if call.query.durable {
        Durability::Durable
    } else {
        Durability::Buffered
    };
    let reader = stream::reader(call.body.0, STREAM_BYTES_MAX);
    let task = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let unpacked = packing.unpack(reader).map_err(|error| of_upload(&error))?;
        let bounded = unpacked.take(UNPACKED_BYTES_MAX);
        backfill::store(stream, bounded, &tags, limits, &*historian, durability)
            .map_err(from_exchange)
    });
    let report = task.await.map_err(|error| ApiError::internal(&error))?;
    report.map(Json)
}

fn stream_of(headers: &HeaderMap) -> Result<Stream, ApiError> {
    let found = headers.get(header::CONTENT_TYPE);
    let found = found.and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = found.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/x-ndjson" | "application/jsonl" | "application/json" => Ok(Stream::Jsonl),
        BLOCKS => Ok(Stream::Binary),
        _ => {
            let shown: String = found.chars().take(80).collect();
            let detail =
                format!("content type {shown:?}; application/x-ndjson or {BLOCKS} is needed");
            Err(ApiError::new(Code::UnsupportedMediaType, detail))
        }
    }
}

fn packing_of(headers: &HeaderMap) -> Result<Packing, ApiError> {
    let found = headers.get(header::CONTENT_ENCODING);
    match found.map(|value| value.to_str().unwrap_or("?").trim()) {
        None | Some("" | "identity") => Ok(Packing::None),
        Some("gzip" | "x-gzip") => Ok(Packing::Gzip),
        Some("zstd") => Ok(Packing::Zstd),
        Some(other) => {
            let shown: String = other.chars().take(80).collect();
            let detail = format!("content encoding {shown:?}; gzip or zstd is needed, or none");
            Err(ApiError::new(Code::UnsupportedMediaType, detail))
        }
    }
}
