//! From a row to samples, or to the reasons why not.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use headworks_core::{Quality, Sample, TagIndex, Update};

use super::errors::RowError;
use super::preview::UnknownTag;
use super::record::{Cell, Record};
use super::run::Limits;
use super::shape::{Body, Names, Shape, TimeCells, WideColumn};
use super::times::{self, Placed, Stamp};
use super::value::{self, Found};
use crate::import::options::NotANumber;
use crate::tag::Tag;
use crate::text::quality;

/// Unknown names that are listed.
const UNKNOWN_MAX: usize = 1_000;
/// Names whose tags are remembered.
const KNOWN_MAX: usize = 200_000;

/// Checks the rows of a file, one after the other.
pub(crate) struct Checker<'a> {
    shape: &'a Shape,
    names: &'a Names<'a>,
    limits: Limits,
    known: HashMap<String, Option<Arc<Tag>>>,
    /// The one tag that was given for all rows, or the tags of the columns.
    fixed: Vec<(String, Option<Arc<Tag>>)>,
    /// The last two times of a tag, to tell the two hours of a clock change apart.
    last: HashMap<TagIndex, (i64, bool)>,
    pub(crate) found: Findings,
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) unknown: BTreeMap<String, UnknownTag>,
    pub(crate) unknown_samples: u64,
    /// Times that exist twice.
    pub(crate) twice: u64,
    /// Values that stood beside a bad quality.
    pub(crate) dropped_values: u64,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(
        shape: &'a Shape,
        names: &'a Names<'a>,
        only_tag: Option<&str>,
        limits: Limits,
    ) -> Checker<'a> {
        let fixed_names: Vec<String> = match &shape.body {
            Body::Long { .. } => only_tag.map(str::to_owned).into_iter().collect(),
            Body::Wide(columns) => columns.iter().map(|column| column.name.clone()).collect(),
        };
        let fixed = fixed_names
            .into_iter()
            .map(|name| {
                let tag = names.find(&name);
                (name, tag)
            })
            .collect();
        Checker {
            shape,
            names,
            limits,
            known: HashMap::new(),
            fixed,
            last: HashMap::new(),
            found: Findings::default(),
        }
    }

    /// Adds the samples of a row to `samples` and what cannot be taken to `errors`.
    pub(crate) fn check(
        &mut self,
        record: &Record,
        samples: &mut Vec<(Arc<Tag>, Update)>,
        errors: &mut Vec<RowError>,
    ) {
        if let [Cell::Broken(reason)] = record.cells[..] {
            errors.push(self.error(record, 0, reason));
            return;
        }
        let (stamp, time_at) = match self.stamp(record) {
            (Ok(stamp), at) => (stamp, at),
            (Err(reason), at) => return errors.push(self.error(record, at, &reason)),
        };
        let put = &mut |checker: &mut Self, place: Place| {
            let tag = Arc::clone(&place.tag);
            match checker.sample(record, &place, stamp) {
                Ok(None) => {}
                Ok(Some(sample)) => {
                    let update = Update {
                        tag: tag.index,
                        sample,
                    };
                    samples.push((tag, update));
                }
                Err((at, reason)) => {
                    errors.push(checker.error(record, at.unwrap_or(time_at), &reason));
                }
            }
        };
        match &self.shape.body {
            &Body::Long {
                path,
                value,
                quality,
            } => {
                let tag = match path {
                    Some(at) => self.tag(record.text_of(record.cell(at)).trim()),
                    None => self.fixed_tag(0),
                };
                if let Some(tag) = tag {
                    put(self, Place::new(tag, value, quality, false));
                }
            }
            Body::Wide(columns) => self.check_wide(record, columns, put),
        }
    }

    /// Gives the cells of a row that hold anything to `put`.
    fn check_wide(
        &mut self,
        record: &Record,
        columns: &[WideColumn],
        put: &mut dyn FnMut(&mut Self, Place),
    ) {
        for (place, column) in columns.iter().enumerate() {
            let has = |at: usize| record.cell(at) != Cell::Empty;
            if !has(column.value) && !column.quality.is_some_and(has) {
                continue;
            }
            if let Some(tag) = self.fixed_tag(place) {
                put(self, Place::new(tag, column.value, column.quality, true));
            }
        }
    }

    fn error(&self, record: &Record, at: usize, reason: &str) -> RowError {
        RowError {
            line: record.line,
            column: self.shape.names.get(at).cloned().unwrap_or_default(),
            value: record.shown(at),
            reason: reason.to_owned(),
        }
    }

    fn stamp(&self, record: &Record) -> (Result<Stamp, String>, usize) {
        let format = self.shape.time_format;
        match self.shape.time {
            TimeCells::One(at) => (times::stamp(record, record.cell(at), format), at),
            TimeCells::Two(date, time) => {
                let (date_text, time_text) = (record.shown(date), record.shown(time));
                (times::stamp_of_two(&date_text, &time_text, format), date)
            }
        }
    }

    fn tag(&mut self, name: &str) -> Option<Arc<Tag>> {
        let found = match self.known.get(name) {
            Some(found) => found.clone(),
            None => {
                let found = self.names.find(name);
                if self.known.len() < KNOWN_MAX {
                    self.known.insert(name.to_owned(), found.clone());
                }
                found
            }
        };
        if found.is_none() {
            self.note_unknown(name);
        }
        found
    }

    fn fixed_tag(&mut self, place: usize) -> Option<Arc<Tag>> {
        let (name, found) = self.fixed.get(place)?.clone();
        if found.is_none() {
            self.note_unknown(&name);
        }
        found
    }

    fn note_unknown(&mut self, name: &str) {
        self.found.unknown_samples += 1;
        if let Some(known) = self.found.unknown.get_mut(name) {
            known.samples += 1;
        } else if self.found.unknown.len() < UNKNOWN_MAX {
            let unknown = UnknownTag {
                name: name.chars().take(200).collect(),
                path: self.names.path(name).chars().take(400).collect(),
                samples: 1,
            };
            self.found.unknown.insert(name.to_owned(), unknown);
        }
    }

    /// Makes a sample; an error may name the column to blame.
    fn sample(
        &mut self,
        record: &Record,
        place: &Place,
        stamp: Stamp,
    ) -> Result<Option<Sample>, (Option<usize>, String)> {
        let (tag, value_at, quality_at) = (&*place.tag, place.value, place.quality);
        let time_us = self.instant(tag, stamp).map_err(|reason| (None, reason))?;
        self.limits
            .check(tag, time_us)
            .map_err(|reason| (None, reason))?;
        let quality = quality_at.map(|at| self.quality(record, at));
        let quality = quality
            .transpose()
            .map_err(|reason| (quality_at, reason))?
            .flatten();
        let style = self.shape.style;
        if let Some(bad) = quality.filter(|quality| quality.is_bad()) {
            self.found.dropped_values += u64::from(record.cell(value_at) != Cell::Empty);
            return Ok(Some(Sample::bad(time_us, bad)));
        }
        let found = value::read(record, record.cell(value_at), tag.kind, style);
        match found.map_err(|reason| (Some(value_at), reason))? {
            Found::Value(value) => Ok(Some(Sample {
                time_us,
                value: Some(value),
                quality: quality.unwrap_or(Quality::GOOD),
            })),
            Found::Bad(quality) => Ok(Some(Sample::bad(time_us, quality))),
            Found::Empty if place.may_be_empty => Ok(None),
            Found::Empty if style.not_a_number == NotANumber::Bad => {
                Ok(Some(Sample::bad(time_us, Quality::BAD_NO_DATA)))
            }
            Found::Empty => Err((
                Some(value_at),
                "no value, and no quality that says bad".to_owned(),
            )),
        }
    }

    fn quality(&self, record: &Record, at: usize) -> Result<Option<Quality>, String> {
        let number = |number: u32| Ok(Some(quality::of_number(number, self.shape.scale)));
        let wrong = || {
            let shown = record.shown(at);
            Err(format!(
                "{shown:?} is no quality; a status code, its name, or good and bad are"
            ))
        };
        match record.cell(at) {
            Cell::Empty => Ok(None),
            Cell::Integer(code) => u32::try_from(code).map_or_else(|_| wrong(), number),
            #[expect(clippy::cast_possible_truncation, reason = "a code is below 2^32")]
            #[expect(clippy::cast_sign_loss, reason = "checked")]
            Cell::Number(code) if (0.0..4_294_967_296.0).contains(&code) => number(code as u32),
            Cell::Bool(good) => Ok(Some(if good { Quality::GOOD } else { Quality::BAD })),
            cell @ Cell::Text(..) => {
                let text = record.text_of(cell);
                if text.trim().is_empty() {
                    return Ok(None);
                }
                quality::parse(text, self.shape.scale).map_or_else(wrong, |found| Ok(Some(found)))
            }
            _ => wrong(),
        }
    }

    /// Finds the instant of a time, of two the one that goes on from the row before.
    fn instant(&mut self, tag: &Tag, stamp: Stamp) -> Result<i64, String> {
        let wall_us = match stamp {
            Stamp::Instant(us) => return Ok(us),
            Stamp::Wall(us) => us,
        };
        let (last_us, falling) = match self.last.get(&tag.index) {
            Some(&(last_us, falling)) => (Some(last_us), falling),
            None => (None, false),
        };
        let instant = match times::place(wall_us, &self.shape.zone) {
            Placed::Plain(us) => us,
            Placed::Never => {
                let zone = &self.shape.zone_name;
                return Err(format!("the clocks of {zone} went forward over this time"));
            }
            Placed::Twice(earlier, later) => {
                self.found.twice += 1;
                match last_us {
                    Some(last_us) if falling && later < last_us => later,
                    Some(last_us) if !falling && last_us < earlier => earlier,
                    Some(last_us) if !falling && earlier <= last_us => later,
                    Some(_) | None => earlier,
                }
            }
        };
        if self.shape.zone != jiff::tz::TimeZone::UTC {
            let falling = last_us.is_some_and(|last_us| instant < last_us);
            self.last.insert(tag.index, (instant, falling));
        }
        Ok(instant)
    }
}

/// Where a sample stands.
struct Place {
    tag: Arc<Tag>,
    value: usize,
    quality: Option<usize>,
    may_be_empty: bool,
}

impl Place {
    fn new(tag: Arc<Tag>, value: usize, quality: Option<usize>, may_be_empty: bool) -> Place {
        Place {
            tag,
            value,
            quality,
            may_be_empty,
        }
    }
}
