//! Process settings: what `headworks.toml`, the environment and the command line say.
//!
//! Objects of the plant (connections, devices, tags, dashboards) are not settings: they live in
//! the data directory and are changed while the program runs.

mod alarms;
mod audit;
mod error;
mod load;
mod mail;
mod outbound;
mod server;
mod sessions;
mod shown;
mod telemetry;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use headworks_core::model;
use headworks_hub::{
    BackupSettings, DatabaseSettings, FullDisk, ObjectHome, TimeLimits, UpkeepSettings,
};
use headworks_store::backup::Keep;
use headworks_store::{DatabaseUrl, ForwardOptions};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use alarms::Alarms;
pub(crate) use audit::Audit;
pub(crate) use error::SettingsError;
pub(crate) use load::{Loaded, Sources, load, load_with_origins};
pub(crate) use mail::Mail;
pub(crate) use outbound::Outbound;
pub(crate) use server::Server;
pub(crate) use sessions::Sessions;
pub(crate) use telemetry::{Log, LogFormat, Telemetry};

/// A commented `headworks.toml` in which every line shows its default.
pub(crate) const SAMPLE: &str = include_str!("settings/sample.toml");

/// Everything a process is told before it starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The HTTP server: REST, WebSocket, web UI.
    pub(crate) server: Server,
    /// How long people stay signed in.
    pub(crate) sessions: Sessions,
    /// Calls to other servers: webhooks of routes and notification.
    pub(crate) outbound: Outbound,
    /// The mail server over which people are told of alarms.
    pub(crate) mail: Mail,
    /// How long it is kept who did what.
    pub(crate) audit: Audit,
    /// How much is kept of what alarms did.
    pub(crate) alarms: Alarms,
    /// Where things are kept.
    pub(crate) data: Data,
    /// How samples are stored.
    pub(crate) historian: Historian,
    /// Which times of samples are believed.
    pub(crate) validation: Validation,
    /// A PostgreSQL database that gets all samples too.
    pub(crate) database: Database,
    /// Copies of everything that is stored.
    pub(crate) backup: Backup,
    /// What is written to standard error and a log file.
    pub(crate) log: Log,
    /// What other servers are told of errors and requests.
    pub(crate) telemetry: Telemetry,
    /// How much of the machine is used.
    pub(crate) runtime: Runtime,
}

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Data {
    /// The data directory, made when it is missing; relative to the working directory.
    #[serde(deserialize_with = "some_path")]
    pub(crate) directory: PathBuf,
}

/// How samples are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Historian {
    /// Longest time in milliseconds until an accepted sample also survives a power cut, 0 to
    /// 60000; 0 waits for the disk with every batch.
    #[serde(deserialize_with = "group_commit_ms")]
    #[schemars(range(max = 60_000))]
    pub(crate) group_commit_ms: u64,
    /// Time zone whose days and weeks are rolled up, e.g. `Europe/Berlin`.
    #[serde(deserialize_with = "time_zone")]
    pub(crate) time_zone: String,
    /// Days that samples and their roll-ups are kept of tags that no retention policy selects.
    pub(crate) retention_days: RetentionDays,
    /// Most gigabytes (10^9 bytes) of the historian's files; beyond them the oldest raw days that
    /// are rolled up go before their time. 0 is no bound.
    pub(crate) size_max_gb: u32,
    /// What becomes of samples when the disk is full: `stop` keeps what is stored as long as was
    /// promised and drops new samples that find no room; `drop_oldest` drops the oldest raw days
    /// that are rolled up from 95 % on.
    pub(crate) full_disk: FullDisk,
}

/// A PostgreSQL database that gets all samples too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// Where it is: `postgres://user:password@host:5432/database`; `?sslmode=verify-full` for
    /// TLS. Empty for none. Better in `HEADWORKS__DATABASE__URL_FILE` than in this file.
    #[schemars(with = "String", extend("writeOnly" = true))]
    pub(crate) url: Secret,
    /// Most connections to it, 2 to 64.
    #[serde(deserialize_with = "connections")]
    #[schemars(range(min = 2, max = 64))]
    pub(crate) connections_max: usize,
    /// Most megabytes (10^6 bytes) of logs that wait on the disk while the database is away, 1 to
    /// 1000000; beyond them the oldest are dropped and counted.
    #[serde(deserialize_with = "forward_mb")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) forward_max_mb: u64,
    /// Days that samples stay in the database, 0 to 36525; 0 keeps them for ever.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) retention_days: u32,
    /// Where connections, devices, tags, dashboards and policies live with their history: `local`
    /// in the data directory; `database` in the database, for one hub at a time, with a copy in
    /// the data directory.
    pub(crate) objects: ObjectHome,
}

/// A text that is not shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

/// Days that each tier is kept, 0 to 36525; 0 keeps it for ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetentionDays {
    /// Every sample.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) raw: u32,
    /// Rows per minute.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) minute: u32,
    /// Rows per five minutes.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) five_minutes: u32,
    /// Rows per hour.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) hour: u32,
    /// Rows per day.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) day: u32,
    /// Rows per week.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) week: u32,
}

