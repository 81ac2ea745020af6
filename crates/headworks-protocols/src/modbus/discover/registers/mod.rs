//! Which addresses a device has: the planner of one table.
//!
//! A device that refuses every read which touches an address it lacks (exception 02) says no more
//! than "there is a hole somewhere". So a scan goes up the addresses with reads as great as are
//! more likely answered than refused, and divides a refused one where the hole is as likely before
//! as behind. How long runs and holes are is learned on the way ([`habits`]), and so is the
//! greatest read the device takes.
//!
//! That a hole was found costs no request of its own: what is left of a refused read when all
//! before it was answered is the hole. But only where reads of that size are known to be taken;
//! else the address is asked for alone, which tells a small limit from a hole.
//!
//! **The best possible.** An address counts as lacking when it was refused alone, or within a read
//! whose other addresses were answered: else a device with that address would have answered the
//! same. So each lacking address needs a refusal of its own, and each run as many reads as its
//! length asks for ([`best_possible`]). No scan that misses nothing can do with less.

mod habits;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::Outcome;
use super::limit::Limit;
use crate::modbus::exception::ExceptionCode;
use crate::modbus::pdu;
use crate::modbus::table::{Span, Table};
use habits::Habits;

/// Requests in a row without a valid answer after which the device is looked after.
const TROUBLE_MAX: u32 = 4;
/// Times a request is sent before its silence counts.
const ATTEMPTS: u32 = 2;
/// Requests that a function is refused (exception 01) before the table counts as not there.
const UNKNOWN_MAX: u32 = 2;

/// What to scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The table.
    pub table: Table,
    /// First address.
    pub first: u16,
    /// Last address.
    pub last: u16,
    /// Most addresses of one read.
    pub most: u16,
    /// Addresses are read in pieces of this: 1, or 2 for devices that give no half of a value of
    /// two registers.
    pub grain: u16,
}

/// Addresses that the device has, one after the other, and what they held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// First address.
    pub start: u16,
    /// The registers, or 0 and 1 for bits; one for each address.
    pub words: Vec<u16>,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Addresses to be scanned.
    pub total: u32,
    /// Addresses of which it is known whether the device has them.
    pub settled: u32,
    /// Addresses that the device has.
    pub found: u32,
    /// Requests sent.
    pub asked: u32,
    /// Requests that the device refused.
    pub refused: u32,
    /// Requests without a valid answer.
    pub unanswered: u32,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every address is settled.
    Complete,
    /// The device does not know the function (exception 01).
    NoFunction,
    /// The device does not answer, or not any more.
    Silent,
    /// The gateway says that it does not reach the device (exceptions 0A and 0B).
    Gateway,
    /// What comes is no answer.
    Broken,
}

/// The planner of the scan of one table.
#[derive(Debug)]
pub struct RangeScan {
    range: Range,
    end: u32,
    next: u32, // every address below is settled
    suspect: Option<Suspect>,
    limit: Limit,
    habits: Habits,
    runs: Vec<Run>,
    counts: Counts,
    ended: Option<End>,
    trouble: Trouble,
    is_value_a_hole: bool, // exception 03 is what the device says of lacking addresses
}

/// A refused read: the first hole of it is at or behind `next`.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    end: u32,
    count: u16,
}

/// What went wrong lately.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    attempts: u32,  // of the present request
    in_a_row: u32,  // requests without an answer
    unknown: u32,   // exceptions 01
    is_check: bool, // an address that was answered before is asked for again
    is_silence_a_hole: bool,
}

