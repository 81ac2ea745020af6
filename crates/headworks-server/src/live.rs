//! Values as they change, for any number of watchers.
//!
//! One task, [`Live::run`], takes the hub's batches and notes for each tag the number of the batch
//! that changed it last. A watcher keeps the number it has seen and, when it may send, asks which
//! of its tags have a higher one. So nothing is queued for anybody: a slow watcher simply finds
//! the newest values when it comes, and can neither fill memory nor hold up others.
//!
//! Watchers of the same tags share a [`Group`], which wakes them and lets them share one encoding
//! of what has changed.

pub(crate) mod alarms;
mod changes;
pub(crate) mod channels;
mod feed;
mod frames;
mod groups;
mod multiplexed;
mod socket;
mod statuses;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::{Pattern, Rights, TagIndex};
use headworks_hub::{HubHandle, TagEntry};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use alarms::AlarmFeed;
use changes::Changes;
use groups::Groups;
use statuses::Statuses;

use crate::problem::{ApiError, Code};

/// Most WebSockets and event streams at once.
const WATCHERS_MAX: usize = 12_000;
/// Most patterns whose tags are remembered.
const PATTERNS_MAX: usize = 256;
/// Shortest time between two looks at the states of connections and devices.
const STATUS_PERIOD: Duration = Duration::from_millis(100);

/// What hands out live values.
pub(crate) struct Live {
    hub: HubHandle,
    /// The instant from which the intervals of all watchers are counted.
    epoch: Instant,
    changes: Changes,
    groups: Mutex<Groups>,
    statuses: Statuses,
    alarms: AlarmFeed,
    patterns: Mutex<Patterns>,
    watchers: Arc<Semaphore>,
}

/// Tags of patterns, as long as the plant stays the same.
#[derive(Default)]
struct Patterns {
    generation: u64,
    tags: HashMap<Pattern, Tags>,
}

/// Tags in order of path, shared.
pub(crate) type Tags = Arc<[Arc<TagEntry>]>;

/// Who looks at the plant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LiveStats {
    /// WebSockets and event streams that are open.
    watchers: usize,
    /// Different sets of tags that are watched.
    groups: usize,
    /// Batches of the hub that were handed out.
    batches: u64,
}

impl LiveStats {
    /// Returns how many WebSockets and event streams are open.
    pub(crate) fn watchers(&self) -> usize {
        self.watchers
    }
}

impl Live {
    /// Returns the engine of a hub; nothing moves before [`Live::run`].
    pub(crate) fn new(hub: HubHandle) -> Arc<Live> {
        Arc::new(Live {
            epoch: Instant::now(),
            changes: Changes::default(),
            groups: Mutex::default(),
            statuses: Statuses::default(),
            alarms: AlarmFeed::default(),
            patterns: Mutex::default(),
            watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
            hub,
        })
    }

    /// Hands out batches, states and alarms until `stop`.
    pub(crate) async fn run(live: Arc<Live>, stop: CancellationToken) {
        let alarms = AlarmFeed::run(Arc::clone(&live), stop.clone());
        tokio::join!(Live::run_values(live, stop), alarms);
    }

    async fn run_values(live: Arc<Live>, stop: CancellationToken) {
        let mut batches = live.hub.subscribe();
        let (mut states, mut plant) = (live.hub.status_changes(), live.hub.plant_changes());
        let (mut is_due, mut next_look) = (false, Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                batch = batches.recv() => match batch {
                    Ok(batch) => live.pass_on(batch.iter().map(|update| update.tag)),
                    Err(RecvError::Lagged(_)) => live.pass_on_all(),
                    Err(RecvError::Closed) => break,
                },
                Ok(()) = states.changed() => is_due = true,
                Ok(()) = plant.changed() => is_due = true,
                () = tokio::time::sleep_until(next_look), if is_due => {
                    is_due = false;
                    next_look = live.look_at_statuses();
                }
            }
        }
    }

    fn pass_on(&self, tags: impl Iterator<Item = TagIndex> + Clone) {
        let batch = self.changes.mark(tags.clone());
        self.groups.lock().wake(batch, tags);
    }

    /// After batches were missed, every tag may have changed.
    fn pass_on_all(&self) {
        let plant = self.hub.plant();
        let tags: Vec<TagIndex> = plant.tags().map(|tag| tag.index()).collect();
        self.pass_on(tags.iter().copied());
    }

    /// Looks at the states and returns when to look again: never more than 2 % of the time.
    fn look_at_statuses(&self) -> Instant {
        let start = Instant::now();
        if 0 < self.watcher_count() {
            self.statuses.refresh(&self.hub, Duration::ZERO);
        }
        let now = Instant::now();
        now + STATUS_PERIOD.max((now - start) * 50)
    }

    /// Returns the tags of a pattern that a caller may see, in order of path.
    fn tags_of_pattern(&self, pattern: &Pattern, rights: &Rights) -> Tags {
        let tags = self.all_of_pattern(pattern);
        if rights.is_narrowed() {
            let seen = tags.iter().filter(|tag| rights.sees(tag.path()));
            return seen.cloned().collect();
        }
        tags
    }

    fn all_of_pattern(&self, pattern: &Pattern) -> Tags {
        let plant = self.hub.plant();
        let known = |patterns: &Patterns| {
            (patterns.generation == plant.generation())
                .then(|| patterns.tags.get(pattern).cloned())
                .flatten()
        };
        if let Some(tags) = known(&self.patterns.lock()) {
            return tags;
        }
        let tags: Tags = plant.select(pattern).into_iter().cloned().collect();
        let mut patterns = self.patterns.lock();
        if patterns.generation != plant.generation() || PATTERNS_MAX <= patterns.tags.len() {
            patterns.tags.clear();
            patterns.generation = plant.generation();
        }
        patterns.tags.insert(pattern.clone(), Arc::clone(&tags));
        tags
    }

    /// Returns a place for a watcher.
    fn admit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(&self.watchers).try_acquire_owned();
        place.map_err(|_| {
            let detail = format!("{WATCHERS_MAX} sockets are open, more are not allowed");
            ApiError::new(Code::Busy, detail)
        })
    }

    fn watcher_count(&self) -> usize {
        WATCHERS_MAX - self.watchers.available_permits()
    }

    /// Returns the figures of the engine.
    pub(crate) fn stats(&self) -> LiveStats {
        LiveStats {
            watchers: self.watcher_count(),
            groups: self.groups.lock().count(),
            batches: self.changes.now(),
        }
    }
}
