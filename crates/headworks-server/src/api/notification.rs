//! Channels, rosters and policies of notification.

use std::sync::Arc;

use headworks_core::model::{
    Channel, ChannelPreset, Object, ObjectId, PLACEHOLDERS, Person, Policy, Roster, channel_presets,
};
use headworks_hub::{HubHandle, Plant};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::ApiError;
use crate::route::{Call, Json};

/// A channel as it is configured.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChannelItem {
    #[serde(flatten)]
    object: Object<Channel>,
}

/// A roster as it is configured.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RosterItem {
    #[serde(flatten)]
    object: Object<Roster>,
}

/// A policy as it is configured.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyItem {
    #[serde(flatten)]
    object: Object<Policy>,
}

/// Ready-made webhooks, and what bodies can name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Presets {
    /// The webhooks.
    items: Vec<ChannelPreset>,
    /// What bodies can name in braces.
    placeholders: Vec<Placeholder>,
}

/// What a body can name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Placeholder {
    /// What stands between the braces.
    name: &'static str,
    /// What stands there in a message.
    meaning: &'static str,
}

/// Query parameters of the question who is on duty.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutyQuery {
    /// When, microseconds since 1970-01-01 UTC; now when absent.
    at_us: Option<i64>,
}

/// Who is on duty.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OnDuty {
    /// When, microseconds since 1970-01-01 UTC.
    at_us: i64,
    /// The people.
    items: Vec<Person>,
    /// Until when each of them is on duty, in the same order.
    ends: Vec<DutyEnd>,
}

/// Until when somebody is on duty.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DutyEnd {
    /// Name of the person.
    name: String,
    /// When the duty ends, microseconds since 1970-01-01 UTC; null when it does not within two
    /// days.
    until_us: Option<i64>,
}

macro_rules! resource {
    (
        $body:ty, $item:ident, $path:literal, $find:ident, $list:ident, $all:ident, $about:literal
    ) => {
        impl Resource for $body {
            const PATH: &'static str = $path;
            type Item = $item;

            fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, $item)> {
                let object = Object::clone(plant.$find(id)?);
                Some((object.revision, $item { object }))
            }
        }

        #[doc = $about]
        pub(crate) async fn $list(call: Call<ListQuery>) -> Result<Json<Page<$item>>, ApiError> {
            let plant = call.app.hub.plant();
            let item = |object: &Arc<Object<$body>>| $item {
                object: Object::clone(object),
            };
            objects::page(&call.query, plant.$all(), |body| &body.name, item).map(Json)
        }
    };
}

resource!(
    Channel,
    ChannelItem,
    "/api/v1/channels",
    channel,
    channels,
    channels,
    "Lists channels in order of name."
);
resource!(
    Roster,
    RosterItem,
    "/api/v1/rosters",
    roster,
    rosters,
    rosters,
    "Lists rosters in order of name."
);
resource!(
    Policy,
    PolicyItem,
    "/api/v1/notification-policies",
    policy,
    policies,
    policies,
    "Lists policies in order of name."
);

/// Lists ready-made webhooks.
pub(crate) async fn presets(_: Call) -> Result<Json<Presets>, ApiError> {
    let placeholder = |(name, meaning)| Placeholder { name, meaning };
    Ok(Json(Presets {
        items: channel_presets(),
        placeholders: PLACEHOLDERS.map(placeholder).into(),
    }))
}

/// Answers who of a roster is on duty.
pub(crate) async fn on_duty(call: Call<DutyQuery>) -> Result<Json<OnDuty>, ApiError> {
    let id = call.id()?;
    let hub = &call.app.hub;
    let at_us = call.query.at_us.unwrap_or_else(|| hub.clock().now_us());
    let plant = hub.plant();
    let roster = plant.roster(id);
    let roster = roster.ok_or_else(|| ApiError::not_found("roster", id))?;
    let zone = TimeZone::system();
    let people = roster.body.on_duty(at_us, &zone);
    let ends = roster.body.duty_ends(at_us, &zone).into_iter();
    let end = |(name, until_us): (&str, Option<i64>)| DutyEnd {
        name: name.to_owned(),
        until_us,
    };
    Ok(Json(OnDuty {
        at_us,
        items: people.into_iter().cloned().collect(),
        ends: ends.map(end).collect(),
    }))
}
