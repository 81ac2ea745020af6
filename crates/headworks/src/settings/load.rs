//! Puts the settings together: command line > environment > file > default.

use std::path::{Path, PathBuf};

use headworks_server::SettingSource;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::{unknown_key, with_suggestion};
use super::shown::{Origins, note};
use super::{ListenAddress, Settings, SettingsError};

/// The file that is read when it exists and no other is named.
const DEFAULT_FILE: &str = "headworks.toml";
/// What the variables of the environment begin with.
const PREFIX: &str = "HEADWORKS__";

/// Where settings come from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file named on the command line.
    pub(crate) file: Option<PathBuf>,
    /// Variables of the environment; those of other programs are ignored.
    pub(crate) environment: Vec<(String, String)>,
    /// The data directory named on the command line.
    pub(crate) data: Option<PathBuf>,
    /// The address named on the command line.
    pub(crate) listen: Option<ListenAddress>,
}

/// Settings that were read and checked.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings.
    pub(crate) settings: Settings,
    /// The file they come from, if there was one.
    pub(crate) file: Option<PathBuf>,
    /// Where the values come from that somebody gave.
    pub(super) origins: Origins,
}

impl Sources {
    /// Returns the sources of this process.
    ///
    /// # Errors
    ///
    /// When a variable of ours is not UTF-8.
    pub(crate) fn of_process(file: Option<PathBuf>) -> Result<Sources, SettingsError> {
        let mut environment = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let value = value.to_str().ok_or_else(|| SettingsError::Environment {
                name: name.to_owned(),
                reason: "the value is not UTF-8".into(),
            })?;
            environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(Sources {
            file,
            environment,
            ..Sources::default()
        })
    }
}

/// Reads and checks the settings; returns them with the file they come from.
///
/// # Errors
///
/// The first thing that cannot be used, with its place.
pub(crate) fn load(sources: &Sources) -> Result<(Settings, Option<PathBuf>), SettingsError> {
    let loaded = load_with_origins(sources)?;
    Ok((loaded.settings, loaded.file))
}

/// Reads and checks the settings; returns them with where each comes from.
///
/// # Errors
///
/// The first thing that cannot be used, with its place.
pub(crate) fn load_with_origins(sources: &Sources) -> Result<Loaded, SettingsError> {
    let file = match &sources.file {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
    };
    let mut table = match &file {
        Some(path) => read_file(path)?,
        None => Table::new(),
    };
    let mut origins = Origins::new();
    note(&mut origins, &table, &(SettingSource::File, None));
    for (name, value) in &sources.environment {
        if let Some(path) = name.strip_prefix(PREFIX) {
            let given = variable(name, path, value)?;
            let origin = (SettingSource::Environment, Some(name.clone()));
            note(&mut origins, &given, &origin);
            merge(&mut table, given);
        }
    }
    // Every part was checked on its own, so that this has no news.
    let mut settings = Settings::deserialize(table).map_err(|error| SettingsError::Argument {
        reason: error.message().to_owned(),
    })?;
    let argument = |name: &str| (SettingSource::Argument, Some(name.to_owned()));
    if let Some(directory) = &sources.data {
        settings.data.directory.clone_from(directory);
        origins.insert("data.directory".into(), argument("--data"));
    }
    if let Some(listen) = sources.listen {
        settings.server.listen = listen;
        origins.insert("server.listen".into(), argument("--listen"));
    }
    settings.database.resolve()?; // a URL that cannot be used is found here
    settings.server.resolve(&settings.data.directory)?; // as is what does not fit together
    Ok(Loaded {
        settings,
        file,
        origins,
    })
}

fn read_file(path: &Path) -> Result<Table, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_path_buf(),
        source,
    })?;
    let checked: Result<Settings, _> = toml::from_str(&text);
    let table: Result<Table, _> = toml::from_str(&text);
    match (checked, table) {
        (Ok(_), Ok(table)) => Ok(table),
        (Err(error), _) | (_, Err(error)) => Err(file_error(path, &text, &error)),
    }
}

fn file_error(path: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let offset = error.span().map_or(0, |span| span.start);
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let message = with_suggestion(error.message());
    let reason = match place(text, offset) {
        Some(place) => format!("{place}: {message}"),
        None => message,
    };
    SettingsError::File {
        path: path.to_path_buf(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        reason,
    }
}

/// Returns the key, and the value if it is the value, that stands at a place of the file.
fn place(text: &str, offset: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let mut keys: Vec<String> = Vec::new();
    let mut table = document.get_ref();
    loop {
        let (key, value) = table
            .iter()
            .find(|(key, value)| holds(key, value, offset))?;
        keys.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !key.span().contains(&offset) => table = inner,
            _ if key.span().contains(&offset) => {
                keys.pop();
                return (!keys.is_empty()).then(|| keys.join("."));
            }
            _ => {
                let written = text.get(value.span()).unwrap_or_default();
                return Some(format!("{} = {written}", keys.join(".")));
            }
        }
    }
}

fn holds(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    offset: usize,
) -> bool {
    key.span().contains(&offset)
        || value.span().contains(&offset)
        || matches!(value.get_ref(), DeValue::Table(inner)
            if inner.iter().any(|(key, value)| holds(key, value, offset)))
}

/// Returns the table that one variable of the environment stands for, checked.
fn variable(name: &str, path: &str, value: &str) -> Result<Table, SettingsError> {
    let refuse = |reason: String| SettingsError::Environment {
        name: name.to_owned(),
        reason,
    };
    let defaults = Table::try_from(Settings::default()).unwrap_or_default();
    let (section, key) = path
        .split_once("__")
        .map(|(section, key)| (section.to_lowercase(), key.to_lowercase()))
        .ok_or_else(|| refuse("expected HEADWORKS__SECTION__KEY".into()))?;
    let keys = defaults
        .get(&section)
        .and_then(Value::as_table)
        .ok_or_else(|| {
            let known: Vec<&str> = defaults.keys().map(String::as_str).collect();
            refuse(unknown_key(&section, &known))
        })?;
    let (key, value) = match (keys.contains_key(&key), key.strip_suffix("_file")) {
        (false, Some(stem)) if keys.contains_key(stem) => {
            let text = std::fs::read_to_string(value)
                .map_err(|error| refuse(format!("file {value:?} cannot be read: {error}")))?;
            (stem.to_owned(), text.trim_end().to_owned())
        }
        _ => (key, value.to_owned()),
    };
    let default = keys.get(&key).ok_or_else(|| {
        let known: Vec<&str> = keys.keys().map(String::as_str).collect();
        refuse(unknown_key(&key, &known))
    })?;
    let inner = Table::from_iter([(key, typed(default, &value))]);
    let table = Table::from_iter([(section, Value::Table(inner))]);
    // The one secret is a text, which is always one: no value of it gets here.
    Settings::deserialize(table.clone())
        .map_err(|error| refuse(format!("{value:?}: {}", error.message())))?;
    Ok(table)
}

/// Gives the text of a variable the type that its key has.
fn typed(default: &Value, text: &str) -> Value {
    let parsed = match default {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(list(text))),
        Value::String(_) | Value::Datetime(_) | Value::Table(_) => None,
    };
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Reads texts with commas between them.
fn list(text: &str) -> Vec<Value> {
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| Value::String(part.to_owned())).collect()
}

fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(over)) => merge(inner, over),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}
