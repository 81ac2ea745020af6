//! Routes at work: samples of tags on their way to other tags and to web services.
//!
//! One task takes every batch that the hub publishes and gives it to the engine of
//! `headworks_core::route`; what passes goes into the queue of its target. Each target has a task
//! and a bounded queue of its own, so that a web service that hangs or a device that is dead holds
//! up nobody else. What cannot be delivered goes to the dead letters with its reason, to be sent
//! again or discarded by a person. [`target`] says how to add a kind of target.

mod authority;
mod delivery;
mod letters;
mod run;
mod setup;
mod stats;
mod status;
mod target;
#[cfg(test)]
mod tests;
mod trial;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;

use headworks_core::model::ObjectId;
use headworks_core::route::Engine;
use headworks_hub::HubHandle;
use headworks_store::{DeadLetters, StoreError};
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::outbound::Client;
pub use authority::Authority;
use authority::Authors;
pub use delivery::Parcel;
use letters::LetterBox;
pub use letters::{LetterChoice, LetterPage, LetterView, RefusedLetter, Replayed};
use setup::Setup;
pub use stats::Latency;
use stats::RouteFigures;
pub use status::{RouteError, RouteState, RouteStatus, TargetStatus};
pub use trial::{
    TRIAL_ROWS_MAX, TRIAL_SAMPLES_MAX, TRIAL_TAGS_MAX, Trial, TrialError, TrialRow, trial,
};
use worker::Worker;

/// Dead letters that are kept.
const LETTERS_MAX: u64 = 10_000;

/// The router; owns its tasks. Dropping it ends them without waiting.
pub struct Router {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the outside may do with the router; cheap to clone.
#[derive(Clone)]
pub struct RouterHandle {
    shared: Arc<Shared>,
}

/// What the tasks and handles of a router share.
struct Shared {
    hub: HubHandle,
    client: Arc<Client>,
    authority: Arc<dyn Authority>,
    authors: Authors,
    letters: LetterBox,
    state: Mutex<State>,
    /// The generation of the plant that the routes go by.
    adopted: watch::Sender<u64>,
    stop: CancellationToken,
}

/// The routes as they are now.
struct State {
    engine: Engine,
    setup: Setup,
    figures: HashMap<ObjectId, Arc<RouteFigures>>,
    workers: HashMap<String, Arc<Worker>>,
}

impl Router {
    /// Opens the dead letters of the hub's data directory and starts the routes, which write what
    /// `authority` lets those write who saved them. Blocks on the disk; must be called within a
    /// runtime.
    ///
    /// # Errors
    ///
    /// When the dead letters cannot be opened.
    pub fn start(
        hub: HubHandle,
        client: Arc<Client>,
        authority: Arc<dyn Authority>,
    ) -> Result<Router, StoreError> {
        let letters = DeadLetters::open(hub.data_directory(), LETTERS_MAX)?;
        let shared = Arc::new(Shared {
            client,
            authority,
            authors: Authors::default(),
            letters: LetterBox::start(letters).map_err(|source| StoreError::Io {
                action: "starting thread",
                path: "dead-letters".into(),
                source,
            })?,
            state: Mutex::new(State {
                engine: Engine::new(TimeZone::system()),
                setup: Setup::default(),
                figures: HashMap::new(),
                workers: HashMap::new(),
            }),
            adopted: watch::Sender::default(),
            stop: CancellationToken::new(),
            hub,
        });
        let task = tokio::spawn(run::run(Arc::clone(&shared)));
        Ok(Router { shared, task })
    }

    /// Returns what the outside may hold.
    pub fn handle(&self) -> RouterHandle {
        RouterHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Stops the routes; what still waits for a target goes to the dead letters.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        // an error only says that it has ended already
        drop((&mut self.task).await);
        let workers: Vec<Arc<Worker>> =
            self.shared.state.lock().workers.values().cloned().collect();
        for worker in workers {
            worker.end().await;
        }
        self.shared.letters.flush().await;
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.task.abort();
    }
}
