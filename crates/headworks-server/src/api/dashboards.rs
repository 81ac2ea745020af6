//! Dashboards, and the one that makes itself.

use std::sync::Arc;

use headworks_core::DataType;
use headworks_core::model::{
    Axis, Binding, Dashboard, Format, Group, Object, ObjectId, Trend, Widget, WidgetType,
};
use headworks_hub::{HubHandle, Plant, TagEntry};

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Groups of the dashboard that makes itself.
const GROUPS_MAX: usize = 8;
/// Value tiles of one of its groups.
const TILES_MAX: usize = 12;
/// Pens of one of its charts.
const PENS_MAX: usize = 4;

impl Resource for Dashboard {
    const PATH: &'static str = "/api/v1/dashboards";
    type Item = Arc<Object<Dashboard>>;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, Self::Item)> {
        let object = plant.dashboard(id)?;
        Some((object.revision, Arc::clone(object)))
    }
}

/// Lists dashboards in their order.
pub(crate) async fn list(
    call: Call<ListQuery>,
) -> Result<Json<Page<Arc<Object<Dashboard>>>>, ApiError> {
    let plant = call.app.hub.plant();
    let page = objects::page(
        &call.query,
        plant.dashboards(),
        |dashboard| &dashboard.name,
        Arc::clone,
    )?;
    Ok(Json(page))
}

/// Answers with a dashboard made from the tags there are; it is not saved.
pub(crate) async fn auto(call: Call) -> Result<Json<Dashboard>, ApiError> {
    Ok(Json(automatic(&call.app.hub.plant())))
}

fn automatic(plant: &Plant) -> Dashboard {
    let devices = plant.devices().iter();
    let with_tags = devices.filter(|device| 0 < plant.tags_of(device.id).len());
    Dashboard {
        name: "Overview".into(),
        order: 0,
        groups: with_tags
            .take(GROUPS_MAX)
            .map(|device| Group {
                name: device.body.name.clone(),
                description: String::new(),
                collapsed: false,
                widgets: widgets(plant.tags_of(device.id).map(|tag| &**tag)),
            })
            .collect(),
    }
}

/// Lays out tiles of two columns, six in a row, and below them a chart of the leading unit.
fn widgets<'a>(tags: impl Iterator<Item = &'a TagEntry>) -> Vec<Widget> {
    let tags: Vec<&TagEntry> = tags.filter(|tag| tag.enabled()).collect();
    let mut widgets: Vec<Widget> = (0_u8..)
        .zip(tags.iter().take(TILES_MAX))
        .map(|(at, tag)| tile(tag, at))
        .collect();
    let pens = pens(&tags);
    if !pens.is_empty() {
        let below = widgets.iter().map(|tile| tile.y + u16::from(tile.h)).max();
        let bindings = pens.iter().map(|tag| binding(tag)).collect();
        let size = (0, below.unwrap_or(0), 12, 3);
        widgets.push(Widget {
            show_legend: true,
            ..widget(WidgetType::Line, "", size, bindings)
        });
    }
    widgets
}

fn tile(tag: &TagEntry, at: u8) -> Widget {
    let widget_type = match tag.data_type() {
        DataType::Bool => WidgetType::Status,
        _ => WidgetType::Value,
    };
    let place = (at % 6 * 2, u16::from(at / 6), 2, 1);
    widget(widget_type, tag.name(), place, vec![binding(tag)])
}

/// Chooses numbers of one unit that are stored: those of the first stored number's unit.
fn pens<'a>(tags: &[&'a TagEntry]) -> Vec<&'a TagEntry> {
    let is_number = |tag: &&&TagEntry| {
        tag.history() && !matches!(tag.data_type(), DataType::Bool | DataType::String)
    };
    let numbers: Vec<&TagEntry> = tags.iter().filter(is_number).copied().collect();
    let unit = numbers
        .iter()
        .map(|tag| tag.unit())
        .find(|unit| !unit.is_empty());
    let unit = unit.unwrap_or_default();
    let fitting = numbers.into_iter().filter(|tag| tag.unit() == unit);
    fitting.take(PENS_MAX).collect()
}

fn binding(tag: &TagEntry) -> Binding {
    Binding {
        tag: tag.id(),
        color: None,
    }
}

fn widget(
    widget_type: WidgetType,
    title: &str,
    (x, y, w, h): (u8, u16, u8, u8),
    bindings: Vec<Binding>,
) -> Widget {
    Widget {
        widget_type,
        title: title.into(),
        x,
        y,
        w,
        h,
        bindings,
        description: String::new(),
        trend: Trend::default(),
        format: Format::default(),
        axis: Axis::default(),
        show_legend: false,
    }
}
