//! Plants of many tags, configured as a user would: over REST.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use serde_json::{Value, json};

use crate::support::rest::Hub;

/// A plant to be polled.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// One connection per endpoint, with the units behind it.
    pub(crate) links: Vec<(String, Vec<u8>)>,
    /// Tags of each unit, one register each from 0 on.
    pub(crate) tags: u16,
    /// Time between polls.
    pub(crate) period_ms: u32,
    /// Longest wait for an answer.
    pub(crate) timeout_ms: u32,
}

/// Puts the plant into a hub; returns how long that took.
pub(crate) fn configure(hub: &Hub, layout: &Layout) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for (number, (endpoint, units)) in layout.links.iter().enumerate() {
        let settings = json!({ "endpoint": endpoint, "timeout_ms": layout.timeout_ms });
        let name = format!("link {number:03}");
        let connection = json!({ "name": name, "protocol": "modbus", "settings": settings });
        let connection = hub
            .create_id("connections", &connection)
            .map_err(|error| anyhow!(error))?;
        for unit in units {
            configure_unit(hub, layout, &connection, number, *unit)?;
        }
    }
    Ok(begun.elapsed())
}

fn configure_unit(
    hub: &Hub,
    layout: &Layout,
    connection: &str,
    number: usize,
    unit: u8,
) -> anyhow::Result<()> {
    let device = json!({
        "name": format!("device {number:03} {unit:03}"),
        "connection": connection,
        "path": format!("bench/link{number:03}/unit{unit:03}"),
        "period_ms": layout.period_ms,
        // A mute device costs its time-out once per scan, not twice.
        "settings": { "unit_id": unit, "retries": 0 },
    });
    let device = hub
        .create_id("devices", &device)
        .map_err(|error| anyhow!(error))?;
    let tag = |register: u16| {
        json!({
            "device": device,
            "name": format!("t{register:04}"),
            "address": format!("holding:{register}"),
        })
    };
    let tags: Vec<Value> = (0..layout.tags).map(tag).collect();
    if tags.is_empty() {
        return Ok(());
    }
    hub.create_tags(&tags).map_err(|error| anyhow!(error))?;
    Ok(())
}
