//! What the kinds of objects have in common: read, make, replace, delete, look back.

use std::sync::Arc;

use headworks_core::model::{Object, ObjectBody, ObjectId};
use headworks_hub::{Applied, Body, Edit, HubHandle, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{Page, Window};
use super::{errors, template_devices};
use crate::parse;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Created, Json, NoContent, NoQuery, Revised};

/// A kind of object as the API shows it.
pub(crate) trait Resource: ObjectBody + Into<Body> + Send + 'static {
    /// Path of the list.
    const PATH: &'static str;
    /// The object with what is known of it at present.
    type Item: Serialize + JsonSchema + Send;

    /// Returns the object, if it exists, with its revision.
    fn item(hub: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, Self::Item)>;
}

/// Query parameters of a deletion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteQuery {
    /// Whether what rests on the object is deleted too.
    #[serde(default)]
    cascade: bool,
}

/// Query parameters of lists of connections and dashboards.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Only objects whose name holds this text, upper and lower case as one.
    search: Option<String>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The past states of an object, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct History {
    items: Vec<Revision>,
}

/// One past state of an object.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Revision {
    /// The revision that the change made.
    revision: u64,
    /// When, microseconds since 1970-01-01 UTC.
    time_us: i64,
    /// Who.
    author: String,
    /// What happened: `created`, `updated` or `deleted`.
    action: &'static str,
    /// The body after the change; null when the object was deleted.
    body: Option<serde_json::Value>,
}

/// Answers with one object.
pub(crate) async fn get<R: Resource>(call: Call) -> Result<Revised<R::Item>, ApiError> {
    read::<R>(&call.app.hub, call.id()?)
}

/// Makes an object.
pub(crate) async fn create<R: Resource>(
    call: Call<NoQuery, Json<R>>,
) -> Result<Created<R::Item>, ApiError> {
    let author = call.author()?;
    call.note.after(&call.body.0);
    let edit = Edit::create(call.body.0);
    let applied = apply_one(&call.app.hub, edit, &author).await?;
    call.note.target(R::KIND.name(), &applied.id.to_string());
    let Revised(revision, item) = read::<R>(&call.app.hub, applied.id)?;
    let place = format!("{}/{}", R::PATH, applied.id);
    Ok(Created(place, Some(revision), item))
}

/// Replaces the body of an object.
pub(crate) async fn replace<R: Resource>(
    call: Call<NoQuery, Json<R>>,
) -> Result<Revised<R::Item>, ApiError> {
    let id = existing::<R>(&call.app.hub, call.id()?)?;
    let author = call.author()?;
    note_before::<R>(&call, id).await;
    call.note.after(&call.body.0);
    let edit = Edit::Update {
        id,
        expected: parse::if_match(&call.parts.headers)?,
        body: call.body.0.into(),
    };
    apply_one(&call.app.hub, edit, &author).await?;
    read::<R>(&call.app.hub, id)
}

/// Deletes an object.
pub(crate) async fn delete<R: Resource>(call: Call<DeleteQuery>) -> Result<NoContent, ApiError> {
    let id = existing::<R>(&call.app.hub, call.id()?)?;
    let author = call.author()?;
    note_before::<R>(&call, id).await;
    let edit = Edit::Delete {
        id,
        expected: parse::if_match(&call.parts.headers)?,
        cascade: call.query.cascade,
    };
    apply_one(&call.app.hub, edit, &author).await?;
    Ok(NoContent)
}

/// Answers with the past states of an object, also of a deleted one.
pub(crate) async fn history<R: Resource>(call: Call) -> Result<Json<History>, ApiError> {
    let id = call.id()?;
    // An id of another kind would show under the wrong path.
    if call
        .app
        .hub
        .plant()
        .kind_of(id)
        .is_some_and(|kind| kind != R::KIND)
    {
        return Err(ApiError::not_found(R::KIND, id));
    }
    let entries = call.app.hub.history(id).await.map_err(errors::of_body)?;
    let items = entries.into_iter().map(|entry| Revision {
        revision: entry.revision,
        time_us: entry.time_us,
        author: entry.author,
        action: action_name(entry.action),
        body: entry.body.and_then(|body| serde_json::from_str(&body).ok()),
    });
    Ok(Json(History {
        items: items.collect(),
    }))
}

/// Returns the name of what happened to an object.
pub(super) fn action_name(action: headworks_hub::Action) -> &'static str {
    match action {
        headworks_hub::Action::Created => "created",
        headworks_hub::Action::Updated => "updated",
        headworks_hub::Action::Deleted => "deleted",
    }
}

/// Cuts the page that `query` asks for out of objects in order of name.
pub(crate) fn page<T, I>(
    query: &ListQuery,
    objects: &[Arc<Object<T>>],
    name: impl Fn(&T) -> &str,
    render: impl Fn(&Arc<Object<T>>) -> I,
) -> Result<Page<I>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref(), super::page::LIMIT_MAX)?;
    let needle = query.search.as_deref().unwrap_or_default().to_lowercase();
    let chosen: Vec<&Arc<Object<T>>> = objects
        .iter()
        .filter(|object| name(&object.body).to_lowercase().contains(&needle))
        .collect();
    let at = |place: usize| chosen.get(place).copied();
    Ok(window.cut(chosen.len(), at, |object| object.id.to_string(), render))
}

/// Notes what an edit is about and how that was.
async fn note_before<R: Resource>(call: &Call<impl Sized, impl Sized>, id: ObjectId) {
    call.note.target(R::KIND.name(), &id.to_string());
    let history = call.app.hub.history(id).await.unwrap_or_default();
    let body = history.into_iter().next().and_then(|entry| entry.body);
    let body = body.and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok());
    call.note.before(&body);
}

fn read<R: Resource>(hub: &HubHandle, id: ObjectId) -> Result<Revised<R::Item>, ApiError> {
    let found = R::item(hub, &hub.plant(), id);
    let (revision, item) = found.ok_or_else(|| ApiError::not_found(R::KIND, id))?;
    Ok(Revised(revision, item))
}

/// Returns `id` when it is an object of the kind that the path says.
pub(crate) fn existing<R: Resource>(hub: &HubHandle, id: ObjectId) -> Result<ObjectId, ApiError> {
    match hub.plant().kind_of(id) {
        Some(kind) if kind == R::KIND => Ok(id),
        Some(_) | None => Err(ApiError::not_found(R::KIND, id)),
    }
}

/// Makes an object; returns its id.
pub(super) async fn make(
    hub: &HubHandle,
    body: impl Into<Body>,
    author: &str,
) -> Result<ObjectId, ApiError> {
    Ok(apply_one(hub, Edit::create(body), author).await?.id)
}

async fn apply_one(hub: &HubHandle, edit: Edit, author: &str) -> Result<Applied, ApiError> {
    let edits = template_devices::check_saved(hub, vec![edit], |_| String::new()).await?;
    let applied = hub.apply(edits, author).await;
    let first = applied.map_err(errors::of_body)?.into_iter().next();
    first.ok_or_else(|| ApiError::new(Code::Internal, "the hub reported no outcome"))
}
