//! "Decode this block": what registers mean, from several samples of them.
//!
//! Every way to part the block into values, with a type and a byte order for each, tells the same
//! bytes; the way that tells them in the fewest bits is the most plausible one ([`price`]). How
//! many bits the best way *through* a reading needs more than the best way at all ranks readings
//! ([`lattice`]). So smoothness over time, sane exponents, text, digits, counters, the width of
//! neighbours and their order weigh against each other in one measure. What a value measures and
//! its scale is then guessed from usual quantities ([`quantity`]).

mod kind;
mod lattice;
mod price;
mod quantity;
#[cfg(test)]
mod tests;

use headworks_core::{ByteOrder, DataType, RegisterFormat, Value};
use serde::Serialize;

use super::Notations;
use super::fingerprint::Guess;
use crate::modbus::table::Table;
use kind::Hypothesis;
use lattice::Lattice;

/// Most registers of a block.
pub const REGISTERS_MAX: usize = 500;
/// Most samples of a block; more bring nothing.
pub const SAMPLES_MAX: usize = 100;
/// Readings that are shown of a value.
const SHOWN: usize = 5;
/// Values over time that are shown of a reading.
const VALUES_SHOWN: usize = 8;
/// Bits that halve the confidence in a reading.
const DOUBT: f64 = 2.0;

/// One look at a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// The registers, or 0 and 1 of bits, in the order of their addresses.
    pub words: Vec<u16>,
}

/// Why a block cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is nothing to look at.
    #[error("there is no sample; read the block at least once")]
    Empty,
    /// The samples are of different blocks.
    #[error("sample {sample} has {found} registers where the first has {want}")]
    Uneven {
        /// The sample, from 0.
        sample: usize,
        /// Its registers.
        found: usize,
        /// Registers of the first.
        want: usize,
    },
    /// The block is too long.
    #[error("{found} registers; a block has {REGISTERS_MAX} at most")]
    TooLong {
        /// Its registers.
        found: usize,
    },
}

/// A reading of some registers: where, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// First register, from the start of the block.
    pub start: usize,
    /// Number of registers.
    pub width: usize,
    /// How they are read.
    pub data_type: DataType,
    /// The order of their bytes.
    pub order: ByteOrder,
}

/// A reading with all that a tag needs.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Candidate {
    /// Address of the tag.
    pub address: String,
    /// The address in every notation.
    pub notations: Notations,
    /// Registers it takes.
    pub registers: u16,
    /// Data type of the tag.
    pub data_type: DataType,
    /// Byte order of the tag.
    pub order: ByteOrder,
    /// Length of the tag, of a text only.
    pub length: Option<u16>,
    /// Scale that the tag probably needs.
    pub scale: f64,
    /// Unit that the tag probably has; empty when nothing speaks for one.
    pub unit: String,
    /// How sure it is, 0 to 1, against the other readings of the registers.
    pub confidence: f64,
    /// What the samples hold, before scaling, the oldest first; null where it is no value.
    pub values: Vec<serde_json::Value>,
    /// Why.
    pub reasons: Vec<Guess>,
}

/// The readings of one value, best first.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct FoundValue {
    /// The readings; the first one is that of the best way to part the block.
    pub candidates: Vec<Candidate>,
}

/// A block and all that may be said of it.
#[derive(Debug)]
pub struct Block {
    table: Table,
    start: u16,
    samples: Vec<Vec<u16>>,
    times_us: Vec<i64>,
    lattice: Option<Lattice>, // not of bits
}

