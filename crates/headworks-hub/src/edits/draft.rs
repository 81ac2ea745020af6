//! A draft: the plant as it would be after a list of edits.

use std::collections::BTreeMap;
use std::sync::Arc;

use headworks_core::TagPath;
use headworks_core::model::{
    Connection, Dashboard, Device, Kind, Object, ObjectId, RetentionPolicy, Tag,
};
use headworks_store::{Action, Change};
use serde::Serialize;

use super::{Body, Edit};
use crate::error::{HubError, Problem};
use crate::plant::{Plant, tag_path};

/// Children that an error names.
const CHILDREN_SHOWN: usize = 5;

/// The plant with edits applied in their order, not yet checked as a whole.
pub(crate) struct Draft<'a> {
    pub(crate) plant: &'a Plant,
    pub(crate) connections: Drafts<Connection>,
    pub(crate) devices: Drafts<Device>,
    pub(crate) tags: Drafts<Tag>,
    pub(crate) dashboards: Drafts<Dashboard>,
    pub(crate) retention: Drafts<RetentionPolicy>,
    /// One per edit.
    pub(crate) outlines: Vec<Outline>,
    /// What the store is to do.
    pub(crate) changes: Vec<Change>,
    pub(crate) problems: Vec<Problem>,
}

/// The changed objects of one kind.
pub(crate) type Drafts<T> = BTreeMap<ObjectId, Drafted<T>>;

