//! Faults that other products had and that no other file of these tests keeps out: sessions that
//! are brought along, requests within requests, names that become something else.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::outer::{Outer, header, rest, say};
use crate::rig::{Answer, NOBODY, PASSWORD, Rig, wait_for};

/// Names that are a line, a formula, markup or a way in some other place.
const HOSTILE: &[&str] = &[
    "=HYPERLINK(\"http://evil.example\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "eve\r\nset-cookie: a=b",
    "<script>alert(1)</script>",
    "../../etc/passwd",
];

fn sign_in(rig: &Rig, headers: &[(&str, &str)], name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password }).to_string();
    let headers = [headers, &[NOBODY]].concat();
    rig.send("POST", "/api/v1/session", &headers, Some(body.into_bytes()))
}

/// Returns the cookies of an answer as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter();
    let pairs = set.map(|text| text.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_somebody_brings_along_is_not_the_one_that_is_opened() {
    let rig = Rig::start().await;
    rig.make_user("eve", "viewer");
    let planted = cookies(&sign_in(&rig, &[], "eve", PASSWORD));
    let opened = sign_in(&rig, &[("cookie", &planted)], "owner", PASSWORD);
    opened.expect(200);
    let own = cookies(&opened);
    for (own, planted) in own.split("; ").zip(planted.split("; ")) {
        let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
        assert_eq!(name(own), name(planted));
        assert_ne!(own, planted);
    }
    let who = |cookies: &str| {
        let answer = rig.send("GET", "/api/v1/session", &[("cookie", cookies)], None);
        answer.expect(200)["name"].clone()
    };
    assert_eq!(who(&own), "owner");
    // What the other one still knows is their own session, or nothing.
    let headers = [("cookie", planted.as_str())];
    let after = rig.send("GET", "/api/v1/session", &headers, None);
    let still = (after.status == 401).then_some(Json::Null);
    let still = still.unwrap_or_else(|| who(&planted));
    assert!(still.is_null() || still == "eve", "{still}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_an_account_exists() {
    let rig = Rig::start().await;
    rig.make_user("anna", "viewer");
    let shape = |answer: &Answer| {
        let mut body: Json = serde_json::from_str(&answer.text).unwrap();
        body["request_id"] = Json::Null;
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        (answer.status, body, names)
    };
    // As often as is possible before an address has to wait.
    for _ in 0..2 {
        let known = sign_in(&rig, &[], "anna", "a wrong password");
        let unknown = sign_in(&rig, &[], "bert", "a wrong password");
        assert_eq!(known.status, 401, "{}", known.text);
        assert_eq!(shape(&known), shape(&unknown));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_within_a_request_is_never_answered() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |_| {}).await;
    let host = format!("host: localhost:{}\r\n", outer.address.port());
    let inner = format!("GET /api/inner HTTP/1.1\r\n{host}{}\r\n", outer.owner);
    let both = |first: &str, second: &str| format!("{first}\r\n{second}\r\n\r\n0\r\n\r\n");
    let te = "transfer-encoding: chunked";
    let exact = format!("content-length: {}", 5 + inner.len());
    for (version, head_and_body) in [
        ("1.1", both("content-length: 6", te)),
        ("1.1", both(te, "content-length: 6")),
        ("1.1", both(&exact, te)),
        ("1.1", both(te, "transfer-encoding: identity")),
        ("1.1", "transfer-encoding : chunked\r\n\r\n0\r\n\r\n".into()),
        ("1.1", "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n".into()),
        (
            "1.1",
            "transfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n".into(),
        ),
        ("1.1", "content-length: +0\r\n\r\n".into()),
        ("1.1", "content-length: 0, 5\r\n\r\n".into()),
        ("1.1", "x: a\r\n content-length: 5\r\n\r\n".into()),
        ("1.1", format!("{te}\r\n\r\nffffffffffffffff1\r\n\r\n")),
        ("1.1", format!("{te}\r\n\r\n0x0\r\n\r\n")),
        ("1.1", format!("{te}\r\n\r\n0\n\n")),
        ("1.1", format!("{te}\r\n\r\n1\r\naX0\r\n\r\n")),
        ("1.0", format!("{te}\r\n\r\n0\r\n\r\n")),
    ] {
        let head = format!("POST /api/nothing HTTP/{version}\r\n{host}{head_and_body}{inner}");
        let mut stream = outer.connect().await;
        say(&mut stream, &head).await;
        // It ends: `rest` would wait for ever on a connection that goes on.
        let answer = rest(&mut stream).await;
        assert_eq!(
            answer.matches("HTTP/1.").count(),
            1,
            "{head_and_body:?}: {answer}"
        );
        assert!(
            !answer.contains("/api/inner"),
            "{head_and_body:?}: {answer}"
        );
    }
    // The same bytes after a body whose end is plain are the next request, so the test can see one.
    let mut stream = outer.connect().await;
    let plain = format!("POST /api/nothing HTTP/1.1\r\n{host}content-length: 0\r\n\r\n");
    let last = inner.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    say(&mut stream, &format!("{plain}{last}")).await;
    assert_eq!(rest(&mut stream).await.matches("HTTP/1.").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_searched_for_is_a_text_and_no_pattern_takes_long() {
    let names: Vec<String> = (0..200)
        .map(|number| format!("a{number}{}", "a".repeat(60)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (rig, _) = Rig::with_tags(&names).await;
    let ask = |query: String| {
        let begun = Instant::now();
        let answer = rig.get(&format!("/api/v1/{query}"));
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{query}: {took:?}");
        answer
    };
    for text in [
        "(a%2B)%2B%24",
        "(.*a)%7B30%7D",
        "%5B%5B%5B",
        "%25%25",
        "____",
        "***",
    ] {
        for list in ["tags", "devices", "users", "audit"] {
            let page = ask(format!("{list}?search={text}")).expect(200);
            assert_eq!(
                page["items"],
                json!([]),
                "{list} {text} is no text that is there"
            );
        }
    }
    let stars = "*a".repeat(20);
    let folders = "**/".repeat(20);
    for pattern in [format!("plant/boiler/{stars}b"), format!("{folders}b")] {
        for list in ["tags", "values"] {
            let answer = ask(format!("{list}?pattern={pattern}"));
            assert!([200, 400].contains(&answer.status), "{}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_no_line_header_or_formula_of_the_copy_of_the_journal() {
    let rig = Rig::start().await;
    for name in HOSTILE {
        let answer = sign_in(&rig, &[("x-forwarded-for", "10.0.0.9")], name, PASSWORD);
        assert!([401, 422, 429].contains(&answer.status), "{}", answer.text);
        assert!(!answer.headers.contains_key("set-cookie"), "{name:?}");
        let board = json!({ "name": name.replace(['\r', '\n'], " ") });
        rig.post("/api/v1/dashboards", &board).expect(201);
    }
    let noted = || {
        let page = rig.get("/api/v1/audit?action=create_dashboard").expect(200);
        page["items"].as_array().unwrap().len()
    };
    wait_for(|| noted() == HOSTILE.len()).await;
    let copy = rig.get("/api/v1/audit/export");
    let cells = cells(&copy.text);
    assert!(
        cells.iter().any(|cell| cell.starts_with("'=HYPERLINK")),
        "{}",
        copy.text
    );
    for cell in &cells {
        let is_number = cell.parse::<f64>().is_ok();
        let first = cell.chars().next().unwrap_or(' ');
        assert!(
            is_number || !"=+-@\t\r".contains(first),
            "{cell:?} is a formula"
        );
    }
}

/// Returns the cells of a CSV file as a spreadsheet sees them.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' | '\r' | '\n' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_streams_stand_still_leaves_another_a_stream() {
    let (rig, _) = Rig::with_tags(&["a"]).await;
    let viewer = rig.make_user("viewer", "viewer");
    let outer = Outer::start(&rig, |_| {}).await;
    let port = outer.address.port();
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = outer.connect().await;
        let head = format!(
            "POST /api/v1/history/import HTTP/1.1\r\nhost: localhost:{port}\r\n{}\
             content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{{",
            outer.owner
        );
        say(&mut stream, &head).await;
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let export = "/api/v1/history/export?pattern=plant/**";
    let who = format!("authorization: Bearer {viewer}\r\n");
    for _ in 0..3 {
        let begun = Instant::now();
        let answer = outer.ask("GET", export, &who).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
    }
    // Whoever holds them waits behind their own, and is told so.
    let own = outer.ask("GET", export, &outer.owner).await;
    assert!(own.starts_with("HTTP/1.1 503"), "{own}");
    assert!(
        header(&own, "content-type").unwrap().contains("problem"),
        "{own}"
    );
    drop(held);
}