impl RangeScan {
    /// Returns the scan of a range; nothing of it is asked yet.
    pub fn new(range: Range) -> RangeScan {
        let grain = range.grain.clamp(1, range.table.read_max());
        let most = range.most.clamp(grain, range.table.read_max());
        let range = Range {
            grain,
            most,
            ..range
        };
        let end = u32::from(range.last) + 1;
        let total = end.saturating_sub(u32::from(range.first));
        RangeScan {
            range,
            end,
            next: range.first.into(),
            suspect: None,
            limit: Limit::new(most),
            habits: Habits::default(),
            runs: Vec::new(),
            counts: Counts {
                total,
                ..Counts::default()
            },
            ended: (total == 0).then_some(End::Complete),
            trouble: Trouble::default(),
            is_value_a_hole: false,
        }
    }

    /// Returns what is scanned.
    pub fn range(&self) -> &Range {
        &self.range
    }

    /// Returns the runs found until now, ascending.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Returns how far the scan is.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns how the scan ended, nothing while it has not.
    pub fn ended(&self) -> Option<End> {
        self.ended
    }

    /// Returns the greatest read the device takes, when that is less than was allowed.
    pub fn learned_limit(&self) -> Option<u16> {
        self.limit.learned()
    }

    /// Returns the read that comes next, nothing when the scan has ended.
    pub fn next(&self) -> Option<Span> {
        if self.ended.is_some() {
            return None;
        }
        if self.trouble.is_check
            && let Some(run) = self.runs.first()
        {
            return Some(self.span(run.start.into(), self.range.grain.into()));
        }
        Some(self.span(self.next, self.cells() * u32::from(self.range.grain)))
    }

    fn span(&self, start: u32, count: u32) -> Span {
        let count = count.min(self.end - start);
        Span {
            table: self.range.table,
            start: u16::try_from(start).unwrap_or(u16::MAX),
            count: u16::try_from(count).unwrap_or(u16::MAX),
        }
    }

    /// Returns how many pieces to ask for.
    fn cells(&self) -> u32 {
        let grain = u32::from(self.range.grain);
        if let Some(suspect) = &self.suspect {
            let left = (suspect.end - self.next).div_ceil(grain);
            return if left <= 1 {
                1
            } else {
                self.habits.split(left)
            };
        }
        let left = (self.end - self.next).div_ceil(grain);
        let most = (u32::from(self.limit.most()) / grain).max(1);
        self.habits.likely(left.min(most))
    }

    /// Takes what came of the read that [`RangeScan::next`] says.
    pub fn take(&mut self, outcome: Outcome<'_>) {
        let Some(asked) = self.next() else {
            return;
        };
        self.counts.asked += 1;
        let is_check = std::mem::take(&mut self.trouble.is_check);
        match outcome {
            Outcome::Data(data) => {
                self.trouble.attempts = 0;
                self.trouble.in_a_row = 0;
                if is_check {
                    self.trouble.is_silence_a_hole = true;
                } else {
                    self.answered(&asked, data);
                }
            }
            Outcome::Refused(_) if is_check => self.trouble.is_silence_a_hole = true,
            Outcome::Refused(code) => {
                self.counts.refused += 1;
                self.refused(&asked, code);
            }
            Outcome::Silent if is_check => self.ended = Some(End::Silent),
            Outcome::Broken if is_check => self.ended = Some(End::Broken),
            Outcome::Silent => self.unanswered(&asked, End::Silent),
            Outcome::Broken => self.unanswered(&asked, End::Broken),
        }
        self.conclude();
    }

    fn answered(&mut self, asked: &Span, data: &[u8]) {
        self.limit.accept(asked.count);
        let words = words(asked, data);
        match self.runs.last_mut() {
            Some(run) if u32::from(run.start) + length(&run.words) == self.next => {
                run.words.extend(words);
            }
            _ => self.runs.push(Run {
                start: asked.start,
                words,
            }),
        }
        self.counts.found += u32::from(asked.count);
        self.settle(asked.count.into(), true);
        if let Some(suspect) = self.suspect
            && suspect.end <= self.next
        {
            // All of it was answered in parts: it was too much at once.
            self.limit.refuse(suspect.count);
            self.suspect = None;
        }
    }

