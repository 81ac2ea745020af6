//! Tag paths: `site/area/line/device/tag`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

/// The unique name of a tag, e.g. `north/intake/pump1/flow`.
///
/// 1 to [`TagPath::SEGMENTS_MAX`] segments joined by `/`. A segment is 1 to
/// [`TagPath::SEGMENT_BYTES_MAX`] bytes of UTF-8 in NFC without `/ + # $ *`, control characters or
/// outer blanks, so that a path is also an MQTT topic suffix, a name in a unified namespace and a
/// URL without escaping of its own.
///
/// Cloning is cheap: the text is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>")]
pub struct TagPath(Arc<str>); // invariant: checked by `from_str` and `join`, the only constructors

/// One segment of a [`TagPath`]: the name of a tag below its device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>")]
pub struct TagName(Box<str>); // invariant: checked by `from_str`, the only constructor

/// Why a text is not a [`TagPath`] or a [`TagName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// More than [`TagPath::SEGMENTS_MAX`] segments.
    #[error("path has {found} segments, at most {max} are allowed", max = TagPath::SEGMENTS_MAX)]
    TooDeep {
        /// Number of segments found.
        found: usize,
    },
    /// A segment of no or of too many bytes.
    #[error(
        "path segment {segment:?} has {found} bytes, 1 to {max} are allowed",
        max = TagPath::SEGMENT_BYTES_MAX
    )]
    Length {
        /// The segment, cut to 40 characters.
        segment: String,
        /// Its length in bytes.
        found: usize,
    },
    /// A segment with a character that a path cannot hold.
    #[error(
        "path segment {segment:?} holds {found:?}; / + # $ * and control characters are not allowed"
    )]
    Character {
        /// The segment.
        segment: String,
        /// The first character that is not allowed.
        found: char,
    },
    /// A segment that starts or ends with white space.
    #[error("path segment {segment:?} starts or ends with a blank")]
    Blank {
        /// The segment.
        segment: String,
    },
    /// A segment that is not in Unicode normalisation form C.
    #[error("path segment {segment:?} is not in Unicode normalisation form C")]
    NotNormal {
        /// The segment.
        segment: String,
    },
}

impl TagPath {
    /// Most segments of a path.
    pub const SEGMENTS_MAX: usize = 16;
    /// Most bytes of a segment.
    pub const SEGMENT_BYTES_MAX: usize = 128;

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the segments, outermost first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the path of `name` below this path.
    ///
    /// # Errors
    ///
    /// [`PathError::TooDeep`] when this path has no room for another segment.
    pub fn join(&self, name: &TagName) -> Result<TagPath, PathError> {
        check_depth(self.segments().count() + 1)?;
        Ok(TagPath(format!("{}/{}", self.0, name.0).into()))
    }

    /// Returns the path that `below` has below this path.
    ///
    /// # Errors
    ///
    /// [`PathError::TooDeep`] when both together have too many segments.
    pub fn join_path(&self, below: &TagPath) -> Result<TagPath, PathError> {
        check_depth(self.segments().count() + below.segments().count())?;
        Ok(TagPath(format!("{}/{}", self.0, below.0).into()))
    }

    /// Returns whether this path lies below `ancestor`.
    pub fn is_below(&self, ancestor: &TagPath) -> bool {
        self.0
            .strip_prefix(&*ancestor.0)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns the key under which paths that differ only by case collide.
    pub fn case_key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl TagName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_depth(found: usize) -> Result<(), PathError> {
    if found <= TagPath::SEGMENTS_MAX {
        Ok(())
    } else {
        Err(PathError::TooDeep { found })
    }
}

fn check_segment(segment: &str) -> Result<(), PathError> {
    let found = segment.len();
    if found == 0 || TagPath::SEGMENT_BYTES_MAX < found {
        let segment = segment.chars().take(40).collect();
        return Err(PathError::Length { segment, found });
    }
    if let Some(found) = segment
        .chars()
        .find(|&c| "/+#$*".contains(c) || c.is_control())
    {
        return Err(PathError::Character {
            segment: segment.into(),
            found,
        });
    }
    if segment.trim() != segment {
        return Err(PathError::Blank {
            segment: segment.into(),
        });
    }
    if !is_nfc(segment) {
        return Err(PathError::NotNormal {
            segment: segment.into(),
        });
    }
    Ok(())
}

impl FromStr for TagPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<TagPath, PathError> {
        check_depth(text.split('/').count())?;
        text.split('/').try_for_each(check_segment)?;
        Ok(TagPath(text.into()))
    }
}

impl From<TagName> for TagPath {
    fn from(name: TagName) -> TagPath {
        TagPath(name.0.into())
    }
}

impl FromStr for TagName {
    type Err = PathError;

