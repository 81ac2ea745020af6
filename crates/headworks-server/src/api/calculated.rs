//! Calculated tags: what each reads, and how its last evaluation went.

use std::sync::Arc;

use headworks_core::model::ObjectId;
use headworks_core::{Pattern, QualityClass, Rights};
use headworks_hub::{CalculatedTag, HubHandle, Plant, TagEntry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expressions::{Doubt, Input, Mistake};
use super::page::{LIMIT_MAX, Page, Window};
use super::tag_list::parse_pattern;
use super::tags::{TagItem, item, seen};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json};

/// Query parameters of the list of calculated tags.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalculatedQuery {
    /// Only tags whose path this selects: `*` within a segment, `**` for any depth.
    pattern: Option<String>,
    /// Only tags whose path or formula holds this text, upper and lower case as one.
    search: Option<String>,
    /// Only tags of this device.
    device: Option<ObjectId>,
    /// Only tags with this class of quality at present.
    quality: Option<QualityClass>,
    /// Only tags whose formula reads this tag.
    reads: Option<ObjectId>,
    /// Order; a minus turns it round. By path when absent.
    #[serde(default)]
    sort: Sort,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Orders of the list of calculated tags.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "CalculatedSort")]
enum Sort {
    #[default]
    #[serde(rename = "path")]
    Path,
    #[serde(rename = "-path")]
    PathDown,
    #[serde(rename = "quality")]
    Quality,
    #[serde(rename = "-quality")]
    QualityDown,
}

/// A calculated tag and how its formula goes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CalculatedItem {
    /// The tag.
    #[serde(flatten)]
    tag: TagItem,
    /// What it reads.
    inputs: Vec<Input>,
    /// What an evaluation costs; adding two numbers costs 1.
    cost: u32,
    /// Whether the result may change while nothing that it reads does.
    follows_clock: bool,
    /// Whether earlier samples matter.
    remembers: bool,
    /// When it was evaluated last, microseconds since 1970-01-01 UTC; null before the first time
    /// since the hub started.
    evaluated_us: Option<i64>,
    /// Evaluations since the hub started, or since the formula changed.
    evaluations: u64,
    /// Why the last evaluation gave no value.
    fault: Option<Doubt>,
    /// Why it is never evaluated.
    error: Option<Mistake>,
}

/// What is asked of the tags, checked.
struct Filter {
    pattern: Option<Pattern>,
    needle: Option<String>,
    device: Option<ObjectId>,
    quality: Option<QualityClass>,
    reads: Option<ObjectId>,
    rights: Rights,
}

/// Lists calculated tags.
pub(crate) async fn list(
    call: Call<CalculatedQuery>,
) -> Result<Json<Page<CalculatedItem>>, ApiError> {
    let rights = call.rights()?;
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let filter = Filter {
        pattern: parse_pattern(query.pattern.as_deref())?,
        needle: query.search.map(|text| text.to_lowercase()),
        device: query.device,
        quality: query.quality,
        reads: query.reads,
        rights,
    };
    let (hub, plant) = (call.app.hub.clone(), call.app.hub.plant());
    let page = call.app.blocking(move || {
        let mut tags: Vec<&Arc<TagEntry>> = plant.calculated_tags().collect();
        tags.retain(|tag| filter.takes(&hub, &plant, tag));
        let class = |tag: &&Arc<TagEntry>| class_of(&hub, tag);
        match query.sort {
            Sort::Path => {}
            Sort::PathDown => tags.reverse(),
            Sort::Quality => tags.sort_by_cached_key(class),
            Sort::QualityDown => tags.sort_by_cached_key(|tag| std::cmp::Reverse(class(tag))),
        }
        let at = |place: usize| tags.get(place).copied();
        let key = |tag: &&Arc<TagEntry>| tag.path().to_string();
        let found = window.cut(tags.len(), at, key, Arc::clone);
        Ok(Page {
            items: items(&hub, &plant, &filter.rights, &found.items),
            next_cursor: found.next_cursor,
            total: found.total,
        })
    });
    Ok(Json(page.await?))
}

/// Answers with a calculated tag.
pub(crate) async fn get(call: Call) -> Result<Json<CalculatedItem>, ApiError> {
    let (tag, rights) = (seen(&call)?, call.rights()?);
    let (hub, plant) = (&call.app.hub, call.app.hub.plant());
    let path = tag.path().clone();
    let found = items(hub, &plant, &rights, &[tag]).into_iter().next();
    let none = || ApiError::new(Code::NotFound, format!("{path} has no formula"));
    found.map(Json).ok_or_else(none)
}

fn class_of(hub: &HubHandle, tag: &TagEntry) -> Option<QualityClass> {
    hub.last(tag.index()).map(|sample| sample.quality.class())
}

impl Filter {
    fn takes(&self, hub: &HubHandle, plant: &Plant, tag: &TagEntry) -> bool {
        let holds = |needle: &String| {
            let formula = tag.formula().unwrap_or_default();
            let texts = [tag.path().as_str(), formula];
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(needle))
        };
        let reads = |id: &ObjectId| plant.reads(tag.index()).any(|input| input.id() == *id);
        self.rights.sees(tag.path())
            && self.device.is_none_or(|device| device == tag.device())
            && self
                .pattern
                .as_ref()
                .is_none_or(|one| one.matches(tag.path()))
            && self.needle.as_ref().is_none_or(holds)
            && self
                .quality
                .is_none_or(|class| class_of(hub, tag) == Some(class))
            && self.reads.as_ref().is_none_or(reads)
    }
}

fn items(
    hub: &HubHandle,
    plant: &Plant,
    rights: &Rights,
    tags: &[Arc<TagEntry>],
) -> Vec<CalculatedItem> {
    let found = hub.calculated(plant, tags).into_iter();
    found
        .map(|one| CalculatedItem::of(hub, plant, rights, one))
        .collect()
}

impl CalculatedItem {
    fn of(hub: &HubHandle, plant: &Plant, rights: &Rights, one: CalculatedTag) -> CalculatedItem {
        let formula = one.tag.formula().unwrap_or_default();
        CalculatedItem {
            tag: item(hub, plant, &one.tag),
            error: one.error.map(|error| Mistake::new(error, formula)),
            inputs: one
                .inputs
                .into_iter()
                .map(|input| Input::seen(input, rights))
                .collect(),
            cost: one.cost,
            follows_clock: one.follows_clock,
            remembers: one.remembers,
            evaluated_us: one.evaluated_us,
            evaluations: one.evaluations,
            fault: one.fault.map(Doubt::from),
        }
    }
}
