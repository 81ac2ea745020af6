//! The plant: an immutable snapshot of everything that is configured.
//!
//! Readers take an `Arc` of it and never wait; an edit makes a new one that shares every object
//! that did not change. Tags are many, so they are kept small: what a tag has in common with
//! others (unit, scaling, range, period ...) is one shared [`Shape`].

mod changes;
mod config;
mod entry;
mod formulas;
mod order;
mod places;
mod retention;
mod routes;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, Object,
    ObjectId, Picture, Policy, RetentionPolicy, Roster, Route, Template,
};
use headworks_core::{Pattern, TagIndex};

use crate::edits::Body;
use crate::validation::Expectation;
pub(crate) use changes::{Changed, PlantChanges};
pub use entry::TagEntry;
pub(crate) use entry::{Shape, Shapes, tag_config};
pub(crate) use formulas::{Formula, Formulas, kind_of};
pub(crate) use order::fold;
use order::{compare_folded, is_folded_prefix};
pub use places::{Paths, PlaceError, Places};

/// Time between samples of a formula that is evaluated on change: so long that its silence means
/// nothing.
const ON_CHANGE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Everything that is configured, as it was at one instant.
#[derive(Clone, Debug, Default)]
pub struct Plant {
    generation: u64,
    assets: Table<Asset>,
    connections: Table<Connection>,
    templates: Table<Template>,
    devices: Table<Device>,
    groups: Table<Group>,
    alarms: Table<Alarm>,
    /// By tag, in order of name; no entry for a tag without alarms.
    alarms_of: Arc<HashMap<ObjectId, Vec<Arc<Object<Alarm>>>>>,
    routes: Table<Route>,
    channels: Table<Channel>,
    rosters: Table<Roster>,
    policies: Table<Policy>,
    dashboards: Table<Dashboard>,
    pictures: Table<Picture>,
    retention: Table<RetentionPolicy>,
    dictionaries: Table<Dictionary>,
    /// By number; no entry where a tag was deleted.
    tags: Vec<Option<Arc<TagEntry>>>,
    /// Numbers of all tags in order of path, case folded; two paths are never equal that way.
    order: Arc<Vec<TagIndex>>,
    tag_ids: Arc<HashMap<ObjectId, TagIndex>>,
    /// Numbers of a device's tags in order of path; no entry for a device without tags.
    tags_of: Arc<BTreeMap<ObjectId, Arc<[TagIndex]>>>,
    /// The formulas of calculated tags, compiled.
    formulas: Arc<Formulas>,
}

/// Objects of one kind, by id and in order of name.
#[derive(Clone, Debug)]
struct Table<T> {
    by_id: Arc<BTreeMap<ObjectId, Arc<Object<T>>>>,
    sorted: Arc<[Arc<Object<T>>]>,
}

impl Plant {
    /// Counts the changes of the configuration since the hub started.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the assets in order of name.
    pub fn assets(&self) -> &[Arc<Object<Asset>>] {
        &self.assets.sorted
    }

    /// Returns the templates in order of name.
    pub fn templates(&self) -> &[Arc<Object<Template>>] {
        &self.templates.sorted
    }

    /// Returns the groups in order of name.
    pub fn groups(&self) -> &[Arc<Object<Group>>] {
        &self.groups.sorted
    }

    /// Returns the connections in order of name.
    pub fn connections(&self) -> &[Arc<Object<Connection>>] {
        &self.connections.sorted
    }

    /// Returns the devices in order of name.
    pub fn devices(&self) -> &[Arc<Object<Device>>] {
        &self.devices.sorted
    }

    /// Returns the alarms in order of name.
    pub fn alarms(&self) -> &[Arc<Object<Alarm>>] {
        &self.alarms.sorted
    }

    /// Returns the routes in order of name.
    pub fn routes(&self) -> &[Arc<Object<Route>>] {
        &self.routes.sorted
    }

    /// Returns the channels in order of name.
    pub fn channels(&self) -> &[Arc<Object<Channel>>] {
        &self.channels.sorted
    }

    /// Returns the rosters in order of name.
    pub fn rosters(&self) -> &[Arc<Object<Roster>>] {
        &self.rosters.sorted
    }

