//! The plant into files: the same bytes for the same plant.

use headworks_core::cell::{Guard, write_text};
use headworks_core::model::Kind;
use headworks_hub::Plant;

use super::references::{shown, without_lost};
use super::toml_text::write_entry;
use super::{FILES, Files, called};
use crate::table::{COLUMNS, Field, is_number, text};

/// The column behind all others of the table of tags.
pub(super) const ID: &str = "id";

/// Returns the files of a plant.
///
/// # Errors
///
/// When an object holds what TOML cannot.
pub fn export(plant: &Plant) -> Result<Files, String> {
    let names = called::names(plant);
    let mut files = Files::new();
    for (kind, file) in FILES {
        let text = match kind {
            Kind::Tag => tags(plant),
            kind => {
                let text = toml(plant, kind, &names);
                text.map_err(|error| format!("{file}: {error}"))?
            }
        };
        files.insert(file.to_owned(), text);
    }
    Ok(files)
}

fn toml(
    plant: &Plant,
    kind: Kind,
    names: &std::collections::HashMap<headworks_core::model::ObjectId, String>,
) -> Result<String, String> {
    let mut sorted = called::names_of(plant, kind);
    sorted.sort_by(|(_, one), (_, other)| one.cmp(other));
    let mut text = format!("# One [[{kind}]] each; what is taken out of this file is deleted.\n");
    for (id, name) in sorted {
        let Some(body) = plant.body_of(id) else {
            continue;
        };
        let mut object = shown(&without_lost(plant, body), names);
        object["id"] = id.to_string().into();
        let entry = write_entry(kind.name(), &object);
        text.push('\n');
        text += &entry.map_err(|error| format!("{kind} {name:?}: {error}"))?;
    }
    Ok(text)
}

/// The columns of the table: those of tag tables save the path, which follows from the others.
pub(super) fn columns() -> impl Iterator<Item = (Field, &'static str)> {
    let columns = COLUMNS.iter().map(|column| (column.field, column.name));
    columns.filter(|(field, _)| *field != Field::Path)
}

fn tags(plant: &Plant) -> String {
    let mut out = Vec::new();
    for (_, name) in columns() {
        out.extend_from_slice(name.as_bytes());
        out.push(b',');
    }
    out.extend_from_slice(ID.as_bytes());
    out.push(b'\n');
    for entry in plant.tags() {
        let tag = entry.object().body;
        for (field, _) in columns() {
            let text = text(plant, entry, &tag, field);
            if is_number(field) {
                out.extend_from_slice(text.as_bytes());
            } else if !text.is_empty() {
                write_text(&mut out, &text, b',', Guard::On);
            }
            out.push(b',');
        }
        out.extend_from_slice(entry.id().to_string().as_bytes());
        out.push(b'\n');
    }
    String::from_utf8_lossy(&out).into_owned()
}
