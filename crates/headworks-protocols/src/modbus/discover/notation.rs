//! One address in every notation that manuals use.

use serde::Serialize;

use crate::modbus::address::Address;
use crate::modbus::table::Table;

/// Greatest address that five digits can write.
const FIVE_DIGITS_MAX: u16 = 9998;

/// An address as every manual would write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Notations {
    /// What stands there: `coil`, `discrete`, `input` or `holding`.
    pub kind: Table,
    /// As it goes over the wire, from 0.
    pub zero_based: u16,
    /// In hexadecimal digits, e.g. `0x0064`.
    pub hex: String,
    /// As tags write it, e.g. `HR100`.
    pub tag: String,
    /// Five digits that count from 1, e.g. `40101`; none above 9998.
    pub five_digits: Option<String>,
    /// Six digits that count from 1, e.g. `400101`.
    pub six_digits: String,
}

impl Notations {
    /// Returns the notations of an address.
    pub fn of(table: Table, start: u16) -> Notations {
        let digit = reference_digit(table);
        let number = u32::from(start) + 1;
        Notations {
            kind: table,
            zero_based: start,
            hex: format!("0x{start:04X}"),
            tag: Address::new(table, start).to_string(),
            five_digits: (start <= FIVE_DIGITS_MAX).then(|| format!("{digit}{number:04}")),
            six_digits: format!("{digit}{number:05}"),
        }
    }
}

/// Returns the first digit of reference numbers of a table.
const fn reference_digit(table: Table) -> char {
    match table {
        Table::Coil => '0',
        Table::Discrete => '1',
        Table::Input => '3',
        Table::Holding => '4',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_and_the_last_register_are_written_as_in_manuals() {
        let first = Notations::of(Table::Holding, 0);
        assert_eq!(first.five_digits.as_deref(), Some("40001"));
        assert_eq!(first.six_digits, "400001");
        assert_eq!((first.hex.as_str(), first.tag.as_str()), ("0x0000", "HR0"));
        let last = Notations::of(Table::Input, u16::MAX);
        assert_eq!(last.five_digits, None);
        assert_eq!(last.six_digits, "365536");
        assert_eq!(last.hex, "0xFFFF");
    }

    proptest! {
        #[test]
        fn every_notation_is_read_back_as_the_same_address(table in 0_usize..4, start: u16) {
            let table = Table::ALL[table];
            let notations = Notations::of(table, start);
            let hex = format!("{table}:{}", notations.hex);
            let zero_based = format!("{table}:{}", notations.zero_based);
            let five = notations.five_digits.into_iter();
            for text in five.chain([hex, zero_based, notations.tag, notations.six_digits]) {
                prop_assert_eq!(text.parse(), Ok(Address::new(table, start)), "{}", text);
            }
        }
    }
}
