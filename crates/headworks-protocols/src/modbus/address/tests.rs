use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(texts: &[&str], want: &str) {
    for text in texts {
        let address: Address = text.parse().unwrap();
        assert_eq!(address.to_string(), want, "{text}");
    }
}

#[track_caller]
fn check_error(text: &str, want: &str) {
    let error = text.parse::<Address>().unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn all_notations_of_a_register_are_one() {
    check(
        &[
            "40001",
            "400001",
            "4x00001",
            "4x1",
            "4X1",
            "HR0",
            "hr0",
            "holding:0",
            "HR:0",
            " 40001 ",
            "HR0x0",
        ],
        "HR0",
    );
    check(&["30001", "300001", "3x00001", "IR0", "input:0"], "IR0");
    check(&["00001", "000001", "0x00001", "C0", "coil:0", "CO0"], "C0");
    check(&["10001", "100001", "1x00001", "DI0", "discrete:0"], "DI0");
}

#[test]
fn the_ends_of_the_notations_are_right() {
    check(&["49999", "409999", "HR9998"], "HR9998");
    check(&["465536", "4x65536", "HR65535", "HR0xFFFF"], "HR65535");
    check(&["065536", "C65535"], "C65535");
    check(&["410001"], "HR10000");
}

#[test]
fn bits_of_registers_are_named() {
    check(&["40001.3", "HR0.3", "holding:0.3"], "HR0.3");
    check(&["30002.15"], "IR1.15");
    check_error("40001.16", "bits are 0 to 15");
    check_error("40001.", "\"\" is no bit of a register");
    check_error("40001.x", "\"x\" is no bit");
    check_error("00001.3", "coils are bits already; leave .3 away");
}

#[test]
fn errors_name_the_text_and_the_remedy() {
    check_error("", "write e.g. 40001");
    check_error("  ", "write e.g. 40001");
    check_error("7", "write HR7, IR7, C7 or DI7");
    check_error("20001", "starts with 2, which is no table");
    check_error("5x1", "starts with 5");
    check_error("40000", "the first is 40001");
    check_error("400000", "the first is 400001");
    check_error("4x0", "the first is 4x1");
    check_error("465537", "beyond the table");
    check_error("HR65536", "beyond the table");
    check_error("HR0x10000", "beyond the table");
    check_error("holding:99999999999999", "beyond the table");
    check_error(
        "4000001",
        "is no Modbus address; write holding register 40001",
    );
    check_error("HR", "is no Modbus address");
    check_error("HR-1", "is no Modbus address");
    check_error("DB1.DBW0", "is no bit of a register");
    check_error("temperature", "is no Modbus address");
    check_error("4ä001", "is no Modbus address");
    check_error("äx1", "is no Modbus address");
}

proptest! {
    #[test]
    fn the_canonical_form_comes_back(
        table in prop::sample::select(&Table::ALL[..]),
        start: u16,
        bit in prop::option::of(0..=15u8),
    ) {
        let bit = bit.filter(|_| !table.is_bits());
        let address = Address { table, start, bit };
        prop_assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn any_text_is_an_address_or_an_error(text in ".{0,12}") {
        // What is wanted is that this returns at all.
        let _address = text.parse::<Address>();
    }

    #[test]
    fn any_near_miss_is_an_address_or_an_error(text in "[0-9xhrc:.dioé]{0,9}") {
        let _address = text.parse::<Address>();
    }
}
