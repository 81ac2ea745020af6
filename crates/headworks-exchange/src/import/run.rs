//! The way of a file: look, check, store, report.

use std::collections::HashSet;
use std::io::Write;
use std::ops::ControlFlow;

use headworks_store::Historian;
use schemars::JsonSchema;
use serde::Serialize;

use super::Import;
use super::check::Checker;
use super::errors::Errors;
use super::options::{Duplicates, Encoding, TimeFormat, UnknownTags};
use super::preview::{Finding, PreviewRow, UnknownTag};
use super::shape::{self, Body, Names, Shape};
use super::source::Source;
use super::store::{Mode, Store};
use crate::error::ExchangeError;
use crate::export::{Decimal, Format, Layout};
use crate::packing::Packing;
use crate::{Progress, Watch};

/// Rows that a preview shows.
const PREVIEW_ROWS: usize = 20;
/// Rows that a preview reads.
const PREVIEW_READ_ROWS: u64 = 1_000;
/// Rows between two words about the progress.
const TELL_ROWS: u64 = 2_000;

/// Which times are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The present, microseconds since 1970-01-01 UTC.
    pub now_us: i64,
}

impl Limits {
    /// The begin of the year 2100.
    pub const TIME_US_END: i64 = 4_102_444_800_000_000;
    /// How far in the future a sample may be: one day.
    pub const AHEAD_US_MAX: i64 = 86_400_000_000;

    /// Says why a sample of a tag may not have a time, if so.
    pub(crate) fn check(self, tag: &crate::Tag, time_us: i64) -> Result<(), String> {
        if !(0..Limits::TIME_US_END).contains(&time_us) {
            return Err("a time outside the years 1970 to 2099".to_owned());
        }
        if self.now_us.saturating_add(Limits::AHEAD_US_MAX) < time_us {
            return Err("a time more than a day in the future".to_owned());
        }
        if let Some(days) = tag.raw_days
            && time_us < self.now_us.saturating_sub(i64::from(days) * 86_400_000_000)
        {
            return Err(format!(
                "older than the {days} days that samples of the tag are kept"
            ));
        }
        Ok(())
    }
}

/// What a file was taken for and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ImportReport {
    /// Whether nothing was stored because nothing was to be stored.
    pub dry_run: bool,
    /// Format of the file.
    pub format: Format,
    /// Its compression.
    pub packing: Packing,
    /// Encoding of its characters, in CSV and JSON lines.
    pub encoding: Option<Encoding>,
    /// What stands between the cells of CSV.
    pub delimiter: Option<String>,
    /// What stands before the fraction of a number.
    pub decimal: Decimal,
    /// What a row is.
    pub layout: Layout,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Which column is the time, by number from 1; then those of tag, value and quality.
    pub time_column: usize,
    /// Number of the column of the tag, in the long layout.
    pub path_column: Option<usize>,
    /// Number of the column of the value, in the long layout.
    pub value_column: Option<usize>,
    /// Number of the column of the quality, in the long layout.
    pub quality_column: Option<usize>,
    /// How times are written.
    pub time_format: TimeFormat,
    /// The zone of times that name none.
    pub zone: String,
    /// Rows of data that were read.
    pub rows: u64,
    /// Samples in them that can be taken.
    pub samples: u64,
    /// Samples of these that are bad.
    pub bad_samples: u64,
    /// Samples that were stored.
    pub stored: u64,
    /// Samples whose tag had one with the same time; not counted when they overwrite.
    pub existing: u64,
    /// Tags that the samples belong to.
    pub tags: u64,
    /// Time of the earliest sample.
    pub first_us: Option<i64>,
    /// Time of the latest sample.
    pub last_us: Option<i64>,
    /// Rows, or cells of rows, that cannot be taken.
    pub row_errors: u64,
    /// How many of them the file of errors lists.
    pub row_errors_listed: u64,
    /// Samples of tags that do not exist.
    pub unknown_samples: u64,
    /// Tags that do not exist, the first 1000.
    pub unknown_tags: Vec<UnknownTag>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// The first samples as they would be stored.
    pub preview: Vec<PreviewRow>,
}

