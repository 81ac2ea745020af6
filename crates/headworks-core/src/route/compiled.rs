//! A route with everything looked up that it names.

use std::sync::Arc;

use crate::expr::{Kind, Program, Reference, Scope};
use crate::model::{FieldError, ObjectId, Route, RouteTarget};
use crate::path::TagPath;
use crate::sample::TagIndex;

/// A tag, as routes need to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its number.
    pub tag: TagIndex,
    /// What kind of value it has.
    pub kind: Kind,
    /// Whether it may be written.
    pub writable: bool,
    /// Its path.
    pub path: TagPath,
}

/// Who knows the tags.
pub trait Tags {
    /// Returns the tag at a path.
    fn at(&self, path: &str) -> Option<Named>;

    /// Returns the tag of an id.
    fn of(&self, id: ObjectId) -> Option<Named>;

    /// Returns a path that exists and is written nearly so, for a hint.
    fn similar(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }
}

/// Which way samples go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the sources to the targets.
    There,
    /// From the target to the source.
    Back,
}

/// One way of a route, ready to be gone.
#[derive(Debug)]
pub struct CompiledRoute {
    /// The object.
    pub id: ObjectId,
    /// What is configured.
    pub route: Arc<Route>,
    /// Which way this is.
    pub way: Way,
    /// The one tag that it takes samples from, where that is known without patterns.
    pub source: Option<TagIndex>,
    pub(super) when: Option<Step>,
    pub(super) transform: Option<Step>,
    /// The tags that are written, target by target; none for other kinds of targets.
    pub(super) writes: Box<[Option<TagIndex>]>,
}

/// What a route came to.
#[derive(Clone, Debug)]
pub struct RouteSetup {
    /// The object.
    pub id: ObjectId,
    /// What is configured.
    pub route: Arc<Route>,
    /// Its ways, or why it cannot work.
    pub ways: Result<Vec<Arc<CompiledRoute>>, FieldError>,
}

/// An expression and what it reads.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) program: Program,
    pub(super) inputs: Box<[Input]>,
}

/// What an input of an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The sample on its way.
    Value,
    /// The last sample of a tag.
    Tag(TagIndex),
}

/// Looks up what a route names.
///
/// # Errors
///
/// The first field that names what is not there or cannot be used so.
pub fn compile(
    id: ObjectId,
    route: &Arc<Route>,
    tags: &dyn Tags,
) -> Result<Vec<CompiledRoute>, FieldError> {
    let writes = targets(route, tags)?;
    let there = CompiledRoute {
        id,
        route: Arc::clone(route),
        way: Way::There,
        source: None,
        when: condition(&route.when, tags)?,
        transform: transform("/transform", &route.transform, tags)?,
        writes: writes
            .iter()
            .map(|one| one.as_ref().map(|one| one.tag))
            .collect(),
    };
    let mut ways = vec![there];
    if let Some(back) = &route.back {
        let source = route.from.first().and_then(|from| from.literal());
        let source = source.and_then(|path| tags.at(path));
        let source = source.ok_or_else(|| {
            FieldError::new("/from/0", "names no tag; a way back needs one that exists")
        })?;
        if !source.writable {
            let reason = format!("{} cannot be written, so there is no way back", source.path);
            return Err(FieldError::new("/from/0", reason));
        }
        let target = writes.first().and_then(Option::as_ref).map(|one| one.tag);
        ways.push(CompiledRoute {
            id,
            route: Arc::clone(route),
            way: Way::Back,
            source: target,
            when: condition(&route.when, tags)?,
            transform: transform("/back/transform", &back.transform, tags)?,
            writes: Box::new([Some(source.tag)]),
        });
    }
    Ok(ways)
}

fn targets(route: &Route, tags: &dyn Tags) -> Result<Vec<Option<Named>>, FieldError> {
    let find = |(at, target): (usize, &RouteTarget)| {
        let Some(id) = target.tag() else {
            return Ok(None);
        };
        let field = format!("/to/{at}/tag");
        let Some(tag) = tags.of(id) else {
            return Err(FieldError::new(field, format!("there is no tag {id}")));
        };
        if !tag.writable {
            let reason = format!("{} cannot be written; set writable at the tag", tag.path);
            return Err(FieldError::new(field, reason));
        }
        Ok(Some(tag))
    };
    route.to.iter().enumerate().map(find).collect()
}

fn condition(text: &str, tags: &dyn Tags) -> Result<Option<Step>, FieldError> {
    compiled("/when", text, tags, Program::compile)
}

fn transform(field: &str, text: &str, tags: &dyn Tags) -> Result<Option<Step>, FieldError> {
    compiled(field, text, tags, Program::compile_transform)
}

fn compiled(
    field: &str,
    text: &str,
    tags: &dyn Tags,
    compile: fn(&str, &dyn Scope) -> Result<Program, crate::expr::ExprError>,
) -> Result<Option<Step>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let names = Names(tags);
    let program = compile(text, &names).map_err(|error| FieldError::new(field, error))?;
    let inputs = program.inputs().iter().filter_map(|one| names.input(one));
    Ok(Some(Step {
        inputs: inputs.collect(),
        program,
    }))
}

/// What the names in an expression of a route stand for.
struct Names<'a>(&'a dyn Tags);

impl Names<'_> {
    fn input(&self, reference: &Reference) -> Option<Input> {
        match reference {
            Reference::Tag(path) => self.0.at(path.as_str()).map(|tag| Input::Tag(tag.tag)),
            Reference::Name(name) => (**name == *"value").then_some(Input::Value),
        }
    }
}

impl Scope for Names<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        match reference {
            Reference::Tag(path) => self.0.at(path.as_str()).map(|tag| tag.kind),
            Reference::Name(name) => (**name == *"value").then_some(Kind::Any),
        }
    }

    fn similar(&self, reference: &Reference) -> Option<String> {
        match reference {
            Reference::Tag(path) => self.0.similar(path.as_str()),
            Reference::Name(_) => Some("value".to_owned()),
        }
    }
}

impl CompiledRoute {
    /// Returns the tag that a target writes.
    pub fn writes(&self, target: usize) -> Option<TagIndex> {
        self.writes.get(target).copied().flatten()
    }

    /// Returns how many targets it has.
    pub fn targets(&self) -> usize {
        self.writes.len()
    }

    /// Returns the tags that it writes.
    pub fn written(&self) -> impl Iterator<Item = TagIndex> + '_ {
        self.writes.iter().copied().flatten()
    }

    /// Returns the tags that its expressions read beside the samples.
    pub fn reads(&self) -> impl Iterator<Item = TagIndex> + '_ {
        let steps = self.when.iter().chain(&self.transform);
        let inputs = steps.flat_map(|step| &step.inputs);
        inputs.filter_map(|input| match input {
            Input::Tag(tag) => Some(*tag),
            Input::Value => None,
        })
    }

    /// Returns whether nothing differs that matters for what it does and remembers.
    pub(super) fn is_same(&self, other: &CompiledRoute) -> bool {
        let inputs = |step: &Option<Step>| step.as_ref().map(|step| step.inputs.clone());
        self.id == other.id
            && self.way == other.way
            && self.route == other.route
            && self.source == other.source
            && self.writes == other.writes
            && inputs(&self.when) == inputs(&other.when)
            && inputs(&self.transform) == inputs(&other.transform)
    }
}
