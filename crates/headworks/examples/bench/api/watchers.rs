//! Many WebSockets, each on one tag.

use std::time::Duration;

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::device::now_us;
use crate::figure::{Reach, percentile, report};
use crate::load;
use crate::support::rest::Hub;

const CLIENTS: usize = 10_000;
/// Tags that are watched, each by ten clients: 1,000 updates a second go in, 10,000 come out.
const WATCHED: usize = 1000;
const TIME: Duration = Duration::from_secs(15);

/// What of a message is looked at.
#[derive(Deserialize)]
struct Batch {
    /// Times of the samples.
    #[serde(default)]
    s: Vec<u64>,
}

/// Measures memory and the time from a sample to its clients.
pub(super) fn measure(hub: &Hub) -> anyhow::Result<()> {
    let before = load::memory_mb(hub.process.id(), "VmRSS:")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the clients")?;
    let (mut latencies, after) = runtime.block_on(watch(hub))?;
    latencies.sort_by(f64::total_cmp);
    let each = (after - before) * 1024.0 / CLIENTS as f64;
    let name = |what: &str| format!("{CLIENTS} WebSockets: {what}");
    report(&name("memory of one"), each, "kB", Reach::AtMost(20.0));
    report(
        &name("sample -> client p50"),
        percentile(&latencies, 0.5),
        "ms",
        Reach::None,
    );
    report(
        &name("sample -> client p95"),
        percentile(&latencies, 0.95),
        "ms",
        Reach::Below(100.0),
    );
    report(
        &name("sample -> client p99"),
        percentile(&latencies, 0.99),
        "ms",
        Reach::None,
    );
    let rate = latencies.len() as f64 / TIME.as_secs_f64();
    report(&name("values received"), rate, "values/s", Reach::None);
    Ok(())
}

async fn watch(hub: &Hub) -> anyhow::Result<(Vec<f64>, f64)> {
    let (sender, mut received) = mpsc::channel(64);
    let (open, mut opened) = mpsc::channel(64);
    let (start, started) = tokio::sync::watch::channel(false);
    for number in 0..CLIENTS {
        let socket = connect(hub, number % WATCHED).await;
        let mut socket = socket.with_context(|| format!("client {number}"))?;
        let (sender, open, mut started) = (sender.clone(), open.clone(), started.clone());
        tokio::spawn(async move {
            if open.send(()).await.is_err() {
                return;
            }
            drop(open);
            let mut latencies = Vec::new();
            let mut is_counted = false;
            loop {
                tokio::select! {
                    message = socket.next() => match message {
                        Some(Ok(Message::Text(text))) => {
                            if is_counted && text.contains("\"op\":\"values\"") {
                                latencies.extend(ages(&text));
                            }
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => break,
                    },
                    Ok(()) = started.changed() => {
                        is_counted = *started.borrow();
                        if !is_counted {
                            break;
                        }
                    }
                }
            }
            drop(sender.send(latencies).await);
        });
    }
    drop((sender, open));
    for _ in 0..CLIENTS {
        opened.recv().await.context("a client ended early")?;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    start.send_replace(true);
    tokio::time::sleep(TIME).await;
    let memory = load::memory_mb(hub.process.id(), "VmRSS:")?;
    start.send_replace(false);
    let mut latencies = Vec::new();
    while let Some(of_one) = received.recv().await {
        latencies.extend(of_one);
    }
    Ok((latencies, memory))
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(hub: &Hub, tag: usize) -> anyhow::Result<Socket> {
    let url = format!("{}/ws", hub.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    request
        .headers_mut()
        .insert("authorization", hub.bearer().parse()?);
    let config = WebSocketConfig::default().read_buffer_size(4 << 10);
    let (mut socket, _) =
        tokio_tungstenite::connect_async_with_config(request, Some(config), true).await?;
    let pattern = format!("bench/link000/unit001/t{tag:04}");
    let wish = json!({ "op": "subscribe", "id": 1, "pattern": pattern, "interval_ms": 10 });
    socket.send(Message::text(wish.to_string())).await?;
    Ok(socket)
}

/// Returns how old the samples of a message are, in milliseconds.
fn ages(text: &str) -> Vec<f64> {
    let now_us = now_us();
    let batch: Batch = serde_json::from_str(text).unwrap_or(Batch { s: Vec::new() });
    let age = |time_us: u64| now_us.saturating_sub(time_us) as f64 / 1e3;
    batch.s.into_iter().map(age).collect()
}
