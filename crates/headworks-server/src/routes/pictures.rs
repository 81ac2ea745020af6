//! Pictures of dashboards, and pages of others in frames.

use headworks_core::model::Picture;

use super::{DELETE, GET, POST, PUT};
use crate::api::{objects, pictures};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "pictures";
const PICTURES: &str = "/api/v1/pictures";
const PICTURE: &str = "/api/v1/pictures/{id}";

pub(super) fn picture_routes() -> Vec<Route> {
    vec![
        Route::new("list_pictures", GET, PICTURES, View, pictures::list)
            .narrow()
            .about(CHAPTER, "Lists pictures in order of name."),
        Route::new(
            "create_picture",
            POST,
            PICTURES,
            Configure,
            pictures::create,
        )
        .long()
        .about(
            CHAPTER,
            "Takes a picture of at most 2 MiB: PNG, JPEG, WebP, or an SVG that only draws.",
        ),
        Route::new("get_picture", GET, PICTURE, View, pictures::get)
            .narrow()
            .about(CHAPTER, "Answers with what is known of a picture."),
        Route::new(
            "replace_picture",
            PUT,
            PICTURE,
            Configure,
            objects::replace::<Picture>,
        )
        .about(
            CHAPTER,
            "Renames a picture, or gives it the bytes of another by their hash.",
        ),
        Route::new(
            "delete_picture",
            DELETE,
            PICTURE,
            Configure,
            pictures::delete,
        )
        .about(CHAPTER, "Deletes a picture that no dashboard shows."),
        Route::new(
            "get_picture_content",
            GET,
            "/api/v1/pictures/{id}/content",
            View,
            pictures::content,
        )
        .narrow()
        .about(CHAPTER, "Sends the bytes of a picture."),
        Route::new(
            "get_picture_history",
            GET,
            "/api/v1/pictures/{id}/history",
            View,
            objects::history::<Picture>,
        )
        .about(CHAPTER, "Lists the past states of a picture."),
        Route::new(
            "list_frame_sources",
            GET,
            "/api/v1/frame-sources",
            View,
            pictures::frame_sources,
        )
        .about(
            CHAPTER,
            "Lists the servers whose pages dashboards may show in frames.",
        ),
    ]
}
