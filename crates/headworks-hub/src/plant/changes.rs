//! How one plant becomes the next.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use headworks_core::TagIndex;
use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Object, ObjectId,
    Picture, Policy, RetentionPolicy, Roster, Route, Template,
};

use super::{Formulas, Plant, Table, TagEntry, compare_folded};

/// The changed objects of a kind.
pub(crate) type Changed<T> = BTreeMap<ObjectId, Option<Arc<Object<T>>>>;

/// What is different in the next plant: the new object, or nothing where it was deleted.
#[derive(Debug, Default)]
pub(crate) struct PlantChanges {
    pub(crate) assets: Changed<Asset>,
    pub(crate) connections: Changed<Connection>,
    pub(crate) templates: Changed<Template>,
    pub(crate) devices: Changed<Device>,
    pub(crate) groups: Changed<Group>,
    pub(crate) alarms: Changed<Alarm>,
    pub(crate) routes: Changed<Route>,
    pub(crate) channels: Changed<Channel>,
    pub(crate) rosters: Changed<Roster>,
    pub(crate) policies: Changed<Policy>,
    pub(crate) dashboards: Changed<Dashboard>,
    pub(crate) pictures: Changed<Picture>,
    pub(crate) retention: Changed<RetentionPolicy>,
    pub(crate) dictionaries: Changed<Dictionary>,
    pub(crate) tags: BTreeMap<TagIndex, Option<Arc<TagEntry>>>,
}

impl PlantChanges {
    /// Returns what of these, which are all objects there are, differs from a plant.
    pub(crate) fn beyond(mut self, old: &Plant) -> PlantChanges {
        leave_new(&mut self.assets, old.assets());
        leave_new(&mut self.connections, old.connections());
        leave_new(&mut self.templates, old.templates());
        leave_new(&mut self.devices, old.devices());
        leave_new(&mut self.groups, old.groups());
        leave_new(&mut self.alarms, old.alarms());
        leave_new(&mut self.routes, old.routes());
        leave_new(&mut self.channels, old.channels());
        leave_new(&mut self.rosters, old.rosters());
        leave_new(&mut self.policies, old.policies());
        leave_new(&mut self.dashboards, old.dashboards());
        leave_new(&mut self.pictures, old.pictures());
        leave_new(&mut self.retention, old.retention_policies());
        leave_new(&mut self.dictionaries, old.dictionaries());
        for tag in old.tags() {
            match self.tags.get(&tag.index()) {
                None => drop(self.tags.insert(tag.index(), None)),
                Some(Some(new)) if new.is_same(tag) => drop(self.tags.remove(&tag.index())),
                Some(_) => {}
            }
        }
        self
    }

    /// Whether nothing is different.
    pub(crate) fn is_empty(&self) -> bool {
        self.assets.is_empty()
            && self.connections.is_empty()
            && self.templates.is_empty()
            && self.devices.is_empty()
            && self.groups.is_empty()
            && self.alarms.is_empty()
            && self.routes.is_empty()
            && self.channels.is_empty()
            && self.rosters.is_empty()
            && self.policies.is_empty()
            && self.dashboards.is_empty()
            && self.pictures.is_empty()
            && self.retention.is_empty()
            && self.dictionaries.is_empty()
            && self.tags.is_empty()
    }
}

fn leave_new<T: PartialEq>(all: &mut Changed<T>, old: &[Arc<Object<T>>]) {
    for object in old {
        match all.get(&object.id) {
            None => drop(all.insert(object.id, None)),
            Some(Some(new)) if new == object => drop(all.remove(&object.id)),
            Some(_) => {}
        }
    }
}

impl Plant {
    /// Returns the plant after `changes`, of the next generation.
    pub(crate) fn with(&self, changes: PlantChanges) -> Plant {
        let devices_differ = !changes.devices.is_empty();
        let alarms_differ = !changes.alarms.is_empty();
        let mut next = Plant {
            generation: self.generation + 1,
            assets: self
                .assets
                .with(changes.assets, |object| object.body.name.clone()),
            connections: self
                .connections
                .with(changes.connections, |object| object.body.name.clone()),
            templates: self
                .templates
                .with(changes.templates, |object| object.body.name.clone()),
            devices: self
                .devices
                .with(changes.devices, |object| object.body.name.clone()),
            groups: self
                .groups
                .with(changes.groups, |object| object.body.name.clone()),
            alarms: self
                .alarms
                .with(changes.alarms, |object| object.body.name.clone()),
            routes: self
                .routes
                .with(changes.routes, |object| object.body.name.clone()),
            channels: self
                .channels
                .with(changes.channels, |object| object.body.name.clone()),
            rosters: self
                .rosters
                .with(changes.rosters, |object| object.body.name.clone()),
            policies: self
                .policies
                .with(changes.policies, |object| object.body.name.clone()),
            dashboards: self.dashboards.with(changes.dashboards, |object| {
                (object.body.order, object.body.name.clone())
            }),
            pictures: self
                .pictures
                .with(changes.pictures, |object| object.body.name.clone()),
            retention: self
                .retention
                .with(changes.retention, |object| object.body.rank()),
            dictionaries: self
                .dictionaries
                .with(changes.dictionaries, |object| object.body.language.clone()),
            ..self.clone()
        };
        if alarms_differ {
            next.alarms_of = Arc::new(next.group_by_tag());
        }
        let has_formulas = !self.formulas.is_empty()
            || changes
                .tags
                .values()
                .flatten()
                .any(|tag| tag.formula().is_some());
        let may_differ = !changes.tags.is_empty() || devices_differ;
        if !changes.tags.is_empty() {
            next.change_tags(changes.tags);
        }
        if has_formulas && may_differ {
            next.formulas = Arc::new(Formulas::of(&next, &self.formulas));
        }
        next
    }

