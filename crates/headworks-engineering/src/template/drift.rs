//! Drift: what of a device is no longer as its template would make it now, and the way back.

use std::collections::{BTreeSet, HashMap};

use headworks_core::model::{Device, Object, ObjectId, Settings, Tag, TemplateUse};
use headworks_hub::{Edit, Plant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

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
    missing: Vec<Tag>,
    extra: Vec<(ObjectId, u64)>,
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
        },
        device: Object::clone(object),
        settings: made.device.settings.clone(),
        made,
        changed: Vec::new(),
        missing: Vec::new(),
        extra: Vec::new(),
    };
    comparison.compare_settings(whole.period_ms());
    comparison.compare_tags(plant);
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
    pub fn edits(&self, how: Reapply) -> Vec<Edit> {
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
        edits.extend(self.missing.iter().cloned().map(Edit::create));
        if how.delete_extra {
            edits.extend(self.extra.iter().map(|&(id, revision)| Edit::Delete {
                id,
                expected: Some(revision),
                cascade: false,
            }));
        }
        edits
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
        for tag in self.made.tags.clone() {
            match standing.take_name(&tag) {
                Some(object) => self.compare_tag(&object, tag),
                None => left.push(tag),
            }
        }
        // What has another name but the same place is the same tag, so that it keeps its history.
        for tag in left {
            match standing.take_place(&tag) {
                Some(object) => self.compare_tag(&object, tag),
                None => {
                    self.drift.missing.push(MissingTag {
                        name: tag.name.as_str().to_owned(),
                        address: tag.address.clone(),
                    });
                    self.missing.push(tag);
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

    fn compare_tag(&mut self, now: &Object<Tag>, mut wanted: Tag) {
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

fn differences(is: &Tag, wanted: &Tag) -> Vec<FieldDrift> {
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

fn fields(tag: &Tag) -> Settings {
    match serde_json::to_value(tag) {
        Ok(Value::Object(fields)) => fields,
        _ => Settings::new(),
    }
}
