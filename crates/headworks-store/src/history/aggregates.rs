//! Aggregates by the names and with the meaning of OPC UA Part 13 (OPC 10000-13, version 1.05).
//!
//! Pure functions: samples of one tag go into an [`Engine`] in order of time, once, and the
//! result of every aggregate for every interval comes out. The memory depends on the number of
//! intervals, never on the number of samples.
//!
//! Numbers of sections in these files are those of Part 13. Where it leaves a choice to the
//! server:
//!
//! * One tick of time (5.4.2.4) is a microsecond. The last sample of all lasts one tick; after it
//!   simple bounds are `BadNoData` (3.1.9), interpolated bounds are extrapolated (3.1.8).
//! * Samples with the status `BadNoData` are marks that there are no data, not data.
//! * Uncertain samples that count as usable still keep a result from being good
//!   (4.2.1.2: "still treated as Uncertain when the StatusCode for the result is calculated").
//! * The start and the end of the data are the same whichever way a range runs.

mod engine;
mod intervals;
mod names;
mod points;
mod results;

use headworks_core::{Quality, Value};

pub use engine::Engine;
pub use intervals::Intervals;
pub use names::{Aggregate, Bounds};

/// How an aggregate treats data: `AggregateConfigurationType` (4.2.1.2) and the property
/// `Stepped` of the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregateOptions {
    /// Values hold until the next one instead of running to it in a line; texts, bytes and bools
    /// always do.
    pub stepped: bool,
    /// Uncertain samples count as bad.
    pub treat_uncertain_as_bad: bool,
    /// Share of bad data, in percent, from which on a result is bad.
    pub percent_data_bad: u8,
    /// Share of good data, in percent, from which on a result is good.
    pub percent_data_good: u8,
    /// Interpolated bounds after the last sample follow the slope of the last two.
    pub sloped_extrapolation: bool,
}

impl Default for AggregateOptions {
    /// Returns the defaults of 4.2.1.2.
    fn default() -> AggregateOptions {
        AggregateOptions {
            stepped: false,
            treat_uncertain_as_bad: true,
            percent_data_bad: 100,
            percent_data_good: 100,
            sloped_extrapolation: false,
        }
    }
}

impl AggregateOptions {
    /// Returns whether a sample of this quality has a value that counts.
    pub fn is_usable(&self, quality: Quality) -> bool {
        quality.is_good() || (!quality.is_bad() && !self.treat_uncertain_as_bad)
    }

    /// Returns the status of a result from the shares of its data: numbers of samples or lengths
    /// of time (5.4.3.2.1).
    pub(crate) fn status_of(&self, good: f64, uncertain: f64, bad: f64) -> Quality {
        let total = good + uncertain + bad;
        if total <= 0.0 {
            return Quality::BAD_NO_DATA;
        }
        let bad = bad
            + if self.treat_uncertain_as_bad {
                uncertain
            } else {
                0.0
            };
        let is_all_good = good == total;
        if 0.0 < bad && f64::from(self.percent_data_bad) <= bad / total * 100.0 {
            Quality::BAD
        } else if is_all_good || f64::from(self.percent_data_good) <= good / total * 100.0 {
            Quality::GOOD
        } else {
            Quality::UNCERTAIN_SUB_NORMAL
        }
    }
}

/// The result of an aggregate over one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Processed {
    /// Start of the interval, or when the value was, as the aggregate defines.
    pub time_us: i64,
    /// The value; a bad result has none, and `F64` is always finite.
    pub value: Option<Value>,
    /// Status with the information bits of [`bits`].
    pub quality: Quality,
}

/// Information bits of historical values in a status code (Part 4, table "DataValue InfoBits").
pub mod bits {
    use headworks_core::Quality;

    /// The information bits have a meaning: `InfoType` is `DataValue`.
    pub const INFO_DATA_VALUE: u32 = 0x0400;
    /// The value was calculated.
    pub const CALCULATED: u32 = 0x01;
    /// The value was interpolated.
    pub const INTERPOLATED: u32 = 0x02;
    /// The interval was not whole.
    pub const PARTIAL: u32 = 0x04;
    /// A raw value hides others of the same time; the stores keep only the last.
    pub const EXTRA_DATA: u32 = 0x08;
    /// Several values fit.
    pub const MULTI_VALUE: u32 = 0x10;

    /// Returns a status with bits set.
    pub(crate) const fn with(quality: Quality, bits: u32) -> Quality {
        if bits == 0 {
            return quality;
        }
        Quality::from_code(quality.code() | INFO_DATA_VALUE | bits)
    }

    /// Returns the names of the bits that are set in a status.
    pub fn names(quality: Quality) -> impl Iterator<Item = &'static str> {
        const NAMES: [(u32, &str); 5] = [
            (CALCULATED, "Calculated"),
            (INTERPOLATED, "Interpolated"),
            (PARTIAL, "Partial"),
            (EXTRA_DATA, "ExtraData"),
            (MULTI_VALUE, "MultipleValues"),
        ];
        let code = quality.code();
        let is_info = code & 0x0C00 == INFO_DATA_VALUE;
        NAMES
            .into_iter()
            .filter(move |(bit, _)| is_info && code & bit != 0)
            .map(|(_, name)| name)
    }
}

/// The aggregate is not defined for values of this kind: `BadAggregateNotSupported`.
pub const BAD_NOT_SUPPORTED: Quality = Quality::from_code(0x80D5_0000);
/// The values cannot be calculated with: `BadAggregateInvalidInputs`.
pub const BAD_INVALID_INPUTS: Quality = Quality::from_code(0x80D6_0000);

#[cfg(test)]
mod tests;
