//! Names, proxies, base path and pages of other servers, as clients see them.

use crate::outer::{Outer, header};
use crate::rig::Rig;

/// Headers by which a client could claim to be somebody else.
const SPOOFED: &str = "x-forwarded-for: 198.51.100.1\r\nx-forwarded-proto: https\r\n\
    x-forwarded-host: hmi.example\r\nforwarded: for=198.51.100.1;proto=https;host=hmi.example\r\n\
    x-real-ip: 198.51.100.1\r\nreferer: https://hmi.example/\r\nvia: 1.1 proxy\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn forwarding_headers_count_only_from_trusted_proxies() {
    let rig = Rig::start().await;
    let trusting = Outer::start(&rig, |settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.hosts = vec!["hmi.example".parse().unwrap()];
    })
    .await;
    let answer = trusting.ask("GET", "/api/nothing", SPOOFED).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(header(&answer, "strict-transport-security").is_some());
    let origin = format!("{SPOOFED}origin: https://hmi.example\r\ncontent-length: 0\r\n");
    let answer = trusting.ask("POST", "/api/nothing", &origin).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");

    let other = Outer::start(&rig, |settings| {
        settings.trusted_proxies = vec!["127.0.0.9".parse().unwrap()];
        settings.hosts = vec!["hmi.example".parse().unwrap()];
    })
    .await;
    let answer = other.ask("GET", "/api/nothing", SPOOFED).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert_eq!(header(&answer, "strict-transport-security"), None);
    let answer = other.ask("POST", "/api/nothing", &origin).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_choose_the_address_that_its_requests_are_counted_for() {
    let rig = Rig::start().await;
    let count = async |proxies: &[&str]| {
        let outer = Outer::start(&rig, |settings| {
            settings.limits.requests_per_second = 1;
            settings.trusted_proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
        })
        .await;
        let mut passed = 0;
        for number in 0..12 {
            let headers = format!("x-forwarded-for: 203.0.113.{number}\r\n");
            let answer = outer.ask("GET", "/api/nothing", &headers).await;
            passed += u32::from(answer.starts_with("HTTP/1.1 404"));
        }
        passed
    };
    let alone = count(&[]).await;
    assert!((4..=6).contains(&alone), "{alone}");
    assert_eq!(count(&["127.0.0.1"]).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_below_the_base_path() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| {
        settings.base_path = "/plant/hub".parse().unwrap();
    })
    .await;
    assert!(outer.url.ends_with("/plant/hub"), "{}", outer.url);
    let page = "accept: text/html\r\n";
    // Without a built UI the page says so with 503.
    for path in ["/plant/hub", "/plant/hub/", "/plant/hub/tags"] {
        let answer = outer.ask("GET", path, page).await;
        let is_page = ["HTTP/1.1 200", "HTTP/1.1 503"]
            .iter()
            .any(|s| answer.starts_with(s));
        assert!(
            is_page && answer.contains("<!doctype html>"),
            "{path}: {answer}"
        );
    }
    for path in [
        "/",
        "/tags",
        "/plant",
        "/plant/hubs",
        "/api/v1/tags",
        "/plant/hub/api/nothing",
    ] {
        let answer = outer.ask("GET", path, page).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(answer.contains("\"unknown_path\""), "{path}: {answer}");
        assert!(header(&answer, "content-security-policy").is_some());
    }
    let schema = outer
        .ask("GET", "/plant/hub/api/schema", &outer.owner)
        .await;
    assert!(schema.contains("\"url\": \"/plant/hub\""), "{schema}");
    let wrong_method = outer.ask("PATCH", "/plant/hub/api/schema", "").await;
    assert!(wrong_method.starts_with("HTTP/1.1 405"), "{wrong_method}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_list_may_ask_and_others_not() {
    let rig = Rig::start().await;
    let outer = Outer::start(&rig, |settings| {
        settings.cors_origins = vec!["https://portal.example".parse().unwrap()];
        settings.frame_ancestors = vec!["https://portal.example".parse().unwrap()];
    })
    .await;
    let preflight = "access-control-request-method: PUT\r\n\
        access-control-request-headers: authorization, content-type\r\n";
    let portal = "origin: https://portal.example\r\n";
    let answer = outer
        .ask("OPTIONS", "/api/v1/tags", &format!("{portal}{preflight}"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let allowed = |answer: &str| header(answer, "access-control-allow-origin").map(str::to_owned);
    assert_eq!(allowed(&answer).as_deref(), Some("https://portal.example"));
    assert!(
        header(&answer, "access-control-allow-methods")
            .unwrap()
            .contains("PUT")
    );
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    assert!(
        header(&answer, "content-security-policy")
            .unwrap()
            .contains("frame-ancestors https://portal.example;")
    );

    let answer = outer.ask("GET", "/api/nothing", portal).await;
    assert_eq!(allowed(&answer).as_deref(), Some("https://portal.example"));
    assert_eq!(header(&answer, "vary"), Some("origin"));
    let post = format!("{portal}content-length: 0\r\n");
    let answer = outer.ask("POST", "/api/nothing", &post).await;
    assert!(answer.contains("\"foreign_origin\""), "{answer}");
    let with_cookie = format!("{post}cookie: session=1\r\n");
    let answer = outer.ask("POST", "/api/nothing", &with_cookie).await;
    assert!(answer.contains("\"foreign_origin\""), "{answer}");
    let with_token = format!("{post}authorization: Bearer x\r\n");
    let answer = outer.ask("POST", "/api/nothing", &with_token).await;
    assert!(answer.contains("\"unknown_path\""), "{answer}");

    for origin in [
        "https://evil.example",
        "null",
        "https://portal.example.evil.example",
        "*",
    ] {
        let headers = format!("origin: {origin}\r\n{preflight}");
        let answer = outer.ask("OPTIONS", "/api/v1/tags", &headers).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{origin}: {answer}");
        assert_eq!(allowed(&answer), None, "{origin}");
    }
}
