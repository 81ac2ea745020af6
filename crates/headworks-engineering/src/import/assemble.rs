//! From a project to edits: names that are free, paths, ids.

use std::collections::HashMap;

use headworks_core::model::{ObjectBody, ObjectId, Settings};
use headworks_core::{TagName, TagPath};
use headworks_hub::Plant;

use super::project::{Link, Point, Project, Unit};
use super::{Clash, ImportOptions};
use crate::names::{Taken, segment};
use crate::plan::{NewId, Note, Origin, Plan, RowError, bare_connection, bare_device, create};

/// Makes the edits of a project.
pub(super) fn assemble(
    mut project: Project,
    plant: &Plant,
    options: &ImportOptions,
    new_id: &mut NewId<'_>,
) -> Plan {
    join_links(&mut project);
    let mut plan = Plan::default();
    for error in project.errors.drain(..) {
        plan.error(error);
    }
    for note in project.take_notes() {
        plan.note(note);
    }
    let mut builder = Builder::new(plan, plant, options, new_id);
    for link in project.links {
        builder.link(link);
    }
    builder.plan
}

/// Makes one link of those that are reached in the same way: a serial port is opened once.
fn join_links(project: &mut Project) {
    let mut joined: Vec<Link> = Vec::new();
    for link in std::mem::take(&mut project.links) {
        let is_same = |other: &&mut Link| {
            other.settings == link.settings
                && other.settings.is_some()
                && other.enabled == link.enabled
        };
        match joined.iter_mut().find(is_same) {
            Some(other) => {
                let reason = format!("its devices share the connection {:?}", other.name);
                other.units.extend(link.units);
                project.note(link.name, link.place, reason);
            }
            None => joined.push(link),
        }
    }
    project.links = joined;
}

struct Builder<'a, 'n> {
    plan: Plan,
    plant: &'a Plant,
    options: &'a ImportOptions,
    new_id: &'a mut NewId<'n>,
    connections: Taken,
    devices: Taken,
    /// Paths of devices and of tags outside of them.
    paths: Taken,
    /// Names of tags, by device.
    tags: HashMap<ObjectId, Taken>,
}

impl<'a, 'n> Builder<'a, 'n> {
    fn new(
        plan: Plan,
        plant: &'a Plant,
        options: &'a ImportOptions,
        new_id: &'a mut NewId<'n>,
    ) -> Builder<'a, 'n> {
        let mut connections = Taken::default();
        for connection in plant.connections() {
            connections.take(&connection.body.name);
        }
        let (mut devices, mut paths) = (Taken::default(), Taken::default());
        for device in plant.devices() {
            devices.take(&device.body.name);
            paths.take(device.body.path.as_str());
        }
        Builder {
            plan,
            plant,
            options,
            new_id,
            connections,
            devices,
            paths,
            tags: HashMap::new(),
        }
    }

    fn link(&mut self, link: Link) {
        match &self.options.device {
            Some(name) if link.settings.is_none() => self.add_to_device(link, name),
            _ => self.new_link(link),
        }
    }

    /// Puts the tags of a link into a device of the plant.
    fn add_to_device(&mut self, link: Link, name: &str) {
        let mut devices = self.plant.devices().iter();
        let Some(device) = devices.find(|device| device.body.name == *name) else {
            let reason = "there is no such device; make it first, or give `endpoint` instead";
            return self.error(&link.place, "device", name, reason);
        };
        if 1 < link.units.len() {
            let reason = "the file has more than one device; give `endpoint` instead";
            return self.error(&link.place, "device", name, reason);
        }
        let mut taken = Taken::default();
        for tag in self.plant.tags_of(device.id) {
            taken.take(tag.name());
        }
        self.tags.insert(device.id, taken);
        let path = device.body.path.clone();
        for unit in link.units {
            for (key, value) in &unit.settings {
                if device.body.settings.get(key) != Some(value) {
                    let reason = format!(
                        "the device keeps its settings; in the file it is {value}: compare one \
                         value with the device"
                    );
                    self.plan.note(Note::new(key, &unit.place, reason));
                }
            }
            for point in unit.points {
                self.point(device.id, &path, point);
            }
        }
    }

    fn new_link(&mut self, link: Link) {
        let Some(settings) = self.settings(&link) else {
            return;
        };
        let Some(name) = self.name(Names::Connections, &link.name, &link.place) else {
            return;
        };
        let id = (self.new_id)();
        let mut body = bare_connection(name.clone(), "modbus");
        body.settings = settings;
        body.enabled = link.enabled;
        body.description = link.description;
        self.check(&body, &link.place, &name);
        let origin = Origin::place(link.place, name);
        self.plan.push(create(id, body.into()), origin);
        for unit in link.units {
            self.unit(id, unit);
        }
    }