/// Imports a file.
pub(super) fn run(
    import: &Import<'_>,
    historian: &dyn Historian,
    errors: &mut dyn Write,
    watch: &mut Watch<'_>,
) -> Result<ImportReport, ExchangeError> {
    let source = Source::open(import.path, import.options)?;
    let names = Names::new(import.options, import.tags)?;
    let shape = shape::find(&source, import.options, &names)?;
    if let Some(question) = shape
        .findings
        .iter()
        .find(|found| found.severity == "question")
    {
        return Err(ExchangeError::Question {
            option: question.option.unwrap_or("options"),
            reason: question.message.clone(),
        });
    }
    let mut pass = Pass {
        import,
        source: &source,
        names: &names,
        shape: &shape,
        rows_max: u64::MAX,
    };
    let may_refuse = import.options.unknown_tags == UnknownTags::Refuse
        || import.options.duplicates == Duplicates::Refuse;
    if import.options.dry_run {
        let report = pass.go(Some(historian), Mode::Check, errors, (0.0, 1.0), watch)?;
        return Ok(report);
    }
    let mut begun = 0.0;
    if may_refuse {
        begun = 0.4;
        let checked = pass.go(
            Some(historian),
            Mode::Check,
            &mut std::io::sink(),
            (0.0, begun),
            watch,
        )?;
        refuse(import, &checked)?;
    }
    pass.go(Some(historian), Mode::Store, errors, (begun, 1.0), watch)
}

/// Looks at the first rows.
pub(super) fn preview(
    import: &Import<'_>,
    errors: &mut dyn Write,
) -> Result<ImportReport, ExchangeError> {
    let source = Source::open(import.path, import.options)?;
    let names = Names::new(import.options, import.tags)?;
    let shape = shape::find(&source, import.options, &names)?;
    let mut pass = Pass {
        import,
        source: &source,
        names: &names,
        shape: &shape,
        rows_max: PREVIEW_READ_ROWS,
    };
    let go_on = &mut |_: &Progress| ControlFlow::Continue(());
    pass.go(None, Mode::Check, errors, (0.0, 1.0), go_on)
}

/// Refuses a file whose check found what must not be.
fn refuse(import: &Import<'_>, checked: &ImportReport) -> Result<(), ExchangeError> {
    if import.options.unknown_tags == UnknownTags::Refuse && 0 < checked.unknown_samples {
        let shown: Vec<&str> = checked
            .unknown_tags
            .iter()
            .take(5)
            .map(|tag| tag.path.as_str())
            .collect();
        let reason = format!(
            "{} tags do not exist: {}{}; make them, map them with names or prefix, or leave their \
             rows out with unknown_tags = skip",
            checked.unknown_tags.len(),
            shown.join(", "),
            if shown.len() < checked.unknown_tags.len() {
                " ..."
            } else {
                ""
            }
        );
        return Err(ExchangeError::Refused { reason });
    }
    if import.options.duplicates == Duplicates::Refuse && 0 < checked.existing {
        let reason = format!(
            "{} samples have the time of one that is there or stands before them; duplicates = \
             overwrite or keep_existing takes the others",
            checked.existing
        );
        return Err(ExchangeError::Refused { reason });
    }
    Ok(())
}

/// One way through the file.
struct Pass<'a> {
    import: &'a Import<'a>,
    source: &'a Source,
    names: &'a Names<'a>,
    shape: &'a Shape,
    rows_max: u64,
}

/// What a pass has counted.
#[derive(Default)]
struct Counts {
    rows: u64,
    samples: u64,
    bad: u64,
    tags: HashSet<headworks_core::TagIndex>,
    first_us: Option<i64>,
    last_us: Option<i64>,
    preview: Vec<PreviewRow>,
}

