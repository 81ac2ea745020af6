//! A template of what a SunSpec device says of itself.
//!
//! Source: the published SunSpec information models; those that are known stand in `points`. A
//! scale factor is a register of its own. It is read once and becomes the scale of the tags; it
//! becomes a tag too, which is doubtful as soon as the device says another one.

mod points;

use std::collections::BTreeMap;

use headworks_core::model::{ObjectId, ParameterType, Settings, Template, TemplateParameter};
use headworks_hub::{Edit, Plant};
use headworks_protocols::modbus::sunspec::{Identity, Model, SunSpec};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::template::library::Loading;
use points::{Factor, Inputs, Kind, Known, Point};

/// What is told of the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The unit that was asked.
    pub unit_id: u8,
    /// Name of the template; that of maker and type when absent.
    pub name: Option<String>,
    /// Whether points become tags of which the device says at present that it has none.
    pub keep_absent: bool,
}

/// A template with what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Who the device says that it is.
    pub identity: Option<Identity>,
    /// The template, ready to be saved.
    pub template: Template,
    /// The models of the device.
    pub models: Vec<ModelReport>,
}

/// A model of a SunSpec device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ModelReport {
    /// Its number.
    pub id: u16,
    /// What it is; empty when its points are not known here.
    pub title: &'static str,
    /// Address of its number, from 0.
    pub address: u16,
    /// Registers behind number and length.
    pub length: u16,
    /// How many tags are made of it.
    pub tags: usize,
    /// Points of which the device says at present that it has none, as the model calls them.
    pub absent: Vec<String>,
    /// What is not as it should be.
    pub problems: Vec<String>,
}

/// How a template comes into the plant.
#[derive(Clone, Debug, PartialEq)]
pub struct Saving {
    /// What becomes of it: created, updated or unchanged.
    pub loading: Loading,
    /// Its id in the plant.
    pub id: ObjectId,
    /// The revision of the one that it replaces.
    pub revision: Option<u64>,
    /// What it is then.
    pub template: Template,
}

/// A name of a template that is no reading of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template {0:?} was not read from a SunSpec device; give another name")]
pub struct NameTaken(pub String);

/// What the source of every such template begins with.
const SOURCE: &str = "Read from the device by SunSpec";

/// Most inputs of a model that become tags.
const INPUTS_MAX: u16 = 64;

/// Most tags of a template.
const TAGS_MAX: usize = 10_000;

/// How often texts are asked, which hardly ever change.
const TEXTS_MS: u32 = 3_600_000;

/// Makes a template of what a device says of itself.
pub fn read(found: &SunSpec, wanted: &Wanted) -> Reading {
    let identity = found.identity();
    let mut chain = Chain {
        keep_absent: wanted.keep_absent,
        tags: Vec::new(),
        seen: BTreeMap::new(),
    };
    let models: Vec<ModelReport> = found
        .models
        .iter()
        .map(|model| chain.model(model))
        .collect();
    let who = identity.clone().unwrap_or_default();
    let template = Template {
        name: name(wanted, &who),
        version: "1".to_owned(),
        vendor: cut(&who.manufacturer, 128),
        model: cut(&who.model, 128),
        source: source(found),
        description: description(&who),
        protocol: "modbus".to_owned(),
        base: None,
        parameters: vec![unit_parameter(wanted.unit_id)],
        period_ms: None,
        settings: settings(found),
        tags: chain.tags,
        alarms: Vec::new(),
        widgets: Vec::new(),
    };
    Reading {
        identity,
        template,
        models,
    }
}

/// Returns how a template comes into the plant: it is made, or replaces an earlier reading of its
/// name as its next version.
///
/// # Errors
///
/// [`NameTaken`].
pub fn saving(
    plant: &Plant,
    template: &Template,
    new_id: &mut dyn FnMut() -> ObjectId,
) -> Result<Saving, NameTaken> {
    let mut standing = plant.templates().iter();
    let Some(object) = standing.find(|object| object.body.name == template.name) else {
        return Ok(Saving {
            loading: Loading::Created,
            id: new_id(),
            revision: None,
            template: template.clone(),
        });
    };
    let renewed = renewed(template, &object.body)?;
    Ok(Saving {
        loading: renewed
            .as_ref()
            .map_or(Loading::Unchanged, |_| Loading::Updated),
        id: object.id,
        revision: Some(object.revision),
        template: renewed.unwrap_or_else(|| object.body.clone()),
    })
}

