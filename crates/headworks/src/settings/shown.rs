//! The settings as administrators read them over the API: value, default, meaning and origin of
//! each key, and nothing secret.

use std::collections::BTreeMap;
use std::path::Path;

use headworks_server::{SettingSource, ShownSection, ShownSetting, ShownSettings};
use headworks_telemetry::scrub;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::Settings;
use super::load::Loaded;

/// What gave a key its value, and under which name, where it was not the file.
pub(super) type Origin = (SettingSource, Option<String>);
/// The origins of the keys, `section.key`, that somebody gave a value.
pub(super) type Origins = BTreeMap<String, Origin>;

/// Settings that can be changed while the process runs, by a route of their own.
const CHANGED_AT_RUN_TIME: [&str; 1] = ["log.level"];

/// Notes where the values of a table come from.
pub(super) fn note(origins: &mut Origins, table: &Table, origin: &Origin) {
    let keys = leaves(table).into_iter().map(|(key, _)| key);
    origins.extend(keys.map(|key| (key, origin.clone())));
}

impl Loaded {
    /// Returns the settings as the API shows them.
    pub(crate) fn shown(&self) -> ShownSettings {
        let schema = schemars::schema_for!(Settings).to_value();
        let table = |settings| Table::try_from(settings).unwrap_or_default();
        let (values, defaults) = (table(&self.settings), table(&Settings::default()));
        let sections = values.iter().map(|(name, values)| {
            let about = property(&schema, &schema, name);
            let defaults = defaults.get(name).and_then(Value::as_table);
            ShownSection {
                name: name.clone(),
                description: text(&about["description"]),
                settings: self.section(name, values, defaults, &schema),
            }
        });
        ShownSettings {
            file: self.file.as_deref().map(absolute),
            sections: sections.collect(),
        }
    }

    fn section(
        &self,
        name: &str,
        values: &Value,
        defaults: Option<&Table>,
        schema: &Json,
    ) -> Vec<ShownSetting> {
        let values = values.as_table().map(leaves).unwrap_or_default();
        let defaults: BTreeMap<_, _> = defaults.map(leaves).into_iter().flatten().collect();
        let settings = values.into_iter().map(|(key, value)| {
            let full = format!("{name}.{key}");
            let about = described(schema, &full);
            let origin = self.origins.get(&full).cloned();
            let (source, given_by) = origin.unwrap_or((SettingSource::Default, None));
            ShownSetting {
                description: text(&about["description"]),
                value: json(value),
                default: defaults.get(&key).map_or(Json::Null, |value| json(value)),
                source,
                given_by,
                is_secret: about["writeOnly"] == true,
                needs_restart: !CHANGED_AT_RUN_TIME.contains(&full.as_str()),
                key,
            }
        });
        settings.collect()
    }
}

/// Returns the values below a table with their keys, those of inner tables with dots.
fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                let inner = leaves(inner).into_iter();
                found.extend(inner.map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            value => found.push((key.clone(), value)),
        }
    }
    found
}

/// Returns what the schema says of a key, step by step through the tables.
fn described(schema: &Json, key: &str) -> Json {
    let steps = key.split('.');
    steps.fold(schema.clone(), |at, step| property(schema, &at, step))
}

/// Returns what the schema says of a property; the words beside a reference are stronger than
/// those of what it refers to.
fn property(schema: &Json, at: &Json, name: &str) -> Json {
    let property = &at["properties"][name];
    let target = property["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix('#'));
    let target = target.and_then(|pointer| schema.pointer(pointer));
    let mut found = target.cloned().unwrap_or_default();
    match (found.as_object_mut(), property.as_object()) {
        (Some(found), Some(own)) => found.extend(own.clone()),
        (None, _) => found = property.clone(),
        (Some(_), None) => {}
    }
    found
}

/// Returns a description as one line.
fn text(description: &Json) -> String {
    let text = description.as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a value; whoever writes a password into an address is helped once more.
fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::String(scrub(text.clone())),
        value => serde_json::to_value(value).unwrap_or_default(),
    }
}

fn absolute(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.display().to_string()
}
