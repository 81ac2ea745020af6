//! The running system: drivers under supervision, ingest, the data space, the configuration and
//! everything that the outside may do with them.
//!
//! Read in this order: [`Hub`] starts and stops, [`HubHandle`] is what the outside holds,
//! [`Plant`] is what is configured, [`Edit`] is how that changes.

pub mod alarms;
pub mod back;
pub mod calculated;
pub mod edits;
pub mod error;
pub mod events;
pub mod handle;
pub mod hub;
pub mod plant;
pub mod settings;
pub mod status;
pub mod trial;
pub mod validation;

mod apply;
mod backups;
mod clock;
mod clocks;
mod database;
mod ingest;
mod keeper;
mod link;
mod link_state;
mod memory;
mod meter;
mod past;
mod pictures;
mod process;
mod recorder;
mod space;
mod supervisor;
mod tell;
#[cfg(test)]
mod testing;
mod totals;
mod write;

pub use alarms::{Act, AlarmDesk, AlarmStats, AlarmStatus, AlarmTrial};
pub use back::{BackCalculation, BackError, BackPlan, BackReport, BackTag};
pub use backups::{BackupSettings, BackupStatus};
pub use calculated::CalculatedTag;
pub use clocks::ClockSkew;
pub use edits::{Applied, Body, Edit, Rewritten};
pub use error::{HubError, Problem};
pub use events::{EVENTS_MAX, EventKind, Severity, SystemEvent};
pub use handle::{HubHandle, Written};
pub use headworks_store::{
    Action, CommitStep, CommitSummary, DeletedObject, HistoryEntry, JournalCursor, JournalPage,
    JournalQuery, JournalRetention, JournalStats,
};
pub use hub::{Hub, read_plant};
pub use ingest::{Tap, Tapped, Violation, ViolationCounts, ViolationKind};
pub use keeper::{
    DataPart, DiskLevel, DiskProbe, DiskSpace, Forecast, StorageStatus, TierSize, Verdict,
};
pub use past::BIN_DAYS;
pub use pictures::{PICTURE_BYTES_MAX, PICTURES_MAX};
pub use plant::{Plant, TagEntry};
pub use settings::{
    DatabaseSettings, FullDisk, HubSettings, ObjectHome, TimeLimits, UpkeepSettings,
};
pub use status::{
    ConnectionCounts, ConnectionState, ConnectionStatus, HistoryFault, HubStats, ProcessUsage,
    UpkeepStatus, UpkeepWork,
};
pub use totals::HubTotals;
pub use trial::{Trial, TrialKind, Tried, TriedInput};
pub use write::Writer;
