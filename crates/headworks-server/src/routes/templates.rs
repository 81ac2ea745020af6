//! Routes of the chapter `templates` beyond those that every kind of object has.

use axum::http::Method;

use crate::api::{template_devices, template_library};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "templates";

/// Returns the routes of devices made of templates and of the shipped templates.
pub(super) fn template_routes() -> Vec<Route> {
    vec![
        Route::new(
            "make_devices",
            Method::POST,
            "/api/v1/templates/{id}/devices",
            Configure,
            template_devices::make,
        )
        .about(CHAPTER, "Makes devices of a template, all of them or none."),
        Route::new(
            "get_drift",
            Method::GET,
            "/api/v1/devices/{id}/template",
            View,
            template_devices::get_drift,
        )
        .about(
            CHAPTER,
            "Answers with what of a device is not as its template would make it now.",
        ),
        Route::new(
            "apply_template",
            Method::POST,
            "/api/v1/devices/{id}/template/apply",
            Configure,
            template_devices::reapply,
        )
        .about(
            CHAPTER,
            "Makes a device as its template makes it now; its tags keep their history.",
        ),
        Route::new(
            "list_template_library",
            Method::GET,
            "/api/v1/template-library",
            View,
            template_library::list,
        )
        .about(CHAPTER, "Lists the templates that are shipped."),
        Route::new(
            "load_templates",
            Method::POST,
            "/api/v1/template-library/load",
            Configure,
            template_library::load,
        )
        .about(
            CHAPTER,
            "Makes shipped templates templates of the plant, in one change.",
        ),
    ]
}