/// An object as an edit leaves it.
pub(crate) struct Drafted<T> {
    /// Which edit.
    pub(crate) edit: usize,
    /// None when it is deleted.
    pub(crate) body: Option<T>,
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
            connections: BTreeMap::new(),
            devices: BTreeMap::new(),
            tags: BTreeMap::new(),
            dashboards: BTreeMap::new(),
            retention: BTreeMap::new(),
            outlines: Vec::with_capacity(edits.len()),
            changes: Vec::with_capacity(edits.len()),
            problems: Vec::new(),
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
        self.connections
            .get(&id)
            .map_or(old, |draft| draft.body.as_ref())
    }

    /// Returns a device as it would be.
    pub(crate) fn device(&self, id: ObjectId) -> Option<&Device> {
        let old = self.plant.device(id).map(|object| &object.body);
        self.devices
            .get(&id)
            .map_or(old, |draft| draft.body.as_ref())
    }

    /// Returns the path that a device has in the draft, if it is not the one it had before.
    pub(crate) fn new_path(&self, device: ObjectId) -> Option<&TagPath> {
        let new = &self.devices.get(&device)?.body.as_ref()?.path;
        let old = self.plant.device(device).map(|device| &device.body.path);
        (old != Some(new)).then_some(new)
    }

    /// Returns the devices that would be behind a connection.
    pub(crate) fn devices_of(&self, connection: ObjectId) -> Vec<(ObjectId, &Device)> {
        let untouched = self
            .plant
            .devices_of(connection)
            .filter(|device| !self.devices.contains_key(&device.id))
            .map(|device| (device.id, &device.body));
        let drafted = alive(&self.devices)
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
            return Err(self.has_children(kind, id, &children));
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
        match kind {
            Kind::Connection => drop(self.connections.insert(id, Drafted { edit, body: None })),
            Kind::Device => drop(self.devices.insert(id, Drafted { edit, body: None })),
            Kind::Tag => drop(self.tags.insert(id, Drafted { edit, body: None })),
            Kind::Dashboard => drop(self.dashboards.insert(id, Drafted { edit, body: None })),
            Kind::Retention => drop(self.retention.insert(id, Drafted { edit, body: None })),
        }
    }

    fn put(&mut self, edit: usize, id: ObjectId, body: Body) {
        if let Err(error) = body.check() {
            let problem = Problem::new(edit, error.field, error.reason);
            self.problems.push(problem);
        }
        match body {
            Body::Connection(body) => put(&mut self.connections, edit, id, body),
            Body::Device(body) => put(&mut self.devices, edit, id, body),
            Body::Tag(body) => put(&mut self.tags, edit, id, body),
            Body::Dashboard(body) => put(&mut self.dashboards, edit, id, body),
            Body::Retention(body) => put(&mut self.retention, edit, id, body),
        }
    }

    fn json(&mut self, edit: usize, body: &Body) -> Option<String> {
        let json = match body {
            Body::Connection(body) => to_json(body),
            Body::Device(body) => to_json(body),
            Body::Tag(body) => to_json(body),
            Body::Dashboard(body) => to_json(body),
            Body::Retention(body) => to_json(body),
        };
        json.map_err(|reason| self.problems.push(Problem::new(edit, "", reason)))
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
        let drafted = [
            (Kind::Connection, is_alive(&self.connections, id)),
            (Kind::Device, is_alive(&self.devices, id)),
            (Kind::Tag, is_alive(&self.tags, id)),
            (Kind::Dashboard, is_alive(&self.dashboards, id)),
            (Kind::Retention, is_alive(&self.retention, id)),
        ];
        for (kind, alive) in drafted {
            match alive {
                Some(true) => return Some(kind),
                Some(false) => return None,
                None => {}
            }
        }
        self.plant.kind_of(id)
    }

    fn is_drafted(&self, id: ObjectId) -> bool {
        self.connections.contains_key(&id)
            || self.devices.contains_key(&id)
            || self.tags.contains_key(&id)
            || self.dashboards.contains_key(&id)
            || self.retention.contains_key(&id)
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

    /// Returns what rests on an object, those that rest on others first.
    fn children_of(&self, kind: Kind, id: ObjectId) -> Vec<(Kind, ObjectId)> {
        match kind {
            Kind::Connection => {
                let mut children = Vec::new();
                for (device, _) in self.devices_of(id) {
                    children.extend(self.children_of(Kind::Device, device));
                    children.push((Kind::Device, device));
                }
                children
            }
            Kind::Device => self
                .tag_ids_of(id)
                .into_iter()
                .map(|id| (Kind::Tag, id))
                .collect(),
            Kind::Tag | Kind::Dashboard | Kind::Retention => Vec::new(),
        }
    }

    fn tag_ids_of(&self, device: ObjectId) -> Vec<ObjectId> {
        let untouched = self
            .plant
            .tags_of(device)
            .map(|tag| tag.id())
            .filter(|id| !self.tags.contains_key(id));
        let drafted = alive(&self.tags)
            .filter(|(_, _, tag)| tag.device == device)
            .map(|(id, _, _)| id);
        untouched.chain(drafted).collect()
    }

    fn has_children(&self, kind: Kind, id: ObjectId, all: &[(Kind, ObjectId)]) -> HubError {
        let wanted = if kind == Kind::Connection {
            Kind::Device
        } else {
            Kind::Tag
        };
        let direct: Vec<ObjectId> = all
            .iter()
            .filter(|(kind, _)| *kind == wanted)
            .map(|&(_, id)| id)
            .collect();
        HubError::HasChildren {
            kind,
            name: self.name_of(kind, id),
            count: direct.len(),
            children: direct
                .iter()
                .take(CHILDREN_SHOWN)
                .map(|&id| self.name_of(wanted, id))
                .collect(),
        }
    }

    fn name_of(&self, kind: Kind, id: ObjectId) -> String {
        let name = match kind {
            Kind::Connection => self.connection(id).map(|body| body.name.clone()),
            Kind::Device => self.device(id).map(|body| body.name.clone()),
            Kind::Tag => match self.tags.get(&id) {
                Some(draft) => draft.body.as_ref().map(|body| body.name.to_string()),
                None => self.plant.tag(id).map(|tag| tag.name().to_owned()),
            },
            Kind::Dashboard => self
                .plant
                .dashboard(id)
                .map(|object| object.body.name.clone()),
            Kind::Retention => self
                .plant
                .retention_policy(id)
                .map(|object| object.body.name.clone()),
        };
        name.unwrap_or_else(|| id.to_string())
    }

    /// Returns the path that a drafted tag would have; none when its device does not exist or
    /// has no room below it.
    pub(crate) fn path_of(&self, tag: &Tag) -> Option<TagPath> {
        tag_path(&self.device(tag.device)?.path, &tag.name).ok()
    }
}

/// Returns the objects that are not deleted: id, edit and body.
pub(crate) fn alive<T>(drafts: &Drafts<T>) -> impl Iterator<Item = (ObjectId, usize, &T)> {
    drafts
        .iter()
        .filter_map(|(&id, draft)| Some((id, draft.edit, draft.body.as_ref()?)))
}

/// Returns the drafts as objects of the next plant.
pub(crate) fn objects<T>(
    drafts: Drafts<T>,
    stamp: impl Fn(ObjectId) -> (u64, i64),
) -> BTreeMap<ObjectId, Option<Arc<Object<T>>>> {
    let object = |(id, draft): (ObjectId, Drafted<T>)| {
        let (revision, updated_us) = stamp(id);
        let object = draft.body.map(|body| {
            Arc::new(Object {
                id,
                revision,
                updated_us,
                body,
            })
        });
        (id, object)
    };
    drafts.into_iter().map(object).collect()
}

fn put<T>(drafts: &mut Drafts<T>, edit: usize, id: ObjectId, body: T) {
    let body = Some(body);
    drafts.insert(id, Drafted { edit, body });
}

fn is_alive<T>(drafts: &Drafts<T>, id: ObjectId) -> Option<bool> {
    drafts.get(&id).map(|draft| draft.body.is_some())
}

fn to_json(body: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(body).map_err(|error| error.to_string())
}
