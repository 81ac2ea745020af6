//! Rows of a tag table: which tag each means, and what becomes of it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use headworks_core::model::{Device, Object, ObjectBody, ObjectId, Tag};
use headworks_core::{TagName, TagPath};
use headworks_exchange::sheet::{Decimal, Row};
use headworks_hub::{Edit, Plant, TagEntry};

use super::columns::{Field, name_of};
use super::read::{Header, Mode, ReadOptions, TableError};
use super::{cells, read};
use crate::names;
use crate::plan::{NewId, Note, Origin, Plan, RowError, bare_device, bare_tag, create};

/// Takes rows and makes a plan of them.
pub(super) struct Rows<'a, 'n> {
    plant: &'a Plant,
    options: &'a ReadOptions,
    header: &'a Header,
    decimal: Decimal,
    new_id: &'a mut NewId<'n>,
    /// The connection behind which devices are made.
    connection: Option<ObjectId>,
    by_name: HashMap<String, Found>,
    by_path: HashMap<String, ObjectId>,
    assets: HashMap<String, ObjectId>,
    /// Tags of the devices that were met, by device and folded name.
    tags: HashMap<ObjectId, HashMap<String, Arc<TagEntry>>>,
    /// Rows by the folded path of their tag.
    seen: HashMap<String, (u64, String)>,
    /// Tags of the plant that a row named.
    kept: BTreeSet<ObjectId>,
    pub(super) plan: Plan,
}

/// A device that rows may name.
#[derive(Clone)]
struct Found {
    id: ObjectId,
    path: TagPath,
}

/// Which tag a row means.
struct Meant {
    device: Found,
    name: TagName,
    path: String,
    existing: Option<Arc<TagEntry>>,
}

/// A cell that is wrong.
type Wrong = (Field, String, String);

impl<'a, 'n> Rows<'a, 'n> {
    pub(super) fn new(
        plant: &'a Plant,
        options: &'a ReadOptions,
        header: &'a Header,
        decimal: Decimal,
        new_id: &'a mut NewId<'n>,
    ) -> Result<Rows<'a, 'n>, TableError> {
        let connection = connection(plant, options)?;
        let found = |device: &Object<Device>| Found {
            id: device.id,
            path: device_path(plant, device),
        };
        let devices = plant.devices().iter();
        let by_name = devices
            .clone()
            .map(|one| (one.body.name.clone(), found(one)));
        let by_path = devices.map(|one| (device_path(plant, one).case_key(), one.id));
        let assets = plant.assets().iter().filter_map(|asset| {
            let path = plant.asset_path(asset.id)?;
            Some((path.to_string(), asset.id))
        });
        Ok(Rows {
            plant,
            options,
            header,
            decimal,
            new_id,
            connection,
            by_name: by_name.collect(),
            by_path: by_path.collect(),
            assets: assets.collect(),
            tags: HashMap::new(),
            seen: HashMap::new(),
            kept: BTreeSet::new(),
            plan: Plan::default(),
        })
    }

    /// Takes a row; what is wrong with it goes into the plan.
    pub(super) fn add(&mut self, row: &Row<'_>) {
        if let Some(error) = surplus(row, self.header.cells) {
            return self
                .plan
                .error(RowError::new(row.line(), "", &error.0, error.1));
        }
        match self.meant(row) {
            Ok(meant) => self.act(row, &meant),
            Err(wrong) => self.refuse(row.line(), wrong),
        }
    }

    fn refuse(&mut self, line: u64, (field, value, reason): Wrong) {
        let error = RowError::new(line, name_of(field), &value, reason);
        self.plan.error(error);
    }

    fn act(&mut self, row: &Row<'_>, meant: &Meant) {
        let line = row.line();
        if let Err(wrong) = self.check_seen(line, meant) {
            return self.refuse(line, wrong);
        }
        if self.options.mode == Mode::Delete {
            return self.delete(line, meant);
        }
        if let Err(wrong) = self.check_case(meant) {
            return self.refuse(line, wrong);
        }
        self.write(row, meant);
    }

