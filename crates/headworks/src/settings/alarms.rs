//! `[alarms]`: how much is kept of what alarms did.

use std::time::Duration;

use headworks_store::JournalRetention;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{days, within};

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// How much is kept of what alarms did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Alarms {
    /// Days that entries of the journal of alarms are kept, 0 to 36525; 0 keeps them for ever. The
    /// newest entry of each alarm stays in any case.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) retention_days: u32,
    /// Most entries of the journal, 10000 to 100000000; the oldest go first. A million takes less
    /// than 1 GB.
    #[serde(deserialize_with = "entries")]
    #[schemars(range(min = 10_000, max = 100_000_000))]
    pub(crate) entries_max: u64,
}

impl Default for Alarms {
    /// A year and a day, so that a month can be compared with that of the year before.
    fn default() -> Alarms {
        Alarms {
            retention_days: 366,
            entries_max: 1_000_000,
        }
    }
}

impl Alarms {
    /// Returns what the hub is told.
    pub(crate) fn retention(&self) -> JournalRetention {
        JournalRetention {
            age: match self.retention_days {
                0 => Duration::MAX,
                days => Duration::from_secs(u64::from(days) * DAY_S),
            },
            rows_max: self.entries_max,
        }
    }
}

fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let entries = u64::deserialize(deserializer)?;
    within(entries, 10_000, 100_000_000, "entries")
}
