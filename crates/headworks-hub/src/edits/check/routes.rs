//! Checks of routes beside tags and beside one another: what they name is there, and none of them
//! write in a circle.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use headworks_core::expr::Program;
use headworks_core::expr::graph::Graph;
use headworks_core::model::{ObjectId, Route, Tag};
use headworks_core::pattern::{PatternIndex, Search};
use headworks_core::route::{CompiledRoute, Named, Tags, Way, compile};
use headworks_core::{TagIndex, TagPath};

use super::formulas::World;
use crate::edits::draft::Draft;
use crate::error::Problem;
use crate::plant::kind_of;

/// Adds what is wrong with routes to `problems`.
pub(super) fn check_routes(draft: &Draft<'_>, problems: &mut Vec<Problem>) {
    let has_drafted = draft.alive::<Route>().next().is_some();
    if !has_drafted && draft.plant.routes().is_empty() {
        return;
    }
    let world = World::new(draft);
    if !has_drafted && world.touched.is_empty() && draft.alive::<Tag>().next().is_none() {
        return;
    }
    let tags = DraftTags::new(&world, draft);
    let mut ways = Vec::new();
    for (id, edit, route) in draft.alive::<Route>() {
        match compile(id, &Arc::new(route.clone()), &tags) {
            Ok(compiled) => ways.extend(compiled),
            Err(error) => problems.push(Problem::new(edit, error.field, error.reason)),
        }
    }
    check_standing(draft, &world, &tags, &mut ways, problems);
    ways.retain(|way| way.route.is_live());
    Circles::new(draft, &world, &tags, &ways).check(problems);
}

/// Looks at the routes that no edit names: what they name may be gone, or may have changed.
fn check_standing(
    draft: &Draft<'_>,
    world: &World<'_>,
    tags: &DraftTags<'_>,
    ways: &mut Vec<CompiledRoute>,
    problems: &mut Vec<Problem>,
) {
    let standing = draft.plant.routes().iter();
    for object in standing.filter(|one| !draft.is_drafted(one.id)) {
        let route = Arc::new(object.body.clone());
        let error = match compile(object.id, &route, tags) {
            Ok(compiled) => {
                ways.extend(compiled);
                continue;
            }
            Err(error) => error,
        };
        let worked = compile(object.id, &route, draft.plant);
        let (Ok(worked), true) = (worked, route.enabled) else {
            continue; // it did not work before either
        };
        let named = worked
            .iter()
            .flat_map(|way| way.written().chain(way.reads()));
        let edits = named.filter_map(|tag| world.touched.get(&tag));
        let edit = edits.chain(world.touched.values()).next().copied();
        let reason = format!(
            "the route {:?} would no longer work: {}; change it in the same list of edits",
            route.name, error.reason
        );
        problems.push(Problem::new(edit.unwrap_or(0), "", reason));
    }
}

/// The tags as the draft leaves them. New ones have no numbers yet, so that all get others here.
struct DraftTags<'a> {
    world: &'a World<'a>,
    draft: &'a Draft<'a>,
    /// Of new, changed and moved tags.
    paths: HashMap<ObjectId, &'a TagPath>,
    numbers: RefCell<Numbers>,
}

#[derive(Default)]
struct Numbers {
    of: HashMap<ObjectId, u32>,
    ids: Vec<ObjectId>,
}

