//! Modbus application protocol: requests and answers, both directions, no sockets.
//!
//! Source: *MODBUS Application Protocol Specification V1.1b3* ("the specification" below). A PDU
//! is a function code and its data (section 4.1). The client encodes a [`Request`] and checks
//! what came back with [`Request::decode_answer`]; the server decodes with [`Request::decode`] and
//! encodes with [`Request::encode_answer`] or [`encode_exception`].

use super::exception::ExceptionCode;
use super::identity;
pub use super::table::Table;

/// Most bytes of a PDU (section 4.1).
pub const PDU_BYTES_MAX: usize = 253;
/// Most registers one read may ask for (sections 6.3 and 6.4).
pub const READ_REGISTERS_MAX: u16 = 125;
/// Most coils one write may set (section 6.11).
pub const WRITE_BITS_MAX: u16 = 1968;
/// Most registers one write may set (section 6.12).
pub const WRITE_REGISTERS_MAX: u16 = 123;
/// Most registers that function 23 may set (section 6.17).
pub const READ_WRITE_REGISTERS_MAX: u16 = 121;
/// The bit of the function code that marks a refusal (section 7).
pub const EXCEPTION_BIT: u8 = 0x80;
/// The value of a coil that is on, in function 5 (section 6.5).
const COIL_ON: u16 = 0xFF00;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Functions 1 to 4 (sections 6.1 to 6.4).
    Read {
        /// The table.
        table: Table,
        /// First address, from 0.
        start: u16,
        /// Bits or registers.
        count: u16,
    },
    /// Function 5 (section 6.5).
    WriteCoil {
        /// Address, from 0.
        address: u16,
        /// The state.
        on: bool,
    },
    /// Function 6 (section 6.6).
    WriteRegister {
        /// Address, from 0.
        address: u16,
        /// The register.
        value: u16,
    },
    /// Function 15 (section 6.11).
    WriteCoils {
        /// First address, from 0.
        start: u16,
        /// The states, 1 to [`WRITE_BITS_MAX`].
        values: Vec<bool>,
    },
    /// Function 16 (section 6.12).
    WriteRegisters {
        /// First address, from 0.
        start: u16,
        /// The registers, two bytes each, 1 to [`WRITE_REGISTERS_MAX`].
        bytes: Vec<u8>,
    },
    /// Function 22 (section 6.16): `(old AND and_mask) OR (or_mask AND NOT and_mask)`.
    MaskRegister {
        /// Address, from 0.
        address: u16,
        /// Bits to keep.
        and_mask: u16,
        /// Bits to set among those not kept.
        or_mask: u16,
    },
    /// Function 23 (section 6.17); the write comes before the read.
    ReadWriteRegisters {
        /// First address to read, from 0.
        read_start: u16,
        /// Registers to read.
        read_count: u16,
        /// First address to write, from 0.
        write_start: u16,
        /// The registers to write, two bytes each, 1 to [`READ_WRITE_REGISTERS_MAX`].
        bytes: Vec<u8>,
    },
    /// Function 43 with MEI type 14, device identification (section 6.21).
    Identify {
        /// What is asked: 1 basic, 2 regular, 3 extended, 4 one object alone.
        level: u8,
        /// The first object wanted.
        object: u8,
    },
}

/// What a device answered, checked against the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The data of a read: registers of two bytes, or bits packed from the lowest bit on.
    Data(&'a [u8]),
    /// The write is done.
    Done,
}

/// Why bytes are not the answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The device refused.
    #[error("{0}")]
    Exception(ExceptionCode),
    /// There is no PDU.
    #[error("the answer is empty")]
    Empty,
    /// The answer belongs to another function.
    #[error("function {found} was answered where {want} was asked")]
    Function {
        /// Function asked.
        want: u8,
        /// Function answered.
        found: u8,
    },
    /// The answer is shorter or longer than its function says.
    #[error("the answer has {found} bytes where {want} are right")]
    Length {
        /// Bytes that are right.
        want: usize,
        /// Bytes received.
        found: usize,
    },
    /// The device sent more or less data than asked for.
    #[error("the answer says {found} data bytes where {want} were asked")]
    ByteCount {
        /// Bytes asked.
        want: usize,
        /// Bytes said.
        found: usize,
    },
    /// The answer to a write names another address or value.
    #[error("the answer to the write repeats {found:02X?} where {want:02X?} was sent")]
    Echo {
        /// Bytes that should have been repeated.
        want: Vec<u8>,
        /// Bytes received.
        found: Vec<u8>,
    },
}

impl AnswerError {
    /// Returns the device's reason when it refused.
    pub fn exception(&self) -> Option<ExceptionCode> {
        match self {
            AnswerError::Exception(code) => Some(*code),
            _ => None,
        }
    }
}

