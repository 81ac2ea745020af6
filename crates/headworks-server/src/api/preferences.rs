//! What people chose for themselves, kept under their account: the hub does not look into it.

use std::sync::Arc;

use headworks_access::{Access, AccessError, Preference};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::account::own_session;
use super::errors::from_access;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoContent, NoQuery};

/// What an account keeps, without the values.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Preferences {
    /// In order of key.
    #[schemars(length(max = 100))]
    items: Vec<PreferenceEntry>,
}

/// Something that an account keeps.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PreferenceEntry {
    /// What it is about.
    key: String,
    /// Bytes of the value as JSON.
    bytes: usize,
    /// When it was stored last, microseconds since 1970-01-01 UTC.
    changed_us: i64,
}

/// What an account keeps under a key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PreferenceAnswer {
    /// What it is about.
    key: String,
    /// What was stored; null when nothing is.
    value: Value,
    /// When it was stored last, microseconds since 1970-01-01 UTC; null when nothing is.
    changed_us: Option<i64>,
}

/// Something to be kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferenceBody {
    /// Any JSON, at most 65,536 bytes without spaces.
    #[schemars(schema_with = "any_json")]
    value: Value,
}

fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "description": "Any JSON, at most 65,536 bytes without spaces." })
}

/// Lists what the caller keeps, in order of key.
pub(crate) async fn list(call: Call) -> Result<Json<Preferences>, ApiError> {
    let found = work(&call, |access, user| access.preferences(user)).await?;
    let items = found.into_iter().map(|one| PreferenceEntry {
        bytes: one.value.len(),
        key: one.key,
        changed_us: one.changed_us,
    });
    Ok(Json(Preferences {
        items: items.collect(),
    }))
}

/// Answers with what the caller keeps under a key.
pub(crate) async fn get(call: Call) -> Result<Json<PreferenceAnswer>, ApiError> {
    let key = call.param("key").to_owned();
    let asked = key.clone();
    let found = work(&call, move |access, user| access.preference(user, &asked)).await?;
    Ok(Json(answer(key, found)?))
}

/// Keeps something for the caller.
pub(crate) async fn set(
    call: Call<NoQuery, Json<PreferenceBody>>,
) -> Result<Json<PreferenceAnswer>, ApiError> {
    call.note.trifle();
    let key = call.param("key").to_owned();
    let now_us = call.app.hub.clock().now_us();
    let value = call.body.0.value.to_string();
    let asked = key.clone();
    let stored = work(&call, move |access, user| {
        access.set_preference(user, &asked, &value, now_us)?;
        access.preference(user, &asked)
    });
    Ok(Json(answer(key, stored.await?)?))
}

/// Forgets what the caller keeps under a key.
pub(crate) async fn remove(call: Call) -> Result<NoContent, ApiError> {
    call.note.trifle();
    let key = call.param("key").to_owned();
    work(&call, move |access, user| {
        access.remove_preference(user, &key)
    })
    .await?;
    Ok(NoContent)
}

/// Does something for the account of the caller, who has to be there in person: a token on a
/// screen chooses nothing for its maker.
async fn work<Q, B, T: Send + 'static>(
    call: &Call<Q, B>,
    work: impl FnOnce(&Access, Uuid) -> Result<T, AccessError> + Send + 'static,
) -> Result<T, ApiError> {
    let caller = call.caller()?;
    own_session(caller)?;
    let (access, user) = (Arc::clone(&call.app.access), caller.user);
    let done = call
        .app
        .blocking(move || work(&access, user).map_err(from_access));
    done.await
}

fn answer(key: String, found: Option<Preference>) -> Result<PreferenceAnswer, ApiError> {
    let Some(found) = found else {
        let (value, changed_us) = (Value::Null, None);
        return Ok(PreferenceAnswer {
            key,
            value,
            changed_us,
        });
    };
    let value = serde_json::from_str(&found.value).map_err(|error| ApiError::internal(&error))?;
    Ok(PreferenceAnswer {
        key,
        value,
        changed_us: Some(found.changed_us),
    })
}
