//! Devices.

use std::sync::Arc;

use headworks_core::model::{Device, Object, ObjectId};
use headworks_hub::{HubHandle, Plant};
use headworks_protocols::{DeviceSnapshot, PollReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors;
use super::objects::{self, Resource};
use super::page::{LIMIT_MAX, Page, Window};
use super::tags::{TagItem, item as tag_item};
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// A device and its state.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeviceItem {
    /// The device as it is configured.
    #[serde(flatten)]
    object: Arc<Object<Device>>,
    /// Where its tags stand: the path of its asset, if it has one, and its own.
    full_path: String,
    /// Name of its connection.
    connection_name: String,
    /// How many tags it has.
    tag_count: usize,
    /// What is known of it at present.
    status: Option<DeviceSnapshot>,
}

/// Query parameters of the list of devices.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceQuery {
    /// Only devices behind this connection.
    connection: Option<ObjectId>,
    /// Only devices placed directly in this asset.
    asset: Option<ObjectId>,
    /// Only devices whose name or path holds this text, upper and lower case as one.
    search: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Query parameters of a page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What a manual poll brought.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PollOutcome {
    /// Tags that were read well.
    good: u32,
    /// Tags that could not be read.
    bad: u32,
    /// The first error, when there was one.
    error: Option<String>,
}

impl Resource for Device {
    const PATH: &'static str = "/api/v1/devices";
    type Item = DeviceItem;

    fn item(hub: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, DeviceItem)> {
        let object = plant.device(id)?;
        Some((object.revision, item(hub, plant, object)))
    }
}

fn item(hub: &HubHandle, plant: &Plant, object: &Arc<Object<Device>>) -> DeviceItem {
    let connection = plant.connection(object.body.connection);
    DeviceItem {
        object: Arc::clone(object),
        full_path: plant
            .device_path(object.id)
            .map_or_else(String::new, |path| path.to_string()),
        connection_name: connection.map_or_else(String::new, |found| found.body.name.clone()),
        tag_count: plant.tags_of(object.id).len(),
        status: hub.device_status(object.id),
    }
}

/// Lists devices in order of name.
pub(crate) async fn list(call: Call<DeviceQuery>) -> Result<Json<Page<DeviceItem>>, ApiError> {
    let (hub, plant, query) = (&call.app.hub, call.app.hub.plant(), &call.query);
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let needle = query.search.as_deref().unwrap_or_default().to_lowercase();
    let is_wanted = |device: &Device| {
        query.connection.is_none_or(|id| id == device.connection)
            && query.asset.is_none_or(|id| device.asset == Some(id))
            && (needle.is_empty()
                || device.name.to_lowercase().contains(&needle)
                || device.path.as_str().to_lowercase().contains(&needle))
    };
    let devices = plant.devices().iter();
    let chosen: Vec<_> = devices.filter(|device| is_wanted(&device.body)).collect();
    let at = |place: usize| chosen.get(place).copied();
    let key = |device: &&Arc<Object<Device>>| device.id.to_string();
    Ok(Json(window.cut(chosen.len(), at, key, |device| {
        item(hub, &plant, device)
    })))
}

/// Lists the tags of a device in order of path.
pub(crate) async fn tags(call: Call<PageQuery>) -> Result<Json<Page<TagItem>>, ApiError> {
    let id = objects::existing::<Device>(&call.app.hub, call.id()?)?;
    let (hub, plant) = (&call.app.hub, call.app.hub.plant());
    let window = Window::new(call.query.limit, call.query.cursor.as_deref(), LIMIT_MAX)?;
    let tags: Vec<_> = plant.tags_of(id).collect();
    let at = |place: usize| tags.get(place).copied();
    let key = |tag: &&Arc<headworks_hub::TagEntry>| tag.path().to_string();
    Ok(Json(window.cut(tags.len(), at, key, |tag| {
        tag_item(hub, &plant, tag)
    })))
}

/// Reads every tag of a device now.
pub(crate) async fn poll(call: Call) -> Result<Json<PollOutcome>, ApiError> {
    let id = objects::existing::<Device>(&call.app.hub, call.id()?)?;
    let report = call.app.hub.poll(id).await.map_err(errors::of_body)?;
    Ok(Json(report.into()))
}

impl From<PollReport> for PollOutcome {
    fn from(report: PollReport) -> PollOutcome {
        PollOutcome {
            good: report.good,
            bad: report.bad,
            error: report.error,
        }
    }
}
