//! What those who look after the system ask: probes, figures, log lines, errors.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::rig::{Rig, wait_for};

/// Reads the text as the client library of Prometheus does: one JSON object per family.
const PARSER: &str = "
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
families = [{'name': f.name, 'type': f.type, 'help': f.documentation, 'samples': [
    {'name': s.name, 'labels': s.labels, 'value': str(s.value)} for s in f.samples]}
    for f in parse(sys.stdin.read())]
json.dump(families, sys.stdout)
";

/// Returns the families that Prometheus finds in a text, by name.
fn parsed(text: &str) -> BTreeMap<String, Json> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let mut child = Command::new(&python)
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python:?}: {error}; run `cargo xtask setup`"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let families: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    let name = |family: &Json| family["name"].as_str().unwrap().to_owned();
    families.into_iter().map(|it| (name(&it), it)).collect()
}

async fn metrics(rig: &Rig) -> (String, BTreeMap<String, Json>) {
    let answer = rig.get("/metrics");
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = answer.text;
    let families = tokio::task::block_in_place(|| parsed(&text));
    (text, families)
}

fn value(families: &BTreeMap<String, Json>, family: &str, labels: &Json) -> f64 {
    let samples = families[family]["samples"].as_array().unwrap();
    let sample = samples.iter().find(|sample| sample["labels"] == *labels);
    let sample = sample.unwrap_or_else(|| panic!("{family} {labels}: {samples:?}"));
    sample["value"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_in_general_terms() {
    let rig = Rig::start().await;
    for path in ["/healthz", "/healthz/"] {
        let answer = rig.get(path);
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"));
    }
    let ready = rig.get("/readyz");
    assert_eq!((ready.status, ready.text.as_str()), (200, "ready\n"));
    rig.free_megabytes.store(30, Ordering::Relaxed);
    rig.hub.handle().wake_upkeep();
    wait_for(|| rig.get("/readyz").status == 503).await;
    assert_eq!(rig.get("/readyz").text, "not ready: the disk is full\n");
    assert_eq!(rig.get("/healthz").status, 200);
    rig.free_megabytes.store(900, Ordering::Relaxed);
    rig.hub.handle().wake_upkeep();
    wait_for(|| rig.get("/readyz").status == 200).await;
    rig.send("POST", "/healthz", &[], None)
        .refused(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_the_figures() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    rig.get("/api/v1/connections/no-such-id")
        .refused(404, "not_found");
    let (_, families) = metrics(&rig).await;
    assert_eq!(value(&families, "headworks_samples", &json!({})), 1.0);
    assert_eq!(value(&families, "headworks_tags", &json!({})), 1.0);
    let running = json!({ "protocol": "given", "state": "running" });
    assert_eq!(value(&families, "headworks_connections", &running), 1.0);
    assert!(
        1e6 < value(
            &families,
            "headworks_process_resident_memory_bytes",
            &json!({})
        )
    );
    let requests = families["headworks_http_request_duration_seconds"]["samples"]
        .as_array()
        .unwrap();
    let labels = json!({ "route": "/api/v1/connections/{id}", "method": "GET", "status": "4xx" });
    let count = requests.iter().find(|sample| {
        sample["labels"] == labels && sample["name"].as_str().unwrap().ends_with("_seconds_count")
    });
    assert_eq!(count.unwrap()["value"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_requests_and_audit_entries_are_counted_by_outcome() {
    let (rig, tags) = Rig::with_tags(&["level", "deaf", "mute"]).await;
    let viewer = rig.make_user("viewer", "viewer");
    let user = json!({
        "name": "op", "role": "operator", "password": crate::rig::PASSWORD, "write": ["no/**"],
    });
    rig.post("/api/v1/users", &user).expect(201);
    let operator = rig.sign_in("op");
    let write = |token: &str, tag: &Json, value: f64| {
        let path = format!("/api/v1/tags/{}/write", tag["id"].as_str().unwrap());
        let body = json!({ "value": value });
        rig.send_as(token, "POST", &path, Some(&body)).status
    };
    rig.give(&tags[0], rig.now_us(), 1.0).await;
    assert_eq!(write(&rig.token, &tags[0], 1.0), 200);
    assert_eq!(write(&rig.token, &tags[0], 2e6), 422); // above its max
    assert_eq!(write(&rig.token, &tags[1], 1.0), 409); // the device says no
    assert_eq!(write(&operator, &tags[0], 1.0), 403); // not granted
    assert_eq!(write(&viewer, &tags[0], 1.0), 403); // no route for viewers, so no write
    assert_eq!(write(&rig.token, &tags[2], 1.0), 504);
    let stored = || {
        let page = rig.get("/api/v1/audit?action=write_tag").expect(200);
        page["items"].as_array().unwrap().len() == 6
    };
    wait_for(stored).await;
    let (_, families) = metrics(&rig).await;
    let writes = |outcome: &str| {
        value(
            &families,
            "headworks_tag_writes",
            &json!({ "outcome": outcome }),
        )
    };
    assert_eq!(
        (writes("done"), writes("refused"), writes("failed")),
        (1.0, 3.0, 1.0)
    );
    let route = "/api/v1/tags/{id}/write";
    let requests = |class: &str| {
        let labels = json!({ "route": route, "method": "POST", "status": class });
        value(&families, "headworks_http_requests", &labels)
    };
    assert_eq!(
        (requests("2xx"), requests("4xx"), requests("5xx")),
        (1.0, 4.0, 1.0)
    );
    assert!(6.0 <= value(&families, "headworks_audit_entries", &json!({})));
    assert_eq!(
        value(&families, "headworks_audit_entries_dropped", &json!({})),
        0.0
    );
    assert_eq!(value(&families, "headworks_audit_failing", &json!({})), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_metrics_end_in_base_units_and_have_types() {
    let rig = Rig::start().await;
    let (text, families) = metrics(&rig).await;
    assert!(30 < families.len(), "{text}");
    for (name, family) in &families {
        assert!(name.starts_with("headworks_"), "{name}");
        let kind = family["type"].as_str().unwrap();
        assert!(
            ["counter", "gauge", "histogram"].contains(&kind),
            "{name} {kind}"
        );
        assert!(family["help"].as_str().unwrap().ends_with('.'), "{name}");
        for part in [
            "_ms", "_us", "_secs", "_mb", "_kb", "_percent", "_minutes", "_hours",
        ] {
            assert!(
                !name.ends_with(part) && !name.contains(&format!("{part}_")),
                "{name}"
            );
        }
        // The parser takes `_total` off the names of counters.
        let has_total = text.contains(&format!("# TYPE {name}_total counter\n"));
        assert_eq!(kind == "counter", has_total, "{name}");
        for word in ["duration", "cpu", "uptime", "sync"] {
            assert!(!name.contains(word) || name.ends_with("_seconds"), "{name}");
        }
        for word in ["memory", "free", "size"] {
            let is_counted = name.ends_with("_samples");
            assert!(
                !name.contains(word) || is_counted || name.ends_with("_bytes"),
                "{name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_bounded_whatever_tags_are_called() {
    let rig = Rig::start().await;
    let device = rig.make_device("boiler").await;
    for number in 0..1_000 {
        let name = format!("hostile\"\\{{le='{number}'}} TYPE x{number}");
        let tag = json!({
            "device": device["id"], "name": name, "address": format!("a{number}"),
            "data_type": "float64",
        });
        rig.post("/api/v1/tags", &tag).expect(201);
        if number % 50 == 0 {
            rig.get(&format!("/api/v1/tags/no-{number}"));
            rig.get(&format!("/assets/no-{number}.js"));
        }
    }
    let (text, families) = metrics(&rig).await;
    assert_eq!(value(&families, "headworks_tags", &json!({})), 1_000.0);
    assert!(!text.contains("hostile") && !text.contains("boiler") && !text.contains("no-"));
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sample in families
        .values()
        .flat_map(|it| it["samples"].as_array().unwrap())
    {
        for (name, value) in sample["labels"].as_object().unwrap() {
            let value = value.as_str().unwrap().to_owned();
            values.entry(name.clone()).or_default().insert(value);
        }
    }
    let names: Vec<&str> = values.keys().map(String::as_str).collect();
    let known = [
        "level", "le", "method", "outcome", "protocol", "route", "state", "status", "version",
        "way",
    ];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    let document = rig.get("/api/schema").expect(200);
    let paths = document["paths"].as_object().unwrap();
    assert!(
        values["route"]
            .iter()
            .all(|route| paths.contains_key(route))
    );
    assert!(values["status"].iter().all(|class| class.ends_with("xx")));
    assert!(text.lines().count() < 1_000, "{}", text.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_paged_and_their_levels_change() {
    let rig = Rig::start().await;
    tracing::subscriber::with_default(rig.telemetry.subscriber().unwrap(), || {
        tracing::info!(target: "headworks_hub::link", device = "boiler 1", "link opened");
        tracing::debug!(target: "headworks_hub::link", "not made");
        tracing::warn!(target: "headworks_store", "disk\nslow");
        let levels = json!({ "levels": "info,headworks_hub=debug" });
        let path = "/api/v1/system/logs/levels";
        let changed = rig.send("PUT", path, &[], Some(levels.to_string().into_bytes()));
        assert_eq!(changed.expect(200), levels);
        assert_eq!(rig.get(path).expect(200), levels);
        tracing::debug!(target: "headworks_hub::link", "made now");
        let bad = json!({ "levels": "infoo" }).to_string().into_bytes();
        let refused = rig.send("PUT", path, &[], Some(bad));
        assert_eq!(refused.refused(422, "invalid_body"), ["/levels"]);
    });
    let messages = |query: &str| {
        let page = rig.get(&format!("/api/v1/system/logs{query}")).expect(200);
        let items = page["items"].as_array().unwrap();
        let message = |line: &Json| line["message"].as_str().unwrap().to_owned();
        items.iter().map(message).collect::<Vec<String>>()
    };
    assert_eq!(messages(""), ["made now", "disk\\nslow", "link opened"]);
    assert_eq!(messages("?level=warn"), ["disk\\nslow"]);
    assert_eq!(
        messages("?module=headworks_hub"),
        ["made now", "link opened"]
    );
    assert_eq!(messages("?text=Boiler"), ["link opened"]);
    let page = rig.get("/api/v1/system/logs?limit=2").expect(200);
    let before = page["next_before"].as_u64().unwrap();
    assert_eq!(messages(&format!("?before={before}")), ["link opened"]);
    rig.get("/api/v1/system/logs?limit=0")
        .refused(400, "invalid_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_listed_by_kind_and_cleared() {
    let rig = Rig::start().await;
    tracing::subscriber::with_default(rig.telemetry.subscriber().unwrap(), || {
        for number in 0..3 {
            tracing::warn!(target: "headworks_hub::link", number, "device {number} away");
        }
        tracing::error!(target: "headworks_store", "disk full");
    });
    rig.telemetry.flush(Duration::from_secs(10));
    let list = |query: &str| {
        rig.get(&format!("/api/v1/system/errors{query}"))
            .expect(200)
    };
    let first = list("?limit=1");
    assert_eq!(
        (&first["total"], &first["items"][0]["message"]),
        (&json!(2), &json!("disk full"))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = list(&format!("?limit=1&cursor={cursor}"));
    let group = &second["items"][0];
    assert_eq!(group["template"], "device # away");
    assert_eq!(
        (&group["count"], &second["next_cursor"]),
        (&json!(3), &Json::Null)
    );
    assert_eq!(list("?level=error")["total"], 1);
    let path = format!("/api/v1/system/errors/{}", group["id"]);
    let detail = rig.get(&path).expect(200);
    assert_eq!(detail["occurrences"][0]["context"]["fields"]["number"], 2);
    assert_eq!(detail["occurrences"].as_array().unwrap().len(), 3);
    rig.delete(&path).expect(204);
    rig.delete(&path).refused(404, "not_found");
    rig.get(&path).refused(404, "not_found");
    assert_eq!(list("")["total"], 1);
    rig.get("/api/v1/system/errors/abc")
        .refused(404, "not_found");
}
