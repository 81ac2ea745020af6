//! Checks of formulas: what they read is there, and none needs itself.

use std::collections::HashMap;

use headworks_core::expr::graph::Graph;
use headworks_core::expr::{Kind, Program, Reference, Scope, closest};
use headworks_core::model::{ObjectId, Tag};
use headworks_core::{DataType, TagIndex, TagPath};

use crate::edits::draft::Draft;
use crate::edits::moves::moves;
use crate::error::Problem;
use crate::plant::{Paths, TagEntry, kind_of};

/// Adds what is wrong with formulas to `problems`.
pub(super) fn check_formulas(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let has_drafted = draft
        .alive::<Tag>()
        .any(|(_, _, tag)| tag.formula.is_some());
    if !has_drafted && draft.plant.formulas().is_empty() {
        return;
    }
    let world = World::new(draft);
    if !has_drafted && world.touched.is_empty() {
        return;
    }
    let mut reads: Vec<(ObjectId, Vec<ObjectId>)> = Vec::new();
    for (id, edit, tag) in draft.alive::<Tag>() {
        let Some(text) = &tag.formula else {
            continue;
        };
        let scope = world.scope(Some(tag.device));
        match Program::compile(text, &scope) {
            Ok(program) => {
                if let Some(reason) = misfit(tag.data_type, program.kind()) {
                    problems.push(Problem::new(edit, "/data_type", reason));
                }
                reads.push((id, scope.ids(&program)));
            }
            Err(error) => problems.push(Problem::new(edit, "/formula", error)),
        }
    }
    world.check_standing(&mut reads, problems);
    if has_drafted {
        world.check_circles(&reads, problems);
    }
}

/// Returns why a result cannot be kept as a type.
fn misfit(data_type: DataType, kind: Kind) -> Option<String> {
    match (data_type == DataType::String, kind) {
        (false, Kind::Text) => Some("the formula gives a text; choose string".to_owned()),
        (true, Kind::Any | Kind::Text) | (false, _) => None,
        (true, kind) => Some(format!("the formula gives {kind}, not a text")),
    }
}

/// The tags as the draft leaves them.
pub(super) struct World<'a> {
    draft: &'a Draft<'a>,
    /// New, changed and moved tags.
    pub(super) by_path: HashMap<TagPath, (ObjectId, Kind)>,
    by_name: HashMap<(ObjectId, &'a str), (ObjectId, Kind)>,
    /// Tags of the plant that are changed, moved or gone, with the edit that does it.
    pub(super) touched: HashMap<TagIndex, usize>,
}

