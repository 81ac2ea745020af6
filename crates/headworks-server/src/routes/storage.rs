//! Routes that say what is stored and what happened to the system.

use super::GET;
use crate::api::storage;
use crate::route::Permission::View;
use crate::route::Route;

const CHAPTER: &str = "system";

pub(super) fn storage_routes() -> Vec<Route> {
    vec![
        Route::new(
            "get_storage",
            GET,
            "/api/v1/system/storage",
            View,
            storage::storage,
        )
        .about(
            CHAPTER,
            "Answers what is stored, on which disk, and when that will be full.",
        ),
        Route::new(
            "list_events",
            GET,
            "/api/v1/system/events",
            View,
            storage::events,
        )
        .about(
            CHAPTER,
            "Lists what happened to the system itself, newest first.",
        ),
    ]
}
