//! Reads and writes against libmodbus, the second peer that this project did not write.

use std::path::Path;
use std::process::Command;

use headworks_core::{DataType, Quality, Value};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Harness, device, link, object, read_only, tag, tcp};
use crate::peers::{Peer, free_port};

/// Compiles the server and starts it.
pub(crate) async fn server() -> (Peer, u16, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("server");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modbus/libmodbus_server.c");
    let compiled = Command::new("cc")
        .arg("-o")
        .args([&program, &source])
        .arg("-lmodbus")
        .output()
        .expect("a C compiler; run `cargo xtask setup`");
    let errors = String::from_utf8_lossy(&compiled.stderr);
    assert!(
        compiled.status.success(),
        "{errors}\nlibmodbus-dev may be missing; run `cargo xtask setup`"
    );
    let port = free_port();
    let mut peer = Peer::spawn(Command::new(&program).arg(port.to_string()));
    peer.wait_for_port(port).await;
    (peer, port, directory)
}

#[tokio::test]
async fn libmodbus_is_read_and_written() {
    let (_peer, port, _directory) = server().await;
    let tags = vec![
        tag(0, "40001", DataType::Uint16),
        tag(1, "40101", DataType::Uint16),
        tag(2, "HR200", DataType::Float32),
        read_only(3, "30007", DataType::Uint16),
        tag(4, "00004", DataType::Bool),
        read_only(5, "10005", DataType::Bool),
        tag(6, "HR300.5", DataType::Bool),
        read_only(7, "HR499", DataType::Uint16),
        read_only(8, "HR500", DataType::Uint16),
        tag(9, "HR210", DataType::Uint64),
    ];
    let unit = device(2, json!({"unit_id": 1}), tags);
    let mut harness = Harness::start(link(tcp(port), vec![unit]));
    for (tag, value) in [
        (0, Value::I64(0)),
        (1, Value::I64(300)),
        (3, Value::I64(30)),
        (4, Value::Bool(true)),
        (5, Value::Bool(false)),
        (7, Value::I64(1497)),
    ] {
        harness.wait_value(tag, value).await;
    }
    let unknown = Quality::BAD_NODE_ID_UNKNOWN;
    harness
        .wait_for(8, |sample| sample.quality == unknown)
        .await;
    for (tag, value) in [
        (0, Value::I64(65_535)),
        (2, Value::F64(0.25)),
        (4, Value::Bool(false)),
        (6, Value::Bool(true)),
        (9, Value::U64(0x0102_0304_0506_0708)),
    ] {
        let report = harness.write(tag, value.clone()).await.unwrap();
        assert!(report.confirmed, "{tag}: {report:?}\n{}", harness.wire());
        harness.wait_value(tag, value).await;
    }
    assert_eq!(harness.device(object(2)).malformed, 0);
    harness.stop().await;
}
