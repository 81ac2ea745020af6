//! The protocols' own checks: settings and addresses of what a draft changes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use headworks_core::model::{Connection, Device, ObjectId, Tag};
use headworks_core::{TagIndex, TagPath};
use headworks_protocols::{ConfigError, DeviceConfig, LinkConfig, Place, Protocol, TagConfig};

use super::draft::Draft;
use crate::error::Problem;
use crate::plant::{Paths, Places, tag_config};

/// What of each connection is to be checked: some of its devices with some of their tags.
type Scope = BTreeMap<ObjectId, BTreeMap<ObjectId, Vec<TagConfig>>>;

/// Returns what the protocols say against a draft.
pub(crate) fn check_protocols(draft: &Draft<'_>, protocols: &[&Protocol]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (id, devices) in scope(draft) {
        let Some(connection) = draft.connection(id) else {
            continue; // said already: the reference leads nowhere
        };
        let find = |protocol: &&&Protocol| protocol.name == connection.protocol;
        let Some(protocol) = protocols.iter().find(find) else {
            if let Some(edit) = draft.edit_of(id) {
                problems.push(unknown_protocol(edit, connection, protocols));
            }
            continue;
        };
        let link = link_config(draft, id, connection, devices);
        let errors = (protocol.check)(&link);
        if !errors.is_empty() {
            let blame = Blame::new(draft, &link);
            problems.extend(errors.into_iter().map(|error| blame.problem(error)));
        }
    }
    problems
}

fn unknown_protocol(edit: usize, connection: &Connection, protocols: &[&Protocol]) -> Problem {
    let names: Vec<&str> = protocols.iter().map(|protocol| protocol.name).collect();
    let reason = format!(
        "{:?} is not one of the protocols {}",
        connection.protocol,
        names.join(", ")
    );
    Problem::new(edit, "/protocol", reason)
}

fn scope(draft: &Draft<'_>) -> Scope {
    let mut scope = Scope::new();
    for (id, _, connection) in draft.alive::<Connection>() {
        let devices = scope.entry(id).or_default();
        let before = draft.plant.connection(id);
        if before.is_some_and(|before| before.body.protocol != connection.protocol) {
            for (device, _) in draft.devices_of(id) {
                devices
                    .entry(device)
                    .or_insert_with(|| standing_tags(draft, device));
            }
        }
    }
    for (id, _, device) in draft.alive::<Device>() {
        let before = draft.plant.device(id).map(|object| &object.body);
        let other = before.is_some_and(|before| {
            before.settings != device.settings || before.connection != device.connection
        });
        let tags = scope.entry(device.connection).or_default().entry(id);
        tags.or_insert_with(|| {
            if other {
                standing_tags(draft, id)
            } else {
                Vec::new()
            }
        });
    }
    let mut paths = Paths::new(draft);
    let read = |(_, _, tag): &(ObjectId, usize, &Tag)| tag.formula.is_none();
    for (number, (_, _, tag)) in (0_u32..).zip(draft.alive::<Tag>().filter(read)) {
        if let Some((device, config)) = drafted_tag(draft, &mut paths, tag, number) {
            let devices = scope.entry(device.connection).or_default();
            devices.entry(tag.device).or_default().push(config);
        }
    }
    scope
}

/// Returns the tags of a device that the draft leaves alone.
fn standing_tags(draft: &Draft<'_>, device: ObjectId) -> Vec<TagConfig> {
    let period_ms = draft.device(device).map_or(1000, |device| device.period_ms);
    draft
        .plant
        .tags_of(device)
        .filter(|tag| !draft.is_drafted(tag.id()) && tag.formula().is_none())
        .map(|tag| tag.config(period_ms))
        .collect()
}

fn drafted_tag<'a>(
    draft: &'a Draft<'_>,
    paths: &mut Paths<'_, Draft<'_>>,
    tag: &Tag,
    number: u32,
) -> Option<(&'a Device, TagConfig)> {
    let device = draft.device(tag.device)?;
    let path = paths.of_tag(tag).ok()?;
    // a tag that is not stored yet has no number; the check only needs distinct ones
    let index = TagIndex(u32::MAX - number);
    let period = Duration::from_millis(tag.period_ms.unwrap_or(device.period_ms).into());
    Some((device, tag_config(tag, &tag.address, index, path, period)))
}

fn link_config(
    draft: &Draft<'_>,
    id: ObjectId,
    connection: &Connection,
    devices: BTreeMap<ObjectId, Vec<TagConfig>>,
) -> LinkConfig {
    let device_config = |(device, tags): (ObjectId, Vec<TagConfig>)| {
        let body = draft.device(device)?;
        Some(DeviceConfig {
            device,
            name: body.name.clone(),
            settings: body.settings.clone(),
            tags,
        })
    };
    LinkConfig {
        connection: id,
        name: connection.name.clone(),
        settings: connection.settings.clone(),
        devices: devices.into_iter().filter_map(device_config).collect(),
    }
}

/// Which edit an error is the fault of.
struct Blame {
    connection: Option<usize>,
    devices: HashMap<ObjectId, usize>,
    tags: HashMap<TagPath, usize>,
    /// The first edit that touches the link: for objects that no edit names.
    first: usize,
}

impl Blame {
    fn new(draft: &Draft<'_>, link: &LinkConfig) -> Blame {
        let connection = draft.edit_of(link.connection);
        let devices: HashMap<ObjectId, usize> = draft
            .alive::<Device>()
            .filter(|(_, _, device)| device.connection == link.connection)
            .map(|(id, edit, _)| (id, edit))
            .collect();
        let here: HashSet<ObjectId> = link.devices.iter().map(|config| config.device).collect();
        let mut paths = Paths::new(draft);
        let tags: HashMap<TagPath, usize> = draft
            .alive::<Tag>()
            .filter(|(_, _, tag)| here.contains(&tag.device))
            .filter_map(|(_, edit, tag)| Some((paths.of_tag(tag).ok()?, edit)))
            .collect();
        let edits = connection
            .iter()
            .chain(devices.values())
            .chain(tags.values());
        Blame {
            first: edits.min().copied().unwrap_or(0),
            connection,
            devices,
            tags,
        }
    }

    fn problem(&self, error: ConfigError) -> Problem {
        let edit = match &error.place {
            Place::Connection => self.connection,
            Place::Device(device) => self.devices.get(device).copied(),
            Place::Tag(path) => self.tags.get(path).copied(),
        };
        match edit {
            Some(edit) => Problem::new(edit, error.field, error.reason),
            None => Problem::new(self.first, "", error),
        }
    }
}
