//! The table of routes: everything the server can be asked.
//!
//! The table makes the router, the OpenAPI document and, in its test, the matrix of who may do
//! what. A route cannot be written without its permission.

mod alarms;
mod backups;
mod changes;
mod dictionaries;
mod discovery;
mod engineering;
mod exports;
mod expressions;
mod history;
mod imports;
mod jobs;
mod journal;
mod notification;
mod operations;
mod people;
mod pictures;
mod plant;
mod retention;
mod routing;
mod secrets;
mod storage;
mod templates;
mod validation;

use axum::http::Method;
use headworks_core::model::{Connection, Dashboard, Device, Tag};

use crate::api::{
    connections, dashboards, devices, health, objects, reference, system, tag_list, tags, trend,
    values,
};
use crate::live::channels;
use crate::route::Permission::{Configure, Operate, View};
use crate::route::Route;

/// The chapters of the documentation.
pub(crate) static TAGS: &[(&str, &str)] = &[
    ("connections", "Links to buses and controllers."),
    ("devices", "What is behind a connection."),
    (
        "discovery",
        "What is behind a link that nobody has a manual of: units, registers, their meaning.",
    ),
    (
        "tags",
        "Data points: configuration, present value, history, writes.",
    ),
    ("values", "Present values by path."),
    (
        "expressions",
        "The language of formulas, conditions and transforms: tried, and explained.",
    ),
    ("dashboards", "Pages of widgets."),
    (
        "pictures",
        "Pictures that dashboards show, and servers whose pages they may show.",
    ),
    (
        "dictionaries",
        "What the plant's own texts, such as names of tags, are in other languages.",
    ),
    ("assets", "Where things stand: sites, areas, lines."),
    ("groups", "Devices and tags that belong together."),
    ("alarm rules", "What operators are to be told of."),
    (
        "routes",
        "Samples on their way to other tags and to web services.",
    ),
    (
        "alarms",
        "How alarms stand, what people do to them, their journal and figures.",
    ),
    ("templates", "What all devices of a type have in common."),
    (
        "changes",
        "Many edits in one, what was changed, and the way back.",
    ),
    (
        "validation",
        "What is wrong with stored samples: gaps, spikes, clocks.",
    ),
    (
        "history",
        "Questions about history: samples, instants, aggregates, charts.",
    ),
    ("retention", "How long samples and their roll-ups are kept."),
    (
        "live",
        "Values as they change, over WebSocket or server-sent events.",
    ),
    (
        "exports",
        "History as files: CSV, Excel, Parquet, JSON lines.",
    ),
    ("imports", "Files and streams of samples into history."),
    (
        "engineering",
        "The plant in files: tag tables, projects of other programs.",
    ),
    ("backups", "Copies of everything that is stored."),
    (
        "jobs",
        "Long work: how far it is, what came of it, and its end.",
    ),
    (
        "session",
        "The caller: signing in and out, password, sessions.",
    ),
    ("users", "Accounts of people."),
    ("tokens", "Tokens of programs and wall screens."),
    (
        "notification",
        "Who is told of alarms: channels, rosters, policies, and what was sent.",
    ),
    (
        "secrets",
        "Keys of webhooks and the like: stored and used by name, never shown.",
    ),
    ("system", "What the system says of itself."),
    (
        "operations",
        "For who looks after the system: probes, figures, log lines, errors.",
    ),
];

const CONNECTIONS: &str = "/api/v1/connections";
const CONNECTION: &str = "/api/v1/connections/{id}";
const CONNECTION_HISTORY: &str = "/api/v1/connections/{id}/history";
const CONNECTION_LOG: &str = "/api/v1/connections/{id}/log";
const DEVICES: &str = "/api/v1/devices";
const DEVICE: &str = "/api/v1/devices/{id}";
const TAG_LIST: &str = "/api/v1/tags";
const TAG: &str = "/api/v1/tags/{id}";
const DASHBOARDS: &str = "/api/v1/dashboards";
const DASHBOARD: &str = "/api/v1/dashboards/{id}";

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// Returns the table.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(connection_routes());
    routes.extend(connection_test_routes());
    routes.extend(device_routes());
    routes.extend(tag_routes());
    routes.extend(dashboard_routes());
    routes.extend(plant::plant_routes());
    routes.extend(alarms::alarm_routes());
    routes.extend(templates::template_routes());
    routes.extend(changes::change_routes());
    routes.extend(backups::backup_routes());
    routes.extend(dictionaries::dictionary_routes());
    routes.extend(discovery::discovery_routes());
    routes.extend(exports::export_routes());
    routes.extend(expressions::expression_routes());
    routes.extend(history::history_routes());
    routes.extend(imports::import_routes());
    routes.extend(engineering::engineering_routes());
    routes.extend(engineering::code_routes());
    routes.extend(jobs::job_routes());
    routes.extend(journal::journal_routes());
    routes.extend(people::people_routes());
    routes.extend(pictures::picture_routes());
    routes.extend(retention::retention_routes());
    routes.extend(routing::routing_routes());
    routes.extend(secrets::secret_routes());
    routes.extend(system_routes());
    routes.extend(storage::storage_routes());
    routes.extend(notification::notification_routes());
    routes.extend(operations::operation_routes());
    routes.extend(validation::validation_routes());
    routes.extend(live_routes());
    routes
}

