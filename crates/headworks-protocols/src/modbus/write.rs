//! One write: its requests, the way round for single bits, and the read-back.

use headworks_core::{ByteOrder, DataType, TagIndex, Value};
use tokio::sync::oneshot;

use super::check::Tag;
use super::exception::ExceptionCode;
use super::pdu::{Answer, Request, WRITE_REGISTERS_MAX};
use super::settings::{DeviceSettings, WriteFunctions};
use super::table::Table;
use crate::driver::{WriteError, WriteReport};

/// Takes the outcome of a write.
pub(super) type WriteReply = oneshot::Sender<Result<WriteReport, WriteError>>;

/// A write under way.
#[derive(Debug)]
pub(super) struct WriteJob {
    tag: Tag,
    wanted: Wanted,
    stage: Stage,
    request: Request,
    functions: WriteFunctions,
    read_back: bool,
    reply: WriteReply,
}

/// What the device shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Coil(bool),
    Registers(Vec<u8>),
    /// The bits of `mask` shall be those of `bits`; the others stay.
    Part {
        mask: u16,
        bits: u16,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Write,
    /// Read the register whose other bits shall stay.
    ReadFirst,
    ReadBack,
}

/// What comes after an answer.
#[derive(Debug)]
pub(super) enum Next {
    /// [`WriteJob::request`] is to be sent.
    Ask,
    /// The write is over.
    Done(Result<WriteReport, WriteError>),
}

impl WriteJob {
    /// Plans a write.
    ///
    /// `knows_no_mask` says that the device does not know function 22.
    pub(super) fn new(
        tag: &Tag,
        settings: &DeviceSettings,
        knows_no_mask: bool,
        value: &Value,
        reply: WriteReply,
    ) -> Result<WriteJob, (WriteError, WriteReply)> {
        match wanted(tag, value) {
            Ok(wanted) => {
                let reads_first = matches!(wanted, Wanted::Part { .. }) && knows_no_mask;
                let mut job = WriteJob {
                    tag: tag.clone(),
                    wanted,
                    stage: if reads_first {
                        Stage::ReadFirst
                    } else {
                        Stage::Write
                    },
                    request: read(tag),
                    functions: settings.write_functions,
                    read_back: settings.read_back,
                    reply,
                };
                if !reads_first {
                    job.request = job.first_request();
                }
                Ok(job)
            }
            Err(error) => Err((error, reply)),
        }
    }

    /// Returns the tag that is written.
    pub(super) fn tag(&self) -> TagIndex {
        self.tag.index
    }

    /// Returns what to send now.
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// Ends the write.
    pub(super) fn finish(self, outcome: Result<WriteReport, WriteError>) {
        // Nobody may be waiting any more.
        let _gone = self.reply.send(outcome);
    }

    fn first_request(&self) -> Request {
        let address = self.tag.span.start;
        match &self.wanted {
            Wanted::Coil(on) if self.functions == WriteFunctions::Single => {
                Request::WriteCoil { address, on: *on }
            }
            Wanted::Coil(on) => Request::WriteCoils {
                start: address,
                values: vec![*on],
            },
            Wanted::Registers(bytes) => self.write_registers(bytes),
            Wanted::Part { mask, bits } => Request::MaskRegister {
                address,
                and_mask: !mask,
                or_mask: *bits,
            },
        }
    }

    fn write_registers(&self, bytes: &[u8]) -> Request {
        let address = self.tag.span.start;
        match *bytes {
            [high, low] if self.functions == WriteFunctions::Single => Request::WriteRegister {
                address,
                value: u16::from_be_bytes([high, low]),
            },
            _ => Request::WriteRegisters {
                start: address,
                bytes: bytes.to_vec(),
            },
        }
    }

    /// Takes an answer.
    pub(super) fn answered(&mut self, answer: Answer<'_>) -> Next {
        match (self.stage, answer) {
            (Stage::Write, _) if self.read_back => {
                self.stage = Stage::ReadBack;
                self.request = read(&self.tag);
                Next::Ask
            }
            (Stage::Write, _) => Next::Done(Ok(UNCONFIRMED)),
            (Stage::ReadFirst, Answer::Data(&[high, low])) => {
                let old = u16::from_be_bytes([high, low]);
                let new = match self.wanted {
                    Wanted::Part { mask, bits } => old & !mask | bits,
                    Wanted::Coil(_) | Wanted::Registers(_) => old,
                };
                self.stage = Stage::Write;
                self.request = self.write_registers(&new.to_be_bytes());
                Next::Ask
            }
            (Stage::ReadBack, Answer::Data(data)) => Next::Done(Ok(self.report(data))),
            (Stage::ReadFirst | Stage::ReadBack, _) => Next::Done(Ok(UNCONFIRMED)),
        }
    }

