//! A device made of a template.

use std::collections::HashSet;

use headworks_core::TagPath;
use headworks_core::model::{
    Alarm, Device, FieldError, ObjectBody, ObjectId, Settings, Tag, TemplateUse,
};
use headworks_hub::{Body, Edit};
use serde_json::Value;

use super::alarms;
use super::expand::{expand, expand_fields};
use super::whole::{Placed, Whole};

/// What is told when a device is made of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Name of the device.
    pub name: String,
    /// The connection it is reached through.
    pub connection: ObjectId,
    /// The asset that it is placed in.
    pub asset: Option<ObjectId>,
    /// Where its tags stand, below its asset if it has one.
    pub path: TagPath,
    /// Whether it is polled.
    pub enabled: bool,
    /// Free text.
    pub description: String,
    /// Settings that are not as the template says, or that it does not say.
    pub settings: Settings,
    /// Values of parameters; those that are not told have their defaults.
    pub parameters: Settings,
}

/// A device with its tags, as a template makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The device.
    pub device: Device,
    /// Its tags, in the order of the template.
    pub tags: Vec<Tag>,
    /// Its alarms; the tags they name are not made yet and stand for their places in `tags`.
    pub(super) alarms: Vec<Alarm>,
}

/// Why no device can be made of a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A parameter is missing, unknown or has a value that does not fit.
    #[error("parameter {name}: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The template is wrong, at least with these parameters.
    #[error("template {}: {}", .0.field, .0.reason)]
    Template(FieldError),
}

/// Most mistakes of one template that are told.
pub(super) const ERRORS_MAX: usize = 100;

/// Period of devices whose template says none.
const PERIOD_MS: u32 = 1000;

impl From<FieldError> for TemplateError {
    fn from(error: FieldError) -> TemplateError {
        TemplateError::Template(error)
    }
}

impl Made {
    /// Returns the edits that make the device under an id, its tags and its alarms.
    pub fn into_edits(self, id: ObjectId, mut new_id: impl FnMut() -> ObjectId) -> Vec<Edit> {
        let create = |id: ObjectId, body: Body| Edit::Create { id: Some(id), body };
        let tags: Vec<(ObjectId, Tag)> = self.tags.into_iter().map(|tag| (new_id(), tag)).collect();
        let tag_id = |at: usize| tags[at].0;
        let alarms: Vec<Edit> = self
            .alarms
            .into_iter()
            .map(|alarm| create(new_id(), alarms::placed(alarm, tag_id).into()))
            .collect();
        let device = create(id, self.device.into());
        let tags = tags.into_iter().map(|(id, tag)| create(id, tag.into()));
        std::iter::once(device).chain(tags).chain(alarms).collect()
    }
}

/// Makes the device `device` of the template `template`, without applying anything.
///
/// # Errors
///
/// Every parameter that does not fit; when they do, up to 100 mistakes of the template.
pub fn make(
    whole: &Whole<'_>,
    template: ObjectId,
    device: ObjectId,
    wanted: &Wanted,
) -> Result<Made, Vec<TemplateError>> {
    let parameters = values(whole, &wanted.parameters)?;
    let mut errors = Vec::new();
    let mut settings = settings(whole, &parameters, &mut errors);
    settings.extend(wanted.settings.clone());
    let tags = tags(whole, device, &parameters, &mut errors);
    let alarms = alarms::alarms(whole, &tags, &parameters, &mut errors);
    if !errors.is_empty() {
        errors.truncate(ERRORS_MAX);
        return Err(errors.into_iter().map(TemplateError::from).collect());
    }
    let device = Device {
        name: wanted.name.clone(),
        connection: wanted.connection,
        asset: wanted.asset,
        path: wanted.path.clone(),
        enabled: wanted.enabled,
        period_ms: whole.period_ms().unwrap_or(PERIOD_MS),
        settings,
        template: Some(TemplateUse {
            id: template,
            version: whole.template().version.clone(),
            parameters: wanted.parameters.clone(),
        }),
        description: wanted.description.clone(),
    };
    Ok(Made {
        device,
        tags,
        alarms,
    })
}