    /// Returns the policies of notification in order of name.
    pub fn policies(&self) -> &[Arc<Object<Policy>>] {
        &self.policies.sorted
    }

    /// Returns the dashboards in order of their place, then of name.
    pub fn dashboards(&self) -> &[Arc<Object<Dashboard>>] {
        &self.dashboards.sorted
    }

    /// Returns the pictures of dashboards in order of name.
    pub fn pictures(&self) -> &[Arc<Object<Picture>>] {
        &self.pictures.sorted
    }

    /// Returns the retention policies, the one that leads first.
    pub fn retention_policies(&self) -> &[Arc<Object<RetentionPolicy>>] {
        &self.retention.sorted
    }

    /// Returns the dictionaries in order of language.
    pub fn dictionaries(&self) -> &[Arc<Object<Dictionary>>] {
        &self.dictionaries.sorted
    }

    /// Returns the tags in order of path, upper and lower case as one.
    pub fn tags(&self) -> impl DoubleEndedIterator<Item = &Arc<TagEntry>> + ExactSizeIterator {
        self.order.iter().map(|&index| self.existing(index))
    }

    /// Returns how many tags there are.
    pub fn tag_count(&self) -> usize {
        self.order.len()
    }

    /// Returns an asset.
    pub fn asset(&self, id: ObjectId) -> Option<&Arc<Object<Asset>>> {
        self.assets.by_id.get(&id)
    }

    /// Returns a template.
    pub fn template(&self, id: ObjectId) -> Option<&Arc<Object<Template>>> {
        self.templates.by_id.get(&id)
    }

    /// Returns a group.
    pub fn group(&self, id: ObjectId) -> Option<&Arc<Object<Group>>> {
        self.groups.by_id.get(&id)
    }

    /// Returns a connection.
    pub fn connection(&self, id: ObjectId) -> Option<&Arc<Object<Connection>>> {
        self.connections.by_id.get(&id)
    }

    /// Returns a device.
    pub fn device(&self, id: ObjectId) -> Option<&Arc<Object<Device>>> {
        self.devices.by_id.get(&id)
    }

    /// Returns an alarm.
    pub fn alarm(&self, id: ObjectId) -> Option<&Arc<Object<Alarm>>> {
        self.alarms.by_id.get(&id)
    }

    /// Returns a route.
    pub fn route(&self, id: ObjectId) -> Option<&Arc<Object<Route>>> {
        self.routes.by_id.get(&id)
    }

    /// Returns a channel.
    pub fn channel(&self, id: ObjectId) -> Option<&Arc<Object<Channel>>> {
        self.channels.by_id.get(&id)
    }

    /// Returns a roster.
    pub fn roster(&self, id: ObjectId) -> Option<&Arc<Object<Roster>>> {
        self.rosters.by_id.get(&id)
    }

    /// Returns a policy of notification.
    pub fn policy(&self, id: ObjectId) -> Option<&Arc<Object<Policy>>> {
        self.policies.by_id.get(&id)
    }

    /// Returns a dashboard.
    pub fn dashboard(&self, id: ObjectId) -> Option<&Arc<Object<Dashboard>>> {
        self.dashboards.by_id.get(&id)
    }

    /// Returns a picture of dashboards.
    pub fn picture(&self, id: ObjectId) -> Option<&Arc<Object<Picture>>> {
        self.pictures.by_id.get(&id)
    }

    /// Returns a retention policy.
    pub fn retention_policy(&self, id: ObjectId) -> Option<&Arc<Object<RetentionPolicy>>> {
        self.retention.by_id.get(&id)
    }

    /// Returns a dictionary.
    pub fn dictionary(&self, id: ObjectId) -> Option<&Arc<Object<Dictionary>>> {
        self.dictionaries.by_id.get(&id)
    }

    /// Returns a tag by its id.
    pub fn tag(&self, id: ObjectId) -> Option<&Arc<TagEntry>> {
        self.tag_ids.get(&id).map(|&index| self.existing(index))
    }

