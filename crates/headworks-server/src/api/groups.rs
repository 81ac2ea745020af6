//! Groups: devices and tags that belong together.

use std::sync::Arc;

use headworks_core::model::{Group, Object, ObjectId};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::Serialize;

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// A group and how many members it has.
#[derive(Serialize, JsonSchema)]
pub(crate) struct GroupItem {
    /// The group as it is configured; members that were deleted since are left out.
    #[serde(flatten)]
    object: Object<Group>,
    /// How many tags it has, with those of its devices.
    tag_count: usize,
}

impl Resource for Group {
    const PATH: &'static str = "/api/v1/groups";
    type Item = GroupItem;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, GroupItem)> {
        let object = plant.group(id)?;
        Some((object.revision, item(plant, object)))
    }
}

fn item(plant: &Plant, object: &Arc<Object<Group>>) -> GroupItem {
    let mut object = Object::clone(object);
    let body = &mut object.body;
    body.devices.retain(|&id| plant.device(id).is_some());
    body.tags.retain(|&id| plant.tag(id).is_some());
    let of_devices: usize = body.devices.iter().map(|&id| plant.tags_of(id).len()).sum();
    let others = body.tags.iter().filter_map(|&id| plant.tag(id));
    let others = others.filter(|tag| !body.devices.contains(&tag.device()));
    GroupItem {
        tag_count: of_devices + others.count(),
        object,
    }
}

/// Lists groups in order of name.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<GroupItem>>, ApiError> {
    let plant = call.app.hub.plant();
    let page = objects::page(
        &call.query,
        plant.groups(),
        |body| &body.name,
        |group| item(&plant, group),
    );
    page.map(Json)
}
