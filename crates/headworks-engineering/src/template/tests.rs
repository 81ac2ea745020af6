use headworks_core::model::{ObjectId, Settings, Template};
use headworks_protocols::PROTOCOLS;
use serde_json::{Value, json};

use super::*;

fn template(json: &Value) -> Template {
    let mut fields = json!({ "name": "meter", "version": "1", "protocol": "modbus" });
    let all = fields.as_object_mut().unwrap();
    all.extend(json.as_object().unwrap().clone());
    serde_json::from_value(fields).unwrap()
}

fn id() -> ObjectId {
    "0192d3c0-0000-7000-8000-000000000000".parse().unwrap()
}

fn wanted(settings: Value, parameters: Value) -> Wanted {
    Wanted {
        name: "m1".to_owned(),
        connection: id(),
        asset: None,
        path: "plant/m1".parse().unwrap(),
        enabled: true,
        description: String::new(),
        settings: serde_json::from_value(settings).unwrap(),
        parameters: serde_json::from_value(parameters).unwrap(),
    }
}

fn meter() -> Template {
    template(&json!({
        "parameters": [
            { "name": "unit", "type": "integer", "min": 1, "max": 247 },
            { "name": "ratio", "type": "number", "default": 0.5 },
        ],
        "period_ms": 5000,
        "settings": { "unit_id": "${unit}", "order": "CDAB" },
        "tags": [
            { "name": "power", "address": "HR0", "scale": "${ratio}" },
            { "name": "energy", "address": "HR${unit}", "data_type": "uint32" },
        ],
    }))
}

#[track_caller]
fn check_refused(parameters: Value, want: &[&str]) {
    let errors = make(
        &Whole::new(&meter(), None),
        id(),
        id(),
        &wanted(json!({}), parameters),
    );
    let errors: Vec<String> = errors
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors, want);
}

#[test]
fn parameters_fill_settings_and_tags_and_keep_their_types() {
    let told = wanted(
        json!({ "order": "ABCD", "retries": 3 }),
        json!({ "unit": 9 }),
    );
    let made = make(&Whole::new(&meter(), None), id(), id(), &told).unwrap();
    let settings = Value::Object(made.device.settings.clone());
    assert_eq!(
        settings,
        json!({ "unit_id": 9, "order": "ABCD", "retries": 3 })
    );
    assert_eq!(made.device.period_ms, 5000);
    assert_eq!((made.tags[0].scale, &*made.tags[1].address), (0.5, "HR9"));
    let used = made.device.template.unwrap();
    assert_eq!((&*used.version, used.parameters.len()), ("1", 1));
}

#[test]
fn every_parameter_that_does_not_fit_is_told() {
    check_refused(
        json!({}),
        &["parameter unit: is missing and has no default"],
    );
    check_refused(
        json!({ "unit": 300, "ratio": "x", "colour": 1 }),
        &[
            "parameter unit: 300 is outside of 1 to 247",
            "parameter ratio: \"x\" is not a number",
            "parameter colour: is unknown; the template has unit, ratio",
        ],
    );
}

#[test]
fn a_template_has_what_its_base_has_unless_it_has_its_own() {
    let base = meter();
    let own = template(&json!({
        "parameters": [{ "name": "unit", "type": "integer", "default": 4 }],
        "settings": { "order": "ABCD" },
        "tags": [
            { "name": "Power", "address": "HR100" },
            { "name": "voltage", "address": "HR101" },
        ],
    }));
    let whole = Whole::new(&own, Some(&base));
    let made = make(&whole, id(), id(), &wanted(json!({}), json!({}))).unwrap();
    let tags: Vec<(&str, &str)> = made
        .tags
        .iter()
        .map(|tag| (tag.name.as_str(), tag.address.as_str()))
        .collect();
    let want = [("energy", "HR4"), ("Power", "HR100"), ("voltage", "HR101")];
    assert_eq!(tags, want);
    let settings = Value::Object(made.device.settings.clone());
    assert_eq!(settings, json!({ "unit_id": 4, "order": "ABCD" }));
    assert_eq!(made.device.period_ms, 5000);
}

