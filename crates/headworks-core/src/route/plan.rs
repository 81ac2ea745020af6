//! Which routes take the samples of which tag.

use std::sync::Arc;

use super::compiled::{CompiledRoute, Way};
use crate::path::TagPath;
use crate::pattern::{PatternIndex, Search};
use crate::sample::TagIndex;

/// Most pairs of a route and a tag that it takes samples of, of all routes together: what is
/// remembered of each is some hundred bytes.
pub const MEMBERS_MAX: usize = 1_000_000;

/// The routes of a plant, and for each tag those that take its samples.
#[derive(Debug, Default)]
pub struct Plan {
    routes: Vec<PlannedRoute>,
    /// What the patterns of the routes come to, tag by tag, kept for the next plan.
    resolved: Vec<Option<Resolved>>,
    /// Where in `members` those of a tag begin; they end where those of the next begin.
    starts: Vec<u32>,
    /// The places of routes.
    members: Vec<u32>,
}

/// A route in its place in a plan.
#[derive(Debug)]
pub struct PlannedRoute {
    /// What it does.
    pub compiled: Arc<CompiledRoute>,
    /// How many tags it takes samples of.
    pub tags: usize,
    /// Whether it was left out because it has too many tags.
    pub is_too_wide: bool,
}

#[derive(Clone, Debug)]
struct Resolved {
    path: TagPath,
    routes: Arc<[u32]>,
}

impl Plan {
    /// Finds the tags of routes. What `before` has found is taken over where neither the routes
    /// nor the path of a tag have changed.
    pub fn new<'a>(
        routes: Vec<Arc<CompiledRoute>>,
        tags: impl Iterator<Item = (TagIndex, &'a TagPath)>,
        before: &Plan,
    ) -> Plan {
        let routes = reuse(routes, before);
        let is_known = routes.len() == before.routes.len()
            && routes
                .iter()
                .zip(&before.routes)
                .all(|(new, old)| Arc::ptr_eq(new, &old.compiled));
        let known: &[Option<Resolved>] = if is_known { &before.resolved } else { &[] };
        let resolved = Resolver::new(&routes).resolve(tags, known);
        let counts = counts(routes.len(), &resolved);
        let too_wide = too_wide(&counts);
        let mut plan = Plan {
            routes: Vec::with_capacity(routes.len()),
            starts: Vec::with_capacity(resolved.len() + 1),
            resolved,
            members: Vec::new(),
        };
        for (place, compiled) in routes.into_iter().enumerate() {
            plan.routes.push(PlannedRoute {
                compiled,
                tags: counts[place],
                is_too_wide: too_wide[place],
            });
        }
        for one in &plan.resolved {
            plan.starts.push(narrow(plan.members.len()));
            let all = one.iter().flat_map(|one| one.routes.iter());
            let narrow_ones = all.filter(|route| !too_wide[**route as usize]);
            plan.members.extend(narrow_ones);
        }
        plan.starts.push(narrow(plan.members.len()));
        plan
    }

    /// Returns the routes; an engine names them by their places here.
    pub fn routes(&self) -> &[PlannedRoute] {
        &self.routes
    }

    /// Returns the route in a place.
    pub fn route(&self, place: u32) -> Option<&Arc<CompiledRoute>> {
        self.routes.get(place as usize).map(|one| &one.compiled)
    }

    /// Returns whether any route takes samples of any tag.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the tags that a route takes samples of, in the order of their numbers.
    pub fn tags_of(&self, place: u32) -> impl Iterator<Item = TagIndex> + '_ {
        let with = move |(_, one): &(u32, &Option<Resolved>)| {
            one.as_ref().is_some_and(|one| one.routes.contains(&place))
        };
        let all = (0..).zip(&self.resolved);
        all.filter(with).map(|(tag, _)| TagIndex(tag))
    }

    /// Returns where the members of a tag stand.
    pub(super) fn range(&self, tag: TagIndex) -> std::ops::Range<usize> {
        match self
            .starts
            .get(tag.as_usize()..tag.as_usize().saturating_add(2))
        {
            Some([from, to]) => *from as usize..*to as usize,
            _ => 0..0,
        }
    }

    /// Returns the members, tag by tag: the place of the route of each.
    pub(super) fn members(&self) -> impl Iterator<Item = (TagIndex, u32)> + '_ {
        let tags = (0..).map(TagIndex).take(self.resolved.len());
        tags.flat_map(|tag| {
            self.members[self.range(tag)]
                .iter()
                .map(move |one| (tag, *one))
        })
    }
}

