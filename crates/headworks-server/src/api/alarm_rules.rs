//! Alarm rules: alarms as they are configured.

use std::sync::Arc;

use headworks_core::TagPath;
use headworks_core::model::{Alarm, Object, ObjectId, Priority};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objects::Resource;
use super::page::{LIMIT_MAX, Page, Window};
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// An alarm as it is configured, and where it belongs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AlarmRule {
    /// The alarm as it is configured.
    #[serde(flatten)]
    object: Object<Alarm>,
    /// Path of its tag.
    path: Option<TagPath>,
}

/// Query parameters of the list of alarm rules.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmRuleQuery {
    /// Only alarms whose name, or the path of whose tag, holds this text, upper and lower case as
    /// one.
    search: Option<String>,
    /// Only alarms of this tag.
    tag: Option<ObjectId>,
    /// Only alarms of this priority, 1 to 4.
    #[schemars(range(min = 1, max = 4))]
    priority: Option<Priority>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Resource for Alarm {
    const PATH: &'static str = "/api/v1/alarm-rules";
    type Item = AlarmRule;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, AlarmRule)> {
        let object = plant.alarm(id)?;
        Some((object.revision, rule(plant, object)))
    }
}

fn rule(plant: &Plant, object: &Arc<Object<Alarm>>) -> AlarmRule {
    let tag = object.body.tag.and_then(|tag| plant.tag(tag));
    AlarmRule {
        path: tag.map(|tag| tag.path().clone()),
        object: Object::clone(object),
    }
}

/// Lists the alarms that are configured, in order of name.
pub(crate) async fn list(call: Call<AlarmRuleQuery>) -> Result<Json<Page<AlarmRule>>, ApiError> {
    let (plant, query) = (call.app.hub.plant(), &call.query);
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let all = match query.tag {
        Some(tag) => plant.alarms_of(tag),
        None => plant.alarms(),
    };
    let needle = query.search.as_deref().unwrap_or_default().to_lowercase();
    let chosen: Vec<&Arc<Object<Alarm>>> = all
        .iter()
        .filter(|alarm| query.priority.is_none_or(|one| alarm.body.priority == one))
        .filter(|alarm| holds(&plant, &alarm.body, &needle))
        .collect();
    let at = |place: usize| chosen.get(place).copied();
    let render = |alarm: &Arc<Object<Alarm>>| rule(&plant, alarm);
    Ok(Json(window.cut(
        chosen.len(),
        at,
        |alarm| alarm.id.to_string(),
        render,
    )))
}

fn holds(plant: &Plant, alarm: &Alarm, needle: &str) -> bool {
    let of_tag = || {
        let tag = alarm.tag.and_then(|tag| plant.tag(tag));
        tag.is_some_and(|tag| tag.path().as_str().to_lowercase().contains(needle))
    };
    alarm.name.to_lowercase().contains(needle) || of_tag()
}
