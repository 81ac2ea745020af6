//! Files and streams into history.

use super::{GET, POST};
use crate::api::imports;
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "imports";

pub(super) fn import_routes() -> Vec<Route> {
    vec![
        Route::new(
            "create_import",
            POST,
            "/api/v1/imports",
            Configure,
            imports::create,
        )
        .long()
        .about(CHAPTER, "Takes a file and imports its samples as a job."),
        Route::new(
            "preview_import",
            POST,
            "/api/v1/imports/preview",
            Configure,
            imports::preview,
        )
        .long()
        .about(
            CHAPTER,
            "Says what a file would be taken for, and stores nothing.",
        ),
        Route::new(
            "get_import_errors",
            GET,
            "/api/v1/imports/{id}/errors",
            View,
            imports::errors,
        )
        .about(
            CHAPTER,
            "Sends the rows of an import that could not be taken.",
        ),
        Route::new(
            "import_samples",
            POST,
            "/api/v1/history/import",
            Configure,
            imports::backfill,
        )
        .long()
        .about(
            CHAPTER,
            "Stores a stream of samples: JSON lines or blocks of columns.",
        ),
    ]
}
