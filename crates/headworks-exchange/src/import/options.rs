//! What an import may be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::export::{Decimal, Delimiter, Format, Layout};

/// How the characters of CSV and JSON lines are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Windows-1252, which holds Latin-1.
    Latin1,
}

/// The same type under the name that answers use.
pub type TextEncoding = Encoding;

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Year, month, day: ISO 8601 and its relatives.
    Iso,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Seconds since 1970-01-01 UTC, with or without fraction.
    EpochS,
    /// Milliseconds since 1970-01-01 UTC.
    EpochMs,
    /// Microseconds since 1970-01-01 UTC.
    EpochUs,
    /// Nanoseconds since 1970-01-01 UTC.
    EpochNs,
    /// Days since 1899-12-30, as spreadsheets count.
    Excel,
}

/// What becomes of rows whose tag does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownTags {
    /// Nothing is imported; the answer lists them.
    #[default]
    Refuse,
    /// Their rows are left out; the answer lists them.
    Skip,
}

/// What becomes of a sample whose tag has one with the same time already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The sample of the file wins; of two in the file the later one.
    #[default]
    Overwrite,
    /// The sample that is there stays.
    KeepExisting,
    /// Nothing is imported.
    Refuse,
}

/// What becomes of NaN, infinities, and words such as `N/A` where a number should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotANumber {
    /// A row error.
    #[default]
    Error,
    /// A bad sample without a value.
    Bad,
}

/// How a file is to be read. What is absent is found out from the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Format of the file.
    pub format: Option<Format>,
    /// Encoding of the characters.
    pub encoding: Option<Encoding>,
    /// What stands between the cells of CSV.
    pub delimiter: Option<Delimiter>,
    /// What stands before the fraction of a number.
    pub decimal: Option<Decimal>,
    /// Whether the first row holds the names of the columns.
    pub header: Option<bool>,
    /// What a row is: a sample, or an instant with a column per tag.
    pub layout: Option<Layout>,
    /// Sheet of an Excel file; the first when absent.
    pub sheet: Option<String>,
    /// Column of the tag, by its name or its number from 1.
    pub path_column: Option<String>,
    /// Column of the time.
    pub time_column: Option<String>,
    /// Column of the value.
    pub value_column: Option<String>,
    /// Column of the quality.
    pub quality_column: Option<String>,
    /// The path of the one tag that all rows belong to.
    pub tag: Option<String>,
    /// Put before every tag name of the file, with a slash between.
    pub prefix: Option<String>,
    /// A JSON object: tag names of the file and the paths they stand for.
    pub names: Option<String>,
    /// How times are written.
    pub time_format: Option<TimeFormat>,
    /// Time zone of times that name none, e.g. `Europe/Berlin`.
    pub zone: Option<String>,
    /// What becomes of rows whose tag does not exist.
    pub unknown_tags: UnknownTags,
    /// What becomes of samples that are there already.
    pub duplicates: Duplicates,
    /// What becomes of what is no number.
    pub not_a_number: NotANumber,
    /// Check everything and store nothing.
    pub dry_run: bool,
}
