//! Templates: what all devices of a type have in common.

use std::sync::Arc;

use headworks_core::model::{Object, ObjectId, Template};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::Serialize;

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// A template and its use.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TemplateItem {
    /// The template as it is configured.
    #[serde(flatten)]
    object: Arc<Object<Template>>,
    /// How many devices were made of it.
    device_count: usize,
}

impl Resource for Template {
    const PATH: &'static str = "/api/v1/templates";
    type Item = TemplateItem;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, TemplateItem)> {
        let object = plant.template(id)?;
        Some((object.revision, item(plant, object)))
    }
}

fn item(plant: &Plant, object: &Arc<Object<Template>>) -> TemplateItem {
    let devices = plant.devices().iter();
    let made = devices.filter(|device| {
        let template = device.body.template.as_ref();
        template.is_some_and(|template| template.id == object.id)
    });
    TemplateItem {
        object: Arc::clone(object),
        device_count: made.count(),
    }
}

/// Lists templates in order of name.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<TemplateItem>>, ApiError> {
    let plant = call.app.hub.plant();
    let page = objects::page(
        &call.query,
        plant.templates(),
        |body| &body.name,
        |template| item(&plant, template),
    );
    page.map(Json)
}