impl Table {
    /// Returns the function that reads the table (section 6).
    pub const fn function(self) -> u8 {
        match self {
            Table::Coil => 1,
            Table::Discrete => 2,
            Table::Holding => 3,
            Table::Input => 4,
        }
    }

    /// Returns whether the protocol can write the table.
    pub const fn is_writable(self) -> bool {
        matches!(self, Table::Coil | Table::Holding)
    }

    /// Returns the data bytes of `count` items.
    pub const fn bytes(self, count: u16) -> usize {
        if self.is_bits() {
            (count as usize).div_ceil(8)
        } else {
            count as usize * 2
        }
    }

    /// Returns the name as the specification writes it.
    pub const fn title(self) -> &'static str {
        match self {
            Table::Coil => "coils",
            Table::Discrete => "discrete inputs",
            Table::Holding => "holding registers",
            Table::Input => "input registers",
        }
    }
}

impl Request {
    /// Returns the function code (section 5.1).
    pub const fn function(&self) -> u8 {
        match self {
            Request::Read { table, .. } => table.function(),
            Request::WriteCoil { .. } => 5,
            Request::WriteRegister { .. } => 6,
            Request::WriteCoils { .. } => 15,
            Request::WriteRegisters { .. } => 16,
            Request::MaskRegister { .. } => 22,
            Request::ReadWriteRegisters { .. } => 23,
            Request::Identify { .. } => identity::FUNCTION,
        }
    }

