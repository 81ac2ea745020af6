//! What files call the objects of a plant: assets and tags by path, all others by name.

use std::collections::HashMap;

use headworks_core::model::{Alarm, Kind, ObjectId};
use headworks_hub::Plant;
use headworks_hub::plant::Paths;

use super::FILES;

/// Returns the ids of all objects of a kind: of tags in order of path, of others by name.
pub(super) fn ids(plant: &Plant, kind: Kind) -> Vec<ObjectId> {
    match kind {
        Kind::Asset => plant.assets().iter().map(|object| object.id).collect(),
        Kind::Connection => plant.connections().iter().map(|object| object.id).collect(),
        Kind::Template => plant.templates().iter().map(|object| object.id).collect(),
        Kind::Device => plant.devices().iter().map(|object| object.id).collect(),
        Kind::Tag => plant.tags().map(|tag| tag.id()).collect(),
        Kind::Group => plant.groups().iter().map(|object| object.id).collect(),
        Kind::Alarm => plant.alarms().iter().map(|object| object.id).collect(),
        Kind::Route => plant.routes().iter().map(|object| object.id).collect(),
        Kind::Channel => plant.channels().iter().map(|object| object.id).collect(),
        Kind::Roster => plant.rosters().iter().map(|object| object.id).collect(),
        Kind::Policy => plant.policies().iter().map(|object| object.id).collect(),
        Kind::Dashboard => plant.dashboards().iter().map(|object| object.id).collect(),
        Kind::Picture => plant.pictures().iter().map(|object| object.id).collect(),
        Kind::Dictionary => {
            let dictionaries = plant.dictionaries().iter();
            dictionaries.map(|object| object.id).collect()
        }
        Kind::Retention => {
            let policies = plant.retention_policies().iter();
            policies.map(|object| object.id).collect()
        }
    }
}

/// Returns what every object of a plant is called.
pub(super) fn names(plant: &Plant) -> HashMap<ObjectId, String> {
    let kinds = FILES.iter().map(|&(kind, _)| kind);
    kinds.flat_map(|kind| names_of(plant, kind)).collect()
}

/// Returns what the objects of a kind are called.
pub(super) fn names_of(plant: &Plant, kind: Kind) -> Vec<(ObjectId, String)> {
    macro_rules! named {
        ($objects:expr) => {
            $objects
                .iter()
                .map(|object| (object.id, object.body.name.clone()))
                .collect()
        };
    }
    match kind {
        Kind::Asset => {
            let mut paths = Paths::new(plant);
            let assets = plant.assets().iter();
            assets
                .filter_map(|asset| Some((asset.id, paths.asset(asset.id).ok()?.to_string())))
                .collect()
        }
        Kind::Connection => named!(plant.connections()),
        Kind::Template => named!(plant.templates()),
        Kind::Device => named!(plant.devices()),
        Kind::Tag => {
            let tags = plant.tags();
            tags.map(|tag| (tag.id(), tag.path().to_string())).collect()
        }
        Kind::Group => named!(plant.groups()),
        Kind::Alarm => {
            let name = |alarm: &Alarm| {
                let tag = alarm.tag.and_then(|tag| plant.tag(tag));
                alarm_name(tag.map(|tag| tag.path().as_str()), &alarm.name)
            };
            let alarms = plant.alarms().iter();
            alarms.map(|one| (one.id, name(&one.body))).collect()
        }
        Kind::Route => named!(plant.routes()),
        Kind::Channel => named!(plant.channels()),
        Kind::Roster => named!(plant.rosters()),
        Kind::Policy => named!(plant.policies()),
        Kind::Dashboard => named!(plant.dashboards()),
        Kind::Picture => named!(plant.pictures()),
        Kind::Retention => named!(plant.retention_policies()),
        Kind::Dictionary => {
            let dictionaries = plant.dictionaries().iter();
            dictionaries
                .map(|object| (object.id, object.body.language.clone()))
                .collect()
        }
    }
}

/// Returns the key under which a file has the name of an object.
pub(super) fn name_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Dictionary => "language",
        _ => "name",
    }
}

/// Returns what an alarm is called: the path of its tag and its name.
pub(super) fn alarm_name(tag: Option<&str>, name: &str) -> String {
    match tag {
        Some(tag) => format!("{tag}: {name}"),
        None => name.to_owned(),
    }
}
