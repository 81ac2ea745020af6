//! Routes of the chapter `retention`.

use headworks_core::model::RetentionPolicy;

use super::{DELETE, GET, POST, PUT};
use crate::api::{objects, retention};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "retention";
const POLICIES: &str = "/api/v1/retention-policies";
const POLICY: &str = "/api/v1/retention-policies/{id}";

pub(super) fn retention_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_retention_policies",
            GET,
            POLICIES,
            View,
            retention::list,
        )
        .about(
            CHAPTER,
            "Lists retention policies, the one that leads first.",
        ),
        Route::new(
            "create_retention_policy",
            POST,
            POLICIES,
            Configure,
            objects::create::<RetentionPolicy>,
        )
        .about(CHAPTER, "Makes a retention policy."),
        Route::new(
            "get_effective_retention",
            GET,
            "/api/v1/retention-policies/effective",
            View,
            retention::effective,
        )
        .about(CHAPTER, "Answers which policy holds for a tag."),
        Route::new(
            "get_retention_policy",
            GET,
            POLICY,
            View,
            objects::get::<RetentionPolicy>,
        )
        .about(CHAPTER, "Answers with a retention policy."),
        Route::new(
            "replace_retention_policy",
            PUT,
            POLICY,
            Configure,
            objects::replace::<RetentionPolicy>,
        )
        .about(CHAPTER, "Replaces a retention policy."),
        Route::new(
            "delete_retention_policy",
            DELETE,
            POLICY,
            Configure,
            objects::delete::<RetentionPolicy>,
        )
        .about(CHAPTER, "Deletes a retention policy."),
        Route::new(
            "get_retention_policy_history",
            GET,
            "/api/v1/retention-policies/{id}/history",
            View,
            objects::history::<RetentionPolicy>,
        )
        .about(CHAPTER, "Lists the past states of a retention policy."),
    ]
}
