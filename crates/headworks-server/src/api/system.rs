//! What the system says of itself: health, figures, protocols, schemas.

use std::marker::PhantomData;

use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, Picture, Policy,
    RetentionPolicy, Roster, Route, Tag, Template,
};
use headworks_hub::{AlarmStats, DiskLevel, HubStats};
use headworks_protocols::Protocol;
use headworks_store::DatabaseStats;
use headworks_telemetry::TelemetryStats;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use crate::app::App;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, Written};

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
    /// What is found.
    detail: String,
}

/// Figures of the system at one instant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Stats {
    /// The hub and what it stores.
    hub: HubStats,
    /// Who looks at it.
    live: crate::live::LiveStats,
}

/// A protocol that connections may name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProtocolItem {
    /// Value of `protocol` in a connection.
    name: &'static str,
    /// Name on screen.
    title: &'static str,
    /// What it is for.
    summary: &'static str,
    /// How addresses of tags are written.
    address_help: &'static str,
    /// JSON Schema of the settings of a connection.
    #[schemars(with = "serde_json::Value")]
    connection_schema: Schema,
    /// JSON Schema of the settings of a device.
    #[schemars(with = "serde_json::Value")]
    device_schema: Schema,
}

/// The protocols.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Protocols {
    /// In order of name.
    items: Vec<ProtocolItem>,
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
    let database_ok = checks.database.as_ref().is_none_or(|check| check.ok);
    let parts = [
        &checks.connections,
        &checks.history,
        &checks.storage,
        &checks.alarms,
        &checks.configuration,
        &checks.audit,
    ];
    let ok = parts.iter().all(|check| check.ok) && database_ok && checks.telemetry.ok;
    Ok(Json(Health {
        status: if ok { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: stats.uptime_secs,
        checks,
    }))
}

fn connections(stats: &HubStats) -> Check {
    let found = &stats.connections;
    let enabled = found.stopped + found.starting + found.running + found.degraded + found.error;
    Check {
        ok: found.error == 0 && found.degraded == 0,
        detail: format!(
            "{} of {enabled} running, {} starting, {} degraded, {} in error",
            found.running, found.starting, found.degraded, found.error
        ),
    }
}

fn history(stats: &HubStats) -> Check {
    let fault = stats.history_fault.as_ref().map(|fault| &fault.reason);
    let fault = fault.or(stats.historian.error.as_ref());
    Check {
        ok: fault.is_none(),
        detail: fault.map_or_else(
            || format!("{} samples stored since the start", stats.history_stored),
            |_| "samples are not stored at present; GET /api/v1/system/stats says why".into(),
        ),
    }
}

fn configuration(stats: &HubStats) -> Check {
    let objects = stats.objects.as_ref();
    let ok = objects.is_some_and(|objects| objects.writable);
    let is_remote = objects.is_some_and(|objects| objects.server.is_some());
    let detail = match (ok, is_remote) {
        (true, true) => "in the database; edits are taken",
        (true, false) => "in the data directory; edits are taken",
        (false, true) => {
            "the database does not answer; edits are refused, all else goes on; GET \
             /api/v1/system/stats says why"
        }
        (false, false) => "the hub is stopping",
    };
    Check {
        ok,
        detail: detail.into(),
    }
}

fn storage(level: DiskLevel) -> Check {
    let detail = match level {
        DiskLevel::Ok => "the disk is less than 80 % full",
        DiskLevel::Warning => "the disk is 80 % full or more",
        DiskLevel::Alarm => "the disk is 90 % full or more; make room",
        DiskLevel::Critical => "the disk is 95 % full or more; make room now",
    };
    Check {
        ok: level < DiskLevel::Alarm,
        detail: detail.into(),
    }
}

fn database(stats: &DatabaseStats) -> Check {
    let waiting = stats.waiting;
    let detail = match (stats.connected, stats.dropped) {
        (true, 0) => format!("the database answers, {waiting} samples wait for it"),
        (false, 0) => format!("the database is away, {waiting} samples wait for it"),
        (_, dropped) => format!("{dropped} samples never reached the database, {waiting} wait"),
    };
    Check {
        ok: stats.connected && stats.error.is_none(),
        detail,
    }
}

