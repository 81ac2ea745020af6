//! Errors of settings: which place, which key, which value, what would be right.

use std::path::PathBuf;

/// Why the settings cannot be used; the program ends with exit code 64.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("settings file {path:?} cannot be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line of the file is wrong.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Key, value and remedy.
        reason: String,
    },
    /// A variable of the environment is wrong.
    #[error("environment variable {name}: {reason}")]
    Environment {
        /// The variable.
        name: String,
        /// Value and remedy.
        reason: String,
    },
    /// An argument of the command line is wrong.
    #[error("{reason}")]
    Argument {
        /// Argument, value and remedy.
        reason: String,
    },
}

/// Adds what was probably meant to serde's sentence about an unknown key.
///
/// Serde writes ``unknown field `lisen`, expected one of `a`, `b` ``.
pub(super) fn with_suggestion(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message.to_owned();
    };
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next().unwrap_or_default();
    let known: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    unknown_key(unknown, &known)
}

/// Says that a key is not known and what was probably meant.
pub(super) fn unknown_key(unknown: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    let nearest = known.iter().min_by_key(|name| distance(unknown, name));
    match nearest.filter(|name| distance(unknown, name) <= 1 + unknown.chars().count() / 3) {
        Some(name) => format!("unknown key {unknown:?}; did you mean {name:?}? (known: {all})"),
        None => format!("unknown key {unknown:?}; known are {all}"),
    }
}

/// Returns how many letters must be added, removed or changed to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, &wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != wanted);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