impl Saving {
    /// Returns the edits that do it, none when nothing changes.
    pub fn edits(&self) -> Vec<Edit> {
        let body = || self.template.clone().into();
        match (self.loading, self.revision) {
            (Loading::Unchanged, _) => Vec::new(),
            (_, Some(_)) => vec![Edit::Update {
                id: self.id,
                expected: self.revision,
                body: body(),
            }],
            (_, None) => vec![Edit::Create {
                id: Some(self.id),
                body: body(),
            }],
        }
    }
}

/// Returns what an earlier reading becomes, nothing when it says the same. Its tiles stay.
///
/// # Errors
///
/// [`NameTaken`].
pub fn renewed(template: &Template, earlier: &Template) -> Result<Option<Template>, NameTaken> {
    if !earlier.source.starts_with(SOURCE) {
        return Err(NameTaken(template.name.clone()));
    }
    let mut renewed = Template {
        version: earlier.version.clone(),
        alarms: earlier.alarms.clone(),
        widgets: earlier.widgets.clone(),
        ..template.clone()
    };
    if renewed == *earlier {
        return Ok(None);
    }
    let number = earlier.version.parse::<u32>().unwrap_or(1);
    renewed.version = number.saturating_add(1).to_string();
    Ok(Some(renewed))
}

fn name(wanted: &Wanted, who: &Identity) -> String {
    let said = format!("{} {}", who.manufacturer, who.model);
    let name = match (&wanted.name, said.trim()) {
        (Some(name), _) => name,
        (None, "") => "SunSpec device",
        (None, said) => said,
    };
    cut(name, 128)
}

fn source(found: &SunSpec) -> String {
    let ids: Vec<String> = found
        .models
        .iter()
        .map(|model| model.id.to_string())
        .collect();
    let base = found.base;
    cut(
        &format!(
            "{SOURCE}: models {} from holding register {base} on",
            ids.join(", ")
        ),
        1000,
    )
}

fn description(who: &Identity) -> String {
    let firmware = match who.version.as_str() {
        "" => String::new(),
        version => format!(" Firmware {version}."),
    };
    cut(
        &format!(
            "Scales are the scale factors that the device had when it was read; a tag whose name \
             ends in _sf is doubtful when it has another one since: read it again then.{firmware}"
        ),
        4000,
    )
}

fn settings(found: &SunSpec) -> Settings {
    let mut settings = Settings::from_iter([("unit_id".to_owned(), json!("${unit_id}"))]);
    if let Some(read_max) = found.read_max {
        settings.insert("max_registers".to_owned(), read_max.into());
    }
    settings
}

fn unit_parameter(unit_id: u8) -> TemplateParameter {
    TemplateParameter {
        name: "unit_id".to_owned(),
        parameter_type: ParameterType::Integer,
        default: Some(unit_id.into()),
        min: Some(0.0),
        max: Some(255.0),
        description: String::new(),
    }
}

/// Returns a text of at most so many bytes, without blanks around it.
fn cut(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim().to_owned()
}

/// The models of a device, on their way to tags.
struct Chain {
    keep_absent: bool,
    tags: Vec<Settings>,
    seen: BTreeMap<&'static str, usize>,
}

/// A place in a model: where its points count from, and what the names of its tags begin with.
struct Part<'a> {
    model: &'a Model,
    prefix: String,
    /// Registers from the number of the model to the begin of the part.
    begin: u16,
    period_ms: Option<u32>,
}