/// Copies of everything that is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backup {
    /// The directory of the backups, best on another disk; empty for none.
    pub(crate) directory: PathBuf,
    /// Minutes between two backups, 0 to 10080; 0 makes them on demand only. What an earlier
    /// backup has is not copied again.
    #[serde(deserialize_with = "minutes")]
    #[schemars(range(max = 10_080))]
    pub(crate) every_minutes: u32,
    /// How many of the newest backups stay, at least 1.
    pub(crate) keep_last: usize,
    /// Of how many days the newest backup stays.
    pub(crate) keep_daily: usize,
    /// Of how many weeks the newest backup stays.
    pub(crate) keep_weekly: usize,
}

impl Default for Backup {
    fn default() -> Backup {
        Backup {
            directory: PathBuf::new(),
            every_minutes: 0,
            keep_last: 24,
            keep_daily: 7,
            keep_weekly: 4,
        }
    }
}

impl Backup {
    /// Returns what the hub is told.
    pub(crate) fn settings(&self) -> BackupSettings {
        let every = u64::from(self.every_minutes) * 60;
        BackupSettings {
            directory: (!self.directory.as_os_str().is_empty()).then(|| self.directory.clone()),
            every: (every != 0).then(|| Duration::from_secs(every)),
            keep: Some(Keep {
                last: self.keep_last.max(1),
                daily: self.keep_daily,
                weekly: self.keep_weekly,
            }),
        }
    }
}

/// Which times of samples are believed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Validation {
    /// Seconds that the time of a sample may lie in the future, 0 to 86400; a sample beyond is
    /// neither shown nor stored.
    #[serde(deserialize_with = "future_s")]
    #[schemars(range(max = 86_400))]
    pub(crate) future_s: u32,
    /// Days that the time of a sample may lie in the past, 0 to 36525; 0 is no bound. Samples that
    /// are older than raw samples are kept go again with the next upkeep.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) past_days: u32,
}

/// How much of the machine is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Runtime {
    /// Threads that poll and serve, 1 to 64.
    #[serde(deserialize_with = "workers")]
    #[schemars(range(min = 1, max = 64))]
    pub(crate) workers: usize,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ListenAddress(SocketAddr);

/// Directives that say which log lines are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct LogFilter(String);

/// Longest time between two backups, in minutes: a week.
const BACKUP_MINUTES_MAX: u32 = 10_080;
/// Longest wait for a group commit, in milliseconds.
const GROUP_COMMIT_MS_MAX: u64 = 60_000;
/// Most megabytes that wait for the database.
const FORWARD_MB_MAX: u64 = 1_000_000;
/// Most connections to the database; one forwards, the others read.
const CONNECTIONS_MAX: usize = 64;
/// Most days that a tier is kept: a century.
const DAYS_MAX: u32 = 36_525;
/// Most threads.
const WORKERS_MAX: usize = 64;

impl ListenAddress {
    /// Returns the address.
    pub(crate) fn get(self) -> SocketAddr {
        self.0
    }
}

