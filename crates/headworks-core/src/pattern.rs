//! Patterns over tag paths: `*` within or for one segment, `**` for any depth.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::path::TagPath;

mod index;

pub use index::{PatternIndex, Search};

/// A pattern that selects tag paths.
///
/// `*` stands for any characters within one segment, `**` as a whole segment for any number of
/// segments (none included). Matching is case-sensitive. A pattern without `*` selects one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>", into = "String")]
pub struct Pattern {
    text: Box<str>,
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// `**`
    Deep,
    /// `*`
    Any,
    /// Text without `*`.
    Text(Box<str>),
    /// Text with `*` in it, split at the stars.
    Glob(Box<[Box<str>]>),
}

/// Why a text is not a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Longer than any path can be.
    #[error("pattern has {found} bytes, 1 to {max} are allowed", max = Pattern::BYTES_MAX)]
    Length {
        /// Length found.
        found: usize,
    },
    /// An empty segment, as in `a//b`.
    #[error("pattern {pattern:?} has an empty segment")]
    EmptySegment {
        /// The pattern.
        pattern: String,
    },
    /// `**` next to other characters, or twice in a row.
    #[error("pattern {pattern:?}: ** must stand alone between two slashes, and once in a row")]
    DeepNotAlone {
        /// The pattern.
        pattern: String,
    },
    /// A character that no path holds.
    #[error(
        "pattern {pattern:?} holds {found:?}; + # $ and control characters never occur in a path"
    )]
    Character {
        /// The pattern.
        pattern: String,
        /// The first character that is not allowed.
        found: char,
    },
}

impl Pattern {
    /// Most bytes of a pattern: the longest path and its slashes.
    pub const BYTES_MAX: usize = TagPath::SEGMENTS_MAX * (TagPath::SEGMENT_BYTES_MAX + 1);

    /// Returns the pattern that selects every path.
    pub fn all() -> Pattern {
        Pattern {
            text: "**".into(),
            parts: Box::new([Part::Deep]),
        }
    }

    /// Returns the pattern as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the pattern selects `path`.
    pub fn matches(&self, path: &TagPath) -> bool {
        self.matches_str(path.as_str())
    }

    /// Returns the one path the pattern can select, when it holds no `*`.
    pub fn literal(&self) -> Option<&str> {
        self.parts
            .iter()
            .all(|part| matches!(part, Part::Text(_)))
            .then_some(&*self.text)
    }

    /// Greedy matching with one point of return, so that the cost stays linear per `**`.
    fn matches_str(&self, path: &str) -> bool {
        let mut rest = Some(path);
        let mut part = 0;
        let mut back: Option<(usize, &str)> = None;
        loop {
            let advanced = match (self.parts.get(part), rest) {
                (None, None) => return true,
                (Some(Part::Deep), _) if part + 1 == self.parts.len() => return true,
                (Some(Part::Deep), Some(text)) => {
                    back = Some((part, text));
                    part += 1;
                    true
                }
                (Some(wanted), Some(text)) => {
                    let (segment, after) = split_first(text);
                    let fits = wanted.matches(segment);
                    if fits {
                        part += 1;
                        rest = after;
                    }
                    fits
                }
                (_, _) => false,
            };
            if advanced {
                continue;
            }
            let Some((deep, text)) = back else {
                return false;
            };
            let (_, Some(after)) = split_first(text) else {
                return false;
            };
            back = Some((deep, after));
            part = deep + 1;
            rest = Some(after);
        }
    }
}

fn split_first(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((first, after)) => (first, Some(after)),
        None => (path, None),
    }
}

impl Part {
    fn parse(segment: &str) -> Part {
        match segment {
            "**" => Part::Deep,
            "*" => Part::Any,
            _ if segment.contains('*') => Part::Glob(segment.split('*').map(Box::from).collect()),
            _ => Part::Text(segment.into()),
        }
    }

    fn matches(&self, segment: &str) -> bool {
        match self {
            Part::Deep | Part::Any => true,
            Part::Text(text) => **text == *segment,
            Part::Glob(pieces) => glob(pieces, segment),
        }
    }
}

/// Returns whether `text` is the `pieces` with anything between them.
fn glob(pieces: &[Box<str>], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return false;
    };
    let Some(mut text) = text.strip_prefix(&**first) else {
        return false;
    };
    for piece in middle {
        let Some(at) = text.find(&**piece) else {
            return false;
        };
        text = &text[at + piece.len()..];
    }
    text.ends_with(&**last)
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Pattern, PatternError> {
        let pattern = || text.chars().take(80).collect::<String>();
        if text.is_empty() || Pattern::BYTES_MAX < text.len() {
            return Err(PatternError::Length { found: text.len() });
        }
        if let Some(found) = text.chars().find(|&c| "+#$".contains(c) || c.is_control()) {
            return Err(PatternError::Character {
                pattern: pattern(),
                found,
            });
        }
        let mut after_deep = false;
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(PatternError::EmptySegment { pattern: pattern() });
            }
            let deep = segment == "**";
            if (deep && after_deep) || (!deep && segment.contains("**")) {
                return Err(PatternError::DeepNotAlone { pattern: pattern() });
            }
            after_deep = deep;
        }
        Ok(Pattern {
            text: text.into(),
            parts: text.split('/').map(Part::parse).collect(),
        })
    }
}

