//! Whether the hub does its work: what was looked at, and what was found there.

use std::collections::BTreeMap;

use headworks_hub::{AlarmStats, DiskLevel, HubStats};
use headworks_store::DatabaseStats;
use headworks_telemetry::TelemetryStats;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Whether the hub does its work.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// `ok`, or `degraded` when a check fails.
    status: &'static str,
    /// Version of the program.
    version: &'static str,
    /// Seconds since the hub started.
    uptime_s: u64,
    /// The parts of the answer.
    checks: Checks,
}

/// What was looked at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checks {
    /// Whether every enabled connection does its work.
    connections: Check,
    /// Whether samples are stored.
    history: Check,
    /// Whether the disk has room.
    storage: Check,
    /// Whether the database gets all samples; null without one.
    database: Option<Check>,
    /// Whether log lines and errors are kept.
    telemetry: Check,
    /// Whether what alarms do is stored.
    alarms: Check,
    /// Whether edits of the configuration are taken.
    configuration: Check,
    /// Whether the audit journal is kept.
    audit: Check,
}

/// One thing that was looked at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Check {
    /// Whether it is as it should be.
    ok: bool,
    /// What is found, for programs and for words of other languages.
    code: HealthCode,
    /// The figures of what is found, by name.
    figures: BTreeMap<&'static str, u64>,
    /// What is found, as a sentence with its figures.
    detail: String,
}

/// What a check finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthCode {
    /// So many of the enabled connections are in each state: `enabled`, `running`, `starting`,
    /// `degraded`, `error`.
    ConnectionStates,
    /// Samples are stored: `stored` since the start.
    SamplesStored,
    /// Samples are not stored at present.
    SamplesNotStored,
    /// The disk is less than 80 % full.
    DiskHasRoom,
    /// The disk is 80 % full or more.
    DiskFills,
    /// The disk is 90 % full or more.
    DiskNearlyFull,
    /// The disk is 95 % full or more.
    DiskFull,
    /// The database answers; `waiting` samples are on their way.
    DatabaseAnswers,
    /// The database is away; `waiting` samples are kept for it.
    DatabaseAway,
    /// `lost` samples never reached the database; `waiting` are kept for it.
    DatabaseLost,
    /// Every transition of alarms is stored.
    AlarmsStored,
    /// `waiting` transitions wait for the disk.
    AlarmsWait,
    /// Transitions are being lost, `lost` so far.
    AlarmsBeingLost,
    /// Transitions are stored at present; `lost` were lost since the start.
    AlarmsWereLost,
    /// Edits are taken, into the data directory.
    EditsKeptHere,
    /// Edits are taken, into the database.
    EditsKeptInDatabase,
    /// Edits are refused, because the database does not answer.
    EditsRefused,
    /// Edits are refused, because the hub is stopping.
    HubStops,
    /// Every entry of the audit journal is stored.
    AuditStored,
    /// Entries of the audit journal are being lost, `lost` so far.
    AuditBeingLost,
    /// Entries are stored at present; `lost` were lost since the start.
    AuditWereLost,
    /// Old entries of the audit journal stay, for the reason that the detail gives.
    AuditOldStay,
    /// Log lines and errors are kept.
    LogsKept,
    /// Log lines or errors cannot be kept: the disk refuses.
    LogsRefused,
    /// Log lines and errors are kept at present; `dropped` were dropped since the start.
    LogsDropped,
}