    fn from_str(text: &str) -> Result<TagName, PathError> {
        check_segment(text)?;
        Ok(TagName(text.into()))
    }
}

impl TryFrom<Cow<'_, str>> for TagPath {
    type Error = PathError;

    fn try_from(text: Cow<'_, str>) -> Result<TagPath, PathError> {
        text.parse()
    }
}

impl TryFrom<Cow<'_, str>> for TagName {
    type Error = PathError;

    fn try_from(text: Cow<'_, str>) -> Result<TagName, PathError> {
        text.parse()
    }
}

impl fmt::Display for TagPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for TagPath {
    fn schema_name() -> Cow<'static, str> {
        "TagPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "1 to 16 segments joined by `/`; a segment is 1 to 128 bytes without \
                            `/ + # $ *`, control characters or outer blanks",
            "pattern": "^[^+#$*/]+(/[^+#$*/]+){0,15}$",
            "minLength": 1,
            "maxLength": 2063,
        })
    }
}

impl JsonSchema for TagName {
    fn schema_name() -> Cow<'static, str> {
        "TagName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "one segment of a tag path: 1 to 128 bytes without `/ + # $ *`, control \
                            characters or outer blanks",
            "pattern": "^[^+#$*/]+$",
            "minLength": 1,
            "maxLength": 128,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<(), &str>) {
        let got = text
            .parse::<TagPath>()
            .map(|_| ())
            .map_err(|error| error.to_string());
        match (got, want) {
            (Ok(()), Ok(())) => {}
            (Err(got), Err(want)) if got.contains(want) => {}
            (got, want) => panic!("{text:?}: got {got:?}, want {want:?}"),
        }
    }

    #[test]
    fn paths_are_checked_segment_by_segment() {
        check("plant/boiler1/supply", Ok(()));
        check("plc1/MAIN.fbBattery.fVoltage", Ok(()));
        check("plc1/arr[3]", Ok(()));
        check("Kessel 1/Temperatur °C", Ok(()));
        check("", Err("0 bytes"));
        check("a//b", Err("0 bytes"));
        check("/a", Err("0 bytes"));
        check("a/b+c", Err("'+'"));
        check("a/#", Err("'#'"));
        check("$SYS/a", Err("'$'"));
        check("a/*", Err("'*'"));
        check("a/b\nc", Err("'\\n'"));
        check("a/ b", Err("blank"));
        check("a/e\u{301}", Err("normalisation"));
        check(&"x".repeat(129), Err("129 bytes"));
        check(&"x".repeat(128), Ok(()));
        check(&["a"; 17].join("/"), Err("17 segments"));
        check(&["a"; 16].join("/"), Ok(()));
    }

    #[test]
    fn join_refuses_a_seventeenth_segment() {
        let path: TagPath = ["a"; 16].join("/").parse().unwrap();
        assert_eq!(
            path.join(&"b".parse().unwrap()),
            Err(PathError::TooDeep { found: 17 })
        );
    }

    #[test]
    fn below_means_a_whole_segment() {
        let path = |text: &str| text.parse::<TagPath>().unwrap();
        assert!(path("a/b/c").is_below(&path("a/b")));
        assert!(!path("a/bc").is_below(&path("a/b")));
        assert!(!path("a/b").is_below(&path("a/b")));
    }
}
