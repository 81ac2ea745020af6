//! Alarms of a template: their tags are names there, places among the tags of the template while a
//! device is made, and ids at last.

use std::collections::{HashMap, HashSet};

use headworks_core::alarm::Limit;
use headworks_core::model::{Alarm, FieldError, ObjectBody, ObjectId, Settings, Tag};
use serde_json::Value;

use super::expand::expand_fields;
use super::make::{ERRORS_MAX, read};
use super::whole::{Placed, Whole};

/// Where an alarm names tags.
const NAMED: [&str; 7] = [
    "/tag",
    "/condition/limit/tag",
    "/condition/setpoint/tag",
    "/condition/max/tag",
    "/condition/max_per_s/tag",
    "/condition/low/tag",
    "/condition/high/tag",
];

/// Returns the alarms that the template makes, over tags at places.
pub(super) fn alarms(
    whole: &Whole<'_>,
    tags: &[Tag],
    parameters: &Settings,
    errors: &mut Vec<FieldError>,
) -> Vec<Alarm> {
    let names = tags.iter().map(|tag| tag.name.as_str()).zip(0_usize..);
    let names: HashMap<&str, usize> = names.collect();
    let (mut alarms, mut seen) = (Vec::new(), HashSet::new());
    for placed in whole.alarms() {
        match alarm(&placed, &names, parameters) {
            Ok(alarm) if !seen.insert((alarm.tag, alarm.name.clone())) => {
                let reason = format!("another alarm of the tag is called {:?}", alarm.name);
                errors.push(FieldError::new(format!("{}/name", placed.0), reason));
            }
            Ok(alarm) => alarms.push(alarm),
            Err(error) if errors.len() < ERRORS_MAX => errors.push(error),
            Err(_) => {}
        }
    }
    alarms
}

fn alarm(
    (place, fields): &Placed<'_, Settings>,
    names: &HashMap<&str, usize>,
    parameters: &Settings,
) -> Result<Alarm, FieldError> {
    let fields = expand_fields(fields, place, parameters)?;
    if !fields.contains_key("tag") {
        let reason = "is missing; name a tag of the template";
        return Err(FieldError::new(format!("{place}/tag"), reason));
    }
    let mut fields = Value::Object(fields);
    for field in NAMED {
        let Some(tag) = fields.pointer_mut(field) else {
            continue;
        };
        let name = tag.as_str().unwrap_or_default();
        let at = names.get(name).ok_or_else(|| {
            let reason = format!("{name:?} is no tag of the template");
            FieldError::new(format!("{place}{field}"), reason)
        })?;
        *tag = place_id(*at).to_string().into();
    }
    let alarm: Alarm = read(fields, place)?;
    alarm
        .check()
        .map_err(|error| FieldError::new(format!("{place}{}", error.field), error.reason))?;
    Ok(alarm)
}

/// Returns the places of the tags that an alarm names, its own first.
pub(super) fn places(alarm: &Alarm) -> Vec<usize> {
    let limits = alarm.condition.limits();
    let limits = limits.filter_map(|(_, limit)| match limit {
        Limit::Tag { tag } => Some(tag),
        Limit::Fixed(_) => None,
    });
    alarm.tag.into_iter().chain(limits).map(place_of).collect()
}

/// Returns an alarm whose tags have ids instead of places.
pub(super) fn placed(mut alarm: Alarm, id_at: impl Fn(usize) -> ObjectId) -> Alarm {
    alarm.map_tags(|place| id_at(place_of(place)));
    alarm
}

fn place_id(at: usize) -> ObjectId {
    ObjectId(uuid::Uuid::from_u128(at as u128))
}

fn place_of(id: ObjectId) -> usize {
    usize::try_from(id.0.as_u128()).unwrap_or(usize::MAX)
}
