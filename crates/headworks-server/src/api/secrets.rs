//! Secrets by name: stored and used, never shown.

use headworks_access::SecretEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors::from_access;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoContent, NoQuery};
use crate::text::{Secret, Text};

/// Secrets without their values.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Secrets {
    /// In order of name.
    items: Vec<SecretEntry>,
}

/// A secret to store.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// The secret, 4 to 4096 bytes, without line breaks.
    #[schemars(length(min = 4))]
    value: Secret<4096>,
    /// The hosts that it may be sent to; empty for all. Whoever may make channels and routes can
    /// have a secret sent to any host that is allowed here.
    #[serde(default)]
    #[schemars(length(max = 16))]
    hosts: Vec<Text<253>>,
}

/// Lists secrets in order of name.
pub(crate) async fn list(call: Call) -> Result<Json<Secrets>, ApiError> {
    let listed = call.app.with_access(headworks_access::Access::secrets);
    let items = listed.await?.map_err(from_access)?;
    Ok(Json(Secrets { items }))
}

/// Stores a secret.
pub(crate) async fn set(
    call: Call<NoQuery, Json<SecretBody>>,
) -> Result<Json<SecretEntry>, ApiError> {
    let name = call.param("name").to_owned();
    call.note.target("secret", &name);
    let now_us = call.app.hub.clock().now_us();
    let body = call.body.0;
    let value = body.value.into_string();
    let hosts: Vec<String> = body.hosts.into_iter().map(Text::into_string).collect();
    let stored = call
        .app
        .with_access(move |access| access.set_secret(&name, &value, &hosts, now_us));
    let entry = stored.await?.map_err(from_access)?;
    call.note.after(&entry);
    Ok(Json(entry))
}

/// Deletes a secret.
pub(crate) async fn remove(call: Call) -> Result<NoContent, ApiError> {
    let name = call.param("name").to_owned();
    call.note.target("secret", &name);
    let removed = call
        .app
        .with_access(move |access| access.remove_secret(&name));
    removed.await?.map_err(from_access)?;
    Ok(NoContent)
}
