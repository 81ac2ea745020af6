//! Files against the plant: what must be made, changed and deleted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use headworks_core::model::{
    Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, ObjectBody, ObjectId,
    Picture, Policy, RetentionPolicy, Roster, Template,
};
use headworks_hub::{Body, Edit, Plant};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::differences::differences;
use super::file_of;
use super::identify::{Known, Named, fail};
use super::read::{Content, Entry, TagRow, read};
use super::references::{each_reference, may_dangle, shown, without_forever, without_lost};
use super::{At, CodePlan, FieldChange, Files, Origin, Step, Wrong, called, locate};
use crate::plan::{Doing, NewId};

/// Returns what files ask of a plant.
///
/// All mistakes of all files are in the plan; a plan with one has no edits.
pub fn plan(files: &Files, plant: &Plant, new_id: &mut NewId<'_>) -> CodePlan {
    let found = read(files);
    let mut work = Work {
        known: Known::new(plant, |kind| found.entries.contains_key(&kind)),
        plan: CodePlan::default(),
        wrong: found.wrong,
    };
    if !found.is_cut {
        work.run(found.entries, new_id);
    }
    let Work {
        mut plan, wrong, ..
    } = work;
    if !wrong.is_empty() {
        plan = CodePlan::default();
        for error in locate::locate(files, &wrong) {
            plan.errors.push(error);
        }
    }
    plan
}

struct Work<'a> {
    known: Known<'a>,
    plan: CodePlan,
    wrong: Vec<Wrong>,
}

impl Work<'_> {
    fn run(&mut self, entries: BTreeMap<Kind, Vec<Entry>>, new_id: &mut NewId<'_>) {
        let mut all = Vec::new();
        let mut kinds = Vec::new();
        for (kind, entries) in entries {
            let named = self.known.identify(kind, entries, new_id, &mut self.wrong);
            all.extend(named);
            kinds.push(kind);
        }
        for named in all {
            if !named.entry.is_wrong {
                self.compare(named);
            }
        }
        // what rests on others goes first, after everything else has found its new place
        for kind in kinds.into_iter().rev() {
            self.delete_others(kind);
        }
    }

    /// Adds the edit that makes an object what its entry says.
    fn compare(&mut self, named: Named) {
        let Named {
            mut entry,
            id,
            name,
        } = named;
        let Some(body) = self.body(&mut entry) else {
            return;
        };
        let plant = self.known.plant;
        let (action, edit, changes) = match plant.body_of(id).map(|old| without_lost(plant, old)) {
            Some(old) if old == body => return self.plan.unchanged += 1,
            Some(old) => {
                let changes = self.changes(&old, &body);
                let expected = plant.revision_of(id);
                (Doing::Update, Edit::Update { id, expected, body }, changes)
            }
            None => {
                let id = Some(id);
                (Doing::Create, Edit::Create { id, body }, Vec::new())
            }
        };
        let step = Step {
            action,
            kind: entry.kind,
            name,
            changes,
        };
        self.push(edit, step, entry.at);
    }

    fn changes(&self, old: &Body, new: &Body) -> Vec<FieldChange> {
        let names = &self.known.names;
        differences(old.kind(), &shown(old, names), &shown(new, names))
    }

    fn push(&mut self, edit: Edit, step: Step, at: At) {
        let kind = step.kind;
        self.plan.edits.push(edit);
        self.plan.steps.push(step);
        self.plan.origins.push(Origin { kind, at });
    }

    /// Returns the body that an entry describes; everything that is wrong with it is noted.
    fn body(&mut self, entry: &mut Entry) -> Option<Body> {
        let content = std::mem::replace(&mut entry.content, Content::Object(Value::Null));
        let body = match content {
            Content::Tag(row) => self.tag(entry, *row),
            Content::Object(object) => self.object(entry, object),
        }?;
        if let Err(error) = body.check() {
            fail(entry, &error.field, error.reason, &mut self.wrong);
            return None;
        }
        Some(body)
    }

    fn tag(&mut self, entry: &mut Entry, row: TagRow) -> Option<Body> {
        let mut tag = row.tag;
        let device = self.known.find(Kind::Device, &row.device);
        if device.is_none() {
            let reason = missing(Kind::Device, &row.device);
            fail(entry, "/device", reason, &mut self.wrong);
        }
        if let Some(asset) = &row.asset {
            tag.asset = self.known.find(Kind::Asset, asset);
            if tag.asset.is_none() {
                fail(
                    entry,
                    "/asset",
                    missing(Kind::Asset, asset),
                    &mut self.wrong,
                );
            }
        }
        tag.device = device?;
        (!entry.is_wrong).then_some(Body::Tag(tag))
    }

    fn object(&mut self, entry: &mut Entry, mut object: Value) -> Option<Body> {
        let mut lost = Vec::new();
        each_reference(entry.kind, &mut object, &mut |kind, place, value| {
            let Some(text) = value.as_str() else {
                return; // of another type, which is said below
            };
            let found = self.known.find(kind, text);
            let gone = || text.parse().ok().filter(|_| may_dangle(place));
            match found.or_else(gone) {
                Some(id) => *value = id.to_string().into(),
                None => lost.push((place.to_owned(), missing(kind, text))),
            }
        });
        for (place, reason) in lost {
            fail(entry, &place, reason, &mut self.wrong);
        }
        if entry.is_wrong {
            return None;
        }
        if entry.kind == Kind::Retention {
            without_forever(&mut object);
        }
        match parse(entry.kind, object) {
            Ok(body) => Some(body),
            Err((pointer, reason)) => {
                fail(entry, &pointer, reason, &mut self.wrong);
                None
            }
        }
    }

    /// Deletes the objects of a kind that its file does not hold.
    fn delete_others(&mut self, kind: Kind) {
        let plant = self.known.plant;
        let ids = called::names_of(plant, kind).into_iter();
        let mut gone: Vec<(ObjectId, String)> =
            ids.filter(|(id, _)| !self.known.keeps(*id)).collect();
        // deeper assets, and templates with a base, first
        gone.sort_by_cached_key(|(id, name)| {
            let template = plant.template(*id);
            let has_base = template.is_some_and(|template| template.body.base.is_some());
            let depth = match kind {
                Kind::Asset => name.matches('/').count(),
                _ => 0,
            };
            (Reverse(has_base), Reverse(depth), name.clone())
        });
        for (id, name) in gone {
            let edit = Edit::Delete {
                id,
                expected: plant.revision_of(id),
                cascade: false,
            };
            let step = Step {
                action: Doing::Delete,
                kind,
                name,
                changes: Vec::new(),
            };
            self.push(edit, step, At::Line(1));
        }
    }
}

