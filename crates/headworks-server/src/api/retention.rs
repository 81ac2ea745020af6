//! Retention policies, and which of them holds for a tag.

use std::sync::Arc;

use headworks_core::TagPath;
use headworks_core::model::{Object, ObjectId, RetentionDays, RetentionPolicy};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// Which tag is meant.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EffectiveQuery {
    /// Path of the tag.
    tag: String,
}

/// How long the samples of a tag are kept, and who says so.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EffectiveRetention {
    /// Path of the tag.
    tag: String,
    /// The policy that holds; null when none selects the tag and the default holds.
    policy: Option<PolicyRef>,
    /// How long each tier is kept.
    days: RetentionDays,
}

/// A retention policy by name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyRef {
    /// Lasting identity.
    id: ObjectId,
    /// Name.
    name: String,
}

impl Resource for RetentionPolicy {
    const PATH: &'static str = "/api/v1/retention-policies";
    type Item = Arc<Object<RetentionPolicy>>;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, Self::Item)> {
        let object = plant.retention_policy(id)?;
        Some((object.revision, Arc::clone(object)))
    }
}

/// Lists retention policies, the one that leads first.
pub(crate) async fn list(
    call: Call<ListQuery>,
) -> Result<Json<Page<Arc<Object<RetentionPolicy>>>>, ApiError> {
    let plant = call.app.hub.plant();
    let page = objects::page(
        &call.query,
        plant.retention_policies(),
        |policy| &policy.name,
        Arc::clone,
    )?;
    Ok(Json(page))
}

/// Answers which policy holds for a tag.
pub(crate) async fn effective(
    call: Call<EffectiveQuery>,
) -> Result<Json<EffectiveRetention>, ApiError> {
    let text = call.query.tag;
    let path: TagPath = text
        .parse()
        .map_err(|error: headworks_core::path::PathError| {
            ApiError::query("tag", error.to_string())
        })?;
    let plant = call.app.hub.plant();
    if plant.tag_by_path(path.as_str()).is_none() {
        return Err(ApiError::not_found("tag", path));
    }
    let policy = plant.effective_retention(&path);
    Ok(Json(EffectiveRetention {
        tag: path.to_string(),
        days: policy.map_or_else(
            || call.app.hub.default_retention(),
            |policy| policy.body.days,
        ),
        policy: policy.map(|policy| PolicyRef {
            id: policy.id,
            name: policy.body.name.clone(),
        }),
    }))
}
