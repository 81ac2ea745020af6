//! The watch on the disk: how full it is, what takes the room, how fast that grows.

use std::path::{Path, PathBuf};

use headworks_core::model::RetentionDays;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;

use super::disk::{DataPart, DiskLevel, DiskSpace, parts_of};
use super::forecast::{Forecast, MEASURE_US, MEASURES_MAX, Measure, TierSize, forecast};
use crate::events::{EventKind, EventLog, News, Severity, replace_file};
use crate::settings::{FullDisk, UpkeepSettings};

/// Share of the disk, in per cent, that dropping the oldest samples aims at.
const AIM_PERCENT: u64 = 90;

/// What is stored, on which disk, and for how long that goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct StorageStatus {
    /// When it was measured, microseconds since 1970-01-01 UTC; null before the first time.
    pub measured_us: Option<i64>,
    /// The data directory.
    pub directory: String,
    /// The disk of the data directory; null where the system does not tell.
    pub disk: Option<DiskSpace>,
    /// How much of the disk is taken, in per cent.
    pub used_percent: Option<f64>,
    /// How full the disk is.
    pub level: DiskLevel,
    /// Since when it is so full.
    pub level_since_us: Option<i64>,
    /// What becomes of samples when the disk is full.
    pub full_disk: FullDisk,
    /// Most bytes of the historian's files; null for no bound.
    pub size_max_bytes: Option<u64>,
    /// What takes room in the data directory, largest first.
    pub parts: Vec<DataPart>,
    /// What each tier of the historian takes, finest first.
    pub tiers: Vec<TierSize>,
    /// When the disk will be full.
    pub forecast: Forecast,
}

/// What the housekeeper knows of the disk.
pub(crate) struct DiskWatch {
    directory: PathBuf,
    settings: UpkeepSettings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    disk: Option<DiskSpace>,
    level: DiskLevel,
    level_since_us: Option<i64>,
    measured_us: Option<i64>,
    parts: Vec<DataPart>,
    /// One an hour, oldest first.
    measures: Vec<Measure>,
}

impl DiskWatch {
    /// Begins with what was measured in the last run.
    pub(crate) fn open(directory: &Path, settings: UpkeepSettings) -> DiskWatch {
        let measures = std::fs::read(directory.join(GROWTH))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let state = State {
            measures,
            ..State::default()
        };
        DiskWatch {
            directory: directory.to_owned(),
            settings,
            state: Mutex::new(state),
        }
    }

    /// Asks how full the disk is; returns whether it has just become so full that something must
    /// be done.
    pub(crate) fn look(&self, now_us: i64, events: &EventLog) -> bool {
        // without an answer the last one stands: there is nothing to be done about it here
        let Ok(disk) = self.settings.disk.ask(&self.directory) else {
            return false;
        };
        let mut state = self.state.lock();
        let before = state.level;
        state.disk = Some(disk);
        state.level = before.next(disk.used_percent());
        if state.level == before {
            return false;
        }
        state.level_since_us = Some(now_us);
        let level = state.level;
        drop(state);
        events.note(now_us, self.news(before, level, disk));
        before < level && DiskLevel::Alarm <= level
    }

    /// Measures the parts of the data directory and, once an hour, how they grow.
    pub(crate) fn measure(&self, now_us: i64) {
        let parts = parts_of(&self.directory); // takes its time: not under the lock
        let mut state = self.state.lock();
        state.measured_us = Some(now_us);
        state.parts = parts;
        let due = |last: &Measure| last.time_us.saturating_add(MEASURE_US) <= now_us;
        let Some(disk) = state.disk.filter(|_| state.measures.last().is_none_or(due)) else {
            return;
        };
        let data_bytes = state.parts.iter().map(|part| part.bytes).sum();
        state.measures.push(Measure {
            time_us: now_us,
            data_bytes,
            used_bytes: disk.used_bytes(),
        });
        let surplus = state.measures.len().saturating_sub(MEASURES_MAX);
        state.measures.drain(..surplus);
        let json = serde_json::to_vec(&state.measures).unwrap_or_default();
        drop(state);
        // a full disk takes no measurements; the next hour tries again
        drop(replace_file(&self.directory.join(GROWTH), &json));
    }

    /// Returns the bound of the historian's files: that of the settings, and on a disk that is
    /// critically full what gives back enough room, where the settings allow that.
    pub(crate) fn size_max_bytes(&self) -> Option<u64> {
        let bound = self.settings.size_max_bytes;
        let state = self.state.lock();
        let disk = state.disk.filter(|_| {
            state.level == DiskLevel::Critical && self.settings.full_disk == FullDisk::DropOldest
        });
        let Some(disk) = disk else {
            return bound;
        };
        let aim_bytes = disk.total_bytes / 100 * AIM_PERCENT;
        let surplus = disk.used_bytes().saturating_sub(aim_bytes);
        let stored = state.parts.iter().filter(|part| part.name == "samples");
        let stored: u64 = stored.map(|part| part.bytes).sum();
        let lowered = stored.saturating_sub(surplus);
        Some(bound.map_or(lowered, |bound| bound.min(lowered)))
    }

    /// Returns how full the disk is.
    pub(crate) fn level(&self) -> DiskLevel {
        self.state.lock().level
    }

    /// Returns how long samples are kept where no policy says.
    pub(crate) fn default_retention(&self) -> RetentionDays {
        self.settings.retention_days
    }

