//! Events of the system: what happened to the hub itself, for people to read later.
//!
//! The list is bounded. It is kept over a restart in `events.json` of the data directory, which
//! the housekeeper writes; what happened in the last minute before a crash may be missing there.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};

/// Most events that are kept; the oldest go first.
pub const EVENTS_MAX: usize = 1000;

/// Events that repeat within this time are one with a count.
const REPEAT_US: i64 = 3_600_000_000;
/// How far back a repetition is looked for.
const REPEAT_LOOK: usize = 200;

/// Something that happened to the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemEvent {
    /// Grows with each event.
    pub id: u64,
    /// When it happened first, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// When it happened last; later than `time_us` only when it repeats.
    pub last_us: i64,
    /// How many times it happened.
    pub count: u64,
    /// What it is about.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// What it happened to: the data directory, the path of a tag, the name of a device.
    pub subject: String,
    /// What happened and what can be done about it.
    pub message: String,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Room on the disk.
    Disk,
    /// Samples that could not be stored.
    History,
    /// The historian's upkeep.
    Upkeep,
    /// Samples that are not as they should be.
    Validation,
    /// The clock of a source.
    Clock,
    /// Backups of the data directory.
    Backup,
    /// Certificates of the listener.
    Certificate,
    /// The configuration objects and their database.
    Configuration,
    /// The journal of alarms.
    Alarms,
}

/// How much an event matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it some day.
    Warning,
    /// Somebody should look at it today.
    Alarm,
    /// Data are lost or soon will be.
    Critical,
}

/// The bounded list.
pub(crate) struct EventLog {
    path: PathBuf,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    events: VecDeque<SystemEvent>,
    next_id: u64,
    /// Whether the file is older than the list.
    changed: bool,
}

/// What is noted.
pub(crate) struct News {
    pub(crate) kind: EventKind,
    pub(crate) severity: Severity,
    pub(crate) subject: String,
    pub(crate) message: String,
}

impl EventLog {
    /// Reads the events of the last run; a file that cannot be read begins a new list.
    pub(crate) fn open(directory: &Path) -> EventLog {
        let path = directory.join("events.json");
        let events: VecDeque<SystemEvent> = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let next_id = events.back().map_or(1, |event| event.id + 1);
        let changed = false;
        EventLog {
            path,
            list: Mutex::new(List {
                events,
                next_id,
                changed,
            }),
        }
    }

    /// Returns a list that is not kept.
    #[cfg(test)]
    pub(crate) fn in_memory() -> std::sync::Arc<EventLog> {
        std::sync::Arc::new(EventLog::open(Path::new("/nonexistent")))
    }

    /// Notes an event, and writes it to the log.
    pub(crate) fn note(&self, time_us: i64, news: News) {
        log(&news);
        self.list.lock().push(time_us, news);
    }

    /// Notes an event that may come often: one like it within the hour is counted up.
    pub(crate) fn note_repeated(&self, time_us: i64, news: News) {
        let mut list = self.list.lock();
        let same = |event: &&mut SystemEvent| {
            event.kind == news.kind
                && event.severity == news.severity
                && event.subject == news.subject
                && time_us.saturating_sub(event.time_us) < REPEAT_US
        };
        let mut recent = list.events.iter_mut().rev().take(REPEAT_LOOK);
        if let Some(event) = recent.find(same) {
            event.count += 1;
            event.last_us = time_us;
            event.message = news.message;
            list.changed = true;
            return;
        }
        log(&news);
        list.push(time_us, news);
    }

    /// Returns the events, newest first.
    pub(crate) fn newest(&self) -> Vec<SystemEvent> {
        self.list.lock().events.iter().rev().cloned().collect()
    }

    /// Writes the file if there is news; one that cannot be written is tried again with the next
    /// call.
    pub(crate) fn save(&self) {
        let mut list = self.list.lock();
        if !list.changed {
            return;
        }
        let json = serde_json::to_vec(&list.events).unwrap_or_default();
        list.changed = false;
        drop(list); // the disk may be slow
        if replace_file(&self.path, &json).is_err() {
            self.list.lock().changed = true;
        }
    }
}

impl List {
    fn push(&mut self, time_us: i64, news: News) {
        if EVENTS_MAX <= self.events.len() {
            self.events.pop_front();
        }
        self.events.push_back(SystemEvent {
            id: self.next_id,
            time_us,
            last_us: time_us,
            count: 1,
            kind: news.kind,
            severity: news.severity,
            subject: news.subject,
            message: news.message,
        });
        self.next_id += 1;
        self.changed = true;
    }
}

/// Puts a file in the place of another one whole or not at all.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("json.new");
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, path)
}

fn log(news: &News) {
    let News {
        kind,
        severity,
        subject,
        message,
    } = news;
    match severity {
        Severity::Info => info!(?kind, %subject, "{message}"),
        Severity::Warning => warn!(?kind, %subject, "{message}"),
        Severity::Alarm | Severity::Critical => error!(?kind, ?severity, %subject, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(subject: &str, message: &str) -> News {
        News {
            kind: EventKind::Disk,
            severity: Severity::Warning,
            subject: subject.into(),
            message: message.into(),
        }
    }

    #[test]
    fn the_list_is_bounded_and_comes_back_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let log = EventLog::open(directory.path());
        for number in 0..EVENTS_MAX + 5 {
            log.note(1, news(&number.to_string(), "m"));
        }
        log.save();
        let again = EventLog::open(directory.path());
        assert_eq!(again.newest(), log.newest());
        again.note(2, news("new", "m"));
        let events = again.newest();
        assert_eq!(events.len(), EVENTS_MAX);
        assert_eq!((&*events[0].subject, &*events[1].subject), ("new", "1004"));
        assert_eq!(events[0].id, events[1].id + 1);
    }

    #[test]
    fn repetitions_within_the_hour_are_one_event_with_a_count() {
        let directory = tempfile::tempdir().unwrap();
        let log = EventLog::open(directory.path());
        for minute in 0..120 {
            let message = format!("the {minute}th");
            log.note_repeated(minute * 60_000_000, news("a", &message));
            log.note_repeated(minute * 60_000_000, news("b", &message));
        }
        let events = log.newest();
        assert_eq!(events.len(), 4);
        assert_eq!((events[3].count, &*events[3].message), (60, "the 59th"));
        assert_eq!((events[3].time_us, events[3].last_us), (0, 59 * 60_000_000));
    }

    #[test]
    fn a_damaged_file_begins_a_new_list() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("events.json"), "{no").unwrap();
        let log = EventLog::open(directory.path());
        assert!(log.newest().is_empty());
        log.note(1, news("a", "m"));
        log.save();
        assert_eq!(EventLog::open(directory.path()).newest().len(), 1);
    }
}
