//! Expressions: tried, and explained.

use super::{GET, POST};
use crate::api::{back, calculated, expressions};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "expressions";

pub(super) fn expression_routes() -> Vec<Route> {
    vec![
        Route::new(
            "check_expression",
            POST,
            "/api/v1/expressions/check",
            View,
            expressions::check,
        )
        .narrow()
        .about(
            CHAPTER,
            "Tries an expression: what it reads, what it gives now, or where it goes wrong.",
        ),
        Route::new(
            "list_functions",
            GET,
            "/api/v1/expressions/functions",
            View,
            expressions::functions,
        )
        .narrow()
        .about(CHAPTER, "Lists the functions that expressions may call."),
        Route::new(
            "list_calculated_tags",
            GET,
            "/api/v1/calculated-tags",
            View,
            calculated::list,
        )
        .narrow()
        .about(
            CHAPTER,
            "Lists calculated tags, what each reads, and how its last evaluation went.",
        ),
        Route::new(
            "get_calculated_tag",
            GET,
            "/api/v1/calculated-tags/{id}",
            View,
            calculated::get,
        )
        .narrow()
        .about(
            CHAPTER,
            "Answers with a calculated tag and how its last evaluation went.",
        ),
        Route::new(
            "back_calculate_tag",
            POST,
            "/api/v1/tags/{id}/back-calculate",
            Configure,
            back::calculate,
        )
        .about(
            CHAPTER,
            "Calculates a tag over a stretch of the past, from what is stored, as a job.",
        ),
    ]
}
