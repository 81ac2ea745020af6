//! Exports, imports and streams of samples over HTTP.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::rig::{Answer, Rig, index_of};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Returns the part of a query that leaves the samples of the start of the hub out.
fn until_an_hour_ago(rig: &Rig) -> String {
    format!("end_us={}", rig.now_us() - HOUR_US / 2)
}

/// Waits until a job has ended and returns it.
async fn ended(rig: &Rig, answer: &Answer) -> Json {
    assert_eq!(answer.status, 202, "{}", answer.text);
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    for _ in 0..3000 {
        let job = rig.get(&place).expect(200);
        if !job["ended_us"].is_null() {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{place} did not end within 30 s");
}

fn upload(rig: &Rig, path: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    rig.send("POST", path, &headers, Some(bytes.into()))
}

fn lines(rig: &Rig, query: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Answer {
    let mut all = vec![("content-type", "application/x-ndjson")];
    all.extend_from_slice(headers);
    rig.send(
        "POST",
        &format!("/api/v1/history/import{query}"),
        &all,
        Some(bytes),
    )
}

/// Stores so many samples, one a second, the newest an hour ago; returns the time of the first.
fn fill(rig: &Rig, path: &str, count: i64) -> i64 {
    let first_us = (rig.now_us() / 1_000_000 - 3_600 - count) * 1_000_000;
    let sample = |at: i64| {
        let time_us = first_us + at * 1_000_000;
        json!({ "tag": path, "time_us": time_us, "value": at as f64 / 2.0 }).to_string() + "\n"
    };
    let body: String = (0..count).map(sample).collect();
    let answer = lines(rig, "?durable=true", &[], body.into_bytes()).expect(200);
    assert_eq!(answer["accepted"], count, "{answer}");
    assert_eq!(answer["ack"], "durable");
    first_us
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_samples_is_stored_and_changes_no_present_value() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    let now_us = rig.now_us();
    rig.give(&tags[0], now_us, 42.0).await;
    let path = tags[0]["path"].as_str().unwrap();
    let body = format!(
        "{{\"tag\":\"{path}\",\"times_us\":[{},{}],\"values\":[1,2]}}\n\
         {{\"tag\":\"nobody\",\"time_us\":{now_us},\"value\":1}}\n",
        now_us - HOUR_US - 1_000_000,
        now_us - HOUR_US
    );
    for (encoding, bytes) in [
        (None, body.clone().into_bytes()),
        (Some("zstd"), zstd::encode_all(body.as_bytes(), 1).unwrap()),
    ] {
        let encoded = encoding.map(|name| ("content-encoding", name));
        let headers: Vec<_> = encoded.into_iter().collect();
        let answer = lines(&rig, "", &headers, bytes).expect(200);
        assert_eq!(answer["accepted"], 2, "{answer}");
        assert_eq!(answer["refused"], 1);
        assert_eq!(answer["refusals"][0]["reason"], "there is no such tag");
    }
    let last = rig.hub.handle().last(index_of(&tags[0])).unwrap();
    assert_eq!(last.time_us, now_us, "the present value stays");
    let id = tags[0]["id"].as_str().unwrap();
    let trend = rig.get(&format!(
        "/api/v1/tags/{id}/trend-data?raw=true&start_us={}&end_us={}",
        now_us - 2 * HOUR_US,
        now_us - HOUR_US / 2
    ));
    assert_eq!(trend.expect(200)["rows"].as_array().unwrap().len(), 2);

    let cut = &zstd::encode_all(body.as_bytes(), 1).unwrap()[..20];
    let zstd = [("content-encoding", "zstd")];
    lines(&rig, "", &zstd, cut.to_vec()).refused(422, "unreadable_file");
    let brotli = [("content-encoding", "br")];
    lines(&rig, "", &brotli, body.clone().into_bytes()).refused(415, "unsupported_media_type");
    let form = [("content-type", "text/plain")];
    let answer = rig.send(
        "POST",
        "/api/v1/history/import",
        &form,
        Some(body.into_bytes()),
    );
    answer.refused(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_sent_as_it_is_read() {
    let (rig, tags) = Rig::with_tags(&["flow", "level"]).await;
    let path = tags[0]["path"].as_str().unwrap();
    let first_us = fill(&rig, path, 20_000);
    let end = until_an_hour_ago(&rig);
    let query = format!("pattern=plant/**&time=micros&quality=code&{end}");
    let answer = rig.get(&format!("/api/v1/history/export?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        answer.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("history.csv")
    );
    let rows: Vec<&str> = answer.text.lines().collect();
    assert_eq!(rows.len(), 20_001);
    assert_eq!(rows[1], format!("{path},{first_us},0.0,0,°C"));
    let query = format!("format=jsonl&pattern=plant/boiler/level&{end}");
    let answer = rig.get(&format!("/api/v1/history/export?{query}"));
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    for (query, want) in [
        ("pattern=nobody/**", "?pattern"),
        ("pattern=a//b", "?pattern"),
        ("format=pdf", "?format"),
        ("zone=Mars/Olympus", "?zone"),
        ("start_us=5&end_us=5", "?start_us"),
        ("format=parquet&packing=gzip", "?packing"),
        ("colour=red", "?colour"),
    ] {
        let answer = rig.get(&format!("/api/v1/history/export?{query}"));
        assert_eq!(answer.refused(400, "invalid_query"), [want]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_a_job_whose_file_is_sent_in_parts() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    fill(&rig, tags[0]["path"].as_str().unwrap(), 5_000);
    let end_us = rig.now_us() - HOUR_US / 2;
    let whole = rig
        .get(&format!("/api/v1/history/export?end_us={end_us}"))
        .text;
    let started = rig.post("/api/v1/exports", &json!({ "end_us": end_us }));
    let job = ended(&rig, &started).await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["result"]["report"]["rows"], 5_000);
    let id = job["id"].as_str().unwrap();
    let export = rig.get(&format!("/api/v1/exports/{id}")).expect(200);
    assert_eq!(
        (&export["state"], &export["rows"]),
        (&json!("done"), &json!(5_000))
    );
    assert_eq!(rig.get("/api/v1/exports").expect(200)["items"][0], export);

    let place = format!("/api/v1/exports/{id}/file");
    let file = rig.get(&place);
    assert_eq!((file.status, &file.text), (200, &whole));
    let etag = file.headers["etag"].to_str().unwrap().to_owned();
    let from = whole.len() / 2;
    let range = format!("bytes={from}-");
    let part = |headers: &[(&str, &str)]| rig.send("GET", &place, headers, None);
    let rest = part(&[("range", &range), ("if-range", &etag)]);
    assert_eq!((rest.status, rest.text.as_str()), (206, &whole[from..]));
    let said = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
    assert_eq!(rest.headers["content-range"], said.as_str());
    let other = part(&[("range", &range), ("if-range", "\"another\"")]);
    assert_eq!((other.status, other.text.len()), (200, whole.len()));
    let behind = part(&[("range", "bytes=999999999-")]);
    assert_eq!(behind.status, 416);

    assert_eq!(
        rig.send("POST", &format!("/api/v1/exports/{id}/resume"), &[], None)
            .status,
        409
    );
    assert_eq!(rig.delete(&format!("/api/v1/exports/{id}")).status, 204);
    rig.get(&place).refused(404, "not_found");
    rig.delete(&format!("/api/v1/exports/{id}"))
        .refused(404, "not_found");
    rig.get("/api/v1/exports/..%2f..%2fheadworks.db/file")
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_imported_and_its_errors_are_listed() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    let path = tags[0]["path"].as_str().unwrap();
    let time_us = (rig.now_us() / 1_000_000 - 7_200) * 1_000_000;
    let file = format!(
        "tag;time;value\n{path};{time_us};1,5\n{path};{};2,5\n{path};{time_us};warm\n",
        time_us + 1_000_000
    );
    let preview = upload(&rig, "/api/v1/imports/preview", file.clone()).expect(200);
    assert_eq!(preview["dry_run"], true);
    assert_eq!(preview["delimiter"], ";");
    assert_eq!(preview["preview"][0]["value"], 1.5);
    assert_eq!(preview["row_errors"], 1);
    let started = upload(&rig, "/api/v1/imports", file);
    let job = ended(&rig, &started).await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["result"]["report"]["stored"], 2);
    let errors = rig.get(job["result"]["errors"].as_str().unwrap());
    assert_eq!(errors.status, 200);
    assert!(errors.text.contains("4,value,warm"), "{}", errors.text);
    let end = until_an_hour_ago(&rig);
    let query = format!("time=micros&header=false&{end}");
    let rows = rig.get(&format!("/api/v1/history/export?{query}")).text;
    assert_eq!(
        rows,
        format!(
            "{path},{time_us},1.5,Good,°C\r\n{path},{},2.5,Good,°C\r\n",
            time_us + 1_000_000
        )
    );

    let unknown = upload(
        &rig,
        "/api/v1/imports",
        "tag,time,value\nnobody,1795244700,1\n",
    );
    let job = ended(&rig, &unknown).await;
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"]
            .as_str()
            .unwrap()
            .contains("1 tags do not exist: nobody"),
        "{job}"
    );
    let asked = upload(
        &rig,
        "/api/v1/imports/preview",
        format!("tag,time,value\n{path},03/04/2026 00:00:00,1\n"),
    );
    let findings = asked.expect(200)["findings"].to_string();
    assert!(findings.contains("\"question\""), "{findings}");
    upload(&rig, "/api/v1/imports/preview", "PK\x03\x04").refused(422, "unreadable_file");
    upload(&rig, "/api/v1/imports?duplicates=perhaps", "x").refused(400, "invalid_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    let path = tags[0]["path"].as_str().unwrap();
    let time_us = rig.now_us() - 3_600_000_000;
    let row = format!("path,time,value\n{path},{time_us},1\n");
    let address = rig.address;
    let head = format!(
        "POST /api/v1/imports HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-length: 1000000\r\n\r\n{row}",
        rig.token
    );
    tokio::task::block_in_place(|| {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    let directory = rig.hub.handle().data_directory().join("imports");
    crate::rig::wait_for(|| {
        std::fs::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_none())
    })
    .await;
    assert!(
        rig.get("/api/v1/jobs").expect(200)["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let end = until_an_hour_ago(&rig);
    let rows = rig.get(&format!("/api/v1/history/export?header=false&{end}"));
    assert_eq!((rows.status, rows.text.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_older_than_their_retention_are_refused() {
    let (rig, tags) = Rig::with_tags(&["flow"]).await;
    let path = tags[0]["path"].as_str().unwrap();
    let old_us = rig.now_us() - 400 * DAY_US;
    let body = format!("{{\"tag\":\"{path}\",\"time_us\":{old_us},\"value\":1}}\n");
    let answer = lines(&rig, "", &[], body.into_bytes()).expect(200);
    assert_eq!(answer["refused"], 1);
    let reason = answer["refusals"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("days that samples of the tag are kept"),
        "{reason}"
    );
}
