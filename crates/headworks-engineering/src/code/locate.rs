//! The lines of mistakes: a file is taken apart once more, which only those pay for that made any.

use std::collections::HashMap;

use headworks_core::model::Kind;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::toml_text::Lines;
use super::{At, CodeError, Files, Wrong, file_of};

/// Returns mistakes with file and line, in the order of the files.
pub(super) fn locate(files: &Files, all: &[Wrong]) -> Vec<CodeError> {
    let mut documents: HashMap<Kind, Option<Document<'_>>> = HashMap::new();
    let mut found: Vec<(Kind, CodeError)> = Vec::with_capacity(all.len());
    for wrong in all {
        let kind = wrong.origin.kind;
        let line = match wrong.origin.at {
            At::Line(line) => line,
            At::Entry(number) => {
                let document = documents
                    .entry(kind)
                    .or_insert_with(|| Document::of(files, kind));
                let document = document.as_ref();
                document.map_or(1, |document| document.line(kind, number, &wrong.pointer))
            }
        };
        let error = CodeError {
            file: file_of(kind).to_owned(),
            line,
            key: key(kind, &wrong.pointer),
            reason: wrong.reason.clone(),
        };
        found.push((kind, error));
    }
    found.sort_by(|(kind, one), (other_kind, other)| {
        (kind, one.line).cmp(&(other_kind, other.line))
    });
    found.into_iter().map(|(_, error)| error).collect()
}

/// Returns a JSON pointer as people write keys: `settings.port`, `groups[0].name`.
pub(super) fn key(kind: Kind, pointer: &str) -> String {
    let pointer = match kind {
        // a column of the table
        Kind::Tag => pointer.strip_prefix("/validation").unwrap_or(pointer),
        _ => pointer,
    };
    let mut key = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if !key.is_empty() && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            key += &format!("[{part}]");
        } else {
            key += if key.is_empty() { "" } else { "." };
            key += &part;
        }
    }
    key
}

struct Document<'f> {
    table: Spanned<DeTable<'f>>,
    lines: Lines,
}

impl<'f> Document<'f> {
    fn of(files: &'f Files, kind: Kind) -> Option<Document<'f>> {
        let text = files.get(file_of(kind))?;
        let (table, _) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        Some(Document { table, lines })
    }

    /// Returns the line of a field of an entry, or of what of it is there.
    fn line(&self, kind: Kind, number: usize, pointer: &str) -> usize {
        let list = self.table.get_ref().get(kind.name()).map(Spanned::get_ref);
        let entry = match list {
            Some(DeValue::Array(list)) => list.get(number),
            _ => None,
        };
        let Some(entry) = entry else {
            return 1;
        };
        let (mut byte, mut value) = (entry.span().start, entry);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match value.get_ref() {
                DeValue::Table(table) => {
                    let found = table.get_key_value(part.as_str());
                    found.map(|(key, value)| (key.span().start, value))
                }
                DeValue::Array(items) => {
                    let item = part.parse().ok().and_then(|at: usize| items.get(at));
                    item.map(|item| (item.span().start, item))
                }
                _ => None,
            };
            match next {
                Some((start, inner)) => (byte, value) = (start, inner),
                None => break,
            }
        }
        self.lines.at(byte)
    }
}
