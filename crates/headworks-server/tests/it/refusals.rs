//! Malformed requests: each gets its own answer, none is the server's fault.

use serde_json::json;

use crate::rig::{Answer, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_path_or_method_is_a_problem() {
    let rig = Rig::start().await;
    for path in [
        "/api",
        "/api/",
        "/api/v1/nothing",
        "/api/v2/tags",
        "/ws/nothing",
        "/api/v1//tags",
    ] {
        rig.get(path).refused(404, "unknown_path");
    }
    let refused = rig.send("PATCH", "/api/v1/tags", &[], Some(b"{}".to_vec()));
    assert_eq!(refused.headers["allow"], "GET, HEAD, POST");
    refused.refused(405, "method_not_allowed");
    for id in [
        "x",
        ":id",
        "{id}",
        "%7Bid%7D",
        "%3Aid",
        "..%2f..%2fetc",
        "%00",
        "0",
    ] {
        rig.get(&format!("/api/v1/tags/{id}"))
            .refused(404, "not_found");
    }
    rig.get("/api/v1/tags/%FF").refused(404, "unknown_path");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_body_is_refused_before_it_is_read() {
    let rig = Rig::start().await;
    let post = |headers: &[(&str, &str)], body: &[u8]| {
        rig.send("POST", "/api/v1/connections", headers, Some(body.to_vec()))
    };
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "application/jsonx",
    ] {
        post(&[("content-type", media_type)], b"{}").refused(415, "unsupported_media_type");
    }
    let utf8 = [("content-type", "Application/JSON; charset=utf-8")];
    post(&utf8, b"{}").refused(422, "invalid_body");
    let broken = post(&[], b"{\"name\":\n  }");
    broken.refused(400, "invalid_json");
    assert!(broken.text.contains("line 2 column 3"), "{}", broken.text);
    post(&[], b"").refused(400, "invalid_json");
    post(&[], b"{\"name\":\"\xFF\"}").refused(400, "invalid_json");
    post(&[], "[".repeat(1 << 20).as_bytes()).refused(400, "invalid_json");
    let large = vec![b' '; (8 << 20) + 1];
    post(&[], &large).refused(413, "body_too_large");
    let twice = post(&[], br#"{"name":"a","name":"b","protocol":"given"}"#);
    twice.refused(422, "invalid_body");
    let refused = rig.put("/api/v1/tags/x", "3", &json!({}));
    refused.refused(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_names_the_parameter() {
    let rig = Rig::start().await;
    for (query, name) in [
        ("limit=0", "?limit"),
        ("limit=1001", "?limit"),
        ("limit=99999999999999999999", "?limit"),
        ("limit=1&limit=2", "?limit"),
        ("cursor=x", "?cursor"),
        ("pattern=a%2F%2Fb", "?pattern"),
        ("pattern=%23", "?pattern"),
        ("sort=colour", "?sort"),
        ("quality=splendid", "?quality"),
        ("device=x", "?device"),
        ("pagesize=3", "?pagesize"),
    ] {
        let refused = rig.get(&format!("/api/v1/tags?{query}"));
        assert_eq!(refused.refused(400, "invalid_query"), [name], "{query}");
    }
    rig.get("/api/v1/system/health?x=1")
        .refused(400, "invalid_query");
    let refused = rig.get("/api/v1/stream?interval_ms=9");
    assert_eq!(refused.refused(400, "invalid_query"), ["?interval_ms"]);
}

const GARBAGE_BODIES: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "0",
    "\"x\"",
    "{\"a\":{\"a\":{\"a\":[]}}}",
    "{\"items\":[null]}",
    "{\"name\":\"\\ud800\"}",
    "{\"value\":1e999}",
    "{\"__proto__\":{\"x\":1}}",
    "\u{0}",
    "{\"name\":null,\"protocol\":[],\"settings\":0}",
    "{\"connection\":{},\"device\":{}}",
    "{\"enabled\":\"yes\"}",
    "{\"value\":18446744073709551616}",
];

const GARBAGE_QUERIES: &[&str] = &[
    "",
    "?",
    "?=",
    "?limit",
    "?x=%FF",
    "?start_us=-9223372036854775808&points=1",
    "?cursor=0:",
];

/// Returns paths and bodies to try on one route.
fn garbage(method: &str, place: &str) -> Vec<(String, Option<Vec<u8>>)> {
    match method {
        // never ends; `live` reads it
        "get" if place.ends_with("/stream") => Vec::new(),
        // ends the session that asks; `people` does
        "delete" if place == "/api/v1/session" => Vec::new(),
        "get" | "delete" => {
            let queries = GARBAGE_QUERIES.iter();
            queries
                .map(|query| (format!("{place}{query}"), None))
                .collect()
        }
        _ => {
            let bodies = GARBAGE_BODIES.iter().map(|body| body.as_bytes().to_vec());
            bodies.map(|body| (place.to_owned(), Some(body))).collect()
        }
    }
}

/// Returns the code of a problem; pages for people have none.
fn code_of(answer: &Answer) -> String {
    if answer.headers["content-type"]
        .to_str()
        .is_ok_and(|kind| kind.starts_with("text/html"))
    {
        return "page".to_owned();
    }
    answer.json()["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_garbage_makes_the_server_fail() {
    let (rig, tags) = Rig::with_tags(&["a"]).await;
    let document = rig.get("/api/schema").expect(200);
    let existing = tags[0]["id"].as_str().unwrap();
    let mut tries = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            for id in [
                existing,
                "0192d3c0-0000-7000-8000-000000000000",
                "%22",
                "a%0d%0ab",
            ] {
                let place = path.replace("{id}", id).replace("{kind}", id);
                let some = garbage(method, &place).into_iter();
                tries.extend(some.map(|(place, body)| (method.to_uppercase(), place, body)));
            }
        }
    }
    assert!(1000 < tries.len(), "{}", tries.len());
    for (method, place, body) in tries {
        // what is there is not to be deleted by the way
        let headers = [("if-match", "\"77\"")];
        let answer = rig.send(&method, &place, &headers, body.clone());
        assert!(answer.status < 500, "{method} {place} {body:?}: {answer:?}");
        if 400 <= answer.status {
            let code = code_of(&answer);
            if code != "page" {
                answer.refused(answer.status, &code);
            }
        }
    }
    let health = rig.get("/api/v1/system/health").expect(200);
    assert_eq!(health["checks"]["history"]["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_path_is_there() {
    let rig = Rig::start().await;
    let document = rig.get("/api/schema").expect(200);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let place = path.replace("{id}", "0192d3c0-0000-7000-8000-000000000000");
        let place = place.replace("{kind}", "tag");
        for method in methods.as_object().unwrap().keys() {
            if path.ends_with("/stream") {
                continue; // never ends; `live` reads it
            }
            let body = (method != "get" && method != "delete").then(|| b"[]".to_vec());
            let answer = rig.send(&method.to_uppercase(), &place, &[], body);
            let code = match answer.status {
                400.. => code_of(&answer),
                _ => String::new(),
            };
            assert!(
                code != "unknown_path" && code != "method_not_allowed",
                "{method} {path}"
            );
        }
    }
}
