//! Tags: one and many, their present value, writes.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use headworks_core::model::{Object, ObjectId, Tag};
use headworks_core::{Quality, QualityClass, Sample, Value};
use headworks_hub::{Edit, HubHandle, Plant, TagEntry};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::errors;
use super::objects::Resource;
use crate::app::App;
use crate::parse;
use crate::problem::{ApiError, Code, FieldProblem};
use crate::route::{Call, Created, Json, NoQuery, RequestBody, Revised, SchemaOf, read_json};

/// Most tags of one request.
const ROWS_MAX: usize = 10_000;

/// A tag and its present value.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagItem {
    /// The tag as it is configured.
    #[serde(flatten)]
    object: Object<Tag>,
    /// Unique name: the path of its asset or device, and its own name.
    path: String,
    /// Number under which its values come over the WebSocket.
    index: u32,
    /// Name of its device.
    device_name: String,
    /// Milliseconds between two polls: its own, or those of its device; 0 for a formula that is
    /// evaluated on change.
    poll_ms: u32,
    /// Its last sample; null before there is one.
    current: Option<Current>,
}

/// The last sample of a tag.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct Current {
    /// The value in engineering units; with a bad quality, the value it had before, if any.
    pub value: Option<Value>,
    /// OPC UA status code.
    pub quality: u32,
    /// Name of the status code.
    pub quality_name: Cow<'static, str>,
    /// Class of the quality.
    pub class: QualityClass,
    /// Time of the sample, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
}

/// One new tag, or many in one transaction.
pub(crate) enum TagPost {
    /// One.
    One(Box<Tag>),
    /// Many.
    Many(Vec<Tag>),
}

/// What was made.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TagsMade {
    /// One.
    One(Box<TagItem>),
    /// Many.
    Many {
        /// The tags in the order of the request.
        items: Vec<TagRef>,
    },
}

/// A tag that was made with others.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagRef {
    /// Lasting identity.
    id: ObjectId,
    /// Unique name.
    path: String,
    /// Number under which its values come over the WebSocket.
    index: u32,
    /// Revision, 1 for a new tag.
    revision: u64,
}

/// A value to be written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteBody {
    /// The value in engineering units; a text has at most 4000 characters.
    #[serde(deserialize_with = "short")]
    #[schemars(schema_with = "short_schema")]
    value: Value,
}

/// Most characters of a text that is written: more than any device takes.
const WRITE_MAX: usize = 4000;

fn short<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Value, D::Error> {
    let value = Value::deserialize(reader)?;
    match &value {
        Value::Text(text) if WRITE_MAX < text.chars().count() => {
            let reason = format!("a text of at most {WRITE_MAX} characters is needed");
            Err(serde::de::Error::custom(reason))
        }
        _ => Ok(value),
    }
}

fn short_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "anyOf": [
            { "type": "boolean" },
            { "type": "number" },
            { "type": "string", "maxLength": WRITE_MAX },
        ],
    })
}

/// A write that reached the device.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WriteOutcome {
    /// The value that was sent, in engineering units.
    value: Value,
    /// The value that was read back, when the device could be read.
    read_back: Option<Value>,
    /// Whether what was read back is what was written.
    confirmed: bool,
    /// When the outcome was known, microseconds since 1970-01-01 UTC.
    time_us: i64,
}

impl Resource for Tag {
    const PATH: &'static str = "/api/v1/tags";
    type Item = TagItem;

    fn item(hub: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, TagItem)> {
        let tag = plant.tag(id)?;
        Some((tag.revision(), item(hub, plant, tag)))
    }
}

/// Returns a tag as lists show it.
pub(crate) fn item(hub: &HubHandle, plant: &Plant, tag: &Arc<TagEntry>) -> TagItem {
    let device = plant.device(tag.device());
    TagItem {
        object: tag.object(),
        path: tag.path().to_string(),
        index: tag.index().0,
        poll_ms: tag
            .period_ms()
            .or_else(|| {
                let device = device.filter(|_| tag.formula().is_none());
                device.map(|device| device.body.period_ms)
            })
            .unwrap_or_default(),
        device_name: device.map_or_else(String::new, |device| device.body.name.clone()),
        current: hub.last(tag.index()).map(Current::from),
    }
}

/// Returns the tag in the path, if the caller may see it.
pub(crate) fn seen<Q, B>(call: &Call<Q, B>) -> Result<Arc<TagEntry>, ApiError> {
    let (id, caller) = (call.id()?, call.caller()?);
    let tag = call.app.hub.plant().tag(id).cloned();
    let tag = tag.filter(|tag| caller.rights.sees(tag.path()));
    tag.ok_or_else(|| ApiError::not_found("tag", id))
}

/// Answers with a tag and its present value.
pub(crate) async fn get(call: Call) -> Result<Revised<TagItem>, ApiError> {
    let tag = seen(&call)?;
    let (hub, plant) = (&call.app.hub, call.app.hub.plant());
    Ok(Revised(tag.revision(), item(hub, &plant, &tag)))
}

/// Answers with the last sample of a tag.
pub(crate) async fn current_value(call: Call) -> Result<Json<Option<Current>>, ApiError> {
    let tag = seen(&call)?;
    Ok(Json(call.app.hub.last(tag.index()).map(Current::from)))
}

