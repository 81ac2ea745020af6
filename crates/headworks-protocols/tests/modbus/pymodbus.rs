//! Every function, type and byte order against pymodbus, over every transport.

use std::time::Duration;

use headworks_core::{ByteOrder, DataType, Quality, TagIndex, Value};
use headworks_protocols::{DeviceConfig, DeviceState, TagConfig, modbus};
use serde_json::json;

use crate::harness::{Harness, device, link, object, read_only, settings, tag, tcp};
use crate::peers::{Peer, free_port, pymodbus, serial_line};

async fn tcp_peer(way: &str) -> (Peer, u16) {
    let port = free_port();
    let mut peer = pymodbus(&[way, &port.to_string()]);
    peer.wait_for_port(port).await;
    (peer, port)
}

fn ordered(number: u32, address: &str, data_type: DataType, order: ByteOrder) -> TagConfig {
    TagConfig {
        order: Some(order),
        ..tag(number, address, data_type)
    }
}

/// Tags of every type and byte order with the values that the peer has.
fn catalogue() -> Vec<(TagConfig, Value)> {
    use DataType::*;
    let mut all = vec![
        (tag(0, "40001", Uint16), Value::I64(1000)),
        (tag(1, "HR99", Uint16), Value::I64(1099)),
        (read_only(2, "30001", Uint16), Value::I64(2000)),
        (read_only(3, "DI0", Bool), Value::Bool(true)),
        (read_only(4, "10002", Bool), Value::Bool(false)),
        (tag(5, "C10", Bool), Value::Bool(false)),
        (tag(6, "HR132", Int32), Value::I64(-123_456)),
        (tag(7, "HR134", Int64), Value::I64(-1_234_567_890_123)),
        (tag(8, "HR138", Bcd16), Value::I64(1234)),
        (tag(9, "HR139", Bcd32), Value::I64(12_345_678)),
        (tag(10, "HR141", Float16), Value::F64(1.0)),
        (tag(11, "HR142", Int8High), Value::I64(-128)),
        (tag(12, "HR142", Int8), Value::I64(-1)),
        (tag(13, "HR142", Uint8), Value::I64(255)),
        (tag(14, "HR142", Uint8High), Value::I64(128)),
        (tag(15, "HR153", Uint64), Value::U64(u64::MAX)),
        (tag(16, "HR157", Int16), Value::I64(-32_768)),
        (tag(17, "HR158.3", Bool), Value::Bool(true)),
        (tag(18, "HR158.2", Bool), Value::Bool(false)),
        (tag(19, "HR158", Bool), Value::Bool(true)),
    ];
    let text = TagConfig {
        length: Some(6),
        ..tag(20, "HR143", String)
    };
    all.push((text, Value::Text("Headworks".into())));
    let orders = ByteOrder::ALL.into_iter().zip(0u32..);
    for (order, index) in orders {
        let at = |base: u32, width: u32| format!("HR{}", base + index * width);
        let uint32 = ordered(30 + index, &at(100, 2), Uint32, order);
        all.push((uint32, Value::I64(0x1234_5678)));
        let float32 = ordered(40 + index, &at(108, 2), Float32, order);
        all.push((float32, Value::F64(f64::from(123.456_f32))));
        let float64 = ordered(50 + index, &at(116, 4), Float64, order);
        all.push((float64, Value::F64(123_456.789)));
    }
    all
}

fn unit(tags: Vec<TagConfig>) -> Vec<DeviceConfig> {
    vec![device(2, json!({}), tags)]
}

