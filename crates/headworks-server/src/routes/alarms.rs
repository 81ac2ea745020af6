//! Alarms that run.

use super::{GET, POST};
use crate::api::alarms;
use crate::live::alarms as live;
use crate::route::Permission::{Operate, View};
use crate::route::Route;

const CHAPTER: &str = "alarms";
const ALL: &str = "/api/v1/alarms";

pub(super) fn alarm_routes() -> Vec<Route> {
    let mut routes = vec![
        Route::new("list_alarms", GET, ALL, View, alarms::list)
            .narrow()
            .about(CHAPTER, "Lists how alarms stand, the most urgent first."),
        Route::new(
            "get_alarm_summary",
            GET,
            "/api/v1/alarms/summary",
            View,
            alarms::summary,
        )
        .narrow()
        .about(
            CHAPTER,
            "Answers with counts by priority, and the alarm to look at first.",
        ),
        Route::new(
            "get_alarm_statistics",
            GET,
            "/api/v1/alarms/statistics",
            View,
            alarms::statistics,
        )
        .about(CHAPTER, "Answers with the figures of alarm performance."),
        Route::new(
            "list_alarm_journal",
            GET,
            "/api/v1/alarms/journal",
            View,
            alarms::list_journal,
        )
        .about(CHAPTER, "Lists the transitions of alarms, newest first."),
        Route::new(
            "export_alarm_journal",
            GET,
            "/api/v1/alarms/journal/export",
            View,
            alarms::export,
        )
        .long()
        .noted()
        .about(
            CHAPTER,
            "Sends the transitions of alarms as CSV, newest first.",
        ),
        Route::new(
            "stream_alarms",
            GET,
            "/api/v1/alarms/stream",
            View,
            live::stream,
        )
        .narrow()
        .about(
            CHAPTER,
            "Sends the transitions of alarms as server-sent events.",
        ),
        Route::new("get_alarm", GET, "/api/v1/alarms/{id}", View, alarms::get)
            .narrow()
            .about(CHAPTER, "Answers with how an alarm stands."),
    ];
    routes.extend(act_routes());
    routes
}

fn act_routes() -> Vec<Route> {
    vec![
        Route::new(
            "acknowledge_alarms",
            POST,
            "/api/v1/alarms/acknowledge",
            Operate,
            alarms::acknowledge_many,
        )
        .about(CHAPTER, "Acknowledges events of many alarms."),
        Route::new(
            "acknowledge_alarm",
            POST,
            "/api/v1/alarms/{id}/acknowledge",
            Operate,
            alarms::acknowledge,
        )
        .about(CHAPTER, "Acknowledges an event of an alarm."),
        Route::new(
            "reset_alarm",
            POST,
            "/api/v1/alarms/{id}/reset",
            Operate,
            alarms::reset,
        )
        .about(CHAPTER, "Releases the latch of an alarm."),
        Route::new(
            "shelve_alarm",
            POST,
            "/api/v1/alarms/{id}/shelve",
            Operate,
            alarms::shelve,
        )
        .about(CHAPTER, "Puts an alarm on the shelf."),
        Route::new(
            "unshelve_alarm",
            POST,
            "/api/v1/alarms/{id}/unshelve",
            Operate,
            alarms::unshelve,
        )
        .about(CHAPTER, "Takes an alarm off the shelf."),
        Route::new(
            "take_alarm_out",
            POST,
            "/api/v1/alarms/{id}/out-of-service",
            Operate,
            alarms::take_out,
        )
        .about(CHAPTER, "Takes an alarm out of service."),
        Route::new(
            "put_alarm_back",
            POST,
            "/api/v1/alarms/{id}/in-service",
            Operate,
            alarms::put_back,
        )
        .about(CHAPTER, "Puts an alarm back into service."),
    ]
}