    fn check_seen(&mut self, line: u64, meant: &Meant) -> Result<(), Wrong> {
        let folded = meant.path.to_lowercase();
        let Some((row, path)) = self.seen.get(&folded) else {
            self.seen.insert(folded, (line, meant.path.clone()));
            return Ok(());
        };
        let reason = if *path == meant.path {
            format!("{path} stands in row {row} already; keep one of the rows")
        } else {
            format!(
                "{} differs from {path} in row {row} only by upper and lower case; choose another \
                 name",
                meant.path
            )
        };
        Err((Field::Name, meant.name.to_string(), reason))
    }

    /// Refuses a tag that differs from one of the plant only by case, which is no rename.
    fn check_case(&self, meant: &Meant) -> Result<(), Wrong> {
        let Some(existing) = &meant.existing else {
            return Ok(());
        };
        if existing.name() == meant.name.as_str() || self.options.mode == Mode::Replace {
            return Ok(());
        }
        let reason = format!(
            "the plant has {}, which differs only by upper and lower case; write it so",
            existing.path()
        );
        Err((Field::Name, meant.name.to_string(), reason))
    }

    fn delete(&mut self, line: u64, meant: &Meant) {
        let same = |entry: &&Arc<TagEntry>| entry.name() == meant.name.as_str();
        let Some(entry) = meant.existing.as_ref().filter(same) else {
            let reason = format!(
                "there is no tag {}, so that it cannot be deleted",
                meant.path
            );
            return self.refuse(line, (Field::Name, meant.name.to_string(), reason));
        };
        let edit = delete(entry);
        self.plan.push(edit, Origin::row(line, &*meant.path));
    }

    /// Makes or changes the tag of a row.
    fn write(&mut self, row: &Row<'_>, meant: &Meant) {
        let line = row.line();
        let before = meant.existing.as_ref().map(|entry| entry.object().body);
        let mut tag = match &before {
            Some(tag) => tag.clone(),
            None => bare_tag(meant.device.id, meant.name.clone()),
        };
        tag.name = meant.name.clone();
        let errors = self.plan.error_count();
        self.fill(&mut tag, row);
        if let Some(entry) = &meant.existing {
            self.kept.insert(entry.id());
        }
        if errors < self.plan.error_count() {
            return;
        }
        if tag.length.is_some() && tag.length == tag.data_type.registers() {
            tag.length = None; // other programs say for every type how long it is
        }
        if before.is_none() && tag.address.is_empty() && tag.formula.is_none() {
            let reason = "a new tag needs an address or a formula";
            return self.refuse(line, (Field::Address, String::new(), reason.to_owned()));
        }
        if let Err(error) = tag.check() {
            let column = error
                .field
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            let error = RowError::new(line, column, &meant.path, error.reason);
            return self.plan.error(error);
        }
        let origin = Origin::row(line, &*meant.path);
        match &meant.existing {
            Some(_) if before.as_ref() == Some(&tag) => self.plan.keep(),
            Some(entry) => {
                let edit = Edit::Update {
                    id: entry.id(),
                    expected: Some(entry.revision()),
                    body: tag.into(),
                };
                self.plan.push(edit, origin);
            }
            None => {
                let edit = create((self.new_id)(), tag.into());
                self.plan.push(edit, origin);
            }
        }
    }

    fn fill(&mut self, tag: &mut Tag, row: &Row<'_>) {
        for (field, at) in self.header.fields() {
            let outcome = match row.text(at) {
                Ok(text) if field == Field::Asset => self
                    .asset(text.trim())
                    .map(|asset| tag.asset = asset)
                    .map_err(|reason| (field, text.into_owned(), reason)),
                Ok(text) => cells::set(tag, field, &text, self.decimal)
                    .map_err(|reason| (field, text.into_owned(), reason)),
                Err(reason) => Err((field, String::new(), reason.to_owned())),
            };
            if let Err(wrong) = outcome {
                self.refuse(row.line(), wrong);
            }
        }
    }