    /// Appends the PDU of the request (section 6).
    ///
    /// # Panics
    ///
    /// When a count is 0 or above the limit of its function, or the addresses end beyond 65535:
    /// the caller plans within the limits.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.check().is_ok(), "{self:?} breaks a limit");
        out.push(self.function());
        match self {
            Request::Read { start, count, .. } => put(out, &[*start, *count]),
            Request::WriteCoil { address, on } => put(out, &[*address, coil(*on)]),
            Request::WriteRegister { address, value } => put(out, &[*address, *value]),
            Request::WriteCoils { start, values } => {
                put(out, &[*start, length(values.len())]);
                let bytes = pack_bits(values);
                out.push(byte_count(bytes.len()));
                out.extend_from_slice(&bytes);
            }
            Request::WriteRegisters { start, bytes } => {
                put(out, &[*start, length(bytes.len() / 2)]);
                out.push(byte_count(bytes.len()));
                out.extend_from_slice(bytes);
            }
            Request::MaskRegister {
                address,
                and_mask,
                or_mask,
            } => put(out, &[*address, *and_mask, *or_mask]),
            Request::ReadWriteRegisters {
                read_start,
                read_count,
                write_start,
                bytes,
            } => {
                let write_count = length(bytes.len() / 2);
                put(out, &[*read_start, *read_count, *write_start, write_count]);
                out.push(byte_count(bytes.len()));
                out.extend_from_slice(bytes);
            }
            Request::Identify { level, object } => out.extend([identity::MEI, *level, *object]),
        }
    }

    /// Returns the request that a client sent (section 6).
    ///
    /// # Errors
    ///
    /// The exception that a server has to answer with: 01 for a function not known, 03 for a
    /// count, length or value that is not allowed, 02 for addresses beyond 65535.
    pub fn decode(pdu: &[u8]) -> Result<Request, ExceptionCode> {
        let (&function, data) = pdu.split_first().ok_or(ExceptionCode::ILLEGAL_FUNCTION)?;
        let request = match function {
            1 => read(Table::Coil, data)?,
            2 => read(Table::Discrete, data)?,
            3 => read(Table::Holding, data)?,
            4 => read(Table::Input, data)?,
            5 => {
                let [address, value] = words(data)?;
                let on = match value {
                    COIL_ON => true,
                    0 => false,
                    _ => return Err(ExceptionCode::ILLEGAL_DATA_VALUE),
                };
                Request::WriteCoil { address, on }
            }
            6 => {
                let [address, value] = words(data)?;
                Request::WriteRegister { address, value }
            }
            15 => decode_write_coils(data)?,
            16 => decode_write_registers(data)?,
            22 => {
                let [address, and_mask, or_mask] = words(data)?;
                Request::MaskRegister {
                    address,
                    and_mask,
                    or_mask,
                }
            }
            23 => decode_read_write(data)?,
            identity::FUNCTION => identity::decode_request(data)?,
            _ => return Err(ExceptionCode::ILLEGAL_FUNCTION),
        };
        request.check()?;
        Ok(request)
    }

    /// Checks counts and addresses (the "state diagrams" of section 6).
    ///
    /// # Errors
    ///
    /// Exception 03 for a count of 0 or above the limit, else 02 for addresses beyond 65535.
    pub fn check(&self) -> Result<(), ExceptionCode> {
        match self {
            Request::Read {
                table,
                start,
                count,
            } => check_span(*start, (*count).into(), table.read_max()),
            Request::WriteCoil { .. }
            | Request::WriteRegister { .. }
            | Request::MaskRegister { .. } => Ok(()),
            Request::Identify { level: 1..=4, .. } => Ok(()),
            Request::Identify { .. } => Err(ExceptionCode::ILLEGAL_DATA_VALUE),
            Request::WriteCoils { start, values } => {
                check_span(*start, values.len(), WRITE_BITS_MAX)
            }
            Request::WriteRegisters { start, bytes } => {
                check_even(bytes)?;
                check_span(*start, bytes.len() / 2, WRITE_REGISTERS_MAX)
            }
            Request::ReadWriteRegisters {
                read_start,
                read_count,
                write_start,
                bytes,
            } => {
                check_even(bytes)?;
                let write_count = bytes.len() / 2;
                check_count((*read_count).into(), READ_REGISTERS_MAX)?;
                check_span(*write_start, write_count, READ_WRITE_REGISTERS_MAX)?;
                check_span(*read_start, (*read_count).into(), READ_REGISTERS_MAX)
            }
        }
    }

    /// Returns what `pdu` answers to this request, every byte of it checked (section 6).
    ///
    /// # Errors
    ///
    /// [`AnswerError::Exception`] when the device refused; the other variants when the bytes are
    /// no answer to this request. Never panics, whatever the bytes.
    pub fn decode_answer<'a>(&self, pdu: &'a [u8]) -> Result<Answer<'a>, AnswerError> {
        let (&found, data) = pdu.split_first().ok_or(AnswerError::Empty)?;
        let want = self.function();
        if found == want | EXCEPTION_BIT {
            return match data {
                [code] => Err(AnswerError::Exception(ExceptionCode(*code))),
                _ => Err(wrong_length(2, pdu)),
            };
        }
        if found != want {
            return Err(AnswerError::Function { want, found });
        }
        match self {
            Request::Read { table, count, .. } => answer_data(pdu, table.bytes(*count)),
            Request::ReadWriteRegisters { read_count, .. } => {
                answer_data(pdu, usize::from(*read_count) * 2)
            }
            Request::WriteCoil { address, on } => answer_echo(pdu, &[*address, coil(*on)]),
            Request::WriteRegister { address, value } => answer_echo(pdu, &[*address, *value]),
            Request::WriteCoils { start, values } => {
                answer_echo(pdu, &[*start, length(values.len())])
            }
            Request::WriteRegisters { start, bytes } => {
                answer_echo(pdu, &[*start, length(bytes.len() / 2)])
            }
            Request::MaskRegister {
                address,
                and_mask,
                or_mask,
            } => answer_echo(pdu, &[*address, *and_mask, *or_mask]),
            Request::Identify { .. } => identity::check_answer(data).map(Answer::Data),
        }
    }

    /// Appends the PDU of the answer to this request (section 6).
    ///
    /// # Panics
    ///
    /// When the kind or the length of `answer` does not fit the request.
    pub fn encode_answer(&self, answer: Answer<'_>, out: &mut Vec<u8>) {
        out.push(self.function());
        match (self, answer) {
            (Request::Read { table, count, .. }, Answer::Data(bytes)) => {
                assert!(bytes.len() == table.bytes(*count), "{} bytes", bytes.len());
                out.push(byte_count(bytes.len()));
                out.extend_from_slice(bytes);
            }
            (Request::ReadWriteRegisters { read_count, .. }, Answer::Data(bytes)) => {
                assert!(bytes.len() == usize::from(*read_count) * 2);
                out.push(byte_count(bytes.len()));
                out.extend_from_slice(bytes);
            }
            (Request::Identify { .. }, Answer::Data(bytes)) => out.extend_from_slice(bytes),
            (Request::WriteCoil { address, on }, Answer::Done) => {
                put(out, &[*address, coil(*on)]);
            }
            (Request::WriteRegister { address, value }, Answer::Done) => {
                put(out, &[*address, *value]);
            }
            (Request::WriteCoils { start, values }, Answer::Done) => {
                put(out, &[*start, length(values.len())]);
            }
            (Request::WriteRegisters { start, bytes }, Answer::Done) => {
                put(out, &[*start, length(bytes.len() / 2)]);
            }
            (
                Request::MaskRegister {
                    address,
                    and_mask,
                    or_mask,
                },
                Answer::Done,
            ) => put(out, &[*address, *and_mask, *or_mask]),
            (request, answer) => panic!("{answer:?} is no answer to {request:?}"),
        }
    }
}

/// Appends the PDU of a refusal (section 7).
pub fn encode_exception(function: u8, code: ExceptionCode, out: &mut Vec<u8>) {
    out.push(function | EXCEPTION_BIT);
    out.push(code.0);
}