    /// Returns a tag by its number.
    pub fn tag_at(&self, index: TagIndex) -> Option<&Arc<TagEntry>> {
        self.tags.get(index.as_usize())?.as_ref()
    }

    /// Returns a tag by its path, written exactly so.
    pub fn tag_by_path(&self, path: &str) -> Option<&Arc<TagEntry>> {
        self.tag_by_folded_path(path)
            .filter(|tag| tag.path().as_str() == path)
    }

    /// Returns the kind of the object of an id.
    pub fn kind_of(&self, id: ObjectId) -> Option<Kind> {
        self.stamp_of(id).map(|(kind, _)| kind)
    }

    /// Returns kind and revision of the object of an id.
    fn stamp_of(&self, id: ObjectId) -> Option<(Kind, u64)> {
        let found = [
            (Kind::Tag, self.tag(id).map(|tag| tag.revision())),
            (Kind::Asset, self.assets.revision_of(id)),
            (Kind::Connection, self.connections.revision_of(id)),
            (Kind::Template, self.templates.revision_of(id)),
            (Kind::Device, self.devices.revision_of(id)),
            (Kind::Group, self.groups.revision_of(id)),
            (Kind::Alarm, self.alarms.revision_of(id)),
            (Kind::Route, self.routes.revision_of(id)),
            (Kind::Channel, self.channels.revision_of(id)),
            (Kind::Roster, self.rosters.revision_of(id)),
            (Kind::Policy, self.policies.revision_of(id)),
            (Kind::Dashboard, self.dashboards.revision_of(id)),
            (Kind::Picture, self.pictures.revision_of(id)),
            (Kind::Retention, self.retention.revision_of(id)),
            (Kind::Dictionary, self.dictionaries.revision_of(id)),
        ];
        let found = found.into_iter().find(|(_, revision)| revision.is_some());
        found.and_then(|(kind, revision)| Some((kind, revision?)))
    }

    /// Returns the body of the object of an id.
    pub fn body_of(&self, id: ObjectId) -> Option<Body> {
        Some(match self.kind_of(id)? {
            Kind::Asset => self.asset(id)?.body.clone().into(),
            Kind::Connection => self.connection(id)?.body.clone().into(),
            Kind::Template => self.template(id)?.body.clone().into(),
            Kind::Device => self.device(id)?.body.clone().into(),
            Kind::Tag => self.tag(id)?.object().body.into(),
            Kind::Group => self.group(id)?.body.clone().into(),
            Kind::Alarm => self.alarm(id)?.body.clone().into(),
            Kind::Route => self.route(id)?.body.clone().into(),
            Kind::Channel => self.channel(id)?.body.clone().into(),
            Kind::Roster => self.roster(id)?.body.clone().into(),
            Kind::Policy => self.policy(id)?.body.clone().into(),
            Kind::Dashboard => self.dashboard(id)?.body.clone().into(),
            Kind::Picture => self.picture(id)?.body.clone().into(),
            Kind::Retention => self.retention_policy(id)?.body.clone().into(),
            Kind::Dictionary => self.dictionary(id)?.body.clone().into(),
        })
    }

    /// Returns the name of the object of an id.
    pub(crate) fn name_of(&self, id: ObjectId) -> Option<String> {
        self.body_of(id).map(|body| body.name().to_owned())
    }

    /// Returns what rests on an object directly: it goes when the object goes.
    pub(crate) fn children_of(&self, kind: Kind, id: ObjectId) -> Vec<(Kind, ObjectId)> {
        match kind {
            Kind::Asset => self.children_of_asset(id),
            Kind::Connection => self
                .devices_of(id)
                .map(|device| (Kind::Device, device.id))
                .collect(),
            Kind::Template => self
                .templates()
                .iter()
                .filter(|template| template.body.base == Some(id))
                .map(|template| (Kind::Template, template.id))
                .collect(),
            Kind::Device => self.tags_of(id).map(|tag| (Kind::Tag, tag.id())).collect(),
            Kind::Tag => {
                let alarms = self.alarms_of(id).iter();
                alarms.map(|alarm| (Kind::Alarm, alarm.id)).collect()
            }
            Kind::Channel | Kind::Roster => self
                .policies()
                .iter()
                .filter(|policy| policy.body.names().any(|named| named == id))
                .map(|policy| (Kind::Policy, policy.id))
                .collect(),
            Kind::Group
            | Kind::Policy
            | Kind::Alarm
            | Kind::Route
            | Kind::Dashboard
            | Kind::Picture
            | Kind::Retention
            | Kind::Dictionary => Vec::new(),
        }
    }

