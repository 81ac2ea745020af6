//! Drift: what of a device is no longer as its template would make it now, and the way back.

use std::collections::{BTreeSet, HashMap};

use headworks_core::model::{Alarm, Device, Object, ObjectId, Settings, Tag, TemplateUse};
use headworks_hub::{Edit, Plant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::alarms;
use super::make::{Made, TemplateError, Wanted, make};
use super::whole::Whole;

/// What of a device is not as its template would make it now.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Drift {
    /// The template.
    pub template: ObjectId,
    /// Its name.
    pub name: String,
    /// The version that was applied last.
    pub applied_version: String,
    /// The version that it has now.
    pub version: String,
    /// Settings and period of the device that differ.
    pub settings: Vec<FieldDrift>,
    /// Tags that the template makes and the device does not have.
    pub missing: Vec<MissingTag>,
    /// Tags of the device that the template does not make.
    pub extra: Vec<ExtraTag>,
    /// Tags that differ.
    pub changed: Vec<ChangedTag>,
    /// How many tags are as the template makes them.
    pub unchanged: usize,
    /// Alarms that the template makes and the device does not have. Those that it does not make are
    /// the device's own, and no drift.
    pub missing_alarms: Vec<MissingAlarm>,
    /// Alarms that differ.
    pub changed_alarms: Vec<ChangedAlarm>,
}

/// A field that is not as the template says.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldDrift {
    /// JSON pointer of the field, e.g. `/settings/unit_id` or `/scale`.
    pub field: String,
    /// What it is; null where it has its default.
    pub is: Option<Value>,
    /// What the template makes it; null for its default.
    pub wanted: Option<Value>,
}

/// A tag that the device does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingTag {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
}

/// A tag that the template does not make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExtraTag {
    /// The tag.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
}

/// A tag that is not as the template makes it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChangedTag {
    /// The tag.
    pub id: ObjectId,
    /// Its name.
    pub name: String,
    /// The fields that differ.
    pub fields: Vec<FieldDrift>,
}

/// An alarm that the device does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingAlarm {
    /// Name of its tag.
    pub tag: String,
    /// Its name.
    pub name: String,
}

/// An alarm that is not as the template makes it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChangedAlarm {
    /// The alarm.
    pub id: ObjectId,
    /// Name of its tag.
    pub tag: String,
    /// Its name.
    pub name: String,
    /// The fields that differ.
    pub fields: Vec<FieldDrift>,
}

/// A device beside what its template would make now.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What differs.
    pub drift: Drift,
    device: Object<Device>,
    made: Made,
    /// Settings of the device as the template says them.
    settings: Settings,
    /// Each changed tag: revision, and what it is to be.
    changed: Vec<(ObjectId, u64, Tag)>,
    /// Tags that are to be made: place among those of the template, and the tag.
    missing: Vec<(usize, Tag)>,
    extra: Vec<(ObjectId, u64)>,
    /// The tags of the device that are those of the template, by place.
    found: Vec<Option<ObjectId>>,
    /// Each changed alarm: revision, and what it is to be.
    changed_alarms: Vec<(ObjectId, u64, Alarm)>,
    /// Alarms that are to be made; their tags stand for places.
    missing_alarms: Vec<Alarm>,
}

/// How a template is applied again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reapply {
    /// Whether tags go that the template does not make.
    pub delete_extra: bool,
    /// Whether settings and period of the device stay as they are.
    pub keep_settings: bool,
}

/// Why a device cannot be compared with its template.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DriftError {
    /// There is no such device.
    #[error("device {0} does not exist")]
    NoDevice(ObjectId),
    /// The device was not made of a template.
    #[error("device {0:?} was not made of a template")]
    NoTemplate(String),
    /// The template was deleted.
    #[error("the template {0} of device {1:?} does not exist any more; restore it from the bin")]
    Gone(ObjectId, String),
    /// The template makes nothing with the parameters of the device.
    #[error("{}", list(.0))]
    Template(Vec<TemplateError>),
}

fn list(errors: &[TemplateError]) -> String {
    let texts: Vec<String> = errors.iter().take(5).map(ToString::to_string).collect();
    texts.join("; ")
}

