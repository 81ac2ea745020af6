//! What expressions read, and who knows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::function::Kind;
use crate::path::TagPath;

/// What an expression reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// A tag by its path: `tag("plant/boiler/temp")`.
    Tag(TagPath),
    /// A name that the owner of the expression gives a meaning, such as `value`.
    Name(Box<str>),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Tag(path) => write!(f, "tag({})", super::tree::quoted(path.as_str())),
            Reference::Name(name) => f.write_str(name),
        }
    }
}

/// What names stand for: the object that owns an expression knows it.
pub trait Scope {
    /// Returns what kind of value a reference has, or nothing where there is no such thing.
    fn kind_of(&self, reference: &Reference) -> Option<Kind>;

    /// Returns a reference that exists and is written nearly so, for a hint; [`closest`] helps.
    fn similar(&self, reference: &Reference) -> Option<String> {
        let _ = reference;
        None
    }
}

/// A scope in which everything exists and may have any value.
#[derive(Clone, Copy, Debug)]
pub struct AnyScope;

impl Scope for AnyScope {
    fn kind_of(&self, _: &Reference) -> Option<Kind> {
        Some(Kind::Any)
    }
}

/// Returns the candidate that is written most like a word, if one comes close.
pub fn closest<'c>(wanted: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let length = wanted.chars().count();
    let most = (length / 3).clamp(1, 3);
    let near = |candidate: &&str| candidate.len().abs_diff(wanted.len()) <= 4 * most;
    candidates
        .filter(near)
        .map(|candidate| (strsim::osa_distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