impl Pass<'_> {
    fn go(
        &mut self,
        historian: Option<&dyn Historian>,
        mode: Mode,
        errors: &mut dyn Write,
        (from, to): (f64, f64),
        watch: &mut Watch<'_>,
    ) -> Result<ImportReport, ExchangeError> {
        let options = self.import.options;
        let mut store = Store::new(historian, mode, options.duplicates);
        let mut errors = Errors::new(errors);
        let only_tag = options.tag.as_deref();
        let mut checker = Checker::new(self.shape, self.names, only_tag, self.import.limits);
        let mut counts = Counts::default();
        let (mut samples, mut wrong) = (Vec::new(), Vec::new());
        let read = self.source.read(&mut |record| {
            if record.line <= self.shape.header_line {
                return Ok(ControlFlow::Continue(()));
            }
            checker.check(record, &mut samples, &mut wrong);
            counts.rows += 1;
            for (tag, update) in samples.drain(..) {
                counts.note(record.line, &tag, &update);
                store.push(update)?;
            }
            for error in wrong.drain(..) {
                errors.push(&error)?;
            }
            if counts.rows.is_multiple_of(TELL_ROWS) {
                self.tell(counts.rows, (from, to), watch)?;
            }
            Ok(if counts.rows < self.rows_max {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        });
        errors.flush()?;
        read.map_err(|error| told_with(error, &store))?;
        store.flush()?;
        store.sync()?;
        self.tell(counts.rows, (from, to), watch)?;
        Ok(self.report(mode, counts, &store, &errors, checker.found))
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
    fn tell(
        &self,
        rows: u64,
        (from, to): (f64, f64),
        watch: &mut Watch<'_>,
    ) -> Result<(), ExchangeError> {
        let bytes = self.source.consumed();
        let share = bytes as f64 / self.source.size.max(1) as f64;
        let progress = Progress {
            rows,
            bytes,
            share: from + (to - from) * share.clamp(0.0, 1.0),
        };
        match watch(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ExchangeError::Cancelled),
        }
    }

    fn report(
        &self,
        mode: Mode,
        counts: Counts,
        store: &Store<'_>,
        errors: &Errors<'_>,
        found: super::check::Findings,
    ) -> ImportReport {
        let (shape, source) = (self.shape, self.source);
        let is_text = matches!(source.format, Format::Csv | Format::Jsonl);
        let (layout, path, value, quality) = match &shape.body {
            Body::Long {
                path,
                value,
                quality,
            } => (Layout::Long, *path, Some(*value), *quality),
            Body::Wide(_) => (Layout::Wide, None, None, None),
        };
        let (shape::TimeCells::One(time) | shape::TimeCells::Two(time, _)) = shape.time;
        let number = |at: usize| at + 1;
        let is_csv = source.format == Format::Csv;
        ImportReport {
            dry_run: mode == Mode::Check,
            format: source.format,
            packing: source.packing,
            encoding: is_text.then_some(source.encoding),
            delimiter: is_csv.then(|| char::from(source.delimiter).to_string()),
            decimal: shape.style.decimal,
            layout,
            columns: shape.names.iter().take(1_000).cloned().collect(),
            time_column: number(time),
            path_column: path.map(number),
            value_column: value.map(number),
            quality_column: quality.map(number),
            time_format: shape.time_format,
            zone: shape.zone_name.clone(),
            rows: counts.rows,
            samples: counts.samples,
            bad_samples: counts.bad,
            stored: store.stored,
            existing: store.existing,
            tags: counts.tags.len() as u64,
            first_us: counts.first_us,
            last_us: counts.last_us,
            row_errors: errors.count,
            row_errors_listed: errors.listed(),
            unknown_samples: found.unknown_samples,
            findings: findings(shape, &found),
            unknown_tags: found.unknown.into_values().collect(),
            preview: counts.preview,
        }
    }
}

fn findings(shape: &Shape, found: &super::check::Findings) -> Vec<Finding> {
    let mut findings = shape.findings.clone();
    if 0 < found.twice {
        let zone = &shape.zone_name;
        findings.push(Finding::warning(
            Some("zone"),
            format!(
                "{} times exist twice in {zone} because the clocks went back; each was read as \
                 the one that goes on from the row before",
                found.twice
            ),
        ));
    }
    if 0 < found.dropped_values {
        findings.push(Finding::info(
            Some("quality_column"),
            format!(
                "{} values stand beside a bad quality and are left out: a bad sample has no value",
                found.dropped_values
            ),
        ));
    }
    findings
}

impl Counts {
    fn note(&mut self, line: u64, tag: &crate::Tag, update: &headworks_core::Update) {
        let sample = &update.sample;
        self.samples += 1;
        self.bad += u64::from(sample.value.is_none());
        self.tags.insert(update.tag);
        let time_us = sample.time_us;
        self.first_us = Some(self.first_us.map_or(time_us, |first| first.min(time_us)));
        self.last_us = Some(self.last_us.map_or(time_us, |last| last.max(time_us)));
        if self.preview.len() < PREVIEW_ROWS {
            self.preview.push(PreviewRow {
                line,
                path: tag.path.to_string(),
                time_us,
                value: sample.value.clone(),
                quality: sample.quality.code(),
            });
        }
    }
}

/// Says how much was stored before a file turned out to be damaged.
fn told_with(error: ExchangeError, store: &Store<'_>) -> ExchangeError {
    match error {
        ExchangeError::Input { place, reason } if 0 < store.stored => ExchangeError::Input {
            place,
            reason: format!(
                "{reason}; {} samples that stand before were stored, and the same import again, \
                 whole, stores none twice",
                store.stored
            ),
        },
        error => error,
    }
}
