//! The figures as Prometheus reads them.
//!
//! Labels are of small fixed sets: never a name, a path or an address of the plant.

use std::collections::BTreeMap;

use headworks_hub::{ConnectionState, HubHandle, HubStats};
use headworks_telemetry::metrics::{CONTENT_TYPE, Kind, Text, number};
use headworks_telemetry::{ExportStats, TelemetryStats};

use super::probes::Plain;
use crate::app::App;
use crate::problem::ApiError;
use crate::route::Call;

use Kind::{Counter, Gauge};

#[cfg(test)]
mod tests;

/// Answers with the figures.
pub(crate) async fn metrics(call: Call) -> Result<Plain, ApiError> {
    let app = call.app.clone();
    let text = call.app.blocking(move || Ok(text(&app))).await?;
    Ok(Plain::of(CONTENT_TYPE, text))
}

fn text(app: &App) -> String {
    let stats = app.hub.stats();
    let mut text = Text::default();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.family(
        "headworks_build_info",
        Gauge,
        "Version of the program; always 1.",
    )
    .value(&version, 1.0);
    process(&mut text, &stats);
    plant(&mut text, &app.hub, &stats);
    history(&mut text, &stats);
    store(&mut text, &app.hub, &stats);
    database(&mut text, &stats);
    clients(&mut text, app);
    telemetry(&mut text, &app.telemetry.stats());
    text.finish()
}

fn process(text: &mut Text, stats: &HubStats) {
    text.one(
        "headworks_uptime_seconds",
        Gauge,
        "Time since the hub started.",
        number(stats.uptime_secs),
    );
    let Some(usage) = stats.process else { return };
    text.one(
        "headworks_process_cpu_seconds_total",
        Counter,
        "Processor time of the process, user and system.",
        usage.cpu_secs,
    );
    text.one(
        "headworks_process_resident_memory_bytes",
        Gauge,
        "Memory of the process in RAM.",
        number(usage.rss_bytes),
    );
    text.one(
        "headworks_process_threads",
        Gauge,
        "Threads of the process.",
        f64::from(usage.threads),
    );
    text.one(
        "headworks_process_open_fds",
        Gauge,
        "Open files and sockets of the process.",
        f64::from(usage.open_files),
    );
}

fn plant(text: &mut Text, hub: &HubHandle, stats: &HubStats) {
    let mut family = text.family(
        "headworks_connections",
        Gauge,
        "Connections by protocol and state.",
    );
    for ((protocol, state), count) in connections(hub) {
        family.value(&[("protocol", protocol), ("state", state)], number(count));
    }
    let count = |count: usize| number(u64::try_from(count).unwrap_or(u64::MAX));
    text.one("headworks_devices", Gauge, "Devices.", count(stats.devices));
    text.one("headworks_tags", Gauge, "Tags.", count(stats.tags));
    text.one(
        "headworks_samples_total",
        Counter,
        "Samples taken from drivers.",
        number(stats.samples),
    );
    text.one(
        "headworks_samples_set_aside_total",
        Counter,
        "Samples neither shown nor stored because their time is beyond belief.",
        number(stats.set_aside),
    );
    requests(text, hub);
    text.one(
        "headworks_missed_scans",
        Gauge,
        "Scans of the present connections that came due while the one before was not done.",
        number(stats.missed_scans),
    );
}

/// Counts connections; every protocol of the program and every state has a number.
fn connections(hub: &HubHandle) -> BTreeMap<(&'static str, &'static str), u64> {
    let mut counts = BTreeMap::new();
    for protocol in hub.protocols() {
        for state in STATES {
            counts.insert((protocol.name, state_name(state)), 0);
        }
    }
    for connection in hub.plant().connections() {
        let known = hub.protocols().iter();
        let mut known = known.map(|protocol| protocol.name);
        let protocol = known.find(|name| *name == connection.body.protocol);
        if let (Some(protocol), Some(state)) = (protocol, hub.connection_state(connection.id)) {
            *counts.entry((protocol, state_name(state))).or_default() += 1;
        }
    }
    counts
}

const STATES: [ConnectionState; 6] = [
    ConnectionState::Stopped,
    ConnectionState::Starting,
    ConnectionState::Running,
    ConnectionState::Degraded,
    ConnectionState::Error,
    ConnectionState::Disabled,
];

const fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Stopped => "stopped",
        ConnectionState::Starting => "starting",
        ConnectionState::Running => "running",
        ConnectionState::Degraded => "degraded",
        ConnectionState::Error => "error",
        ConnectionState::Disabled => "disabled",
    }
}

fn requests(text: &mut Text, hub: &HubHandle) {
    let (mut sent, mut answered, mut restarts) = (0, 0, 0);
    for connection in hub.plant().connections() {
        if let Some(status) = hub.connection_status(connection.id) {
            sent += status.requests;
            answered += status.answered;
            restarts += status.restarts;
        }
    }
    text.one(
        "headworks_device_requests",
        Gauge,
        "Requests sent by the present connections, retries included.",
        number(sent),
    );
    text.one(
        "headworks_device_requests_answered",
        Gauge,
        "Requests of the present connections that were answered well.",
        number(answered),
    );
    text.one(
        "headworks_connection_restarts",
        Gauge,
        "How often the links of the present connections were opened again.",
        number(restarts),
    );
}

