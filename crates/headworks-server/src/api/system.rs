//! What the system says of itself: figures, protocols, schemas.

use std::marker::PhantomData;

use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, Group, Kind, Picture, Policy,
    RetentionPolicy, Roster, Route, Tag, Template,
};
use headworks_hub::HubStats;
use headworks_protocols::Protocol;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, Written};

/// Figures of the system at one instant.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Stats {
    /// The hub and what it stores.
    hub: HubStats,
    /// Who looks at it.
    live: crate::live::LiveStats,
}

/// A protocol that connections may name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProtocolItem {
    /// Value of `protocol` in a connection.
    name: &'static str,
    /// Name on screen.
    title: &'static str,
    /// What it is for.
    summary: &'static str,
    /// How addresses of tags are written.
    address_help: &'static str,
    /// JSON Schema of the settings of a connection.
    #[schemars(with = "serde_json::Value")]
    connection_schema: Schema,
    /// JSON Schema of the settings of a device.
    #[schemars(with = "serde_json::Value")]
    device_schema: Schema,
}

/// The protocols.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Protocols {
    /// In order of name.
    items: Vec<ProtocolItem>,
}

/// Answers with the figures of the system.
pub(crate) async fn stats(call: Call) -> Result<Json<Stats>, ApiError> {
    Ok(Json(Stats {
        hub: call.app.hub.stats(),
        live: call.app.live.stats(),
    }))
}

/// Lists the protocols.
pub(crate) async fn protocols(call: Call) -> Result<Json<Protocols>, ApiError> {
    let item = |protocol: &&'static Protocol| ProtocolItem {
        name: protocol.name,
        title: protocol.title,
        summary: protocol.summary,
        address_help: protocol.address_help,
        connection_schema: (protocol.connection_schema)(),
        device_schema: (protocol.device_schema)(),
    };
    let items = call.app.hub.protocols().iter().map(item).collect();
    Ok(Json(Protocols { items }))
}

/// Answers with the JSON Schema of the body of a kind.
pub(crate) async fn schema(call: Call) -> Result<Json<serde_json::Value>, ApiError> {
    let kind: Kind = call.param("kind").parse().map_err(|_| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        ApiError::new(Code::NotFound, format!("no such kind; there are {names}"))
    })?;
    let schema = match kind {
        Kind::Asset => schema_for!(Asset),
        Kind::Connection => schema_for!(Connection),
        Kind::Template => schema_for!(Template),
        Kind::Device => schema_for!(Device),
        Kind::Tag => schema_for!(Tag),
        Kind::Group => schema_for!(Group),
        Kind::Alarm => schema_for!(Alarm),
        Kind::Route => schema_for!(Route),
        Kind::Channel => schema_for!(Channel),
        Kind::Roster => schema_for!(Roster),
        Kind::Policy => schema_for!(Policy),
        Kind::Dashboard => schema_for!(Dashboard),
        Kind::Picture => schema_for!(Picture),
        Kind::Retention => schema_for!(RetentionPolicy),
        Kind::Dictionary => schema_for!(Dictionary),
    };
    Ok(Json(schema.to_value()))
}

/// Answers with the OpenAPI document.
pub(crate) async fn openapi(call: Call) -> Result<Written<serde_json::Value>, ApiError> {
    Ok(Written(call.app.openapi().to_vec(), PhantomData))
}
