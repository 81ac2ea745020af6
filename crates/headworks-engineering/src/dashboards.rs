//! Dashboards in one file that other plants can read: tags by path instead of by id.
//!
//! ```json
//! { "format": "headworks_dashboards", "version": 1, "dashboards": [
//!   { "name": "Heating", "groups": [ { "name": "", "widgets": [
//!     { "type": "value", "x": 0, "y": 0, "w": 3, "h": 2,
//!       "bindings": [ { "tag": "plant/boiler/temperature" } ] } ] } ] } ] }
//! ```

use std::collections::HashSet;

use headworks_core::TagPath;
use headworks_core::model::{Dashboard, ObjectId};
use headworks_hub::{Edit, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::names::Taken;
use crate::plan::{NewId, Note, Origin, Plan, RowError, cut};
use crate::template;

/// What the field `format` of a file says.
pub const FORMAT: &str = "headworks_dashboards";
/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// Dashboards as another plant can read them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DashboardFile {
    /// What the file is: `headworks_dashboards`.
    pub format: &'static str,
    /// Version of the format.
    pub version: u64,
    /// The dashboards; each `tag` of a binding is a path instead of an id.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub dashboards: Vec<Value>,
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DashboardOptions {
    /// What becomes of a dashboard whose name the plant has.
    pub clash: DashboardClash,
    /// What becomes of tags that the plant does not have.
    pub missing: MissingTags,
    /// Folder of the tags in the file that stands for [`DashboardOptions::to`].
    pub from: Option<TagPath>,
    /// Folder of the plant that takes the place of [`DashboardOptions::from`].
    pub to: Option<TagPath>,
}

/// What becomes of a dashboard whose name the plant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DashboardClash {
    /// The new one gets a number behind its name.
    #[default]
    Suffix,
    /// It takes the place of the one that is there, which can be undone.
    Replace,
    /// It is a mistake.
    Report,
}

/// What becomes of tags that the plant does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingTags {
    /// They are mistakes.
    #[default]
    Report,
    /// They are left out and listed; a tile without a tag left is left out too.
    LeaveOut,
}

/// Returns a file of dashboards; a tag that is gone keeps its id, so that it is missed on reading.
pub fn write<'a>(plant: &Plant, dashboards: impl Iterator<Item = &'a Dashboard>) -> DashboardFile {
    let written = dashboards.map(|dashboard| {
        // A dashboard is a struct of plain fields, which JSON can always say.
        let mut json = serde_json::to_value(dashboard).unwrap_or_default();
        each_reference(&mut json, &mut |_, to, value| {
            let id = value.as_str().and_then(|id| id.parse().ok());
            if let Some(name) = id.and_then(|id| name_of(plant, to, id)) {
                *value = name.into();
            }
        });
        json
    });
    DashboardFile {
        format: FORMAT,
        version: VERSION,
        dashboards: written.collect(),
    }
}

/// Reads a file of dashboards.
///
/// # Errors
///
/// What the file is not; mistakes in dashboards are those of the plan.
pub fn read(
    bytes: &[u8],
    plant: &Plant,
    options: &DashboardOptions,
    new_id: &mut NewId<'_>,
) -> Result<Plan, String> {
    let file = parse(bytes)?;
    let mut reading = Reading {
        plant,
        options,
        taken: Taken::default(),
        plan: Plan::default(),
    };
    for dashboard in plant.dashboards() {
        reading.taken.take(&dashboard.body.name);
    }
    for (at, dashboard) in file.into_iter().enumerate() {
        reading.dashboard(&format!("/dashboards/{at}"), dashboard, new_id);
    }
    Ok(reading.plan)
}

