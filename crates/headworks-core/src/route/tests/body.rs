//! What a web service is told.

use proptest::prelude::*;

use super::message::{self, Facts};
use super::*;
use crate::model::BodyType;

fn facts<'a>(value: Option<&'a Value>, unit: &'a str) -> Facts<'a> {
    Facts {
        route: "to the office",
        path: "north/pump/flow",
        name: "flow",
        unit,
        description: "",
        device: "pump",
        asset: "north",
        value,
        quality: Quality::GOOD,
        time_us: NOON_US,
        source_value: value,
        source_time_us: NOON_US,
    }
}

#[test]
fn without_a_template_everything_is_told() {
    let value = number(4.5);
    let body = facts(Some(&value), "m³/h").body("", BodyType::Json);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["value"], 4.5);
    assert_eq!(body["unit"], "m³/h");
    assert_eq!(body["asset"], "north");
    assert_eq!(body["time"], "2026-11-21T12:00:00Z");
    assert_eq!(body["time_us"], NOON_US);
    assert_eq!(body["quality"], "Good");
    assert!(
        body.get("description").is_none(),
        "what is empty is left out"
    );
    let none = facts(None, "").body("", BodyType::Json);
    assert!(none.contains(r#""value":null"#), "{none}");
}

#[test]
fn templates_stay_json_whatever_comes() {
    let template = r#"{"v": {value:json}, "t": "{name} is {value} {unit}", "o": {"a": {}}}"#;
    message::check(template, BodyType::Json).unwrap();
    let value = Value::from("say \"hi\"\n");
    let body = facts(Some(&value), "\\").body(template, BodyType::Json);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["v"], "say \"hi\"\n");
    assert_eq!(body["t"], "flow is say \"hi\"\n \\");
}

#[test]
fn texts_are_filled_in_as_they_are() {
    let value = number(4.5);
    let body = facts(Some(&value), "bar").body("{path}: {value} {unit} {", BodyType::Text);
    assert_eq!(body, "north/pump/flow: 4.5 bar {");
}

#[test]
fn mistakes_name_what_is_known() {
    let error = message::check("{valeu}", BodyType::Text).unwrap_err();
    assert!(
        error.contains("{valeu} is unknown; known are {asset}"),
        "{error}"
    );
    let error = message::check(r#"{"v": {value}}"#, BodyType::Json).unwrap_err();
    assert!(error.contains("write {value:json}"), "{error}");
}

proptest! {
    #[test]
    fn any_text_that_passes_the_check_stays_json(
        parts in prop::collection::vec(
            prop_oneof![
                Just("{value}"), Just("{value:json}"), Just("{unit}"), Just("\""), Just("{"),
                Just("}"), Just(":"), Just("[1]"), Just(" "), Just("\"k\":"), Just("{name:json}"),
            ],
            0..8,
        ),
        unit in ".{0,8}",
        text in ".{0,8}",
    ) {
        let template = parts.concat();
        if template.is_empty() || message::check(&template, BodyType::Json).is_err() {
            return Ok(());
        }
        let value = Value::Text(text.into());
        let body = facts(Some(&value), &unit).body(&template, BodyType::Json);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{}", body);
    }
}