/// Reads everything and writes with every function.
async fn check_all(connection: serde_json::Value) {
    let (tags, values): (Vec<_>, Vec<_>) = catalogue().into_iter().unzip();
    let mut harness = Harness::start(link(connection, unit(tags.clone())));
    for (tag, value) in tags.iter().zip(values) {
        harness.wait_value(tag.tag.0, value).await;
    }
    let writes = [
        (5, Value::Bool(true)),          // function 5
        (0, Value::I64(4711)),           // function 6
        (6, Value::I64(-2_000_000_000)), // function 16
        (17, Value::Bool(false)),        // function 22
        (11, Value::I64(5)),             // function 22, one byte
        (20, Value::Text("pumps".into())),
        (31, Value::I64(0xDEAD_BEEF)), // CDAB
        (42, Value::F64(-0.5)),        // BADC
        (53, Value::F64(1e300)),       // DCBA
        (15, Value::U64(u64::MAX - 1)),
    ];
    for (tag, value) in writes {
        let report = harness.write(tag, value.clone()).await.unwrap();
        assert!(
            report.confirmed,
            "{tag} {value}: {report:?}\n{}",
            harness.wire()
        );
        assert_eq!(report.read_back, Some(value.clone()), "{tag}");
        harness.wait_value(tag, value).await;
    }
    // The other byte of the register of tag 11 is untouched.
    harness.wait_value(12, Value::I64(-1)).await;
    let report = harness.poll(object(2)).await;
    assert_eq!((report.bad, report.error), (0, None));
    let state = harness.device(object(2));
    assert_eq!(state.state, DeviceState::Online);
    assert_eq!((state.timeouts, state.malformed), (0, 0), "{state:?}");
    harness.stop().await;
}

#[tokio::test]
async fn every_type_order_and_function_over_tcp() {
    let (_peer, port) = tcp_peer("tcp").await;
    check_all(json!({"endpoint": format!("127.0.0.1:{port}")})).await;
}

#[tokio::test]
async fn every_type_order_and_function_over_rtu_through_tcp() {
    let (_peer, port) = tcp_peer("rtu_over_tcp").await;
    let endpoint = format!("127.0.0.1:{port}");
    check_all(json!({"transport": "rtu_over_tcp", "endpoint": endpoint})).await;
}

#[tokio::test]
async fn every_type_order_and_function_over_ascii_through_tcp() {
    let (_peer, port) = tcp_peer("ascii_over_tcp").await;
    let endpoint = format!("127.0.0.1:{port}");
    check_all(json!({"transport": "ascii_over_tcp", "endpoint": endpoint})).await;
}

#[tokio::test]
async fn every_type_order_and_function_over_a_serial_line() {
    for way in ["rtu", "ascii"] {
        let line = serial_line().await;
        let _peer = pymodbus(&[way, &line.theirs]);
        let connection = json!({
            "transport": way,
            "serial_port": line.ours,
            "baud_rate": 19200,
            // The peer says by no sign that it is ready.
            "timeout_ms": 2000,
        });
        check_serial(connection).await;
    }
}

/// As [`check_all`], after the peer has come up.
async fn check_serial(connection: serde_json::Value) {
    let first = vec![tag(0, "HR0", DataType::Uint16)];
    let mut harness = Harness::start(link(connection.clone(), unit(first)));
    harness.wait_value(0, Value::I64(1000)).await;
    harness.stop().await;
    check_all(connection).await;
}

