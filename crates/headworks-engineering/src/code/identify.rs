//! Which object each entry is: by its id, else by its name at its place, else a new one.

use std::collections::{HashMap, HashSet};

use headworks_core::model::{Kind, ObjectId};
use headworks_hub::Plant;

use super::read::Entry;
use super::{At, FILES, Wrong, called};
use crate::plan::NewId;

/// What the names of files mean, as far as the files were read.
pub(super) struct Known<'a> {
    pub(super) plant: &'a Plant,
    /// Objects by what the files call them.
    ids: HashMap<Kind, HashMap<String, ObjectId>>,
    /// What they are called, by the files before the plant.
    pub(super) names: HashMap<ObjectId, String>,
    /// Paths of the devices by name.
    paths: HashMap<String, String>,
    /// Objects that the files hold.
    kept: HashSet<ObjectId>,
}

/// An entry that has its object.
pub(super) struct Named {
    pub(super) entry: Entry,
    pub(super) id: ObjectId,
    pub(super) name: String,
}

/// A name at a place: below an asset or a device, or nowhere in particular.
type Place = (Option<ObjectId>, String);

impl<'a> Known<'a> {
    /// Returns what is known before the files are read: the objects of kinds without a file.
    pub(super) fn new(plant: &'a Plant, has_file: impl Fn(Kind) -> bool) -> Known<'a> {
        let mut known = Known {
            plant,
            ids: HashMap::new(),
            names: called::names(plant),
            paths: HashMap::new(),
            kept: HashSet::new(),
        };
        for (kind, _) in FILES.into_iter().filter(|(kind, _)| !has_file(*kind)) {
            for (id, name) in called::names_of(plant, kind) {
                if kind == Kind::Device
                    && let Some(path) = plant.device_path(id)
                {
                    known.paths.insert(name.clone(), path.to_string());
                }
                known.ids.entry(kind).or_default().insert(name, id);
            }
        }
        known
    }

    /// Returns the object that files call so.
    pub(super) fn find(&self, kind: Kind, name: &str) -> Option<ObjectId> {
        self.ids.get(&kind)?.get(name).copied()
    }

    /// Returns whether the files hold an object.
    pub(super) fn keeps(&self, id: ObjectId) -> bool {
        self.kept.contains(&id)
    }

    /// Finds the objects of the entries of a kind; those before it must be found already.
    pub(super) fn identify(
        &mut self,
        kind: Kind,
        mut entries: Vec<Entry>,
        new_id: &mut NewId<'_>,
        wrong: &mut Vec<Wrong>,
    ) -> Vec<Named> {
        // parents before what is in them
        entries.sort_by_key(|entry| match kind {
            Kind::Asset => entry.text("parent").map(|path| path.matches('/').count()),
            _ => None,
        });
        let named = self.name(entries, wrong);
        let named = self.claim(kind, named, wrong);
        self.match_names(kind, named, new_id)
    }

    /// Gives every entry its name; two of one name are a mistake.
    fn name(&mut self, entries: Vec<Entry>, wrong: &mut Vec<Wrong>) -> Vec<(Entry, String)> {
        let mut seen: HashMap<String, At> = HashMap::with_capacity(entries.len());
        let mut named = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let Some(name) = self.name_of(&entry) else {
                let field = name_field(entry.kind);
                fail(&mut entry, &field, "is missing", wrong);
                continue;
            };
            match seen.insert(name.clone(), entry.at) {
                None => {}
                Some(At::Line(line)) => {
                    let reason = format!("{name:?} stands in line {line} already; keep one");
                    fail(&mut entry, "/name", reason, wrong);
                }
                Some(At::Entry(at)) => {
                    let (nth, kind) = (at + 1, entry.kind);
                    let reason =
                        format!("[[{kind}]] number {nth} is called {name:?} too; keep one");
                    fail(&mut entry, &name_field(kind), reason, wrong);
                }
            }
            named.push((entry, name));
        }
        named
    }

    /// Returns what files call the object of an entry; devices leave their path for their tags.
    fn name_of(&mut self, entry: &Entry) -> Option<String> {
        let name = entry.text(called::name_key(entry.kind))?;
        let below = |above: Option<&str>, name: &str| match above {
            Some(above) => format!("{above}/{name}"),
            None => name.to_owned(),
        };
        match entry.kind {
            Kind::Asset => Some(below(entry.text("parent"), name)),
            Kind::Device => {
                let path = entry.text("path").unwrap_or_default();
                let path = below(entry.text("asset"), path);
                self.paths.insert(name.to_owned(), path);
                Some(name.to_owned())
            }
            Kind::Tag => {
                let device = entry.text("device").unwrap_or_default();
                let device = self.paths.get(device).map_or(device, String::as_str);
                Some(below(entry.text("asset").or(Some(device)), name))
            }
            Kind::Alarm => Some(called::alarm_name(entry.text("tag"), name)),
            _ => Some(name.to_owned()),
        }
    }

