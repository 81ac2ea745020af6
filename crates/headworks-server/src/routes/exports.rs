//! History as files.

use super::{DELETE, GET, POST};
use crate::api::exports;
use crate::route::Permission::{Operate, View};
use crate::route::Route;

const CHAPTER: &str = "exports";
const EXPORTS: &str = "/api/v1/exports";
const EXPORT: &str = "/api/v1/exports/{id}";

pub(super) fn export_routes() -> Vec<Route> {
    vec![
        Route::new(
            "stream_history",
            GET,
            "/api/v1/history/export",
            View,
            exports::stream,
        )
        .noted()
        .about(CHAPTER, "Sends history as a file, as it is read."),
        Route::new("list_exports", GET, EXPORTS, View, exports::list)
            .about(CHAPTER, "Lists exports and their files, newest first."),
        Route::new("create_export", POST, EXPORTS, Operate, exports::create)
            .about(CHAPTER, "Starts an export into a file."),
        Route::new("get_export", GET, EXPORT, View, exports::get)
            .about(CHAPTER, "Answers with an export and how far it is."),
        Route::new("delete_export", DELETE, EXPORT, Operate, exports::delete)
            .about(CHAPTER, "Cancels an export and removes its file."),
        Route::new(
            "resume_export",
            POST,
            "/api/v1/exports/{id}/resume",
            Operate,
            exports::resume,
        )
        .about(CHAPTER, "Goes on with an export that was interrupted."),
        Route::new(
            "get_export_file",
            GET,
            "/api/v1/exports/{id}/file",
            View,
            exports::file,
        )
        .noted()
        .about(CHAPTER, "Sends the file of an export; ranges are served."),
    ]
}
