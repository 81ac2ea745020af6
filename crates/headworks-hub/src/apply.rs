//! How edits reach the running system: checked, stored, shown, then taken over by the links that
//! they touch and by no other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectId};
use headworks_core::{TagIndex, TagPath, Update};
use headworks_store::{Reached, StoreError};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::alarms::Rules;
use crate::edits::{Applied, Edit, finish, load, prepare};
use crate::error::HubError;
use crate::hub::Shared;
use crate::link::Order;
use crate::plant::{Plant, PlantChanges, Shapes, TagEntry};

/// Time that links have to stop because of an edit.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Which objects an edit has touched.
struct Touched {
    connections: Vec<ObjectId>,
    devices: Vec<ObjectId>,
    tags: Vec<TagIndex>,
    alarms: bool,
}

/// What a link must do because of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkChange {
    Start,
    Stop,
    Rebuild,
    Reconfigure,
    Nothing,
}

/// Applies edits; see [`crate::HubHandle::apply`]. Must not be cancelled half way.
pub(crate) async fn apply(
    shared: Arc<Shared>,
    edits: Vec<Edit>,
    author: String,
) -> Result<Vec<Applied>, HubError> {
    let mut shapes = Arc::clone(&shared.writer).lock_owned().await;
    if shared.stop.is_cancelled() {
        return Err(HubError::Stopping);
    }
    let old = shared.plant.load_full();
    let work = {
        let (shared, old) = (Arc::clone(&shared), Arc::clone(&old));
        move || {
            let outcome = store(&shared, &old, edits, &author, &mut shapes);
            (outcome, shapes)
        }
    };
    // the lock is held to the end, so that edits are taken over in the order they were stored
    let (outcome, _shapes) = blocking(work).await?;
    let (new, touched, applied) = outcome?;
    take_over(&shared, &old, new, &touched).await;
    Ok(applied)
}

/// Takes edits again after the database of the objects was reached, and takes over what it has
/// that this hub does not know. Must not be cancelled half way.
pub(crate) async fn resume(shared: Arc<Shared>, reached: Reached) -> Result<(), HubError> {
    let mut shapes = Arc::clone(&shared.writer).lock_owned().await;
    if shared.stop.is_cancelled() {
        return Err(HubError::Stopping);
    }
    let old = shared.plant.load_full();
    let work = {
        let (shared, old) = (Arc::clone(&shared), Arc::clone(&old));
        move || {
            let outcome = reload(&shared, &old, reached, &mut shapes);
            (outcome, shapes)
        }
    };
    let (outcome, _shapes) = blocking(work).await?;
    if let Some((new, touched)) = outcome? {
        take_over(&shared, &old, new, &touched).await;
    }
    Ok(())
}

/// Returns the plant of the database, unless it is the present one.
fn reload(
    shared: &Shared,
    old: &Plant,
    reached: Reached,
    shapes: &mut Shapes,
) -> Result<Option<(Plant, Touched)>, HubError> {
    let objects = shared.objects()?;
    objects.resume(reached)?;
    let stored = objects.load_all()?;
    // compared in any case: an answer may have been lost after the file was written
    let changes = match load(stored, shapes) {
        Ok(all) => all.beyond(old),
        Err(error) => {
            objects.give_up(error.to_string());
            return Err(error);
        }
    };
    if changes.is_empty() {
        return Ok(None);
    }
    let touched = Touched::new(&changes);
    let new = old.with(changes);
    shapes.purge();
    Ok(Some((new, touched)))
}

/// Runs work that blocks on the disk or the processor.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HubError> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|_| HubError::Stopping)
}

fn store(
    shared: &Shared,
    old: &Plant,
    edits: Vec<Edit>,
    author: &str,
    shapes: &mut Shapes,
) -> Result<(Plant, Touched, Vec<Applied>), HubError> {
    let now_us = shared.clock.now_us();
    let mut draft = prepare(old, edits, shared.protocols, id_maker(now_us))?;
    let changes = std::mem::take(&mut draft.changes);
    let stored = shared.objects()?.commit(&changes, author, now_us);
    let stored = stored.map_err(|error| translate(error, old))?;
    drop(changes);
    let (changes, applied) = finish(draft, &stored, shapes)?;
    let touched = Touched::new(&changes);
    let new = old.with(changes);
    shapes.purge();
    Ok((new, touched, applied))
}

