//! Mistakes of a template, found when it is saved and not when a device is made of it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use headworks_core::model::{
    Dashboard, FieldError, ObjectBody, ObjectId, ParameterType, Settings, Tag, Template,
    TemplateParameter, Widget, WidgetGroup,
};
use headworks_core::{TagIndex, TagPath};
use headworks_hub::{Body, Edit, Plant, Problem};
use headworks_protocols::{DeviceConfig, LinkConfig, Place, Protocol, TagConfig};
use serde_json::Value;

use super::expand::expand_fields;
use super::make::{Made, TemplateError, Wanted, make, read, values};
use super::whole::Whole;

/// Where the device of a check stands.
const SAMPLE: &str = "sample";

/// An id for objects of a check, which never exist.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Makes a device of a template in thought, with default or sample values of its parameters, and
/// returns what is wrong with the template. Addresses and settings are checked by the protocol,
/// unless they may rest on a text that is told only when a device is made.
pub fn check(whole: &Whole<'_>, protocols: &[&Protocol]) -> Vec<FieldError> {
    let Some(protocol) = find(protocols, &whole.template().protocol) else {
        let names: Vec<&str> = protocols.iter().map(|protocol| protocol.name).collect();
        let name = &whole.template().protocol;
        let reason = format!("{name:?} is not one of the protocols {}", names.join(", "));
        return vec![FieldError::new("/protocol", reason)];
    };
    let samples = samples(whole);
    let (Ok(id), Ok(path)) = (NIL.parse::<ObjectId>(), SAMPLE.parse::<TagPath>()) else {
        return Vec::new();
    };
    let wanted = Wanted {
        name: SAMPLE.to_owned(),
        connection: id,
        asset: None,
        path,
        enabled: true,
        description: String::new(),
        settings: Settings::new(),
        parameters: samples.clone(),
    };
    let made = match make(whole, id, id, &wanted) {
        Ok(made) => made,
        Err(errors) => return errors.into_iter().map(as_field).collect(),
    };
    let mut errors = check_widgets(whole, &made, &samples);
    if !has_open_text(whole) {
        errors.extend(check_protocol(whole, &made, protocol));
    }
    errors
}

fn find<'a>(protocols: &[&'a Protocol], name: &str) -> Option<&'a Protocol> {
    protocols.iter().copied().find(|one| one.name == name)
}

fn as_field(error: TemplateError) -> FieldError {
    match error {
        TemplateError::Template(error) => error,
        TemplateError::Parameter { name, reason } => {
            FieldError::new("/parameters", format!("parameter {name}: {reason}"))
        }
    }
}

fn samples(whole: &Whole<'_>) -> Settings {
    let open = whole.parameters().into_iter();
    let open = open.filter(|parameter| parameter.default.is_none());
    open.map(|parameter| (parameter.name.clone(), sample(parameter)))
        .collect()
}

/// Returns a value that fits a parameter: 1, or the bound that is nearest to it.
fn sample(parameter: &TemplateParameter) -> Value {
    let near_one = || {
        let least = parameter.min.unwrap_or(1.0).max(1.0);
        parameter.max.map_or(least, |max| least.min(max))
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit is cut: a sample"
    )]
    match parameter.parameter_type {
        ParameterType::Text => SAMPLE.into(),
        ParameterType::Number => near_one().into(),
        ParameterType::Integer => (near_one() as i64).into(),
        ParameterType::Boolean => false.into(),
    }
}

/// Whether a parameter is a text without default, which an address may be made of.
fn has_open_text(whole: &Whole<'_>) -> bool {
    whole.parameters().iter().any(|parameter| {
        parameter.parameter_type == ParameterType::Text && parameter.default.is_none()
    })
}

fn check_protocol(whole: &Whole<'_>, made: &Made, protocol: &Protocol) -> Vec<FieldError> {
    let mut places = BTreeMap::new();
    let mut tags = Vec::with_capacity(made.tags.len());
    for ((place, _), (tag, number)) in whole.tags().iter().zip(made.tags.iter().zip(0..)) {
        let Ok(path) = made.device.path.join(&tag.name) else {
            continue; // the name fits every path; a deep path is said when a device is made
        };
        places.insert(path.as_str().to_owned(), place.clone());
        if tag.formula.is_none() {
            tags.push(config(tag, path, TagIndex(number), made.device.period_ms));
        }
    }
    let link = LinkConfig {
        connection: made.device.connection,
        name: SAMPLE.to_owned(),
        settings: Settings::new(),
        devices: vec![DeviceConfig {
            device: made.device.connection,
            name: SAMPLE.to_owned(),
            settings: made.device.settings.clone(),
            tags,
        }],
    };
    let errors = (protocol.check)(&link).into_iter();
    let placed = errors.filter_map(|error| {
        let place = match &error.place {
            Place::Connection => return None, // its settings are told when it is made
            Place::Device(_) => String::new(),
            Place::Tag(path) => places.get(path.as_str()).cloned().unwrap_or_default(),
        };
        Some(FieldError::new(
            format!("{place}{}", error.field),
            error.reason,
        ))
    });
    placed.collect()
}

