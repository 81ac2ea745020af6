use std::time::Duration;

use headworks_core::RegisterFormat;

use super::*;
use crate::modbus::address::Address;
use crate::modbus::table::Span;

fn tag(address: &str, data_type: DataType, order: ByteOrder) -> Tag {
    let address: Address = address.parse().unwrap();
    let format = RegisterFormat::new(data_type, order, None, address.bit).unwrap();
    Tag {
        index: TagIndex(1),
        path: "plant/t".parse().unwrap(),
        address,
        span: Span {
            table: address.table,
            start: address.start,
            count: format.registers(),
        },
        format,
        order,
        period: Duration::from_secs(1),
        writable: true,
    }
}

#[track_caller]
fn check(address: &str, data_type: DataType, order: ByteOrder, value: Value, want: Request) {
    let tag = tag(address, data_type, order);
    let (reply, _outcome) = oneshot::channel();
    let job = WriteJob::new(&tag, &DeviceSettings::default(), false, &value, reply).unwrap();
    assert_eq!(*job.request(), want);
}

#[test]
fn parts_of_a_register_are_masked_where_they_stand_on_the_wire() {
    use ByteOrder::{Abcd, Badc};
    let mask = |and_mask, or_mask| Request::MaskRegister {
        address: 4,
        and_mask,
        or_mask,
    };
    for (address, data_type, order, value, want) in [
        (
            "HR4.0",
            DataType::Bool,
            Abcd,
            Value::Bool(true),
            mask(0xFFFE, 1),
        ),
        (
            "HR4.0",
            DataType::Bool,
            Badc,
            Value::Bool(true),
            mask(0xFEFF, 0x100),
        ),
        (
            "HR4.15",
            DataType::Bool,
            Abcd,
            Value::I64(0),
            mask(0x7FFF, 0),
        ),
        (
            "HR4",
            DataType::Int8,
            Abcd,
            Value::I64(-2),
            mask(0xFF00, 0xFE),
        ),
        (
            "HR4",
            DataType::Uint8High,
            Abcd,
            Value::F64(254.6),
            mask(0x00FF, 0xFF00),
        ),
        (
            "HR4",
            DataType::Uint8High,
            Badc,
            Value::I64(1),
            mask(0xFF00, 1),
        ),
    ] {
        check(address, data_type, order, value, want);
    }
}

#[test]
fn whole_values_are_written_with_the_least_function() {
    let order = ByteOrder::Cdab;
    let single = Request::WriteRegister {
        address: 4,
        value: 0xFFFF,
    };
    check("HR4", DataType::Int16, order, Value::I64(-1), single);
    let double = Request::WriteRegisters {
        start: 4,
        bytes: vec![0x56, 0x78, 0x12, 0x34],
    };
    check(
        "HR4",
        DataType::Uint32,
        order,
        Value::I64(0x1234_5678),
        double,
    );
    let coil = Request::WriteCoil {
        address: 4,
        on: true,
    };
    check("C4", DataType::Bool, order, Value::F64(1.0), coil);
}

#[test]
fn a_byte_out_of_range_is_refused() {
    let tag = tag("HR4", DataType::Uint8, ByteOrder::Abcd);
    let (reply, _outcome) = oneshot::channel();
    let refused = WriteJob::new(
        &tag,
        &DeviceSettings::default(),
        false,
        &Value::I64(256),
        reply,
    );
    let (error, _) = refused.unwrap_err();
    assert_eq!(
        error.to_string(),
        "256 is out of range: uint8 holds 0 to 255"
    );
}
