//! Routes of samples: configuration, how they do, the test bench, dead letters.

use std::sync::Arc;

use headworks_access::Caller;
use headworks_core::model::{Object, ObjectBody, ObjectId, Route, RouteTarget};
use headworks_hub::{Body, Edit, HubHandle, Plant};
use headworks_logic::router::{
    LetterChoice, LetterView, Replayed, RouteStatus, Trial, TrialError, trial,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::history::{from_history, watched};
use super::objects::{self, ListQuery, Resource};
use super::page::{LIMIT_DEFAULT, LIMIT_MAX, Page, Window};
use super::{errors, past};
use crate::problem::{ApiError, Code};
use crate::route::{Call, Created, Json, NoQuery, Revised, Written};

/// The stretch of history of a test when none is given: an hour.
const TEST_US: i64 = 3_600_000_000;

impl Resource for Route {
    const PATH: &'static str = "/api/v1/routes";
    type Item = Arc<Object<Route>>;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, Self::Item)> {
        let object = plant.route(id)?;
        Some((object.revision, Arc::clone(object)))
    }
}

/// Lists routes in order of name.
pub(crate) async fn list(
    call: Call<ListQuery>,
) -> Result<Json<Page<Arc<Object<Route>>>>, ApiError> {
    let plant = call.app.hub.plant();
    let page = objects::page(&call.query, plant.routes(), |route| &route.name, Arc::clone)?;
    Ok(Json(page))
}

/// Makes a route.
pub(crate) async fn create(
    call: Call<NoQuery, Json<Route>>,
) -> Result<Created<Arc<Object<Route>>>, ApiError> {
    check_rights(&call)?;
    objects::create(call).await
}

/// Replaces the body of a route.
pub(crate) async fn replace(
    call: Call<NoQuery, Json<Route>>,
) -> Result<Revised<Arc<Object<Route>>>, ApiError> {
    check_rights(&call)?;
    objects::replace(call).await
}

/// Sees to it that nobody has a route write what they may not write themselves.
fn check_rights(call: &Call<NoQuery, Json<Route>>) -> Result<(), ApiError> {
    check_route(&call.app.hub.plant(), &call.body.0, call.caller()?)
}

/// Sees to it for lists of edits, whatever they come from: files, undo, or the API.
pub(super) fn check_edits(plant: &Plant, edits: &[Edit], caller: &Caller) -> Result<(), ApiError> {
    let routes = edits.iter().filter_map(|edit| match edit {
        Edit::Create {
            body: Body::Route(route),
            ..
        }
        | Edit::Update {
            body: Body::Route(route),
            ..
        } => Some(route),
        _ => None,
    });
    for route in routes {
        check_route(plant, route, caller)?;
    }
    Ok(())
}

fn check_route(plant: &Plant, route: &Route, caller: &Caller) -> Result<(), ApiError> {
    let rights = &caller.rights;
    let back = route.back.as_ref().and(route.from.first());
    let back = back.and_then(|from| from.literal());
    let mut written = route.to.iter().filter_map(RouteTarget::tag);
    // a tag that the same edits make has no path yet
    let unknown = written.clone().any(|tag| plant.tag(tag).is_none())
        || back.is_some_and(|path| plant.tag_by_path(path).is_none());
    let refused = written
        .find_map(|tag| plant.tag(tag).filter(|tag| !rights.may_write(tag.path())))
        .or_else(|| {
            let tag = plant.tag_by_path(back?)?;
            (!rights.may_write(tag.path())).then_some(tag)
        });
    let what = match refused {
        Some(tag) => tag.path().to_string(),
        None if unknown && rights.is_write_narrowed() => "a tag that is not there yet".to_owned(),
        None => return Ok(()),
    };
    let detail = format!(
        "{} may not write {what}, nor have a route do it",
        caller.name
    );
    Err(ApiError::new(Code::Forbidden, detail))
}

/// Query parameters of the list of states.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusQuery {
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists how routes do, in the order in which they were made.
pub(crate) async fn statuses(call: Call<StatusQuery>) -> Result<Json<Page<RouteStatus>>, ApiError> {
    let query = &call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), LIMIT_MAX)?;
    call.app.routes.settled().await;
    let all = call.app.routes.statuses();
    let at = |place: usize| all.get(place);
    let key = |status: &&RouteStatus| status.id.to_string();
    Ok(Json(window.cut(all.len(), at, key, Clone::clone)))
}

/// Answers how a route does.
pub(crate) async fn status(call: Call) -> Result<Json<RouteStatus>, ApiError> {
    let id = objects::existing::<Route>(&call.app.hub, call.id()?)?;
    call.app.routes.settled().await;
    let status = call.app.routes.status(id);
    Ok(Json(
        status.ok_or_else(|| ApiError::not_found("route", id))?,
    ))
}

/// A route to be tested.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// A route that is stored.
    #[serde(default)]
    id: Option<ObjectId>,
    /// A route that need not be stored; one of the two is needed.
    #[serde(default)]
    route: Option<Route>,
    /// First time of the samples, microseconds since 1970-01-01 UTC; an hour before the end when
    /// absent.
    #[serde(default)]
    start_us: Option<i64>,
    /// Time after the samples, microseconds since 1970-01-01 UTC; now when absent. At most a week
    /// after the start.
    #[serde(default)]
    end_us: Option<i64>,
}