fn config(tag: &Tag, path: TagPath, index: TagIndex, period_ms: u32) -> TagConfig {
    TagConfig {
        tag: index,
        path,
        address: tag.address.as_str().into(),
        data_type: tag.data_type,
        order: tag.order,
        length: tag.length,
        period: Duration::from_millis(tag.period_ms.unwrap_or(period_ms).into()),
        writable: tag.writable,
    }
}

fn check_widgets(whole: &Whole<'_>, made: &Made, samples: &Settings) -> Vec<FieldError> {
    let Ok(parameters) = values(whole, samples) else {
        return Vec::new(); // said already
    };
    let tags = made.tags.iter().map(|tag| tag.name.as_str());
    let tags: HashSet<&str> = tags.collect();
    let widgets = whole.widgets().into_iter();
    let errors = widgets
        .filter_map(|(place, widget)| check_widget(&place, widget, &parameters, &tags).err());
    errors.collect()
}

fn check_widget(
    place: &str,
    widget: &Settings,
    parameters: &Settings,
    tags: &HashSet<&str>,
) -> Result<(), FieldError> {
    let mut fields = expand_fields(widget, place, parameters)?;
    let bindings = fields.get_mut("bindings").and_then(Value::as_array_mut);
    for (at, binding) in bindings.into_iter().flatten().enumerate() {
        let Some(tag) = binding.get_mut("tag") else {
            continue; // said when it is read
        };
        let name = tag.as_str().unwrap_or_default();
        if !tags.contains(name) {
            let reason = format!("{name:?} is no tag of the template");
            return Err(FieldError::new(
                format!("{place}/bindings/{at}/tag"),
                reason,
            ));
        }
        *tag = NIL.into();
    }
    let widget: Widget = read(Value::Object(fields), place)?;
    let page = Dashboard {
        name: SAMPLE.to_owned(),
        order: 0,
        groups: vec![WidgetGroup {
            name: String::new(),
            description: String::new(),
            collapsed: false,
            widgets: vec![widget],
        }],
    };
    page.check().map_err(|error| {
        let field = error.field.trim_start_matches("/groups/0/widgets/0");
        FieldError::new(format!("{place}{field}"), error.reason)
    })
}

/// Checks the templates that edits make or change, and those whose base they change.
pub fn check_edits(plant: &Plant, protocols: &[&Protocol], edits: &[Edit]) -> Vec<Problem> {
    let mut drafted: BTreeMap<ObjectId, (usize, &Template)> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut fresh = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        match edit {
            Edit::Create {
                id,
                body: Body::Template(template),
            } => {
                fresh.push((at, template));
                drafted.extend(id.map(|id| (id, (at, template))));
            }
            Edit::Update {
                id,
                body: Body::Template(template),
                ..
            } => {
                fresh.push((at, template));
                drafted.insert(*id, (at, template));
            }
            _ => {}
        }
    }
    let of = |id: ObjectId| {
        let standing = plant.template(id).map(|object| &object.body);
        drafted.get(&id).map(|&(_, one)| one).or(standing)
    };
    for (at, template) in fresh {
        let whole = Whole::new(template, template.base.and_then(of));
        for error in check(&whole, protocols) {
            problems.push(Problem::new(at, error.field, error.reason));
        }
    }
    for object in plant.templates().iter() {
        let base = object.body.base.and_then(|base| drafted.get(&base));
        let Some(&(at, base)) = base.filter(|_| !drafted.contains_key(&object.id)) else {
            continue;
        };
        let whole = Whole::new(&object.body, Some(base));
        for error in check(&whole, protocols) {
            let name = &object.body.name;
            let reason = format!("template {name:?} rests on it: {error}");
            problems.push(Problem::new(at, "", reason));
        }
    }
    problems
}