    /// Returns the asset of a path; an empty one is none.
    fn asset(&self, path: &str) -> Result<Option<ObjectId>, String> {
        if path.is_empty() {
            return Ok(None);
        }
        let found = self.assets.get(path).copied();
        found.map(Some).ok_or_else(|| {
            "there is no asset of this path; make it first, or leave the cell empty".to_owned()
        })
    }

    fn meant(&mut self, row: &Row<'_>) -> Result<Meant, Wrong> {
        let device = cell(self.header, row, Field::Device)?;
        let name = cell(self.header, row, Field::Name)?;
        let path = cell(self.header, row, Field::Path)?;
        match (device.is_empty(), name.is_empty(), path.is_empty()) {
            (false, false, _) => self.by_names(row, &device, &name, &path),
            (_, _, false) => self.by_path(&path),
            (true, _, true) => Err((
                Field::Device,
                String::new(),
                "the row has neither a device nor a path".to_owned(),
            )),
            (false, true, true) => Err((
                Field::Name,
                String::new(),
                "the row has neither a name nor a path".to_owned(),
            )),
        }
    }

    fn by_names(
        &mut self,
        row: &Row<'_>,
        device_name: &str,
        name: &str,
        path: &str,
    ) -> Result<Meant, Wrong> {
        let tag_name: TagName =
            name.parse()
                .map_err(|error: headworks_core::path::PathError| {
                    (Field::Name, name.to_owned(), error.to_string())
                })?;
        let device = match self.by_name.get(device_name) {
            Some(device) => device.clone(),
            None => self.make_device(row.line(), device_name, path)?,
        };
        let meant = self.meant_below(device, tag_name);
        if !path.is_empty() && path != meant.path {
            let reason = format!(
                "the tag is {}: device and name say so; the path is not read beside them",
                meant.path
            );
            let place = format!("row {}", row.line());
            self.plan.note(Note::new(path, place, reason));
        }
        Ok(meant)
    }

    fn meant_below(&mut self, device: Found, name: TagName) -> Meant {
        let existing = self.existing(device.id, name.as_str());
        let path = match &existing {
            Some(entry) if entry.name() == name.as_str() => entry.path().to_string(),
            _ => format!("{}/{name}", device.path),
        };
        Meant {
            device,
            name,
            path,
            existing,
        }
    }

    fn existing(&mut self, device: ObjectId, name: &str) -> Option<Arc<TagEntry>> {
        let plant = self.plant;
        let tags = self.tags.entry(device).or_insert_with(|| {
            let tags = plant.tags_of(device);
            tags.map(|tag| (tag.name().to_lowercase(), Arc::clone(tag)))
                .collect()
        });
        tags.get(&name.to_lowercase()).cloned()
    }

    fn by_path(&mut self, text: &str) -> Result<Meant, Wrong> {
        let wrong = |reason: String| (Field::Path, text.to_owned(), reason);
        let path: TagPath = text
            .parse()
            .map_err(|error: headworks_core::path::PathError| wrong(error.to_string()))?;
        if let Some(entry) = self.plant.tag_by_path(text) {
            let found = self.plant.device(entry.device()).map(|device| Found {
                id: device.id,
                path: device_path(self.plant, device),
            });
            let device = found.ok_or_else(|| wrong("its device is gone; try again".into()))?;
            let name = entry.object().body.name;
            return Ok(self.meant_below(device, name));
        }
        let folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
        let device = self.by_path.get(&folder.to_lowercase()).copied();
        let device = device.and_then(|id| self.plant.device(id)).ok_or_else(|| {
            wrong(format!(
                "there is no tag of this path and no device with the path {folder:?}; add the \
                 columns `device` and `name`, or make the device first"
            ))
        })?;
        let device = Found {
            id: device.id,
            path: device_path(self.plant, device),
        };
        let name = path.segments().next_back().unwrap_or_default();
        let name = name
            .parse()
            .map_err(|_| wrong("the name is empty".into()))?;
        Ok(self.meant_below(device, name))
    }