impl Chain {
    fn model(&mut self, model: &Model) -> ModelReport {
        let mut report = ModelReport {
            id: model.id,
            title: "",
            address: model.address,
            length: model.length,
            tags: 0,
            absent: Vec::new(),
            problems: model.problem.iter().cloned().collect(),
        };
        if let Some(known) = points::of(model.id) {
            let before = self.tags.len();
            report.title = known.title;
            self.known(model, &known, &mut report);
            report.tags = self.tags.len() - before;
        }
        report
    }

    fn known(&mut self, model: &Model, known: &Known, report: &mut ModelReport) {
        check_length(model, known, report);
        let mut part = Part {
            model,
            prefix: self.prefix(known.prefix),
            begin: 0,
            period_ms: known.period_ms,
        };
        let mut factors = BTreeMap::new();
        self.part(&part, known.points, &mut factors, report);
        if let Some(inputs) = known.inputs {
            let prefix = part.prefix.clone();
            for number in 0..count(model, known, inputs, report) {
                part.prefix = format!("{prefix}_input_{}", number + 1);
                part.begin = 2 + known.length + number * inputs.size;
                self.part(&part, inputs.points, &mut factors, report);
            }
            part.prefix = prefix;
        }
        for (factor, exponent) in factors {
            self.push(
                factor_tag(&part, Factor(factor.1, factor.0), exponent),
                report,
            );
        }
    }

    /// The first of its kind has plain names, e.g. `meter_current`, others `meter_2_current`.
    fn prefix(&mut self, prefix: &'static str) -> String {
        let number = self.seen.entry(prefix).or_default();
        *number += 1;
        match *number {
            1 => prefix.to_owned(),
            number => format!("{prefix}_{number}"),
        }
    }

    /// Makes the tags of a part; `factors` are those that are used, by place and name.
    fn part(
        &mut self,
        part: &Part<'_>,
        points: &'static [Point],
        factors: &mut BTreeMap<(u16, &'static str), i16>,
        report: &mut ModelReport,
    ) {
        for point in points {
            let Some(raw) = part
                .model
                .words(part.begin + point.offset, point.kind.registers())
            else {
                continue; // said with the length, or with why it could not be read
            };
            if point.kind.is_absent(raw) {
                report.absent.push(part.id_of(point));
                if !self.keep_absent {
                    continue;
                }
            }
            let mut tag = tag(part, point);
            if let Some(factor) = point.factor {
                match exponent(part.model, factor) {
                    Ok(exponent) => {
                        set_scale(&mut tag, exponent);
                        factors.insert((factor.1, factor.0), exponent);
                    }
                    Err(reason) => note(report, reason),
                }
            }
            self.push(tag, report);
        }
    }

    fn push(&mut self, tag: Settings, report: &mut ModelReport) {
        if self.tags.len() < TAGS_MAX {
            self.tags.push(tag);
        } else {
            note(
                report,
                format!("a template has at most {TAGS_MAX} tags; the others are left out"),
            );
        }
    }
}

impl Part<'_> {
    /// Returns what the model calls a point, with the number of its input where it has one.
    fn id_of(&self, point: &Point) -> String {
        match self.prefix.rsplit_once("_input_") {
            Some((_, number)) => format!("{}[{number}]", point.id),
            None => point.id.to_owned(),
        }
    }

    fn address(&self, offset: u16) -> String {
        // A part that was read ends at 65535 at the latest.
        format!(
            "HR{}",
            u32::from(self.model.address) + u32::from(self.begin + offset)
        )
    }
}

fn note(report: &mut ModelReport, problem: String) {
    if !report.problems.contains(&problem) {
        report.problems.push(problem);
    }
}

fn check_length(model: &Model, known: &Known, report: &mut ModelReport) {
    let (found, published) = (model.length, known.length);
    let is_repeated = known.inputs.is_some() && published <= found;
    // Devices of before version 1.5 have a common model without its last, empty register.
    let is_old_common = model.id == 1 && found + 1 == published;
    if found != published && !is_repeated && !is_old_common {
        let reason = match found < published {
            true => format!(
                "{found} registers, where the published model has {published}: points behind \
                 them are left out"
            ),
            false => format!(
                "{found} registers, where the published model has {published}: the points may \
                 stand elsewhere; check them"
            ),
        };
        report.problems.push(reason);
    }
}

