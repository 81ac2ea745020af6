//! The list of tags: filters, order, pages.
//!
//! Without a filter the page is cut from the plant's own order and costs the same for ten tags
//! as for a hundred thousand. Filters and other orders look at every tag, off the socket threads.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use headworks_core::model::ObjectId;
use headworks_core::{Pattern, QualityClass};
use headworks_hub::{HubHandle, Plant, TagEntry};
use schemars::JsonSchema;
use serde::Deserialize;

use super::page::{LIMIT_MAX, Page, Window};
use super::tags::{TagItem, item};
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Query parameters of the list of tags.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagQuery {
    /// Only tags whose path this selects: `*` within a segment, `**` for any depth.
    pattern: Option<String>,
    /// Only tags whose path holds this text, upper and lower case as one.
    search: Option<String>,
    /// Only tags of this device.
    device: Option<ObjectId>,
    /// Only tags that lie below this asset.
    asset: Option<ObjectId>,
    /// Only tags of this group and of its devices.
    group: Option<ObjectId>,
    /// Only tags with this class of quality at present.
    quality: Option<QualityClass>,
    /// Order; a minus turns it round. By path when absent.
    #[serde(default)]
    sort: Sort,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Orders of the list of tags.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
enum Sort {
    #[default]
    #[serde(rename = "path")]
    Path,
    #[serde(rename = "-path")]
    PathDown,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "device")]
    Device,
    #[serde(rename = "-device")]
    DeviceDown,
    #[serde(rename = "quality")]
    Quality,
    #[serde(rename = "-quality")]
    QualityDown,
}

/// Tags of the plant in some order.
pub(crate) type Tags<'a> = Vec<&'a Arc<TagEntry>>;

/// Lists tags.
pub(crate) async fn list(call: Call<TagQuery>) -> Result<Json<Page<TagItem>>, ApiError> {
    let rights = call.rights()?;
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let pattern = parse_pattern(query.pattern.as_deref())?;
    let (hub, plant) = (call.app.hub.clone(), call.app.hub.plant());
    let is_plain = pattern.is_none()
        && query.search.is_none()
        && query.device.is_none()
        && query.asset.is_none()
        && query.group.is_none()
        && query.quality.is_none()
        && query.sort == Sort::Path
        && !rights.is_narrowed();
    if is_plain {
        return Ok(Json(plain_page(&window, &hub, &plant)));
    }
    let page = call.app.blocking(move || {
        let mut tags = choose(
            &plant,
            pattern.as_ref(),
            query.search.as_deref(),
            query.device,
        );
        retain_placed(&plant, query.asset, query.group, &mut tags);
        tags.retain(|tag| rights.sees(tag.path()));
        if let Some(class) = query.quality {
            tags.retain(|tag| class_of(&hub, tag) == Some(class));
        }
        sort(&mut tags, query.sort, &hub, &plant);
        let at = |place: usize| tags.get(place).copied();
        Ok(window.cut(tags.len(), at, key, |tag| item(&hub, &plant, tag)))
    });
    Ok(Json(page.await?))
}

/// Cuts a page of all tags in order of path, looking only at those near the cursor.
fn plain_page(window: &Window, hub: &HubHandle, plant: &Plant) -> Page<TagItem> {
    let first = window.first_place();
    let near: Tags<'_> = plant.tags().skip(first).take(LIMIT_MAX + 1).collect();
    // Only when the tag of the cursor has moved.
    let all = OnceCell::new();
    let at = |place: usize| match place.checked_sub(first).and_then(|at| near.get(at)) {
        Some(tag) => Some(*tag),
        None => all
            .get_or_init(|| plant.tags().collect::<Tags<'_>>())
            .get(place)
            .copied(),
    };
    window.cut(plant.tag_count(), at, key, |tag| item(hub, plant, tag))
}

fn key(tag: &&Arc<TagEntry>) -> String {
    tag.path().to_string()
}

/// Reads the query parameter `pattern`.
pub(crate) fn parse_pattern(text: Option<&str>) -> Result<Option<Pattern>, ApiError> {
    let pattern = text.map(str::parse).transpose();
    pattern.map_err(|error: headworks_core::pattern::PatternError| {
        ApiError::query("pattern", error.to_string())
    })
}

/// Keeps the tags that lie below an asset and belong to a group, where these are asked for; what is
/// gone has none.
pub(crate) fn retain_placed(
    plant: &Plant,
    asset: Option<ObjectId>,
    group: Option<ObjectId>,
    tags: &mut Tags<'_>,
) {
    if let Some(asset) = asset {
        let path = plant.asset_path(asset);
        let is_below = |tag: &TagEntry| {
            let below = path.as_ref().and_then(|path| {
                let rest = tag.path().as_str().strip_prefix(path.as_str());
                rest.filter(|rest| rest.starts_with('/'))
            });
            below.is_some()
        };
        tags.retain(|tag| is_below(tag));
    }
    if let Some(group) = group {
        let group = plant.group(group).map(|group| &group.body);
        let devices: HashSet<ObjectId> = group.map_or_else(HashSet::new, |group| {
            group.devices.iter().copied().collect()
        });
        let members: HashSet<ObjectId> =
            group.map_or_else(HashSet::new, |group| group.tags.iter().copied().collect());
        tags.retain(|tag| devices.contains(&tag.device()) || members.contains(&tag.id()));
    }
}

/// Returns the tags that fit, in order of path.
fn choose<'a>(
    plant: &'a Plant,
    pattern: Option<&Pattern>,
    search: Option<&str>,
    device: Option<ObjectId>,
) -> Tags<'a> {
    let mut tags: Tags<'a> = match (device, pattern, search) {
        (Some(device), _, _) => plant.tags_of(device).collect(),
        (None, Some(pattern), _) => plant.select(pattern),
        (None, None, Some(text)) => return plant.search(text).collect(),
        (None, None, None) => return plant.tags().collect(),
    };
    if let (Some(_), Some(pattern)) = (device, pattern) {
        tags.retain(|tag| pattern.matches(tag.path()));
    }
    if let Some(text) = search {
        let needle = text.to_lowercase();
        tags.retain(|tag| tag.path().as_str().to_lowercase().contains(&needle));
    }
    tags
}

fn sort(tags: &mut Tags<'_>, order: Sort, hub: &HubHandle, plant: &Plant) {
    let device = |tag: &&Arc<TagEntry>| {
        let device = plant.device(tag.device());
        device.map_or("", |device| device.body.name.as_str())
    };
    match order {
        Sort::Path => {}
        Sort::PathDown => tags.reverse(),
        // The sorts are stable: equal tags stay in order of path.
        Sort::Name => tags.sort_by(|a, b| by_text(a.name(), b.name())),
        Sort::NameDown => tags.sort_by(|a, b| by_text(b.name(), a.name())),
        Sort::Device => tags.sort_by(|a, b| by_text(device(a), device(b))),
        Sort::DeviceDown => tags.sort_by(|a, b| by_text(device(b), device(a))),
        Sort::Quality => tags.sort_by_cached_key(|tag| class_of(hub, tag)),
        Sort::QualityDown => {
            tags.sort_by_cached_key(|tag| std::cmp::Reverse(class_of(hub, tag)));
        }
    }
}

fn by_text(left: &str, right: &str) -> Ordering {
    let left = left.chars().flat_map(char::to_lowercase);
    left.cmp(right.chars().flat_map(char::to_lowercase))
}

fn class_of(hub: &HubHandle, tag: &TagEntry) -> Option<QualityClass> {
    hub.last(tag.index()).map(|sample| sample.quality.class())
}