impl LogFilter {
    /// Returns the directives.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<ListenAddress, String> {
        let address: SocketAddr = text
            .parse()
            .map_err(|_| format!("{text:?} is no address with a port, e.g. 127.0.0.1:8080"))?;
        Ok(ListenAddress(address))
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<LogFilter, String> {
        let refused = |reason: String| {
            format!("{text:?} is no log level: {reason}; use error, warn, info, debug or trace")
        };
        if text.trim().is_empty() {
            return Err(refused("it is empty".into()));
        }
        // `infoo` alone would be taken for the name of a part of the program.
        let known = ["off", "error", "warn", "info", "debug", "trace"];
        let bare = text
            .split(',')
            .find(|part| !part.contains('=') && !known.contains(part));
        if let Some(part) = bare {
            return Err(refused(format!("{part:?} is not known")));
        }
        tracing_subscriber::EnvFilter::try_new(text).map_err(|error| refused(error.to_string()))?;
        Ok(LogFilter(text.to_owned()))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<ListenAddress, String> {
        text.parse()
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> String {
        address.0.to_string()
    }
}

impl TryFrom<String> for LogFilter {
    type Error = String;

    fn try_from(text: String) -> Result<LogFilter, String> {
        text.parse()
    }
}

impl From<LogFilter> for String {
    fn from(filter: LogFilter) -> String {
        filter.0
    }
}

impl Default for ListenAddress {
    fn default() -> ListenAddress {
        ListenAddress(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
    }
}

impl Default for LogFilter {
    fn default() -> LogFilter {
        LogFilter("info".into())
    }
}

impl Default for Data {
    fn default() -> Data {
        Data {
            directory: PathBuf::from("headworks-data"),
        }
    }
}

impl Historian {
    /// Returns the zone of days and weeks.
    pub(crate) fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl Default for Historian {
    fn default() -> Historian {
        Historian {
            group_commit_ms: 1000,
            time_zone: "UTC".to_owned(),
            retention_days: RetentionDays::default(),
            size_max_gb: 0,
            full_disk: FullDisk::Stop,
        }
    }
}

impl Default for Database {
    fn default() -> Database {
        Database {
            url: Secret::default(),
            connections_max: 4,
            forward_max_mb: 4_000,
            retention_days: 731,
            objects: ObjectHome::Local,
        }
    }
}

impl Secret {
    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "***" }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl Database {
    /// Returns what the hub is told; nothing when there is no database.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL, without anything secret.
    pub(crate) fn resolve(&self) -> Result<Option<DatabaseSettings>, SettingsError> {
        if self.url.0.is_empty() {
            return match self.objects {
                ObjectHome::Local => Ok(None),
                ObjectHome::Database => Err(SettingsError::Argument {
                    reason: "database.objects = \"database\" needs database.url; set it or leave \
                             the objects in the data directory with \"local\""
                        .to_owned(),
                }),
            };
        }
        let url = DatabaseUrl::parse(&self.url.0).map_err(|error| SettingsError::Argument {
            reason: error.to_string(),
        })?;
        Ok(Some(DatabaseSettings {
            forward: ForwardOptions {
                url,
                connections: self.connections_max,
                retention_days: (self.retention_days != 0).then_some(self.retention_days),
            },
            forward_bytes_max: self.forward_max_mb * 1_000_000,
            objects: self.objects,
        }))
    }
}

impl Default for RetentionDays {
    fn default() -> RetentionDays {
        let days = model::RetentionDays::default();
        RetentionDays {
            raw: days.raw.unwrap_or(0),
            minute: days.minute.unwrap_or(0),
            five_minutes: days.five_minutes.unwrap_or(0),
            hour: days.hour.unwrap_or(0),
            day: days.day.unwrap_or(0),
            week: days.week.unwrap_or(0),
        }
    }
}

impl From<RetentionDays> for model::RetentionDays {
    fn from(days: RetentionDays) -> model::RetentionDays {
        let kept = |days: u32| (days != 0).then_some(days);
        model::RetentionDays {
            raw: kept(days.raw),
            minute: kept(days.minute),
            five_minutes: kept(days.five_minutes),
            hour: kept(days.hour),
            day: kept(days.day),
            week: kept(days.week),
        }
    }
}

impl Historian {
    /// Returns what the housekeeper of the hub is told.
    pub(crate) fn upkeep(&self) -> UpkeepSettings {
        let bound = u64::from(self.size_max_gb) * 1_000_000_000;
        UpkeepSettings {
            retention_days: self.retention_days.into(),
            size_max_bytes: (bound != 0).then_some(bound),
            full_disk: self.full_disk,
            ..UpkeepSettings::default()
        }
    }
}

impl Default for Validation {
    fn default() -> Validation {
        Validation {
            future_s: 3600,
            past_days: 7,
        }
    }
}

impl From<Validation> for TimeLimits {
    fn from(validation: Validation) -> TimeLimits {
        let days = u64::from(validation.past_days);
        TimeLimits {
            future: Duration::from_secs(validation.future_s.into()),
            past: (days != 0).then(|| Duration::from_secs(days * 86_400)),
        }
    }
}

impl Default for Runtime {
    fn default() -> Runtime {
        Runtime { workers: 2 }
    }
}

fn some_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(D::Error::custom("is empty; name a directory"));
    }
    Ok(PathBuf::from(text))
}

fn group_commit_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(
        u64::deserialize(deserializer)?,
        0,
        GROUP_COMMIT_MS_MAX,
        "milliseconds",
    )
}

fn future_s<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 0, 86_400, "seconds")
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match TimeZone::get(&name) {
        Ok(_) => Ok(name),
        Err(_) => Err(D::Error::custom(format!(
            "{name:?} is no time zone; write e.g. Europe/Berlin or UTC"
        ))),
    }
}

fn minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(
        u32::deserialize(deserializer)?,
        0,
        BACKUP_MINUTES_MAX,
        "minutes",
    )
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 0, DAYS_MAX, "days")
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(
        usize::deserialize(deserializer)?,
        2,
        CONNECTIONS_MAX,
        "connections",
    )
}

fn forward_mb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(
        u64::deserialize(deserializer)?,
        1,
        FORWARD_MB_MAX,
        "megabytes",
    )
}

fn workers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(usize::deserialize(deserializer)?, 1, WORKERS_MAX, "threads")
}

fn within<T, E>(value: T, least: T, most: T, unit: &str) -> Result<T, E>
where
    T: PartialOrd + std::fmt::Display,
    E: serde::de::Error,
{
    if value < least || most < value {
        return Err(E::custom(format!(
            "{value} {unit}; {least} to {most} are allowed"
        )));
    }
    Ok(value)
}
