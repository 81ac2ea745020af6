//! The edge: host and origin, headers, static files, addresses, the end.

use std::time::Duration;

use headworks_hub::Hub;
use headworks_server::{Server, ServerError, ServerSettings};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_name_for_this_machine_gets_nothing() {
    let rig = Rig::start().await;
    let port = rig.address.port();
    let ask = |host: &str| {
        rig.raw(&format!(
            "GET /api/v1/tags HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        ))
    };
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
    ] {
        assert!(ask(&host).starts_with("HTTP/1.1 200"), "{host}");
    }
    for host in [
        format!("rebound.example:{port}"),
        "localhost".into(),
        "localhost:1".into(),
    ] {
        let answer = ask(&host);
        assert!(answer.starts_with("HTTP/1.1 421"), "{host}: {answer}");
        assert!(answer.contains("\"foreign_host\""), "{answer}");
    }
    let answer = rig.raw("GET /api/v1/tags HTTP/1.0\r\n\r\n");
    assert!(answer.contains("foreign_host"), "{answer}");
    let forged = format!(
        "GET / HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost:{port}\r\n\
         referer: http://localhost:{port}/\r\nconnection: close\r\n\r\n"
    );
    assert!(rig.raw(&forged).contains("foreign_host"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_can_change_nothing_and_open_no_socket() {
    let rig = Rig::start().await;
    let own = format!("http://{}", rig.address);
    let body = rig.connection().to_string().into_bytes();
    for origin in ["http://evil.example", "null", "http://localhost:1"] {
        let headers = [("origin", origin)];
        let refused = rig.send("POST", "/api/v1/connections", &headers, Some(body.clone()));
        refused.refused(403, "foreign_origin");
        let mut request = format!("ws://{}/ws", rig.address)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let error = tokio_tungstenite::connect_async(request).await.unwrap_err();
        assert!(error.to_string().contains("403"), "{error}");
    }
    let headers = [("origin", own.as_str())];
    rig.send("POST", "/api/v1/connections", &headers, Some(body))
        .expect(201);
    let mut request = format!("ws://{}/ws", rig.address)
        .into_client_request()
        .unwrap();
    request.headers_mut().insert("origin", own.parse().unwrap());
    let token = format!("Bearer {}", rig.token).parse().unwrap();
    request.headers_mut().insert("authorization", token);
    tokio_tungstenite::connect_async(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let rig = Rig::start().await;
    for path in [
        "/",
        "/api/v1/tags",
        "/api/nothing",
        "/assets/nothing.js",
        "/tags",
    ] {
        let answer = rig.get(path);
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("script-src 'self'") && csp.contains("frame-ancestors 'none'"));
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        assert!(answer.headers.contains_key("x-request-id"));
    }
    let caching = &rig.get("/api/v1/tags").headers["cache-control"];
    assert_eq!(caching, "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_leaves_the_web_ui() {
    let rig = Rig::start().await;
    for path in [
        "/../../../../etc/passwd",
        "/assets/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%252e%252e%252fetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/....//....//etc/passwd",
        "/..;/..;/etc/passwd",
        "/%c0%ae%c0%ae/etc/passwd",
        "/etc/passwd%00.html",
        "//etc/passwd",
        "/assets/..%00/etc/passwd",
        "/.%2e/.%2e/etc/passwd",
        "/file:///etc/passwd",
    ] {
        let answer = rig.raw(&format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\nconnection: close\r\n\r\n",
            rig.address
        ));
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let rig = Rig::start().await;
    for path in ["/api/v1/tags", "/api/schema", "/"] {
        let (get, head) = (rig.get(path), rig.send("HEAD", path, &[], None));
        assert_eq!(
            (head.status, head.text.as_str()),
            (get.status, ""),
            "{path}"
        );
        assert_eq!(head.headers["content-type"], get.headers["content-type"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_is_explained() {
    let rig = Rig::start().await;
    let hub: &Hub = &rig.hub;
    let bind = async |listen: &str| {
        let listen = listen.parse().unwrap();
        let settings = ServerSettings {
            listen,
            ..ServerSettings::default()
        };
        Server::bind(settings, hub.handle()).await.err().unwrap()
    };
    let error = bind(&rig.address.to_string()).await;
    assert!(matches!(error, ServerError::InUse { .. }));
    let text = error.to_string();
    assert!(
        text.contains(&rig.address.to_string()) && text.contains("--listen"),
        "{text}"
    );
    for address in [
        "0.0.0.0:0",
        "[::]:0",
        "192.0.2.1:80",
        "[::ffff:192.0.2.1]:80",
    ] {
        let error = bind(address).await;
        assert!(matches!(error, ServerError::Plain { .. }), "{address}");
        assert!(error.to_string().contains("server.tls"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_in_time_with_sockets_and_streams_open() {
    let (rig, _) = Rig::with_tags(&["a"]).await;
    let mut watcher = rig.watch_all().await;
    watcher
        .subscribe(serde_json::json!({ "op": "subscribe", "id": 1, "pattern": "**" }))
        .await;
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    let request = format!(
        "GET /api/v1/stream HTTP/1.1\r\nhost: {}\r\n\r\n",
        rig.address
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut idle = [0; 1];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut idle)
        .await
        .unwrap();
    rig.stop.cancel();
    tokio::time::timeout(Duration::from_secs(30), rig.serving)
        .await
        .unwrap()
        .unwrap();
    let mut last = None;
    while let Some(Ok(message)) = futures_util::StreamExt::next(&mut watcher.0).await {
        last = Some(message);
    }
    let last = last.unwrap();
    assert!(last.is_close(), "{last:?}");
}