    fn refused(&mut self, asked: &Span, code: ExceptionCode) {
        self.trouble.attempts = 0;
        if code.is_silence() {
            return self.in_trouble(End::Gateway);
        }
        self.trouble.in_a_row = 0;
        if code == ExceptionCode::ILLEGAL_FUNCTION && self.runs.is_empty() {
            self.trouble.unknown += 1;
            if UNKNOWN_MAX <= self.trouble.unknown {
                self.ended = Some(End::NoFunction);
                return;
            }
        }
        if code == ExceptionCode::ILLEGAL_DATA_VALUE && self.is_limit(asked) {
            self.limit.refuse(asked.count);
            return;
        }
        self.lacking(asked);
    }

    /// Returns whether exception 03 is about the count: until the device has said it of a count
    /// that it takes elsewhere.
    fn is_limit(&mut self, asked: &Span) -> bool {
        if self.is_value_a_hole {
            return false;
        }
        if asked.count <= self.range.grain || self.limit.is_accepted(asked.count) {
            self.is_value_a_hole = true;
            self.limit.forget();
            return false;
        }
        true
    }

    fn unanswered(&mut self, asked: &Span, end: End) {
        self.counts.unanswered += 1;
        self.trouble.attempts += 1;
        if self.trouble.attempts < ATTEMPTS && !self.trouble.is_silence_a_hole {
            return; // the same once more
        }
        self.trouble.attempts = 0;
        self.in_trouble(end);
        if self.ended.is_none() {
            self.lacking(asked);
        }
    }

    /// The device may be gone: an address that it has tells.
    fn in_trouble(&mut self, end: End) {
        self.trouble.in_a_row += 1;
        if self.trouble.in_a_row < TROUBLE_MAX {
            return;
        }
        self.trouble.in_a_row = 0;
        if self.runs.is_empty() || end == End::Gateway {
            self.ended = Some(end);
        } else {
            self.trouble.is_check = true;
        }
    }

    /// The device lacks an address of those asked for.
    fn lacking(&mut self, asked: &Span) {
        if asked.count <= self.range.grain {
            self.settle(asked.count.into(), false);
            self.suspect = None;
        } else {
            self.suspect = Some(Suspect {
                end: asked.end(),
                count: asked.count,
            });
        }
    }

    fn settle(&mut self, count: u32, is_there: bool) {
        let grain = u32::from(self.range.grain);
        self.habits.learn(count.div_ceil(grain), is_there);
        self.next += count;
        self.counts.settled += count;
    }

    /// Draws the conclusions that need no request.
    fn conclude(&mut self) {
        let grain = u32::from(self.range.grain);
        if let Some(suspect) = self.suspect
            && suspect.end - self.next <= grain
            && self.limit.is_accepted(suspect.count)
        {
            self.settle(suspect.end - self.next, false);
            self.suspect = None;
        }
        if self.end <= self.next && self.ended.is_none() {
            self.ended = Some(End::Complete);
        }
    }
}

/// Returns the least requests that a scan which misses nothing can do with, on a device that
/// refuses whatever touches an address it lacks: see the module.
pub fn best_possible(range: &Range, runs: &[(u16, u16)]) -> u32 {
    let most = u32::from(range.most.min(range.table.read_max()));
    let total = u32::from(range.last) + 1 - u32::from(range.first);
    let there: u32 = runs.iter().map(|(_, count)| u32::from(*count)).sum();
    let reads: u32 = runs
        .iter()
        .map(|(_, count)| u32::from(*count).div_ceil(most))
        .sum();
    total - there + reads
}

pub(super) fn words(asked: &Span, data: &[u8]) -> Vec<u16> {
    if asked.table.is_bits() {
        let bits = (0..usize::from(asked.count)).filter_map(|index| pdu::bit(data, index));
        return bits.map(u16::from).collect();
    }
    data.chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

fn length(words: &[u16]) -> u32 {
    u32::try_from(words.len()).unwrap_or(u32::MAX)
}
