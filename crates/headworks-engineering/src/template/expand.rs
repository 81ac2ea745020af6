//! Placeholders: `${name}` becomes the value of a parameter.

use headworks_core::model::{FieldError, Settings};
use serde_json::Value;

/// Returns a value with the parameters in the place of their placeholders.
///
/// # Errors
///
/// A placeholder that names no parameter or has no end, with its place.
pub(super) fn expand(
    value: &Value,
    place: &str,
    parameters: &Settings,
) -> Result<Value, FieldError> {
    match value {
        Value::String(text) => {
            expand_text(text, parameters).map_err(|reason| FieldError::new(place, reason))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let expanded =
                items.map(|(at, item)| expand(item, &format!("{place}/{at}"), parameters));
            expanded.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(fields) => expand_fields(fields, place, parameters).map(Value::Object),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}

/// Returns fields with the parameters in the place of their placeholders.
///
/// # Errors
///
/// As [`expand`].
pub(super) fn expand_fields(
    fields: &Settings,
    place: &str,
    parameters: &Settings,
) -> Result<Settings, FieldError> {
    let expanded = fields.iter().map(|(name, value)| {
        let value = expand(value, &format!("{place}/{name}"), parameters)?;
        Ok((name.clone(), value))
    });
    expanded.collect()
}

fn expand_text(text: &str, parameters: &Settings) -> Result<Value, String> {
    if let Some(name) = whole_placeholder(text) {
        return value_of(name, parameters).cloned();
    }
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else {
            return Err(format!("the placeholder in {text:?} has no }} at its end"));
        };
        done += before;
        done += &shown(value_of(name, parameters)?);
        rest = after;
    }
    Ok(Value::String(done + rest))
}

/// Returns the name when the text is nothing but a placeholder: its value keeps its type then.
fn whole_placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains('}')).then_some(name)
}

fn value_of<'a>(name: &str, parameters: &'a Settings) -> Result<&'a Value, String> {
    parameters.get(name).ok_or_else(|| {
        let known: Vec<&str> = parameters.keys().map(String::as_str).collect();
        match known.is_empty() {
            true => format!("${{{name}}} is no parameter; the template has none"),
            false => format!("${{{name}}} is none of the parameters {}", known.join(", ")),
        }
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameters() -> Settings {
        let values = json!({ "unit": 7, "ratio": 0.5, "room": "hall 3", "on": true });
        serde_json::from_value(values).unwrap()
    }

    #[track_caller]
    fn check(text: &str, want: Value) {
        let got = expand(&json!({ "a": [text] }), "", &parameters()).unwrap();
        assert_eq!(got, json!({ "a": [want] }));
    }

    #[track_caller]
    fn check_refused(text: &str, want: &str) {
        let error = expand(&json!({ "a": [text] }), "/tags/3", &parameters()).unwrap_err();
        assert_eq!(error.field, "/tags/3/a/0");
        assert!(error.reason.contains(want), "{error}");
    }

    #[test]
    fn a_whole_text_keeps_the_type_and_a_part_becomes_text() {
        check("${unit}", json!(7));
        check("${ratio}", json!(0.5));
        check("${on}", json!(true));
        check("${room}", json!("hall 3"));
        check("HR${unit}.${unit}", json!("HR7.7"));
        check("${unit}${unit}", json!("77"));
        check("${room}: ${ratio}", json!("hall 3: 0.5"));
        check("5 $ {unit} }", json!("5 $ {unit} }"));
    }

    #[test]
    fn placeholders_that_name_nothing_are_refused_with_their_place() {
        check_refused("${Unit}", "none of the parameters on, ratio, room, unit");
        check_refused("HR${}", "${} is none of");
        check_refused("HR${unit", "has no } at its end");
    }
}
