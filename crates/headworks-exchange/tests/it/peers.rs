//! Exports as DuckDB, pandas and openpyxl read them.

use std::path::Path;
use std::process::Command;

use headworks_core::{Quality, Value};
use headworks_exchange::ExportOptions;
use headworks_exchange::export::{Format, Layout};

use crate::rig::{Rig, T0};

/// Runs the Python peer; the environment is made by `cargo xtask setup`.
fn run_peer(directory: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join(".venv/bin/python");
    assert!(
        python.exists(),
        "{} is missing; `cargo xtask setup` makes it",
        python.display()
    );
    let script = root.join("crates/headworks-exchange/tests/it/peers.py");
    let output = Command::new(python)
        .arg(script)
        .arg(directory)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn duckdb_pandas_and_openpyxl_read_every_value() {
    let rig = Rig::new();
    let mut wanted = Vec::new();
    let mut want = |path: &str, time_us: i64, value: serde_json::Value, quality: u32| {
        wanted.push(serde_json::json!([path, time_us, value, quality]));
    };
    for at in 0..3_000_i64 {
        let time_us = T0 + at * 250_001;
        let number = (at as f64 * 0.37).sin() * 1e3;
        rig.give(0, time_us, Value::F64(number));
        want("plant/number", time_us, number.into(), 0);
    }
    rig.give_bad(0, T0 + 7, Quality::BAD_NO_COMMUNICATION);
    let code = Quality::BAD_NO_COMMUNICATION.code();
    want("plant/number", T0 + 7, serde_json::Value::Null, code);
    for (at, value) in (0..).zip([0, -1, i64::MAX, i64::MIN, 1 << 53]) {
        rig.give(1, T0 + at, Value::I64(value));
        want("plant/count", T0 + at, value.into(), 0);
    }
    rig.give(2, T0, Value::Bool(true));
    want("plant/on", T0, true.into(), 0);
    for (at, text) in (0..).zip(["warm", "=1+1", "a,\"b\"\nc", "°C €𝄞", "@x"]) {
        rig.give(3, T0 + at, Value::Text(text.into()));
        want("plant/text", T0 + at, text.into(), 0);
    }
    rig.write("wanted.json", serde_json::to_vec(&wanted).unwrap());
    for (format, layout, name) in [
        (Format::Csv, Layout::Long, "long.csv"),
        (Format::Csv, Layout::Wide, "wide.csv"),
        (Format::Parquet, Layout::Long, "table.parquet"),
        (Format::Jsonl, Layout::Long, "lines.jsonl"),
        (Format::Xlsx, Layout::Long, "book.xlsx"),
    ] {
        let options = ExportOptions {
            format,
            layout,
            ..ExportOptions::default()
        };
        rig.export(options, &rig.file(name));
    }
    run_peer(rig.directory.path());
}