impl TryFrom<Cow<'_, str>> for Pattern {
    type Error = PatternError;

    fn try_from(text: Cow<'_, str>) -> Result<Pattern, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.text.into()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, tried every way: slow, but plainly right.
    fn oracle(pattern: &[&str], path: &[&str]) -> bool {
        fn within(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern.split_first(), text.split_first()) {
                (None, None) => true,
                (Some((b'*', after)), Some((_, rest))) => {
                    within(after, text) || within(pattern, rest)
                }
                (Some((b'*', after)), None) => within(after, text),
                (Some((wanted, after)), Some((found, rest))) => {
                    wanted == found && within(after, rest)
                }
                (None, Some(_)) | (Some(_), None) => false,
            }
        }
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", after)), None) => oracle(after, path),
            (Some((&"**", after)), Some((_, rest))) => oracle(after, path) || oracle(pattern, rest),
            (Some((wanted, after)), Some((found, rest))) => {
                within(wanted.as_bytes(), found.as_bytes()) && oracle(after, rest)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn greedy_matching_finds_what_trying_every_way_finds(
            pattern in prop::collection::vec("[ab*]{1,3}", 1..5),
            path in prop::collection::vec("[ab]{1,3}", 1..6),
        ) {
            if let Ok(parsed) = pattern.join("/").parse::<Pattern>() {
                let segments = |texts: &[String]| texts.join("/");
                let wanted: Vec<&str> = pattern.iter().map(String::as_str).collect();
                let found: Vec<&str> = path.iter().map(String::as_str).collect();
                let text: TagPath = segments(&path).parse().unwrap();
                prop_assert_eq!(parsed.matches(&text), oracle(&wanted, &found), "{}", parsed);
            }
        }

        #[test]
        fn any_text_is_a_pattern_or_an_error(text in ".{0,60}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.as_str(), text.as_str());
            }
        }
    }

    #[track_caller]
    fn check(pattern: &str, hits: &[&str], misses: &[&str]) {
        let pattern: Pattern = pattern.parse().unwrap();
        let path = |text: &&str| text.parse::<TagPath>().unwrap();
        for hit in hits {
            assert!(pattern.matches(&path(hit)), "{pattern} should select {hit}");
        }
        for miss in misses {
            assert!(
                !pattern.matches(&path(miss)),
                "{pattern} should not select {miss}"
            );
        }
    }

    #[test]
    fn stars_stay_within_a_segment() {
        check(
            "a/*/c",
            &["a/b/c", "a/x y/c"],
            &["a/c", "a/b/b/c", "a/b/c/d"],
        );
        check(
            "a/pump*",
            &["a/pump", "a/pump12"],
            &["a/apump", "a/pump1/flow"],
        );
        check("*temp*", &["temp", "x_temp_y"], &["tem", "a/temp"]);
        check("a*b*b", &["abb", "axbxb"], &["ab", "abx"]);
    }

    #[test]
    fn two_stars_span_any_depth() {
        check("**", &["a", "a/b", "a/b/c"], &[]);
        check("a/**", &["a/b", "a/b/c", "a"], &["b", "b/a"]);
        check("**/flow", &["flow", "a/flow", "a/b/flow"], &["a/flow/x"]);
        check(
            "a/**/d",
            &["a/d", "a/b/d", "a/d/d", "a/b/c/d"],
            &["a", "d", "a/b"],
        );
        check("**/b/**/d", &["b/d", "a/b/c/d", "b/b/d/d"], &["a/d", "b/c"]);
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| text.parse::<Pattern>().unwrap_err().to_string();
        assert!(error("").contains("0 bytes"));
        assert!(error("a//b").contains("empty segment"));
        assert!(error("a/**b").contains("stand alone"));
        assert!(error("a/**/**").contains("once in a row"));
        assert!(error("a/+/b").contains("'+'"));
        assert!(error(&"x".repeat(3000)).contains("3000 bytes"));
    }

    #[test]
    fn a_pattern_without_stars_is_one_path() {
        assert_eq!("a/b".parse::<Pattern>().unwrap().literal(), Some("a/b"));
        assert_eq!("a/*".parse::<Pattern>().unwrap().literal(), None);
    }
}
