use serde_json::{Value as Json, json};

use super::*;

fn tag() -> Json {
    json!({ "tag": "0190d6a0-0000-7000-8000-000000000001" })
}

/// Returns a widget of a type with more fields than it needs.
fn widget(widget_type: &str, more: &Json) -> Json {
    let tags = match widget_type {
        "text" | "alarm_list" | "frame" => json!([]),
        _ => json!([tag()]),
    };
    let mut widget = json!({
        "type": widget_type, "x": 0, "y": 0, "w": 4, "h": 2, "bindings": tags,
    });
    let fields = widget.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    widget
}

fn dashboard(widget: &Json) -> Dashboard {
    let json = json!({ "name": "page", "groups": [{ "name": "", "widgets": [widget] }] });
    serde_json::from_value(json).unwrap()
}

/// Checks that a widget is refused at a place within it.
fn refused(widget_type: &str, more: &Json, field: &str) {
    let error = dashboard(&widget(widget_type, more)).check().unwrap_err();
    let place = format!("/groups/0/widgets/0{field}");
    assert_eq!(error.field, place, "{more}: {}", error.reason);
}

fn allowed(widget_type: &str, more: &Json) {
    let found = dashboard(&widget(widget_type, more)).check();
    assert!(found.is_ok(), "{widget_type} {more}: {found:?}");
}

#[test]
fn a_dashboard_of_before_is_read_and_says_no_more_than_it_did() {
    let before = json!({
        "type": "line", "title": "one", "x": 0, "y": 0, "w": 4, "h": 2,
        "bindings": [tag()], "show_legend": true,
        "trend": { "enabled": true, "aggregation": "band", "range_min": 15 },
        "format": { "show_unit": true, "size": "fit" },
        "axis": { "mode": "auto" },
    });
    let read = dashboard(&before);
    assert!(read.check().is_ok());
    assert!(read.groups[0].widgets[0].show_quality);
    assert_eq!(
        serde_json::to_value(&read).unwrap()["groups"][0]["widgets"][0],
        before
    );
}

#[test]
fn every_type_is_made_with_its_defaults() {
    for widget_type in [
        "value",
        "gauge",
        "line",
        "bar",
        "status",
        "text",
        "status_grid",
        "state_timeline",
        "table",
        "alarm_list",
        "setpoint",
        "image",
        "frame",
    ] {
        allowed(widget_type, &json!({}));
    }
    allowed("button", &json!({ "button": { "value": true } }));
}

#[test]
fn a_widget_has_as_many_tags_as_its_type_shows() {
    let many = |count: usize| json!({ "bindings": vec![tag(); count] });
    for (widget_type, most) in [
        ("line", 8),
        ("state_timeline", 16),
        ("image", 64),
        ("table", 256),
        ("status_grid", 256),
        ("alarm_list", 0),
        ("frame", 0),
    ] {
        allowed(widget_type, &many(most));
        refused(widget_type, &many(most + 1), "/bindings");
    }
    for widget_type in ["value", "setpoint", "table", "state_timeline"] {
        refused(widget_type, &many(0), "/bindings");
    }
    allowed(
        "table",
        &json!({ "bindings": [], "filter": { "pattern": "plant/**" } }),
    );
}

#[test]
fn a_link_leads_to_a_page_of_this_hub() {
    allowed("value", &json!({ "link": "/alarms?area=north" }));
    for link in [
        "//elsewhere",
        "https://elsewhere",
        "javascript:alert(1)",
        "/\\elsewhere",
        "/\n",
    ] {
        refused("value", &json!({ "link": link }), "/link");
    }
}

#[test]
fn a_frame_shows_a_page_of_the_web() {
    allowed(
        "frame",
        &json!({ "frame": { "url": "https://host:1880/ui" } }),
    );
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "http://a b",
        "/page",
    ] {
        refused("frame", &json!({ "frame": { "url": url } }), "/frame/url");
    }
}

#[test]
fn bounds_are_told_with_their_place() {
    let states = |row: Json| json!({ "states": { "rows": [row] } });
    refused(
        "status",
        &states(json!({ "value": 5, "up_to": 4 })),
        "/states/rows/0/up_to",
    );
    refused(
        "status",
        &states(json!({ "value": true, "up_to": 4 })),
        "/states/rows/0/up_to",
    );
    refused(
        "status",
        &states(json!({ "value": 1, "text": "x".repeat(65) })),
        "/states/rows/0/text",
    );
    refused(
        "gauge",
        &json!({ "limits": { "low": 3, "high": 2 } }),
        "/limits/high",
    );
    refused("bar", &json!({ "bars": { "count": 63 } }), "/bars/count");
    let shifts = |hours: u8| json!({ "bars": { "by": "shift", "shift_hours": hours } });
    allowed("bar", &shifts(12));
    refused("bar", &shifts(5), "/bars/shift_hours");
    refused("bar", &shifts(0), "/bars/shift_hours");
    let frame = |seconds: u32| json!({ "frame": { "refresh_s": seconds } });
    allowed("frame", &frame(0));
    allowed("frame", &frame(5));
    refused("frame", &frame(4), "/frame/refresh_s");
    refused("frame", &frame(86_401), "/frame/refresh_s");
    allowed("text", &json!({ "roles": ["viewer", "owner"] }));
    let twice = json!({ "roles": ["viewer", "owner", "viewer"] });
    refused("text", &twice, "/roles/2");
    refused(
        "line",
        &json!({ "chart": { "right": { "mode": "static" } } }),
        "/chart/right",
    );
    refused(
        "table",
        &json!({ "table": { "columns": [] } }),
        "/table/columns",
    );
    refused(
        "table",
        &json!({ "table": { "columns": ["name", "age", "name"] } }),
        "/table/columns/2",
    );
    refused(
        "setpoint",
        &json!({ "setpoint": { "min": 2, "max": 2 } }),
        "/setpoint/max",
    );
    refused(
        "setpoint",
        &json!({ "setpoint": { "step": 0 } }),
        "/setpoint/step",
    );
    let over = json!({ "tag": tag()["tag"], "x": 101 });
    refused("image", &json!({ "bindings": [over] }), "/bindings/0/x");
}

#[test]
fn a_setpoint_and_a_button_have_what_they_write() {
    refused(
        "setpoint",
        &json!({ "setpoint": { "control": "select" } }),
        "/setpoint/choices",
    );
    refused("button", &json!({}), "/button/value");
    allowed("button", &json!({ "button": { "action": "toggle" } }));
    let hold = json!({ "button": { "action": "hold", "value": true } });
    refused("button", &hold, "/button/release");
}

#[test]
fn options_of_another_type_are_kept_and_checked() {
    let more = json!({ "button": { "value": 3 }, "gauge": { "style": "half_circle" } });
    let kept = dashboard(&widget("value", &more));
    assert!(kept.check().is_ok());
    let written = serde_json::to_value(&kept).unwrap();
    assert_eq!(
        written["groups"][0]["widgets"][0]["button"],
        json!({ "value": 3 })
    );
    refused(
        "value",
        &json!({ "button": { "label": "\u{1}" } }),
        "/button/label",
    );
}