impl<'a> DraftTags<'a> {
    fn new(world: &'a World<'a>, draft: &'a Draft<'a>) -> DraftTags<'a> {
        let paths = world.by_path.iter().map(|(path, (id, _))| (*id, path));
        DraftTags {
            world,
            draft,
            paths: paths.collect(),
            numbers: RefCell::default(),
        }
    }

    fn number(&self, id: ObjectId) -> u32 {
        let Numbers { of, ids } = &mut *self.numbers.borrow_mut();
        *of.entry(id).or_insert_with(|| {
            ids.push(id);
            u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn id(&self, tag: TagIndex) -> ObjectId {
        self.numbers.borrow().ids[tag.as_usize()]
    }

    fn path(&self, id: ObjectId) -> Option<TagPath> {
        let standing = || self.draft.plant.tag(id).map(|tag| tag.path());
        self.paths.get(&id).copied().or_else(standing).cloned()
    }

    fn shown(&self, id: ObjectId) -> String {
        self.path(id)
            .map_or_else(|| id.to_string(), |path| path.to_string())
    }

    fn named(&self, id: ObjectId, path: TagPath) -> Option<Named> {
        let (kind, writable) = match self.draft.drafted::<Tag>(id) {
            Some(drafted) => {
                let tag = drafted?;
                let kind = kind_of(tag.data_type, tag.scaling().ok()?);
                (kind, tag.writable && tag.formula.is_none())
            }
            None => {
                let tag = self.draft.plant.tag(id)?;
                (tag.value_kind(), tag.writable())
            }
        };
        Some(Named {
            tag: TagIndex(self.number(id)),
            kind,
            writable,
            path,
        })
    }
}

impl Tags for DraftTags<'_> {
    fn at(&self, path: &str) -> Option<Named> {
        let path: TagPath = path.parse().ok()?;
        let (id, _) = self.world.at(&path)?;
        self.named(id, path)
    }

    fn of(&self, id: ObjectId) -> Option<Named> {
        self.named(id, self.path(id)?)
    }
}

/// Searches for writes that lead back to where they come from.
struct Circles<'a> {
    draft: &'a Draft<'a>,
    world: &'a World<'a>,
    tags: &'a DraftTags<'a>,
    ways: &'a [CompiledRoute],
    index: PatternIndex,
    /// The ways back from a tag.
    back: HashMap<ObjectId, Vec<u32>>,
    /// The calculated tags that read a tag.
    readers: HashMap<ObjectId, Vec<ObjectId>>,
}

/// A step from tag to tag.
#[derive(Clone, Copy, PartialEq)]
struct Edge {
    from: ObjectId,
    to: ObjectId,
    /// The place of the way that makes it; none for a formula.
    way: Option<usize>,
}

