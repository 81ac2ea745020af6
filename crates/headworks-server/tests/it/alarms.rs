//! Alarms that run: lists, acts, journal, figures, and how they are told of.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::rig::{Rig, sample, wait_for};

/// Makes an alarm above 80 of a tag; returns it.
fn make_alarm(rig: &Rig, tag: &Json, name: &str, priority: u8) -> Json {
    let alarm = json!({
        "name": name, "tag": tag["id"], "condition": { "kind": "high", "limit": 80.0 },
        "priority": priority, "message": "{tag} is {value} {unit}, above {limit}",
        "action": "close the valve",
    });
    rig.post("/api/v1/alarm-rules", &alarm).expect(201)
}

fn alarms(rig: &Rig, query: &str) -> Vec<Json> {
    let page = rig.get(&format!("/api/v1/alarms?{query}")).expect(200);
    page["items"].as_array().unwrap().clone()
}

fn place(alarm: &Json, act: &str) -> String {
    format!("/api/v1/alarms/{}/{act}", alarm["id"].as_str().unwrap())
}

/// A rig whose tag `a` has an alarm that is active.
async fn raised() -> (Rig, Vec<Json>, Json) {
    let (rig, tags) = Rig::with_tags(&["a", "b"]).await;
    let alarm = make_alarm(&rig, &tags[0], "hot", 2);
    rig.give(&tags[0], rig.now_us(), 90.5).await;
    wait_for(|| alarms(&rig, "").len() == 1).await;
    (rig, tags, alarm)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_shown_acknowledged_and_told_of_in_the_journal() {
    let (rig, tags, alarm) = raised().await;
    let shown = alarms(
        &rig,
        "state=unacknowledged&priority=2&area=plant&search=HOT",
    );
    let one = &shown[0];
    assert_eq!((&one["id"], &one["name"]), (&alarm["id"], &json!("hot")));
    assert_eq!(
        (&one["state"], &one["value"], &one["limit"], &one["text"]),
        (
            &json!("unacknowledged"),
            &json!(90.5),
            &json!(80.0),
            &json!("plant/boiler/a is 90.5 °C, above 80")
        )
    );
    assert_eq!(
        (&one["path"], &one["action"]),
        (&tags[0]["path"], &json!("close the valve"))
    );
    for other in ["priority=1", "area=pla", "search=cold", "state=shelved"] {
        assert!(alarms(&rig, other).is_empty(), "{other}");
    }
    let event = one["event"]["id"].as_u64().unwrap();
    let wrong = json!({ "event": event + 1 });
    rig.post(&place(&alarm, "acknowledge"), &wrong)
        .refused(409, "alarm_state");
    let seen = json!({ "event": event, "comment": "on my way" });
    let one = rig.post(&place(&alarm, "acknowledge"), &seen).expect(200);
    assert_eq!(
        (&one["state"], &one["comment"]),
        (&json!("acknowledged"), &json!("on my way"))
    );
    rig.give(&tags[0], rig.now_us(), 20.0).await;
    wait_for(|| alarms(&rig, "").is_empty()).await;

    check_journal(&rig);
    let report = rig.get("/api/v1/alarms/statistics?operators=2").expect(200);
    assert_eq!(
        (&report["acknowledged"], &report["top"][0]["count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["names"][0]["path"], tags[0]["path"]);
    rig.get("/api/v1/alarms/statistics?from_us=5&to_us=5")
        .refused(400, "invalid_query");
}

/// Checks what the journal says of an alarm that was raised, acknowledged and is over.
fn check_journal(rig: &Rig) {
    let journal = rig.get("/api/v1/alarms/journal?area=plant").expect(200);
    let causes = journal["items"].as_array().unwrap().iter();
    let causes: Vec<&Json> = causes.map(|entry| &entry["transition"]["cause"]).collect();
    assert_eq!(causes, ["cleared", "acknowledged", "raised"]);
    let mut cursor = String::new();
    for cause in ["cleared", "acknowledged", "raised"] {
        let page = rig
            .get(&format!("/api/v1/alarms/journal?limit=1{cursor}"))
            .expect(200);
        assert_eq!(page["items"][0]["transition"]["cause"], cause);
        cursor = format!(
            "&cursor={}",
            page["next_cursor"].as_str().unwrap_or_default()
        );
    }
    rig.get("/api/v1/alarms/journal?cursor=x")
        .refused(400, "invalid_query");
    let copy = rig.get("/api/v1/alarms/journal/export").text;
    let lines: Vec<&str> = copy.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 4, "{copy}");
    assert!(lines[0].starts_with("number,time,alarm,"), "{copy}");
    assert!(
        lines[2].contains("acknowledged,B,C,") && lines[2].ends_with("on my way"),
        "{copy}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_are_put_aside_with_a_reason_and_come_back() {
    let (rig, _, alarm) = raised().await;
    rig.post(&place(&alarm, "shelve"), &json!({ "comment": "" }))
        .refused(422, "invalid_body");
    let until_us = rig.now_us() + 60_000_000;
    let why = json!({ "until_us": until_us, "comment": "sensor is being cleaned" });
    let one = rig.post(&place(&alarm, "shelve"), &why).expect(200);
    assert_eq!(
        (&one["state"], &one["active"]),
        (&json!("shelved"), &json!(true))
    );
    assert_eq!(one["shelf"]["until_us"], until_us);
    assert_eq!(
        (alarms(&rig, "").len(), alarms(&rig, "state=shelved").len()),
        (0, 1)
    );
    let summary = rig.get("/api/v1/alarms/summary").expect(200);
    assert_eq!(
        (&summary["put_aside"], &summary["first"]),
        (&json!(1), &Json::Null)
    );
    rig.post(&place(&alarm, "unshelve"), &json!({})).expect(200);
    let one = &alarms(&rig, "state=active")[0];
    assert_eq!(one["state"], "unacknowledged");

    rig.post(
        &place(&alarm, "out-of-service"),
        &json!({ "comment": "works" }),
    )
    .expect(200);
    assert_eq!(alarms(&rig, "state=out_of_service").len(), 1);
    rig.post(&place(&alarm, "in-service"), &json!({}))
        .expect(200);
    rig.post(&place(&alarm, "reset"), &json!({}))
        .refused(409, "alarm_state");
    let long = json!({ "comment": "x".repeat(1001) });
    rig.post(&place(&alarm, "unshelve"), &long)
        .refused(422, "invalid_body");
    let nobody = json!({ "id": "0192d3c0-0000-7000-8000-000000000000" });
    rig.post(&place(&nobody, "reset"), &json!({}))
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_alarms_are_acknowledged_at_once_each_for_itself() {
    let (rig, tags, _) = raised().await;
    make_alarm(&rig, &tags[1], "hotter", 1);
    rig.give(&tags[1], rig.now_us(), 99.0).await;
    wait_for(|| alarms(&rig, "state=unacknowledged").len() == 2).await;
    let shown = alarms(&rig, "");
    assert_eq!(shown[0]["name"], "hotter", "the most urgent first");
    let summary = rig.get("/api/v1/alarms/summary").expect(200);
    assert_eq!(summary["first"]["name"], "hotter");
    assert_eq!(
        summary["priorities"][1],
        json!({ "priority": 2, "active": 1, "unacknowledged": 1 })
    );
    let mut events: Vec<Json> = shown
        .iter()
        .map(|one| json!({ "alarm": one["id"], "event": one["event"]["id"] }))
        .collect();
    events.push(json!({ "alarm": tags[0]["id"], "event": 1 }));
    let body = json!({ "events": events, "comment": "seen" });
    let outcome = rig.post("/api/v1/alarms/acknowledge", &body).expect(200);
    assert_eq!(outcome["done"], 2);
    assert_eq!(outcome["refused"][0]["reason"], "there is no such alarm");
    assert!(alarms(&rig, "state=unacknowledged").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn transitions_are_told_over_both_sockets_and_the_stream() {
    let (rig, tags, alarm) = raised().await;
    let mut channel = rig.watch("/ws/alarms?after=0").await;
    assert_eq!(channel.next().await["type"], "hello");
    let standing = channel.next().await;
    assert_eq!(standing["summary"]["first"]["id"], alarm["id"]);
    let past = channel.next().await;
    assert_eq!(past["entry"]["transition"]["cause"], "raised");

    let mut socket = rig.watch_all().await;
    socket.say(&json!({ "op": "alarms", "on": true })).await;
    let standing = socket.next_op("alarms").await;
    assert_eq!(standing["summary"]["priorities"][1]["unacknowledged"], 1);
    let mut stream = stream_from(&rig, past["entry"]["number"].as_u64().unwrap()).await;

    rig.give(&tags[0], rig.now_us(), 20.0).await;
    for heard in [channel.next().await, socket.next_op("alarm").await] {
        let entry = &heard["entry"];
        assert_eq!(entry["transition"]["cause"], "cleared");
        assert_eq!(
            (&entry["alarm"], &entry["path"]),
            (&alarm["id"], &tags[0]["path"])
        );
    }
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        let mut line = String::new();
        while !line.contains("\"cleared\"") {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
        }
    });
    told.await.unwrap();
    socket.say(&json!({ "op": "alarms", "on": false })).await;
    socket.say(&json!({ "op": "ping" })).await;
    socket.next_op("pong").await;
    rig.give(&tags[0], rig.now_us(), 95.0).await;
    assert_eq!(
        channel.next().await["entry"]["transition"]["cause"],
        "raised"
    );
    assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
}

async fn stream_from(rig: &Rig, number: u64) -> BufReader<tokio::net::TcpStream> {
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    let request = format!(
        "GET /api/v1/alarms/stream HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         last-event-id: {number}\r\n\r\n",
        rig.address, rig.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
    }
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_see_a_part_of_the_tags_see_their_alarms_only() {
    let (rig, tags, _) = raised().await;
    make_alarm(&rig, &tags[1], "hotter", 1);
    rig.give(&tags[1], rig.now_us(), 99.0).await;
    wait_for(|| alarms(&rig, "").len() == 2).await;
    let new = json!({ "name": "wall", "kind": "kiosk", "role": "viewer",
        "read": ["plant/boiler/a"] });
    let made = rig.post("/api/v1/tokens", &new).expect(201);
    let token = made["secret"].as_str().unwrap().to_owned();
    let ask = |path: &str| rig.send_as(&token, "GET", path, None);
    let list = ask("/api/v1/alarms?state=all").expect(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["name"]),
        (&json!(1), &json!("hot"))
    );
    let summary = ask("/api/v1/alarms/summary").expect(200);
    assert_eq!(summary["first"]["name"], "hot");
    ask("/api/v1/alarms/journal").refused(403, "forbidden");
    let mut watcher = rig.watch_as(&token, "/ws/alarms").await;
    assert_eq!(watcher.next().await["type"], "hello");
    watcher.next().await;
    rig.give(&tags[1], rig.now_us(), 1.0).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    assert_eq!(watcher.next().await["entry"]["name"], "hot");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_thousands_of_transitions_misses_none() {
    let (rig, tags, _) = raised().await;
    let count = 2_500_u64;
    let mut time_us = rig.now_us();
    let mut batch = Vec::new();
    for at in 1..count {
        time_us += 1;
        let value = if at % 2 == 0 { 90.0 } else { 20.0 };
        batch.push(sample(&tags[0], time_us, value));
    }
    rig.give_batch(batch).await;
    let stored = || rig.get("/api/v1/alarms/summary").expect(200)["number"].clone();
    wait_for(|| stored() == count).await;
    let mut channel = rig.watch("/ws/alarms?after=0").await;
    channel.next().await;
    channel.next().await;
    for number in 1..=count {
        assert_eq!(channel.next().await["entry"]["number"], number);
    }
    rig.give(&tags[0], rig.now_us() + 1_000_000, 95.0).await;
    assert_eq!(channel.next().await["entry"]["number"], count + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_when_the_journal_is_not_kept() {
    let (rig, tags) = Rig::with_tags(&["temp"]).await;
    make_alarm(&rig, &tags[0], "hot", 1);
    let journal = rig.directory.path().join("data/alarms.db");
    let journal = rusqlite::Connection::open(journal).unwrap();
    let check = || rig.get("/api/v1/system/health").expect(200)["checks"]["alarms"].clone();
    let sound = json!({
        "ok": true, "code": "alarms_stored", "figures": { "lost": 0, "waiting": 0 },
        "detail": "every transition is stored",
    });
    assert_eq!(check(), sound);
    journal
        .execute_batch("ALTER TABLE entries RENAME TO away")
        .unwrap();
    rig.give(&tags[0], rig.now_us(), 90.0).await;
    wait_for(|| check()["ok"] == false).await;
    let found = check();
    assert_eq!(
        found["detail"],
        "1 transitions wait for the disk; the log says why"
    );
    assert_eq!(found["code"], "alarms_wait");
    assert_eq!(found["figures"], json!({ "lost": 0, "waiting": 1 }));
    journal
        .execute_batch("ALTER TABLE away RENAME TO entries")
        .unwrap();
    wait_for(|| check()["ok"] == true).await;
}