/// Compares a device with what its template makes now; `parameters` change those of the device.
///
/// # Errors
///
/// [`DriftError`].
pub fn compare(
    plant: &Plant,
    device: ObjectId,
    parameters: &Settings,
) -> Result<Comparison, DriftError> {
    let object = plant.device(device).ok_or(DriftError::NoDevice(device))?;
    let name = || object.body.name.clone();
    let used = object.body.template.as_ref();
    let used = used.ok_or_else(|| DriftError::NoTemplate(name()))?;
    let template = plant.template(used.id);
    let template = template.ok_or_else(|| DriftError::Gone(used.id, name()))?;
    let whole = Whole::of(plant, &template.body);
    let wanted = wanted(&object.body, &whole, used, parameters);
    let made = make(&whole, used.id, device, &wanted).map_err(DriftError::Template)?;
    let mut comparison = Comparison {
        drift: Drift {
            template: used.id,
            name: template.body.name.clone(),
            applied_version: used.version.clone(),
            version: template.body.version.clone(),
            settings: Vec::new(),
            missing: Vec::new(),
            extra: Vec::new(),
            changed: Vec::new(),
            unchanged: 0,
            missing_alarms: Vec::new(),
            changed_alarms: Vec::new(),
        },
        device: Object::clone(object),
        settings: made.device.settings.clone(),
        found: vec![None; made.tags.len()],
        changed_alarms: Vec::new(),
        missing_alarms: Vec::new(),
        made,
        changed: Vec::new(),
        missing: Vec::new(),
        extra: Vec::new(),
    };
    comparison.compare_settings(whole.period_ms());
    comparison.compare_tags(plant);
    comparison.compare_alarms(plant);
    Ok(comparison)
}

/// Returns what the device was made with; parameters that the template no longer has are left out.
fn wanted(device: &Device, whole: &Whole<'_>, used: &TemplateUse, parameters: &Settings) -> Wanted {
    let known = whole.parameters();
    let is_known = |name: &String| known.iter().any(|one| one.name == *name);
    let kept = used.parameters.iter().filter(|(name, _)| is_known(name));
    let mut values: Settings = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    values.extend(parameters.clone());
    Wanted {
        name: device.name.clone(),
        connection: device.connection,
        asset: device.asset,
        path: device.path.clone(),
        enabled: device.enabled,
        description: device.description.clone(),
        settings: Settings::new(),
        parameters: values,
    }
}

impl Comparison {
    /// Returns the edits that make the device as its template makes it now. Tags keep their ids,
    /// and thereby their history; none when there is nothing to do.
    pub fn edits(&self, how: Reapply, mut new_id: impl FnMut() -> ObjectId) -> Vec<Edit> {
        let mut ids = self.found.clone();
        let mut edits = Vec::new();
        let device = self.device_after(how);
        if device != self.device.body {
            edits.push(Edit::Update {
                id: self.device.id,
                expected: Some(self.device.revision),
                body: device.into(),
            });
        }
        for (id, revision, tag) in &self.changed {
            edits.push(Edit::Update {
                id: *id,
                expected: Some(*revision),
                body: tag.clone().into(),
            });
        }
        for (at, tag) in &self.missing {
            let id = new_id();
            ids[*at] = Some(id);
            edits.push(Edit::Create {
                id: Some(id),
                body: tag.clone().into(),
            });
        }
        self.add_alarms(&ids, &mut edits);
        if how.delete_extra {
            edits.extend(self.extra.iter().map(|&(id, revision)| Edit::Delete {
                id,
                expected: Some(revision),
                cascade: false,
            }));
        }
        edits
    }

    fn add_alarms(&self, ids: &[Option<ObjectId>], edits: &mut Vec<Edit>) {
        for (id, revision, alarm) in &self.changed_alarms {
            edits.push(Edit::Update {
                id: *id,
                expected: Some(*revision),
                body: alarm.clone().into(),
            });
        }
        for alarm in &self.missing_alarms {
            let tag_id = |at: usize| ids[at].unwrap_or(self.device.id);
            edits.push(Edit::create(alarms::placed(alarm.clone(), tag_id)));
        }
    }

    fn device_after(&self, how: Reapply) -> Device {
        let mut device = self.device.body.clone();
        device.template.clone_from(&self.made.device.template);
        if !how.keep_settings {
            device.settings.extend(self.settings.clone());
            device.period_ms = self.made.device.period_ms;
        }
        device
    }

    /// A setting that the template does not say is the device's own and no drift.
    fn compare_settings(&mut self, period_ms: Option<u32>) {
        let now = &self.device.body;
        for (name, wanted) in &self.settings {
            let is = now.settings.get(name);
            if is != Some(wanted) {
                self.drift.settings.push(FieldDrift {
                    field: format!("/settings/{name}"),
                    is: is.cloned(),
                    wanted: Some(wanted.clone()),
                });
            }
        }
        match period_ms {
            Some(wanted) if wanted != now.period_ms => self.drift.settings.push(FieldDrift {
                field: "/period_ms".to_owned(),
                is: Some(now.period_ms.into()),
                wanted: Some(wanted.into()),
            }),
            Some(_) => {}
            None => self.made.device.period_ms = now.period_ms,
        }
    }