/// Returns a maker of ids that sort in the order of their making.
pub(crate) fn id_maker(now_us: i64) -> impl FnMut() -> ObjectId {
    let context = ContextV7::new();
    let now_us = u64::try_from(now_us).unwrap_or(0);
    let nanos = u32::try_from(now_us % 1_000_000 * 1000).unwrap_or(0);
    move || {
        let time = Timestamp::from_unix(&context, now_us / 1_000_000, nanos);
        ObjectId(Uuid::new_v7(time))
    }
}

/// Gives an error of the store the hub's type, where the hub has one.
fn translate(error: StoreError, plant: &Plant) -> HubError {
    if let StoreError::Conflict {
        id,
        expected,
        found,
        ..
    } = &error
        && let Ok(id) = id.parse::<ObjectId>()
        && let Some(kind) = plant.kind_of(id)
    {
        let (expected, found) = (*expected, *found);
        return HubError::Conflict {
            kind,
            id,
            expected,
            found,
        };
    }
    HubError::Store(error)
}

/// Shows the new plant and lets ingest and links take it over.
async fn take_over(shared: &Arc<Shared>, old: &Plant, new: Plant, touched: &Touched) {
    let new = Arc::new(new);
    let changes = touched.link_changes(old, &new);
    let with = |wanted: LinkChange| {
        let matching = changes.iter().filter(move |(_, change)| *change == wanted);
        matching.map(|&(id, _)| id).collect::<Vec<_>>()
    };
    shared.links.stop(&with(LinkChange::Stop), STOP_GRACE).await;
    shared.plant.store(Arc::clone(&new));
    shared.ingest.take_formulas(new.formulas());
    configure_ingest(shared, old, &new, touched).await;
    take_alarms(shared, &new, touched).await;
    shared.generation.send_replace(new.generation());
    if !new.has_policies_of(old) {
        shared.keeping.signal.wake();
    }
    for id in with(LinkChange::Start) {
        shared.links.start(shared, id);
    }
    for id in with(LinkChange::Rebuild) {
        shared.links.order(id, Order::Rebuild).await;
    }
    for id in with(LinkChange::Reconfigure) {
        shared.links.order(id, Order::Reconfigure).await;
    }
}

/// Tells ingest of every tag that is new, changed, gone or polled otherwise than before.
async fn configure_ingest(shared: &Shared, old: &Plant, new: &Plant, touched: &Touched) {
    let now_us = shared.clock.now_us();
    shared.ingest.grow(new.index_end());
    let mut news: Vec<Update> = Vec::new();
    for index in touched.tags_touched(old, new) {
        match new.tag_at(index) {
            Some(tag) => {
                let period = new.period_of(tag);
                let state = shared.ingest.configure(tag, period, now_us);
                // a formula is evaluated at once: that it waits would be told after its result
                news.extend(state.filter(|_| !new.is_calculated(tag)));
            }
            None => shared.ingest.forget(index),
        }
    }
    if !news.is_empty() {
        shared.ingest.announce(news, now_us).await;
    }
    shared.ingest.calculate_new(now_us).await;
}

/// Gives the alarms of a new plant to ingest; compiling them is no work for the runtime.
async fn take_alarms(shared: &Arc<Shared>, new: &Arc<Plant>, touched: &Touched) {
    let before = shared.ingest.alarms().rules();
    if !touched.alarms && (before.is_empty() || touched.tags.is_empty()) {
        return;
    }
    let (shared, new) = (Arc::clone(shared), Arc::clone(new));
    let work = move || {
        let rules = Arc::new(Rules::of(&new, &before));
        let last = |tag| shared.ingest.space().last(tag);
        let now_us = shared.clock.now_us();
        shared.ingest.alarms().take(rules, now_us, &last);
    };
    // an error says that the runtime ends
    drop(blocking(work).await);
}