fn connection_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_connections",
            GET,
            CONNECTIONS,
            View,
            connections::list,
        )
        .about("connections", "Lists connections in order of name."),
        Route::new(
            "create_connection",
            POST,
            CONNECTIONS,
            Configure,
            objects::create::<Connection>,
        )
        .about("connections", "Makes a connection."),
        Route::new(
            "test_unsaved_connection",
            POST,
            "/api/v1/connections/test",
            Configure,
            connections::test_unsaved,
        )
        .about("connections", "Tries settings that are not saved."),
        Route::new(
            "get_connection",
            GET,
            CONNECTION,
            View,
            objects::get::<Connection>,
        )
        .about("connections", "Answers with a connection and its state."),
        Route::new(
            "replace_connection",
            PUT,
            CONNECTION,
            Configure,
            objects::replace::<Connection>,
        )
        .about("connections", "Replaces a connection."),
        Route::new(
            "delete_connection",
            DELETE,
            CONNECTION,
            Configure,
            objects::delete::<Connection>,
        )
        .about("connections", "Deletes a connection."),
    ]
}

fn connection_test_routes() -> Vec<Route> {
    vec![
        Route::new(
            "get_connection_history",
            GET,
            CONNECTION_HISTORY,
            View,
            objects::history::<Connection>,
        )
        .about("connections", "Lists the past states of a connection."),
        Route::new(
            "test_connection",
            POST,
            "/api/v1/connections/{id}/test",
            Configure,
            connections::test,
        )
        .about(
            "connections",
            "Tries a saved connection and its first device.",
        ),
        Route::new(
            "get_connection_log",
            GET,
            CONNECTION_LOG,
            View,
            connections::log,
        )
        .about("connections", "Answers with the newest frames on the wire."),
        Route::new(
            "switch_connection_log",
            PUT,
            CONNECTION_LOG,
            Configure,
            connections::switch_log,
        )
        .about("connections", "Switches the log of frames on or off."),
    ]
}

fn device_routes() -> Vec<Route> {
    vec![
        Route::new("list_devices", GET, DEVICES, View, devices::list)
            .about("devices", "Lists devices in order of name."),
        Route::new(
            "create_device",
            POST,
            DEVICES,
            Configure,
            objects::create::<Device>,
        )
        .about("devices", "Makes a device."),
        Route::new("get_device", GET, DEVICE, View, objects::get::<Device>)
            .about("devices", "Answers with a device and its state."),
        Route::new(
            "replace_device",
            PUT,
            DEVICE,
            Configure,
            objects::replace::<Device>,
        )
        .about("devices", "Replaces a device."),
        Route::new(
            "delete_device",
            DELETE,
            DEVICE,
            Configure,
            objects::delete::<Device>,
        )
        .about("devices", "Deletes a device."),
        Route::new(
            "get_device_history",
            GET,
            "/api/v1/devices/{id}/history",
            View,
            objects::history::<Device>,
        )
        .about("devices", "Lists the past states of a device."),
        Route::new(
            "list_device_tags",
            GET,
            "/api/v1/devices/{id}/tags",
            View,
            devices::tags,
        )
        .about("devices", "Lists the tags of a device in order of path."),
        Route::new(
            "poll_device",
            POST,
            "/api/v1/devices/{id}/poll",
            Operate,
            devices::poll,
        )
        .about("devices", "Reads every tag of a device now."),
    ]
}