/// Returns bit `index` of the data of a read of bits (section 6.1), nothing beyond its end.
pub fn bit(data: &[u8], index: usize) -> Option<bool> {
    data.get(index / 8).map(|byte| byte >> (index % 8) & 1 == 1)
}

/// Packs bits from the lowest bit of the first byte on (section 6.1).
pub fn pack_bits(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|chunk| {
            chunk
                .iter()
                .rev()
                .fold(0, |byte, &on| byte << 1 | u8::from(on))
        })
        .collect()
}

const fn coil(on: bool) -> u16 {
    if on { COIL_ON } else { 0 }
}

fn put(out: &mut Vec<u8>, words: &[u16]) {
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

/// Lengths come here checked, so that the fallbacks cannot be reached.
fn length(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn byte_count(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

fn words<const N: usize>(data: &[u8]) -> Result<[u16; N], ExceptionCode> {
    if data.len() != N * 2 {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    let mut words = [0; N];
    for (word, pair) in words.iter_mut().zip(data.chunks_exact(2)) {
        *word = u16::from_be_bytes([pair[0], pair[1]]);
    }
    Ok(words)
}

/// Splits fixed words from the counted bytes behind them, whose count must be true.
fn words_and_bytes<const N: usize>(data: &[u8]) -> Result<([u16; N], &[u8]), ExceptionCode> {
    let (fixed, rest) = data
        .split_at_checked(N * 2)
        .ok_or(ExceptionCode::ILLEGAL_DATA_VALUE)?;
    let (&count, bytes) = rest
        .split_first()
        .ok_or(ExceptionCode::ILLEGAL_DATA_VALUE)?;
    if usize::from(count) != bytes.len() {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    Ok((words(fixed)?, bytes))
}

fn read(table: Table, data: &[u8]) -> Result<Request, ExceptionCode> {
    let [start, count] = words(data)?;
    Ok(Request::Read {
        table,
        start,
        count,
    })
}

fn decode_write_coils(data: &[u8]) -> Result<Request, ExceptionCode> {
    let ([start, count], bytes) = words_and_bytes(data)?;
    if bytes.len() != usize::from(count).div_ceil(8) {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    let values = (0..usize::from(count))
        .filter_map(|index| bit(bytes, index))
        .collect();
    Ok(Request::WriteCoils { start, values })
}

fn decode_write_registers(data: &[u8]) -> Result<Request, ExceptionCode> {
    let ([start, count], bytes) = words_and_bytes(data)?;
    if bytes.len() != usize::from(count) * 2 {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    let bytes = bytes.to_vec();
    Ok(Request::WriteRegisters { start, bytes })
}

fn decode_read_write(data: &[u8]) -> Result<Request, ExceptionCode> {
    let ([read_start, read_count, write_start, count], bytes) = words_and_bytes(data)?;
    if bytes.len() != usize::from(count) * 2 {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    Ok(Request::ReadWriteRegisters {
        read_start,
        read_count,
        write_start,
        bytes: bytes.to_vec(),
    })
}

fn check_count(count: usize, max: u16) -> Result<(), ExceptionCode> {
    if count == 0 || usize::from(max) < count {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    Ok(())
}

fn check_span(start: u16, count: usize, max: u16) -> Result<(), ExceptionCode> {
    check_count(count, max)?;
    if 0x1_0000 < usize::from(start) + count {
        return Err(ExceptionCode::ILLEGAL_DATA_ADDRESS);
    }
    Ok(())
}

fn check_even(bytes: &[u8]) -> Result<(), ExceptionCode> {
    if bytes.len() % 2 == 1 {
        return Err(ExceptionCode::ILLEGAL_DATA_VALUE);
    }
    Ok(())
}

fn wrong_length(want: usize, pdu: &[u8]) -> AnswerError {
    let found = pdu.len();
    AnswerError::Length { want, found }
}

/// The answer to a read: function, byte count, data (section 6.1 and following).
fn answer_data(pdu: &[u8], want: usize) -> Result<Answer<'_>, AnswerError> {
    let [_, count, data @ ..] = pdu else {
        return Err(wrong_length(want + 2, pdu));
    };
    let found = usize::from(*count);
    if found != want {
        return Err(AnswerError::ByteCount { want, found });
    }
    if data.len() != want {
        return Err(wrong_length(want + 2, pdu));
    }
    Ok(Answer::Data(data))
}

/// The answer to a write repeats the head of the request (section 6.5 and following).
fn answer_echo<'a>(pdu: &'a [u8], want: &[u16]) -> Result<Answer<'a>, AnswerError> {
    let mut echo = Vec::with_capacity(6);
    put(&mut echo, want);
    let found = &pdu[1..];
    if found.len() != echo.len() {
        return Err(wrong_length(echo.len() + 1, pdu));
    }
    if found != echo {
        return Err(AnswerError::Echo {
            want: echo,
            found: found.to_vec(),
        });
    }
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests;
