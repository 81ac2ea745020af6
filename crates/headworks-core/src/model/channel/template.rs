//! Bodies of webhooks: texts with placeholders.

use std::borrow::Cow;

/// What a body may name, and what stands there then.
pub const PLACEHOLDERS: [(&str, &str); 14] = [
    ("title", "what has happened, in one line"),
    ("text", "what has happened, in a few lines, with a link"),
    (
        "kind",
        "raised, escalated, over, acknowledged, digest or test",
    ),
    ("priority", "number of the most urgent priority, 1 to 4"),
    (
        "urgency",
        "the same the other way round, 5 to 2, as ntfy counts",
    ),
    ("count", "how many alarms the message is about"),
    ("name", "name of the first alarm"),
    ("tag", "path of its tag"),
    ("area", "folders of its tag"),
    ("value", "the value that was judged"),
    ("limit", "the limit that it was judged by"),
    ("time", "when it was raised, as ISO 8601"),
    ("policy", "name of the policy"),
    (
        "link",
        "address of the alarms page, when the settings say where the hub is",
    ),
];

/// Returns a template with what its placeholders stand for; `value` knows each of
/// [`PLACEHOLDERS`]. In JSON, texts are written as the inside of a string needs it.
pub fn fill_template<'a>(
    template: &str,
    is_json: bool,
    value: impl Fn(&str) -> Cow<'a, str>,
) -> String {
    let mut filled = String::with_capacity(template.len() + 256);
    for part in parts(template) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) if is_json => filled.push_str(&inside_json(&value(name))),
            Part::Name(name) => filled.push_str(&value(name)),
        }
    }
    filled
}

/// Checks that a template names only what there is, and is JSON whatever stands there.
pub(super) fn check(template: &str, is_json: bool) -> Result<(), String> {
    for part in parts(template) {
        if let Part::Name(name) = part
            && !PLACEHOLDERS.iter().any(|(known, _)| *known == name)
        {
            let names = PLACEHOLDERS.map(|(name, _)| name).join(", ");
            return Err(format!("{{{name}}} is not known; there are {names}"));
        }
    }
    if template.contains("${secret:") {
        return Err("a secret can stand in the address and in headers only".to_owned());
    }
    if !is_json {
        return Ok(());
    }
    let awkward = |name: &str| match name {
        "priority" | "urgency" | "count" => Cow::Borrowed("3"),
        _ => Cow::Borrowed("\"a\"\\\n\u{1}{}ö"),
    };
    let filled = fill_template(template, true, awkward);
    match serde_json::from_str::<serde::de::IgnoredAny>(&filled) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "is no JSON: {error}; placeholders of texts stand within quotes"
        )),
    }
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Cuts a template at its placeholders: lower-case letters between braces. JSON has none such.
fn parts(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    let mut name = None;
    std::iter::from_fn(move || {
        if let Some(found) = name.take() {
            return Some(Part::Name(found));
        }
        if rest.is_empty() {
            return None;
        }
        let Some((start, end)) = next(rest) else {
            return Some(Part::Text(std::mem::take(&mut rest)));
        };
        let text = &rest[..start];
        name = Some(&rest[start + 1..end]);
        rest = &rest[end + 1..];
        Some(Part::Text(text))
    })
}

/// Returns where the braces of the first placeholder are.
fn next(text: &str) -> Option<(usize, usize)> {
    let mut places = text.match_indices('{').map(|(place, _)| place);
    places.find_map(|start| {
        let inner = &text[start + 1..];
        let length = inner.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_')?;
        let is_closed = inner[length..].starts_with('}');
        (is_closed && 0 < length).then_some((start, start + 1 + length))
    })
}

/// Returns a text as the inside of a JSON string.
fn inside_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}
