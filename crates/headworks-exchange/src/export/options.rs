//! What an export may be asked for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use headworks_store::TimeRange;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ExchangeError;
use crate::packing::Packing;
use crate::tag::Tag;
use crate::text::cell::Guard;
use crate::text::time::{self, TimeStyle};

/// Formats of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma separated values, RFC 4180.
    #[default]
    Csv,
    /// Excel.
    Xlsx,
    /// Apache Parquet.
    Parquet,
    /// One JSON object per line.
    Jsonl,
}

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A sample: path, time, value, quality, unit; one tag after the other.
    #[default]
    Long,
    /// An instant with a column per tag; CSV and Excel only.
    Wide,
}

/// What stands between the cells of CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Delimiter {
    #[default]
    Comma,
    Semicolon,
    Tab,
    Pipe,
}

/// What stands before the fraction of a number in CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Decimal {
    #[default]
    Point,
    Comma,
}

/// How qualities are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityStyle {
    /// By name in CSV and Excel, by code in Parquet and JSON lines; not in the wide layout.
    #[default]
    Auto,
    /// The name of OPC UA.
    Name,
    /// The status code of OPC UA as a number.
    Code,
    /// Not at all: a bad sample is an empty value.
    None,
}

/// What to export and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportOptions {
    /// Tags by path: `*` within a segment, `**` for any depth.
    #[schemars(length(max = 2064))]
    pub pattern: String,
    /// First instant, microseconds since 1970-01-01 UTC; the first sample when absent.
    pub start_us: Option<i64>,
    /// First instant after the range, microseconds since 1970-01-01 UTC; now when absent.
    pub end_us: Option<i64>,
    /// Format of the file.
    pub format: Format,
    /// Compression of CSV and JSON lines; Excel and Parquet have their own.
    pub packing: Packing,
    /// What a row is.
    pub layout: Layout,
    /// What stands between the cells of CSV.
    pub delimiter: Delimiter,
    /// What stands before the fraction of a number in CSV.
    pub decimal: Decimal,
    /// Whether CSV begins with the names of the columns.
    pub header: bool,
    /// Time zone of written times, e.g. `Europe/Berlin`.
    #[schemars(length(max = 64))]
    pub zone: String,
    /// How times are written in CSV and JSON lines.
    pub time: TimeStyle,
    /// How qualities are written.
    pub quality: QualityStyle,
    /// Whether texts in CSV that a spreadsheet would take for a formula get an apostrophe.
    pub guard_formulas: bool,
}

impl Default for ExportOptions {
    fn default() -> ExportOptions {
        ExportOptions {
            pattern: "**".to_owned(),
            start_us: None,
            end_us: None,
            format: Format::default(),
            packing: Packing::default(),
            layout: Layout::default(),
            delimiter: Delimiter::default(),
            decimal: Decimal::default(),
            header: true,
            zone: "UTC".to_owned(),
            time: TimeStyle::default(),
            quality: QualityStyle::default(),
            guard_formulas: true,
        }
    }
}

/// An export that can be done: options that fit each other, tags, a range.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    options: ExportOptions, // invariant: checked by `new`
    tags: Vec<Arc<Tag>>,
    range: TimeRange,
    zone: TimeZone,
}

/// Most tags of the wide layout: the columns of a sheet, less those for time.
const WIDE_TAGS_MAX: usize = 8_000;
/// First and last instant of a range: 1970 and the end of the year 9999.
const TIME_US: std::ops::RangeInclusive<i64> = 0..=253_402_300_800_000_000;

impl Format {
    /// Returns the extension of files.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Csv => ".csv",
            Format::Xlsx => ".xlsx",
            Format::Parquet => ".parquet",
            Format::Jsonl => ".jsonl",
        }
    }

    /// Returns the media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Jsonl => "application/x-ndjson",
        }
    }
}

impl Delimiter {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
            Delimiter::Pipe => b'|',
        }
    }
}

impl Decimal {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Decimal::Point => b'.',
            Decimal::Comma => b',',
        }
    }
}

