//! The supervisor: which links run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::ObjectId;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;

use crate::hub::Shared;
use crate::link::{self, LinkHandle, LinkWatch, Order};

/// The running links, by connection.
#[derive(Default)]
pub(crate) struct Supervisor {
    links: Mutex<BTreeMap<ObjectId, LinkHandle>>,
}

impl Supervisor {
    /// Starts the link of a connection, unless it runs.
    pub(crate) fn start(&self, shared: &Arc<Shared>, connection: ObjectId) {
        self.links
            .lock()
            .entry(connection)
            .or_insert_with(|| link::start(shared, connection));
    }

    /// Stops links side by side and waits until their drivers have ended, at most `grace`.
    pub(crate) async fn stop(&self, connections: &[ObjectId], grace: Duration) {
        let stopped: Vec<LinkHandle> = {
            let mut links = self.links.lock();
            connections
                .iter()
                .filter_map(|id| links.remove(id))
                .collect()
        };
        stopped.iter().for_each(|link| link.stop.cancel());
        let mut tasks: Vec<_> = stopped.into_iter().map(|link| link.task).collect();
        let all = async {
            for task in &mut tasks {
                // an error says that the task panicked: then it has ended too
                drop(task.await);
            }
        };
        if timeout(grace, all).await.is_err() {
            warn!("links did not stop in time and were ended");
            tasks.iter().for_each(tokio::task::JoinHandle::abort);
        }
    }

    /// Stops every link.
    pub(crate) async fn stop_all(&self, grace: Duration) {
        let all: Vec<ObjectId> = self.links.lock().keys().copied().collect();
        self.stop(&all, grace).await;
    }

    /// Returns where orders for a running link go.
    pub(crate) fn orders(&self, connection: ObjectId) -> Option<mpsc::Sender<Order>> {
        let links = self.links.lock();
        links.get(&connection).map(|link| link.orders.clone())
    }

    /// Gives an order to a link; one that does not run needs none.
    pub(crate) async fn order(&self, connection: ObjectId, order: Order) {
        if let Some(orders) = self.orders(connection) {
            // an error only says that the link has just been stopped
            drop(orders.send(order).await);
        }
    }

    /// Returns what can be seen of a running link.
    pub(crate) fn watch(&self, connection: ObjectId) -> Option<Arc<LinkWatch>> {
        let links = self.links.lock();
        links.get(&connection).map(|link| Arc::clone(&link.watch))
    }
}
