//! From stored objects to the next plant.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use headworks_core::model::{Kind, Object, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};
use headworks_store::StoredObject;
use serde::de::DeserializeOwned;

use super::Applied;
use super::draft::{Draft, Drafts, objects};
use crate::error::HubError;
use crate::plant::{Plant, PlantChanges, Shapes, TagEntry};

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
    let outcomes = draft.outlines.iter().map(|outline| {
        let (revision, updated_us) = stamp(outline.id);
        Applied {
            id: outline.id,
            kind: outline.kind,
            action: outline.action,
            revision,
            updated_us,
            tag: stored.get(&outline.id).and_then(|object| object.tag),
            cascaded: outline.cascaded,
        }
    });
    let applied = outcomes.collect();
    let mut tags = moved_tags(&draft)?;
    let plant = draft.plant;
    let devices = objects(draft.devices, stamp);
    let path = |device: ObjectId| match devices.get(&device) {
        Some(device) => device.as_ref().map(|device| device.body.path.clone()),
        None => plant.device(device).map(|device| device.body.path.clone()),
    };
    add_tags(&mut tags, plant, draft.tags, &stored, path, shapes)?;
    let changes = PlantChanges {
        connections: objects(draft.connections, stamp),
        devices,
        dashboards: objects(draft.dashboards, stamp),
        retention: objects(draft.retention, stamp),
        tags,
    };
    Ok((changes, applied))
}

type TagChanges = BTreeMap<TagIndex, Option<Arc<TagEntry>>>;

/// Returns the tags that move because the path of their device changes.
fn moved_tags(draft: &Draft<'_>) -> Result<TagChanges, HubError> {
    let mut moved = TagChanges::new();
    for &device in draft.devices.keys() {
        let Some(path) = draft.new_path(device) else {
            continue;
        };
        for tag in draft.plant.tags_of(device) {
            let entry = tag
                .moved(path)
                .map_err(|error| damaged(Kind::Tag, tag.id(), error))?;
            moved.insert(tag.index(), Some(Arc::new(entry)));
        }
    }
    Ok(moved)
}

fn add_tags(
    tags: &mut TagChanges,
    plant: &Plant,
    drafts: Drafts<Tag>,
    stored: &HashMap<ObjectId, &StoredObject>,
    device_path: impl Fn(ObjectId) -> Option<TagPath>,
    shapes: &mut Shapes,
) -> Result<(), HubError> {
    for (id, draft) in drafts {
        let Some(body) = draft.body else {
            if let Some(old) = plant.tag(id) {
                tags.insert(old.index(), None);
            }
            continue;
        };
        let missing = |what| damaged(Kind::Tag, id, what);
        let object = stored
            .get(&id)
            .ok_or_else(|| missing("it was not stored"))?;
        let index = object.tag.ok_or_else(|| missing("it has no number"))?;
        let path = device_path(body.device).ok_or_else(|| missing("its device is missing"))?;
        let object = Object {
            id,
            revision: object.revision,
            updated_us: object.updated_us,
            body,
        };
        let entry = TagEntry::new(object, index, &path, shapes)
            .map_err(|error| damaged(Kind::Tag, id, error))?;
        tags.insert(index, Some(Arc::new(entry)));
    }
    Ok(())
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
    // one pass, so that the memory of each body is free for what is made of the next; the store
    // gives devices before tags
    for object in stored {
        match object.kind {
            Kind::Connection => keep(&mut changes.connections, &object)?,
            Kind::Device => keep(&mut changes.devices, &object)?,
            Kind::Dashboard => keep(&mut changes.dashboards, &object)?,
            Kind::Retention => keep(&mut changes.retention, &object)?,
            Kind::Tag => keep_tag(&mut changes, &object, shapes)?,
        }
    }
    Ok(changes)
}

fn keep_tag(
    changes: &mut PlantChanges,
    object: &StoredObject,
    shapes: &mut Shapes,
) -> Result<(), HubError> {
    let missing = |what| damaged(Kind::Tag, object.id, what);
    let index = object.tag.ok_or_else(|| missing("it has no number"))?;
    let tag: Arc<Object<Tag>> = parse(object)?;
    let device = changes
        .devices
        .get(&tag.body.device)
        .and_then(Option::as_ref);
    let path = &device
        .ok_or_else(|| missing("its device is missing"))?
        .body
        .path;
    let entry = TagEntry::new(Arc::unwrap_or_clone(tag), index, path, shapes)
        .map_err(|error| damaged(Kind::Tag, object.id, error))?;
    changes.tags.insert(index, Some(Arc::new(entry)));
    Ok(())
}

fn keep<T: DeserializeOwned>(
    objects: &mut BTreeMap<ObjectId, Option<Arc<Object<T>>>>,
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