    /// Returns the settings of a link: those of the file, or what the options say.
    fn settings(&mut self, link: &Link) -> Option<Settings> {
        if let Some(settings) = &link.settings {
            return Some(settings.clone());
        }
        let Some(endpoint) = &self.options.endpoint else {
            let reason = "the file says nothing of how the device is reached; give `endpoint` \
                          (HOST:PORT or a serial port) or `device` (one of the plant)";
            self.error(&link.place, "endpoint", "", reason);
            return None;
        };
        let mut settings = Settings::new();
        if endpoint.starts_with('/') || endpoint.to_uppercase().starts_with("COM") {
            settings.insert("transport".into(), "rtu".into());
            settings.insert("serial_port".into(), endpoint.as_str().into());
        } else {
            settings.insert("endpoint".into(), endpoint.as_str().into());
        }
        Some(settings)
    }

    fn unit(&mut self, connection: ObjectId, unit: Unit) {
        let Some(name) = self.name(Names::Devices, &unit.name, &unit.place) else {
            return;
        };
        let Some(path) = self.path(&name, &unit.place) else {
            return;
        };
        let id = (self.new_id)();
        let mut body = bare_device(name.clone(), connection, path.clone());
        body.settings = unit.settings;
        body.enabled = unit.enabled;
        body.period_ms = unit.period_ms;
        body.description = unit.description;
        self.check(&body, &unit.place, &name);
        let origin = Origin::place(unit.place, name);
        self.plan.push(create(id, body.into()), origin);
        for point in unit.points {
            self.point(id, &path, point);
        }
    }

    fn point(&mut self, device: ObjectId, path: &TagPath, point: Point) {
        let wanted = segment(&point.name);
        let place = match point.row {
            Some(row) => format!("row {row}"),
            None => point.place.clone(),
        };
        if wanted.as_str() != point.name.trim() {
            let reason = format!("a path cannot hold this name; the tag is called {wanted}");
            self.plan.note(Note::new(&*point.name, &*place, reason));
        }
        let taken = self.tags.entry(device).or_default();
        if self.options.clash == Clash::Report && taken.is_taken(wanted.as_str()) {
            let reason = "the device has a tag of this name already; rename one of them";
            return self.error(&place, "name", &point.name, reason);
        }
        let name = taken.free(wanted.as_str());
        if name != wanted.as_str() {
            let reason = format!("the name is taken; the tag is called {name}");
            self.plan.note(Note::new(&*point.name, &*place, reason));
        }
        let Ok(name) = name.parse::<TagName>() else {
            return self.error(&place, "name", &point.name, "no name that a path can hold");
        };
        let shown = format!("{path}/{name}");
        let mut tag = point.tag;
        (tag.device, tag.name) = (device, name);
        if let Err(error) = tag.check() {
            let mut wrong = RowError::new(0, error.field, &shown, error.reason);
            wrong.row = point.row;
            wrong.column = match point.row {
                Some(_) => wrong.column.trim_start_matches('/').to_owned(),
                None => format!("{}{}", point.place, wrong.column),
            };
            return self.plan.error(wrong);
        }
        let origin = Origin {
            row: point.row,
            place: point.place,
            name: shown,
        };
        let edit = create((self.new_id)(), tag.into());
        self.plan.push(edit, origin);
    }

    /// Returns a name that is free, or writes down that it is not.
    fn name(&mut self, names: Names, wanted: &str, place: &str) -> Option<String> {
        let clean: String = wanted.chars().filter(|char| !char.is_control()).collect();
        let clean: String = clean.trim().chars().take(120).collect();
        let clean = if clean.is_empty() { "unnamed" } else { &clean };
        let taken = match names {
            Names::Connections => &mut self.connections,
            Names::Devices => &mut self.devices,
        };
        if self.options.clash == Clash::Report && taken.is_taken(clean) {
            let reason = "the plant has one of this name already; rename it, or let it get a \
                          number (on_clash=suffix)";
            self.error(place, "name", wanted, reason);
            return None;
        }
        let name = taken.free(clean);
        if name != wanted {
            let reason = format!("it is called {name:?} here");
            self.plan.note(Note::new(wanted, place, reason));
        }
        Some(name)
    }

    fn path(&mut self, name: &str, place: &str) -> Option<TagPath> {
        let last = segment(name);
        let wanted = match &self.options.path {
            Some(folder) => format!("{folder}/{last}"),
            None => last.to_string(),
        };
        let path = self.paths.free(&wanted);
        match path.parse() {
            Ok(path) => Some(path),
            Err(error) => {
                let error: headworks_core::path::PathError = error;
                self.error(place, "path", &path, &error.to_string());
                None
            }
        }
    }

    fn check(&mut self, body: &impl ObjectBody, place: &str, name: &str) {
        if let Err(error) = body.check() {
            let column = error.field.trim_start_matches('/').to_owned();
            self.error(place, &column, name, &error.reason);
        }
    }

    fn error(&mut self, place: &str, column: &str, value: &str, reason: &str) {
        let mut error = RowError::new(0, format!("{place} {column}"), value, reason);
        error.row = None;
        error.column = error.column.trim().to_owned();
        self.plan.error(error);
    }
}

/// Which names are meant.
#[derive(Clone, Copy)]
enum Names {
    Connections,
    Devices,
}
