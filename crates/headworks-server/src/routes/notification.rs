//! Routes of the chapter `notification`.

use headworks_core::model::{Channel, Policy, Roster};

use super::{DELETE, GET, POST, PUT};
use crate::api::{deliveries, notification, objects};
use crate::route::Permission::{Configure, Open, Operate};
use crate::route::Route;

const CHAPTER: &str = "notification";

pub(super) fn notification_routes() -> Vec<Route> {
    let mut routes = channel_routes();
    routes.extend(roster_routes());
    routes.extend(policy_routes());
    routes.extend(delivery_routes());
    routes
}

fn channel_routes() -> Vec<Route> {
    const ALL: &str = "/api/v1/channels";
    const ONE: &str = "/api/v1/channels/{id}";
    vec![
        Route::new("list_channels", GET, ALL, Configure, notification::channels)
            .about(CHAPTER, "Lists channels in order of name."),
        Route::new(
            "create_channel",
            POST,
            ALL,
            Configure,
            objects::create::<Channel>,
        )
        .about(CHAPTER, "Makes a channel."),
        Route::new(
            "list_channel_presets",
            GET,
            "/api/v1/channel-presets",
            Configure,
            notification::presets,
        )
        .about(
            CHAPTER,
            "Lists ready-made webhooks and what bodies can name.",
        ),
        Route::new("get_channel", GET, ONE, Configure, objects::get::<Channel>)
            .about(CHAPTER, "Answers with a channel."),
        Route::new(
            "replace_channel",
            PUT,
            ONE,
            Configure,
            objects::replace::<Channel>,
        )
        .about(CHAPTER, "Replaces a channel."),
        Route::new(
            "delete_channel",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Channel>,
        )
        .about(CHAPTER, "Deletes a channel."),
        Route::new(
            "get_channel_history",
            GET,
            "/api/v1/channels/{id}/history",
            Configure,
            objects::history::<Channel>,
        )
        .about(CHAPTER, "Lists the past states of a channel."),
    ]
}

fn delivery_routes() -> Vec<Route> {
    const ACK: &str = "/ack/{token}";
    vec![
        Route::new(
            "test_channel",
            POST,
            "/api/v1/channels/{id}/test",
            Configure,
            deliveries::test,
        )
        .about(
            CHAPTER,
            "Sends a test over a channel and answers what came of it.",
        ),
        Route::new(
            "list_deliveries",
            GET,
            "/api/v1/deliveries",
            Configure,
            deliveries::list,
        )
        .about(
            CHAPTER,
            "Lists what was sent and what waits, the newest first.",
        ),
        Route::new(
            "get_delivery_figures",
            GET,
            "/api/v1/deliveries/figures",
            Configure,
            deliveries::figures,
        )
        .about(
            CHAPTER,
            "Answers how many messages wait, were sent and given up.",
        ),
        Route::new("look_at_alarm", GET, ACK, Open, deliveries::look)
            .pages(deliveries::LOOK_PAGES)
            .about(
                CHAPTER,
                "Shows the alarm of a link of a message; changes nothing.",
            ),
        Route::new(
            "acknowledge_by_link",
            POST,
            ACK,
            Open,
            deliveries::acknowledge,
        )
        .pages(deliveries::ACKNOWLEDGE_PAGES)
        .about(
            CHAPTER,
            "Acknowledges the event of a link in the name of its account.",
        ),
    ]
}

fn roster_routes() -> Vec<Route> {
    const ALL: &str = "/api/v1/rosters";
    const ONE: &str = "/api/v1/rosters/{id}";
    vec![
        Route::new("list_rosters", GET, ALL, Operate, notification::rosters)
            .about(CHAPTER, "Lists rosters in order of name."),
        Route::new(
            "create_roster",
            POST,
            ALL,
            Configure,
            objects::create::<Roster>,
        )
        .about(CHAPTER, "Makes a roster."),
        Route::new("get_roster", GET, ONE, Operate, objects::get::<Roster>)
            .about(CHAPTER, "Answers with a roster."),
        Route::new(
            "replace_roster",
            PUT,
            ONE,
            Configure,
            objects::replace::<Roster>,
        )
        .about(CHAPTER, "Replaces a roster."),
        Route::new(
            "delete_roster",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Roster>,
        )
        .about(CHAPTER, "Deletes a roster."),
        Route::new(
            "get_on_duty",
            GET,
            "/api/v1/rosters/{id}/on-duty",
            Operate,
            notification::on_duty,
        )
        .about(
            CHAPTER,
            "Answers who of a roster is on duty, now or at a time.",
        ),
        Route::new(
            "get_roster_history",
            GET,
            "/api/v1/rosters/{id}/history",
            Configure,
            objects::history::<Roster>,
        )
        .about(CHAPTER, "Lists the past states of a roster."),
    ]
}

fn policy_routes() -> Vec<Route> {
    const ALL: &str = "/api/v1/notification-policies";
    const ONE: &str = "/api/v1/notification-policies/{id}";
    vec![
        Route::new(
            "list_notification_policies",
            GET,
            ALL,
            Configure,
            notification::policies,
        )
        .about(CHAPTER, "Lists policies in order of name."),
        Route::new(
            "create_notification_policy",
            POST,
            ALL,
            Configure,
            objects::create::<Policy>,
        )
        .about(CHAPTER, "Makes a policy."),
        Route::new(
            "get_notification_policy",
            GET,
            ONE,
            Configure,
            objects::get::<Policy>,
        )
        .about(CHAPTER, "Answers with a policy."),
        Route::new(
            "replace_notification_policy",
            PUT,
            ONE,
            Configure,
            objects::replace::<Policy>,
        )
        .about(CHAPTER, "Replaces a policy."),
        Route::new(
            "delete_notification_policy",
            DELETE,
            ONE,
            Configure,
            objects::delete::<Policy>,
        )
        .about(CHAPTER, "Deletes a policy."),
        Route::new(
            "get_notification_policy_history",
            GET,
            "/api/v1/notification-policies/{id}/history",
            Configure,
            objects::history::<Policy>,
        )
        .about(CHAPTER, "Lists the past states of a policy."),
    ]
}
