use serde_json::{Value as Json, json};

use super::*;
use crate::value::Value;

const TAG: &str = "0192d3c0-0000-7000-8000-000000000001";
const OTHER: &str = "0192d3c0-0000-7000-8000-000000000002";

/// Returns a high alarm with other fields.
fn alarm(extra: &Json) -> Result<Alarm, String> {
    let mut json = json!({
        "name": "Pressure", "tag": TAG, "condition": {"kind": "high", "limit": 6.5},
    });
    for (name, value) in extra.as_object().unwrap() {
        json[name] = value.clone();
    }
    let alarm: Alarm = serde_json::from_value(json).map_err(|error| error.to_string())?;
    alarm.check().map_err(|error| error.to_string())?;
    Ok(alarm)
}

#[track_caller]
fn check_refused(extra: &Json, want: &str) {
    let error = alarm(extra).unwrap_err();
    assert!(error.contains(want), "{error}");
}

#[test]
fn defaults_are_not_written_out() {
    let json = serde_json::to_value(alarm(&json!({})).unwrap()).unwrap();
    assert_eq!(
        json,
        json!({
            "name": "Pressure", "tag": TAG, "condition": {"kind": "high", "limit": 6.5},
            "priority": 3, "shelve_max_s": 28_800,
        })
    );
}

#[test]
fn every_field_comes_back() {
    let full = json!({
        "name": "Pressure", "tag": TAG, "condition": {"kind": "range", "low": 1.0, "high": 2.0},
        "deadband": 0.25, "on_bad": "raise", "priority": 1, "on_delay_ms": 1000,
        "off_delay_ms": 2000, "latching": true, "group": "boiler 1", "re_alarm_s": 600,
        "shelve_max_s": 3600, "suppress_when": "tag(\"boiler/off\")", "enabled": false,
        "message": "{tag} {value} {unit} beyond {limit}", "translations": {"de": "Druck {value}"},
        "cause": "valve", "consequence": "trip", "action": "open it", "description": "d",
    });
    let alarm = alarm(&full).unwrap();
    assert_eq!(serde_json::to_value(&alarm).unwrap(), full);
    let rule = alarm.rule();
    assert_eq!(
        (rule.on_delay_us, rule.off_delay_us),
        (1_000_000, 2_000_000)
    );
    assert_eq!(rule.re_alarm_us, Some(600_000_000));
    assert!(rule.latching);
}

#[test]
fn limits_that_contradict_one_another_are_refused() {
    let range = |low: f64, high: f64| json!({"kind": "range", "low": low, "high": high});
    check_refused(
        &json!({"condition": range(5.0, 1.0)}),
        "/condition/high: 1 must be above low, 5",
    );
    check_refused(
        &json!({"condition": range(1.0, 1.0)}),
        "/condition/high: 1 must be above low, 1",
    );
    check_refused(
        &json!({"condition": {"kind": "deviation", "setpoint": 1, "max": 0}}),
        "/condition/max: 0 must be above 0",
    );
    check_refused(
        &json!({"condition": {"kind": "high", "limit": {"tag": TAG}}}),
        "/condition/limit: is the tag of the alarm itself",
    );
    let rate = json!({"kind": "rate_of_change", "max_per_s": -1, "over_s": 10});
    check_refused(&json!({"condition": rate}), "/condition/max_per_s: -1");
}

#[test]
fn a_deadband_must_leave_a_way_back() {
    let range = json!({"kind": "range", "low": 0, "high": 10});
    check_refused(
        &json!({"condition": range, "deadband": 5}),
        "/deadband: 5 leaves no value at which the alarm clears: it must be below 5",
    );
    assert!(alarm(&json!({"condition": range, "deadband": 4.9})).is_ok());
    check_refused(&json!({"deadband": -1}), "/deadband: -1 must be");
    check_refused(
        &json!({"condition": {"kind": "equals", "value": 1}, "deadband": 1}),
        "/deadband: means nothing to \"equals\"",
    );
    check_refused(
        &json!({"condition": {"kind": "deviation", "setpoint": 1, "max": 2}, "deadband": 2}),
        "/deadband: 2 leaves no value",
    );
}

#[test]
fn times_have_bounds() {
    check_refused(&json!({"on_delay_ms": -1}), "invalid value: integer `-1`");
    check_refused(
        &json!({"off_delay_ms": 86_400_001}),
        "/off_delay_ms: 86400001",
    );
    check_refused(&json!({"re_alarm_s": 9}), "/re_alarm_s: 9; 10 to 604800");
    check_refused(&json!({"shelve_max_s": 0}), "/shelve_max_s: 0");
    let stale = json!({"kind": "stale", "after_s": 0});
    check_refused(&json!({"condition": stale}), "/condition/after_s: 0 s");
    let rate = json!({"kind": "rate_of_change", "max_per_s": 1, "over_s": 86_401});
    check_refused(&json!({"condition": rate}), "/condition/over_s: 86401 s");
}

#[test]
fn messages_hold_only_places_that_are_known() {
    check_refused(
        &json!({"message": "{valve} is open"}),
        "/message: {valve} is unknown",
    );
    check_refused(
        &json!({"message": "100 % {"}),
        "/message: has a brace without",
    );
    check_refused(
        &json!({"message": "a } b"}),
        "/message: has a brace without",
    );
    check_refused(
        &json!({"message": "{a{b}"}),
        "/message: has a brace without",
    );
    check_refused(
        &json!({"translations": {"de": "{wert}"}}),
        "/translations/de: {wert} is unknown",
    );
    check_refused(
        &json!({"translations": {"german": "x"}}),
        "/translations: \"german\" is no language tag",
    );
    check_refused(
        &json!({"translations": {"de": ""}}),
        "/translations/de: is empty",
    );
    check_refused(
        &json!({"message": "x".repeat(501)}),
        "/message: 501 characters",
    );
}

