//! Routes of the chapter `changes`.

use super::{GET, POST};
use crate::api::{changes, edits};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "changes";

pub(super) fn change_routes() -> Vec<Route> {
    vec![
        Route::new(
            "apply_edits",
            POST,
            "/api/v1/edits",
            Configure,
            edits::apply,
        )
        .about(
            CHAPTER,
            "Applies a list of edits of any kind, whole or not at all.",
        ),
        Route::new("list_changes", GET, "/api/v1/changes", View, changes::list)
            .about(CHAPTER, "Lists what was changed, newest first."),
        Route::new(
            "get_change",
            GET,
            "/api/v1/changes/{id}",
            View,
            changes::get,
        )
        .about(CHAPTER, "Answers with what a change did, object by object."),
        Route::new(
            "undo_change",
            POST,
            "/api/v1/changes/{id}/undo",
            Configure,
            changes::undo,
        )
        .about(CHAPTER, "Takes a change back, whole or not at all."),
        Route::new("list_bin", GET, "/api/v1/bin", View, changes::bin)
            .about(CHAPTER, "Lists what was deleted in the last 30 days."),
        Route::new(
            "restore_deleted",
            POST,
            "/api/v1/bin/{id}/restore",
            Configure,
            changes::restore,
        )
        .about(
            CHAPTER,
            "Brings a deleted object back, with what was deleted along with it.",
        ),
    ]
}
