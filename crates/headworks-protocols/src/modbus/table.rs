//! The four tables of a Modbus device and spans of their addresses.
//!
//! Source: *MODBUS Application Protocol Specification V1.1b3*, section 4.3.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the four tables of a device; each has the addresses 0 to 65535.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Bits that can be written (0x references).
    Coil,
    /// Bits that can only be read (1x references).
    Discrete,
    /// Registers that can only be read (3x references).
    Input,
    /// Registers that can be written (4x references).
    Holding,
}

/// Addresses of one table: `count` of them from `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The table.
    pub table: Table,
    /// First address, from 0.
    pub start: u16,
    /// Number of addresses, at least 1.
    pub count: u16,
}

impl Table {
    /// Every table, in the order of the reference numbers.
    pub const ALL: [Table; 4] = [Table::Coil, Table::Discrete, Table::Input, Table::Holding];

    /// Returns whether the table holds bits, not registers.
    pub const fn is_bits(self) -> bool {
        matches!(self, Table::Coil | Table::Discrete)
    }

    /// Returns the most addresses that one read may ask for (sections 6.1 to 6.4).
    pub const fn read_max(self) -> u16 {
        if self.is_bits() { 2000 } else { 125 }
    }

    /// Returns the name as configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Coil => "coil",
            Table::Discrete => "discrete",
            Table::Input => "input",
            Table::Holding => "holding",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Span {
    /// Returns the address behind the last one: 65536 at most in a span that a device can have.
    pub const fn end(&self) -> u32 {
        self.start as u32 + self.count as u32
    }

    /// Returns whether every address of `other` is in this span.
    pub fn contains(&self, other: &Span) -> bool {
        self.table == other.table && self.start <= other.start && other.end() <= self.end()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.start)?;
        if 1 < self.count {
            write!(f, "..{}", self.end() - 1)?;
        }
        Ok(())
    }
}