#[tokio::test]
async fn exceptions_become_qualities() {
    let (_peer, port) = tcp_peer("tcp").await;
    let tags = vec![
        tag(0, "HR0", DataType::Uint16),
        tag(1, "HR5000", DataType::Uint16),
        tag(2, "HR149", DataType::Float32),
        tag(3, "HR151", DataType::Float32),
        tag(4, "HR142", DataType::Bcd16),
    ];
    let mut harness = Harness::start(link(tcp(port), unit(tags)));
    harness.wait_value(0, Value::I64(1000)).await;
    for (tag, quality) in [
        (1, Quality::BAD_NODE_ID_UNKNOWN),
        (2, Quality::BAD_SENSOR_FAILURE),
        (3, Quality::BAD_SENSOR_FAILURE),
        (4, Quality::BAD_DECODING),
    ] {
        harness
            .wait_for(tag, |sample| sample.quality == quality)
            .await;
    }
    let counts = harness.take_for(Duration::from_millis(300)).await;
    assert!(3 <= counts[&TagIndex(0)], "{counts:?}");
    assert_eq!(counts.len(), 1, "bad tags are sent once: {counts:?}");
    let report = harness.poll(object(2)).await;
    assert_eq!((report.good, report.bad), (1, 4));
    let error = harness.write(1, Value::I64(1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the device refused: exception 02 (illegal data address)"
    );
    harness.stop().await;
}

#[tokio::test]
async fn a_gap_that_the_device_lacks_is_learned_within_one_scan() {
    let (_peer, port) = tcp_peer("tcp").await;
    // Input registers end at 99, holding registers at 299: the last tag does not exist.
    let tags: Vec<TagConfig> = (0..12)
        .map(|number| read_only(number, &format!("IR{}", 80 + number * 2), DataType::Uint16))
        .collect();
    let mut harness = Harness::start(link(tcp(port), unit(tags)));
    for number in 0..10 {
        harness
            .wait_value(number, Value::I64(2080 + i64::from(number) * 2))
            .await;
    }
    for number in 10..12 {
        let unknown = Quality::BAD_NODE_ID_UNKNOWN;
        harness
            .wait_for(number, |sample| sample.quality == unknown)
            .await;
    }
    let refused = harness.device(object(2)).exceptions[&2];
    harness.take_for(Duration::from_millis(400)).await;
    let state = harness.device(object(2));
    assert_eq!(
        state.exceptions[&2], refused,
        "nothing is asked for that is known to be refused"
    );
    assert_eq!(state.state, DeviceState::Online);
    harness.stop().await;
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_before_the_wire() {
    let (_peer, port) = tcp_peer("tcp").await;
    let tags = vec![
        tag(0, "HR0", DataType::Uint16),
        tag(1, "HR142", DataType::Int8),
        read_only(2, "IR0", DataType::Uint16),
    ];
    let mut harness = Harness::start(link(tcp(port), unit(tags)));
    harness.wait_value(0, Value::I64(1000)).await;
    for (tag, value, want) in [
        (
            0,
            Value::I64(70_000),
            "70000 is out of range: uint16 holds 0 to 65535",
        ),
        (0, Value::Text("x".into()), "uint16 cannot hold a text"),
        (
            1,
            Value::I64(200),
            "200 is out of range: int8 holds -128 to 127",
        ),
        (
            2,
            Value::I64(1),
            "the tag cannot be written: it is not marked as writable",
        ),
        (
            9,
            Value::I64(1),
            "the link is down: the driver does not know the tag",
        ),
    ] {
        let error = harness.write(tag, value).await.unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    harness.stop().await;
}

#[tokio::test]
async fn multiple_writes_use_functions_15_and_16() {
    let (_peer, port) = tcp_peer("tcp").await;
    let tags = vec![
        tag(0, "HR0", DataType::Uint16),
        tag(1, "C0", DataType::Bool),
    ];
    let unit = vec![device(2, json!({"write_functions": "multiple"}), tags)];
    let mut harness = Harness::start(link(tcp(port), unit));
    harness.wait_value(0, Value::I64(1000)).await;
    assert!(harness.write(0, Value::I64(7)).await.unwrap().confirmed);
    assert!(harness.write(1, Value::Bool(true)).await.unwrap().confirmed);
    let wire = harness.wire();
    for function in ["01, 10, 00", "01, 0F, 00"] {
        assert!(wire.contains(function), "{function}\n{wire}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn two_units_share_one_connection_and_a_change_keeps_it_open() {
    let (_peer, port) = tcp_peer("tcp").await;
    let first = device(
        2,
        json!({"unit_id": 1}),
        vec![tag(0, "HR0", DataType::Uint16)],
    );
    let second = device(
        3,
        json!({"unit_id": 2}),
        vec![tag(1, "HR1", DataType::Uint16)],
    );
    let mut harness = Harness::start(link(tcp(port), vec![first.clone(), second]));
    harness.wait_value(0, Value::I64(1000)).await;
    harness.wait_value(1, Value::I64(1001)).await;
    let changed = device(
        3,
        json!({"unit_id": 2}),
        vec![tag(5, "HR5", DataType::Uint16)],
    );
    harness
        .reconfigure(link(tcp(port), vec![first.clone(), changed]))
        .await
        .unwrap();
    harness.wait_value(5, Value::I64(1005)).await;
    harness
        .reconfigure(link(tcp(port), vec![first]))
        .await
        .unwrap();
    harness.take_for(Duration::from_millis(200)).await;
    harness.last.clear();
    harness.wait_value(0, Value::I64(1000)).await;
    assert!(!harness.last.contains_key(&TagIndex(5)));
    let other = json!({"endpoint": format!("127.0.0.1:{port}"), "timeout_ms": 400});
    let error = harness.reconfigure(link(other, vec![])).await.unwrap_err();
    assert!(error.to_string().contains("must be opened anew"), "{error}");
    assert!(harness.errors.try_recv().is_err(), "the link never failed");
    harness.stop().await;
}

#[tokio::test]
async fn a_peer_that_restarts_is_polled_again() {
    let (peer, port) = tcp_peer("tcp").await;
    let mut harness = Harness::start(link(tcp(port), unit(vec![tag(0, "HR0", DataType::Uint16)])));
    harness.wait_value(0, Value::I64(1000)).await;
    drop(peer);
    harness
        .wait_for(0, |sample| sample.quality == Quality::BAD_NO_COMMUNICATION)
        .await;
    assert_eq!(harness.device(object(2)).state, DeviceState::Offline);
    let mut again = pymodbus(&["tcp", &port.to_string()]);
    again.wait_for_port(port).await;
    harness.wait_value(0, Value::I64(1000)).await;
    harness.stop().await;
}

#[tokio::test]
async fn test_connection_reports_what_was_on_the_wire() {
    let (_peer, port) = tcp_peer("tcp").await;
    let ask = |device: serde_json::Value| {
        (modbus::PROTOCOL.test)(settings(tcp(port)), Some(settings(device)))
    };
    let report = ask(json!({"unit_id": 1})).await;
    assert!(report.ok, "{report:?}");
    assert!(report.connect_us.is_some() && report.round_trip_us.is_some());
    assert_eq!(
        report.exchange,
        [
            "-> 00 01 00 00 00 06 01 03 00 00 00 01",
            "<- 00 01 00 00 00 05 01 03 02 03 E8"
        ]
    );
    let report = (modbus::PROTOCOL.test)(settings(tcp(port)), None).await;
    assert!(report.ok, "{report:?}");
    let report = (modbus::PROTOCOL.test)(settings(tcp(free_port())), None).await;
    assert!(!report.ok);
    assert!(
        report
            .message
            .contains("connection refused: nothing listens there"),
        "{report:?}"
    );
    let wrong = json!({"endpoint": "x:y", "baud_rate": 9600});
    let report = (modbus::PROTOCOL.test)(settings(wrong), None).await;
    assert!(report.message.contains("\"y\" is no port"), "{report:?}");
    assert!(report.message.contains("/settings/baud_rate"), "{report:?}");
}

#[tokio::test]
async fn probe_shows_a_value_in_every_order() {
    let (_peer, port) = tcp_peer("tcp").await;
    let mut question = modbus::probe::Probe {
        connection: settings(tcp(port)),
        unit_id: 1,
        address: "HR108".parse().unwrap(),
        count: 4,
        data_type: DataType::Float32,
        order: None,
        length: None,
    };
    let report = modbus::probe::probe(&question).await.unwrap();
    assert_eq!(report.rows.len(), 4);
    for (row, (order, index)) in report.rows.iter().zip(ByteOrder::ALL.into_iter().zip(0..)) {
        assert_eq!(row.address.to_string(), format!("HR{}", 108 + index * 2));
        let value = row
            .values
            .iter()
            .find(|(one, _)| *one == order)
            .unwrap()
            .1
            .clone();
        assert_eq!(value, Ok(Value::F64(f64::from(123.456_f32))), "{order}");
    }
    question.address = "DI0".parse().unwrap();
    let report = modbus::probe::probe(&question).await.unwrap();
    assert_eq!(
        report.rows[2].values,
        [(ByteOrder::Abcd, Ok(Value::Bool(true)))]
    );
    question.address = "HR9000".parse().unwrap();
    let error = modbus::probe::probe(&question).await.unwrap_err();
    assert_eq!(error.to_string(), "exception 02 (illegal data address)");
}
