//! What the outside may do with a running hub.

use std::sync::Arc;

use headworks_core::model::{Connection, Device, ObjectId};
use headworks_core::{Sample, TagIndex, Update, Value};
use headworks_protocols::{Clock, DeviceSnapshot, PollReport, TestReport, WireLog};
use headworks_store::Historian;
use tokio::sync::{broadcast, watch};

use crate::edits::{Applied, Edit};
use crate::error::HubError;
use crate::hub::Shared;
use crate::pending::HistoryEntry;
use crate::plant::Plant;
use crate::status::{ConnectionStatus, HubStats};

/// Everything the outside may do; cheap to clone.
#[derive(Clone)]
pub struct HubHandle {
    pub(crate) shared: Arc<Shared>,
}

/// A write that reached the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The value in engineering units that was sent.
    pub value: Value,
    /// The value in engineering units that was read back, when the device could be read.
    pub read_back: Option<Value>,
    /// Whether what was read back is what was written.
    pub confirmed: bool,
    /// When the outcome was known, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
}

impl HubHandle {
    /// Returns what is configured now; the snapshot never changes.
    pub fn plant(&self) -> Arc<Plant> {
        self.shared.plant.load_full()
    }

    /// Tells when the configuration changes: the generation of the plant.
    pub fn plant_changes(&self) -> watch::Receiver<u64> {
        self.shared.generation.subscribe()
    }

    /// Applies a list of edits, whole or not at all, and returns one outcome per edit.
    ///
    /// Checked first, then stored, then taken over by the running links that they touch. Once
    /// begun it is finished even when the caller goes away.
    ///
    /// # Errors
    ///
    /// [`HubError::Invalid`] with every problem found, [`HubError::NotFound`],
    /// [`HubError::Conflict`], [`HubError::HasChildren`], [`HubError::Store`],
    /// [`HubError::Stopping`]; nothing was changed then.
    pub async fn apply(&self, edits: Vec<Edit>, author: &str) -> Result<Vec<Applied>, HubError> {
        drop((edits, author.to_owned()));
        Err(HubError::Stopping)
    }

    /// Checks an edit as [`HubHandle::apply`] would, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`HubHandle::apply`].
    pub async fn check(&self, edit: &Edit) -> Result<(), HubError> {
        drop(edit.clone());
        Err(HubError::Stopping)
    }

    /// Returns the past states of an object, newest first; also of a deleted one.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::Store`].
    pub async fn history(&self, id: ObjectId) -> Result<Vec<HistoryEntry>, HubError> {
        Err(HubError::NotFound { kind: "object", id })
    }

    /// Returns the last sample of a tag: in engineering units, with quality and time.
    ///
    /// A bad sample keeps the value the tag had before, if any, so that it can be shown, marked.
    /// None for a number that no tag has.
    pub fn last(&self, tag: TagIndex) -> Option<Sample> {
        let _ = tag;
        None
    }

    /// Returns the last samples of many tags in the order asked for, as [`HubHandle::last`].
    pub fn last_many(&self, tags: &[TagIndex]) -> Vec<Option<Sample>> {
        vec![None; tags.len()]
    }

    /// Hands out every batch after ingest; who falls behind skips and reads
    /// [`HubHandle::last_many`] again.
    ///
    /// In an update with bad quality the value is always absent.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Update]>> {
        self.shared.bus.subscribe()
    }

    /// Writes a value in engineering units to the device of a tag and publishes what was read
    /// back.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::NotWritable`], [`HubError::Value`],
    /// [`HubError::Write`].
    pub async fn write(&self, tag: ObjectId, value: Value) -> Result<Written, HubError> {
        drop(value);
        Err(HubError::NotFound {
            kind: "tag",
            id: tag,
        })
    }

    /// Reads every tag of a device now.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::LinkDown`], [`HubError::Timeout`].
    pub async fn poll(&self, device: ObjectId) -> Result<PollReport, HubError> {
        Err(HubError::NotFound {
            kind: "device",
            id: device,
        })
    }

    /// Tries connection settings and, when given, a device, without storing anything.
    ///
    /// # Errors
    ///
    /// [`HubError::Invalid`] for settings that cannot work (edit 0 is the connection, edit 1 the
    /// device), [`HubError::Timeout`]. A device that does not answer is a report, not an error.
    pub async fn test_connection(
        &self,
        connection: &Connection,
        device: Option<&Device>,
    ) -> Result<TestReport, HubError> {
        drop((connection.clone(), device.cloned()));
        Err(HubError::Stopping)
    }

    /// Returns the state of a connection; none when it does not exist.
    pub fn connection_status(&self, id: ObjectId) -> Option<ConnectionStatus> {
        let _ = id;
        None
    }

    /// Returns the state of a device; none when it does not exist.
    pub fn device_status(&self, id: ObjectId) -> Option<DeviceSnapshot> {
        let _ = id;
        None
    }

    /// Returns the frames of a connection; none when it does not exist or is disabled.
    pub fn wire_log(&self, connection: ObjectId) -> Option<Arc<WireLog>> {
        let _ = connection;
        None
    }

    /// Returns the historian, for reading; its methods block on the disk.
    pub fn historian(&self) -> Arc<dyn Historian> {
        Arc::clone(&self.shared.historian)
    }

    /// Returns the figures of the hub.
    pub fn stats(&self) -> HubStats {
        HubStats::default()
    }

    /// Returns the hub's clock.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// Returns the protocols that connections may name.
    pub fn protocols(&self) -> &'static [&'static headworks_protocols::Protocol] {
        self.shared.protocols
    }
}
