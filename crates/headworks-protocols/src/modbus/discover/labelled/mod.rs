//! Blocks of registers of which it is known what they are: the measure of "decode this block".
//!
//! The simulator plays the devices of the register maps in `corpus`, in every byte order, with
//! values that move and make noise as in a plant; a file beside this one says what they are. The
//! decoder sees registers and times alone.

pub mod scans;

use std::time::Duration;

use headworks_core::{ByteOrder, DataType, TagName, TagPath};

use super::decode::{Block, Reading, Sample};
use crate::mix::mix;
use crate::modbus::corpus;
use crate::modbus::pdu::Request;
use crate::modbus::simulator::{LocalDevice, PlantDevice, PlantTag};
use crate::modbus::table::{Span, Table};

const LABELS: &str = include_str!("labels.csv");
/// Where the clock of the samples begins: 2026-11-21.
const START_US: i64 = 1_795_219_200_000_000;
/// Time between two samples.
const STEP: Duration = Duration::from_secs(2);
/// Samples of a block.
const SAMPLES: u32 = 12;
/// Most registers of a block; longer rows are cut between values.
const REGISTERS_MAX: usize = 40;

/// A block with what it is.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The map it comes from, for people.
    pub map: &'static str,
    /// First address.
    pub start: u16,
    /// The table.
    pub table: Table,
    /// What the decoder sees.
    pub samples: Vec<Sample>,
    /// What the values are, ascending.
    pub truth: Vec<Reading>,
}

/// How well blocks were decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Blocks.
    pub blocks: usize,
    /// Values in them.
    pub values: usize,
    /// Values whose best reading is right: registers, type and order.
    pub first: usize,
    /// Values with the right reading among the three best.
    pub third: usize,
    /// Blocks of which every value is right at once.
    pub whole: usize,
    /// What was wrong, a line each.
    pub misses: Vec<String>,
}

impl Score {
    /// Returns the share of values whose best reading is right.
    pub fn first_share(&self) -> f64 {
        share(self.first, self.values)
    }

    /// Returns the share of values with the right reading among the three best.
    pub fn third_share(&self) -> f64 {
        share(self.third, self.values)
    }

