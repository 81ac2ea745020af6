//! The section `[audit]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::days;

/// How long it is kept who did what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Audit {
    /// Days that entries of the audit journal are kept, 0 to 36525; 0 keeps them for ever. Older
    /// ones go at the start and once a day; what is left stays provable.
    #[serde(deserialize_with = "days")]
    #[schemars(range(max = 36_525))]
    pub(crate) retention_days: u32,
}

impl Default for Audit {
    fn default() -> Audit {
        Audit {
            retention_days: 731,
        }
    }
}
