//! SunSpec: devices that say themselves what stands in which register.
//!
//! Source: *SunSpec Device Information Model Specification* V1.1: the marker `SunS` at holding
//! register 40000, 50000 or 0, behind it models one after the other, each with its number and
//! length, until the number 65535. [`Walk`] is the planner; it knows neither time nor sockets. What
//! the points of a model mean is not known here.

use schemars::JsonSchema;
use serde::Serialize;

use super::discover::Outcome;
use super::discover::limit::Limit;
use super::table::{Span, Table};

/// Where the marker may stand, the usual place first.
pub const BASES: [u16; 3] = [40_000, 50_000, 0];

/// The marker.
pub const MARKER: [u8; 4] = *b"SunS";

/// The number of the model that ends the chain.
pub const END: u16 = 0xFFFF;

/// The number of the model in which a device says who it is.
pub const COMMON: u16 = 1;

/// Most models of a device; more are taken for a chain that does not end.
pub const MODELS_MAX: usize = 100;

/// Times a request is sent again that was not answered.
const RETRIES: u8 = 1;

/// What a device says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SunSpec {
    /// Where the marker stands.
    pub base: u16,
    /// Its models in their order, without the end.
    pub models: Vec<Model>,
    /// The most registers that it gives at once, where that is less than the protocol allows.
    pub read_max: Option<u16>,
}

/// One model of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its number, e.g. 103 for a three-phase inverter.
    pub id: u16,
    /// The address of its number.
    pub address: u16,
    /// Registers behind number and length.
    pub length: u16,
    /// Its registers, number and length first; fewer than it has where it could not be read.
    pub registers: Vec<u16>,
    /// Why it could not be read to its end.
    pub problem: Option<String>,
}

/// Who a device says that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Identity {
    /// Who makes it.
    pub manufacturer: String,
    /// Its type.
    pub model: String,
    /// What it is equipped with.
    pub options: String,
    /// Version of its firmware.
    pub version: String,
    /// Its serial number.
    pub serial_number: String,
}

/// Why a walk did not come to the end marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// There is no marker.
    #[error(
        "no SunSpec marker ({found}); check that SunSpec is switched on in the device, and the \
         unit id: some makers use another one for it, e.g. SMA 126"
    )]
    NoMarker {
        /// What stands at the places where it may be.
        found: String,
    },
    /// The chain of models leads nowhere.
    #[error("the chain of models breaks at holding register {address}: {reason}")]
    Chain {
        /// Where.
        address: u32,
        /// How, and what may help.
        reason: String,
    },
}

/// The planner.
#[derive(Debug)]
pub struct Walk {
    stage: Stage,
    found: SunSpec,
    limit: Limit,
    attempts: u8,
    asked: u32,
    bases: Vec<String>, // what stands where no marker is
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Marker(usize),
    Header { address: u32, count: u16 },
    Body { done: u16 },
    Ended(Result<(), WalkError>),
}

/// What came of a request, as registers.
enum Said {
    Words(Vec<u16>),
    Refused(String),
    Nothing(&'static str),
}

impl Default for Walk {
    fn default() -> Walk {
        Walk::new()
    }
}

impl Walk {
    /// Returns a walk that has asked nothing yet.
    pub fn new() -> Walk {
        Walk {
            stage: Stage::Marker(0),
            found: SunSpec::default(),
            limit: Limit::new(Table::Holding.read_max()),
            attempts: 0,
            asked: 0,
            bases: Vec::new(),
        }
    }

    /// Returns what was found until now.
    pub fn found(&self) -> &SunSpec {
        &self.found
    }