impl Block {
    /// Looks at a block that begins at an address.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub fn new(table: Table, start: u16, samples: &[Sample]) -> Result<Block, DecodeError> {
        let want = samples.first().map_or(0, |sample| sample.words.len());
        if want == 0 {
            return Err(DecodeError::Empty);
        }
        if REGISTERS_MAX < want {
            return Err(DecodeError::TooLong { found: want });
        }
        let samples = &samples[..samples.len().min(SAMPLES_MAX)];
        let uneven = |(_, sample): &(usize, &Sample)| sample.words.len() != want;
        if let Some((sample, found)) = samples.iter().enumerate().find(uneven) {
            let found = found.words.len();
            return Err(DecodeError::Uneven {
                sample,
                found,
                want,
            });
        }
        let times_us: Vec<i64> = samples.iter().map(|sample| sample.time_us).collect();
        let samples: Vec<Vec<u16>> = samples.iter().map(|sample| sample.words.clone()).collect();
        let lattice = (!table.is_bits()).then(|| {
            let hypotheses = (0..want).flat_map(|start| kind::at(&samples, &times_us, start));
            Lattice::new(hypotheses.collect(), want)
        });
        Ok(Block {
            table,
            start,
            samples,
            times_us,
            lattice,
        })
    }

    /// Returns the values of the block, each with its readings, best first.
    pub fn values(&self) -> Vec<FoundValue> {
        let Some(lattice) = &self.lattice else {
            return self.bits();
        };
        let values = lattice.values();
        let of = |(index, value): (usize, &Hypothesis)| {
            let ranked = self.led_by(value, self.distinct(lattice.ranked(value.start)));
            let weights: Vec<f64> = ranked.iter().map(|(_, more)| weight(*more)).collect();
            let all: f64 = weights.iter().sum();
            let has_neighbour = [index.checked_sub(1), Some(index + 1)]
                .into_iter()
                .flatten()
                .filter_map(|index| values.get(index))
                .any(|other| other.kind == value.kind);
            let shown = ranked.iter().zip(&weights).take(SHOWN);
            let candidates = shown.enumerate().map(|(rank, ((one, _), weight))| {
                let agrees = rank == 0 && has_neighbour;
                self.candidate(one, weight / all, agrees)
            });
            FoundValue {
                candidates: candidates.collect(),
            }
        };
        values.iter().enumerate().map(of).collect()
    }

    /// Returns the readings of which a register is a part, best first, those that say the same in
    /// every sample once.
    pub fn ranked(&self, register: usize) -> Vec<Reading> {
        let Some(lattice) = &self.lattice else {
            return Vec::new();
        };
        let ranked = self.distinct(lattice.ranked(register));
        ranked.iter().map(|(one, _)| reading(one)).collect()
    }

    /// Returns whether two readings say the same of every sample: then nothing can tell them apart.
    pub fn says_the_same(&self, one: &Reading, other: &Reading) -> bool {
        if (one.start, one.width) != (other.start, other.width)
            || family(one.data_type) != family(other.data_type)
        {
            return false;
        }
        let raw = |reading: &Reading| {
            kind::raw(&self.samples, reading.start, reading.width, reading.order)
        };
        if one.data_type == DataType::String {
            return swaps_bytes(one.order) == swaps_bytes(other.order);
        }
        let (one_raw, other_raw) = (raw(one), raw(other));
        let series = kind::series(one.data_type, &one_raw);
        series.is_some() && series == kind::series(other.data_type, &other_raw)
    }

    /// Puts the reading first that is a part of the best way, where others are as good.
    fn led_by(
        &self,
        best: &Hypothesis,
        mut ranked: Vec<(Hypothesis, f64)>,
    ) -> Vec<(Hypothesis, f64)> {
        let is_best =
            |(one, _): &(Hypothesis, f64)| self.says_the_same(&reading(one), &reading(best));
        match ranked.iter().position(is_best) {
            Some(place) => ranked[..=place].rotate_right(1),
            None => ranked.insert(0, (*best, 0.0)),
        }
        if let Some(first) = ranked.first_mut() {
            first.0 = *best;
        }
        ranked
    }

    fn distinct(&self, ranked: Vec<(Hypothesis, f64)>) -> Vec<(Hypothesis, f64)> {
        let mut kept: Vec<(Hypothesis, f64)> = Vec::new();
        for (one, more) in ranked {
            // What is so much worse is not looked at by anybody.
            if 8 < kept.len() {
                break;
            }
            let is_new = kept
                .iter()
                .all(|(known, _)| !self.says_the_same(&reading(known), &reading(&one)));
            if is_new {
                kept.push((one, more));
            }
        }
        kept
    }

    fn candidate(&self, one: &Hypothesis, confidence: f64, has_neighbour: bool) -> Candidate {
        let (data_type, order) = (one.data_type(), one.byte_order());
        let registers = u16::try_from(one.width).unwrap_or(u16::MAX);
        let length = (data_type == DataType::String).then_some(registers);
        let raw = kind::raw(&self.samples, one.start, one.width.min(4), order);
        let series = kind::series(data_type, &raw).unwrap_or_default();
        let meaning = match length {
            None => quantity::meaning(data_type, &raw, &series, &self.times_us),
            Some(_) => None,
        };
        let mut reasons = reasons(data_type, &series);
        reasons.extend(meaning.map(|meaning| say(meaning.code, meaning.words)));
        if has_neighbour {
            reasons.push(say(
                "neighbours",
                "its neighbours are of the same type and order",
            ));
        }
        let notations = Notations::of(self.table, self.address(one.start));
        Candidate {
            address: notations.tag.clone(),
            notations,
            registers,
            data_type,
            order,
            length,
            scale: meaning.map_or(1.0, |meaning| meaning.scale),
            unit: meaning.map_or("", |meaning| meaning.unit).to_owned(),
            // Zeros are zeros in every type: the shortest way to say them proves nothing.
            confidence: if is_zero(&series) { 0.0 } else { confidence },
            values: self.shown(one, length),
            reasons,
        }
    }

    fn shown(&self, one: &Hypothesis, length: Option<u16>) -> Vec<serde_json::Value> {
        let format = RegisterFormat::new(one.data_type(), one.byte_order(), length, None);
        let Ok(format) = format else {
            return Vec::new();
        };
        let step = self.samples.len().div_ceil(VALUES_SHOWN).max(1);
        let decode = |sample: &Vec<u16>| {
            let words = &sample[one.start..one.start + one.width];
            let wire: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            json(format.decode(&wire).ok())
        };
        self.samples.iter().step_by(step).map(decode).collect()
    }

    fn bits(&self) -> Vec<FoundValue> {
        let of = |index: usize| {
            let values = self.samples.iter().map(|sample| sample[index] != 0);
            let step = self.samples.len().div_ceil(VALUES_SHOWN).max(1);
            let notations = Notations::of(self.table, self.address(index));
            FoundValue {
                candidates: vec![Candidate {
                    address: notations.tag.clone(),
                    notations,
                    registers: 1,
                    data_type: DataType::Bool,
                    order: ByteOrder::Abcd,
                    length: None,
                    scale: 1.0,
                    unit: String::new(),
                    confidence: 1.0,
                    values: values.step_by(step).map(serde_json::Value::Bool).collect(),
                    reasons: vec![say("bit", "the table holds bits")],
                }],
            }
        };
        let count = self.samples.first().map_or(0, Vec::len);
        (0..count).map(of).collect()
    }

    fn address(&self, offset: usize) -> u16 {
        self.start
            .saturating_add(u16::try_from(offset).unwrap_or(u16::MAX))
    }
}