fn missing(kind: Kind, name: &str) -> String {
    let file = file_of(kind);
    let word = match kind {
        Kind::Asset | Kind::Tag => "path",
        _ => "name",
    };
    format!("there is no {kind} of the {word} {name:?} in {file}; correct it, or add the {kind}")
}

/// Reads the body of a kind; an error has the place in it.
fn parse(kind: Kind, object: Value) -> Result<Body, (String, String)> {
    fn of<T>(object: Value) -> Result<Body, (String, String)>
    where
        T: ObjectBody + DeserializeOwned + Into<Body>,
    {
        let body: Result<T, _> = serde_path_to_error::deserialize(object);
        body.map(Into::into).map_err(|error| {
            let path = error.path().clone();
            let reason = error.into_inner().to_string();
            (pointer(&path, &reason), reason)
        })
    }
    match kind {
        Kind::Asset => of::<Asset>(object),
        Kind::Connection => of::<Connection>(object),
        Kind::Template => of::<Template>(object),
        Kind::Device => of::<Device>(object),
        Kind::Group => of::<Group>(object),
        Kind::Alarm => of::<headworks_core::model::Alarm>(object),
        Kind::Route => of::<headworks_core::model::Route>(object),
        Kind::Channel => of::<Channel>(object),
        Kind::Roster => of::<Roster>(object),
        Kind::Policy => of::<Policy>(object),
        Kind::Dashboard => of::<Dashboard>(object),
        Kind::Picture => of::<Picture>(object),
        Kind::Retention => of::<RetentionPolicy>(object),
        Kind::Dictionary => of::<Dictionary>(object),
        Kind::Tag => of::<headworks_core::model::Tag>(object),
    }
}

/// Returns the JSON pointer of a place; an unknown field is a part of it.
fn pointer(path: &serde_path_to_error::Path, reason: &str) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer += &format!("/{index}"),
            Segment::Map { key } => pointer += &format!("/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let unknown = reason.strip_prefix("unknown field `");
    if let Some((name, _)) = unknown.and_then(|rest| rest.split_once('`')) {
        let last = format!("/{}", escaped(name));
        if !pointer.ends_with(&last) {
            pointer += &last;
        }
    }
    pointer
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
