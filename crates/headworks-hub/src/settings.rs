//! Settings of the hub.

use std::path::PathBuf;

use headworks_protocols::{PROTOCOLS, Protocol};

/// Where the hub keeps its data and which protocols it speaks.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The data directory; created when it does not exist.
    pub data_directory: PathBuf,
    /// The protocols that connections may name.
    pub protocols: &'static [&'static Protocol],
}

impl HubSettings {
    /// Returns the default settings of a data directory.
    pub fn new(data_directory: impl Into<PathBuf>) -> HubSettings {
        HubSettings {
            data_directory: data_directory.into(),
            protocols: PROTOCOLS,
        }
    }
}
