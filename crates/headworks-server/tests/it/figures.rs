//! Figures, measured by hand: `cargo nextest run --release -p headworks-server --run-ignored
//! only --no-capture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;

use crate::rig::{Rig, Watcher, sample};

async fn plant_of(count: usize) -> (Rig, Vec<Json>) {
    let rig = Rig::start().await;
    let mut made = Vec::new();
    for first in (0..count).step_by(10_000) {
        let device = rig.make_device(&format!("d{first:06}")).await;
        let row = |n: usize| {
            json!({
                "device": device["id"], "name": format!("n{n:06}"), "address": "1",
                "data_type": "float64", "unit": "kW",
            })
        };
        let rows: Vec<Json> = (first..count.min(first + 10_000)).map(row).collect();
        let page = rig
            .post("/api/v1/tags", &json!({ "items": rows }))
            .expect(201);
        made.extend(page["items"].as_array().unwrap().iter().cloned());
    }
    (rig, made)
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

#[ignore = "measures, which needs a release build and a quiet machine"]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_tags_is_quick_whatever_the_size_of_the_plant() {
    for count in [10_000, 100_000] {
        let (rig, _) = plant_of(count).await;
        for query in [
            "limit=100",
            "limit=100&search=n0099",
            "limit=100&pattern=**/n*7",
        ] {
            let path = format!("/api/v1/tags?{query}");
            let mut times = Vec::new();
            for _ in 0..500 {
                let start = Instant::now();
                rig.get(&path).expect(200);
                times.push(start.elapsed());
            }
            let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 95));
            eprintln!("{count} tags, {query}: p50 {half:?}, p95 {most:?} (with parsing)");
            assert!(most < Duration::from_millis(if query == "limit=100" { 20 } else { 200 }));
        }
    }
}

/// Reads batches and notes how long each value took since its batch was given.
async fn read_delays(mut watcher: Watcher, given: Arc<Mutex<Vec<Instant>>>) -> Vec<Duration> {
    let mut delays = Vec::new();
    while let Some(Ok(message)) = watcher.0.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let now = Instant::now();
        let message: Json = serde_json::from_str(&text).unwrap();
        let given = given.lock();
        for value in message["v"].as_array().into_iter().flatten() {
            let text = value.to_string();
            let batch = text
                .split('.')
                .next()
                .and_then(|digits| digits.parse::<usize>().ok());
            if let Some(start) = batch.and_then(|batch| given.get(batch)) {
                delays.push(now - *start);
            }
        }
    }
    delays
}

#[ignore = "measures, which needs a release build and a quiet machine"]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_a_hundred_clients_at_once() {
    const BATCHES: usize = 500;
    let (rig, tags) = plant_of(1000).await;
    let given = Arc::new(Mutex::new(Vec::new()));
    let mut readers = Vec::new();
    for _ in 0..100 {
        let mut watcher = rig.watch_all().await;
        let order = json!({ "op": "subscribe", "id": 1, "pattern": "**", "interval_ms": 10 });
        watcher.subscribe(order).await;
        readers.push(tokio::spawn(read_delays(watcher, Arc::clone(&given))));
    }
    let start_us = rig.now_us();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for batch in 0..BATCHES {
        ticks.tick().await;
        let some = tags.iter().skip(batch * 10 % 1000).take(10);
        let time_us = start_us + i64::try_from(batch).unwrap();
        given.lock().push(Instant::now());
        rig.give_batch(some.map(|tag| sample(tag, time_us, batch as f64)).collect())
            .await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    rig.stop.cancel();
    let mut delays = Vec::new();
    for reader in readers {
        delays.extend(reader.await.unwrap());
    }
    let (half, most) = (percentile(&mut delays, 50), percentile(&mut delays, 95));
    eprintln!(
        "{} values at 100 clients: p50 {half:?}, p95 {most:?}",
        delays.len()
    );
    assert_eq!(delays.len(), BATCHES * 10 * 100);
    assert!(most < Duration::from_millis(20));
}

#[ignore = "measures, which needs a release build and many open files"]
#[tokio::test(flavor = "multi_thread")]
async fn many_sockets_are_small() {
    const COUNT: usize = 2000;
    let (rig, _) = plant_of(100).await;
    let rss = || {
        rig.hub
            .handle()
            .stats()
            .process
            .map_or(0, |process| process.rss_bytes)
    };
    let before = rss();
    let mut watchers = Vec::new();
    for _ in 0..COUNT {
        let mut watcher = rig.watch_all().await;
        let order = json!({ "op": "subscribe", "id": 1, "pattern": "**" });
        watcher.subscribe(order).await;
        watchers.push(watcher);
    }
    let each = (rss() - before) / COUNT as u64;
    eprintln!("{COUNT} sockets: {each} bytes each, both ends");
    let stats = rig.get("/api/v1/system/stats").expect(200);
    assert_eq!(
        (&stats["live"]["watchers"], &stats["live"]["groups"]),
        (&json!(COUNT), &json!(1))
    );
}