/// Sends stored samples through a route and answers what became of them; delivers nothing.
pub(crate) async fn test(call: Call<NoQuery, Json<TestBody>>) -> Result<Written<Trial>, ApiError> {
    let (hub, body) = (call.app.hub.clone(), call.body.0);
    let range = past::past_of(&hub, body.start_us, body.end_us, TEST_US)?;
    let (route, place) = match (body.id, body.route) {
        (None, Some(route)) => (route, "/route"),
        (Some(id), None) => {
            let plant = hub.plant();
            let route = plant.route(id);
            let route = route.ok_or_else(|| ApiError::field("/id", format!("no route {id}")))?;
            (route.body.clone(), "/id")
        }
        _ => {
            return Err(ApiError::field(
                "/route",
                "give either a route or the id of one",
            ));
        }
    };
    route
        .check()
        .map_err(|error| ApiError::field(format!("{place}{}", error.field), error.reason))?;
    watched(&call.app, move |watch| {
        trial(&hub, route, range, watch).map_err(|error| match error {
            TrialError::Route(error) if place == "/route" => {
                ApiError::field(format!("{place}{}", error.field), error.reason)
            }
            TrialError::Route(error) => ApiError::field(place, error.to_string()),
            TrialError::History(error) => from_history(error),
        })
    })
    .await
}

/// Query parameters of dead letters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LettersQuery {
    /// Only letters of this route.
    route: Option<ObjectId>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Dead letters, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Letters {
    /// The letters.
    items: Vec<LetterView>,
    /// `cursor` of the next page; null after the last.
    next_cursor: Option<String>,
    /// Letters of all routes.
    total: u64,
    /// Letters that went because there were too many, or because they came too fast.
    dropped: u64,
}

/// Lists what routes could not deliver.
pub(crate) async fn letters(call: Call<LettersQuery>) -> Result<Json<Letters>, ApiError> {
    let query = call.query;
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let reason = format!("{limit}; 1 to {LIMIT_MAX} are allowed");
        return Err(ApiError::query("limit", reason));
    }
    let before = query.cursor.map(|cursor| cursor.parse::<u64>()).transpose();
    let before = before.map_err(|_| {
        let reason = "no cursor of this list; take next_cursor of the page before";
        ApiError::query("cursor", reason)
    })?;
    let routes = call.app.routes.clone();
    let found = call.app.blocking(move || {
        let page = routes.letters(query.route, before, limit);
        page.map_err(errors::from_store)
    });
    let page = found.await?;
    let is_full = page.items.len() == limit;
    let last = page.items.last().filter(|_| is_full);
    Ok(Json(Letters {
        next_cursor: last.map(|letter| letter.number.to_string()),
        items: page.items,
        total: page.total,
        dropped: page.dropped,
    }))
}

/// Which dead letters are meant; exactly one of the three.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LettersBody {
    /// Those of these numbers.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1000))]
    numbers: Option<Vec<u64>>,
    /// All of this route.
    #[serde(default)]
    route: Option<ObjectId>,
    /// All there are.
    #[serde(default)]
    all: bool,
}

impl LettersBody {
    fn choice(self) -> Result<LetterChoice, ApiError> {
        match (self.numbers, self.route, self.all) {
            (Some(numbers), None, false) if (1..=1000).contains(&numbers.len()) => {
                Ok(LetterChoice::Numbers(numbers))
            }
            (Some(numbers), None, false) => {
                let reason = format!("{} numbers; 1 to 1000 are allowed", numbers.len());
                Err(ApiError::field("/numbers", reason))
            }
            (None, Some(route), false) => Ok(LetterChoice::All(Some(route))),
            (None, None, true) => Ok(LetterChoice::All(None)),
            _ => {
                let reason = "give either numbers, a route, or all";
                Err(ApiError::field("/numbers", reason))
            }
        }
    }
}

/// Sends dead letters again.
pub(crate) async fn replay(
    call: Call<NoQuery, Json<LettersBody>>,
) -> Result<Json<Replayed>, ApiError> {
    let choice = call.body.0.choice()?;
    let routes = call.app.routes.clone();
    let replayed = call
        .app
        .blocking(move || routes.replay(&choice).map_err(errors::from_store));
    let replayed = replayed.await?;
    call.note.after(&replayed);
    Ok(Json(replayed))
}

/// How many dead letters were discarded.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Discarded {
    /// How many.
    discarded: u64,
}

/// Discards dead letters.
pub(crate) async fn discard(
    call: Call<NoQuery, Json<LettersBody>>,
) -> Result<Json<Discarded>, ApiError> {
    let choice = call.body.0.choice()?;
    let routes = call.app.routes.clone();
    let discarded = call
        .app
        .blocking(move || routes.discard(&choice).map_err(errors::from_store));
    let discarded = Discarded {
        discarded: discarded.await?,
    };
    call.note.after(&discarded);
    Ok(Json(discarded))
}