fn weight(more: f64) -> f64 {
    (-more / DOUBT).exp2()
}

fn reading(one: &Hypothesis) -> Reading {
    Reading {
        start: one.start,
        width: one.width,
        data_type: one.data_type(),
        order: one.byte_order(),
    }
}

/// Types that say the same where they say the same number.
fn family(data_type: DataType) -> u8 {
    match data_type {
        DataType::Float32 | DataType::Float64 => 0,
        DataType::String => 1,
        DataType::Bcd16 | DataType::Bcd32 => 2,
        _ => 3,
    }
}

const fn swaps_bytes(order: ByteOrder) -> bool {
    matches!(order, ByteOrder::Badc | ByteOrder::Dcba)
}

fn say(code: &str, words: &str) -> Guess {
    Guess {
        code: code.to_owned(),
        words: words.to_owned(),
    }
}

fn json(value: Option<Value>) -> serde_json::Value {
    value.map_or(serde_json::Value::Null, |value| {
        serde_json::to_value(value).unwrap_or_default()
    })
}

/// Returns whether numbers were read and all of them are zero.
fn is_zero(series: &[i128]) -> bool {
    !series.is_empty() && series.iter().all(|value| *value == 0)
}

/// Returns what speaks for a reading.
fn reasons(data_type: DataType, series: &[i128]) -> Vec<Guess> {
    let mut reasons = Vec::new();
    match data_type {
        DataType::String => return vec![say("text", "printable characters that stand still")],
        DataType::Bcd16 | DataType::Bcd32 => {
            reasons.push(say("digits", "every four bits are a decimal digit"));
        }
        DataType::Float32 | DataType::Float64 => {
            reasons.push(say("exponent", "a number of usual size"));
        }
        _ => {}
    }
    let width = u32::from(data_type.registers().unwrap_or(1)) * 16;
    let is_signed = matches!(
        data_type,
        DataType::Int16 | DataType::Int32 | DataType::Int64
    );
    let steps: Vec<i128> = series.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if series.iter().all(|value| *value == 0) {
        reasons.push(say("zero", "always 0: little to judge by"));
    } else if series
        .iter()
        .all(|value| price::is_sentinel(*value, width, is_signed))
    {
        reasons.push(say("not_available", "a number that says: not available"));
    } else if steps.iter().all(|step| *step == 0) {
        reasons.push(say("constant", "stands still"));
    } else if steps.iter().all(|step| 0 <= *step) {
        reasons.push(say("counter", "only grows"));
    } else {
        reasons.push(say("smooth", "changes little from sample to sample"));
    }
    reasons
}
