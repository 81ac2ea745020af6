//! What an import says of a file before and after.

use schemars::JsonSchema;
use serde::Serialize;

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// `info`, `warning`, or `question`, which must be answered before the file is imported.
    pub severity: &'static str,
    /// The option that changes it or answers it, if one does.
    pub option: Option<&'static str>,
    /// What was found.
    pub message: String,
}

/// A row as it would be stored.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PreviewRow {
    /// Line or row of the file.
    pub line: u64,
    /// The tag.
    pub path: String,
    /// The time, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The value; null in a bad sample.
    pub value: Option<headworks_core::Value>,
    /// The quality: a status code of OPC UA.
    pub quality: u32,
}

/// A tag of the file that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnknownTag {
    /// Its name in the file.
    pub name: String,
    /// The path it stands for.
    pub path: String,
    /// Samples of it in the file.
    pub samples: u64,
}

impl Finding {
    pub(crate) fn info(option: Option<&'static str>, message: impl Into<String>) -> Finding {
        Finding {
            severity: "info",
            option,
            message: message.into(),
        }
    }

    pub(crate) fn warning(option: Option<&'static str>, message: impl Into<String>) -> Finding {
        Finding {
            severity: "warning",
            ..Finding::info(option, message)
        }
    }

    pub(crate) fn question(option: &'static str, message: impl Into<String>) -> Finding {
        Finding {
            severity: "question",
            ..Finding::info(Some(option), message)
        }
    }
}
