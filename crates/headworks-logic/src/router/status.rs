//! How routes do.

use std::collections::BTreeMap;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_core::route::{Counts, Hold, RouteSetup};
use schemars::JsonSchema;
use serde::Serialize;

use super::stats::Latency;
use super::{RouterHandle, State, target};

/// Longest wait for the routes to be taken over.
const SETTLE: Duration = Duration::from_secs(5);

/// Whether a route works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteState {
    /// It does.
    Running,
    /// It judges and counts, and delivers nothing.
    DryRun,
    /// A target did not take the last delivery.
    Failing,
    /// It names what is not there, or selects too many tags; see `reason`.
    Broken,
    /// It is disabled.
    Disabled,
}

/// How a route does, since the hub started.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RouteStatus {
    /// The route.
    pub id: ObjectId,
    /// Whether it works.
    pub state: RouteState,
    /// Why it does not.
    pub reason: Option<String>,
    /// Tags that it takes samples of.
    pub tags: usize,
    /// Samples of these tags.
    pub matched: u64,
    /// What went on: samples, and the results of windows.
    pub passed: u64,
    /// What was held back, by the rule that did.
    pub held: BTreeMap<Hold, u64>,
    /// Deliveries that arrived.
    pub delivered: u64,
    /// Tries that failed; the same delivery may fail more than once.
    pub failed_tries: u64,
    /// Deliveries that went to the dead letters.
    pub dead: u64,
    /// Values that a newer one replaced while a write to the same tag was under way.
    pub replaced: u64,
    /// Deliveries that wait in the queues of its targets.
    pub waiting: usize,
    /// When the last delivery arrived, microseconds since 1970-01-01 UTC.
    pub last_delivered_us: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<RouteError>,
    /// How long deliveries took; null before the first.
    pub latency: Option<Latency>,
    /// Its targets, in their order.
    pub targets: Vec<TargetStatus>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RouteError {
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// What.
    pub reason: String,
}

/// How a target of a route does; routes that write the same tag share its queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetStatus {
    /// Its kind and where it is.
    pub target: String,
    /// Deliveries that wait.
    pub waiting: usize,
    /// Whether the last try failed.
    pub is_failing: bool,
}

impl RouterHandle {
    /// Waits until the routes go by the present plant, a few seconds at most.
    pub async fn settled(&self) {
        let wanted = self.shared.hub.plant().generation();
        let mut adopted = self.shared.adopted.subscribe();
        let settled = adopted.wait_for(|generation| wanted <= *generation);
        // late or stopped: what is known is told all the same
        drop(tokio::time::timeout(SETTLE, settled).await);
    }

    /// Returns how a route does; none when the router does not know it (yet).
    pub fn status(&self, id: ObjectId) -> Option<RouteStatus> {
        let state = self.shared.state.lock();
        let setup = state.setup.routes.get(&id)?;
        Some(state.status_of(setup))
    }

    /// Returns how every route does, in the order of their ids.
    pub fn statuses(&self) -> Vec<RouteStatus> {
        let state = self.shared.state.lock();
        let setups = state.setup.routes.values();
        setups.map(|setup| state.status_of(setup)).collect()
    }
}

impl State {
    fn status_of(&self, setup: &RouteSetup) -> RouteStatus {
        let targets = self.targets_of(setup);
        let (tags, too_wide, counts) = self.counts_of(setup.id);
        let figures = self.figures.get(&setup.id);
        let figures = figures.map(|figures| figures.get()).unwrap_or_default();
        let held = Hold::ALL.into_iter().map(|by| (by, counts.held(by)));
        let (state, reason) = verdict(setup, too_wide.then_some(tags), &targets);
        RouteStatus {
            id: setup.id,
            state,
            reason,
            tags,
            matched: counts.matched,
            passed: counts.passed,
            held: held.filter(|(_, count)| 0 < *count).collect(),
            delivered: figures.delivered,
            failed_tries: figures.failed_tries,
            dead: figures.dead,
            replaced: figures.replaced,
            waiting: targets.iter().map(|target| target.waiting).sum(),
            last_delivered_us: figures.last_delivered_us,
            last_error: figures
                .last_error
                .map(|(time_us, reason)| RouteError { time_us, reason }),
            latency: figures.took.latency(),
            targets,
        }
    }

    fn targets_of(&self, setup: &RouteSetup) -> Vec<TargetStatus> {
        let of = |to| {
            let worker = self.workers.get(&target::key_of(setup.id, to));
            TargetStatus {
                target: target::label(&self.setup.plant, to),
                waiting: worker.map_or(0, |worker| worker.waiting()),
                is_failing: worker.is_some_and(|worker| worker.is_failing()),
            }
        };
        setup.route.to.iter().map(of).collect()
    }

    /// Returns the tags of a route, whether they are too many, and what it has counted.
    fn counts_of(&self, id: ObjectId) -> (usize, bool, Counts) {
        let (mut tags, mut is_too_wide, mut counts) = (0, false, Counts::default());
        for (place, one) in (0..).zip(self.engine.plan().routes()) {
            if one.compiled.id == id {
                tags += one.tags;
                is_too_wide |= one.is_too_wide;
                counts.add(&self.engine.counts(place));
            }
        }
        (tags, is_too_wide, counts)
    }
}

fn verdict(
    setup: &RouteSetup,
    too_many: Option<usize>,
    targets: &[TargetStatus],
) -> (RouteState, Option<String>) {
    if !setup.route.enabled {
        return (RouteState::Disabled, None);
    }
    if let Err(error) = &setup.ways {
        return (RouteState::Broken, Some(error.to_string()));
    }
    if let Some(tags) = too_many {
        let most = headworks_core::route::MEMBERS_MAX;
        let reason = format!(
            "it selects {tags} tags; all routes together may have {most} pairs of a route and a \
             tag: narrow the patterns"
        );
        return (RouteState::Broken, Some(reason));
    }
    if setup.route.dry_run {
        return (RouteState::DryRun, None);
    }
    if targets.iter().any(|target| target.is_failing) {
        return (RouteState::Failing, None);
    }
    (RouteState::Running, None)
}
