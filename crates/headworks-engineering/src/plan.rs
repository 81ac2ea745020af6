//! What comes out of a file: edits, errors and notes.

use headworks_core::model::{Connection, Device, Kind, ObjectId, Tag};
use headworks_hub::{Body, Edit, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// Most errors, and most notes, that are kept; the others are counted.
pub const SHOWN_MAX: usize = 1_000;
/// Longest text of a file in an error, in characters.
const VALUE_CHARS_MAX: usize = 80;

/// What a file asks for: edits that can be applied when there are no errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    edits: Vec<Edit>,
    origins: Vec<Origin>,
    errors: Kept<RowError>,
    notes: Kept<Note>,
    unchanged: usize,
}

/// Where an edit comes from, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Line of a text file, row of a sheet; none where the file has no rows.
    pub row: Option<u64>,
    /// Place in the file, when it has no rows: a JSON pointer or the like.
    pub place: String,
    /// Path of the tag, or name of the object.
    pub name: String,
}

/// What is wrong with a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowError {
    /// Line of a text file, row of a sheet, from 1; absent where the file has no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Column, or the place in a file without columns.
    pub column: String,
    /// What stands there, cut to 80 characters.
    pub value: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// What cannot be carried over, or was carried over with a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// The key or column of the file.
    pub key: String,
    /// Where in the file: line, JSON pointer or name of the object.
    pub place: String,
    /// Why it is left out, or what was done instead.
    pub reason: String,
}

/// The first [`SHOWN_MAX`] of many, and how many there are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept<T> {
    first: Vec<T>,
    count: usize,
}

impl Plan {
    /// Returns the edits, which go to the hub as they are.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Takes the edits out.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        std::mem::take(&mut self.edits)
    }

    /// Returns where each edit comes from, in their order.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Returns the first errors.
    pub fn errors(&self) -> &[RowError] {
        &self.errors.first
    }

    /// Returns how many errors there are.
    pub fn error_count(&self) -> usize {
        self.errors.count
    }

    /// Returns the first things that are not carried over as they were.
    pub fn notes(&self) -> &[Note] {
        &self.notes.first
    }

    /// Returns how many such things there are.
    pub fn note_count(&self) -> usize {
        self.notes.count
    }

    /// Returns how many objects of the file are as they should be already.
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    pub(crate) fn push(&mut self, edit: Edit, origin: Origin) {
        self.edits.push(edit);
        self.origins.push(origin);
    }

    pub(crate) fn keep(&mut self) {
        self.unchanged += 1;
    }

    pub(crate) fn error(&mut self, error: RowError) {
        self.errors.push(error);
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Adds what the hub said against the edits as errors of the rows they come from.
    pub fn add_problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            let error = self.row_error(problem);
            self.errors.push(error);
        }
    }

    fn row_error(&self, problem: &Problem) -> RowError {
        let origin = self.origins.get(problem.edit);
        let field = problem.field.trim_start_matches("/validation");
        let column = field.trim_start_matches('/').to_owned();
        let (row, value) = origin.map_or((None, String::new()), |origin| {
            (origin.row, origin.name.clone())
        });
        let place = origin.map_or("", |origin| &origin.place);
        let column = match (row, place.is_empty()) {
            (None, false) if column.is_empty() => place.to_owned(),
            (None, false) => format!("{place} ({column})"),
            _ => column,
        };
        RowError {
            row,
            column,
            value: cut(&value),
            reason: problem.reason.clone(),
        }
    }
}

impl Origin {
    pub(crate) fn row(row: u64, name: impl Into<String>) -> Origin {
        Origin {
            row: Some(row),
            place: String::new(),
            name: name.into(),
        }
    }

    pub(crate) fn place(place: impl Into<String>, name: impl Into<String>) -> Origin {
        Origin {
            row: None,
            place: place.into(),
            name: name.into(),
        }
    }
}

impl RowError {
    pub(crate) fn new(
        row: u64,
        column: impl Into<String>,
        value: &str,
        reason: impl Into<String>,
    ) -> RowError {
        RowError {
            row: Some(row),
            column: column.into(),
            value: cut(value),
            reason: reason.into(),
        }
    }
}

impl Note {
    pub(crate) fn new(
        key: impl Into<String>,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) -> Note {
        Note {
            key: cut(&key.into()),
            place: place.into(),
            reason: reason.into(),
        }
    }
}

impl<T> Kept<T> {
    pub(crate) fn first(&self) -> &[T] {
        &self.first
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn push(&mut self, one: T) {
        self.count += 1;
        if self.first.len() < SHOWN_MAX {
            self.first.push(one);
        }
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept {
            first: Vec::new(),
            count: 0,
        }
    }
}

/// What an edit does, in words of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// An object is made.
    Create,
    /// An object is changed.
    Update,
    /// An object is deleted.
    Delete,
}

/// Returns what an edit does, to what kind; the kind of what is deleted is that of tables: a tag.
pub fn doing(edit: &Edit) -> (Doing, Kind) {
    match edit {
        Edit::Create { body, .. } => (Doing::Create, body.kind()),
        Edit::Update { body, .. } => (Doing::Update, body.kind()),
        Edit::Delete { .. } => (Doing::Delete, Kind::Tag),
    }
}

/// Returns an edit that makes an object under an id.
pub(crate) fn create(id: ObjectId, body: Body) -> Edit {
    Edit::Create { id: Some(id), body }
}

/// Gives ids to new objects.
pub type NewId<'a> = dyn FnMut() -> ObjectId + 'a;

/// Returns the first characters of a text of a file.
pub(crate) fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// An object before anything is said of it.
pub(crate) fn bare_tag(device: ObjectId, name: headworks_core::TagName) -> Tag {
    Tag {
        device,
        name,
        asset: None,
        address: String::new(),
        formula: None,
        data_type: headworks_core::DataType::default(),
        order: None,
        length: None,
        scale: 1.0,
        offset: 0.0,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        invalid: Vec::new(),
        period_ms: None,
        enabled: true,
        writable: false,
        history: true,
        validation: headworks_core::model::TagValidation::default(),
        description: String::new(),
    }
}

/// A connection of a protocol before anything else is said of it.
pub(crate) fn bare_connection(name: String, protocol: &str) -> Connection {
    Connection {
        name,
        protocol: protocol.to_owned(),
        enabled: true,
        settings: headworks_core::model::Settings::new(),
        description: String::new(),
    }
}

/// A device before anything else is said of it.
pub(crate) fn bare_device(
    name: String,
    connection: ObjectId,
    path: headworks_core::TagPath,
) -> Device {
    Device {
        name,
        connection,
        asset: None,
        path,
        enabled: true,
        period_ms: 1000,
        settings: headworks_core::model::Settings::new(),
        template: None,
        description: String::new(),
    }
}