    /// Returns everything known, with what the historian says of its tiers.
    pub(crate) fn status(&self, now_us: i64, tiers: Vec<TierSize>) -> StorageStatus {
        let state = self.state.lock();
        let free_bytes = state.disk.map_or(0, |disk| disk.free_bytes);
        StorageStatus {
            measured_us: state.measured_us,
            directory: self.directory.display().to_string(),
            disk: state.disk,
            used_percent: state.disk.map(|disk| disk.used_percent()),
            level: state.level,
            level_since_us: state.level_since_us,
            full_disk: self.settings.full_disk,
            size_max_bytes: self.settings.size_max_bytes,
            parts: state.parts.clone(),
            forecast: match state.disk {
                Some(_) => forecast(now_us, free_bytes, &state.measures, &tiers),
                None => Forecast::default(),
            },
            tiers,
        }
    }

    fn news(&self, before: DiskLevel, level: DiskLevel, disk: DiskSpace) -> News {
        let severity = match level {
            _ if level < before => Severity::Info,
            DiskLevel::Ok => Severity::Info,
            DiskLevel::Warning => Severity::Warning,
            DiskLevel::Alarm => Severity::Alarm,
            DiskLevel::Critical => Severity::Critical,
        };
        let what = match (before < level, self.settings.full_disk) {
            (false, _) => "the disk has room again",
            (true, FullDisk::DropOldest) if level == DiskLevel::Critical => {
                "the oldest samples that are rolled up are dropped before their time; make room"
            }
            (true, _) => "make room, shorten the retention, or samples will not be stored",
        };
        News {
            kind: EventKind::Disk,
            severity,
            subject: self.directory.display().to_string(),
            message: format!(
                "disk {:.1} % full, {} MB free: {what}",
                disk.used_percent(),
                disk.free_bytes / 1_000_000
            ),
        }
    }
}

/// File of the hourly measurements in the data directory.
const GROWTH: &str = "growth.json";

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::keeper::disk::DiskProbe;

    const HOUR_US: i64 = 3_600_000_000;

    /// A disk of 1000 MB whose free megabytes the test sets.
    fn watch(directory: &Path, full_disk: FullDisk) -> (DiskWatch, Arc<AtomicU64>) {
        let free = Arc::new(AtomicU64::new(500));
        let shown = Arc::clone(&free);
        let disk = DiskProbe::new(move |_| {
            Ok(DiskSpace {
                total_bytes: 1_000_000_000,
                free_bytes: shown.load(Ordering::Relaxed) * 1_000_000,
            })
        });
        let settings = UpkeepSettings {
            disk,
            full_disk,
            size_max_bytes: Some(400_000_000),
            ..UpkeepSettings::default()
        };
        (DiskWatch::open(directory, settings), free)
    }

    #[test]
    fn each_level_is_an_event_and_the_last_two_call_for_upkeep() {
        let directory = tempfile::tempdir().unwrap();
        let events = EventLog::open(directory.path());
        let (watch, free) = watch(directory.path(), FullDisk::Stop);
        let mut acts = Vec::new();
        for (time_us, megabytes) in (0..).zip([500, 200, 190, 95, 40, 45, 300]) {
            free.store(megabytes, Ordering::Relaxed);
            acts.push(watch.look(time_us, &events));
        }
        assert_eq!(acts, [false, false, false, true, true, false, false]);
        let found: Vec<(i64, Severity)> = events
            .newest()
            .iter()
            .rev()
            .map(|event| (event.time_us, event.severity))
            .collect();
        assert_eq!(
            found,
            [
                (1, Severity::Warning),
                (3, Severity::Alarm),
                (4, Severity::Critical),
                (6, Severity::Info),
            ]
        );
        assert!(
            events.newest()[1]
                .message
                .contains("96.0 % full, 40 MB free")
        );
    }

    #[test]
    fn only_a_critical_disk_lowers_the_bound_and_only_where_that_is_allowed() {
        let directory = tempfile::tempdir().unwrap();
        let events = EventLog::open(directory.path());
        std::fs::create_dir(directory.path().join("seg")).unwrap();
        let file = std::fs::File::create(directory.path().join("seg/a")).unwrap();
        file.set_len(300_000_000).unwrap(); // sparse
        let bound = |full_disk, megabytes| {
            let (watch, free) = watch(directory.path(), full_disk);
            free.store(megabytes, Ordering::Relaxed);
            watch.look(0, &events);
            watch.measure(0);
            watch.size_max_bytes()
        };
        assert_eq!(bound(FullDisk::DropOldest, 60), Some(400_000_000));
        // 960 of 1000 MB are taken, 900 are aimed at: 60 MB of 300 must go
        assert_eq!(bound(FullDisk::DropOldest, 40), Some(240_000_000));
        assert_eq!(bound(FullDisk::Stop, 40), Some(400_000_000));
    }

    #[test]
    fn growth_is_measured_each_hour_and_kept_over_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let events = EventLog::open(directory.path());
        let (first, free) = watch(directory.path(), FullDisk::Stop);
        for hour in 0..8 {
            free.store(500 - hour, Ordering::Relaxed);
            let now_us = i64::try_from(hour).unwrap() * HOUR_US;
            first.look(now_us, &events);
            first.measure(now_us);
            first.measure(now_us + 1);
        }
        let (again, free) = watch(directory.path(), FullDisk::Stop);
        free.store(480, Ordering::Relaxed);
        again.look(7 * HOUR_US, &events);
        let found = again.status(7 * HOUR_US, Vec::new());
        assert_eq!(found.forecast.basis_hours, 7);
        assert_eq!(found.forecast.disk_bytes_per_day, Some(24_000_000));
        let off_us = found.forecast.full_us.unwrap() - (7 + 20 * 24) * HOUR_US;
        assert!(off_us.abs() < 1_000, "{off_us}");
    }
}
