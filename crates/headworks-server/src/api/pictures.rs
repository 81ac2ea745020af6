//! Pictures of dashboards: uploaded, listed with who shows them, handed out, deleted.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use headworks_core::Rights;
use headworks_core::model::{Dashboard, Object, ObjectId, Picture, PictureType, WidgetType};
use headworks_hub::{HubHandle, PICTURE_BYTES_MAX, PICTURES_MAX, Plant};
use headworks_store::KeptPicture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objects::{self, DeleteQuery, ListQuery, Resource};
use super::page::Page;
use super::{dashboards, errors, imports, plans};
use crate::app::App;
use crate::edge::PictureAnswer;
use crate::parse;
use crate::pictures::{self, BYTES_MAX};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Created, Download, Json, NoContent, Revised, Upload};
use crate::stream;

/// How long a browser may keep a picture that it asked for by its hash: it never changes.
const FOREVER: &str = "private, max-age=31536000, immutable";
/// How long another one: until it has asked again.
const ASK_AGAIN: &str = "private, no-cache";

/// A picture, and the dashboards that show it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PictureItem {
    #[serde(flatten)]
    picture: Object<Picture>,
    /// The dashboards with an image widget that names it, of those that the caller sees.
    used_by: Vec<DashboardRef>,
}

/// A dashboard by name.
#[derive(Clone, Serialize, JsonSchema)]
struct DashboardRef {
    /// Lasting identity.
    id: ObjectId,
    /// Name.
    name: String,
}

/// How a new picture is called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQuery {
    /// Name by which image widgets call it, unique among pictures; 1 to 128 characters.
    #[schemars(length(min = 1, max = 128))]
    name: String,
}

/// Which version of a picture is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContentQuery {
    /// `hash` of the picture: the answer can then be kept for ever.
    hash: Option<String>,
}

/// The pages that dashboards may show in frames.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FrameSources {
    /// Scheme, host and port of each, as the setting `server.frame_sources` has them; when empty,
    /// no page is shown.
    items: Vec<String>,
}

impl Resource for Picture {
    const PATH: &'static str = "/api/v1/pictures";
    type Item = PictureItem;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, PictureItem)> {
        let object = plant.picture(id)?;
        let users = Users::of(plant.dashboards());
        Some((object.revision, users.item(object)))
    }
}

/// The dashboards that show pictures, by the name of the picture.
struct Users<'a>(HashMap<&'a str, Vec<DashboardRef>>);

impl<'a> Users<'a> {
    fn of(dashboards: &'a [Arc<Object<Dashboard>>]) -> Users<'a> {
        let mut users: HashMap<&str, Vec<DashboardRef>> = HashMap::new();
        for dashboard in dashboards {
            for file in files_of(&dashboard.body) {
                let of_file = users.entry(file).or_default();
                if of_file.last().is_none_or(|last| last.id != dashboard.id) {
                    let name = dashboard.body.name.clone();
                    let id = dashboard.id;
                    of_file.push(DashboardRef { id, name });
                }
            }
        }
        Users(users)
    }

    fn item(&self, picture: &Object<Picture>) -> PictureItem {
        let used_by = self.0.get(picture.body.name.as_str());
        PictureItem {
            picture: picture.clone(),
            used_by: used_by.cloned().unwrap_or_default(),
        }
    }
}

/// Returns the names of the pictures that a dashboard shows.
fn files_of(dashboard: &Dashboard) -> impl Iterator<Item = &str> {
    let widgets = dashboard.groups.iter().flat_map(|group| &group.widgets);
    let images = widgets.filter(|widget| widget.widget_type == WidgetType::Image);
    images.map(|widget| widget.image.file.as_str())
}

/// Lists pictures in order of name; a narrowed caller gets those of the dashboards they see.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<PictureItem>>, ApiError> {
    let (plant, rights) = (call.app.hub.plant(), &call.caller()?.rights);
    let seen = seen_dashboards(&plant, rights);
    let users = Users::of(&seen);
    let all = plant.pictures().iter();
    let pictures: Vec<Arc<Object<Picture>>> = all
        .filter(|one| !rights.is_narrowed() || users.0.contains_key(one.body.name.as_str()))
        .cloned()
        .collect();
    let render = |picture: &Arc<Object<Picture>>| users.item(picture);
    let page = objects::page(&call.query, &pictures, |picture| &picture.name, render)?;
    Ok(Json(page))
}

/// Answers with a picture's name, kind, hash and users.
pub(crate) async fn get(call: Call) -> Result<Revised<PictureItem>, ApiError> {
    let (plant, id) = (call.app.hub.plant(), call.id()?);
    let picture = seen(&plant, &call.caller()?.rights, id)?;
    let dashboards = seen_dashboards(&plant, &call.caller()?.rights);
    Ok(Revised(
        picture.revision,
        Users::of(&dashboards).item(picture),
    ))
}

