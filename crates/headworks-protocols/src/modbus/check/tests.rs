use headworks_core::model::ObjectId;
use serde_json::json;

use super::*;

fn object(last: u8) -> ObjectId {
    format!("01930000-0000-7000-8000-0000000000{last:02x}")
        .parse()
        .unwrap()
}

fn settings(value: serde_json::Value) -> Settings {
    serde_json::from_value(value).unwrap()
}

#[track_caller]
fn check_connection(value: serde_json::Value, want: &[(&str, &str)]) {
    let problems = connection_settings(&settings(value))
        .err()
        .unwrap_or_default();
    let found: Vec<&str> = problems.iter().map(|(field, _)| field.as_str()).collect();
    let fields: Vec<&str> = want.iter().map(|(field, _)| *field).collect();
    assert_eq!(found, fields, "{problems:?}");
    for ((_, reason), (_, part)) in problems.iter().zip(want) {
        assert!(reason.contains(part), "{reason}");
    }
}

#[track_caller]
fn check_unit(transport: &str, value: serde_json::Value, field: &str, want: &str) {
    let connection = ConnectionSettings {
        transport: serde_json::from_value(json!(transport)).unwrap(),
        ..ConnectionSettings::default()
    };
    let problems = device_settings(&settings(value), &connection).unwrap_err();
    assert_eq!(problems[0].0, field);
    assert!(problems[0].1.contains(want), "{problems:?}");
}

#[track_caller]
fn check_address(tag: serde_json::Value, field: &str, want: &str) {
    let config = config(tag);
    let errors = check_link(&config).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let text = errors[0].to_string();
    assert!(
        text.starts_with(&format!("tag plant/t: {field}: ")),
        "{text}"
    );
    assert!(text.contains(want), "{text}");
}

fn config(tag: serde_json::Value) -> LinkConfig {
    let text = |key: &str| tag[key].as_str().map(str::to_owned);
    let tag = TagConfig {
        tag: TagIndex(0),
        path: "plant/t".parse().unwrap(),
        address: text("address").unwrap().into(),
        data_type: serde_json::from_value(tag["type"].clone()).unwrap_or_default(),
        order: None,
        length: serde_json::from_value(tag["length"].clone()).unwrap(),
        period: Duration::from_secs(1),
        writable: tag["writable"] == true,
    };
    let device = DeviceConfig {
        device: object(2),
        name: "unit".to_owned(),
        settings: settings(json!({"max_registers": 60})),
        tags: vec![tag],
    };
    LinkConfig {
        connection: object(1),
        name: "link".to_owned(),
        settings: settings(json!({"endpoint": "192.0.2.1"})),
        devices: vec![device],
    }
}

#[test]
fn every_transport_has_settings_that_work() {
    let tls = json!({"transport": "tls", "endpoint": "plc", "tls_ca_file": "/etc/ca.pem"});
    for good in [
        json!({"endpoint": "plc:502"}),
        tls,
        json!({"transport": "rtu", "serial_port": "/dev/ttyS0", "baud_rate": 19200}),
        json!({"transport": "ascii", "serial_port": "COM3", "data_bits": 7, "parity": "even"}),
        json!({"transport": "rtu_over_tcp", "endpoint": "[::1]:4001"}),
        json!({"transport": "ascii_over_tcp", "endpoint": "plc:4001", "serial_port": ""}),
    ] {
        check_connection(good, &[]);
    }
}

#[test]
fn each_wrong_field_has_its_own_error() {
    check_connection(
        json!({"endpoint": "plc", "baudrate": 9600, "timeout_ms": "soon", "pause_ms": -1}),
        &[
            (
                "/settings/baudrate",
                "unknown field `baudrate`, expected one of",
            ),
            ("/settings/pause_ms", "-1: invalid value"),
            ("/settings/timeout_ms", "\"soon\": invalid type"),
        ],
    );
    check_connection(
        json!({"endpoint": "plc", "timeout_ms": 5, "max_in_flight": 17}),
        &[
            ("/settings/timeout_ms", "5; 10 to 60000 are allowed"),
            ("/settings/max_in_flight", "17; 1 to 16 are allowed"),
        ],
    );
    check_connection(
        json!({"transport": "udp"}),
        &[("/settings/transport", "unknown variant `udp`")],
    );
}

