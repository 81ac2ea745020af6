//! Which units answer: the planner of a line or gateway.
//!
//! Every Modbus device answers function 3, if only with a refusal; not all answer function 43, and
//! some say nothing to what they do not know. So a unit is asked for one holding register first.
//! Who answers is asked what it is (function 43 with MEI type 14) and which tables it knows: where
//! it does not say what it is, the exceptions tell.
//!
//! A device that is itself on TCP often ignores the unit id. When the first five ids answer alike
//! and the last one does too, the scan ends there and says so.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::Outcome;
use super::fingerprint::{self, Guess};
use crate::modbus::identity;
use crate::modbus::pdu::Request;
use crate::modbus::sunspec;
use crate::modbus::table::Table;

/// Pages of a device identification that are read.
const PAGES_MAX: u8 = 8;
/// Characters of an object of a device identification that are kept.
const TEXT_MAX: usize = 120;
/// Units that answer alike before the last one is asked.
const ALIKE: usize = 5;

/// A unit that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FoundUnit {
    /// Its unit id.
    pub unit_id: u8,
    /// What it says of itself: name of the object and its text.
    pub identity: Vec<IdentityText>,
    /// What it says to the first address of each table.
    pub tables: Vec<TableAnswer>,
    /// Whether what it sends is no valid answer: two units with one id, noise, or another protocol.
    pub is_broken: bool,
    /// The base of its SunSpec map.
    pub sunspec_base: Option<u16>,
    /// What it probably is.
    pub guess: Guess,
    /// The first unit that answers exactly alike.
    pub same_as: Option<u8>,
}

