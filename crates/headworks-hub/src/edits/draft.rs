//! A draft: the plant as it would be after a list of edits.

use std::collections::{BTreeMap, HashMap, HashSet};

use headworks_core::model::{Asset, Connection, Device, Kind, ObjectId};
use headworks_store::{Action, Change};

use super::body::BodyOf;
use super::rewrite::Rewritten;
use super::{Body, Edit};
use crate::error::{HubError, Problem};
use crate::plant::{Places, Plant};

/// Children that an error names.
const CHILDREN_SHOWN: usize = 5;

/// The plant with edits applied in their order, not yet checked as a whole.
pub(crate) struct Draft<'a> {
    pub(crate) plant: &'a Plant,
    pub(crate) bodies: BTreeMap<ObjectId, Drafted>,
    /// What is new or changed, by what it rests on.
    resting: HashMap<ObjectId, Vec<ObjectId>>,
    /// One per edit.
    pub(crate) outlines: Vec<Outline>,
    /// What the store is to do.
    pub(crate) changes: Vec<Change>,
    pub(crate) problems: Vec<Problem>,
    /// Expressions that no edit changes and that change all the same.
    pub(crate) rewritten: Vec<Rewritten>,
}

/// An object as an edit leaves it.
pub(crate) struct Drafted {
    /// Which edit.
    pub(crate) edit: usize,
    /// Its kind.
    pub(crate) kind: Kind,
    /// None when it is deleted.
    pub(crate) body: Option<Body>,
}

/// What an edit does.
pub(crate) struct Outline {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) action: Action,
    pub(crate) cascaded: usize,
}