fn alarms(stats: &AlarmStats) -> Check {
    let (waiting, lost) = (stats.waiting, stats.lost);
    let detail = match (&stats.fault, lost) {
        (Some(_), 0) => format!("{waiting} transitions wait for the disk; the log says why"),
        (Some(_), _) => format!("transitions are being lost, {lost} so far; the log says why"),
        (None, 0) => "every transition is stored".into(),
        (None, _) => format!("stored at present; {lost} were lost since the start"),
    };
    Check {
        ok: stats.fault.is_none(),
        detail,
    }
}

fn audit(app: &App) -> Check {
    let (fault, doubt) = (app.journal.fault(), app.retaining.doubt());
    let detail = match (&fault, doubt, app.journal.dropped()) {
        (Some(_), _, lost) => format!("entries are being lost, {lost} so far; the log says why"),
        (None, Some(doubt), _) => format!("old entries stay: {doubt}"),
        (None, None, 0) => "every entry is stored".into(),
        (None, None, lost) => format!("stored at present; {lost} were lost since the start"),
    };
    Check {
        ok: fault.is_none() && doubt.is_none(),
        detail,
    }
}

fn telemetry(stats: &TelemetryStats) -> Check {
    let dropped = stats.file_dropped + stats.journal_dropped;
    let detail = match (stats.failing, dropped) {
        (true, _) => "log lines or errors cannot be kept: the disk refuses".into(),
        (false, 0) => "log lines and errors are kept".into(),
        (false, _) => format!("kept at present; {dropped} were dropped since the start"),
    };
    Check {
        ok: !stats.failing,
        detail,
    }
}

/// Answers with the figures of the system.
pub(crate) async fn stats(call: Call) -> Result<Json<Stats>, ApiError> {
    Ok(Json(Stats {
        hub: call.app.hub.stats(),
        live: call.app.live.stats(),
    }))
}

/// Lists the protocols.
pub(crate) async fn protocols(call: Call) -> Result<Json<Protocols>, ApiError> {
    let item = |protocol: &&'static Protocol| ProtocolItem {
        name: protocol.name,
        title: protocol.title,
        summary: protocol.summary,
        address_help: protocol.address_help,
        connection_schema: (protocol.connection_schema)(),
        device_schema: (protocol.device_schema)(),
    };
    let items = call.app.hub.protocols().iter().map(item).collect();
    Ok(Json(Protocols { items }))
}

/// Answers with the JSON Schema of the body of a kind.
pub(crate) async fn schema(call: Call) -> Result<Json<serde_json::Value>, ApiError> {
    let kind: Kind = call.param("kind").parse().map_err(|_| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        ApiError::new(Code::NotFound, format!("no such kind; there are {names}"))
    })?;
    let schema = match kind {
        Kind::Asset => schema_for!(Asset),
        Kind::Connection => schema_for!(Connection),
        Kind::Template => schema_for!(Template),
        Kind::Device => schema_for!(Device),
        Kind::Tag => schema_for!(Tag),
        Kind::Group => schema_for!(Group),
        Kind::Alarm => schema_for!(Alarm),
        Kind::Route => schema_for!(Route),
        Kind::Channel => schema_for!(Channel),
        Kind::Roster => schema_for!(Roster),
        Kind::Policy => schema_for!(Policy),
        Kind::Dashboard => schema_for!(Dashboard),
        Kind::Picture => schema_for!(Picture),
        Kind::Retention => schema_for!(RetentionPolicy),
        Kind::Dictionary => schema_for!(Dictionary),
    };
    Ok(Json(schema.to_value()))
}

/// Answers with the OpenAPI document.
pub(crate) async fn openapi(call: Call) -> Result<Written<serde_json::Value>, ApiError> {
    Ok(Written(call.app.openapi().to_vec(), PhantomData))
}
