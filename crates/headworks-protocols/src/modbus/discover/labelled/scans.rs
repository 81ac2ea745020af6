//! How many requests a scan of a whole table needs, on devices of the simulator.

use std::time::Duration;

use super::{device_of, rows_of};
use crate::mix::mix;
use crate::modbus::corpus;
use crate::modbus::discover::Outcome;
use crate::modbus::discover::registers::{End, Range, RangeScan, best_possible};
use crate::modbus::pdu::{AnswerError, Request};
use crate::modbus::simulator::{LocalDevice, Plant, PlantDevice};
use crate::modbus::table::{Span, Table};

/// A scan of all 65,536 addresses of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanFigure {
    /// What was scanned.
    pub name: String,
    /// Requests that it took.
    pub requests: u32,
    /// Least requests that any scan can do with which misses nothing.
    pub requests_best: u32,
    /// Registers that the device has.
    pub registers: u32,
    /// Whether every one of them was found, and no other.
    pub is_complete: bool,
}

impl ScanFigure {
    /// Returns how many times as many requests it took as the best possible.
    pub fn ratio(&self) -> f64 {
        f64::from(self.requests) / f64::from(self.requests_best)
    }
}

/// Scans a device of every register map, devices of one long row of registers, and devices with
/// many holes at random; another seed, other holes.
///
/// # Panics
///
/// When a device cannot be played; a test plays them all.
pub fn figures(seed: u64) -> Vec<ScanFigure> {
    let mut figures = Vec::new();
    for (map, rows) in corpus::named_rows() {
        let rows = rows_of(map, rows, seed);
        let spans: Vec<Span> = rows.iter().map(|(_, span, _)| *span).collect();
        let device = device_of(map, rows, headworks_core::ByteOrder::Abcd);
        figures.push(figure(map.to_owned(), device, &spans, &[]));
    }
    for registers in [100, 1000, 10_000] {
        figures.push(generated(registers, 0, seed));
    }
    for holes in [20, 200, 1000] {
        figures.push(generated(10_000, holes, seed));
    }
    figures
}

/// A device of registers from 0 on, without those of some holes of 1 to 20 registers.
fn generated(registers: u16, holes: u16, seed: u64) -> ScanFigure {
    let Some(device) = Plant::generated(1, registers, seed).devices.pop() else {
        panic!("a plant of one device has a device");
    };
    let device = PlantDevice {
        strict: true,
        ..device
    };
    let mut number = seed;
    let mut draw = |most: u16| {
        number = mix(number);
        u16::try_from(number % u64::from(most)).unwrap_or(0)
    };
    let forbidden: Vec<Span> = (0..holes)
        .map(|_| Span {
            table: Table::Holding,
            start: draw(registers - 20),
            count: 1 + draw(20),
        })
        .collect();
    let all = Span {
        table: Table::Holding,
        start: 0,
        count: registers,
    };
    let name = format!("{registers} registers, {holes} holes");
    figure(name, device, &[all], &forbidden)
}

fn figure(name: String, device: PlantDevice, spans: &[Span], forbidden: &[Span]) -> ScanFigure {
    let local = LocalDevice::new(device, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
    forbidden.iter().for_each(|span| local.forbid(*span));
    let table = spans.first().map_or(Table::Holding, |span| span.table);
    let range = Range {
        table,
        first: 0,
        last: u16::MAX,
        most: table.read_max(),
        grain: 1,
    };
    let mut scan = RangeScan::new(range);
    while let Some(Span { start, count, .. }) = scan.next() {
        let request = Request::Read {
            table,
            start,
            count,
        };
        match local.ask(&request, Duration::ZERO) {
            Ok(data) => scan.take(Outcome::Data(&data)),
            Err(AnswerError::Exception(code)) => scan.take(Outcome::Refused(code)),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    let runs = runs(spans, forbidden);
    let length = |words: &[u16]| u16::try_from(words.len()).unwrap_or(u16::MAX);
    let found: Vec<(u16, u16)> = scan
        .runs()
        .iter()
        .map(|run| (run.start, length(&run.words)))
        .collect();
    ScanFigure {
        name,
        requests: scan.counts().asked,
        requests_best: best_possible(&range, &runs),
        registers: runs.iter().map(|(_, count)| u32::from(*count)).sum(),
        is_complete: scan.ended() == Some(End::Complete) && found == runs,
    }
}

/// Returns the rows of addresses that the spans have and the forbidden ones have not.
fn runs(spans: &[Span], forbidden: &[Span]) -> Vec<(u16, u16)> {
    let mut there = vec![false; 0x1_0000];
    for span in spans {
        there[span.start.into()..][..span.count.into()].fill(true);
    }
    for span in forbidden {
        there[span.start.into()..][..span.count.into()].fill(false);
    }
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for (address, _) in (0..=u16::MAX).zip(&there).filter(|(_, there)| **there) {
        match runs.last_mut() {
            Some((start, count)) if u32::from(*start) + u32::from(*count) == u32::from(address) => {
                *count += 1;
            }
            _ => runs.push((address, 1)),
        }
    }
    runs
}