impl<'a> World<'a> {
    pub(super) fn new(draft: &'a Draft<'a>) -> World<'a> {
        let mut world = World {
            draft,
            by_path: HashMap::new(),
            by_name: HashMap::new(),
            touched: HashMap::new(),
        };
        let mut paths = Paths::new(draft);
        for (id, _, tag) in draft.alive::<Tag>() {
            let Ok(scaling) = tag.scaling() else {
                continue; // said already
            };
            let known = (id, kind_of(tag.data_type, scaling));
            world.by_name.insert((tag.device, tag.name.as_str()), known);
            if let Ok(path) = paths.of_tag(tag) {
                world.by_path.insert(path, known);
            }
        }
        for (&id, drafted) in &draft.bodies {
            if let Some(tag) = draft.plant.tag(id) {
                world.touched.insert(tag.index(), drafted.edit);
            }
        }
        for moved in moves(draft, &mut paths) {
            world.touched.insert(moved.tag.index(), moved.edit);
            if let Ok(path) = moved.path {
                let kind = kind_of(moved.tag.data_type(), moved.tag.scaling());
                world.by_path.insert(path, (moved.tag.id(), kind));
            }
        }
        world
    }

    /// Returns what names stand for; without a device only paths do.
    pub(super) fn scope(&self, device: Option<ObjectId>) -> DraftScope<'_> {
        DraftScope {
            world: self,
            device,
        }
    }

    /// Looks at the formulas that no edit names: what they read may be gone, or may have changed.
    fn check_standing(
        &self,
        reads: &mut Vec<(ObjectId, Vec<ObjectId>)>,
        problems: &mut Vec<Problem>,
    ) {
        let plant = self.draft.plant;
        for formula in plant.formulas().all() {
            let Some(tag) = plant.tag_at(formula.tag) else {
                continue;
            };
            if self.draft.is_drafted(tag.id()) {
                continue;
            }
            let touched = formula.inputs.iter().find_map(|one| self.touched.get(one));
            let (Some(&edit), Some(text)) = (touched, tag.formula()) else {
                let inputs = formula.inputs.iter().filter_map(|&one| plant.tag_at(one));
                reads.push((tag.id(), inputs.map(|input| input.id()).collect()));
                continue;
            };
            let scope = self.scope(Some(tag.device()));
            match Program::compile(text, &scope) {
                Ok(program) => reads.push((tag.id(), scope.ids(&program))),
                Err(error) => {
                    let reason = format!(
                        "the formula of {} would no longer work: {error}; change it in the same \
                         list of edits",
                        tag.path()
                    );
                    problems.push(Problem::new(edit, "", reason));
                }
            }
        }
    }

    /// Finds formulas that need their own result.
    fn check_circles(&self, reads: &[(ObjectId, Vec<ObjectId>)], problems: &mut Vec<Problem>) {
        let mut ids: Vec<ObjectId> = Vec::new();
        let mut key_of: HashMap<ObjectId, u32> = HashMap::new();
        let mut key = |id: ObjectId| {
            *key_of.entry(id).or_insert_with(|| {
                ids.push(id);
                u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let keyed = |(id, inputs): &(ObjectId, Vec<ObjectId>)| {
            (key(*id), inputs.iter().map(|&input| key(input)).collect())
        };
        let all: Vec<(u32, Vec<u32>)> = reads.iter().map(keyed).collect();
        let Err(cycle) = Graph::new(&all) else {
            return;
        };
        let round: Vec<ObjectId> = cycle.path.iter().map(|&key| ids[key as usize]).collect();
        let names: Vec<String> = round.iter().map(|&id| self.path_of(id)).collect();
        let edit = round.iter().find_map(|&id| self.draft.edit_of(id));
        let reason = format!("needs its own result: {}", names.join(" <- "));
        problems.push(Problem::new(edit.unwrap_or(0), "/formula", reason));
    }

    fn path_of(&self, id: ObjectId) -> String {
        let drafted = self.by_path.iter().find(|(_, (one, _))| *one == id);
        let standing = || self.draft.plant.tag(id).map(|tag| tag.path().to_string());
        let path = drafted.map(|(path, _)| path.to_string());
        path.or_else(standing).unwrap_or_else(|| id.to_string())
    }

    fn untouched(&self, tag: &TagEntry) -> Option<(ObjectId, Kind)> {
        let kind = kind_of(tag.data_type(), tag.scaling());
        (!self.touched.contains_key(&tag.index())).then(|| (tag.id(), kind))
    }

    /// Returns the tag at a path, and its kind of value.
    pub(super) fn at(&self, path: &TagPath) -> Option<(ObjectId, Kind)> {
        let standing = || self.draft.plant.tag_by_path(path.as_str());
        let drafted = self.by_path.get(path).copied();
        drafted.or_else(|| standing().and_then(|tag| self.untouched(tag)))
    }

    fn named(&self, device: ObjectId, name: &str) -> Option<(ObjectId, Kind)> {
        if let Some(drafted) = self.by_name.get(&(device, name)) {
            return Some(*drafted);
        }
        let tag = self.draft.plant.sibling(device, name)?;
        let kind = kind_of(tag.data_type(), tag.scaling());
        (!self.draft.is_drafted(tag.id())).then(|| (tag.id(), kind))
    }
}

/// What the names in a formula of a device stand for in the draft.
pub(super) struct DraftScope<'a> {
    world: &'a World<'a>,
    device: Option<ObjectId>,
}

impl DraftScope<'_> {
    fn find(&self, reference: &Reference) -> Option<(ObjectId, Kind)> {
        match reference {
            Reference::Tag(path) => self.world.at(path),
            Reference::Name(name) => self.world.named(self.device?, name),
        }
    }

    /// Returns the tags that a program reads.
    pub(super) fn ids(&self, program: &Program) -> Vec<ObjectId> {
        let found = program.inputs().iter().filter_map(|one| self.find(one));
        found.map(|(id, _)| id).collect()
    }
}

impl Scope for DraftScope<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        self.find(reference).map(|(_, kind)| kind)
    }

    fn similar(&self, reference: &Reference) -> Option<String> {
        let Reference::Name(name) = reference else {
            return None;
        };
        let (plant, own) = (self.world.draft.plant, self.device?);
        let standing = plant.tags_of(own);
        let standing = standing.filter(|tag| !self.world.draft.is_drafted(tag.id()));
        let standing = standing.map(|tag| tag.name());
        let drafted = self.world.by_name.keys();
        let drafted = drafted.filter(|(device, _)| *device == own);
        closest(name, standing.chain(drafted.map(|(_, name)| *name))).map(str::to_owned)
    }
}