/// Returns the value of every parameter: what is told, else the default.
pub(super) fn values(whole: &Whole<'_>, told: &Settings) -> Result<Settings, Vec<TemplateError>> {
    let parameters = whole.parameters();
    let (mut values, mut errors) = (Settings::new(), Vec::new());
    let mut wrong = |name: &str, reason: String| {
        let name = name.to_owned();
        errors.push(TemplateError::Parameter { name, reason });
    };
    for parameter in &parameters {
        let value = told.get(&parameter.name).or(parameter.default.as_ref());
        let Some(value) = value else {
            wrong(&parameter.name, "is missing and has no default".to_owned());
            continue;
        };
        match parameter.check_value(value) {
            Ok(()) => drop(values.insert(parameter.name.clone(), value.clone())),
            Err(reason) => wrong(&parameter.name, reason),
        }
    }
    let is_known = |name: &String| parameters.iter().any(|one| one.name == *name);
    for name in told.keys().filter(|name| !is_known(name)) {
        let known: Vec<&str> = parameters.iter().map(|one| one.name.as_str()).collect();
        let reason = match known.is_empty() {
            true => "is unknown; the template has no parameters".to_owned(),
            false => format!("is unknown; the template has {}", known.join(", ")),
        };
        wrong(name, reason);
    }
    if errors.is_empty() {
        return Ok(values);
    }
    errors.truncate(ERRORS_MAX);
    Err(errors)
}

/// Returns the settings that the template says.
pub(super) fn settings(
    whole: &Whole<'_>,
    parameters: &Settings,
    errors: &mut Vec<FieldError>,
) -> Settings {
    let mut settings = Settings::new();
    for (name, (place, value)) in whole.settings() {
        match expand(value, &place, parameters) {
            Ok(value) => drop(settings.insert(name.to_owned(), value)),
            Err(error) => errors.push(error),
        }
    }
    settings
}

fn tags(
    whole: &Whole<'_>,
    device: ObjectId,
    parameters: &Settings,
    errors: &mut Vec<FieldError>,
) -> Vec<Tag> {
    let (mut tags, mut names) = (Vec::new(), HashSet::new());
    for placed in whole.tags() {
        match tag(&placed, device, parameters) {
            Ok(tag) if !names.insert(tag.name.as_str().to_lowercase()) => {
                let reason = format!("another tag is called {} already", tag.name.as_str());
                errors.push(FieldError::new(format!("{}/name", placed.0), reason));
            }
            Ok(tag) => tags.push(tag),
            Err(error) if errors.len() < ERRORS_MAX => errors.push(error),
            Err(_) => {}
        }
    }
    tags
}

fn tag(
    (place, fields): &Placed<'_, Settings>,
    device: ObjectId,
    parameters: &Settings,
) -> Result<Tag, FieldError> {
    if let Some(field) = ["device", "asset"]
        .iter()
        .find(|&&one| fields.contains_key(one))
    {
        let reason = "is said when a device is made, not in a template; take it away";
        return Err(FieldError::new(format!("{place}/{field}"), reason));
    }
    let mut fields = expand_fields(fields, place, parameters)?;
    fields.insert("device".to_owned(), device.to_string().into());
    let tag: Tag = read(Value::Object(fields), place)?;
    tag.check()
        .map_err(|error| FieldError::new(format!("{place}{}", error.field), error.reason))?;
    Ok(tag)
}

/// Reads a part of a file; a mistake is told with its place.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    value: Value,
    place: &str,
) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = match path.as_str() {
            "." => String::new(),
            path => format!("/{}", path.replace(['.', '['], "/").replace(']', "")),
        };
        FieldError::new(format!("{place}{field}"), error.into_inner())
    })
}