/// Takes compiled routes of the plan before where they are the same, so that they keep what they
/// remember.
fn reuse(mut routes: Vec<Arc<CompiledRoute>>, before: &Plan) -> Vec<Arc<CompiledRoute>> {
    let known = before.routes.iter().map(|one| {
        let key = (one.compiled.id, one.compiled.way);
        (key, &one.compiled)
    });
    let known: std::collections::HashMap<_, _> = known.collect();
    for route in &mut routes {
        if let Some(old) = known
            .get(&(route.id, route.way))
            .filter(|old| old.is_same(route))
        {
            *route = Arc::clone(old);
        }
    }
    routes
}

/// The patterns of all routes in one index.
struct Resolver<'a> {
    routes: &'a [Arc<CompiledRoute>],
    index: PatternIndex,
    /// The ways that know their tag without patterns.
    fixed: std::collections::HashMap<TagIndex, Vec<u32>>,
}

impl<'a> Resolver<'a> {
    fn new(routes: &'a [Arc<CompiledRoute>]) -> Resolver<'a> {
        let mut index = PatternIndex::default();
        let mut fixed = std::collections::HashMap::<TagIndex, Vec<u32>>::new();
        for (place, compiled) in (0..).zip(routes) {
            match (compiled.way, compiled.source) {
                (Way::Back, Some(tag)) => fixed.entry(tag).or_default().push(place),
                (Way::Back, None) => {}
                (Way::There, _) => {
                    for pattern in &compiled.route.from {
                        index.insert(pattern, place);
                    }
                }
            }
        }
        Resolver {
            routes,
            index,
            fixed,
        }
    }

    fn resolve<'t>(
        &self,
        tags: impl Iterator<Item = (TagIndex, &'t TagPath)>,
        known: &[Option<Resolved>],
    ) -> Vec<Option<Resolved>> {
        let mut resolved: Vec<Option<Resolved>> = Vec::new();
        let (mut search, mut found) = (Search::default(), Vec::new());
        let none: Arc<[u32]> = Arc::new([]);
        for (tag, path) in tags {
            if resolved.len() <= tag.as_usize() {
                resolved.resize(tag.as_usize() + 1, None);
            }
            let old = known.get(tag.as_usize()).and_then(Option::as_ref);
            let routes = match old.filter(|old| old.path == *path) {
                Some(old) => Arc::clone(&old.routes),
                None => {
                    self.index.find(path, &mut search, &mut found);
                    self.narrow_down(tag, path, &mut found);
                    if found.is_empty() {
                        Arc::clone(&none)
                    } else {
                        found.as_slice().into()
                    }
                }
            };
            let path = path.clone();
            resolved[tag.as_usize()] = Some(Resolved { path, routes });
        }
        resolved
    }

    /// Takes away the routes that leave a tag out, and adds those that have it without a pattern.
    fn narrow_down(&self, tag: TagIndex, path: &TagPath, found: &mut Vec<u32>) {
        found.retain(|place| {
            let except = &self.routes[*place as usize].route.except;
            !except.iter().any(|pattern| pattern.matches(path))
        });
        if let Some(fixed) = self.fixed.get(&tag) {
            found.extend_from_slice(fixed);
            found.sort_unstable();
        }
    }
}

fn counts(routes: usize, resolved: &[Option<Resolved>]) -> Vec<usize> {
    let mut counts = vec![0; routes];
    for route in resolved.iter().flatten().flat_map(|one| one.routes.iter()) {
        counts[*route as usize] += 1;
    }
    counts
}

/// Returns the routes to be left out so that all others fit: those with the most tags.
fn too_wide(counts: &[usize]) -> Vec<bool> {
    let mut too_wide = vec![false; counts.len()];
    let mut total: usize = counts.iter().sum();
    let mut widest: Vec<usize> = (0..counts.len()).collect();
    widest.sort_by_key(|place| std::cmp::Reverse(counts[*place]));
    for place in widest {
        if total <= MEMBERS_MAX {
            break;
        }
        too_wide[place] = true;
        total -= counts[place];
    }
    too_wide
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("there are at most MEMBERS_MAX members")
}