    fn children_of_asset(&self, id: ObjectId) -> Vec<(Kind, ObjectId)> {
        let assets = self.assets().iter();
        let assets = assets.filter(|asset| asset.body.parent == Some(id));
        let devices = self.devices().iter();
        let devices = devices.filter(|device| device.body.asset == Some(id));
        let tags = self.tags().filter(|tag| tag.asset() == Some(id));
        assets
            .map(|asset| (Kind::Asset, asset.id))
            .chain(devices.map(|device| (Kind::Device, device.id)))
            .chain(tags.map(|tag| (Kind::Tag, tag.id())))
            .collect()
    }

    /// Returns the devices behind a connection in order of name.
    pub fn devices_of(&self, connection: ObjectId) -> impl Iterator<Item = &Arc<Object<Device>>> {
        self.devices()
            .iter()
            .filter(move |device| device.body.connection == connection)
    }

    /// Returns the tags of a device in order of path.
    pub fn tags_of(
        &self,
        device: ObjectId,
    ) -> impl DoubleEndedIterator<Item = &Arc<TagEntry>> + ExactSizeIterator {
        self.indices_of(device)
            .iter()
            .map(|&index| self.existing(index))
    }

    /// Returns the alarms of a tag in order of name.
    pub fn alarms_of(&self, tag: ObjectId) -> &[Arc<Object<Alarm>>] {
        self.alarms_of.get(&tag).map_or(&[], Vec::as_slice)
    }

    /// Returns the connection that a tag is read through.
    pub fn connection_of(&self, tag: &TagEntry) -> Option<ObjectId> {
        self.device(tag.device())
            .map(|device| device.body.connection)
    }

    /// Returns whether a tag is polled: it, its device and its connection are enabled, and it is
    /// not calculated.
    pub fn is_polled(&self, tag: &TagEntry) -> bool {
        tag.enabled()
            && tag.formula().is_none()
            && self.device(tag.device()).is_some_and(|device| {
                device.body.enabled
                    && self
                        .connection(device.body.connection)
                        .is_some_and(|connection| connection.body.enabled)
            })
    }

    /// Returns the tags that a pattern selects, in order of path.
    pub fn select(&self, pattern: &Pattern) -> Vec<&Arc<TagEntry>> {
        if let Some(path) = pattern.literal() {
            return self.tag_by_path(path).into_iter().collect();
        }
        let text = pattern.as_str();
        let fixed = &text[..text.find('*').unwrap_or(text.len())];
        // "a/**" also selects "a", which stands before "a/" in the order
        let fixed = fixed.strip_suffix('/').unwrap_or(fixed);
        self.with_folded_prefix(fixed)
            .filter(|tag| pattern.matches(tag.path()))
            .collect()
    }

