//! Backups: what there is, making one, checking one.

use headworks_store::backup::{Backups, Manifest};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::jobs::{JobError, JobView, Work};
use crate::problem::ApiError;
use crate::route::{Accepted, Call, Json};

use super::errors::from_store;

const KIND: &str = "backup";

/// Backups and how they are made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BackupList {
    /// The directory of the backups; null when none is set.
    directory: Option<String>,
    /// Seconds between two backups by the schedule; null when there is none.
    every_s: Option<u64>,
    /// When the last one was made since the start, microseconds since 1970-01-01 UTC.
    last_us: Option<i64>,
    /// Why the last try failed.
    error: Option<String>,
    /// The backups, newest first.
    items: Vec<BackupItem>,
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
}

impl From<Manifest> for BackupItem {
    fn from(manifest: Manifest) -> BackupItem {
        BackupItem {
            created_us: manifest.created_us,
            files: manifest.files.len(),
            bytes: manifest.bytes(),
            program: manifest.program,
            id: manifest.id,
        }
    }
}

/// Lists the backups.
pub(crate) async fn list(call: Call) -> Result<Json<BackupList>, ApiError> {
    let hub = call.app.hub.clone();
    let listed = call.app.blocking(move || {
        let backups = hub.backups();
        let items = backups.map_or(Ok(Vec::new()), |backups| backups.list());
        let mut items: Vec<BackupItem> = items
            .map_err(from_store)?
            .into_iter()
            .map(BackupItem::from)
            .collect();
        items.reverse();
        let (settings, status) = (hub.backup_settings(), hub.backup_status());
        Ok(BackupList {
            directory: settings
                .directory
                .as_ref()
                .map(|path| path.display().to_string()),
            every_s: settings.every.map(|every| every.as_secs()),
            last_us: status.last_us,
            error: status.error,
            items,
        })
    });
    Ok(Json(listed.await?))
}

/// Starts a backup.
pub(crate) async fn create(call: Call) -> Result<Accepted<JobView>, ApiError> {
    configured(&call)?;
    let hub = call.app.hub.clone();
    let work = move |_: &Work| {
        let created = hub
            .back_up()
            .map_err(|error| JobError::Failed(told(&error)))?;
        Ok(json!(created))
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
    let work = move |_: &Work| {
        let problems = backups.verify(&id);
        let problems = problems.map_err(|error| JobError::Failed(told(&error)))?;
        Ok(json!({ "id": id, "problems": problems }))
    };
    let view = call.app.jobs.start(KIND, title, work)?;
    Ok(Accepted(format!("/api/v1/jobs/{}", view.id), view))
}

fn configured(call: &Call) -> Result<Backups, ApiError> {
    call.app.hub.backups().ok_or_else(|| {
        let detail = "no directory is set for backups; set backup.directory in headworks.toml";
        ApiError::new(crate::problem::Code::NotConfigured, detail)
    })
}

/// Returns an error with its cause.
fn told(error: &headworks_store::StoreError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
