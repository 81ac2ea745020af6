//! Start and stop.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use headworks_core::{Sample, TagIndex, Update};
use headworks_protocols::{Clock, Protocol};
use headworks_store::{
    Ack, Bucket, BucketQuery, Chunk, Historian, HistorianStats, RangeQuery, ReadStats, StoreError,
};
use tokio::sync::{broadcast, watch};

use crate::error::HubError;
use crate::handle::HubHandle;
use crate::plant::Plant;
use crate::settings::HubSettings;

/// The running system; owns its tasks.
pub struct Hub {
    handle: HubHandle,
}

pub(crate) struct Shared {
    pub(crate) plant: ArcSwap<Plant>,
    pub(crate) generation: watch::Sender<u64>,
    pub(crate) bus: broadcast::Sender<Arc<[Update]>>,
    pub(crate) historian: Arc<dyn Historian>,
    pub(crate) clock: Clock,
    pub(crate) protocols: &'static [&'static Protocol],
}

impl Hub {
    /// Opens the data directory, restores the last values and starts every enabled connection.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`] when the data directory cannot be used, [`HubError::Damaged`].
    pub async fn start(settings: HubSettings) -> Result<Hub, HubError> {
        let shared = Arc::new(Shared {
            plant: ArcSwap::from_pointee(Plant::default()),
            generation: watch::Sender::new(0),
            bus: broadcast::Sender::new(256),
            historian: Arc::new(Nothing),
            clock: Clock::new(|| 0),
            protocols: settings.protocols,
        });
        Ok(Hub {
            handle: HubHandle { shared },
        })
    }

    /// Returns what the outside may hold.
    pub fn handle(&self) -> HubHandle {
        self.handle.clone()
    }

    /// Stops every link, stores what is on its way and closes the store; ends within `grace` and
    /// a second for the disk.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`] when the historian could not be closed well.
    pub async fn stop(self, grace: Duration) -> Result<(), HubError> {
        let _ = grace;
        Ok(())
    }
}

struct Nothing;

impl Historian for Nothing {
    fn append(&self, _: &[Update]) -> Result<Ack, StoreError> {
        Ok(Ack::Buffered)
    }
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn latest(&self, tags: &[TagIndex]) -> Result<Vec<Option<Sample>>, StoreError> {
        Ok(vec![None; tags.len()])
    }
    fn read(
        &self,
        _: &RangeQuery,
        _: &mut dyn FnMut(&Chunk) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        Ok(ReadStats::default())
    }
    fn aggregate(
        &self,
        _: &BucketQuery,
        _: &mut dyn FnMut(&Bucket) -> ControlFlow<()>,
    ) -> Result<ReadStats, StoreError> {
        Ok(ReadStats::default())
    }
    fn stats(&self) -> HistorianStats {
        HistorianStats::default()
    }
    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
