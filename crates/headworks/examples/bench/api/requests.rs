//! Requests at a given rate, on connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use crate::figure::{Reach, percentile, report};
use crate::support::rest::Hub;

/// Connections that share the rate.
const CLIENTS: u32 = 16;
const TIME: Duration = Duration::from_secs(15);

/// A connection that stays open.
pub(super) struct Keeper {
    stream: BufReader<TcpStream>,
    host: String,
    bearer: String,
}

impl Keeper {
    pub(super) fn open(hub: &Hub) -> anyhow::Result<Keeper> {
        let host = hub.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Keeper {
            stream: BufReader::with_capacity(4 << 10, stream),
            host,
            bearer: hub.bearer(),
        })
    }

    /// Asks for a path and reads the answer to its end.
    pub(super) fn ask(&mut self, path: &str) -> anyhow::Result<usize> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\n\r\n",
            self.host, self.bearer
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut length) = (String::new(), 0);
        self.stream.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200") {
            bail!("GET {path}: {line}");
        }
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let text = line.trim().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = (&mut self.stream).take(length as u64);
        std::io::copy(&mut body, &mut std::io::sink())?;
        Ok(length)
    }
}

/// Measures a page of the list of tags at 1,000 requests a second.
pub(super) fn lists(hub: &Hub) -> anyhow::Result<()> {
    let path = |_: u32| "/api/v1/tags?limit=100".to_owned();
    let times = at_rate(hub, 1000, path)?;
    tell("GET tags?limit=100 at 1,000/s", &times, 20.0);
    Ok(())
}

/// Measures a day of a 1 s tag in 1,000 buckets.
pub(super) fn trends(hub: &Hub) -> anyhow::Result<()> {
    const SAMPLES: i64 = 86_400;
    const PATH: &str = "bench/link000/unit001/t0000";
    let tag = hub.get(&format!("tags?pattern={PATH}"));
    let tag = tag.map_err(anyhow::Error::msg)?.body["items"][0].clone();
    let id = tag["id"]
        .as_str()
        .with_context(|| format!("no tag at {PATH}"))?;
    let now_us = i64::try_from(crate::device::now_us())?;
    let start_us = now_us - (SAMPLES + 3_600) * 1_000_000;
    let lines: String = (0..SAMPLES)
        .map(|second| {
            let time_us = start_us + second * 1_000_000;
            let value = f64::from(u32::try_from(second % 1000).unwrap_or(0)) / 10.0;
            format!(
                "{}\n",
                json!({ "tag": PATH, "time_us": time_us, "value": value })
            )
        })
        .collect();
    let stored = ureq::post(format!("{}/api/v1/history/import?durable=true", hub.url))
        .header("authorization", hub.bearer())
        .header("content-type", "application/x-ndjson")
        .send(lines.as_bytes())
        .context("storing a day")?;
    if !stored.status().is_success() {
        bail!("storing a day: {}", stored.status());
    }
    let end_us = start_us + SAMPLES * 1_000_000;
    let path =
        format!("/api/v1/tags/{id}/trend-data?start_us={start_us}&end_us={end_us}&points=1000");
    let times = at_rate(hub, 50, |_| path.clone())?;
    tell("trend of a day in 1,000 buckets at 50/s", &times, 50.0);
    Ok(())
}

fn tell(name: &str, times: &[f64], reach_ms: f64) {
    report(
        &format!("{name}: p50"),
        percentile(times, 0.5),
        "ms",
        Reach::None,
    );
    report(
        &format!("{name}: p95"),
        percentile(times, 0.95),
        "ms",
        Reach::Below(reach_ms),
    );
    report(
        &format!("{name}: p99"),
        percentile(times, 0.99),
        "ms",
        Reach::None,
    );
    let rate = times.len() as f64 / TIME.as_secs_f64();
    report(
        &format!("{name}: answered"),
        rate,
        "requests/s",
        Reach::None,
    );
}

/// Asks at a rate for a while; returns the milliseconds of every answer, counted from the instant
/// at which it was due, sorted.
fn at_rate(
    hub: &Hub,
    per_second: u32,
    path: impl Fn(u32) -> String + Sync,
) -> anyhow::Result<Vec<f64>> {
    let begin = Instant::now() + Duration::from_millis(200);
    let pace = Duration::from_secs(1) * CLIENTS / per_second;
    let one = |client: u32| -> anyhow::Result<Vec<f64>> {
        let mut keeper = Keeper::open(hub)?;
        let mut times = Vec::new();
        let mut due = begin + pace * client / CLIENTS;
        let mut number = 0;
        while due < begin + TIME {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            keeper.ask(&path(number))?;
            times.push(due.elapsed().as_secs_f64() * 1e3);
            due += pace;
            number += 1;
        }
        Ok(times)
    };
    let mut times = Vec::new();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let one = &one;
                    move || one(client)
                })
            })
            .collect();
        for thread in threads {
            times.extend(
                thread
                    .join()
                    .map_err(|_| anyhow::Error::msg("a client panicked"))??,
            );
        }
        Ok(())
    })?;
    times.sort_by(f64::total_cmp);
    Ok(times)
}
