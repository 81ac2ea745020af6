//! Dashboards, and the one that makes itself.
//!
//! Callers who see a part of the tags only get what is left of a dashboard when nothing on it tells
//! of other tags but that a tile is there.

use std::sync::Arc;

use headworks_core::model::{
    Binding, Dashboard, Object, ObjectId, TagFilter, Widget, WidgetGroup, WidgetType,
};
use headworks_core::{DataType, Rights};
use headworks_hub::{HubHandle, Plant, TagEntry};

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use super::tag_list::{Tags, retain_placed};
use crate::problem::ApiError;
use crate::route::{Call, Json, Revised};

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

/// Lists dashboards in their order; a narrowed caller gets those that show a tag they see.
pub(crate) async fn list(
    call: Call<ListQuery>,
) -> Result<Json<Page<Arc<Object<Dashboard>>>>, ApiError> {
    let (plant, rights) = (call.app.hub.plant(), &call.caller()?.rights);
    let page_of = |dashboards: &[Arc<Object<Dashboard>>]| {
        objects::page(
            &call.query,
            dashboards,
            |dashboard| &dashboard.name,
            Arc::clone,
        )
    };
    if !rights.is_narrowed() {
        return Ok(Json(page_of(plant.dashboards())?));
    }
    Ok(Json(page_of(&seen(&plant, rights))?))
}

/// Answers with a dashboard.
pub(crate) async fn get(call: Call) -> Result<Revised<Arc<Object<Dashboard>>>, ApiError> {
    let (id, plant) = (call.id()?, call.app.hub.plant());
    let rights = &call.caller()?.rights;
    let found = plant.dashboard(id);
    let found = match rights.is_narrowed() {
        true => found.and_then(|found| narrowed(&plant, rights, found)),
        false => found.cloned(),
    };
    let found = found.ok_or_else(|| ApiError::not_found("dashboard", id))?;
    Ok(Revised(found.revision, found))
}

/// Answers with a dashboard made from the tags there are; it is not saved.
pub(crate) async fn auto(call: Call) -> Result<Json<Dashboard>, ApiError> {
    let rights = &call.caller()?.rights;
    Ok(Json(automatic(&call.app.hub.plant(), rights)))
}

/// Returns what is left of all dashboards for a caller who sees a part of the tags.
pub(super) fn seen(plant: &Plant, rights: &Rights) -> Vec<Arc<Object<Dashboard>>> {
    let all = plant.dashboards().iter();
    all.filter_map(|one| narrowed(plant, rights, one)).collect()
}

/// Returns what is left of a dashboard for a caller who sees a part of the tags; nothing when they
/// see none of its tags.
fn narrowed(
    plant: &Plant,
    rights: &Rights,
    dashboard: &Object<Dashboard>,
) -> Option<Arc<Object<Dashboard>>> {
    let mut left = dashboard.clone();
    for group in &mut left.body.groups {
        for widget in &mut group.widgets {
            narrow(plant, rights, widget);
        }
    }
    let shows = |group: &WidgetGroup| group.widgets.iter().any(|one| sees_any(plant, rights, one));
    left.body.groups.retain(shows);
    (!left.body.groups.is_empty()).then(|| Arc::new(left))
}

/// Takes off a tile what tells of tags that may not be seen.
///
/// The ids of its tags stay, so that the reader can tell a tile without right from one whose tag is
/// gone: those of tags that are gone do not.
fn narrow(plant: &Plant, rights: &Rights, widget: &mut Widget) {
    widget.bindings.retain(|one| plant.tag(one.tag).is_some());
    if widget.widget_type != WidgetType::Text && !sees_any(plant, rights, widget) {
        // Its place and the ids of its tags are all that is left.
        let place = (widget.x, widget.y, widget.w, widget.h);
        let bindings = std::mem::take(&mut widget.bindings);
        *widget = Widget {
            bindings,
            ..Widget::new(widget.widget_type, place)
        };
    }
}

/// Returns whether a caller sees one of the tags that a widget names or its filter selects.
///
/// What shows no tag of its own tells by its settings of what there is: an area, an image, an
/// address. Only a list of alarms of an area below which they see everything is theirs too.
fn sees_any(plant: &Plant, rights: &Rights, widget: &Widget) -> bool {
    let mut tags = widget.bindings.iter().filter_map(|one| plant.tag(one.tag));
    if tags.any(|tag| rights.sees(tag.path())) {
        return true;
    }
    match widget.widget_type {
        WidgetType::AlarmList => {
            let area = widget.alarm_list.area.as_ref();
            area.is_some_and(|area| rights.sees(area))
        }
        kind if kind.has_filter() => sees_filtered(plant, rights, &widget.filter),
        _ => false,
    }
}

fn sees_filtered(plant: &Plant, rights: &Rights, filter: &TagFilter) -> bool {
    if filter.is_empty() {
        return false;
    }
    let mut tags: Tags<'_> = match &filter.pattern {
        Some(pattern) => plant.select(pattern),
        None => plant.tags().collect(),
    };
    tags.retain(|tag| rights.sees(tag.path()));
    retain_placed(plant, filter.asset, filter.group, &mut tags);
    !tags.is_empty()
}

fn automatic(plant: &Plant, rights: &Rights) -> Dashboard {
    let seen = |device| {
        let tags = plant.tags_of(device).map(|tag| &**tag);
        tags.filter(|tag| rights.sees(tag.path()))
    };
    let devices = plant.devices().iter();
    let with_tags = devices.filter(|device| seen(device.id).next().is_some());
    Dashboard {
        name: "Overview".into(),
        order: 0,
        groups: with_tags
            .take(GROUPS_MAX)
            .map(|device| WidgetGroup {
                name: device.body.name.clone(),
                description: String::new(),
                collapsed: false,
                widgets: widgets(seen(device.id)),
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
            bindings,
            ..Widget::new(WidgetType::Line, size)
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
    Widget {
        title: tag.name().into(),
        bindings: vec![binding(tag)],
        ..Widget::new(widget_type, place)
    }
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
    Binding::new(tag.id())
}
