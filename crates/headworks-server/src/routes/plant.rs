//! Routes of the chapters `assets`, `groups`, `alarm rules` and `templates`.

use headworks_core::model::{Alarm, Asset, Group, Template};

use super::{DELETE, GET, POST, PUT};
use crate::api::{alarm_rules, assets, groups, objects, rule_test, templates};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

pub(super) fn plant_routes() -> Vec<Route> {
    let mut routes = asset_routes();
    routes.extend(group_routes());
    routes.extend(alarm_rule_routes());
    routes.extend(template_routes());
    routes
}

fn asset_routes() -> Vec<Route> {
    const CHAPTER: &str = "assets";
    const ALL: &str = "/api/v1/assets";
    const ONE: &str = "/api/v1/assets/{id}";
    vec![
        Route::new("list_assets", GET, ALL, View, assets::list)
            .about(CHAPTER, "Lists assets in order of path."),
        Route::new(
            "create_asset",
            POST,
            ALL,
            Configure,
            objects::create::<Asset>,
        )
        .about(CHAPTER, "Makes an asset."),
        Route::new("get_asset", GET, ONE, View, objects::get::<Asset>)
            .about(CHAPTER, "Answers with an asset."),
        Route::new(
            "replace_asset",
            PUT,
            ONE,
            Configure,
            objects::replace::<Asset>,
        )
        .about(CHAPTER, "Replaces an asset."),
        Route::new(
            "delete_asset",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Asset>,
        )
        .about(CHAPTER, "Deletes an asset."),
        Route::new(
            "get_asset_history",
            GET,
            "/api/v1/assets/{id}/history",
            View,
            objects::history::<Asset>,
        )
        .about(CHAPTER, "Lists the past states of an asset."),
    ]
}

fn group_routes() -> Vec<Route> {
    const CHAPTER: &str = "groups";
    const ALL: &str = "/api/v1/groups";
    const ONE: &str = "/api/v1/groups/{id}";
    vec![
        Route::new("list_groups", GET, ALL, View, groups::list)
            .about(CHAPTER, "Lists groups in order of name."),
        Route::new(
            "create_group",
            POST,
            ALL,
            Configure,
            objects::create::<Group>,
        )
        .about(CHAPTER, "Makes a group."),
        Route::new("get_group", GET, ONE, View, objects::get::<Group>)
            .about(CHAPTER, "Answers with a group."),
        Route::new(
            "replace_group",
            PUT,
            ONE,
            Configure,
            objects::replace::<Group>,
        )
        .about(CHAPTER, "Replaces a group."),
        Route::new(
            "delete_group",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Group>,
        )
        .about(CHAPTER, "Deletes a group."),
        Route::new(
            "get_group_history",
            GET,
            "/api/v1/groups/{id}/history",
            View,
            objects::history::<Group>,
        )
        .about(CHAPTER, "Lists the past states of a group."),
    ]
}

fn alarm_rule_routes() -> Vec<Route> {
    const CHAPTER: &str = "alarm rules";
    const ALL: &str = "/api/v1/alarm-rules";
    const ONE: &str = "/api/v1/alarm-rules/{id}";
    vec![
        Route::new("list_alarm_rules", GET, ALL, View, alarm_rules::list).about(
            CHAPTER,
            "Lists the alarms that are configured, in order of name.",
        ),
        Route::new(
            "create_alarm_rule",
            POST,
            ALL,
            Configure,
            objects::create::<Alarm>,
        )
        .about(CHAPTER, "Makes an alarm rule."),
        Route::new("get_alarm_rule", GET, ONE, View, objects::get::<Alarm>)
            .about(CHAPTER, "Answers with an alarm rule."),
        Route::new(
            "replace_alarm_rule",
            PUT,
            ONE,
            Configure,
            objects::replace::<Alarm>,
        )
        .about(CHAPTER, "Replaces an alarm rule."),
        Route::new(
            "delete_alarm_rule",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Alarm>,
        )
        .about(CHAPTER, "Deletes an alarm rule."),
        Route::new(
            "get_alarm_rule_history",
            GET,
            "/api/v1/alarm-rules/{id}/history",
            View,
            objects::history::<Alarm>,
        )
        .about(CHAPTER, "Lists the past states of an alarm rule."),
        Route::new(
            "test_alarm_rule",
            POST,
            "/api/v1/alarm-rules/test",
            View,
            rule_test::test,
        )
        .about(
            CHAPTER,
            "Plays stored samples through an alarm rule, stored or not, and tells nobody.",
        ),
    ]
}

fn template_routes() -> Vec<Route> {
    const CHAPTER: &str = "templates";
    const ALL: &str = "/api/v1/templates";
    const ONE: &str = "/api/v1/templates/{id}";
    vec![
        Route::new("list_templates", GET, ALL, View, templates::list)
            .about(CHAPTER, "Lists templates in order of name."),
        Route::new(
            "create_template",
            POST,
            ALL,
            Configure,
            objects::create::<Template>,
        )
        .about(CHAPTER, "Makes a template."),
        Route::new("get_template", GET, ONE, View, objects::get::<Template>)
            .about(CHAPTER, "Answers with a template."),
        Route::new(
            "replace_template",
            PUT,
            ONE,
            Configure,
            objects::replace::<Template>,
        )
        .about(CHAPTER, "Replaces a template."),
        Route::new(
            "delete_template",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Template>,
        )
        .about(CHAPTER, "Deletes a template."),
        Route::new(
            "get_template_history",
            GET,
            "/api/v1/templates/{id}/history",
            View,
            objects::history::<Template>,
        )
        .about(CHAPTER, "Lists the past states of a template."),
    ]
}
