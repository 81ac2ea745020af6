//! `headworks check`: settings and stored objects, without starting anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use headworks_core::TagIndex;
use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, ObjectBody,
    ObjectId, Picture, Policy, RetentionPolicy, Roster, Route, Tag, Template,
};
use headworks_hub::plant::{Paths, Places};
use headworks_protocols::{DeviceConfig, LinkConfig, TagConfig};
use headworks_store::{ObjectStore, PostgresHistorian, StoredObject};

use crate::cli::CheckArguments;
use crate::settings::{self, Settings, Sources};

/// Something stored that cannot work; the program ends with exit code 64.
#[derive(Debug, thiserror::Error)]
#[error("{count} problems found")]
pub(crate) struct ProblemsFound {
    count: usize,
}

/// The stored objects, read into their types.
#[derive(Debug, Default)]
struct Stored {
    assets: BTreeMap<ObjectId, Asset>,
    connections: BTreeMap<ObjectId, Connection>,
    devices: BTreeMap<ObjectId, Device>,
    /// By device.
    tags: BTreeMap<ObjectId, Vec<(TagIndex, Tag)>>,
    templates: usize,
    groups: usize,
    alarms: usize,
    routes: usize,
    dashboards: usize,
    retention_policies: usize,
    problems: Vec<String>,
}

/// Prints what was checked, and every problem.
pub(crate) fn run(arguments: &CheckArguments) -> anyhow::Result<()> {
    let mut sources = Sources::of_process(arguments.settings.config.clone())?;
    sources.data.clone_from(&arguments.settings.data);
    let (settings, file) = settings::load(&sources)?;
    settings.telemetry.sentry()?;
    settings.telemetry.otlp()?;
    match file {
        Some(path) => println!("settings: {} is valid", path.display()),
        None => println!("settings: no file, defaults are valid"),
    }
    let unreachable = check_database(&settings)?;
    let directory = &settings.data.directory;
    if !directory.join("headworks.db").exists() {
        println!("objects: none, {} holds no plant yet", directory.display());
        return outcome(unreachable);
    }
    let stored = load(directory)?;
    let problems = stored.problems();
    println!(
        "objects: {} assets, {} connections, {} templates, {} devices, {} tags, {} groups, \
         {} alarms, {} routes, {} dashboards, {} retention policies",
        stored.assets.len(),
        stored.connections.len(),
        stored.templates,
        stored.devices.len(),
        stored.tags.values().map(Vec::len).sum::<usize>(),
        stored.groups,
        stored.alarms,
        stored.routes,
        stored.dashboards,
        stored.retention_policies
    );
    for problem in &problems {
        println!("{problem}");
    }
    outcome(unreachable + problems.len())
}

fn outcome(problems: usize) -> anyhow::Result<()> {
    match problems {
        0 => Ok(()),
        count => Err(ProblemsFound { count }.into()),
    }
}

/// Prints whether the database can be used; returns the number of problems.
fn check_database(settings: &Settings) -> anyhow::Result<usize> {
    let Some(database) = settings.database.resolve()? else {
        return Ok(0);
    };
    match PostgresHistorian::check(&database.forward.url) {
        Ok(found) => {
            println!("database: {}: {found}", database.forward.url);
            Ok(0)
        }
        Err(error) => {
            println!("database: {error}");
            Ok(1)
        }
    }
}

fn load(directory: &Path) -> anyhow::Result<Stored> {
    let objects = ObjectStore::open(directory)
        .and_then(|store| store.load_all())
        .with_context(|| format!("the objects in {} cannot be read", directory.display()))?;
    let mut stored = Stored::default();
    for object in &objects {
        if let Err(reason) = stored.take(object) {
            stored
                .problems
                .push(format!("{} {}: {reason}", object.kind, object.id));
        }
    }
    Ok(stored)
}

fn parse<T: ObjectBody>(object: &StoredObject) -> Result<T, String> {
    let body: T = serde_json::from_str(&object.body).map_err(|error| error.to_string())?;
    body.check().map_err(|error| error.to_string())?;
    Ok(body)
}

