//! The task of the router: batches in, deliveries out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use headworks_core::Update;
use headworks_core::model::ObjectId;
use headworks_core::route::{Passed, Step, Verdict};
use headworks_hub::{Tap, Tapped};
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use super::delivery::{Delivery, Parcel};
use super::setup::Setup;
use super::stats::RouteFigures;
use super::target;
use super::worker::{QUEUE_MAX, Worker};
use super::{Shared, State};

/// Updates that are worked on before others may look at the routes.
const CHUNK: usize = 2048;

/// Runs until the router stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut plants = shared.hub.plant_changes();
    plants.mark_changed();
    let mut tap: Option<Tap> = None;
    loop {
        let due = shared.due();
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            changed = plants.changed() => {
                if changed.is_err() {
                    return;
                }
                adopt(&shared, &mut tap).await;
            }
            tapped = next(&mut tap) => match tapped {
                Some(tapped) => shared.take(&tapped).await,
                None => tap = None, // the hub stops, or somebody else listens
            },
            () = at(due) => shared.tick(),
        }
    }
}

async fn next(tap: &mut Option<Tap>) -> Option<Tapped> {
    match tap {
        Some(tap) => tap.next().await,
        None => std::future::pending().await,
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Goes by the present plant; listens to the hub while there are routes.
async fn adopt(shared: &Arc<Shared>, tap: &mut Option<Tap>) {
    let plant = shared.hub.plant();
    let before = Arc::clone(shared.state.lock().engine.plan());
    let work = tokio::task::spawn_blocking(move || Setup::new(plant, &before));
    let Ok((setup, plan)) = work.await else {
        warn!("the routes could not be taken over");
        return;
    };
    let is_idle = plan.is_empty();
    shared.authors.retain(|id| setup.routes.contains_key(&id));
    let mut state = shared.state.lock();
    state.engine.adopt(Arc::new(plan));
    state.setup = setup;
    state.tell_of_broken();
    state.keep_figures();
    shared.keep_workers(&mut state);
    let generation = state.setup.plant.generation();
    drop(state);
    if is_idle {
        *tap = None;
    } else if tap.is_none() {
        *tap = Some(shared.hub.tap());
    }
    shared.adopted.send_replace(generation);
}

impl State {
    /// Tells in the log which routes cannot work.
    fn tell_of_broken(&self) {
        for setup in self.setup.routes.values() {
            if let (Err(error), true) = (&setup.ways, setup.route.enabled) {
                let route = &setup.route.name;
                warn!(route, %error, "a route does not work");
            }
        }
        let routes = self.engine.plan().routes();
        for one in routes.iter().filter(|one| one.is_too_wide) {
            let route = &one.compiled.route.name;
            warn!(
                route,
                tags = one.tags,
                "a route selects too many tags and does not work"
            );
        }
        if !routes.is_empty() {
            info!(routes = routes.len(), "routes taken over");
        }
    }

    fn keep_figures(&mut self) {
        let State { figures, setup, .. } = self;
        figures.retain(|id, _| setup.routes.contains_key(id));
        for id in setup.routes.keys() {
            figures.entry(*id).or_default();
        }
    }
}

impl Shared {
    /// Returns when the engine has something to do without a sample.
    fn due(&self) -> Option<Instant> {
        let due_us = self.state.lock().engine.due_us()?;
        let after_us = due_us.saturating_sub(self.hub.clock().now_us()).max(0);
        Some(Instant::now() + Duration::from_micros(after_us.unsigned_abs()))
    }

    /// Starts the targets that are new and ends those that no route leads to any more.
    fn keep_workers(self: &Arc<Self>, state: &mut State) {
        let mut wanted = HashSet::new();
        let mut workers: HashMap<String, Arc<Worker>> = std::mem::take(&mut state.workers);
        for setup in state
            .setup
            .routes
            .values()
            .filter(|setup| setup.route.is_live())
        {
            for target in &setup.route.to {
                wanted.extend(self.keep_worker(state, setup.id, target, &mut workers));
            }
            if let (Some(_), Ok(ways)) = (&setup.route.back, &setup.ways) {
                let written = ways.iter().flat_map(|way| way.written());
                for tag in written.filter_map(|tag| state.setup.plant.tag_at(tag)) {
                    let target = tag_target(tag.id());
                    wanted.extend(self.keep_worker(state, setup.id, &target, &mut workers));
                }
            }
        }
        workers.retain(|key, worker| {
            let keep = wanted.contains(key);
            if !keep {
                worker.cancel();
            }
            keep
        });
        state.workers = workers;
    }

    fn keep_worker(
        self: &Arc<Self>,
        state: &State,
        route: ObjectId,
        to: &headworks_core::model::RouteTarget,
        workers: &mut HashMap<String, Arc<Worker>>,
    ) -> Option<String> {
        let key = target::key_of(route, to);
        workers.entry(key.clone()).or_insert_with(|| {
            let label = target::label(&state.setup.plant, to);
            let opened = target::open(self, to);
            Arc::new(Worker::start(Arc::clone(self), opened, label))
        });
        Some(key)
    }

    async fn take(self: &Arc<Self>, tapped: &Tapped) {
        for chunk in tapped.batch.chunks(CHUNK) {
            self.take_chunk(chunk, tapped.at);
            tokio::task::yield_now().await;
        }
    }

    fn take_chunk(&self, chunk: &[Update], at: Instant) {
        let now_us = self.hub.clock().now_us();
        let last = |tag| self.hub.last(tag);
        let mut steps = Vec::new();
        let mut state = self.state.lock();
        for update in chunk {
            state.engine.take(update, now_us, &last, &mut steps);
        }
        self.hand_over(&state, steps, now_us, at);
    }

    fn tick(&self) {
        let now_us = self.hub.clock().now_us();
        let last = |tag| self.hub.last(tag);
        let mut steps = Vec::new();
        let mut state = self.state.lock();
        state.engine.tick(now_us, &last, &mut steps);
        self.hand_over(&state, steps, now_us, Instant::now());
    }

    fn hand_over(&self, state: &State, steps: Vec<Step>, now_us: i64, at: Instant) {
        for step in steps {
            let plan = state.engine.plan();
            let Some(compiled) = plan.route(step.route) else {
                continue;
            };
            let Some(figures) = state.figures.get(&compiled.id) else {
                continue;
            };
            match step.verdict {
                Verdict::Held { by, fault, .. } => {
                    let fault = fault.map(|fault| format!("{by}: {fault}"));
                    figures.note_error(now_us, fault.unwrap_or_default());
                }
                Verdict::Passed(_) if compiled.route.dry_run => {}
                Verdict::Passed(ref passed) => {
                    self.deliver(state, &step, passed, figures, at);
                }
            }
        }
    }

    /// Puts a result into the queues of the targets of its route.
    fn deliver(
        &self,
        state: &State,
        step: &Step,
        passed: &Passed,
        figures: &Arc<RouteFigures>,
        at: Instant,
    ) {
        let plant = &state.setup.plant;
        let (Some(compiled), Some(tag)) = (
            state.engine.plan().route(step.route),
            plant.tag_at(step.tag),
        ) else {
            return;
        };
        let path = tag.path().to_string();
        let parcel = Parcel::new(tag.id(), path, step.source.clone(), passed.sample.clone());
        for place in 0..compiled.targets() {
            if passed.stopped & (1 << place) != 0 {
                continue;
            }
            let to = match compiled.writes(place).and_then(|tag| plant.tag_at(tag)) {
                Some(tag) => tag_target(tag.id()),
                None => compiled.route.to[place].clone(),
            };
            let delivery = Delivery {
                route: Arc::clone(&compiled.route),
                id: compiled.id,
                place: to.place(),
                figures: Arc::clone(figures),
                parcel: parcel.clone(),
                chain: passed.chain.clone(),
                at,
                letter: None,
            };
            self.offer(state, &target::key_of(compiled.id, &to), delivery);
        }
    }

    /// Puts a delivery into the queue of its target; one that has no room is buried.
    pub(super) fn offer(&self, state: &State, key: &str, delivery: Delivery) {
        let refused = match state.workers.get(key) {
            Some(worker) => worker.offer(delivery),
            None => Err(Box::new(delivery)),
        };
        if let Err(delivery) = refused {
            let reason = format!("{QUEUE_MAX} others wait for the target");
            self.bury(&delivery, 0, &reason);
        }
    }
}

fn tag_target(tag: ObjectId) -> headworks_core::model::RouteTarget {
    headworks_core::model::RouteTarget::Tag(headworks_core::model::TagTarget { tag })
}