/// Writes a value to the device of a tag.
pub(crate) async fn write(
    call: Call<NoQuery, Json<WriteBody>>,
) -> Result<Json<WriteOutcome>, ApiError> {
    let (tag, caller) = (seen(&call)?, call.caller()?);
    if !caller.rights.may_write(tag.path()) {
        call.app.hub.count_forbidden_write();
        let detail = format!("{} may not write {}", caller.name, tag.path());
        return Err(ApiError::new(Code::Forbidden, detail));
    }
    call.note.target("tag", tag.path().as_str());
    let last = call.app.hub.last(tag.index());
    call.note.before(&last.and_then(|last| last.value));
    call.note.after(&call.body.0.value);
    let written = call.app.hub.write(tag.id(), call.body.0.value).await;
    let written = written.map_err(errors::of_body)?;
    Ok(Json(WriteOutcome {
        value: written.value,
        read_back: written.read_back,
        confirmed: written.confirmed,
        time_us: written.time_us,
    }))
}

/// Makes one tag, or many in one transaction.
pub(crate) async fn create(call: Call<NoQuery, TagPost>) -> Result<Created<TagsMade>, ApiError> {
    let (hub, author) = (&call.app.hub, call.author()?);
    match call.body {
        TagPost::One(tag) => {
            call.note.after(&tag);
            let applied = apply(hub, &author, vec![*tag], |_| String::new()).await?;
            let plant = hub.plant();
            let made = applied
                .first()
                .and_then(|made| Tag::item(hub, &plant, made.id));
            let (revision, item) = made.ok_or_else(vanished)?;
            let place = format!("{}/{}", Tag::PATH, item.object.id);
            Ok(Created(
                place,
                Some(revision),
                TagsMade::One(Box::new(item)),
            ))
        }
        TagPost::Many(tags) => {
            call.note.after(&tags);
            let items = apply(hub, &author, tags, |row| format!("/items/{row}")).await?;
            Ok(Created(Tag::PATH.into(), None, TagsMade::Many { items }))
        }
    }
}

async fn apply(
    hub: &HubHandle,
    author: &str,
    tags: Vec<Tag>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<TagRef>, ApiError> {
    let edits = tags.into_iter().map(Edit::create).collect();
    let applied = hub.apply(edits, author).await;
    let applied = applied.map_err(|error| errors::from_hub(error, place))?;
    let plant = hub.plant();
    let made = applied.iter().filter_map(|made| plant.tag(made.id));
    let refs = made.map(|tag| TagRef {
        id: tag.id(),
        path: tag.path().to_string(),
        index: tag.index().0,
        revision: tag.revision(),
    });
    Ok(refs.collect())
}

fn vanished() -> ApiError {
    ApiError::conflict("the tag was made and deleted again by somebody else", None)
}

impl RequestBody for TagPost {
    const SHAPE: Option<(&'static str, SchemaOf)> = Some(("application/json", |schemas| {
        let tag = schemas.subschema_for::<Tag>();
        schemars::json_schema!({ "anyOf": [
            tag,
            {
                "type": "object",
                "required": ["items"],
                "additionalProperties": false,
                "properties": {
                    "items": {
                        "description": "Made all or none.",
                        "type": "array", "minItems": 1, "maxItems": ROWS_MAX, "items": tag,
                    },
                },
            },
        ] })
    }));

    async fn take(app: &App, headers: &HeaderMap, body: Body) -> Result<TagPost, ApiError> {
        read_json(app, headers, body, parse_post).await
    }
}

fn parse_post(bytes: &Bytes) -> Result<TagPost, ApiError> {
    #[derive(Deserialize)]
    struct Peek {
        items: Option<IgnoredAny>,
    }
    match parse::json::<Peek>(bytes) {
        Ok(Peek { items: Some(_) }) => parse_rows(bytes).map(TagPost::Many),
        Ok(Peek { items: None }) => parse::json(bytes).map(TagPost::One),
        Err(error) => Err(error),
    }
}

/// Reads every row, so that the client learns of all mistakes at once.
fn parse_rows(bytes: &Bytes) -> Result<Vec<Tag>, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rows {
        items: Vec<serde_json::Value>,
    }
    let rows = parse::json::<Rows>(bytes)?.items;
    if rows.is_empty() || ROWS_MAX < rows.len() {
        let reason = format!("{} tags; 1 to {ROWS_MAX} are allowed", rows.len());
        return Err(ApiError::field("/items", reason));
    }
    let (mut tags, mut errors) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, row) in rows.into_iter().enumerate() {
        match parse::json_part::<Tag>(&format!("/items/{at}"), row) {
            Ok(tag) => tags.push(tag),
            Err(error) => errors.push(error),
        }
    }
    bounded(errors).map_or(Ok(tags), |errors| Err(ApiError::fields(errors)))
}

/// Keeps the first errors of many; nothing when there are none.
fn bounded(mut errors: Vec<FieldProblem>) -> Option<Vec<FieldProblem>> {
    const SHOWN_MAX: usize = 1000;
    errors.truncate(SHOWN_MAX);
    (!errors.is_empty()).then_some(errors)
}

impl From<Sample> for Current {
    fn from(sample: Sample) -> Current {
        Current {
            value: sample.value,
            quality: sample.quality.code(),
            quality_name: quality_name(sample.quality),
            class: sample.quality.class(),
            time_us: sample.time_us,
        }
    }
}

/// Returns the name of a quality, or its code in hexadecimal digits.
pub(crate) fn quality_name(quality: Quality) -> Cow<'static, str> {
    match quality.name() {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(quality.to_string()),
    }
}