fn tag_routes() -> Vec<Route> {
    vec![
        Route::new("list_tags", GET, TAG_LIST, View, tag_list::list)
            .narrow()
            .about("tags", "Lists tags with their present values."),
        Route::new("create_tags", POST, TAG_LIST, Configure, tags::create)
            .about("tags", "Makes one tag, or many in one transaction."),
        Route::new("get_tag", GET, TAG, View, tags::get)
            .narrow()
            .about("tags", "Answers with a tag and its present value."),
        Route::new("replace_tag", PUT, TAG, Configure, objects::replace::<Tag>)
            .about("tags", "Replaces a tag."),
        Route::new("delete_tag", DELETE, TAG, Configure, objects::delete::<Tag>)
            .about("tags", "Deletes a tag."),
        Route::new(
            "get_tag_history",
            GET,
            "/api/v1/tags/{id}/history",
            View,
            objects::history::<Tag>,
        )
        .about("tags", "Lists the past states of a tag's configuration."),
        Route::new(
            "get_tag_value",
            GET,
            "/api/v1/tags/{id}/current-value",
            View,
            tags::current_value,
        )
        .narrow()
        .about("tags", "Answers with the last sample of a tag."),
        Route::new(
            "get_tag_trend",
            GET,
            "/api/v1/tags/{id}/trend-data",
            View,
            trend::trend_data,
        )
        .narrow()
        .about(
            "tags",
            "Answers with the history of a tag as buckets or samples.",
        ),
        Route::new(
            "write_tag",
            POST,
            "/api/v1/tags/{id}/write",
            Operate,
            tags::write,
        )
        .narrow()
        .about("tags", "Writes a value to the device of a tag."),
        Route::new("list_values", GET, "/api/v1/values", View, values::list)
            .narrow()
            .about("values", "Lists present values by path pattern."),
    ]
}

fn dashboard_routes() -> Vec<Route> {
    vec![
        Route::new("list_dashboards", GET, DASHBOARDS, View, dashboards::list)
            .narrow()
            .about("dashboards", "Lists dashboards in their order."),
        Route::new(
            "create_dashboard",
            POST,
            DASHBOARDS,
            Configure,
            objects::create::<Dashboard>,
        )
        .about("dashboards", "Makes a dashboard."),
        Route::new(
            "get_auto_dashboard",
            GET,
            "/api/v1/dashboards/auto",
            View,
            dashboards::auto,
        )
        .narrow()
        .about(
            "dashboards",
            "Answers with a dashboard made from the tags there are.",
        ),
        Route::new("get_dashboard", GET, DASHBOARD, View, dashboards::get)
            .narrow()
            .about("dashboards", "Answers with a dashboard."),
        Route::new(
            "replace_dashboard",
            PUT,
            DASHBOARD,
            Configure,
            objects::replace::<Dashboard>,
        )
        .about("dashboards", "Replaces a dashboard."),
        Route::new(
            "delete_dashboard",
            DELETE,
            DASHBOARD,
            Configure,
            objects::delete::<Dashboard>,
        )
        .about("dashboards", "Deletes a dashboard."),
        Route::new(
            "get_dashboard_history",
            GET,
            "/api/v1/dashboards/{id}/history",
            View,
            objects::history::<Dashboard>,
        )
        .about("dashboards", "Lists the past states of a dashboard."),
    ]
}

fn system_routes() -> Vec<Route> {
    vec![
        Route::new("get_openapi", GET, "/api/schema", View, system::openapi)
            .about("system", "Answers with this document."),
        Route::new("get_docs", GET, "/api/docs", View, reference::swagger)
            .about("system", "Shows this document in Swagger UI."),
        Route::new("get_redoc", GET, "/api/redoc", View, reference::redoc)
            .about("system", "Shows this document in ReDoc."),
        Route::new(
            "list_protocols",
            GET,
            "/api/v1/protocols",
            View,
            system::protocols,
        )
        .about("system", "Lists the protocols that connections may name."),
        Route::new(
            "get_kind_schema",
            GET,
            "/api/v1/schemas/{kind}",
            View,
            system::schema,
        )
        .about(
            "system",
            "Answers with the JSON Schema of a kind of object.",
        ),
        Route::new(
            "get_health",
            GET,
            "/api/v1/system/health",
            View,
            health::health,
        )
        .about("system", "Answers whether the hub does its work."),
        Route::new(
            "get_stats",
            GET,
            "/api/v1/system/stats",
            View,
            system::stats,
        )
        .about("system", "Answers with the figures of the system."),
    ]
}

fn live_routes() -> Vec<Route> {
    vec![
        Route::new(
            "stream_values",
            GET,
            "/api/v1/stream",
            View,
            channels::stream,
        )
        .narrow()
        .about("live", "Sends values as server-sent events."),
        Route::new("open_socket", GET, "/ws", View, channels::multiplexed)
            .narrow()
            .about("live", "Opens the WebSocket with subscriptions by pattern."),
        Route::new(
            "open_dashboard_socket",
            GET,
            "/ws/dashboard",
            View,
            channels::dashboard,
        )
        .about(
            "live",
            "Opens a WebSocket with the values of the dashboards.",
        ),
        Route::new(
            "open_device_socket",
            GET,
            "/ws/device/{id}",
            View,
            channels::device,
        )
        .about("live", "Opens a WebSocket with the values of a device."),
        Route::new(
            "open_alarm_socket",
            GET,
            "/ws/alarms",
            View,
            crate::live::alarms::open,
        )
        .narrow()
        .about("live", "Opens a WebSocket with the transitions of alarms."),
    ]
}
