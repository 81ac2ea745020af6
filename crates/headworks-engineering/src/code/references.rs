//! How objects name each other in files: by name or path where the hub has ids.

use std::collections::HashMap;

use headworks_core::model::{Kind, ObjectId};
use headworks_hub::{Body, Plant};
use serde_json::Value;

/// What is done with a reference: the kind it leads to, its place, and itself.
type OnReference<'a> = &'a mut dyn FnMut(Kind, &str, &mut Value);

/// What a retention policy says of samples that are kept without end; JSON has null for it.
const FOREVER: &str = "forever";

/// Calls `f` for every reference in an object of a kind; the place is a JSON pointer.
pub(super) fn each_reference(kind: Kind, object: &mut Value, f: OnReference<'_>) {
    match kind {
        Kind::Asset => at(object, "/parent", Kind::Asset, f),
        Kind::Template => at(object, "/base", Kind::Template, f),
        Kind::Device => {
            at(object, "/connection", Kind::Connection, f);
            at(object, "/asset", Kind::Asset, f);
            at(object, "/template/id", Kind::Template, f);
        }
        Kind::Tag => {
            at(object, "/device", Kind::Device, f);
            at(object, "/asset", Kind::Asset, f);
        }
        Kind::Group => {
            each_member(object, "devices", Kind::Device, f);
            each_member(object, "tags", Kind::Tag, f);
        }
        Kind::Alarm => {
            at(object, "/tag", Kind::Tag, f);
            for limit in ["limit", "setpoint", "max", "max_per_s", "low", "high"] {
                at(object, &format!("/condition/{limit}/tag"), Kind::Tag, f);
            }
        }
        Kind::Route => each_target(object, f),
        Kind::Policy => {
            for (step_at, step) in list(object, "steps") {
                let place = format!("/steps/{step_at}");
                if let Some(channel) = step.get_mut("channel") {
                    f(Kind::Channel, &format!("{place}/channel"), channel);
                }
                for (at, roster) in list(step, "rosters") {
                    f(Kind::Roster, &format!("{place}/rosters/{at}"), roster);
                }
            }
        }
        Kind::Dashboard => each_binding(object, f),
        Kind::Connection
        | Kind::Channel
        | Kind::Roster
        | Kind::Picture
        | Kind::Retention
        | Kind::Dictionary => {}
    }
}

fn at(object: &mut Value, place: &str, kind: Kind, f: OnReference<'_>) {
    if let Some(value) = object.pointer_mut(place) {
        f(kind, place, value);
    }
}

fn list<'a>(object: &'a mut Value, key: &str) -> impl Iterator<Item = (usize, &'a mut Value)> {
    let list = object.get_mut(key).and_then(Value::as_array_mut);
    list.into_iter().flatten().enumerate()
}

fn each_member(object: &mut Value, key: &str, kind: Kind, f: OnReference<'_>) {
    for (at, member) in list(object, key) {
        f(kind, &format!("/{key}/{at}"), member);
    }
}

fn each_target(object: &mut Value, f: OnReference<'_>) {
    for (at, target) in list(object, "to") {
        if let Some(tag) = target.get_mut("tag") {
            f(Kind::Tag, &format!("/to/{at}/tag"), tag);
        }
    }
}

fn each_binding(object: &mut Value, f: OnReference<'_>) {
    for (group_at, group) in list(object, "groups") {
        for (widget_at, widget) in list(group, "widgets") {
            for (at, binding) in list(widget, "bindings") {
                let place = format!("/groups/{group_at}/widgets/{widget_at}/bindings/{at}/tag");
                if let Some(tag) = binding.get_mut("tag") {
                    f(Kind::Tag, &place, tag);
                }
            }
            let filter = format!("/groups/{group_at}/widgets/{widget_at}/filter");
            for (field, kind) in [("asset", Kind::Asset), ("group", Kind::Group)] {
                let id = widget
                    .get_mut("filter")
                    .and_then(|filter| filter.get_mut(field));
                if let Some(id) = id {
                    f(kind, &format!("{filter}/{field}"), id);
                }
            }
        }
    }
}

/// Returns whether what a reference leads to may be gone: the hub keeps such ids.
pub(super) fn may_dangle(place: &str) -> bool {
    place == "/template/id"
        || place.ends_with("/tag")
        || place.ends_with("/filter/asset")
        || place.ends_with("/filter/group")
}

/// Returns a body as files show it: names instead of ids, and no null where a word says more.
pub(super) fn shown(body: &Body, names: &HashMap<ObjectId, String>) -> Value {
    let json = body.to_json().ok();
    let json = json.and_then(|json| serde_json::from_str(&json).ok());
    let mut object: Value = json.unwrap_or_default();
    let kind = body.kind();
    each_reference(kind, &mut object, &mut |_, _, value| {
        let id = value.as_str().and_then(|text| text.parse().ok());
        // what leads nowhere stays an id
        if let Some(name) = id.and_then(|id: ObjectId| names.get(&id)) {
            *value = name.as_str().into();
        }
    });
    if kind == Kind::Retention {
        each_day(&mut object, |days| {
            if days.is_null() {
                *days = FOREVER.into();
            }
        });
    }
    object
}

/// Takes [`FOREVER`] out of a retention policy.
pub(super) fn without_forever(object: &mut Value) {
    each_day(object, |days| {
        if *days == FOREVER {
            *days = Value::Null;
        }
    });
}

fn each_day(object: &mut Value, f: impl FnMut(&mut Value)) {
    let days = object.get_mut("days").and_then(Value::as_object_mut);
    days.into_iter()
        .flat_map(|days| days.values_mut())
        .for_each(f);
}

/// Returns a body without the members of a group that are gone: files cannot name them.
pub(super) fn without_lost(plant: &Plant, body: Body) -> Body {
    let Body::Group(mut group) = body else {
        return body;
    };
    group.devices.retain(|&id| plant.device(id).is_some());
    group.tags.retain(|&id| plant.tag(id).is_some());
    Body::Group(group)
}
