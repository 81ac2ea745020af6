//! Checks samples and hands them to the historian in batches.

use std::sync::Arc;

use headworks_core::{Quality, Sample, Update, Value};
use headworks_store::{Ack, Historian};

use super::{BackfillReport, REFUSALS_MAX, Refusal};
use crate::error::ExchangeError;
use crate::import::Limits;
use crate::tag::{Kind, Tag, Tags};

/// Samples of a batch: the recorder of live samples waits for at most one.
const BATCH: usize = 10_000;

/// Where a sample stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) index: Option<u64>,
}

pub(super) struct Sink<'a> {
    historian: &'a dyn Historian,
    tags: &'a Tags,
    limits: Limits,
    batch: Vec<Update>,
    pub(super) ack: Ack,
    pub(super) report: BackfillReport,
    /// The tag of the sample before, which is mostly that of the next one.
    last: Option<Arc<Tag>>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(historian: &'a dyn Historian, tags: &'a Tags, limits: Limits) -> Sink<'a> {
        Sink {
            historian,
            tags,
            limits,
            batch: Vec::with_capacity(BATCH),
            ack: Ack::Durable,
            report: BackfillReport::default(),
            last: None,
        }
    }

    /// Finds a tag; one that does not exist is refused with so many samples.
    pub(super) fn tag(&mut self, path: &str, place: Place, samples: u64) -> Option<Arc<Tag>> {
        if let Some(last) = self.last.as_ref().filter(|tag| *tag.path == *path) {
            return Some(Arc::clone(last));
        }
        self.last = self.tags.get(path).cloned();
        if self.last.is_none() {
            self.refuse(place, path, "there is no such tag", samples);
        }
        self.last.clone()
    }

    /// Takes one sample.
    pub(super) fn push(
        &mut self,
        tag: &Tag,
        place: Place,
        time_us: i64,
        value: Option<Value>,
        quality: Quality,
    ) -> Result<(), ExchangeError> {
        let checked = self.check(tag, time_us, value, quality);
        match checked {
            Ok(sample) => {
                self.batch.push(Update {
                    tag: tag.index,
                    sample,
                });
                if BATCH <= self.batch.len() {
                    self.flush()?;
                }
            }
            Err(reason) => self.refuse(place, &tag.path, &reason, 1),
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, place: Place, tag: &str, reason: &str, samples: u64) {
        self.report.refused += samples;
        if self.report.refusals.len() < REFUSALS_MAX {
            self.report.refusals.push(Refusal {
                line: place.line,
                index: place.index,
                tag: tag.chars().take(200).collect(),
                reason: reason.to_owned(),
            });
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), ExchangeError> {
        if !self.batch.is_empty() {
            self.ack = self.historian.append(&self.batch)?;
            self.report.accepted += self.batch.len() as u64;
            self.batch.clear();
        }
        Ok(())
    }

    fn check(
        &self,
        tag: &Tag,
        time_us: i64,
        value: Option<Value>,
        quality: Quality,
    ) -> Result<Sample, String> {
        self.limits.check(tag, time_us)?;
        if quality.is_bad() {
            return Ok(Sample::bad(time_us, quality));
        }
        let Some(value) = value else {
            return Err(format!("no value, and the quality is {quality}"));
        };
        Ok(Sample {
            time_us,
            value: Some(fit(value, tag.kind)?),
            quality,
        })
    }
}

/// Gives a value the kind of its tag.
#[expect(clippy::cast_precision_loss, reason = "a tag of numbers has 53 bits")]
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
fn fit(value: Value, kind: Kind) -> Result<Value, String> {
    let whole = |number: f64| number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    match (kind, value) {
        (_, Value::F64(number)) if !number.is_finite() => {
            Err(format!("{number} is no number; say a bad quality instead"))
        }
        (Kind::Number, Value::I64(number)) => Ok(Value::F64(number as f64)),
        (Kind::Number, Value::U64(number)) => Ok(Value::F64(number as f64)),
        (Kind::Integer, Value::F64(number)) if whole(number) => Ok(Value::I64(number as i64)),
        (Kind::Bool, Value::I64(number @ (0 | 1))) => Ok(Value::Bool(number == 1)),
        (Kind::Number, value @ Value::F64(_))
        | (Kind::Integer, value @ (Value::I64(_) | Value::U64(_)))
        | (Kind::Bool, value @ Value::Bool(_))
        | (Kind::Text, value @ Value::Text(_)) => Ok(value),
        (kind, value) => {
            let wanted = match kind {
                Kind::Bool => "true or false",
                Kind::Integer => "a whole number",
                Kind::Number => "a number",
                Kind::Text => "a text",
            };
            Err(format!("{} where {wanted} is needed", value.kind()))
        }
    }
}