#[test]
fn states_are_few_and_different() {
    let discrete = |states: Json| json!({"condition": {"kind": "discrete", "states": states}});
    check_refused(&discrete(json!([])), "/condition/states: 0 states; 1 to 64");
    check_refused(
        &discrete(json!([1, 2, 1])),
        "/condition/states/2: 1 is named twice",
    );
    check_refused(
        &discrete(json!(["x".repeat(257)])),
        "/condition/states/0: 257 characters",
    );
}

#[test]
fn only_an_expression_needs_no_tag() {
    check_refused(
        &json!({"tag": null}),
        "/tag: a condition \"high\" needs a tag",
    );
    let expression = |text: &str| {
        json!({"tag": null, "condition": {
            "kind": "expression", "text": text,
        }})
    };
    assert!(alarm(&expression("a > b")).is_ok());
    check_refused(
        &expression("  "),
        "/condition/text: 2 characters; 1 to 4000",
    );
    check_refused(
        &json!({"suppress_when": " "}),
        "/suppress_when: 1 characters",
    );
}

#[test]
fn settings_without_meaning_and_unknown_ones_are_refused() {
    let stale = json!({"kind": "stale", "after_s": 10});
    check_refused(
        &json!({"condition": stale, "on_bad": "raise"}),
        "/on_bad: means nothing to \"stale\"",
    );
    check_refused(&json!({"priority": 5}), "5 is no priority: 1 to 4 are");
    check_refused(&json!({"colour": "red"}), "unknown field `colour`");
    let extra = json!({"kind": "high", "limit": 1, "hysteresis": 2});
    check_refused(&json!({"condition": extra}), "unknown field `hysteresis`");
}

#[test]
fn limits_of_one_tag_must_not_pass_one_another() {
    let limit = |kind: &str, limit: Json| {
        alarm(&json!({"condition": {"kind": kind, "limit": limit}})).unwrap()
    };
    let high = limit("high", json!(6.0));
    let high_high = limit("high_high", json!(5.0));
    let error = high.contradiction(&high_high).unwrap();
    assert_eq!(
        error.to_string(),
        "/condition/limit: 6 is above 5, the high_high limit of alarm \"Pressure\" on the same tag"
    );
    assert!(
        high_high
            .contradiction(&high)
            .unwrap()
            .reason
            .contains("is below 6")
    );
    assert_eq!(high.contradiction(&limit("low", json!(5.9))), None);
    assert!(high.contradiction(&limit("low", json!(6.1))).is_some());
    assert_eq!(high.contradiction(&limit("high", json!(1.0))), None);
    assert_eq!(
        high.contradiction(&limit("low", json!({"tag": OTHER}))),
        None
    );
    let mut elsewhere = limit("low", json!(9.0));
    elsewhere.tag = Some(OTHER.parse().unwrap());
    assert_eq!(high.contradiction(&elsewhere), None);
}

#[test]
fn a_message_is_filled_in() {
    let facts = MessageFacts {
        value: Some(&Value::F64(6.904)),
        limit: Some(6.5),
        tag: "north/boiler1/pressure",
        unit: "bar",
        decimals: Some(1),
    };
    let check = |message: &str, want: &str| assert_eq!(facts.render(message), want);
    check("HIGH {value} > {limit} {unit}", "HIGH 6.9 > 6.5 bar");
    check("{{{tag}}}", "{north/boiler1/pressure}");
    check("{later} {", "{later} {");
    let unknown = MessageFacts::default();
    assert_eq!(unknown.render("{value}, {limit}"), "–, –");
    let huge = MessageFacts {
        value: Some(&Value::F64(1e300)),
        ..facts
    };
    assert_eq!(huge.render("{value}").chars().count(), 100);
}

#[test]
fn a_message_is_found_in_the_nearest_language() {
    let alarm = alarm(&json!({
        "message": "pressure", "translations": {"de": "Druck", "de-CH": "Drugg"},
    }))
    .unwrap();
    assert_eq!(alarm.translation_in("de-CH"), Some("Drugg"));
    assert_eq!(alarm.translation_in("de-AT"), Some("Druck"));
    assert_eq!(alarm.translation_in("fr"), None);
    assert_eq!(alarm.base_message(), "pressure");
    let nameless = super::tests::alarm(&json!({})).unwrap();
    assert_eq!(nameless.base_message(), "Pressure");
}

#[test]
fn severities_of_three_have_their_priorities() {
    for (severity, number) in [("critical", 1), ("warning", 2), ("info", 4)] {
        let priority = Priority::from_severity(severity).unwrap();
        assert_eq!(priority.number(), number);
        assert_eq!(priority.severity(), severity);
    }
    assert_eq!(Priority::Medium.severity(), "warning");
    assert_eq!(Priority::from_severity("fatal"), None);
}

#[test]
fn the_schema_bounds_every_text_and_whole_number() {
    let schema = serde_json::to_value(schemars::schema_for!(Alarm)).unwrap();
    for (name, field) in schema["properties"].as_object().unwrap() {
        let kinds = field["type"].to_string();
        if kinds.contains("string") && field["format"] != "uuid" {
            assert!(field["maxLength"].is_u64(), "{name}: {field}");
        }
        if kinds.contains("integer") {
            assert!(field["maximum"].is_number(), "{name}: {field}");
        }
    }
}
