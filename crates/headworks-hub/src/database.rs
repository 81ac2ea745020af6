//! Looks after the database of the configuration objects: notices that it is away, and takes edits
//! again when it is back. Nothing else waits for it.

use std::sync::Arc;
use std::time::Duration;

use headworks_store::ObjectHealth;
use tokio::time::sleep;
use tracing::debug;

use crate::apply::{blocking, resume};
use crate::error::HubError;
use crate::events::{EventKind, News, Severity};
use crate::hub::Shared;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// First and longest pause between two tries while it is away.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(15)];

/// Looks until the hub stops; ends at once where the objects are in the data directory.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let mut is_told_writable = true;
    let mut pause = BACK_OFF[0];
    while let Some(health) = look(&shared).await {
        if health.writable != is_told_writable {
            tell(&shared, &health);
            is_told_writable = health.writable;
        }
        let mut rest = LOOK;
        if health.writable {
            pause = BACK_OFF[0];
        } else if let Err(error) = bring_back(&shared).await {
            debug!(%error, "the objects are not back yet");
            rest = pause;
            pause = (pause * 2).min(BACK_OFF[1]);
        } else {
            rest = Duration::ZERO; // to tell of it
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = sleep(rest) => {}
        }
    }
}

/// Returns how the objects are; nothing when there is no database to look after.
async fn look(shared: &Shared) -> Option<ObjectHealth> {
    let objects = shared.objects().ok()?;
    objects.health().server.as_ref()?;
    let looked = blocking(move || {
        objects.look();
        objects.health()
    });
    looked.await.ok()
}

async fn bring_back(shared: &Arc<Shared>) -> Result<(), HubError> {
    let objects = shared.objects()?;
    let reached = blocking(move || objects.reach()).await??;
    match reached {
        Some(reached) => resume(Arc::clone(shared), reached).await,
        None => Ok(()),
    }
}

fn tell(shared: &Shared, health: &ObjectHealth) {
    let error = health.error.as_deref().unwrap_or_default();
    let (severity, message) = match health.writable {
        true => (
            Severity::Info,
            "the database of the configuration answers; edits are taken again".to_owned(),
        ),
        false => (
            Severity::Alarm,
            format!("edits are refused until the database answers; all else goes on: {error}"),
        ),
    };
    let news = News {
        kind: EventKind::Configuration,
        severity,
        subject: health.server.clone().unwrap_or_default(),
        message,
    };
    shared.events.note(shared.clock.now_us(), news);
}