/// Returns how many inputs there are: what the model says, as far as its length allows.
fn count(model: &Model, known: &Known, inputs: Inputs, report: &mut ModelReport) -> u16 {
    let room = model.length.saturating_sub(known.length) / inputs.size;
    let said = model.words(inputs.count, 1).map_or(0, |words| words[0]);
    if room < said && said != 0xFFFF {
        let reason = format!("{said} inputs are said; there is room for {room}");
        report.problems.push(reason);
    }
    if INPUTS_MAX < said.min(room) {
        let reason = format!("{} inputs; tags are made of {INPUTS_MAX}", said.min(room));
        report.problems.push(reason);
    }
    said.min(room).min(INPUTS_MAX)
}

fn tag(part: &Part<'_>, point: &Point) -> Settings {
    let mut tag = Settings::new();
    let mut set = |name: &str, value: Value| drop(tag.insert(name.to_owned(), value));
    set("name", format!("{}_{}", part.prefix, point.name).into());
    set("address", part.address(point.offset).into());
    set("data_type", point.kind.data_type().into());
    let mut description = format!("SunSpec {} {}", part.model.id, part.id_of(point));
    if !point.meaning.is_empty() {
        description = format!("{description}: {}", point.meaning);
    }
    set("description", description.into());
    if !point.unit.is_empty() {
        set("unit", point.unit.into());
    }
    if let Some(period_ms) = part.period_ms {
        set("period_ms", period_ms.into());
    }
    if let Kind::Text(length) = point.kind {
        set("length", length.into());
        set("period_ms", TEXTS_MS.into());
    }
    if let Some(invalid) = point.kind.invalid() {
        set("invalid", json!([invalid]));
    }
    tag
}

/// Returns a scale factor: an exponent of ten, -10 to 10.
fn exponent(model: &Model, factor: Factor) -> Result<i16, String> {
    let Factor(id, offset) = factor;
    let Some(&[raw]) = model.words(offset, 1) else {
        return Err(format!(
            "scale factor {id} is not there: its values are not scaled"
        ));
    };
    let exponent = raw.cast_signed();
    match exponent {
        -10..=10 => Ok(exponent),
        i16::MIN => Err(format!(
            "scale factor {id} has no value: its values are not scaled"
        )),
        _ => Err(format!(
            "scale factor {id} is {exponent}, beyond -10 to 10: its values are not scaled"
        )),
    }
}

fn set_scale(tag: &mut Settings, exponent: i16) {
    // Through text, so that 10^-1 is 0.1 and not a neighbour of it.
    let scale = format!("1e{exponent}").parse::<f64>();
    if let Ok(scale) = scale
        && exponent != 0
    {
        tag.insert("scale".to_owned(), json!(scale));
        tag.insert("decimals".to_owned(), json!((-exponent).clamp(0, 9)));
    }
}

/// A scale factor as a tag, which is doubtful when it is not as it was.
fn factor_tag(part: &Part<'_>, factor: Factor, exponent: i16) -> Settings {
    let Factor(id, offset) = factor;
    let mut tag = Settings::new();
    let mut set = |name: &str, value: Value| drop(tag.insert(name.to_owned(), value));
    set(
        "name",
        format!("{}_{}", part.prefix, id.to_lowercase()).into(),
    );
    let address = u32::from(part.model.address) + u32::from(offset);
    set("address", format!("HR{address}").into());
    set("data_type", "int16".into());
    set("min", json!(f64::from(exponent) - 0.5));
    set("max", json!(f64::from(exponent) + 0.5));
    set("invalid", json!([i16::MIN]));
    let model = part.model.id;
    let description = format!("SunSpec {model} {id}: {exponent} when the device was read");
    set("description", description.into());
    if let Some(period_ms) = part.period_ms {
        set("period_ms", period_ms.into());
    }
    tag
}

#[cfg(test)]
mod tests;
