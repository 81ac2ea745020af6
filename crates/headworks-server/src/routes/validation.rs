//! Routes of the chapter `validation`.

use super::GET;
use crate::api::validation;
use crate::route::Permission::View;
use crate::route::Route;

const CHAPTER: &str = "validation";

pub(super) fn validation_routes() -> Vec<Route> {
    vec![
        Route::new(
            "get_tag_validation",
            GET,
            "/api/v1/tags/{id}/validation",
            View,
            validation::of_tag,
        )
        .about(CHAPTER, "Answers what is wrong with the samples of a tag."),
        Route::new(
            "list_validation",
            GET,
            "/api/v1/validation",
            View,
            validation::list,
        )
        .about(CHAPTER, "Lists tags with what is wrong with their samples."),
    ]
}
