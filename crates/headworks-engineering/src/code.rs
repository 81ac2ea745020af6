//! The plant as code: everything that is configured as text files, and back.
//!
//! TOML for all objects but tags, which are a CSV table; objects name each other by name or path.
//! A file that is not there leaves its kind alone; of a file that is there, what it does not hold
//! is deleted. `id` keeps the identity of an object, and with it the history of a tag, when it is
//! renamed; an entry without one is the object of its name, or a new one.
//!
//! Read in this order: `write` makes the files, `read` takes them apart, `identify` says which
//! object each entry is, `compare` makes edits of what differs, `locate` finds the lines of
//! mistakes.

pub mod bundle;

mod called;
mod compare;
mod differences;
mod identify;
mod locate;
mod read;
mod references;
mod toml_text;
mod write;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use headworks_core::model::Kind;
use headworks_hub::{Edit, Plant, Problem};
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Doing, Kept};
pub use compare::plan;
pub use write::export;

/// Texts by name of file.
pub type Files = BTreeMap<String, String>;

/// The files, in the order in which what is in them rests on each other.
pub const FILES: [(Kind, &str); 14] = [
    (Kind::Asset, "assets.toml"),
    (Kind::Connection, "connections.toml"),
    (Kind::Template, "templates.toml"),
    (Kind::Device, "devices.toml"),
    (Kind::Tag, "tags.csv"),
    (Kind::Group, "groups.toml"),
    (Kind::Alarm, "alarms.toml"),
    (Kind::Route, "routes.toml"),
    (Kind::Channel, "channels.toml"),
    (Kind::Roster, "rosters.toml"),
    (Kind::Policy, "policies.toml"),
    (Kind::Dashboard, "dashboards.toml"),
    (Kind::Retention, "retention.toml"),
    (Kind::Dictionary, "dictionaries.toml"),
];

/// What files ask for: edits that can be applied when nothing is wrong.
#[derive(Debug, Default)]
pub struct CodePlan {
    edits: Vec<Edit>,
    steps: Vec<Step>,
    /// Where the edits come from, in their order.
    origins: Vec<Origin>,
    errors: Kept<CodeError>,
    unchanged: usize,
}

/// What one edit does.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// What happens.
    pub action: Doing,
    /// Kind of the object.
    pub kind: Kind,
    /// Its name; of assets and tags the path.
    pub name: String,
    /// The fields that change; none of what is made or deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub changes: Vec<FieldChange>,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// The field, e.g. `settings.port`.
    pub field: String,
    /// What it is, cut where it is long; null when it is not there.
    pub from: serde_json::Value,
    /// What it becomes, cut where it is long; null when it goes.
    pub to: serde_json::Value,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeError {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The key, or the column of a table; empty for the whole entry.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// Where an edit comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    kind: Kind,
    at: At,
}

/// A place in the file of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A line, from 1.
    Line(usize),
    /// The entry of a number in a TOML file, from 0.
    Entry(usize),
}

/// A mistake whose line is not looked up yet.
#[derive(Debug)]
struct Wrong {
    origin: Origin,
    /// JSON pointer of the field within the object.
    pointer: String,
    reason: String,
}

impl CodePlan {
    /// Returns the edits, which go to the hub as they are.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Takes the edits out.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        std::mem::take(&mut self.edits)
    }

    /// Returns what each edit does, in their order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the first mistakes.
    pub fn errors(&self) -> &[CodeError] {
        self.errors.first()
    }

    /// Returns how many mistakes there are.
    pub fn error_count(&self) -> usize {
        self.errors.count()
    }

    /// Returns how many objects are as they should be already.
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// Adds what the hub said against the edits as mistakes of the places they come from.
    pub fn add_problems(&mut self, files: &Files, problems: &[Problem]) {
        let wrong = |problem: &Problem| {
            let origin = self.origins.get(problem.edit).copied();
            Wrong {
                origin: origin.unwrap_or(Origin {
                    kind: Kind::Asset,
                    at: At::Line(1),
                }),
                pointer: problem.field.clone(),
                reason: problem.reason.clone(),
            }
        };
        let all: Vec<Wrong> = problems.iter().map(wrong).collect();
        for error in locate::locate(files, &all) {
            self.errors.push(error);
        }
    }

    /// Adds that something cannot be deleted because of what rests on it and is in no file.
    pub fn add_in_use(&mut self, kind: Kind, reason: String) {
        self.errors.push(CodeError {
            file: file_of(kind).to_owned(),
            line: 1,
            key: String::new(),
            reason,
        });
    }
}

/// Returns a number that is another one after every change of a plant.
///
/// Between a plan and its application it shows whether the plant is still the one that was
/// planned for.
pub fn state(plant: &Plant) -> u64 {
    // the same for the same plant as long as the program is the same
    let mut hasher = DefaultHasher::new();
    for (kind, _) in FILES {
        for id in called::ids(plant, kind) {
            (id, plant.revision_of(id)).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Returns the name of the file of a kind.
pub fn file_of(kind: Kind) -> &'static str {
    let found = FILES.iter().find(|(of, _)| *of == kind);
    found.map_or("", |(_, file)| file)
}

#[cfg(test)]
mod tests;
