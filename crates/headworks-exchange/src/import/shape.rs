//! Finding out what a file is: header, columns, layout, times, decimal sign, zone.

mod when;

use std::collections::HashMap;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use super::columns::{self, Role};
use super::options::{ImportOptions, TimeFormat};
use super::preview::Finding;
use super::record::{Cell, Record};
use super::source::Source;
use super::times;
use super::value::ValueStyle;
use crate::error::ExchangeError;
use crate::export::{Decimal, Format, Layout};
use crate::sheet::is_comma_number;
use crate::tag::{Tag, Tags};
use crate::text::cell::unguard;
use crate::text::quality::Scale;
use std::sync::Arc;

/// Rows by which a file is judged.
const SAMPLE_ROWS: usize = 1_000;
/// Rows among which the header is looked for: reports begin with titles.
const HEADER_ROWS: usize = 30;

/// Where the time of a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeCells {
    One(usize),
    /// A date and a time of day.
    Two(usize, usize),
}

/// A column of one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WideColumn {
    pub(crate) value: usize,
    pub(crate) quality: Option<usize>,
    pub(crate) name: String,
}

/// Where samples stand in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Long {
        /// None when one tag was given for all rows.
        path: Option<usize>,
        value: usize,
        quality: Option<usize>,
    },
    Wide(Vec<WideColumn>),
}

/// What a file is.
pub(crate) struct Shape {
    /// Names of the columns, by place.
    pub(crate) names: Vec<String>,
    /// Rows up to this line are no data.
    pub(crate) header_line: u64,
    pub(crate) body: Body,
    pub(crate) time: TimeCells,
    pub(crate) time_format: TimeFormat,
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: String,
    pub(crate) style: ValueStyle,
    pub(crate) scale: Scale,
    pub(crate) findings: Vec<Finding>,
}