    /// Returns the tags whose path holds `text`, upper and lower case as one, in order of path.
    pub fn search<'a>(&'a self, text: &str) -> impl Iterator<Item = &'a Arc<TagEntry>> + use<'a> {
        let needle = order::fold(text);
        self.tags()
            .filter(move |tag| order::contains_folded(tag.path().as_str(), &needle))
    }

    /// Returns the tag whose path differs from `path` at most by case.
    pub(crate) fn tag_by_folded_path(&self, path: &str) -> Option<&Arc<TagEntry>> {
        let at = self
            .order
            .binary_search_by(|&index| compare_folded(self.existing(index).path().as_str(), path));
        at.ok().map(|at| self.existing(self.order[at]))
    }

    /// Returns the revision of the object of an id.
    pub fn revision_of(&self, id: ObjectId) -> Option<u64> {
        self.stamp_of(id).map(|(_, revision)| revision)
    }

    /// Returns what is expected of the samples of a tag.
    pub fn expectation(&self, tag: &TagEntry) -> Expectation {
        let rules = tag.validation();
        let polled = |device: &Arc<Object<Device>>| tag.period(device.body.period_ms);
        let period = match rules.expected_period_ms {
            Some(millis) => Some(Duration::from_millis(millis.into())),
            None if tag.formula().is_some() => {
                tag.period_ms().map(|ms| Duration::from_millis(ms.into()))
            }
            None => self.device(tag.device()).map(polled),
        };
        let micros = |period: Duration| i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        Expectation {
            period_us: period.map(micros),
            by_exception: rules.by_exception,
        }
    }

    /// Returns the time between samples of a tag; none when none are expected.
    pub(crate) fn period_of(&self, tag: &TagEntry) -> Option<Duration> {
        if tag.formula().is_some() {
            let own = tag.period_ms().map(|ms| Duration::from_millis(ms.into()));
            return self.is_calculated(tag).then(|| own.unwrap_or(ON_CHANGE));
        }
        let period = |device: &Arc<Object<Device>>| tag.period(device.body.period_ms);
        self.is_polled(tag)
            .then(|| self.device(tag.device()).map(period))
            .flatten()
    }

    /// Returns whether a tag is calculated at present: it has a formula, and it and its device
    /// are enabled.
    pub(crate) fn is_calculated(&self, tag: &TagEntry) -> bool {
        let device = self.device(tag.device());
        tag.formula().is_some() && tag.enabled() && device.is_some_and(|one| one.body.enabled)
    }

    /// Returns the tag of a device that has a name.
    pub(crate) fn sibling(&self, device: ObjectId, name: &str) -> Option<&Arc<TagEntry>> {
        let path = self.device_path(device)?;
        let there = self.tag_by_path(&format!("{path}/{name}"));
        there.filter(|tag| tag.device() == device).or_else(|| {
            // one that is placed in an asset stands elsewhere
            let mut placed = self.tags_of(device).filter(|tag| tag.asset().is_some());
            placed.find(|tag| tag.name() == name)
        })
    }

    /// Returns the tags that have a formula, in order of path.
    pub fn calculated_tags(&self) -> impl Iterator<Item = &Arc<TagEntry>> {
        let any = if self.formulas.is_empty() {
            0
        } else {
            usize::MAX
        };
        self.tags().filter(|tag| tag.formula().is_some()).take(any)
    }

    /// Returns the tags that the formula of a tag reads.
    pub fn reads(&self, tag: TagIndex) -> impl Iterator<Item = &Arc<TagEntry>> {
        let inputs = self.formulas.get(tag).into_iter();
        let inputs = inputs.flat_map(|formula| formula.inputs.iter());
        inputs.filter_map(|input| self.tag_at(*input))
    }

    /// Returns the formulas, compiled.
    pub(crate) fn formulas(&self) -> &Arc<Formulas> {
        &self.formulas
    }

    pub(crate) fn indices_of(&self, device: ObjectId) -> &[TagIndex] {
        self.tags_of.get(&device).map_or(&[], |indices| indices)
    }

    /// Returns one more than the highest number of a tag there is.
    pub(crate) fn index_end(&self) -> usize {
        self.tags.len()
    }

    fn with_folded_prefix(&self, prefix: &str) -> impl Iterator<Item = &Arc<TagEntry>> {
        let start = self.order.partition_point(|&index| {
            compare_folded(self.existing(index).path().as_str(), prefix).is_lt()
        });
        self.order[start..]
            .iter()
            .map(|&index| self.existing(index))
            .take_while(move |tag| is_folded_prefix(prefix, tag.path().as_str()))
    }

    fn existing(&self, index: TagIndex) -> &Arc<TagEntry> {
        self.tags[index.as_usize()]
            .as_ref()
            .expect("the indices name tags that exist")
    }
}

impl<T> Table<T> {
    fn revision_of(&self, id: ObjectId) -> Option<u64> {
        self.by_id.get(&id).map(|object| object.revision)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table {
            by_id: Arc::default(),
            sorted: Arc::new([]),
        }
    }
}

#[cfg(test)]
mod tests;
