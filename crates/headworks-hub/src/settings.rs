//! Settings of the hub.

use std::path::PathBuf;

use headworks_protocols::{Clock, PROTOCOLS, Protocol};
use headworks_store::HistorianOptions;

/// Where the hub keeps its data and which protocols it speaks.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The data directory; created when it does not exist.
    pub data_directory: PathBuf,
    /// How the historian weighs safety, memory and the size of its files.
    pub historian: HistorianOptions,
    /// The protocols that connections may name.
    pub protocols: &'static [&'static Protocol],
    /// The clock; when absent the system's, kept from going backwards.
    pub clock: Option<Clock>,
}

impl HubSettings {
    /// Returns the default settings of a data directory.
    pub fn new(data_directory: impl Into<PathBuf>) -> HubSettings {
        HubSettings {
            data_directory: data_directory.into(),
            historian: HistorianOptions::default(),
            protocols: PROTOCOLS,
            clock: None,
        }
    }
}
