//! From stored objects to the next plant.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use headworks_core::model::{Asset, Device, Kind, Object, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};
use headworks_store::StoredObject;
use serde::de::DeserializeOwned;

use super::draft::{Draft, Drafted};
use super::moves::moves;
use super::{Applied, Body};
use crate::error::HubError;
use crate::plant::{Changed, Paths, Places, PlantChanges, Shapes, TagEntry};

/// Returns what the stored draft changes in the plant, and the outcome of each edit.
///
/// # Errors
///
/// [`HubError::Damaged`] when the store did not answer for an object.
pub(crate) fn finish(
    draft: Draft<'_>,
    stored: &[StoredObject],
    shapes: &mut Shapes,
) -> Result<(PlantChanges, Vec<Applied>), HubError> {
    let stored: HashMap<ObjectId, &StoredObject> =
        stored.iter().map(|object| (object.id, object)).collect();
    let stamp = |id: ObjectId| {
        let object = stored.get(&id);
        object.map_or((0, 0), |object| (object.revision, object.updated_us))
    };
    let mut rewritten = vec![0; draft.outlines.len()];
    for one in &draft.rewritten {
        if let Some(count) = rewritten.get_mut(one.edit) {
            *count += 1;
        }
    }
    let outcomes = draft
        .outlines
        .iter()
        .zip(rewritten)
        .map(|(outline, rewritten)| {
            let (revision, updated_us) = stamp(outline.id);
            Applied {
                id: outline.id,
                kind: outline.kind,
                action: outline.action,
                revision,
                updated_us,
                tag: stored.get(&outline.id).and_then(|object| object.tag),
                cascaded: outline.cascaded,
                rewritten,
            }
        });
    let applied = outcomes.collect();
    let tags = tags(&draft, &stored, shapes)?;
    let mut changes = PlantChanges {
        tags,
        ..PlantChanges::default()
    };
    for (id, draft) in draft.bodies {
        take(&mut changes, id, draft, stamp(id));
    }
    Ok((changes, applied))
}

/// Puts an object where its kind is kept; tags are there already.
fn take(changes: &mut PlantChanges, id: ObjectId, draft: Drafted, stamp: (u64, i64)) {
    let Some(body) = draft.body else {
        return match draft.kind {
            Kind::Asset => drop(changes.assets.insert(id, None)),
            Kind::Connection => drop(changes.connections.insert(id, None)),
            Kind::Template => drop(changes.templates.insert(id, None)),
            Kind::Device => drop(changes.devices.insert(id, None)),
            Kind::Tag => {}
            Kind::Group => drop(changes.groups.insert(id, None)),
            Kind::Alarm => drop(changes.alarms.insert(id, None)),
            Kind::Route => drop(changes.routes.insert(id, None)),
            Kind::Channel => drop(changes.channels.insert(id, None)),
            Kind::Roster => drop(changes.rosters.insert(id, None)),
            Kind::Policy => drop(changes.policies.insert(id, None)),
            Kind::Dashboard => drop(changes.dashboards.insert(id, None)),
            Kind::Picture => drop(changes.pictures.insert(id, None)),
            Kind::Retention => drop(changes.retention.insert(id, None)),
            Kind::Dictionary => drop(changes.dictionaries.insert(id, None)),
        };
    };
    match body {
        Body::Asset(body) => put(&mut changes.assets, id, stamp, body),
        Body::Connection(body) => put(&mut changes.connections, id, stamp, body),
        Body::Template(body) => put(&mut changes.templates, id, stamp, body),
        Body::Device(body) => put(&mut changes.devices, id, stamp, body),
        Body::Tag(_) => {}
        Body::Group(body) => put(&mut changes.groups, id, stamp, body),
        Body::Alarm(body) => put(&mut changes.alarms, id, stamp, body),
        Body::Route(body) => put(&mut changes.routes, id, stamp, body),
        Body::Channel(body) => put(&mut changes.channels, id, stamp, body),
        Body::Roster(body) => put(&mut changes.rosters, id, stamp, body),
        Body::Policy(body) => put(&mut changes.policies, id, stamp, body),
        Body::Dashboard(body) => put(&mut changes.dashboards, id, stamp, body),
        Body::Picture(body) => put(&mut changes.pictures, id, stamp, body),
        Body::Retention(body) => put(&mut changes.retention, id, stamp, body),
        Body::Dictionary(body) => put(&mut changes.dictionaries, id, stamp, body),
    }
}

fn put<T>(changed: &mut Changed<T>, id: ObjectId, (revision, updated_us): (u64, i64), body: T) {
    let object = Object {
        id,
        revision,
        updated_us,
        body,
    };
    changed.insert(id, Some(Arc::new(object)));
}

type TagChanges = BTreeMap<TagIndex, Option<Arc<TagEntry>>>;