fn parse(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let file: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("a file of dashboards is JSON, but {error}"))?;
    if file["format"] != FORMAT {
        return Err(format!(
            "is no file of dashboards: its field format is not {FORMAT:?}"
        ));
    }
    match file["version"].as_u64() {
        Some(1..=VERSION) => {}
        _ => {
            let version = cut(&file["version"].to_string());
            return Err(format!(
                "version {version}; this program reads 1 to {VERSION}"
            ));
        }
    }
    match file {
        Value::Object(mut fields) => match fields.remove("dashboards") {
            Some(Value::Array(dashboards)) => Ok(dashboards),
            _ => Err("the field dashboards must be a list".to_owned()),
        },
        _ => Err("is no JSON object".to_owned()),
    }
}

/// What a part of a dashboard names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Tag,
    Asset,
    Group,
}

/// Returns how a file calls what an id leads to.
fn name_of(plant: &Plant, to: To, id: ObjectId) -> Option<String> {
    match to {
        To::Tag => plant.tag(id).map(|tag| tag.path().to_string()),
        To::Asset => plant.asset_path(id).map(|path| path.to_string()),
        To::Group => plant.group(id).map(|group| group.body.name.clone()),
    }
}

/// Returns what a file calls so; the plant may have none.
fn find(plant: &Plant, to: To, name: &str) -> Option<ObjectId> {
    match to {
        To::Tag => plant.tag_by_path(name).map(|tag| tag.id()),
        To::Asset => {
            let mut assets = plant.assets().iter().map(|asset| asset.id);
            assets.find(|&id| {
                plant
                    .asset_path(id)
                    .is_some_and(|path| path.as_str() == name)
            })
        }
        To::Group => {
            let mut groups = plant.groups().iter();
            groups
                .find(|group| group.body.name == name)
                .map(|group| group.id)
        }
    }
}

/// Calls a function with the place and the text of every name in a dashboard.
fn each_reference(dashboard: &mut Value, visit: &mut dyn FnMut(&str, To, &mut Value)) {
    for (group_at, group) in list(dashboard, "groups").iter_mut().enumerate() {
        for (widget_at, widget) in list(group, "widgets").iter_mut().enumerate() {
            let place = format!("/groups/{group_at}/widgets/{widget_at}");
            for (at, binding) in list(widget, "bindings").iter_mut().enumerate() {
                if let Some(tag) = binding.get_mut("tag") {
                    visit(&format!("{place}/bindings/{at}/tag"), To::Tag, tag);
                }
            }
            for (field, to) in [("asset", To::Asset), ("group", To::Group)] {
                let filter = widget.get_mut("filter");
                if let Some(name) = filter.and_then(|filter| filter.get_mut(field)) {
                    visit(&format!("{place}/filter/{field}"), to, name);
                }
            }
        }
    }
}

fn list<'a>(json: &'a mut Value, field: &str) -> &'a mut [Value] {
    match json.get_mut(field) {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}

/// A name in a file that leads nowhere in the plant.
struct Missing {
    /// Its place within the dashboard.
    within: String,
    to: To,
    name: String,
}

impl To {
    /// Returns what people call it.
    fn word(self) -> &'static str {
        match self {
            To::Tag => "tag",
            To::Asset => "asset",
            To::Group => "group",
        }
    }
}

/// Takes the missing bindings out of a tile; returns whether it still shows what it was to show.
fn keeps_something(widget: &mut Value, place: &str, missing: &HashSet<&str>) -> bool {
    let is_missing = |within: String| missing.contains(format!("{place}{within}").as_str());
    if ["asset", "group"]
        .iter()
        .any(|field| is_missing(format!("/filter/{field}")))
    {
        return false;
    }
    let Some(Value::Array(bindings)) = widget.get_mut("bindings") else {
        return true;
    };
    let (before, mut at) = (bindings.len(), 0);
    bindings.retain(|_| {
        at += 1;
        !is_missing(format!("/bindings/{}/tag", at - 1))
    });
    before == bindings.len() || !bindings.is_empty()
}

struct Reading<'a> {
    plant: &'a Plant,
    options: &'a DashboardOptions,
    taken: Taken,
    plan: Plan,
}

