//! From the table of routes to answers: methods, time-outs, bounds, panics.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::FutureExt;
use headworks_access::Caller;

use crate::app::App;
use crate::audit::Pending;
use crate::edge::{self, Client, RequestId};
use crate::limits::{AddressKey, WorkKey, for_caller};
use crate::observe::Watch;
use crate::problem::{ApiError, Code};
use crate::route::Route;
use crate::settings::BasePath;
use crate::{assets, guard, parse, routes};

/// Longest time from a request's head to its answer's head.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The same where a body is read as it comes; a body that stands still ends earlier.
const STREAM_TIMEOUT: Duration = Duration::from_secs(3_600);
/// Longest time a request waits for others to end.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the service of the table.
pub(crate) fn router(app: Arc<App>) -> Router {
    router_of(app, routes::routes())
}

/// Returns the service of some routes.
pub(crate) fn router_of(app: Arc<App>, routes: impl IntoIterator<Item = Route>) -> Router {
    let mut by_path: BTreeMap<&'static str, Vec<Route>> = BTreeMap::new();
    for route in routes {
        by_path.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        let methods = methods_of(routes);
        router = router
            .route(path, methods.clone())
            .route(&format!("{path}/"), methods);
    }
    router
        .fallback(fallback)
        .layer(from_fn_with_state(app.clone(), edge::guard))
        .with_state(app)
}

fn methods_of(routes: Vec<Route>) -> MethodRouter<Arc<App>> {
    let mut names: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    let allow = names.join(", ");
    let mut methods = MethodRouter::new();
    for route in routes {
        // The table's test shows that every method of it is a filter.
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
        let route = Arc::new(route);
        let serve = move |State(app): State<Arc<App>>, request: Request| {
            let watch = Watch::begin(&app, route.path, &request);
            let answering = dispatch(app, Arc::clone(&route), request);
            async move { watch.end(answering.await) }
        };
        methods = methods.merge(on(filter, serve));
    }
    methods.fallback(move |request: Request| async move {
        let error = ApiError::method_not_allowed(request.method().as_str(), &allow);
        let request_id = RequestId::of(request.extensions());
        parse::drain(request.into_body()).await;
        error.into_response(&request_id)
    })
}

/// Answers one request of a route: admits the caller, keeps the bounds, notes what was done.
async fn dispatch(app: Arc<App>, route: Arc<Route>, request: Request) -> Response {
    let request_id = RequestId::of(request.extensions());
    let (mut parts, body) = request.into_parts();
    let caller = guard::recognise(&app, &parts.headers);
    let pending = Pending::of(&route, &mut parts);
    let checked = guard::check(caller.as_ref(), &route).and_then(|()| {
        caller
            .as_ref()
            .map_or(Ok(()), |one| app.check_rate(one, Instant::now()))
    });
    let answer = match checked {
        Ok(()) => {
            let key = work_key(caller.as_ref(), &parts);
            if let Some(caller) = caller.clone() {
                parts.extensions.insert(caller);
            }
            for_caller(key, answer(&app, &route, parts, body)).await
        }
        Err(error) => {
            parse::drain(body).await;
            Err(error)
        }
    };
    if let Some(pending) = pending {
        pending.record(&app, caller.as_ref(), &answer);
    }
    answer.unwrap_or_else(|error| error.into_response(&request_id))
}

/// Returns for whom a request is: turns of threads are shared by account.
fn work_key(caller: Option<&Caller>, parts: &Parts) -> WorkKey {
    let address = || AddressKey::of(Client::of(&parts.extensions).address);
    caller.map_or_else(
        || WorkKey::Address(address()),
        |caller| WorkKey::Account(caller.user),
    )
}

async fn answer(
    app: &Arc<App>,
    route: &Route,
    parts: Parts,
    body: Body,
) -> Result<Response, ApiError> {
    let busy = || {
        ApiError::new(
            Code::Busy,
            "too many requests at once; try again in a second",
        )
    };
    let client = AddressKey::of(Client::of(&parts.extensions).address);
    let turn = tokio::time::timeout(QUEUE_TIMEOUT, app.requests.acquire(client)).await;
    let _turn = turn.ok().flatten().ok_or_else(busy)?;
    let timeout = if route.is_long {
        STREAM_TIMEOUT
    } else {
        REQUEST_TIMEOUT
    };
    let answering = AssertUnwindSafe((route.handler)(Arc::clone(app), parts, body)).catch_unwind();
    match tokio::time::timeout(timeout, answering).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(ApiError::new(
            Code::Internal,
            "the hub could not do this; its log says more under the request id",
        )),
        Err(_) => Err(ApiError::new(
            Code::Timeout,
            format!("no answer within {} s", timeout.as_secs()),
        )),
    }
}

/// Answers paths that are not in the table: the web UI, or a problem.
async fn fallback(State(app): State<Arc<App>>, request: Request) -> Response {
    let request_id = RequestId::of(request.extensions());
    let answer = file_or_problem(app.edge.base_path(), &request);
    parse::drain(request.into_body()).await;
    answer.unwrap_or_else(|error| error.into_response(&request_id))
}

fn file_or_problem(base: &BasePath, request: &Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let is_api = ["/api", "/ws"].into_iter().any(|prefix| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if is_api {
        let shown: String = path.chars().take(200).collect();
        let detail = format!("{shown:?} is no path of this API; GET /api/schema lists all");
        return Err(ApiError::new(Code::UnknownPath, detail));
    }
    assets::serve(assets::EMBEDDED, base, request)
}