/// Takes a picture: the body is its bytes.
pub(crate) async fn create(call: Call<NewQuery, Upload>) -> Result<Created<PictureItem>, ApiError> {
    let author = call.author()?;
    let (app, note, name) = (call.app, call.note, call.query.name);
    check_free(&app.hub.plant(), &name)?;
    let bytes = read(&app, call.body.0).await?;
    let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let look = move || match pictures::look(&bytes) {
        Ok(media_type) => Ok((bytes, media_type)),
        Err(reason) => Err(plans::unreadable(reason)),
    };
    let (bytes, media_type) = app.blocking(look).await?;
    let picture = Picture {
        name,
        media_type,
        hash: keep(&app.hub, bytes).await?,
        bytes: count,
    };
    note.after(&picture);
    let id = objects::make(&app.hub, picture, &author).await?;
    note.target("picture", &id.to_string());
    let found = Picture::item(&app.hub, &app.hub.plant(), id);
    let (revision, item) = found.ok_or_else(|| ApiError::not_found("picture", id))?;
    let place = format!("{}/{id}", Picture::PATH);
    Ok(Created(place, Some(revision), item))
}

/// Refuses a name that is taken before the bytes are read.
fn check_free(plant: &Plant, name: &str) -> Result<(), ApiError> {
    if plant.picture_by_name(name).is_some() {
        let reason = format!("there is a picture {name:?} already; choose another name");
        return Err(ApiError::query("name", reason));
    }
    Ok(())
}

async fn read(app: &App, body: Body) -> Result<Vec<u8>, ApiError> {
    let mut reader = stream::reader(body, BYTES_MAX as u64);
    let read = move || {
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(imports::of_upload(&error)),
        }
    };
    app.blocking(read).await
}

async fn keep(hub: &HubHandle, bytes: Vec<u8>) -> Result<String, ApiError> {
    match hub.keep_picture(bytes).await.map_err(errors::of_body)? {
        KeptPicture::Kept(hash) => Ok(hash),
        KeptPicture::Full { count, bytes } => {
            let detail = format!(
                "there is no room: {count} pictures with {} KiB are kept, at most {PICTURES_MAX} \
                 with {} KiB can be; delete some; those deleted count for 30 days, while they can \
                 return from the bin",
                bytes >> 10,
                PICTURE_BYTES_MAX >> 10
            );
            Err(ApiError::new(Code::TooMany, detail))
        }
    }
}

/// Sends the bytes of a picture.
pub(crate) async fn content(call: Call<ContentQuery>) -> Result<Download, ApiError> {
    let (plant, id) = (call.app.hub.plant(), call.id()?);
    let picture = seen(&plant, &call.caller()?.rights, id)?.body.clone();
    let is_exact = match &call.query.hash {
        Some(wanted) if *wanted != picture.hash => {
            let detail = format!("picture {id} has other bytes now; ask for its hash again");
            return Err(ApiError::new(Code::NotFound, detail));
        }
        wanted => wanted.is_some(),
    };
    let keeping = if is_exact { FOREVER } else { ASK_AGAIN };
    let etag = format!("\"{}\"", picture.hash);
    if parse::is_known(&call.parts.headers, &etag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        dress(&mut response, &etag, keeping);
        return Ok(Download(response));
    }
    let found = call.app.hub.picture_bytes(picture.hash.clone()).await;
    let bytes = found.map_err(errors::of_body)?.ok_or_else(|| {
        let detail = format!(
            "the bytes of picture {:?} are not in this data directory; delete it and upload it \
             again",
            picture.name
        );
        ApiError::new(Code::NotFound, detail)
    })?;
    // What the bytes are is asked of them again: an object can be edited to say something else.
    let media_type = pictures::look(&bytes).unwrap_or(PictureType::Png);
    let mut response = Response::new(Body::from(bytes));
    let media_type = HeaderValue::from_static(media_type.name());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    dress(&mut response, &etag, keeping);
    Ok(Download(response))
}

fn dress(response: &mut Response, etag: &str, keeping: &'static str) {
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    response.extensions_mut().insert(PictureAnswer);
}

/// Deletes a picture that no dashboard shows.
pub(crate) async fn delete(call: Call<DeleteQuery>) -> Result<NoContent, ApiError> {
    let (plant, id) = (call.app.hub.plant(), call.id()?);
    if let Some((_, item)) = Picture::item(&call.app.hub, &plant, id)
        && let [first, others @ ..] = item.used_by.as_slice()
    {
        let more = match others.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        let detail = format!(
            "dashboard {:?}{more} shows the picture {:?}; take it out of there first",
            first.name, item.picture.body.name
        );
        return Err(ApiError::new(Code::InUse, detail));
    }
    objects::delete::<Picture>(call).await
}

/// Lists the pages that dashboards may show in frames.
pub(crate) async fn frame_sources(call: Call) -> Result<Json<FrameSources>, ApiError> {
    let items = call.app.edge.frame_sources().iter();
    Ok(Json(FrameSources {
        items: items.map(ToString::to_string).collect(),
    }))
}

fn seen_dashboards(plant: &Plant, rights: &Rights) -> Vec<Arc<Object<Dashboard>>> {
    match rights.is_narrowed() {
        true => dashboards::seen(plant, rights),
        false => plant.dashboards().to_vec(),
    }
}

/// Returns a picture that the caller may see.
fn seen<'a>(
    plant: &'a Plant,
    rights: &Rights,
    id: ObjectId,
) -> Result<&'a Arc<Object<Picture>>, ApiError> {
    let missing = || ApiError::not_found("picture", id);
    let picture = plant.picture(id).ok_or_else(missing)?;
    if !rights.is_narrowed() {
        return Ok(picture);
    }
    let seen = dashboards::seen(plant, rights);
    let is_shown = Users::of(&seen).0.contains_key(picture.body.name.as_str());
    if is_shown {
        Ok(picture)
    } else {
        Err(missing())
    }
}
