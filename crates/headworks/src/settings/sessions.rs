//! The section `[sessions]`.

use headworks_access::SessionLimits;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::within;

/// How long people stay signed in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sessions {
    /// Minutes that an access token counts before it is renewed, 1 to 1440.
    #[serde(deserialize_with = "access_minutes")]
    #[schemars(range(min = 1, max = 1_440))]
    pub(crate) access_minutes: u32,
    /// Hours without a sign of the browser after which a session ends, 1 to 8760.
    #[serde(deserialize_with = "idle_hours")]
    #[schemars(range(min = 1, max = 8_760))]
    pub(crate) idle_hours: u32,
    /// Days after which a session ends in any case, 1 to 365.
    #[serde(deserialize_with = "absolute_days")]
    #[schemars(range(min = 1, max = 365))]
    pub(crate) absolute_days: u32,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions {
            access_minutes: 30,
            idle_hours: 168,
            absolute_days: 30,
        }
    }
}

impl Sessions {
    /// Returns what the server is told.
    pub(crate) fn limits(self) -> SessionLimits {
        SessionLimits {
            access_s: i64::from(self.access_minutes) * 60,
            idle_s: i64::from(self.idle_hours) * 3_600,
            absolute_s: i64::from(self.absolute_days) * 86_400,
        }
    }
}

fn access_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1, 1_440, "minutes")
}

fn idle_hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1, 8_760, "hours")
}

fn absolute_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(u32::deserialize(deserializer)?, 1, 365, "days")
}