impl Check {
    fn new<const N: usize>(
        ok: bool,
        code: HealthCode,
        figures: [(&'static str, u64); N],
        detail: impl Into<String>,
    ) -> Check {
        Check {
            ok,
            code,
            figures: figures.into(),
            detail: detail.into(),
        }
    }
}

impl Checks {
    fn are_ok(&self) -> bool {
        let Checks {
            connections,
            history,
            storage,
            database,
            telemetry,
            alarms,
            configuration,
            audit,
        } = self;
        let always = [
            connections,
            history,
            storage,
            telemetry,
            alarms,
            configuration,
            audit,
        ];
        always.into_iter().chain(database).all(|check| check.ok)
    }
}

/// Answers whether the hub does its work.
pub(crate) async fn health(call: Call) -> Result<Json<Health>, ApiError> {
    let stats = call.app.hub.stats();
    let checks = Checks {
        connections: connections(&stats),
        history: history(&stats),
        storage: storage(call.app.hub.disk_level()),
        database: stats.historian.database.as_ref().map(database),
        alarms: alarms(&call.app.hub.alarms().stats()),
        configuration: configuration(&stats),
        telemetry: telemetry(&call.app.telemetry.stats()),
        audit: audit(&call.app),
    };
    Ok(Json(Health {
        status: if checks.are_ok() { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: stats.uptime_secs,
        checks,
    }))
}

fn connections(stats: &HubStats) -> Check {
    let found = &stats.connections;
    let enabled = found.stopped + found.starting + found.running + found.degraded + found.error;
    let figures = [
        ("enabled", enabled),
        ("running", found.running),
        ("starting", found.starting),
        ("degraded", found.degraded),
        ("error", found.error),
    ]
    .map(|(name, count)| (name, count as u64));
    let detail = format!(
        "{} of {enabled} running, {} starting, {} degraded, {} in error",
        found.running, found.starting, found.degraded, found.error
    );
    let ok = found.error == 0 && found.degraded == 0;
    Check::new(ok, HealthCode::ConnectionStates, figures, detail)
}

fn history(stats: &HubStats) -> Check {
    if stats.history_fault.is_some() || stats.historian.error.is_some() {
        let detail = "samples are not stored at present; GET /api/v1/system/stats says why";
        return Check::new(false, HealthCode::SamplesNotStored, [], detail);
    }
    let stored = stats.history_stored;
    let detail = format!("{stored} samples stored since the start");
    Check::new(
        true,
        HealthCode::SamplesStored,
        [("stored", stored)],
        detail,
    )
}

fn configuration(stats: &HubStats) -> Check {
    let objects = stats.objects.as_ref();
    let ok = objects.is_some_and(|objects| objects.writable);
    let is_remote = objects.is_some_and(|objects| objects.server.is_some());
    let (code, detail) = match (ok, is_remote) {
        (true, true) => (
            HealthCode::EditsKeptInDatabase,
            "in the database; edits are taken",
        ),
        (true, false) => (
            HealthCode::EditsKeptHere,
            "in the data directory; edits are taken",
        ),
        (false, true) => (
            HealthCode::EditsRefused,
            "the database does not answer; edits are refused, all else goes on; GET \
             /api/v1/system/stats says why",
        ),
        (false, false) => (HealthCode::HubStops, "the hub is stopping"),
    };
    Check::new(ok, code, [], detail)
}

fn storage(level: DiskLevel) -> Check {
    let (code, detail) = match level {
        DiskLevel::Ok => (HealthCode::DiskHasRoom, "the disk is less than 80 % full"),
        DiskLevel::Warning => (HealthCode::DiskFills, "the disk is 80 % full or more"),
        DiskLevel::Alarm => (
            HealthCode::DiskNearlyFull,
            "the disk is 90 % full or more; make room",
        ),
        DiskLevel::Critical => (
            HealthCode::DiskFull,
            "the disk is 95 % full or more; make room now",
        ),
    };
    Check::new(level < DiskLevel::Alarm, code, [], detail)
}

fn database(stats: &DatabaseStats) -> Check {
    let (waiting, lost) = (stats.waiting, stats.dropped);
    let (code, detail) = match (stats.connected, lost) {
        (true, 0) => (
            HealthCode::DatabaseAnswers,
            format!("the database answers, {waiting} samples wait for it"),
        ),
        (false, 0) => (
            HealthCode::DatabaseAway,
            format!("the database is away, {waiting} samples wait for it"),
        ),
        (_, lost) => (
            HealthCode::DatabaseLost,
            format!("{lost} samples never reached the database, {waiting} wait"),
        ),
    };
    let ok = stats.connected && stats.error.is_none();
    Check::new(ok, code, [("waiting", waiting), ("lost", lost)], detail)
}

fn alarms(stats: &AlarmStats) -> Check {
    let (waiting, lost) = (stats.waiting, stats.lost);
    let (code, detail) = match (&stats.fault, lost) {
        (Some(_), 0) => (
            HealthCode::AlarmsWait,
            format!("{waiting} transitions wait for the disk; the log says why"),
        ),
        (Some(_), _) => (
            HealthCode::AlarmsBeingLost,
            format!("transitions are being lost, {lost} so far; the log says why"),
        ),
        (None, 0) => (
            HealthCode::AlarmsStored,
            "every transition is stored".into(),
        ),
        (None, _) => (
            HealthCode::AlarmsWereLost,
            format!("stored at present; {lost} were lost since the start"),
        ),
    };
    let figures = [("waiting", waiting as u64), ("lost", lost)];
    Check::new(stats.fault.is_none(), code, figures, detail)
}

fn audit(app: &App) -> Check {
    let (fault, doubt, lost) = (
        app.journal.fault(),
        app.retaining.doubt(),
        app.journal.dropped(),
    );
    let ok = fault.is_none() && doubt.is_none();
    let (code, detail) = match (&fault, doubt, lost) {
        (Some(_), _, lost) => (
            HealthCode::AuditBeingLost,
            format!("entries are being lost, {lost} so far; the log says why"),
        ),
        (None, Some(doubt), _) => (
            HealthCode::AuditOldStay,
            format!("old entries stay: {doubt}"),
        ),
        (None, None, 0) => (HealthCode::AuditStored, "every entry is stored".into()),
        (None, None, lost) => (
            HealthCode::AuditWereLost,
            format!("stored at present; {lost} were lost since the start"),
        ),
    };
    Check::new(ok, code, [("lost", lost)], detail)
}

fn telemetry(stats: &TelemetryStats) -> Check {
    let dropped = stats.file_dropped + stats.journal_dropped;
    let (code, detail) = match (stats.failing, dropped) {
        (true, _) => (
            HealthCode::LogsRefused,
            "log lines or errors cannot be kept: the disk refuses".into(),
        ),
        (false, 0) => (HealthCode::LogsKept, "log lines and errors are kept".into()),
        (false, _) => (
            HealthCode::LogsDropped,
            format!("kept at present; {dropped} were dropped since the start"),
        ),
    };
    Check::new(!stats.failing, code, [("dropped", dropped)], detail)
}