impl<'a> Circles<'a> {
    fn new(
        draft: &'a Draft<'a>,
        world: &'a World<'a>,
        tags: &'a DraftTags<'a>,
        ways: &'a [CompiledRoute],
    ) -> Circles<'a> {
        let mut index = PatternIndex::default();
        let mut back: HashMap<ObjectId, Vec<u32>> = HashMap::new();
        for (place, way) in (0..).zip(ways) {
            if way.way == Way::There && way.written().next().is_some() {
                for pattern in &way.route.from {
                    index.insert(pattern, place);
                }
            }
            if let (Way::Back, Some(source)) = (way.way, way.source) {
                back.entry(tags.id(source)).or_default().push(place);
            }
        }
        Circles {
            draft,
            world,
            tags,
            ways,
            index,
            back,
            readers: HashMap::new(),
        }
    }

    fn check(mut self, problems: &mut Vec<Problem>) {
        let written = self.ways.iter().flat_map(|way| way.written());
        let written: Vec<ObjectId> = written.map(|tag| self.tags.id(tag)).collect();
        if written.is_empty() {
            return;
        }
        self.readers = self.readers();
        let edges = self.edges(written);
        let mut leaving: HashMap<ObjectId, Vec<u32>> = HashMap::new();
        for (place, edge) in (0..).zip(&edges) {
            leaving.entry(edge.from).or_default().push(place);
        }
        let follows = |one: &Edge| {
            let next = leaving.get(&one.to).into_iter().flatten().copied();
            next.filter(|place| self.follows(one, &edges[*place as usize]))
                .collect()
        };
        let all: Vec<(u32, Vec<u32>)> = (0..)
            .zip(&edges)
            .map(|(place, one)| (place, follows(one)))
            .collect();
        let Err(circle) = Graph::new(&all) else {
            return;
        };
        let round: Vec<Edge> = circle
            .path
            .iter()
            .map(|place| edges[*place as usize])
            .collect();
        problems.extend(self.problem(&round[..round.len() - 1]));
    }

    /// Returns which calculated tags read which tags.
    fn readers(&self) -> HashMap<ObjectId, Vec<ObjectId>> {
        let plant = self.draft.plant;
        let mut readers: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
        for formula in plant.formulas().all() {
            let tag = plant.tag_at(formula.tag).map(|tag| tag.id());
            let Some(tag) = tag.filter(|tag| !self.draft.is_drafted(*tag)) else {
                continue;
            };
            for input in formula.inputs.iter().filter_map(|one| plant.tag_at(*one)) {
                readers.entry(input.id()).or_default().push(tag);
            }
        }
        for (id, _, tag) in self.draft.alive::<Tag>() {
            let scope = self.world.scope(Some(tag.device));
            let program = tag
                .formula
                .as_ref()
                .map(|text| Program::compile(text, &scope));
            for input in program
                .iter()
                .flatten()
                .flat_map(|program| scope.ids(program))
            {
                readers.entry(input).or_default().push(id);
            }
        }
        readers
    }

    /// Returns every step that a write can lead to.
    fn edges(&self, written: Vec<ObjectId>) -> Vec<Edge> {
        let (mut search, mut found) = (Search::default(), Vec::new());
        let mut edges = Vec::new();
        let mut seen: HashSet<ObjectId> = written.iter().copied().collect();
        let mut waiting: VecDeque<ObjectId> = seen.iter().copied().collect();
        while let Some(from) = waiting.pop_front() {
            found.clear();
            if let Some(path) = self.tags.path(from) {
                self.index.find(&path, &mut search, &mut found);
                found.retain(|place| self.ways[*place as usize].route.selects(&path));
            }
            let back = self.back.get(&from).into_iter().flatten();
            let places = found.iter().chain(back).copied();
            for place in places.map(|place| place as usize) {
                for to in self.ways[place].written().map(|tag| self.tags.id(tag)) {
                    let way = Some(place);
                    edges.push(Edge { from, to, way });
                }
            }
            for &to in self.readers.get(&from).into_iter().flatten() {
                edges.push(Edge {
                    from,
                    to,
                    way: None,
                });
                if seen.insert(to) {
                    waiting.push_back(to);
                }
            }
        }
        edges
    }

    /// Returns whether a step can follow another: the two ways of one route do not.
    fn follows(&self, one: &Edge, next: &Edge) -> bool {
        let id = |edge: &Edge| edge.way.map(|place| self.ways[place].id);
        let is_pair = one.way != next.way && id(one).is_some() && id(one) == id(next);
        !is_pair
    }

    fn problem(&self, round: &[Edge]) -> Option<Problem> {
        let mut text = self.tags.shown(round.first()?.from);
        for edge in round {
            let by = match edge.way {
                Some(place) => format!("route {:?}", self.ways[place].route.name),
                None => "formula".to_owned(),
            };
            text += &format!(" -> {} ({by})", self.tags.shown(edge.to));
        }
        let routes = round
            .iter()
            .filter_map(|edge| Some(self.ways[edge.way?].id));
        let by_route = routes.clone().find_map(|id| self.draft.edit_of(id));
        let by_tag = round.iter().find_map(|edge| self.draft.edit_of(edge.from));
        let reason = format!(
            "writes in a circle: {text}; leave a tag out with `except`, or make one route with a \
             way back of the two"
        );
        let field = if by_route.is_some() { "/to" } else { "" };
        let first = self.world.touched.values().min().copied();
        let edit = by_route.or(by_tag).or(first)?;
        Some(Problem::new(edit, field, reason))
    }
}
