//! What a scan found, in the shape in which others go on with it.

use serde::Serialize;

use super::Notations;
use super::registers::{Counts, End, RangeScan};
use crate::modbus::table::Table;

/// So many zeros in a row look like a hole that the device fills.
const BLANK_MIN: usize = 32;
/// Addresses whose values a part shows.
const SHOWN: usize = 8;
/// Most parts of one report; a map of more is a sieve.
pub const PARTS_MAX: usize = 1000;

/// What a scan of one table found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TableReport {
    /// The table.
    pub table: Table,
    /// First address that was scanned.
    pub first: u16,
    /// Last address that was scanned.
    pub last: u16,
    /// How the scan ended; none when it was stopped early.
    pub end: Option<End>,
    /// The same in words.
    pub words: String,
    /// How far it came.
    pub counts: Counts,
    /// The greatest read the device takes, when that is less than the protocol allows.
    pub read_max: Option<u16>,
    /// The addresses that the device has, ascending.
    pub parts: Vec<Part>,
    /// Parts that were found besides those shown.
    pub parts_left_out: usize,
}

/// Addresses that the device has, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Part {
    /// The first address.
    pub first: Notations,
    /// The last address.
    pub last: Notations,
    /// Number of addresses.
    pub count: u32,
    /// Whether all of them hold 0: many devices answer so where they have nothing.
    pub is_blank: bool,
    /// What the first few of them held.
    pub values: Vec<u16>,
}

/// Returns what a scan found until now.
pub fn report(scan: &RangeScan) -> TableReport {
    let range = scan.range();
    let mut parts: Vec<Part> = Vec::new();
    let mut left_out = 0;
    for run in scan.runs() {
        for (start, words, is_blank) in divide(run.start, &run.words) {
            if parts.len() == PARTS_MAX {
                left_out += 1;
            } else {
                parts.push(part(range.table, start, words, is_blank));
            }
        }
    }
    TableReport {
        table: range.table,
        first: range.first,
        last: range.last,
        end: scan.ended(),
        words: words(scan),
        counts: scan.counts(),
        read_max: scan.learned_limit(),
        parts,
        parts_left_out: left_out,
    }
}

fn part(table: Table, start: u16, words: &[u16], is_blank: bool) -> Part {
    let count = u32::try_from(words.len()).unwrap_or(u32::MAX);
    let last = u16::try_from(u32::from(start) + count.max(1) - 1).unwrap_or(u16::MAX);
    Part {
        first: Notations::of(table, start),
        last: Notations::of(table, last),
        count,
        is_blank,
        values: words[..words.len().min(SHOWN)].to_vec(),
    }
}

/// Parts long rows of zeros from what holds something.
fn divide(start: u16, words: &[u16]) -> Vec<(u16, &[u16], bool)> {
    let mut parts = Vec::new();
    let mut from = 0; // where the part that is not given out yet begins
    let mut at = 0;
    let place = |index: usize| start.saturating_add(u16::try_from(index).unwrap_or(u16::MAX));
    while at < words.len() {
        let zeros = words[at..].iter().take_while(|word| **word == 0).count();
        if BLANK_MIN <= zeros {
            if from < at {
                parts.push((place(from), &words[from..at], false));
            }
            parts.push((place(at), &words[at..at + zeros], true));
            from = at + zeros;
        }
        at += zeros.max(1);
    }
    if from < words.len() {
        parts.push((place(from), &words[from..], false));
    }
    parts
}

fn words(scan: &RangeScan) -> String {
    let title = scan.range().table.title();
    let text = match scan.ended() {
        None => "stopped before the end; what was found until then is kept",
        Some(End::Complete) if scan.counts().found == 0 => "the device has none of them",
        Some(End::Complete) => "every address was asked for",
        Some(End::NoFunction) => "the device does not know the function that reads them",
        Some(End::Silent) => {
            "the device does not answer (any more); check that it is on, unit id and time-out"
        }
        Some(End::Gateway) => "the gateway does not reach the unit; check the unit id",
        Some(End::Broken) => {
            "what comes is no valid answer; check transport, baud rate and parity, and that no \
             two units have this id"
        }
    };
    format!("{title}: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_of_zeros_are_parted_from_what_holds_something() {
        let mut words = vec![0; 200];
        words[40] = 7;
        words[60] = 8; // 19 zeros between them belong to them
        let parts = divide(1000, &words);
        let shape: Vec<(u16, usize, bool)> = parts
            .iter()
            .map(|(start, words, is_blank)| (*start, words.len(), *is_blank))
            .collect();
        assert_eq!(
            shape,
            [(1000, 40, true), (1040, 21, false), (1061, 139, true)]
        );
    }

    #[test]
    fn the_last_register_is_no_overflow() {
        let parts = divide(65_535, &[1]);
        let found = part(Table::Holding, parts[0].0, parts[0].1, parts[0].2);
        assert_eq!(found.last.zero_based, 65_535);
    }
}