impl<'a> Draft<'a> {
    /// Applies edits to a plant; objects made without an id get one from `new_id`.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::Conflict`] and [`HubError::HasChildren`]; all else
    /// that is wrong is in `problems`.
    pub(crate) fn new(
        plant: &'a Plant,
        edits: Vec<Edit>,
        mut new_id: impl FnMut() -> ObjectId,
    ) -> Result<Draft<'a>, HubError> {
        let mut draft = Draft {
            plant,
            bodies: BTreeMap::new(),
            resting: HashMap::new(),
            outlines: Vec::with_capacity(edits.len()),
            changes: Vec::with_capacity(edits.len()),
            problems: Vec::new(),
            rewritten: Vec::new(),
        };
        for (at, edit) in edits.into_iter().enumerate() {
            match edit {
                Edit::Create { id, body } => draft.create(at, id.unwrap_or_else(&mut new_id), body),
                Edit::Update { id, expected, body } => draft.update(at, id, expected, body)?,
                Edit::Delete {
                    id,
                    expected,
                    cascade,
                } => draft.delete(at, id, expected, cascade)?,
            }
        }
        Ok(draft)
    }

    /// Returns a connection as it would be.
    pub(crate) fn connection(&self, id: ObjectId) -> Option<&Connection> {
        let old = self.plant.connection(id).map(|object| &object.body);
        self.drafted(id).unwrap_or(old)
    }

    /// Returns the edit that names an object.
    pub(crate) fn edit_of(&self, id: ObjectId) -> Option<usize> {
        self.bodies.get(&id).map(|draft| draft.edit)
    }

    /// Returns the objects of a kind that are new or changed: id, edit and body.
    pub(crate) fn alive<T: BodyOf>(&self) -> impl Iterator<Item = (ObjectId, usize, &T)> {
        self.bodies
            .iter()
            .filter_map(|(&id, draft)| Some((id, draft.edit, T::of(draft.body.as_ref()?)?)))
    }

    /// Returns an object as an edit leaves it; none when no edit names it.
    pub(crate) fn drafted<T: BodyOf>(&self, id: ObjectId) -> Option<Option<&T>> {
        let draft = self.bodies.get(&id)?;
        Some(draft.body.as_ref().and_then(T::of))
    }

    /// Returns whether an object of a kind would be there.
    pub(crate) fn is_there(&self, kind: Kind, id: ObjectId) -> bool {
        self.kind_of(id) == Some(kind)
    }

    /// Returns the devices that would be behind a connection.
    pub(crate) fn devices_of(&self, connection: ObjectId) -> Vec<(ObjectId, &Device)> {
        let untouched = self
            .plant
            .devices_of(connection)
            .filter(|device| !self.is_drafted(device.id))
            .map(|device| (device.id, &device.body));
        let drafted = self
            .alive::<Device>()
            .filter(|(_, _, device)| device.connection == connection)
            .map(|(id, _, device)| (id, device));
        untouched.chain(drafted).collect()
    }

    fn create(&mut self, edit: usize, id: ObjectId, body: Body) {
        if self.kind_of(id).is_some() || self.is_drafted(id) {
            let reason = format!("{id} exists already; leave the id away to get a new one");
            self.problems.push(Problem::new(edit, "/id", reason));
            return;
        }
        let kind = body.kind();
        if let Some(json) = self.json(edit, &body) {
            let id = Some(id);
            let change = Change::Create {
                kind,
                id,
                body: json,
            };
            self.changes.push(change);
        }
        self.outline(id, kind, Action::Created);
        self.put(edit, id, body);
    }

    fn update(
        &mut self,
        edit: usize,
        id: ObjectId,
        expected: Option<u64>,
        body: Body,
    ) -> Result<(), HubError> {
        let kind = self.find(id, body.kind().name())?;
        self.expect_revision(kind, id, expected)?;
        if kind != body.kind() {
            let reason = format!("{id} is a {kind}, not a {}", body.kind());
            self.problems.push(Problem::new(edit, "", reason));
            return Ok(());
        }
        if self.is_drafted(id) {
            let reason = format!("{kind} {id} is edited twice in one list; keep one of the edits");
            self.problems.push(Problem::new(edit, "", reason));
            return Ok(());
        }
        if let Some(json) = self.json(edit, &body) {
            let body = json;
            self.changes.push(Change::Update { id, expected, body });
        }
        self.outline(id, kind, Action::Updated);
        self.put(edit, id, body);
        Ok(())
    }

    /// Changes an object because of an edit of another one.
    pub(crate) fn follow(&mut self, rewritten: Rewritten, body: Body) {
        let (edit, id) = (rewritten.edit, rewritten.id);
        let Some(json) = self.json(edit, &body) else {
            return;
        };
        self.rewritten.push(rewritten);
        let Some(drafted) = self.bodies.get_mut(&id) else {
            let change = Change::Update {
                id,
                expected: None,
                body: json,
            };
            self.changes.push(change);
            return self.put(edit, id, body);
        };
        drafted.body = Some(body);
        for change in &mut self.changes {
            if let Change::Update { id: own, body, .. } = change
                && *own == id
            {
                *body = json;
                return;
            }
        }
    }

    fn delete(
        &mut self,
        edit: usize,
        id: ObjectId,
        expected: Option<u64>,
        cascade: bool,
    ) -> Result<(), HubError> {
        let kind = self.find(id, "object")?;
        self.expect_revision(kind, id, expected)?;
        let children = self.children_of(kind, id);
        if !children.is_empty() && !cascade {
            return Err(self.has_children(kind, id));
        }
        self.outline(id, kind, Action::Deleted);
        if let Some(outline) = self.outlines.last_mut() {
            outline.cascaded = children.len();
        }
        for (kind, child) in children {
            self.remove(edit, kind, child, None);
        }
        self.remove(edit, kind, id, expected);
        Ok(())
    }

    fn remove(&mut self, edit: usize, kind: Kind, id: ObjectId, expected: Option<u64>) {
        if self.is_drafted(id) {
            let reason = format!("{kind} {id} is edited and deleted in one list; keep one of both");
            self.problems.push(Problem::new(edit, "", reason));
            return;
        }
        self.changes.push(Change::Delete { id, expected });
        let body = None;
        self.bodies.insert(id, Drafted { edit, kind, body });
    }

    fn put(&mut self, edit: usize, id: ObjectId, body: Body) {
        if let Err(error) = body.check() {
            let problem = Problem::new(edit, error.field, error.reason);
            self.problems.push(problem);
        }
        for below in body.rests_on() {
            self.resting.entry(below).or_default().push(id);
        }
        let kind = body.kind();
        let body = Some(body);
        self.bodies.insert(id, Drafted { edit, kind, body });
    }

    fn json(&mut self, edit: usize, body: &Body) -> Option<String> {
        body.to_json()
            .map_err(|error| self.problems.push(Problem::new(edit, "", error)))
            .ok()
    }

    fn outline(&mut self, id: ObjectId, kind: Kind, action: Action) {
        self.outlines.push(Outline {
            id,
            kind,
            action,
            cascaded: 0,
        });
    }

    fn find(&self, id: ObjectId, kind: &'static str) -> Result<Kind, HubError> {
        self.kind_of(id).ok_or(HubError::NotFound { kind, id })
    }

    fn kind_of(&self, id: ObjectId) -> Option<Kind> {
        match self.bodies.get(&id) {
            Some(draft) => draft.body.as_ref().map(Body::kind),
            None => self.plant.kind_of(id),
        }
    }

    pub(crate) fn is_drafted(&self, id: ObjectId) -> bool {
        self.bodies.contains_key(&id)
    }

    fn expect_revision(
        &self,
        kind: Kind,
        id: ObjectId,
        expected: Option<u64>,
    ) -> Result<(), HubError> {
        let (Some(expected), Some(found)) = (expected, self.plant.revision_of(id)) else {
            return Ok(());
        };
        if expected == found {
            return Ok(());
        }
        Err(HubError::Conflict {
            kind,
            id,
            expected,
            found,
        })
    }

    /// Returns what rests on an object, those that rest on others first, each once.
    fn children_of(&self, kind: Kind, id: ObjectId) -> Vec<(Kind, ObjectId)> {
        let mut children = Vec::new();
        self.add_children(kind, id, &mut HashSet::new(), &mut children);
        children
    }

    fn add_children(
        &self,
        kind: Kind,
        id: ObjectId,
        seen: &mut HashSet<ObjectId>,
        children: &mut Vec<(Kind, ObjectId)>,
    ) {
        for (kind, child) in self.direct_children_of(kind, id) {
            if seen.insert(child) {
                self.add_children(kind, child, seen, children);
                children.push((kind, child));
            }
        }
    }

    fn direct_children_of(&self, kind: Kind, id: ObjectId) -> Vec<(Kind, ObjectId)> {
        let standing = self.plant.children_of(kind, id);
        let untouched = standing.into_iter().filter(|&(_, id)| !self.is_drafted(id));
        let drafted = self.resting.get(&id).into_iter().flatten();
        let drafted = drafted.filter_map(|&id| Some((self.kind_of(id)?, id)));
        untouched.chain(drafted).collect()
    }

    fn has_children(&self, kind: Kind, id: ObjectId) -> HubError {
        let direct = self.direct_children_of(kind, id);
        HubError::HasChildren {
            kind,
            name: self.name_of(id),
            count: direct.len(),
            children: direct
                .iter()
                .take(CHILDREN_SHOWN)
                .map(|&(_, id)| self.name_of(id))
                .collect(),
        }
    }

    fn name_of(&self, id: ObjectId) -> String {
        let drafted = self.bodies.get(&id).and_then(|draft| draft.body.as_ref());
        let name = match drafted {
            Some(body) => Some(body.name().to_owned()),
            None => self.plant.name_of(id),
        };
        name.unwrap_or_else(|| id.to_string())
    }
}

impl Places for Draft<'_> {
    fn asset(&self, id: ObjectId) -> Option<&Asset> {
        let old = self.plant.asset(id).map(|object| &object.body);
        self.drafted(id).unwrap_or(old)
    }

    fn device(&self, id: ObjectId) -> Option<&Device> {
        let old = self.plant.device(id).map(|object| &object.body);
        self.drafted(id).unwrap_or(old)
    }
}