    /// Returns the share of blocks of which every value is right.
    pub fn whole_share(&self) -> f64 {
        share(self.whole, self.blocks)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Decodes blocks and counts what is right.
///
/// A reading is right when it takes the registers of the value, is of its type and order, and so
/// says its number in every sample. Where two types or orders say the same of every sample, as
/// int16 and uint16 of what was never negative, nothing can tell them apart and either is right;
/// an integer for a float never is.
///
/// # Panics
///
/// When a block is none; a test reads them all.
pub fn score(blocks: &[Labelled]) -> Score {
    let mut score = Score {
        blocks: blocks.len(),
        ..Score::default()
    };
    for labelled in blocks {
        let block = Block::new(labelled.table, labelled.start, &labelled.samples);
        let block = block.unwrap_or_else(|error| panic!("{}: {error}", labelled.map));
        let mut is_whole = true;
        for truth in &labelled.truth {
            let ranked = block.ranked(truth.start);
            let place = ranked
                .iter()
                .position(|reading| block.says_the_same(reading, truth));
            score.values += 1;
            score.first += usize::from(place == Some(0));
            score.third += usize::from(place.is_some_and(|place| place < 3));
            if place != Some(0) {
                is_whole = false;
                let best = ranked.first().copied();
                score
                    .misses
                    .push(format!("{} {truth:?} at {place:?}: {best:?}", labelled.map));
            }
        }
        score.whole += usize::from(is_whole);
    }
    score
}

/// Makes the blocks of every map in every order, with two plants each; another seed, other blocks.
///
/// # Panics
///
/// When the labels do not fit the maps; a test reads them all.
pub fn blocks(seed: u64) -> Vec<Labelled> {
    let mut blocks = Vec::new();
    for (name, rows) in corpus::named_rows() {
        for order in ByteOrder::ALL {
            for plant in 0..2 {
                let seed = mix(seed ^ mix(plant));
                blocks.extend(blocks_of(name, &rows, order, seed));
            }
        }
    }
    blocks
}

/// A value of a map: its name, where it stands, and what it is.
type Row = (&'static str, Span, Label);
/// Data type, scale and signal.
type Label = (DataType, f64, String);

fn rows_of(map: &str, rows: Vec<(&'static str, Span)>, seed: u64) -> Vec<Row> {
    let mut rows = rows;
    rows.sort_by_key(|(_, span)| *span);
    let mut number = seed;
    let of = |(name, span)| {
        number = mix(number);
        (name, span, label(map, name, number))
    };
    rows.into_iter().map(of).collect()
}

fn device_of(map: &str, rows: Vec<Row>, order: ByteOrder) -> PlantDevice {
    PlantDevice {
        name: map.to_owned(),
        path: path(map),
        unit_id: 1,
        period_ms: 1000,
        order,
        strict: true,
        forbidden: Vec::new(),
        description: String::new(),
        tags: rows
            .into_iter()
            .map(|row| tag(row.0, &row.1, row.2))
            .collect(),
    }
}

fn blocks_of(
    map: &'static str,
    rows: &[(&'static str, Span)],
    order: ByteOrder,
    seed: u64,
) -> Vec<Labelled> {
    let rows = rows_of(map, rows.to_vec(), seed);
    let values: Vec<(Span, DataType)> = rows.iter().map(|row| (row.1, row.2.0)).collect();
    let device = LocalDevice::new(device_of(map, rows, order), seed);
    let device = device.unwrap_or_else(|error| panic!("{map}: {error}"));
    let cut = cut(&values);
    cut.into_iter()
        .map(|values| sampled(map, &device, &values, order))
        .collect()
}

fn path(map: &str) -> TagPath {
    map.parse().unwrap_or_else(|_| panic!("{map} is no path"))
}

fn tag(name: &str, span: &Span, (data_type, scale, signal): Label) -> PlantTag {
    let wrong = |what: &str| -> ! { panic!("{name}: {what}") };
    let name: Result<TagName, _> = name.parse();
    PlantTag {
        name: name.unwrap_or_else(|_| wrong("no name")),
        address: format!("{}:{}", span.table, span.start),
        data_type,
        length: (data_type == DataType::String).then_some(span.count),
        scale,
        offset: 0.0,
        unit: String::new(),
        decimals: None,
        min: None,
        max: None,
        signal: signal.parse().unwrap_or_else(|_| wrong("no signal")),
        description: String::new(),
    }
}

/// Cuts rows where a register is missing, and long ones between values.
fn cut(values: &[(Span, DataType)]) -> Vec<Vec<(Span, DataType)>> {
    let mut blocks: Vec<Vec<(Span, DataType)>> = Vec::new();
    for value in values {
        let goes_on = blocks.last().is_some_and(|block: &Vec<(Span, DataType)>| {
            let registers: usize = block.iter().map(|(span, _)| usize::from(span.count)).sum();
            let end = block.last().map(|(span, _)| span.end());
            end == Some(value.0.start.into())
                && registers + usize::from(value.0.count) <= REGISTERS_MAX
        });
        match blocks.last_mut() {
            Some(block) if goes_on => block.push(*value),
            _ => blocks.push(vec![*value]),
        }
    }
    blocks
}

fn sampled(
    map: &'static str,
    device: &LocalDevice,
    values: &[(Span, DataType)],
    order: ByteOrder,
) -> Labelled {
    let first = values[0].0;
    let end = values.iter().map(|(span, _)| span.end()).max().unwrap_or(0);
    let request = Request::Read {
        table: first.table,
        start: first.start,
        count: u16::try_from(end - u32::from(first.start)).unwrap_or(u16::MAX),
    };
    let sample = |number: u32| {
        let at = STEP * number;
        let data = device
            .ask(&request, at)
            .unwrap_or_else(|error| panic!("{map} {request:?}: {error}"));
        let words = data
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        Sample {
            time_us: START_US + i64::try_from(at.as_micros()).unwrap_or(0),
            words: words.collect(),
        }
    };
    let truth = values.iter().map(|(span, data_type)| Reading {
        start: usize::from(span.start - first.start),
        width: span.count.into(),
        data_type: *data_type,
        order,
    });
    Labelled {
        map,
        start: first.start,
        table: first.table,
        samples: (0..SAMPLES).map(sample).collect(),
        truth: truth.collect(),
    }
}

/// Returns what a value of a map is, with a number of its own in its signal.
fn label(map: &str, name: &str, number: u64) -> Label {
    let rows = LABELS.lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut fields = rows.map(|line| line.splitn(5, ',').collect::<Vec<_>>());
    let found = fields.find(|fields| fields[0] == map && fits(fields[1], name));
    let fields = found.unwrap_or_else(|| panic!("{map}: no label for {name}"));
    let data_type = DataType::ALL
        .into_iter()
        .find(|data_type| data_type.name() == fields[2]);
    let data_type = data_type.unwrap_or_else(|| panic!("{map}: {} is no type", fields[2]));
    let scale = fields[3].parse();
    let scale = scale.unwrap_or_else(|_| panic!("{map}: {} is no scale", fields[3]));
    (data_type, scale, with_number(fields[4], number))
}

/// `*` stands for any characters at the beginning or the end, or in the middle once; `?` for one.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => {
            let pairs = pattern.chars().zip(name.chars());
            pattern.len() == name.len()
                && pairs
                    .into_iter()
                    .all(|(want, found)| want == '?' || want == found)
        }
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else {
                return false;
            };
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| fits(tail, &rest[at..]))
        }
    }
}

/// Replaces `{N}` by a number from 0 to N.
fn with_number(signal: &str, number: u64) -> String {
    let Some((head, rest)) = signal.split_once('{') else {
        return signal.to_owned();
    };
    let (most, tail) = rest.split_once('}').unwrap_or((rest, ""));
    let most: u64 = most.parse().unwrap_or(1);
    format!("{head}{}{tail}", number % (most + 1))
}

#[cfg(test)]
mod tests;