/// Returns the tags that are new, changed, moved or gone.
fn tags(
    draft: &Draft<'_>,
    stored: &HashMap<ObjectId, &StoredObject>,
    shapes: &mut Shapes,
) -> Result<TagChanges, HubError> {
    let mut tags = TagChanges::new();
    let mut paths = Paths::new(draft);
    for moved in moves(draft, &mut paths) {
        let path = moved
            .path
            .map_err(|error| damaged(Kind::Tag, moved.tag.id(), error))?;
        tags.insert(moved.tag.index(), Some(Arc::new(moved.tag.moved(path))));
    }
    for (&id, drafted) in draft
        .bodies
        .iter()
        .filter(|(_, draft)| draft.kind == Kind::Tag)
    {
        let Some(Body::Tag(body)) = &drafted.body else {
            if let Some(old) = draft.plant.tag(id) {
                tags.insert(old.index(), None);
            }
            continue;
        };
        let missing = |what: &str| damaged(Kind::Tag, id, what);
        let object = stored
            .get(&id)
            .ok_or_else(|| missing("it was not stored"))?;
        let index = object.tag.ok_or_else(|| missing("it has no number"))?;
        let path = paths
            .of_tag(body)
            .map_err(|error| damaged(Kind::Tag, id, error))?;
        let object = Object {
            id,
            revision: object.revision,
            updated_us: object.updated_us,
            body: body.clone(),
        };
        let entry = TagEntry::new(object, index, path, shapes)
            .map_err(|error| damaged(Kind::Tag, id, error))?;
        tags.insert(index, Some(Arc::new(entry)));
    }
    Ok(tags)
}

/// Returns what the stored objects make of an empty plant.
///
/// # Errors
///
/// [`HubError::Damaged`] for an object that cannot be read or rests on none.
pub(crate) fn load(
    stored: Vec<StoredObject>,
    shapes: &mut Shapes,
) -> Result<PlantChanges, HubError> {
    let mut changes = PlantChanges::default();
    let mut paths = HashMap::new();
    // one pass, so that the memory of each body is free for what is made of the next; the store
    // gives assets and devices before tags
    for object in stored {
        match object.kind {
            Kind::Asset => keep(&mut changes.assets, &object)?,
            Kind::Connection => keep(&mut changes.connections, &object)?,
            Kind::Template => keep(&mut changes.templates, &object)?,
            Kind::Device => keep(&mut changes.devices, &object)?,
            Kind::Tag => keep_tag(&mut changes, &mut paths, &object, shapes)?,
            Kind::Group => keep(&mut changes.groups, &object)?,
            Kind::Alarm => keep(&mut changes.alarms, &object)?,
            Kind::Route => keep(&mut changes.routes, &object)?,
            Kind::Channel => keep(&mut changes.channels, &object)?,
            Kind::Roster => keep(&mut changes.rosters, &object)?,
            Kind::Policy => keep(&mut changes.policies, &object)?,
            Kind::Dashboard => keep(&mut changes.dashboards, &object)?,
            Kind::Picture => keep(&mut changes.pictures, &object)?,
            Kind::Retention => keep(&mut changes.retention, &object)?,
            Kind::Dictionary => keep(&mut changes.dictionaries, &object)?,
        }
    }
    Ok(changes)
}

/// The paths of what tags stand in, as far as they were asked for: by asset or device.
type Above = HashMap<ObjectId, TagPath>;

fn keep_tag(
    changes: &mut PlantChanges,
    paths: &mut Above,
    object: &StoredObject,
    shapes: &mut Shapes,
) -> Result<(), HubError> {
    let damage = |reason: String| damaged(Kind::Tag, object.id, reason);
    let index = object
        .tag
        .ok_or_else(|| damage("it has no number".into()))?;
    let tag: Arc<Object<Tag>> = parse(object)?;
    let (device, asset) = (tag.body.device, tag.body.asset);
    if changes.device(device).is_none() {
        return Err(damage("its device is missing".into()));
    }
    let above = match paths.entry(asset.unwrap_or(device)) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let mut paths = Paths::new(changes);
            let path = match asset {
                Some(asset) => paths.asset(asset),
                None => paths.device(device),
            };
            place.insert(path.map_err(|error| damage(error.to_string()))?)
        }
    };
    let path = above
        .join(&tag.body.name)
        .map_err(|error| damage(error.to_string()))?;
    let entry = TagEntry::new(Arc::unwrap_or_clone(tag), index, path, shapes)
        .map_err(|error| damage(error.to_string()))?;
    changes.tags.insert(index, Some(Arc::new(entry)));
    Ok(())
}

impl Places for PlantChanges {
    fn asset(&self, id: ObjectId) -> Option<&Asset> {
        self.assets.get(&id)?.as_ref().map(|object| &object.body)
    }

    fn device(&self, id: ObjectId) -> Option<&Device> {
        self.devices.get(&id)?.as_ref().map(|object| &object.body)
    }
}

fn keep<T: DeserializeOwned>(
    objects: &mut Changed<T>,
    object: &StoredObject,
) -> Result<(), HubError> {
    objects.insert(object.id, Some(parse(object)?));
    Ok(())
}

fn parse<T: DeserializeOwned>(object: &StoredObject) -> Result<Arc<Object<T>>, HubError> {
    let body = serde_json::from_str(&object.body)
        .map_err(|error| damaged(object.kind, object.id, error))?;
    Ok(Arc::new(Object {
        id: object.id,
        revision: object.revision,
        updated_us: object.updated_us,
        body,
    }))
}

fn damaged(kind: Kind, id: ObjectId, reason: impl std::fmt::Display) -> HubError {
    HubError::Damaged {
        kind,
        id,
        reason: reason.to_string(),
    }
}