impl Stored {
    fn take(&mut self, object: &StoredObject) -> Result<(), String> {
        match object.kind {
            Kind::Asset => drop(self.assets.insert(object.id, parse(object)?)),
            Kind::Template => {
                parse::<Template>(object)?;
                self.templates += 1;
            }
            Kind::Group => {
                parse::<Group>(object)?;
                self.groups += 1;
            }
            Kind::Alarm => {
                parse::<Alarm>(object)?;
                self.alarms += 1;
            }
            Kind::Route => {
                parse::<Route>(object)?;
                self.routes += 1;
            }
            Kind::Connection => drop(self.connections.insert(object.id, parse(object)?)),
            Kind::Device => drop(self.devices.insert(object.id, parse(object)?)),
            Kind::Tag => {
                let index = object.tag.ok_or("has no number; the database is damaged")?;
                let tag: Tag = parse(object)?;
                self.tags.entry(tag.device).or_default().push((index, tag));
            }
            Kind::Channel => drop(parse::<Channel>(object)?),
            Kind::Roster => drop(parse::<Roster>(object)?),
            Kind::Policy => drop(parse::<Policy>(object)?),
            Kind::Dashboard => {
                parse::<Dashboard>(object)?;
                self.dashboards += 1;
            }
            Kind::Picture => drop(parse::<Picture>(object)?),
            Kind::Retention => {
                parse::<RetentionPolicy>(object)?;
                self.retention_policies += 1;
            }
            Kind::Dictionary => drop(parse::<Dictionary>(object)?),
        }
        Ok(())
    }

    /// Returns every problem, one line each.
    fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        for (id, device) in &self.devices {
            if !self.connections.contains_key(&device.connection) {
                problems.push(format!(
                    "device {id} ({:?}): /connection: {} does not exist",
                    device.name, device.connection
                ));
            }
        }
        for (device, tags) in self
            .tags
            .iter()
            .filter(|(id, _)| !self.devices.contains_key(id))
        {
            for (_, tag) in tags {
                let name = tag.name.as_str();
                problems.push(format!("tag {name:?}: /device: {device} does not exist"));
            }
        }
        for (id, connection) in &self.connections {
            self.check_link(*id, connection, &mut problems);
        }
        problems
    }

    fn check_link(&self, id: ObjectId, connection: &Connection, problems: &mut Vec<String>) {
        let name = &connection.name;
        let Some(protocol) = headworks_protocols::protocol(&connection.protocol) else {
            let reason = format!("{:?} is not known to this program", connection.protocol);
            problems.push(format!("connection {id} ({name:?}): /protocol: {reason}"));
            return;
        };
        let link = LinkConfig {
            connection: id,
            name: name.clone(),
            settings: connection.settings.clone(),
            devices: self.devices_of(id, problems),
        };
        let errors = (protocol.check)(&link);
        problems.extend(
            errors
                .iter()
                .map(|error| format!("connection {id} ({name:?}): {error}")),
        );
    }

    fn devices_of(&self, connection: ObjectId, problems: &mut Vec<String>) -> Vec<DeviceConfig> {
        let devices = self
            .devices
            .iter()
            .filter(|(_, device)| device.connection == connection);
        devices
            .map(|(id, device)| DeviceConfig {
                device: *id,
                name: device.name.clone(),
                settings: device.settings.clone(),
                tags: self.tags_of(*id, device, problems),
            })
            .collect()
    }

    fn tags_of(&self, id: ObjectId, device: &Device, problems: &mut Vec<String>) -> Vec<TagConfig> {
        let (mut configs, mut paths) = (Vec::new(), Paths::new(self));
        let tags = self.tags.get(&id).into_iter().flatten();
        for (index, tag) in tags.filter(|(_, tag)| tag.formula.is_none()) {
            match paths.of_tag(tag) {
                Ok(path) => configs.push(TagConfig {
                    tag: *index,
                    path,
                    address: tag.address.as_str().into(),
                    data_type: tag.data_type,
                    order: tag.order,
                    length: tag.length,
                    period: Duration::from_millis(tag.period_ms.unwrap_or(device.period_ms).into()),
                    writable: tag.writable,
                }),
                Err(error) => {
                    problems.push(format!("tag {}/{}: {error}", device.path, tag.name));
                }
            }
        }
        configs
    }
}

impl Places for Stored {
    fn asset(&self, id: ObjectId) -> Option<&Asset> {
        self.assets.get(&id)
    }

    fn device(&self, id: ObjectId) -> Option<&Device> {
        self.devices.get(&id)
    }
}