/// Names of tags in a file, and the tags they stand for.
pub(crate) struct Names<'a> {
    tags: &'a Tags,
    renamed: HashMap<String, String>,
    prefix: Option<&'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(options: &'a ImportOptions, tags: &'a Tags) -> Result<Self, ExchangeError> {
        let renamed = options.names.as_deref().map(serde_json::from_str);
        let renamed = renamed.transpose().map_err(|error| {
            let reason = format!("{error}; an object of names and paths is needed");
            ExchangeError::option("names", reason)
        })?;
        Ok(Names {
            tags,
            renamed: renamed.unwrap_or_default(),
            prefix: options
                .prefix
                .as_deref()
                .filter(|prefix| !prefix.is_empty()),
        })
    }

    /// Returns the path that a name stands for.
    pub(crate) fn path(&self, name: &str) -> String {
        let name = unguard(name.trim());
        if let Some(path) = self.renamed.get(name) {
            return path.clone();
        }
        match self.prefix {
            Some(prefix) => format!("{}/{name}", prefix.trim_end_matches('/')),
            None => name.to_owned(),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Tag>> {
        self.tags.get(&self.path(name)).cloned()
    }
}

/// Looks at the first rows.
pub(crate) fn find(
    source: &Source,
    options: &ImportOptions,
    names: &Names<'_>,
) -> Result<Shape, ExchangeError> {
    let rows = sample(source)?;
    if rows.is_empty() {
        return Err(ExchangeError::input("the file", "it has no rows"));
    }
    let (column_names, header_line) = header(source, options, &rows)?;
    let data: Vec<&Record> = rows.iter().filter(|row| header_line < row.line).collect();
    if data.is_empty() {
        return Err(ExchangeError::input(
            "the file",
            "it has a header and no rows",
        ));
    }
    let mut finder = Finder {
        options,
        names,
        columns: column_names,
        has_header: 0 < header_line || matches!(source.format, Format::Jsonl | Format::Parquet),
        data,
        findings: Vec::new(),
    };
    let time = finder.time_cells()?;
    let body = finder.body(time)?;
    let time_format = finder.time_format(time)?;
    let (zone, zone_name) = finder.zone(time, time_format)?;
    let decimal = finder.decimal(source, &body);
    let scale = finder.scale(&body);
    Ok(Shape {
        header_line,
        body,
        time,
        time_format,
        zone,
        zone_name,
        style: ValueStyle {
            decimal,
            not_a_number: options.not_a_number,
            guarded: source.format == Format::Csv,
        },
        scale,
        findings: finder.findings,
        names: finder.columns,
    })
}

fn sample(source: &Source) -> Result<Vec<Record>, ExchangeError> {
    let mut rows = Vec::new();
    source.read(&mut |record| {
        rows.push(Record {
            line: record.line,
            text: record.text.clone(),
            cells: record.cells.clone(),
        });
        Ok(if rows.len() < SAMPLE_ROWS {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(rows)
}

/// Returns the names of the columns and the line of the header, 0 without one.
fn header(
    source: &Source,
    options: &ImportOptions,
    rows: &[Record],
) -> Result<(Vec<String>, u64), ExchangeError> {
    if let Some(names) = source.column_names()? {
        return Ok((names, 0));
    }
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let numbered = || {
        (1..=width)
            .map(|number| format!("column {number}"))
            .collect()
    };
    let texts = |row: &Record| (0..row.cells.len()).map(|at| row.shown(at)).collect();
    match options.header {
        Some(false) => return Ok((numbered(), 0)),
        Some(true) => return Ok((texts(&rows[0]), rows[0].line)),
        None => {}
    }
    let wanted = options.time_column.as_deref().map(str::trim);
    let is_header = |row: &&Record| {
        let all_text = row
            .cells
            .iter()
            .all(|cell| matches!(cell, Cell::Text(..) | Cell::Empty));
        let has_time = (0..row.cells.len()).any(|at| {
            let name = row.text_of(row.cell(at)).trim();
            wanted == Some(name) || matches!(columns::role(name), Some(Role::Time | Role::Date))
        });
        all_text && has_time && 1 < row.cells.len()
    };
    match rows.iter().take(HEADER_ROWS).find(is_header) {
        Some(row) => Ok((texts(row), row.line)),
        None => Ok((numbered(), 0)),
    }
}

struct Finder<'a> {
    options: &'a ImportOptions,
    names: &'a Names<'a>,
    columns: Vec<String>,
    has_header: bool,
    data: Vec<&'a Record>,
    findings: Vec<Finding>,
}

impl Finder<'_> {
    /// Finds a column that was given by name or by number from 1.
    fn given(
        &self,
        option: &'static str,
        given: Option<&String>,
    ) -> Result<Option<usize>, ExchangeError> {
        let Some(given) = given else {
            return Ok(None);
        };
        let wanted = given.trim();
        let by_name = self.columns.iter().position(|name| name.trim() == wanted);
        let by_number = || {
            let number: usize = wanted.parse().ok()?;
            (1..=self.columns.len())
                .contains(&number)
                .then(|| number - 1)
        };
        let found = by_name.or_else(by_number);
        found.map(Some).ok_or_else(|| {
            let shown: Vec<&str> = self.columns.iter().take(20).map(String::as_str).collect();
            let reason = format!("no column {wanted:?}; there are {}", shown.join(", "));
            ExchangeError::option(option, reason)
        })
    }

    fn by_role(&self, role: Role) -> Option<usize> {
        let found = |name: &String| columns::role(name) == Some(role);
        self.columns.iter().position(found)
    }

    fn time_cells(&mut self) -> Result<TimeCells, ExchangeError> {
        if let Some(at) = self.given("time_column", self.options.time_column.as_ref())? {
            return Ok(TimeCells::One(at));
        }
        match (self.by_role(Role::Date), self.by_role(Role::Time)) {
            (Some(date), Some(time)) if self.is_time_of_day(time) => Ok(TimeCells::Two(date, time)),
            (_, Some(time)) => Ok(TimeCells::One(time)),
            (Some(date), None) => Ok(TimeCells::One(date)),
            (None, None) => self.guess_time(),
        }
    }

    fn is_time_of_day(&self, at: usize) -> bool {
        let has_date = |row: &&Record| {
            let text = row.text_of(row.cell(at)).trim();
            text.len() < 16 && text.contains(':') && !text.contains(['-', '/'])
        };
        self.data.iter().take(20).all(has_date)
    }

    /// Finds the column whose cells are dates, in a file without names.
    fn guess_time(&self) -> Result<TimeCells, ExchangeError> {
        let is_time = |at: &usize| {
            self.data.iter().take(20).all(|row| {
                let cell = row.cell(*at);
                matches!(cell, Cell::Time(_) | Cell::WallTime(_))
                    || [
                        TimeFormat::Iso,
                        TimeFormat::DayFirst,
                        TimeFormat::MonthFirst,
                    ]
                    .into_iter()
                    .any(|format| times::stamp(row, cell, format).is_ok())
            })
        };
        let found = (0..self.columns.len()).find(is_time);
        found.map(TimeCells::One).ok_or_else(|| {
            let shown: Vec<&str> = self.columns.iter().take(20).map(String::as_str).collect();
            ExchangeError::Question {
                option: "time_column",
                reason: format!("no column is plainly the time among {}", shown.join(", ")),
            }
        })
    }

    fn body(&mut self, time: TimeCells) -> Result<Body, ExchangeError> {
        let path = self.given("path_column", self.options.path_column.as_ref())?;
        let value = self.given("value_column", self.options.value_column.as_ref())?;
        let quality = self.given("quality_column", self.options.quality_column.as_ref())?;
        let path = path.or_else(|| self.by_role(Role::Path));
        let value = value.or_else(|| self.by_role(Role::Value));
        let quality = quality.or_else(|| self.by_role(Role::Quality));
        let has_tag = self.options.tag.is_some();
        match (self.options.layout, path, value) {
            (Some(Layout::Wide), _, _) => self.wide(time),
            (_, _, Some(value)) if has_tag => Ok(Body::Long {
                path: None,
                value,
                quality,
            }),
            (_, Some(path), Some(value)) => Ok(Body::Long {
                path: Some(path),
                value,
                quality,
            }),
            (None, None, None) if self.has_header && !has_tag => self.wide(time),
            _ if !self.has_header => self.without_names(time),
            (None, _, _) if self.some_column_is_a_tag(time) => self.wide(time),
            _ if has_tag => self.only_other(time),
            (_, Some(_), None) => Err(self.unclear("value_column", "value")),
            (_, None, _) => Err(self.unclear("path_column", "tag")),
        }
    }

    fn unclear(&self, option: &'static str, what: &str) -> ExchangeError {
        let shown: Vec<&str> = self.columns.iter().take(20).map(String::as_str).collect();
        ExchangeError::Question {
            option,
            reason: format!("no column is plainly the {what} among {}", shown.join(", ")),
        }
    }

    fn others(&self, time: TimeCells) -> impl Iterator<Item = usize> + '_ {
        let is_time = move |at: usize| match time {
            TimeCells::One(time) => at == time,
            TimeCells::Two(date, time) => at == date || at == time,
        };
        (0..self.columns.len()).filter(move |&at| !is_time(at))
    }

    fn some_column_is_a_tag(&self, time: TimeCells) -> bool {
        self.others(time)
            .any(|at| self.names.find(&self.columns[at]).is_some())
    }

    /// Takes the one column beside the time as the value of the tag given.
    fn only_other(&self, time: TimeCells) -> Result<Body, ExchangeError> {
        let mut others = self.others(time);
        match (others.next(), others.next()) {
            (Some(value), None) => Ok(Body::Long {
                path: None,
                value,
                quality: None,
            }),
            _ => Err(self.unclear("value_column", "value")),
        }
    }

    /// Takes a file without names: the tag is the column that holds paths, the value comes next.
    fn without_names(&self, time: TimeCells) -> Result<Body, ExchangeError> {
        if self.options.tag.is_some() {
            let mut others = self.others(time);
            let Some(value) = others.next() else {
                return Err(self.unclear("value_column", "value"));
            };
            let quality = others.next();
            return Ok(Body::Long {
                path: None,
                value,
                quality,
            });
        }
        let holds_paths = |at: &usize| {
            let known = |row: &&Record| self.names.find(row.text_of(row.cell(*at))).is_some();
            self.data.iter().take(20).any(known)
        };
        let Some(path) = self.others(time).find(holds_paths) else {
            return Err(self.unclear("path_column", "tag"));
        };
        let mut rest = self.others(time).filter(|&at| at != path);
        let Some(value) = rest.next() else {
            return Err(self.unclear("value_column", "value"));
        };
        Ok(Body::Long {
            path: Some(path),
            value,
            quality: rest.next(),
        })
    }

    fn wide(&mut self, time: TimeCells) -> Result<Body, ExchangeError> {
        let mut found = Vec::new();
        let others: Vec<usize> = self.others(time).collect();
        for &at in &others {
            let name = self.columns[at].trim();
            let is_quality = name.ends_with("[quality]");
            let other_role = matches!(
                columns::role(name),
                Some(Role::Ignored | Role::Time | Role::Date)
            );
            let is_tag = self.names.find(name).is_some();
            if name.is_empty() || is_quality || (other_role && !is_tag) {
                continue;
            }
            let quality_name = format!("{name} [quality]");
            found.push(WideColumn {
                value: at,
                quality: self.columns.iter().position(|name| *name == quality_name),
                name: name.to_owned(),
            });
        }
        if found.is_empty() {
            return Err(self.unclear("value_column", "value"));
        }
        Ok(Body::Wide(found))
    }

    /// Finds the decimal sign: a comma where numbers are only numbers with it.
    fn decimal(&mut self, source: &Source, body: &Body) -> Decimal {
        if let Some(given) = self.options.decimal {
            return given;
        }
        if source.format != Format::Csv {
            return Decimal::Point;
        }
        let places: Vec<usize> = match body {
            Body::Long { value, .. } => vec![*value],
            Body::Wide(columns) => columns.iter().map(|column| column.value).collect(),
        };
        let comma = self.data.iter().any(|row| {
            places
                .iter()
                .any(|&at| is_comma_number(row.text_of(row.cell(at))))
        });
        if comma {
            self.findings.push(Finding::info(
                Some("decimal"),
                "numbers have a decimal comma",
            ));
            Decimal::Comma
        } else {
            Decimal::Point
        }
    }

    /// Finds what small numbers of a quality column mean.
    fn scale(&mut self, body: &Body) -> Scale {
        let Body::Long {
            quality: Some(at), ..
        } = *body
        else {
            return Scale::StatusCode;
        };
        let is_192 = |row: &&Record| row.shown(at).trim() == "192";
        if columns::is_classic_quality(&self.columns[at]) || self.data.iter().any(is_192) {
            self.findings.push(Finding::info(
                Some("quality_column"),
                "qualities below 256 are those of OPC Classic: 192 good, 64 uncertain, 0 bad",
            ));
            return Scale::Classic;
        }
        Scale::StatusCode
    }
}
