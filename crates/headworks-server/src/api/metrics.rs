//! The figures as Prometheus reads them.
//!
//! Labels are of small fixed sets: never a name, a path or an address of the plant.

use std::collections::BTreeMap;

use headworks_hub::{AlarmStats, ConnectionState, HubHandle, HubStats, HubTotals};
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
    alarms(&mut text, &app.hub.alarms().stats());
    history(&mut text, &stats);
    store(&mut text, &app.hub, &stats);
    database(&mut text, &stats);
    clients(&mut text, app);
    audit(&mut text, app);
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
    devices(text, &stats.totals);
    writes(text, &stats.totals);
}

fn devices(text: &mut Text, totals: &HubTotals) {
    let links = &totals.links;
    text.one(
        "headworks_scans_total",
        Counter,
        "Scans of devices that began.",
        number(links.scans),
    );
    text.one(
        "headworks_scans_missed_total",
        Counter,
        "Scans that came due while the one before was not done.",
        number(links.missed_scans),
    );
    text.one(
        "headworks_device_requests_total",
        Counter,
        "Requests sent to devices, retries included.",
        number(links.requests),
    );
    text.one(
        "headworks_device_requests_answered_total",
        Counter,
        "Requests that devices answered well.",
        number(links.answered),
    );
    text.one(
        "headworks_connection_restarts_total",
        Counter,
        "How often links were opened again.",
        number(totals.restarts),
    );
}

fn writes(text: &mut Text, totals: &HubTotals) {
    let mut family = text.family(
        "headworks_tag_writes_total",
        Counter,
        "Writes to tags by outcome: refused by rights, rules or the device; failed on the way.",
    );
    family.value(&[("outcome", "done")], number(totals.writes_done));
    family.value(&[("outcome", "refused")], number(totals.writes_refused));
    family.value(&[("outcome", "failed")], number(totals.writes_failed));
}

fn audit(text: &mut Text, app: &App) {
    let journal = &app.journal;
    text.one(
        "headworks_audit_entries_total",
        Counter,
        "Entries of the audit journal that were stored.",
        number(journal.stored()),
    );
    text.one(
        "headworks_audit_entries_dropped_total",
        Counter,
        "Entries of the audit journal that were lost: the queue was full or the disk refused.",
        number(journal.dropped()),
    );
    text.one(
        "headworks_audit_waiting_entries",
        Gauge,
        "Entries of the audit journal that wait for the disk.",
        number(u64::try_from(journal.waiting()).unwrap_or(u64::MAX)),
    );
    text.one(
        "headworks_audit_failing",
        Gauge,
        "1 while entries of the audit journal are being lost.",
        f64::from(u8::from(journal.fault().is_some())),
    );
    text.one(
        "headworks_audit_retentions_held_total",
        Counter,
        "Removals of old audit entries that were put off because the clock had jumped.",
        number(app.retaining.held()),
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

fn alarms(text: &mut Text, stats: &AlarmStats) {
    let count = |count: usize| number(u64::try_from(count).unwrap_or(u64::MAX));
    let figures = [
        ("headworks_alarms", "Alarms that are watched.", stats.alarms),
        (
            "headworks_alarms_active",
            "Alarms that are active, acknowledged or not.",
            stats.active,
        ),
        (
            "headworks_alarms_unacknowledged",
            "Alarms that somebody has to acknowledge.",
            stats.unacknowledged,
        ),
        (
            "headworks_alarms_hidden",
            "Alarms that are shelved, suppressed or out of service.",
            stats.hidden,
        ),
        (
            "headworks_alarm_journal_waiting_entries",
            "Entries of the journal of alarms that wait for the disk.",
            stats.waiting,
        ),
    ];
    for (name, help, value) in figures {
        text.one(name, Gauge, help, count(value));
    }
    text.one(
        "headworks_alarm_journal_entries_total",
        Counter,
        "Entries of the journal of alarms that were stored.",
        number(stats.stored),
    );
    text.one(
        "headworks_alarm_journal_lost_total",
        Counter,
        "Entries of the journal of alarms that were lost because the disk failed for too long.",
        number(stats.lost),
    );
    text.one(
        "headworks_alarm_journal_failing",
        Gauge,
        "1 while entries of the journal of alarms cannot be stored.",
        f64::from(u8::from(stats.fault.is_some())),
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
    let all = app.http.all();
    let mut family = text.family(
        "headworks_http_requests_total",
        Counter,
        "Requests by template of the route, method and class of the status.",
    );
    for ((route, method, class), histogram) in &all {
        let class = format!("{class}xx");
        let labels = [("route", *route), ("method", method), ("status", &class)];
        family.value(&labels, number(histogram.count()));
    }
    let mut family = text.family(
        "headworks_http_request_duration_seconds",
        Kind::Histogram,
        "Time from the head of a request to the head of its answer, by template of the route.",
    );
    for ((route, method, class), histogram) in all {
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
    text.one(
        "headworks_panics_total",
        Counter,
        "Panics of drivers, requests and others, none of which ended the process.",
        number(stats.panics),
    );
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
