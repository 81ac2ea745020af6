//! The templates of real devices that are shipped with the program.

use headworks_core::model::ObjectId;
use headworks_engineering::template::library::{self, Loading, Shipped, ShippedState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::errors;
use crate::problem::ApiError;
use crate::route::{Call, Json, NoQuery};

/// The shipped templates.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Library {
    /// In order of name.
    items: Vec<LibraryItem>,
}

/// A shipped template and how it stands in the plant.
#[derive(Serialize, JsonSchema)]
struct LibraryItem {
    /// Its name.
    name: String,
    /// The version that is shipped.
    version: String,
    /// Who makes the device.
    vendor: String,
    /// Type of the device.
    model: String,
    /// The manual that it is written from.
    source: String,
    /// What it holds, and how to use it.
    description: String,
    /// The protocol of connections that its devices can be behind.
    protocol: String,
    /// Name of its base, which is loaded with it.
    base: Option<String>,
    /// How many tags it has, without those of its base.
    tags: usize,
    /// How it stands in the plant.
    state: ShippedState,
    /// The template of its name in the plant.
    template: Option<ObjectId>,
}

/// What to load.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadBody {
    /// Whether nothing is changed.
    #[serde(default)]
    dry_run: bool,
    /// Names of shipped templates; all of them when absent.
    #[schemars(length(max = 1000), inner(length(max = 128)))]
    names: Option<Vec<String>>,
    /// Whether templates of an older version are replaced.
    #[serde(default)]
    update: bool,
}

/// What was loaded.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LoadDone {
    /// The change, by which it can be taken back; null when nothing was changed.
    change: Option<i64>,
    /// The templates, with the bases of those that were named.
    items: Vec<LoadedItem>,
}

/// What became of a shipped template.
#[derive(Serialize, JsonSchema)]
struct LoadedItem {
    /// Its name.
    name: String,
    /// The version that is shipped.
    version: String,
    /// What became of it.
    action: Loading,
    /// The template in the plant; null when it was only to be made.
    template: Option<ObjectId>,
}

/// Lists the shipped templates.
pub(crate) async fn list(call: Call) -> Result<Json<Library>, ApiError> {
    let plant = call.app.hub.plant();
    let mut shipped = library::shipped();
    shipped.sort_by(|a, b| a.template.name.cmp(&b.template.name));
    let item = |one: Shipped| {
        let (state, template) = one.state(&plant);
        LibraryItem {
            tags: one.template.tags.len(),
            name: one.template.name,
            version: one.template.version,
            vendor: one.template.vendor,
            model: one.template.model,
            source: one.template.source,
            description: one.template.description,
            protocol: one.template.protocol,
            base: one.base,
            state,
            template,
        }
    };
    let items = shipped.into_iter().map(item).collect();
    Ok(Json(Library { items }))
}

/// Makes shipped templates templates of the plant, in one change.
pub(crate) async fn load(call: Call<NoQuery, Json<LoadBody>>) -> Result<Json<LoadDone>, ApiError> {
    const NAMES_MAX: usize = 1000;
    let (hub, author, body) = (&call.app.hub, call.author()?, call.body.0);
    let names = body.names.as_deref();
    if names.is_some_and(|names| NAMES_MAX < names.len()) {
        let reason = format!("more than {NAMES_MAX} names");
        return Err(ApiError::field("/names", reason));
    }
    let loaded = library::load(&hub.plant(), names, body.update, &mut hub.id_maker());
    let (edits, loaded) = loaded.map_err(|error| {
        let at = names.and_then(|names| names.iter().position(|name| *name == error.0));
        ApiError::field(format!("/names/{}", at.unwrap_or(0)), error.to_string())
    })?;
    call.note
        .after(&json!({ "templates": edits.len(), "dry_run": body.dry_run }));
    let mut change = None;
    if body.dry_run {
        hub.check(edits).await.map_err(errors::of_body)?;
    } else if !edits.is_empty() {
        let applied = hub.apply(edits, &author).await.map_err(errors::of_body)?;
        change = applied.first().map(|applied| applied.updated_us);
    }
    let items = loaded.into_iter().map(|one| LoadedItem {
        name: one.name,
        version: one.version,
        action: one.loading,
        template: Some(one.id).filter(|_| !body.dry_run || one.loading != Loading::Created),
    });
    let items = items.collect();
    Ok(Json(LoadDone { change, items }))
}