impl ExportPlan {
    /// Checks options; `tags` are those that the pattern selects, `now_us` is the end of the range
    /// when the options have none.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Option`] for options that cannot be or do not fit each other.
    pub fn new(
        options: ExportOptions,
        tags: Vec<Arc<Tag>>,
        now_us: i64,
    ) -> Result<ExportPlan, ExchangeError> {
        let refused = |option, reason: &str| Err(ExchangeError::option(option, reason));
        let zone = time::zone(&options.zone);
        let zone = zone.map_err(|reason| ExchangeError::option("zone", reason))?;
        if tags.is_empty() {
            let shown: String = options.pattern.chars().take(200).collect();
            let reason = format!("{shown:?} selects no tag");
            return Err(ExchangeError::option("pattern", reason));
        }
        let is_text = matches!(options.format, Format::Csv | Format::Jsonl);
        if options.packing != Packing::None && !is_text {
            return refused(
                "packing",
                "Excel and Parquet files are compressed already; use none",
            );
        }
        if options.layout == Layout::Wide {
            check_wide(&options, tags.len())?;
        }
        if options.delimiter == Delimiter::Comma && options.decimal == Decimal::Comma {
            return refused(
                "decimal",
                "a comma cannot stand in numbers and between cells; use the delimiter semicolon",
            );
        }
        let range = range(&options, now_us)?;
        Ok(ExportPlan {
            options,
            tags,
            range,
            zone,
        })
    }

    /// Returns the options.
    pub fn options(&self) -> &ExportOptions {
        &self.options
    }

    /// Returns the tags in the order of the export.
    pub fn tags(&self) -> &[Arc<Tag>] {
        &self.tags
    }

    /// Returns the time.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    /// Returns the extension of the file, e.g. `.csv.gz`.
    pub fn extension(&self) -> String {
        let packing = self.options.packing.extension();
        format!("{}{packing}", self.options.format.extension())
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) fn guard(&self) -> Guard {
        if self.options.guard_formulas {
            Guard::On
        } else {
            Guard::Off
        }
    }

    /// Returns how qualities are written, never [`QualityStyle::Auto`].
    pub(crate) fn quality(&self) -> QualityStyle {
        match (
            self.options.quality,
            self.options.layout,
            self.options.format,
        ) {
            (QualityStyle::Auto, Layout::Wide, _) => QualityStyle::None,
            (QualityStyle::Auto, _, Format::Csv | Format::Xlsx) => QualityStyle::Name,
            (QualityStyle::Auto, _, _) => QualityStyle::Code,
            (given, _, _) => given,
        }
    }

    /// Returns what two plans have in common only when they write the same.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for tag in &self.tags {
            (tag.index, &tag.path, &tag.unit).hash(&mut hasher);
        }
        (self.range.start_us, self.range.end_us).hash(&mut hasher);
        let options = serde_json::to_string(&self.options).unwrap_or_default();
        format!("{:016x} {options}", hasher.finish())
    }
}

fn check_wide(options: &ExportOptions, tags: usize) -> Result<(), ExchangeError> {
    if !matches!(options.format, Format::Csv | Format::Xlsx) {
        let reason = "only CSV and Excel have the wide layout; use long";
        return Err(ExchangeError::option("layout", reason));
    }
    if WIDE_TAGS_MAX < tags {
        let reason = format!(
            "the wide layout has at most {WIDE_TAGS_MAX} tags, the pattern selects {tags}; use \
             long or a narrower pattern"
        );
        return Err(ExchangeError::option("layout", reason));
    }
    Ok(())
}

fn range(options: &ExportOptions, now_us: i64) -> Result<TimeRange, ExchangeError> {
    let start_us = options.start_us.unwrap_or(0);
    let end_us = options.end_us.unwrap_or(now_us);
    for (option, found) in [("start_us", start_us), ("end_us", end_us)] {
        if !TIME_US.contains(&found) {
            let reason = format!(
                "{found}; {} to {} are allowed",
                TIME_US.start(),
                TIME_US.end()
            );
            return Err(ExchangeError::option(option, reason));
        }
    }
    if end_us <= start_us {
        let reason = format!("{start_us} must be before end_us, {end_us}");
        return Err(ExchangeError::option("start_us", reason));
    }
    Ok(TimeRange { start_us, end_us })
}
