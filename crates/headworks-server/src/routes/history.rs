//! Routes of the chapter `history`.

use super::{GET, POST};
use crate::api::history;
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "history";

pub(super) fn history_routes() -> Vec<Route> {
    vec![
        Route::new("read_raw", POST, "/api/v1/history/raw", View, history::raw)
            .narrow()
            .about(CHAPTER, "Answers with raw samples of tags in pages."),
        Route::new(
            "read_at_time",
            POST,
            "/api/v1/history/at-time",
            View,
            history::at_time,
        )
        .narrow()
        .about(CHAPTER, "Answers with the values of tags at instants."),
        Route::new(
            "read_processed",
            POST,
            "/api/v1/history/processed",
            View,
            history::processed,
        )
        .narrow()
        .about(CHAPTER, "Answers with aggregates of OPC UA Part 13."),
        Route::new(
            "read_chart",
            POST,
            "/api/v1/history/chart",
            View,
            history::chart,
        )
        .narrow()
        .about(CHAPTER, "Answers with lines thinned out for a chart."),
        Route::new(
            "list_aggregates",
            GET,
            "/api/v1/history/aggregates",
            View,
            history::aggregates,
        )
        .narrow()
        .about(CHAPTER, "Lists the aggregates and what they mean."),
        Route::new(
            "delete_samples",
            POST,
            "/api/v1/history/delete",
            Configure,
            history::delete,
        )
        .about(CHAPTER, "Deletes samples of tags in a range of time."),
    ]
}
