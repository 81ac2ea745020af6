//! A test that a register or coil is the right one: it is read, written, read back and, when
//! wanted, given its old value again.
//!
//! Nothing is written before the address was read, so that the old value is known; and nothing is
//! written twice, whatever the answer.

use serde::Serialize;

use super::{Notations, Outcome};
use crate::modbus::address::Address;
use crate::modbus::pdu::{self, Request};
use crate::modbus::table::Table;

/// What to write where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestWrite {
    /// The coil or holding register.
    pub address: Address,
    /// The value: 0 or 1 for a coil, -32768 to 65535 for a register.
    pub value: i32,
    /// Least value that may be written.
    pub min: i32,
    /// Greatest value that may be written.
    pub max: i32,
    /// What must stand there before; anything when absent.
    pub expect: Option<u16>,
    /// Whether the old value is written back at the end.
    pub restore: bool,
    /// Whether functions 16 and 15 are used, for devices that do not know 6 and 5.
    pub multiple: bool,
}

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefusal {
    /// The table is read-only.
    #[error(
        "{address} is one of the {title}, which are read-only; choose a coil or a holding \
             register"
    )]
    ReadOnly {
        /// The address.
        address: Address,
        /// Name of the table.
        title: &'static str,
    },
    /// One bit of a register.
    #[error("{0} is one bit; a test writes a whole register or a coil")]
    Bit(Address),
    /// The value does not fit.
    #[error("{value} is out of range: {min} to {max} can be written")]
    Range {
        /// The value.
        value: i32,
        /// The least.
        min: i32,
        /// The greatest.
        max: i32,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WriteOutcome {
    /// Where.
    pub address: Notations,
    /// What stood there before; none when it could not be read, and then nothing was written.
    pub old: Option<u16>,
    /// What was sent; none when nothing was written.
    pub written: Option<u16>,
    /// What stood there afterwards.
    pub read_back: Option<u16>,
    /// Whether that is what was written.
    pub confirmed: bool,
    /// What stood there after the old value was written back; none when that was not done.
    pub restored: Option<u16>,
    /// Short and stable: `confirmed`, `different`, `unread`, `unexpected`, `refused`, `no_answer`,
    /// `not_read_back`, `not_restored`.
    pub code: &'static str,
    /// What happened, in words.
    pub words: String,
}

/// The planner.
#[derive(Debug)]
pub struct TestWriting {
    what: TestWrite,
    stage: Stage,
    outcome: WriteOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    ReadFirst,
    Write,
    ReadBack,
    Restore,
    ReadRestored,
    Done,
}

impl TestWriting {
    /// Checks what is to be written.
    ///
    /// # Errors
    ///
    /// [`WriteRefusal`]; nothing was sent then.
    pub fn new(what: TestWrite) -> Result<TestWriting, WriteRefusal> {
        let Address { table, start, bit } = what.address;
        if !table.is_writable() {
            return Err(WriteRefusal::ReadOnly {
                address: what.address,
                title: table.title(),
            });
        }
        if bit.is_some() {
            return Err(WriteRefusal::Bit(what.address));
        }
        let (least, most) = match table {
            Table::Coil => (0, 1),
            _ => (i32::from(i16::MIN), i32::from(u16::MAX)),
        };
        let (min, max) = (what.min.max(least), what.max.min(most));
        if what.value < min || max < what.value {
            return Err(WriteRefusal::Range {
                value: what.value,
                min,
                max,
            });
        }
        Ok(TestWriting {
            what,
            stage: Stage::ReadFirst,
            outcome: WriteOutcome {
                address: Notations::of(table, start),
                old: None,
                written: None,
                read_back: None,
                confirmed: false,
                restored: None,
                code: "unread",
                words: String::new(),
            },
        })
    }

    /// Returns the request that comes next, nothing at the end.
    pub fn next(&self) -> Option<Request> {
        match self.stage {
            Stage::ReadFirst | Stage::ReadBack | Stage::ReadRestored => Some(Request::Read {
                table: self.what.address.table,
                start: self.what.address.start,
                count: 1,
            }),
            Stage::Write => Some(self.write(self.word())),
            Stage::Restore => self.outcome.old.map(|old| self.write(old)),
            Stage::Done => None,
        }
    }

    /// Returns what came of it; whole once [`TestWriting::next`] has nothing more.
    pub fn outcome(&self) -> &WriteOutcome {
        &self.outcome
    }

    /// Takes what came of the request that [`TestWriting::next`] says.
    pub fn take(&mut self, outcome: Outcome<'_>) {
        match self.stage {
            Stage::ReadFirst => self.take_first(outcome),
            Stage::Write => self.take_write(outcome),
            Stage::ReadBack => self.take_back(outcome),
            Stage::Restore => self.stage = Stage::ReadRestored,
            Stage::ReadRestored => self.take_restored(outcome),
            Stage::Done => {}
        }
    }

    fn take_first(&mut self, outcome: Outcome<'_>) {
        let old = match outcome {
            Outcome::Data(data) => self.word_of(data),
            outcome => {
                let words = format!(
                    "it cannot be read, so nothing was written: {}",
                    say(outcome)
                );
                return self.end("unread", words);
            }
        };
        self.outcome.old = Some(old);
        match self.what.expect {
            Some(want) if want != old => {
                let words =
                    format!("it holds {old} where {want} was expected; nothing was written");
                self.end("unexpected", words);
            }
            _ => self.stage = Stage::Write,
        }
    }

    fn take_write(&mut self, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Refused(code) => self.end("refused", format!("the device refused: {code}")),
            Outcome::Data(_) => {
                self.outcome.written = Some(self.word());
                self.stage = Stage::ReadBack;
            }
            Outcome::Silent | Outcome::Broken => {
                // It may have arrived: what stands there now tells.
                self.outcome.written = Some(self.word());
                self.outcome.code = "no_answer";
                self.stage = Stage::ReadBack;
            }
        }
    }

    fn take_back(&mut self, outcome: Outcome<'_>) {
        let was_answered = self.outcome.code != "no_answer";
        match outcome {
            Outcome::Data(data) => {
                let found = self.word_of(data);
                self.outcome.read_back = Some(found);
                self.outcome.confirmed = found == self.word();
                let words = format!("{} was written and {found} was read back", self.word());
                let code = if self.outcome.confirmed {
                    "confirmed"
                } else {
                    "different"
                };
                self.end(code, words);
            }
            outcome if was_answered => {
                let words = format!("written, but not read back: {}", say(outcome));
                self.end("not_read_back", words);
            }
            outcome => {
                let words = format!(
                    "sent, but it is not known whether it arrived: {}",
                    say(outcome)
                );
                self.end("no_answer", words);
            }
        }
        if self.what.restore {
            self.stage = Stage::Restore;
        }
    }

    fn take_restored(&mut self, outcome: Outcome<'_>) {
        self.stage = Stage::Done;
        let old = self.outcome.old;
        if let Outcome::Data(data) = outcome {
            self.outcome.restored = Some(self.word_of(data));
        }
        if self.outcome.restored == old {
            self.outcome
                .words
                .push_str("; the old value stands there again");
        } else {
            let old = old.unwrap_or_default();
            let more = format!("; the old value, {old}, does NOT stand there again: write it");
            self.outcome.words.push_str(&more);
            self.outcome.code = "not_restored";
        }
    }

    fn end(&mut self, code: &'static str, words: String) {
        self.outcome.code = code;
        self.outcome.words = words;
        self.stage = Stage::Done;
    }

    /// Returns the value as it goes over the wire: two's complement, or 0 and 1.
    fn word(&self) -> u16 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be -32768 to 65535; the low word is the two's complement"
        )]
        let word = self.what.value as u32 as u16;
        word
    }

    fn word_of(&self, data: &[u8]) -> u16 {
        if self.what.address.table.is_bits() {
            return u16::from(pdu::bit(data, 0).unwrap_or(false));
        }
        data.get(..2)
            .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    fn write(&self, word: u16) -> Request {
        let Address { table, start, .. } = self.what.address;
        match (table, self.what.multiple) {
            (Table::Coil, false) => Request::WriteCoil {
                address: start,
                on: word != 0,
            },
            (Table::Coil, true) => Request::WriteCoils {
                start,
                values: vec![word != 0],
            },
            (_, false) => Request::WriteRegister {
                address: start,
                value: word,
            },
            (_, true) => Request::WriteRegisters {
                start,
                bytes: word.to_be_bytes().to_vec(),
            },
        }
    }
}

fn say(outcome: Outcome<'_>) -> String {
    match outcome {
        Outcome::Data(_) => "answered".to_owned(),
        Outcome::Refused(code) => code.to_string(),
        Outcome::Silent => "no answer".to_owned(),
        Outcome::Broken => "no valid answer".to_owned(),
    }
}

#[cfg(test)]
mod tests;