    /// Takes a refusal; returns also whether the device does not know function 22.
    pub(super) fn refused(&mut self, code: ExceptionCode) -> (Next, bool) {
        let is_mask = matches!(self.request, Request::MaskRegister { .. });
        if is_mask && code == ExceptionCode::ILLEGAL_FUNCTION {
            self.stage = Stage::ReadFirst;
            self.request = read(&self.tag);
            return (Next::Ask, true);
        }
        let outcome = match self.stage {
            Stage::ReadBack => Ok(UNCONFIRMED),
            Stage::Write | Stage::ReadFirst => Err(WriteError::Refused {
                reason: code.to_string(),
            }),
        };
        (Next::Done(outcome), false)
    }

    /// Takes note that there was no valid answer.
    pub(super) fn failed(&self, reason: String) -> Result<WriteReport, WriteError> {
        match self.stage {
            Stage::ReadBack => Ok(UNCONFIRMED),
            Stage::Write | Stage::ReadFirst => Err(WriteError::NoAnswer { reason }),
        }
    }

    fn report(&self, data: &[u8]) -> WriteReport {
        let confirmed = match (&self.wanted, data) {
            (Wanted::Coil(on), _) => super::pdu::bit(data, 0) == Some(*on),
            (Wanted::Registers(bytes), _) => bytes == data,
            (Wanted::Part { mask, bits }, &[high, low]) => {
                u16::from_be_bytes([high, low]) & mask == *bits
            }
            (Wanted::Part { .. }, _) => false,
        };
        let read_back = if self.tag.span.table.is_bits() {
            super::pdu::bit(data, 0).map(Value::Bool)
        } else {
            self.tag.format.decode(data).ok()
        };
        WriteReport {
            read_back,
            confirmed,
        }
    }
}

const UNCONFIRMED: WriteReport = WriteReport {
    read_back: None,
    confirmed: false,
};

fn read(tag: &Tag) -> Request {
    Request::Read {
        table: tag.span.table,
        start: tag.span.start,
        count: tag.span.count,
    }
}

fn wanted(tag: &Tag, value: &Value) -> Result<Wanted, WriteError> {
    if !tag.span.table.is_writable() {
        let title = tag.span.table.title();
        let reason = format!("{} is one of the {title}, which are read-only", tag.address);
        return Err(WriteError::ReadOnly { reason });
    }
    let not_a_value = |error: headworks_core::codec::EncodeError| WriteError::Value {
        reason: error.to_string(),
    };
    if tag.span.table == Table::Coil {
        return tag
            .format
            .want_bool(value)
            .map(Wanted::Coil)
            .map_err(not_a_value);
    }
    if let Some(part) = part(tag, value)? {
        return Ok(part);
    }
    if WRITE_REGISTERS_MAX < tag.span.count {
        let reason = format!(
            "{} has {} registers; one write takes {WRITE_REGISTERS_MAX} at most",
            tag.address, tag.span.count
        );
        return Err(WriteError::ReadOnly { reason });
    }
    tag.format
        .encode(value)
        .map(Wanted::Registers)
        .map_err(not_a_value)
}

/// Returns what a tag that is only a part of its register shall hold.
fn part(tag: &Tag, value: &Value) -> Result<Option<Wanted>, WriteError> {
    let (mask, bits) = match (tag.format.data_type(), tag.format.bit()) {
        (DataType::Bool, Some(bit)) => {
            let on = tag
                .format
                .want_bool(value)
                .map_err(|error| WriteError::Value {
                    reason: error.to_string(),
                })?;
            (1 << bit, u16::from(on) << bit)
        }
        (DataType::Int8 | DataType::Uint8, _) => (0x00FF, byte(tag, value)?.into()),
        (DataType::Int8High | DataType::Uint8High, _) => {
            (0xFF00, u16::from(byte(tag, value)?) << 8)
        }
        _ => return Ok(None),
    };
    let swapped = matches!(tag.order, ByteOrder::Badc | ByteOrder::Dcba);
    let on_wire = |word: u16| if swapped { word.swap_bytes() } else { word };
    Ok(Some(Wanted::Part {
        mask: on_wire(mask),
        bits: on_wire(bits),
    }))
}

/// Returns the nearest integer as one byte, signed as the type is.
fn byte(tag: &Tag, value: &Value) -> Result<u8, WriteError> {
    let data_type = tag.format.data_type();
    let (min, max) = data_type.range().unwrap_or((0.0, 255.0));
    let number = value.as_f64().map(f64::round);
    match number.filter(|number| (min..=max).contains(number)) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "-128 to 255; the low byte is the two's complement"
        )]
        Some(number) => Ok(number as i16 as u8),
        None => Err(WriteError::Value {
            reason: format!("{value} is out of range: {data_type} holds {min} to {max}"),
        }),
    }
}

#[cfg(test)]
mod tests;
