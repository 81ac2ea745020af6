//! Assets: the hierarchy of the plant.

use std::sync::Arc;

use headworks_core::model::{Asset, Object, ObjectId};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objects::Resource;
use super::page::{LIMIT_MAX, Page, Window};
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// An asset and where it stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AssetItem {
    /// The asset as it is configured.
    #[serde(flatten)]
    object: Arc<Object<Asset>>,
    /// Its path: the names of the assets above it and its own.
    path: String,
}

/// Query parameters of the list of assets.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetQuery {
    /// Only assets directly below this one.
    parent: Option<ObjectId>,
    /// Only assets whose path holds this text, upper and lower case as one.
    search: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Resource for Asset {
    const PATH: &'static str = "/api/v1/assets";
    type Item = AssetItem;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, AssetItem)> {
        let object = plant.asset(id)?;
        Some((object.revision, item(plant, object)))
    }
}

fn item(plant: &Plant, object: &Arc<Object<Asset>>) -> AssetItem {
    let path = plant.asset_path(object.id);
    AssetItem {
        object: Arc::clone(object),
        path: path.map_or_else(String::new, |path| path.to_string()),
    }
}

/// Lists assets in order of path.
pub(crate) async fn list(call: Call<AssetQuery>) -> Result<Json<Page<AssetItem>>, ApiError> {
    let (plant, query) = (call.app.hub.plant(), &call.query);
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    let needle = query.search.as_deref().unwrap_or_default().to_lowercase();
    let is_wanted = |asset: &Asset| query.parent.is_none_or(|id| asset.parent == Some(id));
    let wanted = plant.assets().iter().filter(|asset| is_wanted(&asset.body));
    let mut chosen: Vec<(String, &Arc<Object<Asset>>)> = wanted
        .filter_map(|asset| Some((plant.asset_path(asset.id)?.to_string(), asset)))
        .filter(|(path, _)| path.to_lowercase().contains(&needle))
        .collect();
    chosen.sort_by(|left, right| left.0.cmp(&right.0));
    let at = |place: usize| chosen.get(place);
    Ok(Json(window.cut(
        chosen.len(),
        at,
        |found| found.1.id.to_string(),
        |found| item(&plant, found.1),
    )))
}
