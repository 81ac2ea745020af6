//! Events about samples and their sources.

use headworks_core::TagIndex;

use crate::events::{EventKind, News, Severity};
use crate::hub::Shared;
use crate::ingest::{Violation, ViolationKind};

/// Tells of samples that were set aside since the last call.
pub(crate) fn tell_of_samples(shared: &Shared) {
    let untold = shared.ingest.take_untold();
    if untold.is_empty() {
        return;
    }
    let plant = shared.plant.load();
    let name = |index: TagIndex| plant.tag_at(index).map(|tag| tag.path().to_string());
    for (index, violation) in untold {
        let news = News {
            kind: EventKind::Validation,
            severity: Severity::Warning,
            subject: name(index).unwrap_or_default(),
            message: set_aside(&violation),
        };
        shared.events.note_repeated(violation.received_us, news);
    }
}

fn set_aside(violation: &Violation) -> String {
    let off_secs = violation.time_us.saturating_sub(violation.received_us) / 1_000_000;
    let (off_secs, side) = match violation.kind {
        ViolationKind::Future => (off_secs, "in the future"),
        _ => (-off_secs, "in the past"),
    };
    format!("sample {off_secs} s {side} was not stored; check the clock of the source")
}

/// Tells when the database of the samples goes away and when it is back; `answers` is what was
/// told last.
pub(crate) fn tell_of_database(shared: &Shared, answers: &mut bool) {
    let Some(database) = shared.historian.database() else {
        return;
    };
    let is_away = database.error.is_some();
    if is_away != *answers {
        return;
    }
    *answers = !is_away;
    let (severity, message) = match &database.error {
        Some(error) => {
            let message =
                format!("samples wait on the disk until the database takes them: {error}");
            (Severity::Warning, message)
        }
        None => (
            Severity::Info,
            "the database takes samples again".to_owned(),
        ),
    };
    let news = News {
        kind: EventKind::History,
        severity,
        subject: database.server,
        message,
    };
    shared.events.note(shared.clock.now_us(), news);
}

/// Tells of devices whose clocks are wrong.
pub(crate) fn tell_of_clocks(shared: &Shared) {
    let plant = shared.plant.load();
    let now_us = shared.clock.now_us();
    for (id, skew) in shared.clocks.wrong(&plant) {
        let Some(device) = plant.device(id) else {
            continue;
        };
        let secs = skew.median_us / 1_000_000;
        let side = if 0 < secs { "ahead of" } else { "behind" };
        let news = News {
            kind: EventKind::Clock,
            severity: Severity::Warning,
            subject: device.body.name.clone(),
            message: format!(
                "times of samples are {} s {side} the hub's clock; set the clock of the source, \
                 or its samples come late",
                secs.abs()
            ),
        };
        shared.events.note_repeated(now_us, news);
    }
}