/// One object of a device identification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct IdentityText {
    /// `vendor`, `product_code`, `version`, `vendor_url`, `product_name`, `model_name`,
    /// `application_name`, or `object_128` and so on for those of the vendor.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// What a unit says to a read of the first address of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TableAnswer {
    /// The table.
    pub table: Table,
    /// What the address holds, when it was answered.
    pub value: Option<u16>,
    /// The exception code, when it was refused.
    pub exception: Option<u8>,
    /// The answer in words.
    pub words: String,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UnitCounts {
    /// Units to be asked.
    pub total: u32,
    /// Units of which it is known whether they answer.
    pub settled: u32,
    /// Units that answer.
    pub found: u32,
    /// Requests sent.
    pub asked: u32,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitsEnd {
    /// Every unit was asked.
    Complete,
    /// One device answers to every unit id.
    OneDevice,
}

/// The planner.
#[derive(Debug)]
pub struct UnitScan {
    left: VecDeque<u8>, // the first one is asked at present
    stage: Stage,
    attempts: u8,
    retries: u8,
    present: FoundUnit, // what is known of the unit that is asked
    found: Vec<FoundUnit>,
    counts: UnitCounts,
    is_last_tried: bool,
    ended: Option<UnitsEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Presence,
    Identity { object: u8, page: u8 },
    Table(Table),
    SunSpec(usize),
}

impl UnitScan {
    /// Returns the scan of these unit ids; a silent one is asked again so many times.
    pub fn new(ids: RangeInclusive<u8>, retries: u8) -> UnitScan {
        let left: VecDeque<u8> = ids.collect();
        UnitScan {
            stage: Stage::Presence,
            attempts: 0,
            retries,
            present: nobody(left.front().copied().unwrap_or(0)),
            found: Vec::new(),
            counts: UnitCounts {
                total: u32::try_from(left.len()).unwrap_or(u32::MAX),
                ..UnitCounts::default()
            },
            is_last_tried: false,
            ended: left.is_empty().then_some(UnitsEnd::Complete),
            left,
        }
    }

    /// Returns the units that answer, in the order in which they were found.
    pub fn found(&self) -> &[FoundUnit] {
        &self.found
    }

    /// Returns how far the scan is.
    pub fn counts(&self) -> UnitCounts {
        self.counts
    }

    /// Returns how the scan ended, nothing while it has not.
    pub fn ended(&self) -> Option<UnitsEnd> {
        self.ended
    }

    /// Returns the request that comes next and the unit it goes to, nothing at the end.
    pub fn next(&self) -> Option<(u8, Request)> {
        if self.ended.is_some() {
            return None;
        }
        let unit_id = *self.left.front()?;
        let read = |table, start, count| Request::Read {
            table,
            start,
            count,
        };
        let request = match self.stage {
            Stage::Presence => read(Table::Holding, 0, 1),
            Stage::Identity { object, .. } => Request::Identify { level: 1, object },
            Stage::Table(table) => read(table, 0, 1),
            Stage::SunSpec(base) => read(Table::Holding, sunspec::BASES[base], 2),
        };
        Some((unit_id, request))
    }

    /// Takes what came of the request that [`UnitScan::next`] says.
    pub fn take(&mut self, outcome: Outcome<'_>) {
        if self.ended.is_some() {
            return;
        }
        self.counts.asked += 1;
        match self.stage {
            Stage::Presence => self.take_presence(outcome),
            Stage::Identity { object, page } => self.take_identity(outcome, object, page),
            Stage::Table(table) => {
                self.note(table, outcome);
                self.stage = after(table);
            }
            Stage::SunSpec(base) => self.take_sunspec(outcome, base),
        }
    }

    fn take_presence(&mut self, outcome: Outcome<'_>) {
        let is_away = match outcome {
            Outcome::Silent => true,
            Outcome::Refused(code) => code.is_silence(),
            Outcome::Data(_) | Outcome::Broken => false,
        };
        let may_try_again = outcome == Outcome::Silent || outcome == Outcome::Broken;
        if may_try_again && self.attempts < self.retries {
            self.attempts += 1;
            return;
        }
        if is_away {
            return self.go_on();
        }
        if outcome == Outcome::Broken {
            self.present.is_broken = true;
            return self.keep();
        }
        self.note(Table::Holding, outcome);
        self.stage = Stage::Identity { object: 0, page: 0 };
    }

    fn take_identity(&mut self, outcome: Outcome<'_>, object: u8, page: u8) {
        self.stage = Stage::Table(Table::Input);
        let Outcome::Data(data) = outcome else {
            return;
        };
        let Ok(found) = identity::parse(data) else {
            return;
        };
        self.present
            .identity
            .extend(found.objects.iter().map(|(number, bytes)| {
                IdentityText {
                    name: identity::object_name(*number)
                        .map_or_else(|| format!("object_{number}"), str::to_owned),
                    text: text(bytes),
                }
            }));
        // A device that names an object it has named already would never come to an end.
        if let Some(next) = found.next
            && object < next
            && page < PAGES_MAX
        {
            self.stage = Stage::Identity {
                object: next,
                page: page + 1,
            };
        }
    }

    fn take_sunspec(&mut self, outcome: Outcome<'_>, base: usize) {
        if outcome == Outcome::Data(&sunspec::MARKER) {
            self.present.sunspec_base = Some(sunspec::BASES[base]);
        }
        if self.present.sunspec_base.is_none() && base + 1 < sunspec::BASES.len() {
            self.stage = Stage::SunSpec(base + 1);
        } else {
            self.keep();
        }
    }

    fn note(&mut self, table: Table, outcome: Outcome<'_>) {
        let (value, exception, words) = match outcome {
            Outcome::Data(data) => (Some(first(table, data)), None, "answered".to_owned()),
            Outcome::Refused(code) => (None, Some(code.0), code.to_string()),
            Outcome::Silent => (None, None, "no answer".to_owned()),
            Outcome::Broken => (None, None, "no valid answer".to_owned()),
        };
        self.present.tables.push(TableAnswer {
            table,
            value,
            exception,
            words,
        });
    }

    /// The unit answers; the next one.
    fn keep(&mut self) {
        let alike = self.found.iter().find(|unit| is_alike(unit, &self.present));
        self.present.same_as = alike.map(|unit| unit.same_as.unwrap_or(unit.unit_id));
        self.present.guess = fingerprint::guess(&self.present);
        let next = nobody(0);
        self.found.push(std::mem::replace(&mut self.present, next));
        self.counts.found += 1;
        self.go_on();
    }

    fn go_on(&mut self) {
        self.left.pop_front();
        self.counts.settled += 1;
        self.look_for_one_device();
        self.attempts = 0;
        self.stage = Stage::Presence;
        match self.left.front() {
            Some(unit_id) => self.present = nobody(*unit_id),
            None if self.ended.is_none() => self.ended = Some(UnitsEnd::Complete),
            None => {}
        }
    }

    fn look_for_one_device(&mut self) {
        let all_alike = self.found.iter().skip(1).all(|unit| unit.same_as.is_some());
        let all_there = self.counts.found == self.counts.settled;
        if !all_alike || !all_there || self.found.len() < ALIKE {
            return;
        }
        if self.is_last_tried {
            self.ended = Some(UnitsEnd::OneDevice);
        } else if let Some(last) = self.left.pop_back() {
            self.left.push_front(last);
            self.is_last_tried = true;
        }
    }
}

fn nobody(unit_id: u8) -> FoundUnit {
    FoundUnit {
        unit_id,
        identity: Vec::new(),
        tables: Vec::new(),
        is_broken: false,
        sunspec_base: None,
        guess: Guess::default(),
        same_as: None,
    }
}

fn after(table: Table) -> Stage {
    match table {
        Table::Holding | Table::Input => Stage::Table(Table::Coil),
        Table::Coil => Stage::Table(Table::Discrete),
        Table::Discrete => Stage::SunSpec(0),
    }
}

fn is_alike(one: &FoundUnit, other: &FoundUnit) -> bool {
    one.identity == other.identity
        && one.tables == other.tables
        && one.is_broken == other.is_broken
        && one.sunspec_base == other.sunspec_base
}

fn first(table: Table, data: &[u8]) -> u16 {
    match data {
        [byte, ..] if table.is_bits() => u16::from(byte & 1),
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// Returns printable characters alone: what a device says ends up on terminals.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let printable = text.chars().filter(|char| !char.is_control());
    printable
        .take(TEXT_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests;