    /// Takes the objects of entries whose id is one of the plant.
    fn claim(
        &mut self,
        kind: Kind,
        named: Vec<(Entry, String)>,
        wrong: &mut Vec<Wrong>,
    ) -> Vec<(Entry, String, Option<ObjectId>)> {
        let mut claimed = Vec::with_capacity(named.len());
        let mut given = HashSet::new();
        for (mut entry, name) in named {
            let mut object = None;
            if let Some(id) = entry.id {
                match self.plant.kind_of(id) {
                    Some(found) if found != kind => {
                        let reason = format!("is the id of a {found}; leave it empty");
                        fail(&mut entry, "/id", reason, wrong);
                    }
                    found => object = found.map(|_| id),
                }
                if !given.insert(id) {
                    let reason = format!("{id} is there twice; leave one of them empty");
                    fail(&mut entry, "/id", reason, wrong);
                    object = None;
                }
            }
            if let Some(id) = object {
                self.keep(kind, &name, id);
            }
            claimed.push((entry, name, object));
        }
        claimed
    }

    /// Finds the objects of the other entries by name and place, and makes ids for new ones.
    fn match_names(
        &mut self,
        kind: Kind,
        claimed: Vec<(Entry, String, Option<ObjectId>)>,
        new_id: &mut NewId<'_>,
    ) -> Vec<Named> {
        let is_whole = claimed.iter().all(|(_, _, object)| object.is_some());
        let standing = if is_whole {
            HashMap::new()
        } else {
            self.standing(kind)
        };
        let mut named = Vec::with_capacity(claimed.len());
        for (entry, name, object) in claimed {
            let id = object.unwrap_or_else(|| {
                let place = self.place_of(&entry);
                let found = place.and_then(|place| standing.get(&place).copied());
                let found = found.filter(|id| !self.kept.contains(id));
                let free = |id: &ObjectId| !self.kept.contains(id);
                let id = found.or(entry.id.filter(free)).unwrap_or_else(&mut *new_id);
                self.keep(kind, &name, id);
                id
            });
            named.push(Named { entry, id, name });
        }
        named
    }

    fn keep(&mut self, kind: Kind, name: &str, id: ObjectId) {
        self.kept.insert(id);
        self.names.insert(id, name.to_owned());
        self.ids
            .entry(kind)
            .or_default()
            .insert(name.to_owned(), id);
    }

    /// Returns where an entry stands; none when that is nowhere in the files.
    fn place_of(&self, entry: &Entry) -> Option<Place> {
        let above = |kind: Kind, key: &str| {
            let name = entry.text(key);
            name.map(|name| self.find(kind, name))
                .map_or(Some(None), |id| id.map(Some))
        };
        let place = match entry.kind {
            Kind::Asset => above(Kind::Asset, "parent")?,
            Kind::Tag => match above(Kind::Asset, "asset")? {
                None => above(Kind::Device, "device")?,
                asset => asset,
            },
            Kind::Alarm => above(Kind::Tag, "tag")?,
            _ => None,
        };
        Some((place, entry.text(called::name_key(entry.kind))?.to_owned()))
    }

    /// Returns the objects of a kind that no entry has named by id.
    fn standing(&self, kind: Kind) -> HashMap<Place, ObjectId> {
        let plant = self.plant;
        let ids = called::ids(plant, kind).into_iter();
        ids.filter(|id| !self.kept.contains(id))
            .filter_map(|id| {
                let place = match kind {
                    Kind::Asset => plant.asset(id)?.body.parent,
                    Kind::Tag => {
                        let tag = plant.tag(id)?;
                        Some(tag.asset().unwrap_or(tag.device()))
                    }
                    Kind::Alarm => plant.alarm(id)?.body.tag,
                    _ => None,
                };
                Some(((place, plant.body_of(id)?.name().to_owned()), id))
            })
            .collect()
    }
}

/// Returns the pointer of the name of an object.
fn name_field(kind: Kind) -> String {
    format!("/{}", called::name_key(kind))
}

/// Notes a mistake of an entry.
pub(super) fn fail(
    entry: &mut Entry,
    pointer: &str,
    reason: impl Into<String>,
    wrong: &mut Vec<Wrong>,
) {
    entry.is_wrong = true;
    wrong.push(Wrong {
        origin: entry.origin(),
        pointer: pointer.to_owned(),
        reason: reason.into(),
    });
}