impl Touched {
    fn new(changes: &PlantChanges) -> Touched {
        Touched {
            connections: changes.connections.keys().copied().collect(),
            devices: changes.devices.keys().copied().collect(),
            tags: changes.tags.keys().copied().collect(),
            alarms: !changes.alarms.is_empty(),
        }
    }

    /// Returns the tags that changed or whose device or connection did.
    fn tags_touched(&self, old: &Plant, new: &Plant) -> BTreeSet<TagIndex> {
        let mut tags: BTreeSet<TagIndex> = self.tags.iter().copied().collect();
        for plant in [old, new] {
            let behind = self
                .connections
                .iter()
                .flat_map(|&id| plant.devices_of(id))
                .map(|device| device.id);
            for device in behind.chain(self.devices.iter().copied()) {
                tags.extend(plant.indices_of(device));
            }
        }
        tags
    }

    /// Returns what each connection must do.
    fn link_changes(&self, old: &Plant, new: &Plant) -> Vec<(ObjectId, LinkChange)> {
        let dirty = self.dirty(old, new);
        let all: BTreeSet<ObjectId> = self.connections.iter().chain(&dirty).copied().collect();
        all.into_iter()
            .map(|id| (id, link_change(old, new, id, dirty.contains(&id))))
            .collect()
    }

    /// Returns the connections whose drivers must be told of a device or a tag.
    fn dirty(&self, old: &Plant, new: &Plant) -> BTreeSet<ObjectId> {
        let mut dirty = BTreeSet::new();
        for &id in &self.devices {
            let (before, after) = (DeviceView::of(old, id), DeviceView::of(new, id));
            if before != after {
                dirty.extend(
                    [before, after]
                        .into_iter()
                        .flatten()
                        .map(|view| view.connection),
                );
            }
        }
        for &index in &self.tags {
            let (before, after) = (told(old, index), told(new, index));
            if before != after {
                dirty.extend([before, after].into_iter().flatten().map(|(id, _)| id));
            }
        }
        dirty
    }
}

/// What of a device its driver knows.
#[derive(PartialEq)]
struct DeviceView<'a> {
    connection: ObjectId,
    name: &'a str,
    path: &'a TagPath,
    period_ms: u32,
    settings: &'a headworks_core::model::Settings,
}

impl<'a> DeviceView<'a> {
    fn of(plant: &'a Plant, id: ObjectId) -> Option<DeviceView<'a>> {
        let device: &Device = &plant.device(id)?.body;
        device.enabled.then(|| DeviceView {
            connection: device.connection,
            name: &device.name,
            path: &device.path,
            period_ms: device.period_ms,
            settings: &device.settings,
        })
    }
}

/// Returns what the driver of a connection is told of a tag; none when it is not told of it.
fn told(plant: &Plant, index: TagIndex) -> Option<(ObjectId, impl PartialEq + use<>)> {
    let tag: &TagEntry = plant.tag_at(index)?;
    let device = &plant.device(tag.device())?.body;
    let known = tag.enabled() && device.enabled && tag.formula().is_none();
    known.then(|| {
        let config = tag.config(device.period_ms);
        (device.connection, (tag.device(), config))
    })
}

fn link_change(old: &Plant, new: &Plant, id: ObjectId, dirty: bool) -> LinkChange {
    let before = old.connection(id).map(|object| &object.body);
    let after = new.connection(id).map(|object| &object.body);
    let on = |connection: Option<&Connection>| connection.is_some_and(|body| body.enabled);
    match (before, after) {
        _ if !on(before) && !on(after) => LinkChange::Nothing,
        _ if !on(after) => LinkChange::Stop,
        _ if !on(before) => LinkChange::Start,
        (Some(before), Some(after))
            if before.protocol != after.protocol || before.settings != after.settings =>
        {
            LinkChange::Rebuild
        }
        (Some(before), Some(after)) if dirty || before.name != after.name => {
            LinkChange::Reconfigure
        }
        _ => LinkChange::Nothing,
    }
}

#[cfg(test)]
mod tests;
