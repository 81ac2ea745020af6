//! Settings of the hub.

use std::path::PathBuf;
use std::time::Duration;

use headworks_core::model::RetentionDays;
use headworks_protocols::{Clock, PROTOCOLS, Protocol};
use headworks_store::{ForwardOptions, HistorianOptions, JournalRetention, ObjectPlace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::BackupSettings;
use crate::ingest::TimeBounds;
use crate::keeper::DiskProbe;

/// Where the hub keeps its data and which protocols it speaks.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The data directory; created when it does not exist.
    pub data_directory: PathBuf,
    /// How the historian weighs safety, memory and the size of its files.
    pub historian: HistorianOptions,
    /// Which times of samples are believed.
    pub times: TimeLimits,
    /// A database that gets all samples too.
    pub database: Option<DatabaseSettings>,
    /// What the housekeeper does with what is stored.
    pub upkeep: UpkeepSettings,
    /// Where backups go, and when.
    pub backup: BackupSettings,
    /// How much of the journal of alarms is kept.
    pub alarms: JournalRetention,
    /// The protocols that connections may name.
    pub protocols: &'static [&'static Protocol],
    /// The clock; when absent the system's, kept from going backwards.
    pub clock: Option<Clock>,
}

/// Which times of samples are believed, counted from when they come.
///
/// A source whose clock is wrong must not fill days that are not there yet, nor days whose samples
/// have gone already: what lies beyond is neither shown nor stored, and told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// How far in the future.
    pub future: Duration,
    /// How far in the past; no bound when absent.
    pub past: Option<Duration>,
}

impl TimeLimits {
    pub(crate) fn bounds(&self, received_us: i64) -> TimeBounds {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        TimeBounds {
            received_us,
            newest_us: received_us.saturating_add(micros(self.future)),
            oldest_us: self
                .past
                .map_or(i64::MIN, |past| received_us.saturating_sub(micros(past))),
        }
    }
}

impl Default for TimeLimits {
    /// An hour ahead: clocks of devices drift by seconds a day, and a wrong time zone is mostly
    /// an hour or more. Seven days back: as long as raw samples are kept.
    fn default() -> TimeLimits {
        TimeLimits {
            future: Duration::from_secs(3600),
            past: Some(Duration::from_secs(7 * 86_400)),
        }
    }
}

/// A database that gets all samples too.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Where it is and for how long samples stay there.
    pub forward: ForwardOptions,
    /// Most bytes of logs that wait on the disk while it is away.
    pub forward_bytes_max: u64,
    /// Where configuration objects live.
    pub objects: ObjectHome,
}

/// Where configuration objects live when there is a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectHome {
    /// In the data directory.
    #[default]
    Local,
    /// In the database, with a copy in the data directory.
    Database,
}

/// How samples grow old and what becomes of a disk that fills up.
#[derive(Clone, Debug)]
pub struct UpkeepSettings {
    /// Time between two rounds.
    pub period: Duration,
    /// How long the samples of tags are kept that no retention policy selects.
    pub retention_days: RetentionDays,
    /// Most bytes of the historian's files; no bound when absent.
    pub size_max_bytes: Option<u64>,
    /// What becomes of samples when the disk is full.
    pub full_disk: FullDisk,
    /// Tells how much room there is.
    pub disk: DiskProbe,
}

/// What becomes of samples when the disk is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FullDisk {
    /// What is stored stays as long as was promised; new samples that find no room are dropped
    /// and counted until there is room again.
    #[default]
    Stop,
    /// From 95 % on the oldest raw days that are rolled up go before their time.
    DropOldest,
}

impl Default for UpkeepSettings {
    fn default() -> UpkeepSettings {
        UpkeepSettings {
            period: Duration::from_secs(60),
            retention_days: RetentionDays::default(),
            size_max_bytes: None,
            full_disk: FullDisk::default(),
            disk: DiskProbe::default(),
        }
    }
}

impl HubSettings {
    /// Returns where the objects are to be.
    pub(crate) fn object_place(&self) -> ObjectPlace {
        let url = |database: &DatabaseSettings| database.forward.url.clone();
        match &self.database {
            Some(database) if database.objects == ObjectHome::Database => {
                ObjectPlace::Database(url(database))
            }
            database => ObjectPlace::Local {
                database: database.as_ref().map(url),
            },
        }
    }

    /// Returns the default settings of a data directory.
    pub fn new(data_directory: impl Into<PathBuf>) -> HubSettings {
        HubSettings {
            data_directory: data_directory.into(),
            historian: HistorianOptions::default(),
            database: None,
            times: TimeLimits::default(),
            upkeep: UpkeepSettings::default(),
            backup: BackupSettings::default(),
            alarms: JournalRetention::default(),
            protocols: PROTOCOLS,
            clock: None,
        }
    }
}
