use std::time::Duration;

use headworks_core::model::{ObjectBody, ObjectId};

use super::super::super::pdu::Request;
use super::super::unit::Unit;
use super::*;

/// Two devices with everything that a plant can hold.
pub(in super::super) const PLANT: &str = r#"
    [[device]]
    name = "Tank"
    path = "test/tank"
    unit_id = 6
    strict = true
    tag = [
        { name = "level", address = "HR0", scale = 0.1, signal = "follow:100ms:level_setpoint" },
        { name = "level_setpoint", address = "HR1", scale = 0.1, signal = "setpoint:62" },
    { name = "speed_setpoint", address = "HR2", data_type = "float32", signal = "setpoint:1450" },
        { name = "flags", address = "HR4.9", data_type = "bool", signal = "constant:1" },
        { name = "more_flags", address = "HR4.0", data_type = "bool", signal = "constant:1" },
        { name = "kind", address = "HR5", data_type = "string", length = 3, signal = "text:tank" },
        { name = "valve", address = "C0", data_type = "bool", signal = "setpoint:1" },
        { name = "drain", address = "C1", data_type = "bool", signal = "setpoint:0" },
        { name = "full", address = "DI0", data_type = "bool", signal = "constant:1" },
        { name = "count", address = "IR0", signal = "counter:0/s:65538" },
    ]

    [[device]]
    name = "Free"
    path = "test/free"
    unit_id = 7
    order = "CDAB"
    forbidden = ["holding:40..49"]
    tag = [
        { name = "total", address = "HR10", data_type = "uint32", signal = "constant:305419896" },
    ]
"#;

#[test]
fn the_demo_gives_the_hub_objects_that_are_valid() {
    let id: ObjectId = "0192d3c0-0000-7000-8000-000000000000".parse().unwrap();
    let plant = demo_plant();
    assert_eq!(plant.devices.len(), 6);
    Plant::connection("Simulator", "127.0.0.1:5020")
        .check()
        .unwrap();
    for device in &plant.devices {
        device.device(id).check().unwrap();
        for tag in device.tags(id) {
            tag.check().unwrap();
            let address: Address = tag.address.parse().unwrap();
            assert!(!tag.writable || matches!(address.table, Table::Coil | Table::Holding));
            assert_eq!(
                address.table.is_bits() || address.bit.is_some(),
                tag.data_type == DataType::Bool
            );
        }
    }
    let writable = plant
        .devices
        .iter()
        .flat_map(|device| device.tags(id))
        .filter(|tag| tag.writable);
    assert_eq!(writable.count(), 8);
}

#[track_caller]
fn check_plant(change: (&str, &str), want: &str) {
    let text = PLANT.replacen(change.0, change.1, 1);
    assert_ne!(text, PLANT);
    let error = Plant::from_toml(&text).unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn mistakes_in_a_plant_name_their_place() {
    check_plant(
        ("unit_id = 6", "unit_id = 0"),
        "device \"Tank\": unit_id: 0; 1 to 247",
    );
    check_plant(
        ("\"Free\"", "\"Tank\""),
        "device \"Tank\": name: another device has it",
    );
    check_plant(
        ("40..49", "49..40"),
        "device \"Free\": forbidden: \"holding:49..40\"",
    );
    check_plant(
        ("\"kind\"", "\"level\""),
        "device \"Tank\", tag level: name: another tag",
    );
    check_plant(
        ("\"HR0\"", "\"XR0\""),
        "device \"Tank\", tag level: address: \"XR0\"",
    );
    check_plant(
        ("length = 3, ", ""),
        "tag kind: data_type: a string needs a length",
    );
    check_plant(
        ("100ms:level_setpoint", "100ms:kind"),
        "tag level: signal: \"kind\" is no set point",
    );
    check_plant(("scale = 0.1", "scale = 0"), "tag level: scale: scale 0");
    check_plant(
        ("\"C0\", data_type = \"bool\"", "\"C0\""),
        "tag valve: data_type: uint16",
    );
    check_plant(
        ("\"HR2\"", "\"HR65535\""),
        "tag speed_setpoint: address: ends beyond",
    );
    check_plant(("constant:1", "constant:x"), "\"x\" is no finite number");
    check_plant(("strict", "strickt"), "unknown field `strickt`");
}

#[test]
fn a_generated_plant_is_valid_and_full() {
    let plant = Plant::generated(100, 1000, 1);
    plant.check().unwrap();
    assert_eq!(
        (plant.devices.len(), plant.devices[99].tags.len()),
        (100, 1000)
    );
    let unit = Unit::new(&plant.devices[0], 1);
    let mut pdu = Vec::new();
    let request = Request::Read {
        table: Table::Holding,
        start: 875,
        count: 125,
    };
    request.encode(&mut pdu);
    let mut answer = Vec::new();
    unit.answer(&pdu, Duration::from_secs(5), &mut answer);
    assert_eq!(answer.len(), 252);
    assert!(20 < answer[2..].iter().filter(|byte| **byte != 0).count());
}
