//! Backups of the data directory: on demand and by a schedule.
//!
//! A target that is full, gone or slow costs a backup and an event, never a sample: nothing else
//! waits for it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headworks_store::StoreError;
use headworks_store::backup::{Backups, Created, Keep, Progress};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::apply::blocking;
use crate::events::{EventKind, News, Severity};
use crate::hub::Shared;
use crate::recorder::reason_of;

/// Where backups go, when, and which ones stay.
#[derive(Clone, Debug, Default)]
pub struct BackupSettings {
    /// The directory of the backups; without one there are none.
    pub directory: Option<PathBuf>,
    /// Time between two backups; without one they are made on demand only.
    pub every: Option<Duration>,
    /// Which ones stay after a backup by the schedule.
    pub keep: Option<Keep>,
}

/// How backups go.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackupStatus {
    /// When the last one was made, microseconds since 1970-01-01 UTC.
    pub last_us: Option<i64>,
    /// Why the last try failed; none when it succeeded.
    pub error: Option<String>,
    /// When that was, microseconds since 1970-01-01 UTC.
    pub failed_us: Option<i64>,
    /// When the schedule makes the next one; none without a schedule.
    pub next_us: Option<i64>,
}

/// Makes backups one at a time.
pub(crate) struct BackupKeeper {
    pub(crate) settings: BackupSettings,
    turn: Mutex<()>,
    status: Mutex<BackupStatus>,
}

impl BackupKeeper {
    pub(crate) fn new(settings: BackupSettings) -> BackupKeeper {
        BackupKeeper {
            settings,
            turn: Mutex::default(),
            status: Mutex::default(),
        }
    }

    pub(crate) fn status(&self) -> BackupStatus {
        self.status.lock().clone()
    }

    /// Returns the backups, if there is a directory for them.
    pub(crate) fn backups(&self) -> Option<Backups> {
        self.settings.directory.as_deref().map(Backups::at)
    }
}

/// Makes a backup; blocks. None when `progress` broke it off.
pub(crate) fn back_up(
    shared: &Shared,
    progress: &mut Progress<'_>,
) -> Result<Option<Created>, StoreError> {
    let keeper = &shared.backups;
    let Some(backups) = keeper.backups() else {
        return Err(StoreError::Query {
            field: "backup.directory",
            reason: "no directory is set for backups; set it in headworks.toml".to_owned(),
        });
    };
    let _turn = keeper.turn.lock();
    let now_us = shared.clock.now_us();
    let outcome = backups.create_with(&shared.data_directory, now_us, progress);
    let mut status = keeper.status.lock();
    match &outcome {
        Ok(Some(created)) => {
            info!(
                id = created.id,
                bytes = created.bytes,
                new = created.copied_bytes,
                "backed up"
            );
            status.last_us = Some(now_us);
            (status.error, status.failed_us) = (None, None);
        }
        Ok(None) => info!("a backup was broken off"),
        Err(error) => {
            status.error = Some(reason_of(error));
            status.failed_us = Some(shared.clock.now_us());
        }
    }
    outcome
}

/// Makes backups by the schedule until the hub stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let settings = &shared.backups.settings;
    let (Some(directory), Some(every)) = (settings.directory.clone(), settings.every) else {
        return;
    };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let every_us = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        let next_us = shared.clock.now_us().saturating_add(every_us);
        shared.backups.status.lock().next_us = Some(next_us);
        let work = Arc::clone(&shared);
        // an error here says that the hub stops
        let Ok(outcome) = blocking(move || scheduled(&work)).await else {
            return;
        };
        if let Err(error) = outcome {
            warn!(%error, "no backup was made; it is tried again at the next turn");
            let news = News {
                kind: EventKind::Backup,
                severity: Severity::Alarm,
                subject: directory.display().to_string(),
                message: format!(
                    "no backup was made: {}; it is tried again at the next turn",
                    reason_of(&error)
                ),
            };
            shared.events.note(shared.clock.now_us(), news);
        }
    }
}

fn scheduled(shared: &Shared) -> Result<(), StoreError> {
    back_up(shared, &mut |_, _| ControlFlow::Continue(()))?;
    let keeper = &shared.backups;
    if let (Some(backups), Some(keep)) = (keeper.backups(), keeper.settings.keep) {
        let pruned = backups.prune(&keep)?;
        if !pruned.removed.is_empty() {
            info!(
                removed = pruned.removed.len(),
                freed = pruned.freed_bytes,
                "old backups removed"
            );
        }
    }
    Ok(())
}
