//! Routes for those who look after the system: probes, figures, log lines,
//! settings, errors.

use super::{DELETE, GET, PUT};
use crate::api::{error_journal, logs, metrics, probes, settings};
use crate::route::Permission::{Administer, Open, View};
use crate::route::Route;

const CHAPTER: &str = "operations";
const LEVELS: &str = "/api/v1/system/logs/levels";
const ERROR: &str = "/api/v1/system/errors/{group}";

pub(super) fn operation_routes() -> Vec<Route> {
    let mut routes = probe_routes();
    routes.extend(log_routes());
    routes.push(settings_route());
    routes.extend(error_routes());
    routes
}

fn probe_routes() -> Vec<Route> {
    vec![
        Route::new("get_healthz", GET, "/healthz", Open, probes::healthz)
            .about(CHAPTER, "Answers `ok` while the process serves."),
        Route::new("get_readyz", GET, "/readyz", Open, probes::readyz)
            .about(CHAPTER, "Answers whether samples can be stored."),
        Route::new("get_metrics", GET, "/metrics", View, metrics::metrics).about(
            CHAPTER,
            "Answers with the figures as Prometheus reads them.",
        ),
    ]
}

fn log_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_log_lines",
            GET,
            "/api/v1/system/logs",
            Administer,
            logs::list,
        )
        .about(CHAPTER, "Lists the newest log lines, newest first."),
        Route::new("get_log_levels", GET, LEVELS, Administer, logs::levels)
            .about(CHAPTER, "Answers which log lines are made."),
        Route::new("set_log_levels", PUT, LEVELS, Administer, logs::set_levels).about(
            CHAPTER,
            "Changes which log lines are made, until the process ends.",
        ),
    ]
}

fn settings_route() -> Route {
    Route::new(
        "get_settings",
        GET,
        "/api/v1/system/settings",
        Administer,
        settings::get,
    )
    .about(
        CHAPTER,
        "Answers with the settings of the process, and where each comes from.",
    )
}

fn error_routes() -> Vec<Route> {
    vec![
        Route::new(
            "list_errors",
            GET,
            "/api/v1/system/errors",
            Administer,
            error_journal::list,
        )
        .about(
            CHAPTER,
            "Lists warnings, errors and panics by kind, newest first.",
        ),
        Route::new("get_error", GET, ERROR, Administer, error_journal::get).about(
            CHAPTER,
            "Answers with a kind of error and its newest cases.",
        ),
        Route::new(
            "clear_error",
            DELETE,
            ERROR,
            Administer,
            error_journal::clear,
        )
        .about(CHAPTER, "Forgets a kind of error until it happens again."),
    ]
}
