//! Callers who say that they are somebody else: headers, tokens of other kinds, tokens used twice.

use serde_json::{Value as Json, json};

use crate::outer::{Outer, header};
use crate::rig::{Answer, NOBODY, PASSWORD, Rig};

/// Headers by which other products were told who asks, or from where.
const SPOOFED: [(&str, &str); 20] = [
    ("referer", "http://localhost/fuxa"),
    ("origin", "http://localhost"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-host", "localhost"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-user", "owner"),
    ("x-forwarded-email", "owner"),
    ("x-forwarded-prefix", "/../api"),
    ("forwarded", "for=127.0.0.1;by=owner"),
    ("x-real-ip", "127.0.0.1"),
    ("x-client-ip", "127.0.0.1"),
    ("true-client-ip", "127.0.0.1"),
    ("x-original-url", "/healthz"),
    ("x-rewrite-url", "/healthz"),
    ("x-http-method-override", "GET"),
    ("x-remote-user", "owner"),
    ("remote-user", "owner"),
    ("x-webauth-user", "owner"),
    ("x-grafana-user", "owner"),
    ("x-user-role", "owner"),
];

fn places(rig: &Rig) -> Vec<(String, String)> {
    let document = rig.get("/api/schema").expect(200);
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            if about["x-permission"] != "open" {
                let place = path.replace("{id}", "018f0000-0000-7000-8000-000000000000");
                found.push((method.to_uppercase(), place));
            }
        }
    }
    assert!(100 < found.len());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn spoofed_headers_make_nobody_somebody() {
    let rig = Rig::start().await;
    for (method, place) in places(&rig) {
        // A foreign origin is refused before anybody is looked for.
        let honest = SPOOFED.iter().filter(|(name, _)| *name != "origin");
        let headers: Vec<(&str, &str)> = honest.copied().chain([NOBODY]).collect();
        let body = (method != "GET" && method != "DELETE").then(|| b"{}".to_vec());
        let answer = rig.send(&method, &place, &headers, body);
        let what = format!("{method} {place}: {}", answer.text);
        assert_eq!(answer.status, 401, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spoofed_headers_make_nobody_more_than_they_are() {
    let rig = Rig::start().await;
    let viewer = format!("Bearer {}", rig.make_user("viewer", "viewer"));
    for (name, value) in SPOOFED.iter().filter(|(name, _)| *name != "origin") {
        let headers = [("authorization", viewer.as_str()), (*name, *value)];
        let me = rig
            .send("GET", "/api/v1/session", &headers, None)
            .expect(200);
        assert_eq!(
            (&me["name"], &me["role"]),
            (&json!("viewer"), &json!("viewer")),
            "{name}"
        );
        let body = rig.connection().to_string().into_bytes();
        let made = rig.send("POST", "/api/v1/connections", &headers, Some(body));
        made.refused(403, "forbidden");
        rig.send("GET", "/api/v1/users", &headers, None)
            .refused(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_has_the_address_of_the_connection_whatever_headers_say() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |_| {}).await;
    let body = json!({ "name": "spoof", "role": "viewer", "password": PASSWORD }).to_string();
    let headers = format!(
        "{}x-forwarded-for: 203.0.113.9\r\nforwarded: for=203.0.113.9\r\nx-real-ip: 203.0.113.9\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        outer.owner,
        body.len()
    );
    let port = outer.address.port();
    let request = format!(
        "POST /api/v1/users HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
         {headers}\r\n{body}"
    );
    let answer = outer.raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(header(&answer, "x-forwarded-for"), None);
    let entries = || rig.get("/api/v1/audit?action=create_user").expect(200)["items"].clone();
    crate::rig::wait_for(|| !entries().as_array().unwrap().is_empty()).await;
    assert_eq!(entries()[0]["address"], "127.0.0.1");
}

/// Returns what others take for a token of `token`'s owner.
fn confused(token: &str) -> Vec<String> {
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJvd25lciIsInJvbGUiOiJvd25lciJ9.";
    let (head, tail) = token.split_at(token.len() / 2);
    let swapped: String = token.chars().rev().collect();
    let flipped = |at: usize| {
        let mut letters: Vec<char> = token.chars().collect();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        letters.into_iter().collect::<String>()
    };
    vec![
        none.to_owned(),
        none.replace("none", "None"),
        format!("{none}{token}"),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.{token}"),
        format!("eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL2Rldi9udWxsIn0.{token}."),
        format!("eyJhbGciOiJSUzI1NiIsImprdSI6Imh0dHA6Ly9ldmlsIn0.{token}.x"),
        format!("{token}{token}"),
        format!("{token}."),
        format!("{token}\u{0}"),
        format!("{token},{token}"),
        head.to_owned(),
        tail.to_owned(),
        swapped,
        flipped(token.len() - 1),
        flipped(token.len() / 2),
        flipped(4),
        token.to_uppercase(),
        token.replacen("hw", "HW", 1),
        format!(
            "hwt_{}",
            token.split_once('_').map_or(token, |(_, rest)| rest)
        ),
        format!(
            "hwk_{}",
            token.split_once('_').map_or(token, |(_, rest)| rest)
        ),
        "null".into(),
        "undefined".into(),
        "' OR '1'='1".into(),
        "*".into(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_other_algorithms_kinds_and_spellings_are_nobodys() {
    let rig = Rig::start().await;
    let port = rig.address.port();
    let new = json!({ "name": "program", "role": "owner" });
    let program = rig.post("/api/v1/tokens", &new).expect(201)["secret"].clone();
    for token in [rig.token.as_str(), program.as_str().unwrap()] {
        let real = format!("Bearer {token}");
        rig.send("GET", "/api/v1/session", &[("authorization", &real)], None)
            .expect(200);
        for other in confused(token) {
            if other == *token || other.contains('\0') {
                continue; // the prefix that it has, and what no header can hold
            }
            for scheme in ["Bearer", "bearer", "Basic", "Token", "JWT"] {
                let value = format!("{scheme} {other}");
                let answer = rig.send("GET", "/api/v1/tags", &[("authorization", &value)], None);
                answer.refused(401, "not_signed_in");
            }
            let cookie = format!("headworks-access-{port}={other}");
            let answer = rig.send("GET", "/api/v1/tags", &[("cookie", &cookie)], None);
            answer.refused(401, "not_signed_in");
        }
        // Not in the query, where logs and histories would keep it.
        for query in ["token", "access_token", "api_key", "authorization"] {
            let place = format!("/api/v1/tags?{query}={token}");
            rig.send("GET", &place, &[NOBODY], None)
                .refused(401, "not_signed_in");
        }
    }
}

fn refresh(rig: &Rig, cookies: &str) -> Answer {
    rig.send(
        "POST",
        "/api/v1/session/refresh",
        &[("cookie", cookies)],
        None,
    )
}

fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter();
    let pairs = set.map(|text| text.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_no_access_token_and_the_other_way_round() {
    let rig = Rig::start().await;
    let body = json!({ "name": "owner", "password": PASSWORD })
        .to_string()
        .into_bytes();
    let opened = rig.send("POST", "/api/v1/session", &[NOBODY], Some(body));
    let pairs = cookies(&opened);
    let value = |part: &str| {
        let mut pairs = pairs.split("; ");
        let pair = pairs.find(|pair| pair.contains(part)).unwrap();
        pair.split_once('=').unwrap().1.to_owned()
    };
    let (access, refresh_token) = (value("-access"), value("-refresh"));
    let bearer = format!("Bearer {refresh_token}");
    let answer = rig.send(
        "GET",
        "/api/v1/session",
        &[("authorization", &bearer)],
        None,
    );
    answer.refused(401, "not_signed_in");
    let swapped = pairs
        .replace(&refresh_token, "x")
        .replace(&access, &refresh_token);
    let answer = rig.send("GET", "/api/v1/session", &[("cookie", &swapped)], None);
    answer.refused(401, "not_signed_in");
    let swapped = pairs.replace(&access, "x").replace(&refresh_token, &access);
    refresh(&rig, &swapped).refused(401, "not_signed_in");
    // None of this was a theft: the session goes on.
    refresh(&rig, &pairs).expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_refresh_token_used_twice_ends_the_session_of_thief_and_owner() {
    let rig = Rig::start().await;
    let body = json!({ "name": "owner", "password": PASSWORD })
        .to_string()
        .into_bytes();
    let stolen = cookies(&rig.send("POST", "/api/v1/session", &[NOBODY], Some(body)));
    let thief = refresh(&rig, &stolen);
    let thief_token = thief.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    rig.send_as(&thief_token, "GET", "/api/v1/tags", None)
        .expect(200);
    refresh(&rig, &stolen).refused(401, "not_signed_in");
    rig.send_as(&thief_token, "GET", "/api/v1/tags", None)
        .refused(401, "not_signed_in");
    refresh(&rig, &cookies(&thief)).refused(401, "not_signed_in");
    // The theft is on record, with who was robbed of which session or not at all named.
    let found = || {
        let page = rig.get("/api/v1/audit?action=refresh_session").expect(200);
        let items: Vec<Json> = page["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .find(|item| item["detail"] == "a refresh token came twice")
    };
    crate::rig::wait_for(|| found().is_some()).await;
    // Another session of the same account is not concerned.
    rig.get("/api/v1/session").expect(200);
}
