//! `routing.json`: routes from dotted names to dotted names.
//!
//! A name is the path of a tag of the plant with some of its `/` written as dots. What leads to
//! brokers, or to services whose address the file does not say, is not carried over and noted.

use std::collections::HashSet;

use headworks_core::Pattern;
use headworks_core::model::{FieldError, ObjectBody, Route};
use headworks_hub::Plant;
use serde_json::{Map, Value, json};

use super::ImportError;
use crate::names::Taken;
use crate::plan::{NewId, Note, Origin, Plan, RowError, create, cut};

/// Most dots of a name that are tried as `/` one by one.
const DOTS_MAX: usize = 10;
/// The fields of a route that are read.
const KNOWN: [&str; 9] = [
    "bidirectional",
    "condition",
    "description",
    "enabled",
    "from",
    "name",
    "to",
    "transform",
    "when",
];

/// Reads routes against a plant.
pub(super) fn read(text: &str, plant: &Plant, new_id: &mut NewId<'_>) -> Result<Plan, ImportError> {
    let file: Value = serde_json::from_str(text)
        .map_err(|error| ImportError(format!("the file is no JSON: {error}")))?;
    let routes = file["routes"]
        .as_array()
        .ok_or_else(|| ImportError("the file has no list `routes`".to_owned()))?;
    let mut names = Taken::default();
    for route in plant.routes() {
        names.take(&route.body.name);
    }
    let mut reader = Reader {
        plant,
        webhooks: file["webhooks"].as_object(),
        plan: Plan::default(),
    };
    for (at, entry) in routes.iter().enumerate() {
        let place = format!("routes[{at}]");
        if let Some(body) = reader.route(&place, entry, &mut names) {
            let origin = Origin::place(place, body.name.clone());
            reader.plan.push(create(new_id(), body.into()), origin);
        }
    }
    Ok(reader.plan)
}

struct Reader<'a> {
    plant: &'a Plant,
    /// Addresses of services, by name.
    webhooks: Option<&'a Map<String, Value>>,
    plan: Plan,
}

impl Reader<'_> {
    fn route(&mut self, place: &str, entry: &Value, names: &mut Taken) -> Option<Route> {
        let Some(fields) = entry.as_object() else {
            self.error(place, "", entry, "a route is an object with from and to");
            return None;
        };
        for key in fields.keys().filter(|key| !KNOWN.contains(&key.as_str())) {
            self.note(key, place, "means nothing to a route here");
        }
        let from = self.sources(place, &entry["from"])?;
        let to = self.targets(place, &entry["to"])?;
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let wanted = match text("name") {
            empty if empty.is_empty() => from.join(", "),
            name => name,
        };
        let wanted: String = wanted.chars().take(100).collect();
        let when = text("when") + &text("condition");
        let mut body = json!({
            "name": names.free(&wanted), "from": from, "to": to, "transform": text("transform"),
            "when": when,
            "enabled": entry["enabled"].as_bool().unwrap_or(true),
            "description": text("description"),
        });
        if entry["bidirectional"] == true {
            body["back"] = json!({});
        }
        self.checked(place, entry, body)
    }

    fn checked(&mut self, place: &str, entry: &Value, body: Value) -> Option<Route> {
        let route: Result<Route, _> = serde_json::from_value(body);
        let route = route.map_err(|error| FieldError::new("", error));
        let checked = route.and_then(|route| route.check().map(|()| route));
        match checked {
            Ok(route) => Some(route),
            Err(FieldError { field, reason }) => {
                let column = field.trim_start_matches('/').to_owned();
                self.error(place, &column, &entry[&column], reason);
                None
            }
        }
    }

    fn sources(&mut self, place: &str, from: &Value) -> Option<Vec<String>> {
        let mut sources = Vec::new();
        for name in texts(from) {
            let pattern = self.path_of(name).unwrap_or_else(|| wildcards(name));
            match pattern.parse::<Pattern>() {
                Ok(_) => sources.push(pattern),
                Err(error) => self.error(place, "from", &name.into(), error),
            }
        }
        if sources.is_empty() {
            self.error(place, "from", from, "names no source");
            return None;
        }
        let mut seen = HashSet::new();
        sources.retain(|source| seen.insert(source.clone()));
        Some(sources)
    }

    fn targets(&mut self, place: &str, to: &Value) -> Option<Vec<Value>> {
        let mut targets = Vec::new();
        for name in texts(to) {
            match self.target(name) {
                Ok(target) => targets.push(target),
                Err(reason) => self.note(&cut(name), place, &reason),
            }
        }
        if targets.is_empty() {
            self.note("to", place, "no target is left: the route is not made");
            return None;
        }
        Some(targets)
    }

    fn target(&self, name: &str) -> Result<Value, String> {
        if name.starts_with("http://") || name.starts_with("https://") {
            return Ok(json!({ "kind": "webhook", "url": name }));
        }
        if let Some(service) = name.strip_prefix("webhook.") {
            let url = self.webhooks.and_then(|known| known.get(service)?.as_str());
            let url =
                url.ok_or("the file does not say where this service is: make a webhook of it")?;
            return Ok(json!({ "kind": "webhook", "url": url }));
        }
        if let Some(tag) = self
            .path_of(name)
            .and_then(|path| self.plant.tag_by_path(&path))
        {
            return Ok(json!({ "kind": "tag", "tag": tag.id() }));
        }
        Err(match name.starts_with("mqtt.") {
            true => "topics of MQTT are no targets yet".to_owned(),
            false => "there is no such tag: import the tags first".to_owned(),
        })
    }

    /// Returns the path of the tag that a name means: each of its dots may be a `/`.
    fn path_of(&self, name: &str) -> Option<String> {
        let is_there = |path: &String| self.plant.tag_by_path(path).is_some();
        let dots: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
        let tried = dots.len().min(DOTS_MAX);
        let written = |mask: usize| {
            let mut path = name.to_owned().into_bytes();
            for (bit, at) in dots.iter().enumerate() {
                if bit < tried && mask & (1 << bit) != 0 || tried <= bit {
                    path[*at] = b'/';
                }
            }
            String::from_utf8(path).unwrap_or_default()
        };
        (0..1_usize << tried).rev().map(written).find(is_there)
    }

    fn note(&mut self, key: &str, place: &str, reason: &str) {
        self.plan.note(Note {
            key: key.to_owned(),
            place: place.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn error(&mut self, place: &str, column: &str, value: &Value, reason: impl ToString) {
        let column = match column {
            "" => place.to_owned(),
            column => format!("{place}.{column}"),
        };
        self.plan.error(RowError {
            row: None,
            column,
            value: cut(&value.to_string()),
            reason: reason.to_string(),
        });
    }
}

/// Returns the texts of a list, or of one text.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Writes a dotted pattern, or one of MQTT, as ours.
fn wildcards(name: &str) -> String {
    let slashed = name.replace('.', "/");
    let parts = slashed.split('/').map(|part| match part {
        "+" => "*",
        "#" => "**",
        part => part,
    });
    parts.collect::<Vec<&str>>().join("/")
}
