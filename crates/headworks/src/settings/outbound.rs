//! `[outbound]`: where calls to other servers may go.

use std::path::PathBuf;
use std::time::Duration;

use headworks_logic::outbound::OutboundSettings;
use headworks_server::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::within;

/// Calls to other servers: webhooks of routes and notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Outbound {
    /// Addresses that may be reached although only this machine or its network card answers
    /// there, as ranges: `127.0.0.1/32`. Private ranges (`10.0.0.0/8` and the like) need no entry.
    #[schemars(with = "Vec<String>")]
    pub(crate) allow: Vec<Network>,
    /// PEM file of certificates of own authorities, besides the public ones; empty for none.
    pub(crate) ca_file: PathBuf,
    /// Longest time in seconds for a call with its redirects and its answer, 1 to 60.
    #[serde(deserialize_with = "timeout_s")]
    #[schemars(range(min = 1, max = 60))]
    pub(crate) timeout_s: u64,
}

impl Default for Outbound {
    fn default() -> Outbound {
        Outbound {
            allow: Vec::new(),
            ca_file: PathBuf::new(),
            timeout_s: 10,
        }
    }
}

impl Outbound {
    /// Returns what the client is told.
    pub(crate) fn settings(&self) -> OutboundSettings {
        let timeout = Duration::from_secs(self.timeout_s);
        let default = OutboundSettings::default();
        OutboundSettings {
            allow: self.allow.iter().map(|&network| network.into()).collect(),
            ca_file: (!self.ca_file.as_os_str().is_empty()).then(|| self.ca_file.clone()),
            connect_timeout: default.connect_timeout.min(timeout),
            timeout,
        }
    }
}

fn timeout_s<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(u64::deserialize(deserializer)?, 1, 60, "seconds")
}