#[test]
fn fields_of_another_transport_are_refused_with_the_reason() {
    check_connection(
        json!({"endpoint": "plc", "baud_rate": 9600, "tls_ca_file": "/ca.pem"}),
        &[
            (
                "/settings/baud_rate",
                "9600 does not apply to transport tcp: only the transports rtu",
            ),
            (
                "/settings/tls_ca_file",
                "only the transport tls has certificates",
            ),
        ],
    );
    check_connection(
        json!({"transport": "rtu", "serial_port": "COM1", "endpoint": "plc", "max_in_flight": 2}),
        &[
            ("/settings/endpoint", "a serial port has no network"),
            ("/settings/max_in_flight", "one request at a time"),
        ],
    );
}

#[test]
fn what_is_missing_is_named() {
    check_connection(json!({}), &[("/settings/endpoint", "192.0.2.10:502")]);
    check_connection(
        json!({"transport": "rtu"}),
        &[("/settings/serial_port", "name the serial port")],
    );
    check_connection(
        json!({"transport": "tls", "endpoint": "plc", "tls_cert_file": "hub.pem"}),
        &[
            ("/settings/tls_ca_file", "is missing"),
            ("/settings/tls_key_file", "tls_cert_file needs its key"),
            ("/settings/tls_cert_file", "write the whole path"),
        ],
    );
    check_connection(
        json!({"transport": "tls", "endpoint": "plc", "tls_ca_file": "/ca", "tls_key_file": "/k",
            "tls_server_name": "no name"}),
        &[
            ("/settings/tls_cert_file", "is missing"),
            ("/settings/tls_server_name", "\"no name\" is no host name"),
        ],
    );
    check_connection(
        json!({"transport": "rtu", "serial_port": "COM1", "data_bits": 7, "stop_bits": 3}),
        &[
            ("/settings/stop_bits", "3; 1 to 2"),
            ("/settings/data_bits", "RTU sends whole bytes"),
        ],
    );
}

#[test]
fn units_are_checked_for_their_line() {
    check_unit(
        "rtu",
        json!({"unit_id": 0}),
        "/settings/unit_id",
        "0 is the broadcast",
    );
    check_unit(
        "rtu",
        json!({"unit_id": 248}),
        "/settings/unit_id",
        "units are 1 to 247",
    );
    check_unit(
        "tcp",
        json!({"unit_id": 256}),
        "/settings/unit_id",
        "256: invalid value",
    );
    check_unit(
        "tcp",
        json!({"max_registers": 126}),
        "/settings/max_registers",
        "1 to 125",
    );
    check_unit(
        "tcp",
        json!({"order": "abcd"}),
        "/settings/order",
        "unknown variant `abcd`",
    );
    check_unit("tcp", json!({"retries": 6}), "/settings/retries", "0 to 5");
    let tcp = ConnectionSettings::default();
    assert!(device_settings(&settings(json!({"unit_id": 255})), &tcp).is_ok());
}

#[test]
fn tags_that_cannot_work_are_named() {
    check_address(
        json!({"address": "xyz"}),
        "/address",
        "\"xyz\" is no Modbus address",
    );
    check_address(
        json!({"address": "C0"}),
        "/data_type",
        "coils hold bits, so the type must be",
    );
    check_address(
        json!({"address": "HR0.3"}),
        "/data_type",
        "a bit of a register is of type bool",
    );
    check_address(
        json!({"address": "HR0", "type": "string"}),
        "/length",
        "needs a length",
    );
    check_address(
        json!({"address": "HR0", "length": 2}),
        "/length",
        "leave the length away",
    );
    check_address(
        json!({"address": "HR65535", "type": "uint32"}),
        "/address",
        "ends beyond register 65535",
    );
    check_address(
        json!({"address": "HR0", "type": "string", "length": 61}),
        "/length",
        "the device gives 60 at most",
    );
    check_address(
        json!({"address": "IR0", "writable": true}),
        "/writable",
        "input registers, which are read-only",
    );
}

#[test]
fn every_error_is_found_at_once() {
    let mut config = config(json!({"address": "xyz"}));
    config.settings = settings(json!({"endpoint": ""}));
    config.devices[0].settings = settings(json!({"retries": 9, "gap": 1}));
    let errors = check_link(&config).unwrap_err();
    let places: Vec<String> = errors.iter().map(|error| error.field.clone()).collect();
    assert_eq!(places, ["/settings/endpoint", "/settings/gap", "/address"]);
}