fn history(text: &mut Text, stats: &HubStats) {
    text.one(
        "headworks_history_samples_stored_total",
        Counter,
        "Samples that the historian accepted.",
        number(stats.history_stored),
    );
    text.one(
        "headworks_history_samples_dropped_total",
        Counter,
        "Samples that the historian refused for good.",
        number(stats.history_dropped),
    );
    text.one(
        "headworks_history_queue_samples",
        Gauge,
        "Samples that wait for the historian.",
        number(u64::try_from(stats.history_queue).unwrap_or(u64::MAX)),
    );
    let fails = stats.history_fault.is_some() || stats.historian.error.is_some();
    text.one(
        "headworks_history_failing",
        Gauge,
        "1 while samples cannot be stored.",
        f64::from(u8::from(fails)),
    );
    let historian = &stats.historian;
    text.one(
        "headworks_historian_memory_samples",
        Gauge,
        "Samples that the historian holds in memory and in its log.",
        number(historian.in_memory),
    );
    text.one(
        "headworks_historian_segment_samples",
        Gauge,
        "Samples in segment files.",
        number(historian.segment_samples),
    );
    text.one(
        "headworks_historian_sync_seconds",
        Gauge,
        "Time of the last group commit.",
        number(historian.sync_us) / 1e6,
    );
    text.one(
        "headworks_historian_quarantined_files",
        Gauge,
        "Files set aside, and parts of files left out, because they are damaged.",
        number(historian.quarantined),
    );
}

fn store(text: &mut Text, hub: &HubHandle, stats: &HubStats) {
    text.one(
        "headworks_wal_bytes",
        Gauge,
        "Bytes of the write-ahead log of the historian.",
        number(stats.historian.wal_bytes),
    );
    text.one(
        "headworks_segment_files",
        Gauge,
        "Segment files of the historian.",
        number(stats.historian.segments),
    );
    text.one(
        "headworks_segment_bytes",
        Gauge,
        "Bytes of the segment files.",
        number(stats.historian.segment_bytes),
    );
    if let Some(disk) = hub.storage().disk {
        text.one(
            "headworks_disk_size_bytes",
            Gauge,
            "Size of the disk of the data directory.",
            number(disk.total_bytes),
        );
        text.one(
            "headworks_disk_free_bytes",
            Gauge,
            "Room that is left on the disk of the data directory.",
            number(disk.free_bytes),
        );
    }
}

fn database(text: &mut Text, stats: &HubStats) {
    let Some(database) = &stats.historian.database else {
        return;
    };
    text.one(
        "headworks_database_connected",
        Gauge,
        "1 while the database answers.",
        f64::from(u8::from(database.connected)),
    );
    text.one(
        "headworks_database_samples_forwarded_total",
        Counter,
        "Samples that the database took.",
        number(database.forwarded),
    );
    text.one(
        "headworks_database_samples_refused_total",
        Counter,
        "Samples that the database refused.",
        number(database.refused),
    );
    text.one(
        "headworks_database_samples_dropped_total",
        Counter,
        "Samples dropped because more waited for the database than may.",
        number(database.dropped),
    );
    text.one(
        "headworks_database_waiting_samples",
        Gauge,
        "Samples that wait for the database.",
        number(database.waiting),
    );
    text.one(
        "headworks_database_waiting_bytes",
        Gauge,
        "Bytes of the logs that wait for the database.",
        number(database.waiting_bytes),
    );
}

fn clients(text: &mut Text, app: &App) {
    let live = app.live.stats();
    text.one(
        "headworks_live_clients",
        Gauge,
        "Open WebSockets and event streams.",
        number(u64::try_from(live.watchers()).unwrap_or(u64::MAX)),
    );
    let mut family = text.family(
        "headworks_http_request_duration_seconds",
        Kind::Histogram,
        "Time from the head of a request to the head of its answer, by template of the route.",
    );
    for ((route, method, class), histogram) in app.http.all() {
        let class = format!("{class}xx");
        let labels = [
            ("route", route),
            ("method", method.as_str()),
            ("status", class.as_str()),
        ];
        family.histogram(&labels, &histogram);
    }
}

fn telemetry(text: &mut Text, stats: &TelemetryStats) {
    let mut family = text.family("headworks_log_lines_total", Counter, "Log lines by level.");
    let others = stats.lines.saturating_sub(stats.warnings + stats.errors);
    family.value(&[("level", "error")], number(stats.errors));
    family.value(&[("level", "warn")], number(stats.warnings));
    family.value(&[("level", "other")], number(others));
    let mut family = text.family(
        "headworks_log_lines_dropped_total",
        Counter,
        "Log lines that a way did not get because too many waited.",
    );
    family.value(&[("way", "file")], number(stats.file_dropped));
    family.value(&[("way", "journal")], number(stats.journal_dropped));
    let ways = [("sentry", stats.sentry), ("otlp", stats.otlp)];
    if ways.iter().all(|(_, stats)| stats.is_none()) {
        return;
    }
    let mut family = text.family(
        "headworks_telemetry_exports_total",
        Counter,
        "Errors and traces for other servers, by what became of them.",
    );
    let known = ways
        .into_iter()
        .filter_map(|(way, stats)| Some((way, stats?)));
    for (
        way,
        ExportStats {
            sent,
            failed,
            dropped,
        },
    ) in known
    {
        family.value(&[("way", way), ("outcome", "sent")], number(sent));
        family.value(&[("way", way), ("outcome", "failed")], number(failed));
        family.value(&[("way", way), ("outcome", "dropped")], number(dropped));
    }
}
