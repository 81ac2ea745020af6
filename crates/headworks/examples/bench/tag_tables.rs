//! A table of 10,000 tags out of the hub and into it again.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{anyhow, ensure};
use serde_json::json;

use crate::figure::{Reach, report};
use crate::support::rest::Hub;

/// Rows of the table.
const TAGS: usize = 10_000;

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let hub = Hub::start(binary, &data, &[]).map_err(|error| anyhow!(error))?;
    configure(&hub)?;
    let tags = |arguments: &[&str]| -> anyhow::Result<f64> {
        let begun = Instant::now();
        let status = Command::new(binary)
            .arg("tags")
            .args(arguments)
            .args(["--url", &hub.url])
            .current_dir(directory.path())
            .env("HEADWORKS_TOKEN", &hub.token)
            .status()?;
        ensure!(status.success(), "tags {arguments:?} failed");
        Ok(begun.elapsed().as_secs_f64() * 1000.0)
    };
    let write = |scale: &str| std::fs::write(directory.path().join("tags.csv"), table(scale));
    write("0.1")?;
    let made = tags(&["import", "tags.csv"])?;
    let name = format!("tag table, {TAGS} tags made");
    report(&name, made, "ms", Reach::None);
    for file in ["out.csv", "out.xlsx"] {
        let exported = tags(&["export", file])?;
        write("0.2")?;
        tags(&["import", "tags.csv"])?;
        // Every tag differs from the file, so that all of them are changed back.
        let imported = tags(&["import", file])?;
        let name = format!("tag table, {TAGS} tags out and in again, {file}");
        report(&name, exported + imported, "ms", Reach::Below(3000.0));
    }
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}

fn configure(hub: &Hub) -> anyhow::Result<()> {
    let connection = json!({
        "name": "off", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "127.0.0.1:1" },
    });
    let connection = hub.create_id("connections", &connection);
    let connection = connection.map_err(|error| anyhow!(error))?;
    let device = json!({ "name": "big", "connection": connection, "path": "plant/big" });
    let made = hub.create_id("devices", &device);
    made.map(drop).map_err(|error| anyhow!(error))
}

fn table(scale: &str) -> String {
    let rows = (0..TAGS).map(|at| {
        let address = at * 2;
        format!("big,t{at:05},HR{address},float32,{scale},°C,\"tag, number {at}\"\n")
    });
    let header = "device,name,address,data_type,scale,unit,description\n";
    std::iter::once(header.to_owned()).chain(rows).collect()
}