impl Reading<'_> {
    fn dashboard(&mut self, place: &str, mut json: Value, new_id: &mut NewId<'_>) {
        let name = json["name"].as_str().unwrap_or_default().to_owned();
        let missing = self.resolve(&mut json);
        match self.options.missing {
            MissingTags::Report => {
                for one in &missing {
                    let reason = format!("the plant has no such {}", one.to.word());
                    self.fail(format!("{place}{}", one.within), &one.name, &reason);
                }
                if !missing.is_empty() {
                    return;
                }
            }
            MissingTags::LeaveOut => self.leave_out(place, &mut json, &missing),
        }
        match template::read_part::<Dashboard>(json, place) {
            Ok(dashboard) => self.place(place, dashboard, new_id),
            Err(fault) => self.fail(fault.field, &name, &fault.reason),
        }
    }

    /// Turns names into ids; returns those that lead nowhere.
    fn resolve(&self, json: &mut Value) -> Vec<Missing> {
        let mut missing = Vec::new();
        each_reference(json, &mut |place, to, value| {
            let Some(name) = value.as_str() else {
                return;
            };
            let name = match to {
                To::Tag | To::Asset => self.moved(name),
                To::Group => name.to_owned(),
            };
            match find(self.plant, to, &name) {
                Some(id) => *value = id.to_string().into(),
                None => missing.push(Missing {
                    within: place.to_owned(),
                    to,
                    name,
                }),
            }
        });
        missing
    }

    /// Returns where a tag of the file is in this plant.
    fn moved(&self, path: &str) -> String {
        let (Some(from), Some(to)) = (&self.options.from, &self.options.to) else {
            return path.to_owned();
        };
        let below = path.strip_prefix(from.as_str());
        match below.and_then(|below| below.strip_prefix('/')) {
            Some(below) => format!("{to}/{below}"),
            None => path.to_owned(),
        }
    }

    /// Takes bindings out whose tags are missing, and tiles that have none left or whose filter
    /// would select more without what is missing.
    fn leave_out(&mut self, place: &str, json: &mut Value, missing: &[Missing]) {
        for one in missing {
            let reason = format!("left out: the plant has no such {}", one.to.word());
            let within = format!("{place}{}", one.within);
            self.plan.note(Note::new(one.name.as_str(), within, reason));
        }
        let missing: HashSet<&str> = missing.iter().map(|one| one.within.as_str()).collect();
        for (group_at, group) in list(json, "groups").iter_mut().enumerate() {
            let Some(Value::Array(widgets)) = group.get_mut("widgets") else {
                continue;
            };
            let mut widget_at = 0;
            widgets.retain_mut(|widget| {
                let place = format!("/groups/{group_at}/widgets/{widget_at}");
                widget_at += 1;
                keeps_something(widget, &place, &missing)
            });
        }
    }

    /// Adds the edit that makes or replaces a dashboard.
    fn place(&mut self, place: &str, mut dashboard: Dashboard, new_id: &mut NewId<'_>) {
        let origin = Origin::place(place, dashboard.name.as_str());
        let mut standing = self.plant.dashboards().iter();
        let standing = standing.find(|one| one.body.name == dashboard.name);
        match (self.options.clash, standing) {
            (DashboardClash::Replace, Some(standing)) if standing.body == dashboard => {
                self.plan.keep();
            }
            (DashboardClash::Replace, Some(standing)) => {
                let edit = Edit::Update {
                    id: standing.id,
                    expected: Some(standing.revision),
                    body: dashboard.into(),
                };
                self.plan.push(edit, origin);
            }
            (DashboardClash::Report, Some(_)) => {
                let place = format!("{place}/name");
                self.fail(
                    place,
                    &dashboard.name,
                    "the plant has a dashboard of this name",
                );
            }
            _ => {
                dashboard.name = self.taken.free(&dashboard.name);
                let edit = crate::plan::create(new_id(), dashboard.into());
                self.plan.push(edit, origin);
            }
        }
    }

    fn fail(&mut self, place: String, value: &str, reason: &str) {
        self.plan.error(RowError {
            row: None,
            column: place,
            value: cut(value),
            reason: reason.to_owned(),
        });
    }
}
