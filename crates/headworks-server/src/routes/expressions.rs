//! Expressions: tried, and explained.

use super::{GET, POST};
use crate::api::expressions;
use crate::route::Permission::View;
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
    ]
}