#[track_caller]
fn check_mistakes(change: &Value, want: &[&str]) {
    let mut template = serde_json::to_value(meter()).unwrap();
    template
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    let template: Template = serde_json::from_value(template).unwrap();
    let errors = check(&Whole::new(&template, None), PROTOCOLS);
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), want.len(), "{texts:#?}");
    for (text, want) in texts.iter().zip(want) {
        assert!(text.starts_with(want), "{text}");
    }
}

#[test]
fn mistakes_of_a_template_are_found_when_it_is_saved() {
    check_mistakes(&json!({}), &[]);
    check_mistakes(
        &json!({ "protocol": "morse" }),
        &["/protocol: \"morse\" is not one of"],
    );
    let tags = json!([
        { "name": "a", "address": "HR0", "scale": "${factor}" },
        { "name": "b", "address": "HR1", "scale": 0 },
        { "name": "c", "address": "HR2", "colour": "red" },
        { "name": "d", "address": "HR3", "asset": null },
        { "name": "e", "address": "HR4" },
        { "name": "E", "address": "HR5" },
    ]);
    check_mistakes(
        &json!({ "tags": tags }),
        &[
            "/tags/0/scale: ${factor} is none of the parameters ratio, unit",
            "/tags/1/scale: scale 0 must be",
            "/tags/2/colour: unknown field `colour`",
            "/tags/3/asset: is said when a device is made",
            "/tags/5/name: another tag is called E already",
        ],
    );
    let tags = json!([{ "name": "a", "address": "HR99999" }]);
    check_mistakes(
        &json!({ "tags": tags, "settings": { "unit_id": "${unit}", "colour": 1 } }),
        &["/settings/colour", "/tags/0/address"],
    );
    let widget = json!({ "type": "value", "x": 0, "y": 0, "w": 2, "h": 2,
        "bindings": [{ "tag": "pressure" }] });
    check_mistakes(
        &json!({ "widgets": [widget] }),
        &["/widgets/0/bindings/0/tag: \"pressure\" is no tag of the template"],
    );
    let widget = json!({ "type": "value", "x": 11, "y": 0, "w": 2, "h": 2,
        "bindings": [{ "tag": "power" }] });
    check_mistakes(&json!({ "widgets": [widget] }), &["/widgets/0"]);
}

#[test]
fn an_address_that_rests_on_a_text_is_checked_when_a_device_is_made() {
    let settings = Settings::new();
    let template = template(&json!({
        "parameters": [{ "name": "block" }],
        "tags": [{ "name": "a", "address": "${block}" }],
        "settings": settings,
    }));
    assert_eq!(check(&Whole::new(&template, None), PROTOCOLS), []);
}

#[test]
fn mistakes_of_alarms_are_told_with_their_place() {
    let high = json!({ "kind": "high", "limit": 1 });
    let alarm = |tag: &str, condition: &Value| {
        let alarm = json!({ "name": "a", "tag": tag, "condition": condition });
        json!({ "alarms": [alarm] })
    };
    check_mistakes(
        &alarm("pressure", &high),
        &["/alarms/0/tag: \"pressure\" is no tag of the template"],
    );
    check_mistakes(
        &alarm(
            "power",
            &json!({ "kind": "high", "limit": { "tag": "pressure" } }),
        ),
        &["/alarms/0/condition/limit/tag: \"pressure\" is no tag"],
    );
    check_mistakes(
        &alarm("power", &json!({ "kind": "high", "limit": "low" })),
        &["/alarms/0/condition/limit: "],
    );
    check_mistakes(
        &json!({ "alarms": [{ "name": "a", "condition": high }] }),
        &["/alarms/0/tag: is missing"],
    );
    let same = json!({ "name": "a", "tag": "power", "condition": high });
    check_mistakes(
        &json!({ "alarms": [same, same] }),
        &["/alarms/1/name: another alarm of the tag is called \"a\""],
    );
}
