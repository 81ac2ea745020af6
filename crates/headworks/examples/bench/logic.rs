//! From a change at the device to where logic takes it: an alarm on a client's socket, a route at a
//! web service.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::device::{Behaviour, CLOCK_REGISTERS, Content, Devices, now_us};
use crate::figure::{Reach, percentile, report};
use crate::support::rest::Hub;

/// Tags of the device, read ten times a second.
const TAGS: u16 = 10;
const PERIOD_MS: u32 = 100;
/// Time that is measured, after the first seconds.
const TIME: Duration = Duration::from_secs(20);
const WARM_UP: Duration = Duration::from_secs(3);

/// What of a message is looked at.
#[derive(Debug, Deserialize)]
struct Told {
    entry: Option<Entry>,
}

/// What of an entry of the journal is looked at: the device answers with its time, so that the
/// value that was judged says when it was.
#[derive(Debug, Deserialize)]
struct Entry {
    value: Option<f64>,
}

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the clients")?;
    let sink = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let service = sink.local_addr()?;
    runtime.spawn(serve(sink));
    let data = tempfile::tempdir()?;
    let settings = data.path().join("bench.toml");
    std::fs::write(&settings, "[outbound]\nallow = [\"127.0.0.1/32\"]\n")?;
    let settings = settings.display().to_string();
    let hub = Hub::start(binary, &data.path().join("hub"), &["--config", &settings])
        .map_err(|error| anyhow!(error))?;
    let devices = Devices::start(&[vec![Behaviour::Answers]], Content::Clock)?;
    let route = configure(&hub, &devices, service).map_err(|error| anyhow!(error))?;
    let latencies = runtime.block_on(watch(&hub))?;
    report_alarms(latencies);
    report_route(&hub, &route)
}

/// Makes the tags, an alarm for each, which rises and falls from second to second, and a route of
/// all to the web service; returns the route.
fn configure(hub: &Hub, devices: &Devices, service: SocketAddr) -> Result<String, String> {
    let links = devices.links();
    let settings = json!({ "endpoint": links[0].0 });
    let connection = json!({ "name": "clock", "protocol": "modbus", "settings": settings });
    let connection = hub.create_id("connections", &connection)?;
    let device = json!({
        "name": "clock", "connection": connection, "path": "bench", "period_ms": PERIOD_MS,
    });
    let device = hub.create_id("devices", &device)?;
    for at in 0..TAGS {
        let address = format!("holding:{}", at * CLOCK_REGISTERS);
        let tag = json!({
            "device": device, "name": format!("t{at}"), "address": address, "data_type": "uint64",
        });
        let tag = hub.create_id("tags", &tag)?;
        let every_other_second = "value // 1000000 % 2 == 1";
        hub.create(
            "alarm-rules",
            &json!({
                "name": format!("a{at}"), "tag": tag, "priority": 2,
                "condition": { "kind": "expression", "text": every_other_second },
            }),
        )?;
    }
    let target = json!({ "kind": "webhook", "url": format!("http://{service}/") });
    hub.create_id(
        "routes",
        &json!({ "name": "all", "from": ["bench/**"], "to": [target] }),
    )
}

/// Watches the alarms; returns the milliseconds from the answer of the device to each entry.
async fn watch(hub: &Hub) -> anyhow::Result<Vec<f64>> {
    let url = format!("{}/ws/alarms", hub.url.replacen("http", "ws", 1));
    let mut request = url.as_str().into_client_request()?;
    request
        .headers_mut()
        .insert("authorization", hub.bearer().parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .context("the watcher of alarms")?;
    let begin = Instant::now() + WARM_UP;
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
        let told: Told = serde_json::from_str(&text)?;
        let answered = told.entry.and_then(|entry| entry.value);
        if let (true, Some(answered)) = (begin < Instant::now(), answered) {
            latencies.push((now - answered) / 1000.0);
        }
    }
}

fn report_alarms(mut latencies: Vec<f64>) {
    latencies.sort_by(f64::total_cmp);
    let what = "device -> alarm durable in the journal and on a socket";
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
        Reach::Below(50.0),
    );
    report(
        &format!("{what}: entries"),
        latencies.len() as f64,
        "entries",
        Reach::AtLeast(100.0),
    );
}

fn report_route(hub: &Hub, route: &str) -> anyhow::Result<()> {
    let status = hub.get(&format!("routes/{route}/status"));
    let status = status.map_err(|error| anyhow!(error))?.body;
    let what = format!("route of {TAGS} tags at 10 Hz to a web service");
    let figure = |place: &str| status.pointer(place).and_then(Value::as_f64);
    let (Some(p50), Some(p95), Some(delivered)) = (
        figure("/latency/p50_us"),
        figure("/latency/p95_us"),
        figure("/delivered"),
    ) else {
        bail!("the route delivered nothing: {status}");
    };
    report(&format!("{what}: p50"), p50 / 1000.0, "ms", Reach::None);
    report(
        &format!("{what}: p95"),
        p95 / 1000.0,
        "ms",
        Reach::Below(5.0),
    );
    report(
        &format!("{what}: delivered"),
        delivered,
        "samples",
        Reach::AtLeast(1000.0),
    );
    Ok(())
}

/// A web service that takes everything.
async fn serve(sink: TcpListener) {
    while let Ok((stream, _)) = sink.accept().await {
        tokio::spawn(answer(stream));
    }
}

/// Reads requests of one connection and answers each with 204.
async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let header = line.trim().to_ascii_lowercase();
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap_or(0);
        }
        if header.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await?;
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            length = 0;
        }
    }
}