    /// Returns how many requests were sent.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// Returns how the walk ended, nothing while it has not.
    pub fn ended(&self) -> Option<&Result<(), WalkError>> {
        match &self.stage {
            Stage::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Returns the span that is read next, nothing at the end.
    pub fn next(&self) -> Option<Span> {
        let (start, count) = match self.stage {
            Stage::Marker(at) => (BASES[at].into(), 2),
            Stage::Header { address, count } => (address, count),
            Stage::Body { done } => {
                let model = self.found.models.last()?;
                let left = (model.length - done).min(self.limit.most());
                (u32::from(model.address) + 2 + u32::from(done), left)
            }
            Stage::Ended(_) => return None,
        };
        Some(Span {
            table: Table::Holding,
            start: u16::try_from(start).ok()?,
            count,
        })
    }

    /// Takes what came of the read that [`Walk::next`] says.
    pub fn take(&mut self, outcome: Outcome<'_>) {
        let Some(span) = self.next() else {
            return;
        };
        self.asked += 1;
        let said = say(&span, outcome);
        if matches!(said, Said::Nothing(_)) && self.attempts < RETRIES {
            self.attempts += 1;
            return;
        }
        self.attempts = 0;
        if matches!(said, Said::Words(_)) {
            self.limit.accept(span.count);
        }
        match self.stage {
            Stage::Marker(at) => self.take_marker(at, said),
            Stage::Header { address, .. } => self.take_header(address, &span, said),
            Stage::Body { done } => self.take_body(done, &span, said),
            Stage::Ended(_) => {}
        }
    }

    fn take_marker(&mut self, at: usize, said: Said) {
        let base = BASES[at];
        let found = match said {
            Said::Words(words) if bytes(&words) == MARKER => {
                self.found.base = base;
                return self.go_to(u32::from(base) + 2);
            }
            Said::Words(words) => format!("{:04X} {:04X}", words[0], words[1]),
            Said::Refused(reason) => reason,
            Said::Nothing(reason) => reason.to_owned(),
        };
        self.bases.push(format!("holding register {base}: {found}"));
        if at + 1 < BASES.len() {
            self.stage = Stage::Marker(at + 1);
        } else {
            let found = self.bases.join(", ");
            self.stage = Stage::Ended(Err(WalkError::NoMarker { found }));
        }
    }

    fn take_header(&mut self, address: u32, span: &Span, said: Said) {
        let words = match said {
            Said::Words(words) => words,
            // The end marker may be the last register that the device has.
            Said::Refused(_) if span.count == 2 => {
                self.stage = Stage::Header { address, count: 1 };
                return;
            }
            Said::Refused(reason) => return self.break_at(address, no_end(&reason)),
            Said::Nothing(reason) => return self.break_at(address, no_end(reason)),
        };
        match *words {
            [END, ..] => self.end(Ok(())),
            [id, length] if bytes(&[id, length]) == MARKER => {
                let reason = "the marker stands there again: the chain leads back to its begin";
                self.break_at(address, reason.to_owned());
            }
            [0, _] => {
                let reason = no_end("0 stands there, which is the number of no model");
                self.break_at(address, reason);
            }
            [id, length] => self.begin_model(span.start, id, length),
            _ => self.break_at(
                address,
                no_end("one register is left, which holds no end marker"),
            ),
        }
    }

    fn begin_model(&mut self, address: u16, id: u16, length: u16) {
        let end = u32::from(address) + 2 + u32::from(length);
        if self.found.models.len() == MODELS_MAX {
            return self.break_at(
                address.into(),
                no_end(&format!("more than {MODELS_MAX} models")),
            );
        }
        if 0x1_0000 < end {
            let reason =
                format!("model {id} would have {length} registers, which end beyond 65535");
            return self.break_at(address.into(), reason);
        }
        self.found.models.push(Model {
            id,
            address,
            length,
            registers: vec![id, length],
            problem: None,
        });
        if length == 0 {
            self.go_to(end);
        } else {
            self.stage = Stage::Body { done: 0 };
        }
    }

    fn take_body(&mut self, done: u16, span: &Span, said: Said) {
        let Some(model) = self.found.models.last_mut() else {
            return; // there is a body only behind a header
        };
        let problem = match said {
            Said::Words(words) => {
                model.registers.extend(words);
                let (done, end) = (done + span.count, span.end());
                if done < model.length {
                    self.stage = Stage::Body { done };
                } else {
                    self.go_to(end);
                }
                return;
            }
            Said::Refused(_) if 1 < span.count && !self.limit.is_accepted(span.count) => {
                return self.limit.refuse(span.count);
            }
            Said::Refused(reason) => {
                self.limit.forget(); // it was not the count
                reason
            }
            Said::Nothing(reason) => reason.to_owned(),
        };
        model.problem = Some(format!("{span}: {problem}"));
        let end = u32::from(model.address) + 2 + u32::from(model.length);
        self.go_to(end);
    }

    /// The next model begins here, if there is one.
    fn go_to(&mut self, address: u32) {
        // An end marker in the last register of all has no length behind it.
        let count = if address == 0xFFFF { 1 } else { 2 };
        if address <= 0xFFFF {
            self.stage = Stage::Header { address, count };
        } else {
            self.break_at(address, no_end("the registers end there"));
        }
    }

    fn break_at(&mut self, address: u32, reason: String) {
        self.end(Err(WalkError::Chain { address, reason }));
    }

    fn end(&mut self, end: Result<(), WalkError>) {
        self.found.read_max = self.limit.learned();
        self.stage = Stage::Ended(end);
    }
}

impl SunSpec {
    /// Returns who the device says that it is: of a device with parts, which say it too, the whole.
    pub fn identity(&self) -> Option<Identity> {
        let common = self.models.iter().find(|model| model.id == COMMON)?;
        Some(Identity {
            manufacturer: common.text(2, 16),
            model: common.text(18, 16),
            options: common.text(34, 8),
            version: common.text(42, 8),
            serial_number: common.text(50, 16),
        })
    }
}

impl Model {
    /// Returns registers from the number of the model on; nothing where they were not read.
    pub fn words(&self, offset: u16, count: u16) -> Option<&[u16]> {
        let offset = usize::from(offset);
        self.registers.get(offset..offset + usize::from(count))
    }

    /// Returns a text as printable characters alone: what a device says ends up on terminals.
    pub fn text(&self, offset: u16, count: u16) -> String {
        let bytes = bytes(self.words(offset, count).unwrap_or(&[]));
        let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or(&[]);
        let text = String::from_utf8_lossy(bytes);
        let printable: String = text.chars().filter(|char| !char.is_control()).collect();
        printable.trim().to_owned()
    }
}

fn say(span: &Span, outcome: Outcome<'_>) -> Said {
    match outcome {
        Outcome::Data(data) if data.len() == span.table.bytes(span.count) => {
            let pairs = data.chunks_exact(2);
            Said::Words(
                pairs
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect(),
            )
        }
        Outcome::Data(_) | Outcome::Broken => Said::Nothing("no valid answer"),
        Outcome::Silent => Said::Nothing("no answer"),
        Outcome::Refused(code) if code.is_silence() => Said::Nothing("no answer"),
        Outcome::Refused(code) => Said::Refused(code.to_string()),
    }
}

fn no_end(what: &str) -> String {
    format!("{what}; the end marker 65535 is missing")
}

fn bytes(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests;