    fn compare_tags(&mut self, plant: &Plant) {
        let mut standing = Standing::new(plant, self.device.id);
        let mut left = Vec::new();
        for (at, tag) in self.made.tags.clone().into_iter().enumerate() {
            match standing.take_name(&tag) {
                Some(object) => self.compare_tag(at, &object, tag),
                None => left.push((at, tag)),
            }
        }
        // What has another name but the same place is the same tag, so that it keeps its history.
        for (at, tag) in left {
            match standing.take_place(&tag) {
                Some(object) => self.compare_tag(at, &object, tag),
                None => {
                    self.drift.missing.push(MissingTag {
                        name: tag.name.as_str().to_owned(),
                        address: tag.address.clone(),
                    });
                    self.missing.push((at, tag));
                }
            }
        }
        for object in standing.rest() {
            self.drift.extra.push(ExtraTag {
                id: object.id,
                name: object.body.name.as_str().to_owned(),
            });
            self.extra.push((object.id, object.revision));
        }
    }

    fn compare_alarms(&mut self, plant: &Plant) {
        for alarm in self.made.alarms.clone() {
            let places = alarms::places(&alarm);
            let Some(tag) = places.first().map(|&at| &self.made.tags[at].name) else {
                continue; // the template was checked: every alarm has a tag
            };
            let tag = tag.as_str().to_owned();
            let is_whole = places.iter().all(|&at| self.found[at].is_some());
            let found = self.found.clone();
            let tag_id = |at: usize| found[at].unwrap_or(self.device.id);
            let wanted = alarms::placed(alarm.clone(), tag_id);
            let standing = wanted.tag.map_or(&[][..], |tag| plant.alarms_of(tag));
            let now = standing.iter().find(|now| now.body.name == wanted.name);
            match now.filter(|_| is_whole) {
                Some(now) => self.compare_alarm(tag, now, wanted),
                None => {
                    let name = alarm.name.clone();
                    self.drift.missing_alarms.push(MissingAlarm { tag, name });
                    self.missing_alarms.push(alarm);
                }
            }
        }
    }

    fn compare_alarm(&mut self, tag: String, now: &Object<Alarm>, wanted: Alarm) {
        let fields = differences(&now.body, &wanted);
        if !fields.is_empty() {
            self.drift.changed_alarms.push(ChangedAlarm {
                id: now.id,
                tag,
                name: wanted.name.clone(),
                fields,
            });
            self.changed_alarms.push((now.id, now.revision, wanted));
        }
    }

    fn compare_tag(&mut self, at: usize, now: &Object<Tag>, mut wanted: Tag) {
        self.found[at] = Some(now.id);
        wanted.asset = now.body.asset;
        let fields = differences(&now.body, &wanted);
        if fields.is_empty() {
            self.drift.unchanged += 1;
            return;
        }
        self.drift.changed.push(ChangedTag {
            id: now.id,
            name: now.body.name.as_str().to_owned(),
            fields,
        });
        self.changed.push((now.id, now.revision, wanted));
    }
}

/// The tags of a device that nothing of the template was found for yet, in order of path.
struct Standing {
    tags: Vec<Option<Object<Tag>>>,
    names: HashMap<String, usize>,
}

impl Standing {
    fn new(plant: &Plant, device: ObjectId) -> Standing {
        let tags: Vec<_> = plant
            .tags_of(device)
            .map(|tag| Some(tag.object()))
            .collect();
        let named = tags.iter().flatten().enumerate();
        let names = named.map(|(at, tag)| (folded(&tag.body), at)).collect();
        Standing { tags, names }
    }

    fn take_name(&mut self, wanted: &Tag) -> Option<Object<Tag>> {
        let at = *self.names.get(&folded(wanted))?;
        self.tags[at].take()
    }

    fn take_place(&mut self, wanted: &Tag) -> Option<Object<Tag>> {
        let is_same = |tag: &Option<Object<Tag>>| {
            tag.as_ref().is_some_and(|tag| {
                let tag = &tag.body;
                let source = (&tag.address, &tag.formula);
                (source, tag.data_type, tag.order, tag.length)
                    == (
                        (&wanted.address, &wanted.formula),
                        wanted.data_type,
                        wanted.order,
                        wanted.length,
                    )
            })
        };
        let at = self.tags.iter().position(is_same)?;
        self.tags[at].take()
    }

    fn rest(self) -> impl Iterator<Item = Object<Tag>> {
        self.tags.into_iter().flatten()
    }
}

fn folded(tag: &Tag) -> String {
    tag.name.as_str().to_lowercase()
}

fn differences<T: Serialize>(is: &T, wanted: &T) -> Vec<FieldDrift> {
    let (is, wanted) = (fields(is), fields(wanted));
    let names: BTreeSet<&String> = is.keys().chain(wanted.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|&name| is.get(name) != wanted.get(name));
    let drift = |name: &String| FieldDrift {
        field: format!("/{name}"),
        is: is.get(name).cloned(),
        wanted: wanted.get(name).cloned(),
    };
    differing.map(drift).collect()
}

fn fields(body: &impl Serialize) -> Settings {
    match serde_json::to_value(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Settings::new(),
    }
}
