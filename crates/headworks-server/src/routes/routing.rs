//! Routes of the chapter `routes`: those of samples, not these.

use super::{DELETE, GET, POST, PUT};
use crate::api::{objects, routing};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "routes";
const ALL: &str = "/api/v1/routes";
const ONE: &str = "/api/v1/routes/{id}";

type Body = headworks_core::model::Route;

pub(super) fn routing_routes() -> Vec<Route> {
    let mut routes = object_routes();
    routes.extend(work_routes());
    routes.extend(letter_routes());
    routes
}

fn object_routes() -> Vec<Route> {
    vec![
        Route::new("list_routes", GET, ALL, View, routing::list)
            .about(CHAPTER, "Lists routes in order of name."),
        Route::new("create_route", POST, ALL, Configure, routing::create)
            .about(CHAPTER, "Makes a route."),
        Route::new("get_route", GET, ONE, View, objects::get::<Body>)
            .about(CHAPTER, "Answers with a route."),
        Route::new("replace_route", PUT, ONE, Configure, routing::replace)
            .about(CHAPTER, "Replaces a route."),
        Route::new(
            "delete_route",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Body>,
        )
        .about(CHAPTER, "Deletes a route."),
        Route::new(
            "get_route_history",
            GET,
            "/api/v1/routes/{id}/history",
            View,
            objects::history::<Body>,
        )
        .about(CHAPTER, "Lists the past states of a route."),
    ]
}

fn work_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_route_status",
            GET,
            "/api/v1/routes/status",
            View,
            routing::statuses,
        )
        .about(
            CHAPTER,
            "Lists how routes do: what passed, what was held back, why.",
        ),
        Route::new(
            "get_route_status",
            GET,
            "/api/v1/routes/{id}/status",
            View,
            routing::status,
        )
        .about(CHAPTER, "Answers how a route does."),
        Route::new(
            "test_route",
            POST,
            "/api/v1/routes/test",
            View,
            routing::test,
        )
        .about(
            CHAPTER,
            "Sends stored samples through a route, stored or not, and delivers nothing.",
        ),
    ]
}

fn letter_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_dead_letters",
            GET,
            "/api/v1/routes/dead-letters",
            View,
            routing::letters,
        )
        .about(
            CHAPTER,
            "Lists what routes could not deliver, newest first.",
        ),
        Route::new(
            "replay_dead_letters",
            POST,
            "/api/v1/routes/dead-letters/replay",
            Configure,
            routing::replay,
        )
        .about(
            CHAPTER,
            "Sends dead letters again, oldest first, at most a thousand at once.",
        ),
        Route::new(
            "discard_dead_letters",
            POST,
            "/api/v1/routes/dead-letters/discard",
            Configure,
            routing::discard,
        )
        .about(CHAPTER, "Discards dead letters."),
    ]
}