    fn change_tags(&mut self, changes: BTreeMap<TagIndex, Option<Arc<TagEntry>>>) {
        let mut removed = BTreeSet::new();
        let mut placed = Vec::new();
        for (index, new) in changes {
            let old = self.replace(index, new.clone());
            let same_place = match (&old, &new) {
                (Some(old), Some(new)) => old.path() == new.path() && old.device() == new.device(),
                (None, None) => true,
                _ => false,
            };
            if same_place {
                continue;
            }
            if let Some(old) = old {
                removed.insert(index);
                self.unlist(&old);
            }
            placed.extend(new);
        }
        if !removed.is_empty() || !placed.is_empty() {
            self.reorder(&removed, placed);
        }
    }

    fn replace(&mut self, index: TagIndex, new: Option<Arc<TagEntry>>) -> Option<Arc<TagEntry>> {
        let at = index.as_usize();
        if self.tags.len() <= at && new.is_some() {
            self.tags.resize(at + 1, None);
        }
        self.tags
            .get_mut(at)
            .and_then(|slot| std::mem::replace(slot, new))
    }

    fn unlist(&mut self, tag: &TagEntry) {
        Arc::make_mut(&mut self.tag_ids).remove(&tag.id());
    }

    /// Takes `removed` out of the orders and merges `placed` in, walking each list once.
    fn reorder(&mut self, removed: &BTreeSet<TagIndex>, mut placed: Vec<Arc<TagEntry>>) {
        placed.sort_by(|left, right| compare_folded(left.path().as_str(), right.path().as_str()));
        let tag_ids = Arc::make_mut(&mut self.tag_ids);
        tag_ids.extend(placed.iter().map(|tag| (tag.id(), tag.index())));
        let mut order = Vec::with_capacity(self.order.len() + placed.len());
        let mut placed = placed.into_iter().peekable();
        for &index in self.order.iter().filter(|index| !removed.contains(index)) {
            let path = self.existing(index).path();
            while let Some(tag) =
                placed.next_if(|tag| compare_folded(tag.path().as_str(), path.as_str()).is_lt())
            {
                order.push(tag.index());
            }
            order.push(index);
        }
        order.extend(placed.map(|tag| tag.index()));
        self.order = Arc::new(order);
        self.tags_of = Arc::new(self.group_by_device());
    }

    fn group_by_tag(&self) -> HashMap<ObjectId, Vec<Arc<Object<Alarm>>>> {
        let mut groups: HashMap<ObjectId, Vec<_>> = HashMap::new();
        for alarm in self.alarms() {
            if let Some(tag) = alarm.body.tag {
                groups.entry(tag).or_default().push(Arc::clone(alarm));
            }
        }
        groups
    }

    fn group_by_device(&self) -> BTreeMap<ObjectId, Arc<[TagIndex]>> {
        let mut groups: HashMap<ObjectId, Vec<TagIndex>> = HashMap::new();
        for tag in self.tags() {
            groups.entry(tag.device()).or_default().push(tag.index());
        }
        groups
            .into_iter()
            .map(|(device, indices)| (device, indices.into()))
            .collect()
    }
}

impl<T> Table<T> {
    fn with<K: Ord>(&self, changes: Changed<T>, key: impl Fn(&Object<T>) -> K) -> Table<T>
    where
        T: Clone,
    {
        if changes.is_empty() {
            return self.clone();
        }
        let mut by_id = (*self.by_id).clone();
        for (id, object) in changes {
            match object {
                Some(object) => by_id.insert(id, object),
                None => by_id.remove(&id),
            };
        }
        let mut sorted: Vec<_> = by_id.values().cloned().collect();
        sorted.sort_by_cached_key(|object| key(object));
        Table {
            by_id: Arc::new(by_id),
            sorted: sorted.into(),
        }
    }
}
