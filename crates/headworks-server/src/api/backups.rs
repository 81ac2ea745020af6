//! Backups: what there is, making one, checking one, removing one.

use std::ops::ControlFlow;
use std::path::Path;

use headworks_hub::HubHandle;
use headworks_store::StoreError;
use headworks_store::backup::{Backups, Check, Keep, Manifest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::jobs::{JobError, JobView, Work};
use crate::problem::ApiError;
use crate::route::{Accepted, Call, Json, NoContent};

use super::errors::from_store;

const KIND: &str = "backup";

/// Backups and how they are made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BackupList {
    /// The directory of the backups; null when none is set.
    directory: Option<String>,
    /// Seconds between two backups by the schedule; null when there is none.
    every_s: Option<u64>,
    /// Which ones stay after a backup by the schedule; null when all stay.
    keep: Option<Kept>,
    /// The data directory that is backed up.
    data: String,
    /// When the schedule makes the next one, microseconds since 1970-01-01 UTC.
    next_us: Option<i64>,
    /// When the last one was made since the start, microseconds since 1970-01-01 UTC.
    last_us: Option<i64>,
    /// Why the last try failed; null when it did not.
    error: Option<String>,
    /// When that was, microseconds since 1970-01-01 UTC.
    failed_us: Option<i64>,
    /// Why the directory cannot be read; then there are no items.
    unreadable: Option<String>,
    /// The backups, newest first.
    items: Vec<BackupItem>,
}

/// Which backups stay; one that any of these keeps stays.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Kept {
    /// How many of the newest.
    last: usize,
    /// Of how many days the newest.
    daily: usize,
    /// Of how many weeks the newest.
    weekly: usize,
}

/// The last check of a backup.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BackupCheck {
    /// When it ended, microseconds since 1970-01-01 UTC.
    checked_us: i64,
    /// Files that were missing or not what was written.
    problems: u64,
}

/// A backup.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BackupItem {
    /// Its name, the time it was made.
    id: String,
    /// When it was made, microseconds since 1970-01-01 UTC.
    created_us: i64,
    /// The program that made it.
    program: String,
    /// Number of its files.
    files: usize,
    /// Bytes of its files; backups share those that are the same.
    bytes: u64,
    /// Its last check; null when it was never checked.
    check: Option<BackupCheck>,
}

impl From<Keep> for Kept {
    fn from(keep: Keep) -> Kept {
        Kept {
            last: keep.last,
            daily: keep.daily,
            weekly: keep.weekly,
        }
    }
}

impl BackupItem {
    fn new(manifest: Manifest, check: Option<Check>) -> BackupItem {
        BackupItem {
            created_us: manifest.created_us,
            files: manifest.files.len(),
            bytes: manifest.bytes(),
            program: manifest.program,
            id: manifest.id,
            check: check.map(|check| BackupCheck {
                checked_us: check.checked_us,
                problems: check.problems,
            }),
        }
    }
}

/// Lists the backups.
pub(crate) async fn list(call: Call) -> Result<Json<BackupList>, ApiError> {
    let hub = call.app.hub.clone();
    let listed = call.app.blocking(move || Ok(list_of(&hub)));
    Ok(Json(listed.await?))
}

/// A directory that is gone must not hide where backups go and why the last one failed.
fn list_of(hub: &HubHandle) -> BackupList {
    let listed = hub.backups().map(|backups| items_of(&backups));
    let (items, unreadable) = match listed.transpose() {
        Ok(items) => (items.unwrap_or_default(), None),
        Err(error) => (Vec::new(), Some(told(&error))),
    };
    let (settings, status) = (hub.backup_settings(), hub.backup_status());
    BackupList {
        directory: settings.directory.as_deref().map(shown),
        every_s: settings.every.map(|every| every.as_secs()),
        keep: settings.keep.map(Kept::from),
        data: shown(hub.data_directory()),
        next_us: status.next_us,
        last_us: status.last_us,
        error: status.error,
        failed_us: status.failed_us,
        unreadable,
        items,
    }
}

/// Returns the backups, newest first.
fn items_of(backups: &Backups) -> Result<Vec<BackupItem>, StoreError> {
    let manifests = backups.list()?.into_iter().rev();
    let items = manifests.map(|manifest| {
        let check = backups.last_check(&manifest.id);
        BackupItem::new(manifest, check)
    });
    Ok(items.collect())
}

/// Returns a path that means the same from wherever a command is given.
fn shown(path: &Path) -> String {
    let whole = std::path::absolute(path);
    whole.as_deref().unwrap_or(path).display().to_string()
}

/// Says how far the work is; it ends when the job is cancelled.
fn tell(work: &Work, done: u64, total: u64) -> ControlFlow<()> {
    work.set_progress(done, total);
    if work.is_cancelled() {
        return ControlFlow::Break(());
    }
    ControlFlow::Continue(())
}

/// Starts a backup.
pub(crate) async fn create(call: Call) -> Result<Accepted<JobView>, ApiError> {
    configured(&call)?;
    let hub = call.app.hub.clone();
    let work = move |work: &Work| {
        let created = hub.back_up(&mut |done, total| tell(work, done, total));
        let created = created.map_err(|error| JobError::Failed(told(&error)))?;
        Ok(json!(created.ok_or(JobError::Cancelled)?))
    };
    let view = call.app.jobs.start(KIND, "backup".to_owned(), work)?;
    Ok(Accepted(format!("/api/v1/jobs/{}", view.id), view))
}

/// Starts the check of a backup: every file is read and compared with what was written.
pub(crate) async fn verify(call: Call) -> Result<Accepted<JobView>, ApiError> {
    let backups = configured(&call)?;
    let id = call.param("id").to_owned();
    let known = backups.clone();
    let name = id.clone();
    let look = move || known.get(&name).map_err(from_store);
    call.app.blocking(look).await?;
    let title = format!("check of {id}");
    let clock = call.app.hub.clock();
    let work = move |work: &Work| {
        let failed = |error| JobError::Failed(told(&error));
        let found = backups.verify_with(&id, &mut |done, total| tell(work, done, total));
        let problems = found.map_err(failed)?.ok_or(JobError::Cancelled)?;
        let check = Check {
            checked_us: clock.now_us(),
            problems: problems.len() as u64,
        };
        backups.note_check(&id, check).map_err(failed)?;
        Ok(json!({ "id": id, "problems": problems }))
    };
    let view = call.app.jobs.start(KIND, title, work)?;
    Ok(Accepted(format!("/api/v1/jobs/{}", view.id), view))
}

/// Removes a backup, and the files that no other one needs.
pub(crate) async fn delete(call: Call) -> Result<NoContent, ApiError> {
    let backups = configured(&call)?;
    let id = call.param("id").to_owned();
    let remove = move || backups.remove(&id).map_err(from_store);
    call.app.blocking(remove).await?;
    Ok(NoContent)
}

fn configured(call: &Call) -> Result<Backups, ApiError> {
    call.app.hub.backups().ok_or_else(|| {
        let detail = "no directory is set for backups; set backup.directory in headworks.toml";
        ApiError::new(crate::problem::Code::NotConfigured, detail)
    })
}

/// Returns an error with its cause.
fn told(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
