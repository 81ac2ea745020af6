//! What a web service is told: everything that is known of a value, or a text with places for it.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::model::BodyType;
use crate::quality::Quality;
use crate::value::Value;

/// Everything that is known of a value on its way to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts<'a> {
    /// Name of the route: `{route}`.
    pub route: &'a str,
    /// Path of the tag: `{path}`.
    pub path: &'a str,
    /// Name of the tag: `{name}`.
    pub name: &'a str,
    /// Unit of the tag: `{unit}`.
    pub unit: &'a str,
    /// Description of the tag: `{description}`.
    pub description: &'a str,
    /// Name of its device: `{device}`.
    pub device: &'a str,
    /// Path of its asset: `{asset}`.
    pub asset: &'a str,
    /// The result of the route: `{value}`; none when the sample is bad.
    pub value: Option<&'a Value>,
    /// Its quality: `{quality}`.
    pub quality: Quality,
    /// Its time, microseconds since 1970-01-01 UTC: `{time}` and `{time_us}`.
    pub time_us: i64,
    /// The value of the tag before the transform: `{source_value}`.
    pub source_value: Option<&'a Value>,
    /// Time of the sample of the tag: `{source_time}`.
    pub source_time_us: i64,
}

/// The places, as they are written between braces.
pub const PLACES: [&str; 14] = [
    "asset",
    "description",
    "device",
    "name",
    "path",
    "quality",
    "route",
    "source_time",
    "source_time_us",
    "source_value",
    "time",
    "time_us",
    "unit",
    "value",
];

/// A piece of a text with places.
enum Piece<'a> {
    Text(&'a str),
    /// A place, and whether it stands for a whole JSON value.
    Place(&'a str, bool),
}

/// Checks the places of a text, and that JSON stays JSON whatever is filled in; the error is the
/// reason.
///
/// # Errors
///
/// What is wrong and what would be right.
pub fn check(text: &str, body_type: BodyType) -> Result<(), String> {
    for piece in pieces(text) {
        if let Piece::Place(name, _) = piece
            && !PLACES.contains(&name)
        {
            let known = PLACES.map(|place| format!("{{{place}}}")).join(", ");
            return Err(format!("{{{name}}} is unknown; known are {known}"));
        }
    }
    if body_type == BodyType::Text {
        return Ok(());
    }
    for value in [
        None,
        Some(&Value::Text("\"\n\\ text".into())),
        Some(&Value::F64(1.5)),
    ] {
        let body = nasty(value).render(text, BodyType::Json);
        if let Err(error) = serde_json::from_str::<Json>(&body) {
            return Err(format!(
                "is no JSON once filled in: {error}; write {{value:json}} for a whole value and \
                 \"{{value}}\" within a text"
            ));
        }
    }
    Ok(())
}

/// Facts that would break a text that does not escape them.
fn nasty(value: Option<&Value>) -> Facts<'_> {
    let text = "\"quoted\"\nand \\";
    Facts {
        route: text,
        path: "a/b",
        name: "b",
        unit: text,
        description: text,
        device: text,
        asset: text,
        value,
        quality: Quality::GOOD,
        time_us: 0,
        source_value: value,
        source_time_us: 0,
    }
}

impl Facts<'_> {
    /// Returns the body of a message: the text filled in, or an object with everything when the
    /// text is empty.
    pub fn body(&self, text: &str, body_type: BodyType) -> String {
        if text.is_empty() {
            return self.object().to_string();
        }
        self.render(text, body_type)
    }

    /// Returns everything that is known.
    pub fn object(&self) -> Json {
        let mut object = Map::new();
        for place in PLACES {
            let value = self.json_of(place);
            if value != Json::String(String::new()) {
                object.insert(place.to_owned(), value);
            }
        }
        Json::Object(object)
    }

    fn render(&self, text: &str, body_type: BodyType) -> String {
        let mut body = String::with_capacity(text.len() + 64);
        for piece in pieces(text) {
            match piece {
                Piece::Text(part) => body.push_str(part),
                Piece::Place(name, true) => body.push_str(&self.json_of(name).to_string()),
                Piece::Place(name, false) => body.push_str(&self.text_of(name, body_type)),
            }
        }
        body
    }

    /// Returns what stands for a place within a text.
    fn text_of(&self, name: &str, body_type: BodyType) -> String {
        let text = match self.json_of(name) {
            Json::String(text) => text,
            Json::Null => String::new(),
            other => other.to_string(),
        };
        match body_type {
            BodyType::Text => text,
            BodyType::Json => {
                let quoted = Json::String(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
        }
    }

    fn json_of(&self, name: &str) -> Json {
        let text = |text: &str| Json::String(text.to_owned());
        match name {
            "asset" => text(self.asset),
            "description" => text(self.description),
            "device" => text(self.device),
            "name" => text(self.name),
            "path" => text(self.path),
            "quality" => text(&self.quality.to_string()),
            "route" => text(self.route),
            "source_time" => text(&shown_time(self.source_time_us)),
            "source_time_us" => self.source_time_us.into(),
            "source_value" => json_value(self.source_value),
            "time" => text(&shown_time(self.time_us)),
            "time_us" => self.time_us.into(),
            "unit" => text(self.unit),
            "value" => json_value(self.value),
            _ => Json::Null, // `check` has refused it
        }
    }
}

fn json_value(value: Option<&Value>) -> Json {
    let json = value.map(serde_json::to_value);
    json.and_then(Result::ok).unwrap_or(Json::Null)
}

fn shown_time(time_us: i64) -> String {
    let time = Timestamp::from_microsecond(time_us);
    time.map_or_else(|_| String::new(), |time| time.to_string())
}

/// Returns the pieces of a text: a place is a word between braces, maybe with `:json` after it;
/// every other brace is itself, as JSON needs it.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, is_json, length)) = place(rest) {
            rest = &rest[length..];
            return Some(Piece::Place(name, is_json));
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find('{').map_or(rest.len(), |at| at + first);
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(part))
    })
}

/// Returns the place that a text begins with, whether it is a whole value, and its length.
fn place(text: &str) -> Option<(&str, bool, usize)> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'))?;
    let (name, after) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    let (is_json, after) = match after.strip_prefix(":json") {
        Some(after) => (true, after),
        None => (false, after),
    };
    let length = text.len() - after.strip_prefix('}')?.len();
    Some((name, is_json, length))
}
