//! From a change at the device to a WebSocket client, beyond the poll period.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::device::{Behaviour, CLOCK_REGISTERS, Content, Devices, now_us};
use crate::figure::{Reach, percentile, report};
use crate::support::rest::Hub;

/// Clients that watch every tag.
const CLIENTS: usize = 100;
/// Devices, each of [`TAGS`] tags read each second: 1,000 tags/s.
const DEVICES: usize = 10;
const TAGS: u16 = 100;
/// Time that is measured, after the first seconds.
const TIME: Duration = Duration::from_secs(20);
const WARM_UP: Duration = Duration::from_secs(3);

/// What of a message is looked at.
#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(default)]
    v: Vec<Option<f64>>,
}

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    let devices = Devices::start(&vec![vec![Behaviour::Answers]; DEVICES], Content::Clock)?;
    configure(&hub, &devices)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the clients")?;
    let mut latencies = runtime.block_on(watch(&hub))?;
    latencies.sort_by(f64::total_cmp);
    let seen = latencies.len() as f64 / TIME.as_secs_f64();
    let what = format!(
        "device -> client, {} tags/s, {CLIENTS} clients",
        DEVICES * usize::from(TAGS)
    );
    report(
        &format!("{what}: p50"),
        percentile(&latencies, 0.5),
        "ms",
        Reach::None,
    );
    report(
        &format!("{what}: p95"),
        percentile(&latencies, 0.95),
        "ms",
        Reach::Below(20.0),
    );
    report(
        &format!("{what}: p99"),
        percentile(&latencies, 0.99),
        "ms",
        Reach::None,
    );
    report(
        &format!("{what}: values seen"),
        seen,
        "values/s",
        Reach::None,
    );
    Ok(())
}

fn configure(hub: &Hub, devices: &Devices) -> anyhow::Result<()> {
    for (number, (endpoint, _)) in devices.links().into_iter().enumerate() {
        let settings = json!({ "endpoint": endpoint });
        let name = format!("clock {number}");
        let connection = json!({ "name": name, "protocol": "modbus", "settings": settings });
        let connection = hub
            .create_id("connections", &connection)
            .map_err(|error| anyhow!(error))?;
        let path = format!("bench/clock{number}");
        let device = json!({ "name": name, "connection": connection, "path": path });
        let device = hub
            .create_id("devices", &device)
            .map_err(|error| anyhow!(error))?;
        let tag = |at: u16| {
            let address = format!("holding:{}", at * CLOCK_REGISTERS);
            json!({ "device": device, "name": format!("t{at}"), "address": address,
                    "data_type": "uint64" })
        };
        let tags: Vec<Value> = (0..TAGS).map(tag).collect();
        hub.create_tags(&tags).map_err(|error| anyhow!(error))?;
    }
    Ok(())
}

/// Lets all clients watch; returns the milliseconds of every value they were shown.
async fn watch(hub: &Hub) -> anyhow::Result<Vec<f64>> {
    let url = format!("{}/ws", hub.url.replacen("http", "ws", 1));
    let (sender, mut received) = mpsc::channel(CLIENTS);
    let begin = Instant::now() + WARM_UP;
    for _ in 0..CLIENTS {
        let mut request = url.as_str().into_client_request()?;
        let header = hub.bearer().parse()?;
        request.headers_mut().insert("authorization", header);
        let sender = sender.clone();
        tokio::spawn(async move { drop(sender.send(client(request, begin).await).await) });
    }
    drop(sender);
    let mut latencies = Vec::new();
    while let Some(of_one) = received.recv().await {
        latencies.extend(of_one?);
    }
    Ok(latencies)
}

async fn client(request: Request, begin: Instant) -> anyhow::Result<Vec<f64>> {
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .context("a client")?;
    let wish = json!({ "op": "subscribe", "id": 1, "pattern": "bench/**", "interval_ms": 10 });
    socket.send(Message::text(wish.to_string())).await?;
    let mut latencies = Vec::new();
    loop {
        let message = match tokio::time::timeout_at(begin + TIME, socket.next()).await {
            Err(_) => return Ok(latencies),
            Ok(message) => message.context("the hub closed the connection")??,
        };
        let Message::Text(text) = message else {
            continue;
        };
        let now = now_us() as f64;
        if begin < Instant::now() && text.contains("\"op\":\"values\"") {
            let batch: Batch = serde_json::from_str(&text)?;
            let values = batch.v.into_iter().flatten();
            latencies.extend(values.map(|answered| (now - answered) / 1000.0));
        }
    }
}
