//! Live values: the multiplexed socket, the channels, the stream of events.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_tungstenite::tungstenite::Message;

use crate::rig::{Rig, index_of, sample, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_starts_with_its_tags_and_values_and_then_follows() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let now_us = rig.now_us();
    rig.give(&tags[0], now_us, 1.5).await;
    let mut watcher = rig.watch("/ws").await;
    let hello = watcher.next().await;
    assert_eq!(hello["op"], "hello");
    assert!(hello["t"].as_i64().unwrap() >= now_us && hello["start_us"].is_i64());
    let status = watcher.next().await;
    assert_eq!(status["op"], "status");
    assert_eq!(status["devices"][0]["id"], tags[0]["device"]);
    assert!(status["connections"][0]["state"].is_string());

    let order = json!({ "op": "subscribe", "id": 1, "pattern": "plant/**", "interval_ms": 10 });
    let (selected, snapshot) = watcher.subscribe(order).await;
    let (a, b) = (&tags[0]["index"], &tags[1]["index"]);
    let want = json!([
        { "i": a, "path": "plant/boiler/a", "unit": "°C" },
        { "i": b, "path": "plant/boiler/b", "unit": "°C" },
    ]);
    assert_eq!((&selected["id"], &selected["tags"]), (&json!(1), &want));
    assert_eq!(
        (&snapshot["i"], &snapshot["v"]),
        (&json!([a, b]), &json!([1.5, null]))
    );
    assert_eq!(snapshot["s"][0], now_us);
    assert_eq!(snapshot["q"]["1"], 0x8032_0000_u32);

    rig.give_batch(vec![sample(&tags[1], now_us + 5, 7.0)])
        .await;
    let values = watcher.next_op("values").await;
    assert_eq!((&values["i"], &values["v"]), (&json!([b]), &json!([7.0])));
    assert_eq!(
        (&values["s"], &values["q"]),
        (&json!([now_us + 5]), &json!({}))
    );

    // by number, in place of the first subscription
    let order = json!({ "op": "subscribe", "id": 1, "tags": [a] });
    let (_, snapshot) = watcher.subscribe(order).await;
    assert_eq!(snapshot["i"], json!([a]));
    rig.give(&tags[1], now_us + 6, 8.0).await;
    rig.give(&tags[0], now_us + 7, 9.0).await;
    assert_eq!(watcher.next_op("values").await["i"], json!([a]));

    watcher.say(&json!({ "op": "unsubscribe", "id": 1 })).await;
    watcher.say(&json!({ "op": "ping" })).await;
    watcher.next_op("pong").await;
    rig.give(&tags[0], now_us + 8, 9.0).await;
    assert_eq!(watcher.next_within(Duration::from_millis(300)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_value_wins_and_the_interval_is_kept() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let mut watcher = rig.watch_all().await;
    let order = json!({ "op": "subscribe", "id": 1, "pattern": "**", "interval_ms": 400 });
    watcher.subscribe(order).await;
    let start_us = rig.now_us();
    let mut sent = 0;
    let start = Instant::now();
    let (mut batches, mut last) = (0, Json::Null);
    while start.elapsed() < Duration::from_secs(2) {
        sent += 1;
        rig.give_batch(vec![sample(&tags[0], start_us + sent, sent as f64)])
            .await;
        if let Some(message) = watcher.next_within(Duration::from_millis(5)).await
            && message["op"] == "values"
        {
            batches += 1;
            last = message["v"][0].clone();
        }
    }
    assert!(
        (4..=7).contains(&batches),
        "{batches} batches of {sent} samples"
    );
    assert!(
        0.7 * sent as f64 <= last.as_f64().unwrap(),
        "{last} of {sent}"
    );
    let values = watcher.next_op("values").await;
    assert_eq!(values["v"], json!([sent as f64]));

    // a hidden tab slows down, and is as fast as before when it is seen again
    watcher
        .say(&json!({ "op": "interval", "interval_ms": 60_000 }))
        .await;
    watcher.say(&json!({ "op": "ping" })).await;
    watcher.next_op("pong").await;
    rig.give(&tags[0], start_us + 1_000_000, 1.0).await;
    watcher.next_within(Duration::from_millis(500)).await;
    rig.give(&tags[0], start_us + 2_000_000, 2.0).await;
    assert_eq!(watcher.next_within(Duration::from_millis(500)).await, None);
    watcher
        .say(&json!({ "op": "interval", "interval_ms": 10 }))
        .await;
    assert_eq!(watcher.next_op("values").await["v"], json!([2.0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_answered_and_the_socket_lives_on() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let mut watcher = rig.watch_all().await;
    for (text, want) in [
        ("", "EOF"),
        ("hello", "expected value"),
        ("[]", "missing field `op`"),
        ("{\"op\":\"fly\"}", "unknown variant `fly`"),
        ("{\"op\":\"ping\",\"x\":1}", "unknown field `x`"),
        ("{\"op\":\"subscribe\"}", "missing field `id`"),
        ("{\"op\":\"subscribe\",\"id\":-1,\"pattern\":\"**\"}", "-1"),
        (
            "{\"op\":\"subscribe\",\"id\":1}",
            "either `pattern` or `tags`",
        ),
        (
            "{\"op\":\"subscribe\",\"id\":1,\"pattern\":\"a\",\"tags\":[]}",
            "either",
        ),
        (
            "{\"op\":\"subscribe\",\"id\":1,\"pattern\":\"a//b\"}",
            "empty segment",
        ),
        (
            "{\"op\":\"subscribe\",\"id\":1,\"pattern\":\"a\",\"interval_ms\":9}",
            "10 to 60000",
        ),
        ("{\"op\":\"interval\",\"interval_ms\":0}", "10 to 60000"),
        ("{\"op\":\"unsubscribe\",\"id\":5}", "no subscription 5"),
    ] {
        watcher.say_text(text).await;
        let error = watcher.next_op("error").await;
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(want), "{text}: {detail}");
    }
    watcher.0.send(Message::binary(vec![1, 2])).await.unwrap();
    let error = watcher.next_op("error").await;
    assert!(error["detail"].as_str().unwrap().contains("binary"));

    let index = &tags[0]["index"];
    watcher
        .say(&json!({ "op": "subscribe", "id": 9, "tags": [index, 4_000_000_000_u32] }))
        .await;
    assert_eq!(watcher.next_op("tags").await["tags"][0]["i"], *index);
    let error = watcher.next_op("error").await;
    assert_eq!(error["id"], 9);
    assert!(error["detail"].as_str().unwrap().contains("4000000000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_has_bounds() {
    let (rig, _) = Rig::with_tags(&["a"]).await;
    let mut watcher = rig.watch_all().await;
    for id in 0..1024 {
        watcher
            .subscribe(json!({ "op": "subscribe", "id": id, "pattern": "**" }))
            .await;
    }
    watcher
        .say(&json!({ "op": "subscribe", "id": 1024, "pattern": "**" }))
        .await;
    let error = watcher.next_op("error").await;
    assert!(
        error["detail"]
            .as_str()
            .unwrap()
            .contains("1024 subscriptions")
    );
    // all of them watch the same tag: one group
    let stats = rig.get("/api/v1/system/stats").expect(200);
    assert_eq!(
        stats["live"],
        json!({ "watchers": 1, "groups": 1, "batches": stats["live"]["batches"] })
    );

    let long = " ".repeat((256 << 10) + 1);
    drop(watcher.0.send(Message::text(long)).await);
    let end = tokio::time::timeout(Duration::from_secs(30), async {
        while let Some(Ok(message)) = watcher.0.next().await {
            if message.is_close() {
                break;
            }
        }
    });
    end.await.unwrap();
    let stats = || rig.get("/api/v1/system/stats").expect(200)["live"]["watchers"].clone();
    wait_for(|| stats() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tag_joins_the_patterns_that_select_it() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let mut watcher = rig.watch_all().await;
    watcher
        .subscribe(json!({ "op": "subscribe", "id": 1, "pattern": "plant/*/a" }))
        .await;
    watcher
        .subscribe(json!({ "op": "subscribe", "id": 2, "pattern": "**" }))
        .await;
    let tag = json!({
        "device": tags[0]["device"], "name": "b", "address": "b", "data_type": "float64",
    });
    let made = rig.post("/api/v1/tags", &tag).expect(201);
    watcher.next_op("plant").await;
    let selected = watcher.next_op("tags").await;
    assert_eq!(
        (&selected["id"], &selected["tags"][1]["i"]),
        (&json!(2), &made["index"])
    );
    rig.give(&made, rig.now_us(), 3.0).await;
    loop {
        let values = watcher.next_op("values").await;
        if values["i"] == json!([made["index"]]) && values["v"] == json!([3.0]) {
            break;
        }
    }
    let place = format!("/api/v1/tags/{}", made["id"].as_str().unwrap());
    rig.delete(&place).expect(204);
    let selected = watcher.next_op("tags").await;
    assert_eq!(selected["tags"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_up_nobody_and_skips_to_the_newest() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let device = &tags[0]["device"];
    let row = |n: usize| {
        json!({
            "device": device, "name": format!("n{n}"), "address": "1", "data_type": "float64",
        })
    };
    let rows: Vec<Json> = (0..2000).map(row).collect();
    let made = rig
        .post("/api/v1/tags", &json!({ "items": rows }))
        .expect(201);
    let made = made["items"].as_array().unwrap();
    let order = json!({ "op": "subscribe", "id": 1, "pattern": "**", "interval_ms": 10 });
    let (mut slow, mut fast) = (rig.watch_all().await, rig.watch_all().await);
    slow.subscribe(order.clone()).await;
    fast.subscribe(order).await;
    let start_us = rig.now_us();
    let rounds = 400;
    for round in 1..=rounds {
        let values = made
            .iter()
            .map(|tag| sample(tag, start_us + round, round as f64));
        rig.give_batch(values.collect()).await;
    }
    let last = made.last().unwrap();
    wait_for(|| {
        let sample = rig.hub.handle().last(index_of(last));
        sample.is_some_and(|sample| sample.time_us == start_us + rounds)
    })
    .await;
    let start = Instant::now();
    let is_newest = |message: &Json| {
        let values = message["v"].as_array();
        values.is_some_and(|values| values.last().is_some_and(|last| *last == rounds as f64))
    };
    while !is_newest(&fast.next().await) {}
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let mut batches = 0;
    while !is_newest(&slow.next().await) {
        batches += 1;
    }
    // far fewer than the rounds: what was not taken was not kept
    assert!(batches < rounds / 2, "{batches} batches");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channels_of_dashboards_and_devices_carry_values() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    rig.give(&tags[0], 1_700_000_000_000_000, 1.0).await;
    let mut all = rig.watch("/ws/dashboard/").await;
    let want = json!({
        "type": "value", "register_id": tags[0]["id"], "path": "plant/boiler/a", "value": 1.0,
        "timestamp": "2023-11-14T22:13:20Z", "unit": "°C", "quality": 0,
    });
    assert_eq!(all.next_op("value").await, want);
    let id = tags[0]["device"].as_str().unwrap();
    let mut device = rig.watch(&format!("/ws/device/{id}/")).await;
    let (mut status, mut value) = (false, false);
    while !(status && value) {
        let message = device.next().await;
        status |= message["type"] == "status" && message["device_id"] == id;
        value |= message == want;
    }
    rig.give(&tags[1], 1_700_000_001_000_000, 2.0).await;
    for watcher in [&mut all, &mut device] {
        loop {
            let message = watcher.next_op("value").await;
            if message["path"] == "plant/boiler/b" && message["value"] == 2.0 {
                break;
            }
        }
    }
    let mut alarms = rig.watch("/ws/alarms/").await;
    assert_eq!(alarms.next().await["type"], "hello");
    rig.get("/ws/alarms").refused(426, "upgrade_required");
    let nobody = "0192d3c0-0000-7000-8000-000000000000";
    rig.get(&format!("/ws/device/{nobody}"))
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_of_events_carries_values() {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let now_us = rig.now_us();
    rig.give(&tags[0], now_us, 1.0).await;
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    let request = format!(
        "GET /api/v1/stream?pattern=**/a&interval_ms=10 HTTP/1.1\r\nhost: {}\r\n\
         authorization: Bearer {}\r\n\r\n",
        rig.address, rig.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut next = async |start: &str| loop {
        let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line());
        let line = line.await.unwrap().unwrap().unwrap();
        if let Some(rest) = line.strip_prefix(start) {
            return rest.to_owned();
        }
    };
    assert_eq!(next("content-type: ").await, "text/event-stream");
    assert_eq!(next("event: ").await, "values");
    let values: Json = serde_json::from_str(&next("data: ").await).unwrap();
    let want = json!([{ "path": "plant/boiler/a", "value": 1.0, "quality": 0, "time_us": now_us }]);
    assert_eq!(values, want);
    rig.give(&tags[1], now_us + 1, 5.0).await;
    rig.give(&tags[0], now_us + 2, 2.0).await;
    let values: Json = serde_json::from_str(&next("data: ").await).unwrap();
    assert_eq!(
        (&values[0]["value"], values.as_array().unwrap().len()),
        (&json!(2.0), 1)
    );
}
