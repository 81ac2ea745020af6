//! Addresses of tags, in every notation that manuals use.
//!
//! Source of the 5- and 6-digit notation: the reference numbers of the *Modicon Modbus Protocol
//! Reference Guide* (PI-MBUS-300); of the tables and the limit of 65536: *MODBUS Application
//! Protocol Specification V1.1b3*, sections 4.3 and 4.4.

use std::fmt;
use std::str::FromStr;

use super::table::Table;

/// Where a tag stands in a device: a table, an address from 0, perhaps one bit of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The table.
    pub table: Table,
    /// The address as it goes over the wire, from 0.
    pub start: u16,
    /// One bit of the register, 0 the lowest; only with the two tables of registers.
    pub bit: Option<u8>, // invariant: 0..=15
}

/// How addresses are written, one line.
pub const ADDRESS_HELP: &str = "holding register 40001, 400001, 4x00001, HR0 or holding:0 (all \
    the same); input register 30001, IR0 or input:0; coil 00001, C0 or coil:0; discrete input \
    10001, DI0 or discrete:0; one bit of a register 40001.3 or HR0.3. Numbers of five or six \
    digits count from 1, those after a name from 0";

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing is there.
    #[error("the address is empty; write e.g. 40001 or HR0 for the first holding register")]
    Empty,
    /// None of the notations.
    #[error("{text:?} is no Modbus address; write {ADDRESS_HELP}")]
    Form {
        /// The text given.
        text: String,
    },
    /// A number without a table.
    #[error(
        "{text:?} does not say which table; write HR{text}, IR{text}, C{text} or DI{text} for an \
         address from 0, or five or six digits such as 40001"
    )]
    Bare {
        /// The text given.
        text: String,
    },
    /// The first digit names no table.
    #[error(
        "{text:?} starts with {digit}, which is no table: 0 is coils, 1 discrete inputs, 3 input \
         registers, 4 holding registers"
    )]
    Digit {
        /// The text given.
        text: String,
        /// Its first digit.
        digit: char,
    },
    /// Number 0 where counting starts at 1.
    #[error("{text:?} counts from 1, so {zero} does not exist; the first is {first}")]
    Zero {
        /// The text given.
        text: String,
        /// What was meant.
        zero: String,
        /// The least that works.
        first: String,
    },
    /// Beyond the table's end.
    #[error("{text:?} is beyond the table, which has addresses 0 to 65535 (numbers 1 to 65536)")]
    Beyond {
        /// The text given.
        text: String,
    },
    /// Not a bit of a register.
    #[error("{text:?}: {bit:?} is no bit of a register; bits are 0 to 15, 0 the lowest")]
    Bit {
        /// The text given.
        text: String,
        /// What stands behind the point.
        bit: String,
    },
    /// A bit of a bit.
    #[error("{text:?}: {} are bits already; leave .{bit} away", table.title())]
    BitOfBit {
        /// The text given.
        text: String,
        /// The table.
        table: Table,
        /// What stands behind the point.
        bit: u8,
    },
}

/// Names of tables before an address from 0, longest first where one starts another.
const NAMES: [(&str, Table); 14] = [
    ("holding:", Table::Holding),
    ("input:", Table::Input),
    ("coil:", Table::Coil),
    ("discrete:", Table::Discrete),
    ("hr:", Table::Holding),
    ("ir:", Table::Input),
    ("di:", Table::Discrete),
    ("co:", Table::Coil),
    ("c:", Table::Coil),
    ("hr", Table::Holding),
    ("ir", Table::Input),
    ("di", Table::Discrete),
    ("co", Table::Coil),
    ("c", Table::Coil),
];

impl Address {
    /// Returns the address of a whole register or a bit of a table of bits.
    pub const fn new(table: Table, start: u16) -> Address {
        let bit = None;
        Address { table, start, bit }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(AddressError::Empty);
        }
        let (point, bit) = match trimmed.split_once('.') {
            Some((point, bit)) => (point, Some(parse_bit(trimmed, bit)?)),
            None => (trimmed, None),
        };
        let (table, start) = parse_point(trimmed, point)?;
        match bit {
            Some(bit) if table.is_bits() => Err(AddressError::BitOfBit {
                text: trimmed.to_owned(),
                table,
                bit,
            }),
            _ => Ok(Address { table, start, bit }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.table {
            Table::Coil => "C",
            Table::Discrete => "DI",
            Table::Holding => "HR",
            Table::Input => "IR",
        };
        write!(f, "{name}{}", self.start)?;
        self.bit.map_or(Ok(()), |bit| write!(f, ".{bit}"))
    }
}

fn parse_bit(text: &str, bit: &str) -> Result<u8, AddressError> {
    digits(bit)
        .and_then(|number| u8::try_from(number).ok())
        .filter(|&number| number <= 15)
        .ok_or_else(|| AddressError::Bit {
            text: text.to_owned(),
            bit: bit.to_owned(),
        })
}

fn parse_point(text: &str, point: &str) -> Result<(Table, u16), AddressError> {
    let lower = point.to_ascii_lowercase();
    for (name, table) in NAMES {
        if let Some(rest) = lower.strip_prefix(name) {
            return Ok((table, from_zero(text, rest)?));
        }
    }
    if let Some((digit, number)) = lower.split_once('x')
        && digit.len() == 1
    {
        return from_one(text, digit, number);
    }
    match (digits(point), point.len()) {
        (Some(_), 5 | 6) => from_one(text, &point[..1], &point[1..]),
        (Some(_), 1..=4) => Err(AddressError::Bare {
            text: text.to_owned(),
        }),
        _ => Err(form(text)),
    }
}

/// Reads an address that counts from 0, decimal or with `0x` hexadecimal.
fn from_zero(text: &str, number: &str) -> Result<u16, AddressError> {
    let number = match number.strip_prefix("0x") {
        Some(hex) if is_all(hex, |byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).unwrap_or(u32::MAX)
        }
        _ => digits(number).ok_or_else(|| form(text))?,
    };
    u16::try_from(number).map_err(|_| beyond(text))
}

/// Reads a reference number, which counts from 1.
fn from_one(text: &str, digit: &str, number: &str) -> Result<(Table, u16), AddressError> {
    let table = match digit {
        "0" => Table::Coil,
        "1" => Table::Discrete,
        "3" => Table::Input,
        "4" => Table::Holding,
        _ => {
            return Err(digit
                .chars()
                .next()
                .filter(char::is_ascii_digit)
                .map_or_else(
                    || form(text),
                    |digit| AddressError::Digit {
                        text: text.to_owned(),
                        digit,
                    },
                ));
        }
    };
    let number_read = digits(number).ok_or_else(|| form(text))?;
    if number_read == 0 {
        let first = format!(
            "{}1",
            &text[..text.find(number).unwrap_or(0) + number.len() - 1]
        );
        return Err(AddressError::Zero {
            text: text.to_owned(),
            zero: number.to_owned(),
            first,
        });
    }
    let start = u16::try_from(number_read - 1).map_err(|_| beyond(text))?;
    Ok((table, start))
}

/// Reads decimal digits and nothing else; what no `u32` holds is as good as its greatest.
fn digits(text: &str) -> Option<u32> {
    is_all(text, |byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u32::MAX))
}

fn is_all(text: &str, wanted: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(wanted)
}

fn form(text: &str) -> AddressError {
    AddressError::Form {
        text: text.to_owned(),
    }
}

fn beyond(text: &str) -> AddressError {
    AddressError::Beyond {
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
