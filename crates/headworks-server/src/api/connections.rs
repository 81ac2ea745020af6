//! Connections.

use std::sync::Arc;

use headworks_core::model::{Connection, Device, Object, ObjectId};
use headworks_hub::{ConnectionStatus, HubHandle, Plant};
use headworks_protocols::{Direction, TestReport, WireEntry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::errors;
use super::objects::{self, ListQuery, Resource};
use super::page::Page;
use crate::problem::{ApiError, Code};
use crate::route::{Call, Json, NoQuery};

/// A connection and its state.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ConnectionItem {
    /// The connection as it is configured.
    #[serde(flatten)]
    object: Arc<Object<Connection>>,
    /// What it does at present.
    status: Option<ConnectionStatus>,
}

/// Unsaved settings to be tried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    /// The connection to be tried.
    connection: Connection,
    /// A device behind it that is to answer; its `connection` may be any id.
    #[serde(default)]
    device: Option<Device>,
}

/// The outcome of a test.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TestOutcome {
    /// Whether the link opened and, when a device was given, the device answered.
    ok: bool,
    /// Time until the link was open, microseconds.
    connect_us: Option<u64>,
    /// Round trip of the first answer, microseconds.
    round_trip_us: Option<u64>,
    /// What happened, with the remedy when it failed.
    message: String,
    /// What was sent and received.
    exchange: Vec<String>,
}

/// Frames as they were on the wire.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WireFrames {
    /// Whether frames are kept.
    enabled: bool,
    /// The newest frames, oldest first; at most 1000.
    entries: Vec<WireFrame>,
}

/// One frame.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WireFrame {
    /// When, microseconds since 1970-01-01 UTC.
    time_us: i64,
    /// `sent` to the device or `received` from it.
    direction: &'static str,
    /// The frame in hexadecimal digits.
    bytes: String,
    /// What became of it.
    note: String,
}

/// Whether frames are to be kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireSwitch {
    /// True to keep frames, false to forget them.
    enabled: bool,
}

impl Resource for Connection {
    const PATH: &'static str = "/api/v1/connections";
    type Item = ConnectionItem;

    fn item(hub: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, ConnectionItem)> {
        let object = plant.connection(id)?;
        Some((object.revision, item(hub, object)))
    }
}

fn item(hub: &HubHandle, object: &Arc<Object<Connection>>) -> ConnectionItem {
    ConnectionItem {
        object: Arc::clone(object),
        status: hub.connection_status(object.id),
    }
}

/// Lists connections in order of name.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<ConnectionItem>>, ApiError> {
    let (hub, plant) = (&call.app.hub, call.app.hub.plant());
    let page = objects::page(
        &call.query,
        plant.connections(),
        |connection| &connection.name,
        |object| item(hub, object),
    )?;
    Ok(Json(page))
}

/// Tries settings that are not saved.
pub(crate) async fn test_unsaved(
    call: Call<NoQuery, Json<TestBody>>,
) -> Result<Json<TestOutcome>, ApiError> {
    let body = call.body.0;
    let report = call
        .app
        .hub
        .test_connection(&body.connection, body.device.as_ref())
        .await;
    let place = |edit| if edit == 0 { "/connection" } else { "/device" }.to_owned();
    let report = report.map_err(|error| errors::from_hub(error, place))?;
    Ok(Json(report.into()))
}

/// Tries a saved connection and its first enabled device.
pub(crate) async fn test(call: Call) -> Result<Json<TestOutcome>, ApiError> {
    let id = objects::existing::<Connection>(&call.app.hub, call.id()?)?;
    let plant = call.app.hub.plant();
    let connection = plant.connection(id);
    let connection = connection.ok_or_else(|| ApiError::not_found("connection", id))?;
    let device = plant.devices_of(id).find(|device| device.body.enabled);
    let device = device.map(|device| &device.body);
    let report = call.app.hub.test_connection(&connection.body, device).await;
    Ok(Json(report.map_err(errors::of_body)?.into()))
}

/// Answers with the frames of a connection.
pub(crate) async fn log(call: Call) -> Result<Json<WireFrames>, ApiError> {
    let id = objects::existing::<Connection>(&call.app.hub, call.id()?)?;
    let log = call.app.hub.wire_log(id);
    Ok(Json(match log {
        Some(log) => WireFrames {
            enabled: log.is_enabled(),
            entries: log.entries().into_iter().map(WireFrame::from).collect(),
        },
        None => WireFrames {
            enabled: false,
            entries: Vec::new(),
        },
    }))
}

/// Switches the log of frames.
pub(crate) async fn switch_log(
    call: Call<NoQuery, Json<WireSwitch>>,
) -> Result<Json<WireFrames>, ApiError> {
    let id = objects::existing::<Connection>(&call.app.hub, call.id()?)?;
    let log = call.app.hub.wire_log(id).ok_or_else(|| {
        ApiError::new(
            Code::LinkDown,
            "the connection is disabled; enable it to see its frames",
        )
    })?;
    log.set_enabled(call.body.0.enabled);
    Ok(Json(WireFrames {
        enabled: log.is_enabled(),
        entries: log.entries().into_iter().map(WireFrame::from).collect(),
    }))
}

impl From<TestReport> for TestOutcome {
    fn from(report: TestReport) -> TestOutcome {
        TestOutcome {
            ok: report.ok,
            connect_us: report.connect_us,
            round_trip_us: report.round_trip_us,
            message: report.message,
            exchange: report.exchange,
        }
    }
}

impl From<WireEntry> for WireFrame {
    fn from(entry: WireEntry) -> WireFrame {
        let digits = entry.bytes.iter().map(|byte| format!("{byte:02X}"));
        WireFrame {
            time_us: entry.time_us,
            direction: match entry.direction {
                Direction::Sent => "sent",
                Direction::Received => "received",
            },
            bytes: digits.collect::<Vec<_>>().join(" "),
            note: entry.note,
        }
    }
}