    fn make_device(&mut self, line: u64, name: &str, path: &str) -> Result<Found, Wrong> {
        let wrong = |reason: String| (Field::Device, name.to_owned(), reason);
        let Some(connection) = self
            .connection
            .filter(|_| self.options.mode != Mode::Delete)
        else {
            return Err(wrong(self.no_device(name)));
        };
        let folder = path.rsplit_once('/').map(|(folder, _)| folder.parse());
        let path = match folder {
            Some(Ok(folder)) => folder,
            _ => names::segment(name)
                .as_str()
                .parse()
                .map_err(|_| wrong("no name that a path can hold".into()))?,
        };
        let id = (self.new_id)();
        let body = bare_device(name.to_owned(), connection, path);
        body.check().map_err(|error| wrong(error.to_string()))?;
        let device = Found {
            id,
            path: body.path.clone(),
        };
        self.plan
            .push(create(id, body.into()), Origin::row(line, name));
        self.by_name.insert(name.to_owned(), device.clone());
        Ok(device)
    }

    fn no_device(&self, name: &str) -> String {
        let folded = name.to_lowercase();
        let mut names = self.by_name.keys();
        match names.find(|known| known.to_lowercase() == folded) {
            Some(known) => format!("there is no device of this name; {known:?} is the nearest"),
            None => "there is no device of this name; make it first, or give `create_devices` \
                     with the name of a connection"
                .to_owned(),
        }
    }

    /// Adds what the mode wants beyond the rows, and returns the plan.
    pub(super) fn finish(mut self) -> Plan {
        if self.options.mode != Mode::Replace {
            return self.plan;
        }
        let mut gone: Vec<Arc<TagEntry>> = self
            .tags
            .keys()
            .flat_map(|&device| self.plant.tags_of(device))
            .filter(|entry| !self.kept.contains(&entry.id()))
            .cloned()
            .collect();
        gone.sort_by(|one, other| one.path().cmp(other.path()));
        for entry in gone {
            let origin = Origin::place("not in the file", entry.path().as_str());
            self.plan.push(delete(&entry), origin);
        }
        self.plan
    }
}

/// Returns the full path of a device, which its asset is a part of.
fn device_path(plant: &Plant, device: &Object<Device>) -> TagPath {
    let path = plant.device_path(device.id);
    path.unwrap_or_else(|| device.body.path.clone())
}

fn delete(entry: &TagEntry) -> Edit {
    Edit::Delete {
        id: entry.id(),
        expected: Some(entry.revision()),
        cascade: false,
    }
}

fn connection(plant: &Plant, options: &ReadOptions) -> Result<Option<ObjectId>, TableError> {
    let Some(name) = &options.create_devices else {
        return Ok(None);
    };
    let mut connections = plant.connections().iter();
    let found = connections.find(|connection| connection.body.name == *name);
    let found = found.ok_or_else(|| {
        let reason = format!("create_devices: there is no connection {name:?}; make it first");
        read::TableError::Shape(reason)
    })?;
    Ok(Some(found.id))
}

/// Returns a cell without the blanks around it; empty when the file has no such column.
fn cell<'r>(header: &Header, row: &'r Row<'_>, field: Field) -> Result<Cow<'r, str>, Wrong> {
    let Some(at) = header.place(field) else {
        return Ok(Cow::Borrowed(""));
    };
    let text = row.text(at);
    let text = text.map_err(|reason| (field, String::new(), reason.to_owned()))?;
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

/// Returns a cell that stands right of the last column, and what is wrong with that: most often
/// one that holds what separates the cells.
pub(crate) fn surplus(row: &Row<'_>, columns: usize) -> Option<(String, String)> {
    let beyond = (columns..row.cells()).map(|at| row.text(at).unwrap_or_default());
    let text = beyond.into_iter().find(|text| !text.trim().is_empty())?;
    let reason = format!(
        "the row has {} cells and the header {columns}; put quotes around a text that holds what \
         separates the cells",
        row.cells()
    );
    Some((text.into_owned(), reason))
}
