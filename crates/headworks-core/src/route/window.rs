//! Windows: many samples of a tag become one.

use crate::model::{RouteWindow, WindowFunction};
use crate::quality::{Quality, QualityClass};
use crate::sample::Sample;
use crate::value::Value;

/// The samples of a tag in the window that is open.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// When it is over.
    pub(super) end_us: i64,
    count: i64,
    sum: f64,
    least: f64,
    greatest: f64,
    last: Sample,
    /// The worst quality of all.
    quality: Quality,
}

/// Returns the end of the window that holds an instant.
fn end_us(window: RouteWindow, now_us: i64) -> i64 {
    let length_us = i64::from(window.seconds) * 1_000_000;
    now_us
        .saturating_add(length_us)
        .saturating_sub(now_us.rem_euclid(length_us))
}

/// Returns whether a value can be part of a window.
pub(super) fn takes(function: WindowFunction, value: Option<&Value>) -> bool {
    match function {
        WindowFunction::Count | WindowFunction::Last => true,
        WindowFunction::Avg | WindowFunction::Min | WindowFunction::Max | WindowFunction::Sum => {
            value.and_then(Value::as_f64).is_some()
        }
    }
}

impl Window {
    /// Opens the window that holds an instant, with its first sample.
    pub(super) fn open(window: RouteWindow, now_us: i64, first: Sample) -> Window {
        let number = number_of(&first);
        Window {
            end_us: end_us(window, now_us),
            count: 1,
            sum: number,
            least: number,
            greatest: number,
            quality: first.quality,
            last: first,
        }
    }

    pub(super) fn add(&mut self, sample: Sample) {
        let number = number_of(&sample);
        self.count += 1;
        self.sum += number;
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
        if self.quality.class() < sample.quality.class() {
            self.quality = sample.quality;
        }
        self.last = sample;
    }

    /// Returns what has become of it, at the time of its end; nothing when the sum is too large
    /// for a number.
    #[expect(clippy::cast_precision_loss, reason = "a count of samples is exact")]
    pub(super) fn result(&self, function: WindowFunction) -> Option<Sample> {
        let number = |value: f64| value.is_finite().then_some(Value::F64(value));
        let value = match function {
            WindowFunction::Avg => number(self.sum / self.count as f64),
            WindowFunction::Min => number(self.least),
            WindowFunction::Max => number(self.greatest),
            WindowFunction::Sum => number(self.sum),
            WindowFunction::Count => {
                return Some(Sample::good(self.end_us, Value::I64(self.count)));
            }
            WindowFunction::Last => {
                return Some(Sample {
                    time_us: self.end_us,
                    ..self.last.clone()
                });
            }
        }?;
        let quality = match self.quality.class() {
            QualityClass::Good => Quality::GOOD,
            QualityClass::Uncertain | QualityClass::Bad => Quality::UNCERTAIN_SUB_NORMAL,
        };
        Some(Sample {
            time_us: self.end_us,
            value: Some(value),
            quality,
        })
    }

    /// Returns the last sample that came in.
    pub(super) fn last(&self) -> &Sample {
        &self.last
    }
}

fn number_of(sample: &Sample) -> f64 {
    let number = sample.value.as_ref().and_then(Value::as_f64);
    number.unwrap_or_default()
}
