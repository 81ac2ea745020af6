//! Dictionaries: what the plant's own texts are in other languages.

use headworks_core::model::Dictionary;

use super::{DELETE, GET, POST, PUT};
use crate::api::{dictionaries, objects};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "dictionaries";
const ALL: &str = "/api/v1/dictionaries";
const ONE: &str = "/api/v1/dictionaries/{id}";

pub(super) fn dictionary_routes() -> Vec<Route> {
    vec![
        Route::new("list_dictionaries", GET, ALL, View, dictionaries::list).about(
            CHAPTER,
            "Lists dictionaries in order of language, without their texts.",
        ),
        Route::new(
            "create_dictionary",
            POST,
            ALL,
            Configure,
            objects::create::<Dictionary>,
        )
        .about(CHAPTER, "Makes the dictionary of a language."),
        Route::new(
            "get_words",
            GET,
            "/api/v1/dictionaries/words",
            View,
            dictionaries::words,
        )
        .narrow()
        .about(
            CHAPTER,
            "Answers with every text that is translated into a language.",
        ),
        Route::new(
            "list_texts",
            GET,
            "/api/v1/dictionaries/texts",
            View,
            dictionaries::texts,
        )
        .about(
            CHAPTER,
            "Lists the texts of the plant, and what they are in a language.",
        ),
        Route::new("get_dictionary", GET, ONE, View, objects::get::<Dictionary>)
            .about(CHAPTER, "Answers with a dictionary."),
        Route::new(
            "replace_dictionary",
            PUT,
            ONE,
            Configure,
            objects::replace::<Dictionary>,
        )
        .about(CHAPTER, "Replaces a dictionary."),
        Route::new(
            "delete_dictionary",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Dictionary>,
        )
        .about(CHAPTER, "Deletes a dictionary."),
        Route::new(
            "get_dictionary_history",
            GET,
            "/api/v1/dictionaries/{id}/history",
            View,
            objects::history::<Dictionary>,
        )
        .about(CHAPTER, "Lists the past states of a dictionary."),
    ]
}
