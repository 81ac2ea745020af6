//! Settings of connections and devices; what they say is the manual of the form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a simulated connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// Decides the phases of waves and the ways of walks; the same number gives the same values.
    pub seed: u64,
}

/// Settings of a simulated device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSettings {
    /// Whether the device pretends not to answer: for trying what then happens.
    pub silent: bool,
    /// Whether the driver of the connection panics when it reads the device, as a fault of its
    /// code would make it: for trying that everything else goes on.
    pub panics: bool,
}
