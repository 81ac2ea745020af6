//! Files into entries: what stands where, not yet what it means.

mod tags;
mod toml_file;

use std::collections::BTreeMap;

use headworks_core::model::{Kind, ObjectId, Tag};
use serde_json::Value;

use super::{At, FILES, Files, Origin, Wrong};

/// Most entries of all files.
const ENTRIES_MAX: usize = 200_000;

/// One object as a file has it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) at: At,
    pub(super) id: Option<ObjectId>,
    pub(super) content: Content,
    /// Whether a mistake was found already; its name can be used all the same.
    pub(super) is_wrong: bool,
}

/// What an entry says, with names where objects have ids.
#[derive(Debug)]
pub(super) enum Content {
    /// A table of a TOML file.
    Object(Value),
    /// A row of the table of tags.
    Tag(Box<TagRow>),
}

/// A row of the table of tags.
#[derive(Debug)]
pub(super) struct TagRow {
    /// With an id of no device.
    pub(super) tag: Tag,
    /// Name of the device.
    pub(super) device: String,
    /// Path of the asset.
    pub(super) asset: Option<String>,
}

/// What files hold: the kinds whose file is there have a list.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) entries: BTreeMap<Kind, Vec<Entry>>,
    pub(super) wrong: Vec<Wrong>,
    /// Whether a file could not be read to its end, so that names may be missing.
    pub(super) is_cut: bool,
}

/// Reads all files.
pub(super) fn read(files: &Files) -> Read {
    let mut found = Read::default();
    for (kind, file) in FILES {
        let Some(text) = files.get(file) else {
            continue;
        };
        let entries = match kind {
            Kind::Tag => tags::read(text, &mut found),
            kind => toml_file::read(kind, text, &mut found),
        };
        found.entries.insert(kind, entries);
    }
    let count: usize = found.entries.values().map(Vec::len).sum();
    if ENTRIES_MAX < count {
        let reason = format!("{count} objects in all files; at most {ENTRIES_MAX} are allowed");
        found.cut(Kind::Tag, 1, reason);
    }
    found
}

impl Read {
    /// Notes that a file could not be read to its end.
    fn cut(&mut self, kind: Kind, line: usize, reason: impl Into<String>) {
        self.is_cut = true;
        self.fail(kind, At::Line(line), "", reason);
    }

    fn fail(&mut self, kind: Kind, at: At, pointer: &str, reason: impl Into<String>) {
        self.wrong.push(Wrong {
            origin: Origin { kind, at },
            pointer: pointer.to_owned(),
            reason: reason.into(),
        });
    }
}

impl Entry {
    /// Returns a field that is a text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.content {
            Content::Object(object) => object.get(key).and_then(Value::as_str),
            Content::Tag(row) => match key {
                "name" => Some(row.tag.name.as_str()),
                "device" => Some(&row.device),
                "asset" => row.asset.as_deref(),
                _ => None,
            },
        }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            kind: self.kind,
            at: self.at,
        }
    }
}

/// Reads the id of an entry.
fn parse_id(text: &str) -> Result<ObjectId, String> {
    let wrong = |_| format!("{text:?} is no UUID; leave it empty for the object of this name");
    text.parse().map_err(wrong)
}
